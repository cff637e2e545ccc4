//! Both languages read alike: changed vectors with what is to be said of them. crates/seal/examples/make-alike writes such a
//! file of new chance; web/src/seal/alike.test.ts holds the browser's half to the same lines.

#[path = "alike/verdict.rs"]
mod verdict;

use serde_json::Value;
use std::collections::HashMap;

#[test]
fn every_changed_vector_is_read_or_refused_as_it_is_written_down() {
    let cases = String::from_utf8(verdict::vector("alike/cases.jsonl")).unwrap();
    let mut bases: HashMap<String, Vec<u8>> = HashMap::new();
    let (mut read, mut refused) = (0, 0);
    for (number, line) in cases.lines().enumerate() {
        let case: Value = serde_json::from_str(line).unwrap();
        let (kind, of) = (case["kind"].as_str().unwrap(), case["of"].as_str().unwrap());
        let base = bases.entry(of.to_owned()).or_insert_with(|| verdict::vector(of));
        let said = verdict::verdict(kind, of, &verdict::changed(&case, base));
        assert_eq!(Some(said.as_str()), case["said"].as_str(), "line {}: {line}", number + 1);
        if said.len() == 16 && said.bytes().all(|b| b.is_ascii_hexdigit()) { read += 1 } else { refused += 1 }
    }
    // A file in which everything is refused, or nothing, would say little.
    assert!(read > 100 && refused > 100, "{read} read, {refused} refused");
}
