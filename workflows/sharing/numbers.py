"""Numbers of requests and tickets: a letter, the year, and how many there have been in it, without gaps."""

from __future__ import annotations

from typing import Literal

from sqlalchemy import func, select

from workflows import store_schema as schema
from workflows.acts.acting import Acting


def next_number(acting: Acting, kind: Literal["request", "ticket"], letter: str) -> str:
    """The next one of this year, such as S2026-0001; nobody else can take it before the transaction ends."""
    prefix = f"{letter}{acting.at[:4]}-"
    table = schema.acts
    query = select(func.count()).where(table.c.kind == kind, table.c.version == 1, table.c.subject.startswith(prefix))
    return f"{prefix}{int(acting.connection.execute(query).scalar_one()) + 1:04d}"
