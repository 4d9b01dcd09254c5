//! Filters: what is wrong with one is shown under its place, and good ones are kept under a name.

use outpost::{
    action::ScreenId,
    effect::{Effect, KeptFilter},
};
use pretty_assertions::assert_eq;

use crate::{
    scenario::Scenario,
    screen::{paint, text},
};

fn kept(name: &str, text: &str) -> KeptFilter {
    KeptFilter {
        screen: ScreenId::Errors,
        name: name.to_owned(),
        text: text.to_owned(),
    }
}

/// The last two rows, without what stands behind them.
fn foot(script: &Scenario) -> [String; 2] {
    let rows = text(&paint(&script.model, (80, 24)));
    [&rows[22], &rows[23]].map(|row| row.trim_end().to_owned())
}

#[test]
fn a_caret_stands_under_what_is_wrong_and_the_sentence_beside_it() {
    let cases = [
        (
            "n>3 foo:bar",
            "      ^ no field `foo` here; quote it to look for the text",
        ),
        (
            "stage>5",
            "       ^ `stage` holds text; write `stage:` or `stage=`",
        ),
        (
            "sev>=loud",
            "       ^ `loud` has no place in the order debug, info, warning, error, critical",
        ),
        (
            "a (b",
            "    ^ this parenthesis is not closed; end it with )",
        ),
        (
            "stage:message_queued record:77 class:transient n:..",
            "      a range needs an end; write 1..5, 5.. or ..5 ^",
        ),
    ];
    for (typed, wrong) in cases {
        let script = Scenario::start().keys(&format!("4/{typed}"));
        assert_eq!(foot(&script), [format!("/ {typed}"), wrong.to_owned()]);
    }
}

#[test]
fn where_a_caret_has_no_room_for_its_sentence_it_stands_in_the_line() {
    let typed = format!("{} foo:bar", "x".repeat(26));
    let script = Scenario::start().keys(&format!("4/{typed}"));
    let [line, keys] = foot(&script);
    assert!(line.contains("foo:bar   no field `foo` here"), "{line}");
    assert!(keys.starts_with("enter take"), "{keys}");
}

#[test]
fn the_filter_that_is_set_is_kept_under_a_name_found_again_and_forgotten() {
    let script = Scenario::start().keys("4/stage:crm⏎'crm⏎");
    assert_eq!(script.notice(), "kept as crm: stage:crm");
    assert_eq!(
        script.effects,
        [Effect::Keep(kept("crm", "stage:crm"), false)]
    );
    let script = script.keys("/ 401⏎'crm and 401⏎").keys("⎋");
    assert_eq!(script.model.screens.filter(ScreenId::Errors), "");
    // By its name, by its number, and as the first where nothing is typed.
    for (keys, filter) in [
        ("'crm⏎", "stage:crm"),
        ("'2⏎", "stage:crm 401"),
        ("'⏎", "stage:crm"),
    ] {
        let script = Scenario::start().keys("4");
        let mut script = script;
        script.model.kept = vec![
            kept("crm", "stage:crm"),
            kept("crm and 401", "stage:crm 401"),
        ];
        let script = script.keys(keys);
        assert_eq!(
            script.model.screens.filter(ScreenId::Errors),
            filter,
            "{keys}"
        );
        assert_eq!(script.model.overlays, []);
    }
    // Another screen has its own.
    let elsewhere = script.keys("2'crm⏎");
    assert_eq!(
        elsewhere.notice(),
        "no filter is kept as `crm`, and none is set that could be: set one with /"
    );
    let script = elsewhere.keys("⎋4'-crm⏎");
    assert_eq!(script.notice(), "forgotten: crm, which was stage:crm");
    assert_eq!(
        script.effects,
        [Effect::Keep(kept("crm", "stage:crm"), true)]
    );
    assert_eq!(script.model.kept, [kept("crm and 401", "stage:crm 401")]);
}

#[test]
fn nothing_is_kept_that_is_not_understood_or_has_no_name() {
    let cases = [
        ("4/foo:bar⎋'x⏎", "no filter is kept as `x`, and none is set"),
        ("4'⏎", "none is kept for this screen yet"),
        ("4/401⏎'12⏎", "a name is up to 24 letters"),
        ("4/401⏎'-x⏎", "no filter is kept as `x` here"),
    ];
    for (keys, said) in cases {
        let script = Scenario::start().keys(keys);
        assert!(
            script.notice().starts_with(said),
            "{keys}: {}",
            script.notice()
        );
        assert_eq!(script.model.kept, []);
    }
}
