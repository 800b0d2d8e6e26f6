"""Who is on a list, who is not, and what a list says (Putuo Measures 21, 22, 25, 26; 上海市数据条例 42)."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs
from openpyxl import load_workbook

from classifiers.policy import Pack, load_pack
from workflows.entry import Entry, SiteInfo
from workflows.outputs import lists, words, write_all
from workflows.outputs.lists import MissingBasisError, negative_list, open_list, responsibility_list


def relabel(entry: Entry, dimension: str, **changes: Any) -> Entry:
    labels = tuple(structs.replace(x, **changes) if x.dimension == dimension else x for x in entry.labels)
    return structs.replace(entry, labels=labels)


def names(entries: list[Entry]) -> list[str]:
    return [entry.source_name for entry in entries]


def rows(path: Path, sheet: str) -> list[dict[str, Any]]:
    head, *body = load_workbook(path)[sheet].iter_rows(values_only=True)
    return [dict(zip(head, row, strict=True)) for row in body]


def test_each_list_takes_its_own(entries: list[Entry], pack: Pack) -> None:
    assert names(responsibility_list(entries, pack)) == [
        *("public_toilet", "shared_population", "DBHJBXX", 'HOSTILE "quoted"'),
    ]
    assert names(negative_list(entries, pack)) == ["WCNRFCDA"]
    assert names(open_list(entries, pack)) == ["public_toilet", 'HOSTILE "quoted"']


@pytest.mark.parametrize("origin", ["shared", "negotiated"])
def test_the_open_list_holds_own_data_only(origin: str, entries: list[Entry], pack: Pack) -> None:
    assert open_list([structs.replace(entries[0], origin=origin)], pack) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda entry: structs.replace(entry, publishable=False),
        lambda entry: relabel(entry, "open", value="undetermined", state="undetermined"),
        lambda entry: relabel(entry, "share", value="undetermined", state="undetermined"),
        lambda entry: relabel(entry, "tier", state="undetermined"),
        lambda entry: structs.replace(entry, labels=()),
        lambda entry: structs.replace(entry, state="withdrawn"),
    ],
)
def test_what_is_undetermined_or_withdrawn_is_on_no_list(
    change: Callable[[Entry], Entry], entries: list[Entry], pack: Pack
) -> None:
    changed = change(entries[0])
    assert not open_list([changed], pack)
    assert not responsibility_list([changed], pack)
    refused = change(next(entry for entry in entries if entry.value("share") == "none"))
    assert not negative_list([refused], pack)


@pytest.mark.parametrize("basis", [(), ("putuo-2020/22",), ("unknown/1",), ("putuo-2020/21", "unknown/1")])
def test_a_refusal_without_law_regulation_or_rule_is_refused(
    basis: tuple[str, ...], entries: list[Entry], pack: Pack
) -> None:
    bare = relabel(entries[0], "share", value="none", basis=basis)
    with pytest.raises(MissingBasisError, match=r"public_toilet.*Art\. 21-22") as caught:
        negative_list([*entries, bare], pack)
    assert caught.value.assets == ("cgj/facilities/public_toilet",)


def test_a_pending_refusal_without_basis_is_refused_too(entries: list[Entry], pack: Pack) -> None:
    bare = structs.replace(relabel(entries[0], "share", value="none", basis=()), publishable=False)
    with pytest.raises(MissingBasisError):
        negative_list([bare], pack)


def test_a_citation_from_memory_does_not_carry_a_refusal(entries: list[Entry], pack: Pack) -> None:
    unverified = next(citation.key for citation in pack.citations() if not citation.verified and citation.rank == "law")
    with pytest.raises(MissingBasisError):
        negative_list([relabel(entries[0], "share", value="none", basis=(unverified,))], pack)


def test_a_pack_that_asks_nothing_of_a_refusal_changes_nothing(entries: list[Entry], pack: Pack) -> None:
    lenient = Pack(structs.replace(pack.body, sufficient_ranks={}), "lenient")
    with pytest.raises(MissingBasisError):
        negative_list([relabel(entries[0], "share", value="none", basis=("putuo-2020/22",))], lenient)


def test_after_a_refused_list_everything_else_is_written(
    entries: list[Entry], info: SiteInfo, pack: Pack, tmp_path: Path
) -> None:
    bare = relabel(entries[0], "share", value="none", basis=())
    with pytest.raises(MissingBasisError) as caught:
        write_all([bare, *entries[1:]], info, pack, tmp_path)
    assert set(caught.value.written) == {file for file in tmp_path.rglob("*") if file.is_file()}
    assert not list(tmp_path.rglob("共享负面清单*"))
    assert {file.name for file in caught.value.written} >= {"catalogue.html", "资源目录.xlsx", "开放清单.xlsx"}


@pytest.fixture
def folder(entries: list[Entry], info: SiteInfo, pack: Pack, tmp_path: Path) -> Path:
    for kind in lists.KINDS:
        lists.write_list(kind, "普陀区", entries, info, pack, tmp_path)
    return tmp_path


def test_the_open_list_has_the_fields_that_the_regulation_names(folder: Path) -> None:
    toilet = rows(folder / "开放清单.xlsx", "开放清单")[0]
    fields = ("开放范围", "开放类型", "开放条件", "更新频率", "数据领域", "数据格式")
    assert [toilet[field] for field in fields] == [
        *("社会公众", "无条件开放", "无条件", "每月", "地理与城市部件", "数据库(sqlite)"),
    ]
    assert toilet["数据项"] == "公厕名称（toilet_name）、地址（address）、开放时间（opening_hours）"


def test_the_open_list_names_only_items_that_are_open_themselves(
    entries: list[Entry], info: SiteInfo, pack: Pack, tmp_path: Path
) -> None:
    closed = next(item for entry in entries for item in entry.items if item.name == "SFZH")
    mixed = relabel(structs.replace(entries[0], items=(*entries[0].items, closed)), "open", value="conditional")
    lists.write_list(lists.OPEN, "普陀区", [mixed], info, pack, tmp_path)
    (row,) = rows(tmp_path / "开放清单.xlsx", "开放清单")
    assert "SFZH" not in row["数据项"]
    assert "toilet_name" in row["数据项"]
    assert row["开放范围"] == "符合开放条件的自然人、法人和非法人组织"


def test_the_negative_list_quotes_the_law_with_its_rank(folder: Path) -> None:
    (row,) = rows(folder / "共享负面清单.xlsx", "共享负面清单")
    assert row["法律、法规、规章依据"].startswith("《中华人民共和国未成年人保护法》第一百零三条（法律）：")
    assert "普陀区公共数据管理办法" not in row["法律、法规、规章依据"]
    assert row["决定性信息项"] == "档案编号（DABH）"


def test_the_responsibility_list_gives_type_condition_and_basis(folder: Path) -> None:
    row = next(
        row for row in rows(folder / "数据责任清单.xlsx", "数据责任清单") if row["信息资源名称"] == "低保户基本信息"
    )
    assert (row["共享类型"], row["数据分级"], row["更新周期"]) == ("授权共享", "L4 高敏感级", "每日")
    assert "第三十四条" in row["共享条件"]
    assert "《中华人民共和国个人信息保护法》第三十四条" in row["依据"]


def test_who_is_left_out_is_named_with_the_reason(folder: Path) -> None:
    left = {row["信息资源名称"]: row["未列入原因"] for row in rows(folder / "开放清单.xlsx", "未列入")}
    assert left == {"T_0098": "尚有待判定内容：F01", "街道人口汇总": "数据来源为共享获得，不属于自产数据"}
    assert {row["信息资源名称"] for row in rows(folder / "数据责任清单.xlsx", "未列入")} == {"T_0098"}


def test_the_cover_says_draft_and_how_many_are_on_no_list(folder: Path) -> None:
    sheet = load_workbook(folder / "数据责任清单.xlsx")["说明"]
    assert sheet["A1"].value == "普陀区数据责任清单（建议稿）"
    text = "\n".join(str(row[1]) for row in sheet.iter_rows(values_only=True))
    assert "1 个信息资源尚有待判定内容，不列入任何清单" in text
    assert "信息资源共 6 个，列入本清单 4 个" in text


def test_a_list_is_final_when_all_its_entries_are_approved(
    entries: list[Entry], info: SiteInfo, pack: Pack, tmp_path: Path
) -> None:
    def title(approved: set[str]) -> Any:
        lists.write_list(lists.OPEN, "普陀区", entries, info, pack, tmp_path, frozenset(approved))
        return load_workbook(tmp_path / "开放清单.xlsx")["说明"]["A1"].value

    listed = {entry.asset for entry in open_list(entries, pack)}
    assert title(listed) == "普陀区开放清单"
    assert title(set(list(listed)[:1])) == "普陀区开放清单（建议稿）"


def test_an_empty_list_was_approved_by_nobody(info: SiteInfo, pack: Pack, tmp_path: Path) -> None:
    lists.write_list(lists.OPEN, "普陀区", [], info, pack, tmp_path)
    assert load_workbook(tmp_path / "开放清单.xlsx")["说明"]["A1"].value == "普陀区开放清单（建议稿）"
    assert (tmp_path / "开放清单.jsonl").read_bytes() == b""


def test_the_json_lines_say_the_same_with_neutral_keys(folder: Path) -> None:
    records = [json.loads(line) for line in (folder / "开放清单.jsonl").read_text(encoding="utf-8").splitlines()]
    toilet = records[0]
    assert [record["asset"] for record in records] == ["cgj/facilities/public_toilet", "minzheng/rescue/HOSTILE"]
    assert (toilet["list"], toilet["final"], toilet["type"], toilet["type_name"]) == (
        *("开放清单", False, "unconditional", "无条件开放"),
    )
    assert toilet["basis"] == [{"key": "putuo-2020/25", "citation": "《上海市普陀区公共数据管理办法》第二十五条"}]
    assert [item["name"] for item in toilet["items"]] == ["toilet_name", "address", "opening_hours"]


def test_covers_name_the_articles_that_the_pack_has(pack: Pack) -> None:
    note = words.Note("每条都引有依据", ("putuo-2020/21", "putuo-2020/22"))
    articles = "《上海市普陀区公共数据管理办法》第二十一条、《上海市普陀区公共数据管理办法》第二十二条"
    assert words.note_text(pack, note) == f"每条都引有依据（{articles}）"
    assert words.note_text(load_pack("national-2025"), note) == "每条都引有依据"
