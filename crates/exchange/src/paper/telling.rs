//! The exchange's events in the words of the ports.

use crate::event::{ExchangeEvent, News};
use crate::exchange::Exchange;
use plimsoll_domain::{AccountEvent, Instrument, MarkPrice, MarketEvent, MarketLiquidation, Symbol, VenueId};

/// What an account is told of one event. A fill comes before the position that it made, so that its cause is known.
pub(super) fn to_account(event: ExchangeEvent) -> Vec<AccountEvent> {
    let stamp = event.stamp;
    match event.news {
        News::OrderAccepted(placed) | News::OrderCancelled(placed) | News::OrderAmended(placed) => {
            vec![AccountEvent::Order(placed.order)]
        }
        News::OrderExpired { order, .. } => vec![AccountEvent::Order(order.order)],
        News::OrderFilled(news) => vec![
            AccountEvent::Order(news.order.order),
            AccountEvent::Fill(news.fill),
            AccountEvent::Position(news.position),
            AccountEvent::Balance(news.balance),
        ],
        News::ConditionalStored(order)
        | News::ConditionalTriggering(order)
        | News::ConditionalTriggered(order)
        | News::ConditionalFinished(order)
        | News::ConditionalRejected(order)
        | News::ConditionalCancelled(order)
        | News::ConditionalExpired { order, .. } => vec![AccountEvent::Order(order.order)],
        News::FundingPaid { payment, position, balance } => {
            vec![AccountEvent::Funding(payment), AccountEvent::Position(*position), AccountEvent::Balance(balance)]
        }
        News::MarginCall { positions, .. } => {
            positions.into_iter().map(|thin| AccountEvent::MarginCall(thin.warning)).collect()
        }
        News::LiquidationStarted { positions, .. } => {
            positions.into_iter().map(|thin| AccountEvent::LiquidationWarning(thin.warning)).collect()
        }
        News::Liquidated { close, balance, .. } => {
            vec![AccountEvent::Liquidation(close), AccountEvent::Balance(balance)]
        }
        News::Deleveraged(close) => vec![AccountEvent::Adl(close)],
        News::Covered { balance, .. } | News::Transferred { balance, .. } => vec![AccountEvent::Balance(balance)],
        News::LeverageChanged { symbol, leverage } => vec![AccountEvent::Leverage { symbol, leverage, stamp }],
        News::MarginModeChanged { symbol, mode } => vec![AccountEvent::MarginMode { symbol, mode, stamp }],
        News::PositionModeChanged(mode) => vec![AccountEvent::PositionMode { mode, stamp }],
        News::IsolatedMarginChanged { position, balance, .. } => {
            vec![AccountEvent::Position(*position), AccountEvent::Balance(balance)]
        }
        News::Trade(_) | News::ForcedOrder(_) | News::FundingSettled(_) => Vec::new(),
    }
}

/// What everybody is told of one event, and of which contract.
pub(super) fn to_everybody(event: &ExchangeEvent) -> Option<(&Symbol, MarketEvent)> {
    match &event.news {
        News::Trade(trade) => Some((&trade.symbol, MarketEvent::Trade(trade.clone()))),
        News::FundingSettled(settled) => Some((&settled.symbol, MarketEvent::Settled(settled.clone()))),
        News::ForcedOrder(placed) => {
            let order = &placed.order;
            let liquidation = MarketLiquidation {
                symbol: order.symbol.clone(),
                side: order.side,
                price: order.average_price.or(order.price)?,
                quantity: order.filled?,
                time: event.stamp.time,
            };
            Some((&order.symbol, MarketEvent::Liquidation(liquidation)))
        }
        _ => None,
    }
}

/// A contract's prices now.
pub(super) fn prices(exchange: &Exchange, symbol: &Symbol) -> Vec<MarketEvent> {
    let mark = mark_price(exchange, symbol).map(MarketEvent::Mark);
    mark.into_iter().chain(exchange.quotes(symbol).map(MarketEvent::Quotes)).collect()
}

pub(super) fn mark_price(exchange: &Exchange, symbol: &Symbol) -> Option<MarkPrice> {
    let market = exchange.market(symbol)?;
    Some(MarkPrice { symbol: market.symbol, price: market.mark, index: Some(market.index), time: market.time })
}

/// A listed contract as the paper venue's own.
pub(super) fn instrument_of(venue: &VenueId, listed: &Instrument) -> Instrument {
    Instrument { venue: venue.clone(), ..listed.clone() }
}
