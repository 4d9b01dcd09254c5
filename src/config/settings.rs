//! Every setting: its name, what it may be, its default.

use crate::domain::{
    alert::Unit,
    duration,
    plan::{Quiet, Strategy},
};

/// What a value may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// Text that is never shown.
    Secret,
    /// A database URL, whose password is never shown.
    Url,
    /// `true` or `false`.
    Flag,
    /// A whole number between these, both included.
    Whole(u64, u64),
    /// One of these words.
    Choice(&'static [&'static str]),
    /// The limit of a rule that is measured in this: `100`, `12%`, `30m`.
    Limit(Unit),
    /// Words with commas between them.
    Words,
    /// A span, such as `90s`, at most a day.
    Span,
    /// From a time of the day to another, such as `20:00-08:00`.
    Hours,
}

/// The limit that `text` spells: rows, a share of 1, seconds.
pub(super) fn limit(unit: Unit, text: &str) -> Option<f64> {
    match unit {
        Unit::Rows => text.parse::<u32>().ok().map(f64::from),
        Unit::Share => {
            let percent = text.strip_suffix('%')?.trim_end().parse::<f64>().ok()?;
            (percent > 0.0 && percent < 100.0).then_some(percent / 100.0)
        }
        Unit::Seconds => match duration::parse(text) {
            Some(seconds @ 1..=604_800) => Some(seconds as f64),
            Some(_) | None => None,
        },
    }
}

/// The seconds that `text` spells, at most a day.
pub(super) fn span(text: &str) -> Option<u64> {
    let seconds = u64::try_from(duration::parse(text)?).ok()?;
    (seconds <= 86_400).then_some(seconds)
}

impl Kind {
    /// Why `value` cannot be of this kind, if it cannot.
    pub fn check(self, value: &str) -> Result<(), String> {
        match self {
            Self::Text | Self::Secret | Self::Url => Ok(()),
            Self::Flag if matches!(value, "true" | "false") => Ok(()),
            Self::Flag => Err(format!("`{value}` must be true or false")),
            Self::Whole(min, max) => match value.parse::<u64>() {
                Ok(n) if (min..=max).contains(&n) => Ok(()),
                Ok(_) | Err(_) => Err(format!(
                    "`{value}` must be a whole number from {min} to {max}"
                )),
            },
            Self::Limit(unit) if limit(unit, value).is_some() => Ok(()),
            Self::Limit(unit) => Err(match unit {
                Unit::Rows => format!("`{value}` must be a whole number of rows, such as 100"),
                Unit::Share => {
                    format!("`{value}` must be a share between 0% and 100%, such as \"12%\"")
                }
                Unit::Seconds => {
                    format!("`{value}` must be a span from 1s to 7d, such as \"30m\"")
                }
            }),
            Self::Words if value.split(',').all(|word| !word.trim().is_empty()) => Ok(()),
            Self::Words => Err(format!(
                "`{value}` must be words with commas between, such as \"skipped, cancelled\""
            )),
            Self::Span if span(value).is_some() => Ok(()),
            Self::Span => Err(format!(
                "`{value}` must be a span of at most a day, such as \"90s\" or \"5m\""
            )),
            Self::Hours if Quiet::parse(value, "UTC").is_some() => Ok(()),
            Self::Hours => Err(format!(
                "`{value}` must be two different times of a day, such as \"20:00-08:00\""
            )),
            Self::Choice(words) if words.contains(&value) => Ok(()),
            Self::Choice(words) => Err(format!("`{value}` must be one of {}", words.join(", "))),
        }
    }

    /// `value` as it may be shown.
    pub fn shown(self, value: &str) -> String {
        match self {
            Self::Secret => "***".to_owned(),
            Self::Url => without_password(value),
            Self::Text
            | Self::Flag
            | Self::Whole(..)
            | Self::Choice(_)
            | Self::Limit(_)
            | Self::Words
            | Self::Span
            | Self::Hours => value.to_owned(),
        }
    }
}

/// A database URL with its password hidden. What is no URL is hidden altogether: `key=value` strings have too
/// many ways to spell a password.
fn without_password(value: &str) -> String {
    let Some((scheme, rest)) = value.split_once("://") else {
        return "***".to_owned();
    };
    let (authority, tail) = rest
        .find(['/', '?'])
        .map_or((rest, ""), |at| rest.split_at(at));
    let host = match authority.rsplit_once('@') {
        Some((user, host)) => match user.split_once(':') {
            Some((user, _)) => format!("{user}:***@{host}"),
            None => format!("{user}@{host}"),
        },
        None => authority.to_owned(),
    };
    let (path, query) = tail
        .split_once('?')
        .map_or((tail, None), |(path, query)| (path, Some(query)));
    let query = query.map(|query| {
        let hide = |pair: &str| match pair.split_once('=') {
            Some((name, _)) if name.to_ascii_lowercase().contains("pass") => format!("{name}=***"),
            _ => pair.to_owned(),
        };
        query.split('&').map(hide).collect::<Vec<_>>().join("&")
    });
    match query {
        Some(query) => format!("{scheme}://{host}{path}?{query}"),
        None => format!("{scheme}://{host}{path}"),
    }
}

/// A setting.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Its dotted name in the file.
    pub name: &'static str,
    /// What it may be.
    pub kind: Kind,
    /// Its value when nobody sets it.
    pub default: Option<&'static str>,
    /// The variable of the environment that sets it.
    pub env: Option<&'static str>,
    /// What it does, for the README.
    pub help: &'static str,
}

const fn setting(
    name: &'static str,
    kind: Kind,
    default: Option<&'static str>,
    env: Option<&'static str>,
    help: &'static str,
) -> Setting {
    Setting {
        name,
        kind,
        default,
        env,
        help,
    }
}

/// Every setting.
#[rustfmt::skip]
pub const SETTINGS: &[Setting] = &[
    setting("database.url",          Kind::Url,    None, Some("DATABASE_URL"), "The database: a `postgres://` URL, or `key=value` pairs."),
    setting("database.url_file",     Kind::Text,   None, None, "A file that holds the URL, read at start."),
    setting("database.url_command",  Kind::Text,   None, None, "A command that prints the URL, run by `sh -c` at start."),
    setting("database.schema",       Kind::Text,   Some("marketing"), None, "The schema of the pipeline's tables."),
    setting("database.time_zone",    Kind::Text,   Some("UTC"), None, "The zone in which timestamps without one were written."),
    setting("pipeline.file",         Kind::Text,   None, None, "A file that describes your own pipeline, in place of the guide's; where it is no whole path, it lies beside this configuration."),
    setting("database.statement_timeout_ms", Kind::Whole(50, 60_000), Some("2000"), None, "The server cancels a query of ours after this long."),
    setting("database.budget_ms_per_s", Kind::Whole(1, 1_000), Some("50"), None, "What watching may cost: ms of the database's time a second. Above it refresh is slowed, what tells least first; the trust line says so. Stages still come every 20 s, the stream every 10 s."),
    setting("database.canary",       Kind::Choice(&["always", "when-active", "off"]), Some("when-active"), None, "Whether the listener is proven every 10 s by a round trip over a second connection; `when-active` rests when no event came for 10 min and no key was pressed for 5, and lets a database that suspends itself rest from this, though not from reading."),
    setting("database.rest_after",   Kind::Span,   Some("0s"), None, "After so long without a key or a new event nothing is asked of the database, so that one that suspends itself may sleep: verdict and alerts stand still meanwhile, and say so. A key or a notification wakes it. `0s`: never."),
    setting("status.pending", Kind::Words, None, None, "Words of your own, with commas between, for: nobody has taken it. `outpost doctor` names those it does not know."),
    setting("status.processing", Kind::Words, None, None, "Words of your own, with commas between, for: a workflow has it. `outpost doctor` names those it does not know."),
    setting("status.processed", Kind::Words, None, None, "Words of your own, with commas between, for: it ended well. `outpost doctor` names those it does not know."),
    setting("status.failed", Kind::Words, None, None, "Words of your own, with commas between, for: it failed. `outpost doctor` names those it does not know."),
    setting("n8n.base_url",          Kind::Text,   None, Some("N8N_BASE_URL"), "The address of n8n."),
    setting("n8n.key",               Kind::Secret, None, Some("N8N_API_KEY"), "The API key of n8n."),
    setting("n8n.key_file",          Kind::Text,   None, None, "A file that holds the key, read at start."),
    setting("n8n.key_command",       Kind::Text,   None, None, "A command that prints the key, run by `sh -c` at start."),
    setting("n8n.ca_file",           Kind::Text,   None, Some("N8N_CA_FILE"), "A file of PEM certificates, trusted for n8n instead of the system's."),
    setting("n8n.webhook_url",       Kind::Text,   None, None, "What stands before the path of a stage's webhook, where that is not `/webhook` behind the address of n8n."),
    setting("n8n.webhook_header",    Kind::Secret, None, Some("N8N_WEBHOOK_HEADER"), "A header sent with each call to a webhook, as `Name: value`, where they ask for one."),
    setting("n8n.concurrency",       Kind::Whole(0, 10_000), Some("0"), None, "Executions that n8n runs at once, as its plan or `N8N_CONCURRENCY_PRODUCTION_LIMIT` says; 0 is not known, for n8n does not tell. A batch sends no more than there is room for."),
    setting("retry.strategy",        Kind::Choice(Strategy::WORDS), Some("requeue"), None, "How events are tried again: `requeue` sets them to pending and notifies, `clone` writes a new event beside each, `webhook` calls the webhook of their stage. On a plan `v` takes the next one."),
    setting("retry.batch_above",     Kind::Whole(1, 1_000), Some("25"), None, "A retry of more events than this is a batch: canaries first, then at a pace, with a brake."),
    setting("retry.canary",          Kind::Whole(0, 100), Some("1"), None, "Events of each stage and error that a batch tries, and waits for, before any other."),
    setting("retry.pace",            Kind::Whole(1, 6_000), Some("20"), None, "Events a minute that a batch retries at most; those of 15 s may be under way at once, so that a slow stage slows it."),
    setting("retry.api_budget",      Kind::Whole(0, 6_000), Some("0"), None, "Events a minute that a batch retries at most of stages that call a paid API; 0 is no limit."),
    setting("retry.least",           Kind::Whole(1, 6_000), Some("10"), None, "Events a minute that a batch sends also to a stage that does fewer in its usual minute, so that a quiet stage does not hold it for hours."),
    setting("retry.brake",           Kind::Whole(1, 100), Some("2"), None, "Equal failures in a row, or events not done in time, that stop a batch."),
    setting("retry.backlog",         Kind::Whole(1, 10_000), Some("50"), None, "Events of others by which the queue of a stage may grow before that stops a batch."),
    setting("retry.patience",        Kind::Span,   Some("5m"), None, "How long a batch waits for an event that it retried."),
    setting("retry.quiet_hours",     Kind::Hours,  None, None, "When people are not to be written to, such as `20:00-08:00`: a retry leaves out the events that would, and says so; `o` on the plan takes them in, for a stronger confirmation. By the database's clock, in `retry.quiet_zone`."),
    setting("retry.quiet_zone",      Kind::Text,   Some("UTC"), None, "The zone of the quiet hours, by a name that the database knows, such as `Europe/Berlin`."),
    setting("alerts.pipeline_stalled.enabled",     Kind::Flag, Some("true"), None, "Judge this rule."),
    setting("alerts.pipeline_stalled.fire",        Kind::Limit(Unit::Rows), Some("100"), None, "Fires above this: events older than 5 min."),
    setting("alerts.pipeline_stalled.clear",       Kind::Limit(Unit::Rows), Some("50"), None, "Ends below this."),
    setting("alerts.pipeline_stalled.hold",        Kind::Span, Some("0s"), None, "How long it must be so before it fires."),
    setting("alerts.pipeline_stalled.keep",        Kind::Span, Some("1m"), None, "How long it must be good again before it ends."),
    setting("alerts.high_error_rate.enabled",      Kind::Flag, Some("true"), None, "Judge this rule."),
    setting("alerts.high_error_rate.fire",         Kind::Limit(Unit::Share), Some("10%"), None, "Fires above this: errors of a stage in 1 h."),
    setting("alerts.high_error_rate.clear",        Kind::Limit(Unit::Share), Some("8%"), None, "Ends below this."),
    setting("alerts.high_error_rate.hold",         Kind::Span, Some("0s"), None, "How long it must be so before it fires."),
    setting("alerts.high_error_rate.keep",         Kind::Span, Some("1m"), None, "How long it must be good again before it ends."),
    setting("alerts.high_error_rate.min_n",        Kind::Whole(1, 1_000_000), Some("20"), None, "Fewer cases than this prove nothing."),
    setting("alerts.deliverability_drop.enabled",  Kind::Flag, Some("true"), None, "Judge this rule."),
    setting("alerts.deliverability_drop.fire",     Kind::Limit(Unit::Share), Some("20%"), None, "Fires above this: bounces in 24 h."),
    setting("alerts.deliverability_drop.clear",    Kind::Limit(Unit::Share), Some("15%"), None, "Ends below this."),
    setting("alerts.deliverability_drop.hold",     Kind::Span, Some("0s"), None, "How long it must be so before it fires."),
    setting("alerts.deliverability_drop.keep",     Kind::Span, Some("1m"), None, "How long it must be good again before it ends."),
    setting("alerts.deliverability_drop.min_n",    Kind::Whole(1, 1_000_000), Some("20"), None, "Fewer cases than this prove nothing."),
    setting("alerts.crm_sync_failure.enabled",     Kind::Flag, Some("true"), None, "Judge this rule."),
    setting("alerts.crm_sync_failure.fire",        Kind::Limit(Unit::Seconds), Some("30m"), None, "Fires above this: no successful sync."),
    setting("alerts.crm_sync_failure.clear",       Kind::Limit(Unit::Seconds), Some("15m"), None, "Ends below this."),
    setting("alerts.crm_sync_failure.hold",        Kind::Span, Some("0s"), None, "How long it must be so before it fires."),
    setting("alerts.crm_sync_failure.keep",        Kind::Span, Some("0s"), None, "How long it must be good again before it ends."),
    setting("alerts.slow_processing.enabled",      Kind::Flag, Some("true"), None, "Judge this rule."),
    setting("alerts.slow_processing.fire",         Kind::Limit(Unit::Seconds), Some("10s"), None, "Fires above this: average latency in 1 h."),
    setting("alerts.slow_processing.clear",        Kind::Limit(Unit::Seconds), Some("8s"), None, "Ends below this."),
    setting("alerts.slow_processing.hold",         Kind::Span, Some("0s"), None, "How long it must be so before it fires."),
    setting("alerts.slow_processing.keep",         Kind::Span, Some("1m"), None, "How long it must be good again before it ends."),
    setting("alerts.slow_processing.min_n",        Kind::Whole(1, 1_000_000), Some("20"), None, "Fewer cases than this prove nothing."),
    setting("alerts.low_enrichment.enabled",       Kind::Flag, Some("true"), None, "Judge this rule."),
    setting("alerts.low_enrichment.fire",          Kind::Limit(Unit::Share), Some("70%"), None, "Fires below this: addresses found in 24 h."),
    setting("alerts.low_enrichment.clear",         Kind::Limit(Unit::Share), Some("75%"), None, "Ends above this."),
    setting("alerts.low_enrichment.hold",          Kind::Span, Some("0s"), None, "How long it must be so before it fires."),
    setting("alerts.low_enrichment.keep",          Kind::Span, Some("1m"), None, "How long it must be good again before it ends."),
    setting("alerts.low_enrichment.min_n",         Kind::Whole(1, 1_000_000), Some("20"), None, "Fewer cases than this prove nothing."),
    setting("alerts.reply_rate_drop.enabled",      Kind::Flag, Some("true"), None, "Judge this rule."),
    setting("alerts.reply_rate_drop.fire",         Kind::Limit(Unit::Share), Some("3%"), None, "Fires below this: replies in 7 d."),
    setting("alerts.reply_rate_drop.clear",        Kind::Limit(Unit::Share), Some("3.5%"), None, "Ends above this."),
    setting("alerts.reply_rate_drop.hold",         Kind::Span, Some("1m"), None, "How long it must be so before it fires."),
    setting("alerts.reply_rate_drop.keep",         Kind::Span, Some("1m"), None, "How long it must be good again before it ends."),
    setting("alerts.reply_rate_drop.min_n",        Kind::Whole(1, 1_000_000), Some("20"), None, "Fewer cases than this prove nothing."),
    setting("ui.theme",              Kind::Choice(&["default", "dark", "light", "high-contrast", "colour-blind", "mono"]), Some("default"), Some("OUTPOST_THEME"), "The theme."),
    setting("ui.ascii",              Kind::Flag,   Some("false"), None, "Draw with ASCII only."),
    setting("ui.time",               Kind::Choice(&["age", "local", "utc"]), Some("age"), None, "How moments are shown at first."),
    setting("safety.read_only",      Kind::Flag,   Some("false"), None, "Refuse every write, here and in the session."),
    setting("safety.allow_destructive", Kind::Flag, Some("false"), None, "Allow a purge of what is old and done (`D`, `outpost purge`), which nothing takes back."),
    setting("retention.events_days", Kind::Whole(1, 3_650), Some("30"), None, "A purge keeps events for so many days after they were processed."),
    setting("retention.errors_days", Kind::Whole(1, 3_650), Some("90"), None, "A purge keeps errors for so many days after they were resolved."),
    setting("log.filter",            Kind::Text,   Some("info"), Some("OUTPOST_LOG"), "What is logged, as `level` or `module=level,…`."),
];
