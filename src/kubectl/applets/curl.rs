//! `curl` and `wget` from the person's machine.

use super::{Options, fail, unescape};
use crate::cluster::PodRef;
use crate::cluster::network;
use crate::kubectl::env::{Env, Failure, Flow};

/// A request from the person's machine: a forwarded port, or what a node reaches.
pub(super) fn curl(name: &str, rest: &[String], env: &mut Env) -> Result<Flow, Failure> {
    let options = Options::parse(rest, "moXHdwOT");
    let quiet = options.has('s') && !options.has('S') || name == "wget" && options.has('q');
    let Some(url) = options.words.first() else { return Err(fail(format!("{name}: no URL specified\n"), 2)) };
    let bare = url.split("://").nth(1).unwrap_or(url);
    let (host, path) = bare.split_once('/').map_or((bare, ""), |(h, p)| (h, p));
    let (host, port) = host.rsplit_once(':').map_or((host, 80), |(h, p)| (h, p.parse::<u16>().unwrap_or(80)));
    let local = matches!(host, "localhost" | "127.0.0.1");
    let answer = if local {
        match env.forwards.iter().find(|f| f.local == port).cloned() {
            Some(forward) => {
                env.err(format!("Handling connection for {port}\n"));
                let place = PodRef { namespace: &forward.namespace, name: &forward.pod };
                env.cluster.send_request(Some((place, &forward.container)), &format!("localhost:{}/{path}", forward.remote)).ok()
            }
            None => None,
        }
    } else {
        env.cluster.send_request(None, bare).ok()
    };
    match answer.map(|a| a.result) {
        Some(Ok(response)) => {
            if options.has('i') || options.has('I') {
                env.out(format!(
                    "HTTP/1.1 {}\r\n{}\r\n",
                    response.status,
                    response.headers.iter().map(|(k, v)| format!("{k}: {v}\r\n")).collect::<String>()
                ));
            }
            if options.value('o').is_none() && !options.has('I') {
                env.out(response.body);
            }
            if let Some(format) = options.value('w') {
                env.out(unescape(&format.replace("%{http_code}", &response.status.to_string())));
            }
            let failed = options.has('f') && response.status >= 400;
            Ok(Flow::Done(if failed { 22 } else { 0 }))
        }
        Some(Err(network::Failure::Timeout)) => Err(fail(
            if quiet { String::new() } else { format!("curl: (28) Connection timed out after {} milliseconds\n", 1000 * options.number('m', 130)) },
            28,
        )),
        Some(Err(network::Failure::UnknownHost(host))) => {
            Err(fail(if quiet { String::new() } else { format!("curl: (6) Could not resolve host: {host}\n") }, 6))
        }
        _ => Err(fail(
            if quiet {
                String::new()
            } else {
                format!("curl: (7) Failed to connect to {host} port {port} after 0 ms: Could not connect to server\n")
            },
            7,
        )),
    }
}
