//! Listen keys: what a private socket shows instead of a signature. One is active for an account at a time.

use hmac::{Hmac, KeyInit, Mac};
use plimsoll_domain::{AccountId, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use std::collections::BTreeMap;
use std::time::Duration;

/// The listen keys that are active.
#[derive(Debug)]
pub(crate) struct ListenKeys {
    life: Duration,
    issued: u64,
    active: BTreeMap<String, Active>,
}

#[derive(Debug)]
struct Active {
    account: AccountId,
    expires: Timestamp,
}

impl ListenKeys {
    pub(crate) const fn new(life: Duration) -> Self {
        Self { life, issued: 0, active: BTreeMap::new() }
    }

    /// The account's key, extended; a new one if none is active. The account's secret makes it unguessable.
    pub(crate) fn open(&mut self, account: &AccountId, secret: &SecretString, now: Timestamp) -> String {
        if let Some(key) = self.extend(account, now) {
            return key;
        }
        self.issued += 1;
        let key = derive(secret, account, self.issued, now);
        self.active.insert(key.clone(), Active { account: account.clone(), expires: now.plus(self.life) });
        key
    }

    /// Extends the account's key; `None` if none is active.
    pub(crate) fn extend(&mut self, account: &AccountId, now: Timestamp) -> Option<String> {
        let (key, active) = self.active.iter_mut().find(|(_, active)| active.account == *account)?;
        active.expires = now.plus(self.life);
        Some(key.clone())
    }

    /// Ends the account's key; whether there was one.
    pub(crate) fn close(&mut self, account: &AccountId) -> bool {
        let before = self.active.len();
        self.active.retain(|_, active| active.account != *account);
        self.active.len() < before
    }

    /// The account's key, if one is active.
    pub(crate) fn of(&self, account: &AccountId) -> Option<&str> {
        self.active.iter().find(|(_, active)| active.account == *account).map(|(key, _)| key.as_str())
    }

    /// Ends the keys whose time is over, and returns them.
    pub(crate) fn expire(&mut self, now: Timestamp) -> Vec<String> {
        self.active.extract_if(.., |_, active| active.expires <= now).map(|(key, _)| key).collect()
    }

    /// Ends one key; whether it was active.
    pub(crate) fn end(&mut self, key: &str) -> bool {
        self.active.remove(key).is_some()
    }

    /// Ends every key, and returns them.
    pub(crate) fn expire_all(&mut self) -> Vec<String> {
        std::mem::take(&mut self.active).into_keys().collect()
    }
}

/// Sixty-four letters and digits that only the holder of the secret could foretell.
fn derive(secret: &SecretString, account: &AccountId, issued: u64, now: Timestamp) -> String {
    // Any length of key is good for this mac, so the fallback is never taken.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()) else {
        return format!("{issued:064}");
    };
    mac.update(account.as_str().as_bytes());
    mac.update(&issued.to_be_bytes());
    mac.update(&now.as_micros().to_be_bytes());
    hex::encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_has_one_key_that_lives_as_long_as_it_is_kept_alive() {
        let mut keys = ListenKeys::new(Duration::from_secs(3600));
        let (account, secret) = (AccountId::new("main"), SecretString::from("secret"));
        let at = |minutes: i64| Timestamp::from_millis(minutes * 60_000);
        let key = keys.open(&account, &secret, at(0));
        assert_eq!(key.len(), 64);
        assert_eq!(keys.open(&account, &secret, at(10)), key);
        assert_eq!(keys.extend(&account, at(50)), Some(key.clone()));
        assert_eq!(keys.expire(at(109)), Vec::<String>::new());
        assert_eq!(keys.expire(at(110)), std::slice::from_ref(&key));
        assert_eq!(keys.extend(&account, at(110)), None);
        assert_ne!(keys.open(&account, &secret, at(110)), key);
        assert!(keys.close(&account));
        assert!(!keys.close(&account));
    }
}
