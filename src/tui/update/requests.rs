//! What an operator answered is told to the one who asked, and counts as seen once the list of requests was looked at.

use crate::domain::{Request, RequestState};
use crate::engine::views::Overview;
use crate::tui::{
    effect::Effect,
    state::{
        State, View,
        notices::{Notice, Weight},
    },
};

/// Tells what was answered and was not told yet; the number of them stays in the title until they were looked at.
pub fn tell(state: &mut State, overview: &Overview) {
    let known = state
        .overview
        .as_ref()
        .map(|known| known.answers.as_slice());
    let known = known.unwrap_or_default();
    let is_new = |answer: &&Request| known.iter().all(|known| known.id != answer.id);
    let new: Vec<Request> = overview.answers.iter().filter(is_new).cloned().collect();
    for answer in new.iter().rev() {
        state.notices.tell(Notice {
            at: state.now,
            weight: match answer.state {
                RequestState::Refused => Weight::Warning,
                _ => Weight::Done,
            },
            what: sentence(answer),
            hint: String::new(),
            detail: None,
        });
    }
    if new.len() > 1 {
        let what = format!("{} of your requests were answered.", new.len());
        state.notices.warn(state.now, what);
    }
}

/// The list of requests is in sight.
pub fn looked(state: &State) -> Option<Effect> {
    let has_new = state
        .overview
        .as_ref()
        .is_some_and(|overview| !overview.answers.is_empty());
    (has_new && state.view == View::Requests && !state.is_read_only())
        .then_some(Effect::AnswersSeen)
}

/// "ada refused your request 7 (activate a forum): not this year".
fn sentence(answer: &Request) -> String {
    let by = answer.answered_by.as_deref().unwrap_or("an operator");
    let (done, id, wish) = (answer.state.word(), answer.id, &answer.wish);
    let words = if answer.answer.is_empty() {
        ".".to_owned()
    } else {
        format!(": {}", answer.answer)
    };
    format!("{by} {done} your request {id} ({wish}){words}")
}
