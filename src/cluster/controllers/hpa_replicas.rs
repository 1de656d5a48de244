//! Models `pkg/controller/podautoscaler/replica_calculator.go`, and of `horizontal.go` what keeps a count from jumping: stabilisation and rates.
//!
//! Deviation: ratios are compared as whole numbers, not as floating-point ones.

use crate::api::{Quantity, Selector, SimTime, Value, kinds, object};
use crate::cluster::Context;

/// `--horizontal-pod-autoscaler-cpu-initialization-period`, `--horizontal-pod-autoscaler-initial-readiness-delay`
const INITIALISATION_MS: u64 = 300_000;
const READINESS_DELAY_MS: u64 = 30_000;
/// `--horizontal-pod-autoscaler-downscale-stabilization`
const DOWNSCALE_MS: i64 = 300_000;
/// Over how long each measurement goes.
const WINDOW_MS: u64 = 15_000;

#[derive(Clone, Copy)]
pub enum Target {
    /// Of what is requested.
    Percent(i64),
    /// Thousandths of a core, or bytes, for each Pod.
    Average(i64),
}

/// What is to be calculated.
pub struct Ask<'a> {
    pub resource: &'a str,
    /// Only this one, where it is named.
    pub container: &'a str,
    pub target: Target,
    pub current: i64,
    /// In thousandths, down and up.
    pub tolerance: (i64, i64),
}

pub struct Counted {
    pub replicas: i64,
    pub utilisation: Option<i64>,
    pub average: i64,
}

/// How far from its target a metric may be before something happens: a tenth, or what the behaviour says.
pub fn tolerance(behaviour: Option<&Value>) -> (i64, i64) {
    let of = |path: &str| {
        let given = behaviour.and_then(|b| object::at(b, path)).and_then(Value::as_str).and_then(Quantity::parse);
        given.map_or(100, Quantity::milli)
    };
    (of("scaleDown.tolerance"), of("scaleUp.tolerance"))
}

/// A Pod that counts: what it uses, if that is known, and what it requests.
struct Counting {
    used: i64,
    requested: i64,
}

/// Models `GetResourceReplicas` and `GetRawResourceReplicas`.
pub fn calculate(ask: &Ask, namespace: &str, chosen: &Selector, ctx: &Context) -> Result<Counted, String> {
    let pods: Vec<_> = ctx.api.list(kinds::POD, Some(namespace)).filter(|p| chosen.matches(object::labels(p))).collect();
    let used = |pod: &Value| {
        let usage = ctx.metrics.pod(namespace, object::name(pod))?;
        let of = |container: &str| ask.container.is_empty() || container == ask.container;
        let mut parts = usage.iter().filter(|(name, _)| of(name)).map(|(_, u)| if ask.resource == "cpu" { u.cpu_milli } else { u.memory_bytes });
        let first = parts.next()?;
        Some(parts.fold(first, i64::saturating_add))
    };
    if pods.iter().all(|pod| ctx.metrics.pod(namespace, object::name(pod)).is_none()) {
        return Err(format!("unable to get metrics for resource {}: no metrics returned from resource metrics API", ask.resource));
    }
    let (mut ready, mut unready, mut missing) = (Vec::new(), Vec::new(), Vec::new());
    for pod in &pods {
        // Models `groupPods`.
        let phase = object::str_at(pod, "status.phase").unwrap_or("Pending");
        if object::is_deleting(pod) || phase == "Failed" {
            continue;
        }
        let requested = match ask.target {
            Target::Percent(_) => request(pod, ask).unwrap_or(0),
            Target::Average(_) => 1,
        };
        match used(pod) {
            _ if phase == "Pending" => unready.push(Counting { used: 0, requested }),
            None => missing.push(Counting { used: 0, requested }),
            Some(_) if ask.resource == "cpu" && is_unready(pod, ctx) => unready.push(Counting { used: 0, requested }),
            Some(used) => ready.push(Counting { used, requested }),
        }
    }
    if ready.is_empty() {
        return Err("did not receive metrics for targeted pods (pods might be unready)".into());
    }
    if let Target::Percent(_) = ask.target {
        pods.iter().try_for_each(|pod| request(pod, ask).map(|_| ()))?;
    }
    // The measure and what it should be.
    let goal = match ask.target {
        Target::Percent(goal) | Target::Average(goal) => goal.max(1),
    };
    let total = |counting: &[Counting]| {
        let (used, requested) = counting.iter().fold((0_i128, 0_i128), |(u, r), c| (u + i128::from(c.used), r + i128::from(c.requested)));
        let value = match ask.target {
            Target::Percent(_) => used * 100 / requested.max(1),
            Target::Average(_) => used / (counting.len() as i128).max(1),
        };
        (i64::try_from(value).unwrap_or(i64::MAX), i64::try_from(used / (counting.len() as i128).max(1)).unwrap_or(i64::MAX))
    };
    let (value, average) = total(&ready);
    let within = |value: i64| {
        let (value, goal) = (i128::from(value) * 1000, i128::from(goal));
        (1000 - i128::from(ask.tolerance.0)) * goal <= value && value <= (1000 + i128::from(ask.tolerance.1)) * goal
    };
    let count = |value: i64, pods: usize| {
        let wanted = (i128::from(value) * pods as i128 + i128::from(goal) - 1) / i128::from(goal);
        i64::try_from(wanted.min(i128::from(i32::MAX))).unwrap_or(i64::MAX)
    };
    let utilisation = matches!(ask.target, Target::Percent(_)).then_some(value);
    let said = |replicas: i64| Ok(Counted { replicas, utilisation, average });
    let grows = value > goal;
    let with_unready = !unready.is_empty() && grows;
    if !with_unready && missing.is_empty() {
        return said(if within(value) { ask.current } else { count(value, ready.len()) });
    }
    let mut all = ready;
    if value < goal {
        // On the way down those of which nothing is known use all that they may.
        let most = |c: Counting| match ask.target {
            Target::Percent(goal) => Counting { used: c.requested.saturating_mul(goal.max(100)) / 100, ..c },
            Target::Average(goal) => Counting { used: goal, ..c },
        };
        all.extend(missing.into_iter().map(most));
    } else if grows {
        all.extend(missing);
    }
    if with_unready {
        all.extend(unready);
    }
    let (anew, _) = total(&all);
    let turns = |replicas: i64| anew < goal && replicas > ask.current || anew > goal && replicas < ask.current;
    let wanted = count(anew, all.len());
    if within(anew) || value < goal && anew > goal || grows && anew < goal || turns(wanted) { said(ask.current) } else { said(wanted) }
}

/// What a Pod requests of the resource (`calculateRequests`).
fn request(pod: &Value, ask: &Ask) -> Result<i64, String> {
    let amount = |of: &Value, path: &str| {
        let quantity = object::at(of, &format!("{path}.{}", ask.resource)).and_then(Value::as_str).and_then(Quantity::parse)?;
        Some(if ask.resource == "cpu" { quantity.milli() } else { quantity.value() })
    };
    let name = object::name(pod);
    if ask.container.is_empty() && object::map_at(pod, "spec.resources.requests").is_some_and(|requests| !requests.is_empty()) {
        let missing = || format!("missing pod-level request for {} in Pod {name}", ask.resource);
        return amount(pod, "spec.resources.requests").ok_or_else(missing);
    }
    let sidecars = object::list_at(pod, "spec.initContainers").iter().filter(|c| object::str_at(c, "restartPolicy") == Some("Always"));
    let mut sum = None::<i64>;
    for container in object::list_at(pod, "spec.containers").iter().chain(sidecars) {
        let of = object::str_at(container, "name").unwrap_or("");
        if ask.container.is_empty() || of == ask.container {
            let missing = || format!("missing request for {} in container {of} of Pod {name}", ask.resource);
            sum = Some(sum.unwrap_or(0).saturating_add(amount(container, "resources.requests").ok_or_else(missing)?));
        }
    }
    sum.ok_or_else(|| format!("container {} not found in Pod {name}", ask.container))
}

/// Whether what a Pod uses tells nothing yet: it is starting.
fn is_unready(pod: &Value, ctx: &Context) -> bool {
    let condition = object::list_at(pod, "status.conditions").iter().find(|c| object::str_at(c, "type") == Some("Ready"));
    let time = |value: &Value, path: &str| object::str_at(value, path).and_then(SimTime::parse);
    let (Some(condition), Some(started)) = (condition, time(pod, "status.startTime")) else { return true };
    let is_false = object::str_at(condition, "status") == Some("False");
    let since = time(condition, "lastTransitionTime").unwrap_or(started);
    if started + INITIALISATION_MS > ctx.now {
        is_false || ctx.metrics.looked_at() < since + WINDOW_MS
    } else {
        is_false && started + READINESS_DELAY_MS > since
    }
}

/// What an autoscaler recommended and did before.
#[derive(Clone, Debug, Default)]
pub struct Past {
    recommended: Vec<(i64, SimTime)>,
    /// By how many it grew or (negative) shrank.
    scaled: Vec<(i64, SimTime)>,
}

/// A count within its bounds, and what the conditions say of it: reason and message.
pub struct Normal {
    pub replicas: i64,
    pub stabilised: i64,
    pub able: (&'static str, &'static str),
    pub limited: (&'static str, &'static str),
}

const READY: (&str, &str) = ("ReadyForNewScale", "recommended size matches current size");
const HIGHER: (&str, &str) =
    ("ScaleDownStabilized", "recent recommendations were higher than current one, applying the highest recent recommendation");
const LOWER: (&str, &str) = ("ScaleUpStabilized", "recent recommendations were lower than current one, applying the lowest recent recommendation");
const WITHIN: (&str, &str) = ("DesiredWithinRange", "the desired count is within the acceptable range");
const TOO_MANY: (&str, &str) = ("TooManyReplicas", "the desired replica count is more than the maximum replica count");
const TOO_FEW: (&str, &str) = ("TooFewReplicas", "the desired replica count is less than the minimum replica count");
const TOO_FAST_UP: (&str, &str) = ("ScaleUpLimit", "the desired replica count is increasing faster than the maximum scale rate");
const TOO_FAST_DOWN: (&str, &str) = ("ScaleDownLimit", "the desired replica count is decreasing faster than the maximum scale rate");

impl Past {
    pub fn new(current: i64, now: SimTime) -> Self {
        Self { recommended: vec![(current, now)], scaled: Vec::new() }
    }

    pub fn scaled(&mut self, by: i64, now: SimTime) {
        self.scaled.push((by, now));
        // No policy looks further back.
        self.scaled.retain(|(_, at)| now.since(*at) <= 1_800_000);
    }

    /// What was recommended within so many milliseconds.
    fn recent(&self, within_ms: i64, now: SimTime) -> impl Iterator<Item = i64> {
        self.recommended.iter().filter(move |(_, at)| i64::try_from(now.since(*at)).is_ok_and(|age| age < within_ms)).map(|(replicas, _)| *replicas)
    }

    /// Models `normalizeDesiredReplicas` and, with a behaviour, `normalizeDesiredReplicasWithBehaviors`.
    pub fn normalise(&mut self, behaviour: Option<&Value>, (current, wanted): (i64, i64), (min, max): (i64, i64), now: SimTime) -> Normal {
        let behaviour = behaviour.filter(|b| b.is_object());
        let window = |path: &str, otherwise| behaviour.and_then(|b| object::i64_at(b, path)).map_or(otherwise, |seconds| seconds * 1000);
        let down =
            self.recent(window("scaleDown.stabilizationWindowSeconds", DOWNSCALE_MS + i64::from(behaviour.is_none())), now).fold(wanted, i64::max);
        let up = self.recent(window("scaleUp.stabilizationWindowSeconds", 0), now).fold(wanted, i64::min);
        let stabilised = if behaviour.is_some() { current.max(up).min(down) } else { down };
        self.recommended.retain(|(_, at)| now.since(*at) <= 3_600_000);
        self.recommended.push((wanted, now));
        let able = if stabilised == wanted {
            READY
        } else if behaviour.is_some() && wanted >= current {
            LOWER
        } else {
            HIGHER
        };
        let (least, most, few, many) = match behaviour {
            None => {
                // Twice as many at once, or four.
                let limit = (current * 2).max(4);
                (min, max.min(limit), TOO_FEW, if max > limit { TOO_FAST_UP } else { TOO_MANY })
            }
            Some(behaviour) => {
                let limit = |field: &str, up: bool| self.limit(object::at(behaviour, field), current, up, now);
                let (upper, lower) = (limit("scaleUp", true).max(current), limit("scaleDown", false).min(current));
                let few = if min < lower { TOO_FAST_DOWN } else { TOO_FEW };
                (min.max(lower), max.min(upper), few, if max > upper { TOO_FAST_UP } else { TOO_MANY })
            }
        };
        let (replicas, limited) = if stabilised < least {
            (least, few)
        } else if stabilised > most {
            (most, many)
        } else {
            (stabilised, WITHIN)
        };
        Normal { replicas, stabilised, able, limited }
    }

    /// Models `calculateScaleUpLimitWithScalingRules` and `calculateScaleDownLimitWithBehaviors`.
    fn limit(&self, rules: Option<&Value>, current: i64, up: bool, now: SimTime) -> i64 {
        let Some(rules) = rules else { return current };
        let select = object::str_at(rules, "selectPolicy").unwrap_or("Max");
        if select == "Disabled" {
            return current;
        }
        let proposals = object::list_at(rules, "policies").iter().map(|policy| {
            let number = |field: &str| object::i64_at(policy, field).unwrap_or(0);
            let period = u64::try_from(number("periodSeconds")).unwrap_or(0) * 1000;
            let began = current - self.scaled.iter().filter(|(_, at)| now.since(*at) < period).map(|(by, _)| by).sum::<i64>();
            match (object::str_at(policy, "type") == Some("Percent"), up) {
                (true, true) => (began * (100 + number("value")) + 99).div_euclid(100),
                (true, false) => began * (100 - number("value")) / 100,
                (false, true) => began + number("value"),
                (false, false) => began - number("value"),
            }
        });
        // The largest change is the highest count on the way up, the lowest on the way down.
        let chosen = if (select == "Min") == up { proposals.min() } else { proposals.max() };
        chosen.unwrap_or(current)
    }
}
