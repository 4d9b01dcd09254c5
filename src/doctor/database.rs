//! The connection, the server, the schema and our rights.

use super::{Finding, Level};
use crate::{
    domain::{event::EventStatus, untrusted::Untrusted},
    sources::postgres::{Settings, connect::Route, probe::Probe, queries::ALL},
};

/// A clock that is off by more makes ages and rates wrong, ms.
const SKEW_MS: i64 = 2_000;

pub(super) fn judge(settings: &Settings, probe: &Probe) -> Vec<Finding> {
    let mut findings = connection(settings, probe);
    findings.extend(server(probe));
    findings.extend(session(settings, probe));
    findings.extend(time(settings, probe));
    findings.extend(rights(probe));
    findings.extend(schema(probe));
    findings.extend(statuses(probe));
    findings
}

fn connection(settings: &Settings, probe: &Probe) -> Vec<Finding> {
    let address = &settings.address;
    let mut findings = vec![Finding::ok(format!("connected to {}", address.target()))];
    findings.push(if probe.opened.is_encrypted {
        Finding::ok("the line is encrypted, and the certificate verified")
    } else if address.is_local() {
        Finding::ok("the line does not leave this machine")
    } else {
        Finding::warn(
            "the line is not encrypted",
            "names, addresses and payloads cross the network in the clear",
            "put sslmode=verify-full into the address",
        )
    });
    for warning in address.warnings() {
        findings.push(Finding::warn(
            warning.clone(),
            "it has no effect here",
            "leave it out of the address",
        ));
    }
    findings.extend(match probe.opened.route {
        Route::Given => None,
        Route::Direct => Some(Finding::ok(
            "the address names a pooled host; the direct one is used",
        )),
        Route::Pooler => Some(Finding::warn(
            "a pooler stands between",
            if matches!(probe.hearing, Ok(None)) {
                "the limits of our session do not hold through it; notifications come, for it lends whole sessions"
            } else {
                "LISTEN and the limits of our session do not hold through it: changes are seen by polling only, and the \
                 listener is not proven"
            },
            "give outpost the address of the server itself",
        )),
    });
    let hears = !probe.opened.is_standby && matches!(probe.hearing, Ok(None));
    if hears {
        findings.push(Finding::ok(settings.canary.effect()));
    }
    findings.push(Finding::ok(settings.rest()));
    findings.push(match &probe.hearing {
        Ok(_) if probe.opened.is_standby => standby(probe),
        Ok(Some(_)) if probe.opened.route == Route::Pooler => return findings,
        Ok(None) => Finding::ok("a notification to ourselves arrives"),
        Ok(Some(remark)) => Finding::warn(
            remark.clone(),
            "changes are seen seconds later",
            "connect without a pooler between",
        ),
        Err(fault) => Finding::unknown("LISTEN", fault),
    });
    findings
}

/// A standby, and how far it follows.
fn standby(probe: &Probe) -> Finding {
    let replay = probe.server.as_ref().ok().and_then(|server| {
        let words = server.replay?.words(server.clock);
        Some(format!(", {words}"))
    });
    Finding::warn(
        format!("the server is a standby{}", replay.unwrap_or_default()),
        "it refuses LISTEN and every write: changes are seen by polling only, as late as it follows its primary",
        "give outpost the address of the primary",
    )
}

fn server(probe: &Probe) -> Vec<Finding> {
    let server = match &probe.server {
        Ok(server) => server,
        Err(fault) => return vec![Finding::unknown("the server", fault)],
    };
    let version = probe.session.as_ref().map_or_else(
        |_| (server.version / 10_000).to_string(),
        |session| session.version.display_cut(40),
    );
    let mut findings = vec![if server.version < 130_000 {
        Finding::warn(
            format!("PostgreSQL {version}"),
            "it is no longer maintained, and outpost is not tested with it",
            "upgrade to PostgreSQL 14 or later",
        )
    } else {
        Finding::ok(format!("PostgreSQL {version}"))
    }];
    if server.standby {
        return findings;
    }
    let share = (server.queue_usage * 100.0).round();
    let level = match server.queue_usage {
        usage if usage > 0.5 => Level::Critical,
        usage if usage > 0.1 => Level::Warn,
        _ => Level::Ok,
    };
    let what = format!("the queue of notifications is {share} % full");
    findings.push(if level == Level::Ok {
        Finding::ok(what)
    } else {
        let why = "when it is full, every insert that notifies fails; some session listens inside a transaction";
        let mend = "SELECT pid, application_name, xact_start FROM pg_stat_activity ORDER BY xact_start; end the oldest";
        Finding::new(level, what, why, mend)
    });
    findings
}

fn session(settings: &Settings, probe: &Probe) -> Vec<Finding> {
    let session = match &probe.session {
        Ok(session) => session,
        Err(fault) => return vec![Finding::unknown("the session", fault)],
    };
    let role = probe.rights.role.display();
    let mut findings = vec![if session.statement_timeout.raw() == "0" {
        Finding::warn(
            "nothing cancels a query of ours that takes too long",
            "through a pooler we cannot bound it, and it runs on when outpost has given it up",
            format!("ALTER ROLE \"{role}\" SET statement_timeout = '5s';"),
        )
    } else {
        Finding::ok(format!(
            "queries of ours are cancelled after {}",
            session.statement_timeout.display_cut(20)
        ))
    }];
    let beat = settings.heartbeat.as_millis() as u64;
    if session.idle_session_ms > 0 && session.idle_session_ms <= beat {
        findings.push(Finding::warn(
            format!("idle_session_timeout is {} ms", session.idle_session_ms),
            "the listening connection is ended between two heartbeats, for through a pooler we cannot lift it",
            format!(
                "ALTER ROLE \"{}\" SET idle_session_timeout = 0;",
                probe.rights.role.display()
            ),
        ));
    }
    for table in &session.guarded {
        findings.push(Finding::warn(
            format!("row security guards {}", table.display_cut(120)),
            "rows hidden from this role are missing from every number",
            "give this role a policy that shows every row, or BYPASSRLS",
        ));
    }
    findings
}

fn time(settings: &Settings, probe: &Probe) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Ok(server) = &probe.server {
        let skew = server.skew_ms;
        findings.push(if skew.abs() > SKEW_MS {
            Finding::warn(
                format!("the server's clock differs from ours by {skew} ms"),
                "ages are told by the server's clock, but n8n and people go by theirs",
                "let NTP set both clocks",
            )
        } else {
            Finding::ok(format!("the clocks agree to {} ms", skew.abs()))
        });
    }
    let zone = &settings.time_zone;
    match &probe.newest_ahead {
        Ok(Some(ahead)) if *ahead > 120.0 => findings.push(Finding::critical(
            format!("the newest event lies {ahead:.0} s in the future"),
            "ages and latencies are wrong: its timestamp was written in another zone",
            format!("set database.time_zone to the zone of the writers (now {zone})"),
        )),
        Ok(_) => {}
        Err(fault) => findings.push(Finding::unknown("the newest event", fault)),
    }
    if !probe.naive.is_empty() {
        let columns: Vec<String> = probe.naive.iter().map(Untrusted::display).collect();
        let columns = columns.join(", ");
        findings.push(Finding::ok(format!(
            "timestamps without a zone, read as {zone}: {columns}"
        )));
    }
    findings
}

fn rights(probe: &Probe) -> Vec<Finding> {
    if probe.opened.is_standby {
        return Vec::new();
    }
    let role = probe.rights.role.display();
    let right = |right: &Option<(Untrusted, bool)>, what: &str| {
        let (table, may) = right.as_ref()?;
        Some(if *may {
            Finding::ok(format!("{role} may {what}"))
        } else {
            Finding::warn(
                format!("{role} may not {what}"),
                "the key for it is refused",
                format!("GRANT UPDATE ON {} TO \"{role}\";", table.display()),
            )
        })
    };
    let retry = right(&probe.rights.retry, "retry events");
    let resolve = right(&probe.rights.resolve, "resolve errors");
    retry.into_iter().chain(resolve).collect()
}

fn schema(probe: &Probe) -> Vec<Finding> {
    let Ok(server) = &probe.server else {
        return Vec::new();
    };
    if server.gaps.is_empty() {
        return vec![Finding::ok(
            "every table, column, index and right that a panel needs is there",
        )];
    }
    // What the first query needs, the one that every verdict is made from.
    let core = ALL.first().map_or("", |query| query.hides);
    server
        .gaps
        .iter()
        .map(|gap| {
            let what = gap.what.display();
            let level = if gap.hides.starts_with(core) {
                Level::Critical
            } else {
                Level::Warn
            };
            let why = format!("without it: {}", gap.hides);
            Finding::new(level, format!("missing: {what}"), &why, gap.remedy.clone())
        })
        .collect()
}

fn statuses(probe: &Probe) -> Vec<Finding> {
    let statuses = match &probe.statuses {
        Ok(statuses) => statuses,
        Err(fault) => return vec![Finding::unknown("the states of events", fault)],
    };
    let strange: Vec<Finding> = statuses
        .iter()
        .filter(|(word, _)| matches!(probe.words.of(word.raw()), EventStatus::Other(_)))
        .map(|(word, n)| {
            let word = word.display_cut(40);
            Finding::warn(
                format!("{n} of the newest events bear the unknown status {word}"),
                "they are shown under that word, and count as neither pending nor processed",
                "say what it means in the configuration, in `status.pending`, `.processing`, `.processed` or `.failed`",
            )
        })
        .collect();
    if strange.is_empty() {
        vec![Finding::ok("every status is known")]
    } else {
        strange
    }
}
