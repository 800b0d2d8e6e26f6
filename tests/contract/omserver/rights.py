"""What every server starts with of roles and policies, and ``/v1/permissions`` (reference: Roles, policies)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import policies
from .errors import ServerError, not_found
from .governance import ORGANIZATION
from .routing import Answer, Call
from .store import Doc, Entity

if TYPE_CHECKING:
    from .server import Server

CONSUMER, STEWARD = "DataConsumer", "DataSteward"
BOT_ROLES = ("DefaultBotRole", "IngestionBotRole", "ProfilerBotRole", "QualityBotRole")


def install(server: Server) -> None:
    policies.install(server)
    add = server.router.add
    add("GET", "v1/permissions", of_all)
    add("GET", "v1/permissions/{resource}", of_kind)
    add("GET", "v1/permissions/{resource}/{id}", of_one)
    add("GET", "v1/permissions/{resource}/name/{fqn}", of_one)


# --- seeds ---


def rule(name: str, operations: str, condition: str = "") -> Doc:
    found: Doc = {"name": name, "effect": "allow", "resources": ["All"], "operations": operations.split()}
    return {**found, "condition": condition} if condition else found


def seed(server: Server) -> None:
    """The Organization hands everybody the role DataConsumer and its own policy: an owner may do all, and everybody
    may take what has no owner.
    """
    v1 = server.profile.single_relations
    tags = "EditTags" if v1 else "EditTags EditGlossaryTerms EditTier"
    given = {
        CONSUMER: rule(f"{CONSUMER}Policy-EditRule", f"EditDescription ViewAll {tags}"),
        STEWARD: rule(
            f"{STEWARD}Policy-EditRule",
            f"ViewAll EditDescription EditDisplayName EditLineage {'EditOwner' if v1 else 'EditOwners'} {tags}",
        ),
        **{name: rule(f"{name}-Allow", "Create EditAll ViewAll Delete") for name in BOT_ROLES},
    }
    for name, one in given.items():
        server.create("policy", {"name": f"{name}Policy", "rules": [one]})
        server.create("role", {"name": name, "policies": [f"{name}Policy"]})
    organization = [
        rule("OrganizationPolicy-NoOwner-Rule", "EditOwner" if v1 else "EditOwners", "noOwner()"),
        rule("OrganizationPolicy-Owner-Rule", "All", "isOwner()"),
    ]
    policy = server.create("policy", {"name": "OrganizationPolicy", "rules": organization})
    roles = [role_id(server, CONSUMER)]
    body = {"name": ORGANIZATION, "teamType": "Organization", "description": ORGANIZATION}
    server.create("team", {**body, "defaultRoles": roles, "policies": [policy.id]})


def role_id(server: Server, name: str) -> str:
    found = server.store.named("role", name)
    assert found is not None, "seeded"
    return found.id


# --- permissions of the caller ---


def shown(call: Call, kind: str, entity: Entity | None) -> Doc:
    store, caller = call.server.store, call.caller
    operations = sorted(policies.operations_of(call.server) - {"All"})
    if caller.is_admin:
        lines: list[Doc] = [{"operation": one, "access": "allow"} for one in operations]
    else:
        user = store.by_id[caller.id]
        lines = [policies.access_of(store, user, one, kind, entity) for one in operations]
    return {"resource": kind, "permissions": lines}


def of_all(call: Call) -> Answer:
    return Answer({"data": [shown(call, kind, None) for kind in call.server.store.kinds]})


def kind_in(call: Call) -> str:
    kind = call.params["resource"]
    if kind not in call.server.store.kinds:
        raise ServerError(f"Resource type {kind} not found")
    return kind


def of_kind(call: Call) -> Answer:
    return Answer(shown(call, kind_in(call), None))


def of_one(call: Call) -> Answer:
    kind, store, value = kind_in(call), call.server.store, call.values[0]
    entity = store.get(kind, value) if "id" in call.params else store.named(kind, value)
    if entity is None or entity.deleted:
        raise not_found(kind, value)
    return Answer(shown(call, kind, entity))
