//! The A/B tests of one campaign, when somebody looks.

use tokio_postgres::{Row, types::Type};

use super::{
    super::{
        Client,
        catalog::Catalog,
        decode::{self, Wrong},
    },
    Ask, Parameter, files,
};
use crate::{
    domain::{
        ab_test::{AbTest, AbTests, Arm},
        campaign::Attribution,
        event::RowId,
    },
    msg::Fault,
};

/// Tests of a campaign at most, the newest.
const TESTS: i64 = 20;

/// The A/B tests of `campaign`, newest first.
///
/// # Errors
/// What the database lacks for it, that it would read too much, or what the server answered instead.
pub async fn ab_tests(
    client: &Client,
    catalog: &Catalog,
    campaign: &RowId,
) -> Result<AbTests, Fault> {
    let by = catalog.attributes_by();
    let query = match by {
        Attribution::Campaign => files::AB_TESTS,
        Attribution::Time => files::AB_TESTS_BY_TIME,
    };
    // What is missing is said before what is slow.
    catalog.text(query, None)?;
    if !catalog.finds_campaigns() || catalog.is_large_without("ab_tests", "campaign_id") {
        return Err(Fault::TooSlow(0));
    }
    let campaign = campaign.as_str();
    let parameters: [Parameter<'_>; 2] = [(&campaign, Type::TEXT), (&TESTS, Type::INT8)];
    let ask = Ask::once(client, catalog);
    let rows = ask.rows(query, &parameters).await?;
    let tests = decode::all(&rows, test)?;
    Ok(AbTests { tests, by })
}

fn test(row: &Row) -> Result<AbTest, Wrong> {
    let arm = |names: [&str; 5]| -> Result<Arm, Wrong> {
        let [contacts, delivered, opened, clicked, replied] = names;
        Ok(Arm {
            contacts: decode::number(row, contacts)?,
            delivered: decode::number(row, delivered)?,
            opened: decode::number(row, opened)?,
            clicked: decode::number(row, clicked)?,
            replied: decode::number(row, replied)?,
        })
    };
    Ok(AbTest {
        id: decode::key(row)?,
        name: decode::text(row, "test_name")?.unwrap_or_default(),
        variants: [
            decode::text(row, "variant_a")?,
            decode::text(row, "variant_b")?,
        ],
        started: decode::moment(row, "started_at")?,
        ended: decode::moment(row, "ended_at")?,
        winner: decode::text(row, "winner")?,
        arms: [
            arm([
                "a_contacts",
                "a_delivered",
                "a_opened",
                "a_clicked",
                "a_replied",
            ])?,
            arm([
                "b_contacts",
                "b_delivered",
                "b_opened",
                "b_clicked",
                "b_replied",
            ])?,
        ],
        both: decode::number(row, "in_both")?,
        neither: decode::number(row, "in_neither")?,
    })
}
