//! `kubectl top node`.

use std::rc::Rc;

use super::{Row, amounts, check, print, sort};
use crate::api::object::{name, str_at};
use crate::api::{Quantity, Status, Value, kinds};
use crate::kubectl::call::Call;
use crate::kubectl::env::{Env, Failure, Flow};

/// Models `RunTopNode` and `PrintNodeMetrics`.
pub fn run(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let request = check(call, env)?;
    let found: Vec<Rc<Value>> = match call.args.first() {
        Some(wanted) => vec![env.require(kinds::NODE, "", wanted)?],
        None => env.list(kinds::NODE, None).into_iter().filter(|n| request.chooses(n)).collect(),
    };
    let measured = env.cluster.metrics();
    let used = |node: &Rc<Value>| Some(Row { names: vec![name(node).to_owned()], usage: measured.node(name(node))? });
    let mut rows: Vec<Row> = found.iter().filter_map(used).collect();
    if let Some(wanted) = call.args.first().filter(|_| rows.is_empty()) {
        return Err(Status::not_found("nodemetrics.metrics.k8s.io", wanted).into());
    }
    if rows.is_empty() {
        return Err(Failure::error("metrics not available yet"));
    }
    sort(&mut rows, call);
    // Of the nodes' swap nothing is known.
    let unknown = |count: usize| vec!["<unknown>".to_owned(); count];
    let swap = unknown(if call.is("show-swap") { 2 } else { 0 });
    let mut lines = Vec::new();
    if !call.is("no-headers") {
        let titles = ["NAME", "CPU(cores)", "CPU(%)", "MEMORY(bytes)", "MEMORY(%)", "SWAP(bytes)", "SWAP(%)"];
        lines.push(titles[..5 + swap.len()].iter().map(|t| (*t).to_owned()).collect::<Vec<_>>());
    }
    let resources = if call.is("show-capacity") { "status.capacity" } else { "status.allocatable" };
    for row in &rows {
        let node = found.iter().find(|n| name(n) == row.names[0]);
        let share = |resource: &str, used: i64| {
            let whole = node.and_then(|n| str_at(n, &format!("{resources}.{resource}"))).and_then(Quantity::parse).map_or(0, Quantity::milli);
            format!("{}%", if whole > 0 { i128::from(used) * 100 / i128::from(whole) } else { 0 })
        };
        let [cpu, memory] = amounts(row.usage);
        let shares = (share("cpu", row.usage.cpu_milli), share("memory", row.usage.memory_bytes.saturating_mul(1000)));
        lines.push([vec![row.names[0].clone(), cpu, shares.0, memory, shares.1], swap.clone()].concat());
    }
    let silent = found.iter().filter(|n| !rows.iter().any(|row| row.names[0] == name(n)));
    lines.extend(silent.map(|n| [vec![name(n).to_owned()], unknown(4 + swap.len())].concat()));
    Ok(print(lines, env))
}
