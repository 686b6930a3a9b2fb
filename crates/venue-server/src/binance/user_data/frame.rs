//! The frames of a private socket, letter for letter.

use serde::Serialize;

#[derive(Serialize)]
pub(super) struct OrderUpdate<'a> {
    pub(super) e: &'static str,
    #[serde(rename = "T")]
    pub(super) time: i64,
    #[serde(rename = "E")]
    pub(super) event: i64,
    pub(super) o: OrderBody<'a>,
}

#[derive(Serialize)]
pub(super) struct OrderBody<'a> {
    pub(super) s: &'a str,
    pub(super) c: &'a str,
    #[serde(rename = "S")]
    pub(super) side: &'static str,
    pub(super) o: &'static str,
    pub(super) f: &'static str,
    pub(super) q: String,
    pub(super) p: String,
    pub(super) ap: String,
    pub(super) sp: String,
    pub(super) x: &'a str,
    #[serde(rename = "X")]
    pub(super) status: &'static str,
    pub(super) i: i64,
    pub(super) l: String,
    pub(super) z: String,
    #[serde(rename = "L")]
    pub(super) last: String,
    pub(super) n: String,
    #[serde(rename = "N")]
    pub(super) commission_asset: &'a str,
    #[serde(rename = "T")]
    pub(super) time: i64,
    pub(super) t: i64,
    pub(super) b: String,
    pub(super) a: String,
    pub(super) m: bool,
    #[serde(rename = "R")]
    pub(super) reduce_only: bool,
    pub(super) wt: &'static str,
    pub(super) ot: &'static str,
    pub(super) ps: &'static str,
    pub(super) cp: bool,
    pub(super) rp: String,
    #[serde(rename = "pP")]
    pub(super) price_protect: bool,
    pub(super) si: i64,
    pub(super) ss: i64,
    #[serde(rename = "V")]
    pub(super) stp: &'static str,
    pub(super) pm: &'static str,
    pub(super) gtd: i64,
    pub(super) er: &'a str,
}

#[derive(Serialize)]
pub(super) struct TradeLite<'a> {
    pub(super) e: &'static str,
    #[serde(rename = "E")]
    pub(super) event: i64,
    #[serde(rename = "T")]
    pub(super) time: i64,
    pub(super) s: &'a str,
    pub(super) q: String,
    pub(super) p: String,
    pub(super) m: bool,
    pub(super) c: &'a str,
    #[serde(rename = "S")]
    pub(super) side: &'static str,
    #[serde(rename = "L")]
    pub(super) last: String,
    pub(super) l: String,
    pub(super) t: i64,
    pub(super) i: i64,
}

#[derive(Serialize)]
pub(super) struct AccountUpdate<'a> {
    pub(super) e: &'static str,
    #[serde(rename = "T")]
    pub(super) time: i64,
    #[serde(rename = "E")]
    pub(super) event: i64,
    pub(super) a: AccountBody<'a>,
}

#[derive(Serialize)]
pub(super) struct AccountBody<'a> {
    #[serde(rename = "B")]
    pub(super) balances: &'a [BalanceRow<'a>],
    #[serde(rename = "P")]
    pub(super) positions: Vec<PositionRow>,
    pub(super) m: &'a str,
    #[serde(rename = "S", skip_serializing_if = "Option::is_none")]
    pub(super) symbol: Option<String>,
}

#[derive(Serialize)]
pub(super) struct BalanceRow<'a> {
    pub(super) a: &'a str,
    pub(super) wb: String,
    pub(super) cw: String,
    pub(super) bc: String,
}

#[derive(Serialize)]
pub(super) struct PositionRow {
    pub(super) s: String,
    pub(super) pa: String,
    pub(super) ep: String,
    pub(super) cr: String,
    pub(super) up: String,
    pub(super) mt: &'static str,
    pub(super) iw: String,
    pub(super) ps: &'static str,
    pub(super) ma: String,
    pub(super) bep: String,
}

#[derive(Serialize)]
pub(super) struct AlgoUpdate<'a> {
    pub(super) e: &'static str,
    #[serde(rename = "T")]
    pub(super) time: i64,
    #[serde(rename = "E")]
    pub(super) event: i64,
    pub(super) o: AlgoBody<'a>,
}

#[derive(Serialize)]
pub(super) struct AlgoBody<'a> {
    pub(super) caid: &'a str,
    pub(super) aid: i64,
    pub(super) at: &'static str,
    pub(super) o: &'static str,
    pub(super) s: &'a str,
    #[serde(rename = "S")]
    pub(super) side: &'static str,
    pub(super) ps: &'static str,
    pub(super) f: &'static str,
    pub(super) q: String,
    #[serde(rename = "X")]
    pub(super) status: &'static str,
    pub(super) ai: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ap: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) aq: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) act: Option<&'static str>,
    pub(super) tp: String,
    pub(super) p: &'static str,
    #[serde(rename = "V")]
    pub(super) stp: &'static str,
    pub(super) wt: &'static str,
    pub(super) pm: &'static str,
    pub(super) cp: bool,
    #[serde(rename = "pP")]
    pub(super) price_protect: bool,
    #[serde(rename = "R")]
    pub(super) reduce_only: bool,
    pub(super) tt: i64,
    pub(super) gtd: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rm: Option<String>,
    pub(super) ia: bool,
}

#[derive(Serialize)]
pub(super) struct MarginCall {
    pub(super) e: &'static str,
    #[serde(rename = "E")]
    pub(super) event: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cw: Option<String>,
    pub(super) p: Vec<MarginCallRow>,
}

#[derive(Serialize)]
pub(super) struct MarginCallRow {
    pub(super) s: String,
    pub(super) ps: &'static str,
    pub(super) pa: String,
    pub(super) mt: &'static str,
    pub(super) iw: String,
    pub(super) mp: String,
    pub(super) up: String,
    pub(super) mm: String,
}
