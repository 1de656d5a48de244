//! An object's fields as they are read, of which the last of a name counts.

use crate::api::{Map, Value};

pub(super) struct Fields {
    map: Map<String, Value>,
    /// Those behind the first few; brought in order together.
    more: Vec<(String, Value)>,
}

impl Fields {
    pub fn new() -> Self {
        // With room for what will be filled in.
        Self { map: Map::with_capacity(8), more: Vec::new() }
    }

    pub fn set(&mut self, name: String, value: Value) {
        const FEW: usize = 32;
        if self.map.len() < FEW {
            self.map.insert(name, value);
        } else {
            self.more.push((name, value));
        }
    }
}

impl From<Fields> for Value {
    fn from(mut fields: Fields) -> Self {
        fields.map.extend(fields.more);
        Value::Object(fields.map)
    }
}
