//! What an answer must hold. A list that is not where it belongs is no empty list: taken for one, what exists would count as
//! gone and be made a second time.

use crate::domain::{Fault, FaultKind};
use serde_json::Value;

/// The entries of a list in an answer. `whose` names the platform or host, `what` the entries.
///
/// # Errors
/// [`FaultKind::BadAnswer`] where there is anything but a list.
pub fn entries<'a>(list: &'a Value, whose: &str, what: &str) -> Result<&'a [Value], Fault> {
    list.as_array()
        .map(Vec::as_slice)
        .ok_or_else(|| lacks(whose, what))
}

/// A text in an answer that is never empty, an id for instance.
///
/// # Errors
/// [`FaultKind::BadAnswer`] where there is anything else.
pub fn required<'a>(text: &'a Value, whose: &str, what: &str) -> Result<&'a str, Fault> {
    text.as_str()
        .filter(|text| !text.is_empty())
        .ok_or_else(|| lacks(whose, what))
}

fn lacks(whose: &str, what: &str) -> Fault {
    Fault::new(
        FaultKind::BadAnswer,
        format!("The answer of {whose} does not hold {what}, so nothing is known of them."),
    )
    .hint("Try again in a while. If it stays so, check that the address is the platform's own and that nothing stands in front of it.")
}
