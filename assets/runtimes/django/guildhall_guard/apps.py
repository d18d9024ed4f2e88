"""Puts our checks in place once upstream is loaded."""

from django.apps import AppConfig


class Guard(AppConfig):
    name = "guildhall_guard"

    def ready(self):
        import guildhall_slack_guard
        from django.conf import settings

        guildhall_slack_guard.install(settings.SLACK_SIGNING_SECRET)
