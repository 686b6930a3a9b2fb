//! Every setting there is: what the example says of it, and what its reader takes.

use super::noted::{Form, Noted};
use super::reader::{Environment, Reader, Section};
use super::rows::{self, Row};
use super::{Places, read_root};
use std::path::PathBuf;
use toml::de::DeTable;

/// The table of an account's own limits.
pub(super) const OWN_LIMITS: &str = "accounts.main.limits";

/// One setting, with all that is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Described {
    /// Its name, its table, how it is written, and what it means.
    pub(super) row: Row,
    /// The environment variables that go before the file.
    pub(super) variables: Vec<String>,
    /// What it is where nobody says; `None` where it may be left out.
    pub(super) default: Option<String>,
    /// What may be written.
    pub(super) form: Form,
}

/// Every setting of the example, in its order. Not among them are those of one kind of strategy, and the limits of one
/// account, which are those of all.
pub(super) fn all() -> Vec<Described> {
    let noted = noted();
    let of = |row: Row| {
        let path = row.path();
        let it = noted.iter().find(|noted| noted.path == path)?.clone();
        // A leverage is shown with the sign that it is not written with.
        let is_whole = it.form == Form::Whole;
        let bare = |default: String| match is_whole {
            true => default.trim_end_matches('x').to_owned(),
            false => default,
        };
        Some(Described { row, variables: it.variables, default: it.default.map(bare), form: it.form })
    };
    rows::all().into_iter().filter(|row| row.table != OWN_LIMITS).filter_map(of).collect()
}

/// What readers take, of every setting that any venue has.
fn noted() -> Vec<Noted> {
    let of = |venue: &str| {
        let text = everything().replace("venue = \"binance\"", &format!("venue = \"{venue}\""));
        let (environment, places) = (Environment::new(), Places { file: String::new(), state: PathBuf::from("…") });
        let (table, _) = DeTable::parse_recoverable(&text);
        let mut reader = Reader::new(&places.file, &text, &environment);
        reader.noted = Some(Vec::new());
        read_root(Section::root(table.get_ref()), &mut reader, &places);
        reader.noted.unwrap_or_default()
    };
    ["binance", "bitget"].into_iter().flat_map(of).collect()
}

/// The example with nothing commented out.
fn everything() -> String {
    let mut text = String::new();
    let mut table = String::new();
    for row in rows::all() {
        if row.table != table {
            table.clone_from(&row.table);
            text += &format!("[{table}]\n");
        }
        text += &format!("{} = {}\n", row.name, row.value);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::{reference, schema};
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_example_tells_of_every_setting_that_is_read_and_of_no_other() {
        let is_own = |path: &String| path.starts_with("strategies.trend.settings.");
        let told: BTreeSet<String> = rows::all()
            .iter()
            .map(Row::path)
            .filter(|path| !is_own(path))
            .map(|path| rows::as_in_the_example(&path))
            .collect();
        let is_read = |noted: Noted| rows::as_in_the_example(&noted.path);
        let read: BTreeSet<String> = noted().into_iter().map(is_read).collect();
        let read_and_not_told: Vec<_> = read.difference(&told).collect();
        let told_and_not_read: Vec<_> = told.difference(&read).collect();
        assert!(read_and_not_told.is_empty(), "the example does not tell of {read_and_not_told:?}");
        assert!(told_and_not_read.is_empty(), "nobody reads {told_and_not_read:?}");
    }

    #[test]
    fn every_setting_that_is_read_is_in_the_schema_and_on_the_page() {
        let (schema, page) = (schema::schema(), reference::page());
        let is_own = |path: &str| path.starts_with("strategies.trend.settings.");
        for path in noted().into_iter().map(|noted| noted.path).filter(|path| !is_own(path)) {
            let place = path.replace("accounts.main.", "accounts.^[a-z0-9_-]{1,32}$.");
            let place = place.replace("strategies.trend.", "strategies.^[a-z0-9_-]{1,32}$.");
            let found = place.split('.').try_fold(&schema, |table, name| {
                table["properties"].get(name).or_else(|| table["patternProperties"].get(name))
            });
            assert!(found.is_some(), "the schema refuses {path}");
            let (table, name) = path.rsplit_once('.').unwrap_or(("", &path));
            let table = table.replace("accounts.main", "accounts.NAME").replace("strategies.trend", "strategies.NAME");
            // An account's own limits are those of the table of limits.
            let heading = match table.as_str() {
                "" => "## Without a table\n".to_owned(),
                "accounts.NAME.limits" => "## [limits]\n".to_owned(),
                table => format!("## [{table}]\n"),
            };
            let told = page.split(&heading).nth(1).and_then(|rest| rest.split("\n## ").next());
            let is_told = told.is_some_and(|told| told.contains(&format!("| `{name}` |")));
            assert!(is_told, "the page does not tell of {path} below {heading}");
        }
        assert!(page.contains("| `1m` | between two calls |"), "{page}");
    }

    #[test]
    fn a_setting_is_described_by_what_its_reader_takes() {
        let all = all();
        let of = |path: &str| all.iter().find(|it| it.row.path() == path).map(|it| it.form.clone()).unwrap();
        let words = |words: &[&str]| Form::Words(words.iter().map(|word| (*word).to_owned()).collect());
        for (path, form) in [
            ("database", Form::Text),
            ("trading.enabled", Form::Truth),
            ("trading.default_leverage", Form::Whole),
            ("limits.max_position", Form::Number),
            ("limits.max_daily_loss_share", Form::Share),
            ("intervals.monitor", Form::Time),
            ("protection.lost_hedge", words(&["match", "tell"])),
            ("protection.hedges", Form::Texts),
            ("accounts.main.environment", words(&["live", "loopback", "testnet"])),
            ("accounts.main.rest_url", Form::Address(["https", "http"])),
            ("accounts.main.socket_url", Form::Address(["wss", "ws"])),
            ("accounts.main.key_env", Form::Variable),
            ("accounts.main.key_file", Form::Text),
            ("accounts.main.paper_account", Form::Name),
            ("accounts.main.symbols", Form::Symbols),
            ("accounts.main.weight_limit", Form::Whole),
            ("accounts.main.protocol", words(&["mix-v1", "v2"])),
            ("api.listen", Form::Socket),
            ("telegram.chats", Form::Wholes),
            ("telegram.symbol", Form::Symbol),
            ("webhook.url", Form::Address(["https", "http"])),
            ("webhook.url_file", Form::Text),
            ("heartbeat.every", Form::Time),
            ("strategies.trend.on", Form::Texts),
        ] {
            assert_eq!(of(path), form, "{path}");
        }
        assert!(matches!(of("strategies.trend.kind"), Form::Words(words) if words.len() == 5));
    }

    #[test]
    fn a_setting_that_has_a_second_name_in_the_environment_says_so() {
        let all = all();
        for (path, name) in [
            ("database", "DATABASE_URL"),
            ("trading.enabled", "ENABLE_FUTURES"),
            ("trading.default_leverage", "DEFAULT_LEVERAGE"),
            ("trading.default_strategy", "DEFAULT_FUTURES_STRATEGY"),
            ("limits.max_leverage", "MAX_LEVERAGE"),
            ("limits.max_positions", "MAX_POSITIONS_FUTURES"),
            ("limits.max_daily_loss_share", "DAILY_LOSS_LIMIT"),
        ] {
            let it = all.iter().find(|it| it.row.path() == path).unwrap();
            assert!(it.variables.iter().any(|variable| variable == name), "{path}: {:?}", it.variables);
            assert!(it.row.about.contains(name), "{path}: {}", it.row.about);
        }
    }
}
