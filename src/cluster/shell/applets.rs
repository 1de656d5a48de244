//! The applets: small programs that read their input whole and end at once, with BusyBox's words.

use super::machine::{Machine, absolute};
use super::regex::Regex;
use super::{FileError, Host, Kind, edit, expand};
use crate::api::order::InOrder as _;
use crate::cluster::network::{Answer, Failure};

const APPLETS: &[&str] = &[
    "echo", "printf", "cat", "ls", "rm", "mkdir", "rmdir", "touch", "cp", "mv", "head", "tail", "wc", "grep", "sed", "sort", "uniq", "cut", "tr",
    "date", "hostname", "id", "whoami", "env", "printenv", "ps", "uname", "seq", "test", "[", "wget", "curl", "nc", "base64", "basename", "dirname",
    "which", "tee", "xargs", "find", "stat", "expr", "nproc", "free", "df", "uptime", "sync", "clear", "nslookup", "chmod", "chown", "ln", "rev",
    "yes", "awk", "pwd", "sleep", "true", "false", "kill", "httpd", "telnet", "ping", "timeout", "usleep",
];

pub fn is_applet(name: &str) -> bool {
    APPLETS.contains(&name)
}

/// Whether this call reads standard input (no file is named).
pub fn reads_stdin(name: &str, arguments: &[String]) -> bool {
    let files = arguments[1..].iter().filter(|a| !a.starts_with('-') || *a == "-").count();
    match name {
        "cat" | "wc" | "sort" | "uniq" | "base64" | "rev" => files == 0 || arguments[1..].iter().any(|a| a == "-"),
        "head" | "tail" | "cut" => arguments[1..].iter().filter(|a| !a.starts_with('-') && a.parse::<i64>().is_err()).count() == 0,
        "grep" | "sed" | "awk" => files <= 1,
        "tr" | "tee" | "xargs" => true,
        "nc" => !arguments[1..].iter().any(|a| a.starts_with('-') && a.contains('z')),
        "redis-cli" => arguments.len() == 1,
        _ => false,
    }
}

/// Whether each line that this call reads stands for itself, so that it prints before its input ends.
pub fn is_linewise(arguments: &[String]) -> bool {
    match arguments[0].rsplit('/').next().unwrap_or("") {
        "cat" | "tee" | "tr" | "cut" | "rev" => true,
        "grep" => !arguments[1..].iter().any(|a| a.starts_with('-') && a.contains(['c', 'm', 'n'])),
        "awk" => !arguments[1..].iter().any(|a| a.contains("END") || a.contains("NR")),
        "sed" => {
            let script = arguments[1..].iter().find(|a| !a.starts_with('-'));
            script.is_some_and(|s| edit::Script::new(s, false, false).is_ok_and(|s| s.is_linewise()))
        }
        _ => false,
    }
}

/// How many lines `head` reads before it ends.
pub fn lines_wanted(arguments: &[String]) -> Option<usize> {
    if arguments[0] != "head" || arguments.iter().any(|a| a.starts_with("-c")) {
        return None;
    }
    Some(arguments[1..].iter().find_map(|a| a.trim_start_matches("-n").trim_start_matches('-').parse().ok()).unwrap_or(10))
}

/// `grep -q` ends with the first line that fits.
pub fn ends_when_found(arguments: &[String]) -> bool {
    arguments[0].ends_with("grep") && arguments[1..].iter().any(|a| a.starts_with('-') && !a.starts_with("--") && a.contains('q'))
}

/// Whether this call becomes a server.
pub fn listens(name: &str, arguments: &[String]) -> bool {
    name == "httpd" || name == "nc" && arguments[1..].iter().any(|a| a.starts_with('-') && !a.starts_with("--") && a.contains('l'))
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

struct Call<'a, 'b> {
    machine: &'a mut Machine,
    host: &'b mut dyn Host,
    name: String,
    flags: Vec<String>,
    words: Vec<String>,
    stdin: &'a str,
}

/// Runs an applet to its end; gives its exit code.
pub fn run(machine: &mut Machine, host: &mut dyn Host, arguments: &[String], stdin: &str) -> i32 {
    let name = arguments[0].rsplit('/').next().unwrap_or("").to_owned();
    let (flags, words) = arguments[1..].iter().cloned().partition(|a| a.starts_with('-') && a.len() > 1);
    let mut call = Call { machine, host, name: name.clone(), flags, words, stdin };
    match name.as_str() {
        "echo" => call.echo(&arguments[1..]),
        "printf" => call.printf(),
        "cat" => call.cat(),
        "ls" => call.ls(),
        "rm" | "rmdir" => call.rm(),
        "mkdir" => call.each(|call, path, word| {
            let parents = call.has('p');
            call.host.make_directory(path, parents).map_err(|e| format!("can't create directory '{word}': {}", e.words()))
        }),
        "touch" => call.each(|call, path, word| call.host.write_file(path, "", true).map_err(|e| format!("{word}: {}", e.words()))),
        "cp" | "mv" => call.copy(),
        "head" | "tail" => call.ends(),
        "wc" => call.wc(),
        "grep" => call.grep(),
        "sed" => call.sed(),
        "sort" => call.lines(|call, lines| {
            lines.order();
            if call.has('r') {
                lines.reverse();
            }
            if call.has('u') {
                lines.dedup();
            }
        }),
        "uniq" => call.lines(|_, lines| lines.dedup()),
        "rev" => call.lines(|_, lines| lines.iter_mut().for_each(|l| *l = l.chars().rev().collect())),
        "cut" => call.cut(arguments),
        "tr" => call.tr(),
        "awk" => call.awk(),
        "tee" => call.tee(),
        "base64" => call.base64(),
        "date" => {
            let text = if call.words.iter().any(|w| w.starts_with("+%s")) { format!("{}\n", 1_767_225_600 + call.host.now().secs()) } else { format!("{}\n", call.host.date()) };
            call.say(&text)
        }
        "hostname" => {
            let text = if call.has('i') { call.host.ip() } else { call.host.hostname() };
            call.say(&format!("{text}\n"))
        }
        "id" => {
            let (user, group) = call.host.user();
            let text = if call.has('u') {
                format!("{user}\n")
            } else if user == 0 {
                "uid=0(root) gid=0(root) groups=0(root),10(wheel)\n".into()
            } else {
                format!("uid={user} gid={group} groups={group}\n")
            };
            call.say(&text)
        }
        "whoami" => match call.host.user().0 {
            0 => call.say("root\n"),
            user => call.fail(&format!("unknown uid {user}"), 1),
        },
        "env" | "printenv" => call.env(),
        "ps" => call.ps(),
        "uname" => {
            let text = if call.has('a') { format!("Linux {} 6.1.0 #1 SMP x86_64 GNU/Linux\n", call.host.hostname()) } else { "Linux\n".into() };
            call.say(&text)
        }
        "seq" => call.seq(),
        "test" | "[" => call.test(&arguments[1..]),
        "wget" | "curl" => call.fetch(arguments),
        "nc" => call.nc(),
        "telnet" => call.telnet(),
        "ping" => call.ping(arguments),
        "pwd" => {
            let directory = call.machine.directory.clone();
            call.say(&format!("{directory}\n"))
        }
        "false" => 1,
        "nslookup" => call.nslookup(),
        "basename" => {
            let text = call.words.first().map_or("", |w| w.trim_end_matches('/').rsplit('/').next().unwrap_or("")).to_owned();
            call.say(&format!("{text}\n"))
        }
        "dirname" => {
            let text = call.words.first().and_then(|w| w.rsplit_once('/')).map_or(".", |(d, _)| if d.is_empty() { "/" } else { d }).to_owned();
            call.say(&format!("{text}\n"))
        }
        "which" => {
            let found: Vec<String> = call.words.iter().filter(|w| is_applet(w)).map(|w| format!("/bin/{w}\n")).collect();
            let all = found.len() == call.words.len();
            call.say(&found.concat());
            i32::from(!all)
        }
        "xargs" => call.xargs(),
        "find" => call.find(),
        "stat" => call.each(|call, path, word| match call.host.stat(path) {
            Some(kind) => {
                let text = match kind {
                    Kind::File { bytes, .. } => format!("  File: {word}\n  Size: {bytes}\tregular file\n"),
                    Kind::Directory => format!("  File: {word}\n  Size: 4096\tdirectory\n"),
                };
                call.say(&text);
                Ok(())
            }
            None => Err(format!("cannot stat '{word}': No such file or directory")),
        }),
        "expr" => {
            let text = call.words.join(" ").replace(" : ", ":");
            let value = expand::arithmetic(call.machine, &arguments[1..].join(""));
            let _shown = text;
            call.say(&format!("{value}\n"));
            i32::from(value == 0)
        }
        "nproc" => call.say("2\n"),
        "yes" => call.say(&"y\n".repeat(1000)),
        "uptime" => {
            let seconds = call.host.now().secs();
            call.say(&format!(" up {} min,  0 users,  load average: 0.00, 0.00, 0.00\n", seconds / 60))
        }
        "free" => call.say("              total        used        free      shared  buff/cache   available\nMem:       24536328      812340    21203112        3124     2520876    23398236\n"),
        "df" => call.say("Filesystem           1K-blocks      Used Available Use% Mounted on\noverlay              103080888  12044128  86684812  12% /\n"),
        _ => 0,
    }
}

impl Call<'_, '_> {
    fn has(&self, flag: char) -> bool {
        self.flags.iter().any(|f| !f.starts_with("--") && f.contains(flag))
    }

    fn say(&mut self, text: &str) -> i32 {
        self.machine.print(self.host, text);
        0
    }

    fn fail(&mut self, message: &str, code: i32) -> i32 {
        let text = format!("{}: {message}\n", self.name);
        self.machine.say_error(self.host, &text);
        code
    }

    fn path(&self, word: &str) -> String {
        absolute(&self.machine.directory, word)
    }

    fn each(&mut self, act: impl Fn(&mut Self, &str, &str) -> Result<(), String>) -> i32 {
        let mut code = 0;
        for word in self.words.clone() {
            let path = self.path(&word);
            if let Err(message) = act(self, &path, &word) {
                code = self.fail(&message, 1);
            }
        }
        code
    }

    /// The text of the named files, or of standard input; complaints about those that are not there.
    fn text_of(&mut self, files: &[String]) -> (String, i32) {
        if files.is_empty() {
            return (self.stdin.to_owned(), 0);
        }
        let (mut text, mut code) = (String::new(), 0);
        for word in files {
            if word == "-" {
                text.push_str(self.stdin);
                continue;
            }
            let path = self.path(word);
            match self.host.read(&path) {
                Ok(content) => text.push_str(&content),
                Err(FileError::NotFound) => code = self.fail(&format!("can't open '{word}': No such file or directory"), 1),
                Err(FileError::IsDirectory) => code = self.fail("read error: Is a directory", 1),
                Err(error) => code = self.fail(&format!("can't open '{word}': {}", error.words()), 1),
            }
        }
        (text, code)
    }

    fn echo(&mut self, arguments: &[String]) -> i32 {
        let mut words = arguments;
        let (mut newline, mut escapes) = (true, false);
        while let Some(first) = words.first().filter(|w| w.len() > 1 && w.starts_with('-') && w[1..].chars().all(|c| "neE".contains(c))) {
            newline &= !first.contains('n');
            escapes |= first.contains('e');
            words = &words[1..];
        }
        let mut text = words.join(" ");
        if escapes {
            text = unescape(&text);
        }
        if newline {
            text.push('\n');
        }
        self.say(&text)
    }

    fn printf(&mut self) -> i32 {
        let mut words: Vec<String> = self.flags.iter().chain(&self.words).cloned().collect();
        if words.is_empty() {
            return 1;
        }
        let format = unescape(&words.remove(0));
        let mut out = String::new();
        let mut rest = words.into_iter().peekable();
        loop {
            let mut used = false;
            let mut characters = format.chars();
            while let Some(c) = characters.next() {
                if c != '%' {
                    out.push(c);
                    continue;
                }
                let mut width = String::new();
                loop {
                    match characters.next() {
                        Some('%') => out.push('%'),
                        Some(d) if d.is_ascii_digit() || d == '-' || d == '.' => {
                            width.push(d);
                            continue;
                        }
                        Some('s' | 'd' | 'i' | 'u' | 'c' | 'b' | 'f') => {
                            used = true;
                            let text = rest.next().unwrap_or_default();
                            let size =
                                width.trim_start_matches(['-', '0']).split('.').next().and_then(|w| w.parse::<usize>().ok()).unwrap_or(0).min(200);
                            if width.starts_with('-') {
                                out.push_str(&format!("{text:<size$}"));
                            } else if width.starts_with('0') {
                                out.push_str(&format!("{text:0>size$}"));
                            } else {
                                out.push_str(&format!("{text:>size$}"));
                            }
                        }
                        _ => {}
                    }
                    break;
                }
            }
            if !used || rest.peek().is_none() || out.len() > 1 << 16 {
                break;
            }
        }
        self.say(&out)
    }

    fn cat(&mut self) -> i32 {
        let files = self.words.clone();
        let (text, code) = self.text_of(&files);
        self.say(&text);
        code
    }

    fn ls(&mut self) -> i32 {
        let words = if self.words.is_empty() { vec![".".to_owned()] } else { self.words.clone() };
        let mut code = 0;
        let several = words.len() > 1;
        for word in &words {
            let path = self.path(word);
            match self.host.stat(&path) {
                None => code = self.fail(&format!("{word}: No such file or directory"), 1),
                Some(Kind::File { .. }) => drop(self.entry(&path, word)),
                Some(Kind::Directory) => {
                    if several {
                        self.say(&format!("{word}:\n"));
                    }
                    let all = self.has('a');
                    for name in self.host.list(&path).unwrap_or_default() {
                        if all || !name.starts_with('.') {
                            let path = absolute(&path, &name);
                            self.entry(&path, &name);
                        }
                    }
                }
            }
        }
        code
    }

    fn entry(&mut self, path: &str, name: &str) -> i32 {
        if !self.has('l') {
            return self.say(&format!("{name}\n"));
        }
        let date = "Jan  1 00:00";
        let text = match self.host.stat(path) {
            Some(Kind::Directory) => format!("drwxr-xr-x    2 root     root          4096 {date} {name}\n"),
            Some(Kind::File { bytes, executable }) => {
                let mode = if executable { "-rwxr-xr-x" } else { "-rw-r--r--" };
                format!("{mode}    1 root     root     {bytes:>9} {date} {name}\n")
            }
            None => return 1,
        };
        self.say(&text)
    }

    fn rm(&mut self) -> i32 {
        let (force, recursive) = (self.has('f'), self.has('r') || self.has('R') || self.name == "rmdir");
        self.each(|call, path, word| match call.host.remove(path, recursive) {
            Ok(()) => Ok(()),
            Err(FileError::NotFound) if force => Ok(()),
            Err(FileError::IsDirectory) => Err(format!("'{word}' is a directory")),
            Err(error) => Err(format!("can't remove '{word}': {}", error.words())),
        })
    }

    fn copy(&mut self) -> i32 {
        let [from, to] = self.words.as_slice() else { return self.fail("needs a source and a destination", 1) };
        let (from_path, to_path) = (self.path(from), self.path(to));
        let to_path =
            if self.host.stat(&to_path) == Some(Kind::Directory) { absolute(&to_path, from.rsplit('/').next().unwrap_or("")) } else { to_path };
        let from = from.clone();
        let text = match self.host.read(&from_path) {
            Ok(text) => text,
            Err(error) => return self.fail(&format!("can't stat '{from}': {}", error.words()), 1),
        };
        if let Err(error) = self.host.write_file(&to_path, &text, false) {
            return self.fail(&format!("can't create '{to_path}': {}", error.words()), 1);
        }
        if self.name == "mv" && self.host.remove(&from_path, true).is_err() {
            return 1;
        }
        0
    }

    /// `head` and `tail`.
    fn ends(&mut self) -> i32 {
        let mut count = 10i64;
        let mut from_start = false;
        let (mut files, mut bytes) = (Vec::new(), None);
        let all: Vec<String> = self.flags.iter().chain(&self.words).cloned().collect();
        let mut words = all.iter();
        while let Some(word) = words.next() {
            let number = match word.as_str() {
                "-n" => words.next().cloned(),
                "-c" => {
                    bytes = self.words.first().and_then(|w| w.parse::<usize>().ok());
                    continue;
                }
                w if w.starts_with("-n") => Some(w[2..].to_owned()),
                w if w.starts_with('-') && w[1..].parse::<i64>().is_ok() => Some(w[1..].to_owned()),
                w if w.parse::<i64>().is_ok() && files.is_empty() => Some(w.to_owned()),
                w => {
                    if !w.starts_with('-') {
                        files.push(w.to_owned());
                    }
                    None
                }
            };
            if let Some(number) = number {
                from_start = number.starts_with('+');
                count = number.trim_start_matches('+').parse().unwrap_or(10);
            }
        }
        let (text, code) = self.text_of(&files);
        if let Some(bytes) = bytes {
            let cut: String = text.chars().take(bytes).collect();
            self.say(&cut);
            return code;
        }
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        let count = usize::try_from(count.abs()).unwrap_or(10);
        let kept = match (self.name.as_str(), from_start) {
            ("head", _) => &lines[..count.min(lines.len())],
            (_, true) => &lines[count.saturating_sub(1).min(lines.len())..],
            (_, false) => &lines[lines.len().saturating_sub(count)..],
        };
        let out = kept.concat();
        self.say(&out);
        code
    }

    fn wc(&mut self) -> i32 {
        let files = self.words.clone();
        let (text, code) = self.text_of(&files);
        let counts = [('l', text.matches('\n').count()), ('w', text.split_whitespace().count()), ('c', text.len())];
        let wanted: Vec<String> = counts.iter().filter(|(f, _)| self.has(*f)).map(|(_, n)| n.to_string()).collect();
        let name = files.first().map(|f| format!(" {f}")).unwrap_or_default();
        let line = if wanted.is_empty() {
            format!("{:>9} {:>9} {:>9}{name}\n", counts[0].1, counts[1].1, counts[2].1)
        } else {
            format!("{}{name}\n", wanted.join(" "))
        };
        self.say(&line);
        code
    }

    fn lines(&mut self, change: impl Fn(&Self, &mut Vec<String>)) -> i32 {
        let files = self.words.clone();
        let (text, code) = self.text_of(&files);
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        change(self, &mut lines);
        let out: String = lines.iter().map(|l| format!("{l}\n")).collect();
        self.say(&out);
        code
    }

    fn grep(&mut self) -> i32 {
        let mut words = self.words.clone();
        if words.is_empty() {
            return self.fail("needs a pattern", 2);
        }
        let pattern = words.remove(0);
        let (text, code) = self.text_of(&words);
        let fold = self.has('i');
        let pattern = if self.has('F') { quote(&pattern) } else { pattern };
        let pattern = match (self.has('w'), self.has('x')) {
            (_, true) => format!("^{pattern}$"),
            _ => pattern,
        };
        let regex = Regex::new(&pattern, self.has('E'), fold);
        let found: Vec<(usize, &str)> = text.lines().enumerate().filter(|(_, line)| regex.is_match(line) != self.has('v')).collect();
        let none = found.is_empty();
        let out = if self.has('c') {
            format!("{}\n", found.len())
        } else if self.has('q') {
            String::new()
        } else if self.has('o') {
            let matches = found.iter().filter_map(|(_, line)| {
                let (characters, searched): (Vec<char>, Vec<char>) = (line.chars().collect(), regex.characters(line));
                let found = regex.find(&searched, 0).filter(|m| m.end > m.start)?;
                Some(characters.get(found.start..found.end)?.iter().collect::<String>() + "\n")
            });
            matches.collect()
        } else if self.has('n') {
            found.iter().map(|(index, line)| format!("{}:{line}\n", index + 1)).collect()
        } else {
            found.iter().map(|(_, line)| format!("{line}\n")).collect()
        };
        self.say(&out);
        if code != 0 { 2 } else { i32::from(none) }
    }

    fn sed(&mut self) -> i32 {
        let mut words = self.words.clone();
        if words.is_empty() {
            return self.fail("no script", 1);
        }
        let script = words.remove(0);
        let mut script = match edit::Script::new(&script, self.has('E') || self.has('r'), self.has('n')) {
            Ok(script) => script,
            Err(message) => return self.fail(&message, 1),
        };
        if self.has('i') {
            let mut code = 0;
            for word in &words {
                let path = self.path(word);
                let done = self.host.read(&path).and_then(|text| self.host.write_file(&path, &script.run(&text), false));
                if let Err(error) = done {
                    code = self.fail(&format!("{word}: {}", error.words()), 1);
                }
            }
            return code;
        }
        let (text, code) = self.text_of(&words);
        let out = script.run(&text);
        self.say(&out);
        code
    }

    fn cut(&mut self, arguments: &[String]) -> i32 {
        let option = |flag: &str| {
            let at = arguments.iter().position(|a| a.starts_with(flag))?;
            Some(if arguments[at].len() > 2 { arguments[at][2..].to_owned() } else { arguments.get(at + 1)?.clone() })
        };
        let (delimiter, fields) = (option("-d").unwrap_or_else(|| "\t".into()), option("-f").unwrap_or_default());
        let files: Vec<String> = self.words.iter().filter(|w| **w != delimiter && **w != fields).cloned().collect();
        let (text, code) = self.text_of(&files);
        let wanted: Vec<usize> = fields.split(',').filter_map(|f| f.parse().ok()).collect();
        let mut out = String::new();
        for line in text.lines() {
            let parts: Vec<&str> = line.split(delimiter.as_str()).collect();
            let kept: Vec<&str> = wanted.iter().filter_map(|n| parts.get(n - 1).copied()).collect();
            out.push_str(&kept.join(&delimiter));
            out.push('\n');
        }
        self.say(&out);
        code
    }

    fn tr(&mut self) -> i32 {
        let set = |text: &str| -> Vec<char> {
            let characters: Vec<char> = unescape(text).chars().collect();
            let mut set = Vec::new();
            let mut i = 0;
            while i < characters.len() {
                if characters.get(i + 1) == Some(&'-') && i + 2 < characters.len() {
                    set.extend((characters[i]..=characters[i + 2]).take(300));
                    i += 3;
                } else {
                    set.push(characters[i]);
                    i += 1;
                }
            }
            set
        };
        let from = set(self.words.first().map_or("", String::as_str));
        let to = set(self.words.get(1).map_or("", String::as_str));
        let delete = self.has('d');
        let out: String = self
            .stdin
            .chars()
            .filter_map(|c| match from.iter().position(|f| *f == c) {
                None => Some(c),
                Some(_) if delete => None,
                Some(index) => to.get(index).or(to.last()).copied(),
            })
            .collect();
        self.say(&out)
    }

    /// `awk '{print $N, …}'` and nothing more.
    fn awk(&mut self) -> i32 {
        let mut words = self.words.clone();
        if words.is_empty() {
            return 1;
        }
        let program = words.remove(0);
        let (text, code) = self.text_of(&words);
        let Some(inner) = program.trim().strip_prefix('{').and_then(|p| p.strip_suffix('}')).and_then(|p| p.trim().strip_prefix("print")) else {
            return self.fail("only '{print $N, …}' is known here", 1);
        };
        let mut out = String::new();
        for line in text.lines() {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let shown: Vec<String> = inner
                .split(',')
                .map(|e| match e.trim() {
                    "" | "$0" => line.to_owned(),
                    "$NF" => fields.last().map_or(String::new(), |f| (*f).to_owned()),
                    e => match e.strip_prefix('$').and_then(|n| n.parse::<usize>().ok()) {
                        Some(n) => fields.get(n.wrapping_sub(1)).map_or(String::new(), |f| (*f).to_owned()),
                        None => e.trim_matches('"').to_owned(),
                    },
                })
                .collect();
            out.push_str(&shown.join(" "));
            out.push('\n');
        }
        self.say(&out);
        code
    }

    fn tee(&mut self) -> i32 {
        let (text, append) = (self.stdin.to_owned(), self.has('a'));
        self.say(&text);
        self.each(|call, path, word| call.host.write_file(path, &text, append).map_err(|e| format!("{word}: {}", e.words())))
    }

    fn base64(&mut self) -> i32 {
        use base64::Engine as _;
        let engine = base64::engine::general_purpose::STANDARD;
        let files = self.words.clone();
        let (text, code) = self.text_of(&files);
        if self.has('d') {
            let packed: String = text.chars().filter(|c| !c.is_whitespace()).collect();
            return match engine.decode(packed) {
                Ok(bytes) => self.say(&String::from_utf8_lossy(&bytes)),
                Err(_) => self.fail("invalid input", 1),
            };
        }
        self.say(&format!("{}\n", engine.encode(text)));
        code
    }

    fn env(&mut self) -> i32 {
        let words = self.words.clone();
        let environment = self.machine.environment().clone();
        if words.is_empty() {
            let text: String = environment.iter().map(|(k, v)| format!("{k}={v}\n")).collect();
            return self.say(&text);
        }
        let mut code = 0;
        for name in &words {
            match environment.get(name) {
                Some(value) => drop(self.say(&format!("{value}\n"))),
                None => code = 1,
            }
        }
        code
    }

    fn ps(&mut self) -> i32 {
        let mut text = String::from("PID   USER     TIME  COMMAND\n");
        for row in self.host.processes() {
            text.push_str(&format!("{:>5} root      0:00 {}\n", row.pid, row.command));
        }
        self.say(&text)
    }

    fn seq(&mut self) -> i32 {
        let numbers: Vec<i64> = self.words.iter().filter_map(|w| w.parse().ok()).collect();
        let (first, step, last) = match numbers[..] {
            [last] => (1, 1, last),
            [first, last] => (first, 1, last),
            [first, step, last] if step != 0 => (first, step, last),
            _ => return 1,
        };
        let mut text = String::new();
        let mut at = first;
        for _ in 0..10_000 {
            if step > 0 && at > last || step < 0 && at < last {
                break;
            }
            text.push_str(&format!("{at}\n"));
            at += step;
        }
        self.say(&text)
    }

    fn test(&mut self, arguments: &[String]) -> i32 {
        let words: Vec<&str> = arguments.iter().map(String::as_str).filter(|w| !(self.name == "[" && *w == "]")).collect();
        i32::from(!self.holds(&words))
    }

    fn holds(&self, words: &[&str]) -> bool {
        if let Some(at) = words.iter().position(|w| *w == "-o") {
            return self.holds(&words[..at]) || self.holds(&words[at + 1..]);
        }
        if let Some(at) = words.iter().position(|w| *w == "-a") {
            return self.holds(&words[..at]) && self.holds(&words[at + 1..]);
        }
        match words {
            [] => false,
            ["!", rest @ ..] => !self.holds(rest),
            ["-n", text] => !text.is_empty(),
            ["-z", text] => text.is_empty(),
            [flag @ ("-e" | "-f" | "-d" | "-r" | "-w" | "-x" | "-s"), file] => match (self.host.stat(&self.path(file)), *flag) {
                (None, _) => false,
                (Some(Kind::Directory), "-f" | "-s") => false,
                (Some(Kind::File { .. }), "-d") => false,
                (Some(Kind::File { bytes, .. }), "-s") => bytes > 0,
                (Some(Kind::File { executable, .. }), "-x") => executable,
                (Some(_), _) => true,
            },
            [text] => !text.is_empty(),
            [left, operator, right] => {
                let numbers = || Some((left.trim().parse::<i64>().ok()?, right.trim().parse::<i64>().ok()?));
                match *operator {
                    "=" | "==" => left == right,
                    "!=" => left != right,
                    "-eq" => numbers().is_some_and(|(a, b)| a == b),
                    "-ne" => numbers().is_some_and(|(a, b)| a != b),
                    "-lt" => numbers().is_some_and(|(a, b)| a < b),
                    "-le" => numbers().is_some_and(|(a, b)| a <= b),
                    "-gt" => numbers().is_some_and(|(a, b)| a > b),
                    "-ge" => numbers().is_some_and(|(a, b)| a >= b),
                    _ => false,
                }
            }
            _ => false,
        }
    }

    fn fetch(&mut self, arguments: &[String]) -> i32 {
        let curl = self.name == "curl";
        let mut url = String::new();
        let mut save = if curl { Some("-".to_owned()) } else { None };
        let (mut quiet, mut head, mut body, mut patience) = (false, false, String::new(), 900_000);
        let mut words = arguments[1..].iter();
        while let Some(word) = words.next() {
            match word.as_str() {
                "-O" | "-o" => save = words.next().cloned(),
                "-T" | "-m" | "--max-time" | "--connect-timeout" => {
                    patience = words.next().and_then(|w| duration_ms(w)).unwrap_or(patience);
                }
                w if w.starts_with("--timeout=") => patience = duration_ms(&w[10..]).unwrap_or(patience),
                "-t" | "-H" | "-X" => drop(words.next()),
                "-d" | "--data" => body = words.next().cloned().unwrap_or_default(),
                w if w.starts_with("--") => {}
                w if w.starts_with('-') && w.len() > 1 => {
                    quiet |= w.contains('q') || w.contains('s');
                    head |= curl && (w.contains('I') || w.contains('i'));
                    if let Some(at) = w.find('O').filter(|_| !curl) {
                        save = Some(if w.len() > at + 1 { w[at + 1..].to_owned() } else { words.next().cloned().unwrap_or_default() });
                    }
                }
                w => url = w.to_owned(),
            }
        }
        let full = if url.contains("://") { url.clone() } else { format!("http://{url}") };
        let host = full.split("://").nth(1).unwrap_or("").split('/').next().unwrap_or("").to_owned();
        let answer = self.host.request(&full, &body);
        self.waited(&answer, patience);
        match answer.result {
            Ok(response) if curl || response.status < 400 => {
                match save.as_deref() {
                    Some("-") => {
                        let header = if head { format!("HTTP/1.1 {} {}\r\n\r\n", response.status, reason(response.status)) } else { String::new() };
                        self.say(&format!("{header}{}", response.body));
                    }
                    other => {
                        let name = other.map_or_else(
                            || full.rsplit('/').next().filter(|n| !n.is_empty() && !n.contains(':')).unwrap_or("index.html").to_owned(),
                            str::to_owned,
                        );
                        let path = self.path(&name);
                        if self.host.write_file(&path, &response.body, false).is_err() {
                            return self.fail(&format!("can't open '{name}'"), 1);
                        }
                        if !quiet {
                            let text = format!("Connecting to {host}\nsaving to '{name}'\n'{name}' saved\n");
                            self.machine.say_error(self.host, &text);
                        }
                    }
                }
                0
            }
            Ok(response) => {
                if !quiet {
                    let text = format!("Connecting to {host}\n");
                    self.machine.say_error(self.host, &text);
                }
                self.fail(&format!("server returned error: HTTP/1.1 {} {}", response.status, reason(response.status)), 1)
            }
            Err(failure) => self.fetch_failed(curl, &host, &failure),
        }
    }

    fn fetch_failed(&mut self, curl: bool, host: &str, failure: &Failure) -> i32 {
        let (name, port) = host.split_once(':').unwrap_or((host, "80"));
        if curl {
            let (code, text) = match failure {
                Failure::UnknownHost(name) => (6, format!("Could not resolve host: {name}")),
                Failure::Timeout => (28, "Connection timed out".into()),
                Failure::Closed => (52, "Empty reply from server".into()),
                Failure::Refused | Failure::NoRoute => (7, format!("Failed to connect to {name} port {port}: Connection refused")),
            };
            return self.fail(&format!("({code}) {text}"), code);
        }
        let shown = if name == "localhost" { "127.0.0.1" } else { name };
        let message = match failure {
            Failure::UnknownHost(name) => format!("bad address '{name}'"),
            Failure::Refused => format!("can't connect to remote host ({shown}): Connection refused"),
            Failure::NoRoute => format!("can't connect to remote host ({shown}): Host is unreachable"),
            Failure::Timeout => "download timed out".into(),
            Failure::Closed => "error getting response".into(),
        };
        self.fail(&message, 1)
    }

    fn nc(&mut self) -> i32 {
        let (Some(host), Some(port)) = (self.words.first().cloned(), self.words.get(1).cloned()) else { return 1 };
        let body = self.stdin.to_owned();
        let answer = self.host.request(&format!("tcp://{host}:{port}"), &body);
        self.waited(&answer, 30_000);
        match answer.result {
            Ok(_) if self.has('z') => {
                let text = if self.has('v') { format!("{host} ({host}:{port}) open\n") } else { String::new() };
                self.machine.say_error(self.host, &text);
                0
            }
            Ok(response) => self.say(&response.body),
            Err(Failure::UnknownHost(name)) => self.fail(&format!("bad address '{name}'"), 1),
            Err(_) if self.has('z') && !self.has('v') => 1,
            Err(failure) if self.has('v') => self.fail(&format!("{host} ({host}:{port}): {}", cause(&failure)), 1),
            Err(failure) => self.fail(&format!("can't connect to remote host ({host}): {}", cause(&failure)), 1),
        }
    }

    fn telnet(&mut self) -> i32 {
        let Some(host) = self.words.first().cloned() else { return 1 };
        let port = self.words.get(1).cloned().unwrap_or_else(|| "23".into());
        let answer = self.host.request(&format!("tcp://{host}:{port}"), self.stdin);
        self.waited(&answer, 30_000);
        match answer.result {
            Ok(response) => self.say(&format!("Connected to {host}\n{}Connection closed by foreign host\n", response.body)),
            Err(Failure::UnknownHost(name)) => self.fail(&format!("bad address '{name}'"), 1),
            Err(failure) => self.fail(&format!("can't connect to remote host ({host}): {}", cause(&failure)), 1),
        }
    }

    /// Whether a host is there; what it listens on does not matter.
    fn ping(&mut self, arguments: &[String]) -> i32 {
        let count = arguments.iter().position(|a| a == "-c").and_then(|at| arguments.get(at + 1)?.parse::<u64>().ok()).unwrap_or(4).clamp(1, 100);
        let Some(host) = arguments[1..].iter().rev().find(|a| !a.starts_with('-')).cloned() else { return 1 };
        let ip = match self.host.request(&format!("dns://{host}"), "").result {
            Ok(response) => response.body,
            Err(_) => return self.fail(&format!("bad address '{host}'"), 1),
        };
        let there = !matches!(self.host.request(&format!("tcp://{ip}:7"), "").result, Err(Failure::NoRoute | Failure::Timeout));
        self.machine.late_ms = (count - 1) * 1000 + if there { 0 } else { 10_000 };
        let mut text = format!("PING {host} ({ip}): 56 data bytes\n");
        if there {
            (0..count).for_each(|n| text.push_str(&format!("64 bytes from {ip}: seq={n} ttl=63 time=0.1 ms\n")));
        }
        let (got, lost) = if there { (count, 0) } else { (0, 100) };
        text.push_str(&format!("\n--- {host} ping statistics ---\n{count} packets transmitted, {got} packets received, {lost}% packet loss\n"));
        if there {
            text.push_str("round-trip min/avg/max = 0.1/0.1/0.1 ms\n");
        }
        self.say(&text);
        i32::from(!there)
    }

    /// The network made it wait, at most so long.
    fn waited(&mut self, answer: &Answer, patience_ms: u64) {
        if answer.took_ms >= 100 {
            self.machine.late_ms = answer.took_ms.min(patience_ms);
        }
    }

    fn nslookup(&mut self) -> i32 {
        let Some(name) = self.words.first().cloned() else { return 1 };
        match self.host.request(&format!("dns://{name}"), "").result {
            Ok(response) => self.say(&format!("Server:\t\t10.96.0.10\nAddress:\t10.96.0.10:53\n\nName:\t{name}\nAddress: {}\n", response.body)),
            Err(_) => {
                self.say(&format!("Server:\t\t10.96.0.10\nAddress:\t10.96.0.10:53\n\n** server can't find {name}: NXDOMAIN\n\n"));
                1
            }
        }
    }

    fn xargs(&mut self) -> i32 {
        let mut arguments = if self.words.is_empty() { vec!["echo".to_owned()] } else { self.words.clone() };
        arguments.extend(self.stdin.split_whitespace().map(str::to_owned));
        let name = arguments[0].clone();
        if is_applet(&name) && name != "xargs" {
            run(self.machine, self.host, &arguments, "")
        } else {
            self.fail(&format!("{name}: No such file or directory"), 127)
        }
    }

    fn find(&mut self) -> i32 {
        let start = self.words.first().cloned().unwrap_or_else(|| ".".into());
        let mut waiting = vec![start];
        let mut out = String::new();
        for _ in 0..5000 {
            let Some(word) = waiting.pop() else { break };
            out.push_str(&format!("{word}\n"));
            let path = self.path(&word);
            if self.host.stat(&path) == Some(Kind::Directory) {
                let names = self.host.list(&path).unwrap_or_default();
                waiting.extend(names.into_iter().rev().map(|n| format!("{}/{n}", word.trim_end_matches('/'))));
            }
        }
        self.say(&out)
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        404 => "Not Found",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        _ => "Error",
    }
}

fn unescape(text: &str) -> String {
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
            Some('\\') => out.push('\\'),
            Some('0') => out.push('\0'),
            Some(other) => {
                out.push('\\');
                out.push(other);
            }
            None => out.push('\\'),
        }
    }
    out
}

/// A failed connection in the C library's words.
fn cause(failure: &Failure) -> &'static str {
    match failure {
        Failure::Timeout => "Connection timed out",
        Failure::NoRoute => "No route to host",
        Failure::Refused | Failure::Closed | Failure::UnknownHost(_) => "Connection refused",
    }
}

/// A text as a pattern that means just itself.
fn quote(text: &str) -> String {
    text.chars().flat_map(|c| if "\\.*[]^$".contains(c) { vec!['\\', c] } else { vec![c] }).collect()
}
