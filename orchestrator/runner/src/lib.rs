//! Runs a definition at once, without servers, and tests it.
//!
//! [`run()`] drives [`engine::step`] to the end of an execution, on virtual time (a Wait of a day takes none) or on the
//! real one. What its tasks call is answered by [`Answers`]: [`Mocks`] from a file, of our format or of the one that AWS documented for
//! Step Functions Local; [`Functions`], which are programs on this machine or answer over HTTP. A call that nothing answers ends the run
//! with what would answer it: it is no error of the workflow, and so nothing catches it.
//!
//! [`test_folder`] runs the cases that stand beside definitions, and says which states, rules, catchers and retriers none of them covers.
//!
//! | module | holds |
//! | --- | --- |
//! | `settings`, `outcome`, `run`, `world` | how it is run, what comes of it; the loop over it and all that it starts |
//! | `parent`, `nested`, `runs` | who waits for an execution; executions that tasks start; those of Maps, and what Maps read and write (`map_files`) |
//! | `buckets` | folders in the place of buckets |
//! | `answer` | what answers calls |
//! | `mocks`, `mock_config` | answers from a file of either format |
//! | `functions` | programs and URLs |
//! | `cases`, `suite` | a file of cases; running a folder of them |
//! | `coverage` | which ways of a definition were taken |
//! | `difference` | how a value differs from what was expected |
//! | `shown` | events and results, for people |
#![warn(missing_docs)]

mod answer;
mod buckets;
mod cases;
mod coverage;
mod difference;
mod due;
mod functions;
mod map_files;
mod mock_config;
mod mocks;
mod nested;
mod outcome;
mod parent;
mod run;
mod runs;
mod settings;
mod shown;
mod suite;
mod work;
mod world;

pub use answer::{Answer, Answers, Asked, Layers, NoneLeft, Reply};
pub use cases::{CaseError, CaseProblem};
pub use coverage::{Coverage, Kind, Spot, spots};
pub use difference::differences;
pub use functions::{Function, FunctionError, Functions};
pub use mock_config::{MockError, read_mocks};
pub use mocks::{Mocks, NoSuchTask, Script};
pub use outcome::{Run, RunError, Seen};
pub use run::{run, run_all};
pub use settings::{Machine, REGION, Settings};
pub use shown::line;
pub use suite::{CaseResult, Report, SuiteError, Tested, machine_name, read_definition, test_folder};
