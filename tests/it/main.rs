//! The one integration-test binary.
#![expect(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "tests stop at the first surprise, and read files and the clock"
)]

mod ab_tests;
mod alerts;
mod audit;
mod bad_input;
mod batches;
mod behind;
mod bounded;
mod by_time;
mod certificates;
mod chaos;
mod cluster;
mod coalesce;
mod commands;
mod commits;
mod connect;
mod cost;
mod database;
mod deaf;
mod deeds;
mod demo;
mod docs;
mod doctor;
mod double_send;
mod drop_turns;
mod drops;
mod encryption;
mod error_groups;
mod error_pages;
mod field;
mod guide;
mod hands;
mod headless;
mod kept;
mod latency;
mod layering;
mod ledger;
mod migrate;
mod mutations;
mod n8n;
mod n8n_standin;
mod near;
mod nine_keys;
mod notes;
mod notify;
mod open_by_key;
mod past;
mod pipeline;
mod plans;
mod proxy;
mod pty;
mod purge;
mod queries;
mod quiet;
mod reconnects;
mod records;
mod refused;
mod rest;
mod rollup;
mod runs;
mod sampled;
mod scenario;
mod schema;
mod screen;
mod screens;
mod shapes;
mod shell;
mod slow_link;
mod snapshots;
mod sources;
mod standby;
mod strategies;
mod sustained;
mod terminal;
mod test_events;
mod themes;
mod trail;
mod triage;
mod trust;
mod update;
mod upgrade;
mod verdict;
mod windows;
mod worlds;
mod writes;
