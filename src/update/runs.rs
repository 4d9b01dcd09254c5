//! Executions of n8n whole: which one is read, and what one does over it.

use chrono::TimeDelta;

use super::{action, answer, scroll};
use crate::{
    action::{Action, ScreenId},
    domain::{
        error_group::ErrorDetail,
        event::{EventStatus, RowId},
        run::RunData,
        timeline::{self, Happening, Join},
        untrusted::Untrusted,
    },
    effect::Effect,
    model::{Model, Overlay},
    msg::Fault,
    screens::{errors, room::Room},
};

/// Executions beside its own that are read for one record, to know which of them are its.
const MAYBE: usize = 6;

/// The sample in a panel is another one with each error that comes. Where no key was pressed since, an execution is read for it at
/// most once in this time: two requests, one of them with data.
const GLANCE: TimeDelta = TimeDelta::seconds(30);

/// What is to be read, where that is another than what was asked for: one execution at a time, and none that nobody looks at
/// any more.
pub(super) fn wanted(model: &mut Model) -> Option<Effect> {
    let wish = wish(model);
    if wish == model.run_asked {
        return None;
    }
    model.run_asked.clone_from(&wish);
    if let Some(id) = wish.as_ref().filter(|_| model.overlays.is_empty()) {
        model.run_glanced = Some((model.now, id.clone()));
    }
    Some(Effect::ReadRun(wish))
}

fn wish(model: &Model) -> Option<RowId> {
    if model.why_no_run().is_some() {
        return None;
    }
    let mut looked_at = looked_at(model).into_iter();
    looked_at.find(|id| !model.store.runs.holds(id, model.now))
}

/// The executions that are looked at, what is wanted most first.
fn looked_at(model: &Model) -> Vec<RowId> {
    let parse = |name: Option<&Untrusted>| name.and_then(Untrusted::key);
    match model.overlays.last() {
        Some(Overlay::Run { id, .. }) => vec![id.clone()],
        Some(Overlay::Detail { id, .. }) => {
            let row = model.store.detail.as_ref().and_then(|it| it.as_ref().ok());
            let row = row.map(|detail| &detail.row);
            let row = row.filter(|row| row.id == *id && row.status == EventStatus::Failed);
            parse(row.and_then(|row| row.execution.as_ref()))
                .into_iter()
                .collect()
        }
        Some(Overlay::Errors { ids, at, .. }) => {
            let Some((read, Ok(detail))) = &model.store.sample else {
                return Vec::new();
            };
            if ids.get(*at) != Some(read) {
                return Vec::new();
            }
            let own = detail.ran().and_then(|name| parse(Some(name)));
            own.into_iter().chain(maybe(model, detail)).collect()
        }
        None if has_panel(model) => glanced_at(model).into_iter().collect(),
        Some(_) | None => Vec::new(),
    }
}

/// The execution of the sample in the panel, at once after a key, and else no sooner than [`GLANCE`] after the one before.
fn glanced_at(model: &Model) -> Option<RowId> {
    if let Some((at, id)) = &model.run_glanced
        && model.now - *at < GLANCE
    {
        // What is on its way is not let go for a newer one.
        return (model.run_asked.as_ref() == Some(id)).then(|| id.clone());
    }
    let (id, answer) = model.store.sample.as_ref()?;
    // Until that of the selected group is read the one before is kept.
    if model.screens.sample(&model.store).as_ref() != Some(id) {
        return None;
    }
    answer.as_ref().ok()?.ran()?.key()
}

/// Whether a panel shows the sample of the selected group.
fn has_panel(model: &Model) -> bool {
    let body = Room::of(model.size.1, false).body;
    model.screen == ScreenId::Errors && errors::tells_of_record((model.size.0, body))
}

/// The executions that may be of the record of `detail`, and that no row of it names: what they say themselves settles it.
fn maybe(model: &Model, detail: &ErrorDetail) -> Vec<RowId> {
    let around = model.store.around(detail);
    let moments = timeline::of(detail, &around, &model.store.pipeline, model.now);
    let runs = moments.into_iter().filter_map(|moment| match moment.what {
        Happening::Execution(run) if moment.join != Join::Exact => Some(run.id.clone()),
        Happening::Execution(_)
        | Happening::Event(_)
        | Happening::Error(_)
        | Happening::Deed(_)
        | Happening::Change(_)
        | Happening::Missing(..) => None,
    });
    runs.take(MAYBE).collect()
}

/// An execution was read, or was not.
pub(super) fn read(model: &mut Model, id: RowId, answer: Result<RunData, Fault>) {
    model.store.runs.take(model.now, id, answer);
    model.revision += 1;
}

/// Shows the execution `id` whole.
pub(super) fn open(model: &mut Model, id: RowId) {
    model.overlays.push(Overlay::Run { id, scroll: 0 });
    model.shown_at = Some(model.now);
}

/// Does `action` over an execution.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "no other action is bound over an execution"
)]
pub(super) fn on_run(model: &mut Model, action: Action) -> Vec<Effect> {
    let Some(Overlay::Run { id, .. }) = model.overlays.last() else {
        return Vec::new();
    };
    let known = model.store.runs.of(id);
    match action {
        Action::Back | Action::Escape => {
            model.overlays.pop();
        }
        Action::Down | Action::Up | Action::HalfDown | Action::HalfUp => {
            scroll::scroll(model, action);
        }
        Action::Open => match known {
            Some(Ok(run)) => match run.event() {
                Some(event) => return vec![answer::open_event(model, event)],
                None if run.is_too_long => model.say("its data was left where it is: which event its webhook was called with is not known"),
                None => model.say("it names no event: neither in its customData nor in what its webhook was called with"),
            },
            Some(Err(_)) => model.say("it could not be read: which event it names is not known"),
            None => model.say(unread(model)),
        },
        Action::Copy => match known {
            Some(Ok(run)) => return vec![Effect::Copy(run.json(id))],
            Some(Err(_)) => model.say("it could not be read: there is nothing to copy"),
            None => model.say(unread(model)),
        },
        _ => return action::anywhere(model, action),
    }
    Vec::new()
}

/// Why nothing is known of an execution that is open.
fn unread(model: &Model) -> String {
    let why = model.why_no_run();
    why.map_or_else(
        || "this execution is not read yet".to_owned(),
        |why| format!("not read: {why}"),
    )
}
