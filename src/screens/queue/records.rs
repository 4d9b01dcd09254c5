//! The records tab: from end to end, and the records that took longest.

use super::State;
use crate::{
    action::{Action, ScreenId},
    domain::latency::end_to_end::{EndToEnd, SlowRecord},
    screens::{Answer, json::Object},
    store::Store,
};

/// What is known from end to end over the window that is looked at.
pub(super) fn end_to_end<'a>(state: &State, store: &'a Store) -> Option<&'a EndToEnd> {
    let records = store.records[state.span as usize].value()?;
    records.end_to_end.as_ref()
}

/// The records shown, the slowest first.
pub(super) fn shown<'a>(state: &State, store: &'a Store) -> &'a [SlowRecord] {
    end_to_end(state, store).map_or(&[], |known| known.slowest.as_slice())
}

/// The keys of [`shown`].
pub(super) fn keys(state: &State, store: &Store) -> Vec<String> {
    let keys = shown(state, store).iter();
    keys.map(|slow| slow.record.raw().to_owned()).collect()
}

/// Does `action`; the list shows `page` rows.
pub(super) fn update(state: &mut State, store: &Store, action: Action, page: usize) -> Vec<Answer> {
    let keys = keys(state, store);
    if state.records.act(action, &keys, page) {
        return Vec::new();
    }
    let selected = state.records.selected();
    if action == Action::Open {
        // The stream has the events of the record that it still keeps.
        let filter = |key: &String| Answer::Go(ScreenId::Stream, Some(format!("record:{key}")));
        return selected.map(filter).into_iter().collect();
    }
    if action == Action::Copy {
        let targets = state.records.targets();
        let of = shown(state, store).iter();
        let rows = of.filter(|slow| targets.iter().any(|key| key == slow.record.raw()));
        let lines: Vec<String> = rows.map(json).collect();
        return vec![Answer::Copy(lines.join("\n"))];
    }
    Vec::new()
}

fn json(slow: &SlowRecord) -> String {
    Object::default()
        .untrusted("record_id", Some(&slow.record))
        .untrusted("company", slow.company.as_ref())
        .moment("began", Some(slow.began))
        .moment("ended", Some(slow.ended))
        .number("took_ms", slow.took_ms)
        .end()
}
