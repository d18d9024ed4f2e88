//! How Kybern's runtime is installed (sheet: kybern 3), as tried with the commits named here.

use crate::{
    adapters::django::Service,
    services::{
        runtime::{Manage, PythonRecipe, Source},
        toolchain,
    },
};

/// What every instance of Kybern shares.
pub const SERVICE: Service = Service {
    id: super::ID,
    recipe: RECIPE,
    sources: &["source_kybern", "source_concord"],
    settings: "guildhall_kybern",
    paths: &["conf", "src/kybern"],
    orders: "guildhall_kybern_orders",
    secret_field: "secret_key",
};

const RECIPE: PythonRecipe = PythonRecipe {
    name: "kybern-6c689a2-1",
    version: "6c689a2-1",
    python: toolchain::PYTHON_3_8,
    sources: &[
        Source {
            name: "kybern",
            folder: "src",
            address: "https://github.com/glizzan/kybern.git",
            commit: "6c689a2206e18cf1d531ce03481c3d4decc49abf",
            holds: "kybern/manage.py",
            leave_out: &["kybern/db.sqlite3", "kybern/frontend/node_modules"],
        },
        Source {
            name: "concord",
            folder: "concord-src",
            address: "https://github.com/glizzan/concord.git",
            commit: "b4e89934a00c0037ba1b3b9a3261f277912a0e16",
            holds: "setup.py",
            leave_out: &["docs/images", "concord/db.sqlite3"],
        },
    ],
    requirements: include_str!("../../../assets/runtimes/kybern/requirements.txt"),
    packages: &["concord-src"],
    overlay: &[
        (
            "conf/guildhall_instance.py",
            include_str!("../../../assets/runtimes/django/guildhall_instance.py"),
        ),
        (
            "conf/guildhall_kybern.py",
            include_str!("../../../assets/runtimes/kybern/guildhall_kybern.py"),
        ),
        (
            "conf/guildhall_kybern_orders.py",
            include_str!("../../../assets/runtimes/kybern/guildhall_kybern_orders.py"),
        ),
        (
            "conf/guildhall_clock.py",
            include_str!("../../../assets/runtimes/kybern/guildhall_clock.py"),
        ),
        (
            "conf/guildhall_pages.py",
            include_str!("../../../assets/runtimes/kybern/guildhall_pages.py"),
        ),
        ("conf/guildhall_fresh/__init__.py", ""),
        (
            "conf/guildhall_fresh/apps.py",
            include_str!("../../../assets/runtimes/kybern/guildhall_fresh/apps.py"),
        ),
        ("conf/guildhall_sqlite/__init__.py", ""),
        (
            "conf/guildhall_sqlite/base.py",
            include_str!("../../../assets/runtimes/kybern/guildhall_sqlite/base.py"),
        ),
        ("build/instance.json", BUILD),
    ],
    front_end: None,
    manage: "src/kybern",
    environment: &[
        ("PYTHONPATH", "{runtime}/conf:{runtime}/src/kybern"),
        ("DJANGO_SETTINGS_MODULE", "guildhall_kybern"),
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
            step: "tables",
            phase: "making the template database",
            arguments: &["migrate", "--noinput"],
            begins_without: &[
                "template.sqlite3",
                "template.sqlite3-wal",
                "template.sqlite3-shm",
            ],
            says: "Applying groups.",
        },
        Manage {
            step: "templates",
            phase: "filling the template database",
            arguments: &["update_templates", "--recreate"],
            begins_without: &[],
            says: "",
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
  "database": "{runtime}/template.sqlite3",
  "secret_key": "used only while this runtime is made",
  "mail": {"folder": "{runtime}/build"},
  "keys": {}
}
"#;
