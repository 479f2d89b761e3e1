//! Takes the Dockerfile apart into its stages.
//!
//! The classic builder runs every stage above the wanted one, needed or not. So the rig sends a Dockerfile that holds
//! only the stages that the target is made of, and keys the image by just those.

use super::error::ImageError;

/// The Dockerfile of the rig.
pub(crate) const DOCKERFILE: &str = include_str!("../../../Dockerfile");

/// A Dockerfile in parts.
#[derive(Debug)]
pub(crate) struct Dockerfile<'a> {
    /// What stands above the first `FROM`: the global arguments.
    preamble: String,
    stages: Vec<Stage<'a>>,
}

#[derive(Debug)]
struct Stage<'a> {
    name: &'a str,
    /// Stages that it starts from or copies from.
    needs: Vec<&'a str>,
    /// Paths of the context that it copies.
    sources: Vec<&'a str>,
    text: String,
}

/// What one target needs.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Recipe {
    /// A Dockerfile with the stages of this target alone.
    pub(crate) dockerfile: String,
    /// Files and directories of the context that they copy.
    pub(crate) sources: Vec<String>,
}

impl<'a> Dockerfile<'a> {
    /// Reads the part of the language that the rig's Dockerfile uses: instructions with `\` continuations, comments.
    pub(crate) fn parse(text: &'a str) -> Self {
        let mut preamble = String::new();
        let mut stages: Vec<Stage<'a>> = Vec::new();
        let mut continued = false;
        for line in text.lines() {
            let trimmed = line.trim();
            let comment = trimmed.starts_with('#');
            // Comments are left out: rewording one must not rebuild an image.
            if trimmed.is_empty() || comment {
                continue;
            }
            let mut words = trimmed.split_whitespace();
            let instruction = if continued {
                ""
            } else {
                words.next().unwrap_or_default()
            };
            continued = trimmed.ends_with('\\');
            if instruction.eq_ignore_ascii_case("FROM") {
                let words: Vec<&str> = words.filter(|word| !word.starts_with("--")).collect();
                let name = match words[..] {
                    [_, keyword, name] if keyword.eq_ignore_ascii_case("AS") => name,
                    _ => "",
                };
                let needs = words.first().copied().into_iter().collect();
                stages.push(Stage {
                    name,
                    needs,
                    sources: Vec::new(),
                    text: String::new(),
                });
            } else if ["COPY", "ADD"]
                .iter()
                .any(|copy| instruction.eq_ignore_ascii_case(copy))
                && let Some(stage) = stages.last_mut()
            {
                read_copy(stage, words);
            }
            let part = stages.last_mut().map_or(&mut preamble, |stage| &mut stage.text);
            part.push_str(line);
            part.push('\n');
        }
        Self { preamble, stages }
    }

    /// What `target` is made of.
    pub(crate) fn recipe(&self, target: &str) -> Result<Recipe, ImageError> {
        if !self.stages.iter().any(|stage| stage.name == target) {
            let known: Vec<&str> = self
                .stages
                .iter()
                .map(|stage| stage.name)
                .filter(|name| !name.is_empty())
                .collect();
            return Err(ImageError::UnknownTarget {
                target: target.to_owned(),
                known: known.join(", "),
            });
        }
        let mut wanted = vec![target];
        let mut index = 0;
        while let Some(name) = wanted.get(index).copied() {
            for stage in self.stages.iter().filter(|stage| stage.name == name) {
                for need in &stage.needs {
                    if !wanted.contains(need) && self.stages.iter().any(|stage| stage.name == *need) {
                        wanted.push(need);
                    }
                }
            }
            index += 1;
        }
        let mut dockerfile = self.preamble.clone();
        let mut sources = Vec::new();
        for stage in self.stages.iter().filter(|stage| wanted.contains(&stage.name)) {
            dockerfile.push_str(&stage.text);
            sources.extend(stage.sources.iter().map(|&source| source.to_owned()));
        }
        sources.sort();
        sources.dedup();
        Ok(Recipe { dockerfile, sources })
    }
}

fn read_copy<'a>(stage: &mut Stage<'a>, words: impl Iterator<Item = &'a str>) {
    let mut from = None;
    let mut operands = Vec::new();
    for word in words {
        match word.strip_prefix("--from=") {
            Some(name) => from = Some(name),
            None if word.starts_with("--") => {}
            None => operands.push(word),
        }
    }
    // The last operand is the destination.
    operands.pop();
    match from {
        Some(name) => stage.needs.push(name),
        None => stage
            .sources
            .extend(operands.iter().map(|source| source.trim_matches('/'))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = "\
# a comment
ARG BASE=debian:bookworm-slim

FROM ${BASE} AS modules
COPY puppet/packages /tmp/
RUN one \\
    FROM two

# another
FROM ${BASE} AS node
COPY --chown=0:0 node/root node/setup /
COPY --from=modules /modules /etc/puppet/modules
FROM ${BASE} AS nginx
COPY nginx/ /etc/nginx/
FROM node AS controller
COPY controller /
";

    #[test]
    fn a_recipe_holds_the_stages_that_the_target_is_made_of_and_no_others() {
        let recipe = Dockerfile::parse(EXAMPLE).recipe("controller").unwrap();
        assert_eq!(
            recipe.sources,
            ["controller", "node/root", "node/setup", "puppet/packages"]
        );
        assert!(recipe.dockerfile.starts_with("ARG BASE="));
        assert!(recipe.dockerfile.contains("AS modules"));
        assert!(recipe.dockerfile.contains("    FROM two\n"));
        assert!(!recipe.dockerfile.contains("AS nginx"));
    }

    #[test]
    fn a_comment_is_no_part_of_a_recipe() {
        let reworded = EXAMPLE.replace("# another", "# reworded");
        assert_eq!(
            Dockerfile::parse(EXAMPLE).recipe("node").unwrap(),
            Dockerfile::parse(&reworded).recipe("node").unwrap()
        );
    }

    #[test]
    fn an_unknown_target_is_answered_with_the_known_ones() {
        let error = Dockerfile::parse(EXAMPLE).recipe("master").unwrap_err();
        assert_eq!(
            error.to_string(),
            "the Dockerfile has no target `master`; it has modules, node, nginx, controller"
        );
    }

    #[test]
    fn the_rigs_own_dockerfile_has_every_target() {
        let dockerfile = Dockerfile::parse(DOCKERFILE);
        for target in ["node", "controller", "nginx", "rsync", "nailgun"] {
            dockerfile.recipe(target).unwrap();
        }
    }
}
