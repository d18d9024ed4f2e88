//! The parts that views and layers are made of. Each draws from what it is given and knows no state.

pub mod bars;
pub mod field;
pub mod form;
pub mod paint;
pub mod sheet;
mod sheet_builder;
