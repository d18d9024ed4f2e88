"""What Guildhall orders in an instance of Kybern, through Concord's own clients: never raw SQL.

Upstream makes a group and its description in two steps; here both are one transaction.
"""

from django.contrib.auth.models import User as DjangoUser
from django.db import transaction
from django.utils import timezone

from guildhall_instance import Refused, keep, serve

ADMINISTRATOR = "guildhall-admin"
# It comes with upstream's templates and is nobody's.
TEMPLATES_OWN = "Kybern Template Community"


def run():
    serve({"settle": settle, "look": look, "edit": edit, "tick": tick, "password": password, "save": save})


def client_for(actor, target=None):
    from concord.utils.helpers import Client

    client = Client(actor=actor)
    if target is not None:
        client.update_target_on_all(target)
    return client


def group_model():
    from groups.models import Group

    return Group


def administrator(order):
    """The administrator; the password is set only when it is made."""
    user = DjangoUser.objects.filter(username=ADMINISTRATOR).first()
    if user is None:
        user = DjangoUser.objects.create_superuser(ADMINISTRATOR, "", order["password"])
    from accounts.models import User

    return User.objects.get(pk=user.pk)


def settle(order):
    with transaction.atomic():
        user = administrator(order)
        group = find(order.get("group"), order["name"], user)
        created = group is None
        if created:
            group = client_for(user).Community.create_community(name=order["name"])
        if order.get("description") and group.group_description != order["description"][:500]:
            result(client_for(user, group).Group.edit_group(description=order["description"][:500]))
            group.refresh_from_db()
        answer = describe(group)
        if created:
            for scope, wanted in (("community", order.get("template")), ("membership", order.get("membership"))):
                if wanted and wanted != "none":
                    answer[scope] = apply_template(user, group_model().objects.get(pk=group.pk), scope, wanted)
    answer["created"] = created
    return answer


def find(number, name, user):
    """Our group: by its number, else by its name and owner. In a database of its own nobody else makes one before us."""
    groups = group_model().objects
    if number:
        return groups.filter(pk=number).first()
    for group in groups.filter(name=name):
        if user.pk in group.roles.get_owners()["actors"]:
            return group
    return None


def apply_template(actor, group, scope, name):
    from concord.actions.models import TemplateModel

    template = next(
        (each for each in TemplateModel.objects.filter(name=name) if scope in (each.scopes or "")), None
    )
    if template is None:
        raise Refused(Refused.BAD_INPUT, f"there is no template {name}")
    fields = {
        "allow_abstain": True,
        "require_majority": False,
        "publicize_votes": False,
        "voting_period": 168,
    }
    declared = template.get_supplied_fields() if hasattr(template, "get_supplied_fields") else {}
    supplied = {name: fields.get(name, [actor.pk]) for name in declared or {}}
    return result(
        client_for(actor, group).Template.apply_template(template_model_pk=template.pk, supplied_fields=supplied)
    )


def result(taken):
    """What became of an action: only its status says."""
    action = taken[0] if isinstance(taken, tuple) else taken
    status = action.status
    if status == "rejected":
        raise Refused(Refused.BAD_INPUT, "the group's own rules do not permit it")
    if status == "invalid":
        raise Refused(Refused.BAD_INPUT, getattr(action, "error_message", None) or "it is not valid there")
    return status


def edit(order):
    with transaction.atomic():
        user = administrator(order)
        group = group_model().objects.get(pk=order["group"])
        status = "implemented"
        if order.get("name") and order["name"] != group.name:
            status = result(client_for(user, group).Community.change_name_of_community(name=order["name"]))
            group.refresh_from_db()
        if order.get("description") is not None and order["description"][:500] != group.group_description:
            status = result(client_for(user, group).Group.edit_group(description=order["description"][:500]))
            group.refresh_from_db()
        answer = describe(group)
    answer["status"] = status
    return answer


def describe(group):
    owners = group.roles.get_owners()["actors"]
    return {
        "group": group.pk,
        "name": group.name,
        "description": group.group_description,
        "owners": sorted(user.username for user in DjangoUser.objects.filter(pk__in=owners)),
        "status": "implemented",
    }


def look(_order):
    groups = group_model().objects.exclude(name=TEMPLATES_OWN).order_by("pk")
    return {"groups": [describe(group) for group in groups]}


def tick(_order):
    """Closes votes past their deadline. Upstream's own command always ends with an error at this commit."""
    from concord.actions.models import Action
    from concord.conditionals.models import VoteCondition, retry_action_signal

    retried = 0
    for vote in VoteCondition.objects.all():
        waits = Action.objects.filter(pk=vote.action, status="waiting").exists()
        if waits and timezone.now() > vote.voting_deadline():
            retry_action_signal.send(sender=VoteCondition, instance=vote, created=False)
            retried += 1
    return {"retried": retried}


def password(order):
    """Whether the password is the administrator's."""
    user = DjangoUser.objects.filter(username=ADMINISTRATOR).first()
    return {"right": bool(user and user.check_password(order["password"]))}


def save(order):
    """Everything that people wrote, for the export before a removal. Fields of Concord's own kinds as the database holds
    them: Django's serializers write them as names of Python objects."""
    from django.apps import apps

    labels = ("groups", "communities", "resources", "permission_resources", "conditionals", "actions")
    rows = []
    for label in labels:
        for model in apps.get_app_config(label).get_models():
            fields = model._meta.concrete_fields
            for row in model.objects.order_by("pk"):
                held = {field.attname: field.get_prep_value(field.value_from_object(row)) for field in fields}
                rows.append({"model": model._meta.label_lower, "pk": row.pk, "fields": held})
    return keep(order["to"], rows)
