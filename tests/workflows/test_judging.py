"""Judging in several processes gives what one process gives, in the same order, failures included."""

from __future__ import annotations

from datetime import date

import pytest

from classifiers.evidence import Decision, TableInput
from classifiers.policy import load_pack
from classifiers.verdict import judge
from connectors.model import Asset, Column, Failure
from workflows.judging import PAYS_FROM, Context, Task, judging, workers_for
from workflows.store_records import StoredAsset

AT, AS_OF = "2026-11-23T08:00:00+08:00", date(2026, 11, 23)


def picky(table: TableInput, *args: object, **more: object) -> object:
    """Fails on one table, with a value in the error that nobody may see."""
    if table.table == "t_7":
        raise ValueError("13800138000")
    return judge(table, *args, **more)  # type: ignore[arg-type]


def task(number: int) -> Task:
    columns = (Column("sfzh", 1, comment="身份证号"), Column("xm", 2, comment="姓名"), Column("bz", 3))
    asset = Asset("d", "s", f"t_{number}", comment="人员信息", columns=columns[: 1 + number % 3])
    decisions = [Decision(asset.key, "tier", "L4", "王工", "2026-01-01", column="sfzh")] if number == 3 else []
    return Task(
        StoredAsset(number, asset, {}, (), AT, AT, None),
        {"sfzh": "L4"} if number == 5 else {},
        decisions,
        "普陀区民政局",
    )


def test_processes_do_not_change_the_outcome() -> None:
    batches = [[task(number) for number in range(start, start + 3)] for start in range(0, 12, 3)]
    context = Context(load_pack(), AS_OF, picky)  # type: ignore[arg-type]
    with judging(context, 1) as judged:
        alone = list(judged(batches))
    with judging(context, 2) as judged:
        spread = [*judged(batches[:1]), *judged(batches[1:])]
    assert [batch for batch, _ in spread] == batches
    assert [outcomes for _, outcomes in spread] == [outcomes for _, outcomes in alone]
    failed = [outcome for _, outcomes in spread for outcome in outcomes if isinstance(outcome, Failure)]
    assert [failure.place for failure in failed] == ["d/s/t_7"]
    assert "13800138000" not in str(failed[0])


@pytest.mark.parametrize(("assets", "wanted", "started"), [(PAYS_FROM - 1, 8, 1), (PAYS_FROM, 3, 3), (PAYS_FROM, 1, 1)])
def test_processes_are_started_only_for_many_assets(assets: int, wanted: int, started: int) -> None:
    assert workers_for(assets, wanted) == started
