//! Where the server is: URLs, `key=value` strings and `PG*` variables, in the dialects people paste, brought
//! into the one form the driver takes. No message of this module repeats the text it was given, since a
//! password may stand in it.

mod parse;

use std::{fmt, net::IpAddr, path::PathBuf, time::Duration};

use tokio_postgres::{
    Config,
    config::{ChannelBinding, Host, LoadBalanceHosts, SslNegotiation, TargetSessionAttrs},
};

/// Whether the line is encrypted. Wherever it is, chain and host name are verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsMode {
    /// Never: `sslmode=disable`, a socket, or this very machine.
    Off,
    /// Where the server offers it: `allow`, `prefer`, or nothing said.
    Prefer,
    /// Always: `require`, `verify-ca`, `verify-full`.
    Require,
}

/// Why an address cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Nothing was given.
    #[error("no database address is given")]
    Absent,
    /// Neither a URL nor `key=value` pairs.
    #[error("the database address is neither postgresql://… nor key=value pairs")]
    Syntax,
    /// A parameter whose value makes no sense.
    #[error("{0} in the database address has a value that makes no sense")]
    Value(String),
}

/// Where the server is, and how to get there. The password never shows in its `Debug`.
#[derive(Clone)]
pub struct Address {
    /// Everything but the hosts, of which the driver could not be rid again.
    config: Config,
    hosts: Vec<Host>,
    tls: TlsMode,
    root_file: Option<PathBuf>,
    warnings: Vec<String>,
    direct: Option<Vec<Host>>,
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Address")
            .field("target", &self.target())
            .field("tls", &self.tls)
            .field("root_file", &self.root_file)
            .finish_non_exhaustive()
    }
}

/// The `PG*` variables that are read, and the parameter each of them stands for.
const VARIABLES: [(&str, &str); 13] = [
    ("PGHOST", "host"),
    ("PGHOSTADDR", "hostaddr"),
    ("PGPORT", "port"),
    ("PGDATABASE", "dbname"),
    ("PGUSER", "user"),
    ("PGPASSWORD", "password"),
    ("PGSSLMODE", "sslmode"),
    ("PGSSLROOTCERT", "sslrootcert"),
    ("PGCHANNELBINDING", "channel_binding"),
    ("PGOPTIONS", "options"),
    ("PGCONNECT_TIMEOUT", "connect_timeout"),
    ("PGTARGETSESSIONATTRS", "target_session_attrs"),
    ("PGSSLNEGOTIATION", "sslnegotiation"),
];

impl Address {
    /// Reads `text`, if there is one, and takes what it does not say from the `PG*` variables that `variable`
    /// knows. Parameters that other programs put into addresses are left out, each with a warning.
    pub fn parse(
        text: Option<&str>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, AddressError> {
        let mut pairs: Vec<(String, String)> = VARIABLES
            .iter()
            .filter_map(|(name, key)| Some(((*key).to_owned(), variable(name)?)))
            .filter(|(_, value)| !value.is_empty())
            .collect();
        if let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) {
            let own = parse::pairs(text)?;
            if own
                .iter()
                .any(|(key, _)| key == "host" || key == "hostaddr")
            {
                pairs.retain(|(key, _)| !matches!(key.as_str(), "host" | "hostaddr" | "port"));
            }
            pairs.extend(own);
        }
        if pairs
            .iter()
            .all(|(key, _)| !matches!(key.as_str(), "host" | "hostaddr" | "dbname"))
        {
            return Err(AddressError::Absent);
        }
        Self::of_pairs(&pairs)
    }

    fn of_pairs(pairs: &[(String, String)]) -> Result<Self, AddressError> {
        let mut address = Self {
            config: Config::new(),
            hosts: Vec::new(),
            tls: TlsMode::Prefer,
            root_file: None,
            warnings: Vec::new(),
            direct: None,
        };
        address.keep_alive();
        // Later pairs win; hosts and ports are lists to the driver, so earlier ones must not reach it.
        let last = |key: &str| {
            pairs
                .iter()
                .rfind(|(k, _)| k == key)
                .map(|(_, value)| value)
        };
        let mut done: Vec<&str> = Vec::new();
        for (key, _) in pairs {
            if !done.contains(&key.as_str()) {
                done.push(key);
                if let Some(value) = last(key) {
                    address.set(key, value)?;
                }
            }
        }
        if address.hosts.is_empty() && address.config.get_hostaddrs().is_empty() {
            address.hosts("/var/run/postgresql,localhost");
        }
        let is_unasked = last("sslmode").is_none() && address.tls == TlsMode::Prefer;
        if (is_unasked && address.is_local()) || address.is_socket() {
            address.tls = TlsMode::Off;
        }
        if address.config.get_hostaddrs().is_empty() {
            address.direct = direct_hosts(&address.hosts);
        }
        Ok(address)
    }

    /// A dead peer is noticed within a minute; the driver's own default is two hours.
    fn keep_alive(&mut self) {
        self.config
            .connect_timeout(Duration::from_secs(10))
            .keepalives(true)
            .keepalives_idle(Duration::from_secs(30))
            .keepalives_interval(Duration::from_secs(10))
            .keepalives_retries(3)
            .tcp_user_timeout(Duration::from_secs(15));
    }

    fn set(&mut self, key: &str, value: &str) -> Result<(), AddressError> {
        let bad = || AddressError::Value(key.to_owned());
        let seconds = || value.parse().map(Duration::from_secs).map_err(|_e| bad());
        match key {
            "user" => drop(self.config.user(value)),
            "password" => drop(self.config.password(value)),
            "dbname" => drop(self.config.dbname(value)),
            "options" => drop(self.config.options(value)),
            "host" => self.hosts(value),
            "hostaddr" => {
                for part in value.split(',') {
                    self.config
                        .hostaddr(part.trim().parse::<IpAddr>().map_err(|_e| bad())?);
                }
            }
            "port" => {
                for part in value.split(',') {
                    let port = if part.is_empty() { "5432" } else { part.trim() };
                    self.config.port(port.parse().map_err(|_e| bad())?);
                }
            }
            "connect_timeout" => {
                let wait: Duration = seconds()?;
                if !wait.is_zero() {
                    self.config
                        .connect_timeout(wait.max(Duration::from_secs(2)));
                }
            }
            "keepalives_idle" => drop(self.config.keepalives_idle(seconds()?)),
            "keepalives_interval" => drop(self.config.keepalives_interval(seconds()?)),
            "keepalives_count" | "keepalives_retries" => {
                self.config
                    .keepalives_retries(value.parse().map_err(|_e| bad())?);
            }
            "sslmode" | "ssl" | "sslrootcert" | "channel_binding" | "sslnegotiation" => {
                self.set_tls(key, value)?;
            }
            "target_session_attrs" | "load_balance_hosts" => self.set_choice(key, value)?,
            // We say who we are ourselves.
            "application_name" | "fallback_application_name" => {}
            _ => self
                .warnings
                .push(format!("{key} in the database address is not used here")),
        }
        Ok(())
    }

    fn set_tls(&mut self, key: &str, value: &str) -> Result<(), AddressError> {
        let bad = || AddressError::Value(key.to_owned());
        match (key, value) {
            ("sslmode", "disable") | ("ssl", "false" | "0") => self.tls = TlsMode::Off,
            ("sslmode", "allow" | "prefer") => self.tls = TlsMode::Prefer,
            ("sslmode", "require" | "verify-ca" | "verify-full") | ("ssl", "true" | "1") => {
                self.tls = TlsMode::Require;
            }
            ("sslmode", "no-verify") => {
                self.tls = TlsMode::Require;
                self.warnings.push(
                    "sslmode=no-verify is taken as verify-full: TLS is always verified".to_owned(),
                );
            }
            ("sslrootcert", "system") | ("sslnegotiation", "postgres") => {}
            ("sslrootcert", path) => self.root_file = Some(PathBuf::from(path)),
            ("channel_binding", _) => {
                self.config.channel_binding(match value {
                    "disable" => ChannelBinding::Disable,
                    "prefer" => ChannelBinding::Prefer,
                    "require" => ChannelBinding::Require,
                    _ => return Err(bad()),
                });
            }
            ("sslnegotiation", "direct") => {
                self.config.ssl_negotiation(SslNegotiation::Direct);
                self.tls = TlsMode::Require;
            }
            _ => return Err(bad()),
        }
        Ok(())
    }

    fn set_choice(&mut self, key: &str, value: &str) -> Result<(), AddressError> {
        match (key, value) {
            ("target_session_attrs", "any" | "prefer-standby")
            | ("load_balance_hosts", "disable") => {}
            ("target_session_attrs", "read-write" | "primary") => {
                self.config
                    .target_session_attrs(TargetSessionAttrs::ReadWrite);
            }
            ("target_session_attrs", "read-only" | "standby") => {
                self.config
                    .target_session_attrs(TargetSessionAttrs::ReadOnly);
            }
            ("load_balance_hosts", "random") => {
                self.config.load_balance_hosts(LoadBalanceHosts::Random);
            }
            _ => return Err(AddressError::Value(key.to_owned())),
        }
        Ok(())
    }

    fn hosts(&mut self, value: &str) {
        for host in value
            .split(',')
            .map(str::trim)
            .filter(|host| !host.is_empty())
        {
            self.hosts.push(if host.starts_with('/') {
                Host::Unix(PathBuf::from(host))
            } else {
                Host::Tcp(host.to_owned())
            });
        }
    }

    /// Puts in a password that was read from a file, a command or the environment.
    #[must_use]
    pub fn with_password(mut self, password: &str) -> Self {
        self.config.password(password);
        self
    }

    /// The address as the driver takes it, at the direct host where the given one is pooled.
    pub(super) fn driver_config(&self) -> Config {
        let mut config = self.config.clone();
        for host in self.direct.as_deref().unwrap_or(&self.hosts) {
            match host {
                Host::Tcp(name) => config.host(name),
                Host::Unix(path) => config.host_path(path),
            };
        }
        config
    }

    /// Whether the line is to be encrypted.
    pub const fn tls(&self) -> TlsMode {
        self.tls
    }

    /// A file of certificates to trust besides the system's and Mozilla's.
    pub(super) const fn root_file(&self) -> Option<&PathBuf> {
        self.root_file.as_ref()
    }

    /// What was left out of the address, a sentence each.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Whether the host is a pooler by its name, in whose place the direct host is used: LISTEN and session
    /// settings do not work through a pooler.
    pub const fn is_pooled(&self) -> bool {
        self.direct.is_some()
    }

    /// Whether no network lies between: sockets and loopback only.
    pub fn is_local(&self) -> bool {
        let hosts = self.hosts.iter().all(|host| match host {
            Host::Unix(_) => true,
            Host::Tcp(name) => {
                name == "localhost" || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
            }
        });
        hosts && self.config.get_hostaddrs().iter().all(IpAddr::is_loopback)
    }

    fn is_socket(&self) -> bool {
        let unix = |host: &Host| matches!(host, Host::Unix(_));
        self.hosts.iter().all(unix) && self.config.get_hostaddrs().is_empty()
    }

    /// Where it leads, for people: `user@host:5432/dbname`, without any secret.
    pub fn target(&self) -> String {
        let hosts = self.direct.as_deref().unwrap_or(&self.hosts);
        let hosts: Vec<String> = hosts
            .iter()
            .map(|host| match host {
                Host::Tcp(name) => name.clone(),
                Host::Unix(path) => path.display().to_string(),
            })
            .chain(self.config.get_hostaddrs().iter().map(IpAddr::to_string))
            .collect();
        let port = self.config.get_ports().first().copied().unwrap_or(5432);
        let user = self
            .config
            .get_user()
            .map(|user| format!("{user}@"))
            .unwrap_or_default();
        let database = self.config.get_dbname().unwrap_or("");
        format!("{user}{}:{port}/{database}", hosts.join(","))
    }
}

/// The direct hosts, when one of `hosts` is a pooler by Neon's convention: `-pooler` ends its first label.
fn direct_hosts(hosts: &[Host]) -> Option<Vec<Host>> {
    let direct = |name: &str| {
        let (label, rest) = name.split_once('.')?;
        Some(format!("{}.{rest}", label.strip_suffix("-pooler")?))
    };
    let mut found = false;
    let hosts = hosts
        .iter()
        .map(|host| match host {
            Host::Tcp(name) => direct(name).map_or_else(
                || host.clone(),
                |name| {
                    found = true;
                    Host::Tcp(name)
                },
            ),
            Host::Unix(_) => host.clone(),
        })
        .collect();
    found.then_some(hosts)
}

#[cfg(test)]
mod tests;
