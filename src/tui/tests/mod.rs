//! Tests of the screen: what is drawn, what keys do. Platforms here are made up.

mod administrators;
mod fixture;
mod furniture;
mod key_matters;
mod keys;
mod looks;
mod output;
mod screens;
mod settings;
