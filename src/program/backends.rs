//! What is watched and changed, from the configuration.

use std::{path::PathBuf, time::Duration};

use super::Failure;
use crate::{
    cli,
    config::Config,
    domain::plan::{Retention, Retrying, Strategy},
    sources::{
        n8n,
        postgres::{self, Canary, address::Address},
    },
};

/// What is watched, and what a plan changes.
#[derive(Debug)]
pub struct Backends {
    /// The database.
    pub database: postgres::Settings,
    /// n8n, or why it is not asked.
    pub n8n: Result<n8n::Settings, n8n::Absent>,
    /// The webhooks of n8n, where it has an address.
    pub webhooks: Option<n8n::Webhooks>,
}

/// How to reach the database.
///
/// # Errors
/// When there is no address, or one that makes no sense.
pub fn database(config: &Config, url: Option<&str>) -> Result<postgres::Settings, Failure> {
    let address = Address::parse(url, cli::variable).map_err(|error| {
        Failure::usage(format!(
            "{error}\nset DATABASE_URL, the PG* variables, --database-url or `database.url` in the configuration; \
             `outpost demo` shows a pipeline without one"
        ))
    })?;
    let mut settings = postgres::Settings::new(address);
    config
        .get("database.schema")
        .unwrap_or("marketing")
        .clone_into(&mut settings.schema);
    config
        .get("database.time_zone")
        .unwrap_or("UTC")
        .clone_into(&mut settings.time_zone);
    settings.words = config.status_words();
    settings.pipeline = config.pipeline();
    govern(config, &mut settings);
    Ok(settings)
}

/// How it is dealt with, whatever it holds: what a statement and a second may cost, who asks and may write, and when reading rests.
pub fn govern(config: &Config, settings: &mut postgres::Settings) {
    settings.statement_timeout =
        Duration::from_millis(config.number("database.statement_timeout_ms"));
    settings.budget_ms = config.number("database.budget_ms_per_s");
    settings.read_only = config.is_on("safety.read_only");
    settings.who = cli::actor();
    settings.rest_after = config.span("database.rest_after");
    settings.canary = match config.get("database.canary") {
        Some("always") => Canary::Always,
        Some("off") => Canary::Off,
        _ => Canary::WhenActive,
    };
}

/// How to reach n8n, or what is missing for it.
///
/// # Errors
/// When the address makes no sense.
pub fn n8n(
    config: &Config,
    key: Option<String>,
) -> Result<Result<n8n::Settings, n8n::Absent>, Failure> {
    let (base_url, key) = match (config.get("n8n.base_url"), key) {
        (Some(base_url), Some(key)) => (base_url, key),
        (Some(_), None) => return Ok(Err(n8n::Absent::Key)),
        (None, Some(_)) => return Ok(Err(n8n::Absent::Address)),
        (None, None) => return Ok(Err(n8n::Absent::Both)),
    };
    let ca_file = config.get("n8n.ca_file").map(PathBuf::from);
    n8n::Settings::new(base_url, &key)
        .map(|settings| Ok(settings.with_ca_file(ca_file)))
        .map_err(|error| Failure::usage(error.to_string()))
}

/// The webhooks of n8n, where it has an address.
///
/// # Errors
/// When the address or the header makes no sense.
pub fn webhooks(config: &Config) -> Result<Option<n8n::Webhooks>, Failure> {
    let (own, base) = (config.get("n8n.webhook_url"), config.get("n8n.base_url"));
    let webhooks = match (own, base) {
        (Some(url), _) => n8n::Webhooks::at(url),
        (None, Some(base)) => n8n::Webhooks::of(base),
        (None, None) => return Ok(None),
    };
    let header = config.get("n8n.webhook_header");
    webhooks
        .and_then(|webhooks| webhooks.with_header(header))
        .map(|webhooks| Some(webhooks.with_ca_file(config.get("n8n.ca_file").map(PathBuf::from))))
        .map_err(|error| Failure::usage(error.to_string()))
}

/// How long rows are kept from a purge.
pub fn retention(config: &Config) -> Retention {
    let days = |name: &str| config.number(name).try_into().unwrap_or(u32::MAX);
    Retention {
        events: days("retention.events_days"),
        errors: days("retention.errors_days"),
    }
}

/// How events are tried again, at a site with these webhooks.
pub fn retrying(config: &Config, webhooks: Option<String>) -> Retrying {
    Retrying {
        strategy: config
            .get("retry.strategy")
            .and_then(Strategy::parse)
            .unwrap_or_default(),
        webhooks,
        quiet: config.quiet(),
    }
}
