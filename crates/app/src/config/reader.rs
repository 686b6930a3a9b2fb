//! Reads settings: from the environment first, then from the file, else the default; and notes where each came from.
//!
//! Nothing stops at the first mistake: what is wrong is collected, and reading goes on with the default.

use super::noted::{Noted, variable_of};
use super::problem::{Origin, Problem, line_and_column, nearest};
use super::rows;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::ops::Range;
use std::str::FromStr;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The environment variables, by name.
pub(crate) type Environment = BTreeMap<String, String>;

/// One setting as it is in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Shown {
    /// Its name in full.
    pub(crate) setting: String,
    /// Its value, without secrets.
    pub(crate) value: String,
    /// Where it comes from.
    pub(crate) origin: Origin,
}

/// What is read from, and what was found.
pub(crate) struct Reader<'a> {
    file: &'a str,
    text: &'a str,
    environment: &'a Environment,
    pub(crate) problems: Vec<Problem>,
    pub(crate) shown: Vec<Shown>,
    /// Every environment variable that some setting would have listened to.
    variables: Vec<String>,
    /// What settings take is noted here, while they are described.
    pub(crate) noted: Option<Vec<Noted>>,
}

/// One table of the file.
pub(crate) struct Section<'t> {
    pub(crate) path: String,
    table: Option<&'t DeTable<'t>>,
    known: Vec<&'static str>,
}

/// The text of one value, and where it is from.
struct Found {
    text: String,
    origin: Origin,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(file: &'a str, text: &'a str, environment: &'a Environment) -> Self {
        Self { file, text, environment, problems: Vec::new(), shown: Vec::new(), variables: Vec::new(), noted: None }
    }

    /// A place in the file.
    pub(crate) fn at(&self, span: Range<usize>) -> Origin {
        let (line, column) = line_and_column(self.text, span.start);
        Origin::File { file: self.file.to_owned(), line, column }
    }

    pub(crate) fn wrong(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// A setting as it is in force, instead of what was said of it before.
    pub(crate) fn show(&mut self, setting: String, value: impl Display, origin: Origin) {
        let value = value.to_string();
        match self.shown.iter_mut().find(|known| known.setting == setting) {
            Some(known) => (known.value, known.origin) = (value, origin),
            None => self.shown.push(Shown { setting, value, origin }),
        }
    }

    /// A setting that is known and not written, while settings are described.
    fn note_unwritten(&mut self, path: &str) {
        if let Some(noted) = &mut self.noted {
            noted.push(Noted::unwritten(path));
        }
    }

    /// What the environment says of a setting under a name of its own.
    pub(crate) fn variable(&mut self, setting: &str, name: &str) -> Option<String> {
        let noted = self.noted.iter_mut().flatten().filter(|it| it.path == setting);
        noted.for_each(|it| it.variables.push(name.to_owned()));
        self.environment.get(name).map(|text| text.trim().to_owned())
    }

    /// Whether the environment says something of a setting.
    pub(crate) fn is_in_environment(&self, path: &str) -> bool {
        self.environment.contains_key(&variable_of(path))
    }

    /// Where a setting that was read came from.
    pub(crate) fn origin_of(&self, setting: &str) -> Origin {
        let found = self.shown.iter().find(|shown| shown.setting == setting);
        found.map_or(Origin::Default, |shown| shown.origin.clone())
    }

    /// Variables that look like settings and are none: `PLIMSOLL_LIMITS_MAX_LEVERAG`.
    pub(crate) fn refuse_unknown_variables(&mut self, sections: &[&str]) {
        let is_ours = |name: &&String| {
            let rest = name.strip_prefix("PLIMSOLL_").unwrap_or_default();
            sections.iter().any(|section| rest.starts_with(&format!("{}_", section.to_ascii_uppercase())))
        };
        let unknown: Vec<String> =
            self.environment.keys().filter(is_ours).filter(|name| !self.variables.contains(name)).cloned().collect();
        for name in unknown {
            let remedy = match nearest(&name, self.variables.iter().map(String::as_str)) {
                Some(meant) => format!("did you mean {meant}? Else unset it"),
                None => "unset it: no setting has that name".to_owned(),
            };
            let mut problem = Problem::new(Origin::Environment(name), "", "no such setting", remedy);
            problem.is_unknown_key = true;
            self.wrong(problem);
        }
    }
}

impl<'t> Section<'t> {
    /// The whole file.
    pub(crate) fn root(table: &'t DeTable<'t>) -> Self {
        Self { path: String::new(), table: Some(table), known: Vec::new() }
    }

    /// A table within this one; what is no table is a problem, and an absent one is empty.
    pub(crate) fn section(&mut self, reader: &mut Reader<'_>, name: &'static str) -> Section<'t> {
        self.known.push(name);
        let path = self.full(name);
        let table = self.get(name).and_then(|(span, value)| match value {
            DeValue::Table(table) => Some(table),
            _ => {
                let remedy = format!("write [{path}] on a line of its own, and its settings below it");
                reader.wrong(Problem::new(reader.at(span), &path, "a table is wanted here", remedy));
                None
            }
        });
        Section { path, table, known: Vec::new() }
    }

    /// A table within this one whose keys somebody else knows; what is no table is a problem.
    pub(crate) fn table(&mut self, reader: &mut Reader<'_>, name: &'static str) -> Option<&'t DeTable<'t>> {
        self.section(reader, name).table
    }

    /// Every table within this one, by name, in the order of the file.
    pub(crate) fn sections(&self, reader: &mut Reader<'_>) -> Vec<(String, Range<usize>, Section<'t>)> {
        let Some(table) = self.table else { return Vec::new() };
        let mut found = Vec::new();
        for (name, value) in table {
            let path = self.full(name.get_ref());
            match value.get_ref() {
                DeValue::Table(table) => {
                    let section = Section { path, table: Some(table), known: Vec::new() };
                    found.push((name.get_ref().to_string(), name.span(), section));
                }
                _ => {
                    let remedy = format!("write [{path}] on a line of its own, and its settings below it");
                    reader.wrong(Problem::new(reader.at(name.span()), &path, "a table is wanted here", remedy));
                }
            }
        }
        found.sort_by_key(|(_, span, _)| span.start);
        found
    }

    /// Notes a key that is handled elsewhere.
    pub(crate) fn knows(&mut self, reader: &mut Reader<'_>, name: &'static str) {
        self.known.push(name);
        reader.note_unwritten(&self.full(name));
    }

    /// Where a key stands in the file, if it does.
    pub(crate) fn place_of(&self, reader: &Reader<'_>, name: &str) -> Option<Origin> {
        let (key, _) = self.table?.iter().find(|(key, _)| key.get_ref() == name)?;
        Some(reader.at(key.span()))
    }

    /// A setting, or its default.
    pub(crate) fn value<T>(&mut self, reader: &mut Reader<'_>, name: &'static str, also: &[&str], default: T) -> T
    where
        T: FromStr<Err: Display> + Display,
    {
        let read = |text: &str| text.parse().map_err(|error: T::Err| in_words(text, &error.to_string()));
        self.read(reader, name, also, default, read, ToString::to_string)
    }

    /// A setting that is read and shown in its own way, or its default.
    pub(crate) fn read<T>(
        &mut self,
        reader: &mut Reader<'_>,
        name: &'static str,
        also: &[&str],
        default: T,
        read: impl Fn(&str) -> Result<T, String>,
        show: impl Fn(&T) -> String,
    ) -> T {
        let wanted = self.wanted(reader, name, also, read, &show);
        if let Some(noted) = reader.noted.iter_mut().flatten().last().filter(|noted| noted.path == self.full(name)) {
            noted.default = Some(show(&default));
        }
        wanted.unwrap_or_else(|| {
            let path = self.full(name);
            if reader.origin_of(&path) == Origin::Default {
                reader.show(path, show(&default), Origin::Default);
            }
            default
        })
    }

    /// A setting that may be left out.
    pub(crate) fn wanted<T>(
        &mut self,
        reader: &mut Reader<'_>,
        name: &'static str,
        also: &[&str],
        read: impl Fn(&str) -> Result<T, String>,
        show: impl Fn(&T) -> String,
    ) -> Option<T> {
        self.known.push(name);
        let path = self.full(name);
        let Some(found) = self.found(reader, name, also) else {
            reader.note_unwritten(&path);
            return None;
        };
        if let Some(noted) = &mut reader.noted {
            noted.push(Noted::of(&path, also, &found.text, |text| read(text).is_ok()));
        }
        match read(&found.text) {
            Ok(value) => {
                reader.show(path, show(&value), found.origin);
                Some(value)
            }
            Err(why) => {
                let is_empty = found.text.is_empty() && matches!(found.origin, Origin::Environment(_));
                let why = if is_empty { "it is set, and empty".to_owned() } else { why };
                let remedy = remedy_for(&found.origin, &path);
                reader.wrong(Problem::new(found.origin, &path, why, remedy));
                None
            }
        }
    }

    /// What the environment says, or else the file.
    fn found(&self, reader: &mut Reader<'_>, name: &str, also: &[&str]) -> Option<Found> {
        let ours = variable_of(&self.full(name));
        reader.variables.push(ours.clone());
        for variable in [ours.as_str()].iter().chain(also) {
            if let Some(text) = reader.environment.get(*variable) {
                let origin = Origin::Environment((*variable).to_owned());
                return Some(Found { text: text.trim().to_owned(), origin });
            }
        }
        let (span, value) = self.get(name)?;
        let origin = reader.at(span);
        match text_of(value) {
            Some(text) => Some(Found { text, origin }),
            None => {
                let path = self.full(name);
                let what = match value {
                    DeValue::Integer(_) => "a number is written with the digits 0 to 9 here",
                    _ => "one value is wanted here: a text, a number, true or false",
                };
                let remedy = remedy_for(&origin, &path);
                reader.wrong(Problem::new(origin, &path, what, remedy));
                None
            }
        }
    }

    fn get(&self, name: &str) -> Option<(Range<usize>, &'t DeValue<'t>)> {
        let (_, value) = self.table?.iter().find(|(key, _)| key.get_ref() == name)?;
        Some((value.span(), value.get_ref()))
    }

    pub(crate) fn full(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    /// Keys that nobody asked for are slips, or settings of another program: neither is passed over in silence.
    pub(crate) fn refuse_unknown(self, reader: &mut Reader<'_>) {
        for key in self.table.into_iter().flat_map(|table| table.keys()) {
            if self.known.contains(&key.get_ref().as_ref()) {
                continue;
            }
            let problem = self.unknown(reader, key);
            reader.wrong(problem);
        }
    }

    /// The table below this one, or else the first, that has such a setting.
    fn elsewhere(&self, name: &str) -> Option<String> {
        let here = rows::as_in_the_example(&self.path);
        let tables: Vec<String> = rows::all()
            .into_iter()
            .filter(|row| row.name == name && !row.table.is_empty())
            .map(|row| row.table)
            .collect();
        let below = tables.iter().find_map(|table| table.strip_prefix(&format!("{here}.")));
        match below {
            Some(below) if !here.is_empty() => Some(format!("{}.{below}", self.path)),
            _ => tables.first().cloned(),
        }
    }

    fn unknown(&self, reader: &Reader<'_>, key: &Spanned<std::borrow::Cow<'_, str>>) -> Problem {
        let remedy = match nearest(key.get_ref(), self.known.iter().copied()) {
            Some(meant) => format!("did you mean {meant}?"),
            None => match self.elsewhere(key.get_ref()) {
                Some(table) => format!("it is a setting of [{table}]: write it there"),
                None => format!("known here are {}", self.known.join(", ")),
            },
        };
        let mut problem = Problem::new(reader.at(key.span()), &self.full(key.get_ref()), "no such setting", remedy);
        problem.is_unknown_key = true;
        problem
    }
}

/// How it is written, of a setting that the example has.
pub(super) fn remedy_for(origin: &Origin, path: &str) -> String {
    let row = rows::of(path);
    match (origin, row) {
        (Origin::Environment(name), Some(row)) => {
            format!("set it like {name}={}, or unset it", row.value.trim_matches('"'))
        }
        (Origin::Environment(name), None) => format!("set {name} to such a value, or unset it"),
        (_, Some(row)) => {
            format!("write it like {} = {}; `plimsoll config example` says what it means", row.name, row.value)
        }
        (_, None) => format!("change it; `plimsoll config reference` says what {path} is"),
    }
}

/// Numbers keep the text that they are written with: none is read through a float. A list is its values with commas between
/// them, as the environment has to write it.
fn text_of(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) if number.radix() == 10 => Some(number.as_str().to_owned()),
        DeValue::Float(number) => Some(number.as_str().to_owned()),
        DeValue::Boolean(truth) => Some(truth.to_string()),
        DeValue::Array(list) => {
            let texts: Option<Vec<String>> = list.iter().map(|value| text_of(value.get_ref())).collect();
            texts.map(|texts| texts.join(","))
        }
        DeValue::Integer(_) | DeValue::Datetime(_) | DeValue::Table(_) => None,
    }
}

/// What libraries say of a number, in words for whoever wrote it.
fn in_words(text: &str, error: &str) -> String {
    let is_of_integers =
        error.starts_with("invalid digit") || error.starts_with("number too") || error.contains("empty string");
    if is_of_integers { format!("'{text}' is no whole number from 0 up") } else { error.to_owned() }
}
