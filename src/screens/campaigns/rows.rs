//! The rows of the campaigns: which are shown, what a filter finds in them, what is copied of them.

use std::borrow::Cow;

use super::State;
use crate::{
    domain::{
        campaign::{Attribution, Campaign},
        event::RowId,
        filter::{Field, Filtered, Vocabulary},
        outcomes::{MIN_N, Share},
    },
    screens::json::Object,
    store::Store,
};

/// A share of bounces above which the guide calls for action at once, and one of replies below which it asks
/// to watch closely.
const LIMITS: (f64, f64) = (0.20, 0.03);

/// What the filter of this screen understands.
pub const VOCABULARY: Vocabulary = Vocabulary {
    fields: &[
        Field::text(&["campaign", "name"]),
        Field::text(&["status", "state"]),
        Field::number(&["contacts"]),
        Field::number(&["queued"]),
        Field::text(&["id"]),
    ],
    words: &["problem"],
    own: Some("status"),
    is_timed: false,
};

impl Filtered for Campaign {
    fn texts(&self) -> Vec<Cow<'_, str>> {
        let mut texts = vec![self.id.as_str().into(), self.name.raw().into()];
        texts.extend(self.status.as_ref().map(|status| status.raw().into()));
        texts
    }

    fn field(&self, name: &str) -> Option<Cow<'_, str>> {
        Some(match name {
            "id" => self.id.as_str().into(),
            "campaign" | "name" => self.name.raw().into(),
            "status" | "state" => self.status.as_ref()?.raw().into(),
            "contacts" => self.contacts.to_string().into(),
            "queued" => self.queued.to_string().into(),
            _ => return None,
        })
    }

    fn is(&self, word: &str) -> bool {
        let status = self.status.as_ref();
        let says = status.is_some_and(|status| status.raw().eq_ignore_ascii_case(word));
        says || (word == "problem" && is_problem(self))
    }
}

/// The campaigns that are shown, newest first.
pub(super) fn shown<'a>(state: &State, store: &'a Store) -> Vec<&'a Campaign> {
    let all = store.campaigns.value().into_iter().flatten();
    all.filter(|row| state.filter.matches(*row, store.clock))
        .collect()
}

/// The keys of [`shown`].
pub(super) fn keys(state: &State, store: &Store) -> Vec<RowId> {
    let rows = shown(state, store);
    rows.into_iter().map(|row| row.id.clone()).collect()
}

/// The campaign with this key.
pub(super) fn find<'a>(store: &'a Store, id: &RowId) -> Option<&'a Campaign> {
    let mut all = store.campaigns.value().into_iter().flatten();
    all.find(|row| row.id == *id)
}

/// Whether more bounce than the guide allows, of enough cases.
pub(super) fn bounces_too_much(row: &Campaign) -> bool {
    let share = row.bounces();
    share.of >= MIN_N && share.rate().is_some_and(|rate| rate > LIMITS.0)
}

/// Whether fewer reply than the guide asks for, of enough cases.
pub(super) fn replies_too_little(row: &Campaign) -> bool {
    let share = Share {
        part: row.replied,
        of: row.delivered,
    };
    share.of >= MIN_N && share.rate().is_some_and(|rate| rate < LIMITS.1)
}

/// Whether someone should look at this campaign.
pub(super) fn is_problem(row: &Campaign) -> bool {
    bounces_too_much(row) || replies_too_little(row)
}

/// The campaign as one line of JSON.
pub(super) fn json(row: &Campaign) -> String {
    object(row).end()
}

/// The campaign as a JSON object under way.
pub fn object(row: &Campaign) -> Object {
    Object::default()
        .text("id", row.id.as_str())
        .untrusted("campaign_name", Some(&row.name))
        .untrusted("status", row.status.as_ref())
        .moment("created_at", Some(row.created_at))
        .number("total_contacts", row.contacts)
        .number("queued", row.queued)
        .number("delivered", row.delivered)
        .number("bounced", row.bounced)
        .number("opened", row.opened)
        .number("clicked", row.clicked)
        .number("replied", row.replied)
        .number("unsubscribed", row.unsubscribed)
        .text("attributed_by", attribution(row.attribution))
}

/// How the steps were attributed, in a word.
pub(super) const fn attribution(by: Attribution) -> &'static str {
    match by {
        Attribution::Campaign => "campaign",
        Attribution::Time => "time",
    }
}
