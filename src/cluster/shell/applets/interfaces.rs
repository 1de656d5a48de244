//! The network as a process finds it: `ip`, `ifconfig`, `route`, `netstat`.
//!
//! The lines are BusyBox's, recorded in a network namespace with one end of a veth pair in it, set up as flannel sets up a Pod's (VXLAN: MTU 1450,
//! routes to the node's and to the cluster's network by way of the bridge). Deviations: IPv4 only, nothing can be changed, nothing is counted, and
//! of connections only those that wait for others are known.

use super::Call;
use crate::cluster::shell::Listening;

/// An interface: name, the other end's mark, flags of `ip`, MTU, discipline of its queue, MAC address, address with the length of its network,
/// where packets to everybody go, and what `ip` says of its scope.
struct Interface {
    name: &'static str,
    peer: &'static str,
    flags: &'static str,
    mtu: u32,
    hardware: String,
    address: String,
    bits: u32,
    broadcast: Option<String>,
}

/// Whether an address is a Pod's own; otherwise it is the node's.
fn is_pod(address: &str) -> bool {
    address.starts_with("10.244.")
}

/// The first three numbers of an address.
fn network(address: &str) -> &str {
    address.rsplit_once('.').map_or(address, |(network, _)| network)
}

fn interfaces(call: &Call) -> [Interface; 2] {
    let address = call.host.ip();
    // As the bridge plugin makes it from the address (`pkg/utils/hwaddr` of containernetworking).
    let numbers: String = address.split('.').map(|part| format!(":{:02x}", part.parse::<u8>().unwrap_or(0))).collect();
    let broadcast = format!("{}.255", network(&address));
    let (peer, flags, mtu) =
        if is_pod(&address) { ("@if7", "BROADCAST,MULTICAST,UP,LOWER_UP,M-DOWN", 1450) } else { ("", "BROADCAST,MULTICAST,UP,LOWER_UP", 1500) };
    let lo = Interface {
        name: "lo",
        peer: "",
        flags: "LOOPBACK,UP,LOWER_UP",
        mtu: 65536,
        hardware: "00:00:00:00:00:00".into(),
        address: "127.0.0.1".into(),
        bits: 8,
        broadcast: None,
    };
    [lo, Interface { name: "eth0", peer, flags, mtu, hardware: format!("0a:58{numbers}"), address, bits: 24, broadcast: Some(broadcast) }]
}

/// Destination, gateway, length of the network, in the kernel's order. `0.0.0.0` as a gateway: it is here.
fn routes(call: &Call) -> Vec<(String, String, u32)> {
    let address = call.host.ip();
    let gateway = format!("{}.1", network(&address));
    let here = (format!("{}.0", network(&address)), "0.0.0.0".to_owned(), 24);
    let mut routes = vec![("0.0.0.0".to_owned(), gateway.clone(), 0)];
    if is_pod(&address) {
        routes.push(("10.244.0.0".into(), gateway, 16));
    }
    routes.push(here);
    routes
}

/// `ip [-4] [-o] address|link|route [show] [dev NAME]`.
pub(super) fn ip(call: &mut Call) -> i32 {
    let words = call.options.words.clone();
    let what = words.first().map_or("", String::as_str);
    let named = words.iter().skip(1).find(|word| !matches!(word.as_str(), "show" | "list" | "ls" | "dev")).cloned();
    if matches!(what, "r" | "ro" | "route") {
        let address = call.host.ip();
        let line = |(to, by, bits): (String, String, u32)| match (to.as_str(), by.as_str()) {
            ("0.0.0.0", by) => format!("default via {by} dev eth0 \n"),
            (to, "0.0.0.0") => format!("{to}/{bits} dev eth0 scope link  src {address} \n"),
            (to, by) => format!("{to}/{bits} via {by} dev eth0 \n"),
        };
        let text: String = routes(call).into_iter().map(line).collect();
        return call.say(&text);
    }
    let addresses = !what.is_empty() && ["address", "addr"].iter().any(|name| name.starts_with(what));
    if !addresses && (what.is_empty() || !"link".starts_with(what)) {
        return call.usage();
    }
    if let Some(name) = named.as_ref().filter(|name| !["lo", "eth0"].contains(&name.as_str())) {
        return call.fail(&format!("can't find device '{name}'"), 1);
    }
    let (line, only) = (call.has('o'), call.has('4'));
    let mut out = String::new();
    for (at, i) in interfaces(call).iter().enumerate().filter(|(_, i)| named.as_ref().is_none_or(|name| name == i.name)) {
        let (scope, broadcast) = i.broadcast.as_ref().map_or(("host", String::new()), |all| ("global", format!("brd {all} ")));
        let address = format!("inet {}/{} {broadcast}scope {scope} {}", i.address, i.bits, i.name);
        if line && addresses {
            out.push_str(&format!("{}: {}    {address}\\       valid_lft forever preferred_lft forever\n", at + 1, i.name));
            continue;
        }
        out.push_str(&format!("{}: {}{}: <{}> mtu {} qdisc noqueue qlen 1000\n", at + 1, i.name, i.peer, i.flags, i.mtu));
        if !only {
            let (kind, all) = if at == 0 { ("loopback", "00:00:00:00:00:00") } else { ("ether", "ff:ff:ff:ff:ff:ff") };
            out.push_str(&format!("    link/{kind} {} brd {all}\n", i.hardware));
        }
        if addresses {
            out.push_str(&format!("    {address}\n       valid_lft forever preferred_lft forever\n"));
        }
    }
    call.say(&out)
}

pub(super) fn ifconfig(call: &mut Call) -> i32 {
    const COUNTERS: &str = "          RX packets:0 errors:0 dropped:0 overruns:0 frame:0\n          TX packets:0 errors:0 dropped:0 overruns:0 carrier:0\n          collisions:0 txqueuelen:1000 \n          RX bytes:0 (0.0 B)  TX bytes:0 (0.0 B)\n\n";
    let named = call.options.words.first().cloned();
    if let Some(name) = named.as_ref().filter(|name| !["lo", "eth0"].contains(&name.as_str())) {
        return call.fail(&format!("{name}: error fetching interface information: Device not found"), 1);
    }
    let mut out = String::new();
    // By name, as the kernel does not give them.
    for i in interfaces(call).iter().rev().filter(|i| named.as_ref().is_none_or(|name| name == i.name)) {
        out.push_str(&match &i.broadcast {
            Some(all) => format!(
                "{:<9} Link encap:Ethernet  HWaddr {}  \n          inet addr:{}  Bcast:{all}  Mask:255.255.255.0\n          UP BROADCAST RUNNING MULTICAST  MTU:{}  Metric:1\n{COUNTERS}",
                i.name,
                i.hardware.to_ascii_uppercase(),
                i.address,
                i.mtu
            ),
            None => format!(
                "{:<9} Link encap:Local Loopback  \n          inet addr:{}  Mask:255.0.0.0\n          UP LOOPBACK RUNNING  MTU:{}  Metric:1\n{COUNTERS}",
                i.name, i.address, i.mtu
            ),
        });
    }
    call.say(&out)
}

fn mask(bits: u32) -> &'static str {
    match bits {
        0 => "0.0.0.0",
        16 => "255.255.0.0",
        _ => "255.255.255.0",
    }
}

pub(super) fn route(call: &mut Call) -> i32 {
    let numbers = call.has('n');
    let mut out = String::from("Kernel IP routing table\nDestination     Gateway         Genmask         Flags Metric Ref    Use Iface\n");
    for (to, by, bits) in routes(call) {
        let flags = if by == "0.0.0.0" { "U" } else { "UG" };
        let to = if bits == 0 && !numbers { "default" } else { &to };
        let by = if flags == "U" && !numbers { "*" } else { &by };
        out.push_str(&format!("{to:<15} {by:<15} {:<15} {flags:<5} 0      0        0 eth0\n", mask(bits)));
    }
    call.say(&out)
}

/// `netstat -tln`, `-r`. A port belongs to the whole Pod, its process only to its container.
pub(super) fn netstat(call: &mut Call) -> i32 {
    if call.has('r') {
        let mut out = String::from("Kernel IP routing table\nDestination     Gateway         Genmask         Flags   MSS Window  irtt Iface\n");
        for (to, by, bits) in routes(call) {
            let flags = if by == "0.0.0.0" { "U" } else { "UG" };
            out.push_str(&format!("{to:<15} {by:<15} {:<15} {flags:<9} 0 0          0 eth0\n", mask(bits)));
        }
        return call.say(&out);
    }
    let (listens, all, programs) = (call.has('l'), call.has('a'), call.has('p'));
    let which = match (listens, all) {
        (_, true) => "servers and established",
        (true, false) => "only servers",
        (false, false) => "w/o servers",
    };
    let chosen = ['t', 'u', 'w', 'x'].iter().any(|flag| call.has(*flag));
    let mut out = String::new();
    if !chosen || call.has('t') || call.has('u') || call.has('w') {
        let last = if programs { "PID/Program name    " } else { "" };
        out.push_str(&format!(
            "Active Internet connections ({which})\nProto Recv-Q Send-Q Local Address           Foreign Address         State       {last}\n"
        ));
        if (listens || all) && (!chosen || call.has('t')) {
            for Listening { address, port, process } in call.host.listening() {
                let process = if programs { process.map_or_else(|| "-".into(), |(pid, name)| format!("{pid}/{name}")) } else { String::new() };
                out.push_str(&format!("tcp        0      0 {:<23} {:<23} LISTEN      {process}\n", format!("{address}:{port}"), "0.0.0.0:*"));
            }
        }
    }
    if !chosen || call.has('x') {
        out.push_str(&format!("Active UNIX domain sockets ({which})\nProto RefCnt Flags       Type       State         I-Node Path\n"));
    }
    call.say(&out)
}
