//! `guildhall init`: a new installation.

use super::{
    choices,
    exit::Exit,
    hall::{Context, sandbox_identity},
    prompt, recovery_key,
};
use crate::{
    domain::{Fault, FaultKind},
    engine::{Engine, NewInstallation, Protection},
    vault::RecoveryKey,
};
use clap::Args;
use secrecy::ExposeSecret;
use serde_json::json;
use std::path::PathBuf;

/// Set up an installation. Keys are protected by a key file (--identity-file), an SSH key (--ssh-key) or a passphrase
/// (--passphrase-fd, else asked for). The recovery key is shown once.
#[derive(Debug, Args)]
pub struct Init {
    /// What the installation is called: the name of the server or of the organisation.
    #[arg(long)]
    name: String,
    /// Protect keys with this public SSH key (ssh-ed25519).
    #[arg(long, value_name = "FILE")]
    ssh_key: Option<PathBuf>,
    /// A domain on which communities live already. It and this host are looked at for servers of home platforms; what is
    /// found is offered to new communities. May be given several times.
    #[arg(long = "home-domain", value_name = "DOMAIN")]
    home_domains: Vec<String>,
    /// What a new community gets: off, inactive or active. May be given for several platforms.
    #[arg(long = "platform", value_name = "ID=active|inactive|off")]
    platforms: Vec<String>,
}

/// Sets it up.
///
/// # Errors
/// `Conflict` when there is one already, `BadInput`, `Storage`.
pub async fn run(context: &Context, init: Init) -> Result<Exit, Fault> {
    let home = &context.place.home;
    if Engine::exists(home) {
        return Err(Fault::new(
            FaultKind::Conflict,
            format!("There is an installation in {} already.", home.display()),
        )
        .hint("Start guildhall to use it, or name another folder with --home."));
    }
    let catalog = context.catalog()?;
    let choices = choices::parse(&catalog, &init.platforms)?;
    let protection = protection(context, init.ssh_key)?;
    // The simulated platforms lie below this home, which the engine makes and checks first.
    let mut options = crate::engine::EngineOptions::new(
        home.clone(),
        catalog.into(),
        crate::adapters::registry::Registry::builtin(),
    );
    options.sandbox = context.globals.sandbox;
    options.read_only = context.globals.read_only;
    if context.globals.sandbox {
        options.limits.work_factor = crate::vault::WorkFactor::TRIFLING;
    }
    refuse_read_only(context)?;
    let new = NewInstallation {
        name: init.name,
        protection,
        choices,
    };
    let hidden = options.registry.supervisor().cannot_run_in(&options.home);
    let (engine, recovery) = Engine::init(options, new).await?;
    context.begin_log();
    let actor = engine.actor(None).await?;
    let name = engine.overview(&actor).await?.installation;
    // It is shown this once, and the platforms that are looked for below may take their time to answer.
    tell(context, &name, &recovery)?;
    let homes = if init.home_domains.is_empty() {
        Ok(Vec::new())
    } else {
        engine.find_homes(&actor, &init.home_domains).await
    };
    let taken = match &homes {
        Ok(homes) => super::homes::take(context, &engine, &actor, homes).await,
        Err(fault) => Err(fault.clone()),
    };
    engine.shutdown().await;
    if let Some((found, hint)) = hidden {
        context.out.advise(&format!("{found}. {hint}"));
    }
    taken?;
    if homes.is_ok_and(|homes| homes.is_empty()) && !init.home_domains.is_empty() {
        context.out.advise(
            "No server of a home platform answered there. Look again with: guildhall homes DOMAIN",
        );
    }
    Ok(Exit::Done)
}

fn refuse_read_only(context: &Context) -> Result<(), Fault> {
    if !context.globals.read_only {
        return Ok(());
    }
    Err(Fault::new(
        FaultKind::NotAllowed,
        "Nothing is set up while --read-only is given.",
    )
    .hint("Leave --read-only out."))
}

fn protection(context: &Context, ssh_key: Option<PathBuf>) -> Result<Protection, Fault> {
    if let Some(path) = ssh_key {
        return Ok(Protection::SshKey(path));
    }
    if let Some(path) = &context.globals.identity_file {
        return Ok(Protection::IdentityFile(path.clone()));
    }
    if let Some(passphrase) = context.descriptors.passphrase()? {
        return Ok(Protection::Passphrase(passphrase));
    }
    if context.globals.sandbox {
        return Ok(Protection::IdentityFile(sandbox_identity(
            &context.place.home,
        )));
    }
    if !prompt::somebody_is_there() {
        return Err(Fault::new(
            FaultKind::BadInput,
            "How keys are protected was not said, and nobody is there to ask.",
        )
        .hint("Give --identity-file FILE, --ssh-key FILE or --passphrase-fd N."));
    }
    let passphrase = prompt::secret("Passphrase for the vault")?;
    let again = prompt::secret("The same again")?;
    if passphrase.expose_secret() != again.expose_secret() {
        return Err(
            Fault::new(FaultKind::BadInput, "The two passphrases differ.")
                .hint("Run the command again."),
        );
    }
    Ok(Protection::Passphrase(passphrase))
}

fn tell(context: &Context, name: &str, recovery: &RecoveryKey) -> Result<(), Fault> {
    let home = context.place.home.display();
    let mut object = json!({
        "installation": name,
        "home": context.place.home,
        "sandbox": context.globals.sandbox,
    });
    let shown = recovery_key::hand_out(context, recovery, &mut object);
    context
        .out
        .data(&object, |_| format!("{name} is set up in {home}.\n{shown}"))?;
    recovery_key::advise(context, &shown);
    context.out.advise("Next: guildhall community create NAME");
    Ok(())
}
