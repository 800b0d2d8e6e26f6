"""Who did what to which label or text of an entity, and when: read from the versions that the server keeps.

Source: reference/openmetadata-server.md, "History". A version tells by ``changeDescription`` what its author did; the
whole entities beside it settle what the unquoted column paths leave open. What leaves no version (a state changed
alone on 1.2, labels erased with their tag or by a refused write) is told of nobody.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from typing import Literal, NamedTuple, cast

import msgspec

from workflows.clock import CHINA
from workflows.publish.ledger import renamed_fqn
from workflows.publish.model import ON_ASSET, Entity, Mark

What = Literal["added", "removed", "restamped", "lost", "described", "named"]
"""``restamped``: only type or state changed; ``lost``: gone with its column, which was dropped or retyped; ``named``:
another display name."""
TEXTS: dict[str, What] = {"description": "described", "displayName": "named"}
SCHEMAS = ("responseSchema", "requestSchema")
PREFIXES = ("columns.", *(f"{schema}.schemaFields." for schema in SCHEMAS))
NESTED = "\0"
"""Between a column and the one inside it; a dot may stand in a column's own name."""


class Author(NamedTuple):
    """Whom history names for an act."""

    login: str
    person: bool
    """False for bots, ours included."""
    at: str
    version: float


class Act(msgspec.Struct, frozen=True):
    """One thing that one version did."""

    who: str
    """Login name."""
    at: str
    """ISO 8601, China time, with milliseconds."""
    version: float
    what: What
    paths: tuple[str, ...]
    """``""`` = the asset, else the column; several when history does not say which of these it was."""
    mark: Mark | None = None
    text: str = ""

    def concerns(self, path: str, fqn: str) -> bool:
        return self.mark is not None and self.mark.fqn == fqn and path in self.paths


def china_time(moment: int | float | str) -> str:
    """Milliseconds since 1970, or ISO 8601, as ISO 8601 in China's time; empty for what is neither.

    >>> china_time(1764122400123)
    '2025-11-26T10:00:00.123+08:00'
    """
    try:
        if isinstance(moment, str):
            parsed = msgspec.convert(moment, datetime)
            known = parsed if parsed.tzinfo else parsed.replace(tzinfo=timezone.utc)
        else:
            known = datetime.fromtimestamp(moment / 1000, timezone.utc)
    except (msgspec.ValidationError, ValueError, OverflowError, OSError):
        return ""
    return known.astimezone(CHINA).isoformat(timespec="milliseconds")


def mark_of(label: Entity) -> Mark:
    """A TagLabel as read; what the server leaves out has its default (Manual, Confirmed, Classification)."""
    return Mark(
        label["tagFQN"],
        label.get("labelType", "Manual"),
        label.get("state", "Confirmed"),
        label.get("source", "Classification"),
    )


def places(entity: Entity) -> dict[str, Entity]:
    """Path → what stands there: the entity, its columns or an endpoint's fields, and columns inside columns."""
    schemas = (entity.get(schema) or {} for schema in SCHEMAS)
    outer = [*(entity.get("columns") or []), *(one for schema in schemas for one in schema.get("schemaFields") or [])]
    return {ON_ASSET: entity, **dict(_named(outer))}


def present_case(paths: Iterable[str], present: Collection[str]) -> dict[str, str]:
    """Former path → present one, of columns whose names have only changed case.

    >>> present_case(["xm", "ID", "x"], ["XM", "id", "Id"])
    {'xm': 'XM'}
    """
    gone = {path for path in paths if path not in present}
    if not gone:
        return {}
    folded: dict[str, list[str]] = {}
    for path in present:
        folded.setdefault(path.casefold(), []).append(path)
    found = {path: folded.get(path.casefold(), []) for path in gone}
    return {path: names[0] for path, names in found.items() if len(names) == 1}


def _named(columns: Iterable[Entity], above: str = "") -> Iterator[tuple[str, Entity]]:
    for column in columns:
        path = above + column["name"]
        yield path, column
        yield from _named(column.get("children") or [], path + NESTED)


class History:
    """The acts on one entity, newest first."""

    def __init__(self, acts: Sequence[Act], bots: Collection[str], versions: Sequence[Entity] = ()) -> None:
        self.acts, self._versions = acts, versions
        self._bots = {login.casefold() for login in bots}

    def removed_by(self, path: str, fqn: str) -> Author | None:
        """Who took away a label that stands no longer; None when it went with its column or without a trace."""
        return self._last(path, fqn, ("removed",))

    def stamped_by(self, path: str, fqn: str) -> Author | None:
        """Who put a label that stands there, or changed its type or state, last."""
        return self._last(path, fqn, ("added", "restamped"))

    def put_by(self, path: str, fqn: str) -> Author | None:
        """Who put a label that stands there; a restamp is left aside, since the UI restamps what nobody touched."""
        return self._last(path, fqn, ("added",), passing=("restamped",))

    def text_by(self, path: str, what: What = "described") -> Author | None:
        """Who wrote the description (or display name) last."""
        act = next((act for act in self.acts if act.what == what and path in act.paths), None)
        return self.author(act) if act is not None and act.paths == (path,) else None

    def put_since(self, path: str, fqn: str, at: str) -> Iterator[Author]:
        """Everyone who put a label after a time, whether it stood there before or not; newest first."""
        wanted = (act for act in self.acts if act.at > at and act.paths == (path,) and act.concerns(path, fqn))
        yield from (self.author(act) for act in wanted if act.what == "added")

    def whole(self, version: float) -> Entity | None:
        """The entity as it was in a version."""
        return next((entity for entity in self._versions if entity.get("version") == version), None)

    def author(self, act: Act) -> Author:
        return Author(act.who, not self.is_bot(act.who), act.at, act.version)

    def is_bot(self, login: str) -> bool:
        return login.casefold() in self._bots

    def _last(self, path: str, fqn: str, wanted: Sequence[What], passing: Sequence[What] = ()) -> Author | None:
        """The author of the last act on a label, if that is such an act and surely was here."""
        acts = [act for act in self.acts if act.concerns(path, fqn) and act.what not in passing]
        while self._is_put_back(acts):
            acts = acts[1:]
            acts = acts[acts[0].what == "lost" :]
        act = acts[0] if acts else None
        return self.author(act) if act is not None and act.what in wanted and act.paths == (path,) else None

    def _is_put_back(self, acts: Sequence[Act]) -> bool:
        """Whether the last act was a bot's that put back what a column's change of type or a refused write erased: the
        label is still of who had put it before."""
        if len(acts) < 2 or acts[0].what != "added" or not self.is_bot(acts[0].who):
            return False
        mark, before = acts[0].mark, acts[1]
        return before.what in ("lost", "added") and mark is not None and mark.by_person and mark.same(before.mark)


def history_of(versions: Sequence[Entity], bots: Collection[str], renamed: Mapping[str, str] | None = None) -> History:
    """Read the versions of one entity (whole, newest first). ``bots``: logins whose acts are no person's.

    ``renamed``: old FQN → new of tags, and of what they stand in: versions keep the names of their time, which are
    changed in place to those of today.
    """
    older: list[Entity | None] = [*versions[1:], None]
    acts = [act for version, before in zip(versions, older, strict=True) for act in _acts(version, before)]
    now = present_case({path for act in acts for path in act.paths}, places(versions[0])) if versions else {}
    if now:
        acts = [_placed_now(act, now) for act in acts]
    if renamed:
        acts = [_today(act, renamed) for act in acts]
        for label in (label for one in versions for place in places(one).values() for label in place.get("tags") or []):
            label["tagFQN"] = name_today(label["tagFQN"], renamed)
    return History(acts, bots, versions)


def name_today(fqn: str, renamed: Mapping[str, str]) -> str:
    """What a tag is called now, after however many renames.

    >>> name_today("分级.L3", {"分级": "数据分级", "数据分级": "DataTier"})
    'DataTier.L3'
    """
    seen: set[str] = set()
    while fqn not in seen:
        seen.add(fqn)
        fqn = renamed_fqn(fqn, renamed)
    return fqn


def _today(act: Act, renamed: Mapping[str, str]) -> Act:
    if act.mark is None:
        return act
    mark = msgspec.structs.replace(act.mark, fqn=name_today(act.mark.fqn, renamed))
    return msgspec.structs.replace(act, mark=mark)


def _placed_now(act: Act, now: Mapping[str, str]) -> Act:
    return msgspec.structs.replace(act, paths=tuple(now.get(path, path) for path in act.paths))


class _Step(NamedTuple):
    """One version and the one before it."""

    entity: Entity
    before: Entity | None

    def act(self, what: What, paths: Iterable[str], mark: Mark | None = None, text: str = "") -> Act:
        entity = self.entity
        at = china_time(entity.get("updatedAt") or 0)
        return Act(entity.get("updatedBy") or "", at, entity.get("version") or 0.0, what, tuple(paths), mark, text)


def _acts(entity: Entity, before: Entity | None) -> Iterator[Act]:
    step = _Step(entity, before)
    change = entity.get("changeDescription")
    if change is None:
        if before is None:
            yield from _standing(step, "added", places(entity).items())
        return
    added, deleted = change.get("fieldsAdded") or [], change.get("fieldsDeleted") or []
    yield from _label_acts(step, added, deleted)
    yield from _column_acts(step, added, deleted)
    for field in (*added, *(change.get("fieldsUpdated") or []), *deleted):
        yield from _text_acts(step, field)
        yield from _schema_acts(step, field)


def _standing(step: _Step, what: What, found: Iterable[tuple[str, Entity]]) -> Iterator[Act]:
    for path, place in found:
        yield from (step.act(what, (path,), mark_of(label)) for label in place.get("tags") or [])


def _column_acts(step: _Step, added: Sequence[Entity], deleted: Sequence[Entity]) -> Iterator[Act]:
    """Whole columns that came or went, with their labels. A retyped column does both."""
    for what, fields, value in (("added", added, "newValue"), ("lost", deleted, "oldValue")):
        for field in fields:
            if field.get("name") == "columns":
                columns = places({"columns": _json(field.get(value))})
                yield from _standing(step, cast(What, what), columns.items())


def _text_acts(step: _Step, field: Entity) -> Iterator[Act]:
    name = field.get("name") or ""
    bare, _, last = name.rpartition(".")
    if last in TEXTS and (not bare or bare.startswith(PREFIXES)):
        text = field.get("newValue")
        yield step.act(TEXTS[last], _paths(step, bare), text=text if isinstance(text, str) else "")


def _schema_acts(step: _Step, field: Entity) -> Iterator[Act]:
    """A whole schema of an endpoint named as one field: its fields are compared in the two versions."""
    if field.get("name") not in SCHEMAS:
        return
    now, then = _marks(step.entity, field["name"]), _marks(step.before or {}, field["name"])
    for (path, fqn), mark in now.items():
        was = then.get((path, fqn))
        if not mark.same(was):
            yield step.act("restamped" if was else "added", (path,), mark)
    standing = places(step.entity)
    for (path, fqn), mark in then.items():
        if (path, fqn) not in now:
            yield step.act("removed" if path in standing else "lost", (path,), mark)


def _marks(entity: Entity, schema: str) -> dict[tuple[str, str], Mark]:
    fields = places({schema: entity.get(schema)}).items()
    marks = ((path, mark_of(label)) for path, place in fields for label in place.get("tags") or [])
    return {(path, mark.fqn): mark for path, mark in marks}


# --- labels ------------------------------------------------------------------------------------------------------


def _label_acts(step: _Step, added: Sequence[Entity], deleted: Sequence[Entity]) -> Iterator[Act]:
    """A label both added and deleted in one place by one version was only restamped."""
    came = {(name, mark.fqn): mark for name, mark in _labels(added, "newValue")}
    went = {(name, mark.fqn): mark for name, mark in _labels(deleted, "oldValue")}
    for (name, fqn), mark in came.items():
        what: What = "restamped" if (name, fqn) in went else "added"
        yield step.act(what, _located(step, name, fqn, what), mark)
    for (name, fqn), mark in went.items():
        if (name, fqn) not in came:
            yield step.act("removed", _located(step, name, fqn, "removed"), mark)


def _labels(fields: Sequence[Entity], value: str) -> Iterator[tuple[str, Mark]]:
    for field in fields:
        name = field.get("name") or ""
        if name == "tags" or (name.endswith(".tags") and name.startswith(PREFIXES)):
            yield from ((name, mark_of(label)) for label in _json(field.get(value)))


def _located(step: _Step, name: str, fqn: str, what: What) -> tuple[str, ...]:
    """The places that a field's name may mean; of several, the one where the whole versions show the change."""
    paths = _paths(step, "" if name == "tags" else name.removesuffix(".tags"))
    if len(paths) < 2 or what == "restamped":
        return paths
    now, then = _fqns(step.entity), _fqns(step.before or {})
    changed = [path for path in paths if (fqn in now.get(path, ())) != (fqn in then.get(path, ()))]
    return (changed[0],) if len(changed) == 1 else paths


def _fqns(entity: Entity) -> dict[str, set[str]]:
    return {path: {label["tagFQN"] for label in place.get("tags") or []} for path, place in places(entity).items()}


def _paths(step: _Step, name: str) -> tuple[str, ...]:
    """``""`` is the entity itself; ``columns.a.b`` is the column ``a.b``, or b in a, or either."""
    if not name:
        return (ON_ASSET,)
    prefix = next((prefix for prefix in PREFIXES if name.startswith(prefix)), name)
    bare = name.removeprefix(prefix)
    known = dict.fromkeys((*places(step.entity), *places(step.before or {})))
    return tuple(path for path in known if path and path.replace(NESTED, ".") == bare)


def _json(value: object) -> list[Entity]:
    """Lists come as JSON in a string; what is none gives nothing."""
    try:
        found = msgspec.json.decode(value) if isinstance(value, str) else value
    except msgspec.DecodeError:
        return []
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []
