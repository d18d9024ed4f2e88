//! How a recovery key is shown: once, to the descriptor that was given for it, else among what the command tells.

use super::hall::Context;
use crate::vault::RecoveryKey;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

/// Hands the key out. Answers what people are shown of it, which is nothing where it went elsewhere; for programs it stands
/// in `object`. It is kept nowhere and the vault takes no other: where its descriptor cannot be written it is shown too.
pub fn hand_out(context: &Context, recovery: &RecoveryKey, object: &mut Value) -> String {
    let written = recovery.written();
    match context.descriptors.write_recovery_key(&written) {
        Ok(true) => return String::new(),
        Ok(false) => {}
        Err(fault) => context.out.advise(&format!(
            "! {} It is shown here instead, this once.",
            fault.what
        )),
    }
    object["recovery_key"] = json!(written.expose_secret());
    format!(
        "\nRecovery key, shown this once:\n\n  {}\n",
        written.expose_secret()
    )
}

/// What to do with a key that was shown.
pub fn advise(context: &Context, shown: &str) {
    if !shown.is_empty() {
        context.out.advise(
            "Write the recovery key down and keep it away from this host: it opens the vault when everything else is lost.",
        );
    }
}
