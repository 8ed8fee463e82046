//! Tasks of activities, for those who work on them.

mod get_activity_task;
