//! A command line of kubectl taken apart: the verb, its flags and its arguments, with the errors of cobra and pflag.

use super::duration;
use super::env::{Env, Failure, Flow};
use super::verbs::VERBS;
use crate::api::float;
use crate::api::order::SortedMap;

/// What runs a verb.
pub type Run = fn(&Call, &mut Env) -> Result<Flow, Failure>;

/// One command of kubectl, or a group of them (`children`).
pub struct Verb {
    pub name: &'static str,
    pub aliases: &'static [&'static str],
    /// `name[,short][:kind]` with blanks between. Kinds: none a switch, `s` text, `i` whole number, `d` duration, `a` texts (repeatable),
    /// `c` texts with commas (repeatable), `=VALUE` text that reads VALUE where the flag stands alone. `@NAME` is a [`group`].
    pub flags: &'static str,
    pub required: &'static [&'static str],
    /// The first line of its help.
    pub about: &'static str,
    /// What follows `kubectl VERB` in its usage line.
    pub usage: &'static str,
    pub run: Run,
    pub children: &'static [Verb],
    /// kubectl has it and this playground has no use for it; lists name it all the same.
    pub absent: bool,
}

impl Verb {
    pub const fn new(name: &'static str, usage: &'static str, flags: &'static str, about: &'static str, run: Run) -> Self {
        Self { name, aliases: &[], flags, required: &[], about, usage, run, children: &[], absent: false }
    }

    /// One that is only listed.
    pub const fn absent(name: &'static str, about: &'static str) -> Self {
        Self { absent: true, ..Self::new(name, "", "", about, |call, _| Err(not_here(&call.path))) }
    }

    pub const fn requires(self, required: &'static [&'static str]) -> Self {
        Self { required, ..self }
    }

    pub const fn alias(self, aliases: &'static [&'static str]) -> Self {
        Self { aliases, ..self }
    }

    /// A group; `run` is what it does itself (mostly its help).
    pub const fn with(self, children: &'static [Verb]) -> Self {
        Self { children, ..self }
    }

    pub fn is(&self, name: &str) -> bool {
        self.name == name || self.aliases.contains(&name)
    }
}

const GLOBAL: &str = "namespace,n:s context:s kubeconfig:s server,s:s user:s cluster:s token:s request-timeout:s v,v:i as:s as-uid:s as-group:a \
    cache-dir:s certificate-authority:s client-certificate:s client-key:s disable-compression insecure-skip-tls-verify \
    match-server-version username:s password:s tls-server-name:s warnings-as-errors kuberc:s profile:s profile-output:s log-flush-frequency:d help,h";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlagKind {
    Switch,
    Text,
    Int,
    Duration,
    Texts,
    Commas,
    Optional(&'static str),
}

#[derive(Clone, Copy, Debug)]
pub struct Flag {
    pub name: &'static str,
    pub short: &'static str,
    pub kind: FlagKind,
}

/// The flags that come together; any other word stands for itself.
fn group(word: &'static str) -> &'static str {
    match word {
        "@show" => "template:s show-managed-fields allow-missing-template-keys",
        "@print" => "output,o:s template:s show-managed-fields allow-missing-template-keys",
        "@files" => "filename,f:c kustomize,k:s recursive,R",
        "@make" => {
            "output,o:s template:s show-managed-fields allow-missing-template-keys dry-run=unchanged save-config field-manager:s validate=strict"
        }
        _ => word,
    }
}

/// The flags of a specification, the verb's own first.
pub fn flags(spec: &'static str) -> impl Iterator<Item = Flag> {
    own_flags(spec).chain(own_flags(GLOBAL))
}

/// The flags of a specification alone.
pub fn own_flags(spec: &'static str) -> impl Iterator<Item = Flag> {
    spec.split_whitespace().flat_map(|word| group(word).split_whitespace()).map(|word| {
        let (names, kind) = match (word.split_once('='), word.split_once(':')) {
            (Some((names, value)), _) => (names, FlagKind::Optional(value)),
            (None, Some((names, "s"))) => (names, FlagKind::Text),
            (None, Some((names, "i"))) => (names, FlagKind::Int),
            (None, Some((names, "d"))) => (names, FlagKind::Duration),
            (None, Some((names, "a"))) => (names, FlagKind::Texts),
            (None, Some((names, "c"))) => (names, FlagKind::Commas),
            (None, Some((names, _))) => (names, FlagKind::Switch),
            (None, None) => (word, FlagKind::Switch),
        };
        let (name, short) = names.split_once(',').unwrap_or((names, ""));
        Flag { name, short, kind }
    })
}

/// Flags that still work and that no help names any more.
pub const DEPRECATED: [&str; 3] = ["record", "cpu-percent", "delete-local-data"];

/// A command line that was understood.
#[derive(Clone, Debug, Default)]
pub struct Call {
    /// `kubectl create secret generic`
    pub path: String,
    pub args: Vec<String>,
    values: SortedMap<&'static str, Vec<String>>,
    /// How many arguments stand before `--`.
    pub dash: Option<usize>,
}

impl Call {
    pub fn changed(&self, flag: &str) -> bool {
        self.values.contains_key(flag)
    }

    /// The last value of a flag.
    pub fn text(&self, flag: &str) -> Option<&str> {
        self.values.get(flag)?.last().map(String::as_str)
    }

    /// Not empty.
    pub fn filled(&self, flag: &str) -> Option<&str> {
        self.text(flag).filter(|text| !text.is_empty())
    }

    pub fn is(&self, flag: &str) -> bool {
        self.text(flag) == Some("true")
    }

    pub fn int(&self, flag: &str) -> Option<i64> {
        parse_int(self.text(flag)?).ok()
    }

    /// In milliseconds; below zero for a negative one.
    pub fn duration(&self, flag: &str) -> Option<i64> {
        duration::parse(self.text(flag)?)
    }

    pub fn texts(&self, flag: &str) -> &[String] {
        self.values.get(flag).map_or(&[], Vec::as_slice)
    }

    /// As if the flag had not been given.
    pub fn forget(&mut self, flag: &str) {
        self.values.remove(flag);
    }

    /// `error: …` and where to read more.
    pub fn usage(&self, message: impl std::fmt::Display) -> Failure {
        Failure::error(format!("{message}\nSee '{} -h' for help and examples", self.path))
    }

    /// `--dry-run`: what it says, or why that can't be.
    pub fn dry_run(&self, env: &mut Env) -> Result<DryRun, Failure> {
        match self.text("dry-run") {
            None | Some("none" | "false") => Ok(DryRun::None),
            Some("client") => Ok(DryRun::Client),
            Some("server") => Ok(DryRun::Server),
            Some("unchanged") => {
                env.log_warning("helpers.go:719", "--dry-run is deprecated and can be replaced with --dry-run=client.");
                Ok(DryRun::Client)
            }
            Some("true") => {
                env.log_warning("helpers.go:723", "--dry-run=true is deprecated (boolean value) and can be replaced with --dry-run=client.");
                Ok(DryRun::Client)
            }
            Some(other) => Err(Failure::error(format!("Invalid dry-run value ({other}). Must be \"none\", \"server\", or \"client\"."))),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DryRun {
    None,
    Client,
    Server,
}

impl DryRun {
    pub fn suffix(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Client => " (dry run)",
            Self::Server => " (server dry run)",
        }
    }
}

/// Runs a kubectl command line (without the word `kubectl`).
pub fn run(words: &[String], env: &mut Env) -> Result<Flow, Failure> {
    env.warned.clear();
    let Some(at) = command_at(words) else {
        if let Some(flag) = words.iter().find(|w| w.starts_with('-') && !matches!(w.as_str(), "-h" | "--help")) {
            parse("kubectl", "", std::slice::from_ref(flag))?;
        }
        return super::verbs::help::overview(env);
    };
    let Some(verb) = VERBS.iter().find(|v| v.is(&words[at])) else {
        return Err(if at > 0 && words[0].starts_with('-') && !is_global(&words[0]) {
            Failure::raw(format!("Error: flags cannot be placed before plugin name: {}\n", words[0]), 1)
        } else {
            unknown_command(&words[at])
        });
    };
    let rest: Vec<String> = words[..at].iter().chain(&words[at + 1..]).cloned().collect();
    descend(verb, format!("kubectl {}", verb.name), rest, env)
}

fn descend(verb: &'static Verb, path: String, mut words: Vec<String>, env: &mut Env) -> Result<Flow, Failure> {
    if let Some(at) = command_at(&words)
        && words[..at].iter().all(|w| w != "--")
        && let Some(child) = verb.children.iter().find(|c| c.is(&words[at]))
    {
        words.remove(at);
        return descend(child, format!("{path} {}", child.name), words, env);
    }
    if verb.absent {
        return Err(not_here(&path));
    }
    let call = parse(&path, verb.flags, &words)?;
    if call.is("help") {
        return super::verbs::help::help(verb, &path, env);
    }
    let missing: Vec<String> = verb.required.iter().filter(|f| !call.changed(f)).map(|f| format!("\"{f}\"")).collect();
    if !missing.is_empty() {
        return Err(Failure::error(format!("required flag(s) {} not set", missing.join(", "))));
    }
    if call.changed("record") {
        env.err("Flag --record has been deprecated, --record will be removed in the future\n");
    }
    check_global(&call, env)?;
    if env.cluster.api.is_stopped() && !matches!(call.path.split(' ').nth(1), Some("config" | "help" | "completion" | "options")) {
        let text = "The connection to the server 172.30.0.10:6443 was refused - did you specify the right host or port?\n";
        return Err(Failure::raw(text.into(), 1));
    }
    env.user = call.filled("as").filter(|user| *user != "kubernetes-admin").map(str::to_owned);
    (verb.run)(&call, env)
}

fn check_global(call: &Call, env: &mut Env) -> Result<(), Failure> {
    if let Some(path) = call.filled("kubeconfig")
        && !env.files.contains_key(path)
    {
        return Err(Failure::error(format!("stat {path}: no such file or directory")));
    }
    if let Some(context) = call.filled("context")
        && env.seat.config.context(context).is_none()
    {
        return Err(Failure::raw(format!("Error in configuration: context was not found for specified context: {context}\n"), 1));
    }
    // `create rolebinding` and `set subject` have a flag of the same name.
    let own = call.path.ends_with("binding") || call.path.ends_with("subject");
    if let Some(user) = call.filled("user").filter(|u| !own && *u != "kubernetes-admin") {
        return Err(Failure::error(format!("auth info \"{user}\" does not exist")));
    }
    if let Some(cluster) = call.filled("cluster").filter(|c| *c != "kubernetes") {
        return Err(Failure::error(format!("no server found for cluster \"{cluster}\"")));
    }
    if let Some(timeout) = call.filled("request-timeout")
        && duration::parse(timeout).is_none()
        && timeout.parse::<i64>().is_err()
    {
        let text = "Invalid timeout value. Timeout must be a single integer in seconds, or an integer followed by a corresponding time unit (e.g. 1s | 2m | 3h)";
        return Err(Failure::error(text));
    }
    if let Some(server) = call.filled("server") {
        let host = server.split("://").nth(1).unwrap_or(server).trim_end_matches('/');
        let scheme = if server.contains("://") { server.split("://").next().unwrap_or("http") } else { "http" };
        let port = if host.contains(':') { host.to_owned() } else { format!("{host}:{}", if scheme == "https" { 443 } else { 80 }) };
        if !port.ends_with(":6443") {
            for _ in 0..5 {
                let quoted = format!("\\\"{scheme}://{host}/api?timeout=32s\\\"");
                let head = env.log_head('E', "memcache.go:265");
                env.err(format!("{head}\"Unhandled Error\" err=\"couldn't get current server API group list: Get {quoted}: dial tcp {port}: connect: connection refused\"\n"));
            }
            return Err(Failure::raw(format!("The connection to the server {host} was refused - did you specify the right host or port?\n"), 1));
        }
    }
    Ok(())
}

/// Where the first word stands that is neither a flag nor a flag's value, as far as the global flags tell.
fn command_at(words: &[String]) -> Option<usize> {
    let mut at = 0;
    while at < words.len() {
        let word = &words[at];
        if word == "--" {
            return None;
        }
        if !word.starts_with('-') || word == "-" {
            return Some(at);
        }
        let takes_next = !word.contains('=') && {
            let name = word.trim_start_matches('-');
            if word.starts_with("--") {
                flags("").find(|f| f.name == name).is_none_or(|f| f.kind != FlagKind::Switch)
            } else {
                word.len() == 2 && flags("").find(|f| f.short == name).is_none_or(|f| f.kind != FlagKind::Switch)
            }
        };
        at += 1 + usize::from(takes_next);
    }
    None
}

fn is_global(word: &str) -> bool {
    let name = word.trim_start_matches('-').split('=').next().unwrap_or("");
    flags("").any(|f| f.name == name || (f.short == name && !name.is_empty()))
}

/// What kubectl has and this playground has no use for.
const ABSENT: [&str; 7] = ["alpha", "certificate", "completion", "kuberc", "kustomize", "plugin", "proxy"];

fn not_here(path: &str) -> Failure {
    Failure::error(format!("{path} is not part of this playground"))
}

fn unknown_command(name: &str) -> Failure {
    if ABSENT.contains(&name) {
        return not_here(&format!("kubectl {name}"));
    }
    // In the order in which kubectl lists them; `help` joins the commands only later.
    let is_near = |v: &&str| *v != "help" && (distance(name, v) <= 2 || v.starts_with(&name.to_ascii_lowercase()));
    let near: Vec<&str> = VERBS.iter().map(|v| v.name).filter(is_near).collect();
    let mut text = format!("error: unknown command \"{name}\" for \"kubectl\"\n");
    if !near.is_empty() {
        text.push_str("\nDid you mean this?\n");
        for verb in near {
            text.push_str(&format!("\t{verb}\n"));
        }
    }
    Failure::raw(text, 1)
}

/// Levenshtein's distance, without regard to case (cobra's `ld`).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.to_ascii_lowercase().chars().collect(), b.to_ascii_lowercase().chars().collect());
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut before = i;
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let next = (before + usize::from(x != y)).min(row[j] + 1).min(row[j + 1] + 1);
            before = row[j + 1];
            row[j + 1] = next;
        }
    }
    row[b.len()]
}

/// pflag's parse of what follows the command's name.
pub fn parse(path: &str, spec: &'static str, words: &[String]) -> Result<Call, Failure> {
    let mut call = Call { path: path.into(), ..Call::default() };
    let fail = |message: String| Failure::error(format!("{message}\nSee '{path} --help' for usage."));
    let mut words = words.iter().peekable();
    while let Some(word) = words.next() {
        if word == "--" {
            call.dash = Some(call.args.len());
            call.args.extend(words.cloned());
            break;
        }
        if let Some(long) = word.strip_prefix("--") {
            let (name, value) = long.split_once('=').map_or((long, None), |(n, v)| (n, Some(v.to_owned())));
            if name.is_empty() || name.starts_with('-') {
                return Err(fail(format!("bad flag syntax: {word}")));
            }
            let Some(flag) = flags(spec).find(|f| f.name == name) else { return Err(fail(format!("unknown flag: --{name}"))) };
            let value = match (value, flag.kind) {
                (Some(value), _) => value,
                (None, FlagKind::Switch) => "true".into(),
                (None, FlagKind::Optional(value)) => value.into(),
                (None, _) => words.next().cloned().ok_or_else(|| fail(format!("flag needs an argument: --{name}")))?,
            };
            call.set(flag, value).map_err(&fail)?;
        } else if word.len() > 1 && word.starts_with('-') {
            let mut rest = &word[1..];
            while let Some(letter) = rest.chars().next() {
                let (short, after) = rest.split_at(letter.len_utf8());
                let Some(flag) = flags(spec).find(|f| f.short == short) else {
                    return Err(fail(format!("unknown shorthand flag: '{letter}' in -{rest}")));
                };
                rest = after;
                let value = match flag.kind {
                    _ if after.len() > 1 && after.starts_with('=') => std::mem::take(&mut rest)[1..].to_owned(),
                    FlagKind::Switch => "true".into(),
                    FlagKind::Optional(value) => value.into(),
                    _ if !after.is_empty() => std::mem::take(&mut rest).to_owned(),
                    _ => words.next().cloned().ok_or_else(|| fail(format!("flag needs an argument: '{letter}' in -{short}")))?,
                };
                call.set(flag, value).map_err(&fail)?;
            }
        } else {
            call.args.push(word.clone());
        }
    }
    Ok(call)
}

impl Call {
    fn set(&mut self, flag: Flag, mut value: String) -> Result<(), String> {
        let label = if flag.short.is_empty() { format!("--{}", flag.name) } else { format!("-{}, --{}", flag.short, flag.name) };
        let bad = |why: String| format!("invalid argument {value:?} for \"{label}\" flag: {why}");
        match flag.kind {
            FlagKind::Switch => {
                let truth = match value.as_str() {
                    "1" | "t" | "T" | "true" | "TRUE" | "True" => true,
                    "0" | "f" | "F" | "false" | "FALSE" | "False" => false,
                    _ => return Err(bad(format!("strconv.ParseBool: parsing {value:?}: invalid syntax"))),
                };
                value = truth.to_string();
            }
            FlagKind::Int => {
                parse_int(&value).map_err(bad)?;
            }
            FlagKind::Duration if duration::parse(&value).is_none() => {
                return Err(bad(match float::read(value.trim_start_matches('-')) {
                    Some(_) => format!("time: missing unit in duration {value:?}"),
                    None => format!("time: invalid duration {value:?}"),
                }));
            }
            FlagKind::Duration | FlagKind::Text | FlagKind::Texts | FlagKind::Commas | FlagKind::Optional(_) => {}
        }
        let values = self.values.entry(flag.name).or_default();
        match flag.kind {
            FlagKind::Commas => values.extend(value.split(',').map(str::to_owned)),
            FlagKind::Texts => values.push(value),
            _ => *values = vec![value],
        }
        Ok(())
    }
}

fn parse_int(text: &str) -> Result<i64, String> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(format!("strconv.ParseInt: parsing {text:?}: invalid syntax"));
    }
    text.parse().map_err(|_| format!("strconv.ParseInt: parsing {text:?}: value out of range"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_verb_is_near_by_two_edits() {
        assert_eq!(distance("foo", "top"), 2);
        assert_eq!(distance("gte", "get"), 2);
    }
}
