//! Which task is at which place.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use super::resolver::{NamePattern, Place, RoleResolver, SYNC_POINT, pattern_of};
use super::task::{GraphTask, Origin};
use crate::http::ApiError;

/// A task by its number in the layout.
pub(crate) type TaskNumber = usize;

/// The tasks of a graph, groups aside, and their places.
pub(crate) struct Layout<'a> {
    /// By id.
    pub(crate) tasks: Vec<&'a GraphTask>,
    /// The places of each task.
    places: Vec<BTreeSet<Place>>,
    /// Names of dependencies that were looked up, and the tasks they mean.
    found: RefCell<HashMap<String, Rc<[TaskNumber]>>>,
}

impl<'a> Layout<'a> {
    /// Puts every task where its selector, or the group that names it, says.
    ///
    /// # Errors
    /// 400 where a plugin's group names a task that there is not.
    pub(crate) fn new(tasks: &'a [GraphTask], resolver: &RoleResolver) -> Result<Self, ApiError> {
        let mut placed: Vec<&GraphTask> = tasks.iter().filter(|task| task.kind() != "group").collect();
        placed.sort_by_key(|task| task.id());
        let numbers: BTreeMap<&str, TaskNumber> = placed
            .iter()
            .enumerate()
            .map(|(number, task)| (task.id(), number))
            .collect();
        let mut places: Vec<BTreeSet<Place>> = placed
            .iter()
            .map(|task| match task.kind() {
                "stage" => BTreeSet::from([SYNC_POINT]),
                _ => resolver.resolve(task.selector()),
            })
            .collect();
        for group in tasks.iter().filter(|task| task.kind() == "group") {
            for name in group.names("tasks") {
                match numbers.get(name.as_str()) {
                    Some(number) => places[*number].extend(resolver.resolve(group.selector())),
                    None if group.origin == Origin::Release => {}
                    None => return Err(ApiError::bad_request(format!("Task {name} cannot be resolved"))),
                }
            }
        }
        Ok(Self {
            tasks: placed,
            places,
            found: RefCell::default(),
        })
    }

    /// The places of a task.
    pub(crate) fn places(&self, task: TaskNumber) -> &BTreeSet<Place> {
        &self.places[task]
    }

    /// The tasks that a name or pattern means, by number.
    pub(crate) fn named(&self, name: &str) -> Rc<[TaskNumber]> {
        if let Some(found) = self.found.borrow().get(name) {
            return Rc::clone(found);
        }
        let found: Rc<[TaskNumber]> = match &*pattern_of(name) {
            // They are sorted by id.
            NamePattern::Exact(name) => {
                let first = self.tasks.partition_point(|task| task.id() < name.as_str());
                (first..self.tasks.len())
                    .take_while(|number| self.tasks[*number].id() == name)
                    .collect()
            }
            pattern => (0..self.tasks.len())
                .filter(|number| pattern.matches(self.tasks[*number].id()))
                .collect(),
        };
        self.found.borrow_mut().insert(name.to_owned(), Rc::clone(&found));
        found
    }
}
