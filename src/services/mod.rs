//! Local services on this host: toolchains, ports, processes that outlive the screen, schedules, static sites.
