//! Troubles of an installation that have nothing to do with what is installed, known by what programs say of them.

/// What hinders an installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// There is no room on the disk.
    FullDisk,
    /// What is fetched cannot be reached.
    NoNetwork,
    /// The program was killed.
    Killed,
}

/// As the C library, git, pip and npm word them.
const FULL: [&str; 4] = [
    "No space left on device",
    "ENOSPC",
    "Disk quota exceeded",
    "EDQUOT",
];
const UNREACHABLE: [&str; 12] = [
    "Could not resolve host",
    "Name or service not known",
    "Temporary failure in name resolution",
    "getaddrinfo",
    "EAI_AGAIN",
    "ENOTFOUND",
    "ECONNREFUSED",
    "ETIMEDOUT",
    "Connection refused",
    "Network is unreachable",
    "Failed to connect",
    "Failed to establish a new connection",
];

impl Trouble {
    /// The trouble behind the end of a program, where it is one of these.
    pub fn of(code: Option<i32>, last_words: &str) -> Option<Self> {
        let says = |words: &[&str]| words.iter().any(|word| last_words.contains(word));
        if says(&FULL) {
            return Some(Self::FullDisk);
        }
        if says(&UNREACHABLE) {
            return Some(Self::NoNetwork);
        }
        code.is_none().then_some(Self::Killed)
    }

    /// What happened.
    pub fn what(self) -> &'static str {
        match self {
            Self::FullDisk => "the disk is full",
            Self::NoNetwork => "what it fetches could not be reached over the network",
            Self::Killed => "it was killed, by a person or by the kernel when memory ran out",
        }
    }

    /// What to do.
    pub fn way_on(self) -> &'static str {
        match self {
            Self::FullDisk => {
                "Make room (guildhall service clear-runtimes takes away what nobody needs), then try again"
            }
            Self::NoNetwork => {
                "Check the network and its proxy, or name a folder of this host in the setting for its sources, then try again"
            }
            Self::Killed => "See that memory is free, then try again",
        }
    }
}
