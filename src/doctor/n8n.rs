//! What n8n answered.

use super::Finding;
use crate::{
    domain::workflow::{Access, Workflow},
    msg::Fault,
    sources::n8n::Absent,
};

/// What n8n answered; asked by whoever has its client.
#[derive(Debug, Clone)]
pub struct N8nAnswer {
    /// Its address, for people.
    pub address: String,
    /// Whether the key crosses a network unencrypted on its way there.
    pub is_bare: bool,
    /// Its workflows.
    pub workflows: Result<Vec<Workflow>, Fault>,
    /// What the key may do.
    pub access: Result<Access, Fault>,
}

/// The scopes of a key, and what each is for.
const SCOPES: [(&str, &str); 7] = [
    ("workflow:list", "the workflows cannot be shown"),
    ("execution:list", "executions cannot be shown"),
    (
        "execution:read",
        "R and K can neither retry nor stop an execution: each is looked at first",
    ),
    ("execution:retry", "R cannot retry an execution"),
    ("execution:stop", "K cannot stop an execution"),
    ("workflow:activate", "P cannot activate a workflow"),
    ("workflow:deactivate", "P cannot deactivate a workflow"),
];

pub(super) fn judge(answer: &N8nAnswer) -> Vec<Finding> {
    let mut findings = vec![match &answer.workflows {
        Ok(workflows) => {
            let active = workflows.iter().filter(|workflow| workflow.active).count();
            let of = workflows.len();
            Finding::ok(format!(
                "n8n at {}: {active} of {of} workflows active",
                answer.address
            ))
        }
        Err(fault) => Finding::critical(
            format!("n8n: {}", fault.clone().at(&answer.address)),
            "workflows and executions cannot be shown",
            fault.advice(),
        ),
    }];
    if answer.is_bare {
        findings.push(Finding::warn(
            "the n8n key crosses the network unencrypted",
            "whoever sees it can do all that it may",
            "give the address with https://",
        ));
    }
    match &answer.access {
        Ok(access) if access.scopes.is_none() => {
            findings.push(Finding::ok("this n8n does not tell what a key may do"));
        }
        Ok(access) => {
            for (scope, why) in SCOPES {
                findings.push(if access.may(scope) {
                    Finding::ok(format!("the n8n key may {scope}"))
                } else {
                    let mend =
                        format!("add the scope {scope} to the key in n8n, under Settings, n8n API");
                    Finding::warn(format!("the n8n key lacks {scope}"), why, mend)
                });
            }
        }
        Err(fault) if answer.workflows.is_ok() => {
            findings.push(Finding::unknown("what the n8n key may do", fault));
        }
        Err(_) => {}
    }
    findings
}

pub(super) fn unasked(absent: Absent) -> Finding {
    let why = "workflows and executions cannot be shown, nor a workflow that hears nothing";
    match absent {
        Absent::Both => Finding::warn("n8n is not set up", why, "set N8N_BASE_URL and N8N_API_KEY"),
        Absent::Key => Finding::warn(
            "n8n has an address and no key",
            why,
            "make a key in n8n under Settings, n8n API, and set N8N_API_KEY or n8n.key_file",
        ),
        Absent::Address => Finding::warn(
            "n8n has a key and no address",
            why,
            "set N8N_BASE_URL or n8n.base_url",
        ),
    }
}
