//! Where the records are, opened: one store behind every port of it.

mod spooled;

pub(crate) use spooled::left_by_others;
#[cfg(test)]
pub(crate) use spooled::name_of;

use crate::config::Database;
use crate::failure::Failure;
use plimsoll_ports::{
    BookingRepository, ControlRepository, DeskRepository, EquityRepository, FundingRepository, OrderJournal,
    PositionRepository, RiskEventRepository, StoreError, TradeRepository, WholeLedger,
};
use plimsoll_postgres::PostgresStore;
use plimsoll_spool::Spool;
use plimsoll_sqlite::SqliteStore;
use secrecy::ExposeSecret;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;

/// Every port of one store.
#[derive(Clone)]
pub(crate) struct Records {
    pub(crate) journal: Arc<dyn OrderJournal>,
    pub(crate) positions: Arc<dyn PositionRepository>,
    pub(crate) trades: Arc<dyn TradeRepository>,
    pub(crate) funding: Arc<dyn FundingRepository>,
    pub(crate) bookings: Arc<dyn BookingRepository>,
    pub(crate) equity: Arc<dyn EquityRepository>,
    pub(crate) risk_events: Arc<dyn RiskEventRepository>,
    pub(crate) controls: Arc<dyn ControlRepository>,
    pub(crate) desks: Arc<dyn DeskRepository>,
    pub(crate) whole: Arc<dyn WholeLedger>,
    /// What stands in front of the store, where it is used for trading.
    pub(crate) spool: Option<Spool>,
    /// Why the store was not opened, where trading goes on without it.
    pub(crate) away: Option<String>,
    store: Store,
}

#[derive(Clone)]
enum Store {
    Sqlite(SqliteStore),
    Postgres(PostgresStore),
}

/// What opening a store did to its schema: the version before, 0 for a new one, and now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SchemaVersions {
    pub(crate) from: i64,
    pub(crate) to: i64,
}

impl Records {
    /// Opens the store, makes it if there is none, and brings its schema up to date.
    pub(crate) async fn open(database: &Database) -> Result<Self, Failure> {
        match database {
            Database::Sqlite(file) => {
                make_room_for(file)?;
                let store = SqliteStore::open(file).await.map_err(not_opened_sqlite)?;
                Ok(Self::of(Arc::new(store.clone()), Store::Sqlite(store)))
            }
            Database::Postgres(url) => {
                let store = PostgresStore::open(url.expose_secret()).await.map_err(not_opened_postgres)?;
                Ok(Self::of(Arc::new(store.clone()), Store::Postgres(store)))
            }
        }
    }

    /// The same, of records that are to be used and not to be made elsewhere than they are by default.
    pub(crate) async fn open_in_place(database: &Database, state: &Path) -> Result<Self, Failure> {
        match missing_folder(database, state) {
            Some(folder) => Err(no_folder(folder, database)),
            None => Self::open(database).await,
        }
    }

    /// A store that ends with this value.
    pub(crate) async fn in_memory() -> Result<Self, Failure> {
        let store = SqliteStore::in_memory().await.map_err(not_opened_sqlite)?;
        Ok(Self::of(Arc::new(store.clone()), Store::Sqlite(store)))
    }

    fn of<S>(all: Arc<S>, store: Store) -> Self
    where
        S: OrderJournal
            + PositionRepository
            + TradeRepository
            + FundingRepository
            + BookingRepository
            + EquityRepository
            + RiskEventRepository
            + ControlRepository
            + DeskRepository
            + WholeLedger
            + 'static,
    {
        Self {
            journal: all.clone(),
            positions: all.clone(),
            trades: all.clone(),
            funding: all.clone(),
            bookings: all.clone(),
            equity: all.clone(),
            risk_events: all.clone(),
            controls: all.clone(),
            desks: all.clone(),
            whole: all,
            spool: None,
            away: None,
            store,
        }
    }

    /// What opening did to the schema.
    pub(crate) fn schema(&self) -> SchemaVersions {
        match &self.store {
            Store::Sqlite(store) => {
                let migrated = store.migrated();
                SchemaVersions { from: migrated.from, to: migrated.to }
            }
            Store::Postgres(store) => {
                let migrated = store.migrated();
                SchemaVersions { from: migrated.from, to: migrated.to }
            }
        }
    }

    /// Waits for what is running, and closes.
    pub(crate) async fn close(&self) {
        self.close_spool().await;
        match &self.store {
            Store::Sqlite(store) => store.close().await,
            Store::Postgres(store) => store.close().await,
        }
    }
}

/// The version of the database's schema, and the newest known; nothing is changed.
pub(crate) async fn schema_versions(database: &Database) -> Result<(i64, i64), Failure> {
    match database {
        Database::Sqlite(file) => SqliteStore::version(file).await.map_err(not_opened_sqlite),
        Database::Postgres(url) => PostgresStore::version(url.expose_secret()).await.map_err(not_opened_postgres),
    }
}

/// Why a file was not opened.
pub(crate) fn not_opened_sqlite(error: plimsoll_sqlite::OpenError) -> Failure {
    use plimsoll_sqlite::OpenError;
    match &error {
        OpenError::Store { error: StoreError::Unreachable(_), .. } => Failure::unreachable(error)
            .help("Is there such a file, and may it be read and written? `plimsoll db migrate` makes a new one."),
        OpenError::Store { .. } => {
            Failure::unreachable(error).help("It is no database, or damaged: restore the last backup beside it.")
        }
        OpenError::TooNew { .. } | OpenError::Altered { .. } => Failure::usage(error),
    }
}

/// Why a server's database was not opened.
pub(crate) fn not_opened_postgres(error: plimsoll_postgres::OpenError) -> Failure {
    use plimsoll_postgres::OpenError;
    match &error {
        OpenError::Store { .. } => Failure::unreachable(error)
            .help("Does the server run, does the database exist (createdb), and do user and password fit?"),
        OpenError::Address(_) | OpenError::TooNew { .. } | OpenError::Altered { .. } => Failure::usage(error),
    }
}

/// The directory of a new file, where it is not there and not below that of the state, which is made unasked: a slip of the
/// hand, or a disk that is away. What would be made there knows of no kill switch and no loss.
pub(crate) fn missing_folder<'a>(database: &'a Database, state: &Path) -> Option<&'a Path> {
    let Database::Sqlite(file) = database else { return None };
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty())?;
    let whole = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let is_missing = folder.try_exists().is_ok_and(|is_there| !is_there);
    (is_missing && !whole(folder).starts_with(whole(state))).then_some(folder)
}

/// Who finds none there.
pub(crate) fn no_folder(folder: &Path, database: &Database) -> Failure {
    Failure::unreachable(format!("there is no directory {} for {database}", folder.display())).help(format!(
        "Is it a slip in `database` or DATABASE_URL, or a disk that is away? Where it is meant: `plimsoll db migrate \
         --database {database}` makes it."
    ))
}

/// The directory of a new file, for its owner only: records are nobody else's business.
fn make_room_for(file: &Path) -> Result<(), Failure> {
    let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.exists()) else {
        return Ok(());
    };
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|error| {
        Failure::unreachable(format!("cannot make the directory {}: {error}", folder.display()))
            .help("Set database to a file in a directory that may be written, or --database FILE.")
    })
}
