//! Presses of buttons: each is answered, and the message says what became of it.

use crate::bot::Desk;
use crate::buttons::{Offer, Pressed, Presser};
use crate::preview;
use crate::text::Text;
use crate::wire::Place;
use plimsoll_service::{ActFailure, Action, Outcome};

impl Desk {
    /// Somebody on the lists pressed a button.
    pub(crate) async fn press(&self, press: &str, data: &str, presser: Presser, place: Place, message: i64) {
        let now = self.clock.now();
        let (name, pressed) = match data.split_once(':') {
            Some(("y", name)) => (name, self.buttons.press(name, presser, now)),
            Some(("n", name)) => {
                let pressed = self.buttons.cancel(name, presser, now);
                if let Pressed::Now(offer) | Pressed::Lapsed(offer) = pressed {
                    return self.cancelled(press, &offer, presser, place, message).await;
                }
                (name, pressed)
            }
            _ => ("", Pressed::Unknown),
        };
        match pressed {
            Pressed::Now(offer) => self.go_on(press, name, offer, presser, place, message).await,
            Pressed::Used => self.alert(press, "This was confirmed before. It is not done again.").await,
            Pressed::Cancelled => self.alert(press, "This was cancelled.").await,
            Pressed::Unknown => {
                self.alert(press, "Nothing is known of this button any more: send the command again.").await;
            }
            Pressed::Lapsed(offer) => {
                self.refused(presser.user, &format!("{}: pressed too late", said(&offer)));
                let text = Text::titled("Lapsed: nothing was done").line(&said(&offer));
                let (_, ()) = tokio::join!(self.toast(press, "Too late"), self.edited(place, message, text));
            }
            Pressed::Foreign { offer, owner } => {
                self.foreign(name, &offer, presser, owner).await;
                self.alert(press, "This was prepared by somebody else.").await;
            }
        }
    }

    async fn go_on(&self, press: &str, name: &str, offer: Offer, presser: Presser, place: Place, message: i64) {
        match offer {
            Offer::Confirm { nonce, summary } => {
                let who = Self::caller(presser.user);
                let doing = self.service.confirm(&who, &nonce, name);
                self.told(press, &summary, doing, place, message).await;
            }
            Offer::Ask { action, shown } => {
                let word = action.word().unwrap_or("Confirm");
                let text = Text::titled(&format!("Really {action}?")).lines(shown.lines()).gap();
                let text = text.line(&format!("This press is as good as typing {word}. There is no further question."));
                match self.buttons_for(presser, Offer::Word { action, shown }, word) {
                    Ok(buttons) => {
                        let asked = self.calls.edit(place, message, text, &buttons);
                        let (_, asked) = tokio::join!(self.toast(press, "Press once more"), asked);
                        if let Err(failure) = asked {
                            tracing::warn!(%failure, "the second question does not arrive");
                        }
                    }
                    Err(why) => self.alert(press, &why).await,
                }
            }
            Offer::Word { action, .. } => {
                let summary = action.to_string();
                self.told(press, &summary, self.with_word(name, action, presser), place, message).await;
            }
        }
    }

    /// Prepares what takes a word, and confirms it at once: two presses have stood for the word.
    async fn with_word(&self, key: &str, action: Action, presser: Presser) -> Result<Outcome, ActFailure> {
        let who = Self::caller(presser.user);
        let word = action.word();
        let prepared = self.service.prepare(&who, action, word).await?;
        let refusals = || ActFailure::Invalid(prepared.refusals.join("; "));
        let nonce = prepared.nonce.as_deref().ok_or_else(refusals)?;
        self.service.confirm(&who, nonce, key).await
    }

    /// Tells that it is being done, while it is, and then what became of it. Doing it waits for no chat.
    async fn told(
        &self,
        press: &str,
        summary: &str,
        doing: impl Future<Output = Result<Outcome, ActFailure>>,
        place: Place,
        message: i64,
    ) {
        let first = async {
            let under_way = Text::titled("Being done").line(summary);
            tokio::join!(self.toast(press, "Being done"), self.edited(place, message, under_way));
        };
        let (done, ()) = tokio::join!(doing, first);
        let text = match &done {
            Ok(outcome) => preview::outcome(outcome),
            Err(failure) => {
                Text::titled("Nothing was done").line(summary).line(&failure.to_string()).lines(remedy(failure))
            }
        };
        self.edited(place, message, text).await;
    }

    async fn cancelled(&self, press: &str, offer: &Offer, presser: Presser, place: Place, message: i64) {
        tracing::debug!(user = presser.user, "an action is cancelled");
        let text = Text::titled("Cancelled: nothing was done").line(&said(offer));
        tokio::join!(self.toast(press, "Cancelled"), self.edited(place, message, text));
    }

    /// Who confirms what somebody else prepared is on record with it.
    async fn foreign(&self, name: &str, offer: &Offer, presser: Presser, owner: Presser) {
        match offer {
            // Of somebody else the service takes no confirmation: it writes down that there was one.
            Offer::Confirm { nonce, .. } if presser.user != owner.user => {
                let refused = self.service.confirm(&Self::caller(presser.user), nonce, name).await;
                tracing::debug!(user = presser.user, ?refused, "a foreign button is pressed");
            }
            offer => self.refused(presser.user, &format!("{}: prepared by somebody else", said(offer))),
        }
    }

    async fn edited(&self, place: Place, message: i64, text: Text) {
        if let Err(failure) = self.calls.edit(place, message, text, &[]).await {
            tracing::warn!(%failure, chat = place.chat, "what became of an action is not shown; it is on record");
        }
    }

    pub(crate) async fn toast(&self, press: &str, words: &str) {
        self.answer(press, words, false).await;
    }

    async fn alert(&self, press: &str, words: &str) {
        self.answer(press, words, true).await;
    }

    async fn answer(&self, press: &str, words: &str, until_read: bool) {
        if let Err(failure) = self.calls.answer(press, words, until_read).await {
            tracing::debug!(%failure, "a press is not answered");
        }
    }
}

fn said(offer: &Offer) -> String {
    match offer {
        Offer::Confirm { summary, .. } => summary.clone(),
        Offer::Ask { action, .. } | Offer::Word { action, .. } => action.to_string(),
    }
}

/// What to do about it, in a chat's words.
fn remedy(failure: &ActFailure) -> Option<&'static str> {
    match failure {
        ActFailure::ExpiredNonce { .. } | ActFailure::UnknownNonce => Some("Send the command again."),
        ActFailure::Interrupted => Some("See /futures_status after the next start."),
        _ => None,
    }
}
