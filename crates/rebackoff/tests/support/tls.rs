//! Real TLS servers on loopback, with certificates that are wrong.

use std::io::Read;
use std::net::TcpListener;
use std::sync::Arc;

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};

#[derive(Clone, Copy)]
pub(crate) enum Certificate {
    Valid,
    Expired,
    ForAnotherName,
}

pub(crate) struct TlsServer {
    pub(crate) url: String,
    pub(crate) certificate: Vec<u8>,
}

/// Begins the handshake of each connection.
pub(crate) fn serve(certificate: Certificate) -> TlsServer {
    let name = match certificate {
        Certificate::ForAnotherName => "elsewhere.example",
        _ => "127.0.0.1",
    };
    let mut parameters = CertificateParams::new([name.to_owned()]).unwrap();
    parameters.not_before = date_time_ymd(2020, 1, 1);
    parameters.not_after = match certificate {
        Certificate::Expired => date_time_ymd(2021, 1, 1),
        _ => date_time_ymd(2100, 1, 1),
    };
    let key = KeyPair::generate().unwrap();
    let signed = CertificateDer::from(parameters.self_signed(&key).unwrap());
    let der = signed.to_vec();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![signed], PrivatePkcs8KeyDer::from(key.serialize_der()).into())
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let connection = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = rustls::StreamOwned::new(connection, stream);
            let _ = stream.read(&mut [0; 512]);
        }
    });
    TlsServer { url, certificate: der }
}
