//! `--crash`: the deployment is cut off at a point and deployed again.

use std::time::Instant;

use super::{Bench, Failure};
use crate::event::Phase;
use crate::run::RunError;
use crate::trial::{CrashPoint, Span, TrialKind, draw_crashes};

impl Bench<'_> {
    /// Draws the points and tries each; whether all passed.
    pub(super) async fn crashes(&mut self, count: usize, spans: &[Span]) -> Result<bool, RunError> {
        let mut passed = true;
        for (point, number) in draw_crashes(self.seed, count, spans.len()).iter().zip(1..) {
            if !self.wants(number) {
                continue;
            }
            let begun = Instant::now();
            let span = &spans[point.span];
            let mut result = self.result(TrialKind::Crash, number, count, point.to_string());
            result.task = Some((self.name(&span.uid).to_owned(), span.task.clone()));
            let failure = self.crash(number, point, spans).await?;
            passed &= self.tell(result, failure, begun);
        }
        Ok(passed)
    }

    async fn crash(&mut self, number: usize, point: &CrashPoint, spans: &[Span]) -> Result<Option<Failure>, RunError> {
        self.renew().await?;
        let log = self.log(&format!("crash-{number}"));
        self.deploy_until(&log, point, spans).await?;
        match self.deploy(&log, 2, Phase::Trials(TrialKind::Crash)).await? {
            Ok(()) => self.compare().await,
            Err(failure) => Ok(Some(Failure {
                sentence: format!("deployed again, it fails: {failure}"),
                differences: Vec::new(),
            })),
        }
    }
}
