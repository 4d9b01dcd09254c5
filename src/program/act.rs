//! What the command line changes: by a plan that was printed, and by nothing else.

mod triage;

use std::{fs, io, os::unix::fs::OpenOptionsExt as _, path::PathBuf, time::Duration};

use serde_json::{Value, json};
use tokio::{sync::watch, time::Instant};

use super::{
    FAILED, FINE, Failure, UNKNOWN, WARNING, backends, batches, database, print, runtime, said_here,
};
use crate::{
    cli::{
        self,
        rows::{Act, Apply, Errors, Events, List},
    },
    config::Config,
    domain::{
        Timestamp,
        event::{EventRow, RowId},
        pipeline::Pipeline,
        plan::{
            EventTarget, Marks, Mutation, Outcome, Pace, Plan, Progress, Purge, Retrying, Tier,
        },
        retry::Objection,
        untrusted::Untrusted,
    },
    headless::rows::{Found, Kind, Look, Rows, Unfound},
    msg::Fault,
    shell::{
        audit::Audit,
        tasks::{self, Targets},
        triage::Local,
    },
    sources::postgres::{self, mutations},
};

impl From<Unfound> for Failure {
    fn from(unfound: Unfound) -> Self {
        match unfound {
            Unfound::Filter(_) | Unfound::Moment(_) => Self::usage(unfound.to_string()),
            Unfound::Fault(fault) => fault.into(),
            Unfound::Io(error) => error.into(),
        }
    }
}

/// Lists events, or changes them.
pub(super) fn events(config: &Config, command: &Events) -> Result<u8, Failure> {
    match command {
        Events::List(list) => show(config, Kind::Events, list),
        Events::Retry(how) => try_again(config, Kind::OpenEvents, how),
    }
}

/// Lists errors, or changes them.
pub(super) fn errors(config: &Config, command: &Errors) -> Result<u8, Failure> {
    match command {
        Errors::List(list) => show(config, Kind::Errors, list),
        Errors::Retry(how) => try_again(config, Kind::EventsOfErrors, how),
        Errors::Resolve(act) => perform(config, (Kind::Errors, act), |found, note| {
            let ids = ids(found);
            (Mutation::ResolveErrors { ids, note }, Vec::new())
        }),
        Errors::Reopen(act) => perform(config, (Kind::ResolvedErrors, act), |found, note| {
            let ids = ids(found);
            let by = cli::actor();
            let marks = Marks::default();
            let reopen = Mutation::ReopenErrors {
                ids,
                note,
                by,
                marks,
            };
            (reopen, Vec::new())
        }),
        Errors::Assign(how) => triage::assign(config, how),
        Errors::Ignore(how) => triage::ignore(config, how),
        Errors::Note(how) => triage::note(config, how),
    }
}

fn show(config: &Config, kind: Kind, list: &List) -> Result<u8, Failure> {
    let settings = database(config)?;
    let found = runtime()?.block_on(async {
        let mut look = open(&settings).await?;
        look.find(kind, &list.chosen.filter, list.chosen.limit)
            .await
    })?;
    print(&match (list.json, list.jsonl) {
        (true, _) => found.json(),
        (_, true) => found.jsonl(),
        (false, false) => found.text(),
    })?;
    if let Some(remark) = found.remark() {
        eprintln!("outpost: {remark}");
    }
    Ok(FINE)
}

/// A connection for looking, which knows what is said of groups of errors on this machine.
async fn open(settings: &postgres::Settings) -> Result<Look, Fault> {
    Ok(Look::open(settings).await?.hearing(said_here(settings)))
}

fn ids(found: &Found) -> Vec<RowId> {
    match &found.rows {
        Rows::Errors(rows) => rows.iter().map(|row| row.id.clone()).collect(),
        Rows::Events(rows) => rows.iter().map(|row| row.id.clone()).collect(),
    }
}

/// Rows that pass the filter and yet are no part of the plan, and why.
type LeftOut = Vec<(RowId, &'static str)>;

fn try_again(config: &Config, kind: Kind, how: &cli::rows::Retry) -> Result<u8, Failure> {
    let webhooks = backends::webhooks(config)?;
    let webhooks = webhooks.map(|webhooks| webhooks.root().to_owned());
    let mut retrying = backends::retrying(config, webhooks).at(how.any_hour);
    retrying.strategy = how.strategy.unwrap_or(retrying.strategy);
    perform(config, (kind, &how.act), |found, _| {
        retry(&config.pipeline(), &retrying, found)
    })
}

fn retry(pipeline: &Pipeline, retrying: &Retrying, found: &Found) -> (Mutation, LeftOut) {
    let rows: &[EventRow] = match &found.rows {
        Rows::Events(rows) => rows,
        Rows::Errors(_) => &[],
    };
    let mut targets = Vec::new();
    let mut left_out = Vec::new();
    for row in rows {
        match EventTarget::of(pipeline, row, Some(found.clock)) {
            Ok(target) => targets.push(target),
            Err(objection) => left_out.push((row.id.clone(), Objection::sentence(objection))),
        }
    }
    (retrying.propose(pipeline, targets), left_out)
}

/// Deletes what is old and done.
pub(super) fn purge(config: &Config, apply: &Apply) -> Result<u8, Failure> {
    if apply.apply.is_some() && !config.is_on("safety.allow_destructive") {
        let text = "nothing is purged: set safety.allow_destructive = true";
        return Err(Failure::usage(text));
    }
    let settings = database(config)?;
    let retention = backends::retention(config);
    runtime()?.block_on(async {
        let mut look = open(&settings).await?;
        let now = look.clock().await?;
        let purge = Purge::at(now, retention, config.profile.clone());
        let plan = examined(&mut look, Mutation::Purge(purge), now).await?;
        drop(look);
        finish(config, apply, (plan, Vec::new(), None), &settings).await
    })
}

/// Makes the plan, and prints it or carries it out.
fn perform(
    config: &Config,
    (kind, act): (Kind, &Act),
    mutation: impl Fn(&Found, String) -> (Mutation, LeftOut),
) -> Result<u8, Failure> {
    let settings = database(config)?;
    let note = why(&act.apply).unwrap_or_default();
    runtime()?.block_on(async {
        let mut look = open(&settings).await?;
        let found = look
            .find(kind, &act.chosen.filter, act.chosen.limit)
            .await?;
        let (mutation, left_out) = mutation(&found, note);
        let plan = examined(&mut look, mutation, found.clock).await?;
        let plan = plan.paced(config.bulk());
        drop(look);
        let whole = (plan, left_out, found.remark());
        finish(config, &act.apply, whole, &settings).await
    })
}

/// The reason that was given, if one was.
fn why(apply: &Apply) -> Option<String> {
    let reason = apply.reason.as_deref().unwrap_or_default().trim();
    (!reason.is_empty()).then(|| reason.to_owned())
}

/// Prints the plan, or carries it out where it still is the one that was printed.
async fn finish(
    config: &Config,
    apply: &Apply,
    (plan, left_out, remark): (Plan, LeftOut, Option<String>),
    settings: &postgres::Settings,
) -> Result<u8, Failure> {
    let directories = cli::directories();
    let plans = Plans::own();
    let Some(hash) = &apply.apply else {
        let printed = printed(&plan, &left_out, remark.as_deref());
        plans.keep(&plan.hash(), &printed)?;
        print(&format!("{printed:#}\n"))?;
        return Ok(FINE);
    };
    if settings.read_only {
        let text =
            "read-only: nothing was changed; --read-only or safety.read_only refuses every write";
        return Err(Failure::failed(text));
    }
    if plan.hash() != *hash {
        return Err(plans.stale(hash, &plan));
    }
    let plan = confirmed(plan, why(apply))?;
    let targets = Targets {
        local: Local::new(&directories.state, settings),
        database: settings.clone(),
        // A batch asks it what runs.
        n8n: if plan.pacing.is_some() {
            super::n8n(config)?.ok()
        } else {
            None
        },
        webhooks: backends::webhooks(config)?,
        audit: Audit::new(&directories.state, cli::actor(), settings.place()),
    };
    if plan.pacing.is_some() {
        return Box::pin(batches::begin(targets, &directories, plan)).await;
    }
    let outcome = if matches!(plan.mutation, Mutation::Purge(_)) {
        purged(&targets, &plan).await
    } else {
        tasks::carry_out(&targets, &plan).await
    };
    report(&plan, outcome)
}

/// Purges until the end, or until somebody interrupts it, which ends it after its batch.
async fn purged(targets: &Targets, plan: &Plan) -> Result<Outcome, Fault> {
    let (go_on, pace) = watch::channel(Pace::Run);
    let mut told: Option<Instant> = None;
    let tell = |progress: &Progress| {
        if told.is_none_or(|at| at.elapsed() >= Duration::from_secs(1)) {
            told = Some(Instant::now());
            batches::say(&progress.line());
        }
    };
    let work = tasks::purge(targets, plan, pace, tell);
    tokio::pin!(work);
    tokio::select! {
        outcome = &mut work => return outcome,
        _interrupted = tokio::signal::ctrl_c() => {
            batches::say("the purge ends after this batch");
            go_on.send_replace(Pace::Stop);
        }
    }
    work.await
}

async fn examined(look: &mut Look, mutation: Mutation, at: Timestamp) -> Result<Plan, Fault> {
    let examination = look
        .run(|client, catalog| {
            let mutation = mutation.clone();
            async move { mutations::examine(client, catalog, &mutation).await }
        })
        .await??;
    Ok(Plan {
        examined: Some(examination),
        ..Plan::new(mutation, at)
    })
}

fn printed(plan: &Plan, left_out: &LeftOut, remark: Option<&str>) -> Value {
    let mut printed = plan.json();
    if let Some(printed) = printed.as_object_mut() {
        let rows = left_out.iter();
        let rows = rows.map(|(id, why)| json!({ "id": id.as_str(), "why": why }));
        printed.insert("left_out".to_owned(), rows.collect());
        printed.insert("remark".to_owned(), json!(remark));
        if let Some(pacing) = plan.pacing {
            let seconds = plan.seconds();
            let batch =
                json!({ "canaries": plan.canaries(), "pacing": pacing, "seconds": seconds });
            printed.insert("batch".to_owned(), batch);
        }
    }
    printed
}

/// The plan with the reason that it takes.
fn confirmed(mut plan: Plan, reason: Option<String>) -> Result<Plan, Failure> {
    let tier = plan
        .tier()
        .map_err(|unready| Failure::usage(unready.sentence()))?;
    let is_note = plan.mutation.takes_note();
    let asks = matches!(tier, Tier::Typed { reason: true, .. });
    if reason.is_none() && (is_note || asks) {
        let is_purge = matches!(plan.mutation, Mutation::Purge(_));
        return Err(Failure::usage(if is_note {
            "a note is needed: --reason says why"
        } else if is_purge {
            "what is deleted is gone: --reason says why"
        } else {
            "people are written to: --reason says why"
        }));
    }
    plan.reason = reason;
    Ok(plan)
}

fn report(plan: &Plan, outcome: Result<Outcome, Fault>) -> Result<u8, Failure> {
    let outcome = outcome.map_err(|fault| {
        if matches!(fault, Fault::InDoubt(_)) {
            Failure {
                text: format!("{fault}\n{}", fault.advice()),
                code: UNKNOWN,
            }
        } else {
            fault.into()
        }
    })?;
    let done: Value = outcome.done.iter().map(|id| json!(id.as_str())).collect();
    print(&format!(
        "{:#}\n",
        json!({
            "action": plan.mutation.name(),
            "hash": plan.hash(),
            "done": done,
            "skipped": rows(&outcome.skipped),
            "untried": outcome.untried.iter().map(RowId::as_str).collect::<Value>(),
            "failed": rows(&outcome.failed),
            "unknown": rows(&outcome.unknown),
            "clones": outcome.clones,
            "deleted": outcome.deleted,
            "remarks": rows(&outcome.remarks),
            "audited_in_database": outcome.audited_in_database,
        })
    ))?;
    Ok(if !outcome.unknown.is_empty() {
        UNKNOWN
    } else if !outcome.failed.is_empty() {
        FAILED
    } else if outcome.skipped.is_empty() && outcome.untried.is_empty() {
        FINE
    } else {
        WARNING
    })
}

/// Rows, each with what is said of it.
pub(super) fn rows(rows: &[(RowId, String)]) -> Value {
    let one = |(id, why): &(RowId, String)| json!({ "id": id.as_str(), "why": Untrusted::from(why.as_str()).display_cut(400) });
    rows.iter().map(one).collect()
}

/// Plans that were printed, kept to tell what has changed since.
struct Plans(PathBuf);

impl Plans {
    /// Those of this account on this machine.
    fn own() -> Self {
        Self(cli::directories().state.join("plans"))
    }

    fn keep(&self, hash: &str, printed: &Value) -> io::Result<()> {
        fs::create_dir_all(&self.0)?;
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(self.0.join(format!("{hash}.json")))?;
        io::Write::write_all(&mut file, printed.to_string().as_bytes())
    }

    /// When the plan that was printed with `hash` was frozen, as far as it is kept here.
    fn frozen_at(&self, hash: &str) -> Option<Timestamp> {
        serde_json::from_value(self.before(hash)?["frozen_at"].take()).ok()
    }

    /// The plan that was printed with `hash`.
    fn before(&self, hash: &str) -> Option<Value> {
        let is_hash = hash.len() == 32 && hash.chars().all(|c| c.is_ascii_hexdigit());
        let bytes = is_hash.then(|| fs::read(self.0.join(format!("{hash}.json"))).ok());
        serde_json::from_slice(&bytes.flatten()?).ok()
    }

    /// Says how `plan`, made anew, differs from the one that was printed with `hash`.
    fn stale(&self, hash: &str, plan: &Plan) -> Failure {
        let changed = self.before(hash).map_or_else(
            || vec!["no plan with that hash was printed here".to_owned()],
            |before| plan.changed_since(&before),
        );
        Failure::failed(format!(
            "nothing was changed: the plan is another one by now, {}\n{}",
            plan.hash(),
            changed.join("\n")
        ))
    }
}
