//! What a description may say, and how slips in it are told.

use pretty_assertions::assert_eq;

use super::*;

const START: &str =
    "[[phase]]\nname = 'A'\n[[stage]]\nevent = 'a'\nphase = 'A'\nworkflow = 'W'\nwebhook = 'w'\n";

fn slips(text: &str) -> Vec<(usize, String)> {
    let slips = parse(text).unwrap_err();
    slips
        .into_iter()
        .map(|slip| (slip.line, slip.text))
        .collect()
}

#[test]
fn a_stage_that_says_little_is_taken_for_the_careful_guess() {
    let pipeline = parse(START).unwrap();
    assert_eq!(pipeline.name, "own");
    let stage = &pipeline.stages[0];
    assert_eq!(stage.side_effect, SideEffect::PersonFacing);
    assert_eq!(stage.about, About::Person);
    assert_eq!((stage.phase, &stage.parent), (1, &None));
}

#[test]
fn keys_and_ends_are_read_in_all_their_forms() {
    let text = format!(
        "{START}[[stage]]\nevent = 'b'\nphase = 'A'\nworkflow = 'W'\nwebhook = 'w'\nparent = 'a'\nchildren = '1..n'\n\
         keys = ['x = y', 'z']\nends = [{{ payload = 'outcome', is = ['No', false] }},\n\
         {{ table = 't', key = 'k', field = 'f', column = 'c', is = 'Done' }}]\nlatency = '90s'\n"
    );
    let stage = &parse(&text).unwrap().stages[1];
    let pair = |parent: &str, child: &str| KeyPair {
        parent: parent.to_owned(),
        child: child.to_owned(),
    };
    let parent = stage.parent.as_ref().unwrap();
    assert_eq!(parent.keys, [pair("x", "y"), pair("z", "z")]);
    assert_eq!(parent.children, Children::OneOrMore);
    assert_eq!(stage.latency_s, Some(90));
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    assert_eq!(
        stage.ends,
        [
            End::Payload {
                field: "outcome".to_owned(),
                is: words(&["no", "false"]),
            },
            End::Row {
                field: "f".to_owned(),
                table: "t".to_owned(),
                key: "k".to_owned(),
                column: "c".to_owned(),
                is: words(&["done"]),
            },
        ]
    );
}

#[test]
fn every_slip_is_told_at_once_with_its_line() {
    let text = "nmae = 'mine'\n[[phase]]\nname = 'A'\nend_to_end = 'soon'\n\
        [[stage]]\nevent = 'a'\nphase = 'B'\nworkflow = 'W'\nwebhok = 'w'\nside_effect = 'none'\nparent = 'c'\n\
        [[stage]]\nevent = 'b'\nphase = 'A'\nworkflow = 'W'\nwebhook = 'w'\nkeys = ['x']\n\
        [[stage]]\nevent = 'b'\nphase = 'A'\nworkflow = 'W'\nwebhook = 'w'\nparent = 'd'\nends = [{ is = 'x' }]\n\
        [[stage]]\nevent = 'd'\nphase = 'A'\nworkflow = 'W'\nwebhook = 'w'\nparent = 'e'\n\
        [[stage]]\nevent = 'e'\nphase = 'A'\nworkflow = 'W'\nwebhook = 'w'\nparent = 'd'\nends = 7\n";
    let told = slips(text);
    let expected = [
        (1, "unknown name `nmae`; did you mean `name`?"),
        (
            4,
            "`end_to_end` is a span such as \"90s\" or \"5m\", not `soon`",
        ),
        (5, "`webhook` is missing here"),
        (7, "there is no phase `B`; known: A"),
        (9, "unknown name `stage.webhok`; did you mean `webhook`?"),
        (
            10,
            "`side_effect` cannot be `none`; it is one of internal, paid, person, crm",
        ),
        (
            11,
            "there is no stage of `c`, the parent; known: a, b, b, d, e",
        ),
        (17, "`keys` says how a parent leads here; name the `parent`"),
        (19, "`b` has a stage already: an event starts one"),
        (
            24,
            "an end is a word in a field of the `payload`, or in the column of a `table`",
        ),
        (30, "a cycle: `e` leads to `d`, and that back to it"),
        (36, "a cycle: `d` leads to `e`, and that back to it"),
        (37, "`ends` is written [[ends]]"),
    ];
    let expected: Vec<(usize, String)> = expected
        .iter()
        .map(|(line, text)| (*line, (*text).to_owned()))
        .collect();
    assert_eq!(told, expected);
}

#[test]
fn what_is_no_toml_or_says_nothing_is_a_slip() {
    assert_eq!(slips("[[stage]]\nevent = \n")[0].0, 2);
    assert_eq!(
        slips("name = 'x'\n"),
        [(1, "it has no stage: write a [[stage]]".to_owned())]
    );
}
