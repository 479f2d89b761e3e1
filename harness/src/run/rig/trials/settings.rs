//! `--settings`: the job is repeated with other settings of the plugins.
//!
//! Nothing of the first two deployments is used again but the packages on the master: Nailgun is reset, the environment
//! is made anew with other settings, the nodes are new containers. So each repetition is what a user of a new environment
//! has, in every version of Fuel: those before 9.0 do not let settings be changed after a deployment.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use fuel_cli::Client;
use mock_astute::{Node, TaskStatus};
use serde_json::{Value, json};

use super::super::look;
use super::super::{MASTER, Rig};
use super::engine_error;
use super::heard::{Heard, Mark, failing_records};
use crate::engine::{Images, Networks, Place};
use crate::event::{Events, Phase, RunEvent};
use crate::report::TaskLogs;
use crate::run::build::Package;
use crate::run::environment::{DeployedEnvironment, refused};
use crate::run::{Keep, RunError};
use crate::trial::{ChangedSetting, Drawing, PROBES, Shrink, Subject, Surroundings, TrialKind, TrialResult};

/// How many settings Nailgun may refuse for each one that is wanted, until that is called the end.
const REFUSALS: usize = 20;
/// How many of the changed settings the name of a trial shows.
const NAMED: usize = 3;

/// What every repetition begins from.
pub(in crate::run::rig) struct Ground<'a> {
    pub(in crate::run::rig) client: &'a Client,
    pub(in crate::run::rig) images: &'a Images,
    pub(in crate::run::rig) networks: &'a Networks,
    pub(in crate::run::rig) packages: &'a [Package],
    pub(in crate::run::rig) place: Place,
}

/// Settings that Nailgun takes, in the order in which they are tried.
pub(in crate::run::rig) struct DrawnSettings {
    drawing: Drawing,
    trials: Vec<Vec<Value>>,
}

/// How a repetition ended.
enum Repeated {
    /// With this wrong; nothing of it if it holds.
    Ended(Vec<Mark>),
    /// Nailgun did not take the settings.
    Refused(String),
}

impl Rig<'_> {
    /// Draws the settings. Each is saved in the environment once, which is as yet undeployed, to hear whether Nailgun
    /// takes it; in the end it has those of the scenario again.
    pub(in crate::run::rig) async fn draw_settings(
        &self,
        client: &Client,
        environment: &DeployedEnvironment,
        packages: &[Package],
    ) -> Result<Option<DrawnSettings>, RunError> {
        let plan = self.options.trials;
        if plan.settings == 0 {
            return Ok(None);
        }
        let reading = "cannot read the settings";
        let id = environment.id;
        let mut attributes = client.attributes(id).await.map_err(|error| refused(reading, &error))?;
        let editable = attributes["editable"].take();
        let surroundings = self.surroundings(client, id, editable.clone()).await?;
        let subjects: Vec<Subject<'_>> = packages
            .iter()
            .zip(&self.loaded.scenario.plugins)
            .filter(|(_, entry)| entry.enabled)
            .map(|(package, entry)| Subject {
                plugin: &package.name,
                fixed: &entry.fixed,
            })
            .collect();
        let seed = plan.seed.unwrap_or_default();
        let mut drawing = Drawing::new(seed, &editable, &subjects, surroundings)
            .map_err(|problem| RunError::Invalid(format!("{}: {problem}", self.loaded.file)))?;
        let mut trials = Vec::new();
        let mut refusals: BTreeMap<String, usize> = BTreeMap::new();
        while trials.len() < plan.settings && refusals.values().sum::<usize>() < REFUSALS * plan.settings {
            let Some(values) = drawing.next() else { break };
            let body = json!({ "editable": drawing.sections(&values) });
            match client.put_attributes(id, &body).await {
                Ok(_) => {
                    drawing.take(&values);
                    trials.push(values);
                }
                Err(error) if error.status() == Some(400) => {
                    let message = error.message().map_or_else(|| error.to_string(), str::to_owned);
                    let line = message.lines().next().unwrap_or_default().to_owned();
                    *refusals.entry(line).or_default() += 1;
                }
                Err(error) => return Err(refused("cannot save drawn settings", &error)),
            }
        }
        let body = json!({ "editable": drawing.sections(&drawing.own()) });
        client
            .put_attributes(id, &body)
            .await
            .map_err(|error| refused("cannot save the scenario's settings again", &error))?;
        self.tell_drawn(&drawing, trials.len(), seed, &refusals);
        Ok(Some(DrawnSettings { drawing, trials }))
    }

    /// What restrictions look at.
    async fn surroundings(&self, client: &Client, id: u64, editable: Value) -> Result<Surroundings, RunError> {
        let reading = "cannot read what restrictions of settings look at";
        let clusters = format!("clusters/{id}/");
        let (cluster, version, networks) = tokio::try_join!(
            client.get(&clusters),
            client.version(),
            client.network_configuration(id),
        )
        .map_err(|error| refused(reading, &error))?;
        let models = BTreeMap::from([
            ("cluster".to_owned(), cluster),
            ("version".to_owned(), version),
            (
                "networking_parameters".to_owned(),
                networks["networking_parameters"].clone(),
            ),
        ]);
        Ok(Surroundings::new(editable, models))
    }

    fn tell_drawn(&self, drawing: &Drawing, count: usize, seed: u64, refusals: &BTreeMap<String, usize>) {
        let fields = drawing.fields().len();
        if fields == 0 {
            self.events.emit(RunEvent::Warning(
                "no plugin has a setting that can be drawn: there is nothing to try with other settings".to_owned(),
            ));
        } else {
            self.events.emit(RunEvent::Note(format!(
                "settings are drawn for {fields} fields from seed {seed}"
            )));
        }
        for (why, left) in drawing.left() {
            self.events
                .emit(RunEvent::Note(format!("left as they are, {why}: {}", left.join(", "))));
        }
        for (message, times) in refusals {
            self.events.emit(RunEvent::Note(format!(
                "Nailgun refused drawn settings, so others were drawn ({times} times): {message}"
            )));
        }
        let wanted = self.options.trials.settings;
        if count < wanted && fields > 0 {
            self.events.emit(RunEvent::Note(format!(
                "{wanted} settings are wanted; beside the scenario's own there are only {count} that differ and that \
                 Nailgun takes"
            )));
        }
        if let Some(only) = self.options.trials.only.filter(|only| *only > count) {
            self.events.emit(RunEvent::Warning(format!(
                "there is no trial {only} of other settings: {count} were drawn"
            )));
        }
    }

    /// Repeats the job with each of the settings; whether it holds with all of them. What is wrong with the scenario's own
    /// settings already is not held against others.
    pub(in crate::run::rig) async fn other_settings(
        &self,
        ground: &Ground<'_>,
        drawn: DrawnSettings,
        baseline: &Heard,
    ) -> Result<bool, RunError> {
        let DrawnSettings { mut drawing, trials } = drawn;
        let known: BTreeSet<String> = baseline.marks().into_iter().map(|mark| mark.key).collect();
        let mut holds = true;
        for (values, number) in trials.iter().zip(1..) {
            if self.options.trials.only.is_some_and(|only| only != number) {
                continue;
            }
            let begun = Instant::now();
            let mut changed: Vec<(usize, ChangedSetting)> = drawing
                .changed(values)
                .into_iter()
                .map(|place| (place, ChangedSetting::new(&drawing.fields()[place], &values[place])))
                .collect();
            let repeated = self
                .repeat(ground, &drawing, values, &format!("settings-{number}"))
                .await?;
            let marks = match repeated {
                Repeated::Ended(marks) => marks,
                Repeated::Refused(text) => vec![Mark::deployment(text)],
            };
            let marks: Vec<Mark> = marks.into_iter().filter(|mark| !known.contains(&mark.key)).collect();
            let mut result = self.settings_result(number, trials.len().max(self.options.trials.settings));
            if !marks.is_empty() {
                holds = false;
                if self.may_repeat_more() {
                    let needed = self.needed(ground, &mut drawing, values, &marks, number).await?;
                    mark_needed(&mut changed, &needed);
                }
                result.task = marks.iter().find_map(|mark| mark.task.clone());
                result.failure = Some(sentence(&marks, &drawing, &changed));
                result.differences = marks.into_iter().flat_map(|mark| mark.differences).collect();
            }
            result.settings = changed.into_iter().map(|(_, setting)| setting).collect();
            result.what = named(&result.settings);
            result.took = begun.elapsed();
            self.events.emit(RunEvent::TrialFinished(Box::new(result)));
        }
        Ok(holds)
    }

    /// Whether the nodes of a trial that failed may make room for further ones: not where they are to be looked at.
    fn may_repeat_more(&self) -> bool {
        self.options.trials.only.is_none() || self.options.keep == Keep::Never
    }

    /// Finds the settings without which it does not fail in the same way; and whether each of them is needed.
    async fn needed(
        &self,
        ground: &Ground<'_>,
        drawing: &mut Drawing,
        values: &[Value],
        marks: &[Mark],
        number: usize,
    ) -> Result<(BTreeSet<usize>, bool), RunError> {
        let keys: BTreeSet<&String> = marks.iter().map(|mark| &mark.key).collect();
        let mut shrink = Shrink::new(drawing.changed(values));
        let mut probes = 0;
        while let Some(kept) = shrink.probe() {
            probes += 1;
            let phase = Phase::Trials(TrialKind::Settings);
            let text = format!("settings {number}: which of them it needs ({probes} of at most {PROBES})");
            self.events.emit(RunEvent::Detail(phase, text));
            let fails = match drawing.only(values, &kept) {
                None => false,
                Some(fewer) => {
                    let name = format!("settings-{number}-probe-{probes}");
                    match self.repeat(ground, drawing, &fewer, &name).await? {
                        Repeated::Ended(marks) => marks.iter().any(|mark| keys.contains(&mark.key)),
                        Repeated::Refused(_) => false,
                    }
                }
            };
            shrink.tell(fails);
        }
        Ok(shrink.outcome())
    }

    /// Deploys twice with these settings from nothing, and judges.
    async fn repeat(
        &self,
        ground: &Ground<'_>,
        drawing: &Drawing,
        values: &[Value],
        name: &str,
    ) -> Result<Repeated, RunError> {
        let names = self.loaded.scenario.nodes.iter().map(|node| node.name.as_str());
        let names: Vec<&str> = names.chain([MASTER]).collect();
        self.engine
            .remove_containers(self.run, &names)
            .await
            .map_err(engine_error)?;
        reset(ground.client).await?;
        let mut loaded = self.loaded.clone();
        loaded.scenario.verify.retain(|check| !check.only_own_settings);
        let heard = Arc::new(Mutex::new(Heard::default()));
        let events = Events::new();
        let directory = self.directory.join("trials").join(name);
        events.subscribe(Box::new(Arc::clone(&heard)));
        events.subscribe(Box::new(TaskLogs::new(&directory)));
        let real = self.events.clone();
        events.subscribe(Box::new(Forward(real)));
        let rig = Rig {
            engine: self.engine,
            run: self.run,
            loaded: &loaded,
            options: self.options,
            events: &events,
            cancel: self.cancel,
            directory: &directory,
        };
        let mut environment = rig.environment(ground.client, ground.packages, ground.networks).await?;
        // All at once: a plugin's restrictions may ask for another one's settings.
        let saved = save(ground.client, environment.id, drawing, values).await;
        if let Err(RunError::Invalid(text)) = saved {
            return Ok(Repeated::Refused(text));
        }
        saved?;
        let failed = rig.twice(ground, &mut environment).await?;
        let mut marks = heard.lock().unwrap_or_else(PoisonError::into_inner).marks();
        marks.extend(failed);
        Ok(Repeated::Ended(marks))
    }

    /// Boots the nodes, deploys twice and judges, as a run does; what came to light is told as events. What the first
    /// deployment fails of is given.
    async fn twice(&self, ground: &Ground<'_>, environment: &mut DeployedEnvironment) -> Result<Vec<Mark>, RunError> {
        let (nodes, system) = tokio::try_join!(
            self.nodes(ground.images, ground.networks, environment),
            self.master_system(ground.client, environment, ground.images, ground.place.clone())
        )?;
        if system.is_some() {
            environment.has_master_system();
        }
        let system = system.map(|system| (MASTER.to_owned(), system));
        let nodes: BTreeMap<String, Arc<dyn Node>> = nodes
            .into_iter()
            .chain(system)
            .map(|(uid, node)| (uid, node as Arc<dyn Node>))
            .collect();
        let before = self.capture(environment, &nodes, None).await?;
        let first = match self.deployment(1, ground.client, environment, &nodes).await {
            Err(RunError::Deployment(text)) => return Ok(vec![Mark::deployment(text)]),
            first => first?,
        };
        if let Some(failure) = &first.failure {
            return match self.cause(1, failure, &first.records, environment, &nodes).await {
                RunError::Deployment(text) | RunError::Invalid(text) => {
                    Ok(failing_records(&first.records, environment, &text))
                }
                cause => Err(cause),
            };
        }
        // Nailgun may call it ready all the same. What fails at once needs no second deployment to be told.
        if first.records.iter().any(|record| record.status == TaskStatus::Failed) {
            return Ok(failing_records(&first.records, environment, "a task failed"));
        }
        self.verify(1, environment, &nodes).await;
        let after_first = self.capture(environment, &nodes, Some(&before)).await?;
        let watched = self.watched(environment, &nodes);
        let second = match self
            .deployment(2, ground.client, environment, &look::as_nodes(&watched))
            .await
        {
            Err(RunError::Deployment(text)) => return Ok(vec![Mark::deployment(text)]),
            second => second?,
        };
        if let Some(failure) = &second.failure {
            match self.cause(2, failure, &second.records, environment, &nodes).await {
                // The verdict names the task.
                RunError::Deployment(_) => {}
                RunError::Invalid(text) => return Ok(vec![Mark::deployment(text)]),
                cause => return Err(cause),
            }
        }
        self.verify(2, environment, &nodes).await;
        let after_second = self.capture(environment, &nodes, Some(&after_first)).await?;
        self.judge(
            environment,
            [&before, &after_first, &after_second],
            &first.records,
            &second.records,
            &watched,
        )?;
        Ok(Vec::new())
    }

    fn settings_result(&self, number: usize, of: usize) -> TrialResult {
        let seed = self.options.trials.seed.unwrap_or_default();
        TrialResult {
            kind: TrialKind::Settings,
            number,
            of,
            seed,
            what: String::new(),
            task: None,
            settings: Vec::new(),
            failure: None,
            differences: Vec::new(),
            order: None,
            replay: format!(
                "fuelrig test {} --settings {of} --seed {seed} --trial {number}",
                self.loaded.file
            ),
            took: Duration::ZERO,
        }
    }
}

/// Makes Nailgun what it was when the plugins had been installed: their files are on the master still.
async fn reset(client: &Client) -> Result<(), RunError> {
    let doing = "cannot make the master anew";
    let plugins = client.get("plugins/").await.map_err(|error| refused(doing, &error))?;
    client
        .post_root("mock/reset", &json!({}))
        .await
        .map_err(|error| refused(doing, &error))?;
    for plugin in plugins.as_array().into_iter().flatten() {
        let mut metadata = plugin.clone();
        if let Some(metadata) = metadata.as_object_mut() {
            metadata.shift_remove("id");
        }
        client
            .post("plugins/", &metadata)
            .await
            .map_err(|error| refused(doing, &error))?;
    }
    Ok(())
}

/// Saves these settings in an environment that has the scenario's.
async fn save(client: &Client, id: u64, drawing: &Drawing, values: &[Value]) -> Result<(), RunError> {
    let attributes = client
        .attributes(id)
        .await
        .map_err(|error| refused("cannot read the settings", &error))?;
    let body = json!({ "editable": drawing.sections_in(&attributes["editable"], values) });
    let saved = client.put_attributes(id, &body).await;
    saved
        .map(drop)
        .map_err(|error| refused("cannot save the settings", &error))
}

/// Tells a person who waits which task runs.
struct Forward(Events);

impl crate::event::Consumer for Forward {
    fn consume(&mut self, event: &RunEvent) {
        if let RunEvent::TaskStarted { run, node, task } = event {
            let text = format!("{node}: {task} (deployment {run})");
            self.0.emit(RunEvent::Detail(Phase::Trials(TrialKind::Settings), text));
        }
    }
}

fn mark_needed(changed: &mut [(usize, ChangedSetting)], (needed, is_minimal): &(BTreeSet<usize>, bool)) {
    for (place, setting) in changed {
        setting.needed = match (needed.contains(place), is_minimal) {
            (true, true) => Some(true),
            // It is among those of which at least one is.
            (true, false) => None,
            (false, _) => Some(false),
        };
    }
}

/// What a trial is called: the settings that its failure needs, or the first that it changed.
fn named(settings: &[ChangedSetting]) -> String {
    let relevant: Vec<&ChangedSetting> = settings
        .iter()
        .filter(|setting| setting.needed != Some(false))
        .collect();
    let mut names: Vec<String> = relevant.iter().take(NAMED).map(|setting| setting.text()).collect();
    let more = relevant.len().saturating_sub(NAMED);
    if more > 0 {
        names.push(format!("{more} more"));
    }
    names.join(", ")
}

/// What is wrong, a line for each, and what can be done where a text is the cause.
fn sentence(marks: &[Mark], drawing: &Drawing, changed: &[(usize, ChangedSetting)]) -> String {
    let mut lines: Vec<String> = marks.iter().map(|mark| mark.line.clone()).collect();
    if marks.iter().any(|mark| mark.is_check) {
        lines.push(
            "hint: a check that is about the scenario's own settings says so with `only_own_settings: true`".to_owned(),
        );
    }
    let free = changed
        .iter()
        .find(|(place, setting)| setting.needed == Some(true) && drawing.fields()[*place].takes_any_text());
    if let Some((_, setting)) = free {
        lines.push(format!(
            "hint: `{}` takes any text: quote it where it is used, or say with `regex` in environment_config.yaml what it \
             takes; `fixed: [{}]` beside the plugin in the scenario leaves it as it is",
            setting.field, setting.field
        ));
    }
    lines.join("\n")
}
