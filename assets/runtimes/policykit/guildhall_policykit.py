"""Settings of one instance of PolicyKit, laid over upstream's (sheet: policykit 3, 6)."""

DDTRACE = False  # First: celery.py reads it while this module is still being loaded.

import os
from pathlib import Path

import guildhall_instance

_instance = guildhall_instance.read()

# What upstream reads from the environment while it is loaded. Nothing secret: those are set below.
os.environ.update(
    DEBUG="False",
    ALLOWED_HOSTS=",".join(_instance["hosts"]),
    SERVER_URL=_instance["server_url"],
    DATABASE_URL="sqlite:///" + _instance["database"],
    LOG_FILE=os.devnull,
    DJANGO_SECRET_KEY="set below",
    FORCE_SLACK_LOGIN="",
    DJANGO_SILK="False",
    DJANGO_DEBUG_TOOLBAR="False",
    DJANGO_VITE_DEV_MODE="False",
    DDTRACE="False",
)

from policykit.settings import *  # noqa: E402,F401,F403

SECRET_KEY = _instance["secret_key"]
_keys = _instance.get("keys", {})
for _group in METAGOV_SETTINGS:
    for _name in METAGOV_SETTINGS[_group]:
        _value = _keys.get(f"{_group}_{_name}")
        if _value is not None:
            METAGOV_SETTINGS[_group][_name] = _value

DATABASES["default"].setdefault("OPTIONS", {})["timeout"] = 20
STATIC_ROOT = str(Path(__file__).resolve().parent.parent / "static")

globals().update(guildhall_instance.queue(_instance))

INSTALLED_APPS = INSTALLED_APPS + ["guildhall_guard.apps.Guard"]
AUTHENTICATION_BACKENDS = [
    "guildhall_guard.slack.CheckedSlackBackend" if name.endswith(".SlackBackend") else name
    for name in AUTHENTICATION_BACKENDS
]
SLACK_SIGNING_SECRET = METAGOV_SETTINGS["SLACK"]["SIGNING_SECRET"]

# Without it /static is 404 under gunicorn.
MIDDLEWARE = (
    ["guildhall_instance.Named"]
    + MIDDLEWARE[:1]
    + ["whitenoise.middleware.WhiteNoiseMiddleware"]
    + MIDDLEWARE[1:]
)
# It writes every address with its query, and sign-in tokens stand there.
MIDDLEWARE = [name for name in MIDDLEWARE if not name.endswith(".RequestLoggingMiddleware")]

# Everything goes to the standard streams, which the supervisor keeps and turns over. On DEBUG upstream writes plugins'
# configurations with their keys.
LOG_LEVEL = "INFO"
LOGGING["handlers"].pop("file")
LOGGING["handlers"]["console"]["level"] = "INFO"
LOGGING["loggers"][""] = {"handlers": ["console"], "level": "INFO"}
# What policies log for the members stays in the instance's own database.
LOGGING["loggers"]["db"]["propagate"] = False
