//! The way into a tree: `value["spec"]["containers"][0]`.

use std::ops::{Index, IndexMut};

use super::{Map, Value};

/// What leads from a value into it: a field's name or a place in a list.
pub trait Step {
    fn look<'v>(&self, value: &'v Value) -> Option<&'v Value>;
    fn look_mut<'v>(&self, value: &'v mut Value) -> Option<&'v mut Value>;
    /// Makes what is missing; a value that can hold nothing is a mistake of the program.
    fn make<'v>(&self, value: &'v mut Value) -> &'v mut Value;
}

impl Step for str {
    fn look<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        value.as_object()?.get(self)
    }

    fn look_mut<'v>(&self, value: &'v mut Value) -> Option<&'v mut Value> {
        value.as_object_mut()?.get_mut(self)
    }

    fn make<'v>(&self, value: &'v mut Value) -> &'v mut Value {
        if value.is_null() {
            *value = Value::Object(Map::new());
        }
        value.as_object_mut().expect("only an object has fields").place_of(self)
    }
}

impl Step for usize {
    fn look<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        value.as_array()?.get(*self)
    }

    fn look_mut<'v>(&self, value: &'v mut Value) -> Option<&'v mut Value> {
        value.as_array_mut()?.get_mut(*self)
    }

    fn make<'v>(&self, value: &'v mut Value) -> &'v mut Value {
        value.as_array_mut().and_then(|items| items.get_mut(*self)).expect("an index is inside of its list")
    }
}

impl Step for String {
    fn look<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        self.as_str().look(value)
    }

    fn look_mut<'v>(&self, value: &'v mut Value) -> Option<&'v mut Value> {
        self.as_str().look_mut(value)
    }

    fn make<'v>(&self, value: &'v mut Value) -> &'v mut Value {
        self.as_str().make(value)
    }
}

impl<S: Step + ?Sized> Step for &S {
    fn look<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        (**self).look(value)
    }

    fn look_mut<'v>(&self, value: &'v mut Value) -> Option<&'v mut Value> {
        (**self).look_mut(value)
    }

    fn make<'v>(&self, value: &'v mut Value) -> &'v mut Value {
        (**self).make(value)
    }
}

static NULL: Value = Value::Null;

impl<S: Step> Index<S> for Value {
    type Output = Value;

    /// What is not there reads as null.
    fn index(&self, step: S) -> &Value {
        step.look(self).unwrap_or(&NULL)
    }
}

impl<S: Step> IndexMut<S> for Value {
    fn index_mut(&mut self, step: S) -> &mut Value {
        step.make(self)
    }
}
