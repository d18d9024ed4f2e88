//! The store as its users see it: files and answers.

mod audit;
mod budgets;
mod core;
mod files;
mod journal;
mod keys_digest;
mod records;
mod sharing;
mod together;
