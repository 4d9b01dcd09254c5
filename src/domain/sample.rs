//! What a payload of each stage looks like, for a test event: the keys that its trigger writes, with harmless values.

use super::event::EventType;

/// A key of a payload, and a value for it as it is typed.
pub type Sample = (&'static str, &'static str);

const COMPANY: &[Sample] = &[
    ("record_id", "999"),
    ("company_name", "Test Company"),
    ("website", "https://test.example"),
    ("batch_id", "test"),
];
const MESSAGE: &[Sample] = &[
    ("record_id", "999"),
    ("message_id", "999"),
    ("campaign_id", "999"),
    ("contact_id", "999"),
    ("company_name", "Test Company"),
    ("full_name", "Test Person"),
    ("email", "test@test.example"),
];
const SIGNAL: &[Sample] = &[
    ("record_id", "999"),
    ("engagement_id", "999"),
    ("message_id", "999"),
    ("campaign_id", "999"),
    ("contact_id", "999"),
    ("company_name", "Test Company"),
    ("email", "test@test.example"),
];

/// By stage. What no table has a number for is not found by a workflow that looks it up, and fails there.
#[rustfmt::skip]
const SAMPLES: [(&str, &[Sample]); 15] = [
    ("company_created", COMPANY),
    ("company_validated", COMPANY),
    ("company_promoted", &[
        ("record_id", "04.04.01.99.99999.001"), ("company_unique_id", "04.04.01.99.99999.001"),
        ("company_name", "Test Company"), ("website_url", "https://test.example"), ("batch_id", "test"),
    ]),
    ("slots_created", &[
        ("record_id", "04.04.01.99.99999.001.CEO"), ("slot_id", "04.04.01.99.99999.001.CEO"),
        ("company_id", "04.04.01.99.99999.001"), ("company_name", "Test Company"),
        ("slot_type", "CEO"), ("slot_label", "Chief Executive Officer"),
    ]),
    ("contact_enriched", &[
        ("record_id", "999"), ("contact_id", "999"), ("slot_id", "04.04.01.99.99999.001.CEO"),
        ("full_name", "Test Person"), ("email", "test@test.example"), ("linkedin_url", "https://linkedin.example/in/test"),
    ]),
    ("campaign_created", &[("record_id", "999"), ("campaign_id", "999"), ("campaign_name", "Test campaign"), ("segment", "test")]),
    ("segment_ready", &[
        ("record_id", "999"), ("campaign_id", "999"), ("campaign_name", "Test campaign"), ("segment", "test"), ("contacts", "0"),
    ]),
    ("message_personalized", MESSAGE),
    ("message_queued", MESSAGE),
    ("message_sent", &[
        ("record_id", "999"), ("delivery_id", "999"), ("message_id", "999"), ("campaign_id", "999"),
        ("contact_id", "999"), ("company_name", "Test Company"), ("email", "test@test.example"), ("provider", "test"),
    ]),
    ("email_opened", SIGNAL),
    ("email_clicked", SIGNAL),
    ("reply_received", &[
        ("record_id", "999"), ("response_id", "999"), ("message_id", "999"), ("campaign_id", "999"),
        ("contact_id", "999"), ("company_name", "Test Company"), ("email", "test@test.example"), ("subject", "Re: test"),
    ]),
    ("lead_qualified", &[
        ("record_id", "999"), ("lead_score_id", "999"), ("contact_id", "999"), ("campaign_id", "999"),
        ("company_name", "Test Company"), ("full_name", "Test Person"), ("email", "test@test.example"), ("score", "80"),
    ]),
    ("follow_up_due", &[
        ("record_id", "999"), ("follow_up_id", "999"), ("contact_id", "999"), ("campaign_id", "999"),
        ("company_name", "Test Company"), ("full_name", "Test Person"), ("email", "test@test.example"), ("step", "1"),
    ]),
];

/// What a payload of `stage` looks like; of a stage of the site's own only the record is known.
pub fn fields(stage: &EventType) -> &'static [Sample] {
    let found = SAMPLES.iter().find(|(name, _)| *name == stage.raw());
    found.map_or(&[("record_id", "999")], |(_, fields)| fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_names_its_record_first() {
        for (stage, fields) in SAMPLES {
            assert_eq!(fields[0].0, "record_id", "{stage}");
        }
        let own = EventType::from("a_stage_of_their_own");
        assert_eq!(fields(&own).len(), 1);
    }
}
