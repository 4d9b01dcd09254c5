//! What went wrong, in the words of the program: the one place that reads the driver's errors.

use std::{error::Error as _, io};

use tokio_postgres::error::{DbError, SqlState};

use crate::{domain::untrusted::Untrusted, msg::Fault};

/// The fault that `error` is.
pub fn fault_of(error: &tokio_postgres::Error) -> Fault {
    if let Some(db) = error.as_db_error() {
        return of_server(db);
    }
    if error.is_closed() {
        return Fault::Unreachable("the connection was lost".into());
    }
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(tls) = inner.downcast_ref::<rustls::Error>() {
            return of_tls(tls);
        }
        if let Some(io) = inner.downcast_ref::<io::Error>() {
            if let Some(tls) = io.get_ref().and_then(|e| e.downcast_ref::<rustls::Error>()) {
                return of_tls(tls);
            }
            return of_io(io);
        }
        cause = inner.source();
    }
    of_text(&whole(error))
}

/// The error with its causes, in one line.
fn whole(error: &tokio_postgres::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

/// Errors of the driver that have no type of their own; their texts are fixed in its source.
fn of_text(text: &str) -> Fault {
    if text.contains("server does not support TLS") {
        Fault::NoTls
    } else if text.contains("password missing") {
        Fault::Unauthorized("the server asks for a password, and none is given".into())
    } else if text.contains("TLS") {
        Fault::Tls(text.into())
    } else if text.starts_with("authentication error") || text.contains("channel binding") {
        Fault::Unauthorized(text.into())
    } else if text.starts_with("invalid conf") || text.starts_with("invalid connection") {
        Fault::NotConfigured(text.to_owned())
    } else {
        Fault::Decode(text.into())
    }
}

fn of_server(error: &DbError) -> Fault {
    let code = error.code();
    let said = Untrusted::from(error.message());
    let is = |codes: &[&SqlState]| codes.contains(&code);
    if is(&[
        &SqlState::INVALID_PASSWORD,
        &SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
    ]) {
        Fault::Unauthorized(said)
    } else if is(&[&SqlState::INVALID_CATALOG_NAME]) {
        Fault::NoDatabase(said)
    } else if is(&[
        &SqlState::TOO_MANY_CONNECTIONS,
        &SqlState::CANNOT_CONNECT_NOW,
    ]) {
        Fault::Busy(said)
    } else if is(&[&SqlState::QUERY_CANCELED]) && error.message().contains("timeout") {
        Fault::TooSlow(0)
    } else if is(&[
        &SqlState::INSUFFICIENT_PRIVILEGE,
        &SqlState::READ_ONLY_SQL_TRANSACTION,
    ]) {
        Fault::Forbidden(said)
    } else if is(&[
        &SqlState::UNDEFINED_TABLE,
        &SqlState::UNDEFINED_COLUMN,
        &SqlState::UNDEFINED_FUNCTION,
        &SqlState::INVALID_SCHEMA_NAME,
    ]) {
        Fault::Missing(said)
    } else if matches!(code.code(), "57P01" | "57P02" | "57P05" | "25P03" | "08006") {
        // Shut down, crashed, idle for too long: the connection is gone, and the reason is the server's.
        Fault::Unreachable(said)
    } else {
        Fault::Refused(said)
    }
}

fn of_tls(error: &rustls::Error) -> Fault {
    use rustls::CertificateError as Certificate;
    let rustls::Error::InvalidCertificate(certificate) = error else {
        return Fault::Tls(error.to_string().into());
    };
    let said = if matches!(certificate, Certificate::UnknownIssuer) {
        "the server's certificate is signed by a CA that is not known here".to_owned()
    } else if matches!(
        certificate,
        Certificate::Expired | Certificate::ExpiredContext { .. }
    ) {
        "the server's certificate has expired".to_owned()
    } else if matches!(
        certificate,
        Certificate::NotValidForName | Certificate::NotValidForNameContext { .. }
    ) {
        format!("the server's certificate is made out to another host: {error}")
    } else {
        error.to_string()
    };
    Fault::Tls(said.into())
}

fn of_io(error: &io::Error) -> Fault {
    use io::ErrorKind as Kind;
    let kind = error.kind();
    let said = if kind == Kind::ConnectionRefused {
        "connection refused: nothing listens at that port".to_owned()
    } else if kind == Kind::NotFound {
        "there is no such socket: the server does not run, or keeps it elsewhere".to_owned()
    } else if kind == Kind::UnexpectedEof {
        "the server closed the connection".to_owned()
    } else if error.to_string().contains("lookup address") {
        format!("unknown host: {error}")
    } else {
        error.to_string()
    };
    Fault::Unreachable(said.into())
}
