//! How rows of the events are found here: by an index on time, by their keys, or by reading all of them.

use super::{
    super::{
        relation::{self, Index, Relation},
        syntax,
    },
    Catalog,
};
use crate::domain::campaign::Attribution;

/// A table smaller than this is read whole where no index helps: it costs milliseconds.
const LARGE: u64 = 50_000;

/// From so many errors on those of the last hour and day are found by key: they are counted at each refresh, by two feeds.
const SOME: u64 = 5_000;

/// Which rows of a table can be looked at cheaply for what came of late.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Recent {
    /// All: the table is small, or an index on time finds them.
    All,
    /// So many with the highest keys.
    Newest,
    /// None: neither time nor keys find them.
    None,
}

impl Recent {
    /// How many rows are looked at where only the newest are: some 10 ms of the server.
    pub(crate) const NEWEST: u32 = 20_000;
}

/// Who is in a campaign, and what was written to them.
const LISTS: [&str; 2] = ["campaign_contacts", "message_queue"];

/// The logs that say what came of a campaign's messages.
const LOGS: [&str; 3] = ["delivery_log", "engagement_events", "responses"];

/// The way from a contact that was verified to its raw company.
const WAY: [(&str, &str); 4] = [
    ("contact_enrichment", "id"),
    ("company_slots", "slot"),
    ("company_master", "company"),
    ("company_raw_intake", "key"),
];

impl Catalog {
    /// Whether the table of events is large and its keys were handed out in order, so that windows of time are best kept in
    /// memory and brought up to the present by key.
    pub(crate) fn counts_by_key(&self) -> bool {
        self.relation("pipeline_events")
            .zip(self.key_column())
            .is_some_and(|(events, key)| {
                events.estimate >= LARGE
                    && events.kind != "v"
                    && key.is_whole()
                    && events.is_led_by(&key.name)
            })
    }

    /// Whether a large table of events has no index on time, but keys that were handed out in order: then a
    /// window is found by halving the keys.
    pub(crate) fn needs_floor(&self) -> bool {
        self.lacks_time_index()
            && self
                .relation("pipeline_events")
                .zip(self.key_column())
                .is_some_and(|(events, key)| key.is_whole() && events.is_led_by(&key.name))
    }

    /// Whether the table of events is large and a window of time cannot be found by an index.
    pub(crate) fn lacks_time_index(&self) -> bool {
        self.large_without("created_at")
    }

    /// Whether the table of events is large and its pending rows cannot be found by an index.
    pub(crate) fn lacks_status_index(&self) -> bool {
        let partial = |events: &Relation| {
            events.indexes.iter().any(|index| {
                index
                    .condition
                    .as_deref()
                    .is_some_and(|condition| condition.contains("status"))
            })
        };
        self.large_without("status") && !self.relation("pipeline_events").is_some_and(partial)
    }

    /// As [`Catalog::needs_floor`], of the errors; a smaller table is worth it.
    pub(crate) fn needs_error_floor(&self) -> bool {
        let key = relation::wanted("pipeline_errors").and_then(|wanted| wanted.columns.first());
        let at = self.column_of("pipeline_errors", "created_at");
        let is_led = |errors: &Relation| at.is_some_and(|at| errors.is_led_by(&at.name));
        let is_slow =
            |errors: &Relation| errors.estimate >= SOME && errors.kind != "v" && !is_led(errors);
        self.relation("pipeline_errors").is_some_and(is_slow)
            && self
                .relation("pipeline_errors")
                .zip(key)
                .and_then(|(errors, key)| Some((errors, errors.column(key)?)))
                .is_some_and(|(errors, key)| key.is_whole() && errors.is_led_by(&key.name))
    }

    /// Whether the table of errors is large, its keys were handed out in order, and no index finds what is unresolved in it: one
    /// that our queries can use, and those take an unknown for no. An index without a condition has to have the keys in order
    /// too: else the server walks all keys where it takes what is unresolved for spread evenly among them, and it is not.
    pub(crate) fn lacks_open_index(&self) -> bool {
        let resolved = self.column_of("pipeline_errors", "resolved");
        let Some((errors, resolved)) = self.relation("pipeline_errors").zip(resolved) else {
            return false;
        };
        let is_bare = resolved.data_type == "boolean" && resolved.not_null;
        let (name, key) = (
            resolved.name.as_str(),
            self.column_of("pipeline_errors", "id"),
        );
        let key = key.map(|key| key.name.as_str());
        let finds = |index: &Index| {
            let mut columns = index.columns.iter().map(Option::as_deref);
            let (first, second) = (columns.next().flatten(), columns.next().flatten());
            match index.condition.as_deref().map(plain) {
                Some(is) if is_bare => {
                    is == format!("NOT {name}") || is == format!("{name} = false")
                }
                Some(is) => is == format!("NOT COALESCE{name}, false") && first == key,
                None => is_bare && first == Some(name) && second == key,
            }
        };
        let finds = errors.indexes.iter().any(finds);
        !finds && self.is_large("pipeline_errors") && self.has_whole_keys("pipeline_errors")
    }

    /// Whether the table of errors is large, its keys were handed out in order, and no index finds those of a record.
    pub(crate) fn lacks_record_index(&self) -> bool {
        self.is_large_without("pipeline_errors", "record_id")
            && self.has_whole_keys("pipeline_errors")
    }

    /// Whether no index finds the rows of a large table by `column`, but its keys were handed out in order: then its newest rows
    /// are looked at.
    pub(crate) fn scans_for(&self, table: &str, column: &str) -> bool {
        self.column_of(table, column)
            .is_some_and(|column| self.is_large_without(table, &column.name))
            && self.has_whole_keys(table)
    }

    /// Whether the table is large, and its keys were handed out in order: then its newest rows are found by key.
    pub(crate) fn is_long(&self, table: &str) -> bool {
        self.is_large(table) && self.has_whole_keys(table)
    }

    /// How the rows of a table that came since a moment, which `column` tells, are found.
    pub(crate) fn finds_recent(&self, table: &str, column: &str) -> Recent {
        if !self.is_large_without(table, column) {
            Recent::All
        } else if self.hands_out_keys(table) {
            Recent::Newest
        } else {
            Recent::None
        }
    }

    /// Whether what queries call the `id` or the `key` of the table is a whole number that finds its rows.
    fn hands_out_keys(&self, table: &str) -> bool {
        let key = ["id", "key"]
            .into_iter()
            .find_map(|name| self.column_of(table, name));
        self.relation(table)
            .zip(key)
            .is_some_and(|(relation, key)| key.is_whole() && relation.is_led_by(&key.name))
    }

    /// How what came of a campaign's messages is known to be of it: by the campaign's key where every log that is there has one.
    pub(crate) fn attributes_by(&self) -> Attribution {
        let mut there = LOGS.iter().filter(|log| self.table(log).is_ok());
        if there.all(|log| self.type_of(log, "campaign_id").is_some()) {
            Attribution::Campaign
        } else {
            Attribution::Time
        }
    }

    /// Each table of which no index finds what belongs to a campaign, though it is large, with the column that one would find it
    /// by. In a log the contact finds it too.
    pub(crate) fn hides_campaigns(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let by_key = self.attributes_by() == Attribution::Campaign;
        let column = if by_key { "campaign_id" } else { "contact_id" };
        let lists = LISTS.into_iter().map(|list| (list, "campaign_id"));
        let hides = move |(table, column): &(&str, &str)| {
            let lacks = |column| self.is_large_without(table, column);
            lacks(column) && (!LOGS.contains(table) || lacks("contact_id"))
        };
        let logs = LOGS.into_iter().map(move |log| (log, column));
        lists.chain(logs).filter(hides)
    }

    /// Whether what belongs to a campaign is found in each of its tables: by an index, or since the table is small.
    pub(crate) fn finds_campaigns(&self) -> bool {
        self.hides_campaigns().next().is_none()
    }

    /// Each table on the way from a contact that was verified to the raw company it came from in which the next step is not
    /// found without reading all of it, though it is large, with the column that is looked for; and whether an index would help:
    /// not where the column has to be turned into another type first.
    pub(crate) fn hides_origins(&self) -> impl Iterator<Item = (&'static str, &'static str, bool)> {
        let judged = |(table, column)| {
            let wanted = relation::wanted(table)?;
            let wanted = wanted.columns.iter().find(|it| it.name == column)?;
            let relation = self.relation(table)?;
            let name = syntax::quoted(&relation.column(wanted)?.name);
            let is_bare = self.column(relation, wanted).ok()? == name;
            let is_hidden =
                self.is_large(table) && !is_bare || self.is_large_without(table, column);
            is_hidden.then_some((table, column, is_bare))
        };
        WAY.into_iter().filter_map(judged)
    }

    /// Whether the newest events are found without reading all of them.
    pub(crate) fn finds_newest(&self) -> bool {
        self.is_ordered_by_key() || !self.lacks_time_index()
    }

    /// Whether the keys of the table are whole numbers that find its rows, and so were handed out in the order of time.
    pub(crate) fn has_whole_keys(&self, table: &str) -> bool {
        let key = relation::wanted(table).and_then(|wanted| wanted.columns.first());
        let key = self.relation(table).zip(key);
        key.and_then(|(relation, key)| Some((relation, relation.column(key)?)))
            .is_some_and(|(relation, key)| key.is_whole() && relation.is_led_by(&key.name))
    }

    fn large_without(&self, column: &str) -> bool {
        self.is_large_without("pipeline_events", column)
    }

    /// Whether a table is large and no index finds rows by this column.
    pub(crate) fn is_large_without(&self, table: &str, column: &str) -> bool {
        let column = self.column_of(table, column);
        let is_led =
            |relation: &Relation| column.is_some_and(|column| relation.is_led_by(&column.name));
        self.is_large(table) && !self.relation(table).is_some_and(is_led)
    }

    pub(super) fn is_large(&self, table: &str) -> bool {
        self.relation(table)
            .is_some_and(|relation| relation.estimate >= LARGE && relation.kind != "v")
    }

    /// Whether what is asked of all errors reads the whole of a large table.
    pub(crate) fn scans_errors(&self) -> bool {
        self.is_large_without("pipeline_errors", "created_at")
    }

    fn key_column(&self) -> Option<&relation::Column> {
        let wanted = relation::wanted("pipeline_events")?;
        self.relation("pipeline_events")?
            .column(wanted.columns.first()?)
    }

    /// How many keys of events each session of a writer puts aside at once: 1 where the sequence does not say more.
    pub fn keys_aside(&self) -> u64 {
        let cache = self.key_column().and_then(|key| key.cache);
        cache.map_or(1, |cache| cache.max(1).unsigned_abs())
    }

    /// Whether the newest events are those with the highest keys; else they are found by time.
    pub(crate) fn is_ordered_by_key(&self) -> bool {
        self.key_column().is_some_and(relation::Column::is_whole)
    }
}

/// A condition as the server prints it, without brackets and quotes.
fn plain(condition: &str) -> String {
    let is_bare = |c: &char| !matches!(c, '(' | ')' | '"');
    condition.chars().filter(is_bare).collect()
}
