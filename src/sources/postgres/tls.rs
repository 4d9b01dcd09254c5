//! Encryption of the line: rustls, with the system's certificates, Mozilla's, and a file of the operator's. Chain
//! and host name are always verified.

use std::{path::Path, sync::Arc};

use rustls::{ClientConfig, RootCertStore, crypto::ring};
use rustls_pki_types::{CertificateDer, pem::PemObject as _};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::msg::Fault;

/// Makes encrypted lines that trust `root_file` too. Reading the system's certificates takes some milliseconds
/// of file access, so this is for the first connection, not for the start.
pub(super) fn connector(root_file: Option<&Path>) -> Result<MakeRustlsConnect, Fault> {
    let mut roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    let native = rustls_native_certs::load_native_certs();
    for error in &native.errors {
        tracing::warn!(%error, "a certificate of the system cannot be read");
    }
    roots.add_parsable_certificates(native.certs);
    if let Some(path) = root_file {
        add_file(&mut roots, path)?;
    }
    // Named, not looked up: another crate may bring a second provider, and then the default is none.
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| Fault::Tls(error.to_string().into()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    // Asked for by servers that let TLS begin without PostgreSQL's own greeting (sslnegotiation=direct).
    config.alpn_protocols = vec![b"postgresql".to_vec()];
    Ok(MakeRustlsConnect::new(config))
}

fn add_file(roots: &mut RootCertStore, path: &Path) -> Result<(), Fault> {
    let unusable =
        |why: String| Fault::Tls(format!("sslrootcert {}: {why}", path.display()).into());
    let certificates = CertificateDer::pem_file_iter(path).map_err(|e| unusable(e.to_string()))?;
    let before = roots.len();
    for certificate in certificates {
        let certificate = certificate.map_err(|e| unusable(e.to_string()))?;
        roots
            .add(certificate)
            .map_err(|e| unusable(e.to_string()))?;
    }
    if roots.len() == before {
        return Err(unusable("no certificate is in it".to_owned()));
    }
    Ok(())
}
