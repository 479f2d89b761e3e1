//! Symbolic links that stay in the plugin: the same for what is built and what is unpacked.

use camino::{Utf8Component, Utf8Path};

/// Whether a link's relative target stays below the plugin's directory, from which `link` is a path. `..` may only
/// stand at its start, where it climbs real directories; after another link it would lead to that link's parent.
pub(crate) fn link_stays_inside(link: &Utf8Path, target: &Utf8Path) -> bool {
    let mut depth = link.components().count().saturating_sub(1);
    let mut climbing = true;
    target.components().all(|component| match component {
        Utf8Component::CurDir => true,
        Utf8Component::Normal(_) => {
            climbing = false;
            true
        }
        Utf8Component::ParentDir if climbing && depth > 0 => {
            depth -= 1;
            true
        }
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::link_stays_inside;
    use camino::Utf8Path;
    use rstest::rstest;

    #[rstest]
    #[case("link", "file", true)]
    #[case("link", "a/b", true)]
    #[case("a/link", "../file", true)]
    #[case("a/link", "./../file", true)]
    #[case("a/b/link", "../../c/d", true)]
    #[case("link", "../file", false)]
    #[case("a/link", "../../file", false)]
    #[case("a/link", "b/../c", false)]
    #[case("link", "/etc/passwd", false)]
    fn a_link_stays_inside_if_it_climbs_no_higher_than_the_plugin(
        #[case] link: &str,
        #[case] target: &str,
        #[case] inside: bool,
    ) {
        assert_eq!(link_stays_inside(Utf8Path::new(link), Utf8Path::new(target)), inside);
    }
}
