"""The sheet 与上期变化 tells every change of anything that a list prints."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from classifiers.policy import load_pack
from workflows.entries.elements import elements
from workflows.entries.states import EntryState, Signed
from workflows.entries.words import wording
from workflows.entry import Entry, EntryItem
from workflows.lists.changes import differences
from workflows.lists.official import KINDS, Listed, OfficialList, item_rows
from workflows.outputs.cells import Tinted

ENTRIES = Path(__file__).parents[1] / "outputs" / "entries.yaml"
WORDS = wording(load_pack("putuo-2020"))
replace = msgspec.structs.replace


def one(state: EntryState | None = None, **more: Any) -> Listed:
    (first, *_) = msgspec.yaml.decode(ENTRIES.read_bytes(), type=list[Entry])
    signed = Signed("a" * 64, "wang", "2026-09-21T10:00:00+08:00")
    entry = replace(first, publish_date="2026-09-21", extra={"municipal": "区域补充"}, **more)
    found = EntryState(first.asset, in_force=signed, in_force_refusal=signed, issue=1)
    return Listed(state or found, entry, WORDS, approver="孙八")


def relabelled(owner: Any, dimension: str, **more: Any) -> Any:
    labels = tuple(replace(label, **more) if label.dimension == dimension else label for label in owner.labels)
    return replace(owner, labels=labels)


def variants(entry: Entry) -> Iterator[tuple[str, Entry]]:
    """An entry with any one thing of it changed."""
    for key in ("category", "title", "code", "provider", "provider_code", "abstract", "format", "share_condition"):
        yield key, replace(entry, **{key: "别的"})
    for key in ("share_method", "open_condition", "update_cycle", "section", "contact", "system_name"):
        yield key, replace(entry, **{key: "别的"})
    yield "origin", replace(entry, origin="shared")
    yield "related_codes", replace(entry, related_codes=("300001/000009",))
    yield "because", replace(entry, because={"share": ("address",)})
    for key in elements("asset"):
        yield f"extra {key}", replace(entry, extra={**entry.extra, key: "是"})
    for dimension, value in (("tier", "L3"), ("share", "conditional"), ("open", "conditional")):
        yield dimension, relabelled(entry, dimension, value=value)
        yield f"reason of {dimension}", relabelled(entry, dimension, reason="别的理由")
        yield f"basis of {dimension}", relabelled(entry, dimension, basis=("pipl/34",))
    yield "an item less", replace(entry, items=entry.items[:-1])
    for what, item in item_variants(entry.items[0]):
        yield f"item: {what}", replace(entry, items=(item, *entry.items[1:]))


def item_variants(item: EntryItem) -> Iterator[tuple[str, EntryItem]]:
    for key in ("title", "data_type", "category"):
        yield key, replace(item, **{key: "别的"})
    yield "number", replace(item, number=9)
    yield "native_type", replace(item, data_type="数值型N", native_type="decimal(9,2)")
    for key in elements("item"):
        yield f"extra {key}", replace(item, extra={key: "别的"})
    for dimension, value in (("tier", "L3"), ("share", "none"), ("open", "none")):
        yield dimension, relabelled(item, dimension, value=value)
        yield f"basis of {dimension}", relabelled(item, dimension, basis=("pipl/34",))


def printed(kind: OfficialList, told: Listed) -> list[Any]:
    rows = [kind.row(told), *(item_rows([told]) if kind.with_items else ())]
    return [[cell.value if isinstance(cell, Tinted) else cell for cell in row] for row in rows]


@pytest.mark.parametrize("key", KINDS)
@pytest.mark.parametrize("refused", [False, True])
def test_whatever_is_printed_otherwise_is_told(key: str, refused: bool) -> None:
    kind = KINDS[key]
    old = one()
    if refused:
        old = replace(old, entry=relabelled(old.entry, "share", value="none", basis=("pipl/28",)))
    changed = 0
    for what, entry in variants(old.entry):
        new = replace(old, entry=entry)
        told = list(differences([kind.record(old)], [kind.record(new)], WORDS, kind.unprinted))
        if printed(kind, old) != printed(kind, new):
            changed += 1
            said = "".join(one.what for one in told)
            assert said, f"{key}: {what} is printed otherwise and not told"
            assert not any(mark in said for mark in ("[", "{", "True", "False")), said
        else:
            assert told == [], f"{key}: {what} is told and not printed"
    assert changed > 5


def test_tiers_are_told_by_their_names() -> None:
    kind, old = KINDS["filing"], one()
    new = replace(old, entry=relabelled(old.entry, "tier", value="L3"))
    (told,) = differences([kind.record(old)], [kind.record(new)], WORDS, kind.unprinted)
    assert told.what == "分级：L1 公开级 → L3 敏感级"


def test_a_list_tells_only_what_it_prints() -> None:
    old = one()
    new = replace(old, entry=replace(old.entry, format="别的", contact="别的", items=old.entry.items[:-1]))
    said = {}
    for key in ("catalogue", "filing"):
        kind = KINDS[key]
        (told,) = differences([kind.record(old)], [kind.record(new)], WORDS, kind.unprinted)
        said[key] = told.what
    assert said["filing"] == f"信息项数：{len(old.entry.items)} → {len(new.entry.items)}"
    assert "数据格式" in said["catalogue"]
    assert "联系方式" in said["catalogue"]


def test_an_issue_and_an_approver_of_another_day() -> None:
    kind, old = KINDS["negative"], one()
    state = replace(old.state, issue=2, in_force_refusal=Signed("a" * 64, "zhou", "2026-10-09T09:00:00+08:00"))
    (told,) = differences([kind.record(old)], [kind.record(replace(old, state=state, approver="周九"))])
    assert told.what == "批准人：孙八 → 周九；批准日期：2026-09-21 → 2026-10-09；版本：第1版 → 第2版"


def test_items_that_say_something_else_are_named_with_what() -> None:
    kind, old = KINDS["catalogue"], one()
    first, *others = old.entry.items
    item = replace(relabelled(first, "tier", value="L2"), extra={"code_set": "公厕名录"})
    new = replace(old, entry=replace(old.entry, items=(item, *others)))
    (told,) = differences([kind.record(old)], [kind.record(new)])
    assert told.what == "信息项：变更公厕名称（分级、代码集）"


def test_citations_that_came_and_went() -> None:
    kind, old = KINDS["responsibility"], one()
    new = replace(old, entry=relabelled(old.entry, "share", basis=("pipl/34",)))
    (told,) = differences([kind.record(old)], [kind.record(new)])
    assert told.what == (
        "依据：新增《中华人民共和国个人信息保护法》第三十四条，减少《上海市普陀区公共数据管理办法》第二十一条"
    )


def test_what_an_older_issue_did_not_record_is_no_change() -> None:
    kind, old = KINDS["catalogue"], one()
    record = kind.record(old)
    before = {key: value for key, value in record.items() if key != "category"}
    before["items"] = [{"name": item["name"], "title": item["title"]} for item in record["items"]]
    assert list(differences([before], [record])) == []
