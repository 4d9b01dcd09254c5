//! What our role may write, and what happens when it does.

use super::{
    super::{
        queries::template,
        relation::{self, Column, Relation, Wanted},
    },
    Catalog, Lack,
};
use crate::domain::{server::Deed, triage::Place};

impl Catalog {
    /// Whether our role may change this column.
    pub(crate) fn may_update(&self, relation: &Relation, wanted: &Wanted) -> Result<(), Lack> {
        let Some(column) = relation.column(wanted) else {
            return Ok(());
        };
        if column.update {
            return Ok(());
        }
        let what = format!("{}.{}", relation.label(), column.name);
        Err(self.not_granted(relation, "UPDATE", what))
    }

    /// The table, if our role may write new rows into it, or what keeps us from it.
    pub(crate) fn may_insert(&self, name: &str) -> Result<&Relation, Lack> {
        let relation = self.table(name)?;
        if relation.insert {
            return Ok(relation);
        }
        Err(self.not_granted(relation, "INSERT", relation.label()))
    }

    /// The table, if our role may delete rows of it, or what keeps us from it. A row is locked before, which asks for UPDATE on
    /// some column.
    pub(crate) fn may_delete(&self, name: &str) -> Result<&Relation, Lack> {
        let relation = self.table(name)?;
        let locks = relation.columns.iter().any(|column| column.update);
        match (relation.delete, locks) {
            (true, true) => Ok(relation),
            (false, _) => Err(self.not_granted(relation, "DELETE", relation.label())),
            (true, false) => Err(self.not_granted(relation, "UPDATE", relation.label())),
        }
    }

    /// Whether our role may vacuum the table.
    pub(crate) fn may_vacuum(&self, name: &str) -> bool {
        self.relation(name)
            .is_some_and(|relation| relation.maintain)
    }

    /// The columns of events that every row must be given and that no query knows: a new row gets those of the row it is
    /// made from.
    pub(crate) fn carried(&self) -> Vec<&Column> {
        let known: Vec<&str> = relation::wanted("pipeline_events")
            .into_iter()
            .flat_map(|table| table.columns.iter().flat_map(|column| column.names))
            .copied()
            .collect();
        let is_carried = |column: &&Column| {
            column.not_null && !column.fills_itself && !known.contains(&column.name.as_str())
        };
        let events = self.relation("pipeline_events").into_iter();
        events
            .flat_map(|events| events.columns.iter().filter(is_carried))
            .collect()
    }

    /// Whether a trigger notifies of every new event.
    pub(crate) fn announces_inserts(&self) -> bool {
        self.relation("pipeline_events").is_some_and(|events| {
            let mut triggers = events.triggers.iter();
            triggers.any(|trigger| trigger.enabled && trigger.on_insert && trigger.notifies)
        })
    }

    /// What keeps our role from changing these columns, if anything does. One that is not there needs no right.
    pub(crate) fn may_change(&self, table: &str, columns: &[&str]) -> Result<(), Lack> {
        let relation = self.table(table)?;
        columns
            .iter()
            .filter_map(|column| template::find(table, column))
            .try_for_each(|wanted| self.may_update(relation, wanted))
    }

    /// Where what operators say of groups of errors is kept: in the database where our role may write it there.
    pub fn triage_place(&self) -> Place {
        let local = |why: &str| Place::Local(why.to_owned());
        if self.standby {
            return local("this server is a standby");
        }
        let Some(table) = self.relation("triage") else {
            return local("outpost.triage is not there: outpost migrate makes it");
        };
        let mut columns = table.columns.iter();
        if table.usage && table.insert && columns.all(|column| column.select && column.update) {
            Place::Database
        } else {
            local("this role may not write outpost.triage")
        }
    }

    /// Whether what operators said of groups of errors can be read.
    pub(crate) fn reads_triage(&self) -> bool {
        self.relation("triage")
            .is_some_and(|table| table.usage && table.columns.iter().all(|column| column.select))
    }

    /// What our role may not write, for want of a grant.
    pub fn denied(&self) -> Vec<Deed> {
        let events = ["status", "processed_at", "error_message", "retry_count"];
        let errors = ["resolved", "resolved_at", "resolved_by", "notes"];
        let looked = [
            (Deed::Retry, self.may_change("pipeline_events", &events)),
            (Deed::Resolve, self.may_change("pipeline_errors", &errors)),
            (Deed::Insert, self.may_insert("pipeline_events").map(drop)),
            (Deed::Purge, self.may_delete("pipeline_events").map(drop)),
        ];
        // What is not there at all is no matter of grants.
        let denied =
            |answer: &Result<(), Lack>| answer.as_ref().is_err_and(|lack| lack.privilege.is_some());
        looked
            .into_iter()
            .filter(|(_, answer)| denied(answer))
            .map(|(deed, _)| deed)
            .collect()
    }
}
