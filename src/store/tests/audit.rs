//! The audit chain, good and tampered with.

use super::core::{furnished, now};
use crate::{domain::*, store::*};

fn audited(action: &str) -> NewAuditEntry {
    NewAuditEntry {
        actor: "root, operator".into(),
        action: action.into(),
        subject: "rosewood/platform-0".into(),
        community: None,
        result: AuditResult::Permitted,
        detail: String::new(),
    }
}

#[test]
fn an_edited_or_missing_audit_entry_is_found() {
    let (home, store, ..) = furnished(0);
    let key = [7; 32];
    store
        .write_now(move |writer| {
            for action in ["one", "two", "three"] {
                writer.append_audit(&audited(action), None, now())?;
            }
            writer.append_audit(&audited("four"), Some(&key), now())?;
            Ok(())
        })
        .unwrap();
    let verify = move |store: &Store, key: Option<[u8; 32]>| {
        store
            .read_now(move |reader| reader.verify_audit(key.as_ref()))
            .unwrap()
    };
    let good = verify(&store, Some(key));
    assert_eq!((good.entries, good.sealed, &good.broken), (4, 1, &None));
    let signed = store
        .write_now(move |writer| writer.countersign_audit(&key))
        .unwrap();
    assert_eq!(signed, 3);
    assert_eq!(verify(&store, Some(key)).sealed, 4);
    assert_eq!(
        verify(&store, Some([8; 32])).broken.unwrap().sequence,
        AuditSequence(1)
    );

    let edit = |sql: &str| {
        let connection = rusqlite::Connection::open(home.path().join("guildhall.db")).unwrap();
        let refused = connection.execute_batch(sql).unwrap_err();
        assert!(refused.to_string().contains("never"), "{refused}");
        connection
            .execute_batch(&format!(
                "DROP TRIGGER audit_is_kept; DROP TRIGGER audit_is_fixed; {sql}"
            ))
            .unwrap();
    };
    edit("UPDATE audit SET actor = 'nobody' WHERE sequence = 2;");
    let verdict = verify(&store, None);
    assert_eq!(
        (verdict.entries, verdict.broken.unwrap().sequence),
        (1, AuditSequence(2))
    );

    let page = store
        .read_now(|reader| {
            reader.audit(
                &AuditFilter {
                    before: Some(AuditSequence(4)),
                    ..AuditFilter::default()
                },
                2,
            )
        })
        .unwrap();
    assert_eq!(
        page.iter()
            .map(|entry| entry.action.as_str())
            .collect::<Vec<_>>(),
        ["three", "two"]
    );
}

#[test]
fn a_removed_audit_entry_is_a_gap() {
    let (home, store, ..) = furnished(0);
    store
        .write_now(|writer| {
            for action in ["one", "two", "three"] {
                writer.append_audit(&audited(action), None, now())?;
            }
            Ok(())
        })
        .unwrap();
    rusqlite::Connection::open(home.path().join("guildhall.db"))
        .unwrap()
        .execute_batch("DROP TRIGGER audit_is_kept; DELETE FROM audit WHERE sequence = 2;")
        .unwrap();
    let broken = store
        .read_now(|reader| reader.verify_audit(None))
        .unwrap()
        .broken
        .unwrap();
    assert_eq!(broken.sequence, AuditSequence(3));
    assert!(
        broken.what.contains("entry 2 is missing"),
        "{}",
        broken.what
    );
}
