//! The screens: what they do about keys, where they lead, and that they paint in every state and size.

mod ab_tests;
mod batches;
mod clocks;
mod drills;
mod errors;
mod lists;
mod pages;
mod painting;
mod retry;
pub(crate) mod world;

use outpost::{
    action::{Action, ScreenId},
    effect::FeedId,
    msg::Fact,
    screens::{Answer, Screens},
    store::Store,
};

/// Rows that a list is said to show.
const PAGE: usize = 10;

/// A screen over a store, as the root drives it: refusals first, and settled after every change.
struct Console {
    store: Store,
    screens: Screens,
    id: ScreenId,
}

impl Console {
    fn over(store: Store, id: ScreenId) -> Self {
        let mut console = Self {
            store,
            screens: Screens::default(),
            id,
        };
        console.screens.settle(console.id, &console.store);
        console
    }

    fn press(&mut self, action: Action) -> Vec<Answer> {
        match self.screens.refusal(self.id, &self.store, action) {
            Some(reason) => vec![Answer::Say(reason.to_owned())],
            None => self.screens.update(self.id, &self.store, action, PAGE),
        }
    }

    fn said(&mut self, action: Action) -> String {
        match self.press(action).first() {
            Some(Answer::Say(words)) => words.clone(),
            other => panic!("{other:?}"),
        }
    }

    fn tell(&mut self, feed: FeedId, fact: Fact) {
        world::tell(&mut self.store, world::now(), feed, fact);
        self.screens.settle(self.id, &self.store);
    }

    fn filter(&mut self, text: &str) {
        self.screens.set_filter(self.id, text).unwrap();
        self.screens.settle(self.id, &self.store);
    }

    /// What `y` copies, read as JSON, a value a line.
    fn copied(&mut self) -> Vec<serde_json::Value> {
        let answers = self.press(Action::Copy);
        let [Answer::Copy(text)] = answers.as_slice() else {
            panic!("{answers:?}");
        };
        assert!(!text.contains('\u{1b}'), "{text:?}");
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// The ids of what `y` copies.
    fn ids(&mut self) -> Vec<String> {
        let copied = self.copied();
        copied
            .iter()
            .map(|row| row["id"].as_str().unwrap().to_owned())
            .collect()
    }
}
