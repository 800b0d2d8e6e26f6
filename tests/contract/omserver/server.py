"""One server: its store, tokens, lists and routes, wired together, and its start from nothing or from a saved state."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from . import (
    bots,
    bulk,
    computed,
    events,
    governance,
    lineage,
    people,
    resources,
    rights,
    samples,
    types,
    validate,
)
from .access import Principal, principal_of
from .intake import Intake
from .kinds import Kind, kinds_of
from .listing import Lists
from .names import join
from .profiles import Profile
from .properties import Properties
from .render import View
from .routing import Answer, Call, Router
from .store import Doc, Entity, Store
from .tokens import Tokens
from .update import Writer

#: Completes or refuses the document of a create request; gets the stored entity when there is one.
Prepare = Callable[["Server", Doc, Entity | None, Entity | None], None]
#: Refuses a patch that the caller may not make: caller, entity, view before and after.
Guard = Callable[["Server", Principal, Entity, Doc, Doc], None]
#: Runs after an entity was created or changed.
Wrote = Callable[["Server", Entity], None]
ADMIN, BOT = "admin", "ingestion-bot"


class Server:
    """Everything a handler may need. `skew` is added to the clock, in seconds; `base` ends in ``/api``.

    `prepare`, `guards` and `wrote` are the rules of single kinds, by entity type. `validating` is ``--validate``.
    """

    def __init__(self, profile: Profile, base: str) -> None:
        self.profile = profile
        self.base = base
        self.skew = 0.0
        self.store = Store(kinds_of(profile))
        self.tokens = Tokens(self.store, lambda: time.time() + self.skew, profile.token_memory)
        self.properties = Properties(profile)
        self.view = View(self.store, profile, base)
        self.intake = Intake(self.store, profile, self.properties)
        self.writer = Writer(self.store, profile, self.view, self.now)
        self.lists = Lists(self)
        self.router = Router()
        self.prepare: dict[str, Prepare] = {}
        self.guards: dict[str, Guard] = {}
        self.wrote: dict[str, Wrote] = {}
        self.validating = False
        self.router.add("GET", "v1/system/version", version, public=True)
        for module in (resources, bulk, types, events, lineage, computed, governance, people, rights, bots, samples):
            module.install(self)

    def now(self) -> int:
        """Milliseconds since 1970 by the server's clock."""
        return int((time.time() + self.skew) * 1000)

    def system(self) -> Principal:
        """Who does what no caller did."""
        admin = self.store.named("user", ADMIN)
        return principal_of(admin) if admin else Principal("", ADMIN, True, False)

    def create(self, kind: str, body: dict[str, Any]) -> Entity:
        """Make an entity from a create request, as the system."""
        spec = self.store.kinds[kind]
        doc, parent = self.described(spec, body, None)
        return self.created(spec, body["name"], doc, parent, self.system())

    def described(self, kind: Kind, body: Any, stored: Entity | None) -> tuple[Doc, Entity | None]:
        """What a create request describes, with the rules of its kind applied; `stored` is what it would update."""
        self.check_request(kind.name, body)
        doc, parent = self.intake.create(kind, body)
        if (rule := self.prepare.get(kind.name)) is not None:
            rule(self, doc, parent, stored)
        return doc, parent

    def check_request(self, name: str, body: Any) -> None:
        """With ``--validate``: the SDK's model of a request body, 400 when it refuses."""
        if self.validating:
            validate.check_request(name, body)

    def check_answer(self, name: str, body: Any) -> None:
        """With ``--validate``: the SDK's model of an entity must take what is shown."""
        if self.validating:
            validate.check_answer(name, body)

    def created(self, kind: Kind, name: str, doc: Doc, parent: Entity | None, by: Principal) -> Entity:
        if "entityStatus" in kind.computed:
            doc.setdefault("entityStatus", "Unprocessed")
        entity = self.writer.create(kind, name, doc, parent, by)
        self.after_write(entity)
        return entity

    def after_write(self, entity: Entity) -> None:
        if (rule := self.wrote.get(entity.kind)) is not None:
            rule(self, entity)

    def seed(self) -> None:
        """What a fresh server holds."""
        rights.seed(self)
        self.create("user", {"name": ADMIN, "email": "admin@example.com", "isAdmin": True})
        self.create_bot(BOT)

    def create_bot(self, name: str) -> Entity:
        """The user of a bot that may write everything, as stock ingestion does."""
        roles = [rights.role_id(self, "IngestionBotRole")]
        body = {"name": name, "email": f"{name}@example.com", "isBot": True, "roles": roles}
        return self.create("user", {**body, "authenticationMechanism": bots.UNLIMITED})

    def user_token(self, name: str, *, admin: bool = False, bot: bool = False, lifetime: float | None = None) -> str:
        """A token of a user, who is made when there is none of that name."""
        if self.store.named("user", join(None, name)) is None:
            if bot:
                self.create_bot(name)
            else:
                self.create("user", {"name": name, "email": f"{name}@example.com", "isAdmin": admin})
        return self.tokens.make(name, lifetime)

    def saved(self) -> str:
        tokens = {"revoked": sorted(self.tokens.revoked)}
        return json.dumps({"store": self.store.dump(), "properties": self.properties.defined, "tokens": tokens})

    def restore(self, text: str) -> None:
        state = json.loads(text)
        self.store.load(state["store"])
        self.properties.defined = state["properties"]
        self.tokens.revoked = set(state["tokens"]["revoked"])


def version(call: Call) -> Answer:
    return Answer({"version": call.server.profile.version, "revision": "contract-server", "timestamp": 0})
