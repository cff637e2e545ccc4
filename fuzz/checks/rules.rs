//! A rule in JSON, as it comes in. What is read is shown as it was meant, and what is shown is read again as the same rule.

use unsaid::http::rule::{meant, shown};
use unsaid_delivery::rule::{Proof, Rule};

/// The JSON of one rule.
pub(crate) fn check(data: &[u8]) -> bool {
    let Some(rule) = meant(data) else { return false };
    super::days::holds(&rule.moment);
    let shown = serde_json::to_vec(&shown(&rule)).expect("a rule can be shown");
    let again = meant(&shown).expect("what is shown is a rule");
    // What is asked before it opens is shown without its answer, so it is left away here.
    assert_eq!(again, Rule { proof: Proof::None, ..rule });
    true
}
