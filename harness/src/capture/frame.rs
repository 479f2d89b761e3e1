use std::{collections::HashMap, io::Read};

use base64::Engine as _;

use super::CaptureError;

/// The sections of an answer.
#[derive(Debug)]
pub(crate) struct Sections {
    bytes: Vec<u8>,
    places: HashMap<String, (usize, usize)>,
}

impl Sections {
    /// Takes an answer apart: base64, gzip where the node has it, then `NUL mark:name NUL` before each section.
    pub(crate) fn open(answer: &str, mark: &str) -> Result<Self, CaptureError> {
        let answer: Vec<u8> = answer.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
        let packed = base64::engine::general_purpose::STANDARD
            .decode(answer)
            .map_err(|error| CaptureError::Unreadable(format!("not base64: {error}")))?;
        let mut bytes = Vec::new();
        if packed.starts_with(&[0x1f, 0x8b]) {
            flate2::read::GzDecoder::new(packed.as_slice())
                .read_to_end(&mut bytes)
                .map_err(|error| CaptureError::Unreadable(format!("not gzip: {error}")))?;
        } else {
            bytes = packed;
        }
        Self::split(bytes, mark)
    }

    fn split(bytes: Vec<u8>, mark: &str) -> Result<Self, CaptureError> {
        let lead: Vec<u8> = [b"\0", mark.as_bytes(), b":"].concat();
        let mut places: HashMap<String, (usize, usize)> = HashMap::new();
        let mut open: Option<(String, usize)> = None;
        let mut at = 0;
        while let Some(found) = find(&bytes[at..], &lead) {
            let head = at + found;
            let name_start = head + lead.len();
            let Some(length) = bytes[name_start..].iter().position(|&byte| byte == 0) else {
                return Err(CaptureError::Unreadable("it ends inside a section's name".to_owned()));
            };
            let name = String::from_utf8_lossy(&bytes[name_start..name_start + length]).into_owned();
            let body = name_start + length + 1;
            if let Some((last, start)) = open.replace((name, body)) {
                places.insert(last, (start, head));
            }
            at = body;
        }
        match open {
            Some((name, _)) if name == "end" => Ok(Self { bytes, places }),
            Some((name, _)) => Err(CaptureError::Unreadable(format!("it ends in the section `{name}`"))),
            None => Err(CaptureError::Unreadable("it holds no section".to_owned())),
        }
    }

    /// A section's bytes; empty for one that is not there.
    pub(crate) fn bytes(&self, name: &str) -> &[u8] {
        self.places
            .get(name)
            .map_or(&[], |&(start, end)| &self.bytes[start..end])
    }

    /// A section as text.
    pub(crate) fn text(&self, name: &str) -> String {
        String::from_utf8_lossy(self.bytes(name)).into_owned()
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    // The mark begins with NUL and is long: look for it from NUL to NUL.
    let mut at = 0;
    while let Some(found) = haystack[at..].iter().position(|&byte| byte == needle[0]) {
        at += found;
        if haystack[at..].starts_with(needle) {
            return Some(at);
        }
        at += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn framed(sections: &[(&str, &[u8])]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (name, body) in sections {
            bytes.extend_from_slice(format!("\0MARK:{name}\0").as_bytes());
            bytes.extend_from_slice(body);
        }
        bytes
    }

    proptest! {
        #[test]
        fn sections_of_any_bytes_come_back_as_they_were(
            first in proptest::collection::vec(any::<u8>(), 0..200),
            second in proptest::collection::vec(any::<u8>(), 0..200),
        ) {
            let bytes = framed(&[("first", &first), ("second", &second), ("end", b"")]);
            let answer = base64::engine::general_purpose::STANDARD.encode(bytes);
            let sections = Sections::open(&answer, "MARK").unwrap();
            prop_assert_eq!(sections.bytes("first"), first.as_slice());
            prop_assert_eq!(sections.bytes("second"), second.as_slice());
            prop_assert_eq!(sections.bytes("third"), b"".as_slice());
        }

        #[test]
        fn no_answer_makes_the_reader_panic(answer in any::<Vec<u8>>()) {
            let _ = Sections::split(answer.clone(), "MARK");
            let _ = Sections::open(&String::from_utf8_lossy(&answer), "MARK");
        }
    }

    #[test]
    fn an_answer_that_was_cut_is_an_error() {
        let error = Sections::split(framed(&[("files", b"abc")]), "MARK").unwrap_err();
        assert_eq!(
            error.to_string(),
            "the node's answer cannot be read: it ends in the section `files`"
        );
    }
}
