//! Checksums of files: read once, piece by piece, on all processors.

use std::io::{self, Read};
use std::sync::Mutex;
use std::sync::mpsc::channel;

use md5::Md5;
use sha1::{Digest as _, Sha1};
use sha2::Sha256;

use super::entry::{Content, Kind, Tree};

/// The checksums that packages and indexes hold, in lower-case hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Digests {
    /// Only Debian's index wants it, so only `*.deb` have it; it costs more than both others.
    pub(crate) md5: Option<String>,
    pub(crate) sha1: String,
    pub(crate) sha256: String,
}

/// Read at once.
const BLOCK: usize = 256 * 1024;
/// More do not help: the disk is the limit then.
const MOST_THREADS: usize = 8;
/// Below this many bytes a second thread costs more than it saves.
const WORTH_THREADS: u64 = 4 * 1024 * 1024;

impl Digests {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self {
            md5: None,
            sha1: hex(&Sha1::digest(bytes)),
            sha256: sha256_of(bytes),
        }
    }

    /// Sums a file. `read` is told of each block's size.
    pub(crate) fn read(content: &Content, with_md5: bool, read: &mut dyn FnMut(u64)) -> io::Result<Self> {
        let (mut md5, mut sha1, mut sha256) = (with_md5.then(Md5::new), Sha1::new(), Sha256::new());
        let mut reader = content.open()?;
        let mut block = vec![0; BLOCK.min(usize::try_from(content.size()).unwrap_or(BLOCK).max(1) + 1)];
        let mut size = 0;
        loop {
            let length = reader.read(&mut block)?;
            let Some(bytes) = block.get(..length).filter(|bytes| !bytes.is_empty()) else {
                break;
            };
            if let Some(md5) = &mut md5 {
                md5.update(bytes);
            }
            sha1.update(bytes);
            sha256.update(bytes);
            size += length as u64;
            read(length as u64);
        }
        if content.size() != size {
            return Err(content.changed());
        }
        Ok(Self {
            md5: md5.map(|md5| hex(&md5.finalize())),
            sha1: hex(&sha1.finalize()),
            sha256: hex(&sha256.finalize()),
        })
    }
}

impl Tree {
    /// Computes the checksums of all files of the plugin. `read` is told how many bytes were read since it was last
    /// called.
    pub(crate) fn digest_all(&mut self, read: &dyn Fn(u64)) -> io::Result<()> {
        let total = self.size();
        let mut files: Vec<(&Content, &mut Option<Digests>)> = self
            .entries_mut()
            .filter_map(|entry| match &mut entry.kind {
                Kind::File { content, digests } if digests.is_none() => Some((&*content, digests)),
                _ => None,
            })
            .collect();
        // Popped from the end: the largest first, so that no thread is left alone with it.
        files.sort_by_key(|(content, _)| content.size());
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = processors.min(MOST_THREADS).min(files.len());
        if threads <= 1 || total < WORTH_THREADS {
            for (content, digests) in files {
                *digests = Some(Digests::read(content, is_debian(content), &mut |size| read(size))?);
            }
            return Ok(());
        }
        let queue = Mutex::new(files);
        let (sender, receiver) = channel();
        std::thread::scope(|scope| {
            for _ in 0..threads {
                let sender = sender.clone();
                let queue = &queue;
                scope.spawn(move || {
                    loop {
                        let next = queue.lock().map_or(None, |mut files| files.pop());
                        let Some((content, digests)) = next else { return };
                        // A receiver that is gone has heard of an error.
                        let report = &mut |size| drop(sender.send(Ok(size)));
                        match Digests::read(content, is_debian(content), report) {
                            Ok(found) => *digests = Some(found),
                            Err(error) => {
                                if let Ok(mut files) = queue.lock() {
                                    files.clear();
                                }
                                let _ = sender.send(Err(error));
                                return;
                            }
                        }
                    }
                });
            }
            drop(sender);
            for message in receiver {
                read(message?);
            }
            Ok(())
        })
    }
}

fn is_debian(content: &Content) -> bool {
    matches!(content, Content::Disk { path, .. } if path.extension() == Some("deb"))
}

/// The SHA-256 of bytes.
pub(crate) fn sha256_of(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS.get(usize::from(nibble)).copied().unwrap_or_default());
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 0x0f)])
        .collect()
}
