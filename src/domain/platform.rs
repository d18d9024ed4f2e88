//! Platforms as data: what kinds of instance there are, and what each platform can do by itself.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// The name of a platform: the file name of its manifest.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PlatformId(String);

impl PlatformId {
    /// The id. Whether such a platform exists is the catalog's to say.
    #[must_use]
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PlatformId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

/// Declares an enum whose variants have one fixed word each: in the database, in JSON, in commands.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $word)] $variant,)*
        }

        impl $name {
            /// Every variant, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word for it.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.pad(self.word())
            }
        }

        impl FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                Self::ALL.iter().copied().find(|value| value.word() == text).ok_or_else(|| {
                    let words: Vec<_> = Self::ALL.iter().map(|value| value.word()).collect();
                    format!("{text:?} is none of {}", words.join(", "))
                })
            }
        }
    };
}
pub(crate) use words;

words! {
    /// The four kinds of instance, under the same verbs.
    InstanceKind {
        /// Own process and data on this host.
        Dedicated = "dedicated",
        /// A row in a shared service.
        Tenant = "tenant",
        /// An object on somebody's hosted service.
        Account = "account",
        /// Only pointed at.
        Link = "link",
    }
}

words! {
    /// How a platform does a verb.
    Capability {
        /// Guildhall does it.
        Auto = "auto",
        /// A person does it on the platform; Guildhall says how and checks.
        Human = "human",
        /// The platform cannot do it.
        Unsupported = "unsupported",
    }
}

words! {
    /// The verbs of the adapter contract.
    Verb {
        /// Who is this key, what may it do, how far does it reach.
        Verify = "verify",
        /// Make what the community needs there.
        Provision = "provision",
        /// Change its settings.
        Configure = "configure",
        /// Switch it on.
        Activate = "activate",
        /// Switch it off, keeping everything.
        Deactivate = "deactivate",
        /// Look at it.
        Observe = "observe",
        /// Join it to another instance.
        Connect = "connect",
        /// Undo a connection.
        Disconnect = "disconnect",
        /// Send something through a connection and see it arrive.
        ProbeConnection = "probe-connection",
        /// List what exists there already.
        Discover = "discover",
        /// Take over what exists there already.
        Adopt = "adopt",
        /// Forget or hide it.
        RemoveSoft = "remove-soft",
        /// Destroy it there.
        RemoveHard = "remove-hard",
        /// Replace the key by a new one.
        Rotate = "rotate",
        /// Make another account where one is full.
        MakeAccount = "make-account",
        /// Make people the owners of what is there, and see that they are.
        HandOver = "hand-over",
    }
}

words! {
    /// What a template says of a platform for a new community.
    Choice {
        /// No instance is made.
        Off = "off",
        /// Made, and left inactive.
        Inactive = "inactive",
        /// Made and activated.
        Active = "active",
    }
}
