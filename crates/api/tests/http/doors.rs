use crate::client::{ACT, READ, Site, settings, with_tokens};
use crate::world::World;
use plimsoll_api::{Allowance, Api, ApiSettings, BindFailure, Metrics, Scope, Token};
use std::sync::Arc;

const PREPARE: &str = "/api/actions/prepare";
const RELEASE: &str = r#"{"action":"release","reason":"over"}"#;

#[tokio::test]
async fn each_scope_opens_its_own_doors() {
    let site = Site::new(with_tokens()).await;
    let (read, act, origin) = (format!("Bearer {READ}"), format!("Bearer {ACT}"), site.origin());
    for (token, looking, acting) in [
        (None, (401, "unauthorized"), (401, "unauthorized")),
        (Some("Bearer nobody-knows-this-one"), (401, "unauthorized"), (401, "unauthorized")),
        (Some("Basic cmVhZHM6"), (401, "unauthorized"), (401, "unauthorized")),
        (Some(READ), (401, "unauthorized"), (401, "unauthorized")),
        (Some(read.as_str()), (200, ""), (403, "forbidden")),
        (Some(act.as_str()), (200, ""), (200, "")),
    ] {
        let header: Vec<(&str, &str)> = token.map(|token| ("Authorization", token)).into_iter().collect();
        for path in ["/api/overview", "/api/pnl", "/api/risk", "/api/funding", "/api/session"] {
            let reply = site.send("GET", path, &header, "").await;
            assert_eq!(reply.code(), (looking.0, looking.1.to_owned()), "{token:?} {path}");
        }
        let json = [&header[..], &[("Content-Type", "application/json"), ("Origin", origin.as_str())]].concat();
        assert_eq!(
            site.send("POST", PREPARE, &json, RELEASE).await.code(),
            (acting.0, acting.1.to_owned()),
            "{token:?}"
        );
    }
    let twice = [("Authorization", read.as_str()), ("Authorization", act.as_str())];
    let reply = site.send("GET", "/api/overview", &twice, "").await;
    assert_eq!((reply.status, reply.header("www-authenticate")), (401, Some("Bearer")));
    for open in ["/healthz", "/readyz", "/", "/api/openapi.json"] {
        assert_eq!(site.get(open).await.status, 200, "{open}");
    }
}

#[tokio::test]
async fn without_a_token_only_the_servers_own_page_acts() {
    let site = Site::new(settings()).await;
    let own = site.origin();
    let port = site.address.port();
    let other_port = format!("http://127.0.0.1:{}", port ^ 1);
    for (headers, expected) in [
        (vec![], 403),
        (vec![("Origin", "null")], 403),
        (vec![("Origin", "https://evil.example")], 403),
        (vec![("Origin", other_port.as_str())], 403),
        (vec![("Origin", own.as_str()), ("Origin", "https://evil.example")], 403),
        (vec![("Origin", own.as_str()), ("Sec-Fetch-Site", "cross-site")], 403),
        (vec![("Origin", own.as_str()), ("Sec-Fetch-Site", "same-origin")], 200),
        (vec![("Origin", own.as_str())], 200),
    ] {
        let headers = [&headers[..], &[("Content-Type", "application/json")]].concat();
        let reply = site.send("POST", PREPARE, &headers, RELEASE).await;
        assert_eq!(reply.status, expected, "{headers:?}: {reply:?}");
        if expected == 403 {
            assert_eq!(reply.json()["code"], "foreign_origin");
        }
    }
    assert_eq!(site.get("/api/session").await.json()["who"], "loopback");
}

#[tokio::test]
async fn a_name_that_is_not_ours_gets_nothing() {
    let site = Site::new(ApiSettings { hosts: vec!["plimsoll.example".to_owned()], ..settings() }).await;
    let port = site.address.port();
    for (host, expected) in [
        (format!("127.0.0.1:{port}"), 200),
        (format!("localhost:{port}"), 200),
        (format!("[::1]:{port}"), 200),
        ("plimsoll.example".to_owned(), 200),
        ("PLIMSOLL.example:443".to_owned(), 200),
        ("127.0.0.1:1".to_owned(), 421),
        ("localhost".to_owned(), 421),
        (format!("evil.example:{port}"), 421),
        (format!("localhost.evil.example:{port}"), 421),
        (format!("127.0.0.1.evil.example:{port}"), 421),
        (format!("evil@127.0.0.1:{port}"), 421),
    ] {
        for path in ["/api/overview", "/healthz", "/"] {
            let reply = site.send("GET", path, &[("Host", &host)], "").await;
            assert_eq!(reply.status, expected, "{host} {path}: {reply:?}");
        }
    }
    let twice = [("Host", "localhost"), ("Host", "evil.example")];
    assert!(matches!(site.send("GET", "/api/overview", &twice, "").await.status, 400 | 421));
}

#[tokio::test]
async fn no_other_page_is_let_in_and_every_answer_is_guarded() {
    let site = Site::new(settings()).await;
    let origin = [("Origin", "https://evil.example"), ("Access-Control-Request-Method", "POST")];
    let asked = site.send("OPTIONS", PREPARE, &origin, "").await;
    assert_eq!(asked.code(), (405, "method_not_allowed".to_owned()));
    let evil = [("Origin", "https://evil.example")];
    let replies = [
        asked,
        site.send("GET", "/api/overview", &evil, "").await,
        site.get("/").await,
        site.get("/api/nothing").await,
        site.send("GET", "/api/overview", &[("Host", "evil.example")], "").await,
    ];
    for reply in &replies {
        assert!(!reply.headers.iter().any(|(name, _)| name.to_lowercase().starts_with("access-control")), "{reply:?}");
        let policy = reply.header("content-security-policy").unwrap();
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(reply.header("referrer-policy"), Some("no-referrer"));
    }
    assert_eq!(replies[1].header("cache-control"), Some("no-store"));
    assert_eq!(replies[3].code(), (404, "not_found".to_owned()));
}

#[tokio::test]
async fn who_asks_too_much_waits() {
    let reading = Allowance { burst: 3, per_second: 1 };
    let site = Site::new(ApiSettings { reading, ..settings() }).await;
    let mut last = None;
    for _ in 0..6 {
        last = Some(site.get("/api/overview").await);
    }
    let last = last.unwrap();
    assert_eq!(last.code(), (429, "too_many_requests".to_owned()));
    assert_eq!(last.header("retry-after"), Some("1"));
    assert_eq!(site.get("/healthz").await.status, 200, "whether it lives may always be asked");
    assert_eq!(site.post(PREPARE, None, RELEASE).await.status, 200, "orders are counted by themselves");
}

#[tokio::test]
async fn queries_that_make_no_sense_are_said_to() {
    let site = Site::new(settings()).await;
    for (path, expected) in [
        ("/api/positions?account=nobody", (404, "unknown_account")),
        ("/api/positions?symbol=BTC", (400, "bad_query")),
        ("/api/positions?acount=main", (400, "bad_query")),
        ("/api/positions?account=main&account=second", (400, "bad_query")),
        ("/api/overview?x=1", (400, "bad_query")),
        ("/api/fills?days=0", (400, "bad_query")),
        ("/api/fills?days=367", (400, "bad_query")),
        ("/api/fills?limit=-1", (400, "bad_query")),
        ("/api/pnl?points=1e3", (400, "bad_query")),
        ("/api/events?after=18446744073709551616", (400, "bad_query")),
        ("/api/events?severity=loud", (400, "bad_query")),
        ("/api/what-if", (400, "bad_query")),
        ("/api/what-if?percent=-100", (400, "bad_query")),
        ("/api/what-if?percent=NaN", (400, "bad_query")),
        ("/api/what-if?percent=%FF", (400, "bad_query")),
        ("/api/what-if?percent=79228162514264337593543950335", (400, "bad_query")),
        ("/api/candles", (400, "bad_query")),
        ("/api/candles?account=main", (400, "bad_query")),
        ("/api/candles?account=main&symbol=BTC/USDT:USDT&interval=7m", (400, "bad_query")),
        ("/api/candles?account=main&symbol=BTC/USDT:USDT&limit=1001", (400, "bad_query")),
        ("/api/candles?account=nobody&symbol=BTC/USDT:USDT", (404, "unknown_account")),
        ("/api/candles?account=main&symbol=XYZ/USDT:USDT", (404, "unknown_contract")),
        ("/api/../api/nothing", (404, "not_found")),
        ("/api/", (404, "not_found")),
    ] {
        assert_eq!(site.get(path).await.code(), (expected.0, expected.1.to_owned()), "{path}");
    }
    for garbage in [&b"GET / HTTP/9\r\n\r\n"[..], b"\x16\x03\x01\x02\x00", b"GET  \r\n\r\n"] {
        assert!(site.raw(garbage).await.status < 500);
    }
}

#[tokio::test]
async fn what_a_question_needs_and_may_say_is_described_as_it_is_judged() {
    let site = Site::new(settings()).await;
    let document = site.get("/api/openapi.json").await.json();
    let parameters = document["paths"]["/api/candles"]["get"]["parameters"].as_array().unwrap();
    let of = |name: &str| parameters.iter().find(|it| it["name"] == name).unwrap();
    let needed: Vec<bool> =
        ["account", "symbol", "interval", "limit"].map(|it| of(it)["required"].as_bool().unwrap()).to_vec();
    assert_eq!(needed, [true, true, false, false]);
    let words = of("interval")["schema"]["enum"].as_array().unwrap();
    assert!(words.contains(&of("interval")["schema"]["default"]), "{words:?}");
    for word in words {
        let asked = format!("/api/candles?account=main&symbol=BTC/USDT:USDT&interval={}", word.as_str().unwrap());
        assert_ne!(site.get(&asked).await.status, 400, "{word}");
    }
    assert_eq!(site.get("/api/candles?account=main&symbol=BTC/USDT:USDT&interval=2m").await.status, 400);
    assert_eq!(site.get("/api/candles?account=main").await.status, 400);
}

#[tokio::test]
async fn numbers_and_words_are_taken_as_far_as_they_are_described_and_no_further() {
    let reading = Allowance { burst: 1000, per_second: 1000 };
    let site = Site::new(ApiSettings { reading, ..settings() }).await;
    let document = site.get("/api/openapi.json").await.json();
    let mut asked = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        let needed = match path.as_str() {
            "/api/what-if" => "percent=-10&",
            "/api/candles" => "account=main&symbol=BTC/USDT:USDT&",
            _ => "",
        };
        for parameter in item["get"]["parameters"].as_array().into_iter().flatten() {
            let (name, schema) = (parameter["name"].as_str().unwrap(), &parameter["schema"]);
            let (mut good, mut bad): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
            if schema["type"] == "integer" {
                let [least, most] = ["minimum", "maximum"].map(|bound| i128::from(schema[bound].as_u64().unwrap()));
                good.extend([least, most].map(|it| it.to_string()));
                bad.extend([least - 1, most + 1].map(|it| it.to_string()));
                bad.push("some".to_owned());
            } else if let Some(words) = schema["enum"].as_array() {
                good.extend(words.iter().map(|it| it.as_str().unwrap().to_owned()));
                bad.push("some".to_owned());
            }
            asked += good.len();
            for (values, is_good) in [(good, true), (bad, false)] {
                for value in values {
                    let reply = site.get(&format!("{path}?{needed}{name}={value}")).await;
                    assert_eq!(reply.status != 400, is_good, "{path} {name}={value}: {reply:?}");
                }
            }
        }
    }
    assert!(asked > 20, "{asked}");
    for percent in ["-100", "1000.5", "some"] {
        assert_eq!(site.get(&format!("/api/what-if?percent={percent}")).await.status, 400, "{percent}");
    }
}

#[tokio::test]
async fn every_question_is_answered_as_it_is_described() {
    let metrics: Metrics = Arc::new(|| Box::pin(async { "up 1\n".to_owned() }));
    let site = Site::new(ApiSettings { metrics: Some(metrics), ..settings() }).await;
    site.world.long().await;
    let document = site.get("/api/openapi.json").await.json();
    let mut asked = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        if item.get("get").is_none() || path == "/api/stream" {
            continue;
        }
        let query = match path.as_str() {
            "/api/what-if" => "?percent=-10",
            "/api/candles" => "?account=main&symbol=BTC/USDT:USDT",
            _ => "",
        };
        let reply = site.get(&format!("{path}{query}")).await;
        assert_eq!(reply.status, 200, "{path}: {reply:?}");
        let name = item["get"]["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].as_str().unwrap();
        let schema = &document["components"]["schemas"][name.rsplit('/').next().unwrap()];
        let described: Vec<&String> = schema["properties"].as_object().unwrap().keys().collect();
        let body = reply.json();
        let mut answered: Vec<&String> = body.as_object().unwrap().keys().collect();
        answered.sort();
        let mut described = described;
        described.sort();
        assert_eq!(answered, described, "{path}");
        assert!(!has_float(&body), "{path} has a number that is no whole number: {body}");
        asked += 1;
    }
    assert_eq!(asked, 17);
    let metrics = site.get("/metrics").await;
    assert_eq!((metrics.status, metrics.body.as_str()), (200, "up 1\n"));
}

fn has_float(value: &serde_json::Value) -> bool {
    match value {
        serde_json::Value::Number(number) => number.is_f64(),
        serde_json::Value::Object(fields) => fields.values().any(has_float),
        serde_json::Value::Array(them) => them.iter().any(has_float),
        _ => false,
    }
}

#[tokio::test]
async fn the_page_is_served_for_every_path_of_its_own() {
    let site = Site::new(settings()).await;
    let page = site.get("/").await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    assert_eq!(page.header("cache-control"), Some("no-cache"));
    assert_eq!(site.get("/positions/main").await.body, page.body);
    let tag = page.header("etag").unwrap();
    let known = site.send("GET", "/", &[("If-None-Match", tag)], "").await;
    assert_eq!((known.status, known.body.as_str()), (304, ""));
    assert_eq!(site.get("/missing.js").await.status, 404);
    assert_eq!(site.get("/../Cargo.toml").await.status, 404);
    assert_eq!(site.send("POST", "/", &[], "x").await.status, 405);
}

#[tokio::test]
async fn nothing_is_served_to_elsewhere_without_a_token() {
    let world = World::new().await;
    let everywhere = ApiSettings { address: "0.0.0.0:0".parse().unwrap(), ..settings() };
    let failure = Api::bind(world.service.clone(), everywhere.clone()).await.unwrap_err();
    assert!(matches!(failure, BindFailure::NoToken(_)), "{failure}");
    assert!(failure.remedy().contains("127.0.0.1"));
    let mut twice = with_tokens();
    twice.tokens.push(twice.tokens[0].clone());
    assert!(matches!(Api::bind(world.service.clone(), twice).await, Err(BindFailure::SameName(_))));
    // Whoever had the one that only reads could act.
    let same = "the-same-0123456789abcdef".into();
    let one = |name, scope| Token::new(name, scope, &same).unwrap();
    let mut same = settings();
    same.tokens = vec![one("reader", Scope::Read), one("operator", Scope::Act)];
    let failure = Api::bind(world.service.clone(), same).await.unwrap_err();
    assert_eq!(failure.to_string(), "the tokens of 'reader' and 'operator' are the same");
    let allowed = ApiSettings { tokens: with_tokens().tokens, ..everywhere };
    assert!(Api::bind(world.service, allowed).await.is_ok());
}

#[tokio::test]
async fn no_secret_is_in_any_answer() {
    let site = Site::new(with_tokens()).await;
    let (act, origin) = (format!("Bearer {ACT}"), site.origin());
    let headers = [("Authorization", act.as_str()), ("Content-Type", "application/json"), ("Origin", origin.as_str())];
    let wrong = format!("Bearer {ACT}x");
    for reply in [
        site.send("POST", PREPARE, &headers, "{").await,
        site.send("GET", "/api/overview", &[("Authorization", &wrong)], "").await,
        site.send("GET", "/api/session", &headers[..1], "").await,
        site.send("GET", "/api/events", &headers[..1], "").await,
    ] {
        assert!(!format!("{reply:?}").contains(ACT), "{reply:?}");
    }
}
