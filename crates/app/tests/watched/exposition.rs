//! Reads the text format of Prometheus (0.0.4), as strictly as it is written down.

use std::collections::{BTreeMap, BTreeSet};

/// One line with a value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sample {
    pub(crate) name: String,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) value: f64,
}

/// A page: what each family is, and its samples.
#[derive(Debug, Default)]
pub(crate) struct Page {
    pub(crate) kinds: BTreeMap<String, String>,
    pub(crate) helps: BTreeMap<String, String>,
    pub(crate) samples: Vec<Sample>,
}

impl Page {
    /// Panics at the first line that breaks a rule.
    pub(crate) fn read(text: &str) -> Self {
        assert!(text.ends_with('\n'), "the last line ends");
        let (mut page, mut seen, mut family) = (Self::default(), BTreeSet::new(), String::new());
        for line in text.lines().filter(|line| !line.is_empty()) {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                let (name, help) = rest.split_once(' ').unwrap();
                assert!(page.helps.insert(name.to_owned(), help.to_owned()).is_none(), "{name} is explained once");
            } else if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').unwrap();
                assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
                assert!(page.kinds.insert(name.to_owned(), kind.to_owned()).is_none(), "{name} is in one place");
                name.clone_into(&mut family);
            } else {
                assert!(!line.starts_with('#'), "{line}");
                let sample = sample(line);
                assert_eq!(page.family(&sample.name), family, "{line}");
                assert!(seen.insert(format!("{} {:?}", sample.name, sample.labels)), "twice: {line}");
                page.samples.push(sample);
            }
        }
        page.check_histograms();
        page
    }

    /// What a sample belongs to.
    pub(crate) fn family(&self, name: &str) -> String {
        let parts = ["_bucket", "_sum", "_count"].iter().filter_map(|part| name.strip_suffix(part));
        let of = parts.into_iter().find(|of| self.kinds.get(*of).is_some_and(|kind| kind == "histogram"));
        of.unwrap_or(name).to_owned()
    }

    /// The values of this name with these labels among theirs.
    pub(crate) fn values(&self, name: &str, labels: &[(&str, &str)]) -> Vec<f64> {
        let has = |it: &&Sample| {
            it.name == name && labels.iter().all(|(label, value)| it.labels.get(*label).is_some_and(|is| is == value))
        };
        self.samples.iter().filter(has).map(|it| it.value).collect()
    }

    /// Buckets never shrink, the last takes everything, and the count is what it holds.
    fn check_histograms(&self) {
        for (name, _) in self.kinds.iter().filter(|(_, kind)| *kind == "histogram") {
            for count in self.samples.iter().filter(|it| it.name == format!("{name}_count")) {
                let of = |it: &&Sample| {
                    let labels = it.labels.iter().filter(|(label, _)| *label != "le");
                    it.name == format!("{name}_bucket") && labels.eq(count.labels.iter())
                };
                let buckets: Vec<&Sample> = self.samples.iter().filter(of).collect();
                assert!(buckets.is_sorted_by(|one, other| one.value <= other.value), "{buckets:?}");
                let last = buckets.last().unwrap();
                assert_eq!((last.labels["le"].as_str(), last.value), ("+Inf", count.value), "{name}");
            }
        }
    }
}

fn is_name(text: &str) -> bool {
    let is_first = |it: char| it.is_ascii_alphabetic() || it == '_';
    text.starts_with(is_first) && text.chars().all(|it| is_first(it) || it.is_ascii_digit())
}

fn sample(line: &str) -> Sample {
    let (named, value) = line.rsplit_once(' ').unwrap();
    let value: f64 = value.parse().unwrap_or_else(|_| panic!("no number: {line}"));
    let (name, rest) = named.split_once('{').map_or((named, None), |(name, rest)| (name, Some(rest)));
    assert!(is_name(name), "{line}");
    let mut labels = BTreeMap::new();
    let mut rest = rest.map_or("", |rest| rest.strip_suffix('}').unwrap_or_else(|| panic!("no end: {line}")));
    while !rest.is_empty() {
        let (label, quoted) = rest.split_once("=\"").unwrap();
        assert!(is_name(label), "{line}");
        let (value, after) = unquoted(quoted);
        assert!(labels.insert(label.to_owned(), value).is_none(), "{line}");
        rest = after.strip_prefix(',').unwrap_or(after);
    }
    Sample { name: name.to_owned(), labels, value }
}

/// What stands before the closing quote, and what comes after it.
fn unquoted(quoted: &str) -> (String, &str) {
    let (mut value, mut characters) = (String::new(), quoted.char_indices());
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (value, &quoted[at + 1..]),
            '\\' => match characters.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, escaped @ ('\\' | '"'))) => value.push(escaped),
                other => panic!("no such escape: {other:?}"),
            },
            other => value.push(other),
        }
    }
    panic!("no closing quote: {quoted}")
}
