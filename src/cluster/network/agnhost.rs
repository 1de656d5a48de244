//! agnhost, the image of the documentation's examples: some of its subcommands that serve HTTP.
//!
//! Models `test/images/agnhost/{liveness,netexec,serve-hostname}` of kubernetes. Deviations: of `netexec` these paths and what it logs of them only, no UDP.

use super::{Response, Source};
use crate::api::SimTime;

/// A subcommand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agnhost {
    /// Alive for ten seconds from then on.
    Liveness(SimTime),
    NetExec,
    ServeHostname,
}

/// How long `liveness` is alive.
const ALIVE_MS: u64 = 10_000;

impl Agnhost {
    /// The subcommand with the port where it listens.
    pub fn of(arguments: &[String], now: SimTime) -> Option<(Self, u16)> {
        let mut words = arguments.iter().skip(1);
        let (server, flags, port) = match words.next()?.as_str() {
            "liveness" => return Some((Self::Liveness(now), 8080)),
            "netexec" => (Self::NetExec, ["--http-port", "--http-port"], 8080),
            "serve-hostname" => (Self::ServeHostname, ["--port", "-p"], 9376),
            _ => return None,
        };
        let rest: Vec<&str> = words.flat_map(|word| word.split('=')).collect();
        let given = rest.windows(2).find(|pair| flags.contains(&pair[0])).and_then(|pair| pair[1].parse().ok());
        Some((server, given.unwrap_or(port)))
    }

    /// What it answers, and the line that it logs.
    pub fn answer(self, path: &str, hostname: &str, source: &Source, now: SimTime) -> (Response, Option<String>) {
        let (plain, query) = path.split_once('?').unwrap_or((path, ""));
        let value = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')).unwrap_or("");
        let answer = |status: u16, body: String| Response { status, body, headers: Vec::new() };
        match (self, plain) {
            (Self::Liveness(since), "/healthz") => {
                let alive = now.since(since);
                let error = format!("error: {}.{:03}", alive / 1000, alive % 1000);
                (if alive > ALIVE_MS { answer(500, error) } else { answer(200, "ok".into()) }, None)
            }
            (Self::Liveness(since), "/started") => (answer(200, format!("{}ms", now.since(since))), None),
            (Self::NetExec, "/") => {
                (answer(200, format!("NOW: {}", now.rfc3339().replace('T', " ").replace('Z', " +0000 UTC"))), Some("GET /".into()))
            }
            (Self::NetExec, "/hostname") => (answer(200, hostname.to_owned()), Some("GET /hostname".into())),
            (Self::NetExec, "/clientip") => (answer(200, format!("{}:40000", source.ip)), Some("GET /clientip".into())),
            (Self::NetExec, "/healthz" | "/readyz") => (answer(200, String::new()), Some(format!("GET {plain}"))),
            (Self::NetExec, "/echo") => {
                let code = value("code").parse().unwrap_or(200);
                (answer(code, value("msg").to_owned()), Some(format!("GET /echo?msg={}&code={}", value("msg"), value("code"))))
            }
            (Self::ServeHostname, _) => (answer(200, hostname.to_owned()), None),
            (Self::Liveness(_) | Self::NetExec, _) => (answer(404, "404 page not found\n".into()), None),
        }
    }
}
