//! The index of a directory of RPMs: `repodata/`.

use std::io::Write as _;

use flate2::{Compression, GzBuilder};

use super::RepositoryError;
use super::files::{UNIX, inside, packages};
use super::rpm_header::{Relation, RpmEntry, Version};
use crate::tree::{Kind, Tree, sha256_of};

/// Moves the repository's RPMs into `Packages/` and writes `repodata/` over everything below. `time` is
/// the index's own, in seconds since 1970. Says how many packages there are.
pub(crate) fn index_yum(tree: &mut Tree, repository: &str, time: i64) -> Result<usize, RepositoryError> {
    let directory = inside(repository, "Packages");
    tree.make_directory(directory.clone());
    let at_the_top: Vec<String> = tree
        .below(repository)
        .filter(|(name, entry)| name.ends_with(".rpm") && !name.contains('/') && entry.kind != Kind::Directory)
        .map(|(name, _)| name.to_owned())
        .collect();
    for name in at_the_top {
        tree.rename(&inside(repository, &name), inside(&directory, &name));
    }
    let entries = packages(tree, repository, "rpm")
        .iter()
        .map(RpmEntry::read)
        .collect::<Result<Vec<_>, _>>()?;
    write_repodata(tree, repository, &entries, time)?;
    Ok(entries.len())
}

fn write_repodata(tree: &mut Tree, repository: &str, entries: &[RpmEntry], time: i64) -> Result<(), RepositoryError> {
    let directory = inside(repository, "repodata");
    tree.remove(&directory);
    tree.make_directory(directory.clone());
    let mut index = String::from(HEAD);
    index.push_str(
        "<repomd xmlns=\"http://linux.duke.edu/metadata/repo\" xmlns:rpm=\"http://linux.duke.edu/metadata/rpm\">\n",
    );
    index.push_str(&format!("  <revision>{time}</revision>\n"));
    for (kind, text) in [
        ("primary", primary(entries)),
        ("filelists", filelists(entries)),
        ("other", other(entries)),
    ] {
        let mut writer = GzBuilder::new()
            .mtime(0)
            .operating_system(UNIX)
            .write(Vec::new(), Compression::best());
        writer.write_all(text.as_bytes())?;
        let packed = writer.finish()?;
        let checksum = sha256_of(&packed);
        let name = format!("{checksum}-{kind}.xml.gz");
        index.push_str(&format!(
            "  <data type=\"{kind}\">\n    <checksum type=\"sha256\">{checksum}</checksum>\n    \
             <open-checksum type=\"sha256\">{}</open-checksum>\n    <location href=\"repodata/{name}\"/>\n    \
             <timestamp>{time}</timestamp>\n    <size>{}</size>\n    <open-size>{}</open-size>\n  </data>\n",
            sha256_of(text.as_bytes()),
            packed.len(),
            text.len()
        ));
        tree.write(inside(&directory, &name), packed);
    }
    index.push_str("</repomd>\n");
    tree.write(inside(&directory, "repomd.xml"), index.into_bytes());
    Ok(())
}

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

fn primary(entries: &[RpmEntry]) -> String {
    let mut xml = format!(
        "{HEAD}<metadata xmlns=\"http://linux.duke.edu/metadata/common\" \
         xmlns:rpm=\"http://linux.duke.edu/metadata/rpm\" packages=\"{}\">\n",
        entries.len()
    );
    for entry in entries {
        // Not the file's own time, which is another one after every checkout.
        let time = entry.build_time;
        xml.push_str("<package type=\"rpm\">\n");
        element(&mut xml, "name", &entry.name);
        element(&mut xml, "arch", &entry.architecture);
        xml.push_str(&format!("  <version{}/>\n", version(&entry.version)));
        xml.push_str(&format!(
            "  <checksum type=\"sha256\" pkgid=\"YES\">{}</checksum>\n",
            entry.sha256
        ));
        for name in ["summary", "description", "packager", "url"] {
            element(&mut xml, name, entry.text(name));
        }
        xml.push_str(&format!("  <time file=\"{time}\" build=\"{time}\"/>\n"));
        xml.push_str(&format!(
            "  <size package=\"{}\" installed=\"{}\" archive=\"{}\"/>\n",
            entry.package_size, entry.installed_size, entry.archive_size
        ));
        xml.push_str(&format!(
            "  <location href=\"{}\"/>\n  <format>\n",
            escape(&entry.location)
        ));
        for name in ["license", "vendor", "group", "buildhost", "sourcerpm"] {
            element(&mut xml, &format!("rpm:{name}"), entry.text(name));
        }
        xml.push_str(&format!(
            "    <rpm:header-range start=\"{}\" end=\"{}\"/>\n",
            entry.header.0, entry.header.1
        ));
        for (name, relations) in &entry.relations {
            relation_list(&mut xml, name, relations);
        }
        for content in entry.contents.iter().filter(|content| is_primary(&content.path)) {
            file(&mut xml, &content.path, content.directory);
        }
        xml.push_str("  </format>\n</package>\n");
    }
    xml.push_str("</metadata>\n");
    xml
}

fn relation_list(xml: &mut String, name: &str, relations: &[Relation]) {
    if relations.is_empty() {
        return;
    }
    xml.push_str(&format!("    <rpm:{name}>\n"));
    for relation in relations {
        xml.push_str(&format!("      <rpm:entry name=\"{}\"", escape(&relation.name)));
        if let Some(comparison) = relation.comparison {
            xml.push_str(&format!(" flags=\"{comparison}\"{}", version(&relation.version)));
        }
        if relation.early {
            xml.push_str(" pre=\"1\"");
        }
        xml.push_str("/>\n");
    }
    xml.push_str(&format!("    </rpm:{name}>\n"));
}

/// Files that other packages require by path stand in the main list.
fn is_primary(path: &str) -> bool {
    path.contains("bin/") || path.starts_with("/etc/") || path == "/usr/lib/sendmail"
}

fn filelists(entries: &[RpmEntry]) -> String {
    per_package("filelists", entries, |xml, entry| {
        for content in &entry.contents {
            file(xml, &content.path, content.directory);
        }
    })
}

fn other(entries: &[RpmEntry]) -> String {
    per_package("otherdata", entries, |xml, entry| {
        for change in &entry.changes {
            xml.push_str(&format!(
                "  <changelog author=\"{}\" date=\"{}\">{}</changelog>\n",
                escape(&change.author),
                change.time,
                escape(&change.text)
            ));
        }
    })
}

fn per_package(root: &str, entries: &[RpmEntry], content: impl Fn(&mut String, &RpmEntry)) -> String {
    let namespace = if root == "otherdata" { "other" } else { root };
    let mut xml = format!(
        "{HEAD}<{root} xmlns=\"http://linux.duke.edu/metadata/{namespace}\" packages=\"{}\">\n",
        entries.len()
    );
    for entry in entries {
        xml.push_str(&format!(
            "<package pkgid=\"{}\" name=\"{}\" arch=\"{}\">\n  <version{}/>\n",
            entry.sha256,
            escape(&entry.name),
            escape(&entry.architecture),
            version(&entry.version)
        ));
        content(&mut xml, entry);
        xml.push_str("</package>\n");
    }
    xml.push_str(&format!("</{root}>\n"));
    xml
}

fn version(version: &Version) -> String {
    let mut text = format!(
        " epoch=\"{}\" ver=\"{}\"",
        escape(&version.epoch),
        escape(&version.version)
    );
    if let Some(release) = &version.release {
        text.push_str(&format!(" rel=\"{}\"", escape(release)));
    }
    text
}

fn element(xml: &mut String, name: &str, text: &str) {
    xml.push_str(&format!("  <{name}>{}</{name}>\n", escape(text)));
}

fn file(xml: &mut String, path: &str, directory: bool) {
    let kind = if directory { " type=\"dir\"" } else { "" };
    xml.push_str(&format!("    <file{kind}>{}</file>\n", escape(path)));
}

fn escape(text: &str) -> String {
    text.chars()
        .fold(String::with_capacity(text.len()), |mut escaped, character| {
            match character {
                '&' => escaped.push_str("&amp;"),
                '<' => escaped.push_str("&lt;"),
                '>' => escaped.push_str("&gt;"),
                '"' => escaped.push_str("&quot;"),
                // XML has no way to write them.
                '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' => escaped.push('?'),
                other => escaped.push(other),
            }
            escaped
        })
}
