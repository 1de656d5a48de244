//! The native gate.
