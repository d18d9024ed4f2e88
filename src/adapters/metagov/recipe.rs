//! How the Gateway's runtime is installed (sheet: metagov 3), as tried with the commit named here.

use crate::{
    adapters::django::Service,
    services::{
        runtime::{Manage, PythonRecipe, Source},
        toolchain,
    },
};

/// What every Gateway shares.
pub const SERVICE: Service = Service {
    id: super::ID,
    recipe: RECIPE,
    sources: &["source_gateway"],
    settings: "guildhall_gateway",
    paths: &["conf"],
    orders: "guildhall_gateway_orders",
    secret_field: "django_secret_key",
};

const RECIPE: PythonRecipe = PythonRecipe {
    name: "metagov-41f4f35-1",
    version: "41f4f35-1",
    python: toolchain::PYTHON_3_11,
    sources: &[Source {
        name: "gateway",
        folder: "src",
        address: "https://github.com/metagov/gateway.git",
        commit: "41f4f3507c9e7c320f6eaad9a07b0879323340c9",
        holds: "metagov/manage.py",
        leave_out: &["metagov/.env", "metagov/metagov/.env", "metagov/db.sqlite3"],
    }],
    requirements: include_str!("../../../assets/runtimes/metagov/requirements.txt"),
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
            "conf/guildhall_gateway.py",
            include_str!("../../../assets/runtimes/metagov/guildhall_gateway.py"),
        ),
        (
            "conf/guildhall_gateway_orders.py",
            include_str!("../../../assets/runtimes/metagov/guildhall_gateway_orders.py"),
        ),
        ("conf/guildhall_guard/__init__.py", ""),
        (
            "conf/guildhall_guard/apps.py",
            include_str!("../../../assets/runtimes/django/guildhall_guard/apps.py"),
        ),
        ("build/instance.json", BUILD),
    ],
    front_end: None,
    manage: "src/metagov",
    environment: &[
        ("PYTHONPATH", "{runtime}/conf"),
        ("DJANGO_SETTINGS_MODULE", "guildhall_gateway"),
        ("GUILDHALL_INSTANCE", "{runtime}/build/instance.json"),
    ],
    commands: &[
        Manage {
            step: "template",
            phase: "making the template database",
            arguments: &["migrate", "--noinput"],
            begins_without: &["template.sqlite3", "template.sqlite3-journal"],
            says: "Applying core.",
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
