"""What Guildhall orders in a Metagov Gateway, through its own models: never raw SQL, and never its own interface.

Over HTTP a plugin that cannot be initialised leaves a half-made row behind, which the next call takes for a whole one.
Here enabling is one transaction: it is there and initialised, or not there.
"""

from django.db import transaction

from guildhall_instance import Refused, keep, serve


def run():
    serve({"settle": settle, "look": look, "enable": enable, "disable": disable, "probe": probe, "save": save})


def model():
    from metagov.core.models import Community

    return Community


def settle(order):
    with transaction.atomic():
        community, created = model().objects.get_or_create(
            slug=order["slug"], defaults={"readable_name": order["name"][:100]}
        )
        if community.readable_name != order["name"][:100]:
            community.readable_name = order["name"][:100]
            community.save()
        answer = describe(community)
    answer["created"] = created
    return answer


def known(slug):
    community = model().objects.filter(slug=slug).first()
    if community is None:
        raise Refused(Refused.BAD_INPUT, f"there is no community {slug} here")
    return community


def enable(order):
    """Enables one plugin; one of the same name that works on something else goes first, never both."""
    import jsonschema
    from metagov.core.plugin_manager import plugin_registry

    community = known(order["slug"])
    name, config = order["plugin"], order["config"]
    plugin_class = plugin_registry.get(name)
    if plugin_class is None:
        raise Refused(Refused.BAD_INPUT, f"there is no plugin {name}")
    try:
        jsonschema.validate(config, plugin_class.config_schema or {})
    except jsonschema.ValidationError as error:
        # The message would show the value, which may be a key.
        place = ".".join(str(part) for part in error.path) or "its fields"
        raise Refused(Refused.BAD_INPUT, f"the plugin {name} does not take this configuration: {place}") from None
    with transaction.atomic():
        for other in community.plugins.filter(name=name):
            if other.config != config:
                community.disable_plugin(name, id=other.pk)
        community.enable_plugin(name, config)
        return describe(community)


def disable(order):
    with transaction.atomic():
        community = known(order["slug"])
        for plugin in community.plugins.filter(name=order["plugin"]):
            community.disable_plugin(order["plugin"], id=plugin.pk)
        return describe(community)


def describe(community):
    """What stands there. Holds no key."""
    return {
        "community": community.pk,
        "slug": str(community.slug),
        "name": community.readable_name,
        "plugins": sorted(f"{each.name} {each.community_platform_id or ''}".strip() for each in community.plugins.all()),
    }


def look(_order):
    return {"communities": [describe(each) for each in model().objects.order_by("pk")]}


PROBES = {
    "slack": ("method", {"method_name": "auth.test"}),
    "discord": ("get-guild", {}),
    "sourcecred": ("total-cred", {}),
    "opencollective": ("list-members", {}),
    "randomness": ("random-int", {}),
}


def probe(order):
    """Reads something harmless through a plugin."""
    name = order["plugin"]
    if name not in PROBES:
        raise Refused(Refused.BAD_INPUT, f"{name} has nothing harmless to read")
    action, parameters = PROBES[name]
    known(order["slug"]).perform_action(name, action, parameters)
    return {"seen": f"an answer to {name}.{action}"}


def save(order):
    """The community and what its plugins work on, without their keys, for the export before a removal."""
    return keep(order["to"], describe(known(order["slug"])))
