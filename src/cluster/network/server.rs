//! What the catalogue's servers answer; `tests/conformance/images.md` says what each does.

use super::{Answer, Failure, PATIENCE_MS, Response, Service, Source, request};
use crate::cluster::Context;
use crate::cluster::images::Program;
use crate::cluster::log::Stream;
use crate::cluster::runtime::{ContainerId, has_file, read_file};

/// The answer of the server in this container.
pub fn answer(ctx: &mut Context, target: ContainerId, port: u16, source: &Source, tcp: bool, path: &str, body: &str, depth: usize) -> Answer {
    let Some(server) = ctx.network.bodies.get(&target) else { return failed(Failure::Refused) };
    if server.hung {
        return Answer { took_ms: PATIENCE_MS, result: Err(Failure::Timeout) };
    }
    if let Some(status) = server.answers_with {
        return respond(status, "");
    }
    if let Some(service) = server.services.get(&port).cloned() {
        return serve(ctx, target, &service, source, tcp, path, body);
    }
    match server.program {
        Program::Redis if tcp => respond(200, &redis(ctx, target, body)),
        Program::Redis => failed(Failure::Closed),
        _ if tcp => respond(200, ""),
        Program::Echo => {
            if has_file(ctx.network, target, "/tmp/unhealthy") {
                respond(500, "unhealthy\n")
            } else {
                respond(200, &format!("{}\n", server.hostname))
            }
        }
        Program::Kubia => {
            let answer = format!("You've hit {}\n", server.hostname);
            let line = format!("Received request from ::ffff:{}\n", source.ip);
            ctx.network.outbox.push((target, Stream::Stdout, line));
            respond(200, &answer)
        }
        Program::Counter => counter(ctx, target, depth),
        Program::Nginx => nginx(ctx, target, source, path),
        Program::Custom(_) => respond(200, &format!("{}\n", server.hostname)),
        Program::MetricsServer => match path.split('?').next() {
            Some("/livez" | "/healthz") => respond(200, "ok"),
            Some("/readyz") if ctx.metrics.is_ready() => respond(200, "ok"),
            Some("/readyz") => respond(500, "[+]ping ok\n[-]metric-storage-ready failed: reason withheld\nreadyz check failed\n"),
            Some(_) | None => respond(403, "Forbidden\n"),
        },
        Program::Says(text) => respond(200, &text.replace("{host}", &server.hostname)),
        Program::Agnhost | Program::Pause | Program::Shell | Program::Bash | Program::Stress | Program::Perl => failed(Failure::Closed),
    }
}

/// What `httpd`, `nc` and agnhost answer.
fn serve(ctx: &mut Context, target: ContainerId, service: &Service, source: &Source, tcp: bool, path: &str, body: &str) -> Answer {
    match service {
        Service::Files(_) | Service::Agnhost(_) if tcp => respond(200, ""),
        Service::Agnhost(agnhost) => {
            let hostname = ctx.network.bodies.get(&target).map_or("", |body| body.hostname.as_str());
            let (response, line) = agnhost.answer(path, hostname, source, ctx.now);
            if let Some(line) = line {
                let moment = ctx.now.rfc3339().replace('-', "/").replace('T', " ");
                ctx.network.outbox.push((target, Stream::Stderr, format!("{} {line}\n", moment.trim_end_matches('Z'))));
            }
            Answer { took_ms: 1, result: Ok(response) }
        }
        Service::Files(home) => {
            let plain = path.split('?').next().unwrap_or("/");
            let index = if plain.ends_with('/') { "index.html" } else { "" };
            match read_file(ctx.network, target, &format!("{}{plain}{index}", home.trim_end_matches('/'))) {
                Ok(text) => respond(200, &text),
                Err(_) => respond(
                    404,
                    "<HTML><HEAD><TITLE>404 Not Found</TITLE></HEAD>\n<BODY><H1>404 Not Found</H1>\nThe requested URL was not found\n</BODY></HTML>\n",
                ),
            }
        }
        Service::Reply(text) => {
            let heard = if tcp { body.to_owned() } else { format!("GET {path} HTTP/1.1\n\n") };
            if !heard.is_empty() {
                ctx.network.outbox.push((target, Stream::Stdout, heard));
            }
            if tcp {
                return respond(200, text);
            }
            let status = text.strip_prefix("HTTP/1.").and_then(|t| t.split_whitespace().nth(1)).and_then(|s| s.parse().ok());
            let said = text.split_once("\r\n\r\n").or_else(|| text.split_once("\n\n")).map_or("", |(_, said)| said);
            status.map_or(failed(Failure::Closed), |status| respond(status, said))
        }
    }
}

fn failed(failure: Failure) -> Answer {
    Answer { took_ms: 1, result: Err(failure) }
}

fn respond(status: u16, body: &str) -> Answer {
    Answer { took_ms: 1, result: Ok(Response { status, body: body.into(), headers: Vec::new() }) }
}

fn redis(ctx: &mut Context, target: ContainerId, commands: &str) -> String {
    let Some(server) = ctx.network.bodies.get_mut(&target) else { return String::new() };
    let mut out = String::new();
    for line in commands.lines().take(1000) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let reply = match words.as_slice() {
            [] => continue,
            [verb, rest @ ..] => match (verb.to_ascii_uppercase().as_str(), rest) {
                ("PING", _) => "+PONG".to_owned(),
                ("SET", [key, value, ..]) => {
                    server.store.insert((*key).into(), (*value).into());
                    "+OK".into()
                }
                ("GET", [key]) => server.store.get(*key).map_or("$-1".into(), |v| format!("${}\r\n{v}", v.len())),
                ("INCR", [key]) => match server.store.get(*key).map_or(Ok(0), |v| v.parse::<i64>()) {
                    Ok(number) => {
                        server.store.insert((*key).into(), (number + 1).to_string());
                        format!(":{}", number + 1)
                    }
                    Err(_) => "-ERR value is not an integer or out of range".into(),
                },
                ("QUIT", _) => break,
                _ => format!("-ERR unknown command '{verb}'"),
            },
        };
        out.push_str(&reply);
        out.push_str("\r\n");
    }
    out
}

fn counter(ctx: &mut Context, target: ContainerId, depth: usize) -> Answer {
    let host = ctx.network.bodies[&target].environment.get("REDIS_HOST").cloned().unwrap_or_else(|| "localhost".into());
    let host = if host.contains(':') { host } else { format!("{host}:6379") };
    let Some(own) = Source::of_container(ctx.network, target) else { return failed(Failure::Closed) };
    let reply = request(ctx, &own, &format!("tcp://{host}"), "INCR count\n", depth + 1);
    match reply.result {
        Ok(response) if response.body.starts_with(':') => respond(200, &format!("{}\n", response.body.trim_start_matches(':').trim())),
        Ok(_) | Err(_) => respond(500, "redis is not there\n"),
    }
}

const WELCOME: &str =
    "<!DOCTYPE html>\n<html>\n<head>\n<title>Welcome to nginx!</title>\n</head>\n<body>\n<h1>Welcome to nginx!</h1>\n</body>\n</html>\n";

fn nginx(ctx: &mut Context, target: ContainerId, source: &Source, path: &str) -> Answer {
    let plain = path.split('?').next().unwrap_or("/");
    let file = if plain.ends_with('/') { format!("/usr/share/nginx/html{plain}index.html") } else { format!("/usr/share/nginx/html{plain}") };
    let (status, body) = match read_file(ctx.network, target, &file) {
        Ok(text) => (200, text),
        Err(_) if plain == "/" => (200, WELCOME.to_owned()),
        Err(_) => {
            (404, "<html>\n<head><title>404 Not Found</title></head>\n<body>\n<center><h1>404 Not Found</h1></center>\n</body>\n</html>\n".to_owned())
        }
    };
    let agent = if source.container.is_some() { "Wget" } else { "kube-probe/1.36" };
    let line =
        format!("{} - - [{}] \"GET {path} HTTP/1.1\" {status} {} \"-\" \"{agent}\" \"-\"\n", source.ip, common_log(&ctx.now.rfc3339()), body.len());
    ctx.network.outbox.push((target, Stream::Stdout, line));
    respond(status, &body)
}

/// `2026-01-01T00:00:30Z` as web servers log it: `01/Jan/2026:00:00:30 +0000`.
fn common_log(moment: &str) -> String {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (date, time) = moment.trim_end_matches('Z').split_once('T').unwrap_or((moment, ""));
    let mut parts = date.split('-');
    let (year, month, day) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""), parts.next().unwrap_or(""));
    let month = month.parse::<usize>().ok().and_then(|month| MONTHS.get(month.wrapping_sub(1))).unwrap_or(&"");
    format!("{day}/{month}/{year}:{time} +0000")
}
