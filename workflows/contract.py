"""What a harvest takes from a connector: only what keeps the contract of `connectors.base`, whoever wrote it.

Connectors come from anywhere. Here is checked what would harm the store or the catalogue: types, names, numbering,
another system's assets, and the marks and globs that keep an asset out of the catalogue (a connector should honour
them; the catalogue does not depend on it). What is wrong is a `ConnectorFault`, told as the connector's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal, TypeVar

import msgspec

from connectors.base import Connector, ConnectorError, Sample, SystemConfig, is_quarantined, matches
from connectors.model import Asset, Failure, Listing
from workflows.errors import WorkflowError, unforeseen

_Struct = TypeVar("_Struct", Asset, Listing)


class ConnectorFault(ConnectorError):
    """The connector itself is wrong, not its source."""

    def __init__(self, what: str, connector: str, place: str | None = None) -> None:
        hint = f"this is a fault of the connector {connector}: please report it to who wrote it"
        super().__init__(what, hint=hint, place=place)


@contextmanager
def blamed(connector: str, place: str | None = None) -> Iterator[None]:
    """Whatever a connector's code raises besides its own errors, ``sys.exit`` too, is a `ConnectorFault`.

    Its text is left out: it may quote a value. Files that cannot be read (``OSError``) are no fault.
    """
    try:
        yield
    except (ConnectorError, WorkflowError, OSError, KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as exc:
        raise ConnectorFault(unforeseen(exc), connector, place) from exc


@contextmanager
def opened(opener: Callable[[SystemConfig], Connector], config: SystemConfig) -> Iterator[Connector]:
    """A connector as its own context manager."""
    with blamed(config.connector):
        source = opener(config).__enter__()
    try:
        yield source
    finally:
        with blamed(config.connector):
            source.__exit__(None, None, None)


def os_failure(exc: OSError) -> Failure:
    """A file or a connection that cannot be read; the library's own text may quote what is in it."""
    return Failure(what=f"{type(exc).__name__}: {exc.strerror or 'could not be read'}")


def checked_asset(given: object, config: SystemConfig) -> Asset:
    """What ``assets()`` yields. Raises `ConnectorFault`, whose place is the asset's name where it has one."""
    asset = _typed(given, Asset, config.connector)
    place = asset.qualified_name
    wrong = _broken_promise(asset, config)
    if wrong:
        raise ConnectorFault(wrong, config.connector, place or None)
    return asset


def _broken_promise(asset: Asset, config: SystemConfig) -> str | None:
    if (asset.department, asset.system) != (config.department, config.id):
        return "the connector yields an asset of another system"
    if not asset.name:
        return "the connector yields an asset without a name"
    names = [column.name for column in asset.columns]
    if not all(names):
        return "the connector yields a column without a name"
    if len(set(names)) < len(names):
        return "the connector yields two columns of one name"
    if [column.ordinal for column in asset.columns] != list(range(1, len(names) + 1)):
        return "the connector yields columns that are not numbered 1, 2, 3, …"
    return None


def _typed(given: object, wanted: type[_Struct], connector: str) -> _Struct:
    """The same with the types that its fields declare; a struct itself does not look at them."""
    if not isinstance(given, wanted):
        what = f"the connector yields {type(given).__name__} where {wanted.__name__} is expected"
        raise ConnectorFault(what, connector)
    try:
        return msgspec.convert(msgspec.to_builtins(given), wanted)
    except (msgspec.ValidationError, TypeError, ValueError, RecursionError) as exc:
        # The text tells the wrong type and where it stands; of a wrong word it would quote the word.
        _, _, where = str(exc).rpartition(" - at ")
        field = where.strip("`$.") if isinstance(exc, msgspec.ValidationError) else ""
        what = f"the connector yields {wanted.__name__} with a wrong type" + (f" in {field}" if field else "")
        raise ConnectorFault(what, connector) from None


def checked_listing(given: object, connector: str) -> Listing:
    return _typed(given, Listing, connector)


def allowed_listing(listing: Listing, config: SystemConfig) -> Listing:
    """The listing without names that bear a secrecy mark or that the operator restricts: they are counted only."""
    secret = {name for name in listing.names if is_quarantined(name)}
    restricted = {name for name in listing.names if is_restricted(name, config)} - secret
    return msgspec.structs.replace(
        listing,
        names=tuple(name for name in listing.names if name not in secret and name not in restricted),
        quarantined=listing.quarantined + len(secret),
        excluded=listing.excluded + len(restricted),
    )


def checked_failures(given: object, connector: str) -> Iterator[Failure]:
    """``failures`` of a connector; what is none is told as its fault, once."""
    found = list(given) if isinstance(given, (list, tuple)) else [given]
    faults = 0
    for one in found:
        texts = (one.what, one.place or "", one.hint or "") if isinstance(one, Failure) else (None,)
        if isinstance(one, Failure) and all(isinstance(text, str) for text in texts):
            yield one
        else:
            faults += 1
    if faults:
        yield ConnectorFault(f"{faults} of the failures that the connector tells are none", connector).failure


def checked_texts(given: object) -> list[str]:
    """``notices`` of a connector; what is no text is left out."""
    return [one for one in given if isinstance(one, str)] if isinstance(given, (list, tuple)) else []


def checked_sample(given: object, rows: int, connector: str) -> Sample:
    """Column → at most ``rows`` values. Raises `ConnectorFault`."""
    if not isinstance(given, Mapping):
        raise ConnectorFault(f"the connector samples {type(given).__name__} where a mapping is expected", connector)
    found: dict[str, list[Any]] = {}
    for name, values in given.items():
        if not isinstance(name, str) or not isinstance(values, Sequence) or isinstance(values, (str, bytes)):
            raise ConnectorFault("the connector samples something that is no column of values", connector)
        found[name] = list(values[:rows])
    return found


def hidden(asset: Asset, config: SystemConfig) -> Literal["quarantined", "excluded", ""]:
    """Why an asset must not be catalogued, whatever its connector thinks: a secrecy mark, or the operator's globs."""
    if is_quarantined(asset.qualified_name, asset.comment):
        return "quarantined"
    place = f"{asset.schema}.{asset.name}" if asset.schema else asset.name
    if is_restricted(asset.qualified_name, config) or matches(place, config.exclude, asset.name):
        return "excluded"
    return ""


def is_restricted(qualified: str, config: SystemConfig) -> bool:
    """Whether a restricted glob covers ``[database.]schema.table``; globs are written without the database."""
    return matches(qualified, config.restricted) or matches(qualified.partition(".")[2], config.restricted)
