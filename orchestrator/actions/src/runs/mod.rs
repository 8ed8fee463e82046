//! The actions about executions.
//!
//! | what was decided where AWS's documentation says nothing | how |
//! | --- | --- |
//! | a payload within 262,144 characters, but not bytes | the constraint's message: "length constraints … are expressed as bytes" |
//! | `METADATA_ONLY` | input and output are left out with their details; nothing is encrypted here, so error and cause stay |
//! | `includeExecutionData: false` | the same, and variables; `parameters`, which the model requires, are empty |
//! | the order of ListExecutions | the execution that began last comes first, also of those that have ended |
//! | a token of an execution that nobody knows | `TaskDoesNotExist`; of an Express one, which leaves nothing behind, `TaskTimedOut` |
//! | a heartbeat of a task without `HeartbeatSeconds` | taken, while the task is awaited; nothing follows from it |
//! | executions of a machine that was deleted | can be described until there is another machine of that name |

mod begin;
mod describe;
mod describe_map_run;
mod found;
mod history;
mod list;
mod list_map_runs;
mod map_run;
mod payload;
mod redrive;
mod send_task_failure;
mod send_task_heartbeat;
mod send_task_success;
mod start;
mod start_sync;
mod stop;
mod token;
mod update_map_run;
