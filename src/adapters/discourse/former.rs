//! What did not go with a category that is gone, where another one is made in its place: the group with its members is taken
//! in, webhooks and run-time key, which were made for that category alone, are taken away.

use super::{
    client::Client,
    group, invite,
    record::{self, Places},
    remove, runtime,
};
use crate::adapters::{
    contract::FORMER,
    durable::{Halt, Op},
};

/// Takes in the group, and the invite link that leads into it.
pub(super) async fn take_in(op: &Op, client: &Client, places: &mut Places) -> Result<(), Halt> {
    let Some(former) = Places::of_former(op)?.filter(|former| !former.adopted) else {
        return Ok(());
    };
    let Some(group) = former.group.filter(|_| places.group.is_none()) else {
        return Ok(());
    };
    if group::find(client, &group.name).await?.as_ref() != Some(&group) {
        return Ok(());
    }
    let shown = invite::find(client, &group).await?;
    let is_same = |held: &record::Invite| shown.as_ref().is_some_and(|one| one.id == held.id);
    places.invite = former.invite.filter(is_same);
    places.group = Some(group);
    places.save(op).await
}

/// Takes away what was made for the category that is gone. Only an administrator's key can.
pub(super) async fn take_away(
    op: &Op,
    client: &Client,
    places: &Places,
    is_admin: bool,
) -> Result<(), Halt> {
    let Some(former) = Places::of_former(op)? else {
        return Ok(());
    };
    if is_admin && !former.adopted {
        let webhook = former.webhook.filter(|id| places.webhook != Some(*id));
        remove::drop_hooks(client, webhook, record::hooks_of_former(op)?).await?;
        let in_use = places.runtime.as_ref().map(|runtime| runtime.key);
        if let Some(key) = former.runtime.map(|runtime| runtime.key)
            && Some(key) != in_use
        {
            runtime::delete(client, key).await?;
        }
    }
    op.forget(FORMER).await
}
