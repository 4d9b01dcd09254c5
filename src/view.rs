//! The whole frame: title, verdict, screen, trust, footer, and what lies over them. The rows of the frame never
//! move while the terminal keeps its size.

mod ascii;
mod batch;
mod form;
mod rows;
mod title;
mod trust;
mod typing;
mod verdict;

use ratatui::{Frame, buffer::Buffer};

use crate::{
    action::ScreenId,
    domain::{
        Timestamp,
        audit::EntryId,
        error_group::{ErrorDetail, GroupId},
        event::{EventType, RowId},
        flow::FlowLine,
        plan::{Leaf, Mutation, Plan, Purging, taken},
        untrusted::Untrusted,
    },
    keymap::{Hint, Scope, in_scopes},
    model::{Done, Model, Overlay, Reading},
    ui::{
        Context, Role, Theme, audit, cost, detail, footer, help, ledger, overlay, past, plan,
        purge, run, sample, undo, why,
    },
};

/// Paints `model`.
pub fn view(model: &Model, theme: &Theme, frame: &mut Frame<'_>) {
    let area = frame.area();
    let cx = Context {
        theme,
        pipeline: &model.store.pipeline,
        now: model.store.database_clock(model.now),
        here: model.now,
        size: (area.width, area.height),
        time_mode: model.time_mode,
        zone: &model.options.zone,
    };
    frame.buffer_mut().set_style(area, cx.style(Role::Text));
    let rows = rows::rows(area, model.screen == ScreenId::Overview);
    model
        .screens
        .view(model.screen, &model.store, &cx, frame, rows.body);
    let buf = frame.buffer_mut();
    title::title(&cx, buf, rows.title, model);
    verdict::verdict(&cx, buf, &rows, model);
    trust::trust(&cx, buf, rows.trust, model);
    let hints = footer::hints(&model.options.keymap, &model.scopes(), |action| {
        if model.barred(action).is_some() {
            footer::Ability::Never
        } else if model.refusal(action).is_some() {
            footer::Ability::NotNow
        } else {
            footer::Ability::Can
        }
    });
    let barred = in_scopes(&model.scopes())
        .filter(|binding| binding.hint == Hint::Footer)
        .find_map(|binding| model.barred(binding.action));
    footer::footer(&cx, buf, rows.footer, &hints, barred);
    for (depth, overlay) in model.overlays.iter().enumerate() {
        overlaid(&cx, buf, &rows, model, (depth, overlay));
    }
    if theme.ascii {
        ascii::ascii(buf);
    }
}

fn overlaid(
    cx: &Context<'_>,
    buf: &mut Buffer,
    rows: &rows::Rows,
    model: &Model,
    (depth, overlay): (usize, &Overlay),
) {
    match overlay {
        Overlay::Help(scroll) => {
            helping(cx, buf, rows, model, (depth, *scroll));
        }
        Overlay::Ledger(scroll) => {
            let hidden = model.screens.hidden_in_stream(&model.store);
            let known = (&model.store.ledger, &model.store.reconnects);
            ledger::ledger(cx, buf, rows.over, known, hidden, *scroll);
        }
        Overlay::Cost(scroll) => {
            cost::cost(cx, buf, rows.over, (&model.store, &model.needed), *scroll);
        }
        Overlay::Detail {
            id,
            scroll,
            wrap,
            reveal,
        } => {
            let how = (*scroll, *wrap, *reveal);
            event(cx, buf, rows, model, id, how);
        }
        Overlay::Errors {
            ids,
            at,
            scroll,
            look,
        } => errors(cx, buf, rows, model, (ids, *at), (*scroll, *look)),
        Overlay::Why {
            stage,
            group,
            scroll,
        } => explained(cx, buf, rows, model, (stage, *group, *scroll)),
        Overlay::Past { at, scroll } => passed(cx, buf, rows, model, (*at, *scroll)),
        Overlay::Run { id, scroll } => executed(cx, buf, rows, model, (id, *scroll)),
        Overlay::Audit { id, scroll } => audited(cx, buf, rows, model, (*id, *scroll)),
        Overlay::Plan {
            plan: frozen,
            scroll,
            leaf,
        } => planned(cx, buf, rows, model, (frozen, *scroll, *leaf)),
        Overlay::Undo(selected) => {
            let entries = taken_back(model);
            undo::undo(cx, buf, rows.over, &entries, *selected);
        }
        Overlay::Purge => {
            if let Some(Purging { pace, progress }) = &model.store.purging {
                purge::purge(cx, buf, rows.over, progress.as_ref(), *pace);
            }
        }
        Overlay::Form(filled) => form::form(cx, buf, rows.over, model, filled),
        Overlay::Line(typed) => typing::typing(cx, buf, rows, model, typed),
    }
}

fn planned(
    cx: &Context<'_>,
    buf: &mut Buffer,
    rows: &rows::Rows,
    model: &Model,
    (frozen, scroll, leaf): (&Plan, usize, Leaf),
) {
    let errors = model.store.errors.value();
    let groups = errors.map_or(&[][..], |errors| errors.groups.as_slice());
    let taken = taken(frozen, groups, &model.options.actor);
    let drops = model.store.drops.value();
    plan::plan(cx, buf, rows.over, (frozen, &taken, drops), (scroll, leaf));
}

fn audited(
    cx: &Context<'_>,
    buf: &mut Buffer,
    rows: &rows::Rows,
    model: &Model,
    (id, scroll): (EntryId, usize),
) {
    let known = model.store.audit.whole(id);
    let listed = model.store.audit.find(id);
    let Some(entry) = known.read().map(|whole| &whole.entry).or(listed) else {
        return;
    };
    let undo = known.read().and_then(|whole| whole.undo.as_ref());
    let undo = undo.filter(|_| model.taken_back(id).is_none());
    let since = undo.map(|undo| model.store.since(undo));
    let since = since.as_deref();
    audit::entry(cx, buf, rows.over, (entry, known), (scroll, since));
}

fn executed(
    cx: &Context<'_>,
    buf: &mut Buffer,
    rows: &rows::Rows,
    model: &Model,
    (id, scroll): (&RowId, usize),
) {
    let store = &model.store;
    let listed = store.executions.value().and_then(|all| all.find(id));
    let known = (store.runs.of(id), model.why_no_run());
    let what = (id, listed, listed.and_then(|run| store.workflow_name(run)));
    run::run(cx, buf, rows.over, what, known, scroll);
}

fn explained(
    cx: &Context<'_>,
    buf: &mut Buffer,
    rows: &rows::Rows,
    model: &Model,
    (stage, group, scroll): (&EventType, Option<GroupId>, usize),
) {
    let width = rows.over.width.min(110);
    let hypotheses = model.store.why(stage, group);
    let lines = why::lines(cx, &hypotheses, usize::from(width).saturating_sub(4));
    let height = (lines.len() + 2).min(usize::from(rows.over.height)).max(8) as u16;
    let of = group.map_or_else(String::new, |group| format!("  group {group}"));
    let title = format!("WHY  {}{of}", stage.label());
    let badge = ("likeliest first".to_owned(), Role::Dim);
    let inner = overlay::popup(cx, buf, rows.over, (width, height), &title, &badge);
    overlay::scrolled(cx, buf, inner, &lines, scroll);
}

fn passed(
    cx: &Context<'_>,
    buf: &mut Buffer,
    rows: &rows::Rows,
    model: &Model,
    (at, scroll): (Timestamp, usize),
) {
    let store = &model.store;
    let line = |name: &EventType| store.flow.iter().find(|line| line.stage == *name);
    let open = |line: &FlowLine| {
        let reading = &line.reading;
        (reading.pending + reading.processing, reading.pending_capped)
    };
    let is_known = !store.flow.is_empty() && store.stages.fault().is_none();
    let now = |name: &EventType| is_known.then(|| line(name).map_or((0, false), open));
    past::past(cx, buf, rows.over, (at, store.past.as_ref(), &now), scroll);
}

fn event(
    cx: &Context<'_>,
    buf: &mut Buffer,
    rows: &rows::Rows,
    model: &Model,
    id: &RowId,
    how: (usize, bool, bool),
) {
    let row = model.store.stream.get(id);
    let answer = model.store.detail.as_ref();
    let read = answer.and_then(|answer| answer.as_ref().ok());
    let read = read.map(|detail| &detail.row).filter(|row| row.id == *id);
    let ran = read.or(row).and_then(|row| row.execution.as_ref());
    let mut ran = ran_of(model, ran);
    if matches!(answer, Some(Err(_))) {
        ran.1 = Some("the event could not be read".to_owned());
    }
    detail::detail(cx, buf, rows.over, (id, row), (answer, ran), how);
}

fn errors(
    cx: &Context<'_>,
    buf: &mut Buffer,
    rows: &rows::Rows,
    model: &Model,
    (ids, at): (&[RowId], usize),
    (scroll, look): (usize, Reading),
) {
    let Some(id) = ids.get(at) else { return };
    let read = model.store.sample.as_ref();
    let read = read
        .filter(|(read, _)| read == id)
        .map(|(_, answer)| answer);
    let detail = read.and_then(|answer| answer.as_ref().ok());
    let around = detail.map(|detail| model.store.around(detail));
    let look = sample::Look {
        scroll,
        wrap: look.wrap,
        reveal: look.reveal,
        raw: look.raw,
        depth: look.depth,
        timeline: look.timeline,
    };
    let place = (id, at + 1, ids.len());
    let ran = ran_of(model, detail.and_then(ErrorDetail::ran));
    let read = (read, around.as_ref(), ran);
    sample::sample(cx, buf, rows.over, place, read, look);
}

/// What was read of the execution that is named so, and why nothing is, where nothing is.
fn ran_of<'a>(model: &'a Model, name: Option<&Untrusted>) -> run::Ran<'a> {
    let Some(id) = name.and_then(Untrusted::key) else {
        return (None, Some("this is not the key of an execution".to_owned()));
    };
    (model.store.runs.of(&id), model.why_no_run())
}

/// The help for what lies at `depth` of the overlays, scrolled down by so many lines.
fn helping(
    cx: &Context<'_>,
    buf: &mut Buffer,
    rows: &rows::Rows,
    model: &Model,
    (depth, scroll): (usize, usize),
) {
    let scopes = helped(model, depth);
    let barred = |action| model.barred(action);
    let keymap = &model.options.keymap;
    let wakes = help::Wakes {
        canary: model.options.canary.as_deref(),
        rest_after: model.options.rest_after,
    };
    help::help(
        cx,
        buf,
        rows.over,
        keymap,
        &scopes,
        (scroll, &barred),
        wakes,
    );
}

/// What can be taken back, and what is known to have changed since.
fn taken_back(model: &Model) -> Vec<undo::Entry> {
    let entry = |(done, undo): (&Done, &Mutation)| undo::Entry {
        at: done.at,
        done: done.words.clone(),
        undo: undo.words(),
        since: model.store.since(undo),
    };
    model.undoable().into_iter().map(entry).collect()
}

/// The scopes that the help at `depth` of the overlays explains, and their titles.
fn helped(model: &Model, depth: usize) -> Vec<(Scope, String)> {
    let under = depth.checked_sub(1).and_then(|at| model.overlays.get(at));
    let over = match under {
        Some(Overlay::Detail { .. }) => Some((Scope::Detail, "EVENT")),
        Some(Overlay::Why { .. }) => Some((Scope::Why, "EXPLANATION")),
        Some(Overlay::Past { .. }) => Some((Scope::Past, "PAST")),
        Some(Overlay::Audit { .. }) => Some((Scope::Entry, "ENTRY")),
        Some(Overlay::Run { .. }) => Some((Scope::Run, "EXECUTION")),
        Some(Overlay::Errors { .. }) => Some((Scope::Sample, "ERROR")),
        Some(
            Overlay::Help(_)
            | Overlay::Ledger(_)
            | Overlay::Cost(_)
            | Overlay::Plan { .. }
            | Overlay::Undo(_)
            | Overlay::Purge
            | Overlay::Form(_)
            | Overlay::Line(_),
        )
        | None => None,
    };
    if let Some((scope, title)) = over {
        let always = (Scope::Always, "ALWAYS".to_owned());
        return vec![(scope, title.to_owned()), always];
    }
    let screen = model.screen.title().to_uppercase();
    vec![
        (Scope::Screen(model.screen), screen),
        (Scope::Global, "EVERYWHERE".to_owned()),
        (Scope::Plan, "IN A PLAN".to_owned()),
        (Scope::Purge, "WHILE A PURGE RUNS".to_owned()),
        (Scope::Form, "IN A FORM".to_owned()),
        (Scope::Line, "IN A LINE".to_owned()),
        (Scope::Always, "ALWAYS".to_owned()),
    ]
}
