"""Bots, their users, and the tokens that only an administrator reads (reference: A least-privilege bot).

A bot's token is looked up once and then remembered for `Profile.token_memory` seconds: on 1.2 a new token is refused
for so long while the old one goes on, unless the old one was revoked first. Only the test's own tokens
(``/control/token``) are outside of this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .errors import BadRequest, Forbidden, not_found
from .routing import Answer, Call
from .store import Doc, Entity
from .tokens import BOT

if TYPE_CHECKING:
    from .server import Server

DAY = 86400.0
LIFETIMES: dict[str, float | None] = {
    "OneHour": 3600.0,
    **{str(days): days * DAY for days in (1, 7, 30, 60, 90)},
    "Unlimited": None,
}
#: How bots of the test itself are made.
UNLIMITED = {"authType": "JWT", "config": {"JWTTokenExpiry": "Unlimited"}}


def install(server: Server) -> None:
    check_person, sync = server.prepare["user"], server.wrote["user"]

    def prepare(server: Server, doc: Doc, parent: Entity | None, stored: Entity | None) -> None:
        check_person(server, doc, parent, stored)
        check_mechanism(doc, stored)

    def wrote(server: Server, entity: Entity) -> None:
        sync(server, entity)
        if entity.doc.get("isBot") and "token" not in entity.aside:
            give_token(server, entity, entity.doc["authenticationMechanism"]["config"]["JWTTokenExpiry"])

    server.prepare |= {"user": prepare, "bot": bot}
    server.wrote["user"] = wrote
    add = server.router.add
    add("GET", "v1/users/token/{id}", read)
    add("PUT", "v1/users/generateToken/{id}", generate)
    add("PUT", "v1/users/revokeToken", revoke)


def check_mechanism(doc: Doc, stored: Entity | None) -> None:
    """A bot's user has one; a stored one stays, so its token does as well."""
    if not doc.get("isBot"):
        return
    if stored is not None and stored.doc.get("authenticationMechanism"):
        doc["authenticationMechanism"] = stored.doc["authenticationMechanism"]
    mechanism = doc.get("authenticationMechanism")
    if not isinstance(mechanism, dict) or mechanism.get("authType") != "JWT":
        raise BadRequest("Bot user must have a JWT authentication mechanism")
    check_expiry((mechanism.get("config") or {}).get("JWTTokenExpiry"))


def check_expiry(value: Any) -> str:
    if not isinstance(value, str) or value not in LIFETIMES:
        raise BadRequest(f"Cannot construct instance of JWTTokenExpiry, problem: {value}")
    return value


def bot(server: Server, doc: Doc, parent: Entity | None, stored: Entity | None) -> None:
    refs = doc.get("botUser")
    found = server.store.by_id.get(refs[0]["id"]) if refs else None
    if found is not None and not found.doc.get("isBot"):
        raise BadRequest(f"User {found.name} is not a bot user")
    for one in server.store.of_kind["bot"].values():
        if one is not stored and one.doc.get("botUser") == refs:
            raise BadRequest(f"Bot user {found.name if found else ''} is already used by bot {one.name}")


# --- tokens ---


def give_token(server: Server, user: Entity, expiry: str) -> None:
    lifetime = LIFETIMES[expiry]
    until = None if lifetime is None else server.now() + int(lifetime * 1000)
    user.aside = {
        **user.aside,
        "token": server.tokens.make(user.name, lifetime, BOT),
        "expiry": {"JWTTokenExpiry": expiry, "JWTTokenExpiresAt": until},
    }


def shown(user: Entity) -> Doc:
    return {"JWTToken": user.aside.get("token", ""), **user.aside.get("expiry", {})}


def user_of(call: Call, entity_id: str) -> Entity:
    """The user, for administrators."""
    if not call.caller.is_admin:
        raise Forbidden(f"Principal: CatalogPrincipal{{name='{call.caller.name}'}} is not admin")
    found = call.server.store.get("user", entity_id)
    if found is None or found.deleted:
        raise not_found("user", entity_id)
    if not found.doc.get("isBot"):
        raise BadRequest("Generating JWT token is only supported for bot users")
    return found


def read(call: Call) -> Answer:
    return Answer(shown(user_of(call, call.params["id"])))


def generate(call: Call) -> Answer:
    user = user_of(call, call.params["id"])
    body = call.json()
    give_token(call.server, user, check_expiry(body.get("JWTTokenExpiry") if isinstance(body, dict) else None))
    return Answer(shown(user))


def revoke(call: Call) -> Answer:
    """The token is dead at once, and forgotten."""
    body = call.json()
    if not isinstance(body, dict) or not isinstance(body.get("id"), str):
        raise BadRequest("[id must not be null]")
    user = user_of(call, body["id"])
    user.aside = {**user.aside, "token": ""}
    call.server.tokens.forget(user.name)
    return Answer(shown(user))
