//! Encryption of a line, the same for both backends: rustls, with the certificates of the system and Mozilla's, or
//! with those of a file of the operator's instead. Chain and host name are always verified.

use std::{path::Path, sync::Arc};

use rustls::{ClientConfig, RootCertStore, crypto::ring};
use rustls_pki_types::{CertificateDer, UnixTime, pem::PemObject as _};

use crate::{
    domain::untrusted::Untrusted,
    msg::{Fault, TlsFlaw},
};

/// Whom to trust: the certificates of a file and nobody else, or, without one, the system's and Mozilla's.
#[derive(Debug, Clone, Copy)]
pub(super) struct Trust<'a> {
    /// The file, of PEM certificates.
    pub(super) file: Option<&'a Path>,
    /// What the file is called where it is set.
    pub(super) setting: &'static str,
}

/// Encryption for whom `trust` names. Reads files for some milliseconds, so this is for the first connection, not
/// for the start.
///
/// # Errors
/// [`TlsFlaw::OwnFile`] when the file cannot be used.
pub(super) fn client(trust: Trust<'_>) -> Result<ClientConfig, Fault> {
    let roots = match trust.file {
        Some(path) => of_file(path, trust.setting)?,
        None => of_system(),
    };
    // Named, not looked up: another crate may bring a second provider, and then the default is none.
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| fault_of(&error))?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

fn of_system() -> RootCertStore {
    let mut roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    let native = rustls_native_certs::load_native_certs();
    for error in &native.errors {
        tracing::warn!(%error, "a certificate of the system cannot be read");
    }
    roots.add_parsable_certificates(native.certs);
    roots
}

fn of_file(path: &Path, setting: &str) -> Result<RootCertStore, Fault> {
    let unusable = |why: String| {
        let text = format!("{setting} {}: {why}", path.display());
        Fault::Tls(TlsFlaw::OwnFile, text.into())
    };
    let mut roots = RootCertStore::empty();
    let certificates = CertificateDer::pem_file_iter(path).map_err(|e| unusable(e.to_string()))?;
    for certificate in certificates {
        let certificate = certificate.map_err(|e| unusable(e.to_string()))?;
        roots
            .add(certificate)
            .map_err(|e| unusable(e.to_string()))?;
    }
    if roots.is_empty() {
        return Err(unusable("no certificate is in it".to_owned()));
    }
    Ok(roots)
}

/// What `error` means.
pub(super) fn fault_of(error: &rustls::Error) -> Fault {
    use rustls::{CertificateError as Certificate, Error};
    if matches!(error, Error::InvalidMessage(_)) {
        let said = "what answers there does not speak TLS".to_owned();
        return Fault::Tls(TlsFlaw::NotSpoken, said.into());
    }
    let Error::InvalidCertificate(certificate) = error else {
        return Fault::Tls(TlsFlaw::Handshake, error.to_string().into());
    };
    let (flaw, said) = if matches!(certificate, Certificate::UnknownIssuer) {
        let said =
            "the server's certificate is signed by a CA that is not known here, or by itself";
        (TlsFlaw::UnknownIssuer, said.to_owned())
    } else if matches!(certificate, Certificate::BadSignature) {
        // A CA that was made anew, under its old name.
        let said =
            "the server's certificate is not signed by the CA of that name which is known here";
        (TlsFlaw::UnknownIssuer, said.to_owned())
    } else if let Certificate::ExpiredContext { not_after, .. } = certificate {
        let said = format!("the server's certificate expired on {}", day(*not_after));
        (TlsFlaw::OutOfDate, said)
    } else if let Certificate::NotValidYetContext { not_before, .. } = certificate {
        let day = day(*not_before);
        let said = format!("the server's certificate is not valid before {day}");
        (TlsFlaw::OutOfDate, said)
    } else if let Certificate::NotValidForNameContext {
        expected,
        presented,
    } = certificate
    {
        let said = other_host(&expected.to_str(), presented);
        (TlsFlaw::OtherHost, said)
    } else if is_of_ca(certificate) {
        let said = "the server's certificate is that of a CA, which no server may use";
        (TlsFlaw::Unfit, said.to_owned())
    } else {
        let said = format!("the server's certificate cannot be accepted: {certificate}");
        (TlsFlaw::Unfit, said)
    };
    Fault::Tls(flaw, Untrusted::from(said))
}

/// What a certificate made with one line of openssl and nothing else is: its own CA.
fn is_of_ca(certificate: &rustls::CertificateError) -> bool {
    // The library that checks has its own error for it, behind one without a type.
    certificate.to_string().contains("CaUsedAsEndEntity")
}

fn other_host(expected: &str, presented: &[String]) -> String {
    let names: Vec<&str> = presented
        .iter()
        .take(3)
        .map(|name| {
            // `DnsName("db.example")`: the kind says nothing that the name does not.
            name.split_once('"')
                .map_or(name.as_str(), |(_, name)| name.trim_end_matches("\")"))
        })
        .collect();
    if names.is_empty() {
        format!("the server's certificate names no host in its subjectAltName, so not {expected}")
    } else {
        let names = names.join(", ");
        format!("the server's certificate is made out to another host: {names}, not {expected}")
    }
}

fn day(moment: UnixTime) -> String {
    i64::try_from(moment.as_secs())
        .ok()
        .and_then(|seconds| chrono::DateTime::from_timestamp(seconds, 0))
        .map_or_else(
            || "a day unknown".to_owned(),
            |moment| moment.format("%Y-%m-%d %H:%M UTC").to_string(),
        )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rustls::CertificateError;

    use super::*;

    #[test]
    fn a_certificate_that_is_not_valid_yet_is_told_with_its_day() {
        let at = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        let early = CertificateError::NotValidYetContext {
            time: at(1_700_000_000),
            not_before: at(1_800_000_000),
        };
        let fault = fault_of(&rustls::Error::InvalidCertificate(early));
        assert_eq!(
            fault.to_string(),
            "TLS: the server's certificate is not valid before 2027-01-15 08:00 UTC"
        );
        assert!(fault.advice().contains("clock"));
    }
}
