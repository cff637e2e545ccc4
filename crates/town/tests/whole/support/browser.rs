//! A browser as far as these stories need one: HTTP/1.1, cookies, forms, and what pages of ours send with every request.

use super::PATIENCE;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;

#[derive(Clone)]
pub(crate) struct Browser {
    port: u16,
    cookies: BTreeMap<String, String>,
    /// What the proxy says of where it is.
    network: Option<&'static str>,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The JSON of an answer of this status.
    #[track_caller]
    pub(crate) fn is(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }
}

impl Browser {
    pub(crate) fn new(port: u16) -> Self {
        Self { port, cookies: BTreeMap::new(), network: None }
    }

    pub(crate) fn forget_everything(&mut self) {
        self.cookies.clear();
    }

    pub(crate) fn cookie(&self, name: &str) -> String {
        self.cookies[name].clone()
    }

    /// The same browser in front of the same house, whose door is elsewhere now.
    pub(crate) fn at_door(self, port: u16) -> Self {
        Self { port, ..self }
    }

    pub(crate) fn at_network(self, network: &'static str) -> Self {
        Self { network: Some(network), ..self }
    }

    pub(crate) fn with_cookie(mut self, name: &str, value: &str) -> Self {
        self.cookies.insert(name.to_owned(), value.to_owned());
        self
    }

    #[track_caller]
    pub(crate) fn get(&mut self, path: &str) -> Answer {
        self.try_get(path).expect("an answer")
    }

    pub(crate) fn try_get(&mut self, path: &str) -> Option<Answer> {
        self.try_send("GET", path, "text/html", b"")
    }

    #[track_caller]
    pub(crate) fn post(&mut self, path: &str, json: &Value) -> Answer {
        self.try_send("POST", path, "application/json", json.to_string().as_bytes()).expect("an answer")
    }

    #[track_caller]
    pub(crate) fn put(&mut self, path: &str, bytes: &[u8]) -> Answer {
        self.try_send("PUT", path, "application/octet-stream", bytes).expect("an answer")
    }

    #[track_caller]
    pub(crate) fn put_json(&mut self, path: &str, json: &Value) -> Answer {
        self.try_send("PUT", path, "application/json", json.to_string().as_bytes()).expect("an answer")
    }

    /// Sends a form whose answer is a page.
    #[track_caller]
    pub(crate) fn form(&mut self, path: &str, fields: &str) -> Answer {
        self.try_send("POST", path, "application/x-www-form-urlencoded", fields.as_bytes())
            .expect("an answer")
    }

    /// The same over what this tag names.
    #[track_caller]
    pub(crate) fn put_over(&mut self, path: &str, bytes: &[u8], tag: &str) -> Answer {
        let kind = format!("application/octet-stream\r\nif-match: {tag}");
        self.try_send("PUT", path, &kind, bytes).expect("an answer")
    }

    /// Presses a button of a form, and gives the page that it leads to.
    #[track_caller]
    pub(crate) fn press(&mut self, path: &str, fields: &str) -> String {
        let answer = self
            .try_send("POST", path, "application/x-www-form-urlencoded", fields.as_bytes())
            .expect("an answer");
        assert_eq!(answer.status, 303, "{}", answer.text());
        answer.header("location").expect("where it leads").to_owned()
    }

    pub(crate) fn try_send(&mut self, method: &str, path: &str, kind: &str, body: &[u8]) -> Option<Answer> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        // Years may pass within one request.
        stream.set_read_timeout(Some(PATIENCE * 2)).ok()?;
        let origin = format!("localhost:{}", self.port);
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {origin}\r\nconnection: close\r\n");
        if !self.cookies.is_empty() {
            let pairs: Vec<String> =
                self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            head += &format!("cookie: {}\r\n", pairs.join("; "));
        }
        if let Some(network) = self.network {
            head += &format!("x-forwarded-for: {network}\r\n");
        }
        if method != "GET" {
            head += &format!(
                "origin: http://{origin}\r\nsec-fetch-site: same-origin\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n",
                body.len()
            );
        }
        if kind != "application/x-www-form-urlencoded" {
            head += "unsaid-request: 1\r\n";
        }
        stream.write_all(format!("{head}\r\n").as_bytes()).ok()?;
        stream.write_all(body).ok()?;
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).ok()?;
        let at = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(&bytes[..at]).into_owned();
        let status = head.split(' ').nth(1)?.parse().ok()?;
        let answer = Answer { status, head, body: bytes[at + 4..].to_vec() };
        if let Some(length) = answer.header("content-length") {
            assert_eq!(length, answer.body.len().to_string(), "the whole answer came");
        }
        assert!(answer.header("transfer-encoding").is_none(), "this browser reads no chunks");
        for line in answer.head.lines() {
            let Some((name, value)) = line.split_once(':') else { continue };
            if name.eq_ignore_ascii_case("set-cookie") {
                let (name, value) = value.trim().split(';').next()?.split_once('=')?;
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        Some(answer)
    }
}
