"""Compile: what an entry says, element by element of the national guide."""

from __future__ import annotations

import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec import structs

from classifiers.evidence import AssetVerdict, Because, ColumnVerdict, Decision, Finding, Label, Subject
from classifiers.policy import Pack, load_pack
from connectors.model import Asset, Column
from workflows import catalogue
from workflows.acts.described import Description
from workflows.acts.model import Actor
from workflows.acts.rights import DEFAULT
from workflows.acts.trail import Trail
from workflows.entries import codes
from workflows.entries.elements import filled_item
from workflows.entries.values import Fill, fill
from workflows.entry import Entry
from workflows.publish.ledger import Ledger
from workflows.store import Store
from workflows.store_records import Harvested, Judged

AT = "2025-06-01T08:00:00+08:00"
DEPARTMENT = SimpleNamespace(
    id="dept",
    name="普陀区民政局",
    code="11310107000000019B",
    section="信息科",
    contact="a@example.cn",
    entry={},
    class_names={},
)
SYSTEM = SimpleNamespace(
    id="sys", connector="sqlite", path=None, title="社会救助系统", entry={}, is_declared_open=False
)
# As issue and regulation.md 2.2 have it: class, group, item, detail, then the sequence.
CODE = re.compile(r"[1-3]\d{2}\d{3}[0-9A-Za-z]*/\d+")


@pytest.fixture(scope="module")
def pack() -> Pack:
    return load_pack("putuo-2020")


def column_verdict(element: str | None, category: str = "PB", catalogued: bool = True) -> ColumnVerdict:
    labels = (
        Label("tier", "L3", "suggested", 0.9, "含个人信息"),
        Label("share", "conditional", "suggested", 0.9, "含个人信息", ("pipl/34", "putuo-2020/22")),
        Label("open", "none", "suggested", 0.9, "涉及个人隐私", ("putuo-2020/25",)),
    )
    return ColumnVerdict(element, "other", category, labels, catalogued=catalogued)


COLUMNS = (
    Column("ID", 1, "bigint", "BIGINT", False),
    Column("XM", 2, "varchar(50)", "VARCHAR", True, "姓名：户主的姓名", length=50),
    Column("ZJHM", 3, "varchar(18)", "VARCHAR", True),
    Column("MM", 4, "varchar(64)", "VARCHAR", True, "密码"),
)
ASSET = Asset(
    "dept", "sys", "DIBAO", comment="低保家庭，按户", primary_key=("ID",), columns=COLUMNS, update_cycle="每日"
)


@pytest.fixture
def compiled(store: Store, pack: Pack) -> Callable[..., list[Entry]]:
    def run(*assets: Asset, system: Any = SYSTEM) -> list[Entry]:
        store.write_assets(1, AT, [Harvested(asset, findings=(Finding("not_sampled", "未抽样"),)) for asset in assets])
        rows = store.known("dept", "sys")
        columns = (
            column_verdict("system.id", "SY"),
            column_verdict("person.name"),
            column_verdict("person.id_card", "PI"),
            column_verdict("credential.password", "SE", catalogued=False),
        )
        because = {"tier": Because(("XM", "ZJHM"), "name-with-id")}
        for asset in assets:
            names = tuple(column.name for column in asset.columns)
            found = AssetVerdict(Subject("person", "表名含低保"), columns[1].labels, because, columns[: len(names)])
            store.write_verdicts(1, AT, [Judged(rows[asset.key].id, "k", names, found)], [])
        codes.number(store, ["dept"])
        return list(catalogue.entries(store, pack, DEPARTMENT, {"sys": system}))

    return run


def test_an_entry_has_the_elements_of_the_guide(compiled: Any, pack: Pack) -> None:
    (entry,) = compiled(ASSET)
    assert (entry.title, entry.category) == ("低保家庭", "部门信息资源类/普陀区民政局/社会救助系统")
    assert (entry.provider, entry.provider_code, entry.update_cycle) == ("普陀区民政局", "11310107000000019B", "每日")
    assert (
        entry.abstract
        == f"低保家庭，按户（社会救助系统），主要信息项：姓名、{pack.display('element', 'person.id_card')}。"
    )
    assert (entry.format, entry.share_method) == ("数据库(sqlite)", "通过共享平台（数据库）")
    assert (entry.section, entry.contact, entry.system_name) == ("信息科", "a@example.cn", "社会救助系统")
    assert CODE.fullmatch(entry.code)
    assert entry.subject == "自然人（表名含低保）"
    assert [finding.code for finding in entry.findings] == ["not_sampled"]


def test_an_entry_tells_what_people_said_of_the_whole(compiled: Any, store: Store, pack: Pack) -> None:
    (entry,) = compiled(ASSET)
    assert entry.review == "pending"
    said = [("objected", "2026-01-01"), ("confirmed", "2026-01-02")]
    store.add_decisions([Decision(ASSET.key, "review", value, "李华", at) for value, at in said])
    (entry,) = catalogue.entries(store, pack, DEPARTMENT, {"sys": SYSTEM})
    assert entry.review == "confirmed"


def test_conditions_name_the_use_or_the_law(compiled: Any, pack: Pack) -> None:
    (entry,) = compiled(ASSET)
    assert entry.share_condition == "经审核同意后，限申请单位履职需要使用，不得提供给第三方"
    assert entry.open_condition.startswith("不予开放（《")
    assert pack.cite("putuo-2020/25").line() in entry.open_condition
    label = Label("share", "unconditional", "suggested", 0.9, "可公开")
    assert catalogue.condition(label, pack) == "无条件"
    gone = Label("share", "none", "confirmed", 1.0, "旧规则", ("no-such/1",))
    assert catalogue.condition(gone, pack) == "不予共享（no-such/1）"
    assert catalogue.condition(Label("open", "none", "confirmed", 1.0, "旧规则"), pack) == "不予开放"
    assert catalogue.condition(Label("open", "undetermined", "undetermined", 0.0, "不明"), pack) == ""


def test_credentials_are_no_items_but_counted(compiled: Any) -> None:
    (entry,) = compiled(ASSET)
    assert ([item.name for item in entry.items], entry.withheld) == (["ID", "XM", "ZJHM"], 1)


def test_items_are_titled_typed_and_marked(compiled: Any, pack: Pack) -> None:
    (entry,) = compiled(ASSET)
    first, name, number = entry.items
    assert (first.data_type, first.primary_key, first.required) == ("整型I", True, True)
    assert (name.title, name.data_type, name.length, name.required) == ("姓名", "字符型C", 50, False)
    assert number.title == number.element_name == pack.display("element", "person.id_card")
    assert (entry.because, entry.because_rules) == ({"tier": ("XM", "ZJHM")}, {"tier": "name-with-id"})


def test_a_description_renames_nothing_and_a_title_does(compiled: Any, store: Store, pack: Pack) -> None:
    """Neither one written in OpenMetadata nor one filled in here (8.1 信息项名称)."""
    (before,) = compiled(ASSET)
    Ledger(store, "http://server/api").describe([Description(ASSET.key, "户主的证件号码", "李华", AT, "ZJHM")])
    person = Actor(account="li", person="li", name="李四", roles=("reviewer",))
    with Trail(store).acting(person) as acting:
        fills = [Fill("description", "在册人员的姓名", "XM"), Fill("title", "户主姓名", "XM")]
        fill(acting, ASSET.key, fills, rights=DEFAULT, items=["XM"])
    (entry,) = catalogue.entries(store, pack, DEPARTMENT, {"sys": SYSTEM})
    _, name, number = entry.items
    assert (number.title, filled_item(number)["description"].value) == (before.items[2].title, "户主的证件号码")
    assert (name.title, filled_item(name)["title"].by) == ("户主姓名", "person")
    assert filled_item(number)["title"].by == "rule"
    assert "户主姓名" in entry.abstract


def test_codes_stay_and_unjudged_assets_have_no_entry(compiled: Any, store: Store, pack: Pack) -> None:
    (first,) = compiled(ASSET)
    store.write_assets(1, AT, [Harvested(Asset("dept", "sys", "AAA", columns=COLUMNS))])
    codes.number(store, ["dept"])
    assert [entry.code for entry in catalogue.entries(store, pack, DEPARTMENT, {})] == [first.code]


def test_an_asset_without_columns_is_never_publishable(compiled: Any) -> None:
    (entry,) = compiled(Asset("dept", "sys", "empty"))
    assert not entry.publishable


@pytest.mark.parametrize(
    ("data_type", "precision", "scale", "expected"),
    [
        ("VARCHAR", None, None, "字符型C"),
        ("CHAR", None, None, "字符型C"),
        ("UNKNOWN", None, None, "字符型C"),
        ("INT", None, None, "整型I"),
        ("DECIMAL", 10, 2, "数值型N"),
        ("NUMBER", 10, 0, "整型I"),
        ("NUMBER", None, None, "数值型N"),
        ("MONEY", None, None, "货币型Y"),
        ("DATE", None, None, "日期型D"),
        ("TIMESTAMPZ", None, None, "日期时间型T"),
        ("BOOLEAN", None, None, "逻辑型L"),
        ("CLOB", None, None, "备注型M"),
        ("BLOB", None, None, "通用型G"),
        ("DOUBLE", None, None, "双精度型B"),
        ("FLOAT", None, None, "浮点型F"),
    ],
)
def test_data_types_are_the_guides(data_type: str, precision: int | None, scale: int | None, expected: str) -> None:
    assert catalogue.guide_type(Column("c", 1, data_type=data_type, precision=precision, scale=scale)) == expected


@pytest.mark.parametrize(
    ("comment", "title"),
    [
        ("性别：0未知，1男，2女", "性别"),
        ("姓名(户主)", "姓名"),
        ("状态 1有效", "状态"),
        ("", ""),
        (None, ""),
        ("��", ""),
        ("：无", ""),
    ],
)
def test_titles_are_a_comments_first_clause(comment: str | None, title: str) -> None:
    assert catalogue.first_clause(comment) == title


@pytest.mark.parametrize(
    ("connector", "path", "kind", "expected"),
    [
        ("postgresql", None, "table", "数据库(postgresql)"),
        ("workbook", "/data/dict.XLSX", "table", ""),
        ("ddl", "/data/a.sql", "table", "数据库"),
        ("openapi", None, "operation", "服务接口(openapi)"),
        ("files", "/data/x.csv", "file", "电子文件(csv)"),
    ],
)
def test_formats_are_group_and_type(connector: str, path: str | None, kind: Any, expected: str) -> None:
    system = SimpleNamespace(connector=connector, path=path, id="s", title="S")
    assert catalogue.data_format(Asset("d", "s", "n", kind), system) == expected


def test_the_format_behind_a_dictionary_is_what_it_says(compiled: Any) -> None:
    system = SimpleNamespace(**{**vars(SYSTEM), "connector": "workbook", "path": "a.xlsx"})
    shared = ASSET, structs.replace(ASSET, name="B", format="电子表格(xlsx)")
    said, unsaid = compiled(*shared, system=system)
    assert (unsaid.format, unsaid.share_method) == ("", "通过共享平台")
    assert (said.format, said.share_method) == ("电子表格(xlsx)", "通过共享平台（文件下载）")


def test_the_format_behind_a_dictionary_is_what_the_configuration_says(compiled: Any) -> None:
    more = {"connector": "workbook", "path": "a.xlsx", "entry": {"format": "数据库(oracle)"}}
    (entry,) = compiled(ASSET, system=SimpleNamespace(**{**vars(SYSTEM), **more}))
    assert (entry.format, entry.share_method) == ("数据库(oracle)", "通过共享平台（数据库）")


def test_the_format_of_a_dump_is_its_database() -> None:
    system = SimpleNamespace(connector="ddl", path="/data/a.sql", id="s", title="S")
    assert catalogue.data_format(Asset("d", "s", "n", product="mysql"), system) == "数据库(mysql)"


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ({}, "基础信息资源类"),
        ({"101": "人口", "101001": "户籍", "1010010001": "常住"}, "基础信息资源类/人口/户籍/常住"),
        ({"1": "基础库", "101001": "户籍", "201": "生态"}, "基础库/户籍"),
    ],
)
def test_the_classification_says_what_the_code_says(
    compiled: Any, store: Store, pack: Pack, names: dict[str, str], expected: str
) -> None:
    compiled(ASSET)
    codes.number(store, ["dept"], {("dept", "sys"): "1010010001"})
    department = SimpleNamespace(**{**vars(DEPARTMENT), "class_names": names})
    (entry,) = catalogue.entries(store, pack, department, {"sys": SYSTEM})
    assert (entry.code.partition("/")[0], entry.category) == ("1010010001", expected)


def test_a_classification_of_another_class_holds_no_more(compiled: Any, store: Store, pack: Pack) -> None:
    (entry,) = compiled(ASSET)
    actor = Actor(account="li", person="li", name="李四", roles=("steward",))
    with Trail(store).acting(actor) as acting:
        filled = [Fill("category", "部门信息资源类/救助"), Fill("title", "低保")]
        fill(acting, ASSET.key, filled, rights=DEFAULT, items=(), of=entry)
    (entry,) = catalogue.entries(store, pack, DEPARTMENT, {"sys": SYSTEM})
    assert (entry.category, entry.title) == ("部门信息资源类/救助", "低保")
    codes.number(store, ["dept"], {("dept", "sys"): "1010010001"})
    (entry,) = catalogue.entries(store, pack, DEPARTMENT, {"sys": SYSTEM})
    assert (entry.category, entry.title) == ("基础信息资源类", "低保")


def test_the_abstract_of_what_nobody_described_has_its_title(compiled: Any) -> None:
    system = SimpleNamespace(**{**vars(SYSTEM), "entry": {"title": "低保家庭名册"}})
    (entry,) = compiled(structs.replace(ASSET, comment=None), system=system)
    assert (entry.title, entry.abstract.startswith("低保家庭名册（社会救助系统）")) == ("低保家庭名册", True)
