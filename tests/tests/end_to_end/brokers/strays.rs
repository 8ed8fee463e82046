//! What strangers send: it must not disturb anybody, and nothing of it may be lost to the operator.

use std::collections::BTreeMap;

use bus::DeadLetter;
use contract::groups::PARTICIPANTS;
use contract::{Envelope, Style};
use participant::{Clock as _, SystemClock};
use serde_json::Value;
use tests::load::OBSERVER;
use tests::process::{Ended, run};
use tests::until;
use workload::generate::Generator;

use super::stranger::{Attributes, Stranger, Stray};
use super::trial::Trial;

/// How often the same message is published.
const TIMES: usize = 3;
/// Of the strangers' own orders.
const SEED: u64 = 1_000;
/// Dead letters listed, at the most.
const LETTERS_MAX: usize = 100;

const TYPE: &str = "duet.order.placed.v1";
const UNKNOWN_TYPE: &str = "duet.order.eaten.v1";
/// What is wrong with a message, and what its dead letter has to say.
const WRONG: [(&str, &str); 3] =
    [("garbage", "malformed message"), ("unknown", UNKNOWN_TYPE), ("large", "at the most")];
/// The same for one that has no attributes at all.
const BARE: &str = "malformed";

pub(crate) async fn are_kept_apart(trial: &mut Trial) {
    let url = trial.brokers.url(&format!("DUET_{}_URL", trial.broker.to_uppercase())).to_owned();
    let stranger = Stranger::connect(&url, trial.system.stores().run()).await;
    trial
        .under_load("strangers publish what nobody understands, and one thing three times", async |trial| {
            for (n, style) in (0..).zip(Style::ALL) {
                let wrong = WRONG.map(|(kind, _)| wrong(kind, style, stranger.body_bytes_max()));
                for stray in wrong.into_iter().chain([bare(style)]) {
                    stranger.publish(&stray).await;
                }
                let order = Generator::new(SEED, 0.0).order(n);
                trial.book.sending(&order, style);
                for _ in 0..TIMES {
                    stranger.publish(&placed(&order, style)).await;
                }
            }
            trial.dead_letters = until("all strays to be dead letters", async || are_dead(trial).await).await;
        })
        .await;
    can_be_listed_shown_and_redriven(trial).await;
}

fn topic(style: Style) -> &'static str {
    match style {
        Style::Choreography => "choreography/order.placed",
        Style::Orchestration => "orchestration/order.placed",
    }
}

/// Who takes new orders in this style.
fn taker(style: Style) -> &'static str {
    match style {
        Style::Choreography => order_history::NAME,
        Style::Orchestration => order_flow::NAME,
    }
}

fn id(kind: &str, style: Style) -> String {
    format!("stray/{kind}/{style}")
}

/// A message with all attributes that has one thing wrong.
fn wrong(kind: &str, style: Style, body_bytes_max: usize) -> Stray {
    let now = SystemClock.now();
    let event_type = if kind == "unknown" { UNKNOWN_TYPE } else { TYPE };
    let headers = Envelope::new(style).headers(event_type, "stranger", now);
    let body = match kind {
        "garbage" => b"\xFF\x00{garbage".to_vec(),
        "large" => vec![b' '; body_bytes_max + 1],
        _ => b"{}".to_vec(),
    };
    let attributes = Attributes { id: id(kind, style), key: format!("stray-{kind}"), headers };
    Stray { topic: topic(style), attributes: Some(attributes), body }
}

fn bare(style: Style) -> Stray {
    Stray { topic: topic(style), attributes: None, body: b"\xFFnothing of yours".to_vec() }
}

/// A good message, as Duet's own edge would send it.
fn placed(order: &contract::Order, style: Style) -> Stray {
    let message = contract::envelope::placed(order, &Envelope::new(style), "stranger", SystemClock.now());
    let attributes = Attributes { id: message.id, key: message.key, headers: message.headers };
    Stray { topic: topic(style), attributes: Some(attributes), body: message.body.to_vec() }
}

/// The dead letters of every group.
async fn dead_letters(trial: &Trial) -> Vec<DeadLetter> {
    let mut all = Vec::new();
    for group in PARTICIPANTS.into_iter().chain([OBSERVER]) {
        all.extend(trial.system.bus().dead_letters(group, LETTERS_MAX).await.unwrap());
    }
    all
}

/// Whether each stray lies where it belongs, with its reason, and nothing else does; how many there are.
async fn are_dead(trial: &Trial) -> Result<u64, String> {
    let letters = dead_letters(trial).await;
    let shown: Vec<_> =
        letters.iter().map(|letter| (&letter.group, &letter.message.id, &letter.reason)).collect();
    for style in Style::ALL {
        for (kind, reason) in WRONG {
            let id = id(kind, style);
            let of: Vec<_> = letters.iter().filter(|letter| letter.message.id == id).collect();
            match of.as_slice() {
                [] => return Err(format!("{id} is missing: {shown:?}")),
                [letter] if letter.group == taker(style) && letter.reason.contains(reason) => {}
                other => panic!("{id}: {other:?}"),
            }
        }
        let is_bare = |letter: &&DeadLetter| !letter.message.id.starts_with("stray/");
        let bare: Vec<_> = letters.iter().filter(is_bare).collect();
        assert!(bare.iter().all(|letter| letter.reason.contains(BARE)), "{shown:?}");
        if !bare.iter().any(|letter| letter.group == taker(style)) {
            return Err(format!("the message without attributes is missing at {}: {shown:?}", taker(style)));
        }
    }
    Ok(letters.len() as u64)
}

async fn duet(trial: &Trial, args: &[&str]) -> Ended {
    let bus = ["--bus", trial.system.bus_url()];
    run(trial.system.folder(), "duet", &[&["dead-letters"], args, &bus].concat()).await
}

/// What the operator does about them: looks, and sends one back, which is no better then.
async fn can_be_listed_shown_and_redriven(trial: &mut Trial) {
    let listed = duet(trial, &["list", "--json"]).await;
    assert_eq!(listed.code, Some(0), "{}", listed.stderr);
    let lines = listed.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let reasons: BTreeMap<_, _> =
        lines.map(|line| (line["id"].as_str().unwrap().to_owned(), line["reason"].clone())).collect();
    for style in Style::ALL {
        for (kind, reason) in WRONG {
            let id = id(kind, style);
            assert!(reasons[&id].as_str().unwrap().contains(reason), "{reasons:?}");
            let shown = duet(trial, &["show", &id]).await;
            assert_eq!(shown.code, Some(0), "{}", shown.stderr);
            assert!(shown.stdout.contains(reason) && shown.stdout.contains(taker(style)), "{}", shown.stdout);
        }
        let id = id("garbage", style);
        let before = dead_so_far(trial, style).await;
        let redriven = duet(trial, &["redrive", &id]).await;
        assert_eq!(redriven.code, Some(0), "{}{}", redriven.stdout, redriven.stderr);
        until("what was redriven to be refused again", async || {
            let now = dead_so_far(trial, style).await;
            if now > before { Ok(()) } else { Err(format!("{now} dead letters so far")) }
        })
        .await;
    }
    let missing = duet(trial, &["redrive", "stray/none"]).await;
    assert_eq!(missing.code, Some(1), "{}", missing.stdout);
    let left = until("all strays to be dead letters again", async || are_dead(trial).await).await;
    assert_eq!(left, trial.dead_letters);
    trial.audit("dead letters were redriven").await;
}

async fn dead_so_far(trial: &Trial, style: Style) -> u64 {
    trial.system.participant(taker(style)).metric("duet_participant_dead_letters_total").await
}
