//! What somebody writes, read: exactly, or with a sentence that says what is wrong with it.

use plimsoll_ports::domain::{Decimal, Direction, Leverage, Money, Price};

/// What somebody wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Command {
    Help,
    Status(Wish),
    Open(OpenWish),
    Close { wish: Wish, direction: Option<Direction> },
    Leverage { leverage: Leverage, wish: Wish },
    Funding(Wish),
    LiquidationRisk(Wish),
    EmergencyClose { account: Option<String>, reason: Option<String> },
    Kill { account: Option<String>, reason: Option<String> },
    Release { account: Option<String>, reason: String },
    Pnl(Wish),
    Risk(Wish),
    Strategies,
    Pause { strategy: String, reason: Option<String> },
    Resume { strategy: String, reason: Option<String> },
}

/// What it is about, where that is said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Wish {
    pub(crate) account: Option<String>,
    pub(crate) symbol: Option<String>,
}

/// What is to be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OpenWish {
    pub(crate) direction: Direction,
    pub(crate) notional: Money,
    pub(crate) wish: Wish,
    pub(crate) leverage: Option<Leverage>,
    pub(crate) stop: Option<StopWish>,
}

/// Where its stop is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StopWish {
    At(Price),
    /// So far from the mark, as a share of it.
    Within(Decimal),
}

/// Every command with what it does, for the menu and for `/help`: name, what follows it, what it does.
pub(crate) const MENU: [(&str, &str, &str); 15] = [
    ("futures_status", "[on ACCOUNT]", "equity, positions, liquidation prices"),
    ("futures_open", "long|short AMOUNT [SYMBOL] [5x] [stop PRICE|2%] [on ACCOUNT]", "open a position, after asking"),
    ("futures_close", "[SYMBOL] [long|short] [on ACCOUNT]", "close a position whole, after asking"),
    ("futures_leverage", "10 [SYMBOL] [on ACCOUNT]", "set the leverage of a contract, after asking"),
    ("funding_rate", "[SYMBOL] [on ACCOUNT]", "funding rates and what they cost"),
    ("liquidation_risk", "[on ACCOUNT]", "how far each position is from its liquidation"),
    ("futures_emergency_close", "[on ACCOUNT] [REASON]", "close EVERYTHING, after asking twice"),
    ("kill", "[on ACCOUNT] [REASON]", "engage the kill switch, after asking twice"),
    ("release", "[on ACCOUNT] REASON", "release the kill switch, after asking"),
    ("pnl", "[on ACCOUNT]", "what was earned, today and in all"),
    ("risk", "[on ACCOUNT]", "limits and how much of them is used"),
    ("strategies", "", "which strategies run"),
    ("pause", "STRATEGY [REASON]", "let a strategy open nothing more, after asking"),
    ("resume", "STRATEGY [REASON]", "let a strategy go on, after asking"),
    ("help", "", "all of this"),
];

impl Command {
    /// Reads what was written to a bot of this name. `None`: it is no command, or is somebody else's.
    pub(crate) fn read(text: &str, me: &str, is_group: bool) -> Option<Result<Self, String>> {
        let mut words = text.split_whitespace();
        let first = words.next()?.strip_prefix('/')?;
        let (name, is_addressed) = match first.split_once('@') {
            Some((name, whom)) if whom.eq_ignore_ascii_case(me) => (name, true),
            Some(_) => return None,
            None => (first, false),
        };
        let mut rest = Rest(words.collect());
        Some(match name.to_ascii_lowercase().as_str() {
            "help" | "start" => rest.end(Self::Help),
            "futures_status" => rest.account().and_then(|wish| rest.end(Self::Status(wish))),
            "futures_open" => rest.open(),
            "futures_close" => rest.close(),
            "futures_leverage" => rest.leverage(),
            "funding_rate" => rest.wish().map(Self::Funding),
            "liquidation_risk" => rest.account().and_then(|wish| rest.end(Self::LiquidationRisk(wish))),
            "futures_emergency_close" => {
                rest.reasoned().map(|(account, reason)| Self::EmergencyClose { account, reason })
            }
            "kill" => rest.reasoned().map(|(account, reason)| Self::Kill { account, reason }),
            "release" => rest.release(),
            "pnl" => rest.account().and_then(|wish| rest.end(Self::Pnl(wish))),
            "risk" => rest.account().and_then(|wish| rest.end(Self::Risk(wish))),
            "strategies" => rest.end(Self::Strategies),
            "pause" => rest.strategy("pause").map(|(strategy, reason)| Self::Pause { strategy, reason }),
            "resume" => rest.strategy("resume").map(|(strategy, reason)| Self::Resume { strategy, reason }),
            // In a group it may be another bot's.
            _ if is_group && !is_addressed => return None,
            _ => Err("there is no such command; /help lists them".to_owned()),
        })
    }

    /// What it is called.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Help => "help",
            Self::Status(_) => "futures_status",
            Self::Open(_) => "futures_open",
            Self::Close { .. } => "futures_close",
            Self::Leverage { .. } => "futures_leverage",
            Self::Funding(_) => "funding_rate",
            Self::LiquidationRisk(_) => "liquidation_risk",
            Self::EmergencyClose { .. } => "futures_emergency_close",
            Self::Kill { .. } => "kill",
            Self::Release { .. } => "release",
            Self::Pnl(_) => "pnl",
            Self::Risk(_) => "risk",
            Self::Strategies => "strategies",
            Self::Pause { .. } => "pause",
            Self::Resume { .. } => "resume",
        }
    }
}

/// The words after a command that nobody has taken yet.
struct Rest<'t>(Vec<&'t str>);

impl<'t> Rest<'t> {
    fn next(&mut self) -> Option<&'t str> {
        if self.0.is_empty() { None } else { Some(self.0.remove(0)) }
    }

    /// Takes the first of these words that are there.
    fn take(&mut self, word: &str) -> bool {
        let found = self.0.iter().position(|it| it.eq_ignore_ascii_case(word));
        found.map(|place| self.0.remove(place)).is_some()
    }

    /// Takes what follows a word.
    fn after(&mut self, word: &str) -> Result<Option<&'t str>, String> {
        let Some(place) = self.0.iter().position(|it| it.eq_ignore_ascii_case(word)) else { return Ok(None) };
        self.0.remove(place);
        if place < self.0.len() { Ok(Some(self.0.remove(place))) } else { Err(format!("what follows '{word}'?")) }
    }

    fn end<T>(&self, it: T) -> Result<T, String> {
        match self.0.first() {
            None => Ok(it),
            Some(word) => Err(format!("'{}' makes no sense here; nothing was done", short(word))),
        }
    }

    fn account(&mut self) -> Result<Wish, String> {
        Ok(Wish { account: self.after("on")?.map(str::to_owned), symbol: None })
    }

    /// An account and a contract, and nothing else.
    fn wish(&mut self) -> Result<Wish, String> {
        let wish = Wish { symbol: None, ..self.account()? };
        let wish = Wish { symbol: self.symbol(), ..wish };
        self.end(wish)
    }

    /// The next word, if it may be a contract's name.
    fn symbol(&mut self) -> Option<String> {
        let first = self.0.first()?;
        let is_other = times(first).is_some()
            || first.bytes().all(|it| it.is_ascii_digit())
            || ["on", "stop", "long", "short"].iter().any(|word| first.eq_ignore_ascii_case(word));
        if is_other { None } else { self.next().map(str::to_owned) }
    }

    fn direction(&mut self) -> Option<Direction> {
        if self.take("long") {
            return Some(Direction::Long);
        }
        self.take("short").then_some(Direction::Short)
    }

    fn open(&mut self) -> Result<Command, String> {
        let usage = "it goes like this: /futures_open long|short 100 BTC/USDT:USDT 5x stop 2%";
        let account = self.after("on")?;
        let stop = self.after("stop")?.map(stop).transpose()?;
        let direction = self.next().and_then(|it| Rest(vec![it]).direction()).ok_or(usage)?;
        let amount = self.next().ok_or(usage)?;
        let notional: Money = amount.parse().map_err(|_| format!("'{}' is no amount; {usage}", short(amount)))?;
        if !notional.is_positive() {
            return Err(format!("an amount is above 0, got {notional}"));
        }
        let place = self.0.iter().position(|it| times(it).is_some());
        let leverage = place.and_then(|place| times(self.0.remove(place))).transpose()?;
        let wish = Wish { account: account.map(str::to_owned), symbol: self.symbol() };
        self.end(Command::Open(OpenWish { direction, notional, wish, leverage, stop }))
    }

    fn close(&mut self) -> Result<Command, String> {
        let direction = self.direction();
        Ok(Command::Close { wish: self.wish()?, direction })
    }

    fn leverage(&mut self) -> Result<Command, String> {
        let usage = "it goes like this: /futures_leverage 10 BTC/USDT:USDT";
        let word = self.next().ok_or(usage)?;
        let leverage = times(word).unwrap_or_else(|| leverage(word))?;
        Ok(Command::Leverage { leverage, wish: self.wish()? })
    }

    /// An account, if it is named first, and words.
    fn reasoned(&mut self) -> Result<(Option<String>, Option<String>), String> {
        let is_named = self.0.first().is_some_and(|it| it.eq_ignore_ascii_case("on"));
        let account = if is_named { self.after("on")?.map(str::to_owned) } else { None };
        Ok((account, self.words()?))
    }

    fn release(&mut self) -> Result<Command, String> {
        let (account, reason) = self.reasoned()?;
        let reason = reason.ok_or("why? it goes like this: /release the news is out")?;
        Ok(Command::Release { account, reason })
    }

    fn strategy(&mut self, name: &str) -> Result<(String, Option<String>), String> {
        let strategy =
            self.next().ok_or_else(|| format!("which? it goes like this: /{name} trend; see /strategies"))?;
        Ok((short(strategy), self.words()?))
    }

    /// All that is left, as one line for the records.
    fn words(&mut self) -> Result<Option<String>, String> {
        const MOST: usize = 300;
        let text: String = std::mem::take(&mut self.0).join(" ");
        if text.chars().count() > MOST || text.chars().any(char::is_control) {
            return Err(format!("a reason is one line of at most {MOST} characters"));
        }
        Ok((!text.is_empty()).then_some(text))
    }
}

/// `5x`; `None` where it does not look like that.
fn times(word: &str) -> Option<Result<Leverage, String>> {
    let number = word.strip_suffix(['x', 'X'])?;
    (!number.is_empty() && number.bytes().all(|it| it.is_ascii_digit())).then(|| leverage(number))
}

fn leverage(number: &str) -> Result<Leverage, String> {
    let times: u32 = number.parse().map_err(|_| format!("'{}' is no leverage", short(number)))?;
    Leverage::new(times).map_err(|error| error.to_string())
}

/// `55000`, or `2%` from the mark.
fn stop(word: &str) -> Result<StopWish, String> {
    let wrong = || format!("'{}' is no stop: a price, or a distance such as 2%", short(word));
    let Some(percent) = word.strip_suffix('%') else {
        return word.parse().map(StopWish::At).map_err(|_| wrong());
    };
    let percent: Decimal = plimsoll_ports::domain::decimal::exact(percent).map_err(|_| wrong())?;
    let share = percent / Decimal::ONE_HUNDRED;
    if share <= Decimal::ZERO || share >= Decimal::ONE { Err(wrong()) } else { Ok(StopWish::Within(share)) }
}

/// What somebody wrote, for saying it back.
fn short(text: &str) -> String {
    text.chars().filter(|it| !it.is_control()).take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Result<Command, String>> {
        Command::read(text, "plimsoll_bot", false)
    }

    fn wish(account: Option<&str>, symbol: Option<&str>) -> Wish {
        Wish { account: account.map(str::to_owned), symbol: symbol.map(str::to_owned) }
    }

    fn open(direction: Direction, notional: &str) -> OpenWish {
        let notional = notional.parse().unwrap();
        OpenWish { direction, notional, wish: Wish::default(), leverage: None, stop: None }
    }

    #[test]
    fn opening_is_read_in_any_order_of_what_may_be_left_out() {
        let full = OpenWish {
            wish: wish(None, Some("BTC/USDT:USDT")),
            leverage: Some(Leverage::new(5).unwrap()),
            stop: Some(StopWish::At("55000".parse().unwrap())),
            ..open(Direction::Long, "100")
        };
        for (text, expected) in [
            ("/futures_open long 100", open(Direction::Long, "100")),
            ("/FUTURES_OPEN@Plimsoll_Bot  Short 0.5 ", open(Direction::Short, "0.5")),
            ("/futures_open long 100 BTC/USDT:USDT 5x stop 55000", full.clone()),
            ("/futures_open long 100 stop 55000 5X BTC/USDT:USDT", full.clone()),
            (
                "/futures_open on second long 100 stop 2.5% eth",
                OpenWish {
                    wish: wish(Some("second"), Some("eth")),
                    stop: Some(StopWish::Within("0.025".parse().unwrap())),
                    ..open(Direction::Long, "100")
                },
            ),
        ] {
            assert_eq!(read(text), Some(Ok(Command::Open(expected))), "{text}");
        }
    }

    #[test]
    fn every_other_command_is_read() {
        let ten = Leverage::new(10).unwrap();
        let said = |text: &str| Some(text.to_owned());
        for (text, expected) in [
            ("/start", Command::Help),
            ("/help@plimsoll_bot", Command::Help),
            ("/futures_status on main", Command::Status(wish(Some("main"), None))),
            ("/futures_close", Command::Close { wish: Wish::default(), direction: None }),
            (
                "/futures_close BTC/USDT:USDT short on main",
                Command::Close { wish: wish(Some("main"), Some("BTC/USDT:USDT")), direction: Some(Direction::Short) },
            ),
            ("/futures_leverage 10", Command::Leverage { leverage: ten, wish: Wish::default() }),
            ("/futures_leverage 10x BTC", Command::Leverage { leverage: ten, wish: wish(None, Some("BTC")) }),
            ("/funding_rate BTC", Command::Funding(wish(None, Some("BTC")))),
            ("/liquidation_risk", Command::LiquidationRisk(Wish::default())),
            ("/futures_emergency_close", Command::EmergencyClose { account: None, reason: None }),
            ("/kill on main bad news on tv", Command::Kill { account: said("main"), reason: said("bad news on tv") }),
            ("/kill turn it on", Command::Kill { account: None, reason: said("turn it on") }),
            ("/release it is over", Command::Release { account: None, reason: "it is over".to_owned() }),
            ("/pnl", Command::Pnl(Wish::default())),
            ("/risk", Command::Risk(Wish::default())),
            ("/strategies", Command::Strategies),
            ("/pause trend", Command::Pause { strategy: "trend".to_owned(), reason: None }),
            ("/resume trend it is over", Command::Resume { strategy: "trend".to_owned(), reason: said("it is over") }),
        ] {
            assert_eq!(read(text), Some(Ok(expected.clone())), "{text}");
            let name = expected.name();
            assert!(MENU.iter().any(|(known, ..)| *known == name), "{name} is on the menu");
        }
    }

    #[test]
    fn what_is_wrong_is_said_and_nothing_is_guessed() {
        for (text, said) in [
            ("/futures_open", "goes like this"),
            ("/futures_open up 100", "goes like this"),
            ("/futures_open long much", "'much' is no amount"),
            ("/futures_open long -5", "above 0"),
            ("/futures_open long 0", "above 0"),
            ("/futures_open long 100 BTC ETH", "'ETH' makes no sense"),
            ("/futures_open long 100 5x 6x", "'6x' makes no sense"),
            ("/futures_open long 100 0x", "leverage"),
            ("/futures_open long 100 99999999999x", "no leverage"),
            ("/futures_open long 100 stop", "what follows 'stop'?"),
            ("/futures_open long 100 stop none", "no stop"),
            ("/futures_open long 100 stop 100%", "no stop"),
            ("/futures_open long 100 stop -2%", "no stop"),
            ("/futures_open long 100 stop 1 stop 2", "'stop' makes no sense"),
            ("/futures_open long 100 on", "what follows 'on'?"),
            ("/futures_close BTC ETH", "'ETH' makes no sense"),
            ("/futures_leverage", "goes like this"),
            ("/futures_leverage high", "no leverage"),
            ("/release", "why?"),
            ("/pause", "which?"),
            ("/strategies now", "'now' makes no sense"),
            ("/buy", "no such command"),
        ] {
            let error = read(text).expect(text).expect_err(text);
            assert!(error.contains(said), "{text}: {error}");
        }
        assert!(read(&format!("/kill {}", "x".repeat(301))).unwrap().is_err());
    }

    #[test]
    fn what_is_not_for_us_is_left_alone() {
        for text in ["", "hello", "hello /kill", "/kill@another_bot", "//", " "] {
            let it = read(text);
            assert!(it.is_none() || text == "//", "{text}: {it:?}");
        }
        assert_eq!(Command::read("/weather", "plimsoll_bot", true), None, "in a group it may be another's");
        assert!(Command::read("/weather@plimsoll_bot", "plimsoll_bot", true).is_some_and(|it| it.is_err()));
    }

    #[test]
    fn the_menu_is_one_that_telegram_takes() {
        for (name, _, what) in MENU {
            assert!((1..=32).contains(&name.len()) && (1..=256).contains(&what.len()), "{name}");
            assert!(name.bytes().all(|it| it.is_ascii_lowercase() || it == b'_'), "{name}");
        }
    }
}
