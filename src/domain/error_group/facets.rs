//! What the details of an error say beside its message: node, status code, campaign, domain, version, whom it is about.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::untrusted::Untrusted;

/// Something that the errors of a group may share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Facet {
    /// The node of the workflow that failed.
    Node,
    /// The status code of the service that was asked.
    Http,
    /// The campaign.
    Campaign,
    /// The segment of the campaign.
    Segment,
    /// The domain of the person's address.
    Domain,
    /// The version of the workflow.
    Version,
    /// The hour of the day, UTC.
    Hour,
    /// The stage, which all of a group share: how common it is elsewhere tells how far the trouble goes.
    Stage,
}

/// How many facets there are.
pub(super) const FACETS: usize = Facet::ALL.len();

impl Facet {
    /// Every one, in the order of the screen.
    pub const ALL: [Self; 8] = [
        Self::Node,
        Self::Http,
        Self::Campaign,
        Self::Segment,
        Self::Domain,
        Self::Version,
        Self::Hour,
        Self::Stage,
    ];

    /// Its name, at most 8 letters.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Node => "node",
            Self::Http => "status",
            Self::Campaign => "campaign",
            Self::Segment => "segment",
            Self::Domain => "domain",
            Self::Version => "version",
            Self::Hour => "hour",
            Self::Stage => "stage",
        }
    }

    /// The keys of the details that hold it; the first that is there counts.
    const fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Node => &[
                "node",
                "node_name",
                "nodeName",
                "failed_node",
                "lastNodeExecuted",
            ],
            Self::Http => &[
                "http",
                "http_status",
                "httpCode",
                "status_code",
                "statusCode",
                "smtp",
                "code",
            ],
            Self::Campaign => &["campaign_name", "campaign_id", "campaign"],
            Self::Segment => &["segment_name", "segment", "segment_id"],
            Self::Domain => &["domain", "email", "contact_email"],
            Self::Version => &["workflow_version", "workflowVersionId", "version"],
            Self::Hour | Self::Stage => &[],
        }
    }
}

/// Where the details name whom the error is about.
const PERSON: &[&str] = &["contact_id", "email", "contact_email", "contact"];

/// Values longer than this are no value that rows share.
const LONGEST: usize = 80;

/// What the details of an error say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facets {
    /// One value a facet, in the order of [`Facet::ALL`]; the hour and the stage are never among them.
    values: [Option<Untrusted>; FACETS],
    /// The contact or the address it is about.
    pub person: Option<Untrusted>,
}

impl Facets {
    /// What `details` say; nothing where they are no JSON object.
    pub fn of(details: &Untrusted) -> Self {
        let Ok(Value::Object(object)) = serde_json::from_str::<Value>(details.raw()) else {
            return Self::default();
        };
        let find = |keys: &[&str]| keys.iter().find_map(|key| object.get(*key).and_then(text));
        let values = Facet::ALL.map(|facet| {
            let value = find(facet.keys())?;
            let value = match facet {
                Facet::Domain => value.rsplit('@').next().unwrap_or_default().to_lowercase(),
                Facet::Node
                | Facet::Http
                | Facet::Campaign
                | Facet::Segment
                | Facet::Version
                | Facet::Hour
                | Facet::Stage => value,
            };
            Some(Untrusted::from(value))
        });
        Self {
            values,
            person: find(PERSON).map(Untrusted::from),
        }
    }

    /// The value of `facet`.
    pub fn get(&self, facet: Facet) -> Option<&Untrusted> {
        let place = Facet::ALL.iter().position(|known| *known == facet)?;
        self.values.get(place)?.as_ref()
    }
}

/// A short text or a number, as text.
fn text(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
    };
    (!text.is_empty() && text.len() <= LONGEST).then_some(text)
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn the_details_tell_node_code_domain_and_person_under_any_of_their_names() {
        let details = r#"{"nodeName": "Write To CRM", "http": 401, "email": "A@Acme.Example", "campaign_id": 7, "x": {}}"#;
        let facets = Facets::of(&Untrusted::from(details));
        let shown = Facet::ALL.map(|facet| facets.get(facet).map(Untrusted::display));
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            shown,
            [
                some("Write To CRM"),
                some("401"),
                some("7"),
                None,
                some("acme.example"),
                None,
                None,
                None
            ]
        );
        assert_eq!(facets.person, Some(Untrusted::from("A@Acme.Example")));
    }

    #[test]
    fn details_that_are_no_object_say_nothing() {
        for details in [
            "",
            "[1]",
            "{\"node\": ",
            "null",
            "{\"node\": null, \"http\": [1]}",
        ] {
            assert_eq!(Facets::of(&Untrusted::from(details)), Facets::default());
        }
    }
}
