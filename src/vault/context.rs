//! What a sealed secret is bound to: whose it is, where, and which version.

use crate::domain::{AccountId, CommunityId, CredentialId, PlatformId};

/// Everything that must be the same at opening as it was at sealing. Public; only its *binding* protects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealContext {
    /// The installation's own id, so that a row of another installation does not open here.
    pub installation: String,
    /// The community the secret works for; none for an account of the installation.
    pub community: Option<CommunityId>,
    /// The platform it belongs to.
    pub platform: PlatformId,
    /// The account whose secret it is.
    pub account: AccountId,
    /// The row it lies in.
    pub credential: CredentialId,
    /// Counts up with every replacement, so that an older row put back does not open.
    pub version: i64,
    /// Which field of the account's credential.
    pub field: String,
}

impl SealContext {
    /// The bytes the seal is bound to: every part with its length or at a fixed width, so that no two different
    /// contexts, and no two uses, have the same bytes.
    pub(super) fn canonical(&self, use_of_seal: u8) -> Vec<u8> {
        let mut bytes = b"guildhall/seal-context/v1".to_vec();
        bytes.push(use_of_seal);
        put_text(&mut bytes, &self.installation);
        match self.community {
            Some(community) => {
                bytes.push(1);
                put_number(&mut bytes, community.0);
            }
            None => bytes.push(0),
        }
        put_text(&mut bytes, self.platform.as_str());
        put_number(&mut bytes, self.account.0);
        put_number(&mut bytes, self.credential.0);
        put_number(&mut bytes, self.version);
        put_text(&mut bytes, &self.field);
        bytes
    }
}

fn put_text(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend_from_slice(&(text.len() as u64).to_be_bytes());
    bytes.extend_from_slice(text.as_bytes());
}

fn put_number(bytes: &mut Vec<u8>, number: i64) {
    bytes.extend_from_slice(&number.to_be_bytes());
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(in crate::vault) fn context() -> SealContext {
        SealContext {
            installation: "0192f3a4".into(),
            community: Some(CommunityId(3)),
            platform: PlatformId::new("loomio"),
            account: AccountId(5),
            credential: CredentialId(7),
            version: 2,
            field: "api-key".into(),
        }
    }

    /// Contexts from a small alphabet, so that near-collisions ("ab" + "c", "a" + "bc") do occur.
    pub(in crate::vault) fn any_context() -> impl Strategy<Value = SealContext> {
        let number = || prop_oneof![0_i64..3, any::<i64>()];
        (
            "[ab]{0,3}",
            proptest::option::of(number()),
            "[ab]{0,3}",
            number(),
            number(),
            number(),
            "[ab]{0,3}",
        )
            .prop_map(
                |(installation, community, platform, account, credential, version, field)| {
                    SealContext {
                        installation,
                        community: community.map(CommunityId),
                        platform: PlatformId::new(platform),
                        account: AccountId(account),
                        credential: CredentialId(credential),
                        version,
                        field,
                    }
                },
            )
    }

    proptest! {
        #[test]
        fn different_contexts_have_different_bytes(one in any_context(), two in any_context()) {
            prop_assert_eq!(one == two, one.canonical(1) == two.canonical(1));
            prop_assert_ne!(one.canonical(1), one.canonical(2));
        }
    }
}
