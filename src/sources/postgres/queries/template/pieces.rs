//! A template, taken apart.

use std::borrow::Cow;

/// Texts that several templates have in them, by name.
const PARTS: [(&str, &str); 15] = [
    (
        "error_columns",
        include_str!("../../../../../sql/parts/error_columns.sql"),
    ),
    (
        "errors",
        include_str!("../../../../../sql/parts/errors.sql"),
    ),
    (
        "event_columns",
        include_str!("../../../../../sql/parts/event_columns.sql"),
    ),
    (
        "resolution_mark",
        include_str!("../../../../../sql/parts/resolution_mark.sql"),
    ),
    (
        "records_told",
        include_str!("../../../../../sql/parts/records_told.sql"),
    ),
    (
        "past_stages",
        include_str!("../../../../../sql/parts/past_stages.sql"),
    ),
    (
        "past_errors",
        include_str!("../../../../../sql/parts/past_errors.sql"),
    ),
    ("among", include_str!("../../../../../sql/parts/among.sql")),
    (
        "ab_member",
        include_str!("../../../../../sql/parts/ab_member.sql"),
    ),
    (
        "ab_counted",
        include_str!("../../../../../sql/parts/ab_counted.sql"),
    ),
    (
        "purge_bound",
        include_str!("../../../../../sql/parts/purge_bound.sql"),
    ),
    (
        "purge_range",
        include_str!("../../../../../sql/parts/purge_range.sql"),
    ),
    (
        "purge_gone",
        include_str!("../../../../../sql/parts/purge_gone.sql"),
    ),
    (
        "newest_errors",
        include_str!("../../../../../sql/parts/newest_errors.sql"),
    ),
    (
        "first_key",
        include_str!("../../../../../sql/parts/first_key.sql"),
    ),
];

/// A part of a template.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    Text(&'a str),
    Rows(Rows<'a>),
    Words(&'a str),
    Word(&'a str),
    TypeOf(&'a str),
    Table(&'a str),
    Column(&'a str),
    Record(&'a str),
    Subject(&'a str),
    Payload(&'a str, &'a str),
    Field(&'a str, &'a str),
    Newest(&'a str, Option<&'a str>),
    Set(&'a str, &'a str),
    And(&'a str, Option<&'a str>),
    Carried(Option<&'a str>),
    Function(&'a str),
    Argument(&'a str),
}

/// Rows of a table in canonical shape.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Rows<'a> {
    pub(super) table: &'a str,
    pub(super) optional: bool,
    pub(super) scope: Scope,
    pub(super) columns: Vec<(&'a str, bool)>,
}

/// Which rows of a table are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// Any.
    All,
    /// Those of the last day.
    Recent,
    /// Those in some state.
    Queued,
    /// Those that came of late by the last of the columns, as far as they can be looked at cheaply.
    Newest,
    /// The same, by all columns of time together, where nobody keeps roll-ups of them.
    Sampled,
}

/// `template` with its parts in their places. One that nothing is known of stays as it is.
pub(super) fn whole(template: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(template);
    for (name, part) in PARTS {
        let opening = format!("{{part {name}");
        while let Some((before, after)) = text.split_once(&opening) {
            let Some((word, after)) = after.split_once('}') else {
                break;
            };
            let part = part.trim_end().replace('@', word.trim());
            text = Cow::Owned(format!("{before}{part}{after}"));
        }
    }
    text
}

/// The parts of a template, in order. A brace that opens nothing known stays as it is.
pub(super) fn pieces(template: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((inside, after)) = after.split_once('}') else {
            break;
        };
        pieces.push(Piece::Text(before));
        pieces.push(piece(inside));
        rest = after;
    }
    pieces.push(Piece::Text(rest));
    pieces
}

fn piece(inside: &str) -> Piece<'_> {
    match inside.split_once(' ') {
        Some(("status", state)) => Piece::Words(state),
        Some(("word", state)) => Piece::Word(state),
        Some(("type", path)) => Piece::TypeOf(path),
        Some(("table", name)) => Piece::Table(name),
        Some(("column", path)) => Piece::Column(path),
        Some(("set", what)) => {
            let (path, value) = what.split_once(' ').unwrap_or((what, "NULL"));
            Piece::Set(path, value)
        }
        Some(("and", what)) => match what.split_once(' ') {
            Some((path, value)) => Piece::And(path, Some(value)),
            None => Piece::And(what, None),
        },
        Some(("carried", alias)) => Piece::Carried(Some(alias)),
        Some(("function", name)) => Piece::Function(name),
        Some(("argument", name)) => Piece::Argument(name),
        Some(("record", alias)) => Piece::Record(alias),
        Some(("subject", alias)) => Piece::Subject(alias),
        Some(("payload", what)) => {
            let (keys, alias) = what.split_once(' ').unwrap_or((what, "e"));
            Piece::Payload(keys, alias)
        }
        Some(("field", what)) => {
            let (name, alias) = what.split_once(' ').unwrap_or((what, "e"));
            Piece::Field(name, alias)
        }
        Some(("newest", what)) => match what.split_once(' ') {
            Some((alias, path)) => Piece::Newest(alias, Some(path)),
            None => Piece::Newest(what, None),
        },
        None if inside == "carried" => Piece::Carried(None),
        Some(_) | None => rows(inside).map_or(Piece::Text(inside), Piece::Rows),
    }
}

fn rows(inside: &str) -> Option<Rows<'_>> {
    let (table, rest) = inside.split_once('(')?;
    let (columns, suffix) = rest.split_once(')')?;
    let scope = match suffix.trim() {
        "recent" => Scope::Recent,
        "queued" => Scope::Queued,
        "newest" => Scope::Newest,
        "sampled" => Scope::Sampled,
        _ => Scope::All,
    };
    let strip = |name| -> (&str, bool) {
        let name = str::trim(name);
        name.strip_suffix('?')
            .map_or((name, false), |name| (name, true))
    };
    let (table, optional) = strip(table);
    Some(Rows {
        table,
        optional,
        scope,
        columns: columns.split(',').map(strip).collect(),
    })
}

#[cfg(test)]
mod tests;
