//! A regular expression of Python's, read into the pieces that its texts are made of.

use super::values::written_characters;

/// How deep groups may lie in one another.
const DEPTH: usize = 50;

/// What texts of an expression are made of.
#[derive(Debug, Clone)]
pub(super) enum Piece {
    /// One of these characters.
    Set(Vec<(char, char)>),
    Sequence(Vec<Piece>),
    Either(Vec<Piece>),
    Repeat(Box<Piece>, u32, Option<u32>),
}

impl Piece {
    /// How many characters its texts have at least.
    pub(super) fn least(&self) -> u64 {
        match self {
            Self::Set(_) => 1,
            Self::Sequence(pieces) => pieces.iter().map(Self::least).fold(0, u64::saturating_add),
            Self::Either(pieces) => pieces.iter().map(Self::least).min().unwrap_or(0),
            Self::Repeat(piece, least, _) => piece.least().saturating_mul(u64::from(*least)),
        }
    }
}

/// Reads an expression that Python compiles: its pieces, and whether something ties it to the begin and to the end of the
/// text. `None` where it is more than pieces.
pub(super) fn read(source: &str) -> Option<(Piece, (bool, bool))> {
    let mut reader = Reader {
        text: source.chars().collect(),
        position: 0,
        groups: Vec::new(),
        names: Vec::new(),
        depth: 0,
        tied: (false, false),
    };
    let piece = reader.alternatives()?;
    Some((piece, reader.tied))
}

/// Every character that texts are written with.
pub(super) fn written() -> Vec<(char, char)> {
    within(&|_| true)
}

/// The characters of that kind among those that texts are written with, as ranges.
fn within(is_member: &dyn Fn(char) -> bool) -> Vec<(char, char)> {
    let mut ranges: Vec<(char, char)> = Vec::new();
    for member in written_characters().filter(|character| is_member(*character)) {
        match ranges.last_mut() {
            Some((_, last)) if u32::from(*last) + 1 == u32::from(member) => *last = member,
            _ => ranges.push((member, member)),
        }
    }
    ranges
}

/// Braces only where an expression asks for them: Nailgun reads them as places to fill in.
fn without_braces(ranges: &[(char, char)]) -> Vec<(char, char)> {
    let mut left = ranges.to_vec();
    for brace in ['{', '}'] {
        let (before, after) = (u32::from(brace) - 1, u32::from(brace) + 1);
        left = left
            .iter()
            .flat_map(|&(low, high)| {
                if !(low..=high).contains(&brace) {
                    return vec![(low, high)];
                }
                let ends = [(u32::from(low), before), (after, u32::from(high))];
                let ends = ends.into_iter().filter(|(low, high)| low <= high);
                ends.filter_map(|(low, high)| Some((char::from_u32(low)?, char::from_u32(high)?)))
                    .collect()
            })
            .collect();
    }
    left
}

struct Reader {
    text: Vec<char>,
    position: usize,
    /// What each numbered group is made of, once it is closed.
    groups: Vec<Option<Piece>>,
    names: Vec<(String, usize)>,
    depth: usize,
    /// Whether something ties it to the begin or the end of the text.
    tied: (bool, bool),
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.text.get(self.position).copied()
    }

    fn next(&mut self) -> Option<char> {
        let character = self.peek();
        self.position += usize::from(character.is_some());
        character
    }

    fn take(&mut self, wanted: &str) -> bool {
        let found = self.text[self.position..]
            .iter()
            .copied()
            .take(wanted.chars().count())
            .eq(wanted.chars());
        if found {
            self.position += wanted.chars().count();
        }
        found
    }

    fn alternatives(&mut self) -> Option<Piece> {
        self.depth += 1;
        if self.depth > DEPTH {
            return None;
        }
        let mut pieces = vec![self.sequence()?];
        while self.take("|") {
            pieces.push(self.sequence()?);
        }
        self.depth -= 1;
        Some(Piece::Either(pieces))
    }

    fn sequence(&mut self) -> Option<Piece> {
        let mut pieces = Vec::new();
        while let Some(character) = self.peek() {
            if matches!(character, '|' | ')') {
                break;
            }
            self.position += 1;
            let piece = match character {
                '^' => {
                    self.tied.0 = true;
                    continue;
                }
                '$' => {
                    self.tied.1 = true;
                    continue;
                }
                '.' => Piece::Set(written()),
                '[' => Piece::Set(self.set()?),
                '(' => match self.group()? {
                    Some(piece) => piece,
                    None => continue,
                },
                '\\' => match self.escape()? {
                    Some(piece) => piece,
                    None => continue,
                },
                plain => Piece::Set(vec![(plain, plain)]),
            };
            pieces.push(self.repeated(piece));
        }
        Some(Piece::Sequence(pieces))
    }

    /// With the repetition that stands behind it; a `{` that is none is a character.
    fn repeated(&mut self, piece: Piece) -> Piece {
        let start = self.position;
        let (least, most) = match self.next() {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            Some('{') if self.peek() != Some('}') => {
                let least = self.digits();
                let most = if self.take(",") { self.digits() } else { least.clone() };
                if !self.take("}") {
                    self.position = start;
                    return piece;
                }
                (least.parse().unwrap_or(0), most.parse().ok())
            }
            _ => {
                self.position = start;
                return piece;
            }
        };
        self.take("?");
        Piece::Repeat(Box::new(piece), least, most)
    }

    fn digits(&mut self) -> String {
        let mut digits = String::new();
        while let Some(digit) = self.peek().filter(char::is_ascii_digit) {
            digits.push(digit);
            self.position += 1;
        }
        digits
    }

    /// After `(`. Nothing for what only looks, or is a remark.
    fn group(&mut self) -> Option<Option<Piece>> {
        if self.take("?:") {
            return self.inside().map(Some);
        }
        if ["?=", "?!", "?<=", "?<!"].iter().any(|kind| self.take(kind)) {
            // What ties there ties nothing here.
            let tied = self.tied;
            self.inside()?;
            self.tied = tied;
            return Some(None);
        }
        if self.take("?#") {
            while self.next()? != ')' {}
            return Some(None);
        }
        if self.take("?P=") {
            let name = self.until(')')?;
            let number = self.names.iter().find(|(known, _)| *known == name)?.1;
            return self.groups.get(number)?.clone().map(Some);
        }
        let name = if self.take("?P<") { Some(self.until('>')?) } else { None };
        if name.is_none() && self.take("?") {
            // Flags; `(?(1)a|b)` is more than is made texts of.
            let flags = self.until(')')?;
            return flags.chars().all(char::is_alphabetic).then_some(None);
        }
        let number = self.groups.len();
        self.groups.push(None);
        self.names.extend(name.map(|name| (name, number)));
        let piece = self.inside()?;
        self.groups[number] = Some(piece.clone());
        Some(Some(piece))
    }

    fn inside(&mut self) -> Option<Piece> {
        let piece = self.alternatives()?;
        self.take(")").then_some(piece)
    }

    fn until(&mut self, end: char) -> Option<String> {
        let mut text = String::new();
        loop {
            match self.next()? {
                character if character == end => return Some(text),
                character => text.push(character),
            }
        }
    }

    /// After a backslash outside of a set.
    fn escape(&mut self) -> Option<Option<Piece>> {
        let letter = self.next()?;
        match letter {
            'A' => self.tied.0 = true,
            'Z' => self.tied.1 = true,
            'b' | 'B' => {}
            '1'..='9' => {
                let mut digits = String::from(letter);
                if let Some(second) = self.peek().filter(char::is_ascii_digit) {
                    self.position += 1;
                    digits.push(second);
                }
                let number: usize = digits.parse().ok()?;
                return self.groups.get(number.checked_sub(1)?)?.clone().map(Some);
            }
            letter => return self.member(letter).map(|ranges| Some(Piece::Set(ranges))),
        }
        Some(None)
    }

    /// What an escape stands for, in a set or outside.
    fn member(&mut self, letter: char) -> Option<Vec<(char, char)>> {
        let one = |character| Some(vec![(character, character)]);
        let is_word = |character: char| character.is_ascii_alphanumeric() || character == '_';
        match letter {
            'd' => Some(vec![('0', '9')]),
            'D' => Some(within(&|character| !character.is_ascii_digit())),
            // No line of a web page holds a line feed.
            's' => one(' '),
            'S' => Some(within(&|character| !character.is_whitespace())),
            'w' => Some(vec![('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')]),
            'W' => Some(within(&|character| !is_word(character))),
            'a' => one('\u{7}'),
            'b' => one('\u{8}'),
            'f' => one('\u{c}'),
            'n' => one('\n'),
            'r' => one('\r'),
            't' => one('\t'),
            'v' => one('\u{b}'),
            'x' => {
                let digits: String = [self.next()?, self.next()?].iter().collect();
                one(char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?)
            }
            '0'..='7' => {
                let mut code = letter.to_digit(8)?;
                for _ in 0..2 {
                    let Some(digit) = self.peek().and_then(|next| next.to_digit(8)) else {
                        break;
                    };
                    code = code * 8 + digit;
                    self.position += 1;
                }
                one(char::from_u32(code & 0xff)?)
            }
            other => one(other),
        }
    }

    /// After `[`.
    fn set(&mut self) -> Option<Vec<(char, char)>> {
        let negated = self.take("^");
        let mut ranges = Vec::new();
        let mut is_first = true;
        loop {
            let character = self.next()?;
            if character == ']' && !is_first {
                break;
            }
            is_first = false;
            let low = self.set_member(character)?;
            let from = match low.as_slice() {
                [(low, high)] if low == high => Some(*low),
                _ => None,
            };
            let is_range =
                self.peek() == Some('-') && self.text.get(self.position + 1).is_some_and(|next| *next != ']');
            match from {
                Some(from) if is_range => {
                    self.position += 1;
                    let next = self.next()?;
                    let to = self.set_member(next)?.first()?.0;
                    ranges.push((from, to));
                }
                _ => ranges.extend(low),
            }
        }
        if !negated {
            let plain = without_braces(&ranges);
            return (!ranges.is_empty()).then_some(if plain.is_empty() { ranges } else { plain });
        }
        let others = within(&|character| !ranges.iter().any(|(low, high)| (*low..=*high).contains(&character)));
        (!others.is_empty()).then_some(others)
    }

    fn set_member(&mut self, character: char) -> Option<Vec<(char, char)>> {
        if character != '\\' {
            return Some(vec![(character, character)]);
        }
        let letter = self.next()?;
        self.member(letter)
    }
}
