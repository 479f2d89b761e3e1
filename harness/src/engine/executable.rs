//! The executable that goes into the master's `nailgun` image: it must run there without any library.

use std::env;

use camino::{Utf8Path, Utf8PathBuf};
use sha2::{Digest as _, Sha256};

use super::error::ImageError;

/// Type of the program header that names a dynamic loader.
const PT_INTERP: u32 = 3;

/// The executable's bytes and their digest.
pub(crate) struct Executable {
    pub(crate) bytes: Vec<u8>,
    pub(crate) digest: Vec<u8>,
}

/// Reads `path`, or this process's own executable, and makes sure that it is statically linked for Linux.
pub(crate) fn read(path: Option<&Utf8Path>) -> Result<Executable, ImageError> {
    let path = match path {
        Some(path) => path.to_owned(),
        None => Utf8PathBuf::try_from(env::current_exe()?).map_err(camino::FromPathBufError::into_io_error)?,
    };
    let bytes = fs_err::read(&path)?;
    if let Err(reason) = check(&bytes) {
        return Err(ImageError::Executable {
            path,
            reason: reason.to_owned(),
            hint: "build fuelrig as its repository does (`cargo build`; .cargo/config.toml there links statically), \
                   or name such an executable"
                .to_owned(),
        });
    }
    let digest = Sha256::digest(&bytes).to_vec();
    Ok(Executable { bytes, digest })
}

fn check(bytes: &[u8]) -> Result<(), &'static str> {
    const NOT_ELF: &str = "it is not a Linux executable (64-bit little-endian ELF)";
    if bytes.get(..6) != Some(b"\x7fELF\x02\x01") {
        return Err(NOT_ELF);
    }
    let number = |at: usize, length: usize| -> Option<usize> {
        let mut wide = [0; 8];
        wide[..length].copy_from_slice(bytes.get(at..at.checked_add(length)?)?);
        usize::try_from(u64::from_le_bytes(wide)).ok()
    };
    let (Some(offset), Some(size), Some(count)) = (number(0x20, 8), number(0x36, 2), number(0x38, 2)) else {
        return Err(NOT_ELF);
    };
    for index in 0..count {
        let header = offset.saturating_add(index * size);
        let Some(kind) = number(header, 4) else {
            return Err("its program headers are cut off");
        };
        if kind == PT_INTERP as usize {
            return Err("it is linked dynamically");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn elf(kinds: &[u32]) -> Vec<u8> {
        let mut bytes = vec![0; 64];
        bytes[..6].copy_from_slice(b"\x7fELF\x02\x01");
        bytes[0x20] = 64;
        bytes[0x36] = 56;
        bytes[0x38] = u8::try_from(kinds.len()).unwrap();
        for kind in kinds {
            let mut header = vec![0; 56];
            header[..4].copy_from_slice(&kind.to_le_bytes());
            bytes.extend(header);
        }
        bytes
    }

    #[rstest]
    #[case::static_executable(elf(&[1, 2, 4]), Ok(()))]
    #[case::dynamic_executable(elf(&[6, 3, 1]), Err("it is linked dynamically"))]
    #[case::script(b"#!/bin/sh\n".to_vec(), Err("it is not a Linux executable (64-bit little-endian ELF)"))]
    #[case::cut_off(elf(&[1, 1])[..100].to_vec(), Err("its program headers are cut off"))]
    fn only_a_static_executable_is_taken(#[case] bytes: Vec<u8>, #[case] expected: Result<(), &'static str>) {
        assert_eq!(check(&bytes), expected);
    }

    #[test]
    fn a_refused_executable_is_named_with_what_to_do() {
        let error = read(Some(Utf8Path::new("/etc/passwd")))
            .map(drop)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("/etc/passwd") && error.contains("hint: build fuelrig"),
            "{error}"
        );
    }
}
