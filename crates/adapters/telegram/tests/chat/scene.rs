//! A bot that runs, and those who write to it.

use crate::telegram::{Call, TOKEN, Telegram};
use crate::world::{World, btc};
use plimsoll_ports::RiskEventRepository;
use plimsoll_ports::domain::AccountId;
use plimsoll_service::EventFilter;
use plimsoll_telegram::{Allowance, Bot, BotFailure, BotToken, Settings};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub(crate) const ANA: i64 = 11;
pub(crate) const BEN: i64 = 12;
pub(crate) const EVE: i64 = 66;
/// Ana's own chat with the bot.
pub(crate) const PRIVATE: i64 = 11;
pub(crate) const GROUP: i64 = -100;

pub(crate) struct Scene {
    pub(crate) world: World,
    pub(crate) telegram: Telegram,
    pub(crate) bot: Arc<Bot>,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<Result<(), BotFailure>>,
}

pub(crate) fn settings(telegram: &Telegram) -> Settings {
    Settings {
        address: format!("http://{}", telegram.address),
        account: Some(AccountId::new("main")),
        symbol: Some(btc()),
        commands: Allowance { burst: 100, per_minute: 30 },
        ..Settings::new(BotToken::new(TOKEN).unwrap(), [PRIVATE, GROUP], [ANA, BEN])
    }
}

impl Scene {
    pub(crate) async fn new() -> Self {
        Self::with(|settings| settings).await
    }

    pub(crate) async fn with(settled: impl FnOnce(Settings) -> Settings) -> Self {
        Self::of(World::new().await, settled).await
    }

    pub(crate) async fn of(world: World, settled: impl FnOnce(Settings) -> Settings) -> Self {
        let telegram = Telegram::new().await;
        let settings = settled(settings(&telegram));
        let (bot, stop, task) = start(&world, settings);
        Self { world, telegram, bot, stop: Some(stop), task }
    }

    /// Stops the bot, and waits for its end.
    pub(crate) async fn stop(&mut self) {
        let _ = self.stop.take().unwrap().send(());
        tokio::time::timeout(Duration::from_secs(10), &mut self.task).await.unwrap().unwrap().unwrap();
    }

    /// Another one takes its place: it knows nothing of before.
    pub(crate) fn restart(&mut self) {
        let (bot, stop, task) = start(&self.world, settings(&self.telegram));
        (self.bot, self.stop, self.task) = (bot, Some(stop), task);
    }

    pub(crate) fn now(&self) -> i64 {
        plimsoll_ports::Clock::now(&self.world.venue.clock()).as_millis() / 1000
    }

    /// A message as Telegram tells of it.
    pub(crate) fn message(&self, user: i64, chat: i64, text: &str) -> Value {
        json!({ "message_id": 900, "date": self.now(), "chat": { "id": chat, "type": "group" },
            "from": { "id": user, "is_bot": false, "first_name": "x" }, "text": text })
    }

    /// Somebody writes.
    pub(crate) fn write(&self, user: i64, chat: i64, text: &str) {
        self.telegram.tell(json!({ "message": self.message(user, chat, text) }));
    }

    /// Ana writes, and this is what she gets.
    pub(crate) async fn ask(&self, text: &str) -> Call {
        self.ask_as(ANA, PRIVATE, text).await
    }

    pub(crate) async fn ask_as(&self, user: i64, chat: i64, text: &str) -> Call {
        let from = self.telegram.calls.borrow().len();
        self.write(user, chat, text);
        self.telegram.until(from, |it| it.method == "sendMessage" && it.chat() == chat).await
    }

    /// Somebody presses the button of this message that sends these data.
    pub(crate) fn press(&self, user: i64, chat: i64, message: i64, data: &str) {
        self.telegram.tell(json!({ "callback_query": { "id": format!("press-{message}"), "data": data,
            "from": { "id": user, "is_bot": false },
            "message": { "message_id": message, "date": self.now(), "chat": { "id": chat } } } }));
    }

    /// Ana presses the button with these words, and this is what the message says at the end, when it says this.
    pub(crate) async fn pressed(&self, below: &Call, words: &str, until: &str) -> Call {
        let data = below.buttons().into_iter().find(|(it, _)| it == words).expect("there is such a button").1;
        let from = self.telegram.calls.borrow().len();
        self.press(ANA, below.chat(), below.message, &data);
        let is_it = |it: &Call| it.method == "editMessageText" && it.text().contains(until);
        self.telegram.until(from, is_it).await
    }

    /// What the next press is answered.
    pub(crate) async fn answered(&self, user: i64, chat: i64, message: i64, data: &str) -> String {
        let from = self.telegram.calls.borrow().len();
        self.press(user, chat, message, data);
        self.telegram.until(from, |it| it.method == "answerCallbackQuery").await.text().to_owned()
    }

    /// Everything that was told before this has been looked at: the bot answers in turn.
    pub(crate) async fn settled(&self) {
        for _ in 0..2 {
            let answer = self.ask_as(BEN, GROUP, "/help").await;
            assert!(answer.text().contains("/futures_open"));
        }
    }

    pub(crate) fn events(&self, kind: &str) -> Vec<String> {
        let filter = EventFilter { limit: 1000, ..EventFilter::default() };
        let events = self.world.service.events(&filter).events;
        events.into_iter().filter(|it| it.kind == kind).map(|it| it.text).collect()
    }

    /// The steps of actions on record, with their words.
    pub(crate) async fn audited(&self) -> Vec<(String, String)> {
        let since = crate::world::start();
        let events = RiskEventRepository::since(&self.world.store, &AccountId::new("main"), since).await.unwrap();
        let steps = events.into_iter().filter(|it| it.kind.starts_with("action_"));
        steps.map(|it| (it.kind, it.detail)).collect()
    }

    /// Lets time pass until it is so.
    pub(crate) async fn pass_until(&self, is_so: impl Fn() -> bool) {
        let waited = tokio::time::timeout(Duration::from_secs(10), async {
            while !is_so() {
                self.world.pass(Duration::from_secs(1));
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        });
        waited.await.expect("it came about in time");
    }
}

type Running = (Arc<Bot>, oneshot::Sender<()>, JoinHandle<Result<(), BotFailure>>);

fn start(world: &World, settings: Settings) -> Running {
    let service = Arc::new(world.service.clone());
    let bot = Arc::new(Bot::new(settings, service, Arc::new(world.venue.clock())).unwrap());
    let (stop, stopped) = oneshot::channel();
    let running = Arc::clone(&bot);
    let task = tokio::spawn(async move {
        running
            .run(async {
                let _ = stopped.await;
            })
            .await
    });
    (bot, stop, task)
}
