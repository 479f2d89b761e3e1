//! The scripts that an RPM runs, from package format 3.0.0 on.

use std::io::Read as _;

use super::fields::Fields;
use crate::build::BuildError;
use crate::tree::Tree;

/// `%pre`, `%post` and `%preun`, as rpmbuild leaves them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Scripts {
    pub(super) before_install: String,
    pub(super) after_install: String,
    pub(super) before_removal: String,
}

/// No script is larger, and a header cannot hold what is.
const LARGEST: u64 = 1024 * 1024;

/// Reads `pre_install.sh`, `post_install.sh` and `uninstall.sh` of the tree; a missing one is an empty
/// script, which the package has nevertheless.
pub(super) fn read(tree: &Tree, fields: &Fields) -> Result<Scripts, BuildError> {
    let text = |name: &str| {
        let entry = tree.resolve(name).and_then(|(_, entry)| entry);
        let Some(content) = entry.and_then(|entry| entry.content()) else {
            return Ok(String::new());
        };
        if content.size() > LARGEST {
            return Err(BuildError::Text {
                place: name.to_owned(),
                why: "is larger than 1 MiB, which no package's script can be".to_owned(),
            });
        }
        let mut bytes = Vec::new();
        content.open()?.read_to_end(&mut bytes)?;
        let text = String::from_utf8(bytes).map_err(|_| BuildError::Text {
            place: name.to_owned(),
            why: "is not UTF-8, and becomes a script of the package; rewrite it in UTF-8".to_owned(),
        })?;
        fields.script_text(name, &text)
    };
    Ok(Scripts {
        before_install: text("pre_install.sh")?,
        after_install: text("post_install.sh")?,
        before_removal: before_removal(&text("uninstall.sh")?),
    })
}

/// The first argument is how many versions of the package remain: an upgrade must not run the script.
fn before_removal(script: &str) -> String {
    let mut text = String::from(
        "# Runs before the package's files are removed.\n\
         # $1 is the number of its versions that stay installed:\n\
         # 0 when it is removed, 1 or more when it is upgraded,\n\
         # and only the removal runs uninstall.sh.",
    );
    if !script.is_empty() {
        // The no-op keeps a script of nothing but comments valid.
        text.push_str(&format!("\nif [ $1 -eq 0 ]; then\n:\n{script}\nfi"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::before_removal;

    #[test]
    fn an_uninstall_script_runs_only_when_no_version_remains() {
        assert!(before_removal("rm -f /tmp/x").ends_with("if [ $1 -eq 0 ]; then\n:\nrm -f /tmp/x\nfi"));
        assert!(!before_removal("").contains("if"));
    }
}
