//! A database of its own on the PostgreSQL server that UNSAID_TEST_POSTGRES names, taken away again at the end.

/// A database that nobody else uses.
pub(crate) struct Fresh {
    pub(crate) url: String,
    server: String,
    name: String,
}

impl Fresh {
    /// None where there is no server and none is required.
    pub(crate) fn make(name: &str) -> Option<Self> {
        let server = std::env::var("UNSAID_TEST_POSTGRES").ok().filter(|url| !url.is_empty());
        let required = std::env::var("UNSAID_TEST_REQUIRE").is_ok_and(|value| value == "1");
        assert!(
            server.is_some() || !required,
            "UNSAID_TEST_REQUIRE=1, but UNSAID_TEST_POSTGRES names no server"
        );
        let Some(server) = server else {
            eprintln!("not run: UNSAID_TEST_POSTGRES names no server");
            return None;
        };
        Some(Self::of(&server, format!("unsaid_whole_{}_{name}", std::process::id()), ""))
    }

    /// Another one with everything that stands in this one, to which nobody is connected.
    pub(crate) fn copied(&self, name: &str) -> Self {
        Self::of(&self.server, format!("{}_{name}", self.name), &format!(" template {}", self.name))
    }

    fn of(server: &str, name: String, template: &str) -> Self {
        command(server, &format!("create database {name}{template}"));
        let (before, options) =
            server.split_once('?').map_or((server, String::new()), |(b, o)| (b, format!("?{o}")));
        let base = &before[..before.rfind('/').expect("a URL that names a database")];
        Self { url: format!("{base}/{name}{options}"), server: server.to_owned(), name }
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        command(&self.server, &format!("drop database if exists {} with (force)", self.name));
    }
}

fn command(server: &str, sql: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(server, tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        client.batch_execute(sql).await.unwrap();
    });
}
