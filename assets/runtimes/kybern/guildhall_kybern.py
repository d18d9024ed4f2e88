"""Settings of one instance of Kybern, laid over upstream's (sheet: kybern 3, 6).

Upstream fixes the allowed hosts, switches DEBUG on with a public secret, and opens its log in the system's folder for
temporary files.
"""

from pathlib import Path

import guildhall_instance

_instance = guildhall_instance.read()

from mysite.settings import *  # noqa: E402,F401,F403

SECRET_KEY = _instance["secret_key"]
DEBUG = False
ALLOWED_HOSTS = _instance["hosts"]
DATABASES = {
    "default": {
        # Upstream's site and its queue lock each other out of a plain SQLite.
        "ENGINE": "guildhall_sqlite",
        "NAME": _instance["database"],
        "OPTIONS": {"timeout": 20},
    }
}
STATIC_ROOT = str(Path(__file__).resolve().parent.parent / "static")
SESSION_COOKIE_HTTPONLY = True

_mail = _instance.get("mail", {})
if _mail.get("host"):
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST, _, _port = _mail["host"].partition(":")
    EMAIL_PORT = int(_port or 587)
    EMAIL_USE_TLS = True
    EMAIL_HOST_PASSWORD = _instance.get("keys", {}).get("smtp_password", "")
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = _mail["folder"]

# One worker is enough for a community's notices.
Q_CLUSTER = dict(Q_CLUSTER, workers=1)

INSTALLED_APPS = INSTALLED_APPS + ["guildhall_fresh.apps.Fresh"]
MIDDLEWARE = ["guildhall_instance.Named", "guildhall_pages.PinnedScripts"] + MIDDLEWARE

# Everything goes to the standard streams, which the supervisor keeps and turns over.
LOGGING["handlers"].pop("file")
for _logger in LOGGING["loggers"].values():
    _logger["handlers"] = ["console"]
