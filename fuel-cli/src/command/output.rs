//! How answers are printed: tables, JSON and YAML as fuelclient writes them.

use std::io;

use serde_json::Value;
use serde_json::ser::{Formatter, PrettyFormatter};

use super::session::CommandError;

/// How lists are printed and documents are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Table,
    Json,
    Yaml,
}

impl Format {
    /// The extension of files of documents; they are YAML unless `--json` says otherwise.
    pub(super) fn extension(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Table | Self::Yaml => "yaml",
        }
    }

    /// A document as it stands in a file.
    pub(super) fn document(self, value: &Value) -> Result<String, CommandError> {
        match self {
            Self::Json => json(value),
            Self::Table | Self::Yaml => Ok(plugin_builder::yaml::to_text(value)),
        }
    }
}

/// JSON as Python's `json.dumps(…, indent=4)` writes it: ASCII only.
pub(super) fn json(value: &Value) -> Result<String, CommandError> {
    let mut bytes = Vec::new();
    let formatter = Ascii(PrettyFormatter::with_indent(b"    "));
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, formatter);
    serde::Serialize::serialize(value, &mut serializer).map_err(|error| CommandError::Text(error.to_string()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// As Python prints a list of these texts: `['a', 'b']`.
pub(super) fn python_list<'text>(texts: impl IntoIterator<Item = &'text str>) -> String {
    let quoted: Vec<String> = texts.into_iter().map(|text| format!("'{text}'")).collect();
    format!("[{}]", quoted.join(", "))
}

/// As Python prints a list of these numbers: `[1, 2]`.
pub(super) fn number_list(numbers: &[u64]) -> String {
    let texts: Vec<String> = numbers.iter().map(u64::to_string).collect();
    format!("[{}]", texts.join(", "))
}

/// Indented, with everything beyond ASCII escaped.
struct Ascii(PrettyFormatter<'static>);

impl Formatter for Ascii {
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut units = [0; 2];
        for character in fragment.chars() {
            if character.is_ascii() && character != '\u{7f}' {
                writer.write_all(&[character as u8])?;
            } else {
                for unit in character.encode_utf16(&mut units) {
                    write!(writer, "\\u{unit:04x}")?;
                }
            }
        }
        Ok(())
    }

    fn begin_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_array(writer)
    }

    fn end_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array(writer)
    }

    fn begin_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(writer, first)
    }

    fn end_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array_value(writer)
    }

    fn begin_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object(writer)
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object(writer)
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(writer, first)
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object_value(writer)
    }

    fn end_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object_value(writer)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_is_indented_by_four_and_escapes_what_is_not_ascii() {
        assert_eq!(
            json(&json!({"name": "при\u{1F600}", "none": [], "all": [1, {}]})).unwrap(),
            "{\n    \"name\": \"\\u043f\\u0440\\u0438\\ud83d\\ude00\",\n    \"none\": [],\n    \"all\": [\n        1,\n        {}\n    ]\n}"
        );
    }
}
