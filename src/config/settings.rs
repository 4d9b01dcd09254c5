//! Every setting: its name, what it may be, its default.

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
            Self::Choice(words) if words.contains(&value) => Ok(()),
            Self::Choice(words) => Err(format!("`{value}` must be one of {}", words.join(", "))),
        }
    }

    /// `value` as it may be shown.
    pub fn shown(self, value: &str) -> String {
        match self {
            Self::Secret => "***".to_owned(),
            Self::Url => without_password(value),
            Self::Text | Self::Flag | Self::Whole(..) | Self::Choice(_) => value.to_owned(),
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
    setting("database.statement_timeout_ms", Kind::Whole(50, 60_000), Some("2000"), None, "The server cancels a query of ours after this long."),
    setting("database.canary",       Kind::Choice(&["always", "when-active", "off"]), Some("when-active"), None, "Whether the listener is proven every 10 s by a round trip over a second connection; `when-active` rests when no event came for 10 min, and lets a database that suspends itself rest from this, though not from reading."),
    setting("n8n.base_url",          Kind::Text,   None, Some("N8N_BASE_URL"), "The address of n8n."),
    setting("n8n.key",               Kind::Secret, None, Some("N8N_API_KEY"), "The API key of n8n."),
    setting("n8n.key_file",          Kind::Text,   None, None, "A file that holds the key, read at start."),
    setting("n8n.key_command",       Kind::Text,   None, None, "A command that prints the key, run by `sh -c` at start."),
    setting("n8n.ca_file",           Kind::Text,   None, Some("N8N_CA_FILE"), "A file of PEM certificates, trusted for n8n instead of the system's."),
    setting("ui.theme",              Kind::Choice(&["default", "dark", "light", "high-contrast", "colour-blind", "mono"]), Some("default"), Some("OUTPOST_THEME"), "The theme."),
    setting("ui.ascii",              Kind::Flag,   Some("false"), None, "Draw with ASCII only."),
    setting("ui.time",               Kind::Choice(&["age", "local", "utc"]), Some("age"), None, "How moments are shown at first."),
    setting("safety.read_only",      Kind::Flag,   Some("false"), None, "Refuse every write, here and in the session."),
    setting("log.filter",            Kind::Text,   Some("info"), Some("OUTPOST_LOG"), "What is logged, as `level` or `module=level,…`."),
];
