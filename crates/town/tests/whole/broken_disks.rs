//! A disk that fails under the real process: one write is half a write, one flush is answered with EIO, one finds no room; at every point of a run, or at a few of
//! them. What may or may not stand in the journal ends the process; all else is answered with a no, and nothing that was acknowledged is gone, nothing is lost,
//! and nothing half written is taken for whole.

use crate::every_kill::{Base, Fallen, Table, act, leave};
use crate::support::falls::How;

/// Of these points the ones at which a file is touched, or a few of them. Where a disk breaks, a flush of the journal is always among them; else a write of sealed bytes.
fn chosen(points: &[String], how: How) -> Vec<usize> {
    let on_disk =
        |point: &str| ["write ", "flush ", "rename ", "cut "].iter().any(|deed| point.starts_with(deed));
    let touched: Vec<usize> = (1..=points.len()).filter(|at| on_disk(&points[at - 1])).collect();
    let always = |point: &str| match how {
        How::Broken => is_flush_of_the_journal(point),
        _ => point.starts_with("write store/blobs/"),
    };
    let sure = touched.iter().copied().find(|at| always(&points[at - 1]));
    let sure = sure.expect("a run flushes its journal, and people seal");
    if std::env::var("UNSAID_KILLS").is_ok_and(|which| which == "all") {
        return touched;
    }
    vec![sure, touched[touched.len() / 2]]
}

fn is_flush_of_the_journal(point: &str) -> bool {
    point.starts_with("flush journal/") && point.ends_with(".log")
}

fn at_each(rest: &str, how: How, what: &str, run: fn(&mut Base, usize, How, &mut Table) -> Fallen) {
    let mut base = Base::new(None, rest);
    let mut table = Table::default();
    let whole = run(&mut base, 0, how, &mut Table::default());
    let mut ended = 0;
    for at in chosen(&whole.points, how) {
        let fallen = run(&mut base, at, how, &mut table);
        // Which point is the n-th may differ a little from run to run; what fell says what it was.
        if how == How::Broken && is_flush_of_the_journal(&fallen.point) {
            assert!(
                fallen.died,
                "{}: it went on with a journal of which nobody knows what it holds",
                fallen.point
            );
        }
        ended += usize::from(fallen.died);
    }
    table.print(&format!("{what}: the process ended itself at {ended} of them"));
}

#[test]
fn a_disk_that_breaks_while_letters_leave_loses_none_and_a_broken_journal_ends_the_process() {
    at_each("morning", How::Broken, "EIO while letters leave", leave);
}

#[test]
fn a_disk_that_breaks_while_people_act_takes_nothing_back_that_was_acknowledged() {
    at_each("none", How::Broken, "EIO while people act", act);
}

#[test]
fn half_a_write_is_never_taken_for_a_whole_one() {
    at_each("none", How::Half, "Half a write while people act", act);
}

#[test]
fn a_full_disk_is_a_no_and_nothing_else() {
    at_each("none", How::Full, "ENOSPC while people act", act);
}
