"""Sign-in through Slack that asks Slack.

Upstream takes user, team and token from the address and never looks whether they belong together: whoever knows an
administrator's Slack id signs in as them (sheet: policykit 6).
"""

import logging

import requests
from integrations.slack.auth_backends import SlackBackend

logger = logging.getLogger(__name__)


class CheckedSlackBackend(SlackBackend):
    def authenticate(self, request):
        asked = {name: request.GET.get(name) for name in ("user_token", "user_id", "team_id")}
        if not all(asked.values()) or not self.belongs(asked):
            return None
        return super().authenticate(request)

    @staticmethod
    def belongs(asked):
        """Whether Slack says that this token is this user's in this workspace."""
        try:
            answer = requests.post(
                "https://slack.com/api/auth.test",
                headers={"Authorization": f"Bearer {asked['user_token']}"},
                timeout=10,
            ).json()
        except (requests.RequestException, ValueError) as error:
            logger.warning("Slack could not be asked about a sign-in: %s", type(error).__name__)
            return False
        return (
            answer.get("ok") is True
            and answer.get("user_id") == asked["user_id"]
            and answer.get("team_id") == asked["team_id"]
        )
