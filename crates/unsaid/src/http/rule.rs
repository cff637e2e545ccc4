//! A rule as it is written in JSON, read and shown. Kinds that nobody knows are said to be not yet kept; whether this version keeps a kind that
//! it knows is for `accept` to say.

use super::asks::{self, Asked};
use super::described::shape;
use super::problem::Problem;
use jiff::civil::{Date, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use unsaid_delivery::calendar;
use unsaid_delivery::event::{LEAST, LONGEST};
use unsaid_delivery::rule::{Birthday, Gate, LeapDay, Moment, Reach, RestAsked, Rule};

/// A rule as it comes in.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RuleGiven")]
pub(super) struct Given {
    #[schemars(with = "GateKind")]
    gate: Value,
    /// With the gate `word`: what must have happened, as her keepers are asked.
    event: Option<String>,
    #[schemars(with = "MomentGiven")]
    moment: Value,
    #[schemars(with = "ReachKind")]
    reach: Value,
    #[schemars(with = "asks::Described")]
    proof: Value,
}

/// The words for gates and reaches that are read; whether a house keeps them yet is for `accept`.
#[derive(JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(dead_code, reason = "they describe what is read by hand below")]
enum GateKind {
    None,
    Gone,
    Word,
}

#[derive(JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(dead_code, reason = "they describe what is read by hand below")]
enum ReachKind {
    Send,
    Claim,
}

/// The day that stands for 29 February in other years.
#[derive(JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(dead_code, reason = "they describe what is read by hand below")]
pub(super) enum Leap {
    Feb28,
    Mar1,
}

/// When it goes. The time is nine in the morning unless it is said.
#[derive(JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
#[expect(dead_code, reason = "they describe what is read by hand below")]
enum MomentGiven {
    AtOnce {},
    On {
        #[schemars(schema_with = "shape::day")]
        date: String,
        #[schemars(extend("pattern" = shape::TIME))]
        time: Option<String>,
        zone: String,
    },
    Birthday {
        age: u16,
        year: i16,
        month: i8,
        day: i8,
        leap: Option<Leap>,
        #[schemars(extend("pattern" = shape::TIME))]
        time: Option<String>,
        zone: String,
    },
    EachBirthday {
        until: i16,
        month: i8,
        day: i8,
        leap: Option<Leap>,
        #[schemars(extend("pattern" = shape::TIME))]
        time: Option<String>,
        zone: String,
    },
}

impl Given {
    /// The rule, in the types of delivery, and what is asked before it opens.
    pub(super) fn read(&self) -> Result<(Rule, Asked), Problem> {
        let not_yet = || Problem::field("rule", "not-yet");
        let gate = match self.gate.as_str() {
            Some("none") => Gate::None,
            Some("gone") => Gate::Gone,
            Some("word") => word(self.event.as_deref())?,
            _ => return Err(not_yet()),
        };
        if self.event.is_some() && !matches!(gate, Gate::Word { .. }) {
            return Err(Problem::of("not-understood"));
        }
        let reach = match self.reach.as_str() {
            Some("send") => Reach::Send,
            Some("claim") => Reach::Claim,
            _ => return Err(not_yet()),
        };
        let asked = Asked::read(&self.proof)?;
        Ok((Rule { gate, moment: self.moment()?, reach, proof: asked.kind() }, asked))
    }

    fn moment(&self) -> Result<Moment, Problem> {
        let not_yet = || Problem::field("rule", "not-yet");
        let fields = self.moment.as_object().ok_or_else(not_yet)?;
        let only = |names: &[&str]| {
            let known = fields.keys().all(|name| name == "kind" || names.contains(&name.as_str()));
            if known { Ok(()) } else { Err(Problem::of("not-understood")) }
        };
        let text = |name: &str| fields.get(name).and_then(Value::as_str);
        let number = |name: &str| fields.get(name).and_then(Value::as_i64);
        match text("kind") {
            Some("at-once") => only(&[]).map(|()| Moment::AtOnce),
            Some("on") => {
                only(&["date", "time", "zone"])?;
                on(text("date"), text("time"), text("zone"))
            }
            Some("birthday") => {
                only(&["age", "year", "month", "day", "leap", "time", "zone"])?;
                let age = number("age").and_then(|n| u16::try_from(n).ok());
                let year = number("year").and_then(|n| i16::try_from(n).ok());
                Ok(Moment::Birthday {
                    age: age.ok_or_else(|| Problem::field("age", "age-unknown"))?,
                    year: year.ok_or_else(|| Problem::field("birthday", "birthday-unknown"))?,
                    birthday: birthday(number("month"), number("day"), text("leap"))?,
                    time: time_of(text("time"))?,
                    zone: zone_of(text("zone"))?,
                })
            }
            Some("each-birthday") => {
                only(&["until", "month", "day", "leap", "time", "zone"])?;
                let until = number("until").and_then(|n| i16::try_from(n).ok());
                Ok(Moment::EachBirthday {
                    until: until.ok_or_else(|| Problem::field("until", "until-unknown"))?,
                    birthday: birthday(number("month"), number("day"), text("leap"))?,
                    time: time_of(text("time"))?,
                    zone: zone_of(text("zone"))?,
                })
            }
            _ => Err(not_yet()),
        }
    }
}

/// What must have happened, in her words; how many must say it is for the house.
fn word(event: Option<&str>) -> Result<Gate, Problem> {
    let event = event.unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
    if event.is_empty() {
        return Err(Problem::field("event", "event-empty"));
    }
    if event.chars().count() > LONGEST || event.chars().any(char::is_control) {
        return Err(Problem::field("event", "event-too-long"));
    }
    Ok(Gate::Word { event, keepers: Vec::new(), quorum: LEAST })
}

/// A day, a time of day (nine in the morning unless it is said) and a zone.
pub(super) fn on(date: Option<&str>, time: Option<&str>, zone: Option<&str>) -> Result<Moment, Problem> {
    let missing = || Problem::field("date", "date-missing");
    let date = date.and_then(read_date).ok_or_else(missing)?;
    Ok(Moment::On { date, time: time_of(time)?, zone: zone_of(zone)? })
}

/// A time of day; nine in the morning unless it is said.
pub(super) fn time_of(time: Option<&str>) -> Result<Time, Problem> {
    match time {
        None => Ok(calendar::NINE),
        Some(text) => read_time(text).ok_or_else(|| Problem::field("date", "date-missing")),
    }
}

/// A zone that the bundled data knows.
pub(super) fn zone_of(zone: Option<&str>) -> Result<String, Problem> {
    let unknown = || Problem::field("zone", "zone-unknown");
    let zone = zone.ok_or_else(unknown)?;
    calendar::zone(zone).map_err(|_| unknown())?;
    Ok(zone.to_owned())
}

/// `YYYY-MM-DD` and nothing else.
pub(super) fn read_date(text: &str) -> Option<Date> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let figures = |part: &str, length| part.len() == length && part.bytes().all(|b| b.is_ascii_digit());
    if parts.next().is_some() || !figures(year, 4) || !figures(month, 2) || !figures(day, 2) {
        return None;
    }
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

/// `HH:MM` and nothing else.
fn read_time(text: &str) -> Option<Time> {
    let (hours, minutes) = text.split_once(':')?;
    let figures = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
    if !figures(hours) || !figures(minutes) {
        return None;
    }
    Time::new(hours.parse().ok()?, minutes.parse().ok()?, 0, 0).ok()
}

/// How long a sealing rests, as it comes in: a word, or a number of nights.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "Rest")]
pub(super) enum RestGiven {
    Nights(#[schemars(schema_with = "shape::nights")] u64),
    Word(#[schemars(schema_with = "shape::rest")] String),
}

impl RestGiven {
    /// The rest, in the type of delivery.
    pub(super) fn read(&self) -> Result<RestAsked, Problem> {
        match self {
            Self::Word(word) => read_rest(word),
            Self::Nights(nights) => u8::try_from(*nights)
                .ok()
                .filter(|n| (1..=30).contains(n))
                .map(RestAsked::Mornings)
                .ok_or_else(|| Problem::field("rest", "rest-unknown")),
        }
    }
}

/// The word of a rest, or a number of nights in figures.
pub(super) fn read_rest(word: &str) -> Result<RestAsked, Problem> {
    match word {
        "morning" => Ok(RestAsked::Morning),
        "none" => Ok(RestAsked::None),
        _ => {
            let plain = word.len() <= 2 && word.bytes().all(|b| b.is_ascii_digit());
            let nights = word.parse().ok().filter(|_| plain);
            RestGiven::Nights(nights.unwrap_or(0)).read()
        }
    }
}

/// `HH:MM`.
fn hour(time: Time) -> String {
    format!("{:02}:{:02}", time.hour(), time.minute())
}

/// The word for the day that stands for 29 February.
fn leap(birthday: Birthday) -> &'static str {
    match birthday.leap {
        LeapDay::February28 => "feb28",
        LeapDay::March1 => "mar1",
    }
}

/// A birthday as it comes in: month, day, and which day stands for 29 February in other years (28 February unless it is said).
pub(super) fn birthday(
    month: Option<i64>,
    day: Option<i64>,
    leap: Option<&str>,
) -> Result<Birthday, Problem> {
    let unknown = || Problem::field("birthday", "birthday-unknown");
    let number = |value: Option<i64>| value.and_then(|n| i8::try_from(n).ok()).ok_or_else(unknown);
    let leap = match leap {
        None | Some("feb28") => LeapDay::February28,
        Some("mar1") => LeapDay::March1,
        Some(_) => return Err(unknown()),
    };
    Ok(Birthday { month: number(month)?, day: number(day)?, leap })
}

/// What a rule in JSON means, if it is one: for whoever looks from outside at what is read.
pub fn meant(json: &[u8]) -> Option<Rule> {
    let given: Given = serde_json::from_slice(json).ok()?;
    given.read().ok().map(|(rule, _)| rule)
}

/// A rule in the JSON that its author is shown, with nothing asked before it opens: for whoever looks from outside.
pub fn shown(rule: &Rule) -> Value {
    let event = match &rule.gate {
        Gate::Word { event, .. } => Some(event.clone()),
        Gate::None | Gate::Gone => None,
    };
    serde_json::to_value(View::of(rule, event, asks::View::Nothing(asks::Nothing::None))).unwrap_or_default()
}

/// A rule as its author is shown it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Rule")]
pub(super) struct View {
    gate: &'static str,
    /// With the gate `word`: what must have happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<String>,
    moment: MomentView,
    reach: &'static str,
    proof: asks::View,
}

#[derive(Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[schemars(rename = "Moment")]
enum MomentView {
    AtOnce,
    On { date: String, time: String, zone: String },
    Birthday { age: u16, year: i16, month: i8, day: i8, leap: &'static str, time: String, zone: String },
    EachBirthday { until: i16, month: i8, day: i8, leap: &'static str, time: String, zone: String },
    After { days: u32 },
}

impl View {
    /// The rule in JSON, with what must have happened in her words.
    pub(super) fn of(rule: &Rule, event: Option<String>, proof: asks::View) -> Self {
        Self {
            event,
            gate: match rule.gate {
                Gate::None => "none",
                Gate::Gone => "gone",
                Gate::Word { .. } => "word",
            },
            moment: match &rule.moment {
                Moment::AtOnce => MomentView::AtOnce,
                Moment::On { date, time, zone } => {
                    MomentView::On { date: date.to_string(), time: hour(*time), zone: zone.clone() }
                }
                Moment::Birthday { age, year, birthday, time, zone } => MomentView::Birthday {
                    age: *age,
                    year: *year,
                    month: birthday.month,
                    day: birthday.day,
                    leap: leap(*birthday),
                    time: hour(*time),
                    zone: zone.clone(),
                },
                Moment::EachBirthday { until, birthday, time, zone } => MomentView::EachBirthday {
                    until: *until,
                    month: birthday.month,
                    day: birthday.day,
                    leap: leap(*birthday),
                    time: hour(*time),
                    zone: zone.clone(),
                },
                Moment::After { days } => MomentView::After { days: *days },
            },
            reach: match rule.reach {
                Reach::Send => "send",
                Reach::Claim => "claim",
            },
            proof,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_that_is_described_is_read_with_the_fields_that_are_described() {
        let described = schemars::schema_for!(MomentGiven).to_value();
        let kinds = described["oneOf"].as_array().unwrap();
        assert_eq!(kinds.len(), 4);
        for kind in kinds {
            let mut moment = serde_json::json!({ "zone": "Europe/London", "date": "2041-05-04" });
            for (field, value) in [("age", 18), ("year", 2030), ("month", 5), ("day", 4), ("until", 2050)] {
                moment[field] = value.into();
            }
            for (field, value) in [("leap", "mar1"), ("time", "09:30")] {
                moment[field] = value.into();
            }
            let fields = kind["properties"].as_object().unwrap();
            moment.as_object_mut().unwrap().retain(|name, _| fields.contains_key(name));
            moment["kind"] = fields["kind"]["const"].clone();
            let given = |moment: &Value| Given {
                gate: "none".into(),
                event: None,
                moment: moment.clone(),
                reach: "send".into(),
                proof: "none".into(),
            };
            assert!(given(&moment).read().is_ok(), "{moment}");
            for field in kind["required"].as_array().unwrap() {
                let mut without = moment.clone();
                without.as_object_mut().unwrap().remove(field.as_str().unwrap());
                assert!(given(&without).read().is_err(), "{without}");
            }
            moment["more"] = 1.into();
            assert!(given(&moment).read().is_err(), "{moment}");
        }
    }

    #[test]
    fn a_day_and_a_time_are_read_strictly() {
        assert!(read_date("2031-05-04").is_some());
        for text in [
            "",
            "2031-5-4",
            "2031-02-30",
            "2031-05-04T00:00",
            "+2031-05-04",
            "-031-05-04",
            "20310504",
            "2031-05-04-",
            "99999-01-01",
        ] {
            assert!(read_date(text).is_none(), "{text:?}");
        }
        assert!(read_time("09:00").is_some());
        for text in ["", "9:00", "24:00", "09:60", "09:00:00", "+9:00", "09"] {
            assert!(read_time(text).is_none(), "{text:?}");
        }
    }

    #[test]
    fn a_rest_is_a_word_or_one_to_thirty_nights() {
        assert_eq!(read_rest("morning"), Ok(RestAsked::Morning));
        assert_eq!(read_rest("none"), Ok(RestAsked::None));
        assert_eq!(read_rest("1"), Ok(RestAsked::Mornings(1)));
        assert_eq!(read_rest("30"), Ok(RestAsked::Mornings(30)));
        for word in ["0", "31", "", "-1", "+1", "1.5", "evening", "999999999999999999999999"] {
            assert!(read_rest(word).is_err(), "{word:?}");
        }
    }
}
