//! `kubectl top pod`.

use std::rc::Rc;

use super::{Row, amounts, check, print, sort};
use crate::api::object::{name, namespace, str_at};
use crate::api::order::InOrder as _;
use crate::api::{SimTime, Status, Value, kinds};
use crate::cluster::metrics::{PodUsage, Usage};
use crate::kubectl::call::Call;
use crate::kubectl::duration;
use crate::kubectl::env::{DONE, Env, Failure, Flow};

/// Models `RunTopPod` and `PrintPodMetrics`.
pub fn run(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let request = check(call, env)?;
    let everywhere = call.is("all-namespaces");
    let space = request.namespace.clone();
    let mut found: Vec<Rc<Value>> = match call.args.first() {
        Some(wanted) => vec![env.get(kinds::POD, &space, wanted).filter(runs).ok_or_else(|| Status::not_found("pods", wanted))?],
        None => env.list(kinds::POD, Some(space.as_str()).filter(|_| !everywhere)).into_iter().filter(|p| request.chooses(p)).collect(),
    };
    let measured = env.cluster.metrics();
    let used = |pod: &Rc<Value>| Some((pod.clone(), measured.pod(namespace(pod), name(pod)).filter(|_| runs(pod))?.clone()));
    let mut pods: Vec<(Rc<Value>, PodUsage)> = found.iter().filter_map(used).collect();
    if let Some(wanted) = call.args.first().filter(|_| pods.is_empty()) {
        return Err(Status::not_found("podmetrics.metrics.k8s.io", &format!("{space}/{wanted}")).into());
    }
    if pods.is_empty() {
        found.retain(|p| namespace(p) == space);
        return not_yet(&found, everywhere, &space, env);
    }
    let total = |usage: &PodUsage| usage.iter().fold(Usage::default(), |sum, (_, one)| sum.plus(*one));
    let place = |pod: &Value| if everywhere { vec![namespace(pod).to_owned(), name(pod).to_owned()] } else { vec![name(pod).to_owned()] };
    let mut rows: Vec<Row> = pods.iter().map(|(pod, usage)| Row { names: place(pod), usage: total(usage) }).collect();
    sort(&mut rows, call);
    let sum = rows.iter().fold(Usage::default(), |sum, row| sum.plus(row.usage));
    if call.is("containers") {
        // Each Pod's containers stand together, in an order of their own.
        pods.order_by_key(|(pod, _)| rows.iter().position(|row| row.names == place(pod)));
        rows.clear();
        for (pod, usage) in &pods {
            let of_pod = |(container, usage): &(String, Usage)| Row { names: [place(pod), vec![container.clone()]].concat(), usage: *usage };
            let mut containers: Vec<Row> = usage.iter().map(of_pod).collect();
            sort(&mut containers, call);
            rows.extend(containers);
        }
    }
    let swap = call.is("show-swap");
    let mut lines = Vec::new();
    let mut width = 3 + usize::from(swap);
    if !call.is("no-headers") {
        let columns = [("NAMESPACE", everywhere), ("POD", call.is("containers")), ("NAME", true), ("CPU(cores)", true), ("MEMORY(bytes)", true)];
        let shown = columns.into_iter().chain([("SWAP(bytes)", swap)]).filter(|(_, shown)| *shown);
        lines.push(shown.map(|(title, _)| title.to_owned()).collect::<Vec<_>>());
        width = lines[0].len();
    }
    let swapped = || swap.then(|| "0Mi".to_owned());
    lines.extend(rows.into_iter().map(|row| row.names.into_iter().chain(amounts(row.usage)).chain(swapped()).collect()));
    if call.is("sum") {
        lines.push([vec![String::new(); width - 2], vec!["________".to_owned(); 2]].concat());
        lines.push(vec![String::new(); width - 2].into_iter().chain(amounts(sum)).chain(swapped()).collect());
    }
    Ok(print(lines, env))
}

/// metrics-server knows the Pods that run.
fn runs(pod: &Rc<Value>) -> bool {
    str_at(pod, "status.phase") == Some("Running")
}

/// Models `verifyEmptyMetrics`: why there is nothing to show. A Pod that is older than two minutes should have been measured.
fn not_yet(found: &[Rc<Value>], everywhere: bool, space: &str, env: &mut Env) -> Result<Flow, Failure> {
    for pod in found {
        let age_ms = str_at(pod, "metadata.creationTimestamp").and_then(SimTime::parse).map_or(0, |made| env.now().since(made));
        if age_ms > 120_000 {
            let age = duration::go(age_ms);
            return Err(Failure::error(format!("Metrics not available for pod {}/{}, age: {age}", namespace(pod), name(pod))));
        }
    }
    if !found.is_empty() {
        return Err(Failure::error("metrics not available yet"));
    }
    env.err(if everywhere { "No resources found\n".into() } else { format!("No resources found in {space} namespace.\n") });
    Ok(DONE)
}
