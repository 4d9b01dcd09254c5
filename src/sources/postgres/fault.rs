//! What went wrong, in the words of the program: the one place that reads the driver's errors.

use std::{error::Error as _, io};

use tokio_postgres::error::{DbError, SqlState};

use crate::{
    domain::untrusted::Untrusted,
    msg::{Fault, TlsFlaw},
    sources::{network, tls},
};

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
        if let Some(flaw) = inner.downcast_ref::<rustls::Error>() {
            return tls::fault_of(flaw);
        }
        if let Some(io) = inner.downcast_ref::<io::Error>() {
            if let Some(flaw) = io.get_ref().and_then(|e| e.downcast_ref::<rustls::Error>()) {
                return tls::fault_of(flaw);
            }
            return network::fault_of(io);
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
        Fault::Tls(TlsFlaw::NotOffered, "the server does not offer it".into())
    } else if text.contains("password missing") {
        Fault::Password("the server asks for a password, and none is given".into())
    } else if text.contains("channel binding") {
        let said = "channel_binding=require, and the password cannot be bound to this line";
        Fault::Tls(TlsFlaw::NoBinding, said.into())
    } else if text.contains("TLS") {
        Fault::Tls(TlsFlaw::Handshake, text.into())
    } else if text.starts_with("authentication error") {
        Fault::Barred(text.into())
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
    if is(&[&SqlState::INVALID_PASSWORD]) {
        Fault::Password(said)
    } else if is(&[&SqlState::INVALID_AUTHORIZATION_SPECIFICATION]) {
        Fault::Barred(said)
    } else if is(&[&SqlState::INVALID_CATALOG_NAME]) {
        Fault::NoDatabase(said)
    } else if is(&[&SqlState::CANNOT_CONNECT_NOW]) {
        Fault::Waking(said)
    } else if is(&[&SqlState::TOO_MANY_CONNECTIONS]) {
        Fault::Busy(said)
    } else if is(&[&SqlState::QUERY_CANCELED]) && error.message().contains("timeout") {
        Fault::TooSlow(0)
    } else if is(&[
        &SqlState::T_R_DEADLOCK_DETECTED,
        &SqlState::T_R_SERIALIZATION_FAILURE,
        &SqlState::LOCK_NOT_AVAILABLE,
    ]) {
        Fault::Conflict(said)
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
