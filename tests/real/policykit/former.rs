//! A database as a former commit of PolicyKit makes it: that commit's own code, run once in the environment of the runtime.

use std::{
    fs,
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

/// The commit before the last ones that brought migrations (12beebc6, of April 2025).
const FORMER: &str = "0b71bc1d43cfcc976ba5100545b1951b09b2c813";
const SETTLE: &str =
    r#"{"do":"settle","slug":"rosewood","name":"Rosewood Co-op","platforms":[],"kit":null}"#;

/// Puts such a database, with the community in it, in the place of the one of the instance in this folder.
pub fn lay(checkout: &Path, runtime: &Path, instance: &Path) {
    let folder = tempfile::tempdir().unwrap();
    let archive = Command::new("git")
        .arg("-C")
        .arg(checkout)
        // A checkout that was made from a partial copy lacks large files.
        .args(["archive", FORMER, "policykit", ":(exclude)*.pdf"])
        .output()
        .unwrap();
    let mut unpack = Command::new("tar")
        .args(["-x", "-C"])
        .arg(folder.path())
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    unpack
        .stdin
        .take()
        .unwrap()
        .write_all(&archive.stdout)
        .unwrap();
    assert!(unpack.wait().unwrap().success(), "{archive:?}");
    let database = folder.path().join("former.sqlite3");
    let told = fs::read_to_string(instance.join("instance.json")).unwrap();
    let mut told: serde_json::Value = serde_json::from_str(&told).unwrap();
    told["database"] = database.to_string_lossy().into();
    fs::write(folder.path().join("instance.json"), told.to_string()).unwrap();
    let manage = |arguments: &[&str], input: &str| {
        let mut child = Command::new(runtime.join("venv/bin/python"))
            .arg("manage.py")
            .args(arguments)
            .current_dir(folder.path().join("policykit"))
            .env(
                "PYTHONPATH",
                format!("{0}/conf:{0}/metagov-src/metagov", runtime.display()),
            )
            .env("DJANGO_SETTINGS_MODULE", "guildhall_policykit")
            .env("GUILDHALL_INSTANCE", folder.path().join("instance.json"))
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(input.as_bytes())
            .unwrap();
        assert!(child.wait().unwrap().success(), "{arguments:?}");
    };
    manage(&["migrate", "--noinput"], "");
    let orders = "from guildhall_policykit_orders import run; run()";
    manage(&["shell", "-c", orders], SETTLE);
    fs::copy(&database, instance.join("db.sqlite3")).unwrap();
}
