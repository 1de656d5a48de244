//! The applets: small programs that read their input whole and end at once, with BusyBox's words (and GNU's in the person's own shell).

mod files;
mod layout;
mod network;
mod owners;
mod patterns;
mod system;
mod text;

use super::machine::{Machine, absolute};
use super::{FileError, Host};
use patterns::{grep_goes_by_line, sed_goes_by_line};
pub use system::path_of;

/// A program: its names, the letters of its flags that take a value, when it reads standard input, and what it does.
struct Applet {
    names: &'static [&'static str],
    valued: &'static str,
    reads: Reads,
    run: fn(&mut Call) -> i32,
}

#[derive(Clone, Copy, PartialEq)]
enum Reads {
    Never,
    Always,
    /// Where no file is named behind so many words.
    Behind(usize),
}

const fn applet(names: &'static [&'static str], valued: &'static str, reads: Reads, run: fn(&mut Call) -> i32) -> Applet {
    Applet { names, valued, reads, run }
}

const APPLETS: &[Applet] = &[
    applet(&["echo"], "", Reads::Never, system::echo),
    applet(&["printf"], "", Reads::Never, system::printf),
    applet(&["test", "[", "[["], "", Reads::Never, system::test),
    applet(&["expr"], "", Reads::Never, system::expr),
    applet(&["seq"], "", Reads::Never, system::seq),
    applet(&["date"], "d", Reads::Never, system::date),
    applet(&["hostname"], "", Reads::Never, system::hostname),
    applet(&["id", "groups"], "", Reads::Never, owners::id),
    applet(&["whoami"], "", Reads::Never, owners::whoami),
    applet(&["chmod"], "", Reads::Never, owners::chmod),
    applet(&["chown", "chgrp"], "", Reads::Never, owners::chown),
    applet(&["printenv"], "", Reads::Never, system::printenv),
    applet(&["ps"], "op", Reads::Never, system::ps),
    applet(&["uname"], "", Reads::Never, system::uname),
    applet(&["which"], "", Reads::Never, system::which),
    applet(&["uptime"], "", Reads::Never, system::uptime),
    applet(&["nproc"], "", Reads::Never, |call| call.say("2\n")),
    applet(&["yes"], "", Reads::Never, |call| call.say(&"y\n".repeat(1000))),
    applet(&["free"], "", Reads::Never, |call| call.say(system::FREE)),
    applet(&["df"], "", Reads::Never, |call| call.say(system::DF)),
    applet(&["sync", "clear", "ln"], "", Reads::Never, |_| 0),
    applet(&["ls"], "", Reads::Never, files::ls),
    applet(&["rm", "rmdir"], "", Reads::Never, files::rm),
    applet(&["mkdir"], "m", Reads::Never, files::mkdir),
    applet(&["touch"], "dtr", Reads::Never, files::touch),
    applet(&["cp", "mv"], "", Reads::Never, files::copy),
    applet(&["stat"], "c", Reads::Never, owners::stat),
    applet(&["find"], "", Reads::Never, files::find),
    applet(&["basename"], "", Reads::Never, files::basename),
    applet(&["dirname"], "", Reads::Never, files::dirname),
    applet(&["cat", "less", "more"], "", Reads::Behind(0), text::cat),
    applet(&["head", "tail"], "nc", Reads::Behind(0), text::ends),
    applet(&["wc"], "", Reads::Behind(0), text::wc),
    applet(&["sort"], "kt", Reads::Behind(0), text::sort),
    applet(&["uniq"], "", Reads::Behind(0), text::uniq),
    applet(&["rev"], "", Reads::Behind(0), text::rev),
    applet(&["tac"], "", Reads::Behind(0), text::tac),
    applet(&["column"], "so", Reads::Behind(0), layout::column),
    applet(&["nl"], "bwsv", Reads::Behind(0), layout::nl),
    applet(&["paste"], "d", Reads::Behind(0), layout::paste),
    applet(&["fold"], "w", Reads::Behind(0), layout::fold),
    applet(&["cut"], "dfcb", Reads::Behind(0), text::cut),
    applet(&["tr"], "", Reads::Always, text::tr),
    applet(&["tee"], "", Reads::Always, text::tee),
    applet(&["base64"], "w", Reads::Behind(0), text::base64),
    applet(&["grep", "egrep", "fgrep"], "ABCem", Reads::Behind(1), patterns::grep),
    applet(&["sed"], "e", Reads::Behind(1), patterns::sed),
    applet(&["awk"], "Fv", Reads::Behind(1), patterns::awk),
    applet(&["wget"], "OTtPUYH", Reads::Never, network::fetch),
    applet(&["curl"], "moXHdwTuAeb", Reads::Never, network::fetch),
    applet(&["nc"], "wpie", Reads::Always, network::nc),
    applet(&["telnet"], "", Reads::Never, network::telnet),
    applet(&["ping"], "cWwiIs", Reads::Never, network::ping),
    applet(&["nslookup"], "", Reads::Never, network::nslookup),
];

/// Commands of the machine itself that other programs take for applets.
const BUILT_IN: &[&str] = &["pwd", "sleep", "usleep", "true", "false", "kill", "timeout", "env", "xargs", "watch", "httpd"];

/// Long flags and the letters that mean the same. (`?` stands for those that change nothing here.)
const LONG: &[(&str, char)] = &[
    ("after-context", 'A'),
    ("all", 'a'),
    ("before-context", 'B'),
    ("bytes", 'c'),
    ("connect-timeout", 'm'),
    ("context", 'C'),
    ("count", 'c'),
    ("data", 'd'),
    ("decode", 'd'),
    ("delete", 'd'),
    ("delimiter", 'd'),
    ("expression", 'e'),
    ("extended-regexp", 'E'),
    ("fail", 'f'),
    ("field-separator", 't'),
    ("fields", 'f'),
    ("fixed-strings", 'F'),
    ("force", 'f'),
    ("head", 'I'),
    ("header", 'H'),
    ("ignore-case", 'i'),
    ("in-place", 'i'),
    ("include", 'i'),
    ("invert-match", 'v'),
    ("key", 'k'),
    ("line-number", 'n'),
    ("lines", 'n'),
    ("max-count", 'm'),
    ("max-time", 'm'),
    ("numeric-sort", 'n'),
    ("only-matching", 'o'),
    ("output", 'o'),
    ("parents", 'p'),
    ("quiet", 'q'),
    ("recursive", 'r'),
    ("regexp", 'e'),
    ("request", 'X'),
    ("reverse", 'r'),
    ("silent", 's'),
    ("spider", 'S'),
    ("timeout", 'T'),
    ("unique", 'u'),
    ("verbose", 'v'),
    ("word-regexp", 'w'),
    ("write-out", 'w'),
];

/// The part of a program's path that names it.
fn plain(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or("")
}

fn find(name: &str) -> Option<&'static Applet> {
    APPLETS.iter().find(|a| a.names.contains(&plain(name)))
}

/// Whether every image with a shell has a program of this name.
pub fn is_applet(name: &str) -> bool {
    find(name).is_some() || BUILT_IN.contains(&name)
}

/// Flags of one letter with their values (empty for those without), and the other words.
struct Options {
    flags: Vec<(char, String)>,
    words: Vec<String>,
}

impl Options {
    fn parse(arguments: &[String], valued: &str) -> Self {
        let mut out = Self { flags: Vec::new(), words: Vec::new() };
        let mut rest = arguments.iter();
        while let Some(word) = rest.next() {
            if word == "--" {
                out.words.extend(rest.cloned());
                break;
            }
            let mut next = |given: &str| if given.is_empty() { rest.next().cloned().unwrap_or_default() } else { given.to_owned() };
            if let Some(long) = word.strip_prefix("--") {
                let (name, value) = long.split_once('=').unwrap_or((long, ""));
                let letter = LONG.iter().find(|(long, _)| *long == name).map_or('?', |(_, letter)| *letter);
                let value = if valued.contains(letter) { next(value) } else { value.to_owned() };
                out.flags.push((letter, value));
                continue;
            }
            let Some(letters) = word.strip_prefix('-').filter(|l| !l.is_empty()) else {
                out.words.push(word.clone());
                continue;
            };
            if letters.bytes().all(|b| b.is_ascii_digit()) {
                // `head -5`, `grep -2`
                out.flags.push((if valued.contains('C') { 'C' } else { 'n' }, letters.to_owned()));
                continue;
            }
            let mut characters = letters.chars();
            while let Some(letter) = characters.next() {
                if valued.contains(letter) {
                    out.flags.push((letter, next(characters.as_str())));
                    break;
                }
                out.flags.push((letter, String::new()));
            }
        }
        out
    }

    fn of(arguments: &[String]) -> Self {
        Self::parse(arguments.get(1..).unwrap_or_default(), arguments.first().and_then(|n| find(n)).map_or("", |a| a.valued))
    }

    fn has(&self, letter: char) -> bool {
        self.flags.iter().any(|(l, _)| *l == letter)
    }

    fn values(&self, letter: char) -> impl Iterator<Item = &str> {
        self.flags.iter().filter(move |(l, _)| *l == letter).map(|(_, value)| value.as_str())
    }

    fn value(&self, letter: char) -> Option<&str> {
        self.values(letter).last()
    }

    fn number(&self, letter: char) -> Option<usize> {
        self.value(letter)?.trim_start_matches(['+', '-']).parse().ok()
    }
}

/// Whether this call reads standard input.
pub fn reads_stdin(arguments: &[String]) -> bool {
    let Some(applet) = find(&arguments[0]) else { return arguments[0] == "redis-cli" && arguments.len() == 1 || arguments[0] == "xargs" };
    let options = Options::of(arguments);
    match applet.reads {
        Reads::Never => false,
        Reads::Always => !(applet.names[0] == "nc" && options.has('z')),
        Reads::Behind(most) => {
            let behind = if options.has('e') { 0 } else { most };
            options.words.len() <= behind || options.words.iter().any(|w| w == "-")
        }
    }
}

/// Whether each line that this call reads stands for itself, so that it prints before its input ends.
pub fn is_linewise(arguments: &[String]) -> bool {
    let options = Options::of(arguments);
    match plain(&arguments[0]) {
        "cat" | "less" | "more" | "tee" | "tr" | "cut" | "rev" => true,
        "grep" | "egrep" | "fgrep" => grep_goes_by_line(&options),
        "awk" => !options.words.iter().any(|a| a.contains("END") || a.contains("NR")),
        "sed" => sed_goes_by_line(&options),
        _ => false,
    }
}

/// How many lines `head` reads before it ends.
pub fn lines_wanted(arguments: &[String]) -> Option<usize> {
    let options = Options::of(arguments);
    let counts = arguments[0] == "head" && !options.has('c') && !options.value('n').is_some_and(|n| n.starts_with('-'));
    counts.then(|| options.number('n').unwrap_or(10))
}

/// `grep -q` ends with the first line that fits.
pub fn ends_when_found(arguments: &[String]) -> bool {
    arguments[0].ends_with("grep") && Options::of(arguments).has('q')
}

/// Whether this call becomes a server.
pub fn listens(arguments: &[String]) -> bool {
    match plain(&arguments[0]) {
        "httpd" => true,
        "nc" => Options::of(arguments).has('l'),
        _ => false,
    }
}

/// Whether the network may let this program wait.
pub fn asks_the_network(name: &str) -> bool {
    matches!(plain(name), "wget" | "curl" | "nc" | "nslookup" | "telnet" | "ping")
}

/// `5`, `0.5`, `2m` in milliseconds.
pub fn duration_ms(text: &str) -> Option<u64> {
    let (number, unit) = match text.char_indices().next_back()? {
        (at, 's') => (&text[..at], 1000),
        (at, 'm') => (&text[..at], 60_000),
        (at, 'h') => (&text[..at], 3_600_000),
        (at, 'd') => (&text[..at], 86_400_000),
        _ => (text, 1000),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() || !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) {
        return None;
    }
    let thousandths: u64 = format!("{fraction:0<3}")[..3].parse().ok()?;
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    whole.checked_mul(1000)?.checked_add(thousandths)?.checked_mul(unit).map(|t| t / 1000)
}

/// An applet at work.
struct Call<'a, 'b> {
    machine: &'a mut Machine,
    host: &'b mut dyn Host,
    name: &'a str,
    /// All that stands behind the name.
    arguments: &'a [String],
    options: Options,
    stdin: &'a str,
}

/// Runs an applet to its end; gives its exit code. `None`: there is none of this name.
pub fn run(machine: &mut Machine, host: &mut dyn Host, arguments: &[String], stdin: &str) -> Option<i32> {
    let applet = find(&arguments[0])?;
    let mut call = Call { machine, host, name: plain(&arguments[0]), arguments: &arguments[1..], options: Options::of(arguments), stdin };
    Some((applet.run)(&mut call))
}

impl Call<'_, '_> {
    fn has(&self, flag: char) -> bool {
        self.options.has(flag)
    }

    /// The word at this place, or nothing.
    fn word(&self, index: usize) -> &str {
        self.options.words.get(index).map_or("", String::as_str)
    }

    fn say(&mut self, text: &str) -> i32 {
        self.machine.print(self.host, text);
        0
    }

    /// A complaint. GNU's programs say `cannot` where BusyBox says `can't`.
    fn fail(&mut self, message: &str, code: i32) -> i32 {
        let message = if self.machine.bash { message.replace("can't ", "cannot ") } else { message.to_owned() };
        self.machine.say_error(self.host, &format!("{}: {message}\n", self.name));
        code
    }

    fn path(&self, word: &str) -> String {
        absolute(&self.machine.directory, word)
    }

    fn each(&mut self, act: impl Fn(&mut Self, &str, &str) -> Result<(), String>) -> i32 {
        let mut code = 0;
        for word in self.options.words.clone() {
            let path = self.path(&word);
            if let Err(message) = act(self, &path, &word) {
                code = self.fail(&message, 1);
            }
        }
        code
    }

    /// The text of the files named behind so many words, or of standard input; complaints about those that are not there.
    fn text(&mut self, behind: usize) -> (String, i32) {
        let files = self.options.words.get(behind..).unwrap_or_default().to_vec();
        if files.is_empty() {
            return (self.stdin.to_owned(), 0);
        }
        let opens = if self.machine.bash || matches!(self.name, "grep" | "sed") { "" } else { "can't open " };
        let (mut text, mut code) = (String::new(), 0);
        for word in &files {
            let path = self.path(word);
            match self.host.read(&path) {
                _ if word == "-" => text.push_str(self.stdin),
                _ if path == "/dev/null" => {}
                Ok(content) => text.push_str(&content),
                Err(FileError::IsDirectory) => code = self.fail("read error: Is a directory", 1),
                Err(error) if opens.is_empty() => code = self.fail(&format!("{word}: {}", error.words()), 1),
                Err(error) => code = self.fail(&format!("{opens}'{word}': {}", error.words()), 1),
            }
        }
        (text, code)
    }
}

/// `\n`, `\t` and the like.
pub(super) fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match characters.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some('e') => out.push('\u{1b}'),
            Some('\\') => out.push('\\'),
            Some('0') => out.push('\0'),
            Some(other) => out.extend(['\\', other]),
            None => out.push('\\'),
        }
    }
    out
}
