//! The running server.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::config::Config;
use crate::http::{self, Service};
use crate::profile::ProfileError;
use crate::store::{Store, StoreError};

/// A mock Nailgun that listens. It stops when it is dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    task: Option<JoinHandle<()>>,
}

impl Server {
    /// Opens the state, fills an empty one with the profile's releases, and listens.
    ///
    /// Needs a Tokio runtime; the server lives on it.
    ///
    /// # Errors
    /// [`StartError`] when the profile's data, the database or the address cannot be used.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let store = Store::open(&config.database, config.profile.name)?;
        let listen = config.listen;
        let service = Arc::new(Service::new(config, store)?);
        let listener = TcpListener::bind(listen)
            .await
            .map_err(|source| StartError::Listen { listen, source })?;
        let address = listener
            .local_addr()
            .map_err(|source| StartError::Listen { listen, source })?;
        let (stop, stopped) = oneshot::channel::<()>();
        let application = http::application(service);
        let task = tokio::spawn(async move {
            let ended = axum::serve(listener, application).with_graceful_shutdown(async {
                // An error means that the server was dropped, which ends it as well.
                let _ = stopped.await;
            });
            if let Err(error) = ended.await {
                tracing::error!(%error, "the server ended");
            }
        });
        Ok(Self {
            address,
            stop: Some(stop),
            task: Some(task),
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://ADDRESS`, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Stops after the requests that are under way; those that wait for Astute messages are not waited for.
    pub async fn stop(mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(mut task) = self.task.take() {
            let grace = std::time::Duration::from_secs(2);
            if tokio::time::timeout(grace, &mut task).await.is_err() {
                task.abort();
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(task) = self.task.take() {
            task.abort();
        }
    }
}

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The profile's data is broken.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// The database cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The address cannot be listened on.
    #[error("cannot listen on {listen}: {source}")]
    Listen {
        /// The address.
        listen: SocketAddr,
        /// What the system says.
        source: std::io::Error,
    },
}
