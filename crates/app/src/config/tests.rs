//! Text and variables in, a configuration or every problem out.

use super::*;
use plimsoll_domain::{MarginMode, Rate};
use std::fmt::Write as _;

pub(super) const MINIMAL: &str = "[accounts.main]\nenvironment = \"testnet\"\nkey_env = \"K\"\nsecret_env = \"S\"\n";

fn places() -> Places {
    Places { file: "plimsoll.toml".to_owned(), state: PathBuf::from("/state") }
}

fn environment(pairs: &[(&str, &str)]) -> Environment {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn read(text: &str, pairs: &[(&str, &str)]) -> Result<Config, Vec<Problem>> {
    Config::read(text, &environment(pairs), &places())
}

pub(super) fn config(text: &str, pairs: &[(&str, &str)]) -> Config {
    read(text, pairs).unwrap_or_else(|problems| panic!("{}", told(&problems)))
}

fn told(problems: &[Problem]) -> String {
    problems.iter().fold(String::new(), |mut said, problem| {
        writeln!(said, "{problem}").unwrap();
        said
    })
}

pub(super) fn problems(text: &str, pairs: &[(&str, &str)]) -> String {
    told(&read(text, pairs).expect_err("it is wrong"))
}

#[test]
fn the_example_is_accepted_and_shows_the_defaults() {
    let example = config(example::EXAMPLE, &[]);
    let minimal = config(MINIMAL, &[]);
    assert_eq!(example.accounts[0].limits, minimal.accounts[0].limits);
    assert_eq!(example.trading, minimal.trading);
    assert_eq!(example.intervals, minimal.intervals);
    assert_eq!(example.accounts[0].assumed_taker_fee, minimal.accounts[0].assumed_taker_fee);
    assert_eq!(minimal.accounts[0].limits, plimsoll_domain::risk::LimitSettings::default());
    let in_the_example = |shown: &&Shown| {
        let name = shown.setting.rsplit('.').next().unwrap();
        !example::EXAMPLE.lines().any(|line| line.trim_start_matches("# ").starts_with(&format!("{name} = ")))
    };
    let missing: Vec<_> = minimal.shown.iter().filter(in_the_example).collect();
    assert!(missing.is_empty(), "the example does not tell of {missing:?}");
}

#[test]
fn the_environment_goes_before_the_file_and_the_file_before_the_default() {
    let text = format!("{MINIMAL}[limits]\nmax_leverage = 4\nmax_positions = 2\n");
    let it = config(&text, &[("MAX_LEVERAGE", "10"), ("PLIMSOLL_LIMITS_MAX_POSITIONS", "7")]);
    assert_eq!((it.accounts[0].limits.max_leverage.get(), it.accounts[0].limits.max_positions), (10, 7));
    let origin = |setting: &str| it.shown.iter().find(|shown| shown.setting == setting).unwrap().origin.to_string();
    assert_eq!(origin("limits.max_leverage"), "environment MAX_LEVERAGE");
    assert_eq!(origin("accounts.main.key_env"), "plimsoll.toml:3:11");
    assert_eq!(origin("limits.max_drawdown"), "default");
}

#[test]
fn the_names_that_environment_files_use_are_understood() {
    let it = config(
        MINIMAL,
        &[
            ("ENABLE_FUTURES", "false"),
            ("DEFAULT_LEVERAGE", "5"),
            ("MAX_LEVERAGE", "20"),
            ("MAX_POSITIONS_FUTURES", "4"),
            ("DAILY_LOSS_LIMIT", "2.5"),
            ("DEFAULT_FUTURES_STRATEGY", "trend_switch"),
            ("DATABASE_URL", "postgres://me:hush@db/plimsoll"),
        ],
    );
    let limits = &it.accounts[0].limits;
    assert_eq!((it.trading.enabled, it.trading.default_leverage.get()), (false, 5));
    assert_eq!((limits.max_leverage.get(), limits.max_positions), (20, 4));
    assert_eq!(limits.max_daily_loss_share, "0.025".parse::<Rate>().unwrap());
    assert_eq!(it.database.to_string(), "postgres://me:***@db/plimsoll");
    assert!(!format!("{it:?}").contains("hush"), "a password shows");
}

#[test]
fn a_kind_that_is_named_trades_where_no_strategy_is_written() {
    let of = |text: &str, kind: &str| read(text, &[("DEFAULT_FUTURES_STRATEGY", kind)]).map(|it| it.strategies);
    let symbols = format!("{MINIMAL}symbols = \"ETH/USDT:USDT, BTC/USDT:USDT\"\n");
    let [one] = of(&symbols, "grid").unwrap().try_into().unwrap();
    let strategies::StrategyConfig { name, kind, places, settings, expectation: None } = &one else {
        panic!("{one:?}")
    };
    assert_eq!((name.as_str(), kind.as_str(), settings.len()), ("default", "grid", 0));
    assert_eq!(places.iter().map(ToString::to_string).collect::<Vec<_>>(), ["ETH/USDT:USDT on main"]);
    let shown = config(&symbols, &[("DEFAULT_FUTURES_STRATEGY", "grid")]).shown;
    let origin = shown.iter().find(|it| it.setting == "strategies.default.kind").map(|it| it.origin.to_string());
    assert_eq!(origin.as_deref(), Some("environment DEFAULT_FUTURES_STRATEGY"));

    // What is written goes before it.
    let written = format!("{MINIMAL}[strategies.own]\nkind = \"ema_cross\"\non = \"main BTC/USDT:USDT\"\n");
    let names = |them: Vec<StrategyConfig>| them.into_iter().map(|it| (it.name, it.kind)).collect::<Vec<_>>();
    assert_eq!(names(of(&written, "grid").unwrap()), [("own".to_owned(), "ema_cross".to_owned())]);

    // One that trades two contracts takes another account's of the same base, or says that there is none.
    let second =
        "[accounts.second]\nvenue = \"gateio\"\nenvironment = \"testnet\"\nkey_env = \"K\"\nsecret_env = \"S\"\n";
    let both = of(&format!("{MINIMAL}{second}"), "funding_arbitrage").unwrap();
    let places: Vec<String> = both[0].places.iter().map(ToString::to_string).collect();
    assert_eq!(places, ["BTC/USDT:USDT on main", "BTC/USDT:USDT on second"]);
    let alone = told(&of(MINIMAL, "funding_arbitrage").unwrap_err());
    assert!(alone.contains("environment DEFAULT_FUTURES_STRATEGY: trading.default_strategy"), "{alone}");
    assert!(
        alone.contains("funding_arbitrage trades 2 contracts of BTC, each on its account: 1 is configured"),
        "{alone}"
    );
    assert!(told(&of(MINIMAL, "gird").unwrap_err()).contains("'gird' is no kind of strategy, did you mean grid?"));
}

#[test]
fn an_account_may_be_held_tighter_than_the_others() {
    let text = format!("{MINIMAL}[accounts.main.limits]\nmax_leverage = 3\n[limits]\nmax_positions = 9\n");
    let it = config(&text, &[("MAX_LEVERAGE", "20")]);
    assert_eq!((it.accounts[0].limits.max_leverage.get(), it.accounts[0].limits.max_positions), (3, 9));
}

#[test]
fn every_mistake_is_told_at_once_with_its_place_and_remedy() {
    let text = r#"
databse = "x"
[limits]
max_leverag = 5
max_leverage = 50
max_position = "ten thousand"
[intervals]
monitor = "5 years"
[accounts.main]
environment = "testnt"
margin_mode = "crossed"
api_secret = "do not show this"
key_env = "AbCdEf123"
[accounts.sim]
environment = "loopback"
rest_url = "http://10.0.0.1:80"
key_env = "K"
"#;
    insta::assert_snapshot!(problems(text, &[("MAX_POSITIONS_FUTURES", "many"), ("PLIMSOLL_LIMITS_MAX_LEVERAG", "3")]), @r#"
    plimsoll.toml:2:1: databse: no such setting
        did you mean database?
    plimsoll.toml:4:1: limits.max_leverag: no such setting
        did you mean max_leverage?
    plimsoll.toml:5:16: limits.max_leverage: must not be above leverage_cap: raise that too if it is meant, got 50x
        write it like max_leverage = 5; `plimsoll config example` says what it means
    plimsoll.toml:6:16: limits.max_position: 'ten thousand' is not a decimal number that can be kept exactly
        write it like max_position = 10000; `plimsoll config example` says what it means
    plimsoll.toml:8:11: intervals.monitor: '5 years' is no time: write it like 250ms, 5s, 1m, 2h or 1d
        write it like monitor = "5s"; `plimsoll config example` says what it means
    plimsoll.toml:10:15: accounts.main.environment: unknown word 'testnt', did you mean testnet? (known are live, testnet, loopback)
        write it like environment = "testnet"; `plimsoll config example` says what it means
    plimsoll.toml:11:15: accounts.main.margin_mode: unknown margin mode 'crossed': known are isolated, cross
        write it like margin_mode = "isolated"; `plimsoll config example` says what it means
    plimsoll.toml:12:1: accounts.main.api_secret: a secret is written here
        take it out, treat it as known to others, and say where the new one is: secret_env = "NAME" of an environment variable, or secret_file = "/path" that only you may read
    plimsoll.toml:13:11: accounts.main.key_env: not the name of an environment variable: capital letters, digits and _ (is it the secret itself?)
        write it like key_env = "BINANCE_KEY"; `plimsoll config example` says what it means
    plimsoll.toml:14:11: accounts.sim.socket_url: where is the simulated venue?
        write socket_url = "ws://127.0.0.1:8545", as `plimsoll venue` prints it
    plimsoll.toml:14:11: accounts.sim: secret_env or secret_file is missing
        write secret_env = "NAME" of the environment variable, or secret_file = "/path"
    plimsoll.toml:16:12: accounts.sim.rest_url: '10.0.0.1:80' is not on this machine
        write it like rest_url = "http://127.0.0.1:8545"; `plimsoll config example` says what it means
    environment MAX_POSITIONS_FUTURES: limits.max_positions: 'many' is no whole number from 0 up
        set it like MAX_POSITIONS_FUTURES=3, or unset it
    environment PLIMSOLL_LIMITS_MAX_LEVERAG: no such setting
        did you mean PLIMSOLL_LIMITS_MAX_LEVERAGE? Else unset it
    "#);
}

#[test]
fn what_is_no_toml_is_told_line_by_line() {
    insta::assert_snapshot!(problems("[limits]\nmax_leverage 5\nx = [\n", &[]), @r#"
    plimsoll.toml:2:14: not TOML: key with no value, expected `=`
        mend this line; the rest is read after that
    plimsoll.toml:3:6: not TOML: unclosed array, expected `]`
        mend this line; the rest is read after that
    "#);
}

#[test]
fn a_configuration_without_an_account_is_of_no_use() {
    for text in ["", "[accounts]\n", "[limits]\nmax_leverage = 3\n"] {
        assert!(problems(text, &[]).contains("no account is configured"), "{text}");
    }
}

#[test]
fn contradictions_are_found_before_anything_is_traded() {
    for (more, sentence) in [
        ("[limits]\nmax_leverage = 25", "limits.max_leverage: must not be above leverage_cap"),
        ("[trading]\ndefault_leverage = 10", "10x is above limits.max_leverage, which is 5x"),
        ("[limits]\nmin_cover = 0.5", "must be at least 1"),
        ("[limits]\nmax_daily_loss_share = \"500 %\"", "must be above 0 and at most 1"),
        ("[limits]\nmax_position = 0", "limits.max_position: must be above 0"),
        ("[limits]\nmax_exposure = 0", "limits.max_exposure: must be above 0"),
        ("[limits]\nmax_portfolio_exposure_share = \"-5 %\"", "limits.max_portfolio_exposure_share: must be above 0"),
        ("[limits]\nover_exposure = \"panic\"", "'panic' is neither tell nor reduce"),
        ("[ladder]\npaper_days = 0", "ladder.paper_days: must be at least 1, got 0"),
        ("[ladder]\nmicro_capital = 50", "ladder.micro_capital: must be above 0 and at least micro_minimum, got 50"),
        ("[ladder]\npaper_day = 5", "did you mean paper_days?"),
        ("[limits.max_leverage]\nx = 1", "one value is wanted here"),
        ("[accounts.Main]\nenvironment = \"testnet\"", "'Main' is no name"),
        ("accounts.x = 5", "a table is wanted here"),
    ] {
        let text = if more.starts_with("accounts.x") { more.to_owned() } else { format!("{MINIMAL}{more}\n") };
        let said = problems(&text, &[]);
        assert!(said.contains(sentence), "{more}: {said}");
    }
}

#[test]
fn limits_on_all_positions_together_are_those_that_are_written() {
    let limits = |text: &str| config(&format!("{MINIMAL}{text}"), &[]).accounts[0].limits.clone();
    assert_eq!((limits("").max_exposure, limits("").max_venue_exposure_share), (None, None));
    let text = "[limits]\nmax_exposure = 30000\nmax_exposure_share = \"300 %\"\nmax_venue_exposure_share = 2\n\
                [accounts.main.limits]\nmax_exposure = 9000\nover_exposure = \"reduce\"\n";
    let it = limits(text);
    let written = (it.max_exposure, it.max_exposure_share, it.max_venue_exposure_share);
    assert_eq!(written, ("9000".parse().ok(), "3".parse().ok(), "2".parse().ok()));
    assert_eq!(it.over_exposure, plimsoll_domain::risk::OverExposure::Reduce);
}

#[test]
fn days_on_paper_are_those_of_an_account_that_is_no_real_money() {
    let with = |environment: &str, paper: &str, more: &str| {
        format!(
            "{}paper_account = \"{paper}\"\n{}{more}",
            MINIMAL.replace("testnet", environment),
            MINIMAL.replace("main", "rehearsal")
        )
    };
    let it = config(&with("live", "rehearsal", ""), &[]);
    assert_eq!(it.accounts[0].paper_account.as_ref().map(|name| name.as_str()), Some("rehearsal"));
    for (text, sentence) in [
        (with("live", "nobody", ""), "plimsoll.toml:5:17: accounts.main.paper_account: no account is called 'nobody'"),
        (with("live", "main", ""), "'main' is live: what is traded there is not paper"),
        (with("testnet", "rehearsal", ""), "this account is not live: it climbs no ladder"),
        (with("live", "rehearsal", "settle = \"USDC\"\n"), "'rehearsal' is kept in USDC, this account in USDT"),
        (with("live", "No Name", ""), "'No Name' is no name"),
    ] {
        let said = problems(&text, &[]);
        assert!(said.contains(sentence), "{sentence}: {said}");
    }
}

#[test]
fn contracts_are_written_as_a_list_or_with_commas_between_them() {
    let symbols = |value: &str| {
        let config = config(&format!("{MINIMAL}symbols = {value}\n"), &[]);
        config.accounts[0].symbols.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let both = ["BTC/USDT:USDT", "ETH/USDT:USDT"];
    assert_eq!(symbols(r#"["BTC/USDT:USDT", "ETH/USDT:USDT"]"#), both);
    assert_eq!(symbols(r#""BTC/USDT:USDT, ETH/USDT:USDT""#), both);
    assert!(problems(&format!("{MINIMAL}symbols = [\"BTC\"]\n"), &[]).contains("'BTC' is not a symbol"));
    assert!(problems(&format!("{MINIMAL}symbols = [{{ a = 1 }}]\n"), &[]).contains("one value is wanted here"));
}

#[test]
fn secrets_and_plain_lines_are_refused_where_they_are_written() {
    for (line, sentence) in [
        ("key = \"x\"", "a secret is written here"),
        ("rest_url = \"http://fapi.binance.com\"", "http is for this machine only: use https"),
        ("rest_url = \"https://user:pass@host\"", "names no host"),
        ("key_file = \"/k\"", "in two places"),
        ("environment = \"live\"", "not TOML"),
        ("venue = \"mtgox\"", "unknown word 'mtgox'"),
        ("foreign = \"wach\"", "did you mean watch?"),
    ] {
        let said = problems(&format!("{MINIMAL}{line}\n"), &[]);
        assert!(said.contains(sentence), "{line}: {said}");
    }
    for url in ["postgres://me:hunter2@h/d", "postgres://me@h/d?password=hunter2"] {
        let said = problems(&format!("database = \"{url}\"\n{MINIMAL}"), &[]);
        assert!(said.contains("a password is written in the file") && !said.contains("hunter2"), "{said}");
    }
}

#[test]
fn what_is_refused_or_shown_tells_no_secret() {
    let said = problems(MINIMAL, &[("DATABASE_URL", "postgres:/me:hunter2@host/db")]);
    assert!(said.contains("environment DATABASE_URL: database: a PostgreSQL database is written"), "{said}");
    let said = said + &problems(&format!("{MINIMAL}rest_url = \"https://me:hunter2@host\"\n"), &[]);
    assert!(!said.contains("hunter2"), "{said}");
    let (key, secret) = ("VMPUZE6ZVXSD8YBQ7KTLFA2G", "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP");
    let pasted = format!("[accounts.a]\nenvironment = \"testnet\"\nkey_env = \"{key}\"\nsecret_file = \"{secret}\"\n");
    let shown = config(&pasted, &[]).shown;
    assert!(!shown.iter().any(|it| it.value == key || it.value == secret), "{shown:?}");
}

#[test]
fn an_account_is_kept_in_what_its_symbols_settle_in() {
    for (lines, sentence) in [
        ("settle = \"usdt\"", "plimsoll.toml:5:10: accounts.main.settle: 'usdt' is no currency"),
        ("settle = \"\"", "'' is no currency"),
        (
            "settle = \"USDTT\"\nsymbols = \"BTC/USDT:USDT, ETH/USDT:USDT\"",
            "plimsoll.toml:5:10: accounts.main.settle: it is 'USDTT', while the account's symbols settle in USDT\n    \
             write settle = \"USDT\"",
        ),
        ("symbols = \"BTC/USDC:USDC\"", "plimsoll.toml:5:11: accounts.main.settle: it is 'USDT'"),
    ] {
        let said = problems(&format!("{MINIMAL}{lines}\n"), &[]);
        assert!(said.contains(sentence), "{lines}: {said}");
    }
    for lines in ["settle = \"USDC\"", "settle = \"USDC\"\nsymbols = \"BTC/USDT:USDT, BTC/USDC:USDC\""] {
        assert_eq!(config(&format!("{MINIMAL}{lines}\n"), &[]).accounts[0].settle.as_str(), "USDC");
    }
}

#[test]
fn loopback_stays_on_this_machine_and_live_does_not() {
    let account = |environment: &str, rest: &str| {
        let text = format!(
            "[accounts.a]\nenvironment = \"{environment}\"\nrest_url = \"{rest}\"\nsocket_url = \"wss://localhost\"\n\
             key_env = \"K\"\nsecret_env = \"S\"\n"
        );
        read(&text, &[]).map_err(|problems| told(&problems))
    };
    for rest in ["http://127.0.0.1:1", "http://localhost:8545/", "http://[::1]:5", "https://127.8.8.8"] {
        assert!(account("loopback", rest).is_ok(), "{rest}");
    }
    for rest in ["http://127.0.0.1.example.org", "https://example.org", "ftp://127.0.0.1", "127.0.0.1:80", "http://"] {
        assert!(account("loopback", rest).is_err(), "{rest}");
    }
    assert!(account("live", "https://127.0.0.1").is_err());
}

#[test]
fn an_account_is_chosen_by_name_or_because_it_is_alone() {
    let both = format!("{MINIMAL}{}", MINIMAL.replace("main", "other").replace("\"K\"", "\"OTHER_K\""));
    let (one, two) = (config(MINIMAL, &[]), config(&both, &[]));
    assert_eq!(one.account(None).unwrap().name.as_str(), "main");
    assert_eq!(one.account(None).unwrap().margin_mode, MarginMode::Isolated);
    assert_eq!(two.account(Some("other")).unwrap().name.as_str(), "other");
    assert!(two.account(None).unwrap_err().contains("main, other"));
    assert!(two.account(Some("third")).unwrap_err().contains("configured are main, other"));
}

#[test]
fn every_mistake_in_a_strategy_is_told_with_its_place_and_remedy() {
    let text = format!(
        "{MINIMAL}{}",
        r#"
[strategies.kind]
kind = "ema_crss"
on = "main BTC/USDT:USDT"
[strategies.account]
kind = "ema_cross"
on = "nobody BTC/USDT:USDT"
[strategies.settled]
kind = "ema_cross"
on = "main BTC/USDC:USDC"
[strategies.setting]
kind = "ema_cross"
on = "main BTC/USDT:USDT"
settings = { fsat = 5 }
[strategies.value]
kind = "ema_cross"
on = "main BTC/USDT:USDT"
settings = { fast = 50, slow = 5 }
[strategies.nowhere]
kind = "ema_cross"
[strategies.alone]
kind = "funding_arbitrage"
on = "main BTC/USDT:USDT"
[strategies.place]
kind = "ema_cross"
on = "BTC/USDT:USDT"
leverage = 2
[strategies."No Name"]
on = "main BTC/USDT:USDT"
"#
    );
    insta::assert_snapshot!(problems(&text, &[]), @r#"
    plimsoll.toml:7:8: strategies.kind.kind: 'ema_crss' is no kind of strategy, did you mean ema_cross? (known are ema_cross, funding_arbitrage, grid, trend_switch, volatility_breakout)
        write it like kind = "trend_switch"; `plimsoll config example` says what it means
    plimsoll.toml:11:6: strategies.account.on: no account is called 'nobody' (configured are main)
        write it like on = "main BTC/USDT:USDT"; `plimsoll config example` says what it means
    plimsoll.toml:14:6: strategies.settled.on: BTC/USDC:USDC settles in USDC, and account 'main' is kept in USDT
        write it like on = "main BTC/USDT:USDT"; `plimsoll config example` says what it means
    plimsoll.toml:18:14: strategies.setting.settings.fsat: ema_cross has no such setting
        did you mean fast?
    plimsoll.toml:22:14: strategies.value.settings.fast: fast is below slow, got 50 and 5
        change it; `plimsoll backtest --strategies` lists the settings with their defaults
    plimsoll.toml:23:13: strategies.nowhere: where does it trade?
        write on = "main BTC/USDT:USDT": the account, and the contract; several with commas between them
    plimsoll.toml:27:1: strategies.alone.on: funding_arbitrage trades 2 contracts, each on its account: 1 are given
        name 2 in on, with commas between them, such as main BTC/USDT:USDT
    plimsoll.toml:30:6: strategies.place.on: 'BTC/USDT:USDT' is not an account and a contract, such as main BTC/USDT:USDT
        write it like on = "main BTC/USDT:USDT"; `plimsoll config example` says what it means
    plimsoll.toml:31:1: strategies.place.leverage: no such setting
        it is a setting of [strategies.place.settings]: write it there
    plimsoll.toml:32:13: strategies.No Name: 'No Name' is no name
        use small letters, digits, - and _, at most 32 of them
    plimsoll.toml:32:13: strategies.No Name: which kind of strategy is it?
        write kind = "ema_cross", or another of ema_cross, funding_arbitrage, grid, trend_switch, volatility_breakout
    "#);
}

#[test]
fn a_strategy_is_shown_with_its_settings() {
    let text = format!(
        "{MINIMAL}[trading]\nwarm_up = \"6h\"\n[strategies.cross]\nkind = \"ema_cross\"\non = \"main BTC/USDT:USDT\"\n\
         [strategies.cross.settings]\nfast = 5\nstop = {{ fraction = 0.02 }}\n"
    );
    let it = config(&text, &[]);
    let of_it = |shown: &&Shown| shown.setting.starts_with("strategies.") || shown.setting == "trading.warm_up";
    let shown: Vec<String> = it.shown.iter().filter(of_it).map(|it| format!("{} = {}", it.setting, it.value)).collect();
    insta::assert_snapshot!(shown.join("\n"), @r#"
    trading.warm_up = 6h
    strategies.cross.kind = ema_cross
    strategies.cross.on = main BTC/USDT:USDT
    strategies.cross.settings.fast = 5
    strategies.cross.settings.stop = {"fraction":"0.02"}
    "#);
    assert_eq!(it.strategies[0].build().map(|strategy| strategy.name()).as_deref(), Ok("cross"));
}

#[test]
fn the_strategy_of_the_example_is_one() {
    let (others, strategy) = example::EXAMPLE.split_once("# [strategies.trend]").unwrap();
    let lines = strategy.lines().map(|line| format!("{}\n", line.strip_prefix("# ").unwrap_or(line)));
    let whole = format!("{others}[strategies.trend]{}", lines.collect::<String>());
    let said = problems(&whole, &[]);
    assert!(said.contains("strategies.trend.expectation: trend.json cannot be read"), "{said}");
    // All but the file, which is the backtest's.
    let bare: String =
        whole.lines().filter(|line| !line.starts_with("expectation")).map(|it| format!("{it}\n")).collect();
    let it = config(&bare, &[]);
    assert_eq!(it.strategies[0].settings, [("leverage".to_owned(), 2.into())].into_iter().collect());
}
