//! Labels and the selectors that choose by them.

use crate::api::{Map, Value};

/// What a label must be for an object to be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Requirement {
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
    Exists(String),
    DoesNotExist(String),
    GreaterThan(String, i64),
    LessThan(String, i64),
}

/// All its requirements must hold; none at all chooses everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector {
    pub requirements: Vec<Requirement>,
}

impl Requirement {
    fn holds(&self, get: impl Fn(&str) -> Option<String>) -> bool {
        match self {
            Self::In(key, values) => get(key).is_some_and(|v| values.contains(&v)),
            Self::NotIn(key, values) => get(key).is_none_or(|v| !values.contains(&v)),
            Self::Exists(key) => get(key).is_some(),
            Self::DoesNotExist(key) => get(key).is_none(),
            Self::GreaterThan(key, bound) => get(key).and_then(|v| v.parse::<i64>().ok()).is_some_and(|v| v > *bound),
            Self::LessThan(key, bound) => get(key).and_then(|v| v.parse::<i64>().ok()).is_some_and(|v| v < *bound),
        }
    }
}

impl Selector {
    /// From a plain map (`Service.spec.selector`, `nodeSelector`).
    pub fn from_map(map: &Map<String, Value>) -> Self {
        let requirement = |(k, v): (&String, &Value)| Requirement::In(k.clone(), vec![v.as_str().unwrap_or("").into()]);
        Self { requirements: map.iter().map(requirement).collect() }
    }

    /// From a `metav1.LabelSelector` (`matchLabels`, `matchExpressions`).
    pub fn from_value(selector: &Value) -> Self {
        let mut out = selector.get("matchLabels").and_then(Value::as_object).map_or_else(Self::default, Self::from_map);
        for expression in crate::api::object::list_at(selector, "matchExpressions") {
            out.requirements.extend(Self::expression(expression));
        }
        out
    }

    /// One `{key, operator, values}`, as in `matchExpressions` of labels and of node affinity. `None` for an unknown operator.
    pub fn expression(expression: &Value) -> Option<Requirement> {
        let key = crate::api::object::str_at(expression, "key")?.to_owned();
        let values: Vec<String> = crate::api::object::list_at(expression, "values").iter().filter_map(|v| v.as_str().map(str::to_owned)).collect();
        let bound = || values.first().and_then(|v| v.parse::<i64>().ok());
        Some(match crate::api::object::str_at(expression, "operator")? {
            "In" => Requirement::In(key, values),
            "NotIn" => Requirement::NotIn(key, values),
            "Exists" => Requirement::Exists(key),
            "DoesNotExist" => Requirement::DoesNotExist(key),
            "Gt" => Requirement::GreaterThan(key, bound()?),
            "Lt" => Requirement::LessThan(key, bound()?),
            _ => return None,
        })
    }

    /// Whether an object with these labels is chosen.
    pub fn matches(&self, labels: Option<&Map<String, Value>>) -> bool {
        let get = |key: &str| labels.and_then(|l| l.get(key)).and_then(Value::as_str).map(str::to_owned);
        self.requirements.iter().all(|r| r.holds(get))
    }

    pub fn is_empty(&self) -> bool {
        self.requirements.is_empty()
    }
}
