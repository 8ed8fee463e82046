//! A service that writes down what it is told.

use std::convert::Infallible;

use contract::{Envelope, Reply, Style, fixtures};

use super::*;
use crate::replay::replay;

struct Scribe;

#[derive(Debug)]
struct Page {
    style: Style,
    traceparent: Option<String>,
    told: Vec<&'static str>,
}

impl Kept for Page {
    fn style(&self) -> Style {
        self.style
    }

    fn traceparent(&self) -> Option<&str> {
        self.traceparent.as_deref()
    }

    fn set_traceparent(&mut self, traceparent: &str) {
        self.traceparent = Some(traceparent.to_owned());
    }
}

fn write(page: Option<Page>, context: Context, word: &'static str) -> Page {
    let Context { style, traceparent, .. } = context;
    let mut page = page.unwrap_or(Page { style, traceparent, told: Vec::new() });
    page.told.push(word);
    page
}

impl Service for Scribe {
    type Order = Page;
    type Call = Infallible;
    type Answer = Infallible;
    const SOURCE: &'static str = "duet/scribe";

    fn on_event(
        &self,
        page: Option<Page>,
        _: Event,
        context: Context,
        _: &mut Post<'_, Infallible>,
    ) -> Result<Option<Page>, Rejected> {
        Ok(Some(write(page, context, "event")))
    }

    fn on_command(
        &self,
        page: Option<Page>,
        _: Command,
        context: Context,
        post: &mut Post<'_, Infallible>,
    ) -> Result<Option<Page>, Rejected> {
        post.reply(context.task.clone(), &Reply::done());
        Ok(Some(write(page, context, "command")))
    }

    fn refuses_as(command: &Command) -> &'static str {
        if matches!(command, Command::RecordOrder { .. }) {
            errors::DUPLICATE_ORDER
        } else {
            errors::ILLEGAL_STEP
        }
    }

    fn say_again(page: &Page, post: &mut Post<'_, Infallible>) {
        for _ in &page.told {
            post.publish_again(&Event::OrderPreparing {});
        }
    }
}

fn event(traceparent: Option<&str>) -> Message {
    let traceparent = traceparent.map(str::to_owned);
    let envelope = Envelope { traceparent, ..Envelope::new(Style::Choreography) };
    fixtures::event(&Event::OrderPreparing {}, &envelope)
}

fn command(command: &Command, task: Option<&str>) -> Message {
    fixtures::command(command, task, &Envelope::new(Style::Orchestration))
}

/// What becomes of the page, and the bodies of what was sent.
fn hear(page: Option<Page>, message: &Message) -> (Result<Option<Page>, Rejected>, Vec<String>) {
    let mut effects = Effects::new("o-1", 7);
    let page = dispatch(&Scribe, page, message, &mut effects);
    let sent = effects.messages().iter();
    (page, sent.map(|sent| String::from_utf8_lossy(&sent.body).into_owned()).collect())
}

const FIRST: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const SECOND: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b8-01";

#[test]
fn an_event_and_a_command_each_go_their_own_way() {
    let page = hear(None, &event(None)).0.unwrap().unwrap();
    assert_eq!((page.style, &page.told[..]), (Style::Choreography, &["event"][..]));
    let start = Command::StartPreparation { order_id: "o-1".into() };
    let (page, sent) = hear(None, &command(&start, Some("t")));
    assert_eq!(page.unwrap().unwrap().told, ["command"]);
    assert_eq!(sent, [r#"{"outcome":"succeeded","output":{}}"#]);
}

#[test]
fn what_happens_later_belongs_to_the_trace_heard_of_last() {
    let page = hear(None, &event(Some(FIRST))).0.unwrap();
    let page = hear(page, &event(Some(SECOND))).0.unwrap();
    let page = hear(page, &event(None)).0.unwrap().unwrap();
    assert_eq!(page.traceparent.as_deref(), Some(SECOND));
}

#[test]
fn an_order_of_the_other_style_is_left_alone_and_refused_as_the_service_says() {
    let page = || hear(None, &event(Some(FIRST))).0.unwrap();
    let start = Command::StartPreparation { order_id: "o-1".into() };
    let record = Command::RecordOrder { order: fixtures::order() };
    for (told, error) in [(start.clone(), errors::ILLEGAL_STEP), (record, errors::DUPLICATE_ORDER)] {
        let (after, sent) = hear(page(), &command(&told, Some("t")));
        assert_eq!(after.unwrap().unwrap().told, ["event"]);
        assert!(sent[0].contains(error) && sent[0].contains("processed in the choreography"), "{sent:?}");
    }
    let (refused, sent) = hear(page(), &command(&start, None));
    assert_eq!(refused.unwrap_err().0, "the order is processed in the choreography");
    assert!(sent.is_empty(), "nobody waits for it");
}

#[test]
fn what_is_said_again_is_counted_and_told_in_the_order_s_trace() {
    let page = hear(None, &event(Some(FIRST))).0.unwrap();
    let page = hear(page, &event(None)).0.unwrap();
    let mut effects = Effects::new("o-1", 7);
    assert_eq!(replay::<Scribe>(page.as_ref(), &mut effects), Some(2));
    assert!(effects.messages().iter().all(|sent| sent.headers.get("traceparent") == Some(FIRST)));
    assert_eq!(replay::<Scribe>(None, &mut effects), None);
}
