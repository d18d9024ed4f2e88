//! Local services on this host: toolchains, runtimes, processes that outlive the screen, ports, schedules, static sites.
//!
//! An instance that lives on this host is made of these parts, whatever the platform:
//!
//! | part | file | what it is |
//! |---|---|---|
//! | toolchain | [`toolchain`] | which programs are here, which are missing, what brings them |
//! | runtime | [`runtime`] | one shared, read-only folder per platform and version, installed beside and switched by a rename |
//! | service | [`supervisor`] | a detached process with a pid file, a log and a lock of its own |
//! | keeper | [`keeper`] | the one process of an active instance: its site and its schedule, started again after trouble |
//! | site | [`site`] | static files on loopback, nothing but what is named |
//! | schedule | [`schedule`] | when the next run is due |
//! | ports | [`ports`] | which port of loopback is free |
//!
//! Programs are run through [`command::Commands`], which the adapter layer's process runner serves: this room
//! starts only what must outlive it. What runs detached is this program itself under hidden commands
//! ([`internal`]), because `setsid` between fork and exec would need unsafe code.
//!
//! This room knows no platform, no screen, no table. Another supervisor (systemd) takes the place of [`supervisor`]
//! behind the same [`supervisor::Launch`]; another kind of runtime (Python) is another recipe beside [`runtime`].

pub mod command;
pub mod files;
pub mod internal;
pub mod keeper;
pub mod lock;
pub mod ports;
pub mod process_mark;
pub mod runtime;
pub mod schedule;
pub mod site;
pub mod supervisor;
pub mod toolchain;
