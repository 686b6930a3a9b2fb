//! Where the configuration is on this machine.

use super::reader::Environment;
use super::{Config, Places, Problem};
use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

/// The name of the file where none is given.
const NAME: &str = "plimsoll.toml";

/// The most that is read, in bytes.
const MOST: u64 = 1024 * 1024;

/// A configuration file that was read.
#[derive(Debug, Clone)]
pub(crate) struct Read {
    /// The file.
    pub(crate) file: PathBuf,
    /// Its text.
    pub(crate) text: String,
    /// The environment it was read in.
    pub(crate) environment: Environment,
    /// Where things are by default.
    pub(crate) places: Places,
}

/// Why no configuration was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NotFound {
    /// What is wrong.
    pub(crate) what: String,
    /// What to do about it.
    pub(crate) remedy: String,
}

impl Read {
    /// What it says.
    ///
    /// # Errors
    /// Every problem of it.
    pub(crate) fn config(&self) -> Result<Config, Vec<Problem>> {
        Config::read(&self.text, &self.environment, &self.places)
    }
}

/// The environment of this process, as far as it is text.
pub(crate) fn environment() -> Environment {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// Reads the file that was named, or `PLIMSOLL_CONFIG`, or `plimsoll.toml` here or in the user's configuration directory.
///
/// # Errors
/// [`NotFound`].
pub(crate) fn read(named: Option<&Path>, environment: Environment) -> Result<Read, NotFound> {
    let file = match named {
        Some(named) => named.to_owned(),
        None => found(&environment).ok_or_else(|| nowhere(&environment))?,
    };
    let text = text_of(&file)?;
    let places = Places { file: file.display().to_string(), state: state(&environment) };
    Ok(Read { file, text, environment, places })
}

/// The text of a file; editors may have put a byte order mark before it.
fn text_of(file: &Path) -> Result<String, NotFound> {
    let shown = file.display();
    let not = |what: String, remedy: String| NotFound { what, remedy };
    let unread = |error: std::io::Error| {
        let remedy = match error.kind() {
            ErrorKind::NotFound => format!("plimsoll config example > {shown}"),
            ErrorKind::IsADirectory => format!("name the file, perhaps {}", file.join(NAME).display()),
            ErrorKind::PermissionDenied => format!("let this user read it: chmod u+r {shown}, or run as its owner"),
            _ => "name a file of text that may be read".to_owned(),
        };
        not(format!("cannot read {shown}: {error}"), remedy)
    };
    let mut bytes = Vec::new();
    File::open(file).and_then(|it| it.take(MOST + 1).read_to_end(&mut bytes)).map_err(unread)?;
    if bytes.len() as u64 > MOST {
        let what = format!("{shown} is larger than {} KiB", MOST / 1024);
        return Err(not(what, "that is no configuration: name the file that is".to_owned()));
    }
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
    std::str::from_utf8(text).map(str::to_owned).map_err(|error| {
        let line = 1 + text.iter().take(error.valid_up_to()).filter(|byte| **byte == b'\n').count();
        let remedy = if text.starts_with(&[0xFF, 0xFE]) || text.starts_with(&[0xFE, 0xFF]) {
            "it is UTF-16: save it as UTF-8"
        } else {
            "save it as UTF-8, or take that letter out"
        };
        not(format!("cannot read {shown}: line {line} is not UTF-8"), remedy.to_owned())
    })
}

/// Whether there is no configuration anywhere.
pub(crate) fn is_nowhere(environment: &Environment) -> bool {
    found(environment).is_none()
}

/// Which file is read where none is named.
pub(crate) fn found(environment: &Environment) -> Option<PathBuf> {
    if let Some(named) = environment.get("PLIMSOLL_CONFIG") {
        return Some(PathBuf::from(named));
    }
    let usual = usual(environment);
    [Some(PathBuf::from(NAME)), usual].into_iter().flatten().find(|path| path.is_file())
}

fn nowhere(environment: &Environment) -> NotFound {
    let usual = usual(environment).map(|path| format!(", and no {}", path.display())).unwrap_or_default();
    NotFound {
        what: format!("there is no {NAME} here{usual}"),
        remedy: format!("plimsoll config example > {NAME}, then fill it in; or name yours with --config"),
    }
}

fn usual(environment: &Environment) -> Option<PathBuf> {
    Some(home(environment, "XDG_CONFIG_HOME", ".config")?.join("plimsoll").join(NAME))
}

/// Where state of this machine is, by the rules of XDG.
pub(crate) fn state(environment: &Environment) -> PathBuf {
    let home = home(environment, "XDG_STATE_HOME", ".local/state");
    home.unwrap_or_else(|| PathBuf::from(".")).join("plimsoll")
}

fn home(environment: &Environment, variable: &str, below: &str) -> Option<PathBuf> {
    let given = environment.get(variable).map(PathBuf::from).filter(|path| path.is_absolute());
    given.or_else(|| Some(Path::new(environment.get("HOME").filter(|home| !home.is_empty())?).join(below)))
}
