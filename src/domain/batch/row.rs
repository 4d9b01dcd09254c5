//! A row of a batch, and where it stands.

use crate::domain::{
    Timestamp,
    error_group::Fingerprint,
    event::{EventType, RowId},
};

/// Where a row stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Not tried yet.
    Waiting,
    /// A transaction was about to be committed; whether it was is not known.
    Begun {
        /// When.
        at: Timestamp,
        /// Its number.
        xid: String,
        /// Why it would leave the row alone, if it would.
        skip: Option<String>,
        /// The event that it would write in the place of the row, if it would.
        clone: Option<RowId>,
    },
    /// In the queue again since then.
    Sent(Timestamp),
    /// Ended well.
    Ok,
    /// Failed again.
    Failed {
        /// With what, where that is known.
        cause: Option<Fingerprint>,
        /// Whether that is what it failed with before.
        same: bool,
    },
    /// Sent then, and not ended in the time agreed.
    Pending(Timestamp),
    /// Left alone, and why.
    Skipped(String),
    /// Nobody can say, and why.
    Unknown(String),
}

impl Standing {
    /// One or two words.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Begun { .. } => "in doubt",
            Self::Sent(_) => "sent",
            Self::Ok => "ok",
            Self::Failed { same: true, .. } => "failed, same",
            Self::Failed { same: false, .. } => "failed, new",
            Self::Pending(_) => "pending",
            Self::Skipped(_) => "skipped",
            Self::Unknown(_) => "unknown",
        }
    }

    /// What there is to say beside that.
    pub fn remark(&self) -> Option<String> {
        match self {
            Self::Waiting | Self::Sent(_) | Self::Ok => None,
            Self::Begun { xid, .. } => Some(format!("transaction {xid} is to be looked up")),
            Self::Failed { cause, .. } => cause.as_ref().map(ToString::to_string),
            Self::Pending(_) => Some("not done in the time agreed".to_owned()),
            Self::Skipped(why) | Self::Unknown(why) => Some(why.clone()),
        }
    }

    /// When it was sent, where it is in the queue, as far as is known.
    pub const fn sent(&self) -> Option<Timestamp> {
        if let Self::Sent(at) | Self::Pending(at) = self {
            Some(*at)
        } else {
            None
        }
    }

    /// Whether it is in the queue, as far as is known.
    pub const fn is_watched(&self) -> bool {
        self.sent().is_some()
    }
}

/// A row of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its key.
    pub id: RowId,
    /// Its stage.
    pub stage: EventType,
    /// What it had failed with when the plan was made, where that is known.
    pub cause: Option<Fingerprint>,
    /// Whether it is tried before the others.
    pub is_canary: bool,
    /// The event that was written in its place, where one was: that is the one to watch.
    pub clone: Option<RowId>,
    /// The version it is in, where a call that n8n put off made that another one than the plan has.
    pub version: Option<String>,
    /// The number of the transaction that sent it, or was to.
    pub xid: Option<String>,
    /// Where it stands.
    pub standing: Standing,
    /// When that was first so.
    pub since: Timestamp,
}

impl Row {
    /// The event whose end is the end of this row.
    pub fn watched(&self) -> &RowId {
        self.clone.as_ref().unwrap_or(&self.id)
    }

    /// Whether an event in this version is as the transaction that sent the row left it: a version has the low half of its
    /// transaction's number.
    pub(super) fn is_untouched(&self, version: Option<&str>) -> bool {
        let number = self.xid.as_ref().and_then(|xid| xid.parse::<u64>().ok());
        let version = version.and_then(|version| version.parse::<u64>().ok());
        number.map(|xid| xid & 0xffff_ffff) == version && version.is_some()
    }

    /// Whether one that stands so may still be sent or left alone.
    pub(super) const fn is_open(standing: &Standing) -> bool {
        matches!(standing, Standing::Waiting | Standing::Begun { .. })
    }
}
