//! Whatever is done to the exchange, these hold.

use crate::venue::*;
use plimsoll_domain::*;
use plimsoll_exchange::prices::{Walk, WalkSettings};
use plimsoll_exchange::{Exchange, ExchangeEvent, IncomeKind, News, OrderRef, Settings, Tick, listings};
use proptest::prelude::*;
use rust_decimal::Decimal;
use std::collections::HashMap;
use std::time::Duration;

/// Something done to the exchange; who, what, and how much are small numbers.
#[derive(Debug, Clone)]
enum Command {
    Tick {
        symbol: bool,
        move_bp: i64,
        mark_bp: i64,
        seconds: u64,
    },
    Place {
        who: usize,
        order: Box<RandomOrder>,
    },
    Cancel {
        who: usize,
        which: usize,
    },
    CancelAll {
        who: usize,
    },
    Amend {
        who: usize,
        which: usize,
        size: i64,
        away_bp: i64,
    },
    Leverage {
        who: usize,
        times: u32,
    },
    MarginMode {
        who: usize,
        isolated: bool,
    },
    PositionMode {
        who: usize,
        hedge: bool,
    },
    IsolatedMargin {
        who: usize,
        side: usize,
        amount: i64,
    },
    Transfer {
        who: usize,
        amount: i64,
    },
    /// Takes everything out that may be taken.
    Withdraw {
        who: usize,
    },
    Funding {
        rate_bp: i64,
    },
}

#[derive(Debug, Clone)]
struct RandomOrder {
    symbol: bool,
    buy: bool,
    side: usize,
    kind: usize,
    size: i64,
    away_bp: i64,
    reduce: bool,
    whole: bool,
}

const SIDES: [PositionSide; 3] = [PositionSide::Both, PositionSide::Long, PositionSide::Short];

fn command() -> impl Strategy<Value = Command> {
    let who = 0_usize..3;
    let order = (
        any::<bool>(),
        any::<bool>(),
        0_usize..3,
        0_usize..9,
        1_i64..2000,
        -400_i64..400,
        prop::bool::weighted(0.2),
        any::<bool>(),
    )
        .prop_map(|(symbol, buy, side, kind, size, away_bp, reduce, whole)| {
            Box::new(RandomOrder { symbol, buy, side, kind, size, away_bp, reduce, whole })
        });
    prop_oneof![
        6 => (any::<bool>(), -300_i64..300, -50_i64..50, 0_u64..20_000)
            .prop_map(|(symbol, move_bp, mark_bp, seconds)| Command::Tick { symbol, move_bp, mark_bp, seconds }),
        1 => (any::<bool>(), -4000_i64..4000, Just(0_i64), 0_u64..200_000)
            .prop_map(|(symbol, move_bp, mark_bp, seconds)| Command::Tick { symbol, move_bp, mark_bp, seconds }),
        20 => (who.clone(), order).prop_map(|(who, order)| Command::Place { who, order }),
        1 => (who.clone(), 0_usize..8).prop_map(|(who, which)| Command::Cancel { who, which }),
        1 => who.clone().prop_map(|who| Command::CancelAll { who }),
        2 => (who.clone(), 0_usize..8, 1_i64..2000, -400_i64..400)
            .prop_map(|(who, which, size, away_bp)| Command::Amend { who, which, size, away_bp }),
        1 => (who.clone(), 1_u32..130).prop_map(|(who, times)| Command::Leverage { who, times }),
        1 => (who.clone(), any::<bool>()).prop_map(|(who, isolated)| Command::MarginMode { who, isolated }),
        1 => (who.clone(), any::<bool>()).prop_map(|(who, hedge)| Command::PositionMode { who, hedge }),
        1 => (who.clone(), 0_usize..3, -5000_i64..5000)
            .prop_map(|(who, side, amount)| Command::IsolatedMargin { who, side, amount }),
        1 => (who.clone(), -20_000_i64..20_000).prop_map(|(who, amount)| Command::Transfer { who, amount }),
        1 => who.prop_map(|who| Command::Withdraw { who }),
        1 => (-100_i64..100).prop_map(|rate_bp| Command::Funding { rate_bp }),
    ]
}

struct World {
    exchange: Exchange,
    accounts: Vec<AccountId>,
    events: Vec<ExchangeEvent>,
    names: u32,
}

fn symbol_of(which: bool) -> Symbol {
    if which { btc() } else { eth() }
}

impl World {
    fn new() -> Self {
        let settings = Settings { insurance_fund: money("1000"), spread_ticks: 3, ..Settings::default() };
        let mut exchange = Exchange::with_settings(START, settings);
        exchange.list(listings::btc_usdt(), price("50000")).unwrap();
        exchange.list(listings::eth_usdt(), price("2500")).unwrap();
        let accounts: Vec<AccountId> = ["alice", "bob", "carol"].map(AccountId::new).to_vec();
        for account in &accounts {
            exchange.open_account(account.clone(), money("20000")).unwrap();
        }
        Self { exchange, accounts, events: Vec::new(), names: 0 }
    }

    fn moved(&self, symbol: &Symbol, basis_points: i64) -> Price {
        let last = self.exchange.market(symbol).unwrap().last.get();
        let moved = last * (Decimal::ONE + Decimal::new(basis_points, 4));
        let tick = self.exchange.instrument(symbol).unwrap().tick;
        Price::new(moved).ok().and_then(|price| price.round(tick, Rounding::Down)).unwrap_or(Price::new(last).unwrap())
    }

    fn run(&mut self, command: &Command) {
        match command {
            Command::Tick { symbol, move_bp, mark_bp, seconds } => {
                let symbol = symbol_of(*symbol);
                let last = self.moved(&symbol, *move_bp);
                let mark = Price::new(last.get() * (Decimal::ONE + Decimal::new(*mark_bp, 4))).unwrap();
                let time = self.exchange.now().plus(Duration::from_secs(*seconds));
                self.exchange.advance(&Tick { symbol, time, last, mark, index: None }).unwrap();
            }
            Command::Place { who, order } => {
                let order = self.order(*who, order);
                let _ = self.exchange.place(&self.accounts[*who], &order);
            }
            Command::Cancel { who, which } => {
                if let Some(order) = self.exchange.open_orders(&self.accounts[*who]).get(*which) {
                    let id = OrderRef::Id(order.order.order_id.clone());
                    self.exchange.cancel(&self.accounts[*who], &order.order.symbol, &id).unwrap();
                }
            }
            Command::CancelAll { who } => {
                self.exchange.cancel_all(&self.accounts[*who], &btc()).unwrap();
                self.exchange.cancel_all_conditionals(&self.accounts[*who], &eth()).unwrap();
            }
            Command::Amend { who, which, size, away_bp } => {
                if let Some(order) = self.exchange.open_orders(&self.accounts[*who]).get(*which) {
                    let id = OrderRef::Id(order.order.order_id.clone());
                    let symbol = order.order.symbol.clone();
                    let limit = self.moved(&symbol, *away_bp);
                    let quantity = Quantity::new(Decimal::new(*size, 3)).unwrap();
                    let _ = self.exchange.amend(&self.accounts[*who], &symbol, &id, quantity, limit);
                }
            }
            Command::Leverage { who, times } => {
                let _ = self.exchange.set_leverage(&self.accounts[*who], &btc(), leverage(*times));
            }
            Command::MarginMode { who, isolated } => {
                let mode = if *isolated { MarginMode::Isolated } else { MarginMode::Cross };
                let _ = self.exchange.set_margin_mode(&self.accounts[*who], &btc(), mode);
            }
            Command::PositionMode { who, hedge } => {
                let mode = if *hedge { PositionMode::Hedge } else { PositionMode::OneWay };
                let _ = self.exchange.set_position_mode(&self.accounts[*who], mode);
            }
            Command::IsolatedMargin { who, side, amount } => {
                let amount = Money::new(Decimal::from(*amount));
                let _ = self.exchange.adjust_isolated_margin(&self.accounts[*who], &btc(), SIDES[*side], amount);
            }
            Command::Transfer { who, amount } => {
                let _ = self.exchange.transfer(&self.accounts[*who], Money::new(Decimal::from(*amount)));
            }
            Command::Withdraw { who } => {
                let most = self.exchange.account_figures(&self.accounts[*who]).unwrap().withdrawable.get().trunc();
                let _ = self.exchange.transfer(&self.accounts[*who], -Money::new(most));
            }
            Command::Funding { rate_bp } => {
                self.exchange.set_funding_rate(&btc(), Rate::new(Decimal::new(*rate_bp, 4))).unwrap();
            }
        }
        self.events.extend(self.exchange.drain_events());
    }

    fn order(&mut self, who: usize, it: &RandomOrder) -> NewOrder {
        self.names += 1;
        let symbol = symbol_of(it.symbol);
        let at = self.moved(&symbol, it.away_bp);
        let limit = |time_in_force| OrderKind::Limit { price: at, time_in_force };
        let kind = match it.kind {
            0..=2 => OrderKind::Market,
            3 => limit(TimeInForce::Gtc),
            4 => limit(TimeInForce::Ioc),
            5 => limit(TimeInForce::Fok),
            6 => limit(TimeInForce::PostOnly),
            7 => OrderKind::StopMarket { trigger: at, trigger_by: TriggerBy::Mark },
            _ => OrderKind::TakeProfitMarket { trigger: at, trigger_by: TriggerBy::Last },
        };
        let size = if it.whole && it.kind >= 7 {
            OrderSize::WholePosition
        } else {
            OrderSize::Quantity(Quantity::new(Decimal::new(it.size, 3)).unwrap())
        };
        NewOrder {
            client_order_id: ClientOrderId::new(&format!("random-{}", self.names)).unwrap(),
            symbol,
            side: if it.buy { Side::Buy } else { Side::Sell },
            position_side: match self.exchange.position_mode(&self.accounts[who]) {
                _ if it.side < 3 => SIDES[it.side],
                Some(PositionMode::Hedge) => SIDES[1 + it.side % 2],
                _ => PositionSide::Both,
            },
            kind,
            size,
            reduce_only: it.reduce,
        }
    }

    fn fills<'a>(&'a self, account: &'a AccountId) -> impl Iterator<Item = &'a Fill> + 'a {
        let own = self.events.iter().filter(move |event| event.account.as_ref() == Some(account));
        own.filter_map(|event| match &event.news {
            News::OrderFilled(news) => Some(&news.fill),
            _ => None,
        })
    }

    /// Positions by folding the fills.
    fn folded(&self, account: &AccountId) -> HashMap<(Symbol, PositionSide), Position> {
        let mut positions = HashMap::new();
        for fill in self.fills(account) {
            let key = (fill.symbol.clone(), fill.position_side);
            let before = positions.get(&key).copied();
            match Position::after(before, fill.side.into(), fill.quantity, fill.price).position() {
                Some(position) => positions.insert(key, position),
                None => positions.remove(&key),
            };
        }
        positions
    }

    fn check(&self) -> Result<(), TestCaseError> {
        for account in &self.accounts {
            self.check_wallet(account)?;
            self.check_positions(account)?;
            self.check_orders(account)?;
        }
        self.check_fund()
    }

    /// The wallet is the sum of its rows to the last digit; and what was received and what was paid for positions add
    /// up, whatever was booked as profit.
    fn check_wallet(&self, account: &AccountId) -> Result<(), TestCaseError> {
        let wallet = self.exchange.balance(account).unwrap().wallet.unwrap();
        let rows = self.exchange.income(account);
        prop_assert_eq!(wallet, rows.iter().map(|row| row.amount).sum::<Money>());
        let other = [IncomeKind::Transfer, IncomeKind::FundingFee, IncomeKind::InsuranceClear];
        let mut cash: Decimal = rows.iter().filter(|row| other.contains(&row.kind)).map(|row| row.amount.get()).sum();
        for fill in self.fills(account) {
            cash -= Direction::from(fill.side).sign() * (fill.quantity * fill.price).get() + fill.fee.get();
        }
        let cost: Decimal = self
            .exchange
            .positions(account)
            .iter()
            .filter_map(|report| report.position)
            .map(|position| position.direction.sign() * position.notional(position.entry).get())
            .sum();
        let apart = (wallet.get() - cash - cost).abs();
        prop_assert!(apart < Decimal::new(1, 5), "{} apart", apart);
        Ok(())
    }

    fn check_positions(&self, account: &AccountId) -> Result<(), TestCaseError> {
        let held = self.exchange.positions(account);
        let folded = self.folded(account);
        prop_assert_eq!(held.len(), folded.len());
        for report in held {
            let key = (report.symbol.clone(), report.position_side);
            prop_assert_eq!(report.position.as_ref(), folded.get(&key));
        }
        check_solvent(&self.exchange, account)
    }

    /// Whatever went before, a position does not stand at the liquidation price that is shown for it.
    fn check_liquidation_prices(&self) -> Result<(), TestCaseError> {
        for account in &self.accounts {
            for report in self.exchange.positions(account) {
                let Some(mark) = report.liquidation_price else { continue };
                let mut exchange = self.exchange.clone();
                let last = exchange.market(&report.symbol).unwrap().last;
                let time = exchange.now();
                exchange.advance(&Tick { symbol: report.symbol, time, last, mark, index: None }).unwrap();
                check_solvent(&exchange, account)?;
            }
        }
        Ok(())
    }

    /// Nothing waits that should have happened, and reducing orders fit their position.
    fn check_orders(&self, account: &AccountId) -> Result<(), TestCaseError> {
        let mut reducing: HashMap<(Symbol, PositionSide), Decimal> = HashMap::new();
        for placed in self.exchange.open_orders(account) {
            let order = placed.order;
            let quotes = self.exchange.quotes(&order.symbol).unwrap();
            let limit = order.price.unwrap();
            let rests = match order.side {
                Side::Buy => limit < quotes.ask.unwrap().0,
                Side::Sell => limit > quotes.bid.unwrap().0,
            };
            prop_assert!(rests, "{:?}", order);
            let closes_leg = order.position_side.direction().is_some_and(|leg| order.side == leg.closing_side());
            if order.reduce_only || closes_leg {
                let left = order.quantity.unwrap().get() - order.filled.map_or(Decimal::ZERO, Quantity::get);
                *reducing.entry((order.symbol, order.position_side)).or_default() += left;
            }
        }
        for ((symbol, side), size) in reducing {
            let position = self.exchange.position(account, &symbol, side).unwrap().position;
            prop_assert!(position.is_some_and(|position| size <= position.quantity.get()));
        }
        for waiting in self.exchange.open_conditionals(account) {
            let market = self.exchange.market(&waiting.order.symbol).unwrap();
            let price = if waiting.trigger_by == TriggerBy::Mark { market.mark } else { market.last };
            let rises = (waiting.order.side == Side::Buy) == (waiting.order.order_type == OrderType::StopMarket);
            let trigger = waiting.order.trigger.unwrap();
            prop_assert!(if rises { price < trigger } else { price > trigger }, "{:?}", waiting);
        }
        Ok(())
    }

    /// The insurance fund is what it began with, less what it gave and plus what it was given, less what it lost on the
    /// positions that it took over.
    fn check_fund(&self) -> Result<(), TestCaseError> {
        let mut fund = Decimal::from(1000);
        for account in &self.accounts {
            let clear = self.exchange.income(account).iter().filter(|row| row.kind == IncomeKind::InsuranceClear);
            fund -= clear.map(|row| row.amount.get()).sum::<Decimal>();
        }
        for event in &self.events {
            let News::OrderFilled(news) = &event.news else { continue };
            if news.fill.cause != FillCause::Order {
                let over = news.fill.price.get() - news.position.mark_price.unwrap().get();
                fund += Direction::from(news.fill.side).sign() * over * news.fill.quantity.get();
            }
        }
        let apart = (self.exchange.insurance_fund().get() - fund).abs();
        prop_assert!(apart < Decimal::new(1, 5), "{} apart", apart);
        Ok(())
    }
}

fn check_solvent(exchange: &Exchange, account: &AccountId) -> Result<(), TestCaseError> {
    for report in exchange.positions(account) {
        prop_assert!(report.margin_ratio.is_none_or(|ratio| !ratio.is_liquidation()), "{:?}", report);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn whatever_is_done_money_positions_and_orders_add_up(commands in prop::collection::vec(command(), 1..120)) {
        let mut world = World::new();
        for command in &commands {
            world.run(command);
            world.check()?;
            world.check_liquidation_prices()?;
        }
    }

    #[test]
    fn the_same_commands_make_the_same_events(commands in prop::collection::vec(command(), 1..80)) {
        let events = || {
            let mut world = World::new();
            for command in &commands {
                world.run(command);
            }
            world.events
        };
        prop_assert_eq!(events(), events());
    }

    #[test]
    fn the_same_seed_makes_the_same_market(seed in any::<u64>()) {
        let events = || {
            let mut venue = Venue::new().set(MarginMode::Isolated, 100);
            venue.place("buy 0.1");
            venue.place("sell 0.05 at 50500 reduce");
            let bitcoin = listings::btc_usdt();
            let settings = WalkSettings::lively(bitcoin.symbol, bitcoin.tick, START, price("50000"));
            for tick in Walk::new(settings, seed).take(3_000) {
                venue.exchange.advance(&tick).unwrap();
            }
            venue.exchange.drain_events()
        };
        prop_assert_eq!(events(), events());
    }
}
