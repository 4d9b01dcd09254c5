//! What to do to a database, decided from its catalog: makes what is absent, and touches nothing that it found.
//! Pure; the same catalog gives the same plan.

mod attached;

use std::collections::BTreeSet;

use super::{
    LeftAlone, MigrateError,
    existing::{Existing, Relation},
    script::{self, Block, Kind, Need},
};
use crate::{
    domain::untrusted::Untrusted,
    sources::postgres::syntax::{literal, quote, quote_both},
};

/// One statement, or several that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    /// What it makes, for reports: `table marketing.campaigns`.
    pub(super) what: String,
    pub(super) sql: String,
    /// The index that it builds outside a transaction, if it does.
    pub(super) concurrent: Option<String>,
}

/// What one file comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FilePlan {
    pub(super) version: &'static str,
    pub(super) steps: Vec<Step>,
    /// What it makes that was not there.
    pub(super) created: Vec<String>,
}

/// What all of them come to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) files: Vec<FilePlan>,
    pub(super) left_alone: Vec<LeftAlone>,
    /// Statements without which it cannot be done by this role.
    pub(super) grants: BTreeSet<String>,
}

/// The plan for `files`, none of which ran here yet. `existing` is brought up to what will be there. What `on_request` makes
/// is left alone: nobody asked for it.
pub(super) fn plan(
    existing: &mut Existing,
    files: &[(&'static str, &str)],
    on_request: &[&str],
    schema: &str,
) -> Result<Plan, MigrateError> {
    let mut unasked = BTreeSet::new();
    for text in on_request {
        unasked.extend(script::blocks(text, schema)?.into_iter().map(|it| it.name));
    }
    let events = format!("{schema}.pipeline_events");
    let mut planner = Planner {
        existing,
        events,
        unasked,
        plan: Plan::default(),
        steps: Vec::new(),
        created: Vec::new(),
    };
    for (version, text) in files {
        for block in script::blocks(text, schema)? {
            planner.add(&block);
        }
        let steps = std::mem::take(&mut planner.steps);
        let created = std::mem::take(&mut planner.created);
        planner.plan.files.push(FilePlan {
            version,
            steps,
            created,
        });
    }
    Ok(planner.plan)
}

/// A name from the catalog, fit to be printed.
fn shown(name: &str) -> String {
    Untrusted::from(name).display_cut(128)
}

struct Planner<'a> {
    existing: &'a mut Existing,
    /// The event table.
    events: String,
    /// Indexes that are built on request only.
    unasked: BTreeSet<String>,
    plan: Plan,
    steps: Vec<Step>,
    created: Vec<String>,
}

impl Planner<'_> {
    fn add(&mut self, block: &Block) {
        let name = block.name.as_str();
        match &block.kind {
            Kind::Schema => self.schema(block),
            Kind::Table => self.table(block),
            Kind::Function => {
                if self.existing.functions.contains_key(name) {
                    self.found("function", name, "there is one of that name already");
                } else {
                    self.may_create(name);
                    self.make("function", block);
                    self.existing.functions.insert(name.to_owned(), None);
                }
            }
            Kind::Replacement => self.replacement(block),
            Kind::Alteration => self.alteration(block),
            Kind::View => self.view(block),
            Kind::ForeignKey {
                table,
                column,
                to,
                to_column,
            } => self.foreign_key(block, [table, column, to, to_column]),
            Kind::Index { table } => self.index(block, table),
            Kind::Emitter { table } => self.emitter(block, table),
            Kind::Notifier { table } => self.notifier(block, table),
            Kind::Storage => self.storage(block),
        }
    }

    fn make(&mut self, word: &str, block: &Block) {
        let what = format!("{word} {}", block.name);
        self.created.push(what.clone());
        self.existing.ours.insert(what.clone());
        self.steps.push(Step {
            what,
            sql: block.sql.clone(),
            concurrent: None,
        });
    }

    fn leave(&mut self, object: String, reason: String, sql: Option<&str>) {
        let sql = sql.map(str::to_owned);
        self.plan.left_alone.push(LeftAlone {
            object,
            reason,
            sql,
        });
    }

    /// Leaves an object that stands where ours would, unless an earlier run of ours made it.
    fn found(&mut self, word: &str, name: &str, reason: &str) {
        let what = format!("{word} {name}");
        if !self.existing.ours.contains(&what) {
            self.leave(what, reason.to_owned(), None);
        }
    }

    fn is_ours(&self, word: &str, name: &str) -> bool {
        self.existing.ours.contains(&format!("{word} {name}"))
    }

    fn replacement(&mut self, block: &Block) {
        let owner = self.existing.functions.get(&block.name).cloned();
        if self.may_change("function", block, owner.is_some()) {
            self.may_create(&block.name);
            if let Some(owner) = owner.flatten() {
                self.grant(&quote(&owner));
            }
            self.make("newer form of function", block);
        }
    }

    fn alteration(&mut self, block: &Block) {
        let is_there = self.existing.relations.contains_key(&block.name);
        if self.may_change("table", block, is_there) {
            self.own(&block.name);
            self.make("changes of table", block);
        }
    }

    /// Whether the object of `block` is there and ours; leaves it alone otherwise.
    fn may_change(&mut self, word: &str, block: &Block, is_there: bool) -> bool {
        let reason = match is_there {
            true if self.is_ours(word, &block.name) => return true,
            true => "it is not ours: a newer form of ours does not replace it",
            false => "it is not there any more",
        };
        let object = format!("{word} {}", block.name);
        self.leave(object, reason.to_owned(), None);
        false
    }

    /// Notes what is missing when this role may not create `name` in its schema.
    fn may_create(&mut self, name: &str) {
        let schema = name.split_once('.').map_or(name, |(schema, _)| schema);
        if self.existing.schemas.get(schema) == Some(&false) {
            self.grant(&format!("CREATE ON SCHEMA {}", quote(schema)));
        }
    }

    fn grant(&mut self, privilege: &str) {
        let role = quote(&self.existing.role);
        let grant = format!("GRANT {privilege} TO {role};");
        self.plan.grants.insert(grant);
    }

    /// Notes whose rights are missing when this role does not own `table`.
    fn own(&mut self, table: &str) {
        if let Some(relation) = self.existing.relations.get(table)
            && !relation.is_owned
        {
            let owner = quote(&relation.owner);
            self.grant(&owner);
        }
    }

    /// What of `needs` is not there; the first of it.
    fn lack(&self, needs: &[Need]) -> Option<String> {
        for need in needs {
            let Some(relation) = self.existing.relations.get(&need.relation) else {
                return Some(format!("it needs {}, which is not there", need.relation));
            };
            for (column, wanted) in &need.columns {
                match relation.columns.get(column) {
                    None => {
                        return Some(format!(
                            "it needs {}.{column}, which is not there",
                            need.relation
                        ));
                    }
                    Some((sql_type, _)) if wanted.as_ref().is_some_and(|it| it != sql_type) => {
                        return Some(format!(
                            "it needs {}.{column} as {}, which is {}",
                            need.relation,
                            wanted.as_deref().unwrap_or_default(),
                            shown(sql_type)
                        ));
                    }
                    Some(_) => {}
                }
            }
        }
        None
    }

    fn schema(&mut self, block: &Block) {
        if self.existing.schemas.contains_key(&block.name) {
            return;
        }
        if !self.existing.may_create_schemas {
            let database = quote(&self.existing.database);
            self.grant(&format!("CREATE ON DATABASE {database}"));
        }
        self.make("schema", block);
        self.existing.schemas.insert(block.name.clone(), true);
    }

    fn table(&mut self, block: &Block) {
        let name = &block.name;
        if self.existing.relations.contains_key(name) {
            if !self.is_ours("table", name) {
                self.extend(block);
            }
            return;
        }
        self.may_create(name);
        self.make("table", block);
        let columns = script::columns(&block.sql);
        let relation = Relation {
            kind: "r".to_owned(),
            owner: self.existing.role.clone(),
            is_owned: true,
            may_select: true,
            may_trigger: true,
            may_reference: true,
            columns: columns
                .into_iter()
                .map(|column| {
                    (
                        column.name,
                        (catalog_type(&column.sql_type).to_owned(), column.is_key),
                    )
                })
                .collect(),
            ..Relation::default()
        };
        self.existing.relations.insert(name.clone(), relation);
    }

    /// Adds to a table that was found what of our columns it lacks.
    fn extend(&mut self, block: &Block) {
        let name = block.name.clone();
        let Some(relation) = self.existing.relations.get(&name).cloned() else {
            return;
        };
        let what = format!("{} {name}", relation.word());
        if !relation.is_table() {
            self.leave(what, "nothing is added to it".to_owned(), None);
            return;
        }
        let mut differs = Vec::new();
        for column in script::columns(&block.sql) {
            let object = format!("column {name}.{}", column.name);
            let ours = catalog_type(&column.sql_type);
            if let Some((theirs, _)) = relation.columns.get(&column.name) {
                if theirs != ours {
                    differs.push(format!("{} is {}", column.name, shown(theirs)));
                }
            } else if column.is_key {
                let reason = "a key is not added to a table with a key of its own";
                self.leave(object, reason.to_owned(), None);
            } else {
                let sql = add_column(&quote_both(&name), &column);
                if let Some(reason) = &column.new_tables_only {
                    self.leave(object, reason.clone(), Some(&sql));
                    continue;
                }
                self.own(&name);
                self.created.push(object.clone());
                self.existing.ours.insert(object.clone());
                self.steps.push(Step {
                    what: object,
                    sql,
                    concurrent: None,
                });
                if let Some(relation) = self.existing.relations.get_mut(&name) {
                    relation
                        .columns
                        .insert(column.name, (ours.to_owned(), false));
                }
            }
        }
        let mut reason = "it was there: its columns, checks and rows stay as they are".to_owned();
        if !differs.is_empty() {
            reason.push_str("; ");
            reason.push_str(&differs.join(", "));
        }
        self.leave(what, reason, None);
    }

    fn view(&mut self, block: &Block) {
        if let Some(relation) = self.existing.relations.get(&block.name) {
            let word = relation.word();
            self.found(word, &block.name, "there is one of that name already");
            return;
        }
        if let Some(lack) = self.lack(&block.needs) {
            self.leave(format!("view {}", block.name), lack, Some(&block.sql));
            return;
        }
        self.may_create(&block.name);
        for need in &block.needs {
            let readable = self.existing.relations.get(&need.relation);
            if readable.is_some_and(|relation| !relation.may_select) {
                self.grant(&format!("SELECT ON {}", quote_both(&need.relation)));
            }
        }
        self.make("view", block);
        let view = Relation {
            kind: "v".to_owned(),
            is_owned: true,
            may_select: true,
            ..Relation::default()
        };
        self.existing.relations.insert(block.name.clone(), view);
    }
}

/// `ALTER TABLE` for a column of a table with rows: nullable, so that none is checked; a constant default, which PostgreSQL
/// keeps beside the rows, at once; one that is computed for later rows only. Nothing is rewritten.
fn add_column(table: &str, column: &script::Column) -> String {
    let name = quote(&column.name);
    let add = format!("ALTER TABLE {table} ADD COLUMN {name} {}", column.sql_type);
    match &column.default {
        None => format!("{add};"),
        Some(default) if default.contains('(') => {
            format!("{add};\nALTER TABLE {table} ALTER COLUMN {name} SET DEFAULT {default};")
        }
        Some(default) => format!("{add} DEFAULT {default};"),
    }
}

/// How the catalog spells a type that our files spell short.
fn catalog_type(sql_type: &str) -> &str {
    match sql_type {
        "timestamptz" => "timestamp with time zone",
        "time" => "time without time zone",
        other => other,
    }
}

/// The statement that records a file as applied.
pub(super) fn record(file: &FilePlan, checksum: &str) -> String {
    let created: Vec<String> = file.created.iter().map(|what| literal(what)).collect();
    format!(
        "INSERT INTO outpost.migrations (version, checksum, created) VALUES ({}, {}, ARRAY[{}]::text[]);",
        literal(file.version),
        literal(checksum),
        created.join(", ")
    )
}
