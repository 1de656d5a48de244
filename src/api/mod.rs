//! Kubernetes objects as plain values: Kubernetes' nouns exactly, and nothing that happens over time.
//!
//! An object is a JSON tree ([`Value`]), as the API server serves it: what podlab does not model is kept, printed and patched all the
//! same. [`object`] reads fields, [`kinds`] knows the resources, [`Status`] is the API server's refusal.

pub mod float;
pub mod ip;
pub mod kinds;
pub mod labels;
pub mod object;
pub mod order;
pub mod quantity;
mod sort;
pub mod status;
pub mod time;
pub mod value;

pub use crate::json;
pub use kinds::Kind;
pub use labels::Selector;
pub use quantity::Quantity;
pub use status::{Cause, Refusal, Status};
pub use time::SimTime;
pub use value::{Map, Number, Value};
