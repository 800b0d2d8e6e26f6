"""What a policy may say, whose policies a user holds, and what they come to (reference: Policies; Roles, policies).

A rule that denies wins over all that allow. Rules are stored as the public sources do: sorted by name, their resources
and operations sorted, and without those that ``All``, ``EditAll`` or ``ViewAll`` beside them covers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import conditions
from .conditions import Context, teams_above
from .errors import BadRequest, Forbidden
from .labels import check_enum, unrecognized
from .names import join
from .profiles import words
from .store import Doc, Entity, Store

if TYPE_CHECKING:
    from .access import Principal
    from .server import Server

OPERATIONS = words(
    "All Create Delete ViewAll ViewBasic ViewUsage ViewTests ViewQueries ViewDataProfile ViewSampleData EditAll"
    " EditCustomFields EditDataProfile EditDescription EditDisplayName EditLineage EditPolicy EditQueries"
    " EditReviewers EditRole EditSampleData EditStatus EditTags EditTeams EditTier EditTests EditUsage EditUsers"
    " EditLifeCycle GenerateToken"
)
OPERATIONS_1_2 = OPERATIONS | {"EditOwner"}
OPERATIONS_2_0 = OPERATIONS | words(
    "EditOwners EditGlossaryTerms EditCertification BulkCreate BulkUpdate ViewCustomFields CreateTests EditPage"
    " ViewTestCaseFailedRowsSample DeleteTestCaseFailedRowsSample EditEntityRelationship Impersonate CreateTask"
    " EditTask ResolveTask CloseTask ReassignTask Deploy Trigger Kill AuditLogs ViewProfilerGlobalConfiguration"
)
RULE_FIELDS = words("name description effect operations resources condition fullyQualifiedName")
WHOLE = ("EditAll", "ViewAll")


def operations_of(server: Server) -> frozenset[str]:
    return OPERATIONS_1_2 if server.profile.single_relations else OPERATIONS_2_0


def install(server: Server) -> None:
    server.prepare |= {"policy": policy, "role": role}
    server.guards |= {"policy": patched_policy}


# --- saving ---


def policy(server: Server, doc: Doc, parent: Entity | None, stored: Entity | None) -> None:
    doc.setdefault("enabled", True)
    doc["rules"] = rules(server, doc["rules"], None)


def patched_policy(server: Server, by: Principal, entity: Entity, before: Doc, after: Doc) -> None:
    if before.get("rules") is not after.get("rules"):
        after["rules"] = rules(server, after.get("rules"), entity.fqn)


def role(server: Server, doc: Doc, parent: Entity | None, stored: Entity | None) -> None:
    if not doc.get("policies"):
        raise BadRequest("At least one policy is required in a role")


def rules(server: Server, raw: Any, fqn: str | None) -> list[Doc]:
    """The rules of a request in stored form."""
    if not isinstance(raw, list) or not raw:
        raise BadRequest("At least one rule is required in a policy")
    return sorted((one_rule(server, one, fqn) for one in raw), key=lambda rule: str(rule["name"]))


def one_rule(server: Server, raw: Any, fqn: str | None) -> Doc:
    if not isinstance(raw, dict):
        raise BadRequest("Cannot construct instance of Rule")
    for name in raw.keys() - RULE_FIELDS:
        raise unrecognized(name, "Rule")
    for name in ("name", "effect", "operations", "resources"):
        if not raw.get(name):
            raise BadRequest(f"[rules.{name} must not be null]")
    check_enum(raw["effect"], ("allow", "deny"), "Effect")
    for operation in raw["operations"]:
        check_enum(operation, operations_of(server), "MetadataOperation")
    if raw.get("condition"):
        conditions.check(server.store, raw["condition"])
    return {
        **raw,
        **({"fullyQualifiedName": join(fqn, raw["name"])} if fqn else {}),
        "operations": without_covered(sorted(raw["operations"])),
        "resources": ["All"] if "All" in raw["resources"] else sorted(raw["resources"], key=str.lower),
    }


def without_covered(operations: list[str]) -> list[str]:
    if "All" in operations:
        return ["All"]
    covers = [one.removesuffix("All") for one in WHOLE if one in operations]
    return [one for one in operations if one in WHOLE or not one.startswith(tuple(covers) or "\0")]


# --- evaluating ---


@dataclass(frozen=True)
class Held:
    """A policy that a user holds: by a role or not, of their own or through a team."""

    policy: Entity
    role: str | None
    team: Entity | None

    def said(self, rule: Doc) -> str:
        by = f"role {self.role}, " if self.role else ""
        return f"denied by {by}policy {self.policy.name}, rule {rule['name']}"


def policies_of(store: Store, user: Entity, entity: Entity | None) -> Iterator[Held]:
    """Of the user's roles, of the teams above, of the teams above the entity's owners; the last without their roles."""
    for ref in user.doc.get("roles") or ():
        yield from of_role(store, ref, None)
    for team in teams_above(store, user):
        for ref in team.doc.get("defaultRoles") or ():
            yield from of_role(store, ref, team)
        yield from of_team(store, team)
    for ref in conditions.owners(Context(store, user, entity)):
        owner = store.get("team", ref["id"])
        for team in (owner, *teams_above(store, owner)) if owner else ():
            yield from of_team(store, team)


def of_role(store: Store, ref: Doc, team: Entity | None) -> Iterator[Held]:
    role = store.get("role", ref["id"])
    if role is not None and not role.deleted:
        yield from (Held(found, role.name, team) for found in in_force(store, role))


def of_team(store: Store, team: Entity) -> Iterator[Held]:
    yield from (Held(found, None, team) for found in in_force(store, team))


def in_force(store: Store, holder: Entity) -> Iterator[Entity]:
    for ref in holder.doc.get("policies") or ():
        found = store.get("policy", ref["id"])
        if found is not None and not found.deleted and found.doc.get("enabled", True):
            yield found


def covers(rule: Doc, kind: str, operation: str) -> bool:
    if "All" not in rule["resources"] and kind not in rule["resources"]:
        return False
    given = rule["operations"]
    return (
        operation in given
        or "All" in given
        or any(one in given and operation.startswith(one.removesuffix("All")) for one in WHOLE)
    )


def holds(rule: Doc, context: Context) -> bool:
    return not rule.get("condition") or conditions.parsed(rule["condition"]).holds(context)


def require(store: Store, principal: Principal, operations: list[str], kind: str, entity: Entity | None) -> None:
    """Raises `Forbidden`, in one of the two observed texts."""
    user = store.by_id[principal.id]
    rules = [(held, rule) for held in policies_of(store, user, entity) for rule in held.policy.doc["rules"]]
    who = f"Principal: CatalogPrincipal{{name='{principal.name}'}}"
    missing = list(operations)
    for held, rule in rules:
        for operation in operations if rule["effect"] == "deny" else ():
            if covers(rule, kind, operation) and holds(rule, Context(store, user, entity, held.team)):
                raise Forbidden(f"{who} operation {operation} {held.said(rule)}")
    for held, rule in rules:
        covered = [one for one in missing if rule["effect"] == "allow" and covers(rule, kind, one)]
        if covered and holds(rule, Context(store, user, entity, held.team)):
            missing = [one for one in missing if one not in covered]
    if missing:
        raise Forbidden(f"{who} operations [{', '.join(missing)}] not allowed")


#: From the strongest down.
PRECEDENCE = ("deny", "conditionalDeny", "allow", "conditionalAllow", "notAllow")


def access_of(store: Store, user: Entity, operation: str, kind: str, entity: Entity | None) -> Doc:
    """One line of ``/v1/permissions``: without an entity a rule with a condition decides conditionally."""
    best: Doc = {"operation": operation, "access": "notAllow"}
    for one in policies_of(store, user, entity):
        for rule in one.policy.doc["rules"]:
            if not covers(rule, kind, operation):
                continue
            access = rule["effect"]
            if rule.get("condition") and entity is None:
                access = f"conditional{access.capitalize()}"
            elif not holds(rule, Context(store, user, entity, one.team)):
                continue
            if PRECEDENCE.index(access) < PRECEDENCE.index(best["access"]):
                best = {"operation": operation, "access": access, "rule": rule, "policy": one.policy.name}
                best |= {"role": one.role} if one.role else {}
    return best
