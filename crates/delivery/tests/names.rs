//! The rules' names: each `why` in the code stands in docs/delivery.md, and each rule there is in the code or its tests.

use std::collections::BTreeSet;

const DOCS: &str = include_str!("../../../docs/delivery.md");
const CODE: [&str; 20] = [
    include_str!("../src/accept.rs"),
    include_str!("../src/decide.rs"),
    include_str!("../src/event.rs"),
    include_str!("../src/permit.rs"),
    include_str!("../src/record.rs"),
    include_str!("../src/calendar.rs"),
    include_str!("../src/forecast.rs"),
    include_str!("../src/breaker.rs"),
    include_str!("../src/parking.rs"),
    include_str!("../src/anew.rs"),
    include_str!("../src/clock.rs"),
    include_str!("../src/clock/several.rs"),
    include_str!("../src/life/accept.rs"),
    include_str!("../src/life/alive.rs"),
    include_str!("../src/life/decide.rs"),
    include_str!("../src/life/learn.rs"),
    include_str!("../src/life/permit.rs"),
    include_str!("../src/life/plan.rs"),
    include_str!("../src/life/rungs.rs"),
    include_str!("../src/life/votes.rs"),
];
const STORIES: [&str; 10] = [
    include_str!("rules.rs"),
    include_str!("event.rs"),
    include_str!("birthdays.rs"),
    include_str!("holds.rs"),
    include_str!("breaker.rs"),
    include_str!("clocks.rs"),
    include_str!("zones.rs"),
    include_str!("life.rs"),
    include_str!("life_learnt.rs"),
    include_str!("alive.rs"),
];

/// Quoted or back-quoted words joined by hyphens.
fn names(text: &str, quote: char) -> BTreeSet<String> {
    text.split(quote)
        .filter(|s| s.contains('-') && s.len() < 40 && s.chars().all(|c| c.is_ascii_lowercase() || c == '-'))
        .map(str::to_owned)
        .collect()
}

fn whys() -> BTreeSet<String> {
    // What a `fn key` gives are keys of words, not rules.
    let blocks = CODE.iter().flat_map(|code| code.split("fn key").skip(1));
    let keys: BTreeSet<String> =
        blocks.flat_map(|code| names(code.split("\n    }\n").next().unwrap_or_default(), '"')).collect();
    CODE.iter().flat_map(|code| names(code, '"')).filter(|name| !keys.contains(name)).collect()
}

#[test]
fn every_reason_in_the_code_is_explained() {
    let explained = names(DOCS, '`');
    let unexplained: Vec<String> = whys().into_iter().filter(|why| !explained.contains(why)).collect();
    assert!(unexplained.is_empty(), "not in docs/delivery.md: {unexplained:?}");
    assert!(whys().len() > 15, "the search itself finds something");
}

#[test]
fn every_rule_that_is_explained_is_kept_and_defended() {
    for name in names(DOCS, '`') {
        let in_code = CODE
            .iter()
            .any(|code| code.contains(&format!("\"{name}\"")) || code.contains(&format!("`{name}`")));
        // Rules that live in the worker, because they are about the work and not about one row.
        let in_worker = [
            "hourly-ceiling",
            "at-an-end",
            "one-fault-holds-one",
            "recorded-before-the-next",
            "held-after-three-faults",
            "cards-together",
            "a-living-author-confirms",
            "a-browser-is-told-that-something-is",
            "an-address-with-the-word",
            "guardian-sees-that-it-waits",
            "whole-before-it-leaves",
            "what-cannot-be-is-held",
            "balanced-every-night",
        ]
        .contains(&name.as_str());
        assert!(in_code || in_worker, "{name} is explained but nowhere in the code");
        let story = name.replace('-', "_");
        let defended = STORIES
            .iter()
            .any(|stories| stories.contains(&story) || stories.contains(&format!("\"{name}\"")));
        let answers =
            ["accepted-by-the-relay", "refused-for-good", "blocked-calls-the-host", "unknown-goes-again"];
        let reasons = ["nothing-waits-any-more", "address-removed", "address-is-dead"];
        assert!(
            defended || in_worker || answers.contains(&name.as_str()) || reasons.contains(&name.as_str()),
            "{name} has no story in crates/delivery/tests"
        );
    }
}
