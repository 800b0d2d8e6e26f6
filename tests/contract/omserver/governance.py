"""The rules of single kinds: glossary terms, domains and data products, teams, users (reference: those sections)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .errors import BadRequest, ServerError
from .profiles import words
from .store import Doc, Entity, Store

if TYPE_CHECKING:
    from .server import Server

TEAM_TYPES = words("Organization BusinessUnit Division Department Group")
DOMAIN_TYPES = frozenset({"Source-aligned", "Consumer-aligned", "Aggregate"})
ORGANIZATION = "Organization"


def install(server: Server) -> None:
    server.prepare |= {
        "glossaryTerm": term,
        "domain": domain,
        "dataProduct": data_product,
        "team": team,
        "user": user,
    }
    server.wrote |= {"team": sync_team, "user": sync_user}


def term(server: Server, doc: Doc, parent: Entity | None, stored: Entity | None) -> None:
    """With reviewers, its own or its glossary's, a new term is a draft, whoever made it."""
    if stored is not None:
        return
    above = [parent, *server.store.ancestors(parent)] if parent else []
    reviewed = doc.get("reviewers") or any(one.doc.get("reviewers") for one in above)
    name = "status" if server.profile.single_relations else "entityStatus"
    doc[name] = "Draft" if reviewed else "Approved"


def domain(server: Server, doc: Doc, parent: Entity | None, stored: Entity | None) -> None:
    if doc["domainType"] not in DOMAIN_TYPES:
        raise BadRequest(f"Cannot construct instance of DomainType, problem: {doc['domainType']}")


def data_product(server: Server, doc: Doc, parent: Entity | None, stored: Entity | None) -> None:
    """Without a domain 1.2 breaks; 2.0's request model demands one."""
    if server.profile.single_relations and not doc.get("domain"):
        raise ServerError('Cannot invoke "getId()" because "domain" is null')
    if not server.profile.single_relations and not doc.get("domains"):
        raise BadRequest("[domains must not be null]")


def team(server: Server, doc: Doc, parent: Entity | None, stored: Entity | None) -> None:
    if doc["teamType"] not in TEAM_TYPES:
        raise BadRequest(f"Cannot construct instance of TeamType, problem: {doc['teamType']}")
    if stored is not None and stored.doc["teamType"] == "Group" != doc["teamType"]:
        raise BadRequest("Team of type Group can't be changed to another type")
    if not doc.get("parents") and doc["teamType"] != ORGANIZATION:
        doc["parents"] = organization(server.store)


def user(server: Server, doc: Doc, parent: Entity | None, stored: Entity | None) -> None:
    """Who is sent without teams belongs to the organization alone, a stored user too."""
    if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", str(doc["email"])):
        raise BadRequest("[email must be a well-formed email address]")
    if not doc.get("teams"):
        doc["teams"] = organization(server.store)


def organization(store: Store) -> list[Doc]:
    found = store.named("team", ORGANIZATION)
    return [{"id": found.id, "type": "team"}] if found else []


# --- membership, which teams and users both show ---


def ids(entity: Entity, name: str) -> set[str]:
    return {ref["id"] for ref in entity.doc.get(name) or ()}


def set_member(entity: Entity, name: str, other: Entity, wanted: bool) -> None:
    rest = [ref for ref in entity.doc.get(name) or () if ref["id"] != other.id]
    entity.doc = {**entity.doc, name: [*rest, {"id": other.id, "type": other.kind}] if wanted else rest}


def sync_team(server: Server, entity: Entity) -> None:
    members = ids(entity, "users")
    for one in server.store.of_kind["user"].values():
        if (entity.id in ids(one, "teams")) != (one.id in members):
            set_member(one, "teams", entity, one.id in members)


def sync_user(server: Server, entity: Entity) -> None:
    teams = ids(entity, "teams")
    for one in server.store.of_kind["team"].values():
        if (entity.id in ids(one, "users")) != (one.id in teams):
            set_member(one, "users", entity, one.id in teams)
