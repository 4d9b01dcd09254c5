//! What is known beside the rows of a record: executions, what operators did, what changed.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;

use super::{Happening, Join, Moment};
use crate::domain::{
    Timestamp,
    audit::about::{Deed, Kind},
    change::{Change, Changed},
    error_group::ErrorDetail,
    event::{EventRow, EventType, RowId},
    pipeline::Pipeline,
    verdict::workflow_of,
    workflow::{Execution, Workflow},
};

/// What is known beside the rows of a record.
#[derive(Debug, Clone, Default)]
pub struct Around<'a> {
    /// Executions of n8n, the newest.
    pub executions: &'a [Execution],
    /// The events that executions name as their own, of those that were read whole.
    pub told: BTreeMap<&'a RowId, RowId>,
    /// The workflows of n8n.
    pub workflows: &'a [Workflow],
    /// Events of other records, and from when on every one is among them.
    pub others: Option<(Timestamp, Vec<&'a EventRow>)>,
    /// How long all but one in a hundred events of a stage take, where that is known.
    pub slowest: BTreeMap<EventType, TimeDelta>,
    /// What operators did about the rows.
    pub deeds: Vec<&'a Deed>,
    /// Alerts and workflows that changed.
    pub changes: Vec<&'a Change>,
    /// What could not be looked at, in sentences.
    pub lacks: Vec<String>,
}

/// What changed so long before the first of a record may have to do with it.
const BEFORE: TimeDelta = TimeDelta::minutes(10);

impl<'a> Around<'a> {
    /// The workflow that takes events of `stage`.
    pub(super) fn workflow(&self, pipeline: &Pipeline, stage: &EventType) -> Option<&'a Workflow> {
        workflow_of(pipeline.find(stage)?, self.workflows)
    }

    /// What operators did about the rows of the record.
    pub(super) fn deeds(&self) -> impl Iterator<Item = Moment<'a>> {
        self.deeds.iter().map(|deed| {
            let join = match deed.about.0 {
                Kind::Event | Kind::Error | Kind::Execution => Join::Exact,
                // The group that the error is in, the workflow that takes it.
                Kind::Group | Kind::Workflow => Join::Strong,
                // Whether one of the record's rows was among them nobody knows; a rule is of all records.
                Kind::Alert | Kind::Table | Kind::Note => Join::Weak,
            };
            Moment::new(deed.at, Happening::Deed(deed), join)
        })
    }

    /// What changed of the stages of the record from `first` on: of the stages, so that nothing but time joins it.
    pub(super) fn changes(
        &self,
        detail: &ErrorDetail,
        pipeline: &Pipeline,
        first: Timestamp,
    ) -> Vec<Moment<'a>> {
        let own = std::iter::once(&detail.error.stage);
        let stages: BTreeSet<&EventType> = own
            .chain(detail.events.iter().map(|event| &event.stage))
            .collect();
        let workflows: BTreeSet<&str> = stages
            .iter()
            .filter_map(|stage| self.workflow(pipeline, stage))
            .map(|workflow| workflow.id.as_str())
            .collect();
        let is_of = |change: &&&'a Change| {
            change.at >= first - BEFORE
                && match &change.what {
                    Changed::Alert { stage, .. } => {
                        stage.as_ref().is_some_and(|it| stages.contains(it))
                    }
                    Changed::Workflow { id, .. } => workflows.contains(id.as_str()),
                }
        };
        let all = self.changes.iter().filter(is_of);
        all.map(|change| Moment::new(change.at, Happening::Change(change), Join::Weak))
            .collect()
    }
}
