//! Campaigns with their A/B tests, found by the filter of their screen.

use super::rows::{Look, Unfound, read};
use crate::{
    domain::{
        Timestamp,
        ab_test::{AbTest, AbTests, Arm, JUDGED_BY, Measure, Side, Standing},
        campaign::Campaign,
        outcomes::Share,
        untrusted::Untrusted,
    },
    effect::FeedId,
    msg::{Fact, Fault},
    screens::{campaigns, json::Object},
    sources::postgres::queries::{self, Memory},
};

/// Campaigns of the last 7 days, newest first, each with its tests.
#[derive(Debug)]
pub struct Campaigns {
    found: Vec<(Campaign, AbTests)>,
    /// Why no test is known.
    fault: Option<Fault>,
    clock: Timestamp,
}

impl Look {
    /// The campaigns that pass `filter`, which is that of their screen.
    ///
    /// # Errors
    /// As [`Look::find`]. That tests cannot be read is none.
    pub async fn campaigns(&mut self, filter: &str) -> Result<Campaigns, Unfound> {
        let filter = read(filter, &campaigns::VOCABULARY)?;
        let work = |client, catalog| async move {
            let clock = queries::clock(client).await?;
            let mut memory = Memory::default();
            let all = queries::fetch(client, catalog, FeedId::Campaigns, &mut memory).await?;
            let Fact::Campaigns(all) = all else {
                return Err(Fault::Decode("no campaigns came".into()).into());
            };
            let (mut found, mut fault) = (Vec::new(), None);
            for campaign in all.into_iter().filter(|row| filter.matches(row, clock)) {
                let mut tests = AbTests {
                    tests: Vec::new(),
                    by: campaign.attribution,
                };
                // What one of them lacks all lack.
                if fault.is_none() {
                    match queries::ab_tests(client, catalog, &campaign.id).await {
                        Ok(read) => tests = read,
                        Err(why) => fault = Some(why),
                    }
                }
                found.push((campaign, tests));
            }
            Ok(Campaigns {
                found,
                fault,
                clock,
            })
        };
        Box::pin(self.run(work)).await?
    }
}

impl Campaigns {
    /// As text: a table with tabs between its columns, the tests of each campaign below it.
    pub fn text(&self) -> String {
        let mut lines = vec![
            "id\tcampaign\tstatus\tcontacts\tdelivered\topened\tclicked\treplied\tbounced"
                .to_owned(),
        ];
        for (campaign, tests) in &self.found {
            let status = campaign.status.as_ref();
            let status = status.map_or_else(|| "-".to_owned(), |it| it.display_cut(16));
            let steps = campaign.funnel().map(|step| told(step.share)).join("\t");
            lines.push(format!(
                "{}\t{}\t{status}\t{}\t{steps}\t{}",
                campaign.id,
                campaign.name.display_cut(64),
                campaign.contacts,
                told(campaign.bounces())
            ));
            let tests = tests.tests.iter();
            lines.extend(tests.flat_map(|test| test_lines(test, self.clock)));
        }
        lines.join("\n") + "\n"
    }

    /// As one JSON object.
    pub fn json(&self) -> String {
        let rows = self.found.iter().map(|(campaign, tests)| {
            let tests = tests.tests.iter().map(|test| test_json(test, self.clock));
            let tests: Vec<String> = tests.collect();
            let tests = format!("[{}]", tests.join(","));
            let known = self.fault.is_none();
            campaigns::object(campaign)
                .raw("ab_tests", if known { &tests } else { "null" })
                .end()
        });
        let rows: Vec<String> = rows.collect();
        Object::default()
            .raw("campaigns", &format!("[{}]", rows.join(",")))
            .untrusted(
                "ab_tests_error",
                self.remark().map(Untrusted::from).as_ref(),
            )
            .moment("clock", Some(self.clock))
            .end()
            + "\n"
    }

    /// Why no test is told, where none could be read.
    pub fn remark(&self) -> Option<String> {
        let fault = self.fault.as_ref()?;
        Some(format!("A/B tests: {fault}. {}", fault.advice()))
    }
}

/// A share with its interval and its n; of too few cases only how many they are, as on the screen.
fn told(share: Share) -> String {
    if share.of > 0 && share.is_low() {
        return format!("lown {} of {}", share.part, share.of);
    }
    let percent = |of_one: f64| format!("{:.1}%", of_one * 100.0);
    let (Some(rate), Some((low, high))) = (share.rate(), share.wilson()) else {
        return "- of 0".to_owned();
    };
    let (rate, low, high) = (percent(rate), percent(low), percent(high));
    format!("{rate} [{low}-{high}] of {}", share.of)
}

fn test_lines(test: &AbTest, clock: Timestamp) -> Vec<String> {
    let name = test.name.display_cut(64);
    let mut lines = vec![format!(
        "  A/B test {} {name}: {}; {}",
        test.id,
        test.word(),
        test.why(clock)
    )];
    lines.extend(test.contradiction().map(|said| format!("    {said}")));
    for (side, arm) in Side::BOTH.into_iter().zip(&test.arms) {
        let rates = Measure::ALL.map(|it| format!("{} {}", it.word(), told(arm.share(it))));
        let variant = test.variant(side).map(|it| it.display_cut(64));
        lines.push(format!(
            "    {}  {} delivered  {}  {}",
            side.word(),
            arm.delivered,
            rates.join("  "),
            variant.unwrap_or_default()
        ));
    }
    lines
}

fn test_json(test: &AbTest, clock: Timestamp) -> String {
    let more = match test.standing() {
        Standing::Few(more) => Some(more),
        Standing::NotDecided(more) => more,
        Standing::Leads(_) => None,
    };
    let mut p = Object::default();
    for measure in Measure::ALL {
        p = p.fraction(measure.word(), test.chance(measure).map(|it| it.p));
    }
    let [a, b] = test.arms.each_ref().map(arm_json);
    let [variant_a, variant_b] = &test.variants;
    Object::default()
        .text("id", test.id.as_str())
        .untrusted("test_name", Some(&test.name))
        .untrusted("variant_a", variant_a.as_ref())
        .untrusted("variant_b", variant_b.as_ref())
        .moment("start_date", test.started)
        .moment("end_date", test.ended)
        .untrusted("winner", test.winner.as_ref())
        .text("standing", test.word())
        .text("judged_by", JUDGED_BY.word())
        .raw("p", &p.end())
        .text("why", &test.why(clock))
        .raw(
            "more_needed",
            &more.map_or_else(|| "null".to_owned(), |n| n.to_string()),
        )
        .untrusted(
            "contradiction",
            test.contradiction().map(Untrusted::from).as_ref(),
        )
        .raw("a", &a)
        .raw("b", &b)
        .number("in_both", test.both)
        .number("in_neither", test.neither)
        .end()
}

fn arm_json(arm: &Arm) -> String {
    let mut object = Object::default()
        .number("contacts", arm.contacts)
        .number("delivered", arm.delivered)
        .raw("lown", &arm.is_low().to_string());
    for measure in Measure::ALL {
        let share = arm.share(measure);
        let (low, high) = share.wilson().unzip();
        let told = Object::default()
            .number("n", share.part)
            .fraction("rate", share.rate())
            .fraction("low", low)
            .fraction("high", high);
        object = object.raw(measure.word(), &told.end());
    }
    object.end()
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn a_rate_of_too_few_cases_is_no_number() {
        let of = |part, of| told(Share { part, of });
        assert_eq!(of(1, 3), "lown 1 of 3");
        assert_eq!(of(0, 0), "- of 0");
        assert_eq!(of(10, 20), "50.0% [29.9%-70.1%] of 20");
    }
}
