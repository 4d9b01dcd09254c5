//! Why a stage is stuck or its events fail, of what is known here.

use super::{Store, feed::Feed};
use crate::{
    domain::{
        audit::about::Kind,
        error_group::{ErrorDetail, GroupId},
        event::{EventStatus, EventType},
        why::{self, Case, Hypothesis, Input, Unexplained},
    },
    msg::Link,
};

impl Store {
    /// The hypotheses about `stage`, and about one group of its errors where one is asked about, the likeliest first.
    pub fn why(&self, stage: &EventType, group: Option<GroupId>) -> Vec<Hypothesis> {
        let line = |name: &EventType| self.flow.iter().find(|line| line.stage == *name);
        let above = self.pipeline.ancestors(stage).next().map(EventType::from);
        let groups = self
            .errors
            .value()
            .map_or(&[][..], |errors| errors.groups.as_slice());
        let group = group.and_then(|id| groups.iter().find(|group| group.id == id));
        let sample = self
            .sample
            .as_ref()
            .and_then(|(_, read)| read.as_ref().ok());
        let is_of =
            |detail: &&ErrorDetail| group.is_some_and(|group| group.ids.contains(&detail.error.id));
        let probe = match &self.probe {
            Some(Ok(probe)) => Ok(probe),
            Some(Err(fault)) => Err(fault.to_string()),
            None => Err("being looked up".to_owned()),
        };
        why::explain(&Case {
            stage: self.pipeline.find(stage),
            line: line(stage),
            upstream: above.as_ref().and_then(line),
            group,
            sample: sample.filter(is_of),
            workflows: self.n8n_input(&self.workflows),
            executions: self.n8n_input(&self.executions),
            probe,
            rows: self
                .tail
                .value()
                .map(|()| self.unexplained(stage, sample.filter(is_of))),
            skew_ms: self.server.value().map(|server| server.skew_ms),
        })
    }

    /// What became of the rows of `stage` that nothing may explain.
    fn unexplained(&self, stage: &EventType, sample: Option<&ErrorDetail>) -> Unexplained {
        let mut found = Unexplained {
            is_orphan: sample.is_some_and(|it| it.error.event.is_some() && it.event.is_none()),
            ..Unexplained::default()
        };
        for row in self.stream.newest().filter(|row| row.stage == *stage) {
            let has_ended = matches!(row.status, EventStatus::Processed | EventStatus::Failed);
            found.gone += u64::from(self.stream.is_gone(&row.id));
            found.ended += u64::from(has_ended);
            found.unnamed += u64::from(has_ended && row.execution.is_none());
        }
        let asked = sample.and_then(|sample| {
            let subject = self.subject(sample);
            self.audit
                .about()
                .filter(|known| *known.subject() == subject)
        });
        match asked {
            None => found.lack = Some("asked of one record, and none is read".to_owned()),
            Some(known) => {
                let purges = known.deeds().filter(|deed| deed.about.0 == Kind::Table);
                let last = purges.max_by_key(|deed| deed.at);
                found.purged = last.map(|deed| (deed.actor.clone(), deed.at));
                found.lack = known.lack();
            }
        }
        found
    }

    /// What n8n said, or why it has not.
    fn n8n_input<'a, T: PartialEq>(&self, feed: &'a Feed<T>) -> Input<'a, T> {
        if let Link::Off(why) = &self.n8n {
            return Err(format!("n8n is not set up: {why}"));
        }
        match (feed.value(), feed.fault()) {
            (_, Some(fault)) => Err(fault.to_string()),
            (Some(value), None) => Ok(value),
            (None, None) => Err("n8n has not answered yet".to_owned()),
        }
    }
}
