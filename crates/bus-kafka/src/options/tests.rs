//! URLs that are taken, and what is said of those that are not.

use super::*;

fn parsed(url: &str) -> KafkaOptions {
    KafkaOptions::parse(url).unwrap_or_else(|error| panic!("{url}: {error}"))
}

fn refusal(url: &str) -> String {
    KafkaOptions::parse(url).expect_err(url).expected
}

#[test]
fn a_plain_url_has_defaults() {
    let options = parsed("kafka://127.0.0.1:9192");
    assert_eq!(options.brokers, ["127.0.0.1:9192"]);
    assert_eq!((options.namespace.as_str(), options.partitions, options.replication), ("duet", 4, -1));
    assert_eq!(options.durability, Durability::Kill);
    assert_eq!(options.security, Security::Plaintext);
    assert_eq!(options.to_string(), "kafka://127.0.0.1:9192");
}

#[test]
fn several_brokers_ports_and_ipv6_are_understood() {
    let options = parsed("kafka://a:1,b.example.org,[::1]:3,[::1]/?partitions=3");
    assert_eq!(options.brokers, ["a:1", "b.example.org:9092", "[::1]:3", "[::1]:9092"]);
    assert_eq!(options.partitions, 3);
}

#[test]
fn options_are_read() {
    let options = parsed(
        "kafka://h:1?namespace=run-7&partitions=12&replication=3&durability=power&retention_hours=1&linger_ms=0.5\
         &compression=lz4&connect_timeout_ms=250&delivery_timeout_ms=4000&topics=existing",
    );
    assert_eq!((options.namespace.as_str(), options.partitions, options.replication), ("run-7", 12, 3));
    assert_eq!((options.durability, options.topics), (Durability::Power, Topics::Existing));
    assert_eq!((options.linger_ms, options.compression), (0.5, Compression::Lz4));
    assert_eq!(options.connect_timeout, Duration::from_millis(250));
    assert_eq!(options.delivery_timeout, Duration::from_secs(4));
    assert_eq!(options.retention, Duration::from_secs(3600));
}

#[test]
fn a_refusal_says_what_would_be_right() {
    for (url, says) in [
        ("amqp://h:1", "kafka://HOST:PORT"),
        ("kafka://", "kafka://HOST:PORT"),
        ("kafka://h:0", "kafka://HOST:PORT"),
        ("kafka://h:99999", "kafka://HOST:PORT"),
        ("kafka://h:+1", "kafka://HOST:PORT"),
        ("kafka://h:1,,i:2", "kafka://HOST:PORT"),
        ("kafka://h:1/path", "kafka://HOST:PORT"),
        ("kafka://[h]:1", "kafka://HOST:PORT"),
        ("kafka://h:1?partition=3", "no options but namespace, partitions"),
        ("kafka://h:1?partitions=0", "partitions=NUMBER from 1 to 1000"),
        ("kafka://h:1?linger_ms=x", "linger_ms=NUMBER from 0 to 1000"),
        ("kafka://h:1?linger_ms=NaN", "linger_ms=NUMBER from 0 to 1000"),
        ("kafka://h:1?durability=process", "one of: kill, power"),
        ("kafka://h:1?namespace=a.b", "namespace=1 to 100 letters"),
        ("kafka://h:1?security=tls", "one of: plaintext, ssl, sasl_plaintext, sasl_ssl"),
        ("kafka://h:1?security=sasl_plaintext", "USER:PASSWORD@"),
        ("kafka://u:p@h:1?security=plaintext", "security=sasl_ssl or security=sasl_plaintext"),
        ("kafka://h:1?sasl=plain", "security=sasl_ssl or security=sasl_plaintext"),
        ("kafka://u@h:1?security=sasl_plaintext", "a password"),
        ("kafka://u:p@h:1?security=sasl_plaintext&password_file=f", "a password either"),
        ("kafka://:p@h:1?security=sasl_plaintext", "a user"),
        ("kafka://h:1?ca=file", "security=ssl"),
        ("kafka://h:1?ca=", "ca=PATH"),
        ("kafka://h:1?namespace=%zz", "percent sign"),
    ] {
        let expected = refusal(url);
        assert!(expected.contains(says), "{url}: {expected}");
    }
}

#[test]
fn credentials_are_decoded_and_never_shown() {
    let options = parsed("kafka://al%40ice:s%3Acret%2F@h:1?security=sasl_plaintext");
    let credentials = options.credentials.as_ref().unwrap();
    assert_eq!(credentials.user, "al@ice");
    assert!(matches!(&credentials.password, Password::Given(password) if password == "s:cret/"));
    assert_eq!(options.to_string(), "kafka://h:1");
    assert!(!format!("{options:?}").contains("cret"), "{options:?}");
    for url in [
        "kafka://u:hunter2@h:1?x=y",
        "kafka://u:hunter2@h:x",
        "kafka://u:hunter2%@h:1?security=sasl_plaintext",
    ] {
        assert!(!refusal(url).contains("hunter2"), "{url}");
    }
}

#[test]
fn a_password_may_stand_in_a_file() {
    let options = parsed("kafka://alice@h:1?security=sasl_plaintext&password_file=/run/secrets/kafka");
    let password = options.credentials.unwrap().password;
    assert!(matches!(password, Password::File(path) if path == std::path::Path::new("/run/secrets/kafka")));
}

#[cfg(not(feature = "tls"))]
#[test]
fn a_build_without_tls_says_so() {
    for url in [
        "kafka://h:1?security=ssl",
        "kafka://u:p@h:1",
        "kafka://u:p@h:1?security=sasl_ssl",
        "kafka://u:p@h:1?security=sasl_plaintext&sasl=scram-sha-512",
    ] {
        let expected = refusal(url);
        assert!(expected.contains("--features kafka-tls"), "{url}: {expected}");
    }
}

#[cfg(feature = "tls")]
#[test]
fn a_user_means_tls_unless_told_otherwise() {
    let options = parsed("kafka://u:p@h:1?sasl=scram-sha-512&ca=ca.pem&cert=c.pem&key=k.pem");
    assert_eq!((options.security, options.mechanism), (Security::SaslSsl, Mechanism::ScramSha512));
    assert!(refusal("kafka://h:1?security=ssl&cert=c.pem").contains("cert and key together"));
}
