//! What is no TOML, and how it is.

use super::problem::{Origin, Problem, line_and_column};
use toml::de::Error;

/// The first mistake of each line: what follows it there follows from it.
pub(super) fn problems(broken: &[Error], text: &str, file: &str) -> Vec<Problem> {
    let mut placed: Vec<((usize, usize), &Error)> = broken.iter().map(|error| (place(error, text), error)).collect();
    placed.sort_by_key(|(place, _)| *place);
    placed.dedup_by_key(|((line, _), _)| *line);
    let of = |((line, column), error): ((usize, usize), &Error)| {
        let origin = Origin::File { file: file.to_owned(), line, column };
        let written = text.lines().nth(line - 1).unwrap_or_default().trim();
        let (what, remedy) = in_words(error.message(), written);
        Problem::new(origin, "", format!("not TOML: {what}"), remedy)
    };
    placed.into_iter().map(of).collect()
}

fn place(error: &Error, text: &str) -> (usize, usize) {
    line_and_column(text, error.span().map_or(0, |span| span.start))
}

/// What is wrong with a line, and how it is written. A value is not repeated: it may be a secret.
fn in_words(message: &str, line: &str) -> (String, String) {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    let name = line.split_once('=').map(|(name, _)| name.trim()).filter(|name| name.bytes().all(is_part));
    // What stands alone before the sign may be a secret that was broken into lines: only what reads like a setting is named.
    let reads_like_one = |name: &&str| name.bytes().all(|byte| byte.is_ascii_lowercase() || b"_.".contains(&byte));
    let name = name.filter(reads_like_one).unwrap_or("name");
    match message {
        "duplicate key" if line.starts_with('[') => {
            (format!("{line} stands here a second time"), format!("put its settings below the first {line}"))
        }
        "duplicate key" => (format!("{name} stands here a second time"), "keep one of the two".to_owned()),
        _ if line.ends_with('=') => {
            ("a value is missing".to_owned(), format!("write it behind {name} =, or take the line out"))
        }
        _ if message.starts_with("string values must be quoted") => (
            "a text is written without quotes".to_owned(),
            format!("write {name} = \"…\", with quotes around the text"),
        ),
        _ if message.starts_with("invalid basic string") || message.starts_with("invalid literal string") => {
            ("a text has no closing quote".to_owned(), format!("write {name} = \"…\", with a quote at its end too"))
        }
        _ if message.starts_with("unclosed table") => {
            ("a table is not closed".to_owned(), "write [name], with a bracket at its end too".to_owned())
        }
        _ if !line.contains('=') && line.contains(':') => {
            let remedy = "write name = value, and [name] above the settings of a table".to_owned();
            ("this is not how a setting is written".to_owned(), remedy)
        }
        _ => (message.to_owned(), "mend this line; the rest is read after that".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::problems;

    #[test]
    fn a_line_that_cannot_be_read_is_not_repeated() {
        for line in [
            "api_secret = hunter2",
            "api_secret = \"hunter2",
            "api_secret = hunter2 = \"",
            "[api_secret hunter2",
            "hunter2=",
        ] {
            let said = problems(&format!("{line}\n"), &[]);
            assert!(said.contains("plimsoll.toml:1:") && !said.contains("hunter2"), "{line}: {said}");
        }
    }
}
