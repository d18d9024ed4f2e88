//! How PolicyKit's runtime is installed (sheet: policykit 3), as tried with the commits named here.

use crate::{
    adapters::django::Service,
    services::{
        runtime::{FrontEnd, Manage, PythonRecipe, Source},
        toolchain,
    },
};

/// What every instance of PolicyKit shares.
pub const SERVICE: Service = Service {
    id: super::ID,
    recipe: RECIPE,
    sources: &["source_policykit", "source_gateway"],
    settings: "guildhall_policykit",
    paths: &["conf", "metagov-src/metagov"],
    orders: "guildhall_policykit_orders",
    secret_field: "django_secret_key",
};

const RECIPE: PythonRecipe = PythonRecipe {
    name: "policykit-5fdb97ab-2",
    version: "5fdb97ab-2",
    python: toolchain::PYTHON_3_11,
    sources: &[
        Source {
            name: "policykit",
            folder: "src",
            address: "https://github.com/policykit/policykit.git",
            commit: "5fdb97ab3206fa088cab30e9f2c9bdddece47598",
            holds: "policykit/manage.py",
            leave_out: &[
                "policykit/.env",
                "policykit/policykit/.env",
                "policykit/db.sqlite3",
                "policykit/debug.log",
                "frontend/node_modules",
                "frontend/assets",
            ],
        },
        Source {
            name: "gateway",
            folder: "metagov-src",
            address: "https://github.com/metagov/gateway.git",
            commit: "41f4f3507c9e7c320f6eaad9a07b0879323340c9",
            holds: "metagov/manage.py",
            leave_out: &["metagov/.env", "metagov/metagov/.env", "metagov/db.sqlite3"],
        },
    ],
    requirements: include_str!("../../../assets/runtimes/policykit/requirements.txt"),
    // The Gateway's code is found by path: an installed link to it would name the folder where it was made.
    packages: &[],
    overlay: &[
        (
            "conf/guildhall_instance.py",
            include_str!("../../../assets/runtimes/django/guildhall_instance.py"),
        ),
        (
            "conf/guildhall_slack_guard.py",
            include_str!("../../../assets/runtimes/django/guildhall_slack_guard.py"),
        ),
        (
            "conf/guildhall_policykit.py",
            include_str!("../../../assets/runtimes/policykit/guildhall_policykit.py"),
        ),
        (
            "conf/guildhall_policykit_orders.py",
            include_str!("../../../assets/runtimes/policykit/guildhall_policykit_orders.py"),
        ),
        ("conf/guildhall_guard/__init__.py", ""),
        (
            "conf/guildhall_guard/apps.py",
            include_str!("../../../assets/runtimes/django/guildhall_guard/apps.py"),
        ),
        (
            "conf/guildhall_guard/slack.py",
            include_str!("../../../assets/runtimes/policykit/guildhall_guard/slack.py"),
        ),
        ("build/instance.json", BUILD),
    ],
    front_end: Some(FrontEnd {
        folder: "src/frontend",
        build: &["--no-install", "vite", "build"],
        made: "assets/manifest.json",
    }),
    manage: "src/policykit",
    environment: &[
        ("PYTHONPATH", "{runtime}/conf:{runtime}/metagov-src/metagov"),
        ("DJANGO_SETTINGS_MODULE", "guildhall_policykit"),
        ("GUILDHALL_INSTANCE", "{runtime}/build/instance.json"),
    ],
    commands: &[
        Manage {
            step: "static",
            phase: "collecting static files",
            arguments: &["collectstatic", "--noinput"],
            begins_without: &["static"],
            says: "static files copied",
        },
        Manage {
            step: "template",
            phase: "making the template database",
            arguments: &["migrate", "--noinput"],
            begins_without: &["template.sqlite3", "template.sqlite3-journal"],
            says: "Applying policyengine.",
        },
        Manage {
            step: "check",
            phase: "checking",
            arguments: &["check"],
            begins_without: &[],
            says: "System check identified no issues",
        },
    ],
    remove: &["build", "requirements.txt"],
};

/// Of no instance: only for what is made while the runtime is installed.
const BUILD: &str = r#"{
  "hosts": [],
  "server_url": "http://127.0.0.1",
  "database": "{runtime}/template.sqlite3",
  "secret_key": "used only while this runtime is made",
  "queue": "{runtime}/build/queue",
  "control": "{runtime}/build/control",
  "keys": {}
}
"#;
