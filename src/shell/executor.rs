//! Carrying out effects without waiting for them; answers come back through the inbox.

use crate::effect::Effect;

/// Carries out effects.
pub trait Executor {
    /// Starts `effect`; never waits.
    fn execute(&mut self, effect: Effect);
}

/// Remembers effects instead of carrying them out, for tests.
#[derive(Debug, Default)]
pub struct Recorder(pub Vec<Effect>);

impl Executor for Recorder {
    fn execute(&mut self, effect: Effect) {
        self.0.push(effect);
    }
}
