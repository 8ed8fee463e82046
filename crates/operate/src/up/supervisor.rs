//! The process that keeps the others running: the policy's hands and eyes.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::time::Duration;

use daemon::Shutdown;
use daemon::address::redact;
use participant::{Clock as _, SystemClock};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::UpError;
use super::control::{Answer, Asked, Control, Request};
use super::folder::{Folder, Lock};
use super::mark;
use super::policy::{Action, Event, Member, Notice, Policy, State as Being};
use super::settings::{UpSettings, usual_port};
use super::state::{Doing, Entry, Phase, State};
use crate::processes::keeper::{Exit, Keeper, Seen, Spec, Watch};
use crate::processes::kernel::Identity;
use crate::processes::launch::Launcher;
use crate::processes::logs::{LOG_BYTES_MAX, Log};
use crate::processes::{self, PlannedBus, ProcessId, Program, Programs};
use crate::target::{Url, without_option};

/// Things seen of processes that wait to be looked at.
const SEEN_MAX: usize = 64;
/// Requests that wait to be answered.
const ASKED_MAX: usize = 16;
/// How often the supervisor's own log is looked at.
const OWN_LOG_INTERVAL: Duration = Duration::from_secs(30);
/// Variables by which a user may say where the gateway's ledger is.
const LEDGER: &str = "DUET_LEDGER";

/// Supervises the system in a folder.
pub(super) struct Supervisor {
    settings: UpSettings,
    folder: Folder,
    programs: Programs,
    policy: Policy,
    facts: BTreeMap<ProcessId, Facts>,
    /// Once it is known.
    bus: Option<Url>,
    /// Everything has been ready at the same time once.
    was_ready: bool,
    phase: Phase,
    /// Wrong flags that a process ended with before everything had been ready.
    wrong: Option<(ProcessId, Exit)>,
    began: Instant,
    watch: Watch,
    launcher: Launcher,
    // Last: whoever can take it may be sure that nothing is going on here.
    _lock: Lock,
}

/// What the supervisor knows of a process, and the policy need not.
struct Facts {
    keeper: Option<Keeper>,
    identity: Option<Identity>,
    address: Option<SocketAddr>,
    started_at_ms: i64,
    killed: bool,
    log: Log,
}

/// What the supervisor's processes and its users want of it.
struct Inbox {
    seen: mpsc::Receiver<(ProcessId, Seen)>,
    asked: mpsc::Receiver<Asked>,
    stop: Shutdown,
}

/// Supervises until it is asked to end, by a signal or over the control socket, and everything has ended.
///
/// # Errors
/// It cannot begin, or a process has wrong flags.
pub(super) async fn run(
    settings: UpSettings,
    folder: Folder,
    programs: Programs,
    lock: Lock,
) -> Result<(), UpError> {
    let stop = daemon::on_signals().map_err(UpError::System)?;
    let launcher = Launcher::new().map_err(UpError::System)?;
    let (watch, seen) = mpsc::channel(SEEN_MAX);
    let (asking, asked) = mpsc::channel(ASKED_MAX);
    let socket = folder.socket();
    let control = Control::listen(socket.clone(), asking);
    let _control = control.map_err(|source| UpError::Control { socket, source })?;
    let mut supervisor = Supervisor {
        policy: Policy::new(settings.patience, u64::from(std::process::id())),
        settings,
        folder,
        programs,
        facts: BTreeMap::new(),
        bus: None,
        was_ready: false,
        phase: Phase::Running,
        wrong: None,
        began: Instant::now(),
        watch,
        launcher,
        _lock: lock,
    };
    supervisor.begin().await;
    supervisor.supervise(Inbox { seen, asked, stop }).await
}

impl Supervisor {
    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    async fn begin(&mut self) {
        say(&format!(
            "bus {}, stores {}, logs in {}",
            self.bus_shown(),
            self.settings.stores,
            self.folder.logs().display()
        ));
        match self.settings.bus.clone() {
            PlannedBus::Embedded => self.happened(Event::Add(ProcessId::first(Program::Bus))).await,
            PlannedBus::Url(url) => self.begin_participants(Url::new(url)).await,
        }
    }

    /// Everybody else can begin once it is known where the bus is.
    async fn begin_participants(&mut self, bus: Url) {
        self.bus = Some(bus);
        for (program, count) in self.settings.instances.clone() {
            for event in self.policy.scale(program, count) {
                self.happened(event).await;
            }
        }
    }

    async fn supervise(mut self, mut inbox: Inbox) -> Result<(), UpError> {
        let mut own_log = tokio::time::interval(OWN_LOG_INTERVAL);
        let mut written = None;
        let mut stop = Some(Box::pin(inbox.stop.requested()));
        while !self.policy.is_done() {
            self.write(&mut written);
            tokio::select! {
                Some((id, seen)) = inbox.seen.recv() => self.saw(id, seen).await,
                Some(asked) = inbox.asked.recv() => self.asked(asked).await,
                () = requested(&mut stop) => self.end("asked to end").await,
                () = until(self.began, self.policy.next_due()) => {
                    let actions = self.policy.tick(self.now());
                    self.carry_out(actions).await;
                }
                _ = own_log.tick() => self.turn_own_log_over(),
            }
        }
        self.phase = Phase::Stopped;
        self.write(&mut written);
        say("everything has ended");
        match self.wrong {
            Some((id, exit)) => Err(UpError::WrongFlags { id, exit }),
            None => Ok(()),
        }
    }

    async fn end(&mut self, why: &str) {
        if self.phase == Phase::Running {
            self.phase = Phase::Stopping;
            say(&format!("{why}: ending everything; what takes longer than {} s is killed", self.stop_s()));
            self.happened(Event::Stop).await;
        }
    }

    async fn saw(&mut self, id: ProcessId, seen: Seen) {
        match seen {
            Seen::Listening(address) => {
                if let Some(facts) = self.facts.get_mut(&id) {
                    facts.address = Some(address);
                }
                if id.program == Program::Bus && self.bus.is_none() {
                    self.begin_participants(Url::new(format!("tcp://{address}"))).await;
                }
            }
            Seen::Ready => self.happened(Event::Ready(id)).await,
            Seen::NotReady(reason) => self.happened(Event::NotReady(id, reason)).await,
            Seen::Ended(exit) => {
                if let Some(facts) = self.facts.get_mut(&id) {
                    (facts.keeper, facts.identity) = (None, None);
                }
                self.happened(Event::Ended(id, exit)).await;
            }
        }
        if !self.was_ready && self.bus.is_some() && self.policy.all_ready() {
            self.was_ready = true;
            let after = self.began.elapsed().as_secs_f64();
            say(&format!("everything is ready, after {after:.1} s; duet status shows it, duet down ends it"));
        }
    }

    async fn happened(&mut self, event: Event) {
        let actions = self.policy.handle(event, self.now());
        self.carry_out(actions).await;
    }

    async fn carry_out(&mut self, actions: Vec<Action>) {
        let mut actions = std::collections::VecDeque::from(actions);
        while let Some(action) = actions.pop_front() {
            match action {
                Action::Start(id) => {
                    if let Err(error) = self.start(id).await {
                        let event = Event::NotStarted(id, error.to_string());
                        actions.extend(self.policy.handle(event, self.now()));
                    }
                }
                Action::Terminate(id) => self.signal(id, rustix::process::Signal::TERM),
                Action::Kill(id) => {
                    if let Some(facts) = self.facts.get_mut(&id) {
                        facts.killed = true;
                    }
                    self.signal(id, rustix::process::Signal::KILL);
                }
                Action::Tell(notice) => self.tell(&notice),
            }
        }
        // Those that were removed and have ended.
        self.facts.retain(|id, facts| facts.keeper.is_some() || self.policy.members().contains_key(id));
        // There is no use in the others when one can never come up.
        if self.wrong.is_some() {
            Box::pin(self.end("a process has wrong flags")).await;
        }
    }

    fn signal(&self, id: ProcessId, signal: rustix::process::Signal) {
        if let Some(keeper) = self.facts.get(&id).and_then(|facts| facts.keeper.as_ref()) {
            keeper.signal(signal);
        }
    }

    async fn start(&mut self, id: ProcessId) -> std::io::Result<()> {
        let log = Log::new(&self.folder.logs(), &id.to_string());
        let listen = self.listen(id);
        let spec = self.spec(id, listen);
        let kept =
            Keeper::start(&spec, &self.programs, log.clone(), &self.launcher, self.watch.clone()).await;
        let (keeper, result) = match kept {
            Ok(keeper) => (Some(keeper), Ok(())),
            Err(error) => (None, Err(error)),
        };
        let identity = keeper.as_ref().map(|keeper| keeper.identity);
        // The address of the last life is that of the next one, if nobody takes it meanwhile.
        let address = self.facts.get(&id).and_then(|facts| facts.address);
        let started_at_ms = SystemClock.now();
        self.facts.insert(id, Facts { keeper, identity, address, started_at_ms, killed: false, log });
        result
    }

    fn spec(&self, id: ProcessId, listen: SocketAddr) -> Spec {
        let mut spec = self.unmarked_spec(id, listen);
        spec.env.push((mark::VARIABLE.into(), Some(mark::of(self.folder.path()))));
        spec
    }

    fn unmarked_spec(&self, id: ProcessId, listen: SocketAddr) -> Spec {
        let Some(bus) = self.bus.as_ref().filter(|_| id.program != Program::Bus) else {
            return processes::bus_spec(listen);
        };
        let ledger = self.ledger();
        let store = self.settings.stores.url(id.program).expose().to_owned();
        let args = self.settings.extra.clone();
        processes::Member { id, store, listen, args, env: Vec::new() }.spec(bus.expose(), &ledger)
    }

    /// Where a process is to listen: where it did before, else at its usual port, else, where that is taken, at any.
    fn listen(&self, id: ProcessId) -> SocketAddr {
        let before = self.facts.get(&id).and_then(|facts| facts.address);
        let wanted = before.unwrap_or_else(|| usual_port(id));
        // The others know the bus by its address: it has to wait until that is free again.
        let must = id.program == Program::Bus && before.is_some();
        if must || wanted.port() == 0 || TcpListener::bind(wanted).is_ok() {
            return wanted;
        }
        say(&format!("port {} is taken by another program: {id} gets a free one", wanted.port()));
        SocketAddr::new(wanted.ip(), 0)
    }

    async fn asked(&mut self, Asked { request, answer }: Asked) {
        let reply = match request {
            Request::Down => {
                self.end("duet down").await;
                Answer::Begun { added: Vec::new(), removed: self.policy.members().keys().copied().collect() }
            }
            Request::Scale { program, instances } => self.scale(program, instances).await,
        };
        // Who asks may have gone meanwhile; it is done all the same.
        let _ = answer.send(reply);
    }

    async fn scale(&mut self, program: Program, instances: u32) -> Answer {
        let refused = |reason: &str| Answer::Refused { reason: reason.to_owned() };
        if self.phase != Phase::Running {
            return refused("everything is being ended");
        }
        if !program.is_participant() || instances == 0 || instances > super::settings::INSTANCES_MAX {
            return refused("that is no number of instances of a participant");
        }
        if self.bus.is_none() {
            return refused("the bus is not up yet");
        }
        if let Some(expected) = self.settings.stores.refuses(instances) {
            return refused(&format!("{program}={instances} is not possible, but {expected}"));
        }
        let (mut added, mut removed) = (Vec::new(), Vec::new());
        for event in self.policy.scale(program, instances) {
            match &event {
                Event::Add(id) => added.push(*id),
                Event::Remove(id) => removed.push(*id),
                _ => {}
            }
            self.happened(event).await;
        }
        self.settings.instances.insert(program, instances);
        say(&format!(
            "{program} is to have {instances} instances: {} more, {} fewer",
            added.len(),
            removed.len()
        ));
        Answer::Begun { added, removed }
    }

    fn tell(&mut self, notice: &Notice) {
        let mut line = notice.to_string();
        if let Notice::Ready(id) = notice
            && let Some(facts) = self.facts.get(id)
        {
            let scheme = if id.program == Program::Bus { "tcp" } else { "http" };
            let address = facts.address.map_or_else(String::new, |address| format!(": {scheme}://{address}"));
            let pid = facts.identity.map_or(0, |identity| identity.pid);
            line = format!("{line}{address} (process {pid})");
        }
        if let Notice::Failed(id, exit) = notice
            && !self.was_ready
        {
            self.wrong = Some((*id, exit.clone()));
        }
        say(&line);
    }

    fn turn_own_log_over(&self) {
        let log = self.folder.supervisor_log();
        if let Err(error) = log.turn_over(LOG_BYTES_MAX) {
            tracing::warn!(log = %log.path().display(), %error, "the log could not be turned over");
        }
    }

    fn stop_s(&self) -> u64 {
        self.settings.patience.stop_within.as_secs()
    }

    /// Where order-status writes the gateway's ledger.
    fn ledger(&self) -> PathBuf {
        std::env::var_os(LEDGER).map_or_else(|| self.folder.path().join("gateway.ledger"), Into::into)
    }

    fn bus_shown(&self) -> String {
        match (&self.bus, &self.settings.bus) {
            // The namespace is written down by itself; with no other setting and no password the whole URL is.
            (_, PlannedBus::Url(url)) => redact(&without_option(url, "namespace")),
            (Some(url), PlannedBus::Embedded) => format!("memory, at {url}"),
            (None, PlannedBus::Embedded) => "memory (what it holds is gone with its process)".to_owned(),
        }
    }

    /// Writes down what runs now, if that has changed.
    fn write(&self, written: &mut Option<State>) {
        let now = self.state();
        if written.as_ref() == Some(&now) {
            return;
        }
        // A full disk is no reason to end what runs; it is written again at the next change.
        match self.folder.write_state(&now) {
            Ok(()) => *written = Some(now),
            Err(error) => {
                tracing::warn!(error = telemetry::chain(&error), "what runs cannot be written down");
            }
        }
    }

    fn state(&self) -> State {
        let entries = self
            .policy
            .members()
            .iter()
            .filter_map(|(id, member)| Some(entry(*id, member, self.facts.get(id)?)));
        State {
            bus: self.bus_shown(),
            stores: self.settings.stores.to_string(),
            namespace: self.settings.namespace.clone(),
            ledger: Some(self.ledger()),
            stop_s: self.stop_s(),
            phase: self.phase,
            processes: entries.collect(),
            ..State::new(self.folder.socket(), Identity::of(std::process::id()))
        }
    }
}

fn entry(id: ProcessId, member: &Member, facts: &Facts) -> Entry {
    let (doing, reason) = match &member.state {
        Being::Ready { .. } => (Doing::Ready, None),
        Being::Starting { reason, .. } | Being::NotReady { reason } => (Doing::Waiting, Some(reason.clone())),
        Being::Restarting { .. } => (Doing::Restarting, member.last_exit.as_ref().map(ToString::to_string)),
        Being::Failed => (Doing::Failed, member.last_exit.as_ref().map(ToString::to_string)),
        Being::Stopping { .. } => (Doing::Stopping, None),
        Being::Stopped => (Doing::Stopped, None),
    };
    Entry {
        id,
        name: id.to_string(),
        process: facts.identity,
        doing,
        reason,
        address: facts.address,
        started_at_ms: facts.started_at_ms,
        restarts: member.restarts,
        last_exit: member.last_exit.clone(),
        killed: facts.killed,
        log: facts.log.path().to_owned(),
    }
}

/// Completes once, when it is requested.
async fn requested(stop: &mut Option<std::pin::Pin<Box<impl Future<Output = ()>>>>) {
    match stop {
        Some(asked) => {
            asked.await;
            *stop = None;
        }
        None => std::future::pending().await,
    }
}

async fn until(began: Instant, due: Option<Duration>) {
    match due {
        Some(due) => tokio::time::sleep_until(began + due).await,
        None => std::future::pending().await,
    }
}

/// One line for people, with the time.
pub(super) fn say(line: &str) {
    terminal::print(&format!("{} {line}\n", contract::time::format(SystemClock.now())));
}
