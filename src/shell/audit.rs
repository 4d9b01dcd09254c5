//! The audit file: one line of JSON before a plan runs and one after, whatever became of it; several where one would be too
//! long.

mod history;

use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

pub use history::Backwards;
use serde_json::json;

use crate::{
    domain::{
        audit::parts,
        batch::Batch,
        event::RowId,
        plan::{Outcome, Plan},
    },
    msg::Fault,
};

/// Where the lines go.
#[derive(Debug, Clone)]
pub struct Audit {
    path: PathBuf,
    /// Who acts: the account on this machine, and the host.
    pub actor: String,
    /// The database that is acted upon, as [`crate::sources::postgres::Settings::place`] has it. Without it the same key could
    /// be a row of any.
    database: String,
}

impl Audit {
    /// The file `audit.jsonl` in `directory`, which is made when it is first needed, and what `actor` does in `database`.
    pub fn new(directory: &Path, actor: String, database: String) -> Self {
        Self {
            path: directory.join("audit.jsonl"),
            actor,
            database,
        }
    }

    /// The directory of the file.
    pub fn directory(&self) -> PathBuf {
        self.path.parent().map(Path::to_owned).unwrap_or_default()
    }

    /// A plan is about to run. Nothing runs when this fails.
    pub fn begin(&self, plan: &Plan) -> io::Result<()> {
        self.append(&json!({ "phase": "begin", "plan": plan }))
    }

    /// It ran, or did not.
    pub fn end(&self, plan: &Plan, outcome: &Result<Outcome, Fault>) -> io::Result<()> {
        let outcome = match outcome {
            Ok(outcome) => json!({ "done": outcome }),
            Err(fault) => json!({ "fault": fault.to_string() }),
        };
        self.append(&json!({ "phase": "end", "frozen_at": plan.frozen_at, "outcome": outcome }))
    }

    /// A batch begins, goes on, rests, is stopped or ends: `phase`; whether that is in the audit table as well. Nothing runs
    /// when this fails.
    pub fn batch(&self, phase: &str, batch: &Batch, is_in_table: bool) -> io::Result<()> {
        let is_begin = phase == "begin";
        let plan = is_begin.then_some(&batch.head.plan);
        let outcome = (!is_begin).then(|| Outcome {
            audited_in_database: is_in_table,
            ..batch.outcome()
        });
        self.append(&json!({
            "phase": phase,
            "batch": batch.head.batch,
            "plan": plan,
            "report": batch.report(),
            "outcome": outcome,
        }))
    }

    /// The people of event `id` are shown unmasked.
    pub fn reveal(&self, id: &RowId) -> io::Result<()> {
        self.append(&json!({ "reveal": id }))
    }

    fn append(&self, what: &serde_json::Value) -> io::Result<()> {
        if let Some(directory) = self.path.parent() {
            fs::create_dir_all(directory)?;
        }
        let mut file = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(&self.path)?;
        let at = chrono::Utc::now();
        let line = |name: &str, what: &serde_json::Value| {
            let line = json!({
                "at": at,
                "actor": self.actor,
                "database": self.database,
                name: what,
            });
            format!("{line}\n")
        };
        let nanos = at.timestamp_nanos_opt().unwrap_or_default();
        let id = format!("{nanos:x}-{:x}", std::process::id());
        let lines = match parts::cut(&what.to_string(), &id) {
            None => line("what", what),
            Some(parts) => parts
                .iter()
                .map(|part| line("part", &json!(part)))
                .collect(),
        };
        file.write_all(lines.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::plan::Mutation;

    #[test]
    fn every_plan_leaves_two_lines_and_people_shown_one() {
        let directory = tempfile::tempdir().unwrap();
        let audit = Audit::new(
            &directory.path().join("state"),
            "ann@host".to_owned(),
            "db:5432/prod marketing".to_owned(),
        );
        let resolve = Mutation::ResolveErrors {
            ids: vec![RowId::from(7)],
            note: "rotated".to_owned(),
        };
        let plan = Plan::new(resolve, chrono::DateTime::UNIX_EPOCH);
        audit.begin(&plan).unwrap();
        audit.end(&plan, &Err(Fault::timed_out(5))).unwrap();
        audit.reveal(&RowId::from(9)).unwrap();
        let text = fs::read_to_string(directory.path().join("state/audit.jsonl")).unwrap();
        let lines: Vec<serde_json::Value> = text
            .lines()
            .map(|l| serde_json::from_str(l).unwrap())
            .collect();
        assert_eq!(lines.len(), 3);
        assert_eq!(lines[0]["actor"], "ann@host");
        for line in &lines {
            assert_eq!(line["database"], "db:5432/prod marketing");
        }
        assert_eq!(lines[2]["what"]["reveal"], "9");
        assert_eq!(lines[0]["what"]["phase"], "begin");
        assert_eq!(lines[1]["what"]["outcome"]["fault"], "no answer within 5 s");
    }
}
