"""What a row's reason and citations are on: what it changes; what it agrees with keeps its own."""

from __future__ import annotations

from typing import Any

import pytest

ROW = ("person", "sfzh")
OWN = {"理由/备注": "经办窗口要求", "依据": "《中华人民共和国税收征收管理法》第八条"}


def grounds(room: Any) -> dict[str, tuple[str, str, tuple[str, ...]]]:
    stored = next(one for one in room.store.stream() if one.asset.name == "person")
    return {one.dimension: (one.value, one.reason, one.basis) for one in stored.column_verdicts["sfzh"].labels}


def after(room: Any, fill: Any, cells: dict[str, str]) -> dict[str, tuple[str, str, tuple[str, ...]]]:
    room.bring(fill(room.export(), {ROW: cells}))
    room.classify()
    return grounds(room)


def test_a_row_that_changes_one_label_agrees_with_the_others_as_they_are(room: Any, fill: Any) -> None:
    before = grounds(room)
    found = after(room, fill, {"采纳建议": "是", "分级": "L4", **OWN})
    assert found.pop("tier") == ("L4", "经办窗口要求", ("tax/8",))
    assert found == {key: said for key, said in before.items() if key != "tier"}
    reasons = {one.dimension: one.reason for one in room.store.decisions("dept/sys/person")}
    assert (reasons["tier"], reasons["share"]) == ("经办窗口要求", "在审核表中采纳建议：经办窗口要求")


def test_a_citation_beside_agreeing_is_added(room: Any, fill: Any) -> None:
    before = grounds(room)
    found = after(room, fill, {"采纳建议": "是", **OWN})
    value, reason, basis = before["share"]
    assert found["share"] == (value, reason, (*basis, "tax/8"))


@pytest.mark.parametrize(("cells", "reason"), [({}, None), ({"理由/备注": "经办窗口要求"}, "经办窗口要求")])
def test_the_proposed_value_written_by_hand(room: Any, fill: Any, cells: dict[str, str], reason: str | None) -> None:
    value, proposed, basis = grounds(room)["share"]
    found = after(room, fill, {"共享类型": "授权共享", **cells})
    assert found["share"] == (value, reason or proposed, basis)
