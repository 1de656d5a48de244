//! Commands that images bring along beside their servers: `nginx -s`, `redis-cli`.

use super::host::ContainerHost;
use crate::cluster::log::Stream;
use crate::cluster::shell::{Answered, Host as _};

impl ContainerHost<'_, '_> {
    /// What nginx does besides serving ("Command-line parameters" of its documentation): `-s SIGNAL` tells the server that runs, `-t` looks at the
    /// configuration, which is always good here.
    pub(super) fn nginx(&mut self, arguments: &[String]) -> Option<Answered> {
        let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let error = |code, text: String| Some(Answered::Done(code, vec![(Stream::Stderr, text)]));
        match words.as_slice() {
            ["nginx" | "/usr/sbin/nginx", "-t", ..] => {
                let file = "/etc/nginx/nginx.conf";
                error(0, format!("nginx: the configuration file {file} syntax is ok\nnginx: configuration file {file} test is successful\n"))
            }
            ["nginx" | "/usr/sbin/nginx", "-s", what, ..] => {
                let signal = match *what {
                    "stop" => "TERM",
                    "quit" => "QUIT",
                    "reload" => "HUP",
                    "reopen" => "USR1",
                    _ => return error(1, format!("nginx: invalid option: \"-s {what}\"\n")),
                };
                let server = self.seen().find(|(home, process)| *home == self.id && process.ended.is_none() && process.is_server());
                let Some(pid) = server.map(|(_, process)| process.pid) else {
                    return error(1, "nginx: [error] open() \"/run/nginx.pid\" failed (2: No such file or directory)\n".into());
                };
                self.effects.slow_signals.push((pid, signal.into()));
                let (own, moment) = (self.pid, self.ctx.now.rfc3339().replace('-', "/").replace('T', " "));
                error(0, format!("{} [notice] {own}#{own}: signal process started\n", moment.trim_end_matches('Z')))
            }
            _ => None,
        }
    }

    /// `redis-cli [-h HOST] [COMMAND…]`, without one those that stand on its standard input.
    pub(super) fn redis_cli(&mut self, arguments: &[String], stdin: Option<&str>) -> Answered {
        let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let (host, rest) = match words.as_slice() {
            ["-h", host, rest @ ..] => (*host, rest),
            rest => ("localhost", rest),
        };
        let commands = if rest.is_empty() { stdin.unwrap_or_default().to_owned() } else { format!("{}\n", rest.join(" ")) };
        match self.request(&format!("tcp://{host}:6379"), &commands).result {
            Ok(response) => {
                let lines = response.body.lines().filter(|l| !(l.starts_with('$') && *l != "$-1"));
                let text: String = lines.map(|line| format!("{}\n", if line == "$-1" { "" } else { line.trim_start_matches(['+', ':']) })).collect();
                Answered::Done(0, vec![(Stream::Stdout, text)])
            }
            Err(_) => {
                let text = format!("Could not connect to Redis at {host}:6379: Connection refused\n");
                Answered::Done(1, vec![(Stream::Stderr, text)])
            }
        }
    }
}
