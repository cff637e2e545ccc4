//! Mail that comes back. Nothing that a stranger writes is taken for our mark, no machine is answered, and whatever it is, it is read in the same way twice.

use unsaid::chance::SeededChance;
use unsaid::mail::returned::{MOST_BYTES, Report, automatic, delivered_to, report};
use unsaid::secrets::HouseKeys;

/// One message, as it came.
pub(crate) fn check(data: &[u8]) -> bool {
    let data = &data[..data.len().min(MOST_BYTES)];
    let said = report(data);
    assert_eq!(format!("{said:?}"), format!("{:?}", report(data)));
    let keys = HouseKeys::new(&SeededChance::new(1));
    for address in delivered_to(data) {
        assert!(keys.returned_to(&address).is_none(), "a mark of ours was invented");
    }
    // Whoever we are, our own mail is not answered.
    assert!(automatic(data, |_| true).is_some(), "our own mail would be answered");
    for says_so in [
        "Auto-Submitted: auto-replied\r\n",
        "Precedence: list\r\nX-Next: 1\r\n",
        "List-Id: <family.example.org>\r\n",
    ] {
        let machine = [says_so.as_bytes(), data].concat();
        assert!(automatic(&machine, |_| false).is_some(), "a machine would be answered: {says_so:?}");
    }
    // Where it is a report it is no human's answer, whatever else it says.
    if matches!(said, Report::Bounce(_)) {
        assert!(automatic(data, |_| false).is_some(), "a report would be answered");
    }
    matches!(said, Report::Bounce(_))
}
