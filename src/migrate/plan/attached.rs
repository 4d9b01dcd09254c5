//! What hangs on a table: foreign keys, indexes, triggers, storage settings.

use super::{Planner, Step, shown};
use crate::{
    migrate::{
        existing::{Index, Relation, Trigger},
        script::{Block, Need},
    },
    sources::postgres::syntax::quote_both,
};

impl Planner<'_> {
    pub(super) fn foreign_key(
        &mut self,
        block: &Block,
        [table, column, to, to_column]: [&String; 4],
    ) {
        let what = format!("foreign key {}", block.name);
        if !self.is_ours("table", table) {
            let reason = format!("{table} was there: a new key would lock it and check its rows");
            return self.leave(what, reason, Some(&block.sql));
        }
        let own = self.existing.relations.get(table);
        if own.is_some_and(|relation| relation.constraints.contains(&block.name)) {
            return;
        }
        let from = own.and_then(|relation| relation.columns.get(column));
        let Some((target, from)) = self.existing.relations.get(to).zip(from) else {
            let reason = format!("{to} is not there");
            return self.leave(what, reason, Some(&block.sql));
        };
        let reason = match target.columns.get(to_column) {
            _ if !target.is_table() => Some(format!("{to} is a {}", target.word())),
            None => Some(format!("{to} has no {to_column}")),
            Some((_, false)) => Some(format!("{to}.{to_column} is not unique")),
            Some((theirs, true)) if !same_family(&from.0, theirs) => Some(format!(
                "{to}.{to_column} is {}, {column} is {}",
                shown(theirs),
                from.0
            )),
            Some((_, true)) => None,
        };
        if let Some(reason) = reason {
            return self.leave(what, reason, Some(&block.sql));
        }
        if !target.may_reference {
            self.grant(&format!("REFERENCES ON {}", quote_both(to)));
        }
        self.make("foreign key", block);
    }

    pub(super) fn index(&mut self, block: &Block, table: &str) {
        let what = format!("index {}", block.name);
        if let Some(lack) = self.lack(&block.needs) {
            return self.leave(what, lack, Some(&block.sql));
        }
        let Some(relation) = self.existing.relations.get(table).cloned() else {
            return self.leave(what, format!("{table} is not there"), Some(&block.sql));
        };
        let wanted = Index {
            relation: table.to_owned(),
            definition: definition(&block.sql),
            is_valid: true,
        };
        let named = self.existing.indexes.get(&block.name).cloned();
        if named.as_ref() == Some(&wanted) {
            return;
        }
        let twin = self
            .existing
            .indexes
            .iter()
            .find(|(_, index)| **index == wanted);
        if let Some((twin, _)) = twin {
            let reason = format!("{} is the same index", shown(twin));
            return self.leave(what, reason, None);
        }
        if self.unasked.contains(&block.name) {
            let reason = "every writer of events pays for it: outpost migrate --trail builds it";
            return self.leave(what, reason.to_owned(), Some(&block.sql));
        }
        if named.as_ref().is_some_and(|index| index.is_valid) {
            let reason = "another index has this name".to_owned();
            return self.leave(what, reason, Some(&block.sql));
        }
        if !relation.is_table() || relation.kind == "p" {
            let reason = format!(
                "{table} is a {}: build it where the rows are",
                relation.word()
            );
            return self.leave(what, reason, Some(&block.sql));
        }
        self.may_create(&block.name);
        self.own(table);
        if named.is_some() {
            self.steps.push(Step {
                what: format!("{what}, left unfinished by a build that broke off"),
                sql: format!("DROP INDEX CONCURRENTLY {};", quote_both(&block.name)),
                concurrent: Some(block.name.clone()),
            });
        }
        self.make("index", block);
        if relation.has_rows
            && let Some(step) = self.steps.last_mut()
        {
            step.sql = step
                .sql
                .replacen("CREATE INDEX", "CREATE INDEX CONCURRENTLY", 1);
            step.concurrent = Some(block.name.clone());
        }
        self.existing.indexes.insert(block.name.clone(), wanted);
    }

    pub(super) fn emitter(&mut self, block: &Block, table: &str) {
        let what = format!("trigger {} on {table}", block.name);
        if self.has_trigger(&block.name, table) {
            return;
        }
        let mut needs = block.needs.clone();
        needs.push(Need {
            relation: table.to_owned(),
            columns: Vec::new(),
        });
        needs.push(Need {
            relation: self.events.clone(),
            columns: vec![
                ("event_type".to_owned(), None),
                ("payload".to_owned(), Some("jsonb".to_owned())),
            ],
        });
        if let Some(lack) = self.lack(&needs) {
            return self.leave(what, lack, Some(&block.sql));
        }
        if let Some(reason) = self.demanded_of_events() {
            return self.leave(what, reason, Some(&block.sql));
        }
        if !self.is_ours("table", table) {
            let writes = |trigger: &&Trigger| trigger.relation == table && trigger.writes_events;
            let reason = match self.existing.triggers.iter().find(writes) {
                Some(theirs) => format!(
                    "its own trigger {} ({}) writes events; a second would write them twice",
                    shown(&theirs.name),
                    shown(&theirs.function)
                ),
                None => "the table was there, and a workflow may write these events itself; \
                         twice would mean twice the work and twice the mail. Add it if nobody does"
                    .to_owned(),
            };
            return self.leave(what, reason, Some(&block.sql));
        }
        self.trigger(block, table);
    }

    /// Why an event written by our triggers would be refused, and the business row with it, if it would.
    fn demanded_of_events(&self) -> Option<String> {
        let events = self.existing.relations.get(&self.events)?;
        let given = |column: &&String| !matches!(column.as_str(), "event_type" | "payload");
        let column = events.demands.iter().find(given)?;
        Some(format!(
            "{}.{} has no default: an event without it would be refused, and the change of data with it",
            shown(&self.events),
            shown(column)
        ))
    }

    pub(super) fn notifier(&mut self, block: &Block, table: &str) {
        let what = format!("trigger {} on {table}", block.name);
        if self.has_trigger(&block.name, table) {
            return;
        }
        if let Some(lack) = self.lack(&block.needs) {
            return self.leave(what, lack, Some(&block.sql));
        }
        let is_table = self
            .existing
            .relations
            .get(table)
            .is_some_and(Relation::is_table);
        if !is_table {
            let reason = format!("{table} is not a table; the console finds its rows by looking");
            return self.leave(what, reason, None);
        }
        let on_insert = block.sql.contains("AFTER INSERT");
        let theirs = self.existing.triggers.iter().find(|trigger| {
            let here = trigger.relation == table
                && if on_insert {
                    trigger.on_insert
                } else {
                    trigger.on_update
                };
            trigger.notifies && (here || on_insert && trigger.writes_events)
        });
        if let Some(theirs) = theirs {
            let reason = format!(
                "{} notifies already (trigger {} on {}); events that others write are found by looking",
                shown(&theirs.function),
                shown(&theirs.name),
                shown(&theirs.relation)
            );
            return self.leave(what, reason, Some(&block.sql));
        }
        self.trigger(block, table);
    }

    fn has_trigger(&self, name: &str, table: &str) -> bool {
        let mut triggers = self.existing.triggers.iter();
        triggers.any(|trigger| trigger.name == name && trigger.relation == table)
    }

    fn trigger(&mut self, block: &Block, table: &str) {
        let relation = self.existing.relations.get(table);
        if relation.is_some_and(|relation| !relation.may_trigger) {
            self.grant(&format!("TRIGGER ON {}", quote_both(table)));
        }
        self.make("trigger", block);
    }

    pub(super) fn storage(&mut self, block: &Block) {
        let what = format!("autovacuum of {}", block.name);
        let relation = self.existing.relations.get(&block.name);
        let reason = match relation {
            None => Some("the table is not there"),
            Some(relation) if relation.kind != "r" => Some("it is not a plain table"),
            Some(relation) if relation.has_autovacuum => Some("it has settings of its own"),
            Some(_) => None,
        };
        if let Some(reason) = reason {
            self.leave(what, reason.to_owned(), Some(&block.sql));
        } else {
            self.own(&block.name);
            self.make("autovacuum of", block);
        }
    }
}

/// An index's definition from `USING` on, as the server prints it.
fn definition(sql: &str) -> String {
    let from = sql.find("USING").unwrap_or(0);
    sql.split_at(from)
        .1
        .trim_end_matches([';', '\n'])
        .to_owned()
}

/// Whether a foreign key between the two types works.
fn same_family(ours: &str, theirs: &str) -> bool {
    let is_integer = |name: &str| matches!(name, "smallint" | "integer" | "bigint");
    let is_text = |name: &str| name == "text" || name.starts_with("character varying");
    is_integer(ours) && is_integer(theirs) || is_text(ours) && is_text(theirs) || ours == theirs
}
