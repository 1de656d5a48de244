//! `kubectl diff`: what `apply` would change.

use super::apply;
use crate::api::{Value, object};
use crate::cluster::apiserver::{Key, PatchKind};
use crate::kubectl::call::{Call, Verb};
use crate::kubectl::env::{Env, Failure, Flow, write_options};
use crate::kubectl::merge;
use crate::kubectl::resources::{self, Named, Rules, Wanted};

pub const VERB: Verb = Verb::new(
    "diff",
    "-f FILENAME [options]",
    "@files selector,l:s server-side force-conflicts field-manager:s prune prune-allowlist:a show-secrets concurrency:i show-managed-fields",
    "Diff the live version against a would-be applied version.",
    run,
);

fn run(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let two = |f: Failure| f.with_code(2);
    if !call.args.is_empty() {
        return Err(two(call.usage(format!("Unexpected args: [{}]", call.args.join(" ")))));
    }
    if call.texts("filename").is_empty() && !call.changed("kustomize") {
        return Err(two(Failure::error("must specify one of -f and -k")));
    }
    let request = resources::request(call, &[], env, Rules::default()).map_err(two)?;
    if let Some(failure) = Failure::many(request.failures.clone()) {
        return Err(two(failure));
    }
    let Wanted::Named(named) = &request.wanted else { return Ok(Flow::Done(0)) };
    let mut different = false;
    let chosen = |one: &&Named| one.object.as_ref().is_none_or(|file| request.labels.matches(object::labels(&file.value)));
    for one in named.iter().filter(chosen) {
        let wanted = apply::with_last_applied(&apply::placed(one));
        let options = write_options("kubectl-client-side-apply", true);
        let live = env.get(one.kind, &one.namespace, &one.name);
        let merged = match &live {
            None => env.create(one.kind, &one.namespace, wanted, &options).map_err(|s| two(s.into()))?.as_ref().clone(),
            Some(live) => {
                let annotation = object::map_at(live, "metadata.annotations").and_then(|a| a.get(apply::LAST_APPLIED)).and_then(Value::as_str);
                let original = annotation.and_then(crate::yaml::json_value).unwrap_or_default();
                // The annotation itself is not compared: it stays as it is.
                let mut wanted = wanted;
                match annotation {
                    Some(text) => wanted["metadata"]["annotations"][apply::LAST_APPLIED] = text.into(),
                    None => drop(wanted["metadata"]["annotations"].as_object_mut().and_then(|a| a.remove(apply::LAST_APPLIED))),
                }
                let patch = merge::three_way(one.kind, &original, &wanted, live);
                if patch.as_object().is_none_or(|p| p.is_empty()) {
                    live.as_ref().clone()
                } else {
                    env.patch(&Key::new(one.kind, &one.namespace, &one.name), &patch, PatchKind::Strategic, &options)
                        .map_err(|s| two(s.into()))?
                        .as_ref()
                        .clone()
                }
            }
        };
        let text = |o: &Value| {
            let mut o = o.clone();
            object::remove(&mut o, "metadata.managedFields");
            // What would be applied is not part of what is compared.
            if let Some(annotations) = o["metadata"].get_mut("annotations").and_then(Value::as_object_mut)
                && annotations.contains_key(apply::LAST_APPLIED)
            {
                annotations.remove(apply::LAST_APPLIED);
                let only = annotations.is_empty();
                if only {
                    object::remove(&mut o, "metadata.annotations");
                }
            }
            crate::yaml::print(&o)
        };
        let keep = |o: &Value| {
            let mut o = o.clone();
            object::remove(&mut o, "metadata.managedFields");
            crate::yaml::print(&o)
        };
        let (before, mut after) = (live.as_deref().map(keep).unwrap_or_default(), keep(&merged));
        if live.is_none() {
            let mut fresh = merged.clone();
            object::remove(&mut fresh, "metadata.resourceVersion");
            after = text(&fresh);
        }
        if before == after || live.as_deref().map(text).unwrap_or_default() == text(&merged) {
            continue;
        }
        different = true;
        let name = format!("{}.{}.{}.{}", one.kind.api_version().replace('/', "."), one.kind.kind, one.namespace, one.name);
        let stamp = env.now().rfc3339_micro().replace('T', " ").replace('Z', "000 +0000");
        let mut out = format!("diff -u -N /tmp/LIVE-1200837410/{name} /tmp/MERGED-1643190331/{name}\n");
        out.push_str(&format!("--- /tmp/LIVE-1200837410/{name}\t{stamp}\n+++ /tmp/MERGED-1643190331/{name}\t{stamp}\n"));
        out.push_str(&unified(&before, &after));
        env.out(out);
    }
    Ok(Flow::Done(i32::from(different)))
}

/// The hunks of a unified diff with three lines of context.
pub fn unified(before: &str, after: &str) -> String {
    const CONTEXT: usize = 3;
    let (a, b): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    // Longest common subsequence, from the end.
    let mut longest = vec![vec![0u32; b.len() + 1]; a.len() + 1];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            longest[i][j] = if a[i] == b[j] { longest[i + 1][j + 1] + 1 } else { longest[i + 1][j].max(longest[i][j + 1]) };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut lines: Vec<(char, &str, usize, usize)> = Vec::new();
    while i < a.len() || j < b.len() {
        if i < a.len() && j < b.len() && a[i] == b[j] {
            lines.push((' ', a[i], i, j));
            (i, j) = (i + 1, j + 1);
        } else if i < a.len() && (j == b.len() || longest[i + 1][j] >= longest[i][j + 1]) {
            lines.push(('-', a[i], i, j));
            i += 1;
        } else {
            lines.push(('+', b[j], i, j));
            j += 1;
        }
    }
    let mut out = String::new();
    let mut at = 0;
    while let Some(first) = lines[at..].iter().position(|l| l.0 != ' ').map(|n| n + at) {
        let start = first.saturating_sub(CONTEXT).max(at);
        let mut last = first;
        while let Some(next) = lines[last + 1..].iter().position(|l| l.0 != ' ').map(|n| n + last + 1).filter(|n| n - last <= 2 * CONTEXT) {
            last = next;
        }
        let end = (last + 1 + CONTEXT).min(lines.len());
        let hunk = &lines[start..end];
        let (old, new) = (hunk.iter().filter(|l| l.0 != '+').count(), hunk.iter().filter(|l| l.0 != '-').count());
        let range = |from: usize, count: usize| match count {
            0 => format!("{from},0"),
            1 => format!("{}", from + 1),
            n => format!("{},{n}", from + 1),
        };
        out.push_str(&format!("@@ -{} +{} @@\n", range(hunk[0].2, old), range(hunk[0].3, new)));
        for (sign, text, ..) in hunk {
            out.push_str(&format!("{sign}{text}\n"));
        }
        at = end;
    }
    out
}
