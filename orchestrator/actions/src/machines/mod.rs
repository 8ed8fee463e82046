//! State machines with their versions, aliases and tags, and activities: what the registry holds.
//!
//! Each action is a file. What is decided on a machine is a function of the machine as it is ([`change`]), so that it is decided again
//! where another instance was faster.
//!
//! # Where AWS's documentation leaves it open
//!
//! Besides what the files say: an ARN of another account, region or partition than the request's names nothing. Where an action declares
//! no error for something that is not there, it answers as if it had just been deleted (`DeleteStateMachine`,
//! `DeleteStateMachineVersion`, `DeleteActivity`), or that there is none (`ListStateMachineVersions`). An ARN with a version or an alias
//! where only a machine can be meant is an `InvalidArn`, one with the label of a Map a `ValidationException`. There is no KMS here: keys
//! are kept and given back, and none of its errors can happen.

mod change;
mod configuration;
mod create;
mod create_activity;
mod create_alias;
mod definition;
mod delete;
mod delete_activity;
mod delete_alias;
mod delete_version;
mod deletion;
mod describe;
mod describe_activity;
mod describe_alias;
mod describe_for_execution;
mod list;
mod list_activities;
mod list_aliases;
mod list_tags;
mod list_versions;
mod listed;
mod named;
mod publish;
mod role;
mod routes;
mod tag;
mod tags;
mod untag;
mod update;
mod update_alias;
mod validate;
