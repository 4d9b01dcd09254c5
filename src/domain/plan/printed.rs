//! A plan outside the console: as JSON, and the hash by which it is confirmed.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::SecondsFormat;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{EventTarget, Examination, Mutation, Plan, Strategy, Table, Tier, Unready};
use crate::domain::{event::RowId, triage::Until};

/// A row as a plan has it: its key, and all that its hash depends on.
type Rows = BTreeMap<RowId, String>;

impl Plan {
    /// What confirms it outside the console: 32 hexadecimal digits over what it does and to which rows in which versions,
    /// by which strategy and statement, and what the guard could not see. When it was frozen and why are left out.
    pub fn hash(&self) -> String {
        let mut whole = Sha256::new();
        let mut put = |part: &str| {
            whole.update((part.len() as u64).to_be_bytes());
            whole.update(part);
        };
        put("outpost plan 1");
        put(self.mutation.name());
        put(self.strategy_name());
        if let Mutation::SetWorkflowActive { active, .. } = &self.mutation {
            put(if *active { "active" } else { "inactive" });
        }
        if let Mutation::ReopenErrors { by, .. } = &self.mutation {
            put(by);
        }
        if let Mutation::InsertEvent(event) = &self.mutation {
            put(&event.payload);
        }
        if let Mutation::Note { note } = &self.mutation {
            put(note);
        }
        if let Mutation::RetryEvents(retry) = &self.mutation
            && retry.strategy == Strategy::Webhook
        {
            retry.webhooks.values().for_each(|address| put(address));
        }
        if let Mutation::RetryEvents(retry) = &self.mutation
            && retry.is_overridden()
        {
            put("quiet hours");
        }
        if let Mutation::Triage { targets, .. } = &self.mutation {
            for target in targets {
                put(&target.words());
            }
        }
        if let Mutation::Purge(purge) = &self.mutation {
            for table in Table::ALL {
                put(&purge.before(table).to_rfc3339());
            }
        }
        if let Some(examined) = &self.examined {
            put(&examined.statement);
            examined.old.iter().for_each(|old| put(&old.counted()));
            examined.unknown.iter().for_each(|unknown| put(unknown));
        }
        for (id, as_it_stood) in self.rows() {
            put(id.as_str());
            put(&as_it_stood);
        }
        let digest = whole.finalize();
        digest
            .iter()
            .take(16)
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    /// The event `id` of a retry, as it was shown.
    pub fn target(&self, id: &RowId) -> Option<&EventTarget> {
        let Mutation::RetryEvents(retry) = &self.mutation else {
            return None;
        };
        retry.targets.iter().find(|target| target.id == *id)
    }

    fn targets_by_key(&self) -> HashMap<&RowId, &EventTarget> {
        let targets = self.targets().iter();
        targets.map(|target| (&target.id, target)).collect()
    }

    /// The rows that would run, as they stood.
    fn rows(&self) -> Rows {
        let versions = self.examined.as_ref().map(Examination::versions);
        let version = |id: &RowId| versions.as_ref()?.get(id)?.xmin.clone();
        let targets = self.targets_by_key();
        let state = |id: &RowId| {
            let target = targets.get(id)?;
            let word = target.raw_status.display_cut(32);
            let effect = target.side_effect.label();
            Some(format!("{word} {} {effect}", target.retries))
        };
        let stood = |id: RowId| {
            let text = format!(
                "{} {}",
                version(&id).as_deref().unwrap_or("-"),
                state(&id).unwrap_or_default()
            );
            (id, text)
        };
        self.runs().into_iter().map(stood).collect()
    }

    /// It as a script gets it: the hash, the rows that would run and those that would not, and the statement.
    pub fn json(&self) -> Value {
        let targets = self.targets_by_key();
        let row = |id: &RowId| match targets.get(id) {
            Some(target) => json!({
                "id": target.id.as_str(),
                "stage": target.stage.label(),
                "side_effect": target.side_effect.label(),
                "status": target.raw_status.display_cut(32),
                "retries": target.retries,
            }),
            None => json!({ "id": id.as_str() }),
        };
        let rows: Vec<Value> = self.runs().iter().map(row).collect();
        let examined = self.examined.clone().unwrap_or_default();
        let blocked: Vec<Value> = examined
            .blocked
            .iter()
            .map(|(id, why)| json!({ "id": id.as_str(), "why": why }))
            .collect();
        let mut plan = json!({
            "plan": 1,
            "hash": self.hash(),
            "action": self.mutation.name(),
            "words": self.mutation.words(),
            "strategy": self.strategy_name(),
            "frozen_at": self.frozen_at,
            "rows": rows,
            "blocked": blocked,
            "people": examined.people,
            "campaigns": examined.campaigns,
            "unknown": examined.unknown,
            "chance": examined.chance,
            "old": examined.old,
            "needs": self.needs(),
            "statement": examined.statement,
            "stood": self.rows().iter().map(|(id, stood)| (id.to_string(), stood.clone())).collect::<BTreeMap<_, _>>(),
        });
        if let Some(until) = self.until() {
            plan["until"] = until.into();
        }
        plan
    }

    /// Until when groups are left alone, where that is a moment: said so, the plan is the same on another machine.
    fn until(&self) -> Option<String> {
        let Mutation::Triage { targets, .. } = &self.mutation else {
            return None;
        };
        let ignored = targets.iter().find_map(|it| it.becomes.ignored.as_ref())?;
        match ignored.until {
            Until::Time(at) => Some(at.to_rfc3339_opts(SecondsFormat::Secs, true)),
            Until::More(_) | Until::Rate(_) => None,
        }
    }

    /// What it takes to apply it: `hash`, or `hash and reason`; or why nothing does.
    fn needs(&self) -> String {
        match self.tier() {
            Ok(Tier::Typed { reason: true, .. }) => "hash and reason".to_owned(),
            Ok(Tier::Yes | Tier::Typed { .. }) if self.mutation.takes_note() => {
                "hash and reason".to_owned()
            }
            Ok(Tier::Yes | Tier::Typed { .. }) => "hash".to_owned(),
            Err(Unready::Awaited) => "an examination".to_owned(),
            Err(Unready::Blocked) => "nothing to run".to_owned(),
        }
    }

    /// How this plan differs from `before`, the JSON of an earlier one, in sentences; empty where it does not.
    pub fn changed_since(&self, before: &Value) -> Vec<String> {
        let mut said = Vec::new();
        let now = self.rows();
        let then: Rows = before["stood"]
            .as_object()
            .into_iter()
            .flatten()
            .filter_map(|(id, stood)| Some((RowId::parse(id)?, stood.as_str()?.to_owned())))
            .collect();
        let keys = |rows: &Rows| -> BTreeSet<RowId> { rows.keys().cloned().collect() };
        let (old, new) = (keys(&then), keys(&now));
        let moved: Vec<&RowId> = now
            .iter()
            .filter(|(id, stood)| then.get(*id).is_some_and(|before| before != *stood))
            .map(|(id, _)| id)
            .collect();
        for (rows, what) in [
            (new.difference(&old).collect::<Vec<_>>(), "came to it"),
            (old.difference(&new).collect(), "left it"),
            (moved, "changed"),
        ] {
            if !rows.is_empty() {
                said.push(format!("{} {what}: {}", counted(rows.len()), first(&rows)));
            }
        }
        let text = |key: &str| before[key].as_str().unwrap_or_default().to_owned();
        if text("action") != self.mutation.name() {
            said.push(format!(
                "it was {}, this is {}",
                text("action"),
                self.mutation.name()
            ));
        }
        if text("strategy") != self.strategy_name() {
            said.push(format!(
                "the strategy was {}, it is {}",
                text("strategy"),
                self.strategy_name()
            ));
        }
        let examined = self.examined.clone().unwrap_or_default();
        if before["unknown"] != json!(examined.unknown) {
            said.push("the guard sees more or less than it did".to_owned());
        }
        if before["old"] != json!(examined.old) {
            let old = examined.old.iter();
            let old = old.map(|old| format!("{} {}", old.table.name(), old.counted()));
            let old = old.collect::<Vec<_>>().join(", ");
            said.push(format!("what is old is another number by now: {old}"));
        }
        if text("statement") != examined.statement {
            said.push("the statement is another one".to_owned());
        }
        said
    }
}

fn counted(n: usize) -> String {
    format!("{n} row{}", if n == 1 { "" } else { "s" })
}

/// The first of `rows` by name.
fn first(rows: &[&RowId]) -> String {
    let named: Vec<&str> = rows.iter().take(10).map(|id| id.as_str()).collect();
    let more = if rows.len() > 10 { ", …" } else { "" };
    format!("{}{more}", named.join(", "))
}
