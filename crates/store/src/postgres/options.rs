//! Where the database is and how it is used, as a URL spells it.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use percent_encoding::percent_decode_str;

use super::names;

/// How a [`PostgresStore`](super::PostgresStore) reaches its database, and its limits.
///
/// [`Self::parse`] reads `postgres://USER:PASSWORD@HOST:PORT/DATABASE?OPTION=VALUE&…`. What is secret is neither
/// displayed nor debugged.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresOptions {
    pub(super) user: String,
    pub(super) password: Option<String>,
    /// A name, an address, or the folder of a Unix socket (which starts with `/`).
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) database: String,
    pub(super) tls: TlsOptions,
    /// The schema that holds the store: `a-z`, `0-9` and `_`, not starting with a digit or `pg_`, at most 63 bytes.
    /// `None` when the URL names none: then it is `duet`. One store (one service) has one schema.
    pub schema: Option<String>,
    /// How long connecting may take, log-in included.
    pub connect_timeout: Duration,
    /// How long a statement may take; longer ones fail with [`StoreError::Unavailable`](crate::StoreError).
    pub statement_timeout: Duration,
    /// How overdue a timer that another living instance has set must be before this one fires it.
    pub timer_grace: Duration,
}

/// TLS, in the words of PostgreSQL's own clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TlsOptions {
    pub(super) mode: TlsMode,
    /// Certificates to trust instead of the system's.
    pub(super) root_cert: Option<PathBuf>,
    /// This client's certificate and key.
    pub(super) cert: Option<PathBuf>,
    pub(super) key: Option<PathBuf>,
}

/// How much TLS is asked for: `sslmode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TlsMode {
    /// Nothing is encrypted.
    Disable,
    /// Where the server has it, without looking at its certificate.
    Prefer,
    /// Always; the server's certificate is looked at only where `sslrootcert` says what to trust.
    Require,
    /// Always, with a certificate that is trusted, whatever name it has.
    VerifyCa,
    /// Always, with a certificate that is trusted and names the host.
    VerifyFull,
}

const MODES: [(&str, TlsMode); 5] = [
    ("disable", TlsMode::Disable),
    ("prefer", TlsMode::Prefer),
    ("require", TlsMode::Require),
    ("verify-ca", TlsMode::VerifyCa),
    ("verify-full", TlsMode::VerifyFull),
];

const KNOWN: &str = "schema, sslmode, sslrootcert, sslcert, sslkey, password_file, connect_timeout_ms, \
                     statement_timeout_ms and timer_grace_ms";

/// A URL that names no PostgreSQL database; says what would be right, and holds no part of the URL that may be secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}")]
pub struct InvalidUrl {
    /// What would be right.
    pub expected: String,
}

fn expected<T>(what: impl Into<String>) -> Result<T, InvalidUrl> {
    Err(InvalidUrl { expected: what.into() })
}

impl PostgresOptions {
    /// Reads a URL: `postgres://USER:PASSWORD@HOST:PORT/DATABASE`, also `postgresql://`. The port is 5432 unless it
    /// says otherwise. Special characters are percent-encoded (`%40` for `@`). The host may be the folder of a Unix
    /// socket (`%2Fvar%2Frun%2Fpostgresql`). Options:
    ///
    /// | option | meaning | unless it is set |
    /// | --- | --- | --- |
    /// | `schema` | the schema that holds the store | chosen by the program |
    /// | `sslmode` | `disable`, `prefer`, `require`, `verify-ca`, `verify-full`, as in libpq | `prefer` |
    /// | `sslrootcert` | PEM file with the certificates to trust | the system's |
    /// | `sslcert`, `sslkey` | PEM files with this client's certificate and key | none |
    /// | `password_file` | file that holds the password | the URL's password |
    /// | `connect_timeout_ms` | the longest wait for a connection | 5000 |
    /// | `statement_timeout_ms` | the longest wait for a statement | 10000 |
    /// | `timer_grace_ms` | how overdue another living instance's timer must be before this one fires it | 1000 |
    ///
    /// # Errors
    /// [`InvalidUrl`] says what was expected. Only `password_file` is read here, no other file.
    pub fn parse(url: &str) -> Result<Self, InvalidUrl> {
        const FORM: &str = "postgres://USER:PASSWORD@HOST:PORT/DATABASE?schema=NAME&sslmode=MODE";
        let rest = url.strip_prefix("postgres://").or_else(|| url.strip_prefix("postgresql://"));
        let Some(rest) = rest else { return expected(FORM) };
        if rest.contains('#') {
            return expected("no '#' in the URL; in a password it is written %23");
        }
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, database) = place.split_once('/').unwrap_or((place, ""));
        let Some((credentials, host)) = authority.rsplit_once('@') else {
            return expected(format!("a user before the host: {FORM}"));
        };
        let (user, password) = match credentials.split_once(':') {
            Some((user, password)) => (user, Some(decode(password, "the password")?)),
            None => (credentials, None),
        };
        let user = decode(user, "the user")?;
        let database = decode(database, "the database")?;
        if user.is_empty() {
            return expected(format!("a user before the host: {FORM}"));
        }
        if database.is_empty() || database.contains('/') {
            return expected(format!("one database behind the host: {FORM}"));
        }
        let (host, port) = host_and_port(host)?;
        let mut options = Self {
            user,
            password,
            host,
            port,
            database,
            tls: TlsOptions { mode: TlsMode::Prefer, root_cert: None, cert: None, key: None },
            schema: None,
            connect_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(10),
            timer_grace: Duration::from_secs(1),
        };
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            options.set(name, decode(value, "the value of an option")?)?;
        }
        options.check_tls()?;
        Ok(options)
    }

    fn set(&mut self, name: &str, value: String) -> Result<(), InvalidUrl> {
        let file = |value: String| match value.as_str() {
            "" => expected(format!("a file for the option {name}")),
            _ => Ok(Some(PathBuf::from(value))),
        };
        match name {
            "schema" if names::is_name(&value) => self.schema = Some(value),
            "schema" => return expected(format!("a schema of {}", names::NAMES)),
            "sslmode" => match MODES.iter().find(|(word, _)| *word == value) {
                Some((_, mode)) => self.tls.mode = *mode,
                None => {
                    let words: Vec<_> = MODES.iter().map(|(word, _)| *word).collect();
                    return expected(format!("sslmode to be one of {}", words.join(", ")));
                }
            },
            "sslrootcert" => self.tls.root_cert = file(value)?,
            "sslcert" => self.tls.cert = file(value)?,
            "sslkey" => self.tls.key = file(value)?,
            "password_file" => match std::fs::read_to_string(&value) {
                Ok(password) => self.password = Some(password.trim_end_matches(['\r', '\n']).to_owned()),
                Err(error) => {
                    return expected(format!("password_file to name a readable file ({error})"));
                }
            },
            "connect_timeout_ms" => self.connect_timeout = millis(name, &value)?,
            "statement_timeout_ms" => self.statement_timeout = millis(name, &value)?,
            "timer_grace_ms" => self.timer_grace = millis(name, &value)?,
            _ => return expected(format!("of options only {KNOWN}")),
        }
        Ok(())
    }

    fn check_tls(&self) -> Result<(), InvalidUrl> {
        if self.tls.cert.is_some() != self.tls.key.is_some() {
            return expected("sslcert and sslkey together");
        }
        let verifies = matches!(self.tls.mode, TlsMode::VerifyCa | TlsMode::VerifyFull);
        if self.host.starts_with('/') && (verifies || self.tls.mode == TlsMode::Require) {
            return expected("sslmode=disable with a Unix socket, which has no TLS");
        }
        Ok(())
    }

    /// The schema that holds the store.
    #[must_use]
    pub fn schema_name(&self) -> &str {
        self.schema.as_deref().unwrap_or("duet")
    }

    /// The server and the database, for messages.
    pub(super) fn place(&self) -> String {
        if self.host.starts_with('/') {
            return format!("{}:{}/{}", self.host, self.port, self.database);
        }
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        format!("{host}:{}/{}", self.port, self.database)
    }
}

impl fmt::Display for PostgresOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "postgres://{}", self.place())?;
        self.schema.as_ref().map_or(Ok(()), |schema| write!(f, "?schema={schema}"))
    }
}

impl fmt::Debug for PostgresOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresOptions")
            .field("place", &self.place())
            .field("user", &self.user)
            .field("schema", &self.schema)
            .field("tls", &self.tls)
            .field("connect_timeout", &self.connect_timeout)
            .field("statement_timeout", &self.statement_timeout)
            .field("timer_grace", &self.timer_grace)
            .finish_non_exhaustive()
    }
}

fn millis(name: &str, value: &str) -> Result<Duration, InvalidUrl> {
    // Beyond an hour nobody would call it a time-out.
    match value.parse() {
        Ok(millis @ 1..=3_600_000) => Ok(Duration::from_millis(millis)),
        _ => expected(format!("{name} to be a number of milliseconds from 1 to 3600000")),
    }
}

fn host_and_port(text: &str) -> Result<(String, u16), InvalidUrl> {
    const FORM: &str = "one host, and a port from 1 to 65535 behind a colon: HOST:PORT, [IPV6]:PORT or HOST";
    let (host, port) = if let Some(rest) = text.strip_prefix('[') {
        let Some((host, port)) = rest.split_once(']') else { return expected(FORM) };
        if host.parse::<std::net::Ipv6Addr>().is_err() {
            return expected(FORM);
        }
        (host.to_owned(), port.strip_prefix(':').or(port.is_empty().then_some("5432")))
    } else {
        let (host, port) = text.split_once(':').unwrap_or((text, "5432"));
        (decode(host, "the host")?, Some(port))
    };
    let plain = !host.is_empty() && !host.contains([',', ' ', '\0']);
    // A leading `+` would be a number to Rust, and no port to anybody else.
    let port = port.filter(|port| port.bytes().all(|byte| byte.is_ascii_digit()));
    match port.and_then(|port| port.parse().ok()) {
        Some(port @ 1..) if plain => Ok((host, port)),
        _ => expected(FORM),
    }
}

/// Resolves `%XX`.
fn decode(text: &str, what: &str) -> Result<String, InvalidUrl> {
    let wrong =
        || InvalidUrl { expected: format!("{what} percent-encoded, as UTF-8 (%25 for a percent sign)") };
    // The library would leave what is no encoding as it stands.
    let digits = |rest: &str| rest.bytes().take(2).filter(u8::is_ascii_hexdigit).count();
    if text.split('%').skip(1).any(|rest| digits(rest) < 2) {
        return Err(wrong());
    }
    let text = percent_decode_str(text).decode_utf8().map_err(|_| wrong())?;
    // The protocol ends its strings with one.
    if text.contains('\0') { Err(wrong()) } else { Ok(text.into_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> PostgresOptions {
        PostgresOptions::parse(url).unwrap()
    }

    fn refused(url: &str) -> String {
        PostgresOptions::parse(url).unwrap_err().expected
    }

    #[test]
    fn a_url_says_where_and_how() {
        let options = parse(
            "postgresql://d%40n:p%2Fw%3A@db.example:6000/orders?schema=order_status&sslmode=verify-ca\
             &sslrootcert=/ca.pem&connect_timeout_ms=700&statement_timeout_ms=800&timer_grace_ms=900",
        );
        assert_eq!((options.user.as_str(), options.password.as_deref()), ("d@n", Some("p/w:")));
        assert_eq!((options.host.as_str(), options.port), ("db.example", 6000));
        assert_eq!((options.database.as_str(), options.schema_name()), ("orders", "order_status"));
        assert_eq!(options.tls.mode, TlsMode::VerifyCa);
        assert_eq!(options.tls.root_cert, Some(PathBuf::from("/ca.pem")));
        assert_eq!(options.connect_timeout, Duration::from_millis(700));
        assert_eq!(options.statement_timeout, Duration::from_millis(800));
        assert_eq!(options.timer_grace, Duration::from_millis(900));
    }

    #[test]
    fn what_it_does_not_say_has_defaults() {
        let options = parse("postgres://duet@[::1]/duet");
        assert_eq!((options.host.as_str(), options.port, options.password.as_deref()), ("::1", 5432, None));
        assert_eq!((options.schema.as_deref(), options.schema_name()), (None, "duet"));
        assert_eq!(options.tls.mode, TlsMode::Prefer);
        assert_eq!(parse("postgres://d@%2Frun%2Fpg/duet").host, "/run/pg");
    }

    #[test]
    fn nothing_secret_is_shown() {
        let options = parse("postgres://duet:hunter2@db:5432/orders?schema=a");
        assert_eq!(options.to_string(), "postgres://db:5432/orders?schema=a");
        assert!(!format!("{options:?}").contains("hunter2"));
        for wrong in [
            "postgres://duet:hunter2@db:x/orders",
            "postgres://duet:hunter2@db/orders?hunter2",
            "postgres://duet:hunter2%zz@db/orders",
            "postgres://duet:hunter2@db",
        ] {
            assert!(!refused(wrong).contains("hunter2"), "{}", refused(wrong));
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_what_would_be_right() {
        for (url, told) in [
            ("mysql://a@b/c", "postgres://USER"),
            ("postgres://b/c", "a user before the host"),
            ("postgres://a@b", "one database"),
            ("postgres://a@b/c/d", "one database"),
            ("postgres://a@b:0/c", "a port from 1 to 65535"),
            ("postgres://a@b:+1/c", "a port from 1 to 65535"),
            ("postgres://a@b,d/c", "one host"),
            ("postgres://a@[::1/c", "[IPV6]:PORT"),
            ("postgres://a@b/c?colour=red", "schema, sslmode"),
            ("postgres://a@b/c?sslmode=on", "disable, prefer, require, verify-ca, verify-full"),
            ("postgres://a@b/c?sslcert=x", "sslcert and sslkey together"),
            ("postgres://a@b/c?schema=Robert'); DROP", "a-z"),
            ("postgres://a@b/c?connect_timeout_ms=0", "milliseconds from 1"),
            ("postgres://a@%2Frun/c?sslmode=require", "Unix socket"),
            ("postgres://a:b#c@d/e", "%23"),
            ("postgres://a@b/c?password_file=/does/not/exist", "a readable file"),
        ] {
            assert!(refused(url).contains(told), "{url}: {}", refused(url));
        }
    }

    #[test]
    fn a_password_may_stand_in_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        std::fs::write(&path, "from a file\n").unwrap();
        let options = parse(&format!("postgres://a:from-the-url@b/c?password_file={}", path.display()));
        assert_eq!(options.password.as_deref(), Some("from a file"));
    }
}
