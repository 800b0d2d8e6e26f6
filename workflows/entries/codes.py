"""信息资源代码: class part, ``/``, sequence (regulation.md 2.2).

The class part of a department or system is configured (``class_code:``). Without one it is ``3`` (部门信息资源类),
``00`` (no provincial 项 table is known) and the department's lasting number. Sequences have no gaps within a class, and
a number once given is never given again. An asset whose class has changed gets a new code and keeps the old ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, Select, func, insert, select

from workflows import store_schema as schema
from workflows.store import Store, chunks

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
        select(assets.c.id, assets.c.system)
        .where(assets.c.department == department, assets.c.vanished_at.is_(None))
        .order_by(assets.c.system, assets.c.key)
    )
    standing = {row.asset: row.class_code for row in connection.execute(_codes(department))}
    wanted: dict[str, list[int]] = {}
    for row in connection.execute(present):
        own = classes.get((department, row.system), default)
        if standing.get(row.id) != own:
            wanted.setdefault(own, []).append(row.id)
    for class_code, ids in wanted.items():
        table = schema.codes
        query = select(func.coalesce(func.max(table.c.sequence), 0)).where(table.c.class_code == class_code)
        last: int = connection.execute(query).scalar_one()
        rows = [
            {"asset": asset, "class_code": class_code, "sequence": sequence}
            for sequence, asset in enumerate(ids, start=last + 1)
        ]
        for batch in chunks(rows):
            connection.execute(insert(table), batch)
    return sum(map(len, wanted.values()))


def codes(store: Store, department: str) -> dict[int, tuple[str, ...]]:
    """Asset row → its codes, oldest first; the last one counts."""
    found: dict[int, tuple[str, ...]] = {}
    with store.read() as connection:
        for row in connection.execute(_codes(department)):
            code = resource_code(row.class_code, row.sequence)
            found[row.asset] = (*(one for one in found.get(row.asset, ()) if one != code), code)
    return found


def _codes(department: str) -> Select[tuple[int, str, int]]:
    table, assets = schema.codes, schema.assets
    return (
        select(table.c.asset, table.c.class_code, table.c.sequence)
        .join(assets, assets.c.id == table.c.asset)
        .where(assets.c.department == department)
        .order_by(table.c.id)
    )
