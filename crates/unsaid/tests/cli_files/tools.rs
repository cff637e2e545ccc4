//! What the tests of `unsaid seal` and `unsaid open` have in common: a folder, the program, the stock age tool, and a terminal
//! (a pseudo-terminal through python3) at which somebody types.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

pub(crate) struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    /// A folder with two key pairs: `one.txt` and `two.txt`, made by age-keygen.
    pub(crate) fn new() -> Self {
        let desk = Self { folder: tempfile::tempdir().unwrap() };
        for name in ["one.txt", "two.txt"] {
            let made = desk.tool("age-keygen", &["-o", name]);
            assert!(made.status.success(), "{made:?}");
        }
        desk
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        std::fs::write(self.path(name), bytes).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    /// Everything that lies in the folder, hidden files too.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut names: Vec<_> = std::fs::read_dir(self.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// The public half of a key file.
    pub(crate) fn recipient(&self, key: &str) -> String {
        let shown = self.tool("age-keygen", &["-y", key]);
        String::from_utf8(shown.stdout).unwrap().trim().to_owned()
    }

    fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(self.folder.path());
        command
    }

    /// Another program, such as age.
    pub(crate) fn tool(&self, program: &str, arguments: &[&str]) -> Output {
        self.command(program, arguments)
            .stdin(Stdio::null())
            .output()
            .unwrap_or_else(|e| panic!("{program} did not start ({e}); `make test` installs it"))
    }

    /// The program, with no terminal.
    pub(crate) fn unsaid(&self, arguments: &[&str]) -> Output {
        // setsid leaves the terminal of whoever runs the tests behind.
        let mut all = vec!["--wait", env!("CARGO_BIN_EXE_unsaid")];
        all.extend(arguments);
        self.tool("setsid", &all)
    }

    /// The program between two pipes.
    pub(crate) fn piped(&self, arguments: &[&str], input: &[u8]) -> Output {
        let mut child = self
            .command(env!("CARGO_BIN_EXE_unsaid"), arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut to = child.stdin.take().unwrap();
        let input = input.to_vec();
        // A program that stops reading early is no failure of this side.
        let writer = std::thread::spawn(move || drop(std::io::Write::write_all(&mut to, &input)));
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        output
    }

    /// A program at a terminal: waits for each text to appear, then types what follows. Gives all that was shown, and how it ended.
    pub(crate) fn at_terminal(&self, command: &[&str], typed: &[(&str, &str)]) -> (String, i32) {
        const SCRIPT: &str = r#"
import os, pty, sys, select, json
command, typed = json.loads(sys.argv[1])
pid, fd = pty.fork()
if pid == 0:
    os.execvp(command[0], command)
shown, waiting, ended = b"", 0, False
while True:
    ready, _, _ = select.select([fd], [], [], 60)
    if not ready:
        os.kill(pid, 9); print("nothing came for a minute"); break
    try:
        piece = os.read(fd, 65536)
    except OSError:
        break
    if not piece:
        break
    shown += piece
    while typed and typed[0][0].encode() in shown[waiting:]:
        waiting = shown.index(typed[0][0].encode(), waiting) + len(typed[0][0].encode())
        os.write(fd, typed.pop(0)[1].encode())
_, status = os.waitpid(pid, 0)
sys.stdout.buffer.write(shown)
sys.exit(os.waitstatus_to_exitcode(status) & 255)
"#;
        let plan = serde_json::json!([command, typed]).to_string();
        let output = self.tool("python3", &["-c", SCRIPT, &plan]);
        let shown = String::from_utf8_lossy(&output.stdout).replace("\r\n", "\n");
        assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        (shown, output.status.code().unwrap())
    }
}

pub(crate) const UNSAID: &str = env!("CARGO_BIN_EXE_unsaid");

/// It worked, and said nothing on standard error.
#[track_caller]
pub(crate) fn well(output: &Output) {
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// It refused: exit code 1, and what happened and what to do, in at least two sentences. Gives what was said.
#[track_caller]
pub(crate) fn refused(output: &Output, about: &str) -> String {
    let said = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains(about), "{said}");
    assert!(said.matches(". ").count() + said.matches(".\n").count() >= 2, "{said}");
    assert!(!said.contains("panicked") && !said.contains("AGE-SECRET-KEY-1"), "{said}");
    said
}

/// The frozen letters.
pub(crate) fn vectors(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors").join(name)
}
