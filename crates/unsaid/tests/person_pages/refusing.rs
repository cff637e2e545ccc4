//! Saying no, in each width, and taking it back.

use super::house::*;
use axum::http::StatusCode;
use unsaid_delivery::Fact;
use unsaid_delivery::refusal::Scope;
use unsaid_delivery::state::State;
use unsaid_store::EngineStore;

async fn state(house: &House, sent: &Sent) -> State {
    house.store.delivery(sent.delivery).await.unwrap().unwrap().delivery.state
}

fn refused(house: &House) -> Vec<Scope> {
    let facts = house.store.facts().into_iter();
    facts.filter_map(|fact| if let Fact::Refused { scope, .. } = fact { Some(scope) } else { None }).collect()
}

fn lifted(house: &House) -> usize {
    house.store.facts().iter().filter(|fact| matches!(fact, Fact::Lifted { .. })).count()
}

#[tokio::test]
async fn no_is_two_presses_from_the_knock() {
    let mut house = House::new().await;
    let (_, link) = house.knocked().await;
    let mut dan = house.browser();
    assert_eq!(dan.post(&link, "do=no").await.on_to(), "/refuse");
    let page = dan.get("/refuse").await.page(StatusCode::OK);
    assert!(!page.contains("Helen"), "who does not want to know is not told");
    assert!(refused(&house).is_empty());
    assert_eq!(dan.post("/refuse", "scope=not-me").await.on_to(), "/refused");
    assert_eq!(refused(&house), [Scope::NotMe]);
}

#[tokio::test]
async fn each_width_is_kept_once_and_lifted_by_whoever_said_it() {
    for (scope, lift) in [("not-me", "not-me"), ("letter", ""), ("author", "author"), ("all", "all")] {
        let mut house = House::new().await;
        let (sent, link) = house.knocked().await;
        let mut dan = house.browser();
        dan.come(&link).await;
        let form = format!("scope={scope}&delivery={}", sent.delivery);
        for _ in 0..2 {
            let answer = dan.post("/refuse", &form).await;
            assert_eq!(answer.on_to(), "/refused", "{scope}");
        }
        let expected = match scope {
            "not-me" => Scope::NotMe,
            "letter" => Scope::Letter(sent.letter),
            "author" => Scope::Author,
            _ => Scope::House,
        };
        assert_eq!(refused(&house), [expected], "{scope}");
        let page = dan.get("/refused").await.page(StatusCode::OK);
        assert!(page.contains("Take this no back"), "{scope}");
        if matches!(scope, "letter" | "author") {
            assert_eq!(state(&house, &sent).await, State::Refused);
        }

        let name = if lift.is_empty() { sent.letter.to_string() } else { lift.to_owned() };
        for _ in 0..2 {
            assert_eq!(dan.post("/lift", &format!("no={name}")).await.on_to(), "/waiting", "{scope}");
        }
        assert_eq!(lifted(&house), 1, "{scope}");
        let open = dan.post(&format!("/waiting/{}/open", sent.delivery), "").await;
        assert_eq!(open.on_to(), format!("/waiting/{}", sent.delivery), "{scope}");
        assert!(dan.get("/refused").await.page(StatusCode::OK).contains("You have refused nothing."));
    }
}

#[tokio::test]
async fn refusing_ends_our_contacting_and_not_their_coming() {
    for scope in ["letter", "author", "all"] {
        let mut house = House::new().await;
        let (sent, link) = house.knocked().await;
        let mut dan = house.browser();
        dan.come(&link).await;
        dan.post("/refuse", &format!("scope={scope}&delivery={}", sent.delivery)).await.on_to();
        // Another day, with the same link.
        let mut later = house.browser();
        assert!(later.come(&link).await.contains("You have said no to something here."), "{scope}");
        later.post(&format!("/waiting/{}/open", sent.delivery), "").await.on_to();
        assert_eq!(state(&house, &sent).await, State::Opened, "{scope}");
    }
}

#[tokio::test]
async fn who_is_not_meant_sees_no_name_and_opens_nothing_until_they_take_it_back() {
    let mut house = House::new().await;
    let (sent, link) = house.knocked().await;
    let mut dan = house.browser();
    dan.come(&link).await;
    dan.post(&format!("/waiting/{}/open", sent.delivery), "").await.on_to();
    dan.post("/refuse", "scope=not-me").await.on_to();
    let path = format!("/waiting/{}", sent.delivery);
    assert_eq!(dan.get("/waiting").await.on_to(), "/refused");
    assert_eq!(dan.get(&path).await.on_to(), "/refused");
    assert_eq!(dan.post(&format!("{path}/open"), "").await.on_to(), "/refused");
    assert_eq!(dan.ask_key(sent.delivery).await.status, StatusCode::NOT_FOUND);
    assert_eq!(dan.get(&format!("{path}/letter.age")).await.status, StatusCode::NOT_FOUND);
    for page in ["/refused", "/refuse", link.as_str()] {
        let page = dan.get(page).await.page(StatusCode::OK);
        assert!(!page.contains("Helen") && !page.contains(&sent.delivery.to_string()));
    }
    dan.post("/lift", "no=not-me").await.on_to();
    assert_eq!(dan.ask_key(sent.delivery).await.status, StatusCode::OK);
}

#[tokio::test]
async fn of_several_letters_the_one_that_was_named_is_refused() {
    let mut house = House::new().await;
    let one = house.seal("One.").await;
    let two = house.seal("Two.").await;
    let link = house.knock().await.unwrap();
    let mut dan = house.browser();
    dan.come(&link).await;
    let page = dan.get("/refuse").await.page(StatusCode::OK);
    assert!(page.contains("Which one?") && page.contains("Choose a letter"));
    // Sealed on one day, they are still told apart: the oldest is the first.
    let list = dan.get("/waiting").await.page(StatusCode::OK);
    let [second, first] = ["Letter 2, sealed on", "Letter 1, sealed on"].map(|name| list.find(name).unwrap());
    assert!(second < first && second < list.find(&two.delivery.to_string()).unwrap());
    // 'This letter' without saying which is asked again, and what was chosen is kept.
    let again = dan.post("/refuse", "scope=letter&delivery=").await.page(StatusCode::UNPROCESSABLE_ENTITY);
    assert!(again.contains("<title>Error: Say no</title>"));
    assert!(again.contains("value=\"letter\" checked"));
    assert!(refused(&house).is_empty());

    let from_letter = dan.get(&format!("/refuse?letter={}", two.delivery)).await.page(StatusCode::OK);
    assert!(from_letter.contains(&format!("value=\"{}\" selected", two.delivery)));
    dan.post("/refuse", &format!("scope=letter&delivery={}", two.delivery)).await.on_to();
    assert_eq!(state(&house, &one).await, State::Sending);
    assert_eq!(state(&house, &two).await, State::Refused);
    assert_eq!(refused(&house), [Scope::Letter(two.letter)]);
}
