"""Settings of one Metagov Gateway, laid over upstream's (sheet: metagov 3, 6)."""

import os

import guildhall_instance

_instance = guildhall_instance.read()

# What upstream reads from the environment while it is loaded. Nothing secret: those are set below.
os.environ.update(
    DEBUG="False",
    ALLOWED_HOSTS=",".join(_instance["hosts"]),
    SERVER_URL=_instance["server_url"],
    DATABASE_PATH=_instance["database"],
    DRIVER_EVENT_RECEIVER_URL=_instance.get("event_receiver_url", ""),
    LOG_FILE=os.devnull,
    DJANGO_SECRET_KEY="set below",
)

from metagov.settings import *  # noqa: E402,F401,F403

SECRET_KEY = _instance["secret_key"]
_keys = _instance.get("keys", {})
for _group in METAGOV_SETTINGS:
    for _name in METAGOV_SETTINGS[_group]:
        _value = _keys.get(f"{_group}_{_name}")
        if _value is not None:
            METAGOV_SETTINGS[_group][_name] = _value

DATABASES["default"].setdefault("OPTIONS", {})["timeout"] = 20
globals().update(guildhall_instance.queue(_instance))

INSTALLED_APPS = INSTALLED_APPS + ["guildhall_guard.apps.Guard"]
SLACK_SIGNING_SECRET = METAGOV_SETTINGS["SLACK"]["SIGNING_SECRET"]

# The request logger writes bodies and addresses, in which tokens stand.
MIDDLEWARE = ["guildhall_instance.Named"] + [
    name for name in MIDDLEWARE if not name.startswith("request_logging.")
]

# Everything goes to the standard streams, which the supervisor keeps and turns over. On DEBUG upstream writes plugins'
# configurations with their keys.
LOGGING["handlers"].pop("file")
for _logger in LOGGING["loggers"].values():
    _logger["handlers"] = ["console"]
    if _logger["level"] == "DEBUG":
        _logger["level"] = "INFO"
