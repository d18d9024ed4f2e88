"""Lets every step of a template see what the steps before it did.

At this commit a change is made to a copy of its target that is read anew from the database, and the next step of the same
template looks at the former copy: "Role core team does not exist". Templates whose steps build on each other were refused.
"""

from django.apps import AppConfig


class Fresh(AppConfig):
    name = "guildhall_fresh"

    def ready(self):
        from concord.actions.state_changes import BaseStateChange

        implement = BaseStateChange.implement_action

        def implement_and_read_again(self, actor, target, action=None):
            result = implement(self, actor, target, action)
            if target.pk is not None and type(target).objects.filter(pk=target.pk).exists():
                target.refresh_from_db()
            return result

        BaseStateChange.implement_action = implement_and_read_again
