"""What an instance's processes and scripts are told, and how scripts answer.

One private file (0600) holds everything, secrets included, so that no environment and no argument does.
"""

import json
import os
import sys
import traceback
from urllib.parse import quote


def read():
    """The instance's file, named by a variable that Guildhall sets for it."""
    # Databases, queues and mail are for their owner alone.
    os.umask(0o077)
    with open(os.environ["GUILDHALL_INSTANCE"], encoding="utf-8") as file:
        return json.load(file)


def queue(instance):
    """Celery's settings for the instance's tasks: files in its own folder, or a broker that the operator named.

    Workers on one queue would take each other's tasks. On a broker that others use as well everything carries the
    instance's own name: queue, exchanges, and every key of a Redis.
    """
    broker = instance.get("broker")
    if not broker:
        return {
            "CELERY_BROKER_URL": "filesystem://",
            "CELERY_BROKER_TRANSPORT_OPTIONS": {
                "data_folder_in": instance["queue"],
                "data_folder_out": instance["queue"],
                "control_folder": instance["control"],
            },
        }
    name = "guildhall-" + os.environ.get("GUILDHALL_NAME", "")
    login = instance.get("keys", {}).get("BROKER_LOGIN")
    if login:
        user, _, password = login.partition(":")
        scheme, _, rest = broker.partition("://")
        broker = f"{scheme}://{quote(user, safe='')}:{quote(password, safe='')}@{rest}"
    settings = {
        "CELERY_BROKER_URL": broker,
        "CELERY_TASK_DEFAULT_QUEUE": name,
        "CELERY_CONTROL_EXCHANGE": name + ".control",
        "CELERY_EVENT_EXCHANGE": name + ".event",
    }
    if broker.startswith("redis"):
        settings["CELERY_BROKER_TRANSPORT_OPTIONS"] = {"global_keyprefix": name + ":"}
    return settings


def keep(path, value):
    """Writes what is saved into a file: an answer is one line, and what a community wrote may be long."""
    with open(path, "w", encoding="utf-8") as file:
        json.dump(value, file, default=str)
        file.flush()
        os.fsync(file.fileno())
    return {"saved": len(value)}


class Named:
    """Middleware: every answer says which instance gave it, so that a stranger on its port is told from it."""

    def __init__(self, get_response):
        self.get_response = get_response
        self.name = os.environ.get("GUILDHALL_NAME", "")

    def __call__(self, request):
        response = self.get_response(request)
        response["X-Guildhall-Site"] = self.name
        return response


class Refused(Exception):
    """Something that must not be done, with the exit code that says which kind of refusal it is."""

    BAD_INPUT = 2
    TAKEN = 3

    def __init__(self, code, text):
        super().__init__(text)
        self.code = code
        self.text = text


def serve(actions):
    """Reads one order from standard input, does it, prints one marked line.

    Everything else on standard output is chatter of imported programs.
    """
    order = json.load(sys.stdin)
    try:
        result = actions[order["do"]](order)
        code = 0
    except Refused as refused:
        result = {"refused": refused.text}
        code = refused.code
    except Exception as error:
        # Standard error goes to a private log whose keys are struck out.
        traceback.print_exc()
        result = {"failed": f"{type(error).__name__}: {error}"}
        code = 1
    sys.stdout.flush()
    print("\nGUILDHALL_RESULT " + json.dumps(result), flush=True)
    sys.exit(code)
