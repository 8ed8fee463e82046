//! What becomes of orders that former lives of the load had begun to send.

use std::cmp::Reverse;

use auditor::Witnesses;
use participant::Millis;

use super::error::CheckError;
use super::times::{Times, ms};
use super::{Checker, JUDGED_MAX, Open};
use crate::sendings::Missing;

impl Checker {
    /// What former lives of the load had begun to send, and the observer has not seen.
    pub(super) async fn settle_former(
        &mut self,
        witnesses: &Witnesses,
        now: Millis,
    ) -> Result<(), CheckError> {
        for order_id in self.former.to_look_for(JUDGED_MAX) {
            if self.observed.get(&order_id).await.map_err(CheckError::Observer)?.is_some() {
                self.former.was_there(&order_id);
            } else if self.former.is_missing(&order_id, now) == Some(Missing::Confirmed) {
                self.board.sent_before(&order_id, now);
            }
        }
        let (held, stuck) = (self.held_unseen(now), ms(self.patience.stuck));
        let late = self.former.late(move |since| now > since + stuck + held(since), JUDGED_MAX);
        for order_id in late {
            if !witnesses.know(&order_id).await? && !self.unclaimed.contains_key(&order_id) {
                self.former.never_came(&order_id);
            } else if let Some(placed) = self.former.exists(&order_id) {
                let began = placed.at.min(now);
                // It may have come only now, so it has its time from now on.
                let times = Times { placed: Some(now), ended: None };
                let moves = self.unclaimed.remove(&order_id).map(|(_, moves)| moves).unwrap_or_default();
                self.agenda.push(Reverse((now, order_id.clone())));
                self.unjudged.insert((began, order_id.clone()));
                self.open.insert(order_id, Open { began, times, moves });
            }
        }
        self.standing.set_never_came(self.former.never_came_count());
        Ok(())
    }
}
