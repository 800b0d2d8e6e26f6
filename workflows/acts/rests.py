"""What acts rest on besides the chain: documents that they name, rulings that they made, codes that they published.

All three are tables of their own. Whoever changes those and leaves the chain alone shows here.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Generator, Iterator
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import select

from classifiers.evidence import Decision
from workflows import store_schema as schema
from workflows.acts import adopted
from workflows.acts.model import Act
from workflows.entries.codes import resource_code
from workflows.store import Store, digest

NAMES_BY_KIND = {
    "entry": ("version", "words"),
    "list": ("version", "words"),
    "request": ("text", "words"),
    "import": ("export",),
}
"""Where an act's ``after`` names documents that were kept."""
ON_QUESTIONS = ("ask", "accept", "refuse")
"""Acts on labels that are no rulings: questions, and what became of them."""
NOT_KEPT = ("change", "settle")
"""Acts of the program on entries: their ``version`` is what a harvest looked like, which nobody answers for yet."""

_SHA256 = re.compile(r"[0-9a-f]{64}")
_FIELDS = Decision.__struct_fields__

Place = tuple[str, "str | None", str]
"""Asset, column, dimension."""


class Fault(msgspec.Struct, frozen=True):
    number: int
    """Place in the chain, or line of the head file; 0 = in another table."""
    what: str


class _Row(NamedTuple):
    place: Place
    key: str
    adopted: str
    """Its key if the trail began with it."""


class Rests:
    """Told act by act what the chain says; then it is compared with the tables."""

    def __init__(self) -> None:
        self.before_trail = 0
        """Rulings from before the store had a trail: no act made them, the first act says which they are."""
        self._adopted = ""
        """The document that lists them."""
        self._documents: list[tuple[int, str]] = []
        self._published: list[tuple[int, str, str]] = []
        self._rulings: dict[Place, dict[int, str]] = {}
        self._odd: list[Fault] = []

    def note(self, act: Act) -> None:
        after = _decoded(act.after)
        if act.kind == "decision":
            if act.verb == adopted.VERB:
                self._note_adopted(act, after)
            elif act.verb not in ON_QUESTIONS:
                self._note_ruling(act, after)
            return
        if act.verb in NOT_KEPT:
            return
        for key in NAMES_BY_KIND.get(act.kind, ()):
            named = after.get(key)
            if isinstance(named, str) and _SHA256.fullmatch(named):
                self._documents.append((act.number, named))
                if act.kind == "entry" and act.verb == "publish" and key == "version":
                    self._published.append((act.number, act.subject, named))

    def _note_adopted(self, act: Act, after: dict[str, Any]) -> None:
        named = after.get("version")
        if act.number != adopted.FIRST or not isinstance(named, str):
            self._odd.append(Fault(act.number, "it takes over rulings, which only the first act of a trail may"))
            return
        self._adopted = named
        self._documents.append((act.number, named))

    def _note_ruling(self, act: Act, after: dict[str, Any]) -> None:
        try:
            made = msgspec.convert(
                {**after, "asset": act.subject, "who": act.name or act.who, "reason": act.why}, Decision
            )
        except msgspec.ValidationError:
            # Its hash has told already that it was changed.
            return
        place = (made.asset, made.column, made.dimension)
        self._rulings.setdefault(place, {})[act.number] = _key(msgspec.structs.asdict(made))

    def missing_documents(self, present: set[str]) -> Iterator[Fault]:
        told: set[str] = set()
        for number, named in self._documents:
            if named not in present and named not in told:
                told.add(named)
                yield Fault(number, f"the document {named[:12]}… that it names is gone")

    def wrong_codes(self, store: Store) -> Iterator[Fault]:
        """Codes are given for ever; published entries say which."""
        owners = _code_owners(store)
        with store.read() as connection:
            for number, asset, named in self._published:
                query = select(schema.documents.c.body).where(schema.documents.c.digest == named)
                code = _decoded(connection.execute(query).scalar() or "").get("code", "")
                if code and code not in owners:
                    yield Fault(number, f"the code {code}, which {asset} was published under, is no longer given")
                elif code and owners[code] not in (asset, None):
                    yield Fault(number, f"the code {code}, which {asset} was published under, is {owners[code]}'s now")

    def wrong_rulings(self, store: Store) -> Iterator[Fault]:
        """Rulings that no act made, or that are not as they were made; those that the trail began with come first."""
        yield from self._odd
        try:
            rows = list(_ruling_rows(store))
        except ValueError:
            yield Fault(0, "the table of decisions has a ruling that is none any more: it was changed there")
            return
        keys = self._adopted_keys(store)
        self.before_trail = len(keys)
        rest = yield from _without_adopted(rows, keys)
        found: dict[Place, list[str]] = {}
        for row in rest:
            found.setdefault(row.place, []).append(row.key)
        for place in {**self._rulings, **found}:
            yield from _compared(place, self._rulings.get(place, {}), found.get(place, []))

    def _adopted_keys(self, store: Store) -> list[str]:
        with store.read() as connection:
            query = select(schema.documents.c.body).where(schema.documents.c.digest == self._adopted)
            found = _decoded(connection.execute(query).scalar() or "").get("rulings", [])
        return found if isinstance(found, list) else []


def _without_adopted(rows: list[_Row], keys: list[str]) -> Generator[Fault, None, list[_Row]]:
    """The other rulings, once those that the trail began with are compared: all there, in order, before any other."""
    if [row.adopted for row in rows[: len(keys)]] == keys:
        return rows[len(keys) :]
    left = Counter(keys)
    kept: list[_Row] = []
    rest: list[_Row] = []
    for row in rows:
        if left[row.adopted]:
            left[row.adopted] -= 1
            kept.append(row)
        else:
            rest.append(row)
    if lost := sum(left.values()):
        what = f"{lost} of the {len(keys)} rulings from before the trail are gone from the table of decisions"
        yield Fault(adopted.FIRST, f"{what}, or were changed there")
    else:
        yield Fault(adopted.FIRST, "the rulings from before the trail stand in another order, or others before them")
    return rest


def _compared(place: Place, made: dict[int, str], found: list[str]) -> Iterator[Fault]:
    """One place's rulings: what acts say against what labels follow."""
    if list(made.values()) == found:
        return
    left = Counter(found)
    lost = []
    for number, key in made.items():
        if left[key]:
            left[key] -= 1
        else:
            lost.append(number)
    for number in lost:
        yield Fault(number, f"its ruling on {_shown(place)} is gone from the table of decisions, or was changed there")
    more = sum(left.values())
    yield from (_unmade(place) for _ in range(more))
    if not lost and not more:
        yield Fault(max(made), f"the rulings on {_shown(place)} stand in another order in the table of decisions")


def _unmade(place: Place) -> Fault:
    return Fault(0, f"the table of decisions has a ruling on {_shown(place)} that no act made")


def _shown(place: Place) -> str:
    asset, column, dimension = place
    return f"{dimension} of {asset}{f'.{column}' if column else ''}"


def _ruling_rows(store: Store) -> Iterator[_Row]:
    """As they stand, checked by nobody: what was forged need not be a `Decision`."""
    with store.read() as connection:
        for row in connection.execute(select(schema.decisions).order_by(schema.decisions.c.id)):
            values = {str(name): value for name, value in row._mapping.items()}
            place = (values["asset"], values["column"], values["dimension"])
            yield _Row(place, _key(values), adopted.key_of(values))


def _key(values: dict[str, Any]) -> str:
    return digest(msgspec.json.encode([values[name] for name in _FIELDS]))


def _code_owners(store: Store) -> dict[str, str | None]:
    """Code → the asset that has it; None once the asset was forgotten."""
    table, assets = schema.codes, schema.assets
    query = select(table.c.class_code, table.c.sequence, assets.c.key).outerjoin(assets, assets.c.id == table.c.asset)
    with store.read() as connection:
        return {resource_code(row.class_code, row.sequence): row.key for row in connection.execute(query)}


def _decoded(text: str) -> dict[str, Any]:
    """An object of JSON; empty for anything else."""
    try:
        found = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return {}
    return found if isinstance(found, dict) else {}
