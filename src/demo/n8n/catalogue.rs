//! The workflows of the pipeline, as n8n keeps them.

use serde_json::{Value, json};

use crate::domain::{Timestamp, pipeline::Pipeline};

/// A workflow.
#[derive(Debug)]
pub(super) struct Workflow {
    pub(super) id: String,
    pub(super) name: &'static str,
    pub(super) active: bool,
    /// Active, but its webhooks are not registered.
    pub(super) deaf: bool,
    pub(super) version: String,
    pub(super) created_at: Timestamp,
    pub(super) webhooks: Vec<&'static str>,
    /// The node that does the work.
    pub(super) work: Node,
    pub(super) publications: Vec<Publication>,
}

/// One time that a workflow was activated or deactivated.
#[derive(Debug, Clone, Copy)]
pub(super) struct Publication {
    pub(super) id: i64,
    pub(super) activated: bool,
    pub(super) at: Timestamp,
}

/// A node that does the work of a workflow.
#[derive(Debug, Clone, Copy)]
pub(super) struct Node {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
}

/// How a node works.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    /// A query; the text is its SQL.
    Postgres(&'static str),
    /// A call; the text is its address.
    Http(&'static str),
}

/// What the working node of each workflow is.
fn work(workflow: &str) -> Node {
    let (name, kind) = match workflow {
        "Validation Gatekeeper" => ("Check Company", Kind::Postgres("validate company")),
        "Promotion Runner" => ("Promote Company", Kind::Postgres("promote company")),
        "Slot Creator" => ("Create Slots", Kind::Postgres("create slots")),
        "Apify Enrichment" => (
            "Run Apify Actor",
            Kind::Http("https://api.apify.com/v2/acts/run-sync"),
        ),
        "MillionVerify Checker" => (
            "Verify Email",
            Kind::Http("https://api.millionverifier.com/api/v3/"),
        ),
        "Segment Builder" => ("Select Contacts", Kind::Postgres("select contacts")),
        "Message Personalizer" => (
            "Write Message",
            Kind::Http("https://api.openai.com/v1/chat/completions"),
        ),
        "Campaign Scheduler" => ("Schedule Message", Kind::Postgres("schedule message")),
        "Send Executor" => (
            "Send Email",
            Kind::Http("https://api.instantly.ai/api/v2/emails"),
        ),
        "Delivery Tracker" => (
            "Fetch Delivery",
            Kind::Http("https://api.instantly.ai/api/v2/emails/status"),
        ),
        "Response Processor" => (
            "Classify Reply",
            Kind::Http("https://api.openai.com/v1/responses"),
        ),
        "CRM Syncer" => (
            "Write To CRM",
            Kind::Http("https://api.hubapi.com/crm/v3/objects/contacts"),
        ),
        "Follow-Up Sender" => (
            "Send Follow-Up",
            Kind::Http("https://api.instantly.ai/api/v2/emails/reply"),
        ),
        _ => ("Record Engagement", Kind::Postgres("record engagement")),
    };
    Node { name, kind }
}

/// Every workflow that a stage names, once, in the order of the pipeline.
pub(super) fn workflows(born_at: Timestamp) -> Vec<Workflow> {
    let mut out: Vec<Workflow> = Vec::new();
    for stage in &Pipeline::guide().stages {
        if let Some(known) = out.iter_mut().find(|w| w.name == stage.workflow) {
            known.webhooks.push(&stage.webhook);
            continue;
        }
        out.push(Workflow {
            id: letters(&stage.workflow, 16),
            name: &stage.workflow,
            active: true,
            deaf: false,
            version: uuid(&stage.workflow),
            created_at: born_at,
            webhooks: vec![&stage.webhook],
            work: work(&stage.workflow),
            publications: vec![Publication {
                id: out.len() as i64 + 1,
                activated: true,
                at: born_at,
            }],
        });
    }
    out
}

impl Workflow {
    /// The names of its nodes on the way from `webhook` to the end.
    pub(super) fn path_of(&self, webhook: &str) -> [String; 4] {
        [
            self.webhook_node(webhook),
            "Remember Event".to_owned(),
            self.work.name.to_owned(),
            "Mark Processed".to_owned(),
        ]
    }

    fn webhook_node(&self, webhook: &str) -> String {
        match self.webhooks.as_slice() {
            [_] => "Pipeline Event".to_owned(),
            _ => format!("Pipeline Event ({webhook})"),
        }
    }

    /// Its nodes; `resolved` with the defaults that n8n writes into the data of an execution.
    pub(super) fn nodes(&self, resolved: bool) -> Vec<Value> {
        let mut out: Vec<Value> = self
            .webhooks
            .iter()
            .map(|webhook| self.webhook_json(webhook, resolved))
            .collect();
        out.push(remember_json(resolved));
        out.push(self.work_json(resolved));
        out.push(mark_json(resolved));
        out
    }

    /// The node that listens at `webhook`.
    pub(super) fn webhook_json(&self, webhook: &str, resolved: bool) -> Value {
        let parameters = if resolved {
            json!({"multipleMethods": false, "httpMethod": "POST", "path": webhook, "authentication": "none",
                   "responseMode": "onReceived", "contentTypeNotice": "", "options": {}})
        } else {
            json!({"httpMethod": "POST", "path": webhook, "responseMode": "onReceived",
                   "authentication": "none", "options": {}})
        };
        let name = self.webhook_node(webhook);
        json!({"id": slug(&name), "name": name, "webhookId": webhook, "type": "n8n-nodes-base.webhook",
               "typeVersion": 2.1, "position": [0, 300], "parameters": parameters})
    }

    /// The node that does the work.
    pub(super) fn work_json(&self, resolved: bool) -> Value {
        let (kind, version, parameters) = match self.work.kind {
            Kind::Http(url) if resolved => (
                "n8n-nodes-base.httpRequest",
                4.2,
                json!({"curlImport": "", "method": "POST", "url": url, "authentication": "none",
                       "provideSslCertificates": false, "sendQuery": false, "sendHeaders": false,
                       "sendBody": false, "options": {"timeout": 30_000}, "infoMessage": ""}),
            ),
            Kind::Http(url) => (
                "n8n-nodes-base.httpRequest",
                4.2,
                json!({"method": "POST", "url": url, "options": {"timeout": 30_000}}),
            ),
            Kind::Postgres(query) => (
                "n8n-nodes-base.postgres",
                2.6,
                query_parameters(query, resolved),
            ),
        };
        json!({"id": slug(self.work.name), "name": self.work.name, "type": kind, "typeVersion": version,
               "position": [440, 300], "parameters": parameters})
    }

    /// Which node comes after which.
    pub(super) fn connections(&self) -> Value {
        let mut out = serde_json::Map::new();
        for webhook in &self.webhooks {
            let path = self.path_of(webhook);
            for pair in path.windows(2) {
                if let [from, to] = pair {
                    out.insert(
                        from.clone(),
                        json!({"main": [[{"node": to, "type": "main", "index": 0}]]}),
                    );
                }
            }
        }
        Value::Object(out)
    }
}

fn remember_json(resolved: bool) -> Value {
    let values = json!({"values": [
        {"key": "event_id", "value": "={{ $json.body.event_id }}"},
        {"key": "event_type", "value": "={{ $json.body.event_type }}"},
        {"key": "record_id", "value": "={{ $json.body.record_id }}"}
    ]});
    let parameters = if resolved {
        json!({"notice": "", "operation": "save", "dataToSave": values})
    } else {
        json!({"operation": "save", "dataToSave": values})
    };
    json!({"id": "remember-event", "name": "Remember Event", "type": "n8n-nodes-base.executionData",
           "typeVersion": 1.1, "position": [220, 300], "parameters": parameters})
}

fn mark_json(resolved: bool) -> Value {
    let parameters = query_parameters("SELECT mark_event_processed($1)", resolved);
    json!({"id": "mark-processed", "name": "Mark Processed", "type": "n8n-nodes-base.postgres",
           "typeVersion": 2.6, "position": [660, 300], "parameters": parameters,
           "credentials": {"postgres": {"id": letters("neon", 16), "name": "Neon"}}})
}

fn query_parameters(query: &str, resolved: bool) -> Value {
    let options =
        json!({"queryReplacement": "={{ [$('Pipeline Event').item.json.body.event_id] }}"});
    if resolved {
        json!({"resource": "database", "operation": "executeQuery", "query": query, "options": options})
    } else {
        json!({"operation": "executeQuery", "query": query, "options": options})
    }
}

fn slug(name: &str) -> String {
    name.to_ascii_lowercase()
        .replace(['(', ')'], "")
        .replace(' ', "-")
}

/// `n` letters and digits that look drawn by lot but always are the same for `seed`.
pub(super) fn letters(seed: &str, n: usize) -> String {
    const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut state = fold(seed);
    (0..n)
        .filter_map(|_| {
            state = step(state);
            ALPHABET.get((state >> 33) as usize % ALPHABET.len())
        })
        .map(|&letter| char::from(letter))
        .collect()
}

/// A UUID of version 4 in looks, always the same for `seed`.
pub(super) fn uuid(seed: &str) -> String {
    let high = step(fold(seed));
    let low = step(high);
    format!(
        "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        (low >> 48) & 0xfff,
        low & 0xffff_ffff_ffff
    )
}

/// FNV-1a.
pub(super) fn fold(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// One step of a linear congruential generator (Knuth).
const fn step(state: u64) -> u64 {
    state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407)
}
