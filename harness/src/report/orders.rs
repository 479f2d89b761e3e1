//! What an order that was tried has shown, as text.

use super::TrialReport;
use super::table::plain;
use crate::trial::{MissingEdge, OrderTrial};

/// How many of the places that a pair of tasks moves are named beside it.
const PLACES: usize = 4;

/// The order in which the tasks ran.
pub(super) fn order(trial: &TrialReport) -> Option<String> {
    let order = trial.order.as_ref()?;
    Some(format!("order: {}", plain(&OrderTrial::line(&order.tasks))))
}

/// Whether this order shows nothing that another one has not shown before.
pub(super) fn is_known(trial: &TrialReport) -> bool {
    trial.order.as_ref().is_some_and(|order| {
        let mut edges = order.missing_edges.iter();
        !order.missing_edges.is_empty()
            && order.unexplained.is_none()
            && edges.all(|edge| edge.found_by != trial.number)
    })
}

/// The tasks that lack an edge and what to write; those that an earlier order led to in a line each.
pub(super) fn missing_edges(trial: &TrialReport) -> Vec<String> {
    let Some(order) = &trial.order else {
        return Vec::new();
    };
    let mut lines = Vec::new();
    for edge in &order.missing_edges {
        let sentence = plain(&edge.sentence());
        if edge.found_by == trial.number {
            lines.push(sentence);
            lines.push(format!("  these two alone turned round: {}", effect(edge)));
            lines.push(format!("  {}", plain(&edge.remedy)));
        } else {
            lines.push(format!("{sentence}, as order {} has shown", edge.found_by));
        }
    }
    lines.extend(order.unexplained.clone());
    lines
}

/// What two tasks turned round do, as far as it has room.
pub(super) fn effect(edge: &MissingEdge) -> String {
    let shown: Vec<String> = edge.effect.iter().take(PLACES).map(|line| plain(line)).collect();
    let left = edge.effect.len() - shown.len();
    let more = if left > 0 {
        format!(" and {left} more")
    } else {
        String::new()
    };
    format!("{}{more}", shown.join("; "))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::trial::{TaskPlace, TrialKind};

    fn place(task: &str) -> TaskPlace {
        TaskPlace {
            node: "node-1".to_owned(),
            task: task.to_owned(),
        }
    }

    /// An order that failed, and what it was for.
    pub(in crate::report) fn failed_order(number: usize) -> TrialReport {
        TrialReport {
            kind: TrialKind::Order,
            number,
            of: 5,
            seed: 7,
            what: "3 of 3 pairs turned round".to_owned(),
            node: None,
            task: None,
            passed: false,
            failure: Some("the machine is not as an undisturbed deployment leaves it".to_owned()),
            settings: Vec::new(),
            differences: Vec::new(),
            order: Some(OrderTrial {
                tasks: ["start", "users", "configure"].map(place).to_vec(),
                missing_edges: vec![MissingEdge {
                    first: place("configure"),
                    second: place("start"),
                    remedy: "add to task `start` in deployment_tasks.yaml: `requires: [configure]`".to_owned(),
                    effect: (1..6).map(|number| format!("node-1: content /etc/{number}")).collect(),
                    order: ["users", "start", "configure"].map(place).to_vec(),
                    found_by: 1,
                }],
                searched: 2,
                unexplained: None,
            }),
            replay: format!("fuelrig test mine.yaml --order 20 --seed 7 --trial {number}"),
            seconds: 3.0,
        }
    }

    #[test]
    fn the_pair_is_named_with_what_it_does_and_what_to_write() {
        let expected = "\
no edge makes `start` wait for `configure` (both on node-1)
  these two alone turned round: node-1: content /etc/1; node-1: content /etc/2; node-1: content /etc/3; node-1: content /etc/4 and 1 more
  add to task `start` in deployment_tasks.yaml: `requires: [configure]`";
        assert_eq!(missing_edges(&failed_order(1)).join("\n"), expected);
    }

    #[test]
    fn a_pair_that_is_known_takes_one_line() {
        assert!(is_known(&failed_order(2)) && !is_known(&failed_order(1)));
        assert_eq!(
            missing_edges(&failed_order(2)),
            ["no edge makes `start` wait for `configure` (both on node-1), as order 1 has shown"]
        );
    }
}
