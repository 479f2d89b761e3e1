"""Runs python-fuelclient's own functional tests, one line of `test|outcome|reason` each."""
import sys
import unittest


class Lines(unittest.TestResult):
    def line(self, test, outcome, text=""):
        last = [part for part in text.strip().splitlines() if part.strip()]
        name = ".".join(test.id().split(".")[-4:])
        sys.stdout.write("%s|%s|%s\n" % (name, outcome, last[-1].replace("|", "/") if last else ""))
        sys.stdout.flush()

    def addSuccess(self, test):
        self.line(test, "passed")

    def addSkip(self, test, reason):
        self.line(test, "skipped", reason)

    def addFailure(self, test, error):
        self.line(test, "failed", str(error[1]))

    def addError(self, test, error):
        self.line(test, "failed", str(error[1]))


suite = unittest.defaultTestLoader.loadTestsFromNames(sys.argv[1:])
suite.run(Lines())
