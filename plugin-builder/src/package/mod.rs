//! Reading packages: what they are, and unpacking them.

mod checksums;
mod compression;
mod cpio;
mod describe;
mod error;
mod inspect;
mod limits;
mod payload;
mod unpack;
mod walk;
mod writer;

pub use describe::{PackageContents, describe};
pub use error::UnpackError;
pub use inspect::{PackageInfo, PackageKind, inspect};
pub use limits::Limits;
pub use unpack::{Unpacked, unpack, unpack_within};
