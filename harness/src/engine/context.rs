//! The files that images are made from, as they are packed into this executable, and the archive that is sent to the
//! builder.

use std::io;

use camino::Utf8Path;
use sha2::{Digest as _, Sha256};
use tar::{Builder, EntryType, Header};

use super::dockerfile::Recipe;

/// A file below `harness/images/`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ContextFile {
    path: &'static str,
    content: Content,
}

#[derive(Debug, Clone, Copy)]
enum Content {
    File { bytes: &'static [u8], executable: bool },
    Link(&'static str),
}

static CONTEXT: &[ContextFile] = include!(concat!(env!("OUT_DIR"), "/context.rs"));

/// The packed files that a recipe copies.
pub(crate) fn files(recipe: &Recipe) -> Vec<ContextFile> {
    CONTEXT
        .iter()
        .filter(|file| {
            recipe
                .sources
                .iter()
                .any(|source| Utf8Path::new(file.path).starts_with(source))
        })
        .copied()
        .collect()
}

/// What the image is keyed by: the stages, the files that they copy, the base, and the executable where there is one.
pub(crate) fn key(recipe: &Recipe, files: &[ContextFile], base: &str, executable: Option<&[u8]>) -> String {
    let mut hash = Sha256::new();
    let mut part = |name: &str, bytes: &[u8]| {
        // Lengths keep neighbours apart.
        hash.update(format!("{name} {}\n", bytes.len()));
        hash.update(bytes);
    };
    part("dockerfile", recipe.dockerfile.as_bytes());
    part("base", base.as_bytes());
    for file in files {
        part("path", file.path.as_bytes());
        match file.content {
            Content::File { bytes, executable } => part(if executable { "executable" } else { "file" }, bytes),
            Content::Link(target) => part("link", target.as_bytes()),
        }
    }
    if let Some(digest) = executable {
        part("program", digest);
    }
    hash.finalize()
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// The context as a tar archive: `Dockerfile`, the files, and `extra` (path, content, executable).
pub(crate) fn archive(recipe: &Recipe, files: &[ContextFile], extra: &[(&str, &[u8])]) -> io::Result<Vec<u8>> {
    let mut builder = Builder::new(Vec::new());
    append(&mut builder, "Dockerfile", recipe.dockerfile.as_bytes(), 0o644)?;
    for file in files {
        match file.content {
            Content::File { bytes, executable } => {
                append(&mut builder, file.path, bytes, if executable { 0o755 } else { 0o644 })?;
            }
            Content::Link(target) => {
                let mut header = header(0o777, 0);
                header.set_entry_type(EntryType::Symlink);
                builder.append_link(&mut header, file.path, target)?;
            }
        }
    }
    for (path, bytes) in extra {
        append(&mut builder, path, bytes, 0o755)?;
    }
    builder.into_inner()
}

/// A tar archive with one file at its root.
pub(crate) fn archive_of_one(name: &str, bytes: &[u8], mode: u32) -> io::Result<Vec<u8>> {
    let mut builder = Builder::new(Vec::new());
    append(&mut builder, name, bytes, mode)?;
    builder.into_inner()
}

fn append(builder: &mut Builder<Vec<u8>>, path: &str, bytes: &[u8], mode: u32) -> io::Result<()> {
    builder.append_data(&mut header(mode, bytes.len() as u64), path, bytes)
}

fn header(mode: u32, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_mode(mode);
    header.set_size(size);
    header.set_uid(0);
    header.set_gid(0);
    // One time for all, so that the builder's own cache recognises unchanged files.
    header.set_mtime(0);
    header
}

#[cfg(test)]
mod tests {
    use super::super::dockerfile::{DOCKERFILE, Dockerfile};
    use super::*;

    fn recipe(target: &str) -> Recipe {
        Dockerfile::parse(DOCKERFILE).recipe(target).unwrap()
    }

    #[test]
    fn the_context_of_nginx_holds_its_configuration_and_nothing_of_the_nodes() {
        let files = files(&recipe("nginx"));
        assert!(files.iter().any(|file| file.path == "nginx/nginx.conf"), "{files:?}");
        assert!(files.iter().all(|file| file.path.starts_with("nginx/")), "{files:?}");
    }

    #[test]
    fn a_key_moves_with_each_thing_that_an_image_is_made_of() {
        let recipe = recipe("nginx");
        let files = files(&recipe);
        let keys = [
            key(&recipe, &files, "debian:bookworm-slim", None),
            key(&recipe, &files[1..], "debian:bookworm-slim", None),
            key(&recipe, &files, "ubuntu:14.04", None),
            key(&recipe, &files, "debian:bookworm-slim", Some(b"digest")),
        ];
        for (index, key) in keys.iter().enumerate() {
            assert!(!keys[..index].contains(key));
        }
        assert_eq!(keys[0], key(&recipe, &files, "debian:bookworm-slim", None));
    }

    #[test]
    fn links_and_modes_survive_in_the_archive() {
        let recipe = recipe("nailgun");
        let archive = archive(&recipe, &files(&recipe), &[("nailgun/root/usr/bin/fuelrig", b"ELF")]).unwrap();
        let mut entries = Vec::new();
        for entry in tar::Archive::new(archive.as_slice()).entries().unwrap() {
            let entry = entry.unwrap();
            let link = entry.link_name().unwrap().map(|link| link.display().to_string());
            entries.push((
                entry.path().unwrap().display().to_string(),
                link,
                entry.header().mode().unwrap(),
            ));
        }
        assert!(
            entries.contains(&("nailgun/root/usr/bin/fuel".into(), Some("fuelrig".into()), 0o777)),
            "{entries:?}"
        );
        assert!(
            entries.contains(&("nailgun/root/usr/bin/fuelrig".into(), None, 0o755)),
            "{entries:?}"
        );
    }
}
