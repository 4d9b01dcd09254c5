//! The demo: a world of its own, with a real database and a stand-in for n8n.

pub mod http;
pub mod n8n;
