//! The wishes of `guildhall request ...`: what somebody may ask an operator for.

use super::{choices, hall::Hall, instance::Which};
use crate::domain::{ConnectionId, Fault, OperationId, RemoveMode, Wish};
use clap::{Args, Subcommand};

/// What is asked for.
#[derive(Debug, Subcommand)]
pub enum Asking {
    /// Ask for an instance to be switched on that is not on the list, or beyond what was given.
    Activate {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        why: Why,
    },
    /// Ask for settings to be changed.
    Configure {
        #[command(flatten)]
        which: Which,
        /// The settings that change.
        #[arg(required = true, value_name = "SETTING=VALUE")]
        settings: Vec<String>,
        #[command(flatten)]
        why: Why,
    },
    /// Ask for two instances to be joined.
    Connect {
        /// The community's short name.
        community: String,
        /// The platform that acts or reads.
        from: String,
        /// The platform that is acted on or read.
        to: String,
        #[command(flatten)]
        why: Why,
    },
    /// Ask for a connection to be undone.
    Disconnect {
        /// The community's short name.
        community: String,
        /// The number of the connection.
        connection: i64,
        #[command(flatten)]
        why: Why,
    },
    /// Ask for something that exists on a platform already to be looked after; it is only looked at first.
    Adopt {
        #[command(flatten)]
        which: Which,
        /// The object there, as the platform names it.
        reference: String,
        #[command(flatten)]
        why: Why,
    },
    /// Ask for what somebody changed on a platform to be taken for right, or made as it was.
    Drift {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        answer: Answered,
        #[command(flatten)]
        why: Why,
    },
    /// Ask for an operation to be stopped.
    Cancel {
        /// The community's short name.
        community: String,
        /// The number of the operation.
        operation: i64,
        #[command(flatten)]
        why: Why,
    },
    /// Ask for an instance to be removed.
    Remove {
        #[command(flatten)]
        which: Which,
        /// Destroy what is there, too. Without this it is only forgotten here and hidden there.
        #[arg(long)]
        hard: bool,
        #[command(flatten)]
        why: Why,
    },
    /// Ask for the community to be archived.
    Archive {
        /// The community's short name.
        community: String,
        #[command(flatten)]
        why: Why,
    },
    /// Ask for something that only words can say.
    Other {
        /// The community's short name.
        community: String,
        #[command(flatten)]
        why: Why,
    },
}

/// What is to become of a difference.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct Answered {
    /// What is there is right from now on.
    #[arg(long)]
    take_over: bool,
    /// It is made as it was.
    #[arg(long)]
    put_back: bool,
}

/// What is said with it.
#[derive(Debug, Args)]
pub struct Why {
    /// What is said with it, in a sentence.
    #[arg(long, default_value = "")]
    pub words: String,
}

/// A wish with what goes along.
pub struct Asked {
    /// The short name of the community it is for.
    pub community: String,
    /// What is asked for.
    pub wish: Wish,
    /// What is said with it.
    pub words: String,
}

impl Asking {
    /// What is asked for, in the words of the house.
    ///
    /// # Errors
    /// `BadInput` for a platform or a setting that is not known.
    pub fn wish(self, hall: &Hall) -> Result<Asked, Fault> {
        let platform = |which: &Which| hall.platform(&which.platform);
        let (community, wish, why) = match self {
            Self::Activate { which, why } => {
                let platform = platform(&which)?;
                (which.community, Wish::Activate { platform }, why)
            }
            Self::Configure {
                which,
                settings,
                why,
            } => {
                let (platform, settings) = (platform(&which)?, choices::settings(&settings)?);
                let wish = Wish::Configure { platform, settings };
                (which.community, wish, why)
            }
            Self::Connect {
                community,
                from,
                to,
                why,
            } => {
                let (from, to) = (hall.platform(&from)?, hall.platform(&to)?);
                (community, Wish::Connect { from, to }, why)
            }
            Self::Disconnect {
                community,
                connection,
                why,
            } => {
                let connection = ConnectionId(connection);
                (community, Wish::Disconnect { connection }, why)
            }
            Self::Adopt {
                which,
                reference,
                why,
            } => {
                let platform = platform(&which)?;
                let wish = Wish::Adopt {
                    platform,
                    reference,
                };
                (which.community, wish, why)
            }
            Self::Drift { which, answer, why } => {
                let platform = platform(&which)?;
                let wish = if answer.take_over {
                    Wish::TakeOver { platform }
                } else {
                    Wish::PutBack { platform }
                };
                (which.community, wish, why)
            }
            Self::Cancel {
                community,
                operation,
                why,
            } => {
                let operation = OperationId(operation);
                (community, Wish::Cancel { operation }, why)
            }
            Self::Remove { which, hard, why } => {
                let platform = platform(&which)?;
                let mode = if hard {
                    RemoveMode::Hard
                } else {
                    RemoveMode::Soft
                };
                (which.community, Wish::Remove { platform, mode }, why)
            }
            Self::Archive { community, why } => (community, Wish::Archive, why),
            Self::Other { community, why } => (community, Wish::Other, why),
        };
        Ok(Asked {
            community,
            wish,
            words: why.words,
        })
    }
}
