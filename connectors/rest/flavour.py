"""What a kind of catalogue is, and what the kinds share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, TypeVar

import msgspec

from connectors.base import ConfigurationError, SystemConfig
from connectors.model import Asset, Column, Failure
from connectors.rest.cycles import cycle_of
from connectors.rest.pages import Api
from connectors.text import one_line
from connectors.types import normalise

T = TypeVar("T")
LONGEST_NAME, LONGEST_COMMENT, LONGEST_TYPE = 256, 2_000, 200
MAX_COLUMNS = 5_000
_TRUE, _FALSE = ("true", "1", "是", "y", "yes", "可空", "可为空"), ("false", "0", "否", "n", "no", "不可空", "不可为空")


class Entry(NamedTuple):
    """An asset as the list tells it, and what is needed to ask for the rest."""

    asset: Asset
    detail: Any = None
    changed: str = ""
    """When the catalogue says that anything about the entry last changed, ISO 8601; "" where it does not say."""


class Flavour(ABC):
    """One kind of catalogue."""

    def __init__(self, config: SystemConfig, api: Api) -> None:
        self.config, self.api = config, api
        self.failures: list[Failure] = []

    @abstractmethod
    def probe(self) -> None:
        """Ask for the beginning of the list. Raises a ``ConnectorError``."""

    @abstractmethod
    def entries(self) -> Iterator[Entry]:
        """The whole list. Raises a ``ConnectorError``, perhaps half-way."""

    @abstractmethod
    def complete(self, entry: Entry) -> Asset:
        """The entry with its columns. Raises a ``ConnectorError`` when it cannot be read."""

    def fail(self, what: str, place: str, hint: str) -> None:
        self.failures.append(Failure(what, one_line(place)[:300], hint))

    def asset(self, name: str, title: str, description: str, cycle: str | None = None, **more: Any) -> Asset:
        return Asset(
            department=self.config.department,
            system=self.config.id,
            name=name[:LONGEST_NAME],
            comment=_comment(title, description),
            origin=self.config.origin,  # type: ignore[arg-type]
            update_cycle=cycle_of(cycle) or self.config.update_cycle,
            **more,
        )


class Item(NamedTuple):
    """One information item as a catalogue tells it."""

    name: str
    type: str = ""
    comment: str = ""
    nullable: bool | None = None
    length: str = ""


def columns_of(items: Iterable[Item]) -> tuple[Column, ...]:
    """Columns in order, each name once (the first counts); a Chinese name stands for a missing one."""
    made: dict[str, Column] = {}
    for item in items:
        name = (item.name or item.comment)[:LONGEST_NAME]
        if not name or name in made or len(made) >= MAX_COLUMNS:
            continue
        native = item.type[:LONGEST_TYPE]
        if native and "(" not in native and item.length.isdecimal():
            native += f"({item.length[:9]})"
        kind = normalise(native)
        made[name] = Column(
            name=name,
            ordinal=len(made) + 1,
            type=native,
            data_type=kind.data_type,
            length=kind.length,
            precision=kind.precision,
            scale=kind.scale,
            nullable=item.nullable,
            comment=item.comment[:LONGEST_COMMENT] or None,
        )
    return tuple(made.values())


def text(value: object) -> str:
    """A scalar as text on one line; "" for anything else."""
    return one_line(str(value)) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else ""


def truth(value: object) -> bool | None:
    word = str(value).strip().lower()
    return True if word in _TRUE else False if word in _FALSE else None


def converted(value: object, kind: Any, key: str) -> Any:
    """An option as what it should be; ``ConfigurationError`` says what is wrong and never shows the value."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        what, _, at = str(error).partition(" - at `$")
        raise ConfigurationError(f"{key}{at.rstrip('`')}: {what}", hint="see docs/connectors.md, rest") from None


def _comment(title: str, description: str) -> str | None:
    """The title, which ends where the description begins."""
    if title and description and title not in description:
        return f"{title}：{description}"[:LONGEST_COMMENT]
    return (description or title)[:LONGEST_COMMENT] or None
