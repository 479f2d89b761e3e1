"""Lets python-fuelclient 11.0.0, written for Python 2, run on Python 3.11, beside a master that is not this machine.

It is on PYTHONPATH of the processes that the tests start, and nowhere else.
"""
import builtins
import importlib.abc
import importlib.machinery
import os
import subprocess
import sys

PLUGINS = "/var/www/nailgun/plugins/"


def list_of(function):
    return lambda *arguments: list(function(*arguments))


class Loader(importlib.abc.Loader):
    """map and filter gave lists, and the plugins' directory is the mock's."""

    def __init__(self, loader):
        self.loader = loader

    def create_module(self, spec):
        return self.loader.create_module(spec)

    def exec_module(self, module):
        module.map = list_of(builtins.map)
        module.filter = list_of(builtins.filter)
        self.loader.exec_module(module)
        own = os.environ.get("FUELRIG_PLUGINS_DIR")
        for name, value in list(vars(module).items()):
            if own and isinstance(value, str) and value.startswith(PLUGINS):
                setattr(module, name, os.path.join(own, value[len(PLUGINS):]))

    def __getattr__(self, name):
        return getattr(self.loader, name)


class Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name != "fuelclient" and not name.startswith("fuelclient."):
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = Loader(spec.loader)
        return spec


sys.meta_path.insert(0, Finder())

# What processes print was text.
popen = subprocess.Popen.__init__


def text_popen(self, *arguments, **options):
    if not any(key in options for key in ("text", "universal_newlines", "encoding")):
        options["text"] = True
    popen(self, *arguments, **options)


subprocess.Popen.__init__ = text_popen

# yaml.load needed no loader.
try:
    import yaml
except ImportError:
    pass
else:
    load = yaml.load
    yaml.load = lambda stream, Loader=yaml.SafeLoader: load(stream, Loader=Loader)
