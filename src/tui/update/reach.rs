//! The page of what a key reaches.

use crate::engine::KeyReach;
use crate::tui::{layers::page::Page, layers::reach_words, state::State, text, theme::Ink, views};

/// Whoever has the key has this.
pub fn page(state: &State, reach: &KeyReach) -> Page {
    let of = reach
        .slug
        .as_ref()
        .map_or("the installation", crate::domain::Slug::as_str);
    let mut page = Page::new(format!(
        "{} of {}, {of}: what it reaches",
        reach.label, reach.platform_name
    ));
    let count = reach.communities.len() as u64;
    let names: Vec<&str> = reach
        .communities
        .iter()
        .map(crate::domain::Slug::as_str)
        .collect();
    let ink = if count > 1 { Ink::Waiting } else { Ink::Text };
    page.fact(
        "reaches",
        format!(
            "{}: {}",
            text::counted(count, "community", "communities"),
            names.join(", ")
        ),
        ink,
    );
    for word in &reach.power {
        page.fact("!", word.clone(), Ink::Waiting);
    }
    for instance in &reach.instances {
        let there = instance.external_id.as_deref().unwrap_or("not made yet");
        page.fact(
            "instance",
            format!("{} of {}, {there}", instance.platform_name, instance.slug),
            Ink::Text,
        );
    }
    for joined in &reach.connections {
        page.fact(
            "joined",
            format!(
                "{} {} {}, {}",
                joined.from, joined.verb, joined.to, joined.slug
            ),
            Ink::Text,
        );
    }
    match &reach.measured {
        Some(found) => page.fact("there", reach_words(found), Ink::Text),
        None => page.fact("there", "never measured", Ink::Dim),
    }
    for place in &reach.also_stored {
        page.fact("also", format!("stored for {place}"), Ink::Waiting);
    }
    for copy in &reach.copies.found {
        page.fact("in clear", copy.display().to_string(), Ink::Waiting);
    }
    for file in &reach.copies.unread {
        let said = format!("{} cannot be read, so nobody knows", file.display());
        page.fact("in clear", said, Ink::Waiting);
    }
    if let Some(why) = &reach.copies.incomplete {
        page.fact("in clear", why.clone(), Ink::Dim);
    }
    page.fact(
        "key",
        views::key_words(&reach.key),
        views::key_ink(reach.key.state),
    );
    page.fact(
        "stored",
        text::ago(state.now, reach.key.created_at),
        Ink::Text,
    );
    let used = reach
        .key
        .used_at
        .map_or("never".to_owned(), |at| text::ago(state.now, at));
    page.fact("last used", used, Ink::Text);
    page.fact("narrowest", reach.narrowest.clone(), Ink::Dim);
    page
}
