//! Keeping it for later: a day of theirs or 'not today', in words that say the day; what cannot be a day is asked again, with what was typed.

use super::house::*;
use axum::http::StatusCode;
use jiff::civil::date;
use unsaid_delivery::Fact;
use unsaid_delivery::state::State;
use unsaid_store::EngineStore;

async fn state(house: &House, sent: &Sent) -> State {
    house.store.delivery(sent.delivery).await.unwrap().unwrap().delivery.state
}

fn kept(house: &House) -> usize {
    house.store.facts().iter().filter(|fact| matches!(fact, Fact::KeptForLater { .. })).count()
}

#[tokio::test]
async fn each_way_of_saying_until_when_is_kept_and_said_in_full() {
    for (form, day, said) in [
        ("when=not-today", date(2037, 3, 26), "Thursday 26 March 2037"),
        ("when=in-a-month", date(2037, 4, 12), "Sunday 12 April 2037"),
        ("when=in-a-year", date(2038, 3, 12), "Friday 12 March 2038"),
        ("when=day&day=4&month=5&year=2041", date(2041, 5, 4), "Saturday 4 May 2041"),
        ("when=day&day=04&month=05&year=2041", date(2041, 5, 4), "Saturday 4 May 2041"),
        // A day that was typed is a choice, also where no card was pressed.
        ("day=4&month=5&year=2041", date(2041, 5, 4), "Saturday 4 May 2041"),
        ("day=2041-05-04", date(2041, 5, 4), "Saturday 4 May 2041"),
        // The card that was pressed counts, whatever was typed before.
        ("when=in-a-month&day=4&month=5&year=2041", date(2037, 4, 12), "Sunday 12 April 2037"),
        ("when=day&day=13&month=3&year=2037", date(2037, 3, 13), "Friday 13 March 2037"),
        ("when=day&day=12&month=3&year=2047", date(2047, 3, 12), "Tuesday 12 March 2047"),
    ] {
        let mut house = House::new().await;
        let (sent, link) = house.knocked().await;
        let mut dan = house.browser();
        dan.come(&link).await;
        let path = format!("/waiting/{}/later", sent.delivery);
        assert_eq!(dan.post(&path, form).await.on_to(), path, "{form}");
        assert_eq!(state(&house, &sent).await, State::Later(day), "{form}");
        let page = dan.get(&path).await.page(StatusCode::OK);
        assert!(page.contains(&format!("<h1>We are quiet until {said}.</h1>")), "{form}: {page}");
        let waiting = dan.get("/waiting").await.page(StatusCode::OK);
        assert!(waiting.contains(said) && waiting.contains("You can open it all the while."), "{form}");
        assert!(waiting.contains("Choose another day"), "{form}");
    }
}

#[tokio::test]
async fn it_can_be_opened_all_the_while_and_another_day_chosen() {
    let mut house = House::new().await;
    let (sent, link) = house.knocked().await;
    let mut dan = house.browser();
    dan.come(&link).await;
    let path = format!("/waiting/{}", sent.delivery);
    for form in ["when=in-a-year", "when=not-today"] {
        dan.post(&format!("{path}/later"), form).await.on_to();
    }
    assert_eq!(state(&house, &sent).await, State::Later(date(2037, 3, 26)));
    assert_eq!(kept(&house), 2);
    assert!(house.knock().await.is_none(), "it is quiet");
    // The link of the knock leads here as before.
    let mut again = house.browser();
    assert!(again.come(&link).await.contains("Thursday 26 March 2037"));
    dan.post(&format!("{path}/open"), "").await.on_to();
    assert_eq!(state(&house, &sent).await, State::Opened);
    // What is open is kept, and not for later.
    for form in ["when=not-today", "when=in-a-year"] {
        assert_eq!(dan.post(&format!("{path}/later"), form).await.on_to(), path);
    }
    assert_eq!(dan.get(&format!("{path}/later")).await.on_to(), path);
    assert_eq!(kept(&house), 2);
}

#[tokio::test]
async fn from_the_knock_it_is_three_presses_and_no_name() {
    let mut house = House::new().await;
    let (sent, link) = house.knocked().await;
    let mut dan = house.browser();
    let knock = dan.get(&link).await.page(StatusCode::OK);
    assert!(knock.contains("value=\"later\">Keep it for later</button>"));
    let path = format!("/waiting/{}/later", sent.delivery);
    assert_eq!(dan.post(&link, "do=later").await.on_to(), path);
    assert_eq!(kept(&house), 0, "asking for the page keeps nothing");
    for page in [
        dan.get(&path).await.page(StatusCode::OK),
        dan.post(&path, "").await.page(StatusCode::UNPROCESSABLE_ENTITY),
    ] {
        assert!(!page.contains("Helen"), "who does not want to know now is not told");
    }
    dan.post(&path, "when=not-today").await.on_to();
    assert!(!dan.get(&path).await.page(StatusCode::OK).contains("Helen"));
    assert_eq!(kept(&house), 1);
}

#[tokio::test]
async fn what_is_no_day_of_ours_is_asked_again_and_what_was_typed_stays() {
    let mut house = House::new().await;
    let (sent, link) = house.knocked().await;
    let mut dan = house.browser();
    dan.come(&link).await;
    let path = format!("/waiting/{}/later", sent.delivery);
    let before = house.fingerprint(&sent).await;
    for (form, said) in [
        ("", "We could not tell until when."),
        ("when=", "We could not tell until when."),
        ("when=never", "We could not tell until when."),
        ("when=in-a-month&when=not-today", "We could not tell until when."),
        ("when=day", "A part of your day is missing."),
        ("when=day&day=4&month=5", "A part of your day is missing."),
        ("when=day&day=31&month=4&year=2041", "In April 2041 there are 30 days. Type a day from 1 to 30."),
        ("when=day&day=29&month=2&year=2041", "In February 2041 there are 28 days."),
        ("when=day&day=4&month=5&year=41", "the year with four figures"),
        ("when=day&day=x&month=5&year=2041", "We cannot read this day."),
        ("day=2041-02-30", "We cannot read this day."),
        ("when=day&day=12&month=3&year=2037", "This day is over, or it is today."),
        ("when=day&day=1&month=1&year=1951", "This day is over, or it is today."),
        ("when=day&day=13&month=3&year=2047", "Choose one until Tuesday 12 March 2047."),
        ("when=day&day=31&month=12&year=9999", "This day is more than ten years away."),
    ] {
        let page = dan.post(&path, form).await.page(StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.contains("<title>Error: Keep it for later</title>"), "{form}");
        assert!(page.contains("There is a problem") && page.contains(said), "{form}: {page}");
    }
    assert_eq!(house.fingerprint(&sent).await, before);
    let form = "when=day&day=%3Cb%3E31&month=4&year=2041&others=yes";
    let page = dan.post(&path, form).await.page(StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("value=\"&lt;b&gt;31\"") && page.contains("value=\"2041\""), "{page}");
    assert!(page.contains("value=\"day\" checked") && page.contains("value=\"4\" selected"));
}

#[tokio::test]
async fn of_several_the_others_are_kept_too_unless_it_is_about_this_one_alone() {
    for (more, both) in [("&others=yes", true), ("", false)] {
        let mut house = House::new().await;
        let one = house.seal("One.").await;
        let two = house.seal("Two.").await;
        let link = house.knock().await.unwrap();
        let mut dan = house.browser();
        let path = dan.post(&link, "do=later").await.on_to().to_owned();
        assert_eq!(path, format!("/waiting/{}/later", two.delivery), "the newest");
        let page = dan.get(&path).await.page(StatusCode::OK);
        assert!(page.contains("name=\"others\" value=\"yes\" checked"), "quiet is meant for all of it");
        dan.post(&path, &format!("when=in-a-month{more}")).await.on_to();
        let until = State::Later(date(2037, 4, 12));
        assert_eq!(state(&house, &two).await, until);
        assert_eq!(state(&house, &one).await == until, both);
        let page = dan.get(&path).await.page(StatusCode::OK);
        assert_eq!(page.contains("This is about this letter alone."), !both);
    }
}

#[tokio::test]
async fn a_no_is_taken_back_before_anything_is_kept_for_later() {
    for scope in ["letter", "author", "not-me"] {
        let mut house = House::new().await;
        let (sent, link) = house.knocked().await;
        let mut dan = house.browser();
        dan.come(&link).await;
        let page = dan.get("/refuse").await.page(StatusCode::OK);
        let path = format!("/waiting/{}/later", sent.delivery);
        assert!(page.contains(&format!("href=\"{path}\">Keep it for later instead")));
        dan.post("/refuse", &format!("scope={scope}&delivery={}", sent.delivery)).await.on_to();
        assert_eq!(dan.get(&path).await.on_to(), "/refused", "{scope}");
        assert_eq!(dan.post(&path, "when=not-today").await.on_to(), "/refused", "{scope}");
        assert_eq!(dan.post(&link, "do=later").await.on_to(), "/waiting", "{scope}");
        assert_eq!(kept(&house), 0, "{scope}");
        let page = dan.get("/refuse").await.page(StatusCode::OK);
        assert!(!page.contains("Keep it for later instead"), "{scope}");
    }
}

/// What stands on /here, in each world.
#[tokio::test]
async fn what_is_here_about_somebody_is_told_to_them() {
    let mut house = House::new().await;
    let (sent, link) = house.knocked().await;
    let mut dan = house.browser();
    dan.get("/here").await.page(StatusCode::UNAUTHORIZED);
    dan.post(&link, "do=no").await.on_to();
    let page = dan.get("/here").await.page(StatusCode::OK);
    assert!(page.contains("d…@example.org") && !page.contains("dan@example.org"));
    assert!(page.contains("closed, and waits for you") && page.contains("You can say no at any time."));
    assert!(!page.contains("Helen"), "who did not ask is not told");
    dan.post(&format!("/waiting/{}/later", sent.delivery), "when=not-today").await.on_to();
    assert!(dan.get("/here").await.page(StatusCode::OK).contains("Thursday 26 March 2037"));
    dan.post("/refuse", "scope=all").await.on_to();
    let page = dan.get("/here").await.page(StatusCode::OK);
    assert!(
        page.contains("You have refused everything from anybody here.") && page.contains("value=\"all\"")
    );
    assert_eq!(dan.post("/lift", "no=all").await.on_to(), "/waiting");
    dan.post("/refuse", "scope=not-me").await.on_to();
    let page = dan.get("/here").await.page(StatusCode::OK);
    assert!(page.contains("You said that this is not for you") && !page.contains("12 March 2037"));
    for page in ["/waiting", "/refused", "/refuse", "/come", link.as_str()] {
        let answer = dan.get(page).await;
        if answer.status == StatusCode::OK {
            assert!(answer.text().contains("href=\"/here\""), "{page}");
        }
    }
}
