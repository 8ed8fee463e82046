//! Cases to begin with: one for each way through the choices and catchers of a definition, as far as it tells what leads there.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::time::Duration;

use asl::retry::Catcher;
use asl::syntax::{Choice, Condition, Machine, Transition};
use asl::{Definition, State, StateId, StateKind};
use serde_json::{Map, Value, json};

use crate::answer::Layers;
use crate::coverage::Coverage;
use crate::mocks::Mocks;
use crate::run::run;
use crate::settings::Settings;
use crate::suite::START_MS;
use crate::suppose::{mend, suppose};

/// Longest that it is tried whether a case goes the way that it is meant to go.
const PATIENCE: Duration = Duration::from_secs(5);
/// Most times that an input is added to.
const MENDED_MAX: usize = 50;
/// Error names that stand for others.
const WILDCARDS: [&str; 3] = ["States.ALL", "States.TaskFailed", "States.BranchFailed"];

/// A step from a state to what follows it.
struct Step<'d> {
    from: StateId,
    /// `None`: the machine ends.
    to: Option<StateId>,
    how: How<'d>,
}

enum How<'d> {
    Goes,
    /// These rules do not hold, and that one does, if one is to.
    Decides(&'d Choice, usize),
    /// That error is caught.
    Catches(usize, &'d Catcher),
}

/// A file of cases: one for each rule, `Default` and catcher of the outermost machine, with answers of `{}` for all tasks. A case whose way could
/// not be found says so in its comment, and expects the states that it should come by.
pub fn skeleton(definition: &Definition, machine: &str) -> Value {
    let steps = steps(definition);
    let mut cases = Map::new();
    let mut covered: HashSet<usize> = HashSet::new();
    let start = definition.machine().start;
    for (index, step) in steps.iter().enumerate() {
        let is_decision = !matches!(step.how, How::Goes) || step.to.is_none();
        if !is_decision || covered.contains(&index) {
            continue;
        }
        let Some(mut way) = shortest(&steps, start, |state| state == Some(step.from)) else { continue };
        way.push(index);
        if let Some(to) = step.to {
            let Some(rest) = shortest(&steps, to, |state| state.is_none()) else { continue };
            way.extend(rest);
        }
        covered.extend(&way);
        let name = named(definition, &steps, &way, index);
        cases.insert(name, case(definition, machine, &steps, &way));
    }
    json!({
        "Comment": "One case for each way through the choices and catchers: fill in inputs, answers, and what is expected.",
        "Mocks": {"States": answers(definition)},
        "Cases": cases,
    })
}

/// `{}` for each task.
fn answers(definition: &Definition) -> Value {
    let is_task = |state: &&State| matches!(state.kind, StateKind::Task(_));
    let tasks = definition.states().map(|(_, state)| state).filter(is_task);
    tasks.map(|state| (state.name.to_string(), json!({"Return": {}}))).collect::<Map<_, _>>().into()
}

/// All steps of the outermost machine; of a state what it usually does first.
fn steps(definition: &Definition) -> Vec<Step<'_>> {
    let mut steps = Vec::new();
    for from in definition.machine().states() {
        let Some(state) = definition.state(from) else { continue };
        let mut add = |to, how| steps.push(Step { from, to, how });
        let transition = match &state.kind {
            StateKind::Task(task) => Some(task.transition),
            StateKind::Parallel(parallel) => Some(parallel.transition),
            StateKind::Map(map) => Some(map.transition),
            StateKind::Pass(pass) => Some(pass.transition),
            StateKind::Wait(wait) => Some(wait.transition),
            StateKind::Succeed(_) | StateKind::Fail(_) => Some(Transition::End),
            StateKind::Choice(choice) => {
                for (index, rule) in choice.rules.iter().enumerate() {
                    add(Some(rule.next), How::Decides(choice, index));
                }
                if let Some(default) = choice.default {
                    add(Some(default), How::Decides(choice, choice.rules.len()));
                }
                None
            }
        };
        match transition {
            Some(Transition::Next(next)) => add(Some(next), How::Goes),
            Some(Transition::End) => add(None, How::Goes),
            None => {}
        }
        let catchers = state.kind.recovery().map(|recovery| recovery.catch.iter().enumerate());
        for (index, catcher) in catchers.into_iter().flatten() {
            add(Some(catcher.next), How::Catches(index, catcher));
        }
    }
    steps
}

/// The shortest way from a state to one that is looked for, as steps.
fn shortest(
    steps: &[Step<'_>],
    start: StateId,
    is_there: impl Fn(Option<StateId>) -> bool,
) -> Option<Vec<usize>> {
    let mut led: HashMap<Option<StateId>, Option<usize>> = HashMap::from([(Some(start), None)]);
    let mut queue = VecDeque::from([Some(start)]);
    while let Some(state) = queue.pop_front() {
        if is_there(state) {
            let (mut way, mut at) = (Vec::new(), state);
            while let Some(Some(step)) = led.get(&at) {
                way.push(*step);
                at = Some(steps[*step].from);
            }
            way.reverse();
            return Some(way);
        }
        for (index, step) in steps.iter().enumerate().filter(|(_, step)| Some(step.from) == state) {
            if let Entry::Vacant(place) = led.entry(step.to) {
                place.insert(Some(index));
                queue.push_back(step.to);
            }
        }
    }
    None
}

fn name(definition: &Definition, id: StateId) -> String {
    definition.state(id).map_or_else(String::new, |state| state.name.to_string())
}

/// What the case is called that is there because of that step.
fn named(definition: &Definition, steps: &[Step<'_>], way: &[usize], index: usize) -> String {
    let Step { from, to, how } = &steps[index];
    let (from, to) = (name(definition, *from), to.map_or_else(String::new, |to| name(definition, to)));
    match how {
        How::Decides(choice, rule) if *rule == choice.rules.len() => format!("{from}: Default -> {to}"),
        How::Decides(_, rule) => format!("{from}: Choices[{rule}] -> {to}"),
        How::Catches(index, catcher) => {
            format!("{from}: Catch[{index}] of {} -> {to}", catcher.errors.0.join(", "))
        }
        How::Goes if way.iter().all(|step| matches!(steps[*step].how, How::Goes)) => {
            "all goes well".to_owned()
        }
        How::Goes => format!("all goes well, up to {from}"),
    }
}

fn case(definition: &Definition, machine: &str, steps: &[Step<'_>], way: &[usize]) -> Value {
    let (mut input, mut mocks) = (json!({}), Map::new());
    let mut visits: Vec<String> = Vec::new();
    for step in way.iter().map(|step| &steps[*step]) {
        visits.push(name(definition, step.from));
        match &step.how {
            How::Goes => {}
            How::Decides(choice, rule) => {
                let conditions: Vec<&Condition> = choice.rules.iter().map(|rule| &rule.condition).collect();
                conditions.iter().take(*rule).for_each(|condition| suppose(condition, false, &mut input));
                conditions.get(*rule).into_iter().for_each(|condition| suppose(condition, true, &mut input));
            }
            How::Catches(index, catcher) => {
                if let Some((task, answer)) = failure(definition, step.from, *index, catcher) {
                    mocks.insert(task, answer);
                }
            }
        }
    }
    let mut seen = BTreeSet::new();
    visits.retain(|state| seen.insert(state.clone()));
    let fails = way.last().and_then(|step| definition.state(steps[*step].from));
    let fails = fails.is_some_and(|state| matches!(state.kind, StateKind::Fail(_)));
    let mut case = Map::new();
    let goes = goes(definition, machine, &mut input, &mocks, &visits);
    if !goes {
        let told = format!("to do: an Input, or answers, that lead this way: {}", visits.join(", "));
        case.insert("Comment".to_owned(), told.into());
    }
    case.insert("Input".to_owned(), input);
    if !mocks.is_empty() {
        case.insert("Mocks".to_owned(), json!({"States": mocks}));
    }
    let mut expect = json!({"Visits": visits});
    if fails {
        expect["Status"] = "FAILED".into();
    }
    case.insert("Expect".to_owned(), expect);
    case.into()
}

/// What makes a state fail so that the catcher takes it: a task of it, and what that answers.
fn failure(definition: &Definition, id: StateId, index: usize, catcher: &Catcher) -> Option<(String, Value)> {
    let state = definition.state(id)?;
    let before = state.kind.recovery()?.catch.iter().take(index);
    let taken: Vec<&String> = before.flat_map(|catcher| &catcher.errors.0).collect();
    let error = catcher.errors.0.iter().find(|error| !taken.contains(error))?;
    let task = first_task(definition, state)?;
    let has_timeout = matches!(&task.kind, StateKind::Task(task) if task.timeout_s.is_some());
    let answer = match error.as_str() {
        "States.Timeout" if has_timeout => json!({"Never": true}),
        wildcard if WILDCARDS.contains(&wildcard) => {
            json!({"Throw": {"Error": "SomeError", "Cause": "a cause"}})
        }
        error => json!({"Throw": {"Error": error, "Cause": "a cause"}}),
    };
    Some((task.name.to_string(), answer))
}

/// The state, if it is a task; else the first in it.
fn first_task<'d>(definition: &'d Definition, state: &'d State) -> Option<&'d State> {
    let machines: Vec<&Machine> = match &state.kind {
        StateKind::Task(_) => return Some(state),
        StateKind::Parallel(parallel) => parallel.branches.iter().collect(),
        StateKind::Map(map) => vec![&map.processor],
        _ => return None,
    };
    let mut inner = machines.into_iter().flat_map(Machine::states).filter_map(|id| definition.state(id));
    inner.find_map(|state| first_task(definition, state))
}

/// Whether an execution goes by all these states; the input is given what it fails for want of.
fn goes(
    definition: &Definition,
    machine: &str,
    input: &mut Value,
    own: &Map<String, Value>,
    visits: &[String],
) -> bool {
    let read = |states: Value| serde_json::from_value::<Mocks>(json!({"States": states})).unwrap_or_default();
    let settings =
        Settings { patience: PATIENCE, facts_max: 10_000, ..Settings::new(machine, "test", START_MS) };
    for _ in 0..MENDED_MAX {
        let mut answers = Layers::default().and(read(own.clone().into())).and(read(answers(definition)));
        let mut coverage = Coverage::default();
        let ran = run(definition, input.clone(), &settings, &mut answers, &mut |event| coverage.see(event));
        let Ok(ran) = ran else { return false };
        if visits.iter().all(|state| coverage.entered(state)) {
            return true;
        }
        if !ran.ending.cause.is_some_and(|cause| mend(&cause, input)) {
            return false;
        }
    }
    false
}
