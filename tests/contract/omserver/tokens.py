"""JSON web tokens (HS256, this server's own key), and who they belong to (reference: Errors)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import uuid
from collections.abc import Callable
from typing import Any

from .access import Principal, principal_of
from .errors import Unauthorized
from .names import join
from .store import Entity, Store

#: Not a secret: it only has to be the same after a restart.
KEY = b"contract-server-of-tests"
#: Sort of the tokens that the API gives to bots; the test's own have none.
BOT = "BOT"


def encode(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def decode(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def sign(text: str) -> str:
    return encode(hmac.new(KEY, text.encode(), hashlib.sha256).digest())


class Tokens:
    """Makes and checks tokens. `revoked` holds token ids (``jti``); `clock` gives seconds since 1970."""

    def __init__(self, store: Store, clock: Callable[[], float], memory: float) -> None:
        self.store = store
        self.clock = clock
        self.revoked: set[str] = set()
        self.memory = memory
        # User → the token id that counts, and when it was looked up.
        self.remembered: dict[str, tuple[str, float]] = {}

    def make(self, user: str, lifetime: float | None = None, sort: str = "") -> str:
        """A token of a user (login name) for `lifetime` seconds, negative for one that has expired; None never does."""
        claims: dict[str, Any] = {"sub": user, "iat": int(self.clock()), "jti": uuid.uuid4().hex}
        if sort:
            claims["tokenType"] = sort
        if lifetime is not None:
            claims["exp"] = int(self.clock() + lifetime)
        head = encode(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())
        text = f"{head}.{encode(json.dumps(claims).encode())}"
        return f"{text}.{sign(text)}"

    def claims(self, token: str) -> dict[str, Any]:
        text, _, signature = token.rpartition(".")
        try:
            if not hmac.compare_digest(signature.encode(), sign(text).encode()):
                raise ValueError("signature")
            claims: dict[str, Any] = json.loads(decode(text.partition(".")[2]))
        except ValueError:
            raise Unauthorized("Not Authorized! Invalid token") from None
        return claims

    def principal(self, header: str | None) -> Principal:
        """The caller that an ``Authorization`` header names."""
        if not header or not header.lower().startswith("bearer "):
            raise Unauthorized("Not Authorized! Token not present")
        claims = self.claims(header[7:].strip())
        if "exp" in claims and claims["exp"] <= self.clock():
            raise Unauthorized("Expired token!")
        user = self.store.named("user", join(None, claims["sub"]))
        if claims["jti"] in self.revoked or user is None or user.deleted:
            raise Unauthorized("Not Authorized! Invalid token")
        if claims.get("tokenType") == BOT and claims["jti"] != self.of_bot(user):
            raise Unauthorized("Not Authorized! Invalid token")
        return principal_of(user)

    def of_bot(self, user: Entity) -> str:
        """Id of the token that counts for a bot, as it was when last looked up (`Profile.token_memory`)."""
        known, since = self.remembered.get(user.name, ("", 0.0))
        if known and self.clock() - since < self.memory:
            return known
        token = user.aside.get("token")
        if not token:
            return ""
        found = str(self.claims(token)["jti"])
        self.remembered[user.name] = (found, self.clock())
        return found

    def forget(self, user: str) -> None:
        self.remembered.pop(user, None)
