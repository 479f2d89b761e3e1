//! Groups: `(…)`, `(?…)`, and what refers to them.

use super::{Group, Item, Reader, UNBOUNDED, Width, fail};

impl Reader {
    /// `(…)`, after the parenthesis; nothing for comments and flags.
    pub(super) fn group(&mut self) -> Result<Option<(Item, Width)>, String> {
        if !self.take('?') {
            return self.capture(None).map(Some);
        }
        let Some(kind) = self.next() else {
            return fail("unexpected end of pattern");
        };
        match kind {
            'P' => self.named(),
            ':' => {
                let width = self.alternatives()?;
                self.close()?;
                Ok(Some((Item::Single, width)))
            }
            '#' => {
                while let Some(character) = self.next() {
                    match character {
                        ')' => return Ok(None),
                        '\\' => self.position += 1,
                        _ => {}
                    }
                }
                fail("unbalanced parenthesis")
            }
            '=' | '!' => {
                self.alternatives()?;
                self.close()?;
                Ok(Some((Item::Single, Width::NONE)))
            }
            '<' => {
                match self.next() {
                    None => return fail("syntax error"),
                    Some('=' | '!') => {}
                    Some(_) => return fail("syntax error"),
                }
                let width = self.alternatives()?;
                self.close()?;
                if width.least != width.most {
                    return fail("look-behind requires fixed-width pattern");
                }
                Ok(Some((Item::Single, Width::NONE)))
            }
            '(' => self.conditional().map(Some),
            kind if "iLmsuxt".contains(kind) => {
                while self.peek().is_some_and(|flag| "iLmsuxt".contains(flag)) {
                    self.position += 1;
                }
                if self.take(')') {
                    Ok(None)
                } else {
                    fail("unexpected end of pattern")
                }
            }
            _ => fail("unexpected end of pattern"),
        }
    }

    fn capture(&mut self, name: Option<String>) -> Result<(Item, Width), String> {
        let index = self.groups.len();
        self.groups.push(Group { name, open: true });
        let width = self.alternatives()?;
        self.close()?;
        if let Some(group) = self.groups.get_mut(index) {
            group.open = false;
        }
        Ok((Item::Single, width))
    }

    fn named(&mut self) -> Result<Option<(Item, Width)>, String> {
        match self.next() {
            Some('<') => {
                let name = self.name('>')?;
                if let Some(number) = self.groups.iter().position(|group| group.name.as_ref() == Some(&name)) {
                    let (new, old) = (self.groups.len() + 1, number + 1);
                    let name = self.shown(&name);
                    return Err(format!(
                        "redefinition of group name {name} as group {new}; was group {old}"
                    ));
                }
                self.capture(Some(name)).map(Some)
            }
            Some('=') => {
                let name = self.name(')')?;
                // By name, unlike by number, an open group may be referred to.
                match self.groups.iter().find(|group| group.name.as_ref() == Some(&name)) {
                    None => Err(format!("unknown group name: {}", self.shown(&name))),
                    Some(_) => Ok(Some((
                        Item::Single,
                        Width {
                            least: 0,
                            most: UNBOUNDED,
                        },
                    ))),
                }
            }
            None => fail("unexpected end of pattern"),
            Some(other) => Err(format!("unknown specifier: ?P{other}")),
        }
    }

    fn name(&mut self, end: char) -> Result<String, String> {
        let mut name = String::new();
        loop {
            match self.next() {
                None => return fail("unterminated name"),
                Some(character) if character == end => break,
                Some(character) => name.push(character),
            }
        }
        if name.is_empty() {
            return fail("missing group name");
        }
        if !is_name(&name) {
            return Err(format!("bad character in group name {}", self.shown(&name)));
        }
        Ok(name)
    }

    /// `(?(1)yes|no)`.
    fn conditional(&mut self) -> Result<(Item, Width), String> {
        let mut condition = String::new();
        loop {
            match self.next() {
                None => return fail("unterminated name"),
                Some(')') => break,
                Some(character) => condition.push(character),
            }
        }
        if condition.is_empty() {
            return fail("missing group name");
        }
        let known = match condition.parse::<usize>() {
            Ok(number) => number >= 1 && number <= self.groups.len(),
            Err(_) => self.groups.iter().any(|group| group.name.as_ref() == Some(&condition)),
        };
        if !known && condition.parse::<usize>().is_err() {
            if !is_name(&condition) {
                return fail("bad character in group name");
            }
            return Err(format!("unknown group name: {}", self.shown(&condition)));
        }
        let mut width = self.sequence()?;
        if self.take('|') {
            width = width.or(self.sequence()?);
            if self.peek() == Some('|') {
                return fail("conditional backref with more than two branches");
            }
        } else {
            width = width.or(Width::NONE);
        }
        self.close()?;
        Ok((Item::Single, width))
    }

    fn close(&mut self) -> Result<(), String> {
        if self.take(')') {
            Ok(())
        } else {
            fail("unbalanced parenthesis")
        }
    }
}

fn is_name(text: &str) -> bool {
    let word = |character: char| character.is_ascii_alphanumeric() || character == '_';
    text.chars().all(word) && !text.starts_with(|first: char| first.is_ascii_digit())
}
