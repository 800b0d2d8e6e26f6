"""Open connections by the client's address, so that a fault can close one without an answer."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.h11_impl import H11Protocol

Address = tuple[str, int]
OPEN: dict[Address, asyncio.Transport] = {}


class Protocol(H11Protocol):
    """uvicorn's protocol, which ASGI gives no way to close."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        if self.client is not None:
            OPEN[self.client] = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.client is not None:
            OPEN.pop(self.client, None)
        super().connection_lost(exc)


def cut(client: Address) -> None:
    """Close a connection at once; the client sees a reset."""
    OPEN[client].abort()
