//! What each kind of message says: its subject, and its paragraphs from the words in web/src/words.
//!
//! It refuses to know headers and how a paragraph is set (layout.rs). What a host typed is put on one line first; an author has typed none of it.

use super::compose::{KnockTo, Letterhead, Message, Rehearsee, StillThere, Unfit};
use super::encode::one_line;
use super::lives::News;
use crate::words::Words;
use unsaid_delivery::message::Call;

/// A paragraph, or what stands for one.
pub(super) enum Block {
    /// Nothing but words.
    Say(String),
    /// Words in which these figures are to be typed somewhere.
    Figures {
        /// The paragraph, with the figures in it.
        says: String,
        /// The figures, as they stand there.
        figures: String,
    },
    /// Words in which an address of this house stands.
    Leads {
        /// The paragraph, with the address in it.
        says: String,
        /// The address, as it stands there.
        to: String,
    },
    /// The way on: what the link is for, and the link.
    Way {
        /// The sentence before it.
        says: String,
        /// What is written on its button.
        press: String,
        /// The whole link.
        link: String,
    },
}

/// A message before it is set.
pub(super) struct Said {
    /// Its subject, on one line.
    pub(super) subject: String,
    /// In the order in which they are read.
    pub(super) blocks: Vec<Block>,
}

/// What a message of this kind says.
pub(super) fn write(words: &Words, head: &Letterhead, message: &Message<'_>) -> Result<Said, Unfit> {
    let house = &one_line(&head.house_name);
    let origin = &head.public_origin;
    // The page that takes the digits.
    let come = &format!("{origin}/come");
    let contact = head.host_contact.as_deref().map(one_line).filter(|contact| !contact.is_empty());
    let ask = Block::Say(match &contact {
        Some(contact) => words.say("mail.ask.contact", &[("contact", contact), ("house", house)]),
        None => words.say("mail.ask.house", &[("house", house)]),
    });
    let plain = |key: &str| Block::Say(words.say(key, &[]));
    let of_house = |key: &str| Block::Say(words.say(key, &[("house", house)]));
    // A subject, what happened, and what to do if it was somebody else.
    let notice = |subject: &str, what: &str, not_you: &str, ask: Block| {
        (words.say(subject, &[("house", house)]), vec![of_house(what), plain(not_you), ask])
    };
    let (subject, mut blocks) = match message {
        Message::Code { digits } => {
            let code = &grouped(digits)?;
            let says = words.say("mail.code.what", &[("code", code), ("house", house)]);
            (
                words.say("mail.code.subject", &[("code", code)]),
                vec![
                    Block::Figures { says, figures: code.clone() },
                    plain("mail.code.how"),
                    plain("mail.code.not_you"),
                ],
            )
        }
        Message::Invitation { link } => (
            words.say("mail.invitation.subject", &[("house", house)]),
            vec![
                of_house("mail.invitation.what"),
                way(words, "mail.invitation.link", "mail.invitation.press", lead(link, head)?),
                plain("mail.invitation.no"),
                ask,
            ],
        ),
        Message::AccountMade => {
            let says = words.say("mail.account_made.what", &[("house", house), ("origin", origin)]);
            (
                words.say("mail.account_made.subject", &[("house", house)]),
                vec![Block::Leads { says, to: origin.clone() }, plain("mail.account_made.not_you"), ask],
            )
        }
        Message::SignInAddressChanged { undo } => (
            words.say("mail.address_changed.subject", &[("house", house)]),
            vec![
                of_house("mail.address_changed.what"),
                way(words, "mail.address_changed.undo", "mail.address_changed.press", lead(undo, head)?),
                plain("mail.address_changed.not_you"),
                ask,
            ],
        ),
        Message::SignInAddressMoved => {
            notice("mail.address_moved.subject", "mail.address_moved.what", "mail.address_moved.not_you", ask)
        }
        Message::ChannelAdded => {
            notice("mail.channel_added.subject", "mail.channel_added.what", "mail.channel_added.not_you", ask)
        }
        Message::ChannelRemoved => notice(
            "mail.channel_removed.subject",
            "mail.channel_removed.what",
            "mail.channel_removed.not_you",
            ask,
        ),
        Message::BrowserOver => {
            notice("mail.browser_over.subject", "mail.browser_over.what", "mail.browser_over.again", ask)
        }
        Message::KitUsed => {
            notice("mail.kit_used.subject", "mail.kit_used.what", "mail.kit_used.not_you", ask)
        }
        Message::KitMade => {
            notice("mail.kit_made.subject", "mail.kit_made.what", "mail.kit_made.not_you", ask)
        }
        Message::WordsReplaced => notice(
            "mail.words_replaced.subject",
            "mail.words_replaced.what",
            "mail.words_replaced.not_you",
            ask,
        ),
        Message::CardPrinted => {
            notice("mail.card_printed.subject", "mail.card_printed.what", "mail.card_printed.not_you", ask)
        }
        Message::CardReplaced => {
            notice("mail.card_replaced.subject", "mail.card_replaced.what", "mail.card_replaced.not_you", ask)
        }
        Message::KeepersCards => {
            notice("mail.keepers_cards.subject", "mail.keepers_cards.what", "mail.keepers_cards.not_you", ask)
        }
        Message::Exported => {
            notice("mail.exported.subject", "mail.exported.what", "mail.exported.not_you", ask)
        }
        Message::AddressesChanged => notice(
            "mail.addresses_changed.subject",
            "mail.addresses_changed.what",
            "mail.addresses_changed.not_you",
            ask,
        ),
        Message::Answered => {
            let says = words.say("mail.answered.how", &[("origin", origin)]);
            (
                words.say("mail.answered.subject", &[]),
                vec![of_house("mail.answered.what"), Block::Leads { says, to: origin.clone() }, ask],
            )
        }
        Message::BytesMissing => {
            let says = words.say("mail.bytes_missing.how", &[("origin", origin)]);
            (
                words.say("mail.bytes_missing.subject", &[]),
                vec![of_house("mail.bytes_missing.what"), Block::Leads { says, to: origin.clone() }, ask],
            )
        }
        Message::NobodyReads => {
            let says = words.say("mail.nobody_reads.how", &[("come", come)]);
            (
                words.say("mail.nobody_reads.subject", &[]),
                vec![of_house("mail.nobody_reads.what"), Block::Leads { says, to: come.clone() }, ask],
            )
        }
        Message::GoesElsewhere => {
            let says = words.say("mail.goes_elsewhere.how", &[("come", come)]);
            (
                words.say("mail.goes_elsewhere.subject", &[]),
                vec![
                    of_house("mail.goes_elsewhere.what"),
                    Block::Leads { says, to: come.clone() },
                    plain("mail.goes_elsewhere.not_you"),
                    ask,
                ],
            )
        }
        Message::AtTheDoor { link } => (
            words.say("mail.at_the_door.subject", &[]),
            vec![
                of_house("mail.at_the_door.what"),
                way(words, "mail.at_the_door.link", "mail.at_the_door.press", lead(link, head)?),
                plain("mail.knock.seeing"),
                plain("mail.at_the_door.not_you"),
                plain("mail.knock.never"),
                ask,
            ],
        ),
        Message::CardAsked { link } => (
            words.say("mail.card_asked.subject", &[]),
            vec![
                of_house("mail.card_asked.what"),
                plain("mail.card_asked.voice"),
                way(words, "mail.card_asked.way", "mail.life.who", lead(link, head)?),
                plain("mail.card_asked.never"),
                ask,
            ],
        ),
        Message::EventAsked { link } => (
            words.say("mail.event_asked.subject", &[]),
            vec![
                of_house("mail.event_asked.what"),
                plain("mail.event_asked.look"),
                way(words, "mail.event_asked.way", "mail.life.who", lead(link, head)?),
                plain("mail.event_asked.silence"),
                ask,
            ],
        ),
        Message::SheLives { from, letters } => {
            let what = match from.map(name_in_mail).transpose()? {
                None => plain("mail.she_lives.what"),
                Some(name) => Block::Say(words.say("mail.she_lives.what_from", &[("name", name)])),
            };
            let there = match letters {
                StillThere::All => "mail.she_lives.there",
                StillThere::Some => "mail.she_lives.some",
                StillThere::None => "mail.she_lives.back",
            };
            let blocks = vec![
                what,
                of_house("mail.she_lives.why"),
                plain("mail.she_lives.nothing"),
                plain(there),
                plain("mail.she_lives.once"),
                ask,
            ];
            // The same with a name: what stands in a list of messages is read by whoever looks over a shoulder.
            (words.say("mail.she_lives.subject", &[]), blocks)
        }
        Message::HostCalled { call } => {
            let what = match call {
                Call::Holds => "mail.host_called.holds",
                Call::Unforeseen => "mail.host_called.unforeseen",
                Call::Relay => "mail.host_called.relay",
                Call::Found => "mail.host_called.found",
                Call::Clock => "mail.host_called.clock",
                Call::Disk => "mail.host_called.disk",
                Call::Backup => "mail.host_called.backup",
                Call::Crashes => "mail.host_called.crashes",
            };
            let page = format!("{origin}/house");
            let says = words.say("mail.host_called.how", &[("page", &page)]);
            // The command on a line of its own: broken in two it could not be copied.
            let said = words.say(what, &[("house", house)]);
            let at = said.rfind(": unsaid ").map_or(said.len(), |at| at + 1);
            let (sentence, command) = said.split_at(at);
            let mut blocks = vec![Block::Say(sentence.to_owned())];
            if !command.is_empty() {
                blocks.push(Block::Say(command.trim().to_owned()));
            }
            blocks.push(Block::Leads { says, to: page });
            (words.say("mail.host_called.subject", &[("house", house)]), blocks)
        }
        Message::KeeperNews { news } => {
            let (subject, what, how) = match news {
                News::Accepted => {
                    ("mail.keeper_accepted.subject", "mail.keeper_accepted.what", "mail.keeper_accepted.how")
                }
                News::Declined => {
                    ("mail.keeper_declined.subject", "mail.keeper_declined.what", "mail.keeper_declined.how")
                }
                News::Moved => {
                    ("mail.keeper_moved.subject", "mail.keeper_moved.what", "mail.keeper_moved.how")
                }
                News::GaveAddress => {
                    ("mail.gave_address.subject", "mail.gave_address.what", "mail.gave_address.how")
                }
                News::KnowsAddress => {
                    ("mail.knows_address.subject", "mail.knows_address.what", "mail.knows_address.how")
                }
                News::SaidOfEvent => {
                    ("mail.event_said.subject", "mail.event_said.what", "mail.event_said.how")
                }
                News::EventOpens => {
                    ("mail.event_opens.subject", "mail.event_opens.what", "mail.event_opens.how")
                }
            };
            let says = words.say(how, &[("origin", origin)]);
            (words.say(subject, &[]), vec![of_house(what), Block::Leads { says, to: origin.clone() }, ask])
        }
        Message::Test => {
            (words.say("mail.test.subject", &[("house", house)]), vec![of_house("mail.test.what")])
        }
        Message::Rehearsed { of, spoken, to, day } => {
            let said = write(spoken, head, of)?;
            let on = match (to, day) {
                (Rehearsee::Author, Some(day)) => {
                    words.say("mail.rehearsal.to_you", &[("day", &words.day(*day))])
                }
                (Rehearsee::Keeper, Some(day)) => {
                    words.say("mail.rehearsal.to_keeper", &[("day", &words.day(*day))])
                }
                _ => words.say("mail.rehearsal.to_person", &[]),
            };
            let mut blocks = vec![Block::Say(on), plain("mail.rehearsal.nothing")];
            blocks.extend(said.blocks);
            // What would be said ends with the house's own address already.
            let subject = words.say("mail.rehearsal.subject", &[("subject", &said.subject)]);
            return Ok(Said { subject, blocks });
        }
        Message::Life(about) => super::lives::write(words, head, about, ask)?,
        Message::Knock { link, digits, quiet: _, to } => {
            let figures = grouped(digits)?;
            let says = words.say("mail.knock.by_hand", &[("come", come), ("digits", &figures)]);
            let link = lead(link, head)?;
            let mut blocks = match to {
                KnockTo::Guardian => vec![
                    of_house("mail.knock.what_guardian"),
                    way(words, "mail.knock.link_guardian", "mail.knock.press_guardian", link),
                    plain("mail.knock.seeing_guardian"),
                    plain("mail.knock.no_guardian"),
                    plain("mail.knock.often_guardian"),
                ],
                KnockTo::Person(from) => {
                    let first = match from.map(name_in_mail).transpose()? {
                        None => [
                            of_house("mail.knock.what"),
                            way(words, "mail.knock.link", "mail.knock.press", link),
                            plain("mail.knock.seeing"),
                        ],
                        Some(name) => [
                            Block::Say(
                                words.say("mail.knock.what_from", &[("house", house), ("name", name)]),
                            ),
                            way(words, "mail.knock.link_from", "mail.knock.press_from", link),
                            Block::Say(words.say("mail.knock.seeing_from", &[("name", name)])),
                        ],
                    };
                    let mut blocks = Vec::from(first);
                    blocks.extend([plain("mail.knock.no"), plain("mail.knock.often")]);
                    blocks
                }
            };
            blocks.extend([
                Block::Say(words.say("mail.knock.look_first", &[("origin", origin)])),
                // Its address is to be typed, so it is not made a link.
                Block::Figures { says, figures },
                plain("mail.knock.never"),
                ask,
            ]);
            // The same with a name: what stands in a list of messages is read by whoever looks over a shoulder.
            let subject = match to {
                KnockTo::Person(_) => "mail.knock.subject",
                KnockTo::Guardian => "mail.knock.subject_guardian",
            };
            (words.say(subject, &[]), blocks)
        }
    };
    blocks.push(Block::Leads {
        says: words.say("mail.foot", &[("house", house), ("origin", origin)]),
        to: origin.clone(),
    });
    Ok(Said { subject, blocks })
}

pub(super) fn way(words: &Words, says: &str, press: &str, link: String) -> Block {
    Block::Way { says: words.say(says, &[]), press: words.say(press, &[]), link }
}

/// A name as it was approved, if it may stand in a mail.
fn name_in_mail(name: &str) -> Result<&str, Unfit> {
    if crate::name::read(name).is_ok_and(|read| read == name) { Ok(name) } else { Err(Unfit::Name) }
}

/// `12345678` as `1234 5678`: two groups can be kept in mind. The page that takes them ignores the space.
fn grouped(digits: &str) -> Result<String, Unfit> {
    if digits.len() == 8 && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(format!("{} {}", &digits[..4], &digits[4..]))
    } else {
        Err(Unfit::Digits)
    }
}

/// The link, if it leads to this house and nowhere else, and can be written into a header and between `<` and `>`.
pub(super) fn lead(link: &str, head: &Letterhead) -> Result<String, Unfit> {
    let inside = link.strip_prefix(head.public_origin.as_str());
    let safe = inside.is_some_and(|path| path.starts_with('/'))
        && link.starts_with("http")
        && link.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>\"'\\,".contains(&byte));
    if safe { Ok(link.to_owned()) } else { Err(Unfit::Link) }
}
