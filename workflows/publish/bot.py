"""The account that publishes: a bot with the least rights it needs, and its token in a file that only we may read.

Reference, "A least-privilege bot". The token is never printed, logged or passed as an argument. Before a new token the
old one is revoked: on 1.2 a new one beside an old one is refused for two minutes.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from connectors.om_client import OpenMetadata
from connectors.om_patch import set_field
from workflows.errors import InputError, Refusal
from workflows.publish.connect import PUBLISHING, ServerUnreachable, ServerUnusable, open_server
from workflows.publish.definitions import apply_definitions, plan_definitions
from workflows.publish.model import Entity
from workflows.publish.protect import Protecting
from workflows.publish.protection import role, role_definitions
from workflows.server_settings import ServerSettings

DOMAIN = "open-metadata.org"
"""As the addresses of the server's own bots; reserved domains such as ``.invalid`` are refused by the SDK's models."""
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{1,62}")
"""Logins are kept in lower case, and stand before the @ of an address; in full names a dot would want quotes."""

NO_DELETE = "it may delete nothing; set `removals: {enabled: false}`, or make it with --allow-delete"


class Wish(NamedTuple):
    """What is asked for."""

    name: str
    token_file: Path
    expiry: str = "30"
    """``OneHour``, days (1, 7, 30, 60, 90), ``Unlimited``; servers refuse others."""
    allow_delete: bool = False
    rotate: bool = False


class BotMade(msgspec.Struct, kw_only=True):
    """A bot and where its token is; never the token."""

    name: str
    roles: list[str]
    token_file: str
    expires_at: int | None
    """Milliseconds since 1970; None = never."""
    rotated: bool
    notices: list[str] = []

    def as_json(self) -> dict[str, Any]:
        found: dict[str, Any] = msgspec.to_builtins(self)
        return found


def make_bot(job: Protecting, wish: Wish) -> BotMade:
    """Policy, role, user, bot, token, file, in this order; with ``rotate`` a new token for a bot that is there.

    Raises ``InputError`` for a bad name, ``Refusal`` for what would be overwritten, ``ServerUnusable`` without an
    administrator's token or when the server refuses the role.
    """
    client = job.client
    if not NAME.fullmatch(wish.name):
        raise InputError(f"{wish.name!r} is no name for a bot (2 to 63 of a-z, 0-9, _ -)")
    if not client.whoami().get("isAdmin"):
        raise ServerUnusable(f"{client.host}: only an administrator makes bots (set admin_token in openmetadata.yaml)")
    user = _known(client, wish)
    with token_written(wish.token_file, replace=wish.rotate) as write:
        keys = ("publisher", *(["remover"] if wish.allow_delete else []))
        ids = _roles(job, keys)
        if user is None:
            user = _created(client, wish, ids)
        else:
            _rotated(client, user, wish, ids)
        found = client.request("GET", f"users/token/{user['id']}", doing="read the bot's token", kind="user")
        write(found["JWTToken"])
    return BotMade(
        name=wish.name,
        roles=list(role(*keys)),
        token_file=str(wish.token_file),
        expires_at=found.get("JWTTokenExpiresAt"),
        rotated=wish.rotate,
        notices=[*_tried(job.settings, found["JWTToken"]), *([] if wish.allow_delete else [NO_DELETE])],
    )


def _known(client: OpenMetadata, wish: Wish) -> Entity | None:
    """The bot's user when its token is to be changed; None when there is none yet."""
    user = client.get("user", wish.name, ["roles"], include="all")
    if user is None and wish.rotate:
        raise Refusal(f"{client.host} has no bot {wish.name} (leave out --rotate to make it)")
    if user is None:
        return None
    if not user.get("isBot"):
        raise Refusal(f"{wish.name} is a person's account on {client.host} (choose another name)")
    if user.get("deleted"):
        raise Refusal(f"the bot {wish.name} was deleted on {client.host} (restore it there, or choose another name)")
    if not wish.rotate:
        raise Refusal(f"{client.host} has a bot {wish.name} already (--rotate gives it a new token)")
    return user


def _roles(job: Protecting, keys: tuple[str, ...]) -> list[str]:
    """Ids of the roles, brought to the wanted state before."""
    client, wanted = job.client, list(role_definitions(job.rights, keys))
    changes, facts = plan_definitions(client, wanted, job.ledger.definitions())
    applied = apply_definitions(client, wanted, changes, job.ledger, job.at)
    troubles = [*applied.failures, *(f"{one.kind} {one.fqn}: {one.reason}" for one in facts.conflicts)]
    if troubles:
        hint = "`pdc protect --force` puts it right"
        raise ServerUnusable(f"{client.host}: the bot's role is not as it must be: {troubles[0]} ({hint})")
    found = [client.get("role", name) for name in role(*keys)]
    return [one["id"] for one in found if one is not None]


def _created(client: OpenMetadata, wish: Wish, roles: list[str]) -> Entity:
    mechanism = {"authType": "JWT", "config": {"JWTTokenExpiry": wish.expiry}}
    text = "公共数据目录的发布程序；由 pdc bot create 建立。"
    user: Entity = {
        "name": wish.name,
        "email": f"{wish.name}@{DOMAIN}",
        "displayName": f"公共数据目录发布程序（{wish.name}）",
        "description": text,
        "isBot": True,
        "roles": roles,
        "authenticationMechanism": mechanism,
    }
    made = client.put("user", user)
    client.put("bot", {"name": wish.name, "botUser": wish.name, "description": text})
    return made


def _rotated(client: OpenMetadata, user: Entity, wish: Wish, roles: list[str]) -> None:
    """Roles as wanted, the old token dead, a new one made."""
    if sorted(one["id"] for one in user.get("roles") or []) != sorted(roles):
        value = [{"id": one, "type": "role"} for one in roles]
        client.patch("user", user["id"], set_field("/roles", user.get("roles"), value))
    ident = user["id"]
    client.request("PUT", "users/revokeToken", body={"id": ident}, doing="revoke the old token", kind="user")
    body = {"JWTTokenExpiry": wish.expiry}
    client.request("PUT", f"users/generateToken/{ident}", body=body, doing="make a new token", kind="user")


def _tried(settings: ServerSettings, token: str) -> list[str]:
    """What is wrong when the token is used as publishing uses it."""
    try:
        open_server(settings.model_copy(update={"token": token}), PUBLISHING).close()
    except (ServerUnusable, ServerUnreachable) as exc:
        return [f"the new token does not work yet: {exc}"]
    return []


@contextmanager
def token_written(path: Path, *, replace: bool) -> Iterator[Any]:
    """A function that writes the token; the file appears whole, with mode 0600, or not at all.

    Whether it can be written shows before the server is asked to change anything. ``Refusal`` when the file is there
    and is not to be replaced; ``InputError`` when it cannot be made.
    """
    if path.exists() and not replace:
        raise Refusal(f"{path} is there already (choose another --token-file, or --rotate)")
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as exc:
        told = f"{path}: the token cannot be written here: {exc.strerror} (choose another --token-file)"
        raise InputError(told) from exc
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:

            def write(token: str) -> None:
                file.write(f"{token}\n")
                file.flush()
                os.fsync(file.fileno())
                # Whatever the umask took or a file system gave.
                os.fchmod(file.fileno(), 0o600)
                draft.replace(path)

            yield write
    finally:
        with suppress(FileNotFoundError):
            draft.unlink()
