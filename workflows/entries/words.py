"""The words of a day: what types and tiers are called, how citations read, who the departments are.

Versions and requests hold law-neutral keys and ids. Acts that bring something into force or ask for something name a
`Wording` in ``after["words"]``, so that what a list of that day says never depends on the pack or site.yaml of today.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

from classifiers.policy import Citation, carries
from workflows.acts.acting import Acting
from workflows.acts.model import Act, Kind
from workflows.acts.trail import Trail
from workflows.errors import StoreError

if TYPE_CHECKING:
    from classifiers.policy import Pack
    from workflows.outputs.words import Lexicon

UNDETERMINED = "待判定"
TELLING: tuple[tuple[Kind, str], ...] = (
    *(("entry", "publish"), ("request", "new"), ("request", "confirm"), ("request", "catalogue"), ("list", "issue")),
)
"""Acts that name words."""


class Wording(msgspec.Struct, frozen=True):
    """The words of one pack and one configuration; it says them as `Pack` does."""

    pack: str
    """Pack id and version."""
    title: str
    names: dict[str, dict[str, str]]
    """Dimension → key → what readers see."""
    citations: dict[str, Citation]
    ranks: dict[str, tuple[str, ...]]
    """Share type → ranks of which a citation must have one."""
    catalogue: str = ""
    """What the site is called, such as 普陀区公共数据资源目录."""
    departments: dict[str, str] = {}
    """Department id → name."""

    @property
    def ident(self) -> str:
        return self.pack

    def display(self, dimension: str, key: str) -> str:
        return self.names.get(dimension, {}).get(key, UNDETERMINED if key == "undetermined" else key)

    def cite(self, key: str) -> Citation:
        """Raises ``KeyError`` for a citation that the pack did not have."""
        return self.citations[key]

    def sufficient(self, value: str, basis: Sequence[str]) -> bool:
        """Whether a share type could rest on these citations then (Art. 22)."""
        return carries(value, self.ranks.get(value), [self.citations.get(key) for key in basis])


class Recalled:
    """The words of now, and for what those do not know the words of earlier days, in their order."""

    def __init__(self, now: Lexicon, *then: Lexicon | None) -> None:
        self._all = (now, *filter(None, then))

    @property
    def departments(self) -> dict[str, str]:
        """Department id → the latest name that the earlier days know."""
        return {
            ident: name
            for one in reversed(self._all)
            if isinstance(one, Wording)
            for ident, name in one.departments.items()
        }

    def display(self, dimension: str, key: str) -> str:
        found = (said for one in self._all if (said := one.display(dimension, key)) != key)
        return next(found, key)

    def cite(self, key: str) -> Citation:
        """Raises ``KeyError`` for a citation that none of them knew."""
        for one in self._all:
            with suppress(KeyError):
                return one.cite(key)
        raise KeyError(key)

    def sufficient(self, value: str, basis: Sequence[str]) -> bool:
        """By the pack of now: whether something may be decided so today."""
        return self._all[0].sufficient(value, basis)


def recalled(now: Lexicon, kept: Callable[[str], bytes | None], *digests: str) -> Recalled:
    """`Recalled` with the words that acts name; ``kept`` gives a document by its SHA-256, None where it is lost."""
    bodies = (kept(one) for one in digests if one)
    return Recalled(now, *(msgspec.json.decode(body, type=Wording) for body in bodies if body))


def wording(pack: Pack, catalogue: str = "", departments: Mapping[str, str] | None = None) -> Wording:
    """The words of now."""
    return Wording(
        pack.ident,
        pack.title,
        {**pack.body.display, "element": {key: element.zh for key, element in pack.elements.items()}},
        {citation.key: citation for citation in pack.citations()},
        dict(pack.body.sufficient_ranks),
        catalogue,
        dict(departments or {}),
    )


def keep_words(acting: Acting, pack: Pack, catalogue: str = "", departments: Mapping[str, str] | None = None) -> str:
    """Keep the words of now for an act to name; the same words are kept once."""
    return acting.keep(wording(pack, catalogue, departments))


class Wordings:
    """The words that acts of one trail name, each read once."""

    def __init__(self, trail: Trail) -> None:
        self.trail = trail
        self._read: dict[str, Wording] = {}

    def read(self, digest: str) -> Wording:
        """Raises `StoreError` when the store has lost them."""
        if digest not in self._read:
            body = self.trail.document(digest)
            if body is None:
                raise StoreError(
                    f"the words {digest[:12]}… that acts name are gone from the store; "
                    "run `pdc audit verify` for what else is, and restore the store from its copy"
                )
            self._read[digest] = msgspec.json.decode(body, type=Wording)
        return self._read[digest]

    def standing(self, until: str) -> Wording | None:
        """What the site and its departments were called at the end of a day: what the last act told them by.

        None when no act has until then.
        """
        told = {act.number: words for act in self._acts(until) if (words := act.named("words"))}
        found = (self.read(told[number]) for number in sorted(told, reverse=True))
        return next((one for one in found if one.catalogue), None)

    def _acts(self, until: str) -> Iterator[Act]:
        for kind, verb in TELLING:
            yield from self.trail.acts(kind, until=until, verb=verb)
