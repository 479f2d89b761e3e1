//! The cpio archive ("newc") that an RPM's payload is.

use std::io::{self, Read};

/// One entry's header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CpioEntry {
    pub(crate) path: String,
    pub(crate) inode: u64,
    /// Type and permission bits.
    pub(crate) mode: u32,
    pub(crate) links: u64,
    pub(crate) size: u64,
}

const HEADER: usize = 110;
const LONGEST_PATH: u64 = 4096;
/// The name of the entry that ends the archive.
const TRAILER: &str = "TRAILER!!!";

/// Reads entry by entry; the content of each must be read before the next.
pub(crate) struct CpioReader<R> {
    reader: R,
    position: u64,
    remaining: u64,
}

impl<R: Read> CpioReader<R> {
    pub(crate) fn new(reader: R) -> Self {
        Self {
            reader,
            position: 0,
            remaining: 0,
        }
    }

    /// The next entry; nothing at the end. What is unread of the one before is skipped.
    pub(crate) fn next_entry(&mut self) -> io::Result<Option<CpioEntry>> {
        let rest = self.remaining;
        if io::copy(&mut self.content(), &mut io::sink())? != rest {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
        }
        self.align()?;
        let mut header = [0; HEADER];
        self.fill(&mut header)?;
        let header = std::str::from_utf8(&header).map_err(|_| damaged())?;
        if !matches!(header.get(..6), Some("070701" | "070702")) {
            return Err(damaged());
        }
        let field = |index: usize| {
            let start = 6 + index * 8;
            header
                .get(start..start + 8)
                .and_then(|hex| u64::from_str_radix(hex, 16).ok())
                .ok_or_else(damaged)
        };
        let name_size = field(11)?;
        if name_size == 0 || name_size > LONGEST_PATH {
            return Err(damaged());
        }
        let mut name = vec![0; usize::try_from(name_size).map_err(|_| damaged())?];
        self.fill(&mut name)?;
        name.pop();
        let path = String::from_utf8(name).map_err(|_| damaged())?;
        self.align()?;
        if path == TRAILER {
            return Ok(None);
        }
        self.remaining = field(6)?;
        let mode = u32::try_from(field(1)?).map_err(|_| damaged())?;
        Ok(Some(CpioEntry {
            path,
            inode: field(0)?,
            mode,
            links: field(4)?,
            size: self.remaining,
        }))
    }

    /// The content of the entry that was read last.
    pub(crate) fn content(&mut self) -> impl Read + '_ {
        Content { archive: self }
    }

    fn fill(&mut self, buffer: &mut [u8]) -> io::Result<()> {
        self.reader.read_exact(buffer)?;
        self.position += buffer.len() as u64;
        Ok(())
    }

    /// Headers and contents start at multiples of four.
    fn align(&mut self) -> io::Result<()> {
        while !self.position.is_multiple_of(4) {
            self.fill(&mut [0])?;
        }
        Ok(())
    }
}

struct Content<'a, R> {
    archive: &'a mut CpioReader<R>,
}

impl<R: Read> Read for Content<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = buffer
            .len()
            .min(usize::try_from(self.archive.remaining).unwrap_or(usize::MAX));
        // Some decompressors take a read of nothing for the end of their input.
        let Some(part) = buffer.get_mut(..length).filter(|part| !part.is_empty()) else {
            return Ok(0);
        };
        let read = self.archive.reader.read(part)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.archive.position += read as u64;
        self.archive.remaining -= read as u64;
        Ok(read)
    }
}

fn damaged() -> io::Error {
    io::Error::other("its payload is damaged")
}

#[cfg(test)]
mod tests {
    use super::CpioReader;
    use std::io::{self, Read};

    /// Refuses reads of nothing, at which some decompressors lose their place.
    struct Touchy<'a>(&'a [u8]);

    impl Read for Touchy<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            assert!(!buffer.is_empty(), "a read of nothing");
            self.0.read(buffer)
        }
    }

    fn entry(path: &str, content: &str) -> String {
        let mut text = format!("070701{:08x}{:08x}", 1, 0o100_644);
        for field in [0, 0, 1, 0, content.len(), 0, 0, 0, 0, path.len() + 1, 0] {
            text.push_str(&format!("{field:08x}"));
        }
        for part in [format!("{path}\0"), content.to_owned()] {
            text.push_str(&part);
            while text.len() % 4 != 0 {
                text.push('\0');
            }
        }
        text
    }

    #[test]
    fn contents_are_read_or_skipped_without_reads_of_nothing() {
        let archive = [
            entry("a", "skipped"),
            entry("b", ""),
            entry("c", "read"),
            entry("TRAILER!!!", ""),
        ];
        let archive = archive.concat();
        let mut reader = CpioReader::new(Touchy(archive.as_bytes()));
        let mut seen = Vec::new();
        while let Some(entry) = reader.next_entry().unwrap() {
            let mut text = String::new();
            if entry.path != "a" {
                reader.content().read_to_string(&mut text).unwrap();
            }
            seen.push((entry.path, text));
        }
        let expected = [("a", ""), ("b", ""), ("c", "read")].map(|(path, text)| (path.to_owned(), text.to_owned()));
        assert_eq!(seen, expected);
    }
}
