"""Rejected tags → exceptions of the tags' native recognizers, so that the platform's own classification forgets them.

Source: RecognizerException of the 2.0.6 models (``metadata.generated.schema.type.recognizer``): an entity link that
the recognizer leaves alone, with a reason and a time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime

from connectors.om_client import OpenMetadata
from connectors.om_errors import Refused, ServerError
from connectors.om_patch import Operation
from workflows.publish.history import NESTED
from workflows.publish.model import AssetKind, Entity
from workflows.publish.rulings import Rejection

# EntityLink of the 2.0.6 models: no part may hold these.
_UNLINKABLE = re.compile(r"[<>|]|::")
_FIELDS: dict[AssetKind, tuple[str, str]] = {
    "table": ("table", "columns"),
    "endpoint": ("apiEndpoint", "responseSchema"),
}


def entity_link(kind: AssetKind, fqn: str, path: str) -> str | None:
    """The column as recognizers name it; None for names that no link can hold.

    >>> entity_link("table", "svc.db.sc.t", "手机号")
    '<#E::table::svc.db.sc.t::columns::手机号>'
    """
    entity, field = _FIELDS[kind]
    column = path.replace(NESTED, ".")
    return None if _UNLINKABLE.search(fqn + column) else f"<#E::{entity}::{fqn}::{field}::{column}>"


def except_from(client: OpenMetadata, kind: AssetKind, fqn: str, rejections: Iterable[Rejection]) -> Iterator[str]:
    """Write the exceptions that are not there yet; yields a notice for each tag that could not be changed."""
    for rejection in rejections:
        link = entity_link(kind, fqn, rejection.path)
        if link is None:
            continue
        try:
            tag = _tag(client, rejection.tag)
            ops = list(exception_ops(tag, rejection, link)) if tag else []
            if tag and ops:
                client.patch("tag", tag["id"], ops, tag["version"])
        except ServerError as exc:
            yield f"{rejection.tag}: the rejection of {fqn}.{rejection.path} is no exception of its recognizers: {exc}"


def _tag(client: OpenMetadata, fqn: str) -> Entity | None:
    """The tag with its recognizers, which some servers show only when asked and others cannot be asked for."""
    try:
        return client.get("tag", fqn, ["recognizers"])
    except Refused:
        return client.get("tag", fqn)


def exception_ops(tag: Entity, rejection: Rejection, link: str) -> Iterator[Operation]:
    """For the tag's recognizers of that data element, or all of them when it is not known what the column holds."""
    moment = round(datetime.fromisoformat(rejection.at).timestamp() * 1000)
    value = {"entityLink": link, "reason": rejection.reason, "addedAt": moment}
    for at, recognizer in enumerate(tag.get("recognizers") or []):
        known = recognizer.get("exceptionList")
        ours = rejection.element is None or recognizer["name"].startswith(f"{rejection.element}-")
        if ours and not any(one["entityLink"] == link for one in known or []):
            path = f"/recognizers/{at}/exceptionList"
            yield {
                "op": "add",
                "path": path if known is None else f"{path}/-",
                "value": [value] if known is None else value,
            }
