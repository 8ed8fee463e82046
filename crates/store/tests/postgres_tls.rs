//! The meaning of `sslmode`, against a server that ends TLS before PostgreSQL.

#![allow(clippy::unwrap_used, reason = "all of this file is tests")]

mod common;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use common::Schemas;
use common::proxy::server;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use store::StoreError;
use store::postgres::{PostgresOptions, PostgresStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

/// What a client of PostgreSQL begins with when it wants TLS.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// A certificate authority, and a folder for what it signs.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: tempfile::TempDir,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), issuer.pem()).unwrap();
        Self { issuer, folder }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    fn sign(&self, name: &str) -> (rcgen::Certificate, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        (params.signed_by(&key, &self.issuer).unwrap(), key)
    }

    /// A client's certificate and key, in files.
    fn client(&self) -> (PathBuf, PathBuf) {
        let (certificate, key) = self.sign("client");
        let (cert_path, key_path) = (self.folder.path().join("c.pem"), self.folder.path().join("k.pem"));
        std::fs::write(&cert_path, certificate.pem()).unwrap();
        std::fs::write(&key_path, key.serialize_pem()).unwrap();
        (cert_path, key_path)
    }
}

/// Ends TLS for the real server as `name`, and asks clients for certificates if it is told to.
async fn start(authority: &Authority, name: &str, asks_clients: bool) -> u16 {
    let (certificate, key) = authority.sign(name);
    let provider = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap();
    let builder = if asks_clients {
        let mut roots = RootCertStore::empty();
        roots.add(authority.issuer.der().clone()).unwrap();
        let verifier =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
        builder.with_client_cert_verifier(verifier)
    } else {
        builder.with_no_client_auth()
    };
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = builder.with_single_cert(vec![certificate.der().clone()], key).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (mut client, _) = listener.accept().await.unwrap();
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let mut request = [0; 8];
                let Ok(_) = client.read_exact(&mut request).await else { return };
                // Who does not ask for TLS is turned away.
                if request != SSL_REQUEST || client.write_all(b"S").await.is_err() {
                    return;
                }
                let Ok(mut encrypted) = acceptor.accept(client).await else { return };
                let mut postgres = TcpStream::connect(server()).await.unwrap();
                let _ = copy_bidirectional(&mut encrypted, &mut postgres).await;
            });
        }
    });
    port
}

async fn ready(schemas: &Schemas, schema: &PostgresOptions, port: u16, more: &str) -> Result<(), StoreError> {
    PostgresStore::open(schemas.through(port, schema, more)).ready().await
}

fn trusting(mode: &str, path: &Path) -> String {
    format!("&sslmode={mode}&sslrootcert={}", path.display())
}

#[track_caller]
fn assert_refused(ready: Result<(), StoreError>, told: &str) {
    let error = ready.unwrap_err();
    assert!(!error.is_retryable(), "{error:?}");
    assert!(error.to_string().contains(told), "{error}");
}

#[tokio::test]
async fn every_mode_checks_what_it_says_and_no_more() {
    let Some(schemas) = Schemas::if_there() else { return };
    let schema = schemas.new_schema("tls");
    let (authority, stranger) = (Authority::new(), Authority::new());
    let right = start(&authority, "127.0.0.1", false).await;
    let misnamed = start(&authority, "elsewhere.example", false).await;
    let ready = async |port, more: String| ready(&schemas, &schema, port, &more).await;

    assert!(ready(right, "&sslmode=disable".into()).await.is_err(), "this server insists on TLS");
    ready(right, "&sslmode=prefer".into()).await.unwrap();
    ready(misnamed, "&sslmode=require".into()).await.unwrap();
    let no_tls = ready(server().port(), "&sslmode=require".into()).await;
    assert_refused(no_tls, "that sslmode asks for cannot be made");
    ready(server().port(), "&sslmode=prefer".into()).await.unwrap();

    ready(right, trusting("verify-full", &authority.path())).await.unwrap();
    ready(right, trusting("verify-ca", &authority.path())).await.unwrap();
    ready(misnamed, trusting("verify-ca", &authority.path())).await.unwrap();
    assert_refused(ready(misnamed, trusting("verify-full", &authority.path())).await, "cannot be made");
    for mode in ["require", "verify-ca", "verify-full"] {
        assert_refused(ready(right, trusting(mode, &stranger.path())).await, "cannot be made");
    }
    assert_refused(ready(right, trusting("verify-ca", Path::new("/none.pem"))).await, "/none.pem");
    assert_refused(ready(right, "&sslmode=verify-full".into()).await, "cannot be made");
}

#[tokio::test]
async fn a_client_shows_its_certificate_where_it_has_one() {
    let Some(schemas) = Schemas::if_there() else { return };
    let schema = schemas.new_schema("client_cert");
    let authority = Authority::new();
    let port = start(&authority, "127.0.0.1", true).await;
    assert!(ready(&schemas, &schema, port, "&sslmode=require").await.is_err());
    let (cert, key) = authority.client();
    let more = format!("&sslmode=require&sslcert={}&sslkey={}", cert.display(), key.display());
    ready(&schemas, &schema, port, &more).await.unwrap();
}
