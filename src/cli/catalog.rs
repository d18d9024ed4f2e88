//! `guildhall catalog`: all that is known of the platforms.

use super::{
    exit::Exit,
    hall::{self, Context},
    output::Output,
    table::{Page, Table},
};
use crate::{
    adapters::registry::Registry,
    catalog::{CredentialField, Holder, Keep, Manifest},
    domain::{Fault, PlatformId, mebibytes},
};
use clap::Args;
use serde_json::json;

/// Show what is known of the platforms.
#[derive(Debug, Args)]
pub struct Catalog {
    /// All about this platform.
    platform: Option<String>,
}

/// Shows it. Needs no installation.
///
/// # Errors
/// `BadInput` for a wrong manifest of the operator, `NotFound` for a platform that does not exist.
pub fn run(context: &Context, command: &Catalog) -> Result<Exit, Fault> {
    let catalog = context.catalog()?;
    let registry = Registry::builtin();
    if let Some(name) = &command.platform {
        let id = hall::platform(&catalog, name)?;
        let Some(manifest) = catalog.get(&id) else {
            return Ok(Exit::Usage);
        };
        let adapter = registry.get(&id).is_some();
        let object = json!({ "platform": manifest, "adapter": adapter });
        context
            .out
            .data(&object, |out| page(out, manifest, adapter))?;
        return Ok(Exit::Done);
    }
    let manifests: Vec<_> = catalog
        .iter()
        .map(|manifest| {
            json!({ "platform": manifest, "adapter": registry.get(&manifest.id).is_some() })
        })
        .collect();
    context
        .out
        .data(&json!({ "platforms": manifests }), |out| {
            let mut table = Table::new(&[
                "platform",
                "group",
                "adapter",
                "default",
                "maturity",
                "MiB",
                "what it is for",
            ]);
            for manifest in &catalog {
                let has_adapter = registry.get(&manifest.id).is_some();
                table.row([
                    manifest.id.to_string(),
                    manifest.group.to_string(),
                    if has_adapter { "yes" } else { "not yet" }.to_owned(),
                    manifest.default.to_string(),
                    manifest.maturity.to_string(),
                    manifest.resources.memory_active_mib.to_string(),
                    manifest.summary.clone(),
                ]);
            }
            table.render(out)
        })?;
    Ok(Exit::Done)
}

fn page(out: &Output, manifest: &Manifest, adapter: bool) -> String {
    let mut page = Page::default();
    page.heading(&manifest.name);
    page.push(&format!("  {}", manifest.homepage));
    page.field(out, "for", &manifest.summary);
    page.field(out, "an instance", &manifest.instance);
    for offer in &manifest.kinds {
        page.field(out, offer.kind.word(), &offer.text);
    }
    page.field(out, "by default", manifest.default.word());
    page.field(
        out,
        "adapter",
        if adapter {
            "part of this version"
        } else {
            "not there yet: instances are recorded, and nothing is made"
        },
    );
    page.field(out, "licence", &manifest.licence);
    page.field(out, "maturity", manifest.maturity.word());
    page.field(out, "upstream", &manifest.upstream.health);
    page.field(
        out,
        "as of",
        &format!("{} ({})", manifest.upstream.as_of, manifest.upstream.source),
    );
    if !manifest.warnings.is_empty() {
        page.heading("Know before");
        for warning in &manifest.warnings {
            page.item(out, "-", warning);
        }
    }
    for credential in &manifest.credentials {
        key(out, &mut page, credential);
    }
    settings(out, &mut page, manifest);
    limits(out, &mut page, manifest);
    page.heading("What it does by itself");
    for (verb, note) in &manifest.capabilities {
        let text = format!("{}: {}", note.how, note.note);
        page.field(out, verb.word(), &text);
    }
    if !manifest.connections.is_empty() {
        page.heading("Connections");
        for offer in &manifest.connections {
            let to: Vec<&str> = offer.to.iter().map(PlatformId::as_str).collect();
            let text = format!("{} ({}): {}", to.join(", "), offer.how, offer.note);
            page.field(out, &offer.verb, &text);
        }
    }
    resources(out, &mut page, manifest);
    page.render()
}

fn key(out: &Output, page: &mut Page, credential: &CredentialField) {
    page.heading(&format!("Key {}: {}", credential.field, credential.label));
    page.field(out, "looks like", &credential.shape);
    page.field(
        out,
        "one for",
        match credential.holder {
            Holder::Community => "each community",
            Holder::Installation => "the installation",
        },
    );
    if credential.made_by_us {
        page.field(out, "made by", "Guildhall");
    }
    for (number, step) in credential.where_to_get.iter().enumerate() {
        page.item(out, &(number + 1).to_string(), step);
    }
    page.field(out, "where", credential.url.as_deref().unwrap_or_default());
    page.field(out, "whose", &credential.whose);
    page.field(out, "scopes", &credential.scopes.join(", "));
    page.field(out, "reaches", &credential.reaches);
    page.field(out, "also reaches", &credential.also_reaches);
    page.field(out, "expires", &credential.expiry);
    if credential.keep == Keep::OnRequest {
        page.field(out, "kept", "only on request: used once, then forgotten");
    }
}

fn settings(out: &Output, page: &mut Page, manifest: &Manifest) {
    if manifest.settings.is_empty() {
        return;
    }
    page.heading("Settings");
    for setting in &manifest.settings {
        let mut text = setting.help.clone();
        if !setting.choices.is_empty() {
            text = format!("{text} One of: {}.", setting.choices.join(", "));
        }
        if let Some(default) = &setting.default {
            text = format!("{text} Default: {default}.");
        }
        if setting.required {
            text = format!("{text} Needed.");
        }
        if setting.immutable {
            text = format!("{text} Fixed once the instance is made.");
        }
        if setting.danger.is_some() {
            text =
                format!("{text} Dangerous to change: the community's short name has to be typed.");
        }
        page.field(out, &setting.field, &text);
    }
}

fn limits(out: &Output, page: &mut Page, manifest: &Manifest) {
    if manifest.slots.is_empty() && manifest.rate_limits.is_empty() {
        return;
    }
    page.heading("Limits");
    for slot in &manifest.slots {
        let max = slot.max.map_or_else(
            || "no known limit".to_owned(),
            |max| format!("at most {max}"),
        );
        let text = format!(
            "{max} per {}. {} (source: {})",
            slot.per, slot.note, slot.source
        );
        page.field(out, &slot.unit, &text);
    }
    for limit in &manifest.rate_limits {
        let text = format!(
            "{} in {} s per {}; shows as {} (source: {})",
            limit.amount,
            limit.window.as_secs(),
            limit.scope,
            limit.shows,
            limit.source
        );
        page.field(out, &limit.what, &text);
    }
}

fn resources(out: &Output, page: &mut Page, manifest: &Manifest) {
    let needs = &manifest.resources;
    page.heading("On this host");
    let memory = format!(
        "{} inactive, {} active, {} at most",
        mebibytes(needs.memory_inactive_mib),
        mebibytes(needs.memory_active_mib),
        mebibytes(needs.memory_peak_mib)
    );
    page.field(out, "memory", &memory);
    let disk = format!(
        "{} shared, {} for each instance",
        mebibytes(needs.disk_runtime_mib),
        mebibytes(needs.disk_instance_mib)
    );
    page.field(out, "disk", &disk);
    page.field(out, "source", &needs.source);
}
