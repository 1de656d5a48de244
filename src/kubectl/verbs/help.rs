//! `kubectl help`, `--help` of every verb, and the text of a group called without its subcommand.

use super::VERBS;
use crate::api::order::InOrder as _;
use crate::kubectl::call::{Call, DEPRECATED, FlagKind, Verb, flags, own_flags};
use crate::kubectl::env::{DONE, Env, Failure, Flow};
use crate::kubectl::table;

pub const VERB: Verb = Verb::new("help", "[command] | STRING_TO_SEARCH", "", "Help about any command", run);
pub const OPTIONS: Verb = Verb::new("options", "", "", "Print the list of flags inherited by all commands", options);

const LAST: &str = "Use \"kubectl options\" for a list of global command-line options (applies to all commands).\n";

fn run(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let Some(first) = call.args.first() else { return overview(env) };
    let Some(mut verb) = VERBS.iter().find(|v| v.is(first)) else {
        return Err(Failure::raw(format!("Unknown help topic [`{first}`]\n"), 0));
    };
    let mut path = format!("kubectl {}", verb.name);
    for word in &call.args[1..] {
        let Some(child) = verb.children.iter().find(|c| c.is(word)) else { break };
        verb = child;
        path = format!("{path} {}", verb.name);
    }
    help(verb, &path, env)
}

/// Where the overview says it in other words than the verb's own help, and the verbs that are only listed.
const IN_OVERVIEW: [(&str, &str); 13] = [
    ("run", "Run a particular image on the cluster"),
    ("edit", "Edit a resource on the server"),
    ("rollout", "Manage the rollout of a resource"),
    ("certificate", "Modify certificate resources"),
    ("cluster-info", "Display cluster information"),
    ("logs", "Print the logs for a container in a pod"),
    ("attach", "Attach to a running container"),
    ("proxy", "Run a proxy to the Kubernetes API server"),
    ("kustomize", "Build a kustomization target from a directory or URL"),
    ("completion", "Output shell completion code for the specified shell (bash, zsh, fish, or powershell)"),
    ("kuberc", "Manage kuberc configuration files"),
    ("plugin", "Provides utilities for interacting with plugins"),
    ("version", "Print the client and server version information"),
];

/// `kubectl` alone.
pub fn overview(env: &mut Env) -> Result<Flow, Failure> {
    let groups: [(&str, &[&str]); 8] = [
        ("Basic Commands (Beginner)", &["create", "expose", "run", "set"]),
        ("Basic Commands (Intermediate)", &["explain", "get", "edit", "delete"]),
        ("Deploy Commands", &["rollout", "scale", "autoscale"]),
        ("Cluster Management Commands", &["certificate", "cluster-info", "top", "cordon", "uncordon", "drain", "taint"]),
        ("Troubleshooting and Debugging Commands", &["describe", "logs", "attach", "exec", "port-forward", "proxy", "cp", "auth", "debug", "events"]),
        ("Advanced Commands", &["diff", "apply", "patch", "replace", "wait", "kustomize"]),
        ("Settings Commands", &["label", "annotate", "completion"]),
        ("Other Commands", &["api-resources", "api-versions", "config", "kuberc", "plugin", "version"]),
    ];
    let mut out = String::from(
        "kubectl controls the Kubernetes cluster manager.\n\n Find more information at: https://kubernetes.io/docs/reference/kubectl/\n\n",
    );
    for (title, names) in groups {
        if title == "Other Commands" {
            out.push_str("Subcommands provided by plugins:\n\n");
        }
        out.push_str(&format!("{title}:\n"));
        for name in names {
            let verb = VERBS.iter().find(|v| v.name == *name);
            let about = IN_OVERVIEW.iter().find(|(own, _)| own == name).map(|(_, about)| *about).or(verb.map(|v| v.about));
            out.push_str(&format!("  {name:<15} {}\n", about.unwrap_or("").trim_end_matches('.')));
        }
        out.push('\n');
    }
    out.push_str("Usage:\n  kubectl [flags] [options]\n\nUse \"kubectl <command> --help\" for more information about a given command.\n");
    out.push_str(LAST);
    env.out(out);
    Ok(DONE)
}

fn children(verb: &Verb) -> String {
    let width = verb.children.iter().map(|c| c.name.len()).max().unwrap_or(0).max(11) + 2;
    verb.children.iter().map(|c| format!("  {:<width$} {}\n", c.name, c.about)).collect()
}

/// What a group prints that got no subcommand: its help, and exit code 1.
pub fn group(verb: &Verb, call: &Call, about: &str, env: &mut Env) -> Result<Flow, Failure> {
    if !call.args.is_empty() {
        // `RequireNoArguments`
        return Err(call.usage(format!("unknown command {:?}", call.args.join(" "))));
    }
    let path = &call.path;
    env.out(format!(
        "{about}\nAvailable Commands:\n{}\nUsage:\n  {path} {}\n\nUse \"{path} <command> --help\" for more information about a given command.\n{LAST}",
        children(verb),
        verb.usage
    ));
    Ok(Flow::Done(1))
}

/// `--help` of a verb.
pub fn help(verb: &Verb, path: &str, env: &mut Env) -> Result<Flow, Failure> {
    let mut out = format!("{}\n", verb.about);
    if !verb.aliases.is_empty() {
        out.push_str(&format!("\nAliases:\n{}, {}\n", verb.name, verb.aliases.join(", ")));
    }
    if !verb.children.is_empty() {
        out.push_str(&format!("\nAvailable Commands:\n{}", children(verb)));
    }
    let mut shown: Vec<_> = own_flags(verb.flags).filter(|flag| !DEPRECATED.contains(&flag.name)).collect();
    shown.order_by_key(|f| f.name);
    if !shown.is_empty() {
        out.push_str("\nOptions:\n");
        for flag in shown {
            let short = if flag.short.is_empty() { String::new() } else { format!("-{}, ", flag.short) };
            let value = match flag.kind {
                FlagKind::Switch => "false".to_owned(),
                FlagKind::Int => "0".into(),
                FlagKind::Duration => "0s".into(),
                FlagKind::Texts | FlagKind::Commas => "[]".into(),
                FlagKind::Text => "''".into(),
                FlagKind::Optional(value) => format!("'{value}'"),
            };
            out.push_str(&format!("    {short}--{}={value}\n", flag.name));
        }
    }
    out.push_str(&format!("\nUsage:\n  {path} {}\n\n", verb.usage));
    if !verb.children.is_empty() {
        out.push_str(&format!("Use \"{path} <command> --help\" for more information about a given command.\n"));
    }
    out.push_str(LAST);
    env.out(out);
    Ok(DONE)
}

fn options(_: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let lines: Vec<Vec<String>> =
        flags("").map(|f| vec![format!("    {}--{}", if f.short.is_empty() { String::new() } else { format!("-{}, ", f.short) }, f.name)]).collect();
    env.out(format!("The following options can be passed to any command:\n\n{}", table::rows(lines)));
    Ok(DONE)
}
