//! Which handler answers which path: the coverage of the API as one table.

use super::call::{Answer, Call};
use super::error::ApiError;
use super::{
    attributes, authentication, changes, clusters, coverage, deployment, disks, graphs, links, network, network_groups,
    node_attributes, node_groups, nodes, notifications, openapi, plugins, provisioning, releases, rig, role_editing,
    roles, situation, tasks,
};
use crate::profile::Series;

/// Answers a request.
pub(crate) type Handler = fn(&Call<'_>) -> Answer;

/// One path of the API and what it can do.
struct Route {
    /// Segments; `:x` takes the place of any one.
    path: &'static str,
    methods: &'static [(&'static str, Handler, Access)],
}

/// Who may call.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    Token,
    Public,
}
use Access::{Public, Token};

/// Below `/api` and `/api/v1`, with or without a slash at the end.
const API: &[Route] = &[
    Route {
        path: "version",
        methods: &[("GET", authentication::version, Public)],
    },
    Route {
        path: "plugins",
        methods: &[("GET", plugins::list, Token), ("POST", plugins::create, Token)],
    },
    Route {
        path: "plugins/sync",
        methods: &[("POST", plugins::sync, Token)],
    },
    Route {
        path: "plugins/:id",
        methods: &[
            ("GET", plugins::show, Token),
            ("PUT", plugins::update, Token),
            ("DELETE", plugins::remove, Token),
        ],
    },
    Route {
        path: "plugins/:id/links",
        methods: &[
            ("GET", links::list_of_plugin, Token),
            ("POST", links::add_to_plugin, Token),
        ],
    },
    Route {
        path: "plugins/:id/links/:link",
        methods: &[
            ("GET", links::show_of_plugin, Token),
            ("PUT", links::update_of_plugin, Token),
            ("PATCH", links::update_of_plugin, Token),
            ("DELETE", links::remove_of_plugin, Token),
        ],
    },
    Route {
        path: "releases",
        methods: &[("GET", releases::list, Token)],
    },
    Route {
        path: "releases/:id",
        methods: &[("GET", releases::show, Token), ("PUT", releases::update, Token)],
    },
    Route {
        path: "releases/:id/components",
        methods: &[("GET", releases::components, Token)],
    },
    Route {
        path: "releases/:id/roles",
        methods: &[
            ("GET", roles::list_of_release, Token),
            ("POST", role_editing::add_to_release, Token),
        ],
    },
    Route {
        path: "releases/:id/roles/:name",
        methods: &[
            ("GET", roles::show_of_release, Token),
            ("PUT", role_editing::change_of_release, Token),
            ("DELETE", role_editing::remove_from_release, Token),
        ],
    },
    Route {
        path: "releases/:id/deployment_tasks",
        methods: &[
            ("GET", releases::deployment_tasks, Token),
            ("PUT", releases::replace_deployment_tasks, Token),
        ],
    },
    Route {
        path: "clusters",
        methods: &[("GET", clusters::list, Token), ("POST", clusters::create, Token)],
    },
    Route {
        path: "clusters/:id",
        methods: &[
            ("GET", clusters::show, Token),
            ("PUT", clusters::update, Token),
            ("DELETE", clusters::remove, Token),
        ],
    },
    Route {
        path: "clusters/:id/attributes",
        methods: &[
            ("GET", attributes::show, Token),
            ("PUT", attributes::update, Token),
            ("PATCH", attributes::update, Token),
        ],
    },
    Route {
        path: "clusters/:id/attributes/defaults",
        methods: &[
            ("GET", attributes::show_defaults, Token),
            ("PUT", attributes::reset, Token),
        ],
    },
    Route {
        path: "clusters/:id/attributes/deployed",
        methods: &[("GET", attributes::show_deployed, Token)],
    },
    Route {
        path: "clusters/:id/generated",
        methods: &[("GET", attributes::show_generated, Token)],
    },
    Route {
        path: "clusters/:id/roles",
        methods: &[
            ("GET", roles::list_of_cluster, Token),
            ("POST", role_editing::add_to_cluster, Token),
        ],
    },
    Route {
        path: "clusters/:id/roles/:name",
        methods: &[
            ("GET", roles::show_of_cluster, Token),
            ("PUT", role_editing::change_of_cluster, Token),
            ("DELETE", role_editing::remove_from_cluster, Token),
        ],
    },
    Route {
        path: "clusters/:id/assignment",
        methods: &[("POST", roles::assign, Token)],
    },
    Route {
        path: "clusters/:id/unassignment",
        methods: &[("POST", roles::unassign, Token)],
    },
    Route {
        path: "clusters/:id/network_configuration/neutron",
        methods: &[("GET", network::show, Token), ("PUT", network::update, Token)],
    },
    Route {
        path: "clusters/:id/network_configuration/ips/vips",
        methods: &[("GET", network::vips, Token), ("PUT", network::update_vips, Token)],
    },
    Route {
        path: "clusters/:id/deployment_tasks",
        methods: &[
            ("GET", deployment::tasks, Token),
            ("PUT", deployment::replace_own_tasks, Token),
        ],
    },
    Route {
        path: "clusters/:id/deployment_tasks/own",
        methods: &[("GET", deployment::own_tasks, Token)],
    },
    Route {
        path: "clusters/:id/deployment_tasks/plugins",
        methods: &[("GET", deployment::plugin_tasks, Token)],
    },
    Route {
        path: "clusters/:id/deployment_tasks/release",
        methods: &[("GET", deployment::release_tasks, Token)],
    },
    Route {
        path: "clusters/:id/serialized_tasks",
        methods: &[("GET", deployment::serialized_tasks, Token)],
    },
    Route {
        path: "clusters/:id/orchestrator/deployment",
        methods: &[
            ("GET", deployment::replaced_info, Token),
            ("PUT", deployment::replace_info, Token),
            ("DELETE", deployment::drop_replaced_info, Token),
        ],
    },
    Route {
        path: "clusters/:id/orchestrator/deployment/defaults",
        methods: &[("GET", deployment::default_info, Token)],
    },
    Route {
        path: "clusters/:id/orchestrator/plugins_pre_hooks",
        methods: &[("GET", deployment::pre_hooks, Token)],
    },
    Route {
        path: "clusters/:id/orchestrator/plugins_post_hooks",
        methods: &[("GET", deployment::post_hooks, Token)],
    },
    Route {
        path: "clusters/:id/changes",
        methods: &[("PUT", changes::deploy_changes, Token)],
    },
    Route {
        path: "clusters/:id/changes/redeploy",
        methods: &[("PUT", changes::redeploy, Token)],
    },
    Route {
        path: "clusters/:id/provision",
        methods: &[("PUT", changes::provision, Token)],
    },
    Route {
        path: "clusters/:id/deploy",
        methods: &[("PUT", changes::deploy_nodes, Token)],
    },
    Route {
        path: "clusters/:id/deploy_tasks",
        methods: &[("PUT", changes::deploy_tasks, Token)],
    },
    Route {
        path: "clusters/:id/deploy_tasks/graph.gv",
        methods: &[("GET", deployment::graph_picture, Token)],
    },
    Route {
        path: "graphs/execute",
        methods: &[("POST", changes::execute_graphs, Token)],
    },
    Route {
        path: "graphs/:id",
        methods: &[
            ("GET", graphs::show_one, Token),
            ("PUT", graphs::change_one, Token),
            ("PATCH", graphs::change_one, Token),
            ("DELETE", graphs::remove_one, Token),
        ],
    },
    Route {
        path: "clusters/:id/stop_deployment",
        methods: &[("PUT", changes::stop, Token)],
    },
    Route {
        path: "clusters/:id/reset",
        methods: &[("PUT", changes::reset, Token)],
    },
    Route {
        path: "clusters/:id/plugin_links",
        methods: &[
            ("GET", links::list_of_cluster, Token),
            ("POST", links::add_to_cluster, Public),
        ],
    },
    Route {
        path: "clusters/:id/plugin_links/:link",
        methods: &[
            ("GET", links::show_of_cluster, Token),
            ("PUT", links::update_of_cluster, Token),
            ("PATCH", links::update_of_cluster, Token),
            ("DELETE", links::remove_of_cluster, Token),
        ],
    },
    Route {
        path: "plugins/:id/deployment_graphs",
        methods: &[("GET", graphs::list_of_plugin, Token)],
    },
    Route {
        path: "plugins/:id/deployment_graphs/:type",
        methods: &[
            ("GET", graphs::show_of_plugin, Token),
            ("POST", graphs::create_of_plugin, Token),
            ("PUT", graphs::replace_of_plugin, Token),
            ("PATCH", graphs::change_of_plugin, Token),
            ("DELETE", graphs::remove_of_plugin, Token),
        ],
    },
    Route {
        path: "releases/:id/deployment_graphs",
        methods: &[("GET", graphs::list_of_release, Token)],
    },
    Route {
        path: "releases/:id/deployment_graphs/:type",
        methods: &[
            ("GET", graphs::show_of_release, Token),
            ("POST", graphs::create_of_release, Token),
            ("PUT", graphs::replace_of_release, Token),
            ("PATCH", graphs::change_of_release, Token),
            ("DELETE", graphs::remove_of_release, Token),
        ],
    },
    Route {
        path: "clusters/:id/deployment_graphs",
        methods: &[("GET", graphs::list_of_cluster, Token)],
    },
    Route {
        path: "clusters/:id/deployment_graphs/:type",
        methods: &[
            ("GET", graphs::show_of_cluster, Token),
            ("POST", graphs::create_of_cluster, Token),
            ("PUT", graphs::replace_of_cluster, Token),
            ("PATCH", graphs::change_of_cluster, Token),
            ("DELETE", graphs::remove_of_cluster, Token),
        ],
    },
    Route {
        path: "graphs",
        methods: &[("GET", graphs::all, Token)],
    },
    Route {
        path: "nodes/:id/attributes",
        methods: &[
            ("GET", node_attributes::show, Token),
            ("PUT", node_attributes::update, Token),
        ],
    },
    Route {
        path: "nodes/:id/attributes/defaults",
        methods: &[("GET", node_attributes::show_defaults, Token)],
    },
    Route {
        path: "nodes/:id/disks",
        methods: &[("GET", disks::show, Token), ("PUT", disks::update, Token)],
    },
    Route {
        path: "nodes/:id/disks/defaults",
        methods: &[("GET", disks::show_defaults, Token)],
    },
    Route {
        path: "nodegroups",
        methods: &[("GET", node_groups::list, Token), ("POST", node_groups::create, Token)],
    },
    Route {
        path: "nodegroups/:id",
        methods: &[
            ("GET", node_groups::show, Token),
            ("PUT", node_groups::update, Token),
            ("DELETE", node_groups::remove, Token),
        ],
    },
    Route {
        path: "clusters/:id/network_configuration/neutron/verify",
        methods: &[("PUT", network::verify, Token)],
    },
    Route {
        path: "networks",
        methods: &[
            ("GET", network_groups::list, Token),
            ("POST", network_groups::create, Token),
        ],
    },
    Route {
        path: "nodes/:id/interfaces",
        methods: &[
            ("GET", node_attributes::interfaces, Token),
            ("PUT", node_attributes::update_interfaces, Token),
        ],
    },
    Route {
        path: "nodes/:id/interfaces/default_assignment",
        methods: &[("GET", node_attributes::default_interfaces, Token)],
    },
    Route {
        path: "nodes/:id/bonds/attributes/defaults",
        methods: &[("GET", node_attributes::bond_defaults, Token)],
    },
    Route {
        path: "clusters/:id/network_configuration/template",
        methods: &[
            ("GET", network::template, Token),
            ("PUT", network::update_template, Token),
            ("DELETE", network::remove_template, Token),
        ],
    },
    Route {
        path: "clusters/:id/orchestrator/provisioning",
        methods: &[
            ("GET", provisioning::replaced, Token),
            ("PUT", provisioning::replace, Token),
            ("DELETE", provisioning::drop_replaced, Token),
        ],
    },
    Route {
        path: "clusters/:id/orchestrator/provisioning/defaults",
        methods: &[("GET", provisioning::defaults, Token)],
    },
    Route {
        path: "clusters/:id/vmware_attributes",
        methods: &[
            ("GET", provisioning::vmware, Token),
            ("PUT", provisioning::update_vmware, Token),
        ],
    },
    Route {
        path: "clusters/:id/vmware_attributes/defaults",
        methods: &[("GET", provisioning::default_vmware, Token)],
    },
    Route {
        path: "clusters/:id/extensions",
        methods: &[
            ("GET", provisioning::extensions, Token),
            ("PUT", provisioning::update_extensions, Token),
            ("DELETE", provisioning::remove_extensions, Token),
        ],
    },
    Route {
        path: "nodes",
        methods: &[
            ("GET", nodes::list, Token),
            ("POST", nodes::create, Public),
            ("PUT", nodes::update_many, Token),
            ("DELETE", nodes::remove_many, Token),
        ],
    },
    Route {
        path: "nodes/agent",
        methods: &[("PUT", nodes::agent, Public)],
    },
    Route {
        path: "nodes/:id",
        methods: &[
            ("GET", nodes::show, Token),
            ("PUT", nodes::update, Token),
            ("DELETE", nodes::remove, Token),
        ],
    },
    Route {
        path: "tasks",
        methods: &[("GET", tasks::list, Token)],
    },
    Route {
        path: "tasks/:id",
        methods: &[("GET", tasks::show, Token), ("DELETE", tasks::remove, Token)],
    },
    Route {
        path: "transactions",
        methods: &[("GET", tasks::transactions, Token)],
    },
    Route {
        path: "transactions/:id",
        methods: &[("GET", tasks::transaction, Token), ("DELETE", tasks::remove, Token)],
    },
    Route {
        path: "transactions/:id/deployment_history",
        methods: &[("GET", tasks::history, Token)],
    },
    Route {
        path: "transactions/:id/deployment_info",
        methods: &[("GET", tasks::deployment_info, Token)],
    },
    Route {
        path: "transactions/:id/settings",
        methods: &[("GET", tasks::settings, Token)],
    },
    Route {
        path: "transactions/:id/network_configuration",
        methods: &[("GET", tasks::network_configuration, Token)],
    },
    Route {
        path: "notifications",
        methods: &[
            ("GET", notifications::list, Token),
            ("POST", notifications::create, Token),
            ("PUT", notifications::update_many, Token),
        ],
    },
    Route {
        path: "notifications/:id",
        methods: &[
            ("GET", notifications::show, Token),
            ("PUT", notifications::update, Token),
        ],
    },
];

/// Below `/keystone`.
const KEYSTONE: &[Route] = &[
    Route {
        path: "v2.0",
        methods: &[("GET", authentication::keystone_version, Public)],
    },
    Route {
        path: "v2.0/tokens",
        methods: &[("POST", authentication::create_token_v2, Public)],
    },
    Route {
        path: "v2.0/OS-KSADM/services",
        methods: &[("GET", authentication::keystone_services, Public)],
    },
    Route {
        path: "v2.0/endpoints",
        methods: &[("GET", authentication::keystone_endpoints, Public)],
    },
    Route {
        path: "v3/auth/tokens",
        methods: &[
            ("POST", authentication::create_token_v3, Public),
            ("GET", authentication::show_token_v3, Public),
            ("DELETE", authentication::delete_token_v3, Public),
        ],
    },
];

/// Below `/mock`: the rig's own. `GET /mock/astute/messages` waits, and is answered before this table is asked.
const MOCK: &[Route] = &[
    Route {
        path: "health",
        methods: &[("GET", rig::health, Public)],
    },
    Route {
        path: "astute/replies",
        methods: &[("POST", rig::reply, Public)],
    },
    Route {
        path: "reset",
        methods: &[("POST", rig::reset, Public)],
    },
    Route {
        path: "clusters/:id/generated",
        methods: &[("POST", attributes::take_over_generated, Public)],
    },
    Route {
        path: "openapi.json",
        methods: &[("GET", openapi::show, Public)],
    },
    Route {
        path: "load",
        methods: &[("POST", situation::load, Public)],
    },
];

/// One method of one path.
pub(crate) struct Described {
    /// `/api/v1`, `/keystone` or `/mock`.
    pub(crate) base: &'static str,
    pub(crate) path: &'static str,
    pub(crate) method: &'static str,
    pub(crate) is_public: bool,
}

/// Every method of every path that a series of Fuel has.
pub(crate) fn described(series: Series) -> Vec<Described> {
    [("/api/v1", API), ("/keystone", KEYSTONE), ("/mock", MOCK)]
        .into_iter()
        .flat_map(|(base, routes)| routes.iter().map(move |route| (base, route)))
        .flat_map(|(base, route)| {
            route.methods.iter().map(move |(method, _, access)| Described {
                base,
                path: route.path,
                method,
                is_public: *access == Public,
            })
        })
        .filter(|described| coverage::since(described.path, described.method).is_none_or(|since| since <= series))
        .collect()
}

/// What answers a request.
pub(crate) struct Found {
    pub(crate) handler: Handler,
    pub(crate) parameters: Vec<String>,
    pub(crate) public: bool,
}

/// The handler of a path in a series of Fuel.
///
/// # Errors
/// 404 `not found` and 405 `None`, as web.py answers.
pub(crate) fn find(series: Series, method: &str, path: &str) -> Result<Found, ApiError> {
    let mut segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let routes = match segments.first() {
        Some(&"api") if segments.get(1) == Some(&"v1") => {
            segments.drain(..2);
            API
        }
        Some(&"api") => {
            segments.remove(0);
            API
        }
        Some(&"keystone") => {
            segments.remove(0);
            KEYSTONE
        }
        Some(&"mock") => {
            segments.remove(0);
            MOCK
        }
        _ => &[],
    };
    // web.py answers it as GET; nothing of the body goes out.
    let method = if method == "HEAD" { "GET" } else { method };
    for route in routes {
        let Some(parameters) = match_path(route.path, &segments) else {
            continue;
        };
        let is_there = |method: &str| coverage::since(route.path, method).is_none_or(|since| since <= series);
        if !route.methods.iter().any(|(method, _, _)| is_there(method)) {
            continue;
        }
        let mut methods = route.methods.iter();
        return match methods.find(|(name, _, _)| *name == method && is_there(name)) {
            Some((_, handler, access)) => Ok(Found {
                handler: *handler,
                parameters,
                public: *access == Public,
            }),
            None => Err(ApiError {
                status: 405,
                ..ApiError::deep("None")
            }),
        };
    }
    Err(ApiError {
        status: 404,
        ..ApiError::deep("not found")
    })
}

fn match_path(pattern: &str, segments: &[&str]) -> Option<Vec<String>> {
    let mut parameters = Vec::new();
    let mut rest = segments.iter();
    for part in pattern.split('/') {
        let segment = rest.next()?;
        if part.starts_with(':') {
            // Ids are numbers; anything else there is no path at all.
            let is_number = segment.bytes().all(|byte| byte.is_ascii_digit());
            if matches!(part, ":id" | ":link") && !is_number {
                return None;
            }
            parameters.push((*segment).to_owned());
        } else if part != *segment {
            return None;
        }
    }
    rest.next().is_none().then_some(parameters)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("GET", "/api/plugins", &[])]
    #[case("GET", "/api/v1/plugins/", &[])]
    #[case("GET", "/api/v1/plugins/7/", &["7"])]
    #[case("POST", "/api/plugins/sync", &[])]
    #[case("POST", "/keystone/v2.0/tokens", &[])]
    #[case("GET", "/mock/health", &[])]
    fn both_bases_and_both_slash_forms_lead_to_the_handler(
        #[case] method: &str,
        #[case] path: &str,
        #[case] parameters: &[&str],
    ) {
        assert_eq!(find(Series::Fuel9, method, path).ok().unwrap().parameters, parameters);
    }

    #[test]
    fn every_path_of_the_api_is_described_once() {
        let paths: Vec<&str> = API.iter().map(|route| route.path).collect();
        let described: Vec<&str> = coverage::ABOUT.iter().map(|about| about.path).collect();
        for path in &paths {
            assert_eq!(described.iter().filter(|other| *other == path).count(), 1, "{path}");
            assert_eq!(paths.iter().filter(|other| *other == path).count(), 1, "{path}");
        }
        for path in described {
            assert!(paths.contains(&path), "{path} is described, and not there");
        }
    }

    #[test]
    fn a_method_that_came_later_than_its_path_is_not_there_before() {
        let status = |series| {
            find(series, "POST", "/api/clusters/1/roles/")
                .err()
                .map(|error| error.status)
        };
        assert_eq!((status(Series::Fuel8), status(Series::Fuel9)), (Some(405), None));
        let described = |series| {
            let all = described(series);
            all.iter()
                .any(|one| one.path == "clusters/:id/roles" && one.method == "POST")
        };
        assert!(!described(Series::Fuel8) && described(Series::Fuel9));
    }

    #[rstest]
    #[case("PATCH", "/api/v1/plugins/7", 405, "None")]
    #[case("GET", "/api/v1/nothing", 404, "not found")]
    #[case("GET", "/other", 404, "not found")]
    fn an_unknown_path_or_method_is_answered_as_web_py_does(
        #[case] method: &str,
        #[case] path: &str,
        #[case] status: u16,
        #[case] text: &str,
    ) {
        let error = find(Series::Fuel9, method, path).err().unwrap();
        assert_eq!((error.status, error.text().as_str()), (status, text));
    }
}
