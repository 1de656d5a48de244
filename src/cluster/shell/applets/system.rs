//! What the system says of itself: `hostname`, `printenv`, `uname`, `which`, `uptime`.

use super::{Call, find, is_applet};
use crate::cluster::shell::Host;

pub(super) fn hostname(call: &mut Call) -> i32 {
    let name = call.host.hostname();
    let hosts = call.host.read("/etc/hosts").unwrap_or_default();
    // The whole name is the first one of its line in the file.
    let line = hosts.lines().map(|line| line.split_whitespace().skip(1).collect::<Vec<_>>()).find(|names| names.contains(&name.as_str()));
    let whole = line.and_then(|names| names.first().map(|name| (*name).to_owned())).unwrap_or_else(|| name.clone());
    let text = if call.has('i') {
        call.host.ip()
    } else if call.has('f') {
        whole
    } else if call.has('d') {
        whole.split_once('.').map_or(String::new(), |(_, domain)| domain.to_owned())
    } else if call.has('s') {
        name.split('.').next().unwrap_or("").to_owned()
    } else {
        name
    };
    call.say(&format!("{text}\n"))
}

pub(super) fn printenv(call: &mut Call) -> i32 {
    let mut code = 0;
    for name in call.options.words.clone() {
        match call.machine.environment().get(&name).cloned() {
            Some(value) => drop(call.say(&format!("{value}\n"))),
            None => code = 1,
        }
    }
    if call.options.words.is_empty() {
        let text: String = call.machine.environment().iter().map(|(k, v)| format!("{k}={v}\n")).collect();
        call.say(&text);
    }
    code
}

/// `uname`, its parts in their own order whatever the order of the flags.
pub(super) fn uname(call: &mut Call) -> i32 {
    let parts = [
        ('s', "Linux".to_owned()),
        ('n', call.host.hostname()),
        ('r', "6.1.0".into()),
        ('v', "#1 SMP".into()),
        ('m', "x86_64".into()),
        ('o', "GNU/Linux".into()),
    ];
    let all = call.has('a');
    let wanted = |letter| all || call.has(letter) || letter == 's' && call.options.flags.is_empty();
    let shown: Vec<&str> = parts.iter().filter(|(letter, _)| wanted(*letter)).map(|(_, part)| part.as_str()).collect();
    let text = shown.join(" ") + "\n";
    call.say(&text)
}

/// Where a command lies.
pub fn path_of(host: &dyn Host, word: &str) -> Option<String> {
    let name = word.rsplit('/').next().unwrap_or("");
    if is_applet(name) || find(name).is_some() {
        return Some(if name == word { format!("/bin/{word}") } else { word.to_owned() });
    }
    if word.contains('/') {
        return host.stat(word).map(|_| word.to_owned());
    }
    host.knows(word).then(|| format!("/usr/local/bin/{word}"))
}

pub(super) fn which(call: &mut Call) -> i32 {
    let mut code = 0;
    for word in call.options.words.clone() {
        match path_of(call.host, &word) {
            Some(path) => drop(call.say(&format!("{path}\n"))),
            None => code = 1,
        }
    }
    code
}

pub(super) fn uptime(call: &mut Call) -> i32 {
    let minutes = call.host.now().secs() / 60;
    call.say(&format!(" up {minutes} min,  0 users,  load average: 0.00, 0.00, 0.00\n"))
}
