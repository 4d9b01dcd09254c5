//! How the pipeline stood at a moment that is past.

use chrono::SubsecRound as _;

use super::rows::{Look, Unfound};
use crate::{
    domain::{
        Timestamp,
        moment::{self, Toward},
        past::{Past, StagePast, Standing},
        pipeline::Pipeline,
        untrusted::Untrusted,
        zone::Zone,
    },
    screens::json::Object,
    sources::postgres::queries,
};

impl Look {
    /// How it stood at the moment that `text` spells, as `:at` of the console; times of day are UTC.
    ///
    /// # Errors
    /// That `text` is no moment, or one to come; else as [`Look::run`].
    pub async fn past(&mut self, text: &str) -> Result<Past, Unfound> {
        let now = self.clock().await?;
        let at = moment::read(text, (now, &Zone::default()), Toward::Past)
            .map(|at| at.trunc_subsecs(0))
            .filter(|at| *at <= now)
            .ok_or_else(|| Unfound::Moment(Untrusted::from(text).display_cut(40)))?;
        let work = |client, catalog| queries::past(client, catalog, at);
        Ok(self.run(work).await??)
    }
}

/// It as one line of JSON; every stage of `pipeline`, and those that it does not know.
pub fn json(past: &Past, pipeline: &Pipeline) -> String {
    let stages: Vec<String> = past
        .ordered(pipeline)
        .iter()
        .map(|it| stage(past, it))
        .collect();
    let (standing, verdict) = past.verdict();
    let is_bad = match standing {
        Standing::Well => "false",
        Standing::Bad => "true",
        Standing::Unknown => "null",
    };
    let moment = |at: Timestamp| at.format("%Y-%m-%d %H:%M:%SZ").to_string();
    let notes: Vec<String> = past
        .notes(moment)
        .into_iter()
        .map(|it| Untrusted::from(it).json())
        .collect();
    Object::default()
        .moment("at", Some(past.at))
        .raw("is_bad", is_bad)
        .text("verdict", &verdict)
        .raw("window_s", &past.window().to_string())
        .moment("events_since", past.since)
        .moment("errors_since", past.errors_since)
        .raw("notes", &format!("[{}]", notes.join(",")))
        .raw("stages", &format!("[{}]", stages.join(",")))
        .end()
        + "\n"
}

fn stage(past: &Past, it: &StagePast) -> String {
    let ms = |ms: Option<u64>| ms.map(|ms| ms as f64);
    let errors = |n: u64| past.errors_lack.is_none().then_some(n as f64);
    Object::default()
        .text("stage", it.stage.raw())
        .number("waiting", it.waiting)
        .number("retried", it.retried)
        .moment("oldest", it.oldest)
        .number("arrived", it.arrived)
        .number("done", it.done)
        .number("failed", it.failed)
        .fraction("avg_ms", ms(it.avg_ms))
        .fraction("max_ms", ms(it.max_ms))
        .fraction("errors_open", errors(it.errors_open))
        .fraction("errors_untimed", errors(it.errors_untimed))
        .fraction("errors_1h", errors(it.errors_hour))
        .end()
}
