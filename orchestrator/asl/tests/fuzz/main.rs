//! Mutated and made-up definitions: whatever the text is, it is read or refused, without a panic and in time that grows with its
//! length alone; and what is read can be evaluated on any data: each expression comes to a value or to an error of the language.
//!
//! What is mutated stands in `fuzz/seeds`; an input that once failed is kept there, and read by every run. The same bodies and seeds
//! are those of `cargo fuzz` (`fuzz/README.md`). A run is
//! [`INPUTS`] mutations from a fixed seed, or as many as fit into `DUET_FUZZ_SECONDS` from a new one. The input in hand is in a file
//! that is named at the beginning: it is still there when reading it ends the process or never ends.
//!
//! ```sh
//! DUET_FUZZ_SECONDS=60 cargo test --workspace --test fuzz
//! ```
#![allow(clippy::disallowed_methods, reason = "it measures how long reading takes")]
#![allow(clippy::print_stdout, reason = "a test may say what it did")]

mod bodies;
mod evaluate;
mod expression;
mod generate;
mod generate_jsonata;
mod in_hand;
mod jsonata;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use in_hand::InHand;
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

/// Mutations in a run without a time of its own.
const INPUTS: u32 = 3_000;
/// The longest that a mutation grows to, in bytes.
const INPUT_BYTES_MAX: usize = 64 * 1024;
/// The longest that reading one may take: a hundred times what a definition of that size takes on a busy machine.
const INPUT_TIME_MAX: Duration = Duration::from_secs(5);

/// Pieces that the language gives a meaning to.
const TOKENS: [&str; 48] = [
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "\"",
    "\\",
    "\\u0000",
    "null",
    "true",
    "1e999",
    "-0",
    "\"Type\"",
    "\"Next\"",
    "\"End\"",
    "\"States\"",
    "\"StartAt\"",
    "\"Choices\"",
    "\"Branches\"",
    "\"Retry\"",
    "\"Catch\"",
    "\"ErrorEquals\"",
    "\"A\"",
    "\"Parallel\"",
    "\"Map\"",
    "\"Choice\"",
    "\"QueryLanguage\"",
    "\"JSONata\"",
    "\"Assign\"",
    "\"Output\"",
    "\"ItemProcessor\"",
    "{% ",
    " %}",
    "\"$.a[0]['b']\"",
    "\"$$.Execution.Input\"",
    "\"$.a[?(@.b == 'c' && !@.d)]..e\"",
    "\"$v[*]['a','b'][-1:]\"",
    "$",
    "'",
    "\"x.$\"",
    "\"States.Format('{}', $.a)\"",
    "\"States.MathRandom(0, 1)\"",
    "\"States.ALL\"",
    "(",
    "..",
    "\u{1b}",
    "é",
];

/// The seeds of a fuzz target: definitions, or expressions with data.
fn seeds(target: &str) -> Vec<(PathBuf, String)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds").join(target);
    let files = std::fs::read_dir(&folder).expect("the seeds are in the checkout");
    let mut paths: Vec<PathBuf> = files.map(|file| file.expect("it can be listed").path()).collect();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), std::fs::read_to_string(path).expect("it is text"))).collect()
}

fn mutated(random: &mut impl Rng, corpus: &[(PathBuf, String)]) -> String {
    let some = |random: &mut _| RngExt::random_range(random, 0..corpus.len());
    let mut bytes = corpus[some(random)].1.clone().into_bytes();
    for _ in 0..random.random_range(1..6) {
        let (from, to) = range(random, bytes.len());
        match random.random_range(0..6) {
            0 => drop(bytes.drain(from..to)),
            1 => bytes = [&bytes[..to], &bytes[from..]].concat(),
            2 => {
                let token = TOKENS[random.random_range(0..TOKENS.len())];
                bytes.splice(from..from, token.bytes());
            }
            3 => {
                let token = TOKENS[random.random_range(0..TOKENS.len())];
                bytes.splice(from..to, token.bytes());
            }
            4 => {
                let other = corpus[some(random)].1.as_bytes();
                let (first, last) = range(random, other.len());
                bytes.splice(from..from, other[first..last].iter().copied());
            }
            _ => bytes[from..to.min(from + 4)].iter_mut().for_each(|byte| *byte = random.random()),
        }
        bytes.truncate(INPUT_BYTES_MAX);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A piece of something so long, mostly a short one.
fn range(random: &mut impl Rng, length: usize) -> (usize, usize) {
    let from = random.random_range(0..=length);
    let most = if random.random_range(0..4) == 0 { length } else { (from + 40).min(length) };
    (from, random.random_range(from..=most.max(from)))
}

#[test]
fn a_definition_is_read_or_refused_whatever_it_is() {
    let corpus = seeds("definition");
    for (path, text) in &corpus {
        println!("{}", path.display());
        bodies::definition(text);
    }
    run("mutated", ALL, |random| mutated(random, &corpus), bodies::definition);
}

#[test]
fn the_fuzz_targets_take_their_seeds_and_what_is_near_them() {
    let seeds = bodies::TARGETS.map(|(target, body)| {
        let seeds = seeds(target);
        let were_read = seeds.iter().filter(|(_, text)| body(text)).count();
        assert!(were_read * 2 >= seeds.len(), "{target}: only {were_read} of {} were read", seeds.len());
        seeds
    });
    let near = |random: &mut ChaCha8Rng| {
        let target = random.random_range(0..seeds.len());
        format!("{}\n{}", bodies::TARGETS[target].0, mutated(random, &seeds[target]))
    };
    run("target", A_THIRD, near, |text| {
        let (name, text) = text.split_once('\n').unwrap_or_default();
        bodies::TARGETS.iter().any(|(target, body)| *target == name && body(text))
    });
}

/// A definition in one of the languages.
fn made_up(random: &mut ChaCha8Rng) -> String {
    if random.random_range(0..3) == 0 {
        generate_jsonata::definition(random)
    } else {
        generate::definition(random)
    }
}

#[test]
fn what_is_read_can_be_evaluated_whatever_it_is() {
    let (inputs, were_read) = run("made-up", A_THIRD, made_up, bodies::definition);
    // Else it shows nothing.
    assert!(were_read * 10 > inputs, "only {were_read} of {inputs} were read");
}

#[test]
fn a_path_or_a_call_is_read_or_refused_and_comes_to_something_whatever_it_is() {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let data: Vec<Value> = (0..20).map(|_| generate::value(&mut random, 0)).collect();
    let (inputs, were_read) =
        run("expression", A_THIRD, expression::text, |text| bodies::expression(text, &data));
    assert!(were_read * 2 > inputs, "only {were_read} of {inputs} were read");
}

/// What of `DUET_FUZZ_SECONDS` a kind of input takes: what anybody can send, a definition, all of it; what is read as a part of one, less.
const ALL: u32 = 1;
const A_THIRD: u32 = 3;

/// Reads as many texts of that kind as a run has, in that part of its time. How many those were, and how many of them were definitions.
fn run(
    kind: &str,
    part: u32,
    mut input: impl FnMut(&mut ChaCha8Rng) -> String,
    read: impl Fn(&str) -> bool,
) -> (u32, u32) {
    let seconds: Option<u64> =
        std::env::var("DUET_FUZZ_SECONDS").ok().map(|seconds| seconds.parse().expect("a number of seconds"));
    let seed =
        seconds.map_or(1, |_| SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs());
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut in_hand = InHand::new(kind, seed);
    let begun = Instant::now();
    let (mut inputs, mut were_read) = (0, 0);
    while seconds.map_or(inputs < INPUTS, |seconds| begun.elapsed() < Duration::from_secs(seconds) / part) {
        let text = input(&mut random);
        in_hand.is(&text);
        let started = Instant::now();
        let outcome = catch_unwind(AssertUnwindSafe(|| read(&text)));
        let took = started.elapsed();
        if outcome.is_err() || took > INPUT_TIME_MAX {
            panic!(
                "input {inputs} of seed {seed} took {took:?} or panicked: put {} among the seeds",
                in_hand.keep().display()
            );
        }
        inputs += 1;
        were_read += u32::from(outcome.unwrap_or(false));
    }
    println!("{inputs} inputs from seed {seed}, {were_read} of them read, in {:?}", begun.elapsed());
    (inputs, were_read)
}

/// What a process finds in its environment that is to end as a stack overflow ends it.
const TO_ABORT: &str = "ASL_FUZZ_TO_ABORT";

#[test]
fn an_input_that_ends_the_process_is_kept_and_the_seed_is_said() {
    let input = "one that is too much";
    if std::env::var_os(TO_ABORT).is_some() {
        run("to-abort", ALL, |_| input.to_owned(), |_| std::process::abort());
    }
    let this = "an_input_that_ends_the_process_is_kept_and_the_seed_is_said";
    let folder = tempfile::tempdir().expect("a folder");
    let mut process = std::process::Command::new(std::env::current_exe().expect("it has a path"));
    process.args(["--exact", this]).env(TO_ABORT, "1").env("TMPDIR", folder.path());
    let ended = process.env_remove("DUET_FUZZ_SECONDS").output().expect("started");
    assert!(!ended.status.success());
    let mut files = std::fs::read_dir(folder.path()).expect("a folder");
    let kept = files.next().expect("an input is kept").expect("it can be listed").path();
    assert_eq!(std::fs::read_to_string(&kept).expect("it is text"), input);
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(said.contains(&kept.display().to_string()) && said.contains("seed 1,"), "{said}");
}

#[test]
fn nothing_is_left_of_a_run_that_found_nothing() {
    let mut in_hand = InHand::new("harmless", 7);
    in_hand.is("a longer one");
    in_hand.is("another");
    let path = in_hand.path().to_owned();
    assert_eq!(std::fs::read_to_string(&path).expect("it is text"), "another");
    drop(in_hand);
    assert!(!path.exists());
}

/// What is a megabyte long and made to be slow takes no longer than its length explains: four times the text takes far
/// less than sixteen times the time.
#[test]
fn the_time_grows_with_the_length_alone() {
    type Shape = (&'static str, fn(usize) -> String);
    let shapes: [Shape; 8] = [
        ("states that lead nowhere", |n| {
            let states = (0..n).map(|i| format!(r#""S{i}":{{"Type":"Pass","Next":"T{i}"}}"#));
            machine(&states.collect::<Vec<_>>().join(","))
        }),
        ("a long chain", |n| {
            let states = (0..n).map(|i| format!(r#""S{i}":{{"Type":"Pass","Next":"S{}"}}"#, (i + 1) % n));
            machine(&states.collect::<Vec<_>>().join(","))
        }),
        ("fields nobody knows", |n| {
            let fields: Vec<String> = (0..n).map(|i| format!(r#""Nxt{i}":{i}"#)).collect();
            machine(&format!(r#""S0":{{"Type":"Succeed",{}}}"#, fields.join(",")))
        }),
        ("one field again and again", |n| machine(&vec![r#""S0":{"Type":"Succeed"}"#; n].join(","))),
        ("a template with many fields", |n| {
            let fields: Vec<String> = (0..n).map(|i| format!(r#""f{i}":1,"f{i}.$":"$.a""#)).collect();
            machine(&format!(r#""S0":{{"Type":"Pass","Parameters":{{{}}},"End":true}}"#, fields.join(",")))
        }),
        ("deep literals", |n| {
            let (open, close) = ("[".repeat(90), "]".repeat(90));
            let items = vec!["1"; n * 4].join(",");
            machine(&format!(
                r#""S0":{{"Type":"Pass","Parameters":{{"x":{open}{items}{close}}},"End":true}}"#
            ))
        }),
        ("wrong rules below a long name", |n| {
            let (name, rules) = ("n".repeat(n * 8), vec!["1"; n].join(","));
            machine(&format!(r#""{name}":{{"Type":"Choice","Choices":[{rules}]}}"#))
        }),
        ("a path of many steps", |n| {
            machine(&format!(r#""S0":{{"Type":"Pass","InputPath":"${}","End":true}}"#, ".a['b']".repeat(n)))
        }),
    ];
    for (shape, text) in shapes {
        let time = |n| {
            let text = text(n);
            assert!(text.len() <= 1024 * 1024, "{shape}: {} bytes are refused unread", text.len());
            let took = || {
                let begun = on_processor();
                let _ = asl::parse(&text);
                on_processor() - begun
            };
            (0..3).map(|_| took()).min().expect("three times")
        };
        let (small, large) = (time(4_000), time(16_000));
        let allowed = small * 10 + Duration::from_millis(100);
        assert!(large < allowed, "{shape}: {small:?} for 4,000 and {large:?} for 16,000");
    }
}

/// How long this thread has had a processor: what else the machine does meanwhile does not count.
fn on_processor() -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux tells");
    Duration::from_nanos(
        told.split(' ').next().and_then(|ns| ns.parse().ok()).expect("in nanoseconds, first"),
    )
}

fn machine(states: &str) -> String {
    format!(r#"{{"StartAt":"S0","States":{{{states}}}}}"#)
}
