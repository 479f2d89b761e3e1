//! Volumes: what of a node's disks its roles get, sized as Fuel's generators size them.
//!
//! Nothing is partitioned here. The sizes are those of the recorded deployment info; what no recording shows (Ceph,
//! Cinder, MongoDB, little memory) follows the same rules.

use regex::Regex;
use serde_json::{Map, Value, json};

use super::context::Environment;
use super::roles;
use crate::http::ApiError;
use crate::store::Node;

const MIB: u64 = 1024 * 1024;
/// Each disk begins with a partition for the boot loader and one for `/boot`, in MB.
const BOOT_LOADER: u64 = 300;
const BOOT: u64 = 200;
/// What LVM's own data of a volume group take on a disk, in MB.
const LVM_META: u64 = 64;
/// `/` gets at least this, in MB.
const ROOT: u64 = 20 * 1024;
/// The roles' mapping of a node that has none.
const WITHOUT_MAPPING: &str = "other";

/// How much of the disks a volume gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Share {
    Least,
    Rest,
    WholeDisks,
}

impl Share {
    fn named(name: &str) -> Self {
        match name {
            "all" => Self::Rest,
            "full-disk" => Self::WholeDisks,
            _ => Self::Least,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Least => "min",
            Self::Rest => "all",
            Self::WholeDisks => "full-disk",
        }
    }
}

/// A volume that a node gets.
struct Volume {
    id: String,
    share: Share,
    /// As the release or the plugin describes it.
    metadata: Map<String, Value>,
    /// In MB.
    least: u64,
}

impl Volume {
    /// Its part of a disk carries LVM's own data.
    fn is_group(&self) -> bool {
        self.metadata.get("type").is_none_or(|kind| kind == "vg")
    }
}

/// A disk and what of it each volume gets, in MB and in the order of the volumes.
struct Disk<'a> {
    metadata: &'a Value,
    size: u64,
    free_space: u64,
    shares: Vec<u64>,
}

/// How the disks of a node are shared out.
pub(crate) struct Layout<'a> {
    disks: Vec<Disk<'a>>,
    volumes: Vec<Volume>,
    swap: u64,
    /// From 9.0 on a disk says whether the node boots from it.
    never_boot: Option<Vec<Regex>>,
}

impl<'a> Layout<'a> {
    /// As a user gave it, or as it is without that.
    ///
    /// # Errors
    /// As [`Layout::default_of`].
    pub(crate) fn of(environment: &Environment<'_>, node: &'a Node) -> Result<Self, ApiError> {
        let mut layout = Self::default_of(environment, node)?;
        for given in &node.disks {
            let Some(disk) = layout
                .disks
                .iter_mut()
                .find(|disk| disk.metadata["disk"] == given["id"])
            else {
                continue;
            };
            for (volume, share) in layout.volumes.iter().zip(&mut disk.shares) {
                let given = given["volumes"].as_array().into_iter().flatten();
                let own = given.clone().find(|other| other["name"] == volume.id.as_str());
                *share = own.and_then(|own| own["size"].as_u64()).unwrap_or(0);
            }
        }
        Ok(layout)
    }

    /// Without what a user gave.
    ///
    /// # Errors
    /// 400 in plain text where an enabled plugin brings a volume that there is already.
    pub(crate) fn default_of(environment: &Environment<'_>, node: &'a Node) -> Result<Self, ApiError> {
        roles::check_volumes(&environment.release, &environment.plugins)?;
        let swap = swap(node.meta["memory"]["total"].as_u64().unwrap_or(0) / MIB);
        let metadata = environment.release.metadata.get("volumes_metadata");
        let mut layout = Self {
            disks: Vec::new(),
            volumes: volumes(environment, node, swap),
            swap,
            never_boot: metadata
                .and_then(|metadata| metadata["rule_to_pick_boot_disk"].as_array())
                .map(|rules| excluded(rules)),
        };
        let groups = layout.volumes.iter().filter(|volume| volume.is_group()).count() as u64;
        let taken = BOOT_LOADER + BOOT + LVM_META * groups;
        for disk in node.meta["disks"].as_array().into_iter().flatten() {
            let size = disk["size"].as_u64().unwrap_or(0) / MIB;
            layout.disks.push(Disk {
                metadata: disk,
                size,
                free_space: size.saturating_sub(taken),
                shares: vec![0; layout.volumes.len()],
            });
        }
        layout.share_out();
        Ok(layout)
    }

    /// The least of each first, from the first disk on; then whole disks that nothing is on yet; then the rest.
    fn share_out(&mut self) {
        let mut free: Vec<u64> = self.disks.iter().map(|disk| disk.free_space).collect();
        for (index, volume) in self.volumes.iter().enumerate() {
            let mut wanted = match volume.share {
                Share::Least => volume.least,
                _ => continue,
            };
            for (disk, free) in self.disks.iter_mut().zip(&mut free) {
                let share = wanted.min(*free);
                disk.shares[index] = share;
                *free -= share;
                wanted -= share;
            }
        }
        let whole: Vec<usize> = self.of_share(Share::WholeDisks);
        if !whole.is_empty() {
            let untouched: Vec<usize> = (0..free.len())
                .filter(|disk| free[*disk] == self.disks[*disk].free_space)
                .collect();
            for (turn, disk) in untouched.into_iter().enumerate() {
                self.disks[disk].shares[whole[turn % whole.len()]] = free[disk];
                free[disk] = 0;
            }
        }
        let rest = self.of_share(Share::Rest);
        // What wants all is given equal parts; one takes everything as a rule.
        for (disk, free) in self.disks.iter_mut().zip(free) {
            for index in &rest {
                disk.shares[*index] = free / rest.len() as u64;
            }
        }
    }

    fn of_share(&self, share: Share) -> Vec<usize> {
        (0..self.volumes.len())
            .filter(|index| self.volumes[*index].share == share)
            .collect()
    }

    fn total(&self, id: &str) -> u64 {
        let index = self.volumes.iter().position(|volume| volume.id == id);
        index.map_or(0, |index| self.disks.iter().map(|disk| disk.shares[index]).sum())
    }

    /// `node_volumes` of deployment info: every disk with its parts, then every volume.
    pub(crate) fn node_volumes(&self) -> Value {
        let mut list: Vec<Value> = Vec::new();
        let mut boots = false;
        for disk in &self.disks {
            let mut shown = self.shown_disk(disk);
            if let Some(never) = &self.never_boot {
                let name = disk.metadata["name"].as_str().unwrap_or_default();
                let bootable = !boots && !never.iter().any(|pattern| pattern.is_match(name));
                boots |= bootable;
                shown["bootable"] = json!(bootable);
            }
            list.push(shown);
        }
        list.extend(self.volumes.iter().map(|volume| self.shown_volume(volume)));
        Value::from(list)
    }

    fn shown_disk(&self, disk: &Disk<'_>) -> Value {
        let mut parts = Vec::new();
        let mut pool = 0;
        let with_shares = || self.volumes.iter().zip(&disk.shares);
        let of_share = |share: Share| with_shares().filter(move |(volume, _)| volume.share == share);
        for (volume, share) in of_share(Share::Least)
            .chain(of_share(Share::WholeDisks))
            .chain(of_share(Share::Rest))
        {
            if volume.is_group() {
                let meta = if *share > 0 { LVM_META } else { 0 };
                // What a group does not use for its own data stays in the pool.
                pool += LVM_META - meta;
                parts.push(json!({"type": "pv", "vg": volume.id, "size": share + meta, "lvm_meta_size": meta}));
            } else if *share > 0 {
                let text = |key: &str| volume.metadata.get(key).cloned().unwrap_or(Value::Null);
                parts.push(json!({
                    "type": "partition", "name": text("name"), "size": share, "mount": text("mount"),
                    "partition_guid": text("partition_guid"), "file_system": text("file_system"),
                }));
            }
        }
        let mut volumes = vec![
            json!({"type": "boot", "size": BOOT_LOADER}),
            json!({"type": "raid", "name": "Boot", "mount": "/boot", "file_system": "ext2", "size": BOOT}),
            json!({"type": "lvm_meta_pool", "size": pool}),
        ];
        volumes.extend(parts);
        json!({
            "type": "disk", "id": disk.metadata["disk"], "name": disk.metadata["name"], "size": disk.size,
            "free_space": disk.free_space, "extra": extra(disk), "volumes": volumes,
        })
    }

    fn shown_volume(&self, volume: &Volume) -> Value {
        let mut shown = volume.metadata.clone();
        shown.insert("_allocate_size".to_owned(), json!(volume.share.name()));
        shown.insert("min_size".to_owned(), json!(volume.least));
        for part in shown
            .get_mut("volumes")
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
        {
            let size = match part["size"]["generator"].as_str() {
                Some("calc_total_root_vg") => self.total("os").saturating_sub(self.swap),
                Some("calc_swap_size") => self.swap,
                Some("calc_total_vg") => {
                    let id = part["size"]["generator_args"][0].as_str();
                    self.total(id.unwrap_or(&volume.id))
                }
                Some(_) => least(&part["size"], self.swap),
                None => continue,
            };
            part["size"] = json!(size);
        }
        Value::Object(shown)
    }

    /// Bytes of Glance's cache: a tenth of the store of images, at least 5 GB; `None` without a store.
    pub(crate) fn image_cache(&self) -> Option<u64> {
        let has_store = self.volumes.iter().any(|volume| volume.id == "image");
        has_store.then(|| (self.total("image") * MIB / 10).max(5 * 1024 * MIB))
    }

    /// As `/nodes/:id/disks` shows it.
    pub(crate) fn disks(&self) -> Vec<Value> {
        let disks = self.disks.iter();
        disks
            .map(|disk| {
                let volumes = self.volumes.iter().zip(&disk.shares);
                let volumes: Vec<Value> = volumes
                    .map(|(volume, share)| json!({"name": volume.id, "size": share}))
                    .collect();
                json!({
                    "id": disk.metadata["disk"], "name": disk.metadata["name"], "size": disk.free_space,
                    "volumes": volumes, "extra": extra(disk),
                })
            })
            .collect()
    }
}

fn extra(disk: &Disk<'_>) -> Value {
    match &disk.metadata["extra"] {
        list @ Value::Array(_) => list.clone(),
        _ => json!([]),
    }
}

/// Names of disks that a node never boots from.
fn excluded(rules: &[Value]) -> Vec<Regex> {
    rules
        .iter()
        .filter(|rule| rule["type"] == "exclude_disks_by_name")
        .filter_map(|rule| Regex::new(rule["regex"].as_str()?).ok())
        .collect()
}

/// The volumes of all roles of a node; who wants more of one prevails.
fn volumes(environment: &Environment<'_>, node: &Node, swap: u64) -> Vec<Volume> {
    let (release, plugins) = (&environment.release, &environment.plugins);
    let mapping = |role: &str| roles::volumes_mapping(release, plugins, role);
    let mut wanted: Vec<(String, Share)> = Vec::new();
    for role in node.all_roles() {
        want(&mut wanted, &mapping(&role));
    }
    if wanted.is_empty() {
        want(&mut wanted, &mapping(WITHOUT_MAPPING));
    }
    let descriptions = descriptions(environment);
    wanted
        .into_iter()
        .filter_map(|(id, share)| {
            let metadata = descriptions
                .iter()
                .find(|description| description["id"] == id.as_str())?;
            let metadata = metadata.as_object()?.clone();
            let least = metadata.get("min_size").map_or(0, |size| least(size, swap));
            Some(Volume {
                id,
                share,
                metadata,
                least,
            })
        })
        .collect()
}

fn want(wanted: &mut Vec<(String, Share)>, mapping: &Value) {
    for entry in mapping.as_array().into_iter().flatten() {
        let Some(id) = entry["id"].as_str() else { continue };
        let share = Share::named(entry["allocate_size"].as_str().unwrap_or_default());
        match wanted.iter_mut().find(|(known, _)| known == id) {
            Some((_, known)) => *known = share.max(*known),
            None => wanted.push((id.to_owned(), share)),
        }
    }
}

/// What the release and enabled plugins say of volumes.
fn descriptions<'e>(environment: &'e Environment<'_>) -> Vec<&'e Value> {
    let own = environment.release.metadata.get("volumes_metadata");
    let own = own.and_then(|metadata| metadata["volumes"].as_array()).into_iter();
    let enabled = environment.plugins.iter().filter(|connected| connected.enabled);
    let of_plugins = enabled.filter_map(|connected| {
        let metadata = &connected.plugin.files.volumes_metadata;
        metadata.get("volumes").and_then(Value::as_array)
    });
    own.chain(of_plugins).flatten().collect()
}

/// A size in MB: a number, or what a generator makes.
fn least(size: &Value, swap: u64) -> u64 {
    if let Some(number) = size.as_u64() {
        return number;
    }
    let argument = size["generator_args"][0].as_u64().unwrap_or(0);
    match size["generator"].as_str().unwrap_or_default() {
        "calc_gb_to_mb" => argument * 1024,
        "calc_min_os_size" => ROOT + swap,
        "calc_swap_size" => swap,
        "calc_min_mysql_size" => 20 * 1024,
        "calc_min_vm_size" | "calc_min_glance_size" => 5 * 1024,
        "calc_min_mongo_size" => 10 * 1024,
        "calc_min_ceph_size" => 3 * 1024,
        "calc_min_cinder_size" => 1536,
        _ => 0,
    }
}

/// Swap by memory, both in MB: twice as much of little memory, half of much.
fn swap(memory: u64) -> u64 {
    match memory {
        0..=2048 => memory * 2,
        2049..=8192 => memory,
        8193..=65536 => memory / 2,
        _ => 4096,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(1024, 2048)]
    #[case(8192, 8192)]
    #[case(16384, 8192)]
    #[case(131_072, 4096)]
    fn swap_follows_memory(#[case] memory: u64, #[case] expected: u64) {
        assert_eq!(swap(memory), expected);
    }
}
