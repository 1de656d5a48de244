//! Programs that ask the network: `wget`, `curl`, `nc`, `telnet`, `ping`.

use super::{Call, duration_ms, unescape};
use crate::cluster::network::{Answer, Failure, Response, hops};

/// How long a request waits where nobody says how long, in milliseconds.
const PATIENCE_MS: u64 = 900_000;

/// `wget` and `curl`.
pub(super) fn fetch(call: &mut Call) -> i32 {
    let curl = call.name == "curl";
    let Some(url) = call.options.words.first().cloned() else { return call.fail("no URL specified", 2) };
    let patience = call.options.value('m').or(call.options.value('T')).and_then(duration_ms).unwrap_or(PATIENCE_MS);
    let full = if url.contains("://") { url } else { format!("http://{url}") };
    let host = full.split("://").nth(1).unwrap_or("").split('/').next().unwrap_or("").to_owned();
    let body = call.options.value('d').unwrap_or("").to_owned();
    let answer = call.host.request(&full, &body);
    waited(call, &answer, patience);
    match answer.result {
        Ok(response) if curl => curled(call, &response),
        Ok(response) if response.status < 400 => saved(call, &full, &host, &response),
        Ok(response) => {
            if !call.has('q') {
                call.machine.say_error(call.host, &format!("Connecting to {host}\n"));
            }
            call.fail(&format!("server returned error: HTTP/1.1 {} {}", response.status, reason(response.status)), 1)
        }
        Err(failure) => refused(call, &host, &failure, answer.took_ms.min(patience)),
    }
}

fn curled(call: &mut Call, response: &Response) -> i32 {
    let mut out = String::new();
    if call.has('i') || call.has('I') {
        let headers: String = response.headers.iter().map(|(k, v)| format!("{k}: {v}\r\n")).collect();
        out.push_str(&format!("HTTP/1.1 {} {}\r\n{headers}\r\n", response.status, reason(response.status)));
    }
    let failed = call.has('f') && response.status >= 400;
    match call.options.value('o').map(str::to_owned) {
        _ if call.has('I') || failed => {}
        None => out.push_str(&response.body),
        Some(file) => {
            let path = call.path(&file);
            if path != "/dev/null" && call.host.write_file(&path, &response.body, false).is_err() {
                return call.fail(&format!("(23) Failed to open {file}"), 23);
            }
        }
    }
    if let Some(format) = call.options.value('w') {
        out.push_str(&unescape(&format.replace("%{http_code}", &response.status.to_string())));
    }
    call.say(&out);
    if !failed {
        return 0;
    }
    let silent = call.has('s') && !call.has('S');
    if silent { 22 } else { call.fail(&format!("(22) The requested URL returned error: {}", response.status), 22) }
}

/// What `wget` got goes to a file or, with `-O -`, to its standard output.
fn saved(call: &mut Call, url: &str, host: &str, response: &Response) -> i32 {
    let quiet = call.has('q');
    let name = match call.options.value('O') {
        _ if call.has('S') => {
            if !quiet {
                call.machine.say_error(call.host, &format!("Connecting to {host}\nremote file exists\n"));
            }
            return 0;
        }
        Some("-") => return call.say(&response.body),
        Some(name) => name.to_owned(),
        None => url.rsplit('/').next().filter(|n| !n.is_empty() && !n.contains(':')).unwrap_or("index.html").to_owned(),
    };
    let path = call.path(&name);
    if path != "/dev/null" && call.host.write_file(&path, &response.body, false).is_err() {
        return call.fail(&format!("can't open '{name}'"), 1);
    }
    if !quiet {
        call.machine.say_error(call.host, &format!("Connecting to {host}\nsaving to '{name}'\n'{name}' saved\n"));
    }
    0
}

fn refused(call: &mut Call, host: &str, failure: &Failure, waited_ms: u64) -> i32 {
    let (name, port) = host.split_once(':').unwrap_or((host, "80"));
    if call.name == "curl" {
        let (code, text) = match failure {
            Failure::UnknownHost(name) => (6, format!("Could not resolve host: {name}")),
            Failure::Timeout => (28, format!("Connection timed out after {waited_ms} milliseconds")),
            Failure::Closed => (52, "Empty reply from server".into()),
            Failure::Refused | Failure::NoRoute => (7, format!("Failed to connect to {name} port {port} after 0 ms: Could not connect to server")),
        };
        let silent = call.has('s') && !call.has('S');
        return if silent { code } else { call.fail(&format!("({code}) {text}"), code) };
    }
    let shown = address(call, name);
    let message = match failure {
        Failure::UnknownHost(name) => format!("bad address '{name}'"),
        Failure::Timeout => "download timed out".into(),
        Failure::Closed => "error getting response".into(),
        Failure::Refused => format!("can't connect to remote host ({shown}): Connection refused"),
        Failure::NoRoute => format!("can't connect to remote host ({shown}): Host is unreachable"),
    };
    call.fail(&message, 1)
}

/// What a name stands for, as BusyBox shows where it could not connect (`xconnect` of `libbb/xconnect.c`); a name that stands for nothing as it is.
fn address(call: &mut Call, name: &str) -> String {
    let found = call.host.request(&format!("host://{name}"), "").result.ok();
    found.and_then(|response| Some(response.body.lines().next()?.to_owned())).unwrap_or_else(|| name.to_owned())
}

pub(super) fn nc(call: &mut Call) -> i32 {
    let (host, port) = (call.word(0).to_owned(), call.word(1).to_owned());
    if port.is_empty() {
        return 1;
    }
    let answer = call.host.request(&format!("tcp://{host}:{port}"), call.stdin);
    waited(call, &answer, call.options.value('w').and_then(duration_ms).unwrap_or(30_000));
    match answer.result {
        Ok(_) if call.has('z') => {
            let text = if call.has('v') { format!("{host} ({}:{port}) open\n", address(call, &host)) } else { String::new() };
            call.machine.say_error(call.host, &text);
            0
        }
        Ok(response) => call.say(&response.body),
        Err(Failure::UnknownHost(name)) => call.fail(&format!("bad address '{name}'"), 1),
        Err(_) if call.has('z') && !call.has('v') => 1,
        Err(failure) => {
            let ip = address(call, &host);
            let message = if call.has('v') { format!("{host} ({ip}:{port})") } else { format!("can't connect to remote host ({ip})") };
            call.fail(&format!("{message}: {}", cause(&failure)), 1)
        }
    }
}

pub(super) fn telnet(call: &mut Call) -> i32 {
    let (host, port) = (call.word(0).to_owned(), Some(call.word(1)).filter(|p| !p.is_empty()).unwrap_or("23").to_owned());
    if host.is_empty() {
        return 1;
    }
    let answer = call.host.request(&format!("tcp://{host}:{port}"), call.stdin);
    waited(call, &answer, 30_000);
    match answer.result {
        Ok(response) => call.say(&format!("Connected to {host}\n{}Connection closed by foreign host\n", response.body)),
        Err(Failure::UnknownHost(name)) => call.fail(&format!("bad address '{name}'"), 1),
        Err(failure) => {
            let ip = address(call, &host);
            call.fail(&format!("can't connect to remote host ({ip}): {}", cause(&failure)), 1)
        }
    }
}

/// Whether a host is there; what it listens on does not matter.
pub(super) fn ping(call: &mut Call) -> i32 {
    let count = call.options.number('c').unwrap_or(4).clamp(1, 100) as u64;
    let Some(host) = call.options.words.first().cloned() else { return 1 };
    let ip = match call.host.request(&format!("host://{host}"), "").result {
        Ok(response) => response.body.lines().next().unwrap_or("").to_owned(),
        Err(_) => return call.fail(&format!("bad address '{host}'"), 1),
    };
    let there = !matches!(call.host.request(&format!("tcp://{ip}:7"), "").result, Err(Failure::NoRoute | Failure::Timeout));
    call.machine.late_ms = (count - 1) * 1000 + if there { 0 } else { 10_000 };
    let mut text = format!("PING {host} ({ip}): 56 data bytes\n");
    if there {
        let ttl = 64 - hops(&call.host.ip(), &ip);
        (0..count).for_each(|n| text.push_str(&format!("64 bytes from {ip}: seq={n} ttl={ttl} time=0.1 ms\n")));
    }
    let (got, lost) = if there { (count, 0) } else { (0, 100) };
    text.push_str(&format!("\n--- {host} ping statistics ---\n{count} packets transmitted, {got} packets received, {lost}% packet loss\n"));
    if there {
        text.push_str("round-trip min/avg/max = 0.1/0.1/0.1 ms\n");
    }
    call.say(&text);
    i32::from(!there)
}

/// The network made it wait, at most so long.
fn waited(call: &mut Call, answer: &Answer, patience_ms: u64) {
    if answer.took_ms >= 100 {
        call.machine.late_ms = answer.took_ms.min(patience_ms);
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

/// A failed connection in the C library's words.
fn cause(failure: &Failure) -> &'static str {
    match failure {
        Failure::Timeout => "Connection timed out",
        Failure::NoRoute => "No route to host",
        Failure::Refused | Failure::Closed | Failure::UnknownHost(_) => "Connection refused",
    }
}
