"""What Guildhall orders in an instance of PolicyKit, through its own models: never raw SQL.

Every order is one transaction: a kill leaves all of it or nothing, and the same order again changes nothing.
"""

import json
import re
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.db import transaction

from guildhall_instance import Refused, keep, serve

SLUG = re.compile(r"[A-Za-z0-9_-]{1,36}")


def run():
    serve(
        {
            "settle": settle,
            "look": look,
            "disconnect": disconnect,
            "probe": probe,
            "policies": policies,
            "rows": rows,
            "remove": remove,
        }
    )


def community_model():
    return apps.get_model("policyengine", "Community")


def gateway_model():
    # Both have a model of this name; the label of the embedded one is not ours to guess.
    from metagov.core.models import Community

    return Community


def platform_models(platform):
    """The models of a platform: its community, and its user where it has one."""
    label = apps.get_app_config(platform).label
    models = {model.__name__: model for model in apps.get_app_config(label).get_models()}
    stem = platform.capitalize()
    return models[f"{stem}Community"], models.get(f"{stem}User")


def settle(order):
    """Makes or completes the community, its administrators, its first rules and its connections."""
    slug = order["slug"]
    if not SLUG.fullmatch(slug):
        raise Refused(Refused.BAD_INPUT, f"{slug!r} cannot be a short name here")
    with transaction.atomic():
        gateway, _ = gateway_model().objects.get_or_create(
            slug=slug, defaults={"readable_name": order["name"][:100]}
        )
        community, created = community_model().objects.get_or_create(metagov_slug=slug)
        own = apps.get_model("constitution", "ConstitutionCommunity")
        own.objects.get_or_create(community=community, defaults={"community_name": order["name"]})
        for wanted in order.get("platforms", []):
            settle_platform(gateway, community, wanted)
        begin_rules(community, order)
        answer = describe(community)
    answer["created"] = created
    return answer


def settle_platform(gateway, community, wanted):
    platform, team = wanted["platform"], wanted["team_id"]
    model, user_model = platform_models(platform)
    taken = model.objects.filter(team_id=team).exclude(community=community).first()
    if taken is not None:
        raise Refused(Refused.TAKEN, f"{team} of {platform} belongs to another community here")
    refuse_keys_and_people_of_others(community, model, wanted)
    for other in model.objects.filter(community=community).exclude(team_id=team):
        leave(gateway, platform, other)
    if wanted.get("config") is not None:
        gateway.enable_plugin(platform, wanted["config"])
    fields = dict(wanted.get("fields", {}), community_name=wanted["team_name"])
    row, _ = model.objects.update_or_create(community=community, team_id=team, defaults=fields)
    for name in wanted.get("administrators", []):
        if user_model is None:
            break
        user = user_model.objects.filter(username=name, community=row).first()
        if user is None:
            user = user_model(username=name, community=row, readable_name=name)
        user.is_community_admin = True
        user.save()


def refuse_keys_and_people_of_others(community, model, wanted):
    """Upstream keeps each of them once in a database, whatever community they are in."""
    from policyengine.models import CommunityUser

    key = wanted.get("fields", {}).get("api_key")
    if key and model.objects.filter(api_key=key).exclude(community=community).exists():
        raise Refused(Refused.TAKEN, "its key belongs to another community here")
    others = CommunityUser.objects.exclude(community__community=community)
    for name in wanted.get("administrators", []):
        if others.filter(username=name).exists():
            raise Refused(Refused.TAKEN, f"the person {name} belongs to another community here")


def begin_rules(community, order):
    """The starter kit, once: only where there is a home and there are no rules yet."""
    from policyengine.models import CommunityUser
    from policyengine.utils import initialize_starterkit_inner

    homes = list(community.get_platform_communities())
    kit = order.get("kit")
    if not kit or not homes or community.policy_set.exists():
        return
    path = Path(settings.BASE_DIR) / "starterkits" / f"{kit}.json"
    with open(path, encoding="utf-8") as file:
        rules = json.load(file)
    if rules.get("disabled") or "roles" not in rules:
        raise Refused(Refused.BAD_INPUT, f"the starter kit {kit} cannot be used")
    administrators = CommunityUser.objects.filter(community__community=community, is_community_admin=True)
    first = order.get("creator") or next((user.username for user in administrators), None)
    needs_creator = any(role.get("user_group") == "creator" for role in rules["roles"])
    if needs_creator and not first:
        raise Refused(Refused.BAD_INPUT, f"the starter kit {kit} needs at least one administrator")
    initialize_starterkit_inner(community, rules, first)
    # A kit with a second role takes the administrators' own role away; saving them brings it back.
    for user in CommunityUser.objects.filter(community__community=community, is_community_admin=True):
        user.save()


def leave(gateway, platform, row):
    for plugin in gateway.plugins.filter(name=platform, community_platform_id=row.team_id):
        gateway.disable_plugin(platform, id=plugin.pk)
    row.delete()


def disconnect(order):
    with transaction.atomic():
        gateway, community = both(order)
        model, _ = platform_models(order["platform"])
        for row in model.objects.filter(community=community):
            leave(gateway, order["platform"], row)
        for plugin in list(gateway.plugins.filter(name=order["platform"])):
            gateway.disable_plugin(order["platform"], id=plugin.pk)
        return describe(community)


def both(order):
    slug = order["slug"]
    community = community_model().objects.filter(metagov_slug=slug).first()
    gateway = gateway_model().objects.filter(slug=slug).first()
    if community is None or gateway is None:
        raise Refused(Refused.BAD_INPUT, f"there is no community {slug} here")
    return gateway, community


def describe(community):
    """What stands there. Holds no key: of a plugin only its name and the id it works on."""
    from policyengine.models import CommunityUser

    gateway = gateway_model().objects.filter(slug=community.metagov_slug).first()
    plugins = gateway.plugins.all() if gateway else []
    return {
        "community": community.pk,
        "slug": community.metagov_slug,
        "name": community.community_name,
        "policies": community.policy_set.count(),
        "roles": sorted(role.role_name for role in community.get_roles()),
        "administrators": sorted(
            user.username
            for user in CommunityUser.objects.filter(community__community=community, is_community_admin=True)
        ),
        "platforms": sorted(row.platform for row in community.get_platform_communities()),
        "plugins": sorted(f"{plugin.name} {plugin.community_platform_id or ''}".strip() for plugin in plugins),
    }


def look(_order):
    communities = community_model().objects.exclude(metagov_slug=None).order_by("pk")
    return {"communities": [describe(community) for community in communities]}


def probe(order):
    """Reads something harmless through a plugin."""
    gateway, _ = both(order)
    plugin = gateway.get_plugin(order["platform"])
    if order["platform"] == "slack":
        answer = plugin.method(method_name="auth.test")
        return {"seen": f"the workspace {answer.get('team', '')}".strip()}
    if order["platform"] == "sourcecred":
        return {"seen": f"{plugin.fetch_total_cred()['value']} Cred in all"}
    if order["platform"] == "discord":
        return {"seen": f"the server {plugin.get_guild()['name']}"}
    if order["platform"] == "opencollective":
        return {"seen": f"{len(plugin.list_members())} members"}
    raise Refused(Refused.BAD_INPUT, f"{order['platform']} has nothing harmless to read")


def policies(order):
    """Everything that the community wrote, for the export before a removal."""
    from django.core import serializers

    _, community = both(order)
    rows = list(community.policy_set.all()) + list(community.communitydoc_set.all())
    return keep(order["to"], json.loads(serializers.serialize("json", rows)))


def found(*roots):
    """Every row that goes when these go, themselves among them."""
    from django.contrib.admin.utils import NestedObjects

    collector = NestedObjects(using="default")
    for root in roots:
        collector.collect([root])
    return [row for rows in collector.data.values() for row in rows]


def stores(rows):
    """Where upstream keeps the state of rows, which it forgets when it deletes them."""
    kept = {}
    for row in rows:
        for field in row._meta.concrete_fields:
            if field.one_to_one and field.related_model.__name__ == "DataStore":
                store = getattr(row, field.name)
                if store is not None:
                    kept[(type(store), store.pk)] = store
    return list(kept.values())


def rows(order):
    """Every row of the community, keys among them: what a removal takes out of a database that others use too."""
    from django.core import serializers

    saved = found(*both(order))
    saved += stores(saved)
    return keep(order["to"], json.loads(serializers.serialize("json", saved)))


def remove(order):
    """Takes the community out with all that belongs to it, and nothing of the others."""
    slug = order["slug"]
    with transaction.atomic():
        communities = list(community_model().objects.filter(metagov_slug=slug))
        gateways = list(gateway_model().objects.filter(slug=slug))
        left = stores(found(*communities, *gateways))
        for community in communities:
            community.delete()
        # Upstream's deletion takes these along; where it is different, they are still here.
        gateway_model().objects.filter(slug=slug).delete()
        for store in left:
            store.delete()
    return {"removed": bool(communities)}
