//! What lets others in while accounts are guarded: the dashboard, the API, and the Telegram bot.

use crate::config::{Config, Environment};
use crate::failure::Failure;
use crate::notify;
use crate::screen;
use crate::surface::{self, Place};
use plimsoll_api::Metrics;
use plimsoll_ports::{Clock, SystemClock};
use plimsoll_service::Service;
use serde::Serialize;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// So long may answers that are under way take at the end.
const LAST_ANSWERS: Duration = Duration::from_secs(5);

/// The dashboard and the API, while they are served.
pub(super) struct Served {
    /// Where.
    pub(super) address: SocketAddr,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<std::io::Result<()>>,
}

impl Served {
    /// Serves them there.
    pub(super) async fn begin(
        config: &Config,
        environment: &Environment,
        place: Place,
        service: Service,
        metrics: Metrics,
    ) -> Result<Self, Failure> {
        let api = surface::bind(config, environment, place, service, metrics).await?;
        let address = api.address();
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = tokio::spawn(api.serve(async move {
            // Whoever is to stop it has gone: that is the same.
            drop(stopped.await);
        }));
        Ok(Self { address, stop, serving })
    }

    /// Says where.
    pub(super) fn tell(&self, json: bool) -> Result<(), Failure> {
        let address = format!("http://{}", self.address);
        if json {
            return screen::json(&Serving { event: "serving", time: screen::instant(SystemClock.now()), address });
        }
        screen::line(format!("the dashboard: {address}"))
    }

    /// Nothing more is taken; what was confirmed comes to its end.
    pub(super) async fn stop(self) {
        // Whoever served may have ended already.
        let _ = self.stop.send(());
        let mut serving = self.serving;
        match tokio::time::timeout(LAST_ANSWERS, &mut serving).await {
            Ok(Ok(Err(error))) => tracing::warn!(%error, "the dashboard ended by a fault"),
            Ok(_) => {}
            // Whoever has sent half a request holds up nothing else.
            Err(_) => serving.abort(),
        }
    }
}

#[derive(Serialize)]
struct Serving {
    event: &'static str,
    time: String,
    address: String,
}

/// The bot, while it is let in.
pub(super) struct Listening {
    stop: oneshot::Sender<()>,
    bot: JoinHandle<()>,
}

impl Listening {
    pub(super) fn begin(settings: plimsoll_telegram::Settings, service: &Service) -> Result<Self, Failure> {
        let service = Arc::new(service.clone());
        let bot = plimsoll_telegram::Bot::new(settings, service, Arc::new(SystemClock)).map_err(Failure::usage)?;
        let (stop, stopped) = oneshot::channel::<()>();
        let bot = tokio::spawn(async move {
            let until = async move {
                // Whoever is to stop it has gone: that is the same.
                drop(stopped.await);
            };
            if let Err(failure) = bot.run(until).await {
                notify::failed("the Telegram bot hears nobody; everything else goes on", &failure.to_string());
            }
        });
        Ok(Self { stop, bot })
    }

    pub(super) async fn stop(self) {
        // The bot may have ended already.
        let _ = self.stop.send(());
        drop(self.bot.await);
    }
}
