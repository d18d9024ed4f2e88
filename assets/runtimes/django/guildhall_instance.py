"""What an instance's processes and scripts are told, and how scripts answer.

One private file (0600) holds everything, secrets included, so that no environment and no argument does.
"""

import json
import os
import sys
import traceback


def read():
    """The instance's file, named by a variable that Guildhall sets for it."""
    # Databases, queues and mail are for their owner alone.
    os.umask(0o077)
    with open(os.environ["GUILDHALL_INSTANCE"], encoding="utf-8") as file:
        return json.load(file)


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
