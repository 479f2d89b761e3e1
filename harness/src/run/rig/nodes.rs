//! The target nodes of a run: what each is started as.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::try_join_all;

use super::Rig;
use crate::engine::{Image, Images, Networks, NodeAddresses, NodeSpec, Target, TargetNode};
use crate::event::RunEvent;
use crate::run::RunError;
use crate::run::environment::{DeployedEnvironment, RegisteredNode};

impl Rig<'_> {
    /// Boots all nodes.
    pub(super) async fn nodes(
        &self,
        images: &Images,
        networks: &Networks,
        environment: &DeployedEnvironment,
    ) -> Result<BTreeMap<String, Arc<TargetNode>>, RunError> {
        let starts = self.specs(images, environment)?.into_iter().map(|spec| async move {
            let uid = spec.uid.clone();
            let started = TargetNode::start(self.engine, self.run, networks, spec)
                .await
                .map_err(|error| RunError::Infrastructure(error.to_string()))?;
            self.warn_of_failed_units(&started);
            Ok::<_, RunError>((uid, Arc::new(started)))
        });
        Ok(try_join_all(starts).await?.into_iter().collect())
    }

    /// What each node is started as.
    pub(super) fn specs(&self, images: &Images, environment: &DeployedEnvironment) -> Result<Vec<NodeSpec>, RunError> {
        let hosts: Vec<(String, std::net::Ipv4Addr)> = environment
            .nodes
            .iter()
            .filter_map(|node| Some((node, node.addresses.get("management")?.parse().ok()?)))
            .flat_map(|(node, address)| [(node.fqdn.clone(), address), (node.name.clone(), address)])
            .collect();
        let entries = environment.nodes.iter().zip(&self.loaded.scenario.nodes);
        entries
            .map(|(node, entry)| {
                let reference = images
                    .reference(&image_of(entry))
                    .map_err(|error| RunError::Infrastructure(error.to_string()))?;
                let mut spec = NodeSpec::new(&node.name, &node.uid, reference);
                spec.addresses = addresses(node);
                spec.hosts.clone_from(&hosts);
                spec.outside = self.loaded.scenario.outside;
                if let Some(memory) = entry.memory {
                    spec.memory = Some(i64::from(memory) << 20);
                }
                if let Some((_, domain)) = node.fqdn.split_once('.') {
                    domain.clone_into(&mut spec.domain);
                }
                Ok(spec)
            })
            .collect()
    }

    pub(super) fn warn_of_failed_units(&self, node: &TargetNode) {
        if !node.readiness.failed_units.is_empty() {
            self.events.emit(RunEvent::Warning(format!(
                "{}: units failed at boot: {}",
                node.name(),
                node.readiness.failed_units.join(", ")
            )));
        }
    }
}

/// The image of a node: its own, or what its roles need.
pub(super) fn image_of(entry: &crate::scenario::NodeEntry) -> Image {
    match entry.image.as_deref() {
        Some(name) => name
            .parse()
            .unwrap_or_else(|never: std::convert::Infallible| match never {}),
        None if entry.roles.iter().any(|role| role == "controller") => Image::Target(Target::Controller),
        None => Image::Target(Target::Node),
    }
}

fn addresses(node: &RegisteredNode) -> NodeAddresses {
    let of = |network: &str| node.addresses.get(network).and_then(|address| address.parse().ok());
    NodeAddresses {
        admin: of("fuelweb_admin"),
        management: of("management"),
        storage: of("storage"),
        public: of("public"),
    }
}
