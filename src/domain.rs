//! The rules of the pipeline and of its numbers. Never a terminal, IO or a clock: time is an argument.

pub mod ab_test;
pub mod alert;
pub mod as_of;
pub mod audit;
pub mod backoff;
pub mod batch;
pub mod burn;
pub mod campaign;
pub mod change;
pub mod cost;
pub mod drops;
pub mod duration;
pub mod error_group;
pub mod event;
pub mod filter;
pub mod flow;
pub mod latency;
pub mod ledger;
pub mod mask;
pub mod moment;
pub mod outcomes;
pub mod past;
pub mod payload;
pub mod pipeline;
pub mod plan;
pub mod presence;
pub mod reach;
pub mod retry;
pub mod run;
pub mod sample;
pub mod scorecard;
pub mod server;
pub mod spelling;
pub mod stage;
pub mod timeline;
pub mod triage;
pub mod untrusted;
pub mod verdict;
pub mod why;
pub mod window;
pub mod workflow;
pub mod zone;

/// A moment, always in UTC; the view turns it into local time if asked.
pub type Timestamp = chrono::DateTime<chrono::Utc>;
