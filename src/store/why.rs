//! Why a stage is stuck or its events fail, of what is known here.

use super::{Store, feed::Feed};
use crate::{
    domain::{
        error_group::{ErrorDetail, GroupId},
        event::EventType,
        why::{self, Case, Hypothesis, Input},
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
            skew_ms: self.server.value().map(|server| server.skew_ms),
        })
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
