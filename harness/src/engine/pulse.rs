//! Whether the engine still answers: one that stops or hangs under a run must not keep anybody waiting.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::connect::Engine;
use super::error::EngineError;

/// How often the engine is asked whether it is there.
const INTERVAL: Duration = Duration::from_secs(2);
/// How long one answer may take.
const ANSWER: Duration = Duration::from_secs(10);
/// How long an engine may refuse to answer: for as long a daemon that is started again may be away.
const REFUSES: Duration = Duration::from_secs(10);
/// How long an engine may be silent. The question needs none of its locks, so only one that hangs takes so long.
const SILENT: Duration = Duration::from_secs(45);

impl Engine {
    /// Does `work` as long as the engine answers.
    ///
    /// # Errors
    /// The engine is gone or hangs ([`EngineError::Lost`]); `work` is dropped then. What `work` ends with is its own.
    pub async fn while_it_answers<T>(&self, work: impl Future<Output = T>) -> Result<T, EngineError> {
        tokio::select! {
            biased;
            done = work => Ok(done),
            lost = self.lost() => Err(lost),
        }
    }

    /// Why the engine does not answer; `None` where it does, which is known at once.
    pub(crate) async fn silence(&self) -> Option<EngineError> {
        let reason = match timeout(ANSWER, self.docker.ping()).await {
            Ok(Ok(_)) => return None,
            Ok(Err(error)) => innermost(&error),
            Err(_) => format!("no answer within {} s", ANSWER.as_secs()),
        };
        Some(self.lost_for(reason))
    }

    /// Ends when the engine has not answered for too long.
    async fn lost(&self) -> EngineError {
        let mut answered = Instant::now();
        loop {
            sleep(INTERVAL).await;
            let (patience, reason) = match timeout(ANSWER, self.docker.ping()).await {
                Ok(Ok(_)) => {
                    answered = Instant::now();
                    continue;
                }
                Ok(Err(error)) => (REFUSES, innermost(&error)),
                Err(_) => (SILENT, format!("no answer for {} s", answered.elapsed().as_secs())),
            };
            if answered.elapsed() >= patience {
                return self.lost_for(reason);
            }
        }
    }

    fn lost_for(&self, reason: String) -> EngineError {
        EngineError::Lost {
            address: self.address.clone(),
            reason,
        }
    }
}

/// The innermost cause is what a person understands; the layers above it speak of clients and connectors.
pub(super) fn innermost(error: &bollard::errors::Error) -> String {
    let mut reason = error.to_string();
    let mut cause: Option<&(dyn std::error::Error + 'static)> = std::error::Error::source(error);
    while let Some(inner) = cause {
        reason = inner.to_string();
        cause = inner.source();
    }
    reason
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::os::unix::net::UnixListener;

    use super::*;

    /// Something that answers as an engine does, `answers` times; then it hangs, or is gone.
    fn engine(answers: usize, then_gone: bool) -> (Engine, tempfile::TempDir) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("docker.sock");
        let listener = UnixListener::bind(&path).unwrap();
        let address = format!("unix://{}", path.display());
        std::thread::spawn(move || {
            let mut held = Vec::new();
            for number in 0.. {
                let Ok((mut stream, _)) = listener.accept() else { return };
                if number < answers {
                    let _ = stream.read(&mut [0; 4096]);
                    let _ = stream.write_all(
                        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}",
                    );
                } else if then_gone {
                    return drop(listener);
                } else {
                    held.push(stream);
                }
            }
        });
        let docker = bollard::Docker::connect_with_unix(&address, 600, bollard::API_DEFAULT_VERSION).unwrap();
        let engine = Engine {
            docker,
            address,
            version: String::new(),
            api_version: String::new(),
            storage_driver: String::new(),
            memory: 0,
            processors: 0,
            cgroup_version: String::new(),
            root: String::new(),
        };
        (engine, directory)
    }

    #[tokio::test]
    async fn an_engine_that_is_gone_ends_the_work_soon_and_is_named() {
        let (engine, _directory) = engine(1, true);
        let begun = Instant::now();
        let error = engine.while_it_answers(std::future::pending::<()>()).await.unwrap_err();
        assert!(begun.elapsed() < REFUSES + 3 * INTERVAL, "{:?}", begun.elapsed());
        let text = error.to_string();
        assert!(text.contains(&engine.address) && text.contains("hint: "), "{text}");
    }

    #[tokio::test]
    async fn an_engine_that_answers_lets_the_work_end_and_gives_what_it_ended_with() {
        let (engine, _directory) = engine(usize::MAX, false);
        let work = async {
            sleep(2 * INTERVAL).await;
            7
        };
        assert_eq!(engine.while_it_answers(work).await.unwrap(), 7);
        assert!(engine.silence().await.is_none());
    }

    #[tokio::test]
    async fn an_engine_that_hangs_is_not_waited_for() {
        let (engine, _directory) = engine(0, false);
        let begun = Instant::now();
        let text = engine.silence().await.unwrap().to_string();
        assert!(text.contains("no answer within 10 s"), "{text}");
        assert!(begun.elapsed() < ANSWER + INTERVAL, "{:?}", begun.elapsed());
    }
}
