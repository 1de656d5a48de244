//! What the server's OpenAPI says of the values of an enumeration, which the schema crate leaves out.
//!
//! Models `kube-openapi/pkg/generators/enum.go`: a list below the field's description, with what the comment of each Go constant says.

use crate::schema::{self, Field};

/// A field's documentation as the server publishes it: the description and, for an enumeration, its values.
pub fn described(field: &Field) -> String {
    let doc = field.doc();
    if field.values.is_empty() || field.explain_type().starts_with("[]") {
        return doc.to_owned();
    }
    let go = field.go_type();
    let go = go.trim_start_matches("[]");
    let mut text = format!("{}\n\nPossible enum values:", doc.trim_end());
    for value in field.values {
        text.push_str(&format!("\n - `{value:?}`"));
        if let Some(about) = schema::about_value(go, value) {
            text.push(' ');
            text.push_str(about);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::order::SortedSet;

    #[test]
    fn every_comment_belongs_to_a_value_of_the_schema() {
        let known: SortedSet<(String, &str)> =
            schema::kinds().filter_map(|(version, kind)| schema::kind(&version, kind)).flat_map(values_below).collect();
        let mut section = "";
        for line in include_str!("../schema/values.txt").lines() {
            match line.strip_prefix('#') {
                Some(name) => section = name,
                None => {
                    let value = line.split(' ').next().unwrap_or_default();
                    assert!(known.contains(&(section.to_owned(), value)), "{section} has no value {value:?}");
                }
            }
        }
    }

    fn values_below(root: &'static schema::Type) -> Vec<(String, &'static str)> {
        let (mut seen, mut todo, mut found) = (Vec::new(), vec![root], Vec::new());
        while let Some(one) = todo.pop() {
            if seen.contains(&one.id) {
                continue;
            }
            seen.push(one.id);
            for field in one.fields {
                found.extend(field.values.iter().map(|v| (field.go_type().trim_start_matches("[]").to_owned(), *v)));
                todo.extend(field.object());
            }
        }
        found
    }

    #[test]
    fn values_follow_the_description() {
        let field = schema::kind("v1", "Pod").and_then(|p| p.at("spec.restartPolicy")).expect("a field");
        assert!(described(field).ends_with("\n\nPossible enum values:\n - `\"Always\"`\n - `\"Never\"`\n - `\"OnFailure\"`"));
    }
}
