//! `guildhall instance ...`.

use super::{
    adopt,
    check::{self, CheckArguments},
    choices, drift,
    exit::Exit,
    hall::{Context, Hall},
    instance_list, instance_page, plan, prompt,
    report::Watched,
    work,
};
use crate::domain::{Community, Desired, Fault, FaultKind, Intent, PlatformId, RemoveMode};
use clap::{Args, Subcommand};
use std::collections::BTreeMap;

/// Instances.
#[derive(Debug, Subcommand)]
pub enum Instance {
    /// List the platforms of a community, or of all communities.
    List {
        /// The community's short name.
        community: Option<String>,
    },
    /// Show everything about one platform of a community.
    Show(Which),
    /// Switch an instance on; made first where that is needed.
    Activate(Switch),
    /// Switch an instance off; everything is kept.
    Deactivate(Switch),
    /// Change settings.
    Configure {
        #[command(flatten)]
        which: Which,
        /// The settings that change.
        #[arg(required = true, value_name = "SETTING=VALUE")]
        settings: Vec<String>,
        /// The community's short name, as confirmation of a change that can cost it something on the platform.
        #[arg(long, value_name = "SLUG")]
        confirm: Option<String>,
    },
    /// List what exists on the platform already and could be adopted.
    Discover(Which),
    /// Adopt what exists on the platform already; it is only looked at, until it is managed.
    Adopt {
        #[command(flatten)]
        which: Which,
        /// The object there, as `discover` lists it; without one, what could be adopted is listed.
        reference: Option<String>,
        #[command(flatten)]
        binding: plan::Binding,
    },
    /// Manage from here what was adopted and only looked at so far.
    Manage {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        binding: plan::Binding,
    },
    /// Show what differs from the record; with an answer, decide about it.
    Drift(drift::Drift),
    /// Look at instances now: health and drift.
    Check(CheckArguments),
    /// Forget an instance here and hide it there, or destroy it there.
    Remove {
        #[command(flatten)]
        which: Which,
        /// Destroy what exists on the platform; this cannot be undone.
        #[arg(long)]
        hard: bool,
        /// The community's short name, as confirmation.
        #[arg(long, value_name = "SLUG")]
        confirm: Option<String>,
        #[command(flatten)]
        binding: plan::Binding,
    },
}

/// One platform of one community.
#[derive(Debug, Args)]
pub struct Which {
    /// The community's short name.
    pub community: String,
    /// The platform.
    pub platform: String,
}

/// On or off.
#[derive(Debug, Args)]
pub struct Switch {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    acceptance: plan::Acceptance,
    #[command(flatten)]
    binding: plan::Binding,
}

impl Which {
    /// The community and the platform that are meant.
    ///
    /// # Errors
    /// `BadInput` or `NotFound`.
    pub async fn find(&self, hall: &Hall) -> Result<(Community, PlatformId), Fault> {
        let platform = hall.platform(&self.platform)?;
        Ok((hall.community(&self.community).await?, platform))
    }
}

/// Runs a command of this family.
///
/// # Errors
/// What the engine returns.
pub async fn run(context: &Context, command: Instance) -> Result<Exit, Fault> {
    let hall = context.open().await?;
    let exit = match command {
        Instance::List { community } => {
            instance_list::list(context, &hall, community.as_deref()).await
        }
        Instance::Show(which) => instance_page::show(context, &hall, &which).await,
        Instance::Activate(switch) => set(context, &hall, switch, Desired::Active).await,
        Instance::Deactivate(switch) => set(context, &hall, switch, Desired::Inactive).await,
        Instance::Configure {
            which,
            settings,
            confirm,
        } => configure(context, &hall, &which, &settings, confirm).await,
        Instance::Adopt {
            which,
            reference: Some(reference),
            binding,
        } => adopt::adopt(context, &hall, &which, reference, binding).await,
        Instance::Adopt { which, .. } | Instance::Discover(which) => {
            adopt::discover(context, &hall, &which).await
        }
        Instance::Manage { which, binding } => adopt::manage(context, &hall, &which, binding).await,
        Instance::Drift(drift) => drift::run(context, &hall, drift).await,
        Instance::Check(arguments) => check::look(context, &hall, &arguments).await,
        Instance::Remove {
            which,
            hard,
            confirm,
            binding,
        } => {
            let mode = if hard {
                RemoveMode::Hard
            } else {
                RemoveMode::Soft
            };
            remove(context, &hall, &which, mode, confirm, binding).await
        }
    };
    hall.close().await;
    exit
}

async fn set(
    context: &Context,
    hall: &Hall,
    switch: Switch,
    desired: Desired,
) -> Result<Exit, Fault> {
    let (community, platform) = switch.which.find(hall).await?;
    let watched = Watched::instance(&community, &platform);
    let intent = Intent::SetDesired {
        community: community.id,
        platform,
        desired,
    };
    if !switch.binding.plan {
        // What was never made is made also when it is only to be inactive.
        switch.acceptance.require(context, hall, &intent).await?;
        let receipt = work::submit_accepting(hall, intent, switch.binding.basis).await?;
        return work::follow(context, hall, receipt, Some(watched)).await;
    }
    plan_or_do(context, hall, intent, watched, switch.binding).await
}

async fn plan_or_do(
    context: &Context,
    hall: &Hall,
    intent: Intent,
    watched: Watched,
    binding: plan::Binding,
) -> Result<Exit, Fault> {
    if binding.plan {
        return plan::show(context, hall, &intent).await;
    }
    work::carry_out_planned(context, hall, intent, binding.basis, Some(watched)).await
}

async fn configure(
    context: &Context,
    hall: &Hall,
    which: &Which,
    entries: &[String],
    confirm: Option<String>,
) -> Result<Exit, Fault> {
    let (community, platform) = which.find(hall).await?;
    let settings = choices::settings(entries)?;
    let typed = match confirm {
        Some(typed) => typed,
        None => typed_for(context, hall, &community, &platform, &settings).await?,
    };
    let watched = Watched::instance(&community, &platform);
    let intent = Intent::Configure {
        community: community.id,
        platform,
        settings,
        typed,
    };
    work::carry_out(context, hall, intent, Some(watched)).await
}

/// The short name as the person types it, where a change can cost the community something; else nothing. Where nobody
/// is there to ask, the engine refuses and says what to add.
async fn typed_for(
    context: &Context,
    hall: &Hall,
    community: &Community,
    platform: &PlatformId,
    settings: &BTreeMap<String, String>,
) -> Result<String, Fault> {
    let detail = hall
        .engine
        .instance(&hall.actor, &community.slug, platform)
        .await?;
    let made = detail
        .instance
        .filter(|instance| instance.external_id.is_some());
    let (Some(instance), Some(manifest)) = (made, hall.engine.catalog().get(platform)) else {
        return Ok(String::new());
    };
    let dangers = manifest.dangers(&instance.settings, settings);
    if dangers.is_empty() || !prompt::somebody_is_there() {
        return Ok(String::new());
    }
    for (label, what) in dangers {
        context.out.advise(&format!("{label}: {what}"));
    }
    prompt::typed(&format!("Type {} to change it: ", community.slug))
}

async fn remove(
    context: &Context,
    hall: &Hall,
    which: &Which,
    mode: RemoveMode,
    confirm: Option<String>,
    mut binding: plan::Binding,
) -> Result<Exit, Fault> {
    let (community, platform) = which.find(hall).await?;
    let slug = community.slug.to_string();
    let watched = Watched::instance(&community, &platform);
    let intent = |typed| Intent::Remove {
        community: community.id,
        platform: platform.clone(),
        mode,
        typed,
    };
    let typed = match confirm {
        Some(typed) => typed,
        None if binding.plan => slug,
        // What can be found again needs no name typed by a script that says yes.
        None if context.globals.yes && mode == RemoveMode::Soft => slug,
        None if prompt::somebody_is_there() => {
            // What is told here is what is done, or nothing.
            let basis = plan::tell(context, hall, &intent(String::new())).await?;
            binding.basis.get_or_insert(basis);
            prompt::typed(&format!(
                "Type {slug} to remove {platform} of {}{}: ",
                community.name,
                if mode == RemoveMode::Hard {
                    " for good"
                } else {
                    ""
                }
            ))?
        }
        None => {
            return Err(Fault::new(
                FaultKind::BadInput,
                "A removal is only done when the community's short name is given as confirmation.",
            )
            .hint(format!("Add --confirm {slug} when you are sure.")));
        }
    };
    plan_or_do(context, hall, intent(typed), watched, binding).await
}
