"""Opening the configured server: one clear sentence and an exit code for whatever is wrong with it.

2: the configuration is wrong (address, token, certificate, version, rights, clocks); 3: it may pass by itself
(unreachable, busy), run again later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from connectors.base import ConfigurationError
from connectors.http import hide_userinfo
from connectors.om_client import OpenMetadata
from connectors.om_errors import NotAllowed, NotFound, ServerBroken, ServerError, ServerRetryError
from workflows.errors import WorkflowError
from workflows.server_settings import ServerSettings

PUBLISHING: Mapping[str, Sequence[str]] = {"table": ("Create",)}
"""Operations without which nothing at all can be published; reference, "A least-privilege bot". A condition is not
enough: everybody may do everything with what is their own, which a table is not before it is there."""


class ServerUnusable(WorkflowError):
    """The configured server cannot be used as it is."""

    exit_code = 2


class ServerUnreachable(WorkflowError):
    """The configured server does not answer, or is too busy; later it may."""

    exit_code = 3


def open_server(settings: ServerSettings, needs: Mapping[str, Sequence[str]] | None = None) -> OpenMetadata:
    """A server that answers, is OpenMetadata 1.2 or newer, and takes our token. ``settings`` with secrets put in.

    ``needs``: kind → operations that the account must have. Raises `ServerUnusable` and `ServerUnreachable`.
    """
    client = _client(settings)
    try:
        account = client.check()
        missing = _missing(client, needs or {}) if not account.get("isAdmin") else ""
    except ServerRetryError as exc:
        client.close()
        raise ServerUnreachable(str(exc)) from exc
    except ServerError as exc:
        client.close()
        raise ServerUnusable(str(exc)) from exc
    if missing:
        client.close()
        hint = "give its role these operations (`pdc bot create` makes an account that has them)"
        raise ServerUnusable(f"{client.host}: the account {account.get('name')} may not {missing} ({hint})")
    return client


def _client(settings: ServerSettings) -> OpenMetadata:
    try:
        return OpenMetadata(
            settings.url,
            settings.token,
            verify=settings.ca_file or True,
            timeout=(min(10.0, settings.timeout), settings.timeout),
            workers=settings.workers,
        )
    except ConfigurationError as exc:
        raise ServerUnusable(f"openmetadata.yaml: url: {exc}") from exc


def _missing(client: OpenMetadata, needs: Mapping[str, Sequence[str]]) -> str:
    """What the account may not do, in words; empty when it may, or when the server does not say."""
    found = []
    for kind, operations in needs.items():
        try:
            granted = client.permissions(kind)
        except (NotAllowed, NotFound, ServerBroken):
            continue
        lacking = [one for one in operations if granted.get(one, "allow") != "allow"]
        found += [f"{', '.join(lacking)} on {kind}"] if lacking else []
    return "; ".join(found)


def server_name(settings: ServerSettings) -> str:
    """The API's address without user, password and trailing parts: what the store and plans call the server."""
    parts = urlsplit(hide_userinfo(settings.url.strip()).rstrip("/"))
    path = parts.path.removesuffix("/v1").removesuffix("/api")
    return parts._replace(path=f"{path}/api", query="", fragment="").geturl()
