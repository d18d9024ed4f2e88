//! From the text of a manifest to a [`Manifest`], complete or refused.

use super::{
    CapabilityNote, ConnectionOffer, Heading, HomeSign, HomeSigns, Manifest, NeedException, Needs,
    Origin, RateLimit, Resources, SlotLimit, Upstream,
    exposure::{self, exposure},
    kinds::{self, kinds},
    parse_fields::{credential, setting},
    reader::{Reader, Result},
    source::Source,
};
use crate::domain::Verb;
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};
use toml::{Spanned, de::DeTable};

/// Reads one manifest. What concerns several of them is for the bundle to check.
pub(super) fn manifest(source: Source<'_>, origin: Origin) -> Result<Manifest> {
    let document = toml(source)?;
    let mut root = Reader::new(source, "the manifest", document.get_ref(), 0);
    let heading = read_heading(&mut root)?;
    let manifest = Manifest {
        id: heading.id,
        name: heading.name,
        group: heading.group,
        order: heading.order,
        summary: root.text("summary", "\"what it is for, in one sentence\"")?,
        homepage: root.text("homepage", "\"https://...\"")?,
        instance: root.text("instance", "\"what an instance is there\"")?,
        default: root.word("default", "\"off\", \"inactive\" or \"active\"")?,
        licence: root.text("licence", "\"MIT\"")?,
        maturity: root.word("maturity", "\"active\"")?,
        warnings: root.texts("warnings", "[] where there are none, or [\"a sentence\"]")?,
        upstream: upstream(&mut root)?,
        kinds: kinds(&mut root)?,
        credentials: each(root.tables("credentials")?, credential)?,
        settings: each(root.tables("settings")?, setting)?,
        needs: needs(&mut root)?,
        slots: each(root.tables("slots")?, slot)?,
        rate_limits: each(root.tables("rate_limits")?, rate_limit)?,
        capabilities: capabilities(&mut root)?,
        connections: each(root.tables("connections")?, connection)?,
        discover: root.optional_table("discover")?.map(signs).transpose()?,
        exposure: root.optional_table("exposure")?.map(exposure).transpose()?,
        tools: root.optional_texts("tools")?,
        resources: resources(&mut root)?,
        settling: Duration::ZERO,
        settling_source: String::new(),
        origin,
    };
    let manifest = with_settling(manifest, &mut root)?;
    check_references(&manifest, &root)?;
    root.finish()?;
    Ok(manifest)
}

/// Reads what a platform is called and where it stands; the rest of the text may be cut off.
pub(super) fn heading(source: Source<'_>) -> Result<Heading> {
    let document = toml(source)?;
    read_heading(&mut Reader::new(
        source,
        "the manifest",
        document.get_ref(),
        0,
    ))
}

fn toml(source: Source<'_>) -> Result<Spanned<DeTable<'_>>> {
    DeTable::parse(source.text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        let reason = error.message().lines().collect::<Vec<_>>().join(", ");
        source.error(
            at,
            format!("This is not TOML: {reason}."),
            "Correct the line.",
        )
    })
}

fn read_heading(root: &mut Reader<'_>) -> Result<Heading> {
    let id = root.text("id", "\"my-platform\"")?;
    Ok(Heading {
        id: root.platform("id", &id)?,
        name: root.text("name", "\"My Platform\"")?,
        group: root.word("group", "\"governance\", \"gateway\" or \"home\"")?,
        order: root.number("order")?,
    })
}

fn each<'a, T>(tables: Vec<Reader<'a>>, read: impl Fn(Reader<'a>) -> Result<T>) -> Result<Vec<T>> {
    tables.into_iter().map(read).collect()
}

fn upstream(root: &mut Reader<'_>) -> Result<Upstream> {
    let mut table = root.table("upstream")?;
    let upstream = Upstream {
        health: table.text("health", "\"active: 200 commits since June\"")?,
        as_of: table.date("as_of")?,
        source: table.text("source", "\"where this was read\"")?,
    };
    table.finish()?;
    Ok(upstream)
}

fn needs(root: &mut Reader<'_>) -> Result<Needs> {
    const WRITE: &str = "[] where nothing is needed, or [[\"api_key\"], [\"other\", \"pair\"]]";
    let mut table = root.table("needs")?;
    let needs = Needs {
        provision: table.alternatives("provision", WRITE)?,
        operate: table.alternatives("operate", WRITE)?,
        exceptions: each(table.optional_tables("exceptions")?, |mut inner| {
            let exception = NeedException {
                when: inner.texts("when", "[\"a_setting\"]")?,
                provision: inner.alternatives("provision", WRITE)?,
                operate: inner.alternatives("operate", WRITE)?,
            };
            inner.finish()?;
            Ok(exception)
        })?,
    };
    table.finish()?;
    Ok(needs)
}

fn slot(mut table: Reader<'_>) -> Result<SlotLimit> {
    let slot = SlotLimit {
        unit: table.text("unit", "\"servers joined\"")?,
        per: table.text("per", "\"bot\"")?,
        max: table.optional_number("max")?,
        takes: table.optional_number("takes")?.unwrap_or(0),
        measure: table.text("measure", "\"how the use is counted\"")?,
        note: table.text("note", "\"what happens at the limit\"")?,
        source: table.text("source", "\"where the limit was read\"")?,
    };
    table.finish()?;
    Ok(slot)
}

fn rate_limit(mut table: Reader<'_>) -> Result<RateLimit> {
    let amount: u32 = table.number("amount")?;
    let window: u64 = table.number("window_seconds")?;
    let limit = RateLimit {
        what: table.text("what", "\"every request\"")?,
        scope: table.word("scope", "\"credential\"")?,
        amount,
        window: Duration::from_secs(window),
        burst: table.optional_number("burst")?,
        planned: table.optional_number("planned")?.unwrap_or(amount),
        budget: table.flag("budget", false)?,
        shows: table.text("shows", "\"HTTP 429\"")?,
        source: table.text("source", "\"where the limit was read\"")?,
    };
    if amount == 0 || window == 0 || limit.planned == 0 || limit.planned > amount {
        return Err(table.error_at(
            if limit.planned > amount {
                "planned"
            } else {
                "amount"
            },
            "A limit of nothing, of no time, or a plan beyond the limit.",
            "Write amount and window_seconds of at least 1, and planned no greater than amount.",
        ));
    }
    table.finish()?;
    Ok(limit)
}

fn capabilities(root: &mut Reader<'_>) -> Result<BTreeMap<Verb, CapabilityNote>> {
    let mut table = root.table("capabilities")?;
    let mut capabilities = BTreeMap::new();
    for verb in Verb::ALL {
        let mut inner = table.table(verb.word())?;
        let note = CapabilityNote {
            how: inner.word("how", "\"auto\", \"human\" or \"unsupported\"")?,
            note: inner.text("note", "\"what that means here\"")?,
        };
        inner.finish()?;
        capabilities.insert(*verb, note);
    }
    table.finish()?;
    Ok(capabilities)
}

fn connection(mut table: Reader<'_>) -> Result<ConnectionOffer> {
    let verb = table.text("verb", "\"announces in\"")?;
    let ends = table.texts("to", "[\"matrix\"]")?;
    if ends.is_empty() {
        return Err(table.error_at(
            "to",
            "A connection leads nowhere.",
            "Write the ids of the platforms at the other end.",
        ));
    }
    let to: Result<Vec<_>> = ends
        .iter()
        .map(|id| table.known_platform("to", id))
        .collect();
    let offer = ConnectionOffer {
        verb,
        to: to?,
        how: table.word("how", "\"auto\", \"human\" or \"unsupported\"")?,
        note: table.text("note", "\"what to know about it\"")?,
    };
    table.finish()?;
    Ok(offer)
}

fn signs(mut table: Reader<'_>) -> Result<HomeSigns> {
    let signs = HomeSigns {
        setting: table.text("setting", "\"base_url\"")?,
        loopback: table.texts("loopback", "[\"http://127.0.0.1:8008\"], or []")?,
        unauthenticated: each(table.tables("unauthenticated")?, |mut inner| {
            let sign = HomeSign {
                path: inner.text("path", "\"/about.json\"")?,
                pointer: inner.text("pointer", "\"/about\"")?,
                proves: inner.text("proves", "\"what an answer proves\"")?,
                source: inner.text("source", "\"where this was read\"")?,
            };
            for (key, value) in [("path", &sign.path), ("pointer", &sign.pointer)] {
                if !value.starts_with('/') {
                    return Err(inner.error_at(
                        key,
                        format!("{value:?} does not begin with a slash."),
                        "Begin it with /.",
                    ));
                }
            }
            inner.finish()?;
            Ok(sign)
        })?,
    };
    table.finish()?;
    Ok(signs)
}

fn resources(root: &mut Reader<'_>) -> Result<Resources> {
    let mut table = root.table("resources")?;
    let resources = Resources {
        memory_inactive_mib: table.number("memory_inactive_mib")?,
        memory_active_mib: table.number("memory_active_mib")?,
        memory_peak_mib: table.number("memory_peak_mib")?,
        disk_runtime_mib: table.number("disk_runtime_mib")?,
        disk_instance_mib: table.number("disk_instance_mib")?,
        source: table.text("source", "\"where this was measured\"")?,
    };
    table.finish()?;
    Ok(resources)
}

fn with_settling(mut manifest: Manifest, root: &mut Reader<'_>) -> Result<Manifest> {
    let mut table = root.table("settling")?;
    manifest.settling = Duration::from_secs(table.number("seconds")?);
    manifest.settling_source = table.text("source", "\"where this was read\"")?;
    table.finish()?;
    Ok(manifest)
}

/// What one part of a manifest says about another.
fn check_references(manifest: &Manifest, root: &Reader<'_>) -> Result<()> {
    let mut names = BTreeSet::new();
    let fields = manifest
        .credentials
        .iter()
        .map(|field| ("credentials", &field.field));
    let settings = manifest
        .settings
        .iter()
        .map(|field| ("settings", &field.field));
    for (place, field) in fields.chain(settings) {
        if !names.insert(field) {
            return Err(root.error_at(
                place,
                format!("The field {field:?} is there twice."),
                "Give one of them another name; credentials and settings share their names.",
            ));
        }
    }
    let exceptions = manifest.needs.exceptions.iter();
    let needed = exceptions
        .clone()
        .flat_map(|exception| exception.provision.iter().chain(&exception.operate))
        .chain(&manifest.needs.provision)
        .chain(&manifest.needs.operate)
        .flatten();
    for field in needed {
        if manifest.credential(field).is_none() {
            return Err(root.error_at(
                "needs",
                format!("{field:?} is needed and is no credential."),
                "Write the field of one of the [[credentials]].",
            ));
        }
    }
    if let Some(signs) = &manifest.discover
        && manifest.setting(&signs.setting).is_none()
    {
        return Err(root.error_at(
            "discover",
            format!("{:?} takes the address and is no setting.", signs.setting),
            "Write the field of one of the [[settings]].",
        ));
    }
    kinds::check_references(manifest, root)?;
    if let Some(exposure) = &manifest.exposure {
        exposure::check_references(exposure, manifest, root)?;
    }
    for setting in exceptions.flat_map(|exception| &exception.when) {
        if manifest.setting(setting).is_none() {
            return Err(root.error_at(
                "needs",
                format!("{setting:?} decides about needs and is no setting."),
                "Write the field of one of the [[settings]].",
            ));
        }
    }
    for credential in &manifest.credentials {
        let templates = credential.where_to_get.iter().chain(&credential.url);
        for name in templates.flat_map(|template| Manifest::references(template)) {
            if manifest.setting(name).is_none() {
                return Err(root.error_at(
                    "credentials",
                    format!(
                        "{:?} refers to {{{name}}}, which is no setting.",
                        credential.field
                    ),
                    "Write the field of one of the [[settings]] between the braces.",
                ));
            }
        }
    }
    if manifest
        .rate_limits
        .iter()
        .filter(|limit| limit.budget)
        .count()
        > 1
    {
        return Err(root.error_at(
            "rate_limits",
            "Two limits both claim to be the request budget.",
            "Leave budget = true at one of them.",
        ));
    }
    Ok(())
}
