//! What is decided about a difference between the record and what is there: take over what is there, put back what was,
//! or ignore it until a day.

use super::{
    choosing,
    core::Core,
    facts,
    instances::{self, applied},
    observe, parting,
    planner::{Draft, basis_of},
    reconcile::Reached,
    rules::{self, Rules, subject_of},
    submit::{After, Applied},
    titles,
    views::Receipt,
};
use crate::{
    adapters::contract,
    domain::{
        Actor, AnsweredDrift, CommunityId, Drift, DriftAnswer, DriftKind, DriftVerdict, Fault,
        FaultKind, HumanTask, Instance, InstanceId, InstanceKind, Observed, OperationVerb, Plan,
        PlanItemKind, PlatformId,
    },
    store::{Reader, Writer},
};
use jiff::Timestamp;
use serde_json::json;
use std::sync::Arc;

/// The name of the person's step that puts back what only a person can.
const STEP: &str = "put-back";

/// Which differences are meant.
pub(super) struct Which<'a> {
    /// Whose.
    pub community: CommunityId,
    /// Of which platform.
    pub platform: &'a PlatformId,
    /// Only those of this kind.
    pub only: Option<DriftKind>,
}

/// What was decided about an instance and still holds.
pub(super) fn answered(
    reader: &Reader<'_>,
    rules: &Rules,
    instance: InstanceId,
) -> Result<Vec<AnsweredDrift>, Fault> {
    let all: Option<Vec<AnsweredDrift>> = facts::recall(reader, instance, facts::ANSWERED)?;
    let mut all = all.unwrap_or_default();
    all.retain(|answer| answer.holds(rules.now));
    Ok(all)
}

/// The differences about which nothing was decided yet.
pub(super) fn sift(
    reader: &Reader<'_>,
    rules: &Rules,
    instance: InstanceId,
    mut drift: Vec<Drift>,
) -> Result<Vec<Drift>, Fault> {
    if drift.is_empty() {
        return Ok(drift);
    }
    let answered = answered(reader, rules, instance)?;
    drift.retain(|found| !answered.iter().any(|answer| answer.drift.is_same(found)));
    Ok(drift)
}

/// The instance and its differences that are meant.
fn meant(
    reader: &Reader<'_>,
    rules: &Rules,
    which: &Which<'_>,
) -> Result<(Instance, Vec<Drift>), Fault> {
    let instance = instances::required(reader, rules, which.community, which.platform)?;
    let mut found = instance.drift.clone();
    if instance.observed == Observed::Gone {
        found = vec![Drift::new(DriftKind::Missing, "All of it is gone there.")];
    }
    found.retain(|drift| which.only.is_none_or(|only| only == drift.kind));
    if found.is_empty() {
        return Err(Fault::new(
            FaultKind::Conflict,
            "Nothing differs there, as far as the last look told.",
        )
        .hint("Check the instance to look again."));
    }
    Ok((instance, found))
}

/// What putting back does about one kind of difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Remedy {
    /// What is missing is made, then settings and state are sent.
    Make,
    /// Settings and state are sent.
    Send,
    /// Somebody enters a key.
    Key,
    /// Somebody does something on the platform.
    Person,
}

fn remedy(instance: &Instance, kind: DriftKind) -> Remedy {
    match kind {
        DriftKind::Missing | DriftKind::Archived if instance.made_by_us => Remedy::Make,
        DriftKind::Missing | DriftKind::Archived | DriftKind::Changed => Remedy::Send,
        DriftKind::CredentialDead => Remedy::Key,
        DriftKind::ScopeShrank | DriftKind::OverQuota => Remedy::Person,
    }
}

/// Whether another one takes the place of an instance that is gone. On this host its folder and its port are still its own,
/// so that there the same one is made whole.
fn is_replaced(rules: &Rules, instance: &Instance) -> Result<bool, Fault> {
    let manifest = rules.manifest(&instance.platform)?;
    Ok(instance.kind != InstanceKind::Dedicated && !manifest.shares_a_service_here(instance.kind))
}

/// Refuses what cannot be answered so.
fn require_possible(
    instance: &Instance,
    found: &[Drift],
    answer: DriftAnswer,
    now: Timestamp,
) -> Result<(), Fault> {
    let dead = found
        .iter()
        .any(|drift| drift.kind == DriftKind::CredentialDead);
    match answer {
        DriftAnswer::TakeOver if dead => Err(Fault::new(
            FaultKind::Conflict,
            "A key that is not accepted any more cannot be taken over; nothing was changed.",
        )
        .hint("Put it back by entering a new key, or ignore it until a day.")),
        DriftAnswer::IgnoreUntil(until) if until <= now => Err(Fault::new(
            FaultKind::BadInput,
            "That day is over already; nothing was changed.",
        )
        .hint("Name a day to come, as 2027-01-31.")),
        DriftAnswer::PutBack if instance.observe_only => Err(Fault::new(
            FaultKind::Conflict,
            "This instance is only looked at, so nothing there is changed.",
        )
        .hint("Manage it from here first, or take over what is there.")),
        DriftAnswer::PutBack if instance.observed == Observed::Gone && !instance.made_by_us => {
            Err(Fault::new(
                FaultKind::Conflict,
                "Guildhall did not make what is gone there, so it cannot make it again as it was.",
            )
            .hint("Take that over, which removes it here; then switch it on or adopt another."))
        }
        _ => Ok(()),
    }
}

/// What an answer will do.
pub(super) fn plan(
    reader: &Reader<'_>,
    rules: &Rules,
    which: &Which<'_>,
    answer: DriftAnswer,
) -> Result<Plan, Fault> {
    let (instance, found) = meant(reader, rules, which)?;
    require_possible(&instance, &found, answer, rules.now)?;
    let name = reader.community(which.community)?.name;
    let title = titles::of(&rules.catalog, which.platform, &name);
    let (does, kind) = match answer {
        DriftAnswer::TakeOver => ("Take over what is there", PlanItemKind::Remember),
        DriftAnswer::PutBack => ("Put back what was", PlanItemKind::Now),
        DriftAnswer::IgnoreUntil(_) => ("Ignore what differs", PlanItemKind::Remember),
    };
    let mut draft = Draft::new(format!("{does}: {title}"));
    let gone = instance.observed == Observed::Gone;
    let is_replaced = gone && is_replaced(rules, &instance)?;
    for drift in &found {
        let what = drift.what.trim_end_matches('.');
        let (kind, then) = match answer {
            DriftAnswer::TakeOver if gone => (PlanItemKind::RemoveSoft, "it is removed here"),
            DriftAnswer::TakeOver => (kind, "that is right from now on"),
            DriftAnswer::IgnoreUntil(_) => (kind, "not shown until that day"),
            DriftAnswer::PutBack if is_replaced => (kind, "another one is made in its place"),
            DriftAnswer::PutBack => match remedy(&instance, drift.kind) {
                Remedy::Make => (kind, "what is missing is made again"),
                Remedy::Send => (kind, "settings and state are sent again"),
                Remedy::Key => (PlanItemKind::NeedsKey, "a new key is needed"),
                Remedy::Person => (
                    PlanItemKind::NeedsHuman,
                    "somebody does this on the platform",
                ),
            },
        };
        draft.say(kind, Some(which.platform), format!("{what}: {then}"));
    }
    Ok(draft.finish(basis_of(Some(&instance))))
}

/// Does what was decided.
pub(super) fn answer(
    writer: &Writer<'_>,
    rules: &Rules,
    actor: &Actor,
    which: &Which<'_>,
    answer: DriftAnswer,
) -> Result<Applied, Fault> {
    let (instance, found) = meant(writer, rules, which)?;
    require_possible(&instance, &found, answer, rules.now)?;
    if rules::is_held_up(writer, instance.id)? {
        return Err(Fault::new(
            FaultKind::Conflict,
            "The instance is being worked on, or something of it waits.",
        )
        .hint("Let that come to its end or cancel it, then decide."));
    }
    let gone = instance.observed == Observed::Gone;
    match answer {
        DriftAnswer::TakeOver if gone => forget(writer, rules, actor, &instance),
        DriftAnswer::PutBack if gone && is_replaced(rules, &instance)? => {
            make_anew(writer, rules, actor, &instance)
        }
        DriftAnswer::PutBack => put_back(writer, rules, actor, &instance, &found),
        DriftAnswer::TakeOver => decide(writer, rules, actor, &instance, &found, None),
        DriftAnswer::IgnoreUntil(until) => {
            decide(writer, rules, actor, &instance, &found, Some(until))
        }
    }
}

/// Remembers a decision, and looks again so that what is shown is what is so.
fn decide(
    writer: &Writer<'_>,
    rules: &Rules,
    actor: &Actor,
    instance: &Instance,
    found: &[Drift],
    until: Option<Timestamp>,
) -> Result<Applied, Fault> {
    let id = instance.id;
    let mut all = answered(writer, rules, id)?;
    all.retain(|answer| !found.iter().any(|drift| drift.is_same(&answer.drift)));
    let verdict = match until {
        Some(_) => DriftVerdict::Ignored,
        None => DriftVerdict::TakenOver,
    };
    all.extend(found.iter().map(|drift| AnsweredDrift {
        drift: drift.clone(),
        verdict,
        until,
        at: rules.now,
        by: actor.name.clone(),
    }));
    facts::remember(writer, id, facts::ANSWERED, &all)?;
    let rest = sift(writer, rules, id, instance.drift.clone())?;
    writer.set_drift(id, &rest)?;
    let what = told(found);
    let (detail, message) = match until {
        Some(until) => {
            let day = until.to_string();
            let day = day.split('T').next().unwrap_or_default();
            (
                format!("ignored until {day}: {what}"),
                format!("Ignored until {day}: {what}"),
            )
        }
        None => (
            format!("taken over: {what}"),
            format!("Taken over; it is right as it is: {what}"),
        ),
    };
    if instance.observed == Observed::Ready {
        let note = rest
            .first()
            .map_or("", |drift| drift.what.trim_end_matches('.'));
        writer.set_observed(id, Observed::Ready, note)?;
    } else if instance.observed == Observed::Gone {
        writer.set_observed(id, Observed::Gone, "not there any more; ignored for now")?;
    }
    Ok(Applied {
        subject: subject_of(writer, instance)?,
        detail,
        receipt: Receipt {
            message,
            community: Some(instance.community),
            operations: Vec::new(),
        },
        instances: vec![id],
        after: vec![After::Look(vec![id])],
        ..Applied::default()
    })
}

fn told(found: &[Drift]) -> String {
    let sentences: Vec<&str> = found.iter().map(|drift| drift.what.as_str()).collect();
    sentences.join(" ")
}

/// Makes what is missing and sends what was changed; what only a person can do becomes a step.
fn put_back(
    writer: &Writer<'_>,
    rules: &Rules,
    actor: &Actor,
    instance: &Instance,
    found: &[Drift],
) -> Result<Applied, Fault> {
    let id = instance.id;
    let mut all = answered(writer, rules, id)?;
    all.retain(|answer| !found.iter().any(|drift| drift.is_same(&answer.drift)));
    facts::remember(writer, id, facts::ANSWERED, &all)?;
    let has = |wanted| {
        found
            .iter()
            .any(|drift| remedy(instance, drift.kind) == wanted)
    };
    let mut begun = Vec::new();
    if has(Remedy::Key) {
        let note = rules.key_note(instance, OperationVerb::Activate)?;
        writer.set_observed(id, Observed::NeedsKey, &note)?;
    } else if has(Remedy::Person) {
        // Where the look said what is to be done there, that is better than what is said of every platform.
        let task = match facts::found_task(writer, id)? {
            Some((found, _)) if !found.others_decide => found,
            _ => task(rules, instance, found)?,
        };
        facts::remember_task(writer, id, &task, rules.now)?;
        writer.set_observed(id, Observed::NeedsHuman, &task.title)?;
    } else {
        resend(writer, rules, instance)?;
        let makes = has(Remedy::Make) && rules.situation(writer, instance)?.can_provision;
        begun = if makes {
            let verb = OperationVerb::Provision;
            let made = rules.enqueue(writer, id, verb, json!({}), &actor.name, true)?;
            made.into_iter().collect()
        } else {
            rules.towards_desired(writer, id, &actor.name, true)?
        };
        facts::remember(writer, id, facts::LOOK_AFTER, &true)?;
    }
    applied(
        writer,
        rules,
        id,
        begun,
        format!("put back: {}", told(found)),
    )
}

/// Settings and state count as not sent, so that the next operations send them.
fn resend(writer: &Writer<'_>, rules: &Rules, instance: &Instance) -> Result<(), Fault> {
    let manifest = rules.manifest(&instance.platform)?;
    let fields: Vec<&str> = instance
        .settings
        .keys()
        .map(String::as_str)
        .filter(|field| {
            manifest
                .setting(field)
                .is_some_and(|setting| !setting.immutable)
        })
        .chain([contract::PUT_BACK])
        .collect();
    facts::remember(writer, instance.id, facts::UNSENT, &fields)?;
    facts::remember(
        writer,
        instance.id,
        facts::REACHED,
        &Reached::Underway.word(),
    )
}

/// What a person does about rights that were taken away and limits that are exceeded.
fn task(rules: &Rules, instance: &Instance, found: &[Drift]) -> Result<HumanTask, Fault> {
    let manifest = rules.manifest(&instance.platform)?;
    let needs = manifest.needs.to_operate(&instance.settings);
    let field = needs
        .first()
        .and_then(|fields| manifest.credential(fields.first()?));
    let scopes = found
        .iter()
        .any(|drift| drift.kind == DriftKind::ScopeShrank);
    let title = if scopes {
        "give the key its rights back"
    } else {
        "make room, or have the limit raised"
    };
    Ok(HumanTask {
        step: STEP.to_owned(),
        title: title.to_owned(),
        why: told(found),
        who: field.map_or_else(|| "an operator".to_owned(), |field| field.who.clone()),
        url: field
            .and_then(|field| field.url.as_ref())
            .and_then(|url| manifest.fill(url, &instance.settings)),
        instructions: vec![
            format!("On {}, {title}; the key stays the same.", manifest.name),
            "Then check the instance.".to_owned(),
        ],
        asks_for: field
            .filter(|_| scopes)
            .map(|field| field.scopes.clone())
            .unwrap_or_default(),
        others_decide: false,
    })
}

/// What is gone there is removed here too. Its keys stay: whoever switches it on again needs them.
fn forget(
    writer: &Writer<'_>,
    rules: &Rules,
    actor: &Actor,
    instance: &Instance,
) -> Result<Applied, Fault> {
    let name = writer.community(instance.community)?.name;
    let title = titles::of(&rules.catalog, &instance.platform, &name);
    let subject = subject_of(writer, instance)?;
    let undoing = parting::take_out(writer, rules, instance, &actor.name)?;
    Ok(Applied {
        subject,
        instances: undoing,
        detail: "taken over: it is gone there".to_owned(),
        receipt: Receipt {
            message: format!("{title} is removed here, as it is gone there."),
            community: Some(instance.community),
            operations: Vec::new(),
        },
        ..Applied::default()
    })
}

/// Another instance takes the place of what is gone, with its settings, its state and its connections.
fn make_anew(
    writer: &Writer<'_>,
    rules: &Rules,
    actor: &Actor,
    instance: &Instance,
) -> Result<Applied, Fault> {
    let joined = writer.connections_at(instance.id)?;
    let former = facts::of_adapter(writer, instance.id)?;
    let accounts = choosing::usable_still(writer, instance)?;
    let mut undoing = parting::take_out(writer, rules, instance, &actor.name)?;
    let id = instances::record(
        writer,
        rules,
        instance.community,
        &instance.platform,
        instance.desired,
        instance.settings.clone(),
    )?;
    if !former.is_empty() {
        // Not all of it may have gone with the object that is gone.
        facts::remember(writer, id, contract::FORMER, &former)?;
    }
    writer.use_accounts(id, &accounts, rules.now)?;
    for connection in joined {
        let new = |end| if end == instance.id { id } else { end };
        let (from, to) = (new(connection.from), new(connection.to));
        writer.insert_connection(from, to, &connection.verb)?;
    }
    let begun = rules.towards_desired(writer, id, &actor.name, true)?;
    let mut applied = applied(
        writer,
        rules,
        id,
        begun,
        "put back: another one is made".to_owned(),
    )?;
    applied.instances.append(&mut undoing);
    Ok(applied)
}

/// Looks at an instance once what was put back, or moved to another account, is done, so that what is shown is what is so.
pub(super) async fn look_after(core: &Arc<Core>, id: InstanceId) -> Result<(), Fault> {
    let due = core
        .store
        .read(move |reader| {
            let wanted: Option<bool> = facts::recall(reader, id, facts::LOOK_AFTER)?;
            Ok(wanted == Some(true) && !rules::is_held_up(reader, id)?)
        })
        .await?;
    if due {
        core.change(move |writer, _| facts::forget(writer, id, facts::LOOK_AFTER))
            .await?;
        observe::begin(core, vec![id]);
    }
    Ok(())
}
