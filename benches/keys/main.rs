//! What keys and the audit cost: `cargo bench --bench keys` prints processor time, beside what we aim at.
//!
//! Opening 1,000 sealed credentials, each once and in the order of their rows; walking an audit of 1,000,000 entries
//! (`GUILDHALL_BENCH_ENTRIES`) with its seals checked. Processor time of the whole process, so that another load on the
//! machine changes little. It asserts only that what was measured was done.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark")]

use guildhall::{
    domain::{AccountId, AuditResult, CommunityId, CredentialId, PlatformId},
    store::{NewAuditEntry, Store},
    vault::{SealContext, VaultKey, chain_key, open, seal},
};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use std::{fs, time::Duration};

/// Sealed credentials.
const CREDENTIALS: i64 = 1000;
/// How often they are all opened; the least and the median are printed.
const ROUNDS: usize = 21;
/// Entries appended in one transaction.
const BATCH: i64 = 10_000;

fn main() {
    opening();
    walking();
}

/// The processor time that this process has taken, all threads together.
fn processor() -> Duration {
    let mut nanoseconds = 0;
    for task in fs::read_dir("/proc/self/task").unwrap() {
        // A thread that ends in between has nothing left to tell.
        if let Ok(text) = fs::read_to_string(task.unwrap().path().join("schedstat")) {
            nanoseconds += text
                .split_whitespace()
                .next()
                .and_then(|first| first.parse::<u64>().ok())
                .unwrap_or(0);
        }
    }
    Duration::from_nanos(nanoseconds)
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

fn context(row: i64) -> SealContext {
    SealContext {
        installation: "0192f3a4-7c00-7000-8000-000000000000".into(),
        community: Some(CommunityId(row % 1000)),
        platform: PlatformId::new("loomio"),
        account: AccountId(row),
        credential: CredentialId(row),
        version: 1,
        field: "api_key".into(),
    }
}

fn opening() {
    let key = VaultKey::generate().unwrap();
    let rows: Vec<_> = (0..CREDENTIALS)
        .map(|row| {
            let secret = SecretString::from(format!("{row:064}"));
            let context = context(row);
            let sealed = seal(&key, &context, &secret).unwrap();
            (context, sealed)
        })
        .collect();
    let mut rounds: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let before = processor();
            let mut characters = 0;
            for (context, sealed) in &rows {
                characters += open(&key, context, sealed).unwrap().expose_secret().len();
            }
            assert_eq!(characters, rows.len() * 64);
            processor().saturating_sub(before)
        })
        .collect();
    rounds.sort_unstable();
    println!(
        "opening {CREDENTIALS} sealed credentials, processor time, least / median: {:.2} / {:.2} ms   (aim: 50 ms)",
        milliseconds(rounds[0]),
        milliseconds(rounds[ROUNDS / 2])
    );
}

fn walking() {
    let entries: i64 = std::env::var("GUILDHALL_BENCH_ENTRIES")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(1_000_000);
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let chain = chain_key(&VaultKey::generate().unwrap());
    let mut written = 0;
    while written < entries {
        let (batch, chain) = (BATCH.min(entries - written), chain.clone());
        store
            .write_now(move |writer| {
                for number in 0..batch {
                    let entry = NewAuditEntry {
                        actor: "ada (operator)".into(),
                        action: "instance-activate".into(),
                        subject: format!("community-{number}/loomio"),
                        community: Some(CommunityId(number)),
                        result: AuditResult::Permitted,
                        detail: "operation 12: activate".into(),
                    };
                    let at = Timestamp::from_second(1_800_000_000 + number).unwrap();
                    writer.append_audit(&entry, Some(chain.bytes()), at)?;
                }
                Ok(())
            })
            .unwrap();
        written += batch;
    }
    let before = processor();
    let bytes = *chain.bytes();
    let verdict = store
        .read_now(move |reader| reader.verify_audit(Some(&bytes)))
        .unwrap();
    let taken = processor().saturating_sub(before);
    assert_eq!(verdict.broken, None);
    assert_eq!(i64::try_from(verdict.sealed).unwrap(), entries);
    println!(
        "verifying an audit of {entries} entries with their seals, processor time: {:.2} s   (aim: 3 s for 1,000,000)",
        taken.as_secs_f64()
    );
}
