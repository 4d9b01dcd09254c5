//! The fields that join links, as a file takes them.

use tokio_postgres::types::Type;

use super::super::Parameter;
use crate::domain::pipeline::Stage;

/// The fields that join the links, a column each, as the file takes them.
#[derive(Default)]
pub(super) struct Fields<'a> {
    link: Vec<i32>,
    stage: Vec<&'a str>,
    is_child: Vec<bool>,
    pair: Vec<i32>,
    field: Vec<Option<&'a str>>,
}

impl<'a> Fields<'a> {
    /// Of stages each of which leads to the next.
    pub(super) fn along(way: &[&'a Stage]) -> Self {
        let mut fields = Self::default();
        let links = way.windows(2).filter_map(|pair| match pair {
            [stage, child] => Some((*stage, *child, child.parent.as_ref()?)),
            _ => None,
        });
        for (n, (stage, child, parent)) in (0..).zip(links) {
            for (pair, key) in (0..).zip(&parent.keys) {
                fields.push((n, pair), (stage, false), Some(&key.parent));
                fields.push((n, pair), (child, true), Some(&key.child));
            }
            // That nothing joins a link has to be said: it is counted all the same.
            if parent.keys.is_empty() {
                fields.push((n, 0), (stage, false), None);
                fields.push((n, 0), (child, true), None);
            }
        }
        fields
    }

    /// What the files take first: link, stage, whether it is the child, pair and field.
    pub(super) fn parameters(&self) -> [Parameter<'_>; 5] {
        [
            (&self.link, Type::INT4_ARRAY),
            (&self.stage, Type::TEXT_ARRAY),
            (&self.is_child, Type::BOOL_ARRAY),
            (&self.pair, Type::INT4_ARRAY),
            (&self.field, Type::TEXT_ARRAY),
        ]
    }

    fn push(
        &mut self,
        (link, pair): (i32, i32),
        (stage, is_child): (&'a Stage, bool),
        field: Option<&'a String>,
    ) {
        self.link.push(link);
        self.stage.push(&stage.event);
        self.is_child.push(is_child);
        self.pair.push(pair);
        self.field.push(field.map(String::as_str));
    }
}
