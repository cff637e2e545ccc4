//! What an answer of the relay means: for the sender an `Answer`, by the step and the reply alone; for a log the step and
//! the numbers; for the host two sentences.
//!
//! It refuses to know anything else about the message, and decides nothing about trying again: RFC 5321 and
//! RFC 3463 give the numbers, docs/delivery.md the meaning.

use super::{Answer, Reply};

/// How far a conversation had come. The order is the order of SMTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    /// Name look-up and TCP.
    Connect,
    /// The relay's first words.
    Greeting,
    /// EHLO, before and after TLS.
    Hello,
    /// The STARTTLS command.
    StartTls,
    /// The TLS handshake.
    Handshake,
    /// Signing in.
    Auth,
    /// MAIL FROM.
    Mail,
    /// RCPT TO.
    Rcpt,
    /// DATA, until 354.
    Data,
    /// From the first byte of the content to the final answer.
    Content,
}

impl Step {
    /// Its name in a log.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Greeting => "greeting",
            Self::Hello => "ehlo",
            Self::StartTls => "starttls",
            Self::Handshake => "tls",
            Self::Auth => "auth",
            Self::Mail => "mail",
            Self::Rcpt => "rcpt",
            Self::Data => "data",
            Self::Content => "content",
        }
    }
}

/// Why a conversation ended before its good end.
#[derive(Debug)]
pub(super) enum Halt {
    /// No reply that can be read; why, in words for a log.
    Trouble(Step, &'static str),
    /// The house has a name and a password, and the relay takes neither of our ways to sign in.
    NoWayToSignIn,
    /// The house has a password, and it would go over the net without TLS.
    InTheClear,
    /// The address is in another script, and the relay does not take such addresses.
    NeedsUtf8,
    /// A reply that was not the wanted one.
    Said(Step, Reply),
    /// Permission was not given.
    Forbidden,
}

impl Halt {
    /// Where it was.
    pub(super) fn step(&self) -> Step {
        match self {
            Self::Trouble(step, _) | Self::Said(step, _) => *step,
            Self::NoWayToSignIn | Self::InTheClear => Step::Auth,
            Self::NeedsUtf8 => Step::Rcpt,
            Self::Forbidden => Step::Data,
        }
    }
}

/// What the sender is told.
pub(super) fn judge(halt: Halt) -> Answer {
    match halt {
        Halt::Forbidden => Answer::Forbidden,
        Halt::Trouble(Step::Content, why) => Answer::Unknown { why },
        Halt::Trouble(..) => Answer::NotReached { reply: Reply::silence() },
        Halt::NoWayToSignIn | Halt::InTheClear => Answer::Blocked { reply: Reply::silence() },
        Halt::NeedsUtf8 => Answer::OtherScript,
        Halt::Said(step, reply) => match reply.code / 100 {
            4 | 5 if step == Step::StartTls => Answer::NotReached { reply },
            4 if step < Step::Rcpt => Answer::NotReached { reply },
            4 => Answer::Later { reply },
            5 if is_about_us(step, &reply) => Answer::Blocked { reply },
            5 if reply.enhanced.as_deref().is_some_and(|status| status.starts_with("5.7.")) => {
                Answer::Unwelcome { reply }
            }
            5 => Answer::Refused { reply },
            // 2xx and 3xx where another was due: somebody out of step. Before the content nothing was sent.
            _ if step == Step::Content => Answer::Unknown { why: "the final answer made no sense" },
            _ => Answer::NotReached { reply },
        },
    }
}

/// Is this 5xx about our own reputation, credentials or manners, whoever the message is for?
fn is_about_us(step: Step, reply: &Reply) -> bool {
    let of_sequence = reply.enhanced.as_deref().is_none_or(|status| status.starts_with("5.5."));
    match reply.code {
        _ if step <= Step::Mail => true,
        // Sign-in wanted or refused (RFC 4954), TLS wanted (RFC 3207).
        530 | 534 | 535 | 538 => true,
        // 'Unknown command' and 'bad sequence' (RFC 5321) say that we speak wrongly.
        500 | 502 | 503 | 504 => of_sequence,
        _ => false,
    }
}

/// Step and numbers alone: no address, no text of the relay.
pub(super) fn log(halt: &Halt) {
    match halt {
        Halt::Forbidden => tracing::info!("mail: permission was taken back, nothing sent"),
        Halt::NoWayToSignIn => {
            tracing::warn!("mail: the relay offers neither AUTH PLAIN nor AUTH LOGIN")
        }
        Halt::InTheClear => {
            tracing::warn!(
                "mail: the relay is on another machine, and the password would go there without TLS"
            )
        }
        Halt::NeedsUtf8 => {
            tracing::warn!("mail: the address is in another script, and the relay does not offer SMTPUTF8")
        }
        Halt::Trouble(step, why) => tracing::warn!(step = step.name(), why, "mail: no answer"),
        Halt::Said(step, reply) => tracing::info!(
            step = step.name(),
            code = reply.code,
            enhanced = reply.enhanced.as_deref().unwrap_or(""),
            "mail: not accepted"
        ),
    }
}

/// Two sentences for the host.
pub(super) fn explain(place: &str, halt: &Halt) -> String {
    let what = match halt {
        Halt::Trouble(_, why) => (*why).to_owned(),
        Halt::NoWayToSignIn => "it takes neither AUTH PLAIN nor AUTH LOGIN".to_owned(),
        Halt::InTheClear => "a password would go to another machine without TLS".to_owned(),
        Halt::NeedsUtf8 => "it takes no addresses in other scripts".to_owned(),
        Halt::Forbidden => "permission was taken back".to_owned(),
        Halt::Said(step, reply) => {
            format!("it answered {} at {}", reply.code, step.name())
        }
    };
    let advice = match halt.step() {
        Step::Auth if matches!(halt, Halt::InTheClear) => {
            "Leave ?tls=none away in UNSAID_MAIL; it is for a relay on this machine."
        }
        Step::Connect => {
            "Look at the host and the port in UNSAID_MAIL, and whether this machine may reach them."
        }
        Step::StartTls | Step::Handshake => {
            "Look at the certificate of the relay, and whether its port wants smtp:// (STARTTLS) or smtps://."
        }
        Step::Auth => "Look at the user name and the password in UNSAID_MAIL.",
        _ => "Look into the relay's log, and ask whoever runs it whether this machine may send through it.",
    };
    format!("The relay at {place} cannot be used: {what}. {advice}")
}

#[cfg(test)]
mod tests {
    use super::{Halt, Step, judge};
    use crate::mail::{Answer, Reply};

    fn said(step: Step, code: u16, enhanced: &str) -> Answer {
        let enhanced = (!enhanced.is_empty()).then(|| enhanced.to_owned());
        judge(Halt::Said(step, Reply { code, enhanced }))
    }

    #[test]
    fn every_number_has_one_meaning() {
        use Step::{Auth, Connect, Content, Data, Greeting, Handshake, Hello, Mail, Rcpt, StartTls};
        let table = [
            (Greeting, 421, "", "not reached"),
            (Greeting, 554, "", "blocked"),
            (Hello, 502, "", "blocked"),
            (StartTls, 454, "", "not reached"),
            (StartTls, 502, "5.5.1", "not reached"),
            (Auth, 454, "4.7.0", "not reached"),
            (Auth, 535, "5.7.8", "blocked"),
            (Auth, 534, "", "blocked"),
            (Mail, 451, "4.3.0", "not reached"),
            (Mail, 553, "5.1.8", "blocked"),
            (Mail, 530, "", "blocked"),
            (Rcpt, 450, "4.2.0", "later"),
            (Rcpt, 451, "", "later"),
            (Rcpt, 452, "4.2.2", "later"),
            (Rcpt, 550, "5.1.1", "refused"),
            (Rcpt, 550, "5.1.10", "refused"),
            (Rcpt, 556, "5.1.10", "refused"),
            (Rcpt, 501, "5.1.3", "refused"),
            (Rcpt, 550, "5.2.1", "refused"),
            (Rcpt, 550, "5.5.0", "refused"),
            (Rcpt, 550, "", "refused"),
            (Rcpt, 501, "", "refused"),
            (Rcpt, 550, "5.7.1", "unwelcome"),
            (Rcpt, 554, "5.7.1", "unwelcome"),
            (Rcpt, 553, "5.7.27", "unwelcome"),
            (Rcpt, 530, "5.7.0", "blocked"),
            (Rcpt, 535, "5.7.8", "blocked"),
            (Rcpt, 504, "5.7.1", "unwelcome"),
            (Rcpt, 503, "5.5.1", "blocked"),
            (Rcpt, 503, "", "blocked"),
            (Rcpt, 530, "", "blocked"),
            (Rcpt, 251, "", "not reached"),
            (Data, 451, "", "later"),
            (Data, 250, "", "not reached"),
            (Data, 554, "5.1.1", "refused"),
            (Data, 554, "5.7.0", "unwelcome"),
            (Data, 503, "5.5.1", "blocked"),
            (Content, 421, "4.3.2", "later"),
            (Content, 452, "4.3.1", "later"),
            (Content, 552, "5.3.4", "refused"),
            (Content, 554, "5.6.0", "refused"),
            (Content, 554, "", "refused"),
            (Content, 550, "5.7.26", "unwelcome"),
            (Content, 221, "", "unknown"),
            (Content, 354, "", "unknown"),
        ];
        for (step, code, enhanced, meaning) in table {
            let answer = said(step, code, enhanced);
            let is = match answer {
                Answer::Accepted => "accepted",
                Answer::NotReached { .. } => "not reached",
                Answer::Later { .. } => "later",
                Answer::Refused { .. } => "refused",
                Answer::Unwelcome { .. } => "unwelcome",
                Answer::Blocked { .. } => "blocked",
                Answer::Unknown { .. } => "unknown",
                Answer::OtherScript => "other script",
                Answer::Forbidden => "forbidden",
            };
            assert_eq!(is, meaning, "{step:?} {code} {enhanced}");
        }
        for step in [Connect, Greeting, Hello, StartTls, Handshake, Auth, Mail, Rcpt, Data] {
            let answer = judge(Halt::Trouble(step, "silence"));
            assert_eq!(answer, Answer::NotReached { reply: Reply::silence() }, "{step:?}");
        }
        assert_eq!(judge(Halt::Trouble(Content, "silence")), Answer::Unknown { why: "silence" });
    }
}
