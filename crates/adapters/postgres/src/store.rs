//! The store: its connections, and how it is opened and closed.

use crate::error::{OpenError, is_refusal, store_error};
use crate::schema::{Migrated, NEWEST, Unmigrated, migrate, version};
use plimsoll_domain::AccountId;
use plimsoll_ports::StoreError;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgArguments, PgConnectOptions, PgPoolOptions};
use sqlx::query::Query;
use sqlx::{ConnectOptions, Connection, PgConnection, PgPool, Postgres, Row, Transaction, query, query_scalar};
use std::io::ErrorKind;
use std::ops::{Deref, DerefMut};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

/// How long a call waits for a connection, and how often it looks meanwhile whether there is a server at all.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);
const KNOCK_EVERY: Duration = Duration::from_millis(50);
/// How long a call waits for an answer. The server gives up before that, so that it does not go on for nobody.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the fate of a commit is asked for after its connection was lost, and how often.
const FATE_TIMEOUT: Duration = Duration::from_secs(10);
const FATE_DELAY: Duration = Duration::from_millis(50);
const CONNECTIONS: u32 = 8;

/// What every session is told. The program's turns rely on `read committed`; nobody else may make its writes lazy; and a
/// stretch of time is planned by how long it is, not by how long such stretches are on average.
const SESSION: [(&str, &str); 8] = [
    ("default_transaction_isolation", "read committed"),
    ("synchronous_commit", "on"),
    ("statement_timeout", "9s"),
    ("lock_timeout", "5s"),
    ("idle_in_transaction_session_timeout", "15s"),
    ("tcp_keepalives_idle", "15"),
    ("plan_cache_mode", "force_custom_plan"),
    ("timezone", "UTC"),
];

/// All records of all accounts in one PostgreSQL database; clones share it.
///
/// Everything that has been written when a call returns survives the end of the process and, if the server keeps its
/// defaults (`fsync`), of the server. Several processes on several machines may use one database: those that write for
/// the same account take turns. A server that is gone makes calls [`StoreError::Unreachable`] within seconds; once it is
/// back, so are they.
#[derive(Debug, Clone)]
pub struct PostgresStore {
    pub(crate) pool: PgPool,
    address: Address,
    migrated: Migrated,
}

/// Begins a transaction in which everything is read at one moment.
pub(crate) const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

impl PostgresStore {
    /// Opens the database at this address (`postgres://user:password@host:port/database`) and brings its schema up to
    /// date. The database itself must exist.
    ///
    /// # Errors
    /// [`OpenError`]; one that a newer program has migrated is refused, and left as it is.
    pub async fn open(url: &str) -> Result<Self, OpenError> {
        let (options, address) = parsed(url)?;
        let refused = |error| refused(&address, error);
        let pool = pool_of(options);
        drop(arriving(&address, pool.acquire()).await.map_err(|error| refused(Unmigrated::Store(error)))?);
        match migrate(&pool).await {
            Ok(migrated) => Ok(Self { pool, address, migrated }),
            Err(error) => {
                pool.close().await;
                Err(refused(error))
            }
        }
    }

    /// The version of the schema at this address, and the newest that this program knows; nothing is changed. A database
    /// that was never migrated has version 0.
    ///
    /// # Errors
    /// [`OpenError`] if it cannot be reached.
    pub async fn version(url: &str) -> Result<(i64, i64), OpenError> {
        let (options, address) = parsed(url)?;
        let refused = |error| refused(&address, Unmigrated::Store(error));
        let pool = pool_of(options);
        let mut connection = arriving(&address, pool.acquire()).await.map_err(refused)?;
        let found = answered(version(&mut connection)).await;
        drop(connection);
        pool.close().await;
        Ok((found.map_err(refused)?, NEWEST))
    }

    /// What opening did to the schema; its `to` is the version of this database.
    #[must_use]
    pub const fn migrated(&self) -> Migrated {
        self.migrated
    }

    /// Waits for what is running, and closes every connection of every clone; later calls are
    /// [`StoreError::Unreachable`].
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// A connection to read from. Every statement sees what was committed before it began.
    pub(crate) async fn reading(&self) -> Result<PoolConnection<Postgres>, StoreError> {
        arriving(&self.address, self.pool.acquire()).await
    }

    /// A transaction in which nobody else writes for this account, so that what it reads still holds when it writes.
    /// Dropped without a commit, it leaves nothing behind.
    pub(crate) async fn writing(&self, account: &AccountId) -> Result<Writing, StoreError> {
        const TURN: &str = "SELECT pg_current_xact_id()::text AS number, gen_random_uuid()::text AS token, \
             pg_advisory_xact_lock(hashtextextended($1, 7551))";
        self.beginning(query(TURN).bind(account.as_str())).await
    }

    /// A transaction that has yet to lock what it is about.
    pub(crate) async fn writing_all(&self) -> Result<Writing, StoreError> {
        const FIRST: &str = "SELECT pg_current_xact_id()::text AS number, gen_random_uuid()::text AS token";
        self.beginning(query(FIRST)).await
    }

    /// `first` is the first statement, which gives the transaction's number and its token.
    async fn beginning(&self, first: Query<'_, Postgres, PgArguments>) -> Result<Writing, StoreError> {
        let mut transaction = arriving(&self.address, self.pool.begin()).await?;
        let row = answered(first.fetch_one(&mut *transaction)).await?;
        let number = row.try_get("number").map_err(store_error)?;
        let token = row.try_get("token").map_err(store_error)?;
        Ok(Writing { transaction, store: self.clone(), number, token })
    }

    /// What became of a transaction whose commit was not answered. Its token is in the database if it was committed. Its
    /// number alone proves nothing: a server that has crashed gives the number of a transaction that left no trace to
    /// another one; it tells whether the commit is still under way.
    async fn fate(&self, number: &str, token: &str, lost: &str) -> Result<(), StoreError> {
        let deadline = Instant::now() + FATE_TIMEOUT;
        let nothing = || Err(StoreError::Unreachable(format!("{lost}; nothing was written")));
        let mut is_over = false;
        while Instant::now() < deadline {
            if let Ok(mut connection) = self.reading().await {
                let kept = query_scalar::<_, bool>("SELECT EXISTS (SELECT FROM commits WHERE token = $1)").bind(token);
                match answered(kept.fetch_one(&mut *connection)).await {
                    Ok(true) => return Ok(()),
                    Ok(false) if is_over => return nothing(),
                    Ok(false) => {
                        let status = query_scalar::<_, Option<String>>("SELECT pg_xact_status($1::text::xid8)");
                        match answered(status.bind(number).fetch_one(&mut *connection)).await {
                            // Looked for once more: it may have ended between the two questions.
                            Ok(status) => is_over = status.as_deref() != Some("in progress"),
                            Err(StoreError::Unreachable(_)) => {}
                            // A number of the future: the server has never heard of it.
                            Err(_) => is_over = true,
                        }
                        if is_over {
                            continue;
                        }
                    }
                    Err(_) => {}
                }
            }
            sleep(FATE_DELAY).await;
        }
        Err(StoreError::Unreachable(format!("{lost} at the commit, and whether it was written is not known yet")))
    }
}

/// A transaction that writes.
pub(crate) struct Writing {
    transaction: Transaction<'static, Postgres>,
    store: PostgresStore,
    number: String,
    token: String,
}

impl Writing {
    /// Makes it last. Where the connection is lost just then, the server is asked whether it did.
    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        let Self { mut transaction, store, number, token } = self;
        let mark = query("INSERT INTO commits (token) VALUES ($1)").bind(&token).execute(&mut *transaction);
        answered(mark).await?;
        match timeout(ANSWER_TIMEOUT, transaction.commit()).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) if is_refusal(&error) => Err(store_error(error)),
            Ok(Err(error)) => store.fate(&number, &token, &error.to_string()).await,
            Err(_) => store.fate(&number, &token, "no answer").await,
        }
    }
}

impl Deref for Writing {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.transaction
    }
}

impl DerefMut for Writing {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.transaction
    }
}

/// An answer of the database, or that none came.
pub(crate) async fn answered<T>(call: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, StoreError> {
    match timeout(ANSWER_TIMEOUT, call).await {
        Ok(outcome) => outcome.map_err(store_error),
        Err(_) => Err(StoreError::Unreachable(format!("no answer within {ANSWER_TIMEOUT:?}"))),
    }
}

/// A database by what may be shown of it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Address {
    user: String,
    host: String,
    port: u16,
    database: String,
    is_socket: bool,
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { user, host, port, database, .. } = self;
        write!(f, "postgres://{user}@{host}:{port}/{database}")
    }
}

/// The words after the `?` of an address that mean something. The driver would log what it does not know, be it a
/// password behind a slip of the pen.
const PARAMETERS: [&str; 14] = [
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
];

fn parsed(url: &str) -> Result<(PgConnectOptions, Address), OpenError> {
    if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
        return Err(OpenError::Address("it begins with postgres://".to_owned()));
    }
    let parameters = url.split_once('?').map_or("", |(_, parameters)| parameters);
    for parameter in parameters.split('&').filter(|parameter| !parameter.is_empty()) {
        if !parameter.split_once('=').is_some_and(|(name, _)| PARAMETERS.contains(&name)) {
            return Err(OpenError::Address(format!("after its ? it knows {}", PARAMETERS.join(", "))));
        }
    }
    // The driver's own words may quote what was typed.
    let options: PgConnectOptions = url.parse().map_err(|_| {
        OpenError::Address("it is postgres://user:password@host:port/database, special characters as %XX".to_owned())
    })?;
    let options = options.application_name("plimsoll").options(SESSION).disable_statement_logging();
    let address = Address {
        user: options.get_username().to_owned(),
        host: options.get_host().to_owned(),
        port: options.get_port(),
        database: options.get_database().unwrap_or(options.get_username()).to_owned(),
        is_socket: options.get_socket().is_some() || options.get_host().starts_with('/'),
    };
    Ok((options, address))
}

fn pool_of(options: PgConnectOptions) -> PgPool {
    let pool = PgPoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(ACQUIRE_TIMEOUT);
    // A connection whose server has fallen silent must not hold its place in the pool.
    let pool = pool.after_release(|connection, _| {
        Box::pin(async move {
            match timeout(ACQUIRE_TIMEOUT, connection.ping()).await {
                Ok(outcome) => outcome.map(|()| true),
                Err(_) => Err(sqlx::Error::PoolTimedOut),
            }
        })
    });
    pool.connect_lazy_with(options)
}

/// A connection of the pool. The pool goes on knocking at a closed door until its time is up: we do not.
async fn arriving<T>(
    address: &Address,
    acquire: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, StoreError> {
    tokio::select! {
        biased;
        arrived = answered(acquire) => arrived,
        refusal = refusal(address) => Err(StoreError::Unreachable(refusal)),
    }
}

/// Returns once nobody listens at the address.
async fn refusal(address: &Address) -> String {
    loop {
        sleep(KNOCK_EVERY).await;
        if address.is_socket {
            continue;
        }
        if let Err(error) = TcpStream::connect((address.host.as_str(), address.port)).await
            && error.kind() == ErrorKind::ConnectionRefused
        {
            return format!("{}:{}: {error}", address.host, address.port);
        }
    }
}

fn refused(address: &Address, error: Unmigrated) -> OpenError {
    let database = address.to_string();
    match error {
        Unmigrated::TooNew { found, known } => OpenError::TooNew { database, found, known },
        Unmigrated::Altered(version) => OpenError::Altered { database, version },
        Unmigrated::Store(error) => OpenError::Store { database, error },
    }
}
