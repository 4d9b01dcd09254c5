//! The commands that list events, errors and batches, and that change them by a plan.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::domain::{batch::BatchId, plan::Strategy};

/// What to do with events.
#[derive(Debug, Subcommand)]
pub enum Events {
    /// Print the newest ones.
    List(List),
    /// Try again those that failed, or that nobody has taken for 5 min.
    Retry(Retry),
}

/// What to do with errors.
#[derive(Debug, Subcommand)]
pub enum Errors {
    /// Print the newest unresolved ones.
    List(List),
    /// Mark unresolved ones as resolved; the reason is their note.
    Resolve(Act),
    /// Mark as unresolved again those that you resolved.
    Reopen(Act),
    /// Try again the events that unresolved ones are about.
    Retry(Retry),
    /// Say who has groups of unresolved ones, as `A` does.
    Assign(Assign),
    /// Leave groups of unresolved ones alone until something, as `Z` does, or no more.
    Ignore(Ignore),
    /// Note something of groups of unresolved ones.
    Note(Note),
}

/// Which campaigns to print, and how.
#[derive(Debug, Args)]
pub struct Campaigns {
    /// Those that pass the filter of the console's screen: `status:active problem`.
    #[arg(long, default_value = "", value_name = "FILTER")]
    pub filter: String,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Who has groups.
#[derive(Debug, Args)]
pub struct Assign {
    /// Groups, by the filter of the console's groups: `stage:crm class:credential`.
    #[arg(long, default_value = "", value_name = "FILTER")]
    pub filter: String,
    /// Who: `me`, a name, or `nobody`.
    #[arg(long, default_value = "me", value_name = "NAME")]
    pub to: String,
    /// And note this.
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
    /// Whether to do it.
    #[command(flatten)]
    pub apply: Apply,
}

/// Until when groups are left alone.
#[derive(Debug, Args)]
pub struct Ignore {
    /// Groups, by the filter of the console's groups: `stage:crm class:transient`.
    #[arg(long, default_value = "", value_name = "FILTER")]
    pub filter: String,
    /// Until when: `4h`, `tomorrow 9:00` (by this machine's clock), `2026-03-09 15:30`, `50 more`, `20/h`.
    #[arg(long, value_name = "WHEN", required_unless_present = "end")]
    pub until: Option<String>,
    /// No more: end it.
    #[arg(long, conflicts_with = "until")]
    pub end: bool,
    /// And note this.
    #[arg(long, value_name = "TEXT", conflicts_with = "end")]
    pub note: Option<String>,
    /// Whether to do it.
    #[command(flatten)]
    pub apply: Apply,
}

/// What is noted of groups.
#[derive(Debug, Args)]
pub struct Note {
    /// Groups, by the filter of the console's groups: `stage:crm class:data`.
    #[arg(long, default_value = "", value_name = "FILTER")]
    pub filter: String,
    /// What; nothing removes the note.
    #[arg(long, value_name = "TEXT")]
    pub note: String,
    /// Whether to do it.
    #[command(flatten)]
    pub apply: Apply,
}

/// Which rows.
#[derive(Debug, Args)]
pub struct Chosen {
    /// A filter, in the language of the console: `stage:crm age>5m`.
    #[arg(long, default_value = "", value_name = "FILTER")]
    pub filter: String,
    /// Look at so many of the newest rows.
    #[arg(long, default_value_t = 2_000, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub limit: u32,
}

/// How to print them.
#[derive(Debug, Args)]
pub struct List {
    /// Which.
    #[command(flatten)]
    pub chosen: Chosen,
    /// Print JSON.
    #[arg(long, conflicts_with = "jsonl")]
    pub json: bool,
    /// Print one line of JSON a row.
    #[arg(long)]
    pub jsonl: bool,
}

/// What to do about them.
#[derive(Debug, Args)]
pub struct Act {
    /// Which.
    #[command(flatten)]
    pub chosen: Chosen,
    /// Whether to do it.
    #[command(flatten)]
    pub apply: Apply,
}

/// A plan first, then exactly that.
#[derive(Debug, Args)]
pub struct Apply {
    /// Print the plan as JSON, with its hash, and change nothing.
    #[arg(long, required_unless_present = "apply", conflicts_with = "apply")]
    pub plan: bool,
    /// Make the plan anew and carry it out if it still has this hash; else say what changed, and exit 2.
    #[arg(long, value_name = "HASH")]
    pub apply: Option<String>,
    /// Why; needed where people are written to or rows are deleted, and as the note of an error.
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}

/// How to try them again.
#[derive(Debug, Args)]
pub struct Retry {
    /// What to do.
    #[command(flatten)]
    pub act: Act,
    /// By what, in the place of `retry.strategy`: requeue, clone or webhook.
    #[arg(long, value_name = "WORD", value_parser = strategy)]
    pub strategy: Option<Strategy>,
    /// Write to people in quiet hours too (`retry.quiet_hours`).
    #[arg(long)]
    pub any_hour: bool,
}

/// The strategy of that word.
fn strategy(word: &str) -> Result<Strategy, String> {
    Strategy::parse(word).ok_or_else(|| format!("there are {}", Strategy::WORDS.join(", ")))
}

/// What to do with batches.
#[derive(Debug, Subcommand)]
pub enum Batches {
    /// Print those that this account began on this machine, the newest first.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Print what became of each event of one.
    Show {
        /// Which.
        #[arg(value_parser = batch)]
        id: BatchId,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Go on with one that rests, or that was left when its outpost ended.
    Resume {
        /// Which.
        #[arg(value_parser = batch)]
        id: BatchId,
    },
    /// End one that nobody drives: what it has not retried it never will.
    Stop {
        /// Which.
        #[arg(value_parser = batch)]
        id: BatchId,
    },
}

/// The batch of that name.
fn batch(name: &str) -> Result<BatchId, String> {
    BatchId::parse(name).ok_or_else(|| "a batch is named like 20261126-143207-beef".to_owned())
}

/// What to do with the audit history.
#[derive(Debug, Subcommand)]
pub enum Audit {
    /// Print the newest entries.
    List {
        /// Which, and how.
        #[command(flatten)]
        history: History,
        /// So many at most.
        #[arg(long, default_value_t = 100, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
        limit: u32,
    },
    /// Print all of them for another program, as JSON a line an entry with what became of each row, or as CSV.
    Export {
        /// Which, and how.
        #[command(flatten)]
        history: History,
        /// Write them into this new file instead.
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}

/// Which entries of the audit history, and how to print them.
#[derive(Debug, Args)]
pub struct History {
    /// A filter, in the language of the console: `who:anna is:undoable`.
    #[arg(long, default_value = "", value_name = "FILTER")]
    pub filter: String,
    /// None older than this: `2h`, `7d`, `2026-03-02`, `2026-03-02T14:30`.
    #[arg(long, value_name = "MOMENT")]
    pub since: Option<String>,
    /// Tell too what the file of this machine has of other databases.
    #[arg(long)]
    pub all_databases: bool,
    /// Print JSON, a line an entry.
    #[arg(long, conflicts_with = "csv")]
    pub json: bool,
    /// Print CSV.
    #[arg(long)]
    pub csv: bool,
}
