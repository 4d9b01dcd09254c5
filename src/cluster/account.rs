//! Whom the server runs as: ourselves, or, when we are root, an account that is not.

use std::{
    fs, io,
    os::unix::{fs::chown, process::CommandExt},
    path::Path,
    process::Command,
};

use super::{StartError, bare};

/// Whom the server runs as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Account {
    uid: u32,
    /// The account to change to, when we are root.
    other: Option<Other>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Other {
    name: String,
    uid: u32,
    gid: u32,
}

impl Account {
    /// Ourselves; when we are root, `postgres`, else `nobody`, else anybody: `initdb` needs an account that exists.
    pub(super) fn to_run_as() -> Result<Self, StartError> {
        let ours = rustix::process::geteuid();
        if !ours.is_root() {
            let uid = ours.as_raw();
            return Ok(Self { uid, other: None });
        }
        let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let other = choose(&passwd).ok_or(StartError::NoAccount)?;
        Ok(Self {
            uid: other.uid,
            other: Some(other),
        })
    }

    /// The uid the server runs as.
    pub(super) const fn uid(&self) -> u32 {
        self.uid
    }

    /// A command that runs as this account, in a bare environment.
    pub(super) fn command(&self, program: &Path) -> Command {
        let mut command = bare(program);
        if let Some(other) = &self.other {
            command.uid(other.uid).gid(other.gid);
        }
        command
    }

    /// Gives `path` to this account.
    pub(super) fn own(&self, path: &Path) -> io::Result<()> {
        match &self.other {
            Some(other) => chown(path, Some(other.uid), Some(other.gid)),
            None => Ok(()),
        }
    }

    /// The error for a program that did not start.
    pub(super) fn cannot_run(&self, program: &Path, source: io::Error) -> StartError {
        StartError::Run {
            program: program.to_owned(),
            account: self.other.as_ref().map(|other| other.name.clone()),
            source,
        }
    }
}

fn choose(passwd: &str) -> Option<Other> {
    let accounts: Vec<Other> = passwd.lines().filter_map(parse).collect();
    let named = |name: &str| accounts.iter().find(|account| account.name == name);
    named("postgres")
        .or_else(|| named("nobody"))
        .or_else(|| accounts.first())
        .cloned()
}

/// A line of `/etc/passwd` that is not root's.
fn parse(line: &str) -> Option<Other> {
    let mut fields = line.split(':');
    let name = fields.next()?.to_owned();
    let mut ids = fields.skip(1);
    let uid = ids.next()?.parse().ok().filter(|uid| *uid != 0)?;
    let gid = ids.next()?.parse().ok()?;
    Some(Other { name, uid, gid })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: &str = "root:x:0:0:root:/root:/bin/bash\n";

    #[test]
    fn root_runs_the_server_as_postgres_else_nobody_else_anybody() {
        let nobody = "nobody:x:65534:65534::/:/x\n";
        let postgres = "postgres:x:101:104::/:/x\n";
        let anna = "anna:x:1000:1000::/:/x\n";
        let name = |passwd: String| choose(&passwd).map(|account| account.name);
        assert_eq!(
            name([ROOT, anna, nobody, postgres].concat()).as_deref(),
            Some("postgres")
        );
        assert_eq!(
            name([ROOT, anna, nobody].concat()).as_deref(),
            Some("nobody")
        );
        assert_eq!(name([ROOT, anna].concat()).as_deref(), Some("anna"));
        assert_eq!(name(ROOT.to_owned()), None);
    }
}
