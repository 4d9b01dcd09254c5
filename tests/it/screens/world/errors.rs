//! The errors that nobody has resolved.

use outpost::domain::{
    error_group::{ErrorRow, ErrorStage, Errors, Severity},
    event::{EventType, RowId},
    untrusted::Untrusted,
};

use super::ago;

fn error(id: i64, stage: &str, severity: &str, message: &str, age: i64) -> ErrorRow {
    ErrorRow {
        id: RowId::from(id),
        stage: EventType::from(stage),
        record: Some(Untrusted::from((2_200 + id % 10).to_string())),
        message: Untrusted::from(message),
        severity: Severity::of(severity),
        created_at: ago(age),
        event: None,
        execution: None,
        details: Untrusted::default(),
    }
}

pub(in crate::screens) fn errors() -> Errors {
    let crm = "401 Unauthorized: {\"error\":\"invalid_grant\",\"hint\":\"token revoked\"} from the CRM while \
               it was asked to upsert a contact; the same since 13:54, every time";
    let quota = "apify 429: monthly quota of 40000 reached";
    let smtp = "smtp 451 greylisted mx1.initech.example";
    let null = "null value in column \"company_name\"";
    let ugly = "invalid utf-8 at byte 17: hi \u{1b}[2J \u{202e}moc.live";
    let mut recent = vec![
        error(5_161, "lead_qualified", "critical", crm, 19),
        error(5_160, "slots_created", "warning", quota, 480),
        error(5_159, "message_queued", "error", smtp, 540),
        error(5_158, "company_created", "error", null, 1_620),
        error(5_157, "reply_received", "info", ugly, 18_000),
    ];
    recent.extend(
        (0..20).map(|at| error(5_150 - at, "slots_created", "warning", quota, 600 + at * 30)),
    );
    let stage = |stage: &str, errors_24h, critical_24h, unresolved| ErrorStage {
        stage: EventType::from(stage),
        errors_24h,
        critical_24h,
        unresolved,
    };
    Errors {
        stages: vec![
            stage("slots_created", 33, 0, 31),
            stage("lead_qualified", 9, 9, 9),
            stage("message_queued", 12, 0, 3),
            stage("company_created", 2, 0, 2),
        ],
        unresolved: vec![
            (Severity::Critical, 9),
            (Severity::Error, 5),
            (Severity::Warning, 31),
            (Severity::of("info"), 1),
        ],
        ..Errors::of(recent, super::now())
    }
}
