use crate::scene::{PRIVATE, Scene, settings};
use crate::telegram::{TOKEN, Telegram, refusal};
use crate::world::World;
use plimsoll_ports::{Alert, Clock, Notifier, Severity};
use plimsoll_telegram::{Bot, BotFailure, BotToken, SetUpFailure, Settings, TelegramNotifier};
use serde_json::json;
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tracing_subscriber::fmt::MakeWriter;

#[tokio::test]
async fn telegram_is_waited_for_as_long_as_it_wants() {
    let scene = Scene::new().await;
    scene.settled().await;
    let busy = json!({ "ok": false, "error_code": 429, "description": "Too Many Requests: retry after 30",
        "parameters": { "retry_after": 30 } });
    scene.telegram.fail("sendMessage", busy);
    let attempts = scene.telegram.attempts("sendMessage");
    scene.write(12, -100, "/strategies");
    while scene.telegram.attempts("sendMessage") == attempts {
        tokio::task::yield_now().await;
    }
    scene.world.pass(Duration::from_secs(29));
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
    assert_eq!(scene.telegram.attempts("sendMessage"), attempts + 1, "not before it has passed");
    scene.pass_until(|| scene.telegram.said().iter().any(|it| it.contains("trend"))).await;
    assert_eq!(scene.telegram.attempts("sendMessage"), attempts + 2);
}

#[tokio::test]
async fn after_an_outage_the_bot_hears_again() {
    let scene = Scene::new().await;
    scene.settled().await;
    scene.telegram.away(true);
    let attempts = scene.telegram.attempts("getUpdates");
    scene.pass_until(|| scene.telegram.attempts("getUpdates") > attempts + 2).await;
    scene.telegram.away(false);
    scene.write(11, PRIVATE, "/strategies");
    scene.pass_until(|| scene.telegram.said().iter().any(|it| it.contains("trend"))).await;
}

#[tokio::test]
async fn an_action_is_carried_out_though_telegram_is_away_by_then() {
    let scene = Scene::new().await;
    scene.world.long().await;
    let preview = scene.ask("/futures_close").await;
    let data = preview.buttons()[0].1.clone();
    for method in ["answerCallbackQuery", "editMessageText"] {
        scene.telegram.fail(method, refusal(502, "Bad Gateway"));
    }
    scene.press(11, PRIVATE, preview.message, &data);
    scene.world.until(0, |view| view.positions.is_empty()).await;
    scene.pass_until(|| scene.telegram.all("editMessageText").iter().any(|it| it.text().contains("Done"))).await;
}

#[tokio::test]
async fn the_bot_begins_when_telegram_is_there_and_not_with_a_wrong_token() {
    let (world, telegram) = (World::new().await, Telegram::new().await);
    let clock: Arc<dyn Clock> = Arc::new(world.venue.clock());
    let service = Arc::new(world.service.clone());
    let wrong = BotToken::new("424242:AAF-another-one-not-to-be-told_0123456789").unwrap();
    let bot =
        Bot::new(Settings { token: wrong, ..settings(&telegram) }, Arc::clone(&service), Arc::clone(&clock)).unwrap();
    let failure = bot.run(std::future::pending()).await.unwrap_err();
    assert!(matches!(&failure, BotFailure::NotLetIn(_)) && failure.to_string().contains("401"), "{failure}");
    assert!(!format!("{failure:?} {bot:?}").contains("not-to-be-told"));

    for settings in [
        Settings { address: "http://api.telegram.org".to_owned(), ..settings(&telegram) },
        Settings { users: Default::default(), ..settings(&telegram) },
        Settings { stop_distance: "1".parse().unwrap(), ..settings(&telegram) },
    ] {
        assert!(Bot::new(settings, Arc::clone(&service), Arc::clone(&clock)).is_err());
    }
    let nobody = TelegramNotifier::start(&settings(&telegram), [], plimsoll_alerts::RelaySettings::default(), clock);
    assert_eq!(nobody.unwrap_err(), SetUpFailure::Nobody);
}

/// What is logged, whole.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn the_token_is_in_no_log_and_no_error_whatever_goes_wrong() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(log.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let mut shown = Vec::new();
    let mut scene = Scene::new().await;
    scene.settled().await;
    scene.write(66, 66, "/start");
    // Said by the other side itself, in what it answers.
    for method in ["sendMessage", "getUpdates"] {
        scene.telegram.fail(method, refusal(400, &format!("Bad Request: bot{TOKEN} is wrong")));
    }
    scene.write(11, PRIVATE, "/strategies");
    scene.telegram.tell_raw(json!(TOKEN));
    scene.telegram.away(true);
    let attempts = scene.telegram.attempts("getUpdates");
    scene.pass_until(|| scene.telegram.attempts("getUpdates") > attempts + 2).await;
    scene.telegram.away(false);
    scene.pass_until(|| scene.telegram.untaken() == 0).await;
    scene.stop().await;
    shown.push(format!("{:?} {:?}", scene.bot, settings(&scene.telegram)));

    // Nobody listens, somebody hangs up, somebody speaks another language.
    let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = gone.local_addr().unwrap();
    drop(gone);
    let rude = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let hangs_up = rude.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((socket, _)) = rude.accept().await {
            drop(socket);
        }
    });
    for address in
        [format!("http://{nobody}"), format!("http://{hangs_up}"), format!("https://{}", scene.telegram.address)]
    {
        let settings = Settings { address, ..settings(&scene.telegram) };
        let clock: Arc<dyn Clock> = Arc::new(scene.world.venue.clock());
        let notifier =
            TelegramNotifier::start(&settings, [PRIVATE], plimsoll_alerts::RelaySettings::default(), clock).unwrap();
        let alert = Alert { severity: Severity::Critical, key: "k".into(), title: "t".into(), body: "b".into() };
        let error = notifier.notify(&alert).await.unwrap_err();
        shown.push(format!("{error} {error:?} {notifier:?}"));
    }
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    for part in
        ["a stranger writes", "hears nothing", "is reached again", "an answer does not arrive", "alerts do not arrive"]
    {
        assert!(log.contains(part), "no '{part}' in the log");
    }
    shown.push(log);
    for text in shown {
        for secret in [TOKEN, "not-to-be-told"] {
            let place = text.find(secret);
            assert!(place.is_none(), "{}", &text[place.unwrap_or(0).saturating_sub(200)..]);
        }
    }
}
