//! Reading files into a package.

use std::io::{self, Read, Write};

use crate::build::BuildError;
use crate::tree::Content;

const BLOCK: usize = 128 * 1024;
/// Linux's limit for one name.
const LONGEST_NAME: usize = 255;

/// A file's content: exactly as many bytes as the tree says, or an error, for its size and its checksum are written
/// elsewhere already.
pub(super) struct Exact<'a> {
    reader: Box<dyn Read + 'a>,
    content: &'a Content,
    rest: u64,
    packed: &'a dyn Fn(u64),
}

impl<'a> Exact<'a> {
    /// `packed` is told of each block.
    pub(super) fn open(content: &'a Content, packed: &'a dyn Fn(u64)) -> io::Result<Self> {
        Ok(Self {
            reader: content.open()?,
            content,
            rest: content.size(),
            packed,
        })
    }

    /// Writes all of it.
    pub(super) fn copy(mut self, writer: &mut impl Write) -> io::Result<()> {
        let size = usize::try_from(self.rest).unwrap_or(BLOCK);
        // One more than there should be, so that the end is found in the same read.
        let mut block = vec![0; BLOCK.min(size.saturating_add(1))];
        loop {
            let length = self.read(&mut block)?;
            match block.get(..length) {
                Some(read) if !read.is_empty() => writer.write_all(read)?,
                _ => return Ok(()),
            }
        }
    }
}

impl Read for Exact<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.reader.read(buffer)?;
        let ended_early = length == 0 && !buffer.is_empty() && self.rest > 0;
        match self.rest.checked_sub(length as u64) {
            Some(rest) if !ended_early => self.rest = rest,
            _ => return Err(self.content.changed()),
        }
        (self.packed)(length as u64);
        Ok(length)
    }
}

/// A package's file name, if a file can have it.
pub(super) fn file_name(name: &str) -> Result<&str, BuildError> {
    if name.len() > LONGEST_NAME || name.contains('/') {
        return Err(BuildError::Text {
            place: "name, version and build_version".to_owned(),
            why: format!("make the file name `{name}`, which a file cannot have"),
        });
    }
    Ok(name)
}
