//! What reaches the world from outside.

use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::demo::{http::Call, ledger::Heard, scenario::Scenario};

/// What the world is asked for from outside.
#[derive(Debug)]
pub(in crate::demo) enum Order {
    /// Live under another scenario; answers when it has begun.
    Scenario(Scenario, oneshot::Sender<()>),
    /// Stand still, or go on; answers when it does.
    Still(bool, oneshot::Sender<()>),
}

/// What reaches the world.
pub(in crate::demo) struct Gates {
    /// Requests to n8n.
    pub(in crate::demo) calls: mpsc::Receiver<Call>,
    /// Notifications of the database.
    pub(in crate::demo) heard: mpsc::Receiver<Heard>,
    /// What the operator of the demo wants.
    pub(in crate::demo) orders: mpsc::Receiver<Order>,
    /// The end.
    pub(in crate::demo) cancel: CancellationToken,
}
