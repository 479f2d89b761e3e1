//! Unpacks packages that are hostile, damaged or made by others.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod workplace;

use std::io::{Read as _, Write};

use camino::{Utf8Path, Utf8PathBuf};
use plugin_builder::{
    BuildOptions, HostHook, Limits, PackageKind, UnpackError, build, describe, unpack, unpack_within,
};
use rstest::rstest;
use tar::EntryType;

use workplace::{new_plugin, workplace};

const METADATA: &str = "name: evil\nversion: 1.0.0\npackage_version: 1.0.0\n";

/// One entry as a hostile package has it: `tar` itself would refuse many of these paths.
fn entry(kind: EntryType, path: &str, link: &str, mode: u32, size: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(mode);
    let old = header.as_old_mut();
    old.name[..path.len()].copy_from_slice(path.as_bytes());
    old.linkname[..link.len()].copy_from_slice(link.as_bytes());
    header.set_cksum();
    header
}

type Archive = tar::Builder<Vec<u8>>;

fn add(archive: &mut Archive, kind: EntryType, path: &str, link: &str, content: &str) {
    let header = entry(kind, path, link, 0o644, content.len() as u64);
    archive.append(&header, content.as_bytes()).unwrap();
}

/// A tar with a good metadata.yaml and what is added to it.
fn tar_with(more: impl FnOnce(&mut Archive)) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    add(
        &mut archive,
        EntryType::Regular,
        "evil-1.0.0/metadata.yaml",
        "",
        METADATA,
    );
    more(&mut archive);
    archive.into_inner().unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

/// Unpacks it, and proves that a refusal leaves nothing.
fn unpack_bytes(place: &Utf8Path, bytes: &[u8]) -> Result<Utf8PathBuf, UnpackError> {
    let package = place.join("evil.fp");
    fs_err::write(&package, bytes).unwrap();
    let plugins = place.join("plugins");
    let result = unpack(&package, &plugins);
    if result.is_err() && plugins.exists() {
        assert_eq!(plugins.read_dir_utf8().unwrap().count(), 0, "something is left");
    }
    result.map(|unpacked| unpacked.directory)
}

#[rstest]
#[case::parent(EntryType::Regular, "evil-1.0.0/../../outside", "", "leads out")]
#[case::parent_inside(EntryType::Regular, "evil-1.0.0/a/../../b", "", "leads out")]
#[case::absolute(EntryType::Regular, "/etc/outside", "", "outside of")]
#[case::other_directory(EntryType::Regular, "other/outside", "", "outside of")]
#[case::other_case(EntryType::Regular, "EVIL-1.0.0/metadata.yaml", "", "outside of")]
#[case::absolute_link(EntryType::Symlink, "evil-1.0.0/link", "/etc/passwd", "symbolic link")]
#[case::link_out(EntryType::Symlink, "evil-1.0.0/link", "../../outside", "symbolic link")]
#[case::link_out_through_a_directory(EntryType::Symlink, "evil-1.0.0/link", "a/../../outside", "symbolic link")]
#[case::hard_link_out(EntryType::Link, "evil-1.0.0/link", "../outside", "leads out")]
#[case::hard_link_absolute(EntryType::Link, "evil-1.0.0/link", "/etc/passwd", "leads out")]
#[case::hard_link_to_nothing(EntryType::Link, "evil-1.0.0/link", "evil-1.0.0/gone", "not there")]
#[case::character_device(EntryType::Char, "evil-1.0.0/null", "", "neither a file")]
#[case::block_device(EntryType::Block, "evil-1.0.0/sda", "", "neither a file")]
#[case::fifo(EntryType::Fifo, "evil-1.0.0/pipe", "", "neither a file")]
#[case::twice(EntryType::Regular, "evil-1.0.0/metadata.yaml", "", "twice")]
#[case::twice_as_a_directory(EntryType::Directory, "evil-1.0.0/metadata.yaml", "", "twice")]
#[case::twice_as_a_link(EntryType::Symlink, "evil-1.0.0/metadata.yaml", "other", "twice")]
#[case::the_directory_itself(EntryType::Symlink, "evil-1.0.0", "other", "itself")]
fn what_has_no_place_in_a_plugin_is_refused_and_nothing_is_left(
    #[case] kind: EntryType,
    #[case] path: &str,
    #[case] link: &str,
    #[case] why: &str,
) {
    let place = workplace();
    let archive = tar_with(|archive| add(archive, kind, path, link, ""));
    let error = unpack_bytes(&place.path, &gzip(&archive)).unwrap_err();
    assert!(matches!(error, UnpackError::Refused { .. }), "{error:?}");
    assert!(error.to_string().contains(why), "{error}");
    assert!(!place.path.join("outside").exists());
}

#[rstest]
#[case("evil-1.0.0/here", ".", "evil-1.0.0/here/file")]
#[case("evil-1.0.0/link", "deep/deeper", "evil-1.0.0/link/file")]
fn nothing_is_written_through_a_link_of_the_package(#[case] link: &str, #[case] target: &str, #[case] through: &str) {
    let place = workplace();
    let archive = tar_with(|archive| {
        add(archive, EntryType::Directory, "evil-1.0.0/deep/deeper", "", "");
        add(archive, EntryType::Symlink, link, target, "");
        add(archive, EntryType::Regular, through, "", "x");
    });
    let error = unpack_bytes(&place.path, &archive).unwrap_err();
    assert!(error.to_string().contains("leads through a symbolic link"), "{error}");
}

#[test]
fn a_link_that_leads_out_through_another_link_is_refused() {
    let place = workplace();
    let archive = tar_with(|archive| {
        add(archive, EntryType::Directory, "evil-1.0.0/a/b", "", "");
        add(archive, EntryType::Symlink, "evil-1.0.0/near", "a/b", "");
        add(
            archive,
            EntryType::Symlink,
            "evil-1.0.0/far",
            "near/../../../outside",
            "",
        );
    });
    assert!(matches!(
        unpack_bytes(&place.path, &archive),
        Err(UnpackError::Refused { .. })
    ));
}

#[test]
fn a_hard_link_to_a_symbolic_link_is_refused() {
    let place = workplace();
    let archive = tar_with(|archive| {
        add(archive, EntryType::Symlink, "evil-1.0.0/link", "metadata.yaml", "");
        add(archive, EntryType::Link, "evil-1.0.0/hard", "evil-1.0.0/link", "");
    });
    assert!(matches!(
        unpack_bytes(&place.path, &archive),
        Err(UnpackError::Refused { .. })
    ));
}

#[rstest]
#[case(0o4755)]
#[case(0o2755)]
fn a_file_that_runs_as_its_owner_or_group_is_refused(#[case] mode: u32) {
    let place = workplace();
    let archive = tar_with(|archive| {
        let header = entry(EntryType::Regular, "evil-1.0.0/su", "", mode, 0);
        archive.append(&header, std::io::empty()).unwrap();
    });
    let error = unpack_bytes(&place.path, &archive).unwrap_err();
    assert!(error.to_string().contains("set-user-ID"), "{error}");
}

#[test]
fn hard_links_and_links_inside_of_the_plugin_are_unpacked() {
    let place = workplace();
    let archive = tar_with(|archive| {
        add(
            archive,
            EntryType::Symlink,
            "evil-1.0.0/link",
            "/var/www/nailgun/plugins/evil-1.0.0/metadata.yaml",
            "",
        );
        add(archive, EntryType::Symlink, "evil-1.0.0/a/up", "../metadata.yaml", "");
        add(
            archive,
            EntryType::Link,
            "evil-1.0.0/hard",
            "evil-1.0.0/metadata.yaml",
            "",
        );
    });
    let directory = unpack_bytes(&place.path, &archive).unwrap();
    assert_eq!(fs_err::read_to_string(directory.join("hard")).unwrap(), METADATA);
    assert_eq!(fs_err::read_to_string(directory.join("a/up")).unwrap(), METADATA);
}

/// A file of ten gigabytes of zeros, in ten megabytes.
fn bomb(stated: u64) -> Vec<u8> {
    let mut archive = tar_with(|_| {});
    // Without the end of the archive.
    archive.truncate(1024);
    archive.extend_from_slice(entry(EntryType::Regular, "evil-1.0.0/zeros", "", 0o644, stated).as_bytes());
    let mut bytes = gzip(&archive);
    let zeros = gzip(&vec![0; 64 * 1024 * 1024]);
    for _ in 0..160 {
        bytes.extend_from_slice(&zeros);
    }
    bytes
}

#[test]
fn a_bomb_of_ten_gigabytes_is_refused_before_it_is_written() {
    let place = workplace();
    let begin = std::time::Instant::now();
    let error = unpack_bytes(&place.path, &bomb(10 << 30)).unwrap_err();
    assert!(matches!(error, UnpackError::TooLarge { .. }), "{error:?}");
    assert!(error.to_string().contains("--no-limits"), "{error}");
    assert!(begin.elapsed().as_secs() < 30);
}

#[test]
fn a_bomb_behind_the_end_of_an_archive_is_refused() {
    let place = workplace();
    // The file states no content, so the zeros end the archive, and what is behind is only read for its checksum.
    let error = unpack_bytes(&place.path, &bomb(0)).unwrap_err();
    assert!(error.to_string().contains("follows its end"), "{error}");
}

#[test]
fn limits_can_be_set_and_taken_away() {
    let place = workplace();
    let package = place.path.join("many.fp");
    let archive = tar_with(|archive| {
        for number in 0..20 {
            add(
                archive,
                EntryType::Regular,
                &format!("evil-1.0.0/{number}"),
                "",
                "0123456789",
            );
        }
    });
    fs_err::write(&package, gzip(&archive)).unwrap();
    for (limits, refused) in [
        (
            Limits {
                entries: 20,
                ..Limits::default()
            },
            true,
        ),
        (
            Limits {
                size: 200,
                ..Limits::default()
            },
            true,
        ),
        (
            Limits {
                entries: 21,
                ..Limits::default()
            },
            false,
        ),
        (
            Limits {
                ratio: 1,
                ..Limits::default()
            },
            false,
        ),
        (Limits::none(), false),
    ] {
        let result = unpack_within(&package, &place.path.join("plugins"), &limits);
        assert_eq!(
            matches!(result, Err(UnpackError::TooLarge { .. })),
            refused,
            "{limits:?}: {result:?}"
        );
    }
}

#[test]
fn a_name_of_a_gigabyte_takes_no_memory() {
    let place = workplace();
    let mut archive = tar_with(|_| {});
    archive.truncate(1024);
    archive.extend_from_slice(entry(EntryType::GNULongName, "././@LongLink", "", 0o644, 200 << 20).as_bytes());
    let mut bytes = gzip(&archive);
    let zeros = gzip(&vec![b'a'; 50 << 20]);
    for _ in 0..4 {
        bytes.extend_from_slice(&zeros);
    }
    let error = unpack_bytes(&place.path, &bytes).unwrap_err();
    assert!(error.to_string().contains("absurd length"), "{error}");
}

#[test]
fn long_names_of_both_kinds_are_read() {
    let place = workplace();
    let long = format!("evil-1.0.0/{}/{}", "d".repeat(120), "f".repeat(120));
    let archive = tar_with(|archive| {
        // GNU: an entry before the entry.
        let mut header = tar::Header::new_gnu();
        header.set_size(1);
        header.set_mode(0o644);
        archive.append_data(&mut header, &long, b"g".as_slice()).unwrap();
        // POSIX: a list of extensions.
        let pax = format!("evil-1.0.0/{}", "p".repeat(150));
        archive.append_pax_extensions([("path", pax.as_bytes())]).unwrap();
        add(archive, EntryType::Regular, "evil-1.0.0/short", "", "p");
    });
    let directory = unpack_bytes(&place.path, &archive).unwrap();
    let content = |path: &str| fs_err::read_to_string(directory.join(path)).unwrap();
    assert_eq!(content(long.strip_prefix("evil-1.0.0/").unwrap()), "g");
    assert_eq!(content(&"p".repeat(150)), "p");
    assert!(!directory.join("short").exists());
}

#[rstest]
#[case::plain("", &[])]
#[case::gzip("gzip", &["-n"])]
#[case::bzip2("bzip2", &[])]
#[case::xz("xz", &["-T1"])]
#[case::lzma("xz", &["--format=lzma"])]
#[case::zstd("zstd", &["-q"])]
fn a_tar_of_every_compression_is_unpacked_and_damage_is_found(#[case] program: &str, #[case] arguments: &[&str]) {
    let place = workplace();
    let archive = tar_with(|archive| {
        add(
            archive,
            EntryType::Regular,
            "evil-1.0.0/file",
            "",
            &"text ".repeat(1000),
        )
    });
    let Some(packed) = filter(program, arguments, &archive) else {
        eprintln!("skipped: there is no `{program}` here");
        return;
    };
    let directory = unpack_bytes(&place.path, &packed).unwrap();
    assert_eq!(fs_err::read_to_string(directory.join("file")).unwrap().len(), 5000);
    fs_err::remove_dir_all(&directory).unwrap();
    let error = unpack_bytes(&place.path, &packed[..packed.len() / 2]).unwrap_err();
    assert!(
        matches!(error, UnpackError::Damaged { .. } | UnpackError::Unknown(_)),
        "{error:?}"
    );
}

/// What a program makes of bytes; nothing if it is not there.
fn filter(program: &str, arguments: &[&str], bytes: &[u8]) -> Option<Vec<u8>> {
    if program.is_empty() {
        return Some(bytes.to_vec());
    }
    let mut input = tempfile::tempfile().unwrap();
    input.write_all(bytes).unwrap();
    std::io::Seek::rewind(&mut input).unwrap();
    let output = std::process::Command::new(program)
        .args(arguments)
        .arg("-c")
        .stdin(input)
        .output()
        .ok()?;
    output.status.success().then_some(output.stdout)
}

/// The smallest plugin, so that each of its package's bytes can have a turn.
fn small_package(place: &Utf8Path, version: &str) -> Utf8PathBuf {
    let plugin = new_plugin(place, version);
    fs_err::remove_file(plugin.join("LICENSE")).unwrap();
    let progress = |_| {};
    let options = BuildOptions {
        hook: &HostHook,
        source_date_epoch: Some(1_600_000_000),
        progress: &progress,
    };
    build(&plugin, &options).unwrap().package
}

#[rstest]
#[case("1.0.0")]
#[case("4.0.0")]
fn a_package_that_ends_too_early_at_any_byte_is_refused_and_nothing_is_left(#[case] version: &str) {
    let place = workplace();
    let bytes = fs_err::read(small_package(&place.path, version)).unwrap();
    for length in 0..bytes.len() {
        match unpack_bytes(&place.path, &bytes[..length]) {
            Err(UnpackError::Damaged { .. } | UnpackError::Unknown(_)) => {}
            other => panic!("cut to {length} bytes: {other:?}"),
        }
    }
}

#[rstest]
#[case("1.0.0")]
#[case("4.0.0")]
fn one_wrong_bit_anywhere_in_the_content_is_found(#[case] version: &str) {
    let place = workplace();
    let bytes = fs_err::read(small_package(&place.path, version)).unwrap();
    // Before that, a lead and a signature hold what nobody looks at; behind it all is summed.
    let start = if version == "1.0.0" { 10 } else { 600 };
    for at in (start..bytes.len()).step_by(5) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x10;
        let result = unpack_bytes(&place.path, &damaged);
        // Another encoding of the same content is no damage.
        let harmless = version == "1.0.0" && gunzip(&damaged) == gunzip(&bytes);
        assert!(result.is_err() || harmless, "byte {at} of {}", bytes.len());
        if let Ok(directory) = result {
            fs_err::remove_dir_all(directory).unwrap();
        }
    }
}

fn gunzip(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut unpacked = Vec::new();
    let mut reader = flate2::read::GzDecoder::new(bytes);
    reader.read_to_end(&mut unpacked).ok().map(|_| unpacked)
}

#[test]
fn a_file_that_is_not_as_checksums_sha1_has_it_is_refused() {
    let place = workplace();
    let package = small_package(&place.path, "1.0.0");
    let mut archive = Vec::new();
    let mut reader = flate2::read::GzDecoder::new(fs_err::File::open(package).unwrap());
    reader.read_to_end(&mut archive).unwrap();
    let text = b"Plugin description";
    let at = archive.windows(text.len()).position(|window| window == text).unwrap();
    archive[at] = b'p';
    let error = unpack_bytes(&place.path, &gzip(&archive)).unwrap_err();
    let said = "`README.md` has another checksum than its checksums.sha1 says";
    assert!(error.to_string().contains(said), "{error}");
}

#[test]
fn a_package_says_what_is_in_it() {
    let place = workplace();
    let package = small_package(&place.path, "4.0.0");
    let contents = describe(&package, &Limits::default()).unwrap();
    assert_eq!((contents.name.as_str(), contents.kind), ("trove", PackageKind::Rpm));
    assert_eq!(contents.package_version, "4.0.0");
    assert_eq!(contents.directory, "trove-1.0");
    assert_eq!(contents.releases[0].version, "mitaka-9.0");
    assert_eq!(contents.roles, ["trove_role"]);
    assert_eq!(contents.tasks, ["trove_role", "trove-deployment-puppet"]);
    assert_eq!(contents.size, fs_err::metadata(&package).unwrap().len());
    assert_eq!(contents.digests["sha256"].len(), 64);
    assert!(contents.files > 10 && contents.unpacked_size > 1000);
}

#[test]
fn a_directory_is_no_package() {
    let place = workplace();
    assert!(matches!(
        unpack(&place.path, &place.path),
        Err(UnpackError::Directory(_))
    ));
}

/// An RPM as rpmbuild makes it with this payload; nothing if it is not there or does not know the compression.
fn rpm_of_rpmbuild(place: &Utf8Path, payload: &str) -> Option<Utf8PathBuf> {
    let root = "/var/www/nailgun/plugins/evil-1.0";
    let spec = format!(
        "Name: evil-1.0\nVersion: 1.0.0\nRelease: 1\nSummary: s\nLicense: l\nBuildArch: noarch\n%define __os_install_post %{{nil}}\n\
         %description\nd\n%install\nmkdir -p %{{buildroot}}{root}/a\nprintf '{}' > %{{buildroot}}{root}/metadata.yaml\n\
         head -c 300000 /dev/zero | tr '\\0' x > %{{buildroot}}{root}/a/text\nln -s a/text %{{buildroot}}{root}/link\n\
         %files\n%defattr(-,root,root)\n{root}\n",
        METADATA.replace('\n', "\\n")
    );
    fs_err::write(place.join("evil.spec"), spec).unwrap();
    let output = std::process::Command::new("rpmbuild")
        .args(["-bb", "--quiet", "--define", &format!("_topdir {place}/top")])
        .args(["--define", &format!("_binary_payload {payload}"), "evil.spec"])
        .current_dir(place)
        .output()
        .ok()?;
    let package = place.join("top/RPMS/noarch/evil-1.0-1.0.0-1.noarch.rpm");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(package.exists() || told.contains("nknown payload"), "{payload}: {told}");
    package.exists().then_some(package)
}

#[rstest]
#[case::gzip("w9.gzdio")]
#[case::bzip2("w9.bzdio")]
#[case::xz("w7.xzdio")]
#[case::lzma("w7.lzdio")]
#[case::zstd("w19.zstdio")]
#[case::none("w.ufdio")]
fn an_rpm_of_rpmbuild_with_every_payload_is_unpacked_and_damage_is_found(#[case] payload: &str) {
    let place = workplace();
    let Some(package) = rpm_of_rpmbuild(&place.path, payload) else {
        eprintln!("skipped: there is no rpmbuild here that writes {payload}");
        return;
    };
    let bytes = fs_err::read(package).unwrap();
    let directory = unpack_bytes(&place.path, &bytes).unwrap();
    assert_eq!(
        fs_err::read_to_string(directory.join("metadata.yaml")).unwrap(),
        METADATA
    );
    let text = fs_err::read_to_string(directory.join("link")).unwrap();
    assert!(text.len() == 300_000 && text.bytes().all(|byte| byte == b'x'));
    fs_err::remove_dir_all(directory).unwrap();
    for length in [bytes.len() / 2, bytes.len() - 20, bytes.len() - 1] {
        let result = unpack_bytes(&place.path, &bytes[..length]);
        assert!(
            matches!(result, Err(UnpackError::Damaged { .. })),
            "cut to {length}: {result:?}"
        );
    }
    let mut flipped = bytes.clone();
    let at = bytes.len() - 30;
    flipped[at] ^= 0x40;
    assert!(unpack_bytes(&place.path, &flipped).is_err());
}
