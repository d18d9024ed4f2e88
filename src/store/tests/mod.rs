//! The store as its users see it: files and answers.

mod core;
