//! Local services on this host: toolchains, runtimes, processes that outlive the screen, ports, schedules, static sites.
//!
//! An instance that lives on this host is made of these parts, whatever the platform:
//!
//! | part | file | what it is |
//! |---|---|---|
//! | toolchain | [`toolchain`] | which programs are here, which are missing, what brings them |
//! | runtime | [`runtime`] | one shared, read-only folder per platform and version, installed beside and switched by a rename |
//! | service | [`supervisor`] | what an instance runs, described once for every driver; started, stopped, looked at |
//! | keeper | [`keeper`] | the driver without systemd: processes started again after trouble, timers, logs |
//! | site | [`site`] | static files on loopback, nothing but what is named |
//! | proxy | [`proxy`] | what a web server in front of an instance is told |
//! | schedule | [`schedule`] | when the next run is due |
//! | database | [`database`] | looks into a service's own database, and copies of it |
//! | saved | [`saved`] | what an instance holds, in a folder from which it can be put back |
//! | ports | [`ports`] | which port of loopback is free |
//!
//! Programs are run through [`command::Commands`] and pages asked through [`pages::Pages`], which the adapter layer's
//! process runner and HTTP client serve: this room starts only what must outlive it. What runs detached is this program
//! itself under hidden commands ([`internal`]), because `setsid` between fork and exec would need unsafe code.
//!
//! This room knows no platform, no screen, no table. Another way of running services is another driver behind
//! [`supervisor::Supervisor`]; another kind of runtime (Python) is another recipe beside [`runtime`].

pub mod command;
pub mod database;
pub mod files;
pub mod internal;
pub mod keeper;
pub mod lock;
pub mod pages;
pub mod ports;
pub mod process_mark;
pub mod proxy;
pub mod runtime;
pub mod saved;
pub mod schedule;
pub mod site;
pub mod supervisor;
pub mod toolchain;
