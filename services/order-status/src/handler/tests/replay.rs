//! What is said again when somebody asks for it.

use super::*;

#[test]
fn what_was_told_of_an_order_is_said_again_at_every_stage() {
    let settings = Settings { preparation_ms: 300, delivery_ms: 100, ..Settings::default() };
    let said_again = event_of(&Event::OrderRecorded { order: order() }, true);
    life(settings)
        .replayed()
        .hears(&recorded())
        .hears(&said_again)
        .replayed()
        .did(&["Authorise#1"])
        .done()
        .replayed()
        .did(&["payment.authorised"])
        // A repetition alone says nothing; one that is said again brings the order along.
        .hears(&recorded())
        .did(&[])
        .hears(&said_again)
        .did(&["payment.authorised"])
        .hears(&accepted())
        .replayed()
        .hears(&said_again)
        .did(&["Capture#1"])
        .done()
        .did(&["payment.captured 1900", "order.preparing", "progress +300"])
        .replayed()
        .did(&["payment.captured 1900", "order.preparing"])
        .fires("progress")
        .did(&["order.out_for_delivery", "progress +100"])
        .replayed()
        .did(&["payment.captured 1900", "order.preparing", "order.out_for_delivery"])
        .fires("progress")
        .did(&["order.delivered"])
        .replayed()
        .did(&["payment.captured 1900", "order.preparing", "order.out_for_delivery", "order.delivered"])
        .ends(Payment::Captured, Progress::Delivered, &ALL_THE_WAY);
    life(Settings::default())
        .hears(&recorded())
        .hears(&declined())
        .replayed()
        .did(&["Authorise#1", "Void#1", "retry off"])
        .done()
        .replayed()
        .did(&["payment.voided (no cook)", "payment.voided (no cook)"]);
    life(Settings::default())
        .hears(&recorded())
        .gateway(GatewayResult::Declined("no money".into()))
        .replayed()
        .did(&["Authorise#1", "payment.declined (no money)", "payment.declined (no money)"]);
    // The workflow asks again, and is answered.
    life(Settings::default())
        .told(&authorise(), "t")
        .done()
        .did(&["Authorise#1", "t: done {\"authorisation_id\":\"authorisation-o-1\"}"])
        .replayed()
        .did(&[])
        .told(&authorise(), "t")
        .did(&["t: done {\"authorisation_id\":\"authorisation-o-1\"}"]);
}
