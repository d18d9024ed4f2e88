//! Wrapping and unwrapping together: what opens, what does not, and what is said then.

use super::super::test_keys;
use super::super::{NewRecipient, NewVault, create, create_identity_file, new_recovery, wrap};
use super::*;
use std::{fs, os::unix::fs::PermissionsExt};

const PASSPHRASE: &str = "four words nobody says";

fn passphrase(text: &str) -> Unlocker {
    Unlocker::Passphrase(SecretString::from(text))
}

fn new_passphrase(text: &str) -> NewRecipient {
    NewRecipient::Passphrase {
        label: "Ada".into(),
        passphrase: SecretString::from(text),
    }
}

fn vault() -> NewVault {
    create(&[new_passphrase(PASSPHRASE)], WorkFactor::TRIFLING).unwrap()
}

fn private(folder: &tempfile::TempDir, name: &str, text: &str) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    path
}

fn same(vault: &NewVault, opened: Result<VaultKey, Fault>) -> bool {
    opened.is_ok_and(|key| key.bytes() == vault.key.bytes())
}

fn refused(opened: Result<VaultKey, Fault>) -> Fault {
    opened.err().unwrap()
}

#[test]
fn the_recovery_key_opens_what_the_passphrase_opens() {
    let vault = vault();
    assert!(same(
        &vault,
        unwrap_any(&vault.wrapped, &passphrase(PASSPHRASE))
    ));
    assert!(same(
        &vault,
        unwrap_any(
            &vault.wrapped,
            &Unlocker::RecoveryKey(vault.recovery.written())
        )
    ));
    let kinds: Vec<_> = vault.wrapped.iter().map(|wrapped| wrapped.kind).collect();
    assert_eq!(kinds, [RecipientKind::Passphrase, RecipientKind::Recovery]);
}

#[test]
fn what_does_not_open_says_so_and_which_other_ways_there_are() {
    let vault = vault();
    let wrong = refused(unwrap_any(
        &vault.wrapped,
        &passphrase("four words somebody says"),
    ));
    assert_eq!(wrong.kind, FaultKind::Locked);
    assert_eq!(
        wrong.what,
        "The passphrase does not open this vault; it stays locked."
    );
    assert!(!format!("{wrong:?}").contains("somebody"));

    let foreign = refused(unwrap_any(
        &vault.wrapped,
        &Unlocker::RecoveryKey(RecoveryKey::generate().written()),
    ));
    assert_eq!(foreign.kind, FaultKind::Locked);
    assert!(foreign.what.contains("of another vault"), "{foreign}");

    let mistyped = refused(unwrap_any(
        &vault.wrapped,
        &Unlocker::RecoveryKey(SecretString::from("QPZRY9")),
    ));
    assert_eq!(mistyped.kind, FaultKind::BadInput);

    let none = refused(unwrap_any(
        &vault.wrapped,
        &Unlocker::IdentityFile("nowhere".into()),
    ));
    assert_eq!(none.kind, FaultKind::Locked);
    assert_eq!(
        none.hint,
        "It opens with: passphrase (Ada), recovery (recovery key)."
    );
}

#[test]
fn an_identity_file_opens_only_its_own_vault_and_only_while_private() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("unattended.key");
    let recipient = create_identity_file(&path).unwrap();
    let made_for = NewRecipient::Identity {
        label: "unattended".into(),
        recipient,
    };
    let vault = create(
        &[made_for, new_passphrase(PASSPHRASE)],
        WorkFactor::TRIFLING,
    )
    .unwrap();
    assert!(same(
        &vault,
        unwrap_any(&vault.wrapped, &Unlocker::IdentityFile(path.clone()))
    ));

    let other = folder.path().join("other.key");
    create_identity_file(&other).unwrap();
    assert_eq!(
        refused(unwrap_any(&vault.wrapped, &Unlocker::IdentityFile(other))).kind,
        FaultKind::Locked
    );

    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let open = refused(unwrap_any(&vault.wrapped, &Unlocker::IdentityFile(path)));
    assert_eq!(open.kind, FaultKind::BadInput);
    assert!(open.hint.starts_with("Run: chmod 600"), "{open}");
}

#[test]
fn an_operators_ssh_key_opens_the_vault_with_or_without_a_passphrase_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let plain = private(&folder, "plain", test_keys::PLAIN_PRIVATE);
    let guarded = private(&folder, "guarded", test_keys::GUARDED_PRIVATE);
    let ssh = |public_key: &str| NewRecipient::Ssh {
        label: "laptop".into(),
        public_key: public_key.into(),
    };
    let recipients = [ssh(test_keys::PLAIN_PUBLIC), ssh(test_keys::GUARDED_PUBLIC)];
    let vault = create(&recipients, WorkFactor::TRIFLING).unwrap();
    assert_eq!(
        vault.wrapped[0].recipient,
        test_keys::PLAIN_PUBLIC.rsplit_once(" test").unwrap().0
    );

    let with = |path: &PathBuf, own: Option<&str>| {
        unwrap_any(
            &vault.wrapped,
            &Unlocker::SshIdentity(path.clone(), own.map(SecretString::from)),
        )
    };
    assert!(same(&vault, with(&plain, None)));
    assert!(same(
        &vault,
        with(&guarded, Some(test_keys::GUARDED_PASSPHRASE))
    ));
    assert!(
        refused(with(&guarded, None))
            .what
            .ends_with("has a passphrase of its own.")
    );
    assert_eq!(
        refused(with(&guarded, Some("wrong"))).kind,
        FaultKind::Locked
    );
    let public = private(&folder, "public", test_keys::PLAIN_PUBLIC);
    assert_eq!(refused(with(&public, None)).kind, FaultKind::BadInput);

    let stranger = create(&[ssh(test_keys::GUARDED_PUBLIC)], WorkFactor::TRIFLING).unwrap();
    let refused = refused(unwrap_any(
        &stranger.wrapped,
        &Unlocker::SshIdentity(plain, None),
    ));
    assert_eq!(refused.kind, FaultKind::Locked);
}

#[test]
fn recipients_that_could_never_open_a_vault_are_refused() {
    let key = VaultKey::generate().unwrap();
    let refused = |recipient| wrap(&key, &recipient, WorkFactor::TRIFLING).unwrap_err();
    let ssh = |public_key: &str| NewRecipient::Ssh {
        label: "laptop".into(),
        public_key: public_key.into(),
    };
    assert!(
        refused(ssh("ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQ"))
            .what
            .contains("type ssh-rsa")
    );
    assert_eq!(
        refused(ssh("ssh-ed25519 AAAA")).what,
        "This is not an SSH public key."
    );
    assert_eq!(refused(ssh("")).kind, FaultKind::BadInput);
    assert_eq!(
        refused(ssh(test_keys::PLAIN_PRIVATE)).kind,
        FaultKind::BadInput
    );
    assert_eq!(refused(new_passphrase("short")).kind, FaultKind::BadInput);
    let identity = NewRecipient::Identity {
        label: "unattended".into(),
        recipient: "age1nothing".into(),
    };
    assert_eq!(refused(identity).kind, FaultKind::BadInput);
    assert_eq!(
        create(&[], WorkFactor::TRIFLING).err().unwrap().kind,
        FaultKind::BadInput
    );
}

#[test]
fn a_damaged_wrapping_is_named_and_never_opens() {
    let vault = vault();
    let recovery = Unlocker::RecoveryKey(vault.recovery.written());
    for place in 0..vault.wrapped[1].blob.len() {
        let mut edited = vault.wrapped[1].clone();
        edited.blob[place] ^= 0x10;
        assert!(unwrap(&edited, &recovery).is_err(), "byte {place}");
    }
    let mut cut = vault.wrapped.clone();
    cut[0].blob.truncate(20);
    let fault = refused(unwrap_any(&cut, &passphrase(PASSPHRASE)));
    assert_eq!(fault.kind, FaultKind::Storage);
    assert!(fault.what.contains("\"Ada\""), "{fault}");
    assert!(same(
        &vault,
        unwrap_any(&cut, &Unlocker::RecoveryKey(vault.recovery.written()))
    ));
}

#[test]
fn a_wrapping_changed_to_exhaust_the_host_is_refused_before_the_work() {
    let vault = vault();
    let mut greedy = vault.wrapped[0].clone();
    let header = greedy
        .blob
        .windows(3)
        .position(|bytes| bytes == b" 4\n")
        .unwrap();
    greedy
        .blob
        .splice(header..header + 3, b" 40\n".iter().copied());
    let fault = refused(unwrap(&greedy, &passphrase(PASSPHRASE)));
    assert_eq!(fault.kind, FaultKind::Storage);
    assert!(fault.detail.unwrap().contains("more work"));
}

#[test]
fn a_second_operator_and_a_new_recovery_key_open_the_same_vault() {
    let mut vault = vault();
    vault.wrapped.push(
        wrap(
            &vault.key,
            &new_passphrase("another fine one"),
            WorkFactor::TRIFLING,
        )
        .unwrap(),
    );
    let (wrapped, recovery) = new_recovery(&vault.key).unwrap();
    vault
        .wrapped
        .retain(|wrapped| wrapped.kind != RecipientKind::Recovery);
    vault.wrapped.push(wrapped);
    assert!(same(
        &vault,
        unwrap_any(&vault.wrapped, &passphrase("another fine one"))
    ));
    assert!(same(
        &vault,
        unwrap_any(&vault.wrapped, &passphrase(PASSPHRASE))
    ));
    assert!(same(
        &vault,
        unwrap_any(&vault.wrapped, &Unlocker::RecoveryKey(recovery.written()))
    ));
    let old = refused(unwrap_any(
        &vault.wrapped,
        &Unlocker::RecoveryKey(vault.recovery.written()),
    ));
    assert_eq!(old.kind, FaultKind::Locked);
}

#[test]
fn the_standard_work_factor_is_what_is_written_into_the_file() {
    let key = VaultKey::generate().unwrap();
    let wrapped = wrap(&key, &new_passphrase(PASSPHRASE), WorkFactor::STANDARD).unwrap();
    let header = String::from_utf8_lossy(&wrapped.blob[..120]).into_owned();
    let stanza = header
        .lines()
        .find(|line| line.starts_with("-> scrypt"))
        .unwrap();
    assert!(stanza.ends_with(" 17"), "{stanza}");
}

#[test]
fn nothing_printable_holds_a_secret() {
    let vault = vault();
    let printed = format!(
        "{:?} {:?} {:?}",
        vault.wrapped,
        passphrase("canary-1"),
        new_passphrase("canary-2")
    );
    assert!(!printed.contains("canary"), "{printed}");
}

#[test]
fn the_words_of_the_kinds_are_read_back() {
    for kind in RecipientKind::ALL {
        assert_eq!(kind.word().parse::<RecipientKind>().unwrap(), *kind);
    }
    assert!("plugin".parse::<RecipientKind>().is_err());
}
