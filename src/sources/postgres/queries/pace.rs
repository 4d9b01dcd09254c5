//! How often what keeps the server busy is asked: once in so many times of what it cost when it was last asked.

use std::time::Duration;

use tokio::time::Instant;

use super::Ask;

/// When something was asked, and for how long that kept the server busy, the way not counted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    asked: Instant,
    cost: Duration,
}

impl Pace {
    /// Asks `question`: its answer, and what it cost. Nothing else is to be asked on this connection meanwhile.
    pub(super) async fn of<T>(ask: &Ask<'_>, question: impl Future<Output = T>) -> (T, Self) {
        let before = ask.client.spent();
        let answer = question.await;
        let spent = ask.client.spent() - before;
        let pace = Self {
            asked: Instant::now(),
            cost: Duration::from_micros(spent.busy_us),
        };
        (answer, pace)
    }

    /// For how long it kept the server busy.
    pub(super) const fn cost(self) -> Duration {
        self.cost
    }

    /// How long ago it was asked.
    pub(super) fn age(self) -> Duration {
        self.asked.elapsed()
    }

    /// Whether it may be asked again, once in so many times of what it costs.
    pub(super) fn is_due(self, times: u32) -> bool {
        self.age() >= self.cost * times
    }
}
