"""After a table was found locked, no view over it is waited for."""

from __future__ import annotations

from connectors.model import Asset, Column, ColumnSource
from connectors.sql.locks import Locks


def view(name: str, *tables: str) -> Asset:
    columns = tuple(
        Column(f"c{i}", i, "int", "INT", sources=(ColumnSource(table, "x"),)) for i, table in enumerate(tables, 1)
    )
    return Asset("d", "s", name, kind="view", schema="p", columns=columns)


def table(name: str) -> Asset:
    return Asset("d", "s", name, schema="p")


def locks(*views: Asset) -> Locks:
    made = Locks()
    for one in views:
        made.learn(f"p.{one.name}", one.columns)
    return made


def test_a_locked_table_concerns_the_views_over_it_and_over_them() -> None:
    near, far, other = view("near", "p.t"), view("far", "p.near"), view("other", "p.u")
    found = locks(near, far, other)
    assert not any(map(found.concern, (near, far, other)))
    found.add(table("t"))
    assert [found.concern(one) for one in (near, far, other)] == [True, True, False]
    assert not found.concern(table("t")), "tables are always tried"


def test_of_several_tables_behind_a_view_it_is_not_known_which_is_locked() -> None:
    both, one, more = view("both", "p.t", "p.u"), view("one", "p.t"), view("more", "p.t", "p.u", "p.v")
    found = locks(both, one, more)
    found.add(both)
    assert [found.concern(seen) for seen in (both, one, more)] == [True, False, True]


def test_views_that_read_one_another_end() -> None:
    found = locks(view("a", "p.b"), view("b", "p.a"))
    assert found.behind(view("a")) == {"p.a", "p.b"}


def test_a_view_whose_definition_could_not_be_read_is_not_waited_for() -> None:
    found = locks()
    found.add_view("p.hidden")
    assert [found.concern(view(name)) for name in ("hidden", "shown")] == [True, False]
