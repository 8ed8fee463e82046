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
//! | `due` | what is to happen when |
//! | `parent`, `nested`, `runs` | who waits for an execution; executions that tasks start; those of Maps, and what Maps read and write (`map_files`) |
//! | `one_text` | what answers in the place of an object |
//! | `source`, `yaml` | texts that somebody names; definitions in YAML |
//! | `asked`, `answer`, `course` | calls, what answers them, and what a call is told over time |
//! | `mocks`, `mock_line`, `mock_config`, `called` | answers from a file of either format, and whether anything calls for them |
//! | `functions`, `working` | programs and URLs; those that are at work |
//! | `work`, `stop` | what takes as long as it takes; how it learns that nobody waits for it any more |
//! | `folder`, `cases`, `expected`, `golden` | definitions with a file of cases each; what a case expects, its history too |
//! | `suite`, `report`, `junit`, `bless` | running them; what became of them; the histories written anew |
//! | `skeleton`, `suppose` | cases to begin with; inputs that make rules hold |
//! | `coverage` | which ways of a definition were taken |
//! | `difference` | how a value differs from what was expected |
//! | `shown` | events and results, for people |
//! | `doing`, `near` | for errors: what was going on; the name that somebody may have meant |
#![warn(missing_docs)]

mod answer;
mod asked;
mod bless;
mod called;
mod cases;
mod course;
mod coverage;
mod difference;
mod doing;
mod due;
mod expected;
mod folder;
mod functions;
mod golden;
mod junit;
mod map_files;
mod mock_config;
mod mock_line;
mod mocks;
mod near;
mod nested;
mod one_text;
mod outcome;
mod parent;
mod report;
mod run;
mod runs;
mod scratch;
mod settings;
mod shown;
mod skeleton;
mod source;
mod stop;
mod suite;
mod suppose;
mod work;
mod working;
mod world;
mod yaml;

pub use ::functions::{Function, FunctionError};
pub use answer::{Answers, Job, Layers, NoneLeft, Reply};
pub use asked::{Answer, Asked};
pub use cases::{CaseError, CaseProblem};
pub use course::Course;
pub use coverage::{Coverage, Kind, Spot, spots};
pub use difference::differences;
pub use folder::{SuiteError, read_definition};
pub use functions::Functions;
pub use junit::junit;
pub use mock_config::{MockError, read_mocks};
pub use mocks::{Mocks, NoSuchFunction, NoSuchTask, Script, check_called};
pub use outcome::{Run, RunError, Seen};
pub use report::{CaseResult, Report, Tested};
pub use run::{run, run_all};
pub use settings::{Machine, REGION, Settings};
pub use shown::{Line, duration};
pub use skeleton::skeleton;
pub use source::{Source, SourceError, definitions_in, machine_name, read_text};
pub use stop::Stop;
pub use suite::{Selection, test_folder};
pub use working::Working;
