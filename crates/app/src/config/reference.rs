//! Every setting on one page.

use super::described::{self, Described};
use std::fmt::Write as _;

/// What stands before the tables.
const HEAD: &str = "\
# Configuration

Every setting, as `plimsoll config reference` prints it. `plimsoll config example` is a file to begin with, `config check` says
what is wrong with one, each mistake with its line and remedy, `config show` what is in force and where each value comes from,
and `config schema` prints a JSON schema, by which an editor completes and checks as you type:

```console
$ plimsoll config schema > plimsoll.schema.json
$ head -1 plimsoll.toml
#:schema ./plimsoll.schema.json
```

A setting in the environment goes before the file, and the file before the default. Its variable is its name in full, in capitals, with
`PLIMSOLL_` before it: `limits.max_leverage` is `PLIMSOLL_LIMITS_MAX_LEVERAGE`, and `accounts.main.leverage` is
`PLIMSOLL_ACCOUNTS_MAIN_LEVERAGE`. Some have a second one, named below. A value that has no default may be left out unless
`config check` says otherwise; where a default is, it is what holds when nobody says anything.

The file is `--config`, or else `PLIMSOLL_CONFIG`, or else `plimsoll.toml` here, or else `~/.config/plimsoll/plimsoll.toml`. No
secret is ever written there: the file names the variable, or the file, that holds it. While `plimsoll run` guards, SIGHUP makes
it read the configuration again: [what may change meanwhile](guarding.md#reading-the-configuration-again).
";

/// What stands below the limits.
const LIMITS: &str = "
An account may be held to others: `[accounts.NAME.limits]` takes each of these, and what it does not name is as here.
";

/// What stands below the strategies.
const STRATEGIES: &str = "
`settings` is a table of what is otherwise than by default: [the page of the strategies](strategies.md) has those of each kind, and
`plimsoll backtest --strategies` lists them.
";

/// The page.
pub(crate) fn page() -> String {
    let mut page = HEAD.to_owned();
    let mut table = None;
    for it in described::all() {
        if table.as_ref() != Some(&it.row.table) {
            page += after(table.as_deref());
            page += &heading(&it.row.table);
            table = Some(it.row.table.clone());
        }
        page += &line(&it);
    }
    page + after(table.as_deref())
}

fn after(table: Option<&str>) -> &'static str {
    match table {
        Some("limits") => LIMITS,
        Some("strategies.trend") => STRATEGIES,
        _ => "",
    }
}

fn heading(table: &str) -> String {
    let name = match table {
        "" => "Without a table".to_owned(),
        "accounts.main" => "[accounts.NAME]".to_owned(),
        "strategies.trend" => "[strategies.NAME]".to_owned(),
        table => format!("[{table}]"),
    };
    format!("\n## {name}\n\n| setting | what may be written | default | |\n|---|---|---|---|\n")
}

fn line(it: &Described) -> String {
    // Where things are depends on the machine, and is said in words.
    let default = it.default.as_ref().filter(|_| !it.row.table.is_empty());
    let default = default.map(|default| format!("`{default}`")).unwrap_or_default();
    let mut line = String::new();
    // Writing into a text cannot fail.
    let _ = writeln!(
        line,
        "| `{}` | {} | {default} | {} |",
        it.row.name,
        it.form.in_words(),
        it.row.about.replace('|', "\\|")
    );
    line
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_of_the_docs_is_the_one_that_is_printed() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/configuration.md");
        let kept = std::fs::read_to_string(path).unwrap();
        assert!(kept == super::page(), "write it anew: `plimsoll config reference > docs/configuration.md`");
    }
}
