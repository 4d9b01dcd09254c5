//! Names and literals as SQL writes them.

/// The schema that the files of `sql/` are written for.
pub(crate) const WRITTEN_FOR: &str = "marketing";

/// A name, always in quotes: for statements that only the server reads.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A name, in quotes where it would not be read as it stands: for statements that people read too.
pub(crate) fn quote(name: &str) -> String {
    let plain = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if plain { name.to_owned() } else { quoted(name) }
}

/// `schema.object`, each part as [`quote`] writes it.
pub(crate) fn quote_both(name: &str) -> String {
    match name.split_once('.') {
        Some((schema, object)) => format!("{}.{}", quote(schema), quote(object)),
        None => quote(name),
    }
}

/// A text literal.
pub(crate) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// `sql`, whose objects are those of [`WRITTEN_FOR`], with those of `schema`.
pub(crate) fn in_schema(sql: &str, schema: &str) -> String {
    sql.replace(&format!("{WRITTEN_FOR}."), &format!("{}.", quote(schema)))
}

/// Whether `key` can be cast to a column of this type: one that cannot would fail the whole query.
pub(crate) fn fits(data_type: &str, key: &str) -> bool {
    match data_type {
        "smallint" => key.parse::<i16>().is_ok(),
        "integer" => key.parse::<i32>().is_ok(),
        "bigint" | "numeric" => key.parse::<i64>().is_ok(),
        "uuid" => {
            key.len() == 36
                && key.char_indices().all(|(at, c)| match at {
                    8 | 13 | 18 | 23 => c == '-',
                    _ => c.is_ascii_hexdigit(),
                })
        }
        "text" | "character varying" => true,
        _ => false,
    }
}
