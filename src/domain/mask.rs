//! How people are named on a screen that others may see: enough to recognise, too little to write to.

use super::{event::EventRow, pipeline, untrusted::Untrusted};

/// Stages whose subject is a company or a campaign, which needs no mask.
const IMPERSONAL: [&str; 6] = [
    "company_created",
    "company_validated",
    "company_promoted",
    "slots_created",
    "campaign_created",
    "segment_ready",
];

/// Whom `row` is about, safe to show: companies by name, people as `a***@initech.example` or `A*** S***`. A
/// stage outside the guide is taken to be about people, the careful guess.
pub fn subject(row: &EventRow) -> Option<String> {
    let subject = row.subject.as_ref().filter(|text| !text.is_empty())?;
    let impersonal =
        pipeline::find(&row.stage).is_some_and(|(_, stage)| IMPERSONAL.contains(&stage.event));
    if impersonal && !subject.raw().contains('@') {
        return Some(subject.display_cut(64));
    }
    Some(person(subject))
}

/// A person's address or name, masked word by word.
pub fn person(text: &Untrusted) -> String {
    let shown = text.display_cut(128);
    let words: Vec<String> = shown.split_whitespace().map(word).collect();
    words.join(" ")
}

fn word(word: &str) -> String {
    let (local, domain) = match word.rsplit_once('@') {
        Some((local, domain)) => (local, Some(domain)),
        None => (word, None),
    };
    let initial: String = local.chars().take(1).collect();
    match domain {
        Some(domain) => format!("{initial}***@{domain}"),
        None => format!("{initial}***"),
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::domain::event::{EventStatus, EventType, RowId};

    fn about(stage: &str, subject: &str) -> EventRow {
        EventRow {
            id: RowId::from(1),
            stage: EventType::from(stage),
            status: EventStatus::Pending,
            raw_status: Untrusted::from("pending"),
            created_at: DateTime::UNIX_EPOCH,
            processed_at: None,
            retries: 0,
            record: None,
            subject: Some(Untrusted::from(subject)),
            error: None,
            execution: None,
        }
    }

    #[test]
    fn people_are_masked_and_companies_are_not() {
        let shown = |stage, name| subject(&about(stage, name)).unwrap();
        assert_eq!(shown("company_created", "Acme GmbH"), "Acme GmbH");
        assert_eq!(
            shown("message_sent", "anna@initech.example"),
            "a***@initech.example"
        );
        assert_eq!(shown("contact_enriched", "Anna Schmidt"), "A*** S***");
        assert_eq!(
            shown("company_created", "boss@acme.example"),
            "b***@acme.example"
        );
        assert_eq!(shown("a_stage_of_their_own", "Anna"), "A***");
        assert_eq!(shown("message_sent", "\u{1b}[2J@x"), "<***@x");
    }
}
