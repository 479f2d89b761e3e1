//! Reading packages: what they are, and unpacking them.

mod cpio;
mod error;
mod inspect;
mod payload;
mod unpack;
mod writer;

pub use error::UnpackError;
pub use inspect::{PackageInfo, PackageKind, inspect};
pub use unpack::{Unpacked, unpack};
