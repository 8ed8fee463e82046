//! Requests to a running supervisor: one line of JSON each way over a Unix socket, which only its user may connect to.

use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::timeout;

use crate::processes::{ProcessId, Program};

/// How long either side waits for the other.
const PATIENCE: Duration = Duration::from_secs(5);
/// The longest request or answer, in bytes.
const LINE_BYTES_MAX: u64 = 64 * 1024;
/// Connections served at once; further ones wait.
const CONNECTIONS_MAX: usize = 16;
/// A pause after a connection could not be accepted: out of file handles, usually.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What a supervisor can be asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum Request {
    /// End everything, and then yourself.
    Down,
    /// Run so many instances of a program.
    Scale {
        /// Of which program.
        program: Program,
        /// How many instances it is to have.
        instances: u32,
    },
}

/// What it answers. The work goes on after the answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// It is being done.
    Begun {
        /// Processes that are being started for it.
        added: Vec<ProcessId>,
        /// Processes that are being ended for it.
        removed: Vec<ProcessId>,
    },
    /// It is not done.
    Refused {
        /// What stands against it, for people.
        reason: String,
    },
}

/// A request that waits for its answer.
#[derive(Debug)]
pub struct Asked {
    /// What is asked.
    pub request: Request,
    /// Takes the answer.
    pub answer: oneshot::Sender<Answer>,
}

/// A supervisor could not be asked.
#[derive(Debug, thiserror::Error)]
#[error("the supervisor does not answer on {}", socket.display())]
#[allow(missing_docs, reason = "the messages say what the fields are")]
pub struct AskError {
    pub socket: PathBuf,
    #[source]
    pub source: io::Error,
}

/// Takes requests for as long as it is not dropped.
#[derive(Debug)]
pub struct Control {
    socket: PathBuf,
    serving: tokio::task::JoinHandle<()>,
}

impl Drop for Control {
    fn drop(&mut self) {
        self.serving.abort();
        // Whoever finds it afterwards is refused, which says the same.
        let _ = std::fs::remove_file(&self.socket);
    }
}

impl Control {
    /// Listens on the socket, in place of one that a dead supervisor left behind; the caller has the folder's lock.
    ///
    /// # Errors
    /// The socket cannot be made.
    pub fn listen(socket: PathBuf, asked: mpsc::Sender<Asked>) -> io::Result<Self> {
        match std::fs::remove_file(&socket) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(&socket)?;
        std::fs::set_permissions(&socket, std::fs::Permissions::from_mode(0o600))?;
        Ok(Self { socket, serving: tokio::spawn(serve(listener, asked)) })
    }
}

async fn serve(listener: UnixListener, asked: mpsc::Sender<Asked>) {
    let open = std::sync::Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let Ok(place) = std::sync::Arc::clone(&open).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                let asked = asked.clone();
                tokio::spawn(async move {
                    if let Ok(Err(error)) = timeout(PATIENCE, answer(stream, asked)).await {
                        tracing::debug!(%error, "a request was cut off");
                    }
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a request could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn answer(mut stream: UnixStream, asked: mpsc::Sender<Asked>) -> io::Result<()> {
    let answer = match read(&mut stream).await {
        Ok(request) => {
            let (answer, answered) = oneshot::channel();
            let gone = |_| io::Error::from(io::ErrorKind::BrokenPipe);
            asked.send(Asked { request, answer }).await.map_err(|_| gone(()))?;
            answered.await.map_err(|_| gone(()))?
        }
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            Answer::Refused { reason: format!("it is no request: {error}") }
        }
        Err(error) => return Err(error),
    };
    write(&mut stream, &answer).await
}

/// Asks the supervisor that listens on the socket.
///
/// # Errors
/// Nobody listens there, or there is no answer.
pub async fn ask(socket: &Path, request: &Request) -> Result<Answer, AskError> {
    let asked = async {
        let mut stream = UnixStream::connect(socket).await?;
        write(&mut stream, request).await?;
        read(&mut stream).await
    };
    let answer = timeout(PATIENCE, asked).await.unwrap_or_else(|elapsed| Err(elapsed.into()));
    answer.map_err(|source| AskError { socket: socket.to_owned(), source })
}

async fn read<T: DeserializeOwned>(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<T> {
    let mut line = String::new();
    BufReader::new(stream.take(LINE_BYTES_MAX)).read_line(&mut line).await?;
    if line.is_empty() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    serde_json::from_str(&line).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

async fn write(stream: &mut UnixStream, message: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    stream.write_all(&line).await?;
    stream.flush().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_request_gets_its_answer_and_nonsense_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let socket = dir.path().join("control.sock");
        std::fs::write(&socket, "left behind").unwrap();
        let (asked, mut requests) = mpsc::channel(1);
        let control = Control::listen(socket.clone(), asked).unwrap();
        let scale = Request::Scale { program: Program::OrderStatus, instances: 2 };
        let added = vec![ProcessId { program: Program::OrderStatus, instance: 2 }];
        let expected = Answer::Begun { added, removed: Vec::new() };
        let answers = async {
            let Asked { request, answer } = requests.recv().await.unwrap();
            assert_eq!(request, scale);
            answer.send(expected.clone()).unwrap();
        };
        let (answered, ()) = tokio::join!(ask(&socket, &scale), answers);
        assert_eq!(answered.unwrap(), expected);

        let mut stream = UnixStream::connect(&socket).await.unwrap();
        stream.write_all(b"{\"do\":\"dance\"}\n").await.unwrap();
        let Answer::Refused { reason } = read(&mut stream).await.unwrap() else { panic!("not refused") };
        assert!(reason.starts_with("it is no request: unknown variant `dance`"), "{reason}");

        drop(control);
        let error = ask(&socket, &Request::Down).await.unwrap_err();
        assert!(error.to_string().starts_with("the supervisor does not answer on "), "{error}");
    }
}
