//! Keys without a `?`: what turns out to be one only at the `:` behind it.

use super::super::characters::Mark;
use super::super::error::YamlErrorKind;
use super::super::problem::{Outcome, Problem};
use super::Scanner;

/// A key and its `:` stand in one line and are no further apart than this.
const LONGEST_KEY: usize = 1024;

/// Something that is a key if a `:` follows.
pub(super) struct SimpleKey {
    /// How many brackets are open around it; a bracket that closes nothing makes it negative.
    pub(super) level: i32,
    /// The number of its first token in the stream.
    pub(super) token: usize,
    /// Whether nothing else than a key can stand there.
    required: bool,
    pub(super) mark: Mark,
}

impl SimpleKey {
    fn check(&self, here: Mark) -> Outcome<()> {
        if !self.required {
            return Ok(());
        }
        // "could not found" is what PyYAML 3.10 says.
        let problem = Problem::syntax(
            "while scanning a simple key",
            self.mark,
            "could not found expected ':'",
            here,
        );
        Err(problem.helping("write `key: value`, or mend the indentation"))
    }
}

impl Scanner {
    /// The number of the first token that may still become a key.
    pub(super) fn first_possible_key(&self) -> Option<usize> {
        self.simple_keys.first().map(|key| key.token)
    }

    /// Forgets what cannot become a key any more.
    pub(super) fn drop_stale_keys(&mut self) -> Outcome<()> {
        let here = self.characters.mark();
        let stale = |key: &SimpleKey| key.mark.line != here.line || here.index - key.mark.index > LONGEST_KEY;
        // They stand in the order of the text, so that the stale ones are the first.
        let count = self.simple_keys.iter().take_while(|key| stale(key)).count();
        for key in self.simple_keys.drain(..count) {
            key.check(here)?;
        }
        Ok(())
    }

    /// What comes next may be a key.
    pub(super) fn save_possible_key(&mut self) -> Outcome<()> {
        let mark = self.characters.mark();
        let required = self.level == 0 && self.indent == Some(mark.column);
        if !self.key_allowed {
            if required {
                // PyYAML asserts that this cannot be, and it can.
                let words = "a second value where a key must stand; mend the indentation";
                return Err(Problem::python(YamlErrorKind::Syntax(words.to_owned()), "", mark));
            }
            return Ok(());
        }
        self.remove_possible_key()?;
        self.simple_keys.push(SimpleKey {
            level: self.level,
            token: self.taken + self.tokens.len(),
            required,
            mark,
        });
        Ok(())
    }

    /// What was a possible key between the present brackets is none.
    pub(super) fn remove_possible_key(&mut self) -> Outcome<()> {
        match self.take_possible_key() {
            Some(key) => key.check(self.characters.mark()),
            None => Ok(()),
        }
    }

    /// The possible key between the present brackets.
    pub(super) fn take_possible_key(&mut self) -> Option<SimpleKey> {
        self.simple_keys.pop_if(|key| key.level == self.level)
    }
}
