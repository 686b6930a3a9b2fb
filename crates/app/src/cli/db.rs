//! `plimsoll db`: the database that holds the records, made, checked, exported and moved.

mod books;
mod export;
mod line;
mod schema;

use crate::config::{Database, find};
use crate::failure::Failure;
use crate::records::{Records, schema_versions};
use crate::screen;
use books::Books;
use clap::{Args, Subcommand};
use plimsoll_ports::WholeLedger;
use serde::Serialize;
use std::path::PathBuf;
use std::process::ExitCode;

/// The database that holds the records.
#[derive(Debug, Subcommand)]
pub(crate) enum Db {
    /// Bring the schema up to date, and say what was done
    Migrate(Migrate),
    /// Say whether the database is sound: schema, storage, and sums against trades
    Check(Check),
    /// Print every record as a line of JSON, or move them all to another database
    Export(Export),
}

/// Which database.
#[derive(Debug, Args)]
struct Place {
    /// sqlite:FILE or postgres://user:password@host/name; without it DATABASE_URL, or what the configuration says
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// The configuration file
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Brings the schema up to date, all of it or nothing. A SQLite file is made if there is none; a PostgreSQL database must
/// exist.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  plimsoll db migrate --database postgres://plimsoll@localhost/plimsoll")]
pub(crate) struct Migrate {
    #[command(flatten)]
    place: Place,
}

/// Changes nothing. Exit code 1 if something is wrong; each finding comes with its remedy.
#[derive(Debug, Args)]
pub(crate) struct Check {
    #[command(flatten)]
    place: Place,
}

/// All accounts, as they are at one moment. Lines come in the order of recording, positions first.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll db export --database sqlite:plimsoll.db > ledger.jsonl
  plimsoll db export --database sqlite:plimsoll.db \\
      --to postgres://plimsoll@localhost/plimsoll")]
pub(crate) struct Export {
    #[command(flatten)]
    place: Place,
    /// Write the records into this database instead, which must hold none: all of them or nothing
    #[arg(long, value_name = "URL")]
    to: Option<String>,
}

#[derive(Serialize)]
struct Migrated {
    database: String,
    from: i64,
    to: i64,
    applied: Vec<schema::Version>,
}

#[derive(Serialize)]
struct Checked {
    database: String,
    ok: bool,
    version: i64,
    records: u64,
    findings: Vec<Finding>,
}

/// What is wrong, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Finding {
    what: String,
    remedy: String,
}

#[derive(Serialize)]
struct Moved {
    from: String,
    to: String,
    records: u64,
}

impl Db {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        super::runtime()?.block_on(async {
            match self {
                Self::Migrate(migrate) => migrate.run().await,
                Self::Check(check) => check.run().await,
                Self::Export(export) => export.run().await,
            }
        })
    }
}

impl Place {
    fn database(&self) -> Result<Database, Failure> {
        let from_environment = || Some(("DATABASE_URL", std::env::var("DATABASE_URL").ok()?));
        let given = self.database.clone().map(|url| ("--database", url)).or_else(from_environment);
        if let Some((setting, url)) = given {
            return Database::parse(&url).map_err(|why| Failure::usage(format!("{setting}: {why}")));
        }
        let read = find::read(self.config.as_deref(), find::environment());
        let read =
            read.map_err(|error| Failure::usage(error.what).help(format!("{}, or --database URL", error.remedy)))?;
        Ok(read.config().map_err(|problems| super::config::refused(&problems))?.database)
    }
}

impl Migrate {
    async fn run(self) -> Result<ExitCode, Failure> {
        let database = self.place.database()?;
        let records = Records::open(&database).await?;
        let versions = records.schema();
        records.close().await;
        let applied = schema::versions(&database).into_iter().filter(|it| it.version > versions.from).collect();
        let migrated = Migrated { database: database.to_string(), from: versions.from, to: versions.to, applied };
        if self.place.json {
            screen::json(&migrated)?;
        } else if migrated.applied.is_empty() {
            screen::line(format!("{database}: version {} already", migrated.to))?;
        } else {
            for schema::Version { version, name } in &migrated.applied {
                screen::line(format!("{database}: applied {version} ({name})"))?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Check {
    async fn run(self) -> Result<ExitCode, Failure> {
        let database = self.place.database()?;
        let (version, known) = schema_versions(&database).await?;
        let (records, findings) = match schema::finding(&database, version, known) {
            Some(finding) => (0, vec![finding]),
            None => sound(&database).await?,
        };
        let checked = Checked { database: database.to_string(), ok: findings.is_empty(), version, records, findings };
        let code = if checked.ok { ExitCode::SUCCESS } else { ExitCode::from(1) };
        if self.place.json {
            screen::json(&checked)?;
            return Ok(code);
        }
        for Finding { what, remedy } in &checked.findings {
            screen::line(format!("{what}\n  {remedy}"))?;
        }
        let verdict = if checked.ok { "nothing wrong" } else { "not sound" };
        screen::line(format!("{database}: version {version}, {records} records, {verdict}"))?;
        Ok(code)
    }
}

/// How many records there are, and what is wrong with them and with what holds them.
async fn sound(database: &Database) -> Result<(u64, Vec<Finding>), Failure> {
    let records = Records::open(database).await?;
    let mut findings: Vec<Finding> = Vec::new();
    let faults = records.whole.faults().await.map_err(Failure::unreachable)?;
    findings.extend(faults.into_iter().map(Finding::damage));
    let mut books = Books::default();
    if let Err(error) = records.whole.tell(&mut books).await {
        match error {
            plimsoll_ports::StoreError::Corrupt(what) => findings.push(Finding::damage(what)),
            other => return Err(Failure::unreachable(other)),
        }
    }
    records.close().await;
    findings.extend(books.findings());
    Ok((books.records(), findings))
}

impl Finding {
    fn damage(what: String) -> Self {
        let remedy = "stop every program that writes, restore the last backup beside it, and run `plimsoll run`, which \
            fetches from the venue what the backup lacks";
        Self { what, remedy: remedy.to_owned() }
    }
}

impl Export {
    async fn run(self) -> Result<ExitCode, Failure> {
        let database = self.place.database()?;
        let (version, known) = schema_versions(&database).await?;
        if let Some(finding) = schema::finding(&database, version, known) {
            return Err(Failure::no(finding.what).help(finding.remedy));
        }
        let source = Records::open(&database).await?;
        match &self.to {
            None => export::print(&*source.whole).await?,
            Some(url) => {
                let target = Database::parse(url).map_err(|why| Failure::usage(format!("--to: {why}")))?;
                let records = moved(&*source.whole, &target).await?;
                self.told(&Moved { from: database.to_string(), to: target.to_string(), records })?;
            }
        }
        source.close().await;
        Ok(ExitCode::SUCCESS)
    }

    fn told(&self, moved: &Moved) -> Result<(), Failure> {
        if self.place.json {
            return screen::json(moved);
        }
        screen::line(format!(
            "{} records of {} are in {}, and still where they were",
            moved.records, moved.from, moved.to
        ))
    }
}

/// Takes the records over, and reads both again: what was said to be moved is the same, record by record.
async fn moved(source: &dyn WholeLedger, target: &Database) -> Result<u64, Failure> {
    let heir = Records::open(target).await?;
    let taken = heir.whole.take_over(source).await.map_err(|error| match error {
        plimsoll_ports::StoreError::Conflict(what) => {
            Failure::no(format!("{target}: {what}")).help("Move into a new, empty database.")
        }
        other => Failure::unreachable(format!("{target}: {other}")),
    })?;
    let same = export::digest(source).await? == export::digest(&*heir.whole).await?;
    heir.close().await;
    if same {
        return Ok(taken);
    }
    Err(Failure::no(format!("{target}: what was written is not what was read"))
        .help("Was a program writing meanwhile? Stop it, empty the target, and move again."))
}
