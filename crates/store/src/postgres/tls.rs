//! TLS with the meaning that PostgreSQL's own clients give to `sslmode`.

use std::future::Future;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::config::SslMode;
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream as Encrypted;
use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use tokio_rustls::rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};

use super::options::{TlsMode, TlsOptions};

/// Why TLS cannot be set up: a file of certificates that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct TlsSetup(String);

fn unusable<T>(path: &Path, what: &str, why: &dyn std::fmt::Display) -> Result<T, TlsSetup> {
    Err(TlsSetup(format!("{} cannot be used as {what}: {why}", path.display())))
}

/// What is checked of the server's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Check {
    Nothing,
    Trust,
    TrustAndName,
}

/// Makes TLS connections.
#[derive(Clone)]
pub(super) struct Tls {
    config: Arc<ClientConfig>,
}

/// What tokio-postgres calls it.
pub(super) fn mode(options: &TlsOptions) -> SslMode {
    match options.mode {
        TlsMode::Disable => SslMode::Disable,
        TlsMode::Prefer => SslMode::Prefer,
        TlsMode::Require | TlsMode::VerifyCa | TlsMode::VerifyFull => SslMode::Require,
    }
}

impl Tls {
    /// Reads the certificates that the options name.
    pub(super) fn new(options: &TlsOptions) -> Result<Self, TlsSetup> {
        let provider = Arc::new(ring::default_provider());
        let check = match options.mode {
            TlsMode::Disable | TlsMode::Prefer => Check::Nothing,
            TlsMode::Require if options.root_cert.is_none() => Check::Nothing,
            TlsMode::Require | TlsMode::VerifyCa => Check::Trust,
            TlsMode::VerifyFull => Check::TrustAndName,
        };
        let verifier: Arc<dyn ServerCertVerifier> = match check {
            Check::Nothing => Arc::new(Lenient { provider: Arc::clone(&provider), trust: None }),
            Check::Trust => {
                let trust = Some(verifier(options, &provider)?);
                Arc::new(Lenient { provider: Arc::clone(&provider), trust })
            }
            Check::TrustAndName => verifier(options, &provider)?,
        };
        let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let builder = versions.map_err(|error| TlsSetup(format!("TLS cannot be set up: {error}")))?;
        let builder = builder.dangerous().with_custom_certificate_verifier(verifier);
        let config = match (&options.cert, &options.key) {
            (Some(cert), Some(key)) => {
                let chain = certificates(cert, "the client's certificate")?;
                let secret = match PrivateKeyDer::from_pem_file(key) {
                    Ok(secret) => secret,
                    Err(error) => return unusable(key, "the client's key", &error),
                };
                match builder.with_client_auth_cert(chain, secret) {
                    Ok(config) => config,
                    Err(error) => return unusable(cert, "the client's certificate", &error),
                }
            }
            _ => builder.with_no_client_auth(),
        };
        Ok(Self { config: Arc::new(config) })
    }
}

fn certificates(path: &Path, what: &str) -> Result<Vec<CertificateDer<'static>>, TlsSetup> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match read {
        Ok(found) if found.is_empty() => unusable(path, what, &"it holds no certificate"),
        Ok(found) => Ok(found),
        Err(error) => unusable(path, what, &error),
    }
}

/// Checks certificates against those of `sslrootcert`, or the system's.
fn verifier(
    options: &TlsOptions,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<WebPkiServerVerifier>, TlsSetup> {
    let mut roots = RootCertStore::empty();
    match &options.root_cert {
        Some(path) => {
            for certificate in certificates(path, "sslrootcert")? {
                if let Err(error) = roots.add(certificate) {
                    return unusable(path, "sslrootcert", &error);
                }
            }
        }
        None => {
            // Some systems have certificates that nobody can read; the others still count.
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    if roots.is_empty() {
        return Err(TlsSetup("the system trusts no certificates: name some with sslrootcert".to_owned()));
    }
    let built = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider)).build();
    built.map_err(|error| TlsSetup(format!("TLS cannot be set up: {error}")))
}

/// Takes certificates that a browser would refuse: of any name, and of anybody when there is no `trust`. That the
/// server holds the certificate's key is checked all the same.
#[derive(Debug)]
struct Lenient {
    provider: Arc<CryptoProvider>,
    trust: Option<Arc<WebPkiServerVerifier>>,
}

impl ServerCertVerifier for Lenient {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(trust) = &self.trust else { return Ok(ServerCertVerified::assertion()) };
        // The name is looked at last, once the certificate is known to be trusted.
        match trust.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

impl<S> MakeTlsConnect<S> for Tls
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    type Stream = Stream<S>;
    type TlsConnect = Connect;
    type Error = io::Error;

    fn make_tls_connect(&mut self, domain: &str) -> Result<Connect, io::Error> {
        // A Unix socket's path is no name; TLS is never asked for there.
        let name = ServerName::try_from(domain.to_owned())
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error));
        Ok(Connect { config: Arc::clone(&self.config), name })
    }
}

pub(super) struct Connect {
    config: Arc<ClientConfig>,
    name: io::Result<ServerName<'static>>,
}

impl<S> TlsConnect<S> for Connect
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    type Stream = Stream<S>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Stream<S>>> + Send>>;

    fn connect(self, stream: S) -> Self::Future {
        Box::pin(async move {
            let connected = TlsConnector::from(self.config).connect(self.name?, stream).await?;
            Ok(Stream(Box::new(connected)))
        })
    }
}

/// A TLS stream; boxed, because it is large and seldom used.
pub(super) struct Stream<S>(Box<Encrypted<S>>);

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Stream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0).poll_read(cx, buf)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Stream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0).poll_shutdown(cx)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> TlsStream for Stream<S> {
    fn channel_binding(&self) -> ChannelBinding {
        // SCRAM proves both sides' knowledge of the password without it.
        ChannelBinding::none()
    }
}
