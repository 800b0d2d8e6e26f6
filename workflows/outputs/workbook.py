"""资源目录: one workbook per department, in the order of the national compilation guide (发改高技术〔2017〕1272号)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from workflows.entries.derived import derived_item
from workflows.entries.elements import elements, value_of
from workflows.entry import Entry, EntryItem, SiteInfo
from workflows.outputs import words
from workflows.outputs.cells import Book, Cell, Column, Tinted

if TYPE_CHECKING:
    from classifiers.policy import Pack

RESOURCE_COLUMNS: Final = (
    Column("1 信息资源分类", 24),
    Column("2 信息资源名称", 26),
    Column("3 信息资源代码", 22),
    Column("4 信息资源提供方", 26),
    Column("5 信息资源提供方代码", 22),
    Column("6 信息资源摘要", 40),
    Column("7 信息资源格式", 16),
    Column("9.1 共享类型", 15, centre=True),
    Column("9.2 共享条件", 34),
    Column("9.3 共享方式", 24),
    Column("10.1 是否向社会开放", 12, centre=True),
    Column("10.2 开放条件", 34),
    Column("11 更新周期", 10, centre=True),
    Column("12 发布日期", 12, centre=True),
    Column("13 关联资源代码", 20),
    Column("数据分级（安全等级）", 15, centre=True),
    Column("开放类型", 15, centre=True),
    Column("数据来源", 11, centre=True),
    Column("所属系统", 18),
    Column("责任科室", 14),
    Column("联系方式", 24),
    Column("状态", 11, centre=True),
    Column("待判定项数", 9, centre=True),
    Column("依据", 50),
    Column("理由", 46),
    Column("可提高开放程度的处理建议", 40),
)
"""Elements 1-13 of the guide (8 is the sheet 信息项), then the municipal additions (上海市数据条例 28)."""

ELEMENT_WIDTHS: Final = {"collection_basis": 26, "project_review": 26, "verification": 26, "interface": 24}
"""Of the sheet 补充要素; others have 14."""

SHOWN_ELEMENTS: Final = frozenset(("title", "category", "abstract", "format", "share_condition", "share_method")) | {
    *("open_condition", "update_cycle", "related_codes", "section", "contact")
}
"""Elements that people fill in and that have a column in the sheet 信息资源."""

ITEM_CONDITIONS: Final = (
    ("share_condition", Column("共享条件", 34)),
    ("share_method", Column("共享方式", 18)),
    ("open_condition", Column("开放条件", 34)),
)
"""Worked out of labels: for sheets that are read without the resource."""

ITEM_ELEMENTS: Final = (
    ("description", Column("信息项描述", 34)),
    ("secrecy", Column("是否涉密", 9, centre=True)),
    ("precision", Column("精度", 8, centre=True)),
    ("date_format", Column("日期格式", 12, centre=True)),
    ("unit", Column("计量单位", 11, centre=True)),
    ("code_set", Column("代码集", 24)),
    ("masking", Column("脱敏方式", 18)),
    ("responsible", Column("责任部门", 18)),
    ("system", Column("所属系统", 18)),
    ("source_object", Column("来源对象", 18)),
    ("source_item", Column("来源信息项", 20)),
    ("update_cycle", Column("更新周期", 10, centre=True)),
    ("verification", Column("逐项校核记录", 30)),
)
"""What is filled in of an item, by the keys of ``entries/elements.yaml``."""

ITEM_COLUMNS: Final = (
    Column("信息资源代码", 20),
    Column("信息资源名称", 24),
    Column("序号", 7, centre=True),
    Column("8.1 信息项名称", 20),
    Column("8.2 数据类型", 12, centre=True),
    Column("字段名", 20),
    Column("长度", 8, centre=True),
    Column("必填", 7, centre=True),
    Column("主键", 7, centre=True),
    Column("数据元", 16),
    Column("数据类别", 14),
    Column("分级", 15, centre=True),
    Column("共享类型", 15, centre=True),
    Column("开放类型", 15, centre=True),
    Column("理由", 46),
    Column("依据", 50),
    Column("置信度", 8, centre=True),
    Column("状态", 9, centre=True),
    Column("证据", 46),
    *(column for _, column in ITEM_ELEMENTS),
)

QUESTION_COLUMNS: Final = (
    Column("信息资源代码", 20),
    Column("信息资源名称", 26),
    Column("字段名", 20),
    Column("信息项名称", 20),
    Column("类别", 12, centre=True),
    Column("说明", 80),
)

BASIS_COLUMNS: Final = (
    Column("文件名称", 42),
    Column("条款", 16, centre=True),
    Column("内容", 80),
    Column("效力层级", 13, centre=True),
    Column("是否核实", 11, centre=True),
    Column("引用键", 24),
)


def write_workbook(
    entries: Sequence[Entry], info: SiteInfo, pack: Pack, path: Path, approved: frozenset[str] = frozenset()
) -> Path:
    """Write the 资源目录 workbook of one department; ``entries`` are all its entries, in the order to show."""
    final = words.all_approved(entries, approved)
    provider = entries[0].provider if entries else ""
    title = words.draft_title(f"{provider}公共数据资源目录", final)
    book = Book(title, info.generated_at)
    book.cover(title, cover_lines(entries, info, pack, final))
    book.table("信息资源", RESOURCE_COLUMNS, (resource_row(entry, pack) for entry in entries), frozen=2)
    book.table("补充要素", more_columns(), more_rows(entries), frozen=2)
    book.table("信息项", ITEM_COLUMNS, item_rows(entries, pack), frozen=4)
    book.table("待确认事项", QUESTION_COLUMNS, question_rows(entries), frozen=2)
    book.table("依据", BASIS_COLUMNS, basis_rows(entries, pack))
    return book.save(path)


def cover_lines(entries: Sequence[Entry], info: SiteInfo, pack: Pack, final: bool) -> Iterator[tuple[str, str]]:
    pending = sum(map(words.is_pending, entries))
    yield "目录", info.name
    yield "生成时间", words.minute(info.generated_at)
    yield "判定规则", f"{pack.title}（{info.pack}），有效期自 {pack.valid_from} 起" + valid_until(pack)
    yield "状态", "各条目均已审核" if final else f"{words.DRAFT}：机器提出、尚未全部审核，不作为共享、开放的决定"
    yield "规模", f"信息资源 {len(entries)} 个，信息项 {sum(len(entry.items) for entry in entries)} 个"
    yield "待判定", f"{pending} 个信息资源尚有待判定内容，判定前不得发布，也不列入任何清单"
    yield "编制依据", "政务信息资源目录编制指南（试行）（发改高技术〔2017〕1272号）核心元数据；上海市数据条例第二十八条"
    yield (
        "如何阅读",
        "「信息资源」每行一个资源，列序即指南的元素编号；第 8 项见「信息项」表，"
        "市、区补充的要素见「补充要素」表，均以信息资源代码关联",
    )
    yield "", "资源的分级、共享类型和开放类型按信息项就高从严汇总；「理由」写明由哪些信息项决定"
    yield "", "「待确认事项」列出需要人工处理的内容；「依据」列出所引条款，「未核实」者在使用前须与原文核对"
    withheld = sum(entry.withheld for entry in entries)
    if withheld:
        yield "凭据字段", f"{withheld} 个存放口令、密钥等凭据的字段不作为信息项编目，仅计数并计入分级"
    if pack.unverified:
        yield "未核实内容", "\n".join(pack.unverified)


def valid_until(pack: Pack) -> str:
    return f"，至 {pack.valid_to} 止" if pack.valid_to else ""


def tier_cell(pack: words.Lexicon, owner: Entry | EntryItem) -> Tinted:
    return Tinted(words.axis_name(pack, owner, "tier"), tint(owner.value("tier")))


def access_cell(pack: words.Lexicon, owner: Entry | EntryItem, dimension: words.Axis) -> Tinted:
    return Tinted(words.axis_name(pack, owner, dimension), tint(owner.value(dimension)))


def tint(key: str) -> str:
    return key if key in words.KEYS else words.UNDETERMINED


def opened(entry: Entry) -> str:
    """10.1 是否向社会开放."""
    return {"unconditional": "是", "conditional": "是", "none": "否"}.get(entry.value("open"), "待判定")


def resource_row(entry: Entry, pack: words.Lexicon) -> list[Cell]:
    labels = words.axis_labels(entry)
    return [
        entry.category,
        entry.title,
        entry.code,
        entry.provider,
        entry.provider_code,
        entry.abstract,
        entry.format,
        access_cell(pack, entry, "share"),
        entry.share_condition,
        entry.share_method,
        opened(entry),
        entry.open_condition,
        entry.update_cycle,
        entry.publish_date or "",
        "\n".join(entry.related_codes),
        tier_cell(pack, entry),
        access_cell(pack, entry, "open"),
        words.ORIGINS.get(entry.origin, entry.origin),
        entry.system_name or entry.system,
        entry.section,
        entry.contact,
        words.LIFE_CYCLE.get(entry.state, entry.state),
        len(words.open_questions(entry)),
        words.basis_text(pack, labels),
        "\n".join(filter(None, [words.reason_text(labels), deciding_text(entry)])),
        words.proposal(entry, pack),
    ]


def deciding_text(entry: Entry) -> str:
    """Per dimension the columns that have the deciding value; all of them are not named one by one."""
    lines = ((words.AXIS_TITLES[axis], entry.because.get(axis, ())) for axis in words.AXES)
    return "\n".join(f"决定{title}的信息项：{column_names(entry, columns)}" for title, columns in lines if columns)


def column_names(entry: Entry, columns: Sequence[str]) -> str:
    return "全部" if 1 < len(columns) == len(entry.items) else "、".join(columns)


def item_rows(entries: Iterable[Entry], pack: Pack) -> Iterator[list[Cell]]:
    return (item_row(entry, item, pack) for entry in entries for item in entry.items)


def item_row(entry: Entry, item: EntryItem, pack: Pack) -> list[Cell]:
    labels = words.axis_labels(item)
    return [
        entry.code,
        entry.title,
        item.number,
        item.title,
        item.data_type,
        item.name,
        item.length,
        {True: "是", False: "否", None: ""}[item.required],
        "是" if item.primary_key else "",
        item.element_name,
        words.category(item.category),
        tier_cell(pack, item),
        access_cell(pack, item, "share"),
        access_cell(pack, item, "open"),
        words.reason_text(labels),
        words.basis_text(pack, labels),
        words.confidence(item),
        words.state_text(item),
        "\n".join(words.evidence_line(evidence, pack) for evidence in item.evidence),
        *element_cells(entry, item, pack, ITEM_ELEMENTS),
    ]


def element_cells(
    entry: Entry, item: EntryItem, pack: words.Lexicon, columns: Sequence[tuple[str, Column]]
) -> list[Cell]:
    found = derived_item(entry, item, pack)
    return [value_of(item, key) or found.get(key, "") for key, _ in columns]


def more_elements() -> dict[str, str]:
    """Key → title of the resource's elements beside the guide's and those of the sheet 信息资源."""
    return {
        key: element.title
        for key, element in elements("asset").items()
        if not element.fixed and key not in SHOWN_ELEMENTS
    }


def more_columns() -> tuple[Column, ...]:
    found = (Column(title, ELEMENT_WIDTHS.get(key, 14)) for key, title in more_elements().items())
    return (Column("信息资源代码", 20), Column("信息资源名称", 26), *found)


def more_rows(entries: Iterable[Entry]) -> Iterator[list[Cell]]:
    """Municipal and district elements, which stewards and departments/*.yaml fill."""
    keys = list(more_elements())
    return ([entry.code, entry.title, *(value_of(entry, key) for key in keys)] for entry in entries)


def question_rows(entries: Iterable[Entry]) -> Iterator[list[Cell]]:
    return (row for entry in entries for row in entry_questions(entry))


def entry_questions(entry: Entry) -> Iterator[list[Cell]]:
    """What a steward has to look at: undetermined columns with the reason, then findings."""
    for item in words.open_questions(entry):
        reason = words.reason_text(label for label in words.axis_labels(item) if words.is_undetermined(label))
        yield [entry.code, entry.title, item.name, item.title, "待判定", reason or "尚无判定"]
    if words.judged(entry) == "undetermined":
        yield [entry.code, entry.title, "", "", "待判定", undetermined_reason(entry)]
    titles = {item.name: item.title for item in entry.items}
    for finding in words.all_findings(entry):
        column = finding.column or ""
        yield [entry.code, entry.title, column, titles.get(column, ""), "提示", finding.message]


def undetermined_reason(entry: Entry) -> str:
    """What keeps a resource undetermined: its own grounds, else the items that are.

    A label may have a value by items that are determined and wait for others; its reason tells of the former.
    """
    own = [label for label in words.axis_labels(entry) if label.value == words.UNDETERMINED]
    waiting = "、".join(f"{item.title}（{item.name}）" for item in words.open_questions(entry))
    return words.reason_text(own) or (waiting and f"有信息项待判定：{waiting}") or "尚无判定"


def basis_rows(entries: Iterable[Entry], pack: Pack) -> Iterator[list[Cell]]:
    return (basis_row(key, pack) for key in sorted({key for entry in entries for key in cited_by(entry)}))


def cited_by(entry: Entry) -> set[str]:
    """The citation keys of an entry and its items."""
    return {key for labels in (entry.labels, *(item.labels for item in entry.items)) for key in words.cited(labels)}


def basis_row(key: str, pack: Pack) -> list[Cell]:
    found = words.citation(pack, key)
    if found is None:
        return [key, "", "现行规则包中没有这一依据", "", "未核实", key]
    return [
        found.title,
        found.article,
        found.text,
        words.rank_name(found),
        "已核实" if found.verified else "未核实",
        key,
    ]
