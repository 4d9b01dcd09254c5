//! The audit history on the command line.
#![expect(
    clippy::disallowed_methods,
    reason = "without a database the clock of this machine says how old an entry is"
)]

use std::{
    cell::Cell,
    fs::OpenOptions,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt as _,
};

use super::{FINE, Failure, WARNING, database, runtime};
use crate::{
    cli::{
        self,
        rows::{Audit as Command, History},
    },
    config::Config,
    domain::audit::{CSV_HEAD, csv, jsonl},
    headless::{
        audit::{self, HEAD, Wanted},
        rows::Look,
    },
    shell::audit::Audit,
};

/// How entries are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Text,
    Csv,
    Jsonl,
}

/// Prints what operators did.
pub(super) fn audit(config: &Config, command: &Command) -> Result<u8, Failure> {
    match command {
        Command::List { history, limit } => {
            let form = match (history.json, history.csv) {
                (true, _) => Form::Jsonl,
                (_, true) => Form::Csv,
                (false, false) => Form::Text,
            };
            let limit = *limit as usize;
            print(
                config,
                history,
                (limit, false),
                (form, &mut io::stdout().lock()),
            )
        }
        Command::Export { history, output } => {
            let form = if history.csv { Form::Csv } else { Form::Jsonl };
            let all = (usize::MAX, form == Form::Jsonl);
            let Some(path) = output else {
                return print(config, history, all, (form, &mut io::stdout().lock()));
            };
            let mut file = OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(path)
                .map_err(|error| Failure::failed(format!("{}: {error}", path.display())))?;
            print(config, history, all, (form, &mut file))
        }
    }
}

fn print(
    config: &Config,
    history: &History,
    (limit, is_whole): (usize, bool),
    (form, out): (Form, &mut dyn Write),
) -> Result<u8, Failure> {
    let since = history.since.as_deref();
    let wanted = Wanted::new(&history.filter, since, (limit, is_whole))
        .map_err(|error| Failure::usage(error.to_string()))?;
    let settings = database(config)?;
    let own = Audit::new(&cli::directories().state, cli::actor(), settings.place());
    let mut file = own.everything(history.all_databases)?;
    let head = match form {
        Form::Text => format!("{HEAD}\n"),
        Form::Csv => format!("{CSV_HEAD}\n"),
        Form::Jsonl => String::new(),
    };
    // A reader that has gone away is no failure.
    let is_gone = Cell::new(false);
    let mut lines = |text: String| -> io::Result<()> {
        let written = out.write_all(text.as_bytes());
        let gone = |error: &io::Error| error.kind() == io::ErrorKind::BrokenPipe;
        is_gone.set(written.as_ref().is_err_and(gone));
        written
    };
    let told = lines(head).map_err(Failure::from).and_then(|()| {
        let mut take = |entry: &_, whole: Option<&_>| {
            lines(match form {
                Form::Text => audit::line(entry) + "\n",
                Form::Csv => csv(entry) + "\n",
                Form::Jsonl => jsonl(entry, whole) + "\n",
            })
        };
        runtime()?.block_on(async {
            match Look::open(&settings).await {
                Ok(mut look) => {
                    let place = settings.place();
                    let here = (&mut look, place.as_str());
                    audit::tell(here, &mut file, &wanted, &mut take)
                        .await
                        .map_err(Failure::from)
                }
                Err(fault) => {
                    let now = (&fault, chrono::Utc::now());
                    Ok(audit::tell_alone(&mut file, &wanted, now, &mut take)?)
                }
            }
        })
    });
    let told = match told {
        Err(_) if is_gone.get() => return Ok(FINE),
        told => told?,
    };
    out.flush()?;
    match file.elsewhere() {
        0 => {}
        1 => eprintln!("outpost: 1 entry of another database is left out (--all-databases)"),
        n => eprintln!("outpost: {n} entries of other databases are left out (--all-databases)"),
    }
    Ok(match told.missing {
        Some(why) => {
            eprintln!("outpost: {why}; this is what the file of this machine has");
            WARNING
        }
        None => FINE,
    })
}
