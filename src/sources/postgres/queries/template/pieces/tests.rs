//! Templates taken apart.

use super::*;

#[test]
fn a_file_is_taken_apart() {
    let parts = pieces("SELECT {type a.b} FROM {t?(x, y?) recent} AS t");
    assert_eq!(
        parts,
        [
            Piece::Text("SELECT "),
            Piece::TypeOf("a.b"),
            Piece::Text(" FROM "),
            Piece::Rows(Rows {
                table: "t",
                optional: true,
                scope: Scope::Recent,
                columns: vec![("x", false), ("y", true)],
            }),
            Piece::Text(" AS t"),
        ]
    );
}

#[test]
fn an_assignment_keeps_its_value() {
    assert_eq!(
        pieces("SET a = 1 {set t.n coalesce(@, 0) + 1}"),
        [
            Piece::Text("SET a = 1 "),
            Piece::Set("t.n", "coalesce(@, 0) + 1"),
            Piece::Text(""),
        ]
    );
}

#[test]
fn a_column_that_may_be_absent_and_those_that_are_carried_are_parts_of_their_own() {
    assert_eq!(
        pieces("({and t.n}{and t.n a + 1}{carried}{carried e})"),
        [
            Piece::Text("("),
            Piece::And("t.n", None),
            Piece::Text(""),
            Piece::And("t.n", Some("a + 1")),
            Piece::Text(""),
            Piece::Carried(None),
            Piece::Text(""),
            Piece::Carried(Some("e")),
            Piece::Text(")"),
        ]
    );
}

#[test]
fn a_part_stands_in_its_place_for_the_table_that_is_named() {
    let text = whole("-- x\n{part first_key pipeline_errors}\n-- {part nothing}");
    assert!(text.starts_with("-- x\nhalves (low"), "{text}");
    assert!(
        text.contains("{pipeline_errors(id)}") && !text.contains('@'),
        "{text}"
    );
    assert!(text.ends_with("{part nothing}"), "{text}");
}
