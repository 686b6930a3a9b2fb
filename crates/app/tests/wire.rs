//! `plimsoll request` and `plimsoll decode` as a script sees them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use serde_json::{Value, json};
use std::io::Write;
use std::process::{Command, Output, Stdio};

const KEY: &str = "dbefbc809e3e83c283a984c3a1459732ea7db1360ca80c5c2c8867408d28cc83";
const SECRET: &str = "2b5eb11e18796d12d88f13dc27dbbd02c2cc51ff7059765ed9821957d82bb4d9";

fn request(at: &str, action: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .args(["request", "--venue", "binance", "--key", KEY, "--secret", SECRET, "--at", at])
        .args(action)
        .output()
        .unwrap()
}

fn signed(at: &str, action: &str) -> String {
    let output = request(at, &action.split_whitespace().collect::<Vec<_>>());
    assert!(output.status.success(), "{action}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Binance's documented signatures, and those of the same strings that its documents leave out.
#[test]
fn requests_carry_the_worked_signatures() {
    let order = "--symbol BTC/USDT:USDT --side buy --type limit --quantity 1 --price 9000";
    for (at, action, signature) in [
        (
            "1591702613943",
            format!("--recv-window 5000 place {order}"),
            "3c661234138461fcc7a7d8746c6558c9842d4e10870d2ecbedf7777cad694af9",
        ),
        (
            "1591702613943",
            "sign --query symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC \
             --body quantity=1&price=9000&recvWindow=5000&timestamp=1591702613943"
                .to_owned(),
            "30baaf0fab549bbeda7f5ef201898b34122da25fd23c646cac2c529aebe670a4",
        ),
        ("1591702613943", "positions".to_owned(), "84901bbeed96ffa9adf9995c40fcadcb0a9ddad37c2605ce82491f2c771077a6"),
        (
            "1591702613943",
            "--recv-window 5000 account".to_owned(),
            "5581570ecf76b9b74c6f1a66ef6520c2959a75c32641affb2634d655d6e64db8",
        ),
        (
            "1591702613943",
            "--recv-window 5000 place --symbol BTCUSDT --side sell --type stop_market --stop-price 8500 \
             --close-position --client-id sl-1"
                .to_owned(),
            "000a4d146ea1b03546592317d16d1ad7593833ae36b046d63c758046cdf85a36",
        ),
        (
            "1591702613943",
            "place --symbol BTCUSDT --side buy --type limit --quantity 0.001 --price 10001 --batch".to_owned(),
            "dcac873835e9c3c74083d5e19cd547b0020b65acee0be43f5e585ef521981c0f",
        ),
        (
            "1760000007980",
            "place --symbol 测试/USDT:USDT --side buy --type market --quantity 1".to_owned(),
            "f5a675acf0ed2365094143f2921df08b17ba837118e5e06178defa1b39d60116",
        ),
        (
            "1591702613943",
            format!("--recv-window 5000 place {order} --ws-api 1"),
            "5b8fe2b962b8e1b2b82fb40e548d56147c2a8f835b5f1393ae4b4b90c38b527f",
        ),
    ] {
        let said = signed(at, &action);
        assert!(said.contains(signature), "{action}: {said}");
    }
}

fn request_of(venue: &str, secret: &str, at: &str, action: &str) -> Value {
    let passphrase: &[&str] = if venue == "bitget" { &["--passphrase", "phrase"] } else { &[] };
    let output = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .args(["request", "--venue", venue, "--key", "key", "--secret", secret, "--at", at])
        .args(passphrase)
        .args(action.split_whitespace())
        .output()
        .unwrap();
    assert!(output.status.success(), "{venue} {action}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The signatures of Gate.io's documents, and others computed over its documented strings.
#[test]
fn requests_to_gateio_carry_the_worked_signatures() {
    for (action, signature) in [
        (
            "sign --method GET --path /api/v4/futures/orders --query contract=BTC_USD&status=finished&limit=50",
            "55f84ea195d6fe57ce62464daaa7c3c02fa9d1dde954e4c898289c9a2407a3d6fb3faf24deff16790d726b66ac9f74526668b13bd01029199cc4fcc522418b8a",
        ),
        (
            r#"sign --path /api/v4/futures/orders --body {"contract":"BTC_USD","type":"limit","size":100,"price":6800,"time_in_force":"gtc"}"#,
            "eae42da914a590ddf727473aff25fc87d50b64783941061f47a3fdb92742541fc4c2c14017581b4199a1418d54471c269c03a38d788d802e2c306c37636389f0",
        ),
        (
            "--margin-mode cross leverage --symbol BTC/USDT:USDT --leverage 10",
            "73136904f1a7410ec21d5e29769232178886b82e07dcf34ef7211bd3ebd009cdd5157b366278909922f10e6f1cfbdd2d9846cb26537ad9207bdc2709d9624a97",
        ),
        (
            "place --symbol BTC/USDT:USDT --side buy --type limit --quantity 10 --price 65000.1 --client-id my-custom-id",
            "e1409e14a8f435f16c467c7f9ab78148d7a36baf0ae3dec7b467f0c729e1ed154f77931fb866315e5e817bff29c74835661b2ead1c4e7d95112e9f3ca81ff986",
        ),
        (
            "subscribe --symbol 20011 --channel futures.orders",
            "4cdab02f21aba635fce8684a050806325cb4aa74a93d00c39f2084da73614d2e1d25878ca7c9ebcbde9541cddfc5ae36b1ccde10982eb82fd09f7a30a6d43d84",
        ),
        (
            "login",
            "2085a2b6f0343904fb273d0dd6fbe5c4724286a72284822976925ec2496b8f744d33aab0f5edfb886c4661951a407fb02e9238cb18dee6743b1ff409b0ab783f",
        ),
    ] {
        let said = request_of("gateio", "secret", "1541993715000", action).to_string();
        assert!(said.contains(signature), "{action}: {said}");
    }
}

#[test]
fn requests_to_bitget_carry_the_worked_signatures() {
    for (action, signature) in [
        ("positions", "PTd1UHS1HpZfH6VA6mCzJz22VsHfcWzG3lprouOpOpk="),
        (
            "place --symbol BTC/USDT:USDT --side buy --position-side long --type limit --quantity 0.001 --price 60000 \
             --client-id test-0001",
            "Ge1xwtSzmyDhFN6Ov9DwA+F8LIxNyDeAhgjxLiQG7x0=",
        ),
        ("login", "+juu24leYclHz7S4/7jCRAeqgU2MNixzq4401Ps/HjE="),
    ] {
        let said = request_of("bitget", "demoSecret0123456789ABCDEF", "1732104000000", action).to_string();
        assert!(said.contains(signature), "{action}: {said}");
    }
}

#[test]
fn sizes_of_gateio_are_contracts_and_say_so_until_the_list_tells_how_much_each_is() {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("contracts.json");
    let row = r#"[{"name":"BTC_USDT","type":"direct","quanto_multiplier":"0.0001","order_price_round":"0.1",
        "maker_fee_rate":"-0.00025","taker_fee_rate":"0.00075","funding_interval":28800,"status":"trading"}]"#;
    std::fs::write(&list, row).unwrap();
    let trade = r#"{"time":1545136464,"time_ms":1545136464130,"channel":"futures.trades","event":"update","result":[{"size":"-108","id":27753479,"create_time_ms":1545136464123,"price":"96.4","contract":"BTC_USDT"}]}"#;
    let alone = &decode_of("gateio", &[], &[trade])[0]["events"][0];
    assert_eq!((&alone["quantity"], &alone["contracts"]), (&json!("108"), &json!(true)));
    let listed = &decode_of("gateio", &["--instruments", list.to_str().unwrap()], &[trade])[0]["events"][0];
    assert_eq!((&listed["quantity"], &listed["contracts"]), (&json!("0.0108"), &Value::Null));
    let order = "place --symbol BTC/USDT:USDT --side buy --type market --quantity 0.5";
    let said = request_of("gateio", "secret", "0", &format!("--instruments {} {order}", list.display()));
    let body: Value = serde_json::from_str(said["body"].as_str().unwrap()).unwrap();
    assert_eq!(body["size"], json!("5000"), "{said}");
}

#[test]
fn bitgets_older_dialect_is_read_where_it_is_asked_for() {
    let pong = r#"{"op":"pong"}"#;
    let said = &decode_of("bitget", &["--dialect", "mix-v1"], &[pong])[0]["events"][0];
    assert_eq!(said["type"], "pong", "{said}");
}

#[test]
fn a_request_is_printed_whole_and_unsent() {
    let said: Value = serde_json::from_str(&signed("1591702613943", "positions --symbol BTC/USDT:USDT")).unwrap();
    assert_eq!(said["method"], "GET");
    assert_eq!(said["headers"], json!({ "X-MBX-APIKEY": KEY }));
    assert_eq!(said["body"], Value::Null);
    let url = said["url"].as_str().unwrap();
    assert!(url.starts_with("https://fapi.binance.com/fapi/v3/positionRisk?symbol=BTCUSDT&timestamp="), "{url}");
    assert!(!said.to_string().contains(SECRET));
}

#[test]
fn what_the_venue_cannot_express_is_refused() {
    for (action, sentence) in [
        ("place --symbol BTCUSDT --side buy --type market --close-position", "Binance has no such market order"),
        ("place --symbol BTCUSDT --side buy --type limit --quantity 1", "a limit order needs --price"),
        ("place --symbol BTCUSDT --side buy --type market", "an order needs --quantity"),
        ("place --symbol BTCUSDT --side both --type market --quantity 1", "unknown side 'both'"),
        ("place --symbol BTCUSDT --side buy --type market --quantity 1 --price 3", "a market order has no --price"),
        ("place --symbol BTCUSDT --side buy --type market --quantity 1 --tif ioc", "a market order has no --tif"),
        (
            "place --symbol BTCUSDT --side buy --type limit --quantity 1 --price 3 --stop-price 2",
            "a limit order has no --stop-price",
        ),
        (
            "place --symbol BTCUSDT --side buy --type limit --quantity 1 --price 3 --trigger-by last",
            "a limit order has no --trigger-by",
        ),
        ("place --symbol BTC/USD:BTC --side buy --type market --quantity 1", "BTC/USD:BTC is no USDⓈ-M perpetual"),
        ("place --symbol BTCUSDT --side buy --type market --quantity -1", "a size is above 0"),
        ("isolated-margin --symbol BTCUSDT --amount 0", "an amount of 0 moves nothing"),
        ("candles --symbol BTCUSDT --interval 7m", "no candles last '7m'"),
        ("--base fapi.binance.com account", "--base 'fapi.binance.com' is no address"),
    ] {
        let output = request("0", &action.split_whitespace().collect::<Vec<_>>());
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{action}: {said}");
        assert!(said.contains(sentence) && !said.contains(SECRET), "{action}: {said}");
    }
}

#[test]
fn a_moment_that_looks_like_seconds_is_signed_and_remarked_on() {
    for (at, is_remarked) in [("1700000000", true), ("1700000000000", false), ("0", false)] {
        let output = request(at, &["account"]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(
            (output.status.code(), said.contains("--at is in milliseconds")),
            (Some(0), is_remarked),
            "{at}: {said}"
        );
    }
}

#[test]
fn an_unsigned_request_is_not_made_to_look_signed() {
    for (arguments, needed) in [
        (&["--key", KEY, "--at", "0", "account"][..], Some("--secret")),
        (&["--secret", SECRET, "--at", "0", "account"], Some("--key")),
        (&["--at", "0", "login"], Some("--key")),
        (&["--at", "0", "instruments"], None),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
            .args(["request", "--venue", "binance", "--json"])
            .args(arguments)
            .env_remove("PLIMSOLL_KEY")
            .env_remove("PLIMSOLL_SECRET")
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        match needed {
            Some(needed) => assert!(output.status.code() == Some(2) && said.contains(needed), "{arguments:?}: {said}"),
            None => assert!(output.status.success(), "{arguments:?}: {said}"),
        }
    }
}

#[test]
fn the_environment_gives_the_secret_and_help_does_not_show_it() {
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
        command.args(["request", "--venue", "binance", "--at", "0"]).args(arguments);
        let output = command.env("PLIMSOLL_KEY", KEY).env("PLIMSOLL_SECRET", SECRET).output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(run(&["account"]).contains(KEY));
    for said in [run(&["account"]), run(&["--help"])] {
        assert!(!said.contains(SECRET), "{said}");
    }
}

fn decode(arguments: &[&str], lines: &[&str]) -> Vec<Value> {
    decode_of("binance", arguments, lines)
}

fn decode_of(venue: &str, arguments: &[&str], lines: &[&str]) -> Vec<Value> {
    let (code, answers) = decoded(venue, arguments, lines);
    assert_eq!(code, Some(0));
    answers
}

/// The exit code, and what was said to each line.
fn decoded(venue: &str, arguments: &[&str], lines: &[&str]) -> (Option<i32>, Vec<Value>) {
    let mut process = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .args(["decode", "--venue", venue])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = process.stdin.take().unwrap();
    input.write_all(lines.join("\n").as_bytes()).unwrap();
    drop(input);
    let output = process.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    (output.status.code(), text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

/// The three venues answer alike where no venue's wire is in question.
#[test]
fn what_is_no_message_is_told_the_same_way_by_all_three() {
    for venue in ["binance", "gateio", "bitget"] {
        let of = |arguments: &[&str], line: &str| {
            let (code, lines) = decoded(venue, arguments, &[line]);
            (code, lines[0].clone())
        };
        let (code, said) = of(&["--endpoint", "GET /nowhere"], r#"{"a":1}"#);
        assert_eq!((code, said), (Some(0), json!({"events":[{"type":"unknown","what":"GET /nowhere"}]})), "{venue}");
        assert_eq!(of(&[], "[]"), (Some(0), json!({"events":[]})), "{venue}");
        for wrong in ["not json", "7", "{"] {
            let (code, said) = of(&[], wrong);
            assert!(code == Some(1) && said["error"].is_string(), "{venue} {wrong}: {code:?} {said}");
        }
        let (code, _) = decoded(venue, &[], &["not json", "[]"]);
        assert_eq!(code, Some(0), "{venue}: one line could be read");
        assert_eq!(decoded(venue, &[], &[]), (Some(0), Vec::new()), "{venue}: nothing was asked");
    }
}

#[test]
fn every_line_has_its_answer_and_a_bad_one_spoils_no_other() {
    let answers = decode(
        &[],
        &[
            r#"{"e":"ACCOUNT_CONFIG_UPDATE","E":1611646737479,"T":1611646737476,"ac":{"s":"BTCUSDT","l":25}}"#,
            "not json",
            "",
            r#"{"e":"somethingNew","E":1}"#,
        ],
    );
    assert_eq!(
        answers[0],
        json!({"events":[{
            "type": "leverage", "symbol": "BTC/USDT:USDT", "value": "25", "time": "2021-01-26T07:38:57.476Z"
        }]})
    );
    assert!(answers[1]["error"].is_string() && answers[2]["error"].is_string(), "{answers:?}");
    assert_eq!(answers[3], json!({"events":[{"type":"unknown","what":"somethingNew"}]}));
    assert_eq!(answers.len(), 4);
}

#[test]
fn bodies_are_read_by_the_call_that_they_answer() {
    let body = r#"[{"symbol":"BTCUSDT","positionSide":"BOTH","positionAmt":"-0.010","entryPrice":"50000","markPrice":"51000.5","unRealizedProfit":"-10.005","liquidationPrice":"0","isolatedMargin":"0","notional":"-510.005","marginAsset":"USDT","isolatedWallet":"0","initialMargin":"5","maintMargin":"2.04002","adl":1,"updateTime":1700000000000}]"#;
    let answers = decode(&["--endpoint", "GET /fapi/v3/positionRisk"], &[body]);
    let position = &answers[0]["events"][0];
    for (field, expected) in [
        ("type", "position"),
        ("symbol", "BTC/USDT:USDT"),
        ("position_side", "short"),
        ("quantity", "0.01"),
        ("entry_price", "50000"),
        ("mark_price", "51000.5"),
        ("unrealized_pnl", "-10.005"),
        ("maintenance_margin", "2.04002"),
    ] {
        assert_eq!(position[field], expected, "{field} of {position}");
    }
    assert_eq!(position["liquidation_price"], Value::Null);
}
