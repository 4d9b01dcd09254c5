//! The one place where the model changes.

mod action;
mod answer;
mod audit;
mod batch;
mod campaigns;
mod errors;
mod form;
mod kept;
mod line;
mod mutated;
mod past;
mod plan;
mod purge;
mod rest;
mod runs;
mod scroll;
mod triage;

use chrono::TimeDelta;

use crate::{
    domain::{
        Timestamp,
        cost::Turn,
        event::{EventDetail, GONE, RowId},
        untrusted::Untrusted,
    },
    effect::{Effect, FeedId},
    keymap::{Chord, Key},
    model::{Model, Overlay},
    msg::{Fact, Fault, Link, LinkId, Msg},
    screens::feeds,
};

/// How long a notice stays.
const NOTICE: TimeDelta = TimeDelta::seconds(10);
/// The tail is asked for at most once in this time, however many notifications come: what nobody waits for is painted once
/// a second.
const TAIL_PAUSE: TimeDelta = TimeDelta::milliseconds(500);
/// The listener is told of keys at most once in this time.
const ATTENDED: TimeDelta = TimeDelta::seconds(30);
/// An answer that has not come by then is not waited for.
const TAIL_LOST: TimeDelta = TimeDelta::seconds(5);

/// Folds `msg`, which happened `at`, into the model; answers with what to do about it. `model.revision` counts
/// up when something that is shown has changed.
#[must_use]
pub fn update(model: &mut Model, at: Timestamp, msg: Msg) -> Vec<Effect> {
    let is_tick = matches!(msg, Msg::Tick);
    // What is looked at changes by hand, and by what was asked for it.
    let may_look = matches!(
        msg,
        Msg::Tick | Msg::Key(_) | Msg::Looked(..) | Msg::Detail(..) | Msg::RunRead(..)
    );
    let mut effects = fold(model, at, msg);
    effects.extend(errors::wanted(model));
    effects.extend(campaigns::wanted(model));
    if may_look {
        effects.extend(runs::wanted(model));
    }
    effects.extend(audit::wanted(model));
    effects.extend(batch::wanted(model, is_tick));
    effects
}

fn fold(model: &mut Model, at: Timestamp, msg: Msg) -> Vec<Effect> {
    model.now = at;
    // What is shown changes by hand, with the terminal's size, and with the number of the stages. A paste asks for nothing by
    // itself: what it narrows is seen at the next tick.
    let may_need = matches!(
        msg,
        Msg::Key(_) | Msg::Resized(..) | Msg::Tick | Msg::Fetched(FeedId::Stages, ..)
    );
    let (rested, seen) = (model.store.resting, model.store.stream.seen());
    if matches!(msg, Msg::Key(_) | Msg::Pasted(_) | Msg::Notified(_)) {
        rest::stir(model);
    }
    let mut effects = folded(model, at, msg);
    if model.store.stream.seen() != seen {
        rest::stir(model);
    }
    if may_need || model.store.resting != rested {
        effects.extend(needed(model));
    }
    effects
}

/// Tells which feeds are needed, where what is shown needs others than before.
fn needed(model: &mut Model) -> Option<Effect> {
    let shown = feeds::needed(&model.screens, &model.store, model.screen, model.size.1);
    let needed = rest::needed(model, shown);
    if model.needed == needed {
        return None;
    }
    model.store.need(model.now, &needed);
    model.needed.clone_from(&needed);
    Some(Effect::Need(needed))
}

fn folded(model: &mut Model, at: Timestamp, msg: Msg) -> Vec<Effect> {
    match msg {
        Msg::Key(chord) => keyed(model, chord),
        Msg::Pasted(text) => {
            model.revision += 1;
            pasted(model, &text);
            Vec::new()
        }
        Msg::Focused(gained) => {
            model.shown_at = if gained { Some(at) } else { model.shown_at };
            Vec::new()
        }
        Msg::Resized(width, height) => {
            model.revision += u64::from(model.size != (width, height));
            model.size = (width, height);
            Vec::new()
        }
        Msg::SlowLink(frames) => {
            model.revision += u64::from(model.slow_link != frames);
            model.slow_link = frames;
            Vec::new()
        }
        Msg::Tick => tick(model),
        Msg::Linked(id, link) => linked(model, id, link),
        Msg::Notified(n) => {
            model.store.notifications += n;
            model.tail.wanted = true;
            ask_tail(model)
        }
        Msg::Proven(took_us) => proven(model, took_us),
        Msg::Fetched(feed, answer, turn) => fetched(model, feed, answer, turn),
        Msg::Cost(bill) => {
            let changed = model.store.cost.absorb(at, bill);
            model.revision += u64::from(changed);
            Vec::new()
        }
        Msg::Detail(id, answer) => {
            detailed(model, &id, answer.map(|detail| *detail));
            Vec::new()
        }
        Msg::Audited(question, answer) => audit::answered(model, question, answer),
        Msg::RunRead(id, answer) => {
            runs::read(model, id, answer.map(|run| *run));
            Vec::new()
        }
        Msg::Looked(look, answer) => errors::looked(model, &look, answer),
        Msg::Examined(plan, answer) => {
            plan::examined(model, &plan, answer.map(|examination| *examination));
            Vec::new()
        }
        Msg::Mutated(plan, outcome) => {
            model.revision += 1;
            mutated::mutated(model, &plan, outcome)
        }
        Msg::Purging(progress) => purge::told(model, progress),
        Msg::Batch(told) => batch::told(model, told),
        Msg::Said(text) => {
            model.say(text);
            Vec::new()
        }
    }
}

/// A key: what was said before it may have been read, and its operator is there.
fn keyed(model: &mut Model, chord: Chord) -> Vec<Effect> {
    model.revision += 1;
    model.saw_notice();
    model.run_glanced = None;
    let mut effects = pressed(model, chord);
    effects.extend(attended(model));
    effects
}

/// The listener hears, as of now.
fn proven(model: &mut Model, took_us: u64) -> Vec<Effect> {
    model.store.proven = Some((model.now, took_us));
    model.revision += 1;
    Vec::new()
}

/// Does what a chord means here; a character that means nothing goes into the open line, or says so.
fn pressed(model: &mut Model, chord: Chord) -> Vec<Effect> {
    let found = model.options.keymap.lookup(&model.scopes(), chord);
    if let Some(found) = found {
        return action::ask(model, found);
    }
    if let Some(Overlay::Line(open)) = model.overlays.last_mut() {
        if line::edit(open, chord) {
            answer::typed(model);
        }
        return Vec::new();
    }
    if let Some(Overlay::Form(open)) = model.overlays.last_mut() {
        form::edit(open, chord);
        return Vec::new();
    }
    if matches!(chord.key, Key::Char(_)) {
        model.say(format!("{chord} does nothing here; ? shows the keys"));
    }
    Vec::new()
}

/// Pasted text goes into the open line, made harmless, and nowhere else.
fn pasted(model: &mut Model, text: &Untrusted) {
    if let Some(Overlay::Line(open)) = model.overlays.last_mut() {
        line::insert(open, &text.display_cut(line::LIMIT));
        answer::typed(model);
    } else if let Some(Overlay::Form(open)) = model.overlays.last_mut() {
        form::insert(open, &text.display_cut(line::LIMIT));
    } else {
        let n = text.full_bytes();
        model.say(format!("{n} bytes pasted and thrown away: no line is open"));
    }
}

fn tick(model: &mut Model) -> Vec<Effect> {
    let now = model.now;
    rest::tick(model);
    model.store.judge(now);
    if model
        .notice
        .as_ref()
        .is_some_and(|(said, _)| now - *said >= NOTICE)
        && !model.insists
    {
        model.notice = None;
    }
    model.revision += 1;
    ask_tail(model)
}

/// Tells the listener that somebody is there, now and then.
fn attended(model: &mut Model) -> Option<Effect> {
    let is_new = |at: Timestamp| model.now - at >= ATTENDED;
    model.attended_at.is_none_or(is_new).then(|| {
        model.attended_at = Some(model.now);
        Effect::Attend
    })
}

/// A connection came or went: what was missed while it was away is read and accounted for at once.
fn linked(model: &mut Model, id: LinkId, link: Link) -> Vec<Effect> {
    let changed = model.store.linked(model.now, id, link);
    model.revision += u64::from(changed);
    let mut effects = Vec::new();
    if changed && id == LinkId::Listener && model.store.listener.is_up() {
        model.tail.wanted = true;
        effects.extend(ask_tail(model));
    }
    let owed = model.store.reconnects.take_owed();
    effects.extend(owed.map(|(number, after)| Effect::Account { number, after }));
    effects
}

/// Asks for the tail if notifications came, unless the answer to the last asking is still under way.
fn ask_tail(model: &mut Model) -> Vec<Effect> {
    let now = model.now;
    let tail = &mut model.tail;
    let under_way = tail.awaited && tail.asked_at.is_some_and(|at| now - at < TAIL_LOST);
    let too_soon = tail.asked_at.is_some_and(|at| now - at < TAIL_PAUSE);
    if !tail.wanted || under_way || too_soon {
        return Vec::new();
    }
    tail.wanted = false;
    tail.awaited = true;
    tail.asked_at = Some(now);
    vec![Effect::Fetch(FeedId::Tail)]
}

fn fetched(
    model: &mut Model,
    feed: FeedId,
    answer: Result<Fact, Fault>,
    turn: Turn,
) -> Vec<Effect> {
    if model.store.absorb(model.now, feed, answer, turn) {
        model.revision += 1;
        model.screens.settle(model.screen, &model.store);
        if feed == FeedId::Errors {
            model.screens.errors.doubt();
        }
    }
    if feed != FeedId::Tail {
        return Vec::new();
    }
    model.tail.awaited = false;
    let mut effects = ask_tail(model);
    effects.extend(overtaken_detail(model));
    effects
}

/// Asks anew for the event that is shown whole, if the stream says it has moved on or is gone.
fn overtaken_detail(model: &Model) -> Option<Effect> {
    let Some(Overlay::Detail { id, .. }) = model.overlays.last() else {
        return None;
    };
    let shown = &model.store.detail.as_ref()?.as_ref().ok()?.row;
    let known = model.store.stream.get(id)?;
    let moved = (&known.status, known.retries) != (&shown.status, shown.retries);
    (moved || model.store.stream.is_gone(id)).then(|| Effect::FetchEvent(id.clone()))
}

/// An event was read whole; only the one that is still open is kept.
fn detailed(model: &mut Model, id: &RowId, answer: Result<EventDetail, Fault>) {
    let open = model.overlays.iter().any(|overlay| match overlay {
        Overlay::Detail { id: shown, .. } => shown == id,
        Overlay::Help(_)
        | Overlay::Ledger(_)
        | Overlay::Cost(_)
        | Overlay::Plan { .. }
        | Overlay::Errors { .. }
        | Overlay::Undo(_)
        | Overlay::Purge
        | Overlay::Form(_)
        | Overlay::Why { .. }
        | Overlay::Past { .. }
        | Overlay::Audit { .. }
        | Overlay::Run { .. }
        | Overlay::Line(_) => false,
    });
    let gone = |fault: &Fault| matches!(fault, Fault::Missing(what) if what.raw().ends_with(GONE));
    if answer.as_ref().is_err_and(gone) {
        model.store.stream.strike(|known| known == id);
    }
    if open {
        model.store.detail = Some(answer);
        model.revision += 1;
    }
}
