//! Words for states, and the roles they play.

use super::{Role, table::Cell};
use crate::domain::{event::EventStatus, verdict::Health};

/// The role of a state's word in a row.
pub const fn health(health: Health) -> Role {
    match health {
        Health::Critical => Role::Bad,
        Health::Stale | Health::Unknown => Role::Stale,
        Health::Warning | Health::Starving => Role::Warn,
        Health::Ok => Role::Ok,
        Health::Idle => Role::Idle,
    }
}

/// The role of a state's word where it must be seen from afar.
pub const fn loud(health: Health) -> Role {
    match health {
        Health::Critical => Role::BadBadge,
        Health::Stale | Health::Unknown => Role::StaleBadge,
        Health::Warning | Health::Starving => Role::WarnBadge,
        Health::Ok | Health::Idle => Role::OkBadge,
    }
}

/// The role of an event's status.
pub const fn status(status: &EventStatus) -> Role {
    match status {
        EventStatus::Failed => Role::Bad,
        EventStatus::Pending | EventStatus::Processing => Role::Strong,
        EventStatus::Processed => Role::Dim,
        EventStatus::Other(_) => Role::Warn,
    }
}

/// The word for an event that the table no longer has.
pub const GONE: &str = "deleted";

/// Strikes out all cells of a row but that which says why.
pub fn strike(cells: &mut [Cell<'_>]) {
    for (text, role) in cells {
        if text != GONE {
            *role = Role::Barred;
        }
    }
}
