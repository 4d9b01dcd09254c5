//! The one integration-test binary.
#![expect(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "tests stop at the first surprise, and read files and the clock"
)]

mod alerts;
mod cluster;
mod connect;
mod database;
mod field;
mod layering;
mod migrate;
mod mutations;
mod n8n;
mod n8n_standin;
mod proxy;
mod queries;
mod scenario;
mod screen;
mod screens;
mod shapes;
mod snapshots;
mod sources;
mod themes;
mod update;
mod verdict;
mod worlds;
