//! The control file of a Debian package.

use std::io::{self, BufReader, Read};

use camino::Utf8Path;
use flate2::read::GzDecoder;

use super::archive::find_member;

/// Fields with their values as they are written, continuation lines included.
pub(crate) type Fields = Vec<(String, String)>;

/// A control archive is small; a hostile one need not be.
const MAXIMUM_SIZE: u64 = 16 * 1024 * 1024;

/// The memory that a compressed one may ask for, in KiB; `xz -9` asks for a fifth.
const XZ_MEMORY: u32 = 320 * 1024;

/// Reads the control fields of a package.
pub(crate) fn read_control(package: &Utf8Path) -> io::Result<Fields> {
    let mut reader = BufReader::new(fs_err::File::open(package)?);
    let member = find_member(&mut reader, "control.tar")?
        .ok_or_else(|| io::Error::other("not a Debian package: it has no control archive"))?;
    let content = reader.take(member.size);
    let text = match member.name.strip_prefix("control.tar") {
        Some("") => control_file(content)?,
        Some(".gz") => control_file(GzDecoder::new(content))?,
        Some(".xz") => control_file(lzma_rust2::XzReader::new_mem_limit(content, true, XZ_MEMORY))?,
        Some(".zst") => control_file(ruzstd::decoding::StreamingDecoder::new(content).map_err(io::Error::other)?)?,
        _ => {
            return Err(io::Error::other(format!(
                "`{}` is compressed in an unknown way",
                member.name
            )));
        }
    };
    fields(&text).ok_or_else(|| io::Error::other("its control file cannot be read"))
}

fn control_file(archive: impl Read) -> io::Result<String> {
    let mut archive = tar::Archive::new(archive.take(MAXIMUM_SIZE));
    for entry in archive.entries()? {
        let mut entry = entry?;
        let is_control = entry.path_bytes().as_ref() == b"./control" || entry.path_bytes().as_ref() == b"control";
        if is_control {
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes)?;
            return Ok(String::from_utf8_lossy(&bytes).into_owned());
        }
    }
    Err(io::Error::other("its control archive holds no control file"))
}

/// Splits a stanza into its fields; nothing if a line belongs to none.
fn fields(text: &str) -> Option<Fields> {
    let mut fields: Fields = Vec::new();
    for line in text.lines() {
        if line.trim().is_empty() {
            if fields.is_empty() {
                continue;
            }
            break;
        }
        if line.starts_with([' ', '\t']) {
            let (_, value) = fields.last_mut()?;
            value.push('\n');
            value.push_str(line.trim_end());
        } else {
            let (name, value) = line.split_once(':')?;
            fields.push((name.to_owned(), value.trim().to_owned()));
        }
    }
    (!fields.is_empty()).then_some(fields)
}

#[cfg(test)]
mod tests {
    use super::fields;

    #[test]
    fn continuation_lines_belong_to_the_field_before_them() {
        let fields = fields("Package: a\nDescription: short\n long\n .\n end\n\nPackage: b\n").unwrap();
        assert_eq!(
            fields,
            vec![
                ("Package".to_owned(), "a".to_owned()),
                ("Description".to_owned(), "short\n long\n .\n end".to_owned())
            ]
        );
    }
}
