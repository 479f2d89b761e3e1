//! Following symbolic links inside of the tree.

use super::entry::{Entry, Kind, Tree};

/// As many links as Linux follows.
const MOST_LINKS: usize = 40;

impl Tree {
    /// What a path leads to, all symbolic links followed, and its path without them. Nothing if it is not there, leads
    /// out of the tree or in a circle.
    pub(crate) fn resolve(&self, path: &str) -> Option<(String, Option<&Entry>)> {
        let mut place: Vec<String> = Vec::new();
        let mut rest: Vec<String> = parts(path);
        let mut links = 0;
        while let Some(part) = rest.pop() {
            if part == ".." {
                place.pop()?;
                continue;
            }
            place.push(part);
            let here = place.join("/");
            if let Kind::Link { target } = &self.get(&here)?.kind {
                links += 1;
                if target.starts_with('/') || links > MOST_LINKS {
                    return None;
                }
                place.pop();
                rest.extend(parts(target));
            }
        }
        let here = place.join("/");
        let entry = self.get(&here);
        Some((here, entry))
    }
}

/// The parts of a path, the last one first.
fn parts(path: &str) -> Vec<String> {
    path.split('/')
        .filter(|part| !part.is_empty() && *part != ".")
        .rev()
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::tree::{Entry, Kind, Tree};
    use rstest::rstest;

    #[rstest]
    #[case("a/file", Some("a/file"))]
    #[case("l/file", Some("a/file"))]
    #[case("a/back/l/file", Some("a/file"))]
    #[case("absolute", None)]
    #[case("loop", None)]
    #[case("out", None)]
    #[case("dangling", None)]
    #[case("", Some(""))]
    fn links_are_followed_inside_of_the_tree_only(#[case] path: &str, #[case] found: Option<&str>) {
        let mut tree = Tree::default();
        tree.make_directory("a".to_owned());
        tree.write("a/file".to_owned(), Vec::new());
        for (path, target) in [
            ("l", "a"),
            ("a/back", ".."),
            ("absolute", "/etc"),
            ("loop", "loop"),
            ("out", "../x"),
            ("dangling", "gone"),
        ] {
            let kind = Kind::Link {
                target: target.to_owned(),
            };
            tree.insert(path.to_owned(), Entry { mode: 0o777, kind });
        }
        assert_eq!(tree.resolve(path).map(|(path, _)| path).as_deref(), found);
    }
}
