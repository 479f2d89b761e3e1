//! What lies beside the repository and not in it: recordings of the originals and real plugins. A checkout may be without
//! them; the tests that need them then try nothing, and say so.

use std::io::Write as _;

/// Set where they must be there: their absence then fails the tests.
const REQUIRED: &str = "FUELRIG_SHARED_REQUIRED";

/// Tells that the test that calls it tries nothing for want of `what`.
///
/// Written to standard error itself: what a test prints is shown of those that fail only.
pub(crate) fn is_missing(what: impl std::fmt::Display) {
    assert!(
        std::env::var_os(REQUIRED).is_none(),
        "{what} is not here, and {REQUIRED} says that it must be: put it there, or unset the variable"
    );
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test");
    let _ = writeln!(std::io::stderr(), "SKIPPED {test}: {what} is not here");
}
