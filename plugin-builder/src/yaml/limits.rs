//! What a document may cost. No plugin's file comes near to any of these.

/// Bytes of a file.
pub(super) const MAXIMUM_SIZE: usize = 4 * 1024 * 1024;
/// Collections in each other, aliases included: well below what the recursion over a tree can bear.
pub(super) const MAXIMUM_DEPTH: usize = 200;
/// Values after aliases and merge keys are expanded: what stops a "billion laughs" document.
pub(super) const MAXIMUM_NODES: usize = 250_000;
/// Bytes of text after aliases are expanded: a long text may be aliased too.
pub(super) const MAXIMUM_TEXT: usize = 32 * 1024 * 1024;
/// Digits of a number.
pub(super) const MAXIMUM_DIGITS: usize = 4096;
/// Keys that are written again in their mapping.
pub(super) const MAXIMUM_DUPLICATES: usize = 1000;
