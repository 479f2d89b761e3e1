//! What the tool itself said of a run, and which of its resources did it.

use mock_astute::{PuppetResource, TaskRecord};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    DifferenceKind, ResourceRef, Said,
    compare::Finding,
    noise::{Field, Hidden, NoiseList},
};

/// What a task said, and the resources that it says it changed.
pub(crate) fn said<'a>(
    record: &'a TaskRecord,
    noise: &NoiseList,
    hidden: &mut Hidden,
) -> (Said, Vec<&'a PuppetResource>) {
    // Every type but puppet runs in a wrapper of Astute's whose Exec reports a change whatever it does.
    if record.kind != "puppet" {
        return (Said::Nothing, Vec::new());
    }
    let wrapper = format!("Exec[{}_shell]", record.task);
    let mut changed: Vec<&PuppetResource> = Vec::new();
    let mut reported = 0;
    let mut told = false;
    let mut left_out = 0;
    for run in record.attempts.iter().filter_map(|attempt| attempt.puppet.as_ref()) {
        told = true;
        reported += run.changed;
        for resource in &run.changed_resources {
            if resource.name == wrapper {
                left_out += 1;
            } else if let Some(rule) = noise.hides(Field::Resource, &resource.name) {
                hidden.add(rule, &resource.name);
                left_out += 1;
            } else {
                changed.push(resource);
            }
        }
    }
    // A run without a report has only the summary's number.
    let said = match (told, changed.is_empty() && reported <= left_out) {
        (false, _) => Said::Nothing,
        (true, true) => Said::Unchanged,
        (true, false) => Said::Changed,
    };
    (said, changed)
}

/// The resource that made a difference: the one that names it, else the one that was evaluated last before.
pub(crate) fn resource_of(finding: &Finding, changed: &[&PuppetResource]) -> Option<ResourceRef> {
    let named = changed.iter().find(|resource| names(resource, finding));
    if let Some(resource) = named {
        return Some(reference(resource, true));
    }
    let time = finding.time_ns?;
    changed
        .iter()
        .filter_map(|resource| Some((evaluated_ns(resource)?, resource)))
        .filter(|(evaluated, _)| *evaluated <= time)
        .max_by_key(|(evaluated, _)| *evaluated)
        .map(|(_, resource)| reference(resource, false))
}

fn names(resource: &PuppetResource, finding: &Finding) -> bool {
    let Some((kind, title)) = resource.name.split_once('[') else {
        return false;
    };
    let title = title.strip_suffix(']').unwrap_or(title);
    let subject = finding.subject.as_str();
    match finding.kind {
        DifferenceKind::Package => kind == "Package" && (title == subject || subject.split(':').next() == Some(title)),
        DifferenceKind::ServiceState | DifferenceKind::ServiceRestarted => {
            kind == "Service" && (title == subject || subject.strip_suffix(".service") == Some(title))
        }
        DifferenceKind::User => kind == "User" && title == subject,
        DifferenceKind::Group => kind == "Group" && title == subject,
        DifferenceKind::Mount => kind == "Mount" && title == subject,
        DifferenceKind::Sysctl => title == subject,
        kind if Field::of(kind) == Field::Path => resource.path.as_deref() == Some(subject) || title == subject,
        _ => false,
    }
}

pub(crate) fn reference(resource: &PuppetResource, certain: bool) -> ResourceRef {
    ResourceRef {
        name: resource.name.clone(),
        file: resource.file.clone(),
        line: resource.line,
        events: resource.events.clone(),
        certain,
    }
}

/// When Puppet came to a resource, by the node's clock.
pub(crate) fn evaluated_ns(resource: &PuppetResource) -> Option<i64> {
    let time = OffsetDateTime::parse(resource.time.as_deref()?, &Rfc3339).ok()?;
    i64::try_from(time.unix_timestamp_nanos()).ok()
}

/// A time of the node's clock for people and machines.
pub(crate) fn rfc3339(nanoseconds: i64) -> Option<String> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(nanoseconds))
        .ok()?
        .format(&Rfc3339)
        .ok()
}
