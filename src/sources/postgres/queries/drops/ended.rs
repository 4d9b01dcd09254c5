//! Which events without child ended rightly, as the pipeline's description says: by a field of their payload, or by a row of a
//! table.

use std::collections::BTreeSet;

use tokio_postgres::{
    Row,
    types::{ToSql, Type},
};

use super::{
    super::{
        super::{fault_of, relation, syntax},
        Ask, Parameter, files,
        near::ROWS,
        template,
    },
    Suspect,
};
use crate::{domain::pipeline::End, msg::Fault};

/// Keys of events that ended, and what was looked at for that, where that was not all.
type Ended = (BTreeSet<String>, Option<String>);

/// Those of `suspects` that `end` says ended rightly, by their keys; and what was looked at, where that was not all.
pub(super) async fn ended(ask: &Ask<'_>, end: &End, suspects: &[Suspect]) -> Result<Ended, Fault> {
    let key_of = |it: &Suspect| it.record.id.to_string();
    let mut newest = None;
    let (field, found): (&str, BTreeSet<String>) = match end {
        End::Payload { field, is } => {
            let texts = suspects.iter().filter_map(|it| it.fields.get(field));
            let ending = texts.filter(|text| is.contains(&text.to_lowercase()));
            (field, ending.cloned().collect())
        }
        End::Row {
            field,
            table,
            key,
            column,
            is,
        } => {
            let values: BTreeSet<&str> = suspects
                .iter()
                .filter_map(|it| Some(it.fields.get(field)?.as_str()))
                .collect();
            let found;
            (found, newest) = in_table(ask, (table, key, column), &values, is).await?;
            (field, found)
        }
    };
    let is_ended = |it: &&Suspect| {
        it.fields
            .get(field)
            .is_some_and(|text| found.contains(text))
    };
    let ended = suspects.iter().filter(is_ended).map(key_of).collect();
    Ok((ended, newest))
}

/// Those of `values` whose row in `table`, found by `key`, has one of the words `is` in `column`.
async fn in_table(
    ask: &Ask<'_>,
    (table, key, column): (&str, &str, &str),
    values: &BTreeSet<&str>,
    is: &[String],
) -> Result<Ended, Fault> {
    let catalog = ask.catalog;
    let known = |name| template::find(table, name).is_some();
    if relation::wanted(table).is_none() || !known(key) || !known(column) {
        let what = format!("{table}.{key} or {table}.{column}, which the description names");
        return Err(Fault::Missing(what.into()));
    }
    catalog.table(table)?;
    let Some(data_type) = catalog.type_of(table, key) else {
        return Err(Fault::Missing(format!("{table}.{key}").into()));
    };
    let values: Vec<&str> = values
        .iter()
        .copied()
        .filter(|value| syntax::fits(data_type, value))
        .collect();
    let is_near = catalog.is_large_without(table, key) && catalog.has_whole_keys(table);
    let first = relation::wanted(table).and_then(|wanted| wanted.columns.first());
    let (file, order) = match first.filter(|_| is_near) {
        Some(first) => (files::DROP_ENDS_NEAR, first.name),
        None => (files::DROP_ENDS, key),
    };
    // The file asks the first end of the guide's pipeline; this is another.
    let sql = file
        .sql
        .replace("company_raw_intake.id", &format!("{table}.{key}"))
        .replace("company_raw_intake.validated", &format!("{table}.{column}"))
        .replace("company_raw_intake.key", &format!("{table}.{order}"))
        .replace("{table company_raw_intake}", &format!("{{table {table}}}"));
    let sql = template::render(catalog, &sql, None)?;
    let mut parameters: Vec<Parameter<'_>> = vec![
        (&values as &(dyn ToSql + Sync), Type::TEXT_ARRAY),
        (&is, Type::TEXT_ARRAY),
    ];
    if is_near {
        parameters.push((&ROWS, Type::INT8));
    }
    let rows = ask.client.query_typed(&sql, &parameters).await;
    let rows = rows.map_err(|error| fault_of(&error))?;
    let key = |row: &Row| row.try_get(0).map_err(|error| fault_of(&error));
    let found: Result<Vec<Option<String>>, Fault> = rows.iter().map(key).collect();
    let looked = rows.first().filter(|_| is_near);
    let looked = looked.map_or(Ok(0), |row| row.try_get::<_, i64>("looked"));
    let is_cut = looked.map_err(|error| fault_of(&error))? >= ROWS;
    let newest = is_cut.then(|| format!("only the newest {ROWS} rows of {table} were looked at"));
    Ok((found?.into_iter().flatten().collect(), newest))
}
