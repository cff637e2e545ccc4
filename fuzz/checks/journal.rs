//! The journal in front of a disk that lies: a tail that was torn, a bit that flipped, a file that somebody else wrote. What was acknowledged is there
//! or the journal says that it is damaged; it never forgets in silence.

use std::fs;
use std::path::Path;
use unsaid_delivery::Fact;
use unsaid_delivery::id::{AccountId, LetterId, MessageId};
use unsaid_delivery::life::Strength;
use unsaid_store::journal::code::{self, HEADER, MAGIC};
use unsaid_store::journal::{Entry, FileJournal, Journal, JournalError};

/// How the bytes are used, in the first of them; then the bytes.
pub(crate) fn check(data: &[u8]) -> bool {
    let Some((how, rest)) = data.split_first() else { return false };
    match how % 4 {
        0 => body(rest),
        1 => file(rest),
        2 => file(&[MAGIC.as_slice(), rest].concat()),
        _ => torn(rest),
    }
}

/// A frame's body: what is read is written again, and read as the same.
fn body(data: &[u8]) -> bool {
    let Some(frame) = code::read(data) else { return false };
    assert!(!code::is_newer(data), "what is read is not newer");
    let bytes = code::write(&frame).expect("what was read can be written");
    assert!(code::whole(&bytes));
    assert!(code::read(&bytes[HEADER..]) == Some(frame), "it reads as another frame");
    true
}

fn folder() -> tempfile::TempDir {
    // In memory where there is such a place: a flush to a real disk takes as long as a thousand checks.
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.expect("a folder for the test")
}

/// A file as it lies there. What can be opened can be opened again, and nothing is cut behind which a whole frame stands.
fn file(data: &[u8]) -> bool {
    let folder = folder();
    let path = folder.path().join("one.log");
    fs::write(&path, data).expect("a file");
    let Ok(journal) = FileJournal::open(folder.path(), "one") else {
        assert!(fs::read(&path).is_ok_and(|now| now == data), "a damaged journal was changed");
        return false;
    };
    let records = journal.replay(0).expect("what was opened is read");
    if let Some(cut) = journal.cut() {
        let at = usize::try_from(cut.at).expect("a place");
        assert!(fs::read(&cut.kept).is_ok_and(|kept| kept == data[at..]), "what was cut is not kept");
        assert!((at..data.len()).all(|from| !code::whole(&data[from..])), "a whole frame was cut off");
    }
    let entry = entry(1, 200);
    journal.append(7, std::slice::from_ref(&entry)).expect("it takes the next");
    drop(journal);
    let journal = FileJournal::open(folder.path(), "one").expect("it opens again");
    assert!(journal.cut().is_none());
    let again = journal.replay(0).expect("and is read");
    assert_eq!(again[..records.len()], records);
    assert!(again[records.len()..].iter().map(|record| &record.entry).eq([&entry]));
    true
}

fn entry(at: u8, long: u8) -> Entry {
    let account = AccountId([at; 16]);
    let fact = match at % 5 {
        0 => Fact::Accepted { message: MessageId([at; 16]), knock: None },
        1 => Fact::Sealed { letter: LetterId([at; 16]), version: at.into(), manifest: [at; 32] },
        2 => Fact::Stopped { account },
        3 => Fact::CheckedIn { account, strength: Strength::Weak },
        _ => Fact::Undone { letter: LetterId([at; 16]) },
    };
    Entry { subject: "s".repeat(long.into()), rev: at.into(), fact }
}

/// A journal of ours, of which the power took the end or the disk turned a bit: four bytes say where, one which bit, the others what stood in it.
fn torn(data: &[u8]) -> bool {
    let Some((fields, rest)) = data.split_first_chunk::<5>() else { return false };
    let folder = folder();
    let path = folder.path().join("one.log");
    let mut kept: Vec<(u64, Entry)> = Vec::new();
    {
        let journal = FileJournal::open(folder.path(), "one").expect("a new journal");
        for (at, long) in rest.iter().take(24).enumerate() {
            let entry = entry(u8::try_from(at).unwrap_or_default(), *long);
            journal.append(1, std::slice::from_ref(&entry)).expect("it takes the next");
            kept.push((fs::metadata(&path).expect("it is there").len(), entry));
        }
    }
    let whole = fs::read(&path).expect("it is there");
    let place = u32::from_le_bytes([fields[0], fields[1], fields[2], fields[3]]) as usize % whole.len();
    let flips = fields[4] & 8 != 0;
    let mut bytes = whole.clone();
    if flips {
        bytes[place] ^= 1 << (fields[4] & 7);
    } else {
        bytes.truncate(place);
    }
    fs::write(&path, &bytes).expect("a file");
    // Acknowledged and untouched: everything that ended before that place.
    let before: Vec<&Entry> =
        kept.iter().filter(|(end, _)| *end <= place as u64).map(|(_, entry)| entry).collect();
    match FileJournal::open(folder.path(), "one") {
        Ok(journal) => {
            let found = journal.replay(0).expect("what was opened is read");
            assert!(
                found.iter().map(|record| &record.entry).eq(before.iter().copied()),
                "something was forgotten"
            );
            assert!(
                before.len() + 1 >= kept.len() || !flips,
                "what stood behind a damage was forgotten in silence"
            );
            true
        }
        Err(JournalError::Damaged { .. } | JournalError::Newer { .. }) => {
            assert!(flips, "a torn tail is no damage");
            false
        }
        Err(error) => panic!("{error}"),
    }
}
