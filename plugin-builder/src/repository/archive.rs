//! The `ar` archive that a Debian package is.

use std::io::{self, Read};

/// One member's header.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) size: u64,
}

const MAGIC: &[u8; 8] = b"!<arch>\n";
const HEADER: usize = 60;

/// Goes to the first member whose name begins with `prefix`; the reader then stands at its content.
pub(crate) fn find_member(reader: &mut impl Read, prefix: &str) -> io::Result<Option<Member>> {
    let mut magic = [0; 8];
    reader.read_exact(&mut magic)?;
    if magic != *MAGIC {
        return Err(io::Error::other("not a Debian package"));
    }
    while let Some(member) = next_member(reader)? {
        if member.name.starts_with(prefix) {
            return Ok(Some(member));
        }
        // Members are padded to an even length.
        let length = member.size + member.size % 2;
        io::copy(&mut reader.by_ref().take(length), &mut io::sink())?;
    }
    Ok(None)
}

fn next_member(reader: &mut impl Read) -> io::Result<Option<Member>> {
    let mut header = [0; HEADER];
    match reader.read_exact(&mut header) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let bad = || io::Error::other("a damaged Debian package");
    let header = std::str::from_utf8(&header).map_err(|_| bad())?;
    let name = header
        .get(..16)
        .ok_or_else(bad)?
        .trim_end()
        .trim_end_matches('/')
        .to_owned();
    let size = header
        .get(48..58)
        .and_then(|size| size.trim_end().parse().ok())
        .ok_or_else(bad)?;
    if header.get(58..) != Some("`\n") {
        return Err(bad());
    }
    Ok(Some(Member { name, size }))
}

#[cfg(test)]
mod tests {
    use super::find_member;

    fn member(name: &str, content: &str) -> String {
        let padding = if content.len() % 2 == 1 { "\n" } else { "" };
        format!(
            "{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n{content}{padding}",
            0,
            0,
            0,
            100_644,
            content.len()
        )
    }

    #[test]
    fn a_member_is_found_behind_one_of_odd_length() {
        let archive = format!(
            "!<arch>\n{}{}",
            member("debian-binary", "2.0"),
            member("control.tar.xz/", "abc")
        );
        let mut reader = archive.as_bytes();
        let found = find_member(&mut reader, "control.tar").unwrap().unwrap();
        assert_eq!((found.name.as_str(), found.size), ("control.tar.xz", 3));
        assert!(reader.starts_with(b"abc"));
    }

    #[test]
    fn what_is_no_archive_is_refused() {
        assert!(find_member(&mut b"junk, long enough".as_slice(), "control.tar").is_err());
    }
}
