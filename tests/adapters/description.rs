//! What the conformance suite must be told of a platform: how to make something there, what to count, what people do.

use crate::world::World;
use guildhall::{domain::HumanTask, sandbox::LimitShape};
use std::ops::DerefMut;

/// What happens to an instance behind Guildhall's back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drift {
    /// Somebody gave it another name.
    Renamed,
    /// Somebody took away or changed what we recognise it by.
    Unmarked,
    /// Somebody closed, archived, froze or stopped it.
    Archived,
    /// Somebody took away a part of it.
    PartDeleted,
    /// Somebody took away our right to look after it.
    RightTaken,
    /// The key was revoked.
    KeyRevoked,
    /// It was deleted as a whole.
    Deleted,
}

/// What stands in the way when an instance is to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Luck {
    /// The bot is not in the server, or not in the group.
    NotInServer,
    /// It is there, and may not do what is needed.
    Unpermitted,
    /// The key is of another workspace, server or forum.
    OfAnotherServer,
    /// The name is that of an object of somebody else.
    NameTaken,
}

/// Who owns what is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// Our account alone, or nobody.
    Ours,
    /// Somebody of the community.
    Peoples,
}

/// It happened; or the reason why it cannot happen on this platform.
pub type Befell = Result<(), &'static str>;

/// Why nothing of the kind befalls a service on this host.
pub const OWN_HOST: &str =
    "a service of this host: it has no account elsewhere, and no key but those made here";

/// A platform: a world with a name, and what differs from the other platforms.
///
/// Every method is told of an instance as it stands; where a platform has no such thing the default says so, and the case
/// is left out for it.
pub trait Platform: DerefMut<Target = World> + Sized {
    /// What its failures are called by.
    const NAME: &'static str;

    /// The calls that make something there: the method, and a part of path or body.
    const CREATIONS: &'static [(&'static str, &'static str)];

    /// The shapes in which it says how long to wait.
    const LIMITS: &'static [LimitShape];

    /// The field into which a key is entered, with a key that looks right and that nobody ever gave out. None when it needs
    /// no key.
    const UNKNOWN_KEY: Option<(&'static str, &'static str)>;

    /// Why no platform is asked while it is made, where none is.
    const ASKS_NOBODY: Option<&'static str> = None;

    /// What is told and cannot be put back from here, and why.
    const NOT_PUT_BACK: &'static [(Drift, &'static str)] = &[];

    /// What is put back and leaves something more behind than there was, and why.
    const PUT_BACK_WITH_MORE: &'static [(Drift, &'static str)] = &[];

    /// Why no other one is made by itself in the place of one that was deleted, where none is.
    const NOT_MADE_ANEW: Option<&'static str> = None;

    /// An instance with its key and settings, of which nothing was made yet.
    async fn fresh() -> Self;

    /// Does what a person does who is asked to.
    async fn fulfil(&self, task: &HumanTask) {
        panic!("{}: nobody expected the task {task:?}", Self::NAME);
    }

    /// What stands there because of us, a line for each, without anything random: what must never be there twice.
    async fn made(&self) -> Vec<String>;

    /// Lets the community begin to use it, so that switching it off has something to switch off.
    async fn use_it(&mut self);

    /// What its people have of it, which switching off takes away and switching on gives back, to the letter.
    async fn in_use(&self) -> String;

    /// Lets something happen behind Guildhall's back, or says why that cannot happen there.
    async fn drift(&self, how: Drift) -> Befell;

    /// Lets something stand in the way before anything is made, or says why that cannot happen there.
    async fn befall(&mut self, luck: Luck) -> Befell;

    /// What people do about it who read what was said. What a person's step asks for is done by [`Platform::fulfil`].
    async fn relieve(&mut self, luck: Luck);

    /// The platform ends the key, whatever was made with it by then.
    async fn revoke_key(&self) {
        let done = self.drift(Drift::KeyRevoked).await;
        done.unwrap_or_else(|reason| panic!("{}: {reason}", Self::NAME));
    }

    /// People give the key the rights back that [`Drift::RightTaken`] took, where no step of its own says how.
    async fn give_rights_back(&self) {
        panic!("{}: nobody expected that rights were taken", Self::NAME);
    }

    /// Enters another key in the place of the one that [`Drift::KeyRevoked`] ended.
    async fn enter_another_key(&mut self) {}

    /// A key that works and may too little: field and key.
    async fn narrow_key(&self) -> Option<(&'static str, String)> {
        None
    }

    /// Whom an owner's rights can be given by a call, as the platform knows them; none where only people can.
    const NEW_OWNER: Option<&'static str> = None;

    /// Lets it be theirs or ours from now on, behind Guildhall's back; or says why the platform tells nobody whose it is.
    async fn owned_by(&mut self, whose: Whose) -> Befell;

    /// Whoever was given an owner's rights by a call does what they are asked for by the platform: comes in, accepts.
    async fn accept_ownership(&self) {}

    /// Makes something that is not ours and can be adopted, and says what to adopt it by.
    async fn somebody_elses(&mut self) -> Option<String> {
        None
    }

    /// What is there of others, which nobody may delete, a line for each.
    async fn of_others(&self) -> Vec<String> {
        Vec::new()
    }
}
