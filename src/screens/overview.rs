//! The overview: every part of the pipeline in one place, each in a pane of its own.

mod view;

pub use view::view;

use crate::{
    action::{Action, ScreenId},
    domain::{
        alert::{Alert, RuleId, State as AlertState},
        error_group::{ErrorGroup, GroupId},
        event::{EventType, RowId},
        filter::{Filter, Vocabulary, exactly},
        scorecard::{METRICS, MetricId},
        verdict::Health,
        workflow::Workflow,
    },
    screens::{Answer, cursor::Cursor},
    store::Store,
};

/// Events and executions that a pane offers to the cursor.
const OFFERED: usize = 100;

/// A part of the overview that the keys can be in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Pane {
    #[default]
    Flow,
    Alerts,
    Errors,
    Stream,
    N8n,
    Campaigns,
    Scorecard,
}

impl Pane {
    const ALL: [Self; 7] = [
        Self::Flow,
        Self::Alerts,
        Self::Errors,
        Self::Stream,
        Self::N8n,
        Self::Campaigns,
        Self::Scorecard,
    ];

    /// The pane `step` places on, around the end.
    fn on(self, step: usize) -> Self {
        let at = Self::ALL.iter().position(|pane| *pane == self);
        let next = (at.unwrap_or(0) + step) % Self::ALL.len();
        Self::ALL.get(next).copied().unwrap_or_default()
    }
}

/// The overview filters nothing.
pub const VOCABULARY: Vocabulary = Vocabulary::NONE;

/// What the operator chose here.
#[derive(Debug, Default)]
pub struct State {
    /// Which rows are shown; the overview shows all, so it stays empty: its key leads to the stream's.
    pub filter: Filter,
    pane: Pane,
    /// Whether the operator chose a stage; until then the verdict's root is selected.
    chose_stage: bool,
    stages: Cursor<EventType>,
    alerts: Cursor<RuleId>,
    groups: Cursor<GroupId>,
    events: Cursor<RowId>,
    executions: Cursor<RowId>,
    campaigns: Cursor<RowId>,
    metrics: Cursor<MetricId>,
}

/// Does `action`; the list shows `page` rows.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "every other action is one of the cursor's"
)]
pub fn update(state: &mut State, store: &Store, action: Action, page: usize) -> Vec<Answer> {
    match action {
        Action::NextPane => state.pane = state.pane.on(1),
        Action::PreviousPane => state.pane = state.pane.on(Pane::ALL.len() - 1),
        Action::Open => return open(state, store).into_iter().collect(),
        Action::Copy => return copied(state, store).map(Answer::Copy).into_iter().collect(),
        Action::Explain => {
            let group = selected_group(state, store).filter(|_| state.pane == Pane::Errors);
            let of_group = group.map(|group| Answer::Explain(group.stage.clone(), Some(group.id)));
            let of_stage = || {
                let chosen = state.stages.selected().cloned();
                chosen.map(|stage| Answer::Explain(stage, None))
            };
            return of_group.or_else(of_stage).into_iter().collect();
        }
        Action::NextProblem => problem(state, store, true),
        Action::PreviousProblem => problem(state, store, false),
        _ => moved(state, store, action, page),
    }
    Vec::new()
}

fn moved(state: &mut State, store: &Store, action: Action, page: usize) {
    match state.pane {
        Pane::Flow => {
            state.chose_stage |= state.stages.act(action, &stages(store), page);
        }
        Pane::Alerts => _ = state.alerts.act(action, &rules(store), page),
        Pane::Errors => _ = state.groups.act(action, &groups(store), page),
        Pane::Stream => _ = state.events.act(action, &events(store), page),
        Pane::N8n => _ = state.executions.act(action, &executions(store), page),
        Pane::Campaigns => _ = state.campaigns.act(action, &campaigns(store), page),
        Pane::Scorecard => _ = state.metrics.act(action, &metrics(), page),
    }
}

/// Selects the next or the previous stage that is not well.
fn problem(state: &mut State, store: &Store, forward: bool) {
    let at = state.stages.position(&stages(store)).unwrap_or(0);
    let ill = store
        .flow
        .iter()
        .enumerate()
        .filter(|(_, line)| !matches!(line.health, Health::Ok | Health::Idle));
    let ill: Vec<(usize, &EventType)> = ill.map(|(at, line)| (at, &line.stage)).collect();
    let found = if forward {
        ill.iter().find(|(place, _)| *place > at).or(ill.first())
    } else {
        ill.iter()
            .rev()
            .find(|(place, _)| *place < at)
            .or(ill.last())
    };
    if let Some((_, stage)) = found {
        state.stages.select(Some((*stage).clone()));
        state.chose_stage = true;
        state.pane = Pane::Flow;
    }
}

/// What `enter` does: the screen of the pane, filtered to the selected row.
fn open(state: &State, store: &Store) -> Option<Answer> {
    let of_stage = |stage: &EventType| exactly("stage", &stage.label());
    Some(match state.pane {
        Pane::Flow => Answer::Go(ScreenId::Queue, of_stage(state.stages.selected()?)),
        Pane::Alerts => {
            let rule = state.alerts.selected()?.rule();
            Answer::Go(ScreenId::Alerts, exactly("rule", rule.name))
        }
        Pane::Errors => {
            let group = selected_group(state, store)?;
            Answer::Go(ScreenId::Errors, of_stage(&group.stage))
        }
        Pane::Stream => Answer::OpenEvent(state.events.selected()?.clone()),
        Pane::N8n => {
            let workflow = selected_workflow(state, store);
            let named = workflow.and_then(|workflow| exactly("workflow", workflow.name.raw()));
            Answer::Go(ScreenId::N8n, named)
        }
        Pane::Campaigns => {
            let id = state.campaigns.selected()?;
            Answer::Go(ScreenId::Campaigns, exactly("id", id.as_str()))
        }
        Pane::Scorecard => {
            let metric = label(*state.metrics.selected()?);
            Answer::Go(ScreenId::Scorecard, exactly("metric", metric))
        }
    })
}

fn label(metric: MetricId) -> &'static str {
    let spec = METRICS.iter().find(|spec| spec.id == metric);
    spec.map_or("", |spec| spec.label)
}

/// The workflow of the selected execution.
fn selected_workflow<'a>(state: &State, store: &'a Store) -> Option<&'a Workflow> {
    let selected = state.executions.selected()?;
    let run = store.executions.value()?.find(selected)?;
    let mut workflows = store.workflows.value()?.iter();
    workflows.find(|workflow| workflow.id == run.workflow)
}

/// The obvious about the selected row.
fn copied(state: &State, store: &Store) -> Option<String> {
    match state.pane {
        Pane::Flow => state.stages.selected().map(EventType::label),
        Pane::Alerts => state
            .alerts
            .selected()
            .map(|rule| rule.rule().title.to_owned()),
        Pane::Errors => selected_group(state, store).map(|group| group.fingerprint.to_string()),
        Pane::Stream => state.events.selected().map(ToString::to_string),
        Pane::N8n => state.executions.selected().map(ToString::to_string),
        Pane::Campaigns => state.campaigns.selected().map(ToString::to_string),
        Pane::Scorecard => state.metrics.selected().map(|id| label(*id).to_owned()),
    }
}

fn selected_group<'a>(state: &State, store: &'a Store) -> Option<&'a ErrorGroup> {
    let chosen = state.groups.selected()?;
    store.groups().iter().find(|group| group.id == *chosen)
}

/// Makes the selection valid again.
pub fn settle(state: &mut State, store: &Store) {
    if !state.chose_stage {
        state.stages.select(store.verdict.root.clone());
    }
    state.stages.settle(&stages(store));
    state.alerts.settle(&rules(store));
    state.groups.settle(&groups(store));
    state.events.settle(&events(store));
    state.executions.settle(&executions(store));
    state.campaigns.settle(&campaigns(store));
    state.metrics.settle(&metrics());
}

/// Why `action` cannot be done here now, if it cannot.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "every other action can be done"
)]
pub fn refusal(state: &State, store: &Store, action: Action) -> Option<&'static str> {
    match action {
        Action::Mark | Action::MarkAll | Action::MarkRange => {
            Some("open the row first: enter, then mark there")
        }
        Action::ClearMarks => Some("nothing is marked"),
        Action::Retry | Action::Resolve | Action::Publish => {
            Some("changes start from the rows: stream, errors or n8n")
        }
        Action::Pause | Action::Follow => Some("that is for the stream: press 2"),
        Action::Reveal => Some("people are shown in an open event alone: enter"),
        Action::Explain if state.stages.selected().is_none() => Some("nothing is selected yet"),
        Action::Wrap
        | Action::NextMode
        | Action::NextOrder
        | Action::ReverseOrder
        | Action::NextTab
        | Action::PreviousTab => Some("that is for the errors: press 4"),
        Action::Open if open(state, store).is_none() => Some("nothing is selected yet"),
        Action::NextProblem | Action::PreviousProblem if store.flow.is_empty() => {
            Some("nothing is known of the stages yet")
        }
        _ => None,
    }
}

fn stages(store: &Store) -> Vec<EventType> {
    store.flow.iter().map(|line| line.stage.clone()).collect()
}

/// The alerts, those that ask for something first.
fn ordered(store: &Store) -> Vec<&Alert> {
    let urgency = |alert: &&Alert| match alert.state {
        _ if alert.is_silenced() => 4,
        AlertState::Firing(_) if alert.acked_by().is_some() => 1,
        AlertState::Firing(_) => 0,
        AlertState::Pending(_) => 2,
        AlertState::NoData(_) => 3,
        AlertState::Ok | AlertState::LowN | AlertState::Idle => 5,
    };
    let mut alerts: Vec<&Alert> = store.alerts.iter().collect();
    alerts.sort_by_key(urgency);
    alerts
}

fn rules(store: &Store) -> Vec<RuleId> {
    ordered(store).iter().map(|alert| alert.rule).collect()
}

fn groups(store: &Store) -> Vec<GroupId> {
    store.groups().iter().map(|group| group.id).collect()
}

fn events(store: &Store) -> Vec<RowId> {
    let newest = store.stream.newest().take(OFFERED);
    newest.map(|row| row.id.clone()).collect()
}

fn executions(store: &Store) -> Vec<RowId> {
    let executions = store.executions.value().map(|all| &all.recent);
    let recent = executions.into_iter().flatten().take(OFFERED);
    recent.map(|execution| execution.id.clone()).collect()
}

fn campaigns(store: &Store) -> Vec<RowId> {
    let campaigns = store.campaigns.value().into_iter().flatten();
    campaigns.map(|campaign| campaign.id.clone()).collect()
}

fn metrics() -> Vec<MetricId> {
    METRICS.iter().map(|spec| spec.id).collect()
}
