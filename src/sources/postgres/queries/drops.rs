//! Which events are done and have no child: the links of the cascade over the newest events, then what excuses those
//! that were found: an error row, or an end that the pipeline's description names.

use tokio_postgres::types::Type;

use super::{super::decode, Ask, Parameter, files};
use crate::{
    domain::{
        Timestamp,
        drops::{Cascade, Drops},
        pipeline::Pipeline,
    },
    msg::Fault,
};

mod ended;
mod excused;
mod records;
mod turn;
mod watch;

use self::{
    records::{Records, Suspect},
    turn::Kept,
    watch::Looks,
};

/// Events looked at.
pub(super) const NEWEST: i64 = 20_000;

/// What is known of silent drops between two turns.
#[derive(Debug, Default)]
pub(super) struct Watch {
    /// The newest events, where keys tell what is new,
    kept: Kept,
    /// or how the last looks went.
    looks: Looks,
    records: Records,
}

impl Watch {
    /// How every link of `pipeline` stands.
    pub(super) async fn fetch(
        &mut self,
        ask: &Ask<'_>,
        pipeline: &Pipeline,
    ) -> Result<Drops, Fault> {
        let records = &mut self.records;
        records.heed(pipeline);
        if ask.catalog.has_whole_keys("pipeline_events") {
            self.looks = Looks::default();
            self.kept.fetch(ask, pipeline, records).await
        } else {
            self.kept = Kept::default();
            self.looks.fetch(ask, pipeline, records).await
        }
    }
}

/// The `newest` events, and `others` besides.
async fn look(
    ask: &Ask<'_>,
    cascade: &Cascade,
    newest: i64,
    others: Option<&[&str]>,
) -> Result<(decode::Clock, decode::Events), Fault> {
    let (stages, fields): (Vec<&str>, Vec<Option<&str>>) = cascade.columns().unzip();
    let parameters: [Parameter<'_>; 4] = [
        (&stages, Type::TEXT_ARRAY),
        (&fields, Type::TEXT_ARRAY),
        (&newest, Type::INT8),
        (&others, Type::TEXT_ARRAY),
    ];
    let rows = ask.rows(files::DROPS, &parameters).await?;
    decode::newest_seen(&rows, cascade)
}

fn moment(us: i64) -> Timestamp {
    Timestamp::from_timestamp_micros(us).unwrap_or_default()
}
