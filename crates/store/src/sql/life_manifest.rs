//! The manifest of recovery of a life: her plan, her keepers, her channels and her stop code as they stand, and whether she has stopped or ended it. Every fact about them is in the journal too; this
//! is what is left of them where a part of the journal is gone. It is written after the commit of what a human did to any of these, and failing to write it fails nothing.
//!
//! ```text
//! unsaid-recovery-life 1
//! account <id>
//! life <rev> <stands, stopped or ended>
//! plan <as in the column>
//! coming <as in the column>
//! paused <instant>
//! keeper <id> <standing> <sealed name> <sealed address> <language> <hash of the token of their link>
//! channel <id> <sealed>
//! handle <id> <sealed>
//! browser <id> <sealed>
//! channel-removed <id>
//! stop <keyed hash>
//! keeper-set <id> <person> <needed> <of> <instant> <rev> <keeper-set.age>
//! end
//! ```
//!
//! Bytes and nothing are written as in [`super::recovery`].

use super::keeper_sets;
use super::lives::{self, read};
use super::lives_map::{plan, plan_text};
use super::lives_replay::changes;
use super::rebuild::{self, Manifests};
use super::recovery::{hex, lines};
use super::tx::{Tx, values};
use crate::Result;
use crate::keeper_sets::KeeperSetRow;
use crate::lives::{KeeperStanding, NewKeeper};
use crate::rows::{Keyed, SealedText};
use jiff::Timestamp;
use std::fmt::Write;
use unsaid_delivery::Fact;
use unsaid_delivery::clock::Now;
use unsaid_delivery::id::{AccountId, ChannelId, KeeperId};
use unsaid_delivery::life::learn::learn;
use unsaid_delivery::life::{Facts, Life, Plan, Stage};
use unsaid_delivery::message::Way;

/// What the manifest of the life of this account is called.
pub(super) fn name(account: AccountId) -> String {
    format!("life-{account}")
}

/// Whether she has put an end to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It goes its way.
    Stands,
    /// Everything is still.
    Stopped,
    /// For good.
    Ended,
}

/// Her row, as far as a manifest has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowOf {
    /// Its rev then.
    pub rev: i64,
    /// Whether she has put an end to it.
    pub standing: Standing,
    /// What counted.
    pub plan: Plan,
    /// What was to count later.
    pub coming: Option<Plan>,
    /// Until when she said she was away.
    pub paused: Option<Timestamp>,
}

/// A life as its manifest has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LifeManifest {
    /// Whose.
    pub account: AccountId,
    /// Her row; none where she has named keepers and has no plan yet.
    pub row: Option<RowOf>,
    /// Her keepers, in their order, and where they stand.
    pub keepers: Vec<(NewKeeper, KeeperStanding)>,
    /// Her channels, in their order: addresses, handles that her host understands, and browsers.
    pub channels: Vec<(ChannelId, Way, SealedText)>,
    /// Those that she does not want any more.
    pub removed: Vec<ChannelId>,
    /// Her stop code.
    pub stop: Option<Keyed>,
    /// The sets of her keepers' cards, in their order.
    pub sets: Vec<KeeperSetRow>,
}

impl LifeManifest {
    /// Reads one; none if it is not whole.
    pub fn read(text: &str) -> Option<Self> {
        let (mut account, mut life, mut counts, mut coming, mut paused) = (None, None, None, None, None);
        let (mut keepers, mut channels, mut removed, mut stop) = (Vec::new(), Vec::new(), Vec::new(), None);
        let (mut sets, mut whole) = (Vec::new(), false);
        for (first, mut words) in lines(text, "unsaid-recovery-life 1")? {
            match first {
                "account" => account = Some(words.read()?),
                "life" => {
                    let rev: i64 = words.read()?;
                    let standing = match words.text()? {
                        "stands" => Standing::Stands,
                        "stopped" => Standing::Stopped,
                        "ended" => Standing::Ended,
                        _ => return None,
                    };
                    life = Some((rev, standing));
                }
                "plan" => counts = Some(plan(&words.others()).ok()?),
                "coming" => coming = Some(plan(&words.others()).ok()?),
                "paused" => paused = Some(words.read()?),
                "keeper" => {
                    let (id, standing): (KeeperId, _) = (words.read()?, words.word()?);
                    let name = SealedText(words.bytes()?);
                    let address = words.perhaps_bytes()?.map(SealedText);
                    let (language, link) = (words.owned()?, words.keyed()?);
                    keepers.push((NewKeeper { id, name, address, language, link }, standing));
                }
                "channel" => channels.push((words.read()?, Way::Mail, SealedText(words.bytes()?))),
                "handle" => channels.push((words.read()?, Way::Hook, SealedText(words.bytes()?))),
                "browser" => channels.push((words.read()?, Way::Push, SealedText(words.bytes()?))),
                "channel-removed" => removed.push(words.read()?),
                "stop" => stop = Some(words.keyed()?),
                "keeper-set" => {
                    let id = words.read()?;
                    let person = match words.perhaps()? {
                        None => None,
                        Some(word) => Some(word.parse().ok()?),
                    };
                    let (needed, of) = (words.read()?, words.read()?);
                    let (made, rev, file) = (words.read()?, words.read()?, words.bytes()?);
                    sets.push(KeeperSetRow { id, account: account?, person, needed, of, file, made, rev });
                }
                "end" => whole = true,
                _ => {}
            }
        }
        let row = match life {
            None => None,
            Some((rev, standing)) => Some(RowOf { rev, standing, plan: counts?, coming, paused }),
        };
        whole.then_some(())?;
        Some(Self { account: account?, row, keepers, channels, removed, stop, sets })
    }

    /// Its text.
    pub fn text(&self) -> String {
        let mut text = format!("unsaid-recovery-life 1\naccount {}\n", self.account);
        let mut line = |words: std::fmt::Arguments<'_>| {
            // Writing into a String cannot fail.
            let _ = writeln!(text, "{words}");
        };
        if let Some(row) = self.row {
            let standing = match row.standing {
                Standing::Stands => "stands",
                Standing::Stopped => "stopped",
                Standing::Ended => "ended",
            };
            line(format_args!("life {} {standing}", row.rev));
            line(format_args!("plan {}", plan_text(row.plan)));
            if let Some(coming) = row.coming {
                line(format_args!("coming {}", plan_text(coming)));
            }
            if let Some(paused) = row.paused {
                line(format_args!("paused {paused}"));
            }
        }
        for (keeper, standing) in &self.keepers {
            let address = keeper.address.as_ref().map_or_else(|| "-".to_owned(), |address| hex(&address.0));
            let (id, name, link) = (keeper.id, hex(&keeper.name.0), hex(&keeper.link.0));
            line(format_args!("keeper {id} {} {name} {address} {} {link}", standing.word(), keeper.language));
        }
        for (id, way, sealed) in &self.channels {
            let what = match way {
                Way::Mail => "channel",
                Way::Hook => "handle",
                Way::Push => "browser",
            };
            line(format_args!("{what} {id} {}", hex(&sealed.0)));
        }
        for id in &self.removed {
            line(format_args!("channel-removed {id}"));
        }
        if let Some(code) = self.stop {
            line(format_args!("stop {}", hex(&code.0)));
        }
        for set in &self.sets {
            let person = set.person.map_or_else(|| "-".to_owned(), |person| person.to_string());
            let KeeperSetRow { id, needed, of, made, rev, .. } = set;
            line(format_args!("keeper-set {id} {person} {needed} {of} {made} {rev} {}", hex(&set.file)));
        }
        text.push_str("end\n");
        text
    }
}

/// Writes the manifest of her life once this transaction is committed.
pub(super) async fn keep(tx: &mut Tx, account: AccountId) -> Result<()> {
    let manifest = of(tx, account).await?;
    tx.thinned.push((name(account), manifest.text()));
    Ok(())
}

/// As the rows stand.
async fn of(tx: &mut Tx, account: AccountId) -> Result<LifeManifest> {
    let row = read(tx, account).await?.map(|life| RowOf {
        rev: life.rev,
        standing: match life.stage {
            Stage::Stopped { .. } => Standing::Stopped,
            Stage::Ended => Standing::Ended,
            _ => Standing::Stands,
        },
        plan: life.plan,
        coming: life.coming.map(|(plan, _)| plan),
        paused: life.paused,
    });
    let mut keepers = Vec::new();
    let rows = tx
        .query(
            "select id, name, address, language, link, standing from keepers where account = $1 order by nr",
            values![account],
        )
        .await?;
    for mut row in rows {
        let (id, name, address) = (row.next()?, row.next()?, row.next()?);
        let keeper = NewKeeper { id, name, address, language: row.next()?, link: row.next()? };
        keepers.push((keeper, row.next()?));
    }
    let (mut channels, mut removed) = (Vec::new(), Vec::new());
    let rows = tx
        .query(
            "select id, way, sealed, removed from channels where account = $1 order by nr",
            values![account],
        )
        .await?;
    for mut row in rows {
        let (id, way): (ChannelId, Way) = (row.next()?, row.next()?);
        let (sealed, gone): (SealedText, bool) = (row.next()?, row.next()?);
        if gone { removed.push(id) } else { channels.push((id, way, sealed)) }
    }
    let row_of_code = tx.one("select code from stop_codes where account = $1", values![account]).await?;
    let stop = row_of_code.map(|mut row| row.next()).transpose()?;
    let sets = keeper_sets::of_account(tx, account).await?;
    Ok(LifeManifest { account, row, keepers, channels, removed, stop, sets })
}

/// What manifests know of lives and the rows do not: after the facts, for those that are gone.
pub(super) async fn learn_from(tx: &mut Tx, manifests: &Manifests<'_>, now: Now) -> Result<()> {
    for found in manifests.lives() {
        if rebuild::has_account(tx, manifests, found.account).await? {
            learn_one(tx, found, now).await?;
        }
    }
    Ok(())
}

async fn learn_one(tx: &mut Tx, found: LifeManifest, now: Now) -> Result<()> {
    let account = found.account;
    let newer = match (read(tx, account).await?, found.row) {
        (Some(life), Some(row)) => row.rev > life.rev,
        (None, _) => true,
        (Some(_), None) => false,
    };
    for (keeper, standing) in &found.keepers {
        let row = tx.one("select standing from keepers where id = $1", values![keeper.id]).await?;
        let stands = row.map(|mut row| row.next::<KeeperStanding>()).transpose()?;
        if stands.is_none() {
            lives::put_keeper(tx, account, keeper, now).await?;
        }
        let differs = stands.unwrap_or(KeeperStanding::Invited) != *standing;
        if differs && (stands.is_none() || *standing == KeeperStanding::Removed) {
            lives::stand(tx, account, keeper.id, *standing, now).await?;
        }
    }
    for set in &found.sets {
        keeper_sets::learn(tx, set).await?;
    }
    for (id, way, sealed) in &found.channels {
        if tx.one("select 1 from channels where id = $1", values![*id]).await?.is_none() {
            lives::put_channel(tx, account, (*id, *way), sealed.clone(), now).await?;
        }
    }
    for id in &found.removed {
        lives::drop_channel(tx, account, *id, now).await?;
    }
    let has_code = tx.one("select 1 from stop_codes where account = $1", values![account]).await?.is_some();
    if let Some(code) = found.stop.filter(|_| newer || !has_code) {
        lives::keep_stop_code(tx, account, code).await?;
    }
    let Some(row) = found.row.filter(|_| newer) else { return Ok(()) };
    let mut facts = Vec::new();
    match read(tx, account).await? {
        None => {
            facts.push(Fact::PolicyChanged { account, plan: row.plan });
            facts.extend(row.coming.map(|plan| Fact::PolicyChanged { account, plan }));
        }
        Some(life) => {
            let newest = row.coming.unwrap_or(row.plan);
            if life.coming.map_or(life.plan, |(plan, _)| plan) != newest {
                facts.push(Fact::PolicyChanged { account, plan: newest });
            }
        }
    }
    let strength = unsaid_delivery::life::Strength::Weak;
    let away = row.paused.filter(|until| *until > now.trusted);
    facts.extend(away.map(|until| Fact::Paused { account, until, strength }));
    match row.standing {
        Standing::Stands => {}
        Standing::Stopped => facts.push(Fact::Stopped { account }),
        Standing::Ended => facts.push(Fact::LifeEnded { account }),
    }
    for fact in facts {
        let before = read(tx, account).await?;
        if is_so(before.as_ref(), &fact) {
            continue;
        }
        let known = match lives::view(tx, account).await? {
            Some(view) => view.facts,
            None => Facts::default(),
        };
        if let Some(change) = learn(before.as_ref(), &fact, false, &known, now) {
            let rev = before.map_or(0, |life| life.rev) + 1;
            changes(tx, change, rev.max(row.rev), now).await?;
        }
    }
    Ok(())
}

/// What the rows say already is not said to them again: it would set her back once more.
fn is_so(life: Option<&Life>, fact: &Fact) -> bool {
    match (life, fact) {
        (Some(life), Fact::Stopped { .. }) => matches!(life.stage, Stage::Stopped { .. } | Stage::Ended),
        (Some(life), Fact::LifeEnded { .. }) => life.stage == Stage::Ended,
        (Some(life), Fact::Paused { until, .. }) => {
            life.paused.is_some_and(|paused| paused >= *until) || life.stage == Stage::Ended
        }
        _ => false,
    }
}
