//! The example, line by line: its settings, each with its table, a value and what it means.
//!
//! Whatever else tells of settings (remedies, the schema, the reference) reads it there, so that each is described once.

use super::example::EXAMPLE;

/// One setting of the example.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    /// The table that it stands in; empty for none.
    pub(super) table: String,
    /// Its name there.
    pub(super) name: String,
    /// Its value as it is written.
    pub(super) value: String,
    /// What it means.
    pub(super) about: String,
}

impl Row {
    /// Its name in full, as it is in the example: `accounts.main.leverage`.
    pub(super) fn path(&self) -> String {
        if self.table.is_empty() { self.name.clone() } else { format!("{}.{}", self.table, self.name) }
    }
}

/// Every setting of the example, those that are commented out among them.
pub(super) fn all() -> Vec<Row> {
    let (mut rows, mut table, mut above) = (Vec::new(), String::new(), Vec::new());
    for line in EXAMPLE.lines() {
        let bare = line.strip_prefix("# ").unwrap_or(line);
        if let Some(name) = table_of(bare) {
            (table, above) = (name.to_owned(), Vec::new());
        } else if let Some((name, rest)) = setting(bare) {
            let (value, comment) = split(rest);
            let about = if comment.is_empty() { above.join(" ") } else { comment.to_owned() };
            let (table, name, value) = (table.clone(), name.to_owned(), value.to_owned());
            rows.push(Row { table, name, value, about });
        } else if line.is_empty() {
            above.clear();
        } else {
            above.push(bare);
        }
    }
    rows
}

/// The setting of this name in full, whatever its account or strategy is called.
pub(super) fn of(path: &str) -> Option<Row> {
    let path = as_in_the_example(path);
    all().into_iter().find(|row| row.path() == path)
}

/// `accounts.second.limits.max_leverage` is `limits.max_leverage`, and `accounts.second.venue` is `accounts.main.venue`.
pub(super) fn as_in_the_example(path: &str) -> String {
    let parts: Vec<&str> = path.split('.').collect();
    match parts[..] {
        ["accounts", _, "limits", ref rest @ ..] => {
            ["limits"].iter().chain(rest).copied().collect::<Vec<_>>().join(".")
        }
        ["accounts", _, ref rest @ ..] => {
            ["accounts", "main"].iter().chain(rest).copied().collect::<Vec<_>>().join(".")
        }
        ["strategies", _, ref rest @ ..] => {
            ["strategies", "trend"].iter().chain(rest).copied().collect::<Vec<_>>().join(".")
        }
        _ => path.to_owned(),
    }
}

fn table_of(line: &str) -> Option<&str> {
    let (name, _) = line.strip_prefix('[')?.split_once(']')?;
    is_name(name).then_some(name)
}

fn setting(line: &str) -> Option<(&str, &str)> {
    line.split_once(" = ").filter(|(name, _)| is_name(name))
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_' || byte == b'.')
}

/// A value, and the comment behind it.
fn split(rest: &str) -> (&str, &str) {
    let mut is_quoted = false;
    let comment = rest.find(|letter| {
        is_quoted ^= letter == '"';
        letter == '#' && !is_quoted
    });
    let (value, comment) = rest.split_at(comment.unwrap_or(rest.len()));
    (value.trim(), comment.trim_start_matches('#').trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_is_found_with_its_value_and_what_it_means() {
        let row = of("accounts.second.limits.max_daily_loss_share").unwrap();
        assert_eq!((row.table.as_str(), row.value.as_str()), ("limits", "\"5 %\""));
        assert!(row.about.starts_with("the same, of the day's opening equity"), "{row:?}");
        let row = of("accounts.second.leverage").unwrap();
        assert_eq!((row.path().as_str(), row.value.as_str()), ("accounts.main.leverage", "3"));
        assert!(of("database").unwrap().about.starts_with("Where the records are"));
        assert_eq!(of("strategies.trend.settings.leverage").unwrap().value, "2");
        assert_eq!(of("limits.colour"), None);
    }
}
