//! Times as Nailgun writes them.

use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds since 1970.
pub(crate) fn unix_seconds() -> u64 {
    since_epoch().as_secs()
}

/// `2026-11-22T09:33:28.903259`, UTC.
pub(crate) fn now_iso() -> String {
    let now = since_epoch();
    format!("{}.{:06}", iso(now.as_secs()), now.subsec_micros())
}

/// `2026-11-23T09:33:28Z`
pub(crate) fn tomorrow_iso() -> String {
    format!("{}Z", iso(unix_seconds() + 86_400))
}

/// Date and time of a notification: `22-11-2026` and `09:26:48`.
pub(crate) fn notification_date_time() -> (String, String) {
    let text = iso(unix_seconds());
    let (date, time) = text.split_once('T').unwrap_or((&text, ""));
    let mut parts: Vec<&str> = date.split('-').collect();
    parts.reverse();
    (parts.join("-"), time.to_owned())
}

fn since_epoch() -> std::time::Duration {
    // A clock before 1970 is taken as 1970.
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

fn iso(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = civil(days);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}",
        rest / 3600,
        rest / 60 % 60,
        rest % 60
    )
}

/// Year, month and day of a number of days since 1970-01-01, counted in years that begin in March.
fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_index + 2) / 5 + 1;
    let month = if month_index < 10 {
        month_index + 3
    } else {
        month_index - 9
    };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(0, "1970-01-01T00:00:00")]
    #[case(951_782_400, "2000-02-29T00:00:00")]
    #[case(1_795_339_644, "2026-11-22T09:27:24")]
    fn seconds_become_a_date(#[case] seconds: u64, #[case] expected: &str) {
        assert_eq!(iso(seconds), expected);
    }
}
