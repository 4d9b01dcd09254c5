//! `outpost migrate` and `outpost rollup`: what we keep in the database.

use std::time::Duration;

use super::{FINE, Failure, database, print, runtime};
use crate::{
    config::Config,
    headless, migrate as migration,
    sources::postgres::{self, Purpose, Session},
};

/// Fine as long as the events are rolled up, by us or by whoever is at it.
pub(super) fn roll_up(settings: &postgres::Settings) -> Result<u8, Failure> {
    let rolled = runtime()?.block_on(postgres::rollup::roll_up(settings))?;
    print(&headless::rolled(&rolled)).map(|()| FINE)
}

/// Brings the database to our schema, or prints what that would take.
pub(super) fn migrate(config: &Config, dry_run: bool, trail: bool) -> Result<u8, Failure> {
    let options = migration::Options {
        schema: config.get("database.schema").unwrap_or_default().to_owned(),
        dry_run,
        trail,
        ..migration::Options::default()
    };
    runtime()?.block_on(migrated(&database(config)?, options))
}

async fn migrated(
    settings: &postgres::Settings,
    options: migration::Options,
) -> Result<u8, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::failed(error.to_string());
    let session = postgres::connect(settings, Purpose::Writer).await;
    let Session {
        mut client,
        mut driver,
        ..
    } = session?;
    // Building an index beside live traffic takes as long as it takes.
    let work = driver
        .run(
            Duration::from_hours(48),
            migration::migrate(&mut client, &options),
        )
        .await;
    let report = work
        .map_err(|fault| failed(&fault))?
        .map_err(|error| failed(&error))?;
    print(&if options.dry_run {
        report.sql
    } else {
        headless::migration(&report)
    })
    .map(|()| FINE)
}
