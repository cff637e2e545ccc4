//! Every sentence that a human reads in a page or a mail, by its key, from web/src/words/en.json.
//!
//! It knows keys and placeholders, the same file as the browser half. It refuses to know where a sentence is shown,
//! and never escapes: pages escape by their type (maud), mails by mail/encode.rs.

use std::collections::HashMap;
use std::sync::LazyLock;

/// The sentences of one language.
pub struct Words {
    tag: &'static str,
    sentences: HashMap<String, String>,
}

static ENGLISH: LazyLock<Words> = LazyLock::new(|| Words {
    tag: "en",
    sentences: serde_json::from_str(include_str!("../../../web/src/words/en.json"))
        .expect("web/src/words/en.json is one flat object of texts; a test reads it in every build"),
});

static SPANISH: LazyLock<Words> = LazyLock::new(|| Words {
    tag: "es",
    sentences: serde_json::from_str(include_str!("../../../web/src/words/es.json"))
        .expect("web/src/words/es.json is one flat object of texts; a test reads it in every build"),
});

tokio::task_local! {
    /// In which language the present request is answered.
    static SPOKEN: &'static Words;
}

impl Words {
    /// English, read once.
    pub fn english() -> &'static Self {
        &ENGLISH
    }

    /// The language of a BCP 47 tag, such as `es` or `es-MX`; English where we do not speak it.
    pub fn of(tag: &str) -> &'static Self {
        Self::spoken(tag).unwrap_or(&ENGLISH)
    }

    /// The same; none where we do not speak it.
    pub fn spoken(tag: &str) -> Option<&'static Self> {
        match tag.split(['-', '_']).next().map(str::to_ascii_lowercase).as_deref() {
            Some("en") => Some(&ENGLISH),
            Some("es") => Some(&SPANISH),
            _ => None,
        }
    }

    /// The language in which the present request is answered ([`Self::answering`]); English outside of one.
    pub fn now() -> &'static Self {
        SPOKEN.try_with(|words| *words).unwrap_or(&ENGLISH)
    }

    /// Answers a request in this language.
    pub async fn answering<T>(&'static self, work: impl Future<Output = T>) -> T {
        SPOKEN.scope(self, work).await
    }

    /// Its BCP 47 tag.
    pub fn tag(&self) -> &'static str {
        self.tag
    }

    /// In which direction it is written, as HTML's `dir`: every language that we speak so far runs from left to right.
    pub fn direction(&self) -> &'static str {
        "ltr"
    }

    /// The language of a browser, from its Accept-Language (RFC 9110, 12.5.4): the most wanted that we speak, else English. Looks at so many
    /// wishes at most.
    pub fn wanted(accept: &str) -> &'static Self {
        const MOST: usize = 12;
        let mut best: Option<(f32, &'static Self)> = None;
        for wish in accept.split(',').take(MOST) {
            let mut pieces = wish.split(';').map(str::trim);
            let Some(words) = pieces.next().and_then(Self::spoken) else { continue };
            let weight = pieces
                .find_map(|piece| piece.strip_prefix("q="))
                .map_or(1.0, |q| q.parse::<f32>().unwrap_or(0.0));
            // The first of two that are wanted alike.
            if weight > 0.0 && best.is_none_or(|(most, _)| weight > most) {
                best = Some((weight, words));
            }
        }
        best.map_or(&ENGLISH, |(_, words)| words)
    }

    /// The sentence for a key, with each `{name}` filled in. What is filled in is not looked through again.
    ///
    /// # Panics
    /// In debug builds, on a key that is not there, a placeholder that is not given, or a value that has no
    /// placeholder. In a release the key or the placeholder itself is shown: a page with a gap is better than none.
    pub fn say(&self, key: &str, values: &[(&str, &str)]) -> String {
        let Some(sentence) = self.sentences.get(key).or_else(|| ENGLISH.sentences.get(key)) else {
            debug_assert!(false, "there are no words for {key}");
            return key.to_owned();
        };
        if cfg!(debug_assertions) {
            for (name, _) in values {
                assert!(sentence.contains(&format!("{{{name}}}")), "{key} has no place for {name}");
            }
        }
        let mut said = String::with_capacity(sentence.len() + 32);
        let mut rest = sentence.as_str();
        while let Some((before, name, after)) = next_placeholder(rest) {
            said.push_str(before);
            if let Some((_, value)) = values.iter().find(|(given, _)| *given == name) {
                said.push_str(value);
            } else {
                debug_assert!(false, "{key} wants {name}");
                said.push_str(&format!("{{{name}}}"));
            }
            rest = after;
        }
        said + rest
    }

    /// Weekday, day, month and year: 'Thursday 12 March 2037'.
    pub fn day(&self, date: jiff::civil::Date) -> String {
        let weekday = self.say(&format!("house.weekday.{}", date.weekday().to_monday_one_offset()), &[]);
        let month = self.say(&format!("house.month.{}", date.month()), &[]);
        let (day, year) = (date.day().to_string(), date.year().to_string());
        self.say("house.date", &[("weekday", &weekday), ("day", &day), ("month", &month), ("year", &year)])
    }

    /// Is there a sentence for this key?
    pub fn has(&self, key: &str) -> bool {
        self.sentences.contains_key(key)
    }
}

/// What stands before the next `{name}`, the name, and what stands after it.
fn next_placeholder(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    loop {
        let open = from + text[from..].find('{')?;
        let name = text[open + 1..].split('}').next()?;
        let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphabetic());
        if is_name && text[open + 1 + name.len()..].starts_with('}') {
            return Some((&text[..open], name, &text[open + name.len() + 2..]));
        }
        from = open + 1;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::{Words, next_placeholder};

    /// The prefixes of keys that Rust may say. A literal that looks like one of these is a key.
    const PREFIXES: [&str; 6] = ["mail.", "author.", "person.", "error.", "house.", "outbox."];

    fn placeholders(mut sentence: &str) -> BTreeSet<&str> {
        let mut names = BTreeSet::new();
        while let Some((_, name, rest)) = next_placeholder(sentence) {
            names.insert(name);
            sentence = rest;
        }
        names
    }

    fn rust_files(folder: &Path, into: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                rust_files(&path, into);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                // What stands in a test may name keys that do not exist.
                into.push(text.split("#[cfg(test)]").next().unwrap_or("").to_owned());
            }
        }
    }

    fn sources() -> Vec<String> {
        let mut files = Vec::new();
        rust_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
        assert!(files.iter().any(|file| file.contains("pub fn english")));
        files
    }

    /// The literals between double quotes that are keys; lines that are comments do not count.
    fn keys_in(source: &str) -> BTreeSet<String> {
        source
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .flat_map(|line| line.split('"').skip(1).step_by(2))
            .filter(|literal| {
                PREFIXES.iter().any(|prefix| literal.starts_with(prefix))
                    && literal.split('.').all(|part| {
                        !part.is_empty()
                            && part
                                .bytes()
                                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-".contains(&b))
                    })
            })
            .map(str::to_owned)
            .collect()
    }

    /// Each `say("key", &[("name", ...), ...])` of a source: the key, and the names if the list is written there.
    fn calls_in(source: &str) -> Vec<(String, Option<BTreeSet<String>>)> {
        let mut calls = Vec::new();
        for call in source.split("say(").skip(1) {
            let Some(rest) = call.trim_start().strip_prefix('"') else {
                continue;
            };
            let Some((key, rest)) = rest.split_once('"') else {
                continue;
            };
            let Some(list) = rest.trim_start_matches([',', ' ', '\n']).strip_prefix("&[") else {
                calls.push((key.to_owned(), None));
                continue;
            };
            // Only this list's own names: a value may be another call with a list of its own.
            let mut depth = 1;
            let mut own = String::new();
            for letter in list.chars() {
                depth += i32::from(letter == '[') - i32::from(letter == ']');
                match depth {
                    0 => break,
                    1 => own.push(letter),
                    _ => {}
                }
            }
            let names = own
                .split("(\"")
                .skip(1)
                .filter_map(|pair| pair.split_once("\",").map(|(name, _)| name.to_owned()))
                .filter(|name| name.bytes().all(|b| b.is_ascii_alphabetic()))
                .collect();
            calls.push((key.to_owned(), Some(names)));
        }
        calls
    }

    #[test]
    fn a_browser_is_answered_in_the_language_that_it_wants_most_of_those_we_speak() {
        for (accept, tag) in [
            ("", "en"),
            ("es", "es"),
            ("es-MX,es;q=0.9,en;q=0.8", "es"),
            ("de, en;q=0.5, es;q=0.7", "es"),
            ("fr;q=0.9, de", "en"),
            ("es;q=0, en;q=0.1", "en"),
            ("en, es", "en"),
            ("ES_ar;q=1", "es"),
            ("es;q=many", "en"),
            ("*;q=0.1,,;;,=", "en"),
        ] {
            assert_eq!(Words::wanted(accept).tag(), tag, "{accept}");
        }
        let endless = "zz,".repeat(100_000) + "es";
        assert_eq!(Words::wanted(&endless).tag(), "en");
    }

    #[test]
    fn every_language_says_everything_with_the_same_places() {
        fn places(text: &str) -> BTreeSet<&str> {
            let (mut found, mut rest) = (BTreeSet::new(), text);
            while let Some((_, name, after)) = next_placeholder(rest) {
                found.insert(name);
                rest = after;
            }
            found
        }
        let english = Words::english();
        let spanish = Words::of("es-AR");
        assert_eq!(spanish.tag(), "es");
        let keys = |words: &Words| words.sentences.keys().cloned().collect::<BTreeSet<_>>();
        let lacking: Vec<_> = keys(english).difference(&keys(spanish)).cloned().collect();
        assert_eq!(lacking, Vec::<String>::new(), "not said in Spanish");
        let alone: Vec<_> = keys(spanish).difference(&keys(english)).cloned().collect();
        assert_eq!(alone, Vec::<String>::new(), "said in Spanish alone");
        for (key, sentence) in &english.sentences {
            assert_eq!(places(sentence), places(&spanish.sentences[key]), "{key}");
        }
    }

    #[test]
    fn every_key_that_rust_names_has_words() {
        let words = Words::english();
        let missing: Vec<_> =
            sources().iter().flat_map(|source| keys_in(source)).filter(|key| !words.has(key)).collect();
        assert!(missing.is_empty(), "no words for {missing:?}");
    }

    #[test]
    fn every_placeholder_is_given_and_nothing_else() {
        let words = Words::english();
        let mut seen = 0;
        for source in sources() {
            for (key, given) in calls_in(&source) {
                let (Some(given), Some(sentence)) = (given, words.sentences.get(&key)) else {
                    continue;
                };
                let wanted: BTreeSet<String> =
                    placeholders(sentence).into_iter().map(str::to_owned).collect();
                assert_eq!(given, wanted, "{key}");
                seen += 1;
            }
        }
        assert!(seen > 10, "the search for calls finds only {seen}");
    }

    #[test]
    fn no_sentence_of_a_mail_is_left_over() {
        let named: BTreeSet<String> = sources().iter().flat_map(|source| keys_in(source)).collect();
        for key in Words::english().sentences.keys().filter(|key| key.starts_with("mail.")) {
            assert!(named.contains(key), "nothing says {key}");
        }
    }

    #[test]
    fn the_search_can_fail() {
        let source = "words.say(\"mail.a\", &[(\"house\", &names[0]), (\"link\", &say(\"mail.a\", &[(\"x\", y)]))]); say(\"mail.b\", &[]);\n// \"mail.c\"\n";
        assert_eq!(keys_in(source), ["mail.a", "mail.b"].map(str::to_owned).into());
        let calls = calls_in(source);
        assert_eq!(calls.len(), 3);
        assert_eq!(calls[0].1, Some(["house", "link"].map(str::to_owned).into()));
        assert_eq!(placeholders("{a} {} {B} {bC} {b_c}{d"), ["B", "a", "bC"].into());
    }

    #[test]
    fn what_is_filled_in_is_not_looked_through() {
        let words =
            Words { tag: "en", sentences: [("mail.x".to_owned(), "{house}: {link}.".to_owned())].into() };
        assert_eq!(words.say("mail.x", &[("house", "{link}"), ("link", "L")]), "{link}: L.");
    }

    #[test]
    #[should_panic(expected = "there are no words for mail.none")]
    fn a_key_without_words_is_noticed() {
        Words::english().say("mail.none", &[]);
    }

    #[test]
    #[should_panic(expected = "wants house")]
    fn a_placeholder_without_a_value_is_noticed() {
        let words = Words { tag: "en", sentences: [("mail.x".to_owned(), "{house}".to_owned())].into() };
        words.say("mail.x", &[]);
    }
}
