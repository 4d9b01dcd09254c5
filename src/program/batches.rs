//! Batches from the command line: begun by a plan that was printed, listed, gone on with, ended.

use std::io::{self, IsTerminal as _, Write as _};

use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{FAILED, FINE, Failure, UNKNOWN, WARNING, act, backends, database, print, runtime};
use crate::{
    cli::{self, Directories, rows::Batches},
    config::Config,
    domain::{
        batch::{Batch, BatchId, Mode, Row, Standing},
        plan::Plan,
    },
    msg::{Msg, Told},
    shell::{
        audit::Audit,
        batches::{
            Means, Runner,
            journal::{Journals, Kept, Unusable},
        },
        signals::{Signal, Signals},
        tasks::Targets,
        triage::Local,
    },
    sources::{Inbox, Messages},
    store::batches::Batches as Known,
};

/// Lists batches, or does something about one.
pub(super) fn batches(config: &Config, command: &Batches) -> Result<u8, Failure> {
    let directories = cli::directories();
    let journals = Journals::below(&directories.state);
    match command {
        Batches::List { json } => list(&journals, *json),
        Batches::Show { id, json } => {
            let kept = journals.read(id).map_err(|error| unusable(id, &error))?;
            print(&if *json {
                let rows: Vec<Value> = kept.batch().rows.iter().map(row).collect();
                let mut shown = summary(&kept);
                shown["rows"] = rows.into();
                format!("{shown:#}\n")
            } else {
                text(&kept)
            })?;
            Ok(FINE)
        }
        Batches::Resume { id } => {
            let targets = targets(config, &directories)?;
            runtime()?.block_on(async {
                let (means, messages) = means(targets, &directories);
                let (_orders, given) = mpsc::channel(1);
                let runner = means.resume(id, given).await?;
                Box::pin(drive(&means, messages, runner)).await
            })
        }
        Batches::Stop { id } => {
            let (means, _messages) = means(targets(config, &directories)?, &directories);
            let batch = runtime()?.block_on(means.stop(id))?;
            print(&format!("{:#}\n", ended(&batch)))?;
            if !batch.is_over() {
                say(&format!(
                    "batch {id} has events under way: resume it to see how they end"
                ));
            }
            Ok(FINE)
        }
    }
}

/// Begins `plan` as a batch, and drives it until it is over or rests.
pub(super) async fn begin(
    targets: Targets,
    directories: &Directories,
    plan: Plan,
) -> Result<u8, Failure> {
    let (means, messages) = means(targets, directories);
    let (_orders, given) = mpsc::channel(1);
    let runner = means.begin(plan, given).await?;
    Box::pin(drive(&means, messages, runner)).await
}

fn targets(config: &Config, directories: &Directories) -> Result<Targets, Failure> {
    let database = database(config)?;
    Ok(Targets {
        local: Local::new(&directories.state, &database),
        audit: Audit::new(&directories.state, cli::actor(), database.place()),
        database,
        n8n: super::n8n(config)?.ok(),
        webhooks: backends::webhooks(config)?,
    })
}

fn means(targets: Targets, directories: &Directories) -> (Means, Messages) {
    let (inbox, messages) = Inbox::new();
    let means = Means {
        targets,
        journals: Journals::below(&directories.state),
        inbox,
        cancel: CancellationToken::new(),
    };
    (means, messages)
}

/// A line for people, on standard error; one that is closed is no reason to stop.
pub(super) fn say(text: &str) {
    drop(writeln!(io::stderr(), "outpost: {text}"));
}

/// Drives a batch until it is over, rests, or a signal says to leave it as it stands.
async fn drive(means: &Means, mut messages: Messages, mut runner: Runner) -> Result<u8, Failure> {
    let id = runner.id().clone();
    say(&format!(
        "batch {id}: it goes on only while this runs; `outpost batches resume {id}` goes on with it"
    ));
    let mut signals = Signals::listen()?;
    let is_watched = io::stderr().is_terminal();
    let mut known = Known::default();
    let mut signal = None;
    let batch = {
        let run = runner.run();
        tokio::pin!(run);
        loop {
            tokio::select! {
                ended = &mut run => break ended?.clone(),
                Some((_, msg)) = messages.recv() => {
                    if let Msg::Batch(told) = msg {
                        progress(&mut known, &id, told, is_watched);
                    }
                }
                got = signals.next() => if let Signal::End(number) = got {
                    signal = Some(number);
                    means.cancel.cancel();
                }
            }
        }
    };
    print(&format!("{:#}\n", ended(&batch)))?;
    if let Mode::Paused(why) = &batch.mode {
        say(&format!("batch {id} stands: {}", why.sentence()));
    }
    match signal {
        Some(number) => Ok(128 + u8::try_from(number).unwrap_or_default()),
        None => Ok(code(&batch)),
    }
}

/// Says how it goes, where somebody sits before it.
fn progress(known: &mut Known, id: &BatchId, told: Told, is_watched: bool) {
    let counts = matches!(told, Told::Noted(..));
    let is_limit = matches!(told, Told::Limited(..));
    if let Told::Held(_, Some(held)) = &told {
        say(held);
    }
    let said = known.absorb(told);
    let Some(batch) = known.get(id).map(|known| &known.batch) else {
        return;
    };
    if is_watched && is_limit {
        say(&batch.rate().to_string());
    }
    if is_watched && counts && said.is_none() {
        let report = batch.report();
        say(&format!("{}/{}  {report}", report.ended(), report.all));
    }
}

/// What the batch ended as, or rests as.
fn ended(batch: &Batch) -> Value {
    let outcome = batch.outcome();
    let ids = |is: fn(&Standing) -> bool| -> Vec<&str> {
        let rows = batch.rows.iter().filter(|row| is(&row.standing));
        rows.map(|row| row.id.as_str()).collect()
    };
    let (state, why) = match &batch.mode {
        Mode::Over => ("done", None),
        Mode::Paused(why) => ("paused", Some(why.sentence())),
        Mode::Running | Mode::Stopping => ("unfinished", None),
    };
    json!({
        "action": batch.head.plan.mutation.name(),
        "hash": batch.head.plan.hash(),
        "batch": batch.head.batch,
        "state": state,
        "why": why,
        "report": batch.report().to_string(),
        "done": ids(|standing| *standing == Standing::Ok),
        "pending": ids(Standing::is_watched),
        "waiting": ids(|standing| *standing == Standing::Waiting),
        "failed": act::rows(&outcome.failed),
        "skipped": batch.rows.iter().filter(|row| matches!(row.standing, Standing::Skipped(_))).map(row).collect::<Value>(),
        "unknown": act::rows(&outcome.unknown),
    })
}

fn code(batch: &Batch) -> u8 {
    let report = batch.report();
    if report.unknown + report.in_doubt > 0 {
        UNKNOWN
    } else if report.failed() > 0 || !batch.is_over() {
        FAILED
    } else if report.ok < report.all {
        WARNING
    } else {
        FINE
    }
}

fn row(row: &Row) -> Value {
    json!({
        "id": row.id.as_str(),
        "stage": row.stage.label(),
        "canary": row.is_canary,
        "cause": row.cause.as_ref().map(ToString::to_string),
        "standing": row.standing.word(),
        "since": row.since,
        "why": row.standing.remark(),
    })
}

fn state(kept: &Kept) -> &'static str {
    let driver = if kept.is_driven {
        crate::domain::batch::Driver::Here
    } else {
        crate::domain::batch::Driver::Nobody
    };
    let known = crate::store::batches::Known {
        batch: kept.batch(),
        driver,
        held: None,
    };
    known.word()
}

fn summary(kept: &Kept) -> Value {
    let batch = kept.batch();
    let report = batch.report();
    json!({
        "batch": batch.head.batch,
        "at": batch.head.at,
        "who": batch.head.who,
        "place": batch.head.place,
        "what": batch.head.plan.mutation.words(),
        "reason": batch.head.plan.reason,
        "state": state(kept),
        "why": if let Mode::Paused(why) = &batch.mode { Some(why.sentence()) } else { None },
        "report": report.to_string(),
        "counts": report,
    })
}

fn text(kept: &Kept) -> String {
    let batch = kept.batch();
    let mut lines = vec![line(kept)];
    if let Mode::Paused(why) = &batch.mode {
        lines.push(format!("{}\n", why.sentence()));
    }
    let of = |row: &Row| {
        let canary = if row.is_canary { " (canary)" } else { "" };
        let why = row.standing.remark();
        let why = why.map_or_else(String::new, |why| format!("  {why}"));
        let (id, stage, word) = (&row.id, row.stage.label(), row.standing.word());
        format!("{id:12} {stage:20} {word}{canary}{why}\n")
    };
    lines.extend(batch.rows.iter().map(of));
    lines.concat()
}

fn line(kept: &Kept) -> String {
    let batch = kept.batch();
    format!(
        "{}  {:10} {}  {}\n",
        batch.head.batch,
        state(kept),
        batch.report(),
        batch.head.who
    )
}

fn list(journals: &Journals, json: bool) -> Result<u8, Failure> {
    let all = journals.all()?;
    let readable = all.iter().filter_map(|(_, kept)| kept.as_ref().ok());
    print(&if json {
        let all: Value = readable.map(summary).collect();
        format!("{all:#}\n")
    } else {
        let lines: String = readable.map(line).collect();
        if lines.is_empty() {
            "no batch was begun here\n".to_owned()
        } else {
            lines
        }
    })?;
    for (id, kept) in &all {
        if let Err(error) = kept {
            say(&format!("batch {id}: {error}"));
        }
    }
    Ok(FINE)
}

fn unusable(id: &BatchId, error: &Unusable) -> Failure {
    Failure::failed(format!("batch {id}: {error}"))
}
