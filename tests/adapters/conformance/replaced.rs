//! A key that a platform makes another of is replaced: the old one works until the new one does, is dead afterwards, and
//! no other is left behind, wherever the work was cut off.

use super::there;
use crate::{description::Platform, world::deaths};
use guildhall::adapters::Halt;
use secrecy::{ExposeSecret, SecretString};

/// What is done to replace a key, from the top and by what stands in the journal; the engine's own writes beside it are
/// tried with the engine.
async fn replace<P: Platform>(world: &P, field: &str, old: &SecretString) -> Result<(), Halt> {
    let op = world.same_op();
    if op.secret(field)?.expose_secret() == old.expose_secret() {
        assert!(world.adapter.mints(&op, field), "{}: {field}", P::NAME);
        // Where it is switched off, its key may be refused already.
        let lived = world.adapter.key_lives(op.site(), field, old).await?;
        let (new, identity) = world.adapter.mint_key(&op, field).await?;
        // What only signs is nobody's, so that nothing can be asked with it.
        assert!(
            identity.is_some() || field == "webhook_secret",
            "{}: the new {field} was not tried",
            P::NAME
        );
        assert_eq!(
            world.adapter.key_lives(op.site(), field, old).await?,
            lived,
            "{}: the old key of {field} died before the new one was in use",
            P::NAME
        );
        op.keep_secret(field, new, identity).await?;
    }
    let op = world.same_op();
    world.adapter.move_key(&op, field).await?;
    if world.adapter.key_lives(op.site(), field, old).await? {
        assert!(world.adapter.revokes(&op, field), "{}: {field}", P::NAME);
        assert!(world.adapter.revoke_key(&op, field, old).await?);
    }
    Ok(())
}

async fn is_replaced<P: Platform>(world: &P, field: &str, old: &SecretString, moment: &str) {
    let (site, new) = (world.site(), world.op().secret(field).unwrap());
    let lives = async |key| world.adapter.key_lives(&site, field, key).await.unwrap();
    assert!(
        !lives(old).await,
        "{}: {moment}: the old one lives",
        P::NAME
    );
    assert!(
        lives(&new).await,
        "{}: {moment}: the new one is dead",
        P::NAME
    );
    let drift = world.adapter.observe(&site).await.unwrap().drift;
    assert!(drift.is_empty(), "{}: {moment}: {drift:?}", P::NAME);
}

pub async fn killed_while_replacing<P: Platform>() {
    let world = there::<P>().await;
    let fields: Vec<String> = world.site().secrets.0.into_keys().collect();
    for field in fields {
        if world.adapter.mints_with(&world.site(), &field).is_none() {
            continue;
        }
        for active in [true, false] {
            cut_at_every_step::<P>(&field, active).await;
        }
    }
}

async fn begun<P: Platform>(field: &str, active: bool) -> (P, SecretString) {
    let mut world = there::<P>().await;
    if active {
        world.activate().await;
    } else {
        world.deactivate().await;
    }
    let old = world.op().secret(field).unwrap();
    world.journal.revive(None);
    (world, old)
}

async fn cut_at_every_step<P: Platform>(field: &str, active: bool) {
    let (mut world, old) = begun::<P>(field, active).await;
    let before = world.made().await;
    replace(&world, field, &old).await.unwrap();
    let (writes, calls) = (world.journal.writes(), world.journal.calls());
    assert_eq!(
        world.made().await.len(),
        before.len(),
        "{}: {field}",
        P::NAME
    );
    // A key that was off while it was replaced is on again with the instance.
    world.activate().await;
    is_replaced(&world, field, &old, "undisturbed").await;
    let made = world.made().await;
    // With the last call it is over.
    for death in deaths(writes, calls - 1) {
        let moment = format!("killed {death} of replacing {field}");
        let (mut world, old) = begun::<P>(field, active).await;
        world.journal.revive(Some(death));
        let died = world.until_death(replace(&world, field, &old)).await;
        assert!(died.is_err(), "{}: not {moment}", P::NAME);
        world.journal.revive(None);
        replace(&world, field, &old)
            .await
            .unwrap_or_else(|halt| panic!("{}: {moment}: {halt:?}", P::NAME));
        world.activate().await;
        is_replaced(&world, field, &old, &moment).await;
        assert_eq!(world.made().await, made, "{}: {moment}", P::NAME);
    }
}
