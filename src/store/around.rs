//! What is known beside the rows of a record.

use chrono::TimeDelta;

use super::Store;
use crate::domain::{
    Timestamp,
    audit::about::{self, Kind, Subject},
    error_group::ErrorDetail,
    event::{EventRow, EventType, RowId},
    plan::Table,
    timeline::Around,
    untrusted::Untrusted,
    verdict::workflow_of,
    workflow::{Execution, Workflow},
};

/// What was done so long before the first of a record may have to do with it.
const BEFORE: TimeDelta = TimeDelta::minutes(10);

impl Store {
    /// The workflow that takes events of `stage`, where n8n has it.
    fn workflow(&self, stage: &EventType) -> Option<&Workflow> {
        let workflows = self.workflows.value().map_or(&[][..], Vec::as_slice);
        workflow_of(self.pipeline.find(stage)?, workflows)
    }

    /// The name of the workflow of `run`, where n8n lists it.
    pub fn workflow_name(&self, run: &Execution) -> Option<&Untrusted> {
        let mut all = self.workflows.value().into_iter().flatten();
        let found = all.find(|workflow| workflow.id == run.workflow);
        found.map(|workflow| &workflow.name)
    }

    /// The events of the stream in the stages of `detail`, and since when none is missing among them.
    fn others(&self, detail: &ErrorDetail) -> Option<(Timestamp, Vec<&EventRow>)> {
        let since = self.stream.whole_since(self.changes.since()?);
        let of_stage = |row: &&EventRow| detail.events.iter().any(|own| own.stage == row.stage);
        Some((since, self.stream.newest().filter(of_stage).collect()))
    }

    /// The rows of the record of `detail`, and what is around them, to be asked after in what was written down.
    pub fn subject(&self, detail: &ErrorDetail) -> Subject {
        let errors = self.errors.value();
        let groups = errors.map_or(&[][..], |errors| errors.groups.as_slice());
        let group = detail.error.group(groups).map(|group| group.id.key());
        let of = |kind: Kind| move |id: RowId| (kind, id);
        let events = detail.events.iter().map(|event| event.id.clone());
        let events = events.chain(detail.error.event.clone());
        let rows = detail.errors.iter().map(|error| error.id.clone());
        let named = detail.events.iter().map(|event| &event.execution);
        let named = named.chain(detail.errors.iter().map(|error| &error.execution));
        let runs = named.flatten().filter_map(|name| RowId::parse(name.raw()));
        let stages = detail.events.iter().map(|event| &event.stage);
        let stages = stages.chain([&detail.error.stage]);
        let workflows = stages.filter_map(|stage| Some(self.workflow(stage)?.id.clone()));
        let mut named: Vec<(Kind, RowId)> = (events.map(of(Kind::Event)))
            .chain(rows.map(of(Kind::Error)))
            .chain(group.map(of(Kind::Group)))
            .chain(workflows.map(of(Kind::Workflow)))
            .chain(runs.map(of(Kind::Execution)))
            .chain([(Kind::Table, Table::Events.id())])
            .chain([(Kind::Note, about::note())])
            .collect();
        named.sort();
        named.dedup();
        let moments = detail.events.iter().map(|event| event.created_at);
        let first = moments.chain(detail.errors.iter().map(|error| error.created_at));
        let first = first.min().unwrap_or(detail.error.created_at);
        Subject {
            named,
            since: first - BEFORE,
        }
    }

    /// What is known beside the rows of the record of `detail`.
    pub fn around(&self, detail: &ErrorDetail) -> Around<'_> {
        let executions = self.executions.value();
        let known = self.audit.about();
        let known = known.filter(|known| *known.subject() == self.subject(detail));
        let mut lacks = Vec::new();
        if let Some(lack) = known.map_or(Some("not asked".to_owned()), about::Known::lack) {
            lacks.push(format!("what operators did: {lack}"));
        }
        let first = detail.events.iter().map(|event| event.created_at).min();
        if let Some(since) = self.changes.since()
            && first.is_some_and(|first| first < since)
        {
            let since = since.format("%H:%M:%SZ");
            lacks.push(format!("alerts before {since}, when this console began"));
        }
        let stages = self.stages.value();
        let slowest = stages.into_iter().flatten().filter_map(|reading| {
            let ms = i64::try_from(reading.latency.p99?.ms).ok()?;
            Some((reading.stage.clone(), TimeDelta::milliseconds(ms)))
        });
        Around {
            executions: executions.map_or(&[][..], |all| all.recent.as_slice()),
            told: self.runs.events(),
            workflows: self.workflows.value().map_or(&[], Vec::as_slice),
            others: self.others(detail),
            slowest: slowest.collect(),
            deeds: known.into_iter().flat_map(about::Known::deeds).collect(),
            changes: self.changes.iter().collect(),
            lacks,
        }
    }
}
