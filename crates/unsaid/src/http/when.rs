//! On which day something would arrive if it were sealed now. Promises nothing.

use super::described::shape;
use super::gate::SignedIn;
use super::problem::Problem;
use super::read::Query;
use super::route::{Face, Policy, Route};
use super::rule;
use super::tell::Told;
use crate::app::App;
use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use unsaid_delivery::accept;
use unsaid_delivery::calendar;
use unsaid_delivery::rule::{Gate, Moment, Proof, Reach, Rule};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/when", Policy::Locked, Face::Api, when)
            .refuses(&[
                "not-yet",
                "rest-unknown",
                "date-missing",
                "zone-unknown",
                "birthday-unknown",
                "until-unknown",
                "age-unknown",
                "day-passed",
                "day-too-far",
            ])
            .with_query(),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "WhenAsked")]
struct Asked {
    #[schemars(extend("enum" = ["at-once", "on", "birthday", "each-birthday"]))]
    moment: String,
    #[schemars(extend("format" = "date"))]
    date: Option<String>,
    #[schemars(extend("pattern" = shape::TIME))]
    time: Option<String>,
    zone: Option<String>,
    age: Option<u16>,
    year: Option<i16>,
    until: Option<i16>,
    month: Option<i64>,
    day: Option<i64>,
    #[schemars(with = "Option<rule::Leap>")]
    leap: Option<String>,
    #[schemars(schema_with = "shape::rest")]
    rest: String,
}

impl Asked {
    fn moment(&self) -> Result<Moment, Problem> {
        let (time, zone) = (self.time.as_deref(), self.zone.as_deref());
        let birthday = || rule::birthday(self.month, self.day, self.leap.as_deref());
        match self.moment.as_str() {
            "at-once" => Ok(Moment::AtOnce),
            "on" => rule::on(self.date.as_deref(), time, zone),
            "birthday" => Ok(Moment::Birthday {
                age: self.age.ok_or_else(|| Problem::field("age", "age-unknown"))?,
                year: self.year.ok_or_else(|| Problem::field("birthday", "birthday-unknown"))?,
                birthday: birthday()?,
                time: rule::time_of(time)?,
                zone: rule::zone_of(zone)?,
            }),
            "each-birthday" => Ok(Moment::EachBirthday {
                until: self.until.ok_or_else(|| Problem::field("until", "until-unknown"))?,
                birthday: birthday()?,
                time: rule::time_of(time)?,
                zone: rule::zone_of(zone)?,
            }),
            _ => Err(Problem::field("rule", "not-yet")),
        }
    }
}

/// Of many days the first so many are said, and the last.
const DAYS_SAID: usize = 3;

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct When {
    #[schemars(schema_with = "shape::instant")]
    rest_until: String,
    rest_zone: String,
    #[schemars(schema_with = "shape::instant")]
    arrives: String,
    arrives_zone: String,
    early: bool,
    /// How often it comes.
    occurrences: usize,
    /// On which days: the first ones and the last.
    #[schemars(schema_with = "shape::days")]
    days: Vec<String>,
}

async fn when(
    State(app): State<App>,
    SignedIn(author, ..): SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Told<When>, Problem> {
    let moment = asked.moment()?;
    let rest = rule::read_rest(&asked.rest)?;
    let zone = app.store.account(&author).await?.zone;
    let arrives_zone = match &moment {
        Moment::On { zone, .. } | Moment::Birthday { zone, .. } | Moment::EachBirthday { zone, .. } => {
            zone.clone()
        }
        Moment::AtOnce | Moment::After { .. } => zone.clone(),
    };
    let rule = Rule { gate: Gate::None, moment, reach: Reach::Send, proof: Proof::None };
    let plan = accept::plan(&rule, rest, &zone, app.time.now())?;
    let (occurrences, days) = days(&rule.moment, &plan, &arrives_zone);
    Ok(Told::new(When {
        rest_until: plan.rest.until.to_string(),
        rest_zone: zone,
        arrives: plan.leaves.to_string(),
        arrives_zone,
        early: plan.early,
        occurrences,
        days,
    }))
}

/// How often, and on which days. What leaves at the end of its rest comes on that day.
fn days(moment: &Moment, plan: &accept::Plan, zone: &str) -> (usize, Vec<String>) {
    let mut days: Vec<String> = calendar::days(moment, plan.occurrence).map(|day| day.to_string()).collect();
    if plan.early || days.is_empty() {
        let leaves = calendar::day_in(plan.leaves, zone).map(|day| day.to_string());
        match (days.first_mut(), leaves) {
            (Some(first), Ok(day)) => *first = day,
            (None, Ok(day)) => days.push(day),
            (_, Err(calendar::ZoneUnknown)) => {}
        }
    }
    let count = days.len();
    if count > DAYS_SAID + 1 {
        days.drain(DAYS_SAID..count - 1);
    }
    (count, days)
}
