//! The venue, the key, the account's own settings, and how each contract is set.

use super::remedy::{self, Words, words};
use super::{Checkup, Weight, when};
use crate::config::{Account, Config};
use crate::screen::rate;
use plimsoll_domain::{Instrument, Symbol};
use plimsoll_ports::{AccountAudit, Broker, NotSent, QueryError, RefusalReason};
use std::time::Duration;

/// A venue that takes longer to answer than this is far away: stops rest there, decisions do not.
const SLOW: Duration = Duration::from_millis(1000);

impl Checkup {
    /// Whether the venue is there, and keeps the same time. Nothing else can be asked where it is not.
    pub(crate) async fn of_venue(&mut self, config: &Config, account: &Account, audit: &dyn AccountAudit) -> bool {
        let pulse = match audit.pulse().await {
            Ok(pulse) => pulse,
            Err(error) => {
                let remedy = match &error {
                    QueryError::Unreachable(NotSent::Throttled { .. }) => remedy::ONCE_REQUESTS_MAY_GO_OUT.to_owned(),
                    _ => format!("is {} the right address, and does this machine reach it?", account.rest_url),
                };
                self.check("venue", Weight::Wrong, Some((error.to_string(), remedy)));
                return false;
            }
        };
        self.check("venue", Weight::Wrong, None);
        let (apart, allowed) = (pulse.apart(), config.intervals.clock);
        let off = || format!("this machine's clock is {} ms off the venue's", apart.as_millis());
        let remedy = "synchronise it (timedatectl set-ntp true): signed requests carry its time";
        self.check("clock", Weight::Wrong, when(apart > allowed.saturating_add(pulse.round_trip / 2), off, remedy));
        let slow = || format!("an answer takes {} ms", pulse.round_trip.as_millis());
        self.check("round_trip", Weight::Warning, when(pulse.round_trip > SLOW, slow, "run nearer to the venue"));
        // Others than Binance do not tell what was used.
        if let Some(limit) = account.weight_limit {
            let used = pulse.weight_used.unwrap_or(0);
            let spent = || format!("{used} of {limit} request weight are used this minute");
            let remedy = "wait a minute, or stop what else asks from this address";
            self.check("budget", Weight::Warning, when(used > limit / 2, spent, remedy));
        }
        true
    }

    /// Whether the key is the right one, and may do what it must and no more.
    pub(crate) async fn of_key(&mut self, account: &Account, audit: &dyn AccountAudit) -> bool {
        let settings = match audit.settings().await {
            Ok(settings) => settings,
            Err(error) => {
                let remedy = remedy::of_key(&error, account);
                self.check("key_accepted", Weight::Wrong, Some((error.to_string(), remedy)));
                return false;
            }
        };
        self.check("key_accepted", Weight::Wrong, None);
        let words = words(account.venue);
        let no = || "the account may not trade".to_owned();
        self.check("can_trade", Weight::Wrong, when(!settings.can_trade, no, words.no_account));
        let multi = || "multi-assets mode is on: liquidation prices would be wrong".to_owned();
        self.check("multi_assets", Weight::Wrong, when(settings.multi_assets, multi, words.multi_assets));
        let (is, wanted) = (settings.position_mode, account.position_mode);
        let mode = || format!("the account is in {is} mode, {wanted} is configured");
        let remedy = format!(
            "close everything and let the next `open` set it, or set position_mode = \"{is}\" in [accounts.{}]",
            account.name
        );
        self.check("position_mode", Weight::Wrong, when(is != wanted, mode, remedy));
        if let Some(symbol) = account.symbols.first() {
            self.of_rights(symbol, words, audit).await;
        }
        self.of_stream(words, audit).await;
        let token = audit.pays_fees_in_token().await;
        let paid = || {
            "fees are paid in the venue's own token: the ledger lists them in it, sums in the settle currency leave them out".to_owned()
        };
        self.check("fee_token", Weight::Warning, when(token == Ok(true), paid, words.fee_token));
        true
    }

    async fn of_stream(&mut self, words: Words, audit: &dyn AccountAudit) {
        let (weight, found) = match audit.private_stream().await {
            Ok(()) => (Weight::Wrong, None),
            Err(error @ QueryError::Unreachable(NotSent::Throttled { .. })) => {
                let unknown = format!("whether the private stream opens is not known: {error}");
                (Weight::Warning, Some((unknown, "run it again".to_owned())))
            }
            Err(error) => {
                let remedy = format!("allow futures for this key {}", words.trade);
                (Weight::Wrong, Some((format!("the private stream cannot be opened: {error}"), remedy)))
            }
        };
        self.check("private_stream", weight, found);
    }

    async fn of_rights(&mut self, symbol: &Symbol, words: Words, audit: &dyn AccountAudit) {
        let rights = match audit.key_rights(symbol).await {
            Ok(rights) => rights,
            // The contract is at fault: its own check says so.
            Err(QueryError::Refused(refusal)) if refusal.reason == RefusalReason::NotTrading => return,
            Err(error) => {
                let found = Some((format!("what the key may do is not known: {error}"), "run it again".to_owned()));
                return self.check("key_trades", Weight::Warning, found);
            }
        };
        let no = || "the key may not place orders".to_owned();
        self.check("key_trades", Weight::Wrong, when(rights.trades == Some(false), no, words.trade));
        let yes = || "the key may withdraw: whoever gets hold of it can empty the account".to_owned();
        self.check("key_withdraws", Weight::Wrong, when(rights.withdraws == Some(true), yes, words.withdraw));
        let open = || "the key works from any address".to_owned();
        let is_open = rights.bound_to_addresses == Some(false);
        self.check("key_bound", Weight::Warning, when(is_open, open, words.addresses));
    }

    /// How each contract is set, against the limits.
    pub(crate) async fn of_contracts(&mut self, account: &Account, audit: &dyn AccountAudit, broker: &dyn Broker) {
        for symbol in &account.symbols {
            match broker.instrument(symbol).await {
                Ok(instrument) => self.of_contract(account, &instrument, audit).await,
                Err(error) => {
                    let (weight, found, remedy) = remedy::of_contract(&error, account);
                    self.check_of("trading", weight, symbol, Some((found, remedy)));
                }
            }
        }
    }

    async fn of_contract(&mut self, account: &Account, instrument: &Instrument, audit: &dyn AccountAudit) {
        let symbol = &instrument.symbol;
        self.check_of("trading", Weight::Wrong, symbol, None);
        let (fee, assumed) = (instrument.fees.taker, account.assumed_taker_fee);
        let dear = || format!("the venue takes {} of a taker, {} is reckoned with", rate(fee), rate(assumed));
        let remedy = format!("set assumed_taker_fee in [accounts.{}]", account.name);
        self.check_of("fees", Weight::Warning, symbol, when(fee > assumed, dear, remedy));
        let limits = &account.limits;
        let allowed = instrument.tiers.max_leverage(limits.max_position);
        let steep = || {
            format!(
                "a position of {} may have leverage {allowed} at the venue, {} is allowed here",
                limits.max_position, limits.max_leverage
            )
        };
        let remedy = "lower max_position or max_leverage under [limits]: the venue would refuse the order";
        self.check_of("margin_table", Weight::Warning, symbol, when(allowed < limits.max_leverage, steep, remedy));
        let small = || {
            format!(
                "its smallest order is worth {}, a position may be worth {}",
                instrument.min_notional, limits.max_position
            )
        };
        self.check_of(
            "smallest_order",
            Weight::Wrong,
            symbol,
            when(instrument.min_notional > limits.max_position, small, "raise max_position under [limits]"),
        );
        let Ok(set) = audit.contract_settings(symbol).await else {
            let found = Some(("how the contract is set is not known".to_owned(), "run it again".to_owned()));
            return self.check_of("leverage", Weight::Warning, symbol, found);
        };
        let high = || format!("its leverage is set to {}, {} is allowed", set.leverage, limits.max_leverage);
        let remedy = format!("plimsoll leverage {symbol} {} --account {}", limits.max_leverage.get(), account.name);
        self.check_of("leverage", Weight::Warning, symbol, when(set.leverage > limits.max_leverage, high, remedy));
        let other = || format!("its margin mode is {}, {} is configured", set.margin_mode, account.margin_mode);
        let remedy = "the next `open` sets it; with a position or an order open the venue refuses that";
        self.check_of(
            "margin_mode",
            Weight::Warning,
            symbol,
            when(set.margin_mode != account.margin_mode, other, remedy),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Environment, Places};
    use plimsoll_domain::{PositionMode, Timestamp};
    use plimsoll_ports::{AccountSettings, KeyRights, MockAccountAudit, MockBroker, Refusal, VenuePulse};

    const CONFIG: &str = "[accounts.main]\nvenue = \"binance\"\nenvironment = \"testnet\"\n\
                          key_env = \"KEY\"\nsecret_env = \"SECRET\"\n";

    fn config() -> Config {
        let places = Places { file: "plimsoll.toml".to_owned(), state: "state".into() };
        Config::read(CONFIG, &Environment::default(), &places).unwrap()
    }

    fn settings() -> AccountSettings {
        AccountSettings { position_mode: PositionMode::OneWay, multi_assets: false, can_trade: true }
    }

    fn rights() -> KeyRights {
        KeyRights { trades: Some(true), withdraws: Some(false), bound_to_addresses: Some(true) }
    }

    /// What is found with these answers of the venue: the checks and their remedies.
    async fn found(
        settings: AccountSettings,
        rights: KeyRights,
        stream: Option<QueryError>,
        token: bool,
    ) -> Vec<(&'static str, String)> {
        let mut audit = MockAccountAudit::new();
        audit.expect_settings().returning(move || Ok(settings));
        audit.expect_key_rights().returning(move |_| Ok(rights));
        audit.expect_private_stream().return_once(move || stream.map_or(Ok(()), Err));
        audit.expect_pays_fees_in_token().returning(move || Ok(token));
        let mut checkup = Checkup::default();
        checkup.of_key(&config().accounts[0], &audit).await;
        checkup.findings.into_iter().map(|it| (it.check, it.remedy)).collect()
    }

    #[tokio::test]
    async fn an_account_that_is_set_right_has_no_finding() {
        assert_eq!(found(settings(), rights(), None, false).await, []);
    }

    #[tokio::test]
    async fn each_wrong_setting_is_found_alone_and_told_what_to_do() {
        let check = async |settings, rights, stream, token, expected: (&str, &str)| {
            let found = found(settings, rights, stream, token).await;
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(found[0].0 == expected.0 && found[0].1.contains(expected.1), "{found:?}");
        };
        let set = settings();
        let may = rights();
        check(AccountSettings { multi_assets: true, ..set }, may, None, false, ("multi_assets", "Single-Asset")).await;
        check(AccountSettings { can_trade: false, ..set }, may, None, false, ("can_trade", "futures account")).await;
        let hedge = AccountSettings { position_mode: PositionMode::Hedge, ..set };
        check(hedge, may, None, false, ("position_mode", "position_mode = \"hedge\"")).await;
        check(set, KeyRights { trades: Some(false), ..may }, None, false, ("key_trades", "Enable Futures")).await;
        check(set, KeyRights { withdraws: Some(true), ..may }, None, false, ("key_withdraws", "Enable Withdrawals"))
            .await;
        check(set, KeyRights { bound_to_addresses: Some(false), ..may }, None, false, ("key_bound", "address")).await;
        let closed = QueryError::Unreadable("no listen key".to_owned());
        check(set, may, Some(closed), false, ("private_stream", "allow futures")).await;
        let until = Timestamp::from_millis(1_700_000_000_000);
        let busy = QueryError::Unreachable(NotSent::Throttled { until });
        check(set, may, Some(busy), false, ("private_stream", "run it again")).await;
        check(set, may, None, true, ("fee_token", "discount")).await;
        // What a venue does not tell is no finding.
        assert_eq!(found(set, KeyRights { trades: Some(true), ..KeyRights::default() }, None, false).await, []);
    }

    #[tokio::test]
    async fn a_contract_that_cannot_be_asked_for_is_not_blamed_on_the_configuration() {
        let check = async |error: QueryError, weight: Weight, found: &str, remedy: &str| {
            let mut broker = MockBroker::new();
            broker.expect_instrument().return_once(move |_| Err(error));
            let mut checkup = Checkup::default();
            checkup.of_contracts(&config().accounts[0], &MockAccountAudit::new(), &broker).await;
            let [it] = checkup.findings.as_slice() else { panic!("{:?}", checkup.findings) };
            assert_eq!((it.check, it.subject.as_deref(), it.weight), ("trading", Some("BTC/USDT:USDT"), weight));
            assert!(it.found.contains(found) && it.remedy.contains(remedy), "{it:?}");
        };
        let until = Timestamp::from_millis(1_700_000_000_000);
        let unknown = "whether it trades is not known";
        let busy = QueryError::Unreachable(NotSent::Throttled { until });
        check(busy, Weight::Warning, unknown, "run it again then").await;
        let gone = QueryError::Unreachable(NotSent::Disconnected("no route".to_owned()));
        check(gone, Weight::Warning, unknown, "run it again when the venue answers").await;
        check(QueryError::Unreadable("not JSON".to_owned()), Weight::Warning, unknown, "run it again when").await;
        let refused = |reason| {
            QueryError::Refused(Refusal { reason, code: "-1121".to_owned(), message: "Invalid symbol.".to_owned() })
        };
        check(refused(RefusalReason::NotTrading), Weight::Wrong, "Invalid symbol", "symbols in [accounts.main]").await;
    }

    #[tokio::test]
    async fn clocks_that_differ_and_spent_budgets_are_found() {
        let pulse = |apart: i64, took: u64, used: u32| async move {
            let ours = Timestamp::from_millis(1_700_000_000_000);
            let venue = Timestamp::from_millis(1_700_000_000_000 + apart);
            let mut audit = MockAccountAudit::new();
            let round_trip = Duration::from_millis(took);
            audit.expect_pulse().returning(move || Ok(VenuePulse { venue, ours, round_trip, weight_used: Some(used) }));
            let (config, mut checkup) = (config(), Checkup::default());
            assert!(checkup.of_venue(&config, &config.accounts[0], &audit).await);
            checkup.findings.into_iter().map(|it| it.check).collect::<Vec<_>>()
        };
        assert_eq!(pulse(400, 20, 100).await, [""; 0]);
        assert_eq!(pulse(-700, 20, 100).await, ["clock"]);
        assert_eq!(pulse(0, 1500, 100).await, ["round_trip"]);
        assert_eq!(pulse(0, 20, 3100).await, ["budget"]);
    }
}
