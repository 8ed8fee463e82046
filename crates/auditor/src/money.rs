//! An order's money by the gateway's ledger, and whether it is where it has to be.

use contract::TerminalState;

use crate::findings::OrderFindings;
use crate::machine::name;
use crate::states::progress::Payment;
use crate::states::{LedgerEntry, Operation};
use crate::verdict::ViolationKind;

/// What the gateway's ledger says of one order.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Money {
    pub(crate) authorised: Moves,
    pub(crate) captured: Moves,
    pub(crate) voided: Moves,
    /// Money was captured or voided when nothing had been authorised.
    unauthorised: bool,
}

/// Entries of one kind.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Moves {
    pub(crate) count: u32,
    /// Their sum, in minor units.
    sum_minor: u64,
}

impl Moves {
    fn add(&mut self, amount_minor: u64) {
        self.count = self.count.saturating_add(1);
        self.sum_minor = self.sum_minor.saturating_add(amount_minor);
    }
}

impl Money {
    /// Takes the next entry of this order into account. A void before anything was authorised only says that
    /// nothing ever will be; it moves no money.
    pub(crate) fn add(&mut self, entry: &LedgerEntry) {
        let moves = match entry.operation {
            Operation::Authorise => &mut self.authorised,
            Operation::Capture => &mut self.captured,
            Operation::Void if entry.amount_minor == 0 && self.authorised.count == 0 => return,
            Operation::Void => &mut self.voided,
        };
        moves.add(entry.amount_minor);
        self.unauthorised |= self.authorised.count == 0;
    }

    /// How order-status may see the payment of an order with this ledger once it is closed.
    const fn views(&self) -> &'static [Payment] {
        match (self.authorised.count > 0, self.captured.count > 0, self.voided.count > 0) {
            (_, true, true) => &[Payment::Captured, Payment::Voided],
            (_, true, false) => &[Payment::Captured],
            (_, false, true) => &[Payment::Voided],
            (true, false, false) => &[Payment::Authorised],
            (false, false, false) => &[Payment::None, Payment::Declined, Payment::Voided],
        }
    }

    /// What must hold whatever becomes of the order.
    pub(crate) fn check_moves(&self, total_minor: u64, found: &mut OrderFindings<'_>) {
        for (what, moves) in self.moves() {
            if moves.count > 1 {
                let detail = format!("{what} {} times, {} in all", moves.count, moves.sum_minor);
                found.add(ViolationKind::MoneyDoubled, detail);
            } else if moves.count == 1 && moves.sum_minor != total_minor {
                let detail = format!("{what} {} instead of {total_minor}", moves.sum_minor);
                found.add(ViolationKind::WrongAmount, detail);
            }
        }
        if self.captured.count > 0 && self.voided.count > 0 {
            let detail = format!("captured {} and voided {}", self.captured.sum_minor, self.voided.sum_minor);
            found.add(ViolationKind::MoneyDoubled, detail);
        }
        if self.unauthorised {
            found.add(ViolationKind::MoneyUnauthorised, "captured or voided before anything was authorised");
        }
    }

    /// What must hold once the order is closed.
    pub(crate) fn check_outcome(&self, outcome: TerminalState, found: &mut OrderFindings<'_>) {
        match (outcome, self.captured.count > 0) {
            (TerminalState::Delivered, false) => {
                found.add(ViolationKind::DeliveredNotCaptured, "delivered, but nothing was captured");
            }
            (TerminalState::Rejected | TerminalState::Cancelled, true) => {
                let detail = format!("{outcome}, but {} captured", self.captured.sum_minor);
                found.add(ViolationKind::CapturedNotDelivered, detail);
            }
            (TerminalState::Delivered, true) => {}
            (TerminalState::Rejected | TerminalState::Cancelled, false) => {
                if self.authorised.count > 0 && self.voided.count == 0 {
                    let detail = format!("{outcome}, but {} still reserved", self.authorised.sum_minor);
                    found.add(ViolationKind::MoneyNotReturned, detail);
                }
            }
        }
    }

    /// Whether order-status sees the payment of a closed order as the ledger does.
    pub(crate) fn check_view(&self, view: Payment, found: &mut OrderFindings<'_>) {
        if self.views().contains(&view) {
            return;
        }
        let moves: Vec<String> = self
            .moves()
            .into_iter()
            .filter(|(_, moves)| moves.count > 0)
            .map(|(what, moves)| format!("{what} {}", moves.sum_minor))
            .collect();
        let ledger = if moves.is_empty() { "nothing".to_owned() } else { moves.join(", ") };
        let detail = format!("order-status says {}, the gateway's ledger: {ledger}", name(view));
        found.add(ViolationKind::PaymentDisagrees, detail);
    }

    fn moves(&self) -> [(&'static str, Moves); 3] {
        [("authorised", self.authorised), ("captured", self.captured), ("voided", self.voided)]
    }
}
