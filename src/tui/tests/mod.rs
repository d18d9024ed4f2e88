//! Tests of the screen: what is drawn, what keys do. Platforms here are made up.

mod accounts;
mod administrators;
mod creating;
mod entering;
mod fixture;
mod furniture;
mod key_matters;
mod keys;
mod looks;
mod output;
mod present;
mod screens;
mod settings;
mod steps;
mod switching;
