//! Writing an RPM piece by piece.
//!
//! All that the headers hold is known before the payload is written, but for the payload's checksums, whose length is
//! known. So room is left for the headers, the payload is written and summed behind it, and the headers come last.
//! Nothing but a few pieces of the payload is ever in memory.

use std::io::{self, Read, Seek as _, SeekFrom, Write};

use camino::Utf8Path;
use md5::Md5;
use sha1::{Digest as _, Sha1};
use sha2::Sha256;

use super::cpio;
use super::fields::{Fields, GROUP};
use super::header::{HEADER_REGION, Header, SIGNATURE_REGION, Value};
use super::{relations, scripts};
use crate::build::BuildError;
use crate::build::contents::{Exact, file_name};
use crate::build::gzip::GzipWriter;
use crate::build::unfinished::Unfinished;
use crate::metadata::Metadata;
use crate::tree::{Content, Entry, Kind, Tree, hex};

/// Where plugins lie on a master.
const PLUGINS: &str = "/var/www/nailgun/plugins";
/// The lead's size.
const LEAD: usize = 96;
/// A cpio archive's file cannot be larger.
const LARGEST_FILE: u64 = u32::MAX as u64;
const SHA256: u32 = 8;
/// What an RPM's file takes over from the plugin's: as in the original, neither set-user-ID and the like nor what a
/// umask of 022 takes away.
const PERMISSIONS: u32 = 0o755;
const DIRECTORY: u32 = 0o040_000;
const REGULAR: u32 = 0o100_000;
const LINK: u32 = 0o120_000;

/// A file of the package.
struct Packed<'a> {
    /// Absolute.
    path: String,
    mode: u32,
    target: &'a str,
    digest: &'a str,
    content: Option<&'a Content>,
}

impl Packed<'_> {
    /// A link's content is its target; a directory has none.
    fn size(&self) -> u64 {
        match self.content {
            Some(content) => content.size(),
            None => self.target.len() as u64,
        }
    }
}

/// Writes the RPM into `directory`, where it has the name `<name>-<M.m>-<version>-<release>.noarch.rpm`. `packed` is
/// told how many bytes of files were packed since it was last called.
pub(crate) fn write(
    tree: &Tree,
    metadata: &Metadata,
    time: i64,
    directory: &Utf8Path,
    packed: &dyn Fn(u64),
) -> Result<Unfinished, BuildError> {
    let fields = Fields::of(metadata)?;
    let time = u32::try_from(time).unwrap_or(0);
    let with_scripts = metadata.package_version != "2.0.0";
    let files = files(tree, &fields)?;
    let sizes = files.iter().map(|file| (file.path.len() as u64 + 1, file.size()));
    let archive_size = cpio::archive_size(sizes);

    let mut header = Header::default();
    set_texts(&mut header, &fields, time);
    relations::set(&mut header, &fields, with_scripts, tree)?;
    if with_scripts {
        set_scripts(&mut header, &scripts::read(tree, &fields)?);
    }
    set_files(&mut header, &files, time);
    set_payload_digests(&mut header, &[0; 32], &[0; 32]);
    let header_size = header.to_bytes(HEADER_REGION).len();
    let empty = Signature::default();
    // The sizes in it decide which tags it has, and they are known only roughly: the header's form follows the
    // archive's, which a compressed payload exceeds by less than a thousandth.
    let large = header_size as u64 + archive_size + archive_size / 512 > u64::from(u32::MAX);
    let signature_size = signature(&empty, large).len();

    let name = format!("{}-{}-{}.noarch.rpm", fields.name, fields.version, fields.release);
    let mut file = Unfinished::new(directory.join(file_name(&name)?))?;
    let payload_start = (LEAD + signature_size + header_size) as u64;
    file.seek(SeekFrom::Start(payload_start))?;
    let payload = write_payload(&mut file, &files, time, packed)?;

    set_payload_digests(&mut header, &payload.compressed, &payload.archive);
    let header = header.to_bytes(HEADER_REGION);
    file.seek(SeekFrom::Start(payload_start))?;
    let mut md5 = Md5::new();
    md5.update(&header);
    sum_rest(&mut file, &mut md5)?;
    let signature = signature(
        &Signature {
            header_and_payload_size: header.len() as u64 + payload.size,
            archive_size,
            md5: md5.finalize().into(),
            sha1: hex(&Sha1::digest(&header)),
            sha256: hex(&Sha256::digest(&header)),
        },
        large,
    );
    file.seek(SeekFrom::Start(0))?;
    file.write_all(&lead(&format!("{}-{}-{}", fields.name, fields.version, fields.release)))?;
    file.write_all(&signature)?;
    file.write_all(&header)?;
    Ok(file)
}

fn files<'a>(tree: &'a Tree, fields: &Fields) -> Result<Vec<Packed<'a>>, BuildError> {
    let root = format!("{PLUGINS}/{}", fields.name);
    let mut files = vec![Packed {
        path: root.clone(),
        mode: DIRECTORY | PERMISSIONS,
        target: "",
        digest: "",
        content: None,
    }];
    for (path, entry) in tree.iter() {
        files.push(one_file(format!("{root}/{path}"), entry)?);
    }
    Ok(files)
}

fn one_file(path: String, entry: &Entry) -> Result<Packed<'_>, BuildError> {
    let permissions = entry.mode & PERMISSIONS;
    let (mode, target, digest, content) = match &entry.kind {
        Kind::Directory => (DIRECTORY | permissions, "", "", None),
        Kind::Link { target } => (LINK | 0o777, target.as_str(), "", None),
        Kind::File { content, digests } => {
            let digest = digests.as_ref().map_or("", |digests| &digests.sha256);
            (REGULAR | permissions, "", digest, Some(content))
        }
    };
    if let Some(Content::Disk { path, size }) = content
        && *size > LARGEST_FILE
    {
        return Err(BuildError::TooLarge(path.clone()));
    }
    Ok(Packed {
        path,
        mode,
        target,
        digest,
        content,
    })
}

fn set_texts(header: &mut Header, fields: &Fields, time: u32) {
    header.set(100, Value::Texts(vec!["C".to_owned()]));
    header.text(1000, &fields.name);
    header.text(1001, &fields.version);
    header.text(1002, &fields.release);
    header.set(1004, Value::Translatable(fields.summary.clone()));
    header.set(1005, Value::Translatable(fields.description.clone()));
    header.number(1006, time);
    header.text(1007, "localhost");
    header.text(1011, &fields.vendor);
    header.text(1014, &fields.license);
    header.set(1016, Value::Translatable(GROUP.to_owned()));
    header.text(1020, &fields.url);
    header.text(1021, "linux");
    header.text(1022, "noarch");
    let source = format!("{}-{}-{}.src.rpm", fields.name, fields.version, fields.release);
    header.text(1044, source);
    header.text(1064, concat!("fpb-", env!("CARGO_PKG_VERSION")));
    header.text(1124, "cpio");
    header.text(1125, "gzip");
    header.text(1126, "9");
    header.text(5062, "utf-8");
}

fn set_scripts(header: &mut Header, scripts: &scripts::Scripts) {
    for (tag, program, text) in [
        (1023, 1085, &scripts.before_install),
        (1024, 1086, &scripts.after_install),
        (1025, 1087, &scripts.before_removal),
    ] {
        header.text(program, relations::SHELL);
        // As rpmbuild leaves it, an empty script is only a program.
        if !text.is_empty() {
            header.text(tag, text);
        }
    }
}

fn set_files(header: &mut Header, files: &[Packed<'_>], time: u32) {
    let numbers = |number: &dyn Fn(&Packed<'_>) -> u32| Value::Int32(files.iter().map(number).collect());
    let texts = |text: &dyn Fn(&Packed<'_>) -> String| Value::Texts(files.iter().map(text).collect());
    let split = |file: &Packed<'_>| {
        let (directory, name) = file.path.rsplit_once('/').unwrap_or_default();
        (format!("{directory}/"), name.to_owned())
    };
    let mut directories: Vec<String> = files.iter().map(|file| split(file).0).collect();
    directories.sort();
    directories.dedup();
    let directory = |file: &Packed<'_>| {
        let found = directories.binary_search(&split(file).0).unwrap_or_default();
        u32::try_from(found).unwrap_or_default()
    };
    let total: u64 = files.iter().map(Packed::size).sum();
    match u32::try_from(total) {
        Ok(total) => header.number(1009, total),
        Err(_) => header.set(5009, Value::Int64(vec![total])),
    }
    header.set(1028, numbers(&|file| u32::try_from(file.size()).unwrap_or(u32::MAX)));
    let modes = files.iter().map(|file| u16::try_from(file.mode).unwrap_or_default());
    header.set(1030, Value::Int16(modes.collect()));
    header.set(1033, Value::Int16(vec![0; files.len()]));
    header.set(1034, numbers(&|_| time));
    header.set(1035, texts(&|file| file.digest.to_owned()));
    header.set(1036, texts(&|file| file.target.to_owned()));
    header.set(1037, numbers(&|_| 0));
    header.set(1039, texts(&|_| "root".to_owned()));
    header.set(1040, texts(&|_| "root".to_owned()));
    header.set(1045, numbers(&|_| u32::MAX));
    header.set(1095, numbers(&|_| 1));
    header.set(1096, Value::Int32((1..).take(files.len()).collect()));
    header.set(1097, texts(&|_| String::new()));
    header.set(1116, numbers(&directory));
    header.set(1117, texts(&|file| split(file).1));
    header.set(1118, Value::Texts(directories.clone()));
    header.number(5011, SHA256);
}

fn set_payload_digests(header: &mut Header, compressed: &[u8; 32], archive: &[u8; 32]) {
    header.set(5092, Value::Texts(vec![hex(compressed)]));
    header.number(5093, SHA256);
    header.set(5097, Value::Texts(vec![hex(archive)]));
}

/// What the signature's header says of the rest.
#[derive(Default)]
struct Signature {
    header_and_payload_size: u64,
    archive_size: u64,
    md5: [u8; 16],
    sha1: String,
    sha256: String,
}

/// The signature's header, filled up to a multiple of eight. Without a key it holds checksums only.
fn signature(values: &Signature, large: bool) -> Vec<u8> {
    let mut header = Header::default();
    header.text(269, format!("{:0<40}", values.sha1));
    header.text(273, format!("{:0<64}", values.sha256));
    if large {
        header.set(270, Value::Int64(vec![values.header_and_payload_size]));
        header.set(271, Value::Int64(vec![values.archive_size]));
    } else {
        let number = |size: u64| u32::try_from(size).unwrap_or(u32::MAX);
        header.number(1000, number(values.header_and_payload_size));
        header.number(1007, number(values.archive_size));
    }
    header.set(1004, Value::Binary(values.md5.to_vec()));
    let mut bytes = header.to_bytes(SIGNATURE_REGION);
    bytes.resize(bytes.len().next_multiple_of(8), 0);
    bytes
}

/// The old header, of which only the magic number is looked at.
fn lead(name: &str) -> [u8; LEAD] {
    const START: [u8; 10] = [0xed, 0xab, 0xee, 0xdb, 3, 0, 0, 0, 0, 1];
    let mut lead = [0; LEAD];
    // The name ends with a zero in its 66 bytes.
    let bytes = START.iter().chain(name.as_bytes().iter().take(65));
    lead.iter_mut().zip(bytes).for_each(|(place, byte)| *place = *byte);
    // Linux, and a signature that is a header.
    if let Some(place) = lead.get_mut(76..80) {
        place.copy_from_slice(&[0, 1, 0, 5]);
    }
    lead
}

/// A payload's size and checksums, as it is and unpacked.
struct Payload {
    size: u64,
    compressed: [u8; 32],
    archive: [u8; 32],
}

fn write_payload(
    file: &mut Unfinished,
    files: &[Packed<'_>],
    time: u32,
    packed: &dyn Fn(u64),
) -> Result<Payload, BuildError> {
    let compressed = Summed::new(file);
    let mut archive = Summed::new(GzipWriter::new(compressed)?);
    for (inode, file) in (1..).zip(files) {
        let size = file.size();
        let entry = cpio::Entry {
            path: &format!(".{}", file.path),
            inode,
            mode: file.mode,
            time,
            size: u32::try_from(size).unwrap_or(u32::MAX),
        };
        cpio::write_header(&mut archive, &entry)?;
        match file.content {
            Some(content) => Exact::open(content, packed)?.copy(&mut archive)?,
            None => archive.write_all(file.target.as_bytes())?,
        }
        cpio::pad(&mut archive, size)?;
    }
    cpio::write_trailer(&mut archive)?;
    let (gzip, archive, _) = archive.end();
    let (_, compressed, size) = gzip.finish()?.end();
    Ok(Payload {
        size,
        compressed,
        archive,
    })
}

/// Passes bytes on and sums them.
struct Summed<W> {
    inner: W,
    sha256: Sha256,
    size: u64,
}

impl<W> Summed<W> {
    fn new(inner: W) -> Self {
        Self {
            inner,
            sha256: Sha256::new(),
            size: 0,
        }
    }

    fn end(self) -> (W, [u8; 32], u64) {
        (self.inner, self.sha256.finalize().into(), self.size)
    }
}

impl<W: Write> Write for Summed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.sha256.update(bytes.get(..written).unwrap_or_default());
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

fn sum_rest(file: &mut Unfinished, md5: &mut Md5) -> io::Result<()> {
    let mut block = vec![0; 256 * 1024];
    loop {
        let length = file.read(&mut block)?;
        match block.get(..length) {
            Some(read) if !read.is_empty() => md5.update(read),
            _ => return Ok(()),
        }
    }
}
