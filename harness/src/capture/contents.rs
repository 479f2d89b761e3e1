use std::{collections::BTreeMap, io::Read, sync::Arc};

use super::{CaptureError, Digest, FileKind, FileState, files::path_text};

/// Puts the hashes that `sha256sum` printed to their files.
///
/// A line is `HASH  path`; where the path holds a newline or a backslash, the line begins with a backslash and the
/// two are written `\n` and `\\`.
pub(crate) fn add_hashes(files: &mut BTreeMap<String, FileState>, listing: &[u8]) {
    for line in listing.split(|&byte| byte == b'\n') {
        let (escaped, line) = match line.strip_prefix(b"\\") {
            Some(rest) => (true, rest),
            None => (false, line),
        };
        let Some((digits, rest)) = line.split_at_checked(64) else {
            continue;
        };
        let Some(digest) = std::str::from_utf8(digits).ok().and_then(Digest::from_hex) else {
            continue;
        };
        let Some(path) = rest.get(2..) else { continue };
        let path = if escaped {
            path_text(&unescape(path))
        } else {
            path_text(path)
        };
        if let Some(file) = files.get_mut(&path) {
            file.sha256 = Some(digest);
        }
    }
}

fn unescape(path: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(path.len());
    let mut bytes = path.iter();
    while let Some(&byte) = bytes.next() {
        plain.push(match (byte, byte == b'\\') {
            (_, true) => match bytes.next() {
                Some(b'n') => b'\n',
                Some(b'r') => b'\r',
                Some(&other) => other,
                None => b'\\',
            },
            (byte, false) => byte,
        });
    }
    plain
}

/// Reads the archive of small files: hashes each and keeps text while the state holds less than `text_kept` bytes.
pub(crate) fn add_contents(
    files: &mut BTreeMap<String, FileState>,
    archive: &[u8],
    text_kept: usize,
) -> Result<(), CaptureError> {
    if archive.is_empty() {
        return Ok(());
    }
    let unreadable = |error: std::io::Error| CaptureError::Unreadable(format!("the archive of small files: {error}"));
    let mut kept: usize = files
        .values()
        .filter_map(|file| file.text.as_ref())
        .map(|text| text.len())
        .sum();
    let mut archive = tar::Archive::new(archive);
    for entry in archive.entries().map_err(unreadable)? {
        let mut entry = entry.map_err(unreadable)?;
        let path = path_text(&entry.path_bytes());
        let mut content = Vec::new();
        entry.read_to_end(&mut content).map_err(unreadable)?;
        let Some(file) = files.get_mut(&path) else { continue };
        // A file that grew or shrank while it was read says nothing certain.
        if file.kind != FileKind::File || file.size != content.len() as u64 {
            continue;
        }
        file.sha256 = Some(Digest::of(&content));
        if kept + content.len() <= text_kept
            && !is_secret(&path, &content)
            && let Some(text) = as_text(content)
        {
            kept += text.len();
            file.text = Some(text);
        }
    }
    Ok(())
}

/// Gives every regular file of size 0 its hash and text: there is nothing to read.
pub(crate) fn add_empty(files: &mut BTreeMap<String, FileState>) {
    let nothing = Digest::of(b"");
    for file in files
        .values_mut()
        .filter(|file| file.kind == FileKind::File && file.size == 0 && file.sha256.is_none())
    {
        file.sha256 = Some(nothing);
        file.text = Some(Arc::from(""));
    }
}

fn as_text(content: Vec<u8>) -> Option<Arc<str>> {
    if content.contains(&0) {
        return None;
    }
    String::from_utf8(content).ok().map(Arc::from)
}

/// Content that is compared by its hash only, so that no report shows it: password hashes and private keys.
fn is_secret(path: &str, content: &[u8]) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).trim_end_matches('-');
    matches!(name, "shadow" | "gshadow" | "opasswd")
        || path.contains("/fernet-keys/")
        || path.contains("/credential-keys/")
        || content.windows(17).any(|window| window == b"PRIVATE KEY-----\n")
}

/// Puts down the capabilities that `getcap` printed: `path cap_x=ep`, or `path = cap_x+ep` of older ones.
pub(crate) fn add_capabilities(files: &mut BTreeMap<String, FileState>, listing: &str) {
    for line in listing.lines() {
        let found = line.split_once(" = ").or_else(|| line.rsplit_once(' '));
        if let Some((path, capabilities)) = found
            && let Some(file) = files.get_mut(path)
        {
            file.capabilities = Some(Arc::from(capabilities));
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::capture::files::read_records;

    fn files(paths: &[&str]) -> BTreeMap<String, FileState> {
        let bytes: Vec<u8> = paths
            .iter()
            .flat_map(|path| format!("f 644 0 0 5 1.0 1.0 5 1\0{path}\0\0").into_bytes())
            .collect();
        read_records(&bytes).unwrap().into_iter().collect()
    }

    #[rstest]
    #[case("/plain", "", "  /plain")]
    #[case("/new\nline\\x", "\\", "  /new\\nline\\\\x")]
    #[case("/binary", "", " */binary")]
    fn a_line_of_sha256sum_finds_its_file(#[case] path: &str, #[case] lead: &str, #[case] tail: &str) {
        let mut files = files(&[path]);
        let digest = Digest::of(b"hello");
        add_hashes(&mut files, format!("{lead}{digest}{tail}\nrubbish\n").as_bytes());
        assert_eq!(files[path].sha256, Some(digest));
    }

    #[rstest]
    #[case("/usr/bin/ping cap_net_raw=ep", "cap_net_raw=ep")]
    #[case("/usr/bin/ping = cap_net_raw+ep", "cap_net_raw+ep")]
    fn both_manners_of_getcap_are_understood(#[case] line: &str, #[case] expected: &str) {
        let mut files = files(&["/usr/bin/ping"]);
        add_capabilities(&mut files, line);
        assert_eq!(files["/usr/bin/ping"].capabilities.as_deref(), Some(expected));
    }

    #[rstest]
    #[case("/etc/shadow", "root:*", true)]
    #[case("/etc/gshadow-", "root:*", true)]
    #[case("/etc/keystone/fernet-keys/0", "abc", true)]
    #[case("/etc/ssl/x.pem", "-----BEGIN RSA PRIVATE KEY-----\nabc", true)]
    #[case("/etc/trove/trove.conf", "password = x", false)]
    fn password_hashes_and_private_keys_are_not_kept(#[case] path: &str, #[case] text: &str, #[case] secret: bool) {
        assert_eq!(is_secret(path, text.as_bytes()), secret);
    }
}
