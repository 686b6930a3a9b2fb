//! What no single crate can test: the dependency rule and whole-system scenarios. See the files beside this one.
