//! What is to be sent, checked before anything is.

use std::path::Path;

use contract::time;
use daemon::Shutdown;
use operate::target::BusPlace;
use telemetry::tell;
use terminal::{counted, significant};
use workload::orders_file::{self, Checked, Rules};

use super::error::CompareError;
use super::error::REPLAY_MAX;
use super::interruptible::interruptible;
use super::plan::Plan;
use super::settings::{CompareSettings, OrdersFile};
use crate::cell::protocol::SourceSpec;

/// What every cell is to be sent.
pub(super) struct Work {
    pub(super) source: SourceSpec,
    pub(super) plan: Plan,
    pub(super) bad_lines_skipped: u64,
    /// Whether the paced orders come in the file's own pattern.
    pub(super) replays: bool,
}

impl Work {
    /// Generated orders, or those of the user's file, read as a whole and found good.
    pub(super) async fn prepare(
        settings: &CompareSettings,
        interrupt: &Shutdown,
    ) -> Result<Self, CompareError> {
        let Some(file) = &settings.orders else {
            let on_brokers = settings.buses.iter().any(BusPlace::is_broker);
            return Ok(Self {
                source: SourceSpec::Generated { invalid_rate: settings.invalid_rate },
                plan: match settings.count {
                    Some(count) => Plan::of(count),
                    None if on_brokers => Plan::default_length_on_brokers(),
                    None => Plan::default_length(),
                },
                bad_lines_skipped: 0,
                replays: false,
            });
        };
        let rules = Rules { in_time: file.speed.is_some() };
        let checked = check(file, rules, interrupt).await?;
        let plan = if let Some(speed) = file.speed {
            announce(&file.path, &checked, speed)?;
            Plan::replay(checked.orders)
        } else {
            Plan::of(checked.orders)
        };
        let source = SourceSpec::File {
            path: file.path.clone(),
            rules,
            skip_bad: file.skip_bad,
            duplicates: checked.duplicates,
            speed: file.speed,
        };
        Ok(Self { source, plan, bad_lines_skipped: checked.bad_lines, replays: file.speed.is_some() })
    }
}

/// Reads the whole file and tells what is wrong with it.
async fn check(file: &OrdersFile, rules: Rules, interrupt: &Shutdown) -> Result<Checked, CompareError> {
    let path = file.path.clone();
    let checked = interruptible(interrupt, move || orders_file::check(&path, rules)).await??;
    for bad in &checked.shown {
        tell(format_args!("{}: {bad}", file.path.display()));
    }
    if checked.bad_lines > 0 {
        tell(format_args!(
            "{} bad, {} good",
            counted(checked.bad_lines, "line"),
            counted(checked.orders, "order")
        ));
        if !file.skip_bad {
            return Err(CompareError::BadLines { path: file.path.clone(), bad: checked.bad_lines });
        }
    }
    if checked.orders == 0 {
        return Err(CompareError::NoOrders(file.path.clone()));
    }
    Ok(checked)
}

/// Says how long a replay takes, before it does.
fn announce(path: &Path, checked: &Checked, speed: f64) -> Result<(), CompareError> {
    if let Some((first, last)) = checked.span {
        let real_s = (last - first) as f64 / 1000.0;
        if real_s / speed > REPLAY_MAX.as_secs_f64() {
            let (path, first, last) = (path.to_owned(), time::format(first), time::format(last));
            return Err(CompareError::Replay { path, first, last, speed });
        }
        let (real, replayed) = (significant(real_s), significant(real_s / speed));
        let speed = significant(speed);
        tell(format_args!(
            "{} of arrivals over {real} s, {speed} times faster: {replayed} s for each cell",
            counted(checked.orders, "order")
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replay_that_nobody_would_see_the_end_of_is_refused() {
        let week_ms = i64::try_from(REPLAY_MAX.as_millis()).unwrap();
        let announced = |ms: i64, speed| {
            let checked = Checked { span: Some((0, ms)), orders: 2, ..Checked::default() };
            announce(Path::new("orders.ndjson"), &checked, speed).map_err(|error| error.to_string())
        };
        assert_eq!(announced(week_ms, 1.0), Ok(()));
        assert_eq!(announced(week_ms * 10, 10.0), Ok(()));
        // Neither does any number of days overflow.
        assert!(announced(1, f64::MIN_POSITIVE).is_err());
        assert_eq!(
            announced(week_ms + 1000, 1.0).unwrap_err(),
            "orders.ndjson: its orders were placed from 1970-01-01T00:00:00.000Z to 1970-01-08T00:00:01.000Z, and to \
             replay that with --speed 1.0 would take more than 7 days: raise it, or mend the times"
        );
    }
}
