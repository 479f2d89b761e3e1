//! The data of the Fuel versions as YAML text.

/// A Fuel version's own data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FuelData {
    /// The Fuel version: `9.2`.
    pub version: &'static str,
    /// YAML: `releases`, `roles_metadata`, `attributes_metadata`, `networks_metadata`, `volumes_metadata`, …
    pub release: &'static str,
    /// YAML: the core tasks in one list, each with `id`, `type`, roles and edges, without parameters.
    pub core_graph: &'static str,
}

/// The data of Fuel 6.1.
pub const FUEL_6_1: FuelData = FuelData {
    version: "6.1",
    release: include_str!("../../data/release-6.1.yaml"),
    core_graph: include_str!("../../data/core-graph-6.1.yaml"),
};

/// The data of Fuel 7.0.
pub const FUEL_7_0: FuelData = FuelData {
    version: "7.0",
    release: include_str!("../../data/release-7.0.yaml"),
    core_graph: include_str!("../../data/core-graph-7.0.yaml"),
};

/// The data of Fuel 8.0.
pub const FUEL_8_0: FuelData = FuelData {
    version: "8.0",
    release: include_str!("../../data/release-8.0.yaml"),
    core_graph: include_str!("../../data/core-graph-8.0.yaml"),
};

/// The data of Fuel 9.2.
pub const FUEL_9_2: FuelData = FuelData {
    version: "9.2",
    release: include_str!("../../data/release-9.2.yaml"),
    core_graph: include_str!("../../data/core-graph-9.2.yaml"),
};

/// The data of every Fuel version that has a task graph, oldest first.
pub const FUEL_DATA: &[FuelData] = &[FUEL_6_1, FUEL_7_0, FUEL_8_0, FUEL_9_2];

impl FuelData {
    /// The data of exactly this version: `8.0`.
    #[must_use]
    pub fn of(version: &str) -> Option<&'static Self> {
        FUEL_DATA.iter().find(|data| data.version == version)
    }
}

#[cfg(test)]
mod tests {
    use super::FUEL_DATA;
    use crate::yaml;
    use camino::Utf8Path;

    #[test]
    fn every_fuel_version_has_readable_data_with_controllers_and_stages() {
        for data in FUEL_DATA {
            let release = yaml::parse(data.release.as_bytes(), Utf8Path::new("release.yaml")).unwrap();
            assert!(release.get("roles_metadata").unwrap().get("controller").is_some());
            let graph = yaml::parse(data.core_graph.as_bytes(), Utf8Path::new("core-graph.yaml")).unwrap();
            let ids: Vec<&str> = graph
                .as_sequence()
                .unwrap()
                .iter()
                .filter_map(|task| task.get("id")?.as_str())
                .collect();
            assert!(
                ids.contains(&"deploy_start") && ids.contains(&"netconfig"),
                "{}",
                data.version
            );
        }
    }
}
