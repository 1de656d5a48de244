//! Lesson files → steps and goals. Goals are typed predicates over cluster state, log, terminal history and the manifest's own tree.
