//! What all containers of a Pod together ask for or may use.
//!
//! Models `k8s.io/component-helpers/resource`.

use crate::api::order::SortedMap;
use crate::api::{Quantity, Value, object, quantity};

/// What all containers need at a time, in billionths: the regular ones and the sidecars together, or one init container with the sidecars before it
/// (`AggregateContainerRequests` of `k8s.io/component-helpers`).
pub fn of_containers<'a>(spec: &'a Value, list: &str) -> Vec<(&'a str, i128)> {
    let of = |container: &'a Value| -> Vec<(&'a str, i128)> {
        let amounts = container.get("resources").and_then(|r| r.get(list)?.as_object()).into_iter().flatten();
        amounts.filter_map(|(name, v)| Some((name.as_str(), Quantity::parse(v.as_str()?)?.nano()))).collect()
    };
    type Sums<'a> = SortedMap<&'a str, i128>;
    fn get(sums: &Sums<'_>, name: &str) -> i128 {
        sums.get(name).copied().unwrap_or(0)
    }
    let mut sums = Sums::default();
    for (name, amount) in object::list_at(spec, "containers").iter().flat_map(of) {
        let sum = get(&sums, name).saturating_add(amount);
        sums.insert(name, sum);
    }
    let (mut sidecars, mut peak) = (Sums::default(), Sums::default());
    for container in object::list_at(spec, "initContainers") {
        let stays = object::str_at(container, "restartPolicy") == Some("Always");
        for (name, amount) in of(container) {
            let with_earlier = get(&sidecars, name).saturating_add(amount);
            if stays {
                sidecars.insert(name, with_earlier);
                let sum = get(&sums, name).saturating_add(amount);
                sums.insert(name, sum);
            }
            let highest = with_earlier.max(get(&peak, name));
            peak.insert(name, highest);
        }
    }
    for (name, amount) in peak.iter() {
        let highest = (*amount).max(get(&sums, name));
        sums.insert(name, highest);
    }
    sums.iter().map(|(name, sum)| (*name, *sum)).collect()
}

/// A sum as the server prints it: in the way of writing of its first part.
pub fn written(sum: i128, name: &str, spec: &Value, list: &str) -> String {
    let containers = object::list_at(spec, "containers").iter().chain(object::list_at(spec, "initContainers"));
    let binary = containers
        .filter_map(|c| c.get("resources")?.get(list)?.get(name)?.as_str())
        .find(|text| *text != "0")
        .is_some_and(|text| text.ends_with('i'));
    const KIBI: i128 = 1024 * 1_000_000_000;
    quantity::canonical(&if binary && sum % KIBI == 0 { format!("{}Ki", sum / KIBI) } else { format!("{sum}n") })
}
