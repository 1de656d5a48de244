//! `nslookup`, which is one of three programs: BusyBox's since 1.29, the one that BusyBox had before, and BIND's.
//!
//! The first was recorded (`tests/data/terminal/names.txt`). The second asks the C library, so it knows `/etc/hosts` and completes every name: `busybox:1.28`
//! is in so many texts for its sake (docker-library/busybox issues 48 and 75 show both). The third stands in the images of "Debugging DNS Resolution"
//! (kubernetes/kubernetes issue 97043, envoyproxy/gateway pull request 4691).

use super::Call;
use crate::cluster::shell::Lookup;

/// How long it waits for a server (`default_timeout` of BusyBox; of the C library's resolver, `RES_TIMEOUT`; of `dig`, five seconds too).
const NO_SERVER_MS: u64 = 5000;

/// `nslookup NAME`.
pub(super) fn nslookup(call: &mut Call) -> i32 {
    let name = call.word(0).to_owned();
    if name.is_empty() {
        return call.usage();
    }
    let file = call.host.read("/etc/resolv.conf").unwrap_or_default();
    let words =
        |what: &str| file.lines().find_map(|line| line.strip_prefix(what)).unwrap_or("").split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let question = Question {
        server: words("nameserver").into_iter().next().unwrap_or_else(|| "127.0.0.1".into()),
        searches: words("search"),
        dots: words("options").iter().find_map(|option| option.strip_prefix("ndots:")?.parse().ok()).unwrap_or(1),
        is_address: name.split('.').count() == 4 && name.split('.').all(|part| part.parse::<u8>().is_ok()),
        name,
    };
    match call.host.lookup() {
        Lookup::BusyBox => of_busybox(call, question),
        Lookup::OldBusyBox => of_the_library(call, &question),
        Lookup::Bind => of_bind(call, &question),
    }
}

/// What is asked, and what `/etc/resolv.conf` says to it.
struct Question {
    name: String,
    is_address: bool,
    server: String,
    searches: Vec<String>,
    /// From so many dots on the name is asked for as it stands first.
    dots: usize,
}

impl Question {
    fn completed(&self) -> Vec<String> {
        self.searches.iter().map(|suffix| format!("{}.{suffix}", self.name)).collect()
    }
}

/// Under which name the servers know what an address is called.
fn reversed(address: &str) -> String {
    format!("{}.in-addr.arpa", address.split('.').rev().collect::<Vec<_>>().join("."))
}

/// The records of a whole name, a line each; whether any server answered where there are none.
fn ask(call: &mut Call, name: &str) -> Result<String, bool> {
    let answer = call.host.request(&format!("dns://{}.", name.trim_end_matches('.')), "");
    answer.result.map(|found| found.body).map_err(|_| answer.took_ms <= NO_SERVER_MS)
}

fn no_server(call: &mut Call, text: &str) -> i32 {
    call.machine.late_ms = NO_SERVER_MS;
    call.say(text);
    1
}

/// A name without a dot is completed in every way that `/etc/resolv.conf` tells, any other is asked for as it stands; each of these once for its IPv4 and
/// once for its IPv6 addresses, of which there are none.
fn of_busybox(call: &mut Call, question: Question) -> i32 {
    let server = &question.server;
    let (asked, types) = if question.is_address {
        (vec![reversed(&question.name)], 1)
    } else if question.name.contains('.') || question.searches.is_empty() {
        (vec![question.name], 2)
    } else {
        (question.completed(), 2)
    };
    let (mut out, mut code) = (format!("Server:\t\t{server}\nAddress:\t{server}:53\n\n"), 0);
    for of_ipv6 in [false, true].into_iter().take(types) {
        for whole in &asked {
            let plain = whole.trim_end_matches('.');
            match ask(call, plain) {
                Ok(_) if of_ipv6 => {}
                Ok(found) if question.is_address => found.lines().for_each(|name| out.push_str(&format!("{plain}\tname = {name}\n"))),
                Ok(found) => found.lines().for_each(|address| out.push_str(&format!("Name:\t{plain}\nAddress: {address}\n"))),
                Err(false) => return no_server(call, ";; connection timed out; no servers could be reached\n\n"),
                Err(true) => {
                    code = 1;
                    out.push_str(&format!("** server can't find {whole}: NXDOMAIN\n"));
                }
            }
            out.push('\n');
        }
    }
    call.say(&out);
    code
}

/// Server and name as the C library finds them, each address with what it is called.
fn of_the_library(call: &mut Call, question: &Question) -> i32 {
    let Question { name, server, .. } = question;
    let head = entry(call, "Server:", server, server);
    call.say(&format!("{head}\n"));
    let answer = call.host.request(&format!("host://{name}"), "");
    match answer.result {
        Ok(found) => {
            let text = entry(call, "Name:", name, &found.body);
            call.say(&text)
        }
        Err(_) => {
            call.machine.late_ms = if answer.took_ms > NO_SERVER_MS { NO_SERVER_MS } else { 0 };
            call.fail(&format!("can't resolve '{name}'"), 1)
        }
    }
}

fn entry(call: &mut Call, header: &str, shown: &str, addresses: &str) -> String {
    let hosts = call.host.read("/etc/hosts").unwrap_or_default();
    let mut text = format!("{header:<10} {shown}\n");
    for (address, number) in addresses.lines().zip(1..) {
        let written = hosts.lines().find_map(|line| line.split_whitespace().next().filter(|first| *first == address).map(|_| line));
        let called = match written.and_then(|line| line.split_whitespace().nth(1)) {
            Some(name) => Some(name.to_owned()),
            None => ask(call, &reversed(address)).ok().and_then(|found| found.lines().next().map(str::to_owned)),
        };
        text.push_str(&format!("Address {number}: {address}{}\n", called.map(|name| format!(" {name}")).unwrap_or_default()));
    }
    text
}

/// The first completion that has addresses, in the resolver's order; what does not exist is named as it was typed.
fn of_bind(call: &mut Call, question: &Question) -> i32 {
    let Question { name, server, .. } = question;
    let asked = if question.is_address {
        vec![reversed(name)]
    } else if name.ends_with('.') {
        vec![name.trim_end_matches('.').to_owned()]
    } else {
        let (itself, completed) = (vec![name.clone()], question.completed());
        if name.matches('.').count() < question.dots { [completed, itself].concat() } else { [itself, completed].concat() }
    };
    let head = format!("Server:\t\t{server}\nAddress:\t{server}#53\n\n");
    for whole in &asked {
        match ask(call, whole) {
            Ok(found) if question.is_address => {
                let lines: String = found.lines().map(|name| format!("{whole}\tname = {name}.\n")).collect();
                return call.say(&format!("{lines}\n"));
            }
            Ok(found) => {
                let lines: String = found.lines().map(|address| format!("Name:\t{whole}\nAddress: {address}\n")).collect();
                return call.say(&format!("{head}{lines}\n"));
            }
            Err(false) => return no_server(call, ";; connection timed out; no servers could be reached\n\n"),
            Err(true) => {}
        }
    }
    let missed = if question.is_address { &asked[0] } else { name };
    let head = if question.is_address { "" } else { &head };
    call.say(&format!("{head}** server can't find {missed}: NXDOMAIN\n\n"));
    1
}
