//! The scripts that an RPM runs, from package format 3.0.0 on.

use std::io;

use camino::Utf8Path;

/// `%pre`, `%post` and `%preun`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Scripts {
    pub(crate) before_install: String,
    pub(crate) after_install: String,
    pub(crate) before_removal: String,
}

/// Reads `pre_install.sh`, `post_install.sh` and `uninstall.sh` of the tree; a missing one is an empty
/// script, which the package has nevertheless.
pub(crate) fn read(source: &Utf8Path) -> io::Result<Scripts> {
    let text = |name: &str| match fs_err::read(source.join(name)) {
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(error),
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
         # and only the removal runs uninstall.sh.\n",
    );
    if !script.is_empty() {
        // The no-op keeps a script of nothing but comments valid.
        text.push_str(&format!("if [ $1 -eq 0 ]; then\n:\n{script}\nfi\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::before_removal;

    #[test]
    fn an_uninstall_script_runs_only_when_no_version_remains() {
        assert!(before_removal("rm -f /tmp/x\n").ends_with("if [ $1 -eq 0 ]; then\n:\nrm -f /tmp/x\n\nfi\n"));
        assert!(!before_removal("").contains("if"));
    }
}
