//! The store as its users see it: files and answers.

mod core;
mod files;
mod journal;
mod records;
mod sharing;
