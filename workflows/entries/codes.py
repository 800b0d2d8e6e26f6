"""信息资源代码: class part, ``/``, sequence (regulation.md 2.2).

The class part of a department or system is configured (``class_code:``). Without one it is ``3`` (部门信息资源类),
``00`` (no provincial 项 table is known) and the department's lasting number. Sequences have no gaps within a class: a
number that an entry was handed in under stays taken for ever, one that nothing was handed in under is given again once
nothing has it. An asset whose class has changed gets a new code and keeps the old ones; one that goes back to a class
goes back to its code there, and codes that nothing was handed in under meanwhile are its no more: a class that was
mistyped for a day leaves no trace, neither in entries nor in the sequence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count

import msgspec
from sqlalchemy import ColumnElement, Connection, Select, delete, insert, select

from workflows import store_schema as schema
from workflows.batches import chunks
from workflows.store import Store

DEPARTMENT_CLASS = "3"

Classes = Mapping[tuple[str, str], str]
"""(department, system) → configured class part."""


def default_class(department_number: int) -> str:
    """
    >>> default_class(7)
    '300007'
    """
    return f"{DEPARTMENT_CLASS}00{department_number:03d}"


def resource_code(class_code: str, sequence: int) -> str:
    """
    >>> resource_code("300007", 123)
    '300007/000123'
    """
    return f"{class_code}/{sequence:06d}"


def number(store: Store, departments: Sequence[str], classes: Classes | None = None) -> int:
    """Give every present asset of the departments a code of its class; returns how many were given."""
    numbers = store.number_departments(departments)
    given = 0
    with store.write() as connection:
        # Two runs at once must not give one number twice.
        schema.lock(connection)
        for department in departments:
            default = default_class(numbers[department])
            given += _number(connection, department, classes or {}, default)
    return given


def _number(connection: Connection, department: str, classes: Classes, default: str) -> int:
    assets = schema.assets
    present = (
        select(assets.c.id, assets.c.key, assets.c.system)
        .where(assets.c.department == department, assets.c.vanished_at.is_(None))
        .order_by(assets.c.system, assets.c.key)
    )
    held: dict[int, list[str]] = {}
    for row in connection.execute(_codes(department)):
        held.setdefault(row.asset, []).append(row.class_code)
    wanted: dict[str, list[int]] = {}
    back = 0
    for row in connection.execute(present).all():
        own, classes_held = classes.get((department, row.system), default), held.get(row.id, [])
        if own not in classes_held:
            wanted.setdefault(own, []).append(row.id)
        elif own != classes_held[-1]:
            _go_back(connection, row.id, row.key, own)
            back += 1
    for class_code, ids in wanted.items():
        _give(connection, class_code, ids)
    return back + sum(map(len, wanted.values()))


def _give(connection: Connection, class_code: str, ids: Sequence[int]) -> None:
    """The lowest numbers of a class that are free."""
    table = schema.codes
    query = select(table.c.sequence, table.c.asset).where(table.c.class_code == class_code)
    held = {row.sequence: row.asset for row in connection.execute(query)}
    taken = {sequence for sequence, asset in held.items() if asset is not None}
    if len(taken) < max(held, default=0):
        taken |= _filed_in(connection, class_code)
        ownerless = [sequence for sequence in held if sequence not in taken]
        for batch in chunks(ownerless):
            connection.execute(delete(table).where(table.c.class_code == class_code, table.c.sequence.in_(batch)))
    free = (sequence for sequence in count(1) if sequence not in taken)
    rows = [
        {"asset": asset, "class_code": class_code, "sequence": sequence}
        for asset, sequence in zip(ids, free, strict=False)
    ]
    for batch in chunks(rows):
        connection.execute(insert(table), batch)


def _go_back(connection: Connection, asset: int, key: str, class_code: str) -> None:
    """Make an asset's code of this class its last one; later ones that nothing was handed in under are free again."""
    table = schema.codes
    rows = connection.execute(select(table).where(table.c.asset == asset).order_by(table.c.id)).all()
    place = next(place for place, row in enumerate(rows) if row.class_code == class_code)
    filed = _filed(connection, schema.acts.c.subject == key)
    for row in rows[place + 1 :]:
        if resource_code(row.class_code, row.sequence) not in filed:
            connection.execute(delete(table).where(table.c.id == row.id))
    connection.execute(delete(table).where(table.c.id == rows[place].id))
    connection.execute(insert(table).values(asset=asset, class_code=class_code, sequence=rows[place].sequence))


class _Coded(msgspec.Struct):
    """Of a version, all that is asked of it here."""

    code: str


def _filed(connection: Connection, *which: ColumnElement[bool]) -> set[str]:
    """Codes under which versions of entries were handed in, of all or of some acts."""
    acts, documents = schema.acts, schema.documents
    handed_in = select(acts.c.after).where(acts.c.kind == "entry", acts.c.verb == "submit", *which)
    digests = {msgspec.json.decode(text)["version"] for (text,) in connection.execute(handed_in)}
    found: set[str] = set()
    for batch in chunks(sorted(digests)):
        bodies = connection.execute(select(documents.c.body).where(documents.c.digest.in_(batch)))
        found.update(msgspec.json.decode(text, type=_Coded).code for (text,) in bodies)
    return found


def _filed_in(connection: Connection, class_code: str) -> set[int]:
    """Numbers of a class under which versions were handed in."""
    parts = (code.rpartition("/") for code in _filed(connection))
    return {int(sequence) for own, _, sequence in parts if own == class_code}


def codes(store: Store, department: str) -> dict[int, tuple[str, ...]]:
    """Asset row → its codes, oldest first; the last one counts."""
    found: dict[int, tuple[str, ...]] = {}
    with store.read() as connection:
        for row in connection.execute(_codes(department)):
            code = resource_code(row.class_code, row.sequence)
            found[row.asset] = (*found.get(row.asset, ()), code)
    return found


def _codes(department: str) -> Select[tuple[int, str, int]]:
    table, assets = schema.codes, schema.assets
    return (
        select(table.c.asset, table.c.class_code, table.c.sequence)
        .join(assets, assets.c.id == table.c.asset)
        .where(assets.c.department == department)
        .order_by(table.c.id)
    )
