//! What is wrong on the way to a server, before it has said a word; the same for both backends.

use std::io;

use crate::msg::Fault;

/// What `error` means.
pub(super) fn fault_of(error: &io::Error) -> Fault {
    use io::ErrorKind as Kind;
    let kind = error.kind();
    let said = if kind == Kind::ConnectionRefused {
        "connection refused: nothing listens at that port".to_owned()
    } else if kind == Kind::NotFound {
        "there is no such socket: the server does not run, or keeps it elsewhere".to_owned()
    } else if kind == Kind::ConnectionReset {
        "the server, or something before it, broke the connection off".to_owned()
    } else if kind == Kind::UnexpectedEof {
        "the server closed the connection".to_owned()
    } else if error.to_string().contains("lookup address") {
        format!("unknown host: {error}")
    } else {
        error.to_string()
    };
    Fault::Unreachable(said.into())
}
