//! What holds the pace from outside: measured while the batch goes on, and told where it changes.

use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

use super::{Runner, is_passing};
use crate::{domain::batch::Load, msg::Told, sources::n8n};

/// What runs in n8n, counted beside the batch, so that an n8n that is slow to answer holds nothing up.
#[derive(Debug)]
pub(super) struct Gauge {
    load: watch::Receiver<Option<Load>>,
    _counts: Option<AbortOnDropHandle<()>>,
}

impl Gauge {
    /// Begins to count, where there is an n8n to ask.
    pub(super) fn new(n8n: Option<&n8n::Settings>) -> Self {
        let (sender, load) = watch::channel(None);
        let counts = n8n.cloned().map(|settings| {
            let tell = move |load| sender.send(load).is_ok();
            AbortOnDropHandle::new(tokio::spawn(n8n::measure(settings, tell)))
        });
        Self {
            load,
            _counts: counts,
        }
    }
}

impl Runner {
    /// Takes in what holds the pace from outside.
    pub(super) async fn limit(&mut self) {
        let mut limits = self.batch.limits.clone();
        limits.n8n = *self.gauge.load.borrow_and_update();
        if !self.knows_usual {
            let stages = self.batch.stages();
            let Some(replay) = self.replay.as_mut() else {
                return;
            };
            match replay.usual(&stages).await {
                Ok(usual) => limits.usual = usual,
                Err(fault) if is_passing(&fault) => {
                    self.lose(&fault).await;
                    return;
                }
                // What is not known holds nothing.
                Err(fault) => tracing::info!(%fault, "what stages usually do is not known"),
            }
            self.knows_usual = true;
        }
        if limits != self.batch.limits {
            self.batch.limits = limits.clone();
            self.tell(Told::Limited(self.id().clone(), limits)).await;
        }
    }
}
