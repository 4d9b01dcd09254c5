//! The SQL files of `sql/`, cut into blocks: one object each, named in the comment before it.
//!
//! ```text
//! -- @index marketing.pe_created on marketing.pipeline_events needs marketing.pipeline_events(created_at)
//! CREATE INDEX …
//! ```

use super::MigrateError;
use crate::sources::postgres::syntax::{WRITTEN_FOR, in_schema, quote};

macro_rules! files {
    ($($name:literal),+ $(,)?) => {
        /// Every file, in the order in which they are applied.
        pub(super) const FILES: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../../sql/", $name, ".sql")))),+];
    };
}

files![
    "console/001_console",
    "console/002_triage",
    "console/003_audit",
    "console/004_triage",
    "schema/001_events",
    "schema/002_enrichment",
    "schema/003_messaging",
    "schema/004_engagement",
    "schema/005_intelligence",
    "schema/006_functions",
    "schema/007_emitters",
    "schema/008_notify",
    "schema/009_indexes",
    "schema/010_rollup",
    "schema/011_autovacuum",
    "schema/012_notify_modes",
    "schema/013_scorecard_rollup",
    "schema/014_lean_notify",
    "schema/015_paced_rollup",
    "schema/016_lean_writers",
    "schema/017_latency_by_six_hours",
    "schema/018_ended_enrichments",
    "schema/019_ids_alone",
    "schema/020_rollup_by_minute",
];

/// What is applied after [`FILES`], and only for who asks for trails: what it makes costs every writer.
pub(super) const TRAIL: (&str, &str) = ("schema/trail", include_str!("../../sql/schema/trail.sql"));

/// What a block makes. Names are `schema.object`, as the catalog spells them, without quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// A schema.
    Schema,
    /// A table with the comments on it.
    Table,
    /// A foreign key of `table(column)` to `to(to_column)`.
    ForeignKey {
        table: String,
        column: String,
        to: String,
        to_column: String,
    },
    /// An index on `table`.
    Index { table: String },
    /// A function with the comments and grants on it.
    Function,
    /// A newer form of a function that an earlier file made.
    Replacement,
    /// Changes of a table that an earlier file made.
    Alteration,
    /// A view.
    View,
    /// A trigger on `table` that does the pipeline's work: writes events.
    Emitter { table: String },
    /// A trigger on `table` that notifies.
    Notifier { table: String },
    /// Storage settings of the table it names.
    Storage,
}

/// A relation that must be there, and columns in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Need {
    pub(super) relation: String,
    /// Names, with a type where only that will do.
    pub(super) columns: Vec<(String, Option<String>)>,
}

/// One object and the SQL that makes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) kind: Kind,
    pub(super) name: String,
    pub(super) needs: Vec<Need>,
    pub(super) sql: String,
}

/// A column as a `CREATE TABLE` block declares it: one a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) sql_type: String,
    /// Its default, if it has one.
    pub(super) default: Option<String>,
    /// Whether it is the table's key.
    pub(super) is_key: bool,
    /// Why it is not added to a table that is there already.
    pub(super) new_tables_only: Option<String>,
}

/// The blocks of `text`, with `schema` in the place of the pipeline's schema.
pub(super) fn blocks(text: &str, schema: &str) -> Result<Vec<Block>, MigrateError> {
    let mut found: Vec<Block> = Vec::new();
    for line in text.lines() {
        if let Some(directive) = line.strip_prefix("-- @") {
            let block = header(directive, schema)
                .ok_or_else(|| MigrateError::Script(directive.to_owned()))?;
            found.push(block);
        } else if let Some(block) = found.last_mut() {
            block.sql.push_str(line);
            block.sql.push('\n');
        }
    }
    for block in &mut found {
        let sql = block.sql.trim();
        block.sql = if block.kind == Kind::Schema {
            sql.replace(&format!(" {WRITTEN_FOR}"), &format!(" {}", quote(schema)))
        } else {
            in_schema(sql, schema)
        };
    }
    Ok(found)
}

fn header(directive: &str, schema: &str) -> Option<Block> {
    let (directive, needs) = directive.split_once(" needs ").unwrap_or((directive, ""));
    let mut words = directive.split(' ');
    let kind = words.next()?;
    let name = placed(words.next()?, schema);
    let mut after = |word: &str| (words.next()? == word).then(|| words.next()).flatten();
    let kind = match kind {
        "schema" => Kind::Schema,
        "table" => Kind::Table,
        "function" => Kind::Function,
        "replacement" => Kind::Replacement,
        "alteration" => Kind::Alteration,
        "view" => Kind::View,
        "storage" => Kind::Storage,
        "index" => Kind::Index {
            table: placed(after("on")?, schema),
        },
        "emitter" => Kind::Emitter {
            table: placed(after("on")?, schema),
        },
        "notifier" => Kind::Notifier {
            table: placed(after("on")?, schema),
        },
        "foreign_key" => {
            let (table, column) = call(after("on")?)?;
            let (to, to_column) = call(after("to")?)?;
            Kind::ForeignKey {
                table: placed(table, schema),
                column: column.to_owned(),
                to: placed(to, schema),
                to_column: to_column.to_owned(),
            }
        }
        _ => return None,
    };
    Some(Block {
        kind,
        name,
        needs: needs_of(needs, schema)?,
        sql: String::new(),
    })
}

/// `name`, moved to `schema` if it is the pipeline's.
fn placed(name: &str, schema: &str) -> String {
    match name.split_once('.') {
        Some((WRITTEN_FOR, object)) => format!("{schema}.{object}"),
        None if name == WRITTEN_FOR => schema.to_owned(),
        _ => name.to_owned(),
    }
}

/// The two parts of `name(argument)`.
fn call(text: &str) -> Option<(&str, &str)> {
    text.strip_suffix(')')?.split_once('(')
}

fn needs_of(text: &str, schema: &str) -> Option<Vec<Need>> {
    let mut needs = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let end = rest.find([' ', '(']).unwrap_or(rest.len());
        let (relation, after) = rest.split_at(end);
        let (columns, after) = match after.strip_prefix('(') {
            Some(list) => list.split_once(')')?,
            None => ("", after),
        };
        needs.push(Need {
            relation: placed(relation, schema),
            columns: columns
                .split(',')
                .map(str::trim)
                .filter(|column| !column.is_empty())
                .map(|column| match column.split_once(' ') {
                    Some((name, sql_type)) => (name.to_owned(), Some(sql_type.to_owned())),
                    None => (column.to_owned(), None),
                })
                .collect(),
        });
        rest = after.trim_start();
    }
    Some(needs)
}

/// The columns that the `CREATE TABLE` of a table's block declares.
pub(super) fn columns(sql: &str) -> Vec<Column> {
    sql.lines()
        .skip(1)
        .take_while(|line| !line.starts_with(')'))
        .filter_map(column)
        .collect()
}

fn column(line: &str) -> Option<Column> {
    let (declared, remark) = line.split_once(" -- ").unwrap_or((line, ""));
    let declared = declared.trim().trim_end_matches(',');
    let (name, rest) = declared.split_once(' ')?;
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) {
        return None;
    }
    let until = |text: &str, words: &[&str]| {
        let ends = words.iter().filter_map(|word| text.find(word));
        let end = ends.min().unwrap_or(text.len());
        text.split_at(end).0.trim().to_owned()
    };
    Some(Column {
        name: name.to_owned(),
        sql_type: until(rest, &[" NOT NULL", " DEFAULT", " PRIMARY", " GENERATED"]),
        default: rest
            .split_once(" DEFAULT ")
            .filter(|(before, _)| !before.contains("GENERATED"))
            .map(|(_, default)| until(default, &[" NOT NULL", " PRIMARY"])),
        is_key: rest.contains("PRIMARY KEY"),
        new_tables_only: remark.strip_prefix("new tables only: ").map(str::to_owned),
    })
}
