"""Checks that what claims to come from Slack was signed with the app's signing secret.

Upstream lets everything pass: its own check answers yes, and button presses (votes) are not checked at all.
"""

import hashlib
import hmac
import json
import time

# Older requests are refused: Slack's own advice against repeated ones.
WINDOW_SECONDS = 300


def is_signed(request, secret):
    """Whether the request carries a fresh signature made with the secret. Without a secret nothing does."""
    if not secret:
        return False
    stamp = request.headers.get("X-Slack-Request-Timestamp", "")
    given = request.headers.get("X-Slack-Signature", "")
    if not stamp.isdigit() or abs(time.time() - int(stamp)) > WINDOW_SECONDS:
        return False
    signed = b"v0:" + stamp.encode() + b":" + request.body
    wanted = "v0=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return hmac.compare_digest(wanted, given)


def is_greeting(request):
    """Slack asks for an echo before it signs anything that matters; the echo gives nothing away."""
    try:
        return json.loads(request.body).get("type") == "url_verification"
    except (ValueError, AttributeError):
        return False


def install(secret):
    """Puts the check in front of the plugin's handler."""
    from metagov.core.errors import PluginErrorInternal
    from metagov.plugins.slack import handlers

    unguarded = handlers.SlackRequestHandler.handle_incoming_webhook

    def guarded(self, request):
        # The body is read first: once a form was parsed, its bytes are gone.
        if not is_greeting(request) and not is_signed(request, secret):
            raise PluginErrorInternal("Invalid request signature")
        return unguarded(self, request)

    handlers.SlackRequestHandler.handle_incoming_webhook = guarded
    handlers.verify_signature = lambda request, _timestamp, _signature: is_signed(request, secret)
