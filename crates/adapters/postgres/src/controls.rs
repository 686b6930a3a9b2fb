//! The kill switch and the ladder, in table `controls`: every change a row, the last of each holds.

use crate::PostgresStore;
use crate::moment::Moment;
use crate::row::Columns;
use crate::store::answered;
use async_trait::async_trait;
use plimsoll_domain::{AccountId, Timestamp};
use plimsoll_ports::{ControlRepository, KillSwitchRecord, LadderStep, StoreError};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, query};

const KILL_SWITCH: &str = "kill_switch";
pub(crate) const LADDER: &str = "ladder";

pub(crate) const LATEST: &str = "SELECT * FROM controls WHERE account = $1 AND control = $2 ORDER BY id DESC LIMIT 1";
pub(crate) const HISTORY: &str = "SELECT * FROM controls WHERE account = $1 AND control = $2 ORDER BY id";
const INSERT: &str = "INSERT INTO controls (account, control, setting, reason, by_whom, since) \
    VALUES ($1, $2, $3, $4, $5, $6)";

#[async_trait]
impl ControlRepository for PostgresStore {
    async fn kill_switch(&self, account: &AccountId) -> Result<KillSwitchRecord, StoreError> {
        let row = latest(&mut *self.reading().await?, account, KILL_SWITCH).await?;
        let untouched = KillSwitchRecord { engaged: false, reason: String::new(), by: String::new(), since: None };
        row.as_ref().map_or(Ok(untouched), kill_switch)
    }

    async fn set_kill_switch(&self, account: &AccountId, record: &KillSwitchRecord) -> Result<(), StoreError> {
        let mut transaction = self.writing(account).await?;
        let row = latest(&mut transaction, account, KILL_SWITCH).await?;
        if row.as_ref().map(kill_switch).transpose()?.as_ref() == Some(record) {
            return Ok(());
        }
        insert_kill_switch(&mut transaction, account, record).await?;
        transaction.commit().await
    }

    async fn trip_kill_switch(&self, account: &AccountId, record: &KillSwitchRecord) -> Result<bool, StoreError> {
        let mut transaction = self.writing(account).await?;
        let row = latest(&mut transaction, account, KILL_SWITCH).await?;
        let known = row.as_ref().map(kill_switch).transpose()?;
        if let Some(engaged) = known.filter(|known| known.engaged) {
            return Ok(engaged == *record);
        }
        insert_kill_switch(&mut transaction, account, record).await?;
        transaction.commit().await?;
        Ok(true)
    }

    async fn kill_switch_history(&self, account: &AccountId) -> Result<Vec<KillSwitchRecord>, StoreError> {
        let history = query(HISTORY).bind(account.as_str()).bind(KILL_SWITCH);
        answered(history.map(|row| kill_switch(&row)).fetch_all(&mut *self.reading().await?))
            .await?
            .into_iter()
            .collect()
    }

    async fn ladder(&self, account: &AccountId) -> Result<Option<LadderStep>, StoreError> {
        latest(&mut *self.reading().await?, account, LADDER).await?.as_ref().map(ladder_step).transpose()
    }

    async fn set_ladder(&self, account: &AccountId, step: &LadderStep) -> Result<(), StoreError> {
        let mut transaction = self.writing(account).await?;
        let row = latest(&mut transaction, account, LADDER).await?;
        if row.as_ref().map(ladder_step).transpose()?.as_ref() == Some(step) {
            return Ok(());
        }
        insert_ladder(&mut transaction, account, step).await?;
        transaction.commit().await
    }

    async fn step_ladder<'a>(
        &self,
        account: &AccountId,
        before: Option<&'a LadderStep>,
        step: &LadderStep,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.writing(account).await?;
        let known = latest(&mut transaction, account, LADDER).await?.as_ref().map(ladder_step).transpose()?;
        if known.as_ref() != before {
            return Ok(known.as_ref() == Some(step));
        }
        insert_ladder(&mut transaction, account, step).await?;
        transaction.commit().await?;
        Ok(true)
    }
}

struct Change<'a> {
    setting: &'a str,
    reason: Option<&'a str>,
    by: Option<&'a str>,
    since: Option<Timestamp>,
}

async fn latest(
    connection: &mut PgConnection,
    account: &AccountId,
    control: &'static str,
) -> Result<Option<PgRow>, StoreError> {
    answered(query(LATEST).bind(account.as_str()).bind(control).fetch_optional(connection)).await
}

pub(crate) async fn insert_kill_switch(
    connection: &mut PgConnection,
    account: &AccountId,
    record: &KillSwitchRecord,
) -> Result<(), StoreError> {
    let change = Change {
        setting: if record.engaged { "engaged" } else { "released" },
        reason: Some(&record.reason),
        by: Some(&record.by),
        since: record.since,
    };
    insert(connection, account, KILL_SWITCH, &change).await
}

pub(crate) async fn insert_ladder(
    connection: &mut PgConnection,
    account: &AccountId,
    step: &LadderStep,
) -> Result<(), StoreError> {
    let by = step.overridden_by.as_deref();
    insert(connection, account, LADDER, &Change { setting: &step.name, reason: None, by, since: Some(step.since) })
        .await
}

async fn insert(
    connection: &mut PgConnection,
    account: &AccountId,
    control: &'static str,
    change: &Change<'_>,
) -> Result<(), StoreError> {
    let insert = query(INSERT)
        .bind(account.as_str())
        .bind(control)
        .bind(change.setting)
        .bind(change.reason)
        .bind(change.by)
        .bind(change.since.map(Moment));
    answered(insert.execute(connection)).await.map(drop)
}

pub(crate) fn kill_switch(row: &PgRow) -> Result<KillSwitchRecord, StoreError> {
    let row = Columns::of("controls", row);
    let engaged = match row.raw("setting")? {
        "engaged" => true,
        "released" => false,
        word => return Err(row.corrupt("setting", &format!("unknown word '{word}'"))),
    };
    Ok(KillSwitchRecord { engaged, reason: row.raw("reason")?, by: row.raw("by_whom")?, since: row.optional("since")? })
}

pub(crate) fn ladder_step(row: &PgRow) -> Result<LadderStep, StoreError> {
    let row = Columns::of("controls", row);
    Ok(LadderStep { name: row.raw("setting")?, since: row.read("since")?, overridden_by: row.raw("by_whom")? })
}
