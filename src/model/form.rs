//! The form of a test event: a stage, the fields of its payload, and what else it may hold.

use crate::domain::{Timestamp, event::EventType, pipeline::Pipeline, plan::NewEvent, sample};

/// A field of the form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name: the stage, a key of the payload, or what else there may be.
    pub name: String,
    /// What stands in it.
    pub text: String,
    /// Where the next character goes, in bytes, on a character boundary.
    pub cursor: usize,
}

/// What is being filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// The stage first, the keys of the payload, more of it last.
    fields: Vec<Field>,
    /// The field that has the keys.
    selected: usize,
}

/// The name of the first field.
pub const STAGE: &str = "stage";
/// The name of the last one.
pub const MORE: &str = "more (JSON)";

impl Field {
    fn new(name: &str, text: &str) -> Self {
        Self {
            name: name.to_owned(),
            text: text.to_owned(),
            cursor: text.len(),
        }
    }
}

impl Form {
    /// The form for an event of `stage`, filled with a sample.
    pub fn new(stage: &EventType) -> Self {
        let mut fields = vec![Field::new(STAGE, &stage.label())];
        let sample = sample::fields(stage);
        fields.extend(sample.iter().map(|(name, text)| Field::new(name, text)));
        fields.push(Field::new(MORE, ""));
        Self {
            fields,
            selected: usize::from(!sample.is_empty()),
        }
    }

    /// Its fields, in order.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// Which of them has the keys.
    pub const fn selected(&self) -> usize {
        self.selected
    }

    /// The field that has the keys.
    pub fn field(&mut self) -> Option<&mut Field> {
        self.fields.get_mut(self.selected)
    }

    /// Goes to the next field, or to the previous one, round the end.
    pub const fn turn(&mut self, forward: bool) {
        let len = self.fields.len();
        let step = if forward { 1 } else { len - 1 };
        self.selected = (self.selected + step) % len;
    }

    /// Puts the next stage of `pipeline` in the place of this one, or the previous one, with its sample.
    pub fn turn_stage(&mut self, pipeline: &Pipeline, forward: bool) {
        let len = pipeline.stages.len().max(1);
        let at = pipeline.place(&self.stage());
        let to = match (at < len, forward) {
            (true, true) => (at + 1) % len,
            (true, false) => (at + len - 1) % len,
            (false, _) => 0,
        };
        if let Some(stage) = pipeline.stages.get(to) {
            *self = Self::new(&EventType::from(stage.event.as_str()));
            self.selected = 0;
        }
    }

    /// The stage that stands in it.
    pub fn stage(&self) -> EventType {
        let text = self.fields.first().map_or("", |field| field.text.trim());
        EventType::from(text)
    }

    /// The event that it makes, inserted by `by`.
    ///
    /// # Errors
    /// What is wrong with it, in a sentence.
    pub fn event(&self, pipeline: &Pipeline, by: &str, at: Timestamp) -> Result<NewEvent, String> {
        let stage = self.stage();
        let side_effect = pipeline.side_effect(&stage);
        let (Some(more), Some(keys)) = (
            self.fields.last(),
            self.fields.get(1..self.fields.len().saturating_sub(1)),
        ) else {
            return Err("there is nothing in this form".to_owned());
        };
        let keys: Vec<(&str, &str)> = keys
            .iter()
            .map(|field| (field.name.as_str(), field.text.as_str()))
            .collect();
        NewEvent::compose((stage, side_effect), &keys, &more.text, (by, at))
    }
}
