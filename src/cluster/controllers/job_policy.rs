//! What a Job's policies make of its Pods: the failure policy, the success policy, and sets of indexes.
//!
//! Models `pod_failure_policy.go`, `success_policy.go` and `indexed_job_utils.go` of `pkg/controller/job`.

use super::owned::condition;
use crate::api::order::SortedSet;
use crate::api::{Value, object};

/// The action of the first rule that a failed Pod matches, and the words for it.
pub fn failure(job: &Value, pod: &Value) -> Option<(&'static str, String)> {
    object::list_at(job, "spec.podFailurePolicy.rules").iter().enumerate().find_map(|(index, rule)| {
        let action = ["FailJob", "Ignore", "FailIndex", "Count"].into_iter().find(|a| object::str_at(rule, "action") == Some(a))?;
        let end = format!("matching {action} rule at index {index}");
        let who = format!("{}/{}", object::namespace(pod), object::name(pod));
        if let Some(codes) = rule.get("onExitCodes").filter(|c| c.is_object()) {
            let listed: Vec<i64> = object::list_at(codes, "values").iter().filter_map(Value::as_i64).collect();
            let only = object::str_at(codes, "containerName");
            let statuses = ["containerStatuses", "initContainerStatuses"].into_iter().flat_map(|l| object::list_at(pod, &format!("status.{l}")));
            return statuses.into_iter().find_map(|status| {
                let name = object::str_at(status, "name")?;
                let code = object::i64_at(status, "state.terminated.exitCode").filter(|code| *code != 0)?;
                let chosen = listed.contains(&code) == (object::str_at(codes, "operator") != Some("NotIn"));
                let of = format!("Container {name} for pod {who} failed with exit code {code} {end}");
                (chosen && only.is_none_or(|o| o == name)).then_some((action, of))
            });
        }
        object::list_at(rule, "onPodConditions").iter().find_map(|pattern| {
            let kind = object::str_at(pattern, "type")?;
            let status = object::str_at(pattern, "status").unwrap_or("True");
            let matches = condition(pod, kind).is_some_and(|c| object::str_at(c, "status") == Some(status));
            matches.then(|| (action, format!("Pod {who} has condition {kind} {end}")))
        })
    })
}

/// Which rule of the success policy is met, in the controller's words. Only Jobs with indexes have such rules.
pub fn success(job: &Value, succeeded: &SortedSet<i64>) -> Option<String> {
    let met = |rule: &Value| {
        let count = object::i64_at(rule, "succeededCount");
        match object::str_at(rule, "succeededIndexes") {
            Some(text) => {
                let (wanted, mut there) = (intervals(text)?, 0);
                for (first, last) in &wanted {
                    there += succeeded.iter().filter(|index| (*first..=*last).contains(*index)).count() as i64;
                }
                let all: i64 = wanted.iter().map(|(first, last)| last - first + 1).sum();
                (there == all || count.is_some_and(|c| there >= c)).then_some(())
            }
            None => count.filter(|c| succeeded.len() as i64 >= *c).map(|_| ()),
        }
    };
    let rules = object::list_at(job, "spec.successPolicy.rules");
    let index = rules.iter().position(|rule| !succeeded.is_empty() && met(rule).is_some())?;
    Some(format!("Matched rules at index {index}"))
}

/// `1,3-5` → (1, 1), (3, 5).
fn intervals(text: &str) -> Option<Vec<(i64, i64)>> {
    let one = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last): (i64, i64) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
        (0 <= first && first <= last).then_some((first, last))
    };
    text.split(',').map(one).collect()
}

/// Indexes as a status shows them: `0,2-4`.
pub fn text(indexes: &SortedSet<i64>) -> String {
    let mut runs: Vec<(i64, i64)> = Vec::new();
    for index in indexes {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == *index => *last = *index,
            _ => runs.push((*index, *index)),
        }
    }
    let one = |(first, last): &(i64, i64)| match last - first {
        0 => first.to_string(),
        1 => format!("{first},{last}"),
        _ => format!("{first}-{last}"),
    };
    runs.iter().map(one).collect::<Vec<_>>().join(",")
}

/// Which of the Job's indexes a Pod works on.
pub fn index_of(pod: &Value) -> Option<i64> {
    object::labels(pod)?.get("batch.kubernetes.io/job-completion-index")?.as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{success, text};
    use crate::api::json;
    use crate::api::order::SortedSet;

    #[test]
    fn indexes_are_told_as_runs() {
        for (indexes, told) in [(vec![], ""), (vec![3], "3"), (vec![0, 1], "0,1"), (vec![0, 2, 3, 4, 9], "0,2-4,9")] {
            assert_eq!(text(&indexes.into_iter().collect::<SortedSet<i64>>()), told);
        }
    }

    #[test]
    fn the_first_rule_that_is_met_counts() {
        let job = json!({"spec": {"successPolicy": {"rules": [
            {"succeededIndexes": "1,3-5"}, {"succeededIndexes": "0-9", "succeededCount": 2}, {"succeededCount": 3}]}}});
        let met = |indexes: &[i64]| success(&job, &indexes.iter().copied().collect::<SortedSet<i64>>());
        assert_eq!(met(&[]), None);
        assert_eq!(met(&[1]), None);
        assert_eq!(met(&[1, 3, 4, 5]).as_deref(), Some("Matched rules at index 0"));
        assert_eq!(met(&[1, 3]).as_deref(), Some("Matched rules at index 1"));
        assert_eq!(met(&[20, 21, 22]).as_deref(), Some("Matched rules at index 2"));
    }
}
