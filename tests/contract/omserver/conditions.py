"""Conditions of policy rules: a small part of the Spring Expression Language, over functions of both profiles.

``matchAnyTag('数据分级.L4') && !hasAnyRole("reviewer")``; ``&&`` ``||`` ``!`` also as ``and`` ``or`` ``not``. A quote
within a text is doubled. What does not parse, an unknown function, and a tag, role or team that does not exist are 400
when the policy is saved (reference: Policies).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from .errors import BadRequest
from .store import Doc, Entity, Store

TOKEN = re.compile(r"\s*(?:(\(|\)|,|&&|\|\||!)|'((?:[^']|'')*)'|\"((?:[^\"]|\"\")*)\"|([A-Za-z_]\w*))")
WORDS = {"and": "&&", "or": "||", "not": "!"}


@dataclass(frozen=True)
class Context:
    """What a condition is asked about; `team` is the one by which the user holds the policy, if by one."""

    store: Store
    user: Entity
    entity: Entity | None
    team: Entity | None = None


Condition = Callable[[Context], bool]


@dataclass(frozen=True)
class Parsed:
    """`names` are the (kind, FQN) pairs that must exist."""

    holds: Condition
    names: tuple[tuple[str, str], ...]


# --- the functions ---


def tags(context: Context) -> set[str]:
    """Labels on the entity itself: those of its columns are not seen."""
    return {label["tagFQN"] for label in (context.entity.doc.get("tags") if context.entity else None) or ()}


def owners(context: Context) -> list[Doc]:
    """Owners, inherited ones too; services do not hand theirs down."""
    if context.entity is None:
        return []
    for one in (context.entity, *context.store.ancestors(context.entity)):
        found: list[Doc] = one.doc.get("owners") or one.doc.get("owner") or []
        if found and (one is context.entity or not one.kind.endswith("Service")):
            return found
    return []


def teams_above(store: Store, entity: Entity) -> Iterator[Entity]:
    """The teams a user or team belongs to, and theirs; each once."""
    seen: set[str] = set()
    waiting = [ref["id"] for ref in entity.doc.get("teams") or entity.doc.get("parents") or ()]
    while waiting:
        found = store.get("team", waiting.pop(0))
        if found is not None and found.id not in seen and not found.deleted:
            seen.add(found.id)
            yield found
            waiting += [ref["id"] for ref in found.doc.get("parents") or ()]


def is_owner(context: Context, _: tuple[str, ...]) -> bool:
    own = {context.user.id, *(ref["id"] for ref in context.user.doc.get("teams") or ())}
    return any(ref["id"] in own for ref in owners(context))


def match_team(context: Context, _: tuple[str, ...]) -> bool:
    """The entity's owner and the user are under the team by which the policy is held."""
    return context.team is not None and any(
        is_under(context, ref["id"]) and is_under(context, context.user.id) for ref in owners(context)
    )


def is_under(context: Context, entity_id: str) -> bool:
    found = context.store.by_id.get(entity_id)
    assert context.team is not None, "asked of policies held by a team"
    if found is None:
        return False
    return found.id == context.team.id or any(one.id == context.team.id for one in teams_above(context.store, found))


def has_any_role(context: Context, names: tuple[str, ...]) -> bool:
    """Own roles and those of the teams, theirs included."""
    store, user = context.store, context.user
    refs = [*(user.doc.get("roles") or ())]
    for team in teams_above(store, user):
        refs += team.doc.get("defaultRoles") or ()
    return any(store.by_id[ref["id"]].name in names for ref in refs if ref["id"] in store.by_id)


def in_any_team(context: Context, names: tuple[str, ...]) -> bool:
    return any(team.name in names for team in teams_above(context.store, context.user))


Function = Callable[[Context, tuple[str, ...]], bool]
#: Name → what it asks, and the kind of entity its arguments name; None takes no arguments.
FUNCTIONS: dict[str, tuple[Function, str | None]] = {
    "noOwner": (lambda context, _: context.entity is not None and not owners(context), None),
    "isOwner": (is_owner, None),
    "matchTeam": (match_team, None),
    "matchAnyTag": (lambda context, names: bool(tags(context) & set(names)), "tag"),
    "matchAllTags": (lambda context, names: tags(context) >= set(names), "tag"),
    "hasAnyRole": (has_any_role, "role"),
    "inAnyTeam": (in_any_team, "team"),
}


# --- parsing ---


def tokens(text: str) -> Iterator[tuple[str, str]]:
    """(sort, text): ``op``, ``text``, ``name``, and one ``end``."""
    place = 0
    while text[place:].strip():
        found = TOKEN.match(text, place)
        if found is None:
            raise BadRequest(f"Failed to parse - {text[place:].strip()}")
        place = found.end()
        op, single, double, name = found.groups()
        if name is not None:
            yield ("op", WORDS[name]) if name in WORDS else ("name", name)
        elif op is not None:
            yield "op", op
        else:
            yield "text", single.replace("''", "'") if single is not None else double.replace('""', '"')
    yield "end", ""


class Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.rest = list(tokens(text))
        self.names: list[tuple[str, str]] = []

    def parse(self) -> Parsed:
        condition = self.any_of()
        self.expect("end", "")
        return Parsed(condition, tuple(self.names))

    def take(self, sort: str, value: str) -> bool:
        if self.rest[0] != (sort, value):
            return False
        self.rest.pop(0)
        return True

    def expect(self, sort: str, value: str) -> None:
        if not self.take(sort, value):
            raise BadRequest(f"Failed to parse - {self.text}")

    def any_of(self) -> Condition:
        parts = [self.all_of()]
        while self.take("op", "||"):
            parts.append(self.all_of())
        return lambda context: any(part(context) for part in parts)

    def all_of(self) -> Condition:
        parts = [self.one()]
        while self.take("op", "&&"):
            parts.append(self.one())
        return lambda context: all(part(context) for part in parts)

    def one(self) -> Condition:
        if self.take("op", "!"):
            inner = self.one()
            return lambda context: not inner(context)
        if self.take("op", "("):
            inner = self.any_of()
            self.expect("op", ")")
            return inner
        sort, name = self.rest.pop(0)
        if sort != "name":
            raise BadRequest(f"Failed to parse - {self.text}")
        return self.call(name)

    def call(self, name: str) -> Condition:
        self.expect("op", "(")
        arguments: list[str] = []
        while self.rest[0][0] == "text":
            arguments.append(self.rest.pop(0)[1])
            if not self.take("op", ","):
                break
        self.expect("op", ")")
        if name not in FUNCTIONS or bool(arguments) != (FUNCTIONS[name][1] is not None):
            raise BadRequest(f"Failed to evaluate - Method {name}({len(arguments)}) cannot be found")
        function, kind = FUNCTIONS[name]
        self.names += [(kind, one) for one in arguments] if kind else []
        given = tuple(arguments)
        return lambda context: function(context, given)


@lru_cache(maxsize=4096)
def parsed(text: str) -> Parsed:
    """Raises `BadRequest` for what is no condition."""
    return Parser(text).parse()


def check(store: Store, text: str) -> None:
    """400 for what a policy may not say."""
    for kind, name in parsed(text).names:
        found = store.named(kind, name)
        if found is None or found.deleted:
            raise BadRequest(f"Failed to evaluate - {kind} instance for {name} not found")
