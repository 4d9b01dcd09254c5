//! Reads the description of a pipeline: TOML in which every slip has its line, and all of them are told at once.

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{About, Children, End, KeyPair, Parent, Phase, Pipeline, SideEffect, Stage};
use crate::domain::{duration, spelling::near_miss};

/// A slip in a description: where, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slip {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub text: String,
}

/// A value with the place it starts at.
type Value<'a> = Spanned<DeValue<'a>>;

/// A stage that was read, and the place of its event's name.
type Read = (Stage, usize);

const TOP: &[&str] = &["name", "phase", "stage"];
const PHASE: &[&str] = &["name", "end_to_end"];
const STAGE: &[&str] = &[
    "event",
    "phase",
    "workflow",
    "webhook",
    "side_effect",
    "about",
    "parent",
    "children",
    "keys",
    "ends",
    "latency",
];
const END: &[&str] = &["payload", "table", "key", "field", "column", "is"];

/// The pipeline that `text` describes, or every slip in it, in the order of the lines.
pub(super) fn parse(text: &str) -> Result<Pipeline, Vec<Slip>> {
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut reader = Reader {
        text,
        slips: Vec::new(),
    };
    for error in &errors {
        let at = error.span().map_or(0, |span| span.start);
        reader.slip(at, error.message().to_owned());
    }
    if !reader.slips.is_empty() {
        return Err(reader.slips);
    }
    let table = table.get_ref();
    reader.names(table, "", TOP);
    let name = reader
        .optional(table, "name")
        .unwrap_or_else(|| "own".to_owned());
    let phases: Vec<Phase> = reader
        .tables(table, "phase")
        .into_iter()
        .filter_map(|(at, table)| reader.phase(at, table))
        .collect();
    let stages: Vec<Read> = reader
        .tables(table, "stage")
        .into_iter()
        .filter_map(|(at, table)| Some((reader.stage(at, table, &phases)?, at)))
        .collect();
    if stages.is_empty() && reader.slips.is_empty() {
        reader.slip(0, "it has no stage: write a [[stage]]".to_owned());
    }
    reader.together(table, &stages);
    let mut slips = reader.slips;
    if slips.is_empty() {
        let stages = stages.into_iter().map(|(stage, _)| stage).collect();
        return Ok(Pipeline {
            name,
            phases,
            stages,
        });
    }
    slips.sort_by_key(|slip| slip.line);
    Err(slips)
}

struct Reader<'t> {
    text: &'t str,
    slips: Vec<Slip>,
}

impl Reader<'_> {
    fn slip(&mut self, at: usize, text: String) {
        let before = self.text.get(..at).unwrap_or_default();
        self.slips.push(Slip {
            line: before.matches('\n').count() + 1,
            text,
        });
    }

    /// Complains of every name in `table` that is none of `known`.
    fn names(&mut self, table: &DeTable<'_>, what: &str, known: &[&str]) {
        for name in table.keys() {
            let text = name.get_ref().as_ref();
            if !known.contains(&text) {
                let meant = near_miss(text, known);
                self.slip(
                    name.span().start,
                    format!("unknown name `{what}{text}`{meant}"),
                );
            }
        }
    }

    /// The tables of the array `name`, each with the place it starts at.
    fn tables<'a>(&mut self, table: &'a DeTable<'a>, name: &str) -> Vec<(usize, &'a DeTable<'a>)> {
        let Some(value) = table.get(name) else {
            return Vec::new();
        };
        let Some(array) = value.get_ref().as_array() else {
            self.slip(
                value.span().start,
                format!("`{name}` is written [[{name}]]"),
            );
            return Vec::new();
        };
        let mut tables = Vec::new();
        for item in array {
            match item.get_ref().as_table() {
                Some(table) => tables.push((item.span().start, table)),
                None => self.slip(item.span().start, format!("`{name}` is written [[{name}]]")),
            }
        }
        tables
    }

    /// The text under `name`, if there is one.
    fn optional(&mut self, table: &DeTable<'_>, name: &str) -> Option<String> {
        let value = table.get(name)?;
        match value.get_ref().as_str().map(str::trim) {
            Some("") => {
                self.slip(value.span().start, format!("`{name}` is empty"));
                None
            }
            Some(text) => Some(text.to_owned()),
            None => {
                let is = value.get_ref().type_str();
                self.slip(
                    value.span().start,
                    format!("`{name}` is a text, not a {is}"),
                );
                None
            }
        }
    }

    /// The text under `name`, which must be there in what starts at `at`.
    fn needed(&mut self, table: &DeTable<'_>, name: &str, at: usize) -> Option<String> {
        if table.get(name).is_none() {
            self.slip(at, format!("`{name}` is missing here"));
        }
        self.optional(table, name)
    }

    /// The meaning of the word under `name`; `otherwise` where there is none.
    fn word<T: Copy>(
        &mut self,
        table: &DeTable<'_>,
        name: &str,
        words: &[(&str, T)],
        otherwise: T,
    ) -> T {
        let Some(text) = self.optional(table, name) else {
            return otherwise;
        };
        if let Some((_, meaning)) = words.iter().find(|(word, _)| *word == text) {
            return *meaning;
        }
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let at = table.get(name).map_or(0, |value| value.span().start);
        let known = known.join(", ");
        self.slip(
            at,
            format!("`{name}` cannot be `{text}`; it is one of {known}"),
        );
        otherwise
    }

    /// The span under `name`, s.
    fn span(&mut self, table: &DeTable<'_>, name: &str) -> Option<u64> {
        let text = self.optional(table, name)?;
        let seconds = duration::parse(&text).and_then(|s| u64::try_from(s).ok());
        if seconds.is_none_or(|s| s == 0) {
            let at = table.get(name).map_or(0, |value| value.span().start);
            self.slip(
                at,
                format!("`{name}` is a span such as \"90s\" or \"5m\", not `{text}`"),
            );
        }
        seconds
    }

    /// The texts under `name`: one, or several in a list.
    fn texts(&mut self, table: &DeTable<'_>, name: &str) -> Vec<(usize, String)> {
        let Some(value) = table.get(name) else {
            return Vec::new();
        };
        let one = std::slice::from_ref(value);
        let items: Vec<&Value<'_>> = match value.get_ref().as_array() {
            Some(array) => array.iter().collect(),
            None => one.iter().collect(),
        };
        let mut texts = Vec::new();
        for item in items {
            let at = item.span().start;
            match item.get_ref() {
                DeValue::String(text) if !text.trim().is_empty() => {
                    texts.push((at, text.trim().to_owned()));
                }
                DeValue::Boolean(truth) => texts.push((at, truth.to_string())),
                DeValue::Integer(number) => texts.push((at, number.as_str().to_owned())),
                DeValue::String(_)
                | DeValue::Float(_)
                | DeValue::Datetime(_)
                | DeValue::Array(_)
                | DeValue::Table(_) => {
                    self.slip(at, format!("`{name}` is a text, or a list of texts"));
                }
            }
        }
        texts
    }

    fn phase(&mut self, at: usize, table: &DeTable<'_>) -> Option<Phase> {
        self.names(table, "phase.", PHASE);
        Some(Phase {
            end_to_end_s: self.span(table, "end_to_end"),
            name: self.needed(table, "name", at)?,
        })
    }

    fn stage(&mut self, at: usize, table: &DeTable<'_>, phases: &[Phase]) -> Option<Stage> {
        self.names(table, "stage.", STAGE);
        let side_effect = SideEffect::PersonFacing;
        let stage = Stage {
            phase: self.number_of_phase(at, table, phases),
            workflow: self.needed(table, "workflow", at).unwrap_or_default(),
            webhook: self.needed(table, "webhook", at).unwrap_or_default(),
            side_effect: self.word(table, "side_effect", &SideEffect::WORDS, side_effect),
            about: self.word(table, "about", &About::WORDS, About::Person),
            parent: self.parent(table),
            ends: self.ends(table),
            latency_s: self.span(table, "latency"),
            event: self.needed(table, "event", at)?,
        };
        Some(stage)
    }

    fn number_of_phase(&mut self, at: usize, table: &DeTable<'_>, phases: &[Phase]) -> u8 {
        let Some(name) = self.needed(table, "phase", at) else {
            return 0;
        };
        let place = phases.iter().position(|phase| phase.name == name);
        if place.is_none() {
            let known: Vec<&str> = phases.iter().map(|phase| phase.name.as_str()).collect();
            let meant = near_miss(&name, &known);
            let at = table.get("phase").map_or(at, |value| value.span().start);
            self.slip(at, format!("there is no phase `{name}`{meant}"));
        }
        place
            .and_then(|place| u8::try_from(place + 1).ok())
            .unwrap_or(0)
    }

    fn parent(&mut self, table: &DeTable<'_>) -> Option<Parent> {
        let Some(event) = self.optional(table, "parent") else {
            for name in ["children", "keys"] {
                if let Some(value) = table.get(name) {
                    let at = value.span().start;
                    self.slip(
                        at,
                        format!("`{name}` says how a parent leads here; name the `parent`"),
                    );
                }
            }
            return None;
        };
        let keys = self.texts(table, "keys");
        let pair = |(_, text): (usize, String)| {
            let (parent, child) = text.split_once('=').unwrap_or((&text, &text));
            KeyPair {
                parent: parent.trim().to_owned(),
                child: child.trim().to_owned(),
            }
        };
        Some(Parent {
            event,
            children: self.word(table, "children", &Children::WORDS, Children::Any),
            keys: keys.into_iter().map(pair).collect(),
        })
    }

    fn ends(&mut self, table: &DeTable<'_>) -> Vec<End> {
        let tables = self.tables(table, "ends");
        let ends = tables.into_iter();
        ends.filter_map(|(at, table)| self.end(at, table)).collect()
    }

    fn end(&mut self, at: usize, table: &DeTable<'_>) -> Option<End> {
        self.names(table, "ends.", END);
        let is = self.texts(table, "is").into_iter();
        let is: Vec<String> = is.map(|(_, word)| word.to_lowercase()).collect();
        if is.is_empty() && table.get("is").is_none() {
            self.slip(
                at,
                "`is` is missing here: the words that mean an end".to_owned(),
            );
        }
        if let Some(field) = self.optional(table, "payload") {
            return Some(End::Payload { field, is });
        }
        if table.get("table").is_none() {
            let text =
                "an end is a word in a field of the `payload`, or in the column of a `table`";
            self.slip(at, text.to_owned());
            return None;
        }
        Some(End::Row {
            table: self.optional(table, "table")?,
            key: self.needed(table, "key", at)?,
            field: self.needed(table, "field", at)?,
            column: self.needed(table, "column", at)?,
            is,
        })
    }

    /// What only all stages together can get wrong.
    fn together(&mut self, table: &DeTable<'_>, stages: &[Read]) {
        let events: Vec<&str> = stages
            .iter()
            .map(|(stage, _)| stage.event.as_str())
            .collect();
        let tables = table
            .get("stage")
            .and_then(|stages| stages.get_ref().as_array());
        let place = |of: &Read, name: &str| {
            let mut tables = tables.into_iter().flatten();
            let table = tables.find(|table| table.span().start == of.1);
            let table = table.and_then(|table| table.get_ref().as_table());
            let value = table.and_then(|table| table.get(name));
            value.map_or(of.1, |value| value.span().start)
        };
        for (n, read) in stages.iter().enumerate() {
            let event = &read.0.event;
            if events.iter().take(n).any(|other| other == event) {
                let text = format!("`{event}` has a stage already: an event starts one");
                self.slip(place(read, "event"), text);
            }
            let Some(parent) = read.0.parent_event() else {
                continue;
            };
            if !events.contains(&parent) {
                let meant = near_miss(parent, &events);
                let text = format!("there is no stage of `{parent}`, the parent{meant}");
                self.slip(place(read, "parent"), text);
            } else if leads_back(stages, event) {
                let text = format!("a cycle: `{parent}` leads to `{event}`, and that back to it");
                self.slip(place(read, "parent"), text);
            }
        }
    }
}

/// Whether going up from `event` comes back to it.
fn leads_back(stages: &[Read], event: &str) -> bool {
    let parent = |event: &str| {
        let (stage, _) = stages.iter().find(|(stage, _)| stage.event == event)?;
        stage.parent_event()
    };
    let above = std::iter::successors(parent(event), |above| parent(above));
    above.take(stages.len()).any(|above| above == event)
}

#[cfg(test)]
mod tests;
