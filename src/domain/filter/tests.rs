use proptest::prelude::*;

use super::*;

const ROWS: Vocabulary = Vocabulary {
    fields: &[
        Field::text(&["stage", "event"]),
        Field::number(&["retries"]),
        Field::number(&["wait"]),
        Field::text(&["error"]),
        Field::closed(&["class"], &["quota", "data"]),
        Field::ranked(&["sev"], &["info", "warning", "error", "critical"]),
    ],
    words: &["failed", "pending", "problem"],
    own: None,
    is_timed: true,
};

struct Row;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// 7 min 3 s after the row.
fn now() -> Timestamp {
    at("2026-11-24T14:31:03Z")
}

impl Filtered for Row {
    fn texts(&self) -> Vec<Cow<'_, str>> {
        vec!["Apify 429 quota".into(), "slots_created".into()]
    }

    fn field(&self, name: &str) -> Option<Cow<'_, str>> {
        match name {
            "stage" | "event" => Some("slots_created".into()),
            "retries" => Some("12".into()),
            "wait" => Some("423".into()),
            _ => None,
        }
    }

    fn is(&self, word: &str) -> bool {
        word == "failed"
    }

    fn at(&self) -> Option<Timestamp> {
        Some(at("2026-11-24T14:24:00Z"))
    }
}

fn shows(text: &str) -> bool {
    let mut filter = Filter::default();
    filter.set(text, &ROWS).unwrap();
    filter.matches(&Row, now())
}

/// What shows the row.
const SHOWN: &[&str] = &[
    "",
    "  ",
    "apify",
    "APIFY quota",
    "\"429 quota\"",
    "!crm",
    "crm OR quota",
    "(crm OR apify) 429",
    "stage:slot",
    "EVENT:slot",
    "stage=slots_created",
    "!stage:crm",
    "wait>5m",
    "wait>=423",
    "wait<8m",
    "wait:7m..8m",
    "wait:..500",
    "retries:12",
    "retries:12..",
    "is:failed",
    "!(crm OR smtp)",
    "a",
    "http://x OR apify",
    "/42[0-9]/",
    "/^apify .* QUOTA$/",
    "!/crm|smtp/",
    "(/crm/ OR /apify/)",
    "stage:/^slots_/",
    "-f apqt",
    "!-f crmx",
    "age>5m",
    "age:7m..8m",
    "since:10m",
    "since:14:24",
    "until:14:24",
    "since:2026-11-24 until:2026-11-24T14:30",
    "!until:2026-11-23",
];

/// What hides it.
const HIDDEN: &[&str] = &[
    "crm",
    "apify crm",
    "\"quota 429\"",
    "!apify",
    "stage=slots",
    "wait>8m",
    "wait<=422",
    "wait:424..",
    "retries:2",
    "error:x",
    "is:pending",
    "crm OR smtp",
    "!(crm OR apify)",
    "/^429/",
    "stage:/^created/",
    "-f quotax",
    "age<7m",
    "since:5m",
    "since:14:25",
    "until:1h",
];

#[test]
fn what_the_language_shows() {
    for text in SHOWN {
        assert!(shows(text), "{text}");
    }
    for text in HIDDEN {
        assert!(!shows(text), "{text}");
    }
}

#[test]
fn a_value_is_said_exactly_or_not_at_all() {
    assert!(shows(&exactly("stage", "slots_created").unwrap()));
    assert!(!shows(&exactly("stage", "slots").unwrap()));
    assert!(!shows(&exactly("stage", "a) OR (b").unwrap()));
    for unsayable in ["", "a \"b\"", "a\u{1b}b"] {
        assert_eq!(exactly("stage", unsayable), None);
    }
}

/// What is wrong, where, and what is said of it.
const WRONG: &[(&str, usize, &str)] = &[
    ("\"open", 0, "this quote is not closed; end it with \""),
    ("crm (a", 4, "this parenthesis is not closed; end it with )"),
    ("crm )", 4, "nothing is open here; take"),
    (
        "stage:",
        6,
        "a value is missing; write one right behind `stage`",
    ),
    ("a OR", 4, "something is missing after OR; write"),
    ("OR a", 0, "something is missing before OR; write"),
    ("!", 1, "something is missing after !; write"),
    ("()", 1, "nothing stands in these parentheses; write"),
    ("ä !", 3, "something is missing after !; write"),
    (
        "a stgae:x",
        2,
        "no field `stgae` here; did you mean `stage`?",
    ),
    (
        "payload.a.b:x",
        0,
        "no field `payload.a.b` here; lists hold no payloads",
    ),
    (
        "is:pendin",
        3,
        "nothing here is ever `pendin`; did you mean `pending`?",
    ),
    (
        "a is:qqq",
        5,
        "nothing here is ever `qqq`; is: takes failed, pending, problem",
    ),
    (
        "class:qouta",
        6,
        "`class` is never `qouta`; did you mean `quota`?",
    ),
    (
        "class=quot",
        6,
        "`class` is never `quot`; did you mean `quota`?",
    ),
    (
        "class:net",
        6,
        "`class` is never `net`; class: takes quota, data",
    ),
    (
        "sev:critcal",
        4,
        "`sev` is not `critcal`; did you mean `critical`?",
    ),
    ("retries>many", 8, "`many` is no number; write 5,"),
    ("retries:1..x", 11, "`x` is no number; write 5,"),
    (
        "retries:5..1",
        8,
        "this range is empty; write the smaller end first",
    ),
    ("retries:..", 8, "a range needs an end; write 1..5"),
    (
        "stage>x",
        5,
        "`stage` holds text; write `stage:` or `stage=`",
    ),
    ("retries:/1/", 8, "`retries` takes no pattern;"),
    ("since:soon", 6, "`soon` is no moment; write 2h,"),
    ("/401", 0, "this pattern is not closed; end it with /"),
    (
        "/a(/",
        0,
        "this pattern cannot be read: unclosed group; put \\",
    ),
    ("/a/b", 3, "the pattern ended here; write \\/"),
    ("//", 0, "nothing stands in this pattern; write"),
    (
        "/(a{1000}){1000}/",
        0,
        "this pattern is too big; repeat less in it",
    ),
    ("-f", 2, "something is missing after -f; write"),
];

#[test]
fn what_is_wrong_is_said_with_its_place_and_the_next_step_and_the_last_good_filter_goes_on() {
    let mut filter = Filter::default();
    filter.set("crm", &ROWS).unwrap();
    for &(text, at, reason) in WRONG {
        let error = filter.set(text, &ROWS).unwrap_err();
        assert_eq!(error.at, at, "{text}: {error}");
        assert!(error.reason.starts_with(reason), "{text}: {error}");
        assert_eq!(filter.text(), text);
        assert!(!filter.matches(&Row, now()), "still crm");
    }
}

#[test]
fn a_word_of_the_sites_own_is_taken_where_it_is_no_slip_of_ours() {
    let mut filter = Filter::default();
    let open = Vocabulary {
        own: Some("stage"),
        ..ROWS
    };
    for text in ["is:wartet", "sev:notice", "class:quo", "sev:crit"] {
        assert_eq!(filter.set(text, &open), Ok(()), "{text}");
    }
    let error = filter.set("is:faild", &open).unwrap_err();
    assert_eq!(
        error.reason,
        "nothing here is ever `faild`; did you mean `failed`? a word of the site's own: stage=faild"
    );
    assert_eq!(filter.set("stage=faild", &open), Ok(()));
}

#[test]
fn a_screen_without_moments_knows_no_ages() {
    let mut filter = Filter::default();
    let untimed = Vocabulary {
        is_timed: false,
        ..ROWS
    };
    let error = filter.set("age>5m", &untimed).unwrap_err();
    assert!(error.reason.starts_with("no field `age` here"), "{error}");
}

#[test]
fn a_clock_time_later_than_now_is_yesterdays() {
    assert_eq!(
        Moment::parse("23:00").unwrap().at(now()),
        at("2026-11-23T23:00:00Z")
    );
}

proptest! {
    #[test]
    fn nothing_typed_breaks_it(text in "(\\PC|[ ()!:\"=<>/.-]|OR |stage:|retries:|age>|since:|-f ){0,40}") {
        let mut filter = Filter::default();
        match filter.set(&text, &ROWS) {
            Ok(()) => { filter.matches(&Row, now()); }
            Err(error) => {
                prop_assert!(error.at <= text.chars().count());
                prop_assert!(error.reason.contains([';', '?']), "{}", error);
            }
        }
    }

    #[test]
    fn not_turns_a_filter_round(text in "([a-z]{1,5}|/[a-z]{1,3}/|wait>[0-9]{1,3}|-f [a-z]{1,3})( OR [a-z]{1,5})?") {
        // `OR` of the language is never made of small letters.
        prop_assert_ne!(shows(&text), shows(&format!("!({text})")));
    }

    #[test]
    fn a_range_holds_what_its_two_ends_hold(low in 0_u32..600, span in 0_u32..300) {
        let high = low + span;
        prop_assert_eq!(
            shows(&format!("wait:{low}..{high}")),
            shows(&format!("wait>={low} wait<={high}"))
        );
    }

    #[test]
    fn a_plain_pattern_finds_what_its_word_finds(word in "[a-z]{1,4}") {
        prop_assert_eq!(shows(&word), shows(&format!("/{word}/")));
    }
}
