//! Which executions belong to a record: those that a row names, those that name one of its events, and those that cannot be of
//! any other event.

use chrono::TimeDelta;

use super::{Around, Happening, Join, Moment};
use crate::domain::{
    Timestamp,
    audit::about::Kind,
    error_group::ErrorDetail,
    event::{EventRow, EventType},
    pipeline::Pipeline,
    untrusted::Untrusted,
    workflow::Execution,
};

/// How far apart an execution and its event may begin where nothing but time joins them.
const NEAR: TimeDelta = TimeDelta::seconds(5);

/// Clocks differ: an execution may seem to begin this long before its event.
const EARLY: TimeDelta = TimeDelta::seconds(1);

/// How long a stage takes of which that is not known.
const USUAL: TimeDelta = TimeDelta::seconds(5);

/// What looks for the executions of one record.
pub(super) struct Runs<'a, 'b> {
    pub(super) detail: &'b ErrorDetail,
    pub(super) around: &'b Around<'a>,
    pub(super) pipeline: &'b Pipeline,
}

impl<'a> Runs<'a, '_> {
    /// The executions of the record.
    pub(super) fn moments(&self) -> Vec<Moment<'a>> {
        let executions = self.around.executions.iter();
        executions.filter_map(|run| self.moment(run)).collect()
    }

    fn moment(&self, run: &'a Execution) -> Option<Moment<'a>> {
        let at = run.started_at?;
        let moment = |join| Moment::new(at, Happening::Execution(run), join);
        if self.is_named_here(run) {
            return Some(moment(Join::Exact));
        }
        if self.is_named_elsewhere(run) {
            return None;
        }
        if let Some(event) = self.around.told.get(&run.id) {
            let mut own = self.detail.events.iter();
            return own.any(|own| own.id == *event).then(|| moment(Join::Exact));
        }
        let own = self.detail.events.iter();
        let mut own = own.filter(|event| self.may_be(event, run, at));
        if let Some(event) = own.next() {
            // Of how many it could be, either way round.
            let rivals = 1 + own.count() + self.rivals(run, at);
            let runs = self.around.executions.iter();
            let runs = runs.filter(|other| {
                let at = other.started_at;
                at.is_some_and(|at| self.may_be(event, other, at))
                    && !self.is_named_here(other)
                    && !self.is_named_elsewhere(other)
            });
            let candidates = rivals.max(runs.count());
            let is_sure = candidates == 1 && self.knows_all(&event.stage, at);
            let join = if is_sure { Join::Strong } else { Join::Weak };
            return Some(Moment {
                candidates,
                ..moment(join)
            });
        }
        let event = self.detail.event.as_ref().map(|(event, _)| event);
        let is_near = event.is_some_and(|event| {
            event.execution.is_none() && (at - event.created_at).abs() <= NEAR
        });
        is_near.then(|| moment(Join::Weak))
    }

    /// Whether a row of the record names `run`.
    fn is_named_here(&self, run: &Execution) -> bool {
        let events = self.detail.events.iter();
        let events = events.filter_map(|event| event.execution.as_ref());
        let errors = self.detail.errors.iter();
        let mut named = events.chain(errors.filter_map(|error| error.execution.as_ref()));
        named.any(|name| is(name, run))
    }

    /// Whether an event of another record names `run`.
    fn is_named_elsewhere(&self, run: &Execution) -> bool {
        let mut others = self.others();
        others.any(|event| event.execution.as_ref().is_some_and(|name| is(name, run)))
    }

    fn others(&self) -> impl Iterator<Item = &'a EventRow> {
        let others = self.around.others.iter().flat_map(|(_, all)| all.iter());
        let own = &self.detail.events;
        others
            .copied()
            .filter(move |other| own.iter().all(|event| event.id != other.id))
    }

    /// How many events of other records may be what started `run`.
    fn rivals(&self, run: &Execution, at: Timestamp) -> usize {
        let may_be = |event: &&EventRow| self.may_be(event, run, at);
        self.others().filter(may_be).count()
    }

    /// Whether every event that may have started a run of the workflow of `stage` at `at` is known.
    fn knows_all(&self, stage: &EventType, at: Timestamp) -> bool {
        let known = self.around.others.as_ref();
        known.is_some_and(|(since, _)| *since <= at - self.slowest(stage))
    }

    fn slowest(&self, stage: &EventType) -> TimeDelta {
        let known = self.around.slowest.get(stage);
        known.copied().unwrap_or(USUAL).max(EARLY)
    }

    /// Whether `run`, which began at `at`, may be what `event` started, when it was written or tried again: no execution is
    /// named by it, the workflow is that of its stage, an event started it, and the time fits.
    fn may_be(&self, event: &EventRow, run: &Execution, at: Timestamp) -> bool {
        // What is told soonest first: there may be thousands of events, and hundreds of executions.
        if event.execution.is_some() || !matches!(run.mode.raw(), "webhook" | "trigger") {
            return false;
        }
        if self
            .around
            .told
            .get(&run.id)
            .is_some_and(|told| *told != event.id)
        {
            return false;
        }
        let latest = self.slowest(&event.stage);
        let fits = |from: Timestamp| at >= from - EARLY && at <= from + latest;
        let is_again = || {
            let mut deeds = self.around.deeds.iter();
            deeds.any(|deed| {
                deed.action.raw() == "retry_events"
                    && fits(deed.at)
                    && deed.about == (Kind::Event, event.id.clone())
            })
        };
        if !fits(event.created_at) && !is_again() {
            return false;
        }
        let workflow = self.around.workflow(self.pipeline, &event.stage);
        workflow.is_some_and(|workflow| workflow.id == run.workflow)
    }
}

fn is(name: &Untrusted, run: &Execution) -> bool {
    name.raw() == run.id.as_str()
}
