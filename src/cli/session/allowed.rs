//! The commands that can be asked for over SSH: nothing that takes a path, opens the vault, or is about the installation.

use crate::{
    cli::{
        account::Account,
        admin::Admin,
        arguments::{Arguments, Command, Globals},
        audit::Audit,
        community::Community,
        connection::Connection,
        instance::Instance,
        key::Key,
        operation::Operation,
    },
    domain::{Fault, FaultKind},
};

/// Refuses what cannot be asked for. Every command that is not named here is refused.
///
/// # Errors
/// `NotAllowed`.
pub fn require(arguments: &Arguments) -> Result<(), Fault> {
    if !plain(&arguments.globals) {
        return Err(refused("That option"));
    }
    if arguments.command.as_ref().is_none_or(is_allowed) {
        return Ok(());
    }
    Err(refused("That command"))
}

fn refused(what: &str) -> Fault {
    Fault::new(
        FaultKind::NotAllowed,
        format!("{what} is not among those of a session over SSH; nothing was run."),
    )
    .hint(
        "There are: community list|show, instance list|show|activate|deactivate|drift|check, key set|list|verify, \
         connection list|test, operation list|show|resume, task, request, admin list, audit, account list, catalog.",
    )
}

/// Whether no option names a file, a descriptor or another actor.
const fn plain(globals: &Globals) -> bool {
    let Globals {
        home,
        sandbox,
        actor,
        identity_file,
        passphrase_fd,
        recovery_key_fd,
        confined,
        json: _,
        read_only: _,
        yes: _,
        no_wait: _,
        ascii: _,
        plain: _,
    } = globals;
    home.is_none()
        && !*sandbox
        && actor.is_none()
        && identity_file.is_none()
        && passphrase_fd.is_none()
        && recovery_key_fd.is_none()
        && !*confined
}

const fn is_allowed(command: &Command) -> bool {
    match command {
        Command::Community(command) => {
            matches!(command, Community::List(_) | Community::Show(_))
        }
        Command::Instance(command) => matches!(
            command,
            Instance::List { .. }
                | Instance::Show(_)
                | Instance::Activate(_)
                | Instance::Deactivate(_)
                | Instance::Drift(_)
                | Instance::Check(_)
        ),
        Command::Key(command) => {
            matches!(command, Key::Set(_) | Key::List { .. } | Key::Verify { .. })
        }
        Command::Connection(command) => {
            matches!(command, Connection::List { .. } | Connection::Test(_))
        }
        Command::Operation(command) => matches!(
            command,
            Operation::List { .. }
                | Operation::Show { .. }
                // Without a number it takes up the work of every community.
                | Operation::Resume { id: Some(_) }
        ),
        Command::Admin(command) => matches!(command, Admin::List { .. }),
        Command::Account(command) => matches!(command, Account::List | Account::Slots),
        Command::Audit(command) => matches!(
            command,
            Audit::List { .. } | Audit::Verify { .. } | Audit::About
        ),
        Command::Task(_) | Command::Request(_) | Command::Check(_) | Command::Catalog(_) => true,
        _ => false,
    }
}
