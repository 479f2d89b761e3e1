//! A wire to the engine that can be cut, or held still: from the rig's side that is an engine that was stopped, and one
//! that hangs.

use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

const FLOWS: u8 = 0;
const HELD: u8 = 1;
const CUT: u8 = 2;

/// A socket behind which the engine answers, as long as the wire is whole.
pub(crate) struct Wire {
    /// As `DOCKER_HOST` takes it.
    pub(crate) address: String,
    state: Arc<AtomicU8>,
    streams: Arc<Mutex<Vec<UnixStream>>>,
    directory: tempfile::TempDir,
}

impl Wire {
    /// A wire to the engine at `engine` (`unix:///path`).
    pub(crate) fn to(engine: &str) -> Result<Self, String> {
        let path = engine
            .strip_prefix("unix://")
            .ok_or_else(|| format!("{engine} is no socket, so no wire can be laid to it"))?
            .to_owned();
        let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
        let socket = directory.path().join("docker.sock");
        let listener = UnixListener::bind(&socket).map_err(|error| error.to_string())?;
        let wire = Self {
            address: format!("unix://{}", socket.display()),
            state: Arc::new(AtomicU8::new(FLOWS)),
            streams: Arc::default(),
            directory,
        };
        let (state, streams) = (Arc::clone(&wire.state), Arc::clone(&wire.streams));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(rig) = stream else { return };
                if state.load(Ordering::SeqCst) == CUT {
                    return;
                }
                let Ok(engine) = UnixStream::connect(&path) else {
                    continue;
                };
                for (from, to) in [(&rig, &engine), (&engine, &rig)] {
                    if let (Ok(from), Ok(to)) = (from.try_clone(), to.try_clone()) {
                        let state = Arc::clone(&state);
                        thread::spawn(move || carry(from, to, &state));
                    }
                }
                streams
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .extend([rig, engine]);
            }
        });
        Ok(wire)
    }

    /// From now on nothing comes through, and nobody is told: the engine hangs.
    pub(crate) fn hold(&self) {
        self.state.store(HELD, Ordering::SeqCst);
    }

    /// Everything is closed, and the socket is gone: the engine was stopped.
    pub(crate) fn cut(&self) -> Result<(), String> {
        self.state.store(CUT, Ordering::SeqCst);
        for stream in self.streams.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            // One that has ended by itself is closed already.
            let _ = stream.shutdown(Shutdown::Both);
        }
        fs_err::remove_file(self.directory.path().join("docker.sock")).map_err(|error| error.to_string())
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        // Whoever still waits behind it is let go.
        let _ = self.cut();
    }
}

fn carry(mut from: UnixStream, mut to: UnixStream, state: &AtomicU8) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        while state.load(Ordering::SeqCst) == HELD {
            thread::sleep(Duration::from_millis(50));
        }
        if to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    // What one side has closed for writing the other one reads to its end.
    let _ = to.shutdown(Shutdown::Write);
}
