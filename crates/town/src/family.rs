//! An invented family, so that there is something to play with: Helen Marlow, who runs the house, her son Daniel, her granddaughter Tessa, and three letters. They
//! come in by the same doors as everybody: the store's own methods, real keys, real wraps.

use jiff::civil::date;
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use unsaid::address::EmailAddress;
use unsaid::app::App;
use unsaid::cli::invitation;
use unsaid::secrets::hashed;
use unsaid_delivery::accept;
use unsaid_delivery::calendar::{NINE, tzdb_version};
use unsaid_delivery::id::{AccountId, AddressId, BlobId, DeliveryId, LetterId, PersonId};
use unsaid_delivery::rule::{Gate, Moment, Proof, Reach, RestAsked, Rule};
use unsaid_seal::letter::LetterToCompose;
use unsaid_seal::pq::Recipient;
use unsaid_seal::seal::{LETTER_PART, seal_letter};
use unsaid_seal::wrap::wrap;
use unsaid_store::StoreError;
use unsaid_store::rows::{
    Author, NewAccount, NewAddress, NewPerson, Promise, Role, Seal, UploadAsk, WrapKind,
};

const ZONE: &str = "Europe/London";

const LEEDS: &str = "Dear Dan,\n\nIt is a quarter past four and the light has just reached the kitchen table, so I have an hour before the nurse comes.\n\n\
I want to tell you about the day you left for Leeds. You have always thought that I did not come to the station because I was angry. I was parked across the road in your \
father's van. I saw you look up at the clock, and then at the entrance, and then at the clock again. I had my hand on the door.\n\nYour mother";
const SEVEN: &str = "Dear Tessa,\n\nYou are seven as I write this, and have just lost a tooth in one of my scones. By the time you read it you will be eighteen, and I would \
like to tell you what you were like.\n\nYour grandmother";
const MOTHER: &str =
    "Mum,\n\nI am older now than you ever were. I only wanted to say that I understand about the piano.";

/// Who is written to.
struct Somebody {
    id: PersonId,
    name: &'static str,
}

/// Moves the family in if nobody lives here yet, and says how to come in as Helen.
#[expect(clippy::print_stdout, reason = "a program for the terminal")]
pub(crate) async fn move_in(app: &App) -> Result<(), String> {
    let house = app.store.house().await.map_err(|e| e.to_string())?;
    if house.accounts > 0 {
        return Ok(());
    }
    if std::env::args().any(|a| a == "--empty") {
        let origin = &app.settings.public_url.origin;
        let link = invitation(&*app.store, origin, (Role::Host, None), app.time.now().trusted, &*app.chance)
            .await
            .map_err(|e| e.to_string())?;
        println!("Nobody lives here. This link makes the first account:\n  {link}");
        return Ok(());
    }
    let words = marlows(app).await?;
    println!(
        "Helen Marlow lives here. Sign in as helen@example.org; the code is in the outbox. Her six words are:\n  {words}"
    );
    Ok(())
}

async fn marlows(app: &App) -> Result<String, String> {
    let said = |e: StoreError| e.to_string();
    let mut rng = ChaCha20Rng::from_seed(app.chance.token());
    let identity = unsaid_seal::account::make_account(&mut rng);
    let recipient = identity.to_recipient();
    let host: Recipient =
        app.peel.recipient().parse().map_err(|_| "The house's own key cannot be read. Begin a new town.")?;
    let id = AccountId(app.chance.id_bytes());
    let mut salt = [0; 16];
    rng.fill_bytes(&mut salt);
    let unlock = unsaid_seal::unlock::make_unlock(&identity, &id.to_string(), 1, &salt, &host, &mut rng)
        .map_err(|e| e.to_string())?;

    let people = [
        (Somebody { id: PersonId(app.chance.id_bytes()), name: "Daniel" }, "daniel@example.org"),
        (Somebody { id: PersonId(app.chance.id_bytes()), name: "Tessa" }, "tessa@example.org"),
    ];
    let letters = [
        (
            LetterId(app.chance.id_bytes()),
            "The day you left for Leeds",
            LEEDS,
            Some((&people[0].0, Moment::AtOnce)),
        ),
        (
            LetterId(app.chance.id_bytes()),
            "What you were like at seven",
            SEVEN,
            Some((&people[1].0, Moment::On { date: date(2037, 3, 12), time: NINE, zone: ZONE.to_owned() })),
        ),
        (LetterId(app.chance.id_bytes()), "To my mother", MOTHER, None),
    ];
    let mut records = vec![
        serde_json::json!({ "id": id.to_string(), "kind": "self", "rev": 1, "gone": false, "name": "Helen Marlow" }),
    ];
    for (person, _) in &people {
        records.push(serde_json::json!({ "id": person.id.to_string(), "kind": "person", "rev": 1, "gone": false, "name": person.name }));
    }
    for (letter, title, _, to) in &letters {
        let to = to.as_ref().map_or("", |(person, _)| person.name);
        records.push(serde_json::json!({ "id": letter.to_string(), "kind": "letter", "rev": 1, "gone": false, "title": title, "to": to }));
    }
    let vault = serde_json::json!({ "format": "unsaid-vault 1", "records": records }).to_string();

    let email = EmailAddress::read("helen@example.org")
        .map_err(|_| "The invented address is wrong. This is a fault of the town.")?;
    let token = hashed(&app.chance.token());
    let invited = hashed(&app.chance.token());
    let now = app.time.now();
    let key = app.keys.sign_in_index(&email.sign_in_form());
    let sealed_email = app.keys.seal_text(&id.to_string(), &email.to_text(), &*app.chance);
    let tomorrow = now.trusted + jiff::SignedDuration::from_hours(24);
    app.store.invite(invited, Role::Host, tomorrow, None).await.map_err(said)?;
    app.store.open_newcomer(token, id, key, sealed_email.clone(), Some(invited), now).await.map_err(said)?;
    let account = NewAccount {
        id,
        email: sealed_email,
        email_key: key,
        name: app.keys.seal_text(&format!("{id}"), "Helen Marlow", &*app.chance),
        language: "en".to_owned(),
        zone: ZONE.to_owned(),
        recipient: recipient.to_string(),
        salt: salt.to_vec(),
        unlock_key: app.keys.peppered("unlock", &*unlock.secrets.token),
        unlock_wrap: unlock.wrap,
        vault: wrap(&recipient, vault.as_bytes()).map_err(|e| e.to_string())?,
        host_generation: app.peel.generation(),
    };
    let author = app.store.create_account(token, account, true, now).await.map_err(said)?;
    app.store.end_session(token).await.map_err(said)?;

    for (person, address) in &people {
        let address = EmailAddress::read(address)
            .map_err(|_| "The invented address is wrong. This is a fault of the town.")?;
        let address_id = AddressId(app.chance.id_bytes());
        let new = NewPerson {
            id: person.id,
            zone: Some(ZONE.to_owned()),
            language: "en".to_owned(),
            address: Some(NewAddress {
                id: address_id,
                sealed: app.keys.seal_text(&address_id.to_string(), &address.to_text(), &*app.chance),
                key: app.keys.address_index(&address.normal_form()),
            }),
        };
        app.store.add_person(&author, new, now).await.map_err(said)?;
    }
    for (letter, _, text, to) in letters {
        seal(app, &author, &mut rng, letter, text, to, &recipient, &host).await?;
    }
    Ok(unlock.words.to_string())
}

#[expect(clippy::too_many_arguments, reason = "the whole of one sealing, told once")]
async fn seal(
    app: &App,
    author: &Author,
    rng: &mut ChaCha20Rng,
    letter: LetterId,
    text: &str,
    to: Option<(&Somebody, Moment)>,
    recipient: &Recipient,
    host: &Recipient,
) -> Result<(), String> {
    let said = |e: StoreError| e.to_string();
    let now = app.time.now();
    let id = letter.to_string();
    let sealed = seal_letter(
        &LetterToCompose {
            letter_id: &id,
            version: 1,
            from: "Helen Marlow",
            to: to.as_ref().map_or("my mother", |(person, _)| person.name),
            unix_seconds: now.trusted.as_second(),
            text,
        },
        recipient,
        to.is_some().then_some(host),
        rng,
    )
    .map_err(|e| e.to_string())?;
    let part = &sealed.parts[0];
    let blob = BlobId(app.chance.id_bytes());
    app.store.reserve_letter(author, letter, now).await.map_err(said)?;
    let ask = UploadAsk {
        blob,
        letter,
        version: 1,
        name: LETTER_PART.to_owned(),
        kind: "letter".to_owned(),
        size: part.size,
        sha256: part.sha256,
    };
    let blob = app.store.begin_upload(author, ask, now).await.map_err(said)?.blob;
    let letter_age = sealed.letter_age;
    let length = app.blobs.append(blob, 0, letter_age.clone().into()).await.map_err(said)?;
    app.store.upload_grew(author, blob, length).await.map_err(said)?;
    let whole = app.blobs.finish(blob, part.size, part.sha256).await.map_err(said)?;
    app.store.upload_ended(author, blob, whole).await.map_err(said)?;
    let generation = app.peel.generation();
    app.store
        .put_wrap(author, letter, 1, WrapKind::Author, sealed.author_wrap, generation)
        .await
        .map_err(said)?;
    if let Some(wrap) = sealed.host_wrap {
        app.peel.inspect(&wrap, &id, 1, WrapKind::Host, Some(&letter_age)).map_err(|e| e.to_string())?;
        app.store.put_wrap(author, letter, 1, WrapKind::Host, wrap, generation).await.map_err(said)?;
    }
    let promise = to
        .map(|(person, moment)| {
            let rule = Rule { gate: Gate::None, moment, reach: Reach::Send, proof: Proof::None };
            let plan = accept::plan(&rule, RestAsked::Morning, ZONE, now).map_err(|e| e.key().to_owned())?;
            Ok::<_, String>(Promise {
                delivery: DeliveryId(app.chance.id_bytes()),
                person: person.id,
                rule,
                occurrence: plan.occurrence,
                rest: plan.rest,
                due: plan.due,
                tzdb: tzdb_version().to_owned(),
                proof: None,
            })
        })
        .transpose()?;
    let manifest =
        hex32(&sealed.manifest_hash).ok_or("The manifest's hash is not one. This is a fault of the town.")?;
    app.store.seal(author, Seal { letter, version: 1, manifest, promise }, now).await.map_err(said)?;
    Ok(())
}

fn hex32(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    for (i, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(i * 2..i * 2 + 2)?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_reads_back() {
        assert_eq!(hex32(&"ab".repeat(32)), Some([0xab; 32]));
        assert_eq!(hex32("zz"), None);
    }
}
