//! Which events may be tried again, and the plan for those.

use chrono::TimeDelta;

use super::rows::is_stuck;
use crate::{
    domain::{
        Timestamp,
        event::{EventRow, EventStatus},
        plan::{EventTarget, Mutation},
    },
    screens::Answer,
};

/// An event that nobody has ended for so long may be tried again; a younger one may still be under way. The
/// guide's own measure of a stalled pipeline.
pub const STUCK_AFTER: TimeDelta = TimeDelta::minutes(5);

/// Why one event may not be tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Objection {
    /// A second run would do everything a second time.
    Processed,
    /// Nobody has taken it, but it is young.
    Pending,
    /// Somebody has taken it, and it is young.
    Processing,
    /// Its status is a word of the site's own.
    Unknown,
}

impl Objection {
    const ALL: [Self; 4] = [
        Self::Processed,
        Self::Pending,
        Self::Processing,
        Self::Unknown,
    ];

    const fn sentence(self) -> &'static str {
        match self {
            Self::Processed => "already processed: a retry would do its work a second time",
            Self::Pending => "pending for less than 5 min: its workflow may still take it",
            Self::Processing => "in work for less than 5 min: wait until it ends or is stuck",
            Self::Unknown => "its status is a word that outpost does not know, so it is left alone",
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Processed => "already processed",
            Self::Pending => "pending under 5 min",
            Self::Processing => "in work under 5 min",
            Self::Unknown => "of unknown status",
        }
    }
}

fn objection(row: &EventRow, at: Option<Timestamp>) -> Option<Objection> {
    match row.status {
        EventStatus::Failed => None,
        EventStatus::Pending => (!is_stuck(row, at)).then_some(Objection::Pending),
        EventStatus::Processing => (!is_stuck(row, at)).then_some(Objection::Processing),
        EventStatus::Processed => Some(Objection::Processed),
        EventStatus::Other(_) => Some(Objection::Unknown),
    }
}

/// Why none of `rows`, as they stood `at`, may be tried again; `None` if at least one may.
pub fn refusal(rows: &[&EventRow], at: Option<Timestamp>) -> Option<&'static str> {
    let mut first = None;
    for row in rows {
        let objection = objection(row, at)?;
        first.get_or_insert(objection);
    }
    Some(first.map_or("no event is selected", Objection::sentence))
}

/// The plan to try again those of `rows` that may be, as they stood `at`, and a word about those left out.
pub fn propose(rows: &[&EventRow], at: Option<Timestamp>) -> Vec<Answer> {
    let (left_out, targets): (Vec<&EventRow>, Vec<&EventRow>) =
        rows.iter().partition(|row| objection(row, at).is_some());
    if targets.is_empty() {
        let reason = refusal(rows, at).unwrap_or_default();
        return vec![Answer::Say(reason.to_owned())];
    }
    let mut answers = Vec::new();
    if !left_out.is_empty() {
        answers.push(Answer::Say(remark(&left_out, rows.len(), at)));
    }
    let targets = targets.into_iter().map(target).collect();
    answers.push(Answer::Propose(Mutation::RetryEvents(targets)));
    answers
}

fn remark(left_out: &[&EventRow], of: usize, at: Option<Timestamp>) -> String {
    let counted = Objection::ALL.iter().filter_map(|kind| {
        let same = |row: &&&EventRow| objection(row, at) == Some(*kind);
        let count = left_out.iter().filter(same).count();
        (count > 0).then(|| format!("{count} {}", kind.words()))
    });
    let counted: Vec<String> = counted.collect();
    let left = left_out.len();
    format!("left out {left} of {of}: {}", counted.join(", "))
}

fn target(row: &EventRow) -> EventTarget {
    EventTarget {
        id: row.id.clone(),
        stage: row.stage.clone(),
        raw_status: row.raw_status.clone(),
        retries: row.retries,
    }
}
