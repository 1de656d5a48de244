//! The applets: small programs that read their input whole and end at once, with BusyBox's words (and GNU's in the person's own shell).

mod bytes;
mod clock;
mod columns;
mod endless;
mod files;
mod format;
mod interfaces;
mod layout;
mod links;
mod lookup;
mod network;
mod options;
mod order;
mod owners;
mod patterns;
mod processes;
mod room;
mod system;
mod text;
mod truth;
mod words;

use std::cell::Cell;

use super::machine::NAME_BYTES;
use super::machine::{Machine, absolute};
use super::regex::{MOST_EFFORT, Regex};
use super::{FileError, Host, Kind};
use endless::Endless;
use options::Options;
use patterns::{grep_goes_by_line, sed_goes_by_line};
pub use processes::short_name;
pub use system::path_of;

/// A program: its names, its flags, what stands behind its name in its usage, how many words it wants at least, when it reads standard input,
/// and what it does.
struct Applet {
    names: &'static [&'static str],
    /// The letters of the flags as C's `getopt` has them: a colon stands behind those with a value, two behind those whose value is joined to them
    /// or missing. In front `+` says that the first other word ends the flags, `~` that letters not listed here change nothing. At the end `#n`
    /// says that a number behind a dash is the value of `n`, and `#+n` that one behind a plus is it too.
    letters: &'static str,
    usage: &'static str,
    least: usize,
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

use Reads::{Always, Behind, Never};

const fn applet(
    names: &'static [&'static str],
    letters: &'static str,
    usage: &'static str,
    least: usize,
    reads: Reads,
    run: fn(&mut Call) -> i32,
) -> Applet {
    Applet { names, letters, usage, least, reads, run }
}

/// A program that takes any flag.
const fn lenient(names: &'static [&'static str], letters: &'static str, reads: Reads, run: fn(&mut Call) -> i32) -> Applet {
    applet(names, letters, "", 0, reads, run)
}

const APPLETS: &[Applet] = &[
    lenient(&["echo"], "~", Never, words::echo),
    lenient(&["printf"], "~", Never, words::printf),
    lenient(&["test", "[", "[["], "~", Never, truth::test),
    lenient(&["expr"], "~", Never, truth::expr),
    applet(&["seq"], "+ws:", "[-w] [-s SEP] [FIRST [INC]] LAST", 1, Never, words::seq),
    applet(&["date"], "d:uRI::s:r:D:", "[OPTIONS] [+FMT] [[-s] TIME]", 0, Never, clock::date),
    lenient(&["hostname"], "~", Never, system::hostname),
    applet(&["id", "groups"], "ugGnr", "[-ugGnr] [USER]", 0, Never, owners::id),
    lenient(&["whoami"], "~", Never, owners::whoami),
    lenient(&["chmod"], "~", Never, owners::chmod),
    lenient(&["chown", "chgrp"], "~", Never, owners::chown),
    lenient(&["printenv"], "~", Never, system::printenv),
    lenient(&["ps"], "~o:p:", Never, processes::ps),
    applet(&["pidof"], "so:", "[OPTIONS] [NAME]...", 0, Never, processes::pidof),
    lenient(&["killall"], "~", Never, processes::killall),
    applet(&["pgrep", "pkill"], "~", "[-flanovx] [-s SID|-P PPID|PATTERN]", 1, Never, processes::pgrep),
    applet(&["uname"], "amnrspvio", "[-amnrspvio]", 0, Never, system::uname),
    lenient(&["arch"], "~", Never, |call| call.say("x86_64\n")),
    applet(&["which"], "+a", "[-a] COMMAND...", 0, Never, system::which),
    lenient(&["uptime"], "~", Never, system::uptime),
    lenient(&["nproc"], "~", Never, |call| call.say("2\n")),
    lenient(&["yes"], "~", Never, words::yes),
    lenient(&["free"], "~", Never, room::free),
    lenient(&["df"], "~", Never, room::df),
    applet(&["du"], "aHLd:clsxhmk", "[-aHLdclsxhmk] [FILE]...", 0, Never, room::du),
    lenient(&["mount"], "~t:o:", Never, room::mount),
    lenient(&["ip"], "~f:", Never, interfaces::ip),
    lenient(&["ifconfig"], "~", Never, interfaces::ifconfig),
    lenient(&["route"], "~", Never, interfaces::route),
    lenient(&["netstat"], "~", Never, interfaces::netstat),
    lenient(&["sync", "clear"], "~", Never, |_| 0),
    applet(&["ln"], "sfnbtvTS:", "[-sfnbtv] [-S SUF] TARGET... LINK|DIR", 1, Never, links::ln),
    applet(&["unlink"], "", "FILE", 1, Never, links::unlink),
    applet(&["ls"], "1AaCxdLHRFplinshrSXvctuw:k", "[-1AaCxdLHRFplinshrSXvctu] [-w WIDTH] [FILE]...", 0, Never, files::ls),
    applet(&["rm"], "irRf", "[-irf] FILE...", 1, Never, files::rm),
    applet(&["rmdir"], "pv", "[-p] DIRECTORY...", 1, Never, files::rmdir),
    applet(&["mkdir"], "m:pv", "[-m MODE] [-p] DIRECTORY...", 1, Never, files::mkdir),
    applet(&["touch"], "chamd:t:r:", "[-cham] [-d DATE] [-t DATE] [-r FILE] FILE...", 1, Never, files::touch),
    applet(&["cp"], "arRPLHpfinlsTuvd", "[-arPLHpfinlsTu] SOURCE DEST", 2, Never, files::copy),
    applet(&["mv"], "finTv", "[-finT] SOURCE DEST", 2, Never, files::copy),
    applet(&["readlink", "realpath"], "fnv", "[-fnv] FILE", 1, Never, links::read_link),
    applet(&["stat"], "ltfLc:", "[-ltf] [-c FMT] FILE...", 1, Never, owners::stat),
    applet(&["find"], "~", "[-HL] [PATH]... [OPTIONS] [ACTIONS]", 0, Never, files::find),
    applet(&["basename"], "as:", "FILE [SUFFIX] | -a FILE... | -s SUFFIX FILE...", 1, Never, files::basename),
    applet(&["dirname"], "", "FILENAME", 1, Never, files::dirname),
    applet(&["cat"], "nbvteAu", "[-nbvteA] [FILE]...", 0, Behind(0), text::cat),
    lenient(&["less", "more"], "~", Behind(0), text::cat),
    applet(&["head"], "n:c:qv#n", "[OPTIONS] [FILE]...", 0, Behind(0), text::ends),
    applet(&["tail"], "n:c:qvfFs:#+n", "[OPTIONS] [FILE]...", 0, Behind(0), text::ends),
    applet(&["wc"], "cmlwL", "[-cmlwL] [FILE]...", 0, Behind(0), text::wc),
    applet(&["sort"], "nrugMcszbdfio:k:t:V", SORT, 0, Behind(0), order::sort),
    applet(&["uniq"], "cduizf:s:w:", "[-cduiz] [-f,s,w N] [FILE [OUTFILE]]", 0, Behind(0), order::uniq),
    applet(&["rev"], "", "[FILE]...", 0, Behind(0), text::rev),
    applet(&["tac"], "", "[FILE]...", 0, Behind(0), text::tac),
    lenient(&["column"], "~s:o:", Behind(0), layout::column),
    applet(&["nl"], "b:w:s:v:i:", "[OPTIONS] [FILE]...", 0, Behind(0), layout::nl),
    applet(&["paste"], "d:s", "[-d LIST] [-s] [FILE]...", 0, Behind(0), layout::paste),
    applet(&["fold"], "w:bs#w", "[-bs] [-w WIDTH] [FILE]...", 0, Behind(0), layout::fold),
    applet(&["cut"], "d:f:c:b:snO:", "[OPTIONS] [FILE]...", 0, Behind(0), text::cut),
    applet(&["tr"], "+Ccds", "[-cds] STRING1 [STRING2]", 1, Always, text::tr),
    applet(&["tee"], "ai", "[-ai] [FILE]...", 0, Always, text::tee),
    applet(&["base64"], "dDw:", "[-d] [-w COL] [FILE]", 0, Behind(0), bytes::base64),
    lenient(&["od"], "~t:A:N:j:w:", Behind(0), bytes::od),
    lenient(&["hexdump", "hd"], "~n:s:e:", Behind(0), bytes::hexdump),
    applet(&["grep", "egrep", "fgrep"], "HhnlLoqvsrRiwxFEzm:A:B:C:e:f:c#C", GREP, 0, Behind(1), patterns::grep),
    applet(&["sed"], "i::nrEe:f:", "[-i[SFX]] [-nrE] [-f FILE]... [-e CMD]... [FILE]...", 0, Behind(1), patterns::sed),
    applet(&["awk"], "+F:v:f:e:", "[OPTIONS] [AWK_PROGRAM] [FILE]...", 1, Behind(1), columns::awk),
    lenient(&["wget"], "~O:T:t:P:U:Y:H:d:", Never, network::fetch),
    lenient(&["curl"], "~m:o:X:H:d:w:T:u:A:e:b:", Never, network::fetch),
    lenient(&["nc"], "~w:p:i:e:", Always, network::nc),
    lenient(&["telnet"], "~", Never, network::telnet),
    lenient(&["ping"], "~c:W:w:i:I:s:", Never, network::ping),
    applet(&["nslookup"], "~", "[-type=QUERY_TYPE] [-debug] HOST [DNS_SERVER]", 1, Never, lookup::nslookup),
];

const SORT: &str = "[-nrugMcszbdfiokt] [-o FILE] [-k START[.OFS][OPTS][,END[.OFS][OPTS]] [-t CHAR] [FILE]...";
const GREP: &str = "[-HhnlLoqvsrRiwFEz] [-m N] [-A|B|C N] { PATTERN | -e PATTERN... | -f FILE... } [FILE]...";

/// Commands of the machine itself that other programs take for applets.
const BUILT_IN: &[&str] = &["pwd", "sleep", "usleep", "true", "false", "kill", "time", "timeout", "env", "xargs", "watch", "httpd"];

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

/// Whether this call reads standard input.
pub fn reads_stdin(arguments: &[String]) -> bool {
    let Some(applet) = find(&arguments[0]) else { return arguments[0] == "redis-cli" && arguments.len() == 1 || arguments[0] == "xargs" };
    let options = Options::of(arguments);
    match applet.reads {
        Never => false,
        Always => options.words.len() >= applet.least && !(applet.names[0] == "nc" && options.has('z')),
        Behind(most) => {
            let behind = if options.has('e') || options.has('f') { 0 } else { most };
            let walks = options.has('r') && applet.names[0] == "grep";
            options.words.len() == behind && !walks || options.words.iter().skip(behind).any(|w| w == "-")
        }
    }
}

/// Whether each line that this call reads stands for itself, so that it prints before its input ends.
pub fn is_linewise(arguments: &[String]) -> bool {
    let options = Options::of(arguments);
    match plain(&arguments[0]) {
        _ if options.wrong.is_some() => false,
        "cat" => options.flags.is_empty(),
        "less" | "more" | "tee" | "tr" | "cut" | "rev" => true,
        "grep" | "egrep" | "fgrep" => grep_goes_by_line(&options),
        "awk" => !options.words.iter().any(|word| word.contains("NR")),
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
    /// Bytes of text that its searches were worth.
    effort: Cell<u64>,
}

/// Taking a text apart into lines is as much work as copying it so many times.
const LINES: usize = 4;

/// Runs an applet to its end; gives its exit code. `None`: there is none of this name.
pub fn run(machine: &mut Machine, host: &mut dyn Host, arguments: &[String], stdin: &str) -> Option<i32> {
    let applet = find(&arguments[0])?;
    let mut call =
        Call { machine, host, name: plain(&arguments[0]), arguments: &arguments[1..], options: Options::of(arguments), stdin, effort: Cell::new(0) };
    // GNU's programs know more flags than are listed here.
    if let Some(wrong) = call.options.wrong.take().filter(|_| !call.machine.bash) {
        call.fail(&wrong, 1);
        return Some(call.usage());
    }
    if call.options.words.len() < applet.least {
        return Some(call.usage());
    }
    let status = (applet.run)(&mut call);
    let effort = call.effort.get();
    machine.adds_bytes(effort + (stdin.len() * LINES) as u64);
    // What nobody would wait for does not end.
    machine.is_endless |= effort >= MOST_EFFORT;
    Some(status)
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

    /// The names in a folder; to look at them is work.
    fn list(&self, path: &str) -> Result<Vec<String>, FileError> {
        let names = self.host.list(path)?;
        self.effort.set(self.effort.get() + NAME_BYTES * (1 + names.len() as u64));
        Ok(names)
    }

    /// Counts what was looked for.
    fn looked<'r>(&self, regexes: impl IntoIterator<Item = &'r Regex>) {
        self.effort.set(self.effort.get() + regexes.into_iter().map(Regex::effort).sum::<u64>());
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

    /// The exit code where it could not do its work.
    fn failure(&self) -> i32 {
        if self.name == "sort" || self.name.ends_with("grep") { 2 } else { 1 }
    }

    /// How it is called, where it was called wrongly.
    fn usage(&mut self) -> i32 {
        let name = self.name;
        let code = self.failure();
        if self.machine.bash {
            let what = if matches!(name, "cp" | "mv" | "touch") { "missing file operand" } else { "missing operand" };
            return self.fail(&format!("{what}\nTry '{name} --help' for more information."), code);
        }
        let usage = find(name).map_or("", |applet| applet.usage);
        self.machine.say_error(self.host, &format!("BusyBox v1.36.1 multi-call binary.\n\nUsage: {name} {usage}\n"));
        code
    }

    /// A complaint of a program that is a part of the shell.
    fn shell_fails(&mut self, message: &str, code: i32) -> i32 {
        let shell = if self.machine.bash { format!("bash: {}", self.name) } else { "sh".into() };
        self.machine.say_error(self.host, &format!("{shell}: {message}\n"));
        code
    }

    /// A whole number that is not negative, with its unit; it complains of anything else.
    fn number(&mut self, text: &str) -> Result<usize, i32> {
        let digits = text.trim_end_matches(['k', 'K', 'm', 'M', 'b', 'c', 'w']);
        let unit = match &text[digits.len()..] {
            "" | "c" => Some(1),
            "w" => Some(2),
            "b" => Some(512),
            "k" | "K" => Some(1 << 10),
            "m" | "M" => Some(1 << 20),
            _ => None,
        };
        let number = digits.parse::<u32>().ok().zip(unit);
        let known = number.and_then(|(number, unit)| usize::try_from(number).ok()?.checked_mul(unit));
        let code = self.failure();
        known.ok_or_else(|| self.fail(&format!("invalid number '{text}'"), code))
    }

    /// The files named behind so many words, or `-`.
    fn inputs(&self, behind: usize) -> Vec<String> {
        let files = self.options.words.get(behind..).unwrap_or_default();
        if files.is_empty() { vec!["-".to_owned()] } else { files.to_vec() }
    }

    /// What a file or (`-`) standard input holds; the exit code where that cannot be said, after a complaint in this program's words.
    fn open(&mut self, word: &str) -> Result<String, i32> {
        let path = self.path(word);
        if word == "-" {
            return Ok(self.stdin.to_owned());
        }
        if path == "/dev/null" {
            return Ok(String::new());
        }
        if let Some(source) = Endless::of(&path) {
            return Ok(source.all(self));
        }
        let (name, bash) = (self.name, self.machine.bash);
        let error = match self.host.read(&path) {
            Ok(text) => return Ok(text),
            Err(error) => error.words(),
        };
        let message = match (name, bash, error) {
            ("cat" | "tail" | "base64", _, "Is a directory") => format!("read error: {error}"),
            ("head" | "fold", false, "Is a directory") => format!("{word}: Input/output error"),
            ("sort" | "sed" | "nl" | "paste" | "rev" | "grep" | "cut", false, "Is a directory") => return Ok(String::new()),
            (_, _, "Is a directory") => format!("{word}: {error}"),
            ("head" | "tail", true, _) => format!("cannot open '{word}' for reading: {error}"),
            ("cat" | "tail" | "uniq" | "less" | "more", false, _) => format!("can't open '{word}': {error}"),
            _ => format!("{word}: {error}"),
        };
        let code = self.failure();
        if name.ends_with("grep") && self.has('s') { Err(code) } else { Err(self.fail(&message, code)) }
    }

    fn folder(&self, word: &str) -> bool {
        self.host.stat(&self.path(word)) == Some(Kind::Directory)
    }

    /// The text of the files named behind so many words, or of standard input; complaints about those that are not there.
    fn text(&mut self, behind: usize) -> (String, i32) {
        let (mut text, mut code) = (String::new(), 0);
        for word in self.inputs(behind) {
            match self.open(&word) {
                Ok(content) => text.push_str(&content),
                Err(failed) => code = failed,
            }
        }
        (text, code)
    }

    /// Lines changed as a whole.
    fn lines(&mut self, change: impl FnOnce(&Self, &mut Vec<String>)) -> i32 {
        let (text, code) = self.text(0);
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        change(self, &mut lines);
        let out: String = lines.iter().map(|l| format!("{l}\n")).collect();
        self.say(&out);
        code
    }
}

/// `\n`, `\t`, `\x41`, `\101` and the like. `\c` ends the text: then there is nothing behind it, and `true`.
fn unescaped(text: &str) -> (String, bool) {
    let mut out = String::new();
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        let Some(escaped) = characters.next() else {
            out.push('\\');
            break;
        };
        let mut number = |first: u32, base: u32, most: usize| {
            let mut value = first;
            for _ in 0..most {
                let Some(digit) = characters.peek().and_then(|c| c.to_digit(base)) else { break };
                value = value * base + digit;
                characters.next();
            }
            char::from_u32(value & 0xff).unwrap_or_default()
        };
        match "abefnrtv\\".find(escaped) {
            Some(at) => out.extend("\x07\x08\x1b\x0c\n\r\t\x0b\\".chars().nth(at)),
            None => match escaped {
                'c' => return (out, true),
                'x' => out.push(number(0, 16, 2)),
                '0' => out.push(number(0, 8, 3)),
                '1'..='7' => out.push(number(u32::from(escaped) - u32::from('0'), 8, 2)),
                other => out.extend(['\\', other]),
            },
        }
    }
    (out, false)
}

pub(super) fn unescape(text: &str) -> String {
    unescaped(text).0
}
