//! Servers: the programs of the catalogue, `stress`, and the applets that listen. They run by the clock, not step by step.

use super::perl;
use super::process::{OOM, Run};
use super::{ContainerId, Runtime, Timer};
use crate::api::SimTime;
use crate::cluster::images::Program;
use crate::cluster::log::{Fact, Stream};
use crate::cluster::network::{Agnhost, Service};
use crate::cluster::{Context, Task, metrics};

#[derive(Clone, Debug)]
pub(super) struct Server {
    pub port: u16,
    pub address: String,
    /// Listens from then on; `None` once it does (or never will).
    pub ready_at: Option<SimTime>,
    /// Ends by itself, with this code.
    pub ends: Option<(SimTime, i32)>,
    /// How it ends when it is told to; `None`: it does not listen.
    pub on_term: Option<i32>,
    /// Signals that it takes without ending.
    pub ignores: &'static [&'static str],
    /// What it prints once it listens.
    pub greeting: &'static str,
    /// What it prints when it ends by itself.
    pub last_words: Vec<(Stream, String)>,
    /// An applet that serves instead of the image's own program.
    pub service: Option<Service>,
}

impl Runtime {
    /// A server of the catalogue (or one that the learner described), with its settings from the environment.
    pub(super) fn server(&mut self, id: ContainerId, program: Program, arguments: &[String], stdin: &str, ctx: &mut Context) -> Server {
        if let Some(server) = applet_server(arguments, stdin, ctx.now) {
            return server;
        }
        let (environment, _) = ctx.network.bodies.get(&id).map(|b| (b.environment.clone(), ())).unwrap_or_default();
        let image = self.containers.get(&id).and_then(|c| self.find_image(&c.config.image));
        let number = |name: &str| environment.get(name).and_then(|v| v.trim().parse::<u64>().ok());
        let port = number("PORT")
            .and_then(|p| u16::try_from(p).ok())
            .filter(|_| image.is_some_and(|i| i.port != 0))
            .unwrap_or_else(|| image.map_or(0, |i| i.port));
        let deaf = environment.get("IGNORE_TERM").is_some_and(|v| v == "1");
        let mut server = Server {
            port,
            address: environment.get("BIND").cloned().unwrap_or_else(|| "0.0.0.0".into()),
            ready_at: (port != 0).then(|| ctx.now + number("DELAY").unwrap_or(0).saturating_mul(1000)),
            ends: None,
            on_term: (program != Program::Kubia && !deaf).then_some(0),
            ignores: match program {
                _ if deaf => &["TERM"],
                // "Controlling nginx": it reads its configuration anew, opens its logs anew, ends its workers.
                Program::Nginx => &["HUP", "USR1", "USR2", "WINCH"],
                _ => &[],
            },
            greeting: match program {
                Program::Kubia => "Kubia server starting...\n",
                Program::Redis => "Ready to accept connections tcp\n",
                _ => "",
            },
            last_words: Vec::new(),
            service: None,
        };
        match program {
            Program::Agnhost => match Agnhost::of(arguments, ctx.now) {
                Some((agnhost, port)) => {
                    // A Go program that expects no signal ends with 2, even as the first process (`dieFromSignal` of its runtime).
                    let code = if agnhost == Agnhost::NetExec { 0 } else { 2 };
                    (server.port, server.service, server.on_term) = (port, Some(Service::Agnhost(agnhost)), Some(code));
                }
                // `agnhost pause` and what is not modelled wait to be ended.
                None => (server.port, server.ready_at) = (0, None),
            },
            Program::Stress => self.stress(id, arguments, &mut server, ctx),
            Program::Perl => {
                let outcome = perl::perl(arguments);
                server.ends = Some((ctx.now + outcome.takes_ms, outcome.code));
                server.last_words = vec![(Stream::Stdout, outcome.out), (Stream::Stderr, outcome.error)];
                server.on_term = None;
                self.use_cpu(id, 1000, ctx.now);
            }
            Program::MetricsServer => {
                let flag = arguments.iter().find_map(|a| a.strip_prefix("--secure-port="));
                server.port = flag.and_then(|port| port.parse().ok()).unwrap_or(server.port);
                self.use_cpu(id, 3, ctx.now);
                self.use_memory(id, 18 << 20, ctx);
            }
            Program::Custom(index) => {
                if let Some(custom) = self.custom.get(index) {
                    server.ends = custom.exits_after_ms.map(|after| (ctx.now + after, custom.exit_code));
                }
            }
            _ => {}
        }
        server
    }

    /// `stress --cpu N --vm N --vm-bytes B --timeout S`; without hogs it ends with 0.
    fn stress(&mut self, id: ContainerId, arguments: &[String], server: &mut Server, ctx: &mut Context) {
        let value = |flags: &[&str]| {
            let at = arguments.iter().position(|a| flags.contains(&a.as_str()))?;
            arguments.get(at + 1).cloned()
        };
        let count = |flags: &[&str]| value(flags).and_then(|v| v.parse::<i64>().ok()).unwrap_or(0);
        let (cpu, vm) = (count(&["--cpu", "-c"]), count(&["--vm", "-m"]));
        let seconds = value(&["--timeout", "-t"]).and_then(|v| v.trim_end_matches('s').parse::<u64>().ok());
        server.on_term = Some(0);
        server.ends = match seconds {
            _ if cpu == 0 && vm == 0 => Some((ctx.now, 0)),
            Some(seconds) => Some((ctx.now + seconds.saturating_mul(1000), 0)),
            None => None,
        };
        self.use_cpu(id, cpu * 1000 + vm * 100, ctx.now);
        if vm > 0 {
            let bytes = value(&["--vm-bytes"])
                .and_then(|v| {
                    crate::api::Quantity::parse(&v.replace('B', "").replace('M', "Mi").replace('G', "Gi").replace('K', "Ki").replace("ii", "i"))
                })
                .map_or(256 << 20, |q| q.value());
            let wanted = bytes.saturating_mul(vm);
            let limit = self.containers.get(&id).and_then(|c| c.config.memory_limit);
            if limit.is_some_and(|limit| wanted > limit) {
                // Touching the memory takes a moment; then the kernel ends it.
                server.ends = Some((ctx.now + 150, OOM));
            } else if let Some(container) = self.containers.get_mut(&id) {
                container.memory_bytes = wanted;
                self.tell_memory(ctx);
            }
        }
    }

    /// A server: opens its port when its time has come, ends when its time is over.
    pub(super) fn serve(&mut self, id: ContainerId, pid: u64, ctx: &mut Context) -> bool {
        let node = self.node;
        let reference = self.reference(id);
        let sandbox = self.containers.get(&id).map(|c| c.sandbox);
        // containerd lets everybody have every port of a Pod's own network (`enable_unprivileged_ports`), but not of the node's.
        let on_node = sandbox.and_then(|s| self.sandboxes.get(&s)).is_some_and(|s| s.config.host_network);
        let may_not = |port: u16| on_node && port < 1024 && ctx.network.bodies.get(&id).is_some_and(|b| b.user.user != 0);
        let Some(process) = self.live.get_mut(&id).and_then(|l| l.processes.get_mut(&pid)) else { return false };
        let Run::Server(server) = &mut process.run else { return false };
        if let Some((at, code)) = server.ends
            && at <= ctx.now
        {
            let words = std::mem::take(&mut server.last_words);
            words.into_iter().filter(|(_, text)| !text.is_empty()).for_each(|(stream, text)| self.write_log(id, stream, &text, ctx));
            self.finish(id, pid, code, ctx);
            return true;
        }
        let mut greeting = "";
        if let Some(at) = server.ready_at.filter(|at| *at <= ctx.now) {
            let _at = at;
            server.ready_at = None;
            let port = server.port;
            let taken = sandbox.is_some_and(|s| ctx.network.is_taken(s, port));
            if taken || may_not(port) {
                let why = if taken { "ddress already in use" } else { "ermission denied" };
                if taken {
                    ctx.log.push(ctx.now, Fact::PortTaken { container: reference, port });
                }
                // The C library's words begin with a capital letter, Go's do not.
                let (large, small) = if taken { ('A', 'a') } else { ('P', 'p') };
                let text = match &server.service {
                    Some(Service::Files(_)) => format!("httpd: bind: {large}{why}\n"),
                    Some(Service::Reply(_)) => format!("nc: bind: {large}{why}\n"),
                    Some(Service::Agnhost(_)) | None => format!("listen tcp {}:{port}: bind: {small}{why}\n", server.address),
                };
                // It never listened.
                server.port = 0;
                self.write_log(id, Stream::Stderr, &text, ctx);
                self.finish(id, pid, 1, ctx);
                return true;
            }
            greeting = server.greeting;
            let address = server.address.clone();
            if let Some(body) = ctx.network.bodies.get_mut(&id) {
                body.listening.push((address.clone(), port));
                if let Some(service) = server.service.clone() {
                    body.services.insert(port, service);
                }
            }
            ctx.log.push(ctx.now, Fact::PortOpened { container: reference, address: address.clone(), port });
            if ctx.network.bodies.get(&id).is_some_and(|b| b.program == Program::MetricsServer && !b.services.contains_key(&port)) {
                ctx.after(0, Task::Metrics(metrics::Timer::Scrape { node, server: id }));
            }
            if let Some(container) = self.containers.get_mut(&id) {
                container.listening.push((address, port));
            }
        }
        let Some(process) = self.live.get_mut(&id).and_then(|l| l.processes.get_mut(&pid)) else { return false };
        let Run::Server(server) = &process.run else { return false };
        let next = server.ready_at.into_iter().chain(server.ends.map(|(at, _)| at)).min();
        let next = next.unwrap_or(SimTime(u64::MAX));
        if process.wake != Some(next) {
            process.wake = Some(next);
            if next != SimTime(u64::MAX) {
                ctx.queue.push(next, Task::Runtime { node, timer: Timer::Wake { container: id, process: pid } });
            }
        }
        if !greeting.is_empty() {
            self.write_log(id, Stream::Stdout, greeting, ctx);
        }
        false
    }
}

/// `httpd` and `nc -l` as servers.
fn applet_server(arguments: &[String], stdin: &str, now: SimTime) -> Option<Server> {
    let value = |flag: char| {
        let at = arguments.iter().position(|a| a.starts_with('-') && !a.starts_with("--") && a[1..].contains(flag))?;
        let rest = arguments[at].split_once(flag).map_or("", |(_, rest)| rest);
        if rest.is_empty() { arguments.get(at + 1).map(String::as_str) } else { Some(rest) }
    };
    let port_of = |text: &str| text.rsplit(':').next().and_then(|p| p.parse::<u16>().ok());
    let (port, service) = match arguments.first().map(String::as_str) {
        Some("httpd") => (value('p').and_then(port_of).unwrap_or(80), Service::Files(value('h').unwrap_or("/").to_owned())),
        Some("nc") => {
            let reply = match arguments.iter().position(|a| a == "-e").and_then(|at| arguments.get(at + 1..)) {
                // `-e echo TEXT`: what the program prints, as far as it can be told from its words.
                Some([program, words @ ..]) if program == "echo" => format!("{}\n", words.join(" ")),
                _ => stdin.to_owned(),
            };
            let bare = || arguments.iter().skip(1).find_map(|a| a.parse::<u16>().ok());
            (value('p').and_then(port_of).or_else(bare)?, Service::Reply(reply))
        }
        _ => return None,
    };
    let address = value('p').and_then(|p| p.rsplit_once(':')).map_or("0.0.0.0", |(address, _)| address).to_owned();
    // As the first process they do not react to SIGTERM: busybox sets no handler.
    Some(Server {
        port,
        address,
        ready_at: Some(now),
        ends: None,
        on_term: None,
        ignores: &[],
        greeting: "",
        last_words: Vec::new(),
        service: Some(service),
    })
}
