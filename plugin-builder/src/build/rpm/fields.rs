//! What metadata.yaml says, as rpmbuild would read it from a spec.
//!
//! The original puts the texts of metadata.yaml into a spec as they are, so rpmbuild's rules for tags are rules for
//! plugins too: it refuses an empty tag, a second line, a blank in an address. Told here by the key.

use super::macros::{Macros, expand};
use crate::build::BuildError;
use crate::metadata::Metadata;

/// The texts of an RPM's header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fields {
    /// `<plugin>-<major.minor>`
    pub(super) name: String,
    pub(super) version: String,
    pub(super) release: String,
    pub(super) summary: String,
    pub(super) description: String,
    pub(super) license: String,
    pub(super) vendor: String,
    pub(super) url: String,
}

/// The group that every plugin is in.
pub(super) const GROUP: &str = "Development/Libraries";

impl Fields {
    pub(super) fn of(metadata: &Metadata) -> Result<Self, BuildError> {
        // Format 2.0.0 has no release number of its own.
        let release = if metadata.package_version == "2.0.0" {
            "1"
        } else {
            &metadata.build_version
        };
        let name = format!("{}-{}", metadata.name, metadata.major_minor());
        let mut macros = Macros::standard();
        macros.set_tag("name", &name);
        macros.set_tag("version", &metadata.version);
        let tag = |macros: &Macros, key: &'static str, text: &str| {
            let text = expand(text, macros).map_err(|why| BuildError::Text { place: key.into(), why })?;
            one_line(key, &text)
        };
        // In the order of the spec: a tag may name one before it.
        let url = single_word("homepage", tag(&macros, "homepage", &metadata.homepage)?)?;
        macros.set_tag("url", &url);
        let summary = tag(&macros, "title", &metadata.title)?;
        macros.set_tag("summary", &summary);
        let license = tag(&macros, "licenses", &metadata.licenses.join(" and "))?;
        macros.set_tag("license", &license);
        let vendor = tag(&macros, "authors", &metadata.authors.join(", "))?;
        macros.set_tag("vendor", &vendor);
        let release = single_word("build_version", tag(&macros, "build_version", release)?)?;
        if !release
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || "._+~^".contains(letter))
        {
            return Err(BuildError::Text {
                place: "build_version".to_owned(),
                why: format!("`{release}` cannot be a package's release; use letters, digits, `.`, `_`, `+`, `~`, `^`"),
            });
        }
        macros.set_tag("release", &release);
        macros.set_tag("group", GROUP);
        let fields = Self {
            name,
            version: metadata.version.clone(),
            release,
            summary,
            description: String::new(),
            license,
            vendor,
            url,
        };
        let description = fields.script_text("description", &metadata.description)?;
        // rpmbuild leaves the line of a comment empty here, and keeps it in scripts.
        let description: Vec<&str> = description
            .lines()
            .map(|line| if line.trim_start().starts_with('#') { "" } else { line })
            .collect();
        let description = description.join("\n").trim_end().to_owned();
        Ok(Self { description, ..fields })
    }

    /// A text of a section: the description, or a script.
    pub(super) fn script_text(&self, place: &str, text: &str) -> Result<String, BuildError> {
        let fail = |why| BuildError::Text {
            place: place.to_owned(),
            why,
        };
        super::macros::refuse_spec_lines(text).map_err(fail)?;
        let mut macros = Macros::standard();
        for (tag, value) in [
            ("name", self.name.as_str()),
            ("version", &self.version),
            ("release", &self.release),
            ("summary", &self.summary),
            ("url", &self.url),
            ("license", &self.license),
            ("vendor", &self.vendor),
            ("group", GROUP),
        ] {
            macros.set_tag(tag, value);
        }
        let text = expand(text, &macros).map_err(fail)?;
        Ok(text.trim_end().to_owned())
    }
}

fn one_line(key: &'static str, text: &str) -> Result<String, BuildError> {
    let text = text.trim();
    let why = if text.is_empty() {
        "is empty, and an RPM must have it"
    } else if text.contains(['\n', '\r']) {
        "has more than one line; a package's header has room for one"
    } else {
        return Ok(text.to_owned());
    };
    Err(BuildError::Text {
        place: key.to_owned(),
        why: why.to_owned(),
    })
}

fn single_word(key: &'static str, text: String) -> Result<String, BuildError> {
    if text.contains([' ', '\t']) {
        return Err(BuildError::Text {
            place: key.to_owned(),
            why: format!("`{text}` holds a blank, which an RPM's header cannot have there"),
        });
    }
    Ok(text)
}
