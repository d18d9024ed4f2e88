//! Somebody new who may open the vault, as the screen asked for them: the files they name are read, or made, here.

use super::effect::{NewOperator, OperatorsWay};
use crate::{
    domain::{Fault, FaultKind},
    engine::{NewRecipient, create_identity_file},
};

/// What the engine is asked for.
///
/// # Errors
/// `BadInput` for an SSH key that cannot be read, and for a key file that cannot be made.
pub fn wanted(new: NewOperator) -> Result<NewRecipient, Fault> {
    let label = new.label;
    Ok(match new.with {
        OperatorsWay::Passphrase(passphrase) => NewRecipient::Passphrase {
            label,
            passphrase: passphrase.to_exact_secret(),
        },
        OperatorsWay::SshKey(path) => NewRecipient::Ssh {
            label,
            public_key: std::fs::read_to_string(&path).map_err(|error| {
                Fault::new(
                    FaultKind::BadInput,
                    format!("The SSH key {} cannot be read.", path.display()),
                )
                .hint("Give the path of the public half, such as id_ed25519.pub.")
                .detail(error)
            })?,
        },
        OperatorsWay::NewKeyFile(path) => NewRecipient::Identity {
            label,
            recipient: create_identity_file(&path)?,
        },
    })
}
