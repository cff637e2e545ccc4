//! A keeper's page: the invitation, the time in between, the question with its three words, each said back before it counts; what strangers, twice, the removed and the late are answered; and
//! that nobody reads what another has said before they have spoken themselves.

use super::house::*;
use super::pages::compare;
use axum::http::StatusCode;
use unsaid::links;
use unsaid::secrets::hashed;
use unsaid_delivery::Fact;
use unsaid_delivery::clock::Observed;
use unsaid_delivery::id::{BootId, KeeperId};
use unsaid_delivery::life::{Change, Life, Plan, Policy, Stage, Word, accept};
use unsaid_delivery::message::{Kind, Notice, Says};
use unsaid_delivery::rule::Gate;
use unsaid_delivery::state::Wake;
use unsaid_store::lives::{KeeperStanding, LifeView, NewKeeper};
use unsaid_store::rows::{Lane, WakeOf};

/// Helen's people: each with the path of their page.
pub(super) struct Keepers {
    pub(super) house: House,
    pub(super) named: Vec<(KeeperId, String)>,
}

impl Keepers {
    pub(super) async fn new(policy: Policy, many: u8) -> Self {
        let house = House::new().await;
        let mut named = Vec::new();
        for n in 1..=many {
            let (id, token) = (KeeperId([n; 16]), [n; 32]);
            let sealed = |text: &str| house.app.keys.seal_text(&id.to_string(), text, &*house.app.chance);
            let keeper = NewKeeper {
                id,
                name: sealed("Joan Pryce"),
                address: Some(sealed(&format!("keeper-{n}@example.org"))),
                language: "en".into(),
                link: hashed(&token),
            };
            house.app.store.add_keeper(&house.author, keeper, house.app.time.now()).await.unwrap();
            named.push((id, format!("/keeper/{}", base64url(&token))));
        }
        let keepers = Self { house, named };
        let plan = Plan { policy, ..Plan::default() };
        let (account, now) = (keepers.house.author.account(), keepers.house.app.time.now());
        let armed = accept::arm(account, None, plan, now).unwrap();
        keepers.commit(None, &armed).await;
        keepers
    }

    async fn commit(&self, before: Option<&Life>, change: &Change) {
        let app = &self.house.app;
        let names = links::names(&app.keys, &*app.chance, change.write.len());
        app.store.commit_life(before, change, &names, app.time.now()).await.unwrap();
    }

    pub(super) async fn view(&self) -> LifeView {
        self.house.app.store.life(self.house.author.account()).await.unwrap().unwrap()
    }

    /// Her row as time would have made it.
    pub(super) async fn stands(&self, as_it_is: impl Fn(&mut Life, Observed)) {
        let before = self.view().await.life;
        let now = self.house.app.time.now();
        let mut life = before.clone();
        as_it_is(&mut life, now.observed);
        let wake = Some(Wake::Trusted(now.trusted));
        let change = Change { life, wake, write: Vec::new(), gate: None, fact: None, why: "a test" };
        self.commit(Some(&before), &change).await;
    }

    /// The whole ladder was climbed a week ago, and her keepers are asked.
    pub(super) async fn asked(&self) {
        self.stands(|life, now| {
            let ago = |days: i64| Observed(now.0 - days * 86_400);
            life.stage = Stage::Silent;
            (life.open, life.climbed, life.keepers_asked, life.rounds) =
                (true, Some(ago(7)), Some(ago(7)), 1);
            (life.armed, life.sign, life.written) = (ago(400), ago(103), ago(14));
        })
        .await;
    }

    async fn says(&self, who: usize, word: &str) -> String {
        let mut browser = self.house.browser();
        let form = format!("do=say&word={word}&sure=yes");
        browser.post(&self.named[who].1, &form).await.page(StatusCode::OK)
    }

    async fn looks(&self, who: usize) -> String {
        self.house.browser().post(&self.named[who].1, "do=who").await.page(StatusCode::OK)
    }

    /// What was written and has not left, of each kind once.
    pub(super) async fn written(&self) -> Vec<Kind> {
        let (store, now) = (&self.house.app.store, self.house.app.time.now());
        let mut kinds = Vec::new();
        for taken in store.take(BootId([7; 16]), Lane::Letters, now, 100).await.unwrap() {
            if let WakeOf::Message(id) = taken.of {
                kinds.push(store.message(id).await.unwrap().unwrap().message.kind);
            }
        }
        kinds
    }

    fn voted(&self) -> usize {
        self.house.store.facts().iter().filter(|fact| matches!(fact, Fact::Voted { .. })).count()
    }
}

fn says(kinds: &[Kind], what: Says) -> usize {
    kinds.iter().filter(|kind| matches!(kind, Kind::Ladder(ladder) if ladder.says == what)).count()
}

#[tokio::test]
async fn an_invitation_is_taken_or_not_and_she_is_told() {
    let keepers = Keepers::new(Policy::Both, 2).await;
    let link = &keepers.named[0].1;
    let mut joan = keepers.house.browser();
    let door = joan.get(link).await.page(StatusCode::OK);
    assert!(!door.contains("Helen"), "mail programs look, too");
    let page = keepers.looks(0).await;
    for part in
        ["Helen Marlow trusts you.", "may we turn to you?", "You may ask me", "I would rather not be asked"]
    {
        assert!(page.contains(part), "{part}: {page}");
    }
    let accepted = joan.post(link, "do=accept").await.page(StatusCode::OK);
    assert!(accepted.contains("Thank you.") && accepted.contains("Helen Marlow is told."), "{accepted}");
    assert!(keepers.written().await.contains(&Kind::Notice(Notice::KeeperAccepted)));
    assert!(keepers.looks(0).await.contains("Nothing is asked of you now."));
    // The same again is no second word, and no second message.
    let facts = keepers.house.store.facts().len();
    joan.post(link, "do=accept").await.page(StatusCode::OK);
    assert_eq!((keepers.house.store.facts().len(), keepers.written().await), (facts, vec![]));
    let declined = joan.post(link, "do=decline").await.page(StatusCode::OK);
    assert!(declined.contains("You are not asked about Helen Marlow"), "{declined}");
    assert!(keepers.written().await.contains(&Kind::Notice(Notice::KeeperDeclined)));
    assert_eq!(keepers.view().await.facts.keepers.len(), 1);
    assert!(keepers.looks(0).await.contains("You may ask me after all"));
    joan.post(link, "do=accept").await.page(StatusCode::OK);
    assert_eq!(keepers.view().await.facts.keepers.len(), 2);
}

#[tokio::test]
async fn each_word_is_said_back_counts_once_it_is_pressed_again_and_she_is_told_of_it() {
    for (word, heading, told) in [
        ("well", "You say that Helen Marlow is well.", Says::SaidWell),
        ("unknown", "You say that you do not know.", Says::SaidUnknown),
        ("died", "You say that Helen Marlow has died.", Says::SaidDied),
    ] {
        let keepers = Keepers::new(Policy::Both, 3).await;
        keepers.asked().await;
        let link = &keepers.named[0].1;
        let mut joan = keepers.house.browser();
        let page = keepers.looks(0).await;
        // 103 days before the stopped clock, and no day before which anything could leave is left out.
        assert!(page.contains("We have not, since Saturday 29 November 2036."), "{page}");
        assert!(page.contains("try to reach Helen Marlow first"), "{page}");
        assert!(page.contains("At least two of the three people"), "{page}");
        assert!(page.contains("is Saturday 11 April 2037."), "{page}");
        assert!(!page.contains("checked"), "no answer is set in advance");
        let back = joan.post(link, &format!("do=say&word={word}")).await.page(StatusCode::OK);
        assert!(back.contains(heading) && back.contains("name=\"sure\""), "{back}");
        assert_eq!(keepers.voted(), 0, "not yet");
        let said = keepers.says(0, word).await;
        assert!(said.contains("Your answer is noted"), "{said}");
        assert!(said.contains("Helen Marlow is told."), "{said}");
        assert_eq!(keepers.voted(), 1);
        assert_eq!(says(&keepers.written().await, told), 1);
        // Said twice it is the same word, and she is not told of it again.
        keepers.says(0, word).await;
        assert_eq!(says(&keepers.written().await, told), 0);
        assert_eq!(keepers.view().await.facts.votes.len(), 1);
    }
}

#[tokio::test]
async fn what_others_have_said_is_shown_after_ones_own_word_and_not_before() {
    let worlds = [None, Some("well"), Some("died"), Some("unknown")];
    let mut before = Vec::new();
    for word in worlds {
        let keepers = Keepers::new(Policy::Both, 3).await;
        keepers.asked().await;
        if let Some(word) = word {
            keepers.says(1, word).await;
        }
        // A word that she is well holds what comes, and its day is said: that alone may differ.
        let page = keepers.looks(0).await;
        if word != Some("well") {
            before.push(page);
        }
        let said = keepers.says(0, "unknown").await;
        let shown = match word {
            None => "None of the others has said anything yet.",
            Some("well") => "That Helen Marlow is well was said by others: one.",
            Some("died") => "That Helen Marlow has died was said by others, too: one.",
            Some(_) => "Others do not know: one.",
        };
        assert!(said.contains(shown), "{word:?}: {said}");
    }
    assert!(before.iter().all(|page| *page == before[0]), "one page, whatever the others have said");
}

#[tokio::test]
async fn strangers_the_removed_and_those_who_come_too_late_have_clear_answers_and_change_nothing() {
    let keepers = Keepers::new(Policy::KeepersOnly, 2).await;
    keepers.asked().await;
    let (app, mut browser) = (&keepers.house.app, keepers.house.browser());
    let stranger = format!("/keeper/{}", base64url(&[77; 32]));
    app.store.remove_keeper(&keepers.house.author, keepers.named[1].0, app.time.now()).await.unwrap();
    let facts = keepers.house.store.facts().len();
    let unknown = browser.get(&stranger).await.page(StatusCode::NOT_FOUND);
    assert!(unknown.contains("This link leads nowhere."), "{unknown}");
    for path in [stranger.as_str(), "/keeper/x", &keepers.named[1].1] {
        for form in ["do=who", "do=accept", "do=decline", "do=say&word=died&sure=yes", ""] {
            assert_eq!(browser.post(path, form).await.page(StatusCode::NOT_FOUND), unknown, "{path} {form}");
        }
        assert_eq!(browser.get(path).await.page(StatusCode::NOT_FOUND), unknown);
    }
    // What is no answer is asked again, and nothing is noted.
    for form in
        ["do=say", "do=say&word=gone&sure=yes", "do=say&word=died&word=well&sure=yes", "word=died&sure=yes"]
    {
        let page = browser.post(&keepers.named[0].1, form).await.page(StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.contains("Choose one of the answers first."), "{form}");
    }
    keepers.stands(|life, _| life.stage = Stage::Released).await;
    assert!(keepers.looks(0).await.contains("The letters are on their way."));
    assert!(keepers.says(0, "died").await.contains("changes nothing any more"));
    keepers.stands(|life, _| (life.stage, life.open) = (Stage::Ended, false)).await;
    assert!(!keepers.looks(0).await.contains("What can you tell us?"));
    assert!(keepers.says(0, "died").await.contains("changes nothing any more"));
    assert_eq!((keepers.house.store.facts().len(), keepers.voted()), (facts, 0));
}

#[tokio::test]
async fn who_knows_it_need_not_wait_to_be_asked_and_who_declined_may_still_speak() {
    let keepers = Keepers::new(Policy::KeepersOnly, 2).await;
    let page = keepers.looks(0).await;
    assert!(page.contains("I know that Helen Marlow has died"), "{page}");
    keepers.house.browser().post(&keepers.named[0].1, "do=decline").await.page(StatusCode::OK);
    keepers.says(0, "died").await;
    let standing = keepers.house.app.store.keepers(keepers.house.author.account()).await.unwrap()[0].standing;
    assert_eq!(standing, KeeperStanding::Enrolled);
    let votes = keepers.view().await.facts.votes;
    assert_eq!(votes.iter().map(|vote| vote.word).collect::<Vec<_>>(), [Word::Died]);
    // The other is asked now, and not told why; no day is said from which they could reckon that somebody has spoken.
    keepers.stands(|life, now| life.keepers_asked = Some(now)).await;
    let other = keepers.looks(1).await;
    assert!(other.contains("It is not certain that Helen Marlow is well."), "{other}");
    let nobody = Keepers::new(Policy::CheckIns, 1).await;
    assert!(nobody.says(0, "died").await.contains("wait for nobody’s word"));
}

#[tokio::test]
async fn another_address_of_theirs_is_said_back_kept_and_told_to_her() {
    let keepers = Keepers::new(Policy::Both, 2).await;
    let link = &keepers.named[0].1;
    let mut joan = keepers.house.browser();
    joan.post(link, "do=accept").await.page(StatusCode::OK);
    keepers.written().await;
    let facts = keepers.house.store.facts().len();
    let wrong =
        joan.post(link, "do=move&address=joan.example.org").await.page(StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.contains("href=\"#their-address\""), "{wrong}");
    let back = joan.post(link, "do=move&address=joan%40new.example").await.page(StatusCode::OK);
    assert!(back.contains("joan@new.example") && back.contains("Is this your address now?"), "{back}");
    assert_eq!(keepers.house.store.facts().len(), facts, "not yet");
    let kept = joan.post(link, "do=move&address=joan%40new.example&sure=yes").await.page(StatusCode::OK);
    assert!(kept.contains("From now on we write to you at joan@new.example."), "{kept}");
    assert_eq!(keepers.written().await, [Kind::Notice(Notice::KeeperMoved)]);
    let row = keepers.house.app.store.keepers(keepers.house.author.account()).await.unwrap().remove(0);
    let address =
        keepers.house.app.keys.open_text(&row.id.to_string(), row.address.as_ref().unwrap()).unwrap();
    assert_eq!(&*address, "joan@new.example");
}

#[tokio::test]
async fn once_a_year_it_is_enough_to_press_and_nobody_has_to_be_told() {
    let keepers = Keepers::new(Policy::Both, 1).await;
    let link = &keepers.named[0].1;
    let mut joan = keepers.house.browser();
    joan.post(link, "do=accept").await.page(StatusCode::OK);
    keepers.written().await;
    assert!(keepers.looks(0).await.contains("Yes, this is still right"));
    let said = joan.post(link, "do=accept").await.page(StatusCode::OK);
    assert!(said.contains("We ask again in a year"), "{said}");
    assert_eq!(keepers.written().await, []);
}

/// Nobody but a keeper of hers, after she was let go, and of somebody whom they may be told of: two of three who agree.
#[tokio::test]
async fn keepers_who_agree_give_the_address_of_somebody_whom_her_letters_cannot_reach() {
    let mut keepers = Keepers::new(Policy::KeepersOnly, 3).await;
    let sent = keepers.house.seal(WORDS).await;
    let person = keepers.house.app.store.delivery(sent.delivery).await.unwrap().unwrap().delivery.person;
    let (app, author) = (keepers.house.app.clone(), keepers.house.author);
    let offers = |address: &str| format!("do=give&person={person}&address={}", address.replace('@', "%40"));
    let mut browser = keepers.house.browser();
    let links: Vec<String> = keepers.named.iter().map(|(_, link)| link.clone()).collect();
    let early = browser.post(&links[0], &offers("dan@new.example")).await.page(StatusCode::OK);
    assert!(early.contains("No address is needed"), "{early}");
    for address in app.store.persons(&author).await.unwrap().remove(0).addresses {
        app.store.remove_address(&author, person, address.id, app.time.now()).await.unwrap();
    }
    assert!(keepers.house.knock().await.is_none(), "it can be brought nowhere");
    keepers.stands(|life, _| life.stage = Stage::Released).await;
    assert!(!keepers.looks(0).await.contains("We cannot reach"), "nobody may be told of whom");
    let name = app.keys.seal_text(&person.to_string(), "Dan Marlow", &*app.chance);
    app.store.tell_of_person(&author, person, Some(name)).await.unwrap();
    let page = keepers.looks(0).await;
    assert!(
        page.contains("We cannot reach Dan Marlow.") && page.contains("when two of you give the same"),
        "{page}"
    );
    compare("keeper-lost", &page);
    let wrong =
        browser.post(&links[0], &offers("dan.new.example")).await.page(StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.contains(&format!("href=\"#lost-{person}\"")), "{wrong}");
    let back = browser.post(&links[0], &offers("dan@new.example")).await.page(StatusCode::OK);
    assert!(
        back.contains("Is this the address of Dan Marlow?") && back.contains("dan@new.example"),
        "{back}"
    );
    let noted =
        browser.post(&links[0], &(offers("dan@new.example") + "&sure=yes")).await.page(StatusCode::OK);
    assert!(noted.contains("It counts when others give the same."), "{noted}");
    assert!(keepers.looks(0).await.contains("You have given dan@new.example."));
    assert!(!keepers.looks(1).await.contains("dan@new.example"), "nobody sees what another gave");
    browser.post(&links[1], &(offers("dan@old.example") + "&sure=yes")).await.page(StatusCode::OK);
    let counts =
        browser.post(&links[2], &(offers("Dan@new.example") + "&sure=yes")).await.page(StatusCode::OK);
    assert!(counts.contains("What was written to Dan Marlow goes there now."), "{counts}");
    assert!(keepers.house.knock().await.is_some(), "and it is knocked for");
    assert!(!keepers.looks(1).await.contains("We cannot reach"));
    let late =
        browser.post(&links[1], &(offers("eve@evil.example") + "&sure=yes")).await.page(StatusCode::OK);
    assert!(late.contains("No address is needed"), "{late}");
}

/// While they are asked how she is: where somebody reads mail now for whom something waits. She alone says whether it counts.
#[tokio::test]
async fn asked_how_she_is_keepers_may_say_that_somebody_has_moved() {
    let mut keepers = Keepers::new(Policy::Both, 3).await;
    keepers.house.gate = Gate::Gone;
    let sent = keepers.house.seal(WORDS).await;
    let person = keepers.house.app.store.delivery(sent.delivery).await.unwrap().unwrap().delivery.person;
    let (app, author) = (keepers.house.app.clone(), keepers.house.author);
    assert!(keepers.house.knock().await.is_none());
    keepers.asked().await;
    assert!(!keepers.looks(0).await.contains("has a new address"), "nobody may be told of whom");
    let name = app.keys.seal_text(&person.to_string(), "Dan Marlow", &*app.chance);
    app.store.tell_of_person(&author, person, Some(name)).await.unwrap();
    let page = keepers.looks(0).await;
    assert!(page.contains("Somebody to whom Helen Marlow has written has a new address"), "{page}");
    assert!(page.contains("it counts when two of you give the same"), "{page}");
    compare("keeper-moved", &page);
    let mut browser = keepers.house.browser();
    let links: Vec<String> = keepers.named.iter().map(|(_, link)| link.clone()).collect();
    let offers = |address: &str| format!("do=give&person={person}&address={}", address.replace('@', "%40"));
    let back = browser.post(&links[0], &offers("dan@new.example")).await.page(StatusCode::OK);
    assert!(back.contains("Is this the address of Dan Marlow?"), "{back}");
    assert!(back.contains("Helen Marlow is told that you gave it"), "{back}");
    for link in &links {
        let noted = browser.post(link, &(offers("dan@new.example") + "&sure=yes")).await.page(StatusCode::OK);
        assert!(noted.contains("Helen Marlow is told, and decides whether it counts."), "{noted}");
    }
    assert!(keepers.looks(0).await.contains("You have given dan@new.example."));
    let hers = app.store.persons(&author).await.unwrap().remove(0);
    assert_eq!(hers.addresses.len(), 1, "three gave the same, and none of it counts");
}

#[tokio::test]
async fn whole_pages_as_they_were_read_and_agreed_to() {
    let keepers = Keepers::new(Policy::Both, 3).await;
    let link = keepers.named[0].1.clone();
    let mut joan = keepers.house.browser();
    compare("keeper-door", &joan.get(&link).await.page(StatusCode::OK));
    compare("keeper-invited", &keepers.looks(0).await);
    compare("keeper-accepted", &joan.post(&link, "do=accept").await.page(StatusCode::OK));
    compare("keeper-between", &keepers.looks(0).await);
    keepers.asked().await;
    compare("keeper-asked", &keepers.looks(0).await);
    compare("keeper-sure", &joan.post(&link, "do=say&word=died").await.page(StatusCode::OK));
    compare("keeper-said", &keepers.says(0, "died").await);
    compare("keeper-unknown", &joan.get("/keeper/x").await.page(StatusCode::NOT_FOUND));
}
