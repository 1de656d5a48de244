//! Prints the JSON Schema (draft 07) of a Pod.

use k8s_openapi::api::core::v1::Pod;
use schemars::generate::SchemaSettings;

fn main() {
    println!("{}", SchemaSettings::draft07().into_generator().into_root_schema_for::<Pod>().as_value());
}
