//! How full accounts are: the manifest's limits, corrected by what the platforms told and by what was made here since.

use super::{rules::Rules, views::SlotRow};
use crate::{
    domain::{Account, AccountId, Drift, DriftKind, Fault, PlatformId, SlotUse, Slots},
    store::{MeasuredSlots, Reader, Writer},
};

/// How far an account is from its limits, as far as a new instance takes of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Fill {
    /// Whether a new instance has no room in it.
    pub full: bool,
    /// How much of its tightest limit is used, in thousandths; 0 where no limit is known.
    pub thousandths: u64,
}

/// The limits of an account, with what is used, where the numbers come from and how old they are.
pub(super) fn rows(
    reader: &Reader<'_>,
    rules: &Rules,
    account: &Account,
) -> Result<Vec<SlotRow>, Fault> {
    let mut measured = reader.measured_slots(account.id)?;
    let mut rows = Vec::new();
    let limits = rules.catalog.get(&account.platform);
    for limit in limits.iter().flat_map(|manifest| &manifest.slots) {
        let told = measured
            .iter()
            .position(|known| known.slots.unit == limit.unit)
            .map(|place| measured.remove(place));
        let after = told.as_ref().map(|known| known.at);
        let since = if limit.takes > 0 {
            limit.takes * reader.account_uses(account.id, after)?
        } else {
            0
        };
        let used = match &told {
            Some(known) => known.slots.used.map(|used| used + since),
            None => (limit.takes > 0).then_some(since),
        };
        rows.push(SlotRow {
            slots: Slots {
                unit: limit.unit.clone(),
                max: told
                    .as_ref()
                    .and_then(|known| known.slots.max)
                    .or(limit.max),
                used,
                source: told
                    .as_ref()
                    .map_or(&limit.source, |known| &known.slots.source)
                    .clone(),
            },
            per: limit.per.clone(),
            takes: limit.takes,
            note: limit.note.clone(),
            measured_at: after,
        });
    }
    rows.extend(
        measured
            .into_iter()
            .map(|MeasuredSlots { slots, at }| SlotRow {
                slots,
                per: String::new(),
                takes: 0,
                note: String::new(),
                measured_at: Some(at),
            }),
    );
    Ok(rows)
}

/// How far an account is from the limits of which a new instance takes something.
pub(super) fn fill(rows: &[SlotRow]) -> Fill {
    let mut fill = Fill::default();
    for row in rows.iter().filter(|row| row.takes > 0) {
        if let (Some(used), Some(max)) = (row.slots.used, row.slots.max) {
            fill.full |= used.saturating_add(row.takes) > max;
            let thousandths = used.saturating_mul(1000) / max.max(1);
            fill.thousandths = fill.thousandths.max(thousandths);
        }
    }
    fill
}

/// The limit that is nearest to its end, where one is at four fifths or beyond. A limit of one is a fact of the
/// platform and no account filling up.
pub(super) fn pressing(rows: &[SlotRow]) -> Option<&SlotRow> {
    rows.iter()
        .filter(|row| row.slots.max > Some(1) && row.slots.level() >= SlotUse::Near)
        .max_by_key(|row| row.slots.level())
}

/// The limits that an account has gone beyond, as differences of its instance.
pub(super) fn exceeded(rules: &Rules, platform: &PlatformId, told: &[Slots]) -> Vec<Drift> {
    let beyond = |slots: &Slots| Some((slots.used?, slots.max?)).filter(|(used, max)| used > max);
    corrected(rules, platform, told)
        .iter()
        .filter_map(|slots| {
            let (used, max) = beyond(slots)?;
            let what = format!("{used} {} where {max} are allowed.", slots.unit);
            Some(Drift::new(DriftKind::OverQuota, what).about(&slots.unit))
        })
        .collect()
}

/// What a platform told of an account. Where it told no maximum, the manifest's stands.
fn corrected(rules: &Rules, platform: &PlatformId, told: &[Slots]) -> Vec<Slots> {
    let limits = rules.catalog.get(platform).map(|manifest| &manifest.slots);
    told.iter()
        .map(|slots| Slots {
            max: slots.max.or_else(|| {
                let known = limits?.iter().find(|limit| limit.unit == slots.unit);
                known?.max
            }),
            ..slots.clone()
        })
        .collect()
}

/// Records what a platform told of an account.
pub(super) fn record(
    writer: &Writer<'_>,
    rules: &Rules,
    account: AccountId,
    platform: &PlatformId,
    told: &[Slots],
) -> Result<(), Fault> {
    let told = corrected(rules, platform, told);
    writer.set_measured_slots(account, &told, rules.now)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(takes: u64, used: Option<u64>, max: Option<u64>) -> SlotRow {
        SlotRow {
            slots: Slots {
                unit: "rooms".into(),
                max,
                used,
                source: String::new(),
            },
            per: String::new(),
            takes,
            note: String::new(),
            measured_at: None,
        }
    }

    #[test]
    fn an_account_is_full_when_what_an_instance_takes_does_not_fit() {
        assert!(!fill(&[row(1, Some(9), Some(10))]).full);
        assert!(fill(&[row(2, Some(9), Some(10))]).full);
        assert!(!fill(&[row(0, Some(10), Some(10))]).full, "it takes none");
        assert_eq!(fill(&[row(1, None, Some(10))]), Fill::default());
    }

    #[test]
    fn a_limit_of_one_presses_nobody() {
        assert_eq!(pressing(&[row(1, Some(1), Some(1))]), None);
        assert!(pressing(&[row(0, Some(8), Some(10))]).is_some());
        assert_eq!(pressing(&[row(1, Some(7), Some(10))]), None);
    }
}
