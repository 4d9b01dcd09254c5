//! Query files as templates: `{…}` stands for a part of the site's own schema, so that one file serves every
//! shape.
//!
//! | In a file | Becomes |
//! |---|---|
//! | `{campaigns(id, status?)}` | a sub-select of these columns in canonical types; `?`: NULL where absent |
//! | `{delivery_log?(status)}` | the same; without any row where the table is absent |
//! | `{pipeline_events(id) recent}` | the same; where no index finds a window of time, from a key on; of the log of deliveries always |
//! | `{pipeline_events(id) queued}` | the same; where no index finds a state either |
//! | `{company_slots(created_at) newest}` | the same; of a large table without an index on the last of the columns, so many with the highest keys, or where keys have no order none |
//! | `{lead_scores(qualified, at) sampled}` | the same, where no roll-up keeps the scorecard; of several columns of time no index helps |
//! | `{status pending}` | the list of words for that state, `('pending', 'NEW')` |
//! | `{word pending}` | the first of them, as a literal |
//! | `{type pipeline_events.id}` | the type of that column |
//! | `{table pipeline_events}`, `{column pipeline_events.id}` | its name |
//! | `{record e}`, `{subject e}` | what the payload `e.raw` is about |
//! | `{payload email,contact_email e}` | the first of these keys that the payload `e.raw` has, as text |
//! | `{field k.name e}` | the text in the field that the column `k.name` names, of the payload `e.raw` |
//! | `{newest e}` | the order that has the newest events first |
//! | `{newest v email_verification.at}` | the same, of another table: by its `key`, or where that has no order by this time |
//! | `{set pipeline_events.retry_count @ + 1}` | `, "retry_count" = "retry_count" + 1` where that column is there, else nothing |
//! | `{and pipeline_events.retry_count}`, `{and pipeline_events.retry_count 1}` | `, "retry_count"`, `, 1` where that column is there, else nothing |
//! | `{carried}`, `{carried e}` | `, "tenant"`, `, e."tenant"`: the columns of events that every row must be given, and that no query knows |
//! | `{function resolve_pipeline_error}`, `{argument …}` | the name of a function of the site, the type of its first argument |
//! | `{part errors}`, `{part first_key pipeline_errors}` | the text of that file in `sql/parts/`, `@` in it being the word that follows |

mod pieces;

use self::pieces::{Piece, Rows, Scope, pieces, whole};
use super::super::{
    catalog::{Catalog, Lack, Recent},
    relation::{self, Kind, Wanted},
    syntax,
};
use crate::domain::event::EventStatus;

/// The text of `template` for the database of `catalog`; with `floor`, rows with lower keys are left out where
/// the template says `recent`.
///
/// # Errors
/// The first thing the database lacks for it.
pub(crate) fn render(
    catalog: &Catalog,
    template: &str,
    floor: Option<i64>,
) -> Result<String, Lack> {
    let mut sql = String::with_capacity(template.len() * 2);
    for piece in pieces(&whole(template)) {
        match piece {
            Piece::Text(text) => sql.push_str(text),
            Piece::Rows(rows) => sql.push_str(&rows.render(catalog, floor)?),
            Piece::Words(state) => sql.push_str(&words(catalog, state)),
            Piece::Word(state) => sql.push_str(&word(catalog, state)?),
            Piece::TypeOf(path) => sql.push_str(type_of(catalog, path)?),
            Piece::Table(name) => sql.push_str(&catalog.table(name)?.sql()),
            Piece::Column(path) => sql.push_str(&name_of(catalog, path)?),
            Piece::Record(alias) => sql.push_str(&inside(catalog, alias, relation::RECORD)),
            Piece::Subject(alias) => sql.push_str(&inside(catalog, alias, relation::SUBJECT)),
            Piece::Payload(keys, alias) => {
                let keys: Vec<&str> = keys.split(',').collect();
                sql.push_str(&inside(catalog, alias, &keys));
            }
            Piece::Field(name, alias) => sql.push_str(&field(catalog, alias, name)),
            Piece::Newest(alias, None) => {
                let column = if catalog.is_ordered_by_key() {
                    ".id DESC"
                } else {
                    ".created_at DESC"
                };
                sql.extend([alias, column]);
            }
            Piece::Newest(alias, Some(path)) => {
                let (table, time) = path.split_once('.').unwrap_or((path, "created_at"));
                if catalog.is_newest_by_key(table) {
                    sql.extend([alias, ".key DESC"]);
                } else {
                    sql.extend([alias, ".", time, " DESC NULLS LAST"]);
                }
            }
            Piece::Set(path, value) => {
                if let Ok(name) = name_of(catalog, path) {
                    let value = value.replace('@', &name);
                    sql.extend([", ", &name, " = ", &value]);
                }
            }
            Piece::And(path, value) => {
                if let Ok(name) = name_of(catalog, path) {
                    sql.extend([", ", value.unwrap_or(&name)]);
                }
            }
            Piece::Carried(alias) => {
                for column in catalog.carried() {
                    let name = syntax::quoted(&column.name);
                    let dot = alias.map_or("", |_| ".");
                    sql.extend([", ", alias.unwrap_or_default(), dot, &name]);
                }
            }
            Piece::Function(name) => {
                let schema = syntax::quoted(&catalog.schema);
                sql.extend([&schema, ".", &syntax::quoted(name)]);
            }
            Piece::Argument(name) => sql.push_str(argument(catalog, name)?),
        }
    }
    Ok(sql)
}

/// Everything the database lacks for `template`: what it cannot do without, then what it can.
pub(crate) fn lacks(catalog: &Catalog, template: &str) -> (Vec<Lack>, Vec<Lack>) {
    let (mut needed, mut wished) = (Vec::new(), Vec::new());
    for piece in pieces(&whole(template)) {
        let Piece::Rows(rows) = piece else { continue };
        let relation = match catalog.table(rows.table) {
            Ok(relation) => relation,
            Err(lack) => {
                if rows.optional {
                    wished.push(lack);
                } else {
                    needed.push(lack);
                }
                continue;
            }
        };
        for (column, optional) in &rows.columns {
            let Some(wanted) = find(rows.table, column) else {
                continue;
            };
            if let Err(lack) = catalog.column(relation, wanted) {
                if *optional || rows.optional {
                    wished.push(lack);
                } else {
                    needed.push(lack);
                }
            }
        }
    }
    (needed, wished)
}

/// The tables of which `template` asks for what came of late, each with how that is found.
pub(crate) fn recent<'a>(catalog: &Catalog, template: &'a str) -> Vec<(&'a str, Recent)> {
    let rows = pieces(template).into_iter().filter_map(|piece| {
        let Piece::Rows(rows) = piece else {
            return None;
        };
        matches!(rows.scope, Scope::Newest | Scope::Sampled).then_some(rows)
    });
    rows.map(|rows| (rows.table, rows.recent(catalog)))
        .collect()
}

/// How what `template` asks for is found, taken together: a part of one of several tables says nothing of the others.
pub(crate) fn reach<'a>(catalog: &Catalog, template: &'a str) -> Recent {
    let found = recent(catalog, template);
    let tables = pieces(template);
    let table = |piece: &Piece<'a>| {
        let Piece::Rows(rows) = piece else {
            return None;
        };
        Some(rows.table)
    };
    let tables: std::collections::BTreeSet<&str> = tables.iter().filter_map(table).collect();
    let is = |recent| found.iter().any(|(_, how)| *how == recent);
    if is(Recent::None) || is(Recent::Newest) && tables.len() > 1 {
        Recent::None
    } else if is(Recent::Newest) {
        Recent::Newest
    } else {
        Recent::All
    }
}

impl Rows<'_> {
    /// How the rows that came of late are found.
    fn recent(&self, catalog: &Catalog) -> Recent {
        let is_time = |name: &&str| find(self.table, name).is_some_and(|it| it.kind == Kind::Time);
        let names = self.columns.iter().map(|(name, _)| *name);
        let times = || {
            let there = |name: &&str| catalog.type_of(self.table, name).is_some();
            names.clone().filter(is_time).filter(there)
        };
        match self.scope {
            Scope::All | Scope::Recent | Scope::Queued => Recent::All,
            Scope::Sampled if catalog.table("scorecard_stats").is_ok() => Recent::All,
            Scope::Sampled if times().count() > 1 => catalog.finds_recent(self.table, ""),
            Scope::Sampled | Scope::Newest => {
                catalog.finds_recent(self.table, times().next_back().unwrap_or(""))
            }
        }
    }

    fn render(&self, catalog: &Catalog, floor: Option<i64>) -> Result<String, Lack> {
        let relation = match catalog.table(self.table) {
            Ok(relation) => relation,
            Err(_) if self.optional => return Ok(self.none(catalog)),
            Err(lack) => return Err(lack),
        };
        let mut columns = Vec::new();
        for (name, optional) in &self.columns {
            let wanted = find(self.table, name).ok_or_else(|| unknown(self.table, name))?;
            let expression = match catalog.column(relation, wanted) {
                Ok(expression) => expression,
                Err(_) if *optional => relation::absent(wanted.kind, catalog),
                Err(_) if self.optional => return Ok(self.none(catalog)),
                Err(lack) => return Err(lack),
            };
            columns.push(format!("{expression} AS {name}"));
        }
        let bound = floor
            .filter(|_| match self.scope {
                Scope::All | Scope::Newest | Scope::Sampled => false,
                Scope::Recent if self.table == "pipeline_errors" => catalog.needs_error_floor(),
                Scope::Recent if self.table == "delivery_log" => true,
                Scope::Recent => catalog.needs_floor(),
                Scope::Queued => catalog.lacks_status_index(),
            })
            .zip(key_of(self.table).and_then(|wanted| relation.column(wanted)))
            .map(|(floor, key)| format!(" WHERE {} >= {floor}", syntax::quoted(&key.name)))
            .unwrap_or_default();
        let newest = match self.recent(catalog) {
            Recent::All => String::new(),
            Recent::None => return Ok(self.none(catalog)),
            Recent::Newest => key_of(self.table)
                .and_then(|wanted| relation.column(wanted))
                .map(|key| newest(&key.name))
                .unwrap_or_default(),
        };
        Ok(format!(
            "(SELECT {} FROM {}{bound}{newest})",
            columns.join(", "),
            relation.sql()
        ))
    }

    /// The same columns, and not a row.
    fn none(&self, catalog: &Catalog) -> String {
        let columns: Vec<String> = self
            .columns
            .iter()
            .map(|(name, _)| {
                let kind = find(self.table, name).map_or(Kind::Text, |wanted| wanted.kind);
                format!("{} AS {name}", relation::absent(kind, catalog))
            })
            .collect();
        format!("(SELECT {} WHERE false)", columns.join(", "))
    }
}

/// The column that templates call by these names.
pub(crate) fn find(table: &str, column: &str) -> Option<&'static Wanted> {
    relation::wanted(table)?
        .columns
        .iter()
        .find(|wanted| wanted.name == column)
}

/// What leaves only the rows with the highest keys.
fn newest(key: &str) -> String {
    format!(
        " ORDER BY {} DESC LIMIT {}",
        syntax::quoted(key),
        Recent::NEWEST
    )
}

/// The column by which rows of `table` are bounded: their key.
fn key_of(table: &str) -> Option<&'static Wanted> {
    find(table, "id").or_else(|| find(table, "key"))
}

/// A template that names what no table is known to have: a slip in a file, told as what is missing.
fn unknown(table: &str, column: &str) -> Lack {
    Lack {
        what: format!("{table}.{column}"),
        privilege: None,
        remedy: "this is a mistake in outpost".to_owned(),
    }
}

fn status(state: &str) -> EventStatus {
    EventStatus::of(state)
}

fn words(catalog: &Catalog, state: &str) -> String {
    let words = catalog.words().of_status(&status(state));
    if words.is_empty() {
        return "(NULL)".to_owned();
    }
    let words: Vec<String> = words.iter().map(|word| syntax::literal(word)).collect();
    format!("({})", words.join(", "))
}

fn word(catalog: &Catalog, state: &str) -> Result<String, Lack> {
    catalog
        .word(&status(state))
        .map(syntax::literal)
        .ok_or_else(|| Lack {
            what: format!(
                "a word for {state} in {}.pipeline_events.status",
                catalog.schema
            ),
            privilege: None,
            remedy: format!("allow '{state}' as a status"),
        })
}

fn inside(catalog: &Catalog, alias: &str, keys: &[&str]) -> String {
    let data_type = catalog.type_of("pipeline_events", "raw").unwrap_or("text");
    relation::inside(data_type, &format!("{alias}.raw"), keys)
}

/// As [`relation::inside`], of the one field that a column names: only the server knows which.
fn field(catalog: &Catalog, alias: &str, name: &str) -> String {
    match catalog.type_of("pipeline_events", "raw") {
        Some("jsonb") => format!("({alias}.raw ->> {name})"),
        _ => format!(
            r#"substring({alias}.raw::text from '"' || {name} || '"\s*:\s*"?([^",}}\s][^",}}]*)')"#
        ),
    }
}

fn type_of<'a>(catalog: &'a Catalog, path: &str) -> Result<&'a str, Lack> {
    let (table, column) = path.split_once('.').unwrap_or((path, ""));
    catalog.table(table)?;
    catalog
        .type_of(table, column)
        .ok_or_else(|| unknown(table, column))
}

fn argument<'a>(catalog: &'a Catalog, function: &str) -> Result<&'a str, Lack> {
    catalog
        .function(function)
        .and_then(|function| function.arguments.first())
        .map(String::as_str)
        .ok_or_else(|| unknown(function, "argument"))
}

fn name_of(catalog: &Catalog, path: &str) -> Result<String, Lack> {
    let (table, column) = path.split_once('.').unwrap_or((path, ""));
    let relation = catalog.table(table)?;
    find(table, column)
        .and_then(|wanted| relation.column(wanted))
        .map(|column| syntax::quoted(&column.name))
        .ok_or_else(|| unknown(table, column))
}
