//! How people are named on a screen that others may see: enough to recognise, too little to write to.

use super::{
    error_group::ErrorRow,
    event::{EventDetail, EventRow, EventType},
    pipeline::Pipeline,
    untrusted::Untrusted,
};

/// Keys of a payload that end as those of people do and name something else.
const NO_PERSON: [&str; 8] = [
    "campaign_name",
    "company_name",
    "domain_name",
    "event_name",
    "legal_name",
    "segment_name",
    "template_name",
    "workflow_name",
];

/// What a key of a payload holds when its value tells who somebody is.
const PERSONAL: [&str; 6] = ["address", "birth", "linkedin", "mobile", "name", "phone"];

/// Whom `row` is about, safe to show: companies by name, people as `a***@initech.example` or `A*** S***`. A
/// stage that `pipeline` does not have is taken to be about people, the careful guess.
pub fn subject(pipeline: &Pipeline, row: &EventRow) -> Option<String> {
    let subject = row.subject.as_ref().filter(|text| !text.is_empty())?;
    Some(named(pipeline, &row.stage, subject))
}

/// `text`, which names whom an event of `stage` is about, as [`subject`] shows it.
pub fn named(pipeline: &Pipeline, stage: &EventType, text: &Untrusted) -> String {
    if !pipeline.is_personal(stage) && !text.raw().contains('@') {
        return text.display_cut(64);
    }
    person(text)
}

/// A person's address or name, masked word by word.
pub fn person(text: &Untrusted) -> String {
    let shown = text.display_cut(128);
    words(&shown)
}

fn words(text: &str) -> String {
    let words: Vec<String> = text.split_whitespace().map(word).collect();
    words.join(" ")
}

fn word(word: &str) -> String {
    let (local, domain) = match word.rsplit_once('@') {
        Some((local, domain)) => (local, Some(domain)),
        None => (word, None),
    };
    // Half of an escape is no letter.
    let initial: String = local.chars().take(1).filter(|c| *c != '\\').collect();
    match domain {
        Some(domain) => format!("{initial}***@{domain}"),
        None => format!("{initial}***"),
    }
}

/// `detail` as it may be shown to whoever looks over a shoulder: its subject, its errors and its payload masked.
pub fn detail(pipeline: &Pipeline, detail: &EventDetail) -> EventDetail {
    EventDetail {
        row: row(pipeline, &detail.row),
        payload: payload(&detail.payload),
        errors: detail.errors.iter().map(error).collect(),
        siblings: detail.siblings.iter().map(|it| row(pipeline, it)).collect(),
        reach: detail.reach.clone(),
    }
}

/// `row` with its subject and its error masked.
pub fn row(pipeline: &Pipeline, row: &EventRow) -> EventRow {
    EventRow {
        subject: subject(pipeline, row).map(Untrusted::from),
        error: row.error.as_ref().map(message),
        ..row.clone()
    }
}

fn error(row: &ErrorRow) -> ErrorRow {
    ErrorRow {
        message: message(&row.message),
        ..row.clone()
    }
}

/// A message with every address in it masked.
pub fn message(message: &Untrusted) -> Untrusted {
    message.changed(addresses)
}

/// The first so many characters of a message for the screen, with every address in it masked. One that reaches beyond them is masked
/// before it is cut, since half of it would not be known as one; what lies behind is not looked at.
pub fn cut(text: &Untrusted, chars: usize) -> String {
    let begun = text.raw().char_indices().nth(chars).map(|(end, _)| {
        let (_, after) = text.raw().split_at(end);
        let more = after.find(|c| !is_of_address(c)).unwrap_or(after.len());
        text.begun(end + more)
    });
    message(begun.as_ref().unwrap_or(text)).display_cut(chars)
}

/// `text` with every address in it masked.
pub fn addresses(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c| !is_of_address(c)).unwrap_or(rest.len());
        let (part, after) = rest.split_at(end);
        match part.split_once('@') {
            Some(_) => out.push_str(&word(part)),
            None => out.push_str(part),
        }
        let next = after.chars().next();
        out.extend(next);
        rest = next
            .and_then(|c| after.get(c.len_utf8()..))
            .unwrap_or_default();
    }
    out
}

fn is_of_address(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '.' | '_' | '%' | '+' | '-' | '@')
}

/// A payload with every address in it masked, and whatever names a person.
pub fn payload(payload: &Untrusted) -> Untrusted {
    payload.changed(in_payload)
}

/// JSON, whole or cut or not quite JSON, with every address masked, and the value of each key that names a person.
/// Nothing else is touched: numbers, order and spaces stay as they came.
fn in_payload(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut is_of_person = false;
    let mut rest = text;
    while let Some(at) = rest.find('"') {
        let (between, from) = rest.split_at(at);
        push_between(&mut out, between, is_of_person);
        let inner = from.get(1..).unwrap_or_default();
        let (string, end) = inner.split_at(end_of_string(inner));
        rest = end.get(1..).unwrap_or_default();
        let is_key = rest.trim_start().starts_with(':');
        if is_key {
            is_of_person = names_person(string);
        }
        out.push('"');
        out.push_str(&if is_of_person && !is_key {
            words(string)
        } else {
            addresses(string)
        });
        out.extend(end.chars().next());
    }
    push_between(&mut out, rest, is_of_person);
    out
}

/// What stands between strings: a number there may be somebody's telephone.
fn push_between(out: &mut String, between: &str, is_of_person: bool) {
    if is_of_person {
        out.extend(
            between
                .chars()
                .map(|c| if c.is_ascii_digit() { '*' } else { c }),
        );
    } else {
        out.push_str(&addresses(between));
    }
}

/// Where the string that `inner` begins with ends: at its closing quote, or at the end of what was kept.
fn end_of_string(inner: &str) -> usize {
    let mut is_escaped = false;
    for (at, c) in inner.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => return at,
            _ => {}
        }
    }
    inner.len()
}

fn names_person(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    !NO_PERSON.contains(&key.as_str()) && PERSONAL.iter().any(|word| key.contains(word))
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use proptest::prelude::*;

    use super::*;
    use crate::domain::event::{EventStatus, RowId};

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
        let shown = |stage, name| subject(Pipeline::guide(), &about(stage, name)).unwrap();
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

    #[test]
    fn a_message_keeps_everything_but_its_addresses() {
        for (text, expected) in [
            (
                "550 no such user anna.k+x@acme.example.",
                "550 no such user a***@acme.example.",
            ),
            (
                "<anna@acme.example>, @home",
                "<a***@acme.example>, ***@home",
            ),
            ("crm 401", "crm 401"),
            ("", ""),
        ] {
            assert_eq!(addresses(text), expected);
        }
    }

    #[test]
    fn an_address_is_masked_before_it_is_cut_and_what_lies_behind_is_left() {
        for (text, chars, expected) in [
            ("to anna@acme.example", 7, "to a***…"),
            ("to anna@acme.example", 20, "to a***@acme.example"),
            ("to anna@acme.example now", 20, "to a***@acme.example…"),
            ("to anna@acme.example and bo@acme.example", 6, "to a**…"),
            ("anna@a.example bo@a.example", 17, "a***@a.example b*…"),
            ("crm 401", 3, "crm…"),
            ("crm 401", 7, "crm 401"),
            ("ä@b \u{1b}", 9, "ä***@b <ESC>"),
        ] {
            assert_eq!(cut(&Untrusted::from(text), chars), expected, "{text}");
        }
    }

    #[test]
    fn a_payload_keeps_its_shape_and_its_numbers_and_loses_its_people() {
        let json = r#"{"record_id": 90071992547409931, "company_name": "Acme GmbH", "full_name": "Anna \"K\" Lee",
            "phone": 4912345, "who": {"email": "anna@acme.example"}, "names": ["Bo", "Cy"], "cut": "an@x"#;
        let masked = r#"{"record_id": 90071992547409931, "company_name": "Acme GmbH", "full_name": "A*** *** L***",
            "phone": *******, "who": {"email": "a***@acme.example"}, "names": ["B***", "C***"], "cut": "a***@x"#;
        assert_eq!(in_payload(json), masked);
    }

    proptest! {
        #[test]
        fn no_address_is_left_wherever_it_stands(local in "[a-z]{2,8}", key in "[a-z_]{1,8}", before in "\\PC{0,12}", after in "[ ,;:\"}]\\PC{0,12}") {
            let address = format!("{local}@acme.example");
            let text = format!("{before} {address}{after}");
            prop_assert!(!addresses(&text).contains(&address));
            let json = serde_json::json!({ key: text, "list": [address.as_str()] }).to_string();
            prop_assert!(!in_payload(&json).contains(&address), "{}", json);
        }
    }
}
