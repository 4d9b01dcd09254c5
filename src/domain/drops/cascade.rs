//! What joins the links of the cascade: which fields of which events are looked at, and which of a parent's belong to which of
//! its child's.

use crate::domain::pipeline::{Parent, Pipeline, Stage};

/// A stage, its child, and what joins them.
#[derive(Debug, Clone, Copy)]
pub struct Pair<'a> {
    /// The stage of the parent.
    pub stage: &'a Stage,
    /// That of the child.
    pub child: &'a Stage,
    /// What joins them.
    pub parent: &'a Parent,
}

/// The links of `pipeline`, in its order.
pub fn pairs(pipeline: &Pipeline) -> Vec<Pair<'_>> {
    let mut pairs = Vec::new();
    for stage in &pipeline.stages {
        let children = pipeline.children(&stage.event);
        pairs.extend(children.filter_map(|child| {
            let parent = child.parent.as_ref()?;
            Some(Pair {
                stage,
                child,
                parent,
            })
        }));
    }
    pairs
}

/// A link, by the numbers of its stages and of their fields.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) stage: usize,
    pub(super) child: usize,
    /// For each pair of fields the parent's and the child's.
    pub(super) fields: Vec<(usize, usize)>,
}

/// The links of a pipeline, and the fields that join them.
#[derive(Debug)]
pub struct Cascade {
    pub(super) pipeline: Pipeline,
    /// The events of the links, each with its fields.
    stages: Vec<(String, Vec<String>)>,
    pub(super) links: Vec<Link>,
    /// For each stage whether a child is due of it.
    leads: Vec<bool>,
    /// Each field, by the numbers of its stage and of its place there; one without a place for a stage that has none.
    columns: Vec<(usize, Option<usize>)>,
}

impl Cascade {
    /// Of `pipeline`.
    pub fn of(pipeline: &Pipeline) -> Self {
        let mut stages: Vec<(String, Vec<String>)> = Vec::new();
        let mut links = Vec::new();
        for pair in pairs(pipeline) {
            let (stage, child) = (
                place(&mut stages, &pair.stage.event),
                place(&mut stages, &pair.child.event),
            );
            let keys = pair.parent.keys.iter().map(|key| {
                let parent = slot(&mut stages[stage].1, &key.parent);
                (parent, slot(&mut stages[child].1, &key.child))
            });
            let fields = keys.collect();
            links.push(Link {
                stage,
                child,
                fields,
            });
        }
        let mut leads = vec![false; stages.len()];
        for link in &links {
            leads[link.stage] = true;
        }
        let mut columns = Vec::new();
        for (stage, (_, fields)) in stages.iter().enumerate() {
            columns.extend((0..fields.len()).map(|slot| (stage, Some(slot))));
            // That nothing joins a stage has to be said: it is counted all the same.
            if fields.is_empty() {
                columns.push((stage, None));
            }
        }
        Self {
            pipeline: pipeline.clone(),
            stages,
            links,
            leads,
            columns,
        }
    }

    /// Whether it is that of `pipeline`.
    pub fn is_of(&self, pipeline: &Pipeline) -> bool {
        self.pipeline == *pipeline
    }

    /// Each field that is looked at: the event that has it, and its name, or nothing for an event that is only counted.
    pub fn columns(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.columns.iter().map(|(stage, slot)| {
            let (event, fields) = &self.stages[*stage];
            (event.as_str(), slot.map(|slot| fields[slot].as_str()))
        })
    }

    /// Whether a child is due of the stage with this number.
    pub(super) fn leads(&self, stage: Option<u16>) -> bool {
        stage.is_some_and(|stage| self.leads[usize::from(stage)])
    }

    pub(super) const fn stages(&self) -> usize {
        self.stages.len()
    }
}

fn place(stages: &mut Vec<(String, Vec<String>)>, event: &str) -> usize {
    let known = stages.iter().position(|(known, _)| known == event);
    known.unwrap_or_else(|| {
        stages.push((event.to_owned(), Vec::new()));
        stages.len() - 1
    })
}

fn slot(fields: &mut Vec<String>, field: &str) -> usize {
    let known = fields.iter().position(|known| known == field);
    known.unwrap_or_else(|| {
        fields.push(field.to_owned());
        fields.len() - 1
    })
}

/// How an event stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It has not ended.
    Open,
    /// It is done.
    Done,
    /// It failed, or bears a word that nobody knows.
    Other,
}

/// What a look saw of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// When it came, µs since 1970.
    pub created: i64,
    /// When it ended, or came where that is not known, µs since 1970.
    pub ended: i64,
    /// How it stands.
    pub state: State,
    /// The version of its row, where rows have one.
    pub version: u32,
    /// The number of its stage; `None` where it is in no link.
    pub(super) stage: Option<u16>,
    /// What its fields hold, as a hash each; 0 for nothing.
    pub(super) values: Box<[u64]>,
}

impl Seen {
    /// An event of which nothing but this is known yet.
    pub fn new((created, ended): (i64, i64), state: State, version: u32) -> Self {
        Self {
            created,
            ended,
            state,
            version,
            stage: None,
            values: Box::default(),
        }
    }

    /// Its stage and one of its fields, by the number of the column, counted from 0, and the hash of what it holds.
    pub fn fill(&mut self, cascade: &Cascade, column: usize, value: Option<i64>) {
        let Some((stage, slot)) = cascade.columns.get(column) else {
            return;
        };
        if self.stage.is_none() {
            self.stage = u16::try_from(*stage).ok();
            self.values = vec![0; cascade.stages[*stage].1.len()].into();
        }
        if let Some(slot) = slot.and_then(|slot| self.values.get_mut(slot)) {
            // The one value in 2^64 that would say nothing is taken for its neighbour.
            *slot = value.map_or(0, |value| value.cast_unsigned().max(1));
        }
    }
}
