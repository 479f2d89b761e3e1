//! Dates and times.

use std::fmt;

/// A date, with or without a time; a time with a zone is already in UTC, as PyYAML does it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Timestamp {
    /// The year.
    pub year: i32,
    /// The month, 1 to 12.
    pub month: u32,
    /// The day of the month, from 1.
    pub day: u32,
    /// The time, if one was written.
    pub time: Option<TimeOfDay>,
}

/// A time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TimeOfDay {
    /// The hour, 0 to 23.
    pub hour: u32,
    /// The minute.
    pub minute: u32,
    /// The second.
    pub second: u32,
    /// Microseconds.
    pub microsecond: u32,
}

/// What is written, before anybody asks whether there is such a day.
pub(super) struct Parts {
    date: (i32, u32, u32),
    pub(super) time: Option<TimeOfDay>,
    offset_minutes: i64,
}

impl Parts {
    /// `2016-01-02`, then perhaps `T` or blanks and `12:30:45.5`, then perhaps `Z` or `+01:30`.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut rest = text;
        let year = digits(&mut rest, 4, 4)?;
        literal(&mut rest, '-')?;
        let month = digits(&mut rest, 1, 2)?;
        literal(&mut rest, '-')?;
        let day = digits(&mut rest, 1, 2)?;
        let mut parts = Self {
            date: (i32::try_from(year).ok()?, month, day),
            time: None,
            offset_minutes: 0,
        };
        if rest.is_empty() {
            return Some(parts);
        }
        match rest.strip_prefix(['T', 't']) {
            Some(behind) => rest = behind,
            None => skip_blanks(&mut rest, 1)?,
        }
        let hour = digits(&mut rest, 1, 2)?;
        literal(&mut rest, ':')?;
        let minute = digits(&mut rest, 2, 2)?;
        literal(&mut rest, ':')?;
        let second = digits(&mut rest, 2, 2)?;
        let fraction = match rest.strip_prefix('.') {
            None => "",
            Some(behind) => {
                let end = behind
                    .find(|character: char| !character.is_ascii_digit())
                    .unwrap_or(behind.len());
                rest = behind.get(end..)?;
                behind.get(..end)?
            }
        };
        parts.time = Some(TimeOfDay {
            hour,
            minute,
            second,
            microsecond: microseconds(fraction),
        });
        skip_blanks(&mut rest, 0)?;
        if let Some(behind) = rest.strip_prefix(['+', '-']) {
            let negative = rest.starts_with('-');
            rest = behind;
            let hours = digits(&mut rest, 1, 2)?;
            let minutes = match literal(&mut rest, ':') {
                Some(()) => digits(&mut rest, 2, 2)?,
                None => 0,
            };
            let offset = i64::from(hours * 60 + minutes);
            parts.offset_minutes = if negative { -offset } else { offset };
        } else if let Some(behind) = rest.strip_prefix('Z') {
            rest = behind;
        } else if text.ends_with([' ', '\t']) {
            return None;
        }
        rest.is_empty().then_some(parts)
    }
}

fn digits(rest: &mut &str, least: usize, most: usize) -> Option<u32> {
    let length = rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
    if length < least {
        return None;
    }
    let (digits, behind) = rest.split_at_checked(length)?;
    *rest = behind;
    digits.parse().ok()
}

fn literal(rest: &mut &str, character: char) -> Option<()> {
    *rest = rest.strip_prefix(character)?;
    Some(())
}

fn skip_blanks(rest: &mut &str, least: usize) -> Option<()> {
    let trimmed = rest.trim_start_matches([' ', '\t']);
    let skipped = rest.len() - trimmed.len();
    *rest = trimmed;
    (skipped >= least).then_some(())
}

fn microseconds(fraction: &str) -> u32 {
    let digits: String = fraction.chars().chain(std::iter::repeat('0')).take(6).collect();
    digits.parse().unwrap_or_default()
}

impl fmt::Display for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:04}-{:02}-{:02}", self.year, self.month, self.day)?;
        let Some(time) = self.time else { return Ok(()) };
        write!(formatter, "T{:02}:{:02}:{:02}", time.hour, time.minute, time.second)?;
        if time.microsecond > 0 {
            write!(formatter, ".{:06}", time.microsecond)?;
        }
        Ok(())
    }
}

impl Timestamp {
    /// Reads a timestamp; the error is what Python says.
    pub(super) fn read(text: &str) -> Result<Self, &'static str> {
        let parts = Parts::read(text).ok_or("'NoneType' object has no attribute 'groupdict'")?;
        Self::new(parts.date, parts.time, parts.offset_minutes)
    }

    /// Builds a timestamp from what was written, with the zone's offset in minutes taken off.
    fn new(
        (year, month, day): (i32, u32, u32),
        time: Option<TimeOfDay>,
        offset_minutes: i64,
    ) -> Result<Self, &'static str> {
        if !(1..=9999).contains(&year) {
            return Err("year is out of range");
        }
        if !(1..=12).contains(&month) {
            return Err("month must be in 1..12");
        }
        if day == 0 || day > days_in_month(year, month) {
            return Err("day is out of range for month");
        }
        if let Some(time) = time {
            if time.hour > 23 {
                return Err("hour must be in 0..23");
            }
            if time.minute > 59 {
                return Err("minute must be in 0..59");
            }
            if time.second > 59 {
                return Err("second must be in 0..59");
            }
        }
        let mut timestamp = Self { year, month, day, time };
        timestamp.shift(-offset_minutes);
        if !(1..=9999).contains(&timestamp.year) {
            return Err("date value out of range");
        }
        Ok(timestamp)
    }

    fn shift(&mut self, minutes: i64) {
        let Some(time) = self.time.as_mut() else { return };
        let total = i64::from(time.hour) * 60 + i64::from(time.minute) + minutes;
        let (days, rest) = (total.div_euclid(1440), total.rem_euclid(1440));
        time.hour = u32::try_from(rest / 60).unwrap_or_default();
        time.minute = u32::try_from(rest % 60).unwrap_or_default();
        for _ in 0..days.unsigned_abs() {
            if days > 0 { self.next_day() } else { self.previous_day() }
        }
    }

    fn next_day(&mut self) {
        self.day += 1;
        if self.day > days_in_month(self.year, self.month) {
            self.day = 1;
            self.month += 1;
            if self.month > 12 {
                self.month = 1;
                self.year += 1;
            }
        }
    }

    fn previous_day(&mut self) {
        if self.day > 1 {
            self.day -= 1;
            return;
        }
        self.month -= 1;
        if self.month == 0 {
            self.month = 12;
            self.year -= 1;
        }
        self.day = days_in_month(self.year, self.month);
    }
}

fn days_in_month(year: i32, month: u32) -> u32 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}
