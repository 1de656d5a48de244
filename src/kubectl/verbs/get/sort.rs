//! `kubectl get --sort-by`. Models `sorter.go`, with what it makes of fields that are missing or cannot be compared.

use std::cmp::Ordering;
use std::rc::Rc;

use crate::api::order::InOrder as _;
use crate::api::{Kind, Quantity, Value};
use crate::kubectl::env::{Env, Failure};
use crate::kubectl::jsonpath::{Template, go_type, relaxed};

type Found = Vec<(&'static Kind, Rc<Value>)>;

/// Up to this many Go sorts by insertion, which shows where fields are missing (`sort.Sort`).
const BY_INSERTION: usize = 12;

/// `answers`: how many lists and objects the server gave. Of several tables kubectl looks for the field in the tables themselves, in vain
/// (`RuntimeSorter.Sort` sees no `metav1.Table` in them).
pub fn sort(found: &mut Found, path: &str, table: bool, answers: usize, env: &Env) -> Result<(), Failure> {
    let missing = |path: &str| Failure::error(format!("couldn't find any field with path {path:?} in the list of objects"));
    if table && answers > 1 {
        return Err(relaxed(path).map_or_else(Failure::error, |path| missing(&path)));
    }
    if found.is_empty() || table && found.len() == 1 {
        return Ok(());
    }
    let keys = relaxed(path).and_then(|path| {
        let template = Template::parse(&path)?;
        found.iter().map(|(_, o)| Ok(template.find(o)?.first().map(|v| (*v).clone()))).collect::<Result<Vec<Option<Value>>, String>>()
    });
    let keys = match keys {
        Ok(keys) if keys.iter().any(Option::is_some) => keys,
        // A table that cannot be sorted is not printed.
        _ if table => {
            found.clear();
            return Ok(());
        }
        Ok(_) => return Err(missing(&relaxed(path).unwrap_or_default())),
        Err(why) => return Err(Failure::error(why)),
    };
    let mut rows: Vec<_> = keys.into_iter().zip(std::mem::take(found)).collect();
    let mut problem = None;
    let mut less = |a: &Option<Value>, b: &Option<Value>| match (a, b) {
        (None, _) => true,
        (_, None) => false,
        (Some(a), Some(b)) => is_less(a, b).unwrap_or_else(|why| {
            problem.get_or_insert(why);
            false
        }),
    };
    if rows.len() <= BY_INSERTION {
        for i in 1..rows.len() {
            let mut j = i;
            while j > 0 && less(&rows[j].0, &rows[j - 1].0) {
                rows.swap(j, j - 1);
                j -= 1;
            }
        }
    } else {
        rows.order_by(|(a, _), (b, _)| match (a, b) {
            (Some(_), Some(_)) if less(a, b) => Ordering::Less,
            (Some(_), Some(_)) if less(b, a) => Ordering::Greater,
            _ => a.is_some().cmp(&b.is_some()),
        });
    }
    if let Some(why) = problem {
        let path = relaxed(path).unwrap_or_default();
        let (line, what) = if table { ("sorter.go:375", "[][][]reflect.Value") } else { ("sorter.go:329", "*unstructured.Unstructured") };
        let head = env.log_head('F', line);
        return Err(Failure::raw(format!("{head}Field {path} in {what} is an unsortable type: interface, err: {why}\n"), 1));
    }
    found.extend(rows.into_iter().map(|(_, row)| row));
    Ok(())
}

/// `isLess`: numbers, texts, and texts that are quantities.
fn is_less(a: &Value, b: &Value) -> Result<bool, String> {
    Ok(match (a, b) {
        (Value::Null, _) | (_, Value::Null) => a.is_null() && !b.is_null(),
        (Value::String(a), Value::String(b)) => match (Quantity::parse(a), Quantity::parse(b)) {
            (Some(a), Some(b)) => a.nano() < b.nano(),
            _ => a < b,
        },
        (Value::Number(x), Value::Number(y)) if go_type(a) == go_type(b) => x.as_f64() < y.as_f64(),
        (Value::Number(_) | Value::String(_), _) => return Err("unsortable interface: interface".into()),
        _ => return Err(format!("unsortable type: {}", go_type(a))),
    })
}
