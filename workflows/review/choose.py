"""One decision over many columns: which columns, which labels, and what would become of each, before it does."""

from __future__ import annotations

import fnmatch
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import msgspec

from classifiers.evidence import TIERS, Dimension
from workflows.acts.model import Actor
from workflows.acts.rights import Rights
from workflows.acts.text import one_line_text
from workflows.acts.trail import Trail
from workflows.errors import InputError
from workflows.explain import find
from workflows.outputs.words import STATES, UNDETERMINED
from workflows.review.desk import Desk, Ruled, Seen, Wish
from workflows.review.items import Item, fingerprint, items, items_of
from workflows.review.sheets import Choices
from workflows.ruling import SUGGESTED
from workflows.store import Store

if TYPE_CHECKING:
    from classifiers.policy import Pack

KEYS = ("department", "system", "table", "column", "element", "tier", "state")


class Setting(msgspec.Struct, frozen=True):
    """What is to be decided; a value None = the proposal is refused."""

    values: Mapping[Dimension, str | None]
    reason: str
    basis: tuple[str, ...] = ()


def setting(choices: Choices, sets: Iterable[str], rejects: Iterable[str], why: str, basis: Iterable[str]) -> Setting:
    """``sets``: ``tier=L3`` (several in one text are parted by spaces). Raises `InputError`."""
    values: dict[Dimension, str | None] = {}
    for name, text in _pairs(sets, "--set", SUGGESTED):
        dimension = cast(Dimension, name)
        if dimension in values:
            raise InputError(f"--set {name}={text}: --set gives {name} a value already")
        values[dimension] = choices.key(dimension, text)
        if values[dimension] is None:
            names = choices.names(dimension)
            known = ", ".join(names) if len(names) <= 10 else "a key such as person.mobile, or its Chinese name"
            raise InputError(f"--set {name}={text}: no such value ({known})")
    rejects_given = tuple(dict.fromkeys(rejects))
    for name in rejects_given:
        if name in values:
            raise InputError(f"--reject {name}: --set gives it a value")
        values[cast(Dimension, name)] = None
    if not values:
        raise InputError("nothing to decide (give --set tier=L3 …, or --reject DIMENSION)")
    one_line_text("--why", why)
    if why and not why.strip():
        raise InputError("--why holds no visible character: write the reason, or leave --why out")
    if rejects_given and not why.strip():
        raise InputError("--reject needs --why: whoever rules next has to know what was wrong")
    cited = {one: key for text in basis for one, key in [*choices.cited(text)] or [(text, None)]}
    if unknown := [text for text, key in cited.items() if key is None]:
        raise InputError(f"--basis {unknown[0]}: no such citation (see `pdc pack show`)")
    return Setting(values, why.strip(), tuple(key for key in cited.values() if key))


def _pairs(texts: Iterable[str], option: str, known: Sequence[str]) -> Iterator[tuple[str, str]]:
    for text in texts:
        try:
            words = shlex.split(text)
        except ValueError as error:
            raise InputError(f"{option} {text!r}: {error}") from error
        for word in words:
            name, equals, value = word.partition("=")
            if not equals or not value or name not in known:
                raise InputError(f"{option} {word}: write KEY=VALUE with one of {', '.join(known)}")
            yield name, value


def where(store: Store, choices: Choices, texts: Iterable[str]) -> list[Item]:
    """The catalogue items that fit every ``key=glob``; case is ignored. Raises `InputError`."""
    wanted = [(name, value.casefold()) for name, value in _pairs(texts, "--where", KEYS)]
    if not wanted:
        raise InputError(f"--where is empty: write KEY=VALUE with one of {', '.join(KEYS)}")
    judgeable = store.judgeable()
    departments = {one.department for one in judgeable}
    _check_known(wanted, departments, {one.key.split("/", 2)[1] for one in judgeable}, choices)
    globs = [value for name, value in wanted if name == "department"]
    fitting = [one for one in sorted(departments) if all(fnmatch.fnmatchcase(one.casefold(), glob) for glob in globs)]
    found = items(store, fitting) if fitting else ()
    return [item for item in found if _fits(item, wanted, choices.pack)]


def _check_known(
    wanted: Iterable[tuple[str, str]], departments: Iterable[str], systems: Iterable[str], choices: Choices
) -> None:
    """A mistyped value must not look like nothing to do. Raises `InputError`."""
    tiers = (*TIERS, UNDETERMINED)
    known: Mapping[str, tuple[Iterable[str], Iterable[str]]] = {
        "department": (departments, ()),
        "system": (systems, ()),
        "tier": (tiers, (choices.pack.display("tier", one) for one in tiers)),
        "state": (STATES, STATES.values()),
    }
    for name, glob in wanted:
        if name in known:
            keys, names = known[name]
            if not any(fnmatch.fnmatchcase(own.casefold(), glob) for own in (*keys, *names)):
                raise InputError(f"--where {name}={glob}: no {name} of labelled items fits ({', '.join(sorted(keys))})")


def _fits(item: Item, wanted: Sequence[tuple[str, str]], pack: Pack) -> bool:
    return all(
        any(fnmatch.fnmatchcase(own.casefold(), glob) for own in _said(item, name, pack)) for name, glob in wanted
    )


def _said(item: Item, name: str, pack: Pack) -> Sequence[str]:
    """What an item says under a key of `KEYS`: keys and names."""
    asset = item.stored.asset
    if name == "table":
        return asset.name, asset.qualified_name
    if name == "element":
        element = item.marks["element"].now or item.verdict.element or ""
        return element, pack.display("element", element)
    if name == "tier":
        return item.tier, pack.display("tier", item.tier)
    if name == "state":
        return item.state, STATES[item.state]
    own = {"department": asset.department, "system": asset.system, "column": item.column.name}
    return (own[name],)


def wishes_of(found: Iterable[Item], wanted: Setting) -> list[list[Wish]]:
    """One list per column; each wish remembers what was seen."""
    return [
        [
            Wish(
                item.stored.asset.key,
                dimension,
                value,
                item.column.name,
                wanted.reason,
                wanted.basis,
                Seen(item.marks[dimension].value, item.marks[dimension].ruled, fingerprint(item.column)),
            )
            for dimension, value in wanted.values.items()
        ]
        for item in found
    ]


def wishes_for(store: Store, text: str, wanted: Setting) -> list[list[Wish]]:
    """Of one ``ASSET`` or ``ASSET.COLUMN``. Raises `InputError`."""
    stored, column = find(store, text)
    if column is not None:
        own = [item for item in items_of(stored, store.decisions(stored.asset.key)) if item.column.name == column]
        if own:
            return wishes_of(own, wanted)
    key = stored.asset.key
    if "element" in wanted.values:
        raise InputError(f"{key} is no single column: only columns have data elements")
    values = wanted.values.items()
    return [[Wish(key, name, value, column, wanted.reason, wanted.basis) for name, value in values]]


@dataclass(frozen=True)
class Decider:
    """Judges and writes wishes for one actor."""

    trail: Trail
    pack: Pack
    actor: Actor
    rights: Rights

    def preview(self, wishes: Sequence[Sequence[Wish]]) -> list[Ruled]:
        return self._judged(wishes, self.trail.clock().isoformat(timespec="seconds"))[1]

    def decide(self, wishes: Sequence[Sequence[Wish]]) -> list[Ruled]:
        """All that counts in one transaction; what somebody changed since it was looked at is a conflict."""
        with self.trail.acting(self.actor, pack=self.pack.ident) as acting:
            desk, found = self._judged(wishes, acting.at)
            desk.write(acting)
        return found

    def _judged(self, wishes: Sequence[Sequence[Wish]], at: str) -> tuple[Desk, list[Ruled]]:
        desk = Desk(self.trail.store, self.pack, self.actor, at, self.rights, since="预览")
        desk.load(wish.asset for row in wishes for wish in row)
        return desk, [one for row in wishes for one in desk.judge(row)]
