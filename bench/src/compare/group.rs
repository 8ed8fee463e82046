//! The cells of one bus, one for each style, which exist together and take turns.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use super::child::Child;
use super::plan::{self, Round};
use super::servers::{Meter, Servers};
use super::{CompareError, Turn};
use super::{curve, warming};
use crate::cell::protocol::{Finished, Load, Spec};
use crate::phase::Phase;
use crate::report::{CurvePoint, Phases, ProcessRole, Warming};

/// The cells of one bus.
pub(super) struct Group {
    cells: Vec<Member>,
    /// The number of rounds so far: who goes first alternates.
    rounds: usize,
    /// How long the rounds of each phase have taken.
    spent: BTreeMap<Phase, Duration>,
    servers: Servers,
    /// Whether everything was sent that was to be.
    pub(super) complete: bool,
    /// Nothing more is sent: it was interrupted, or orders that should have ended did not.
    over: bool,
}

struct Member {
    child: Child,
    sent: Phases,
    orders_per_s: Option<f64>,
    meter: Meter,
    curve: Vec<CurvePoint>,
}

/// What became of a cell.
pub(super) struct Done {
    pub(super) finished: Finished,
    pub(super) meter: Meter,
    /// Orders of its saturated phases.
    pub(super) saturated: u64,
    pub(super) curve: Vec<CurvePoint>,
}

impl Group {
    /// Starts the cells, both at the same time.
    pub(super) async fn start(specs: &[Spec; 2], servers: Servers) -> Result<Self, CompareError> {
        let children = futures::future::try_join_all(specs.iter().map(Child::start)).await?;
        let member = |child| Member {
            child,
            sent: Phases::default(),
            orders_per_s: None,
            meter: Meter::default(),
            curve: Vec::new(),
        };
        Ok(Self {
            cells: children.into_iter().map(member).collect(),
            rounds: 0,
            spent: BTreeMap::new(),
            servers,
            complete: true,
            over: false,
        })
    }

    /// Sends the rounds, the styles taking turns in going first. In a run that is to take no more than a minute, late
    /// rounds are left out.
    pub(super) async fn send(
        &mut self,
        rounds: &[Round],
        rate_per_s: f64,
        in_a_minute: bool,
        turn: &mut Turn,
    ) -> Result<(), CompareError> {
        for &round in rounds {
            if self.over {
                self.complete = false;
                return Ok(());
            }
            let in_phase = self.spent.get(&round.phase).copied().unwrap_or_default();
            if in_a_minute && plan::is_too_late(round, turn.elapsed(), in_phase) {
                turn.say(&format!("a slow machine: the last {} round is left out", round.phase.name()));
                continue;
            }
            let begun = Instant::now();
            self.round(round, rate_per_s, turn).await?;
            *self.spent.entry(round.phase).or_default() += begun.elapsed();
        }
        Ok(())
    }

    /// The indices of the cells: who goes first alternates.
    fn next_order(&mut self) -> [usize; 2] {
        self.rounds += 1;
        if self.rounds.is_multiple_of(2) { [1, 0] } else { [0, 1] }
    }

    /// Both styles send as fast as it goes until that gets no faster. `None` when it was interrupted before there was a
    /// round.
    pub(super) async fn warm(&mut self, bus: &str, turn: &mut Turn) -> Result<Option<Warming>, CompareError> {
        turn.begin(format!("warming {bus} until its throughput settles"));
        let begun = Instant::now();
        let mut rounds = warming::Rounds::default();
        let load = Load {
            phase: Phase::WarmUp,
            orders: warming::ORDERS_MAX,
            ms_max: u64::try_from(warming::EACH.as_millis()).ok(),
            rate_per_s: 0.0,
        };
        while !rounds.is_over() {
            let mut reached_per_s = 0.0;
            for index in self.next_order() {
                let member = &mut self.cells[index];
                let sent = turn.send_unseen(&mut member.child, load).await?;
                *member.sent.of_mut(Phase::WarmUp) += sent.orders;
                reached_per_s += sent.reached_per_s.unwrap_or(0.0);
                if sent.cut {
                    (self.complete, self.over) = (false, true);
                    return Ok(rounds.report(begun.elapsed()));
                }
            }
            rounds.add(reached_per_s);
        }
        Ok(rounds.report(begun.elapsed()))
    }

    /// Sends each cell orders at shares of its own saturation, the styles taking turns.
    pub(super) async fn curve(&mut self, turn: &mut Turn) -> Result<(), CompareError> {
        for share in curve::SHARES {
            for index in self.next_order() {
                if self.over || turn.is_interrupted() {
                    (self.complete, self.over) = (false, true);
                    return Ok(());
                }
                self.point(index, share, turn).await?;
            }
        }
        Ok(())
    }

    async fn point(&mut self, index: usize, share: f64, turn: &mut Turn) -> Result<(), CompareError> {
        let member = &mut self.cells[index];
        let Some(saturation) = member.orders_per_s else {
            turn.say(&format!("{}: no curve, as its saturation was not measured", member.child.name()));
            return Ok(());
        };
        let rate_per_s = saturation * share;
        let load = Load { phase: Phase::Curve, orders: curve::orders(rate_per_s), ms_max: None, rate_per_s };
        let before = self.servers.used();
        let sent = turn.send(&mut member.child, load).await?;
        let mut meter = Meter::default();
        meter.add(before, self.servers.used());
        *member.sent.of_mut(Phase::Curve) += sent.orders;
        self.over |= sent.cut;
        self.complete &= !sent.cut;
        let Some(found) = sent.at_rate.filter(|_| sent.orders > 0) else { return Ok(()) };
        let servers = self.servers.report(&meter, sent.orders);
        let broker = servers.iter().find(|server| server.role == ProcessRole::Broker);
        member.curve.push(CurvePoint {
            share,
            rate_per_s,
            orders: sent.orders,
            latency_ms: found.latency_ms,
            sender_late_ms_max: found.sender_late_ms_max,
            cpu_s_per_1000_orders: found.cpu_s * 1000.0 / sent.orders as f64,
            cpu_s_per_1000_orders_broker: broker.and_then(|broker| broker.cpu_s_per_1000_orders),
        });
        Ok(())
    }

    async fn round(&mut self, round: Round, rate_per_s: f64, turn: &mut Turn) -> Result<(), CompareError> {
        let order = self.next_order();
        let (mut orders, mut time_max) = (round.orders, round.time_max);
        for index in order {
            if turn.is_interrupted() {
                (self.complete, self.over) = (false, true);
                return Ok(());
            }
            let load = Load {
                phase: round.phase,
                orders,
                ms_max: time_max.map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX)),
                rate_per_s,
            };
            let member = &mut self.cells[index];
            let before = self.servers.used();
            let sent = turn.send(&mut member.child, load).await?;
            if round.phase == Phase::Saturated {
                member.meter.add(before, self.servers.used());
            }
            *member.sent.of_mut(round.phase) += sent.orders;
            member.orders_per_s = sent.orders_per_s;
            self.over |= sent.cut;
            // Cut short by the clock is as planned; by anything else it is not.
            self.complete &= !sent.cut && (sent.orders == orders || time_max.is_some());
            if let Some(first) = time_max {
                // Both styles are sent the same orders, even if the second one is slower.
                orders = sent.orders;
                time_max = Some(plan::time_max_of_second(first));
            }
        }
        Ok(())
    }

    /// Orders/s at saturation of the slowest cell, where it was measured.
    pub(super) fn slowest(&self) -> Option<f64> {
        self.cells.iter().filter_map(|member| member.orders_per_s).min_by(f64::total_cmp)
    }

    /// What every cell was sent.
    pub(super) fn sent(&self) -> Phases {
        let sent = self.cells.iter().map(|member| member.sent);
        sent.reduce(Phases::least).unwrap_or_default()
    }

    /// Lets the cells finish what is in flight and stop running until they are resumed.
    pub(super) async fn park(&mut self) -> Result<(), CompareError> {
        futures::future::try_join_all(self.cells.iter_mut().map(|member| member.child.park())).await.map(drop)
    }

    /// Lets the cells run again.
    pub(super) async fn resume(&mut self) -> Result<(), CompareError> {
        futures::future::try_join_all(self.cells.iter_mut().map(|member| member.child.resume()))
            .await
            .map(drop)
    }

    /// Has the cells end, and returns their results in the order of the styles.
    pub(super) async fn finish(self) -> Result<Vec<Done>, CompareError> {
        let finishing = self.cells.into_iter().map(async |member| {
            let Member { child, meter, sent, curve, .. } = member;
            let finished = child.finish().await?;
            Ok(Done { finished, meter, saturated: sent.saturated, curve })
        });
        futures::future::try_join_all(finishing).await
    }
}
