"""What a JWT says about itself, read without verifying it (RFC 7519): when it was made and until when it is valid."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime, timezone
from functools import cached_property
from typing import Any

import msgspec

from connectors.http import http_date
from connectors.om_errors import NotAuthenticated

SKEW_SECONDS = 120.0
"""Clocks that differ by more than this are worth a word."""
NEW_TOKEN_SECONDS = 180.0
"""1.2 refuses a new token of an existing bot for about 2 minutes (reference, "A least-privilege bot")."""


class Token:
    """A bearer token; never shown, ``repr`` says nothing."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return "Token(…)"

    @property
    def header(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._text}"}

    @cached_property
    def claims(self) -> dict[str, Any]:
        """The payload; {} when this is no JWT."""
        parts = self._text.split(".")
        if len(parts) != 3:
            return {}
        try:
            payload: Any = msgspec.json.decode(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        except (ValueError, msgspec.DecodeError):
            return {}
        return payload if isinstance(payload, dict) else {}

    @property
    def expires(self) -> float | None:
        """Unix time; None = never, or not known."""
        return _number(self.claims.get("exp"))

    @property
    def issued(self) -> float | None:
        return _number(self.claims.get("iat"))

    def explain(self, error: NotAuthenticated, headers: Mapping[str, str], now: float) -> NotAuthenticated:
        """The refusal with what the token's own dates and the server's clock say about it, in one sentence."""
        server = http_date(headers.get("Date", "")) or now
        what, hint = self._reason(error.reason, server, now)
        if what is None:
            return error
        better = NotAuthenticated(what, hint=hint, place=error.failure.place, status=error.status)
        better.reason = error.reason if not self._expired(server) else "expired"
        return better

    def _expired(self, moment: float) -> bool:
        return self.expires is not None and self.expires <= moment

    def _reason(self, said: str, server: float, now: float) -> tuple[str | None, str | None]:
        if not self.claims:
            return "the token is no JWT", "copy the whole token of the bot: three parts joined by dots"
        if self._expired(server) and not self._expired(now):
            what = f"the server's clock is {_span(server - now)} ahead of this one, past the token's end"
            return what, "set both clocks by the same time server"
        if self._expired(server):
            return f"the token expired on {_day(self.expires)}", "make a new token for the bot"
        if said == "expired" and self.expires is not None:
            # A proxy may write the Date header: the refusal itself is the better witness.
            what = f"the server takes the token as expired, but it is valid until {_day(self.expires)}"
            return what, "the server's clock is ahead: set both clocks by the same time server"
        if self.issued is not None and self.issued > server + SKEW_SECONDS:
            what = f"the server's clock is {_span(self.issued - server)} behind the one that made the token"
            return what, "set both clocks by the same time server"
        if self.issued is not None and server - self.issued < NEW_TOKEN_SECONDS:
            hint = (
                "a 1.2 server takes a bot's new token only after 2 minutes, or at once if the old one is revoked first"
            )
            return "the server refuses the token, which is new", hint
        return None, None


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _day(moment: float | None) -> str:
    return datetime.fromtimestamp(moment or 0.0, timezone.utc).strftime("%Y-%m-%d %H:%M UTC")


def _span(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"
