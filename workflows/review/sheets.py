"""The steward's workbook: its sheets, their headings, and what may stand in which cell."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, cached_property
from typing import TYPE_CHECKING, Final

from classifiers.evidence import ACCESS, TIERS, Dimension, Label
from workflows.entries.derived import derived_item
from workflows.entries.elements import (
    NOT_FILLED,
    Element,
    Level,
    completeness,
    element_title,
    elements,
    value_of,
)
from workflows.entry import Entry, EntryItem
from workflows.outputs import words
from workflows.outputs.cells import Cell, Tinted, clean_text, cut_text
from workflows.review.forms import Field
from workflows.review.items import Group, Item
from workflows.ruling import DIMENSIONS, SUGGESTED

if TYPE_CHECKING:
    from classifiers.policy import Pack

ITEMS, RESOURCES, ELEMENTS, VERSIONS = "待审信息项", "资源", "信息项", "版本"
ROW_ID = "行标识"
ACCEPT, ACCEPT_GROUP, BASIS, REASON = "采纳建议", "全组采纳", "依据", "理由/备注"
ITEM_TITLES: Final = (ACCEPT, ACCEPT_GROUP, *(DIMENSIONS[dimension] for dimension in SUGGESTED), BASIS, REASON)
"""What people fill in about an item."""
PROPOSED_ELEMENT = "建议数据元"
ITEM_OWN: Final = (
    *("组", "同组", "表", "字段", "字段说明", "数据元（现）", "现行", PROPOSED_ELEMENT, "建议分级", "建议共享类型"),
    *("建议开放类型", "状态", "可信度", "判定理由", "判定依据", "所属系统", "表说明", "数据类型"),
)
OWN: Final = {RESOURCES: ("代码", "系统", "表", "完整度", "待补内容"), ELEMENTS: ("代码", "表", "字段", "现名称")}
"""The headings of locked columns."""
YES, NO = "是", "否"
DOUBTS: Final = {"undetermined": "待判定", "tie": "建议（两可）", "near": "建议（把握小）"}
EXPORT_ID = "导出编号"
_UNREAD = re.compile("\x7f")
_PARTED = re.compile("[\n；;]")
WIDE: Final = {
    "category": 26,
    "title": 24,
    "abstract": 44,
    "share_condition": 40,
    "share_method": 26,
    "open_condition": 40,
    "contact": 26,
    "description": 36,
}
"""Characters of the columns of elements that hold longer texts."""
_YES = frozenset(("是", "y", "yes", "√", "✓", "1", "true", "采纳"))
_NO = frozenset(("否", "n", "no", "×", "✗", "x", "0", "false", "不采纳"))


class Choices:
    """What people may write for a label, and which key it means: keys, and the pack's names."""

    def __init__(self, pack: Pack) -> None:
        self.pack = pack

    def names(self, dimension: Dimension) -> tuple[str, ...]:
        """The drop-down of a dimension."""
        return tuple(words.key_name(self.pack, dimension, key) for key in self._keys(dimension))

    def key(self, dimension: Dimension, text: str) -> str | None:
        """The key that a text means; None when it means none, or more than one."""
        return self._meanings[dimension].get(plain(text))

    def citation(self, text: str) -> str | None:
        """The key of a citation, given as key or as title (also without 中华人民共和国) and article."""
        return self._citations.get(plain(text))

    def cited(self, text: str) -> Iterator[tuple[str, str | None]]:
        """Each citation of a text with its key or None, as `citation` has it.

        They are parted by lines or semicolons; 《…》第一条、第二条 are two.
        """
        for one in filter(None, map(str.strip, _PARTED.split(text))):
            title, end, articles = one.rpartition("》")
            whole = self.citation(one)
            if whole or not end:
                yield one, whole
            else:
                named = (f"{title}》{article}" for article in articles.split("、"))
                yield from ((name, self.citation(name)) for name in named)

    @property
    def citations(self) -> tuple[str, ...]:
        return tuple(found.line() for found in self.pack.citations())

    def _keys(self, dimension: Dimension) -> Sequence[str]:
        if dimension == "tier":
            return TIERS
        if dimension == "element":
            return tuple(self.pack.elements)
        return tuple(key for key in ACCESS if key != "undetermined")

    @cached_property
    def _meanings(self) -> Mapping[Dimension, dict[str, str]]:
        return {dimension: self._by_name(dimension) for dimension in SUGGESTED}

    def _by_name(self, dimension: Dimension) -> dict[str, str]:
        found: dict[str, str] = {}
        doubled = set()
        for key in self._keys(dimension):
            for name in {self.pack.display(dimension, key), words.key_name(self.pack, dimension, key)}:
                if found.setdefault(plain(name), key) != key:
                    doubled.add(plain(name))
        named = {name: key for name, key in found.items() if name not in doubled}
        return {**named, **{plain(key): key for key in self._keys(dimension)}}

    @cached_property
    def _citations(self) -> dict[str, str]:
        found = {}
        for one in self.pack.citations():
            article = f"{one.title}{one.article}"
            for name in (one.line(), article, _short(one.line()), _short(article), one.key):
                found[plain(name)] = one.key
        return found


def plain(text: str) -> str:
    """For comparing: half width, lower case, without spaces.

    >>> plain("Ｌ３　敏感级 ")
    'l3敏感级'
    """
    return "".join(unicodedata.normalize("NFKC", text).lower().split())


def yes_or_no(text: str) -> bool | None:
    """None for a text that is neither."""
    word = plain(text)
    return True if word in _YES else False if word in _NO else None


# --- 待审信息项 -----------------------------------------------------------------------------------------------------


def item_fields(choices: Choices) -> tuple[Field, ...]:
    """The columns; people fill in what comes after 判定依据."""
    fill = "fill_centre"
    return (
        Field("组", 6, "centre"),
        Field("同组", 6, "centre"),
        Field("表", 20),
        Field("字段", 16),
        Field("字段说明", 20),
        Field("数据元（现）", 16),
        Field("现行", 16),
        Field(PROPOSED_ELEMENT, 16),
        Field("建议分级", 13, "centre"),
        Field("建议共享类型", 13, "centre"),
        Field("建议开放类型", 13, "centre"),
        Field("状态", 15, "centre"),
        Field("可信度", 8, "centre"),
        Field("判定理由", 66),
        Field("判定依据", 52),
        Field(
            ACCEPT, 9, fill, (YES, NO), prompt="是：同意本行全部建议。否：不同意，请写理由。改填右侧各列的以所填为准。"
        ),
        Field(ACCEPT_GROUP, 9, fill, (YES,), prompt="选“是”：同组各行中采纳建议为空的，均按各自的建议采纳。"),
        Field(DIMENSIONS["tier"], 13, fill, choices.names("tier"), prompt="比现行低的级别须第二人同意后生效。"),
        Field(
            DIMENSIONS["share"],
            13,
            fill,
            choices.names("share"),
            prompt="限制共享的，须写明理由，并有法律、法规或规章依据。",
        ),
        Field(DIMENSIONS["open"], 13, fill, choices.names("open")),
        Field(DIMENSIONS["element"], 18, fill, choices.names("element"), prompt="这一字段实际存放的内容。"),
        Field(BASIS, 34, "fill", choices.citations, only=False, prompt="可选一条；多条的，每条一行。"),
        Field(REASON, 30, "fill"),
        Field("所属系统", 16),
        Field("表说明", 22),
        Field("数据类型", 14),
        Field(ROW_ID, 10, hidden=True),
    )


def item_rows(
    groups: Sequence[Group], ids: Mapping[tuple[str, str], str], pack: Pack, systems: Mapping[str, str]
) -> Iterator[list[Cell]]:
    """``ids``: (asset key, column) → row id; ``systems``: id → name."""
    for group in groups:
        for item in group.items:
            asset = item.stored.asset
            system = systems.get(asset.system, asset.system)
            yield _item_row(group, item, system, ids[asset.key, item.column.name], pack)


def _item_row(group: Group, item: Item, system: str, ident: str, pack: Pack) -> list[Cell]:
    asset, verdict, size = item.stored.asset, item.verdict, len(group.items)
    labels = item.pending or [one for one in verdict.labels if words.is_undetermined(one)] or verdict.labels
    element = item.marks["element"]
    return [
        Tinted(group.number, "alike") if size > 1 else group.number,
        size,
        asset.name,
        item.column.name,
        item.column.comment or "",
        pack.display("element", element.now) if element.now else "",
        _in_force(item, pack),
        pack.display("element", element.value) if element.proposed else "",
        *(_proposal(item, axis, pack) for axis in words.AXES),
        DOUBTS.get(item.doubt, words.STATES[item.state]),
        item.confidence if item.pending else None,
        words.reason_text(labels),
        _articles(pack, labels),
        *(None,) * 8,
        system,
        asset.comment or "",
        item.column.type,
        ident,
    ]


def _articles(pack: Pack, labels: Sequence[Label]) -> str:
    """One line per statute with its articles, as people cite it: 《个人信息保护法》第二十八条、第三十四条."""
    found: dict[str, list[str]] = {}
    for key in words.cited(labels):
        one = words.citation(pack, key)
        articles = found.setdefault(_short(one.title) if one else key, [])
        if one:
            articles.append(one.line().removeprefix(one.title))
    return "\n".join(f"{name}{'、'.join(articles)}" for name, articles in found.items())


def _short(title: str) -> str:
    return title.replace("《中华人民共和国", "《")


def _in_force(item: Item, pack: Pack) -> str:
    """What is in force, one line per dimension."""
    marks = ((dimension, item.marks[dimension].now) for dimension in SUGGESTED)
    return "\n".join(f"{DIMENSIONS[key]}：{words.key_name(pack, key, now)}" for key, now in marks if now)


def _proposal(item: Item, axis: words.Axis, pack: Pack) -> Cell:
    mark = item.marks[axis]
    if mark.proposed:
        return Tinted(words.key_name(pack, axis, mark.value), mark.value)
    return None if mark.now else Tinted("待判定", words.UNDETERMINED)


# --- 资源, 信息项 ---------------------------------------------------------------------------------------------------


@cache
def writable(level: Level) -> Mapping[str, Element]:
    """The elements of entries or their items that people fill in, in their order."""
    return {key: element for key, element in elements(level).items() if not element.fixed}


def heading(element: Element) -> str:
    return f"{element.title} *" if element.obligation == "M" else element.title


def resource_fields() -> tuple[Field, ...]:
    own = map(Field, OWN[RESOURCES], (20, 16, 22, 8, 26), ("text", "text", "text", "centre", "text"))
    filled = (
        Field(heading(element), WIDE.get(key, 18), "fill", element.values) for key, element in writable("asset").items()
    )
    return (*own, *filled, Field(ROW_ID, 10, hidden=True))


def element_fields() -> tuple[Field, ...]:
    """The columns of 信息项."""
    own = map(Field, OWN[ELEMENTS], (16, 20, 16, 20))
    filled = (
        Field(heading(element), WIDE.get(key, 18), "fill", element.values) for key, element in writable("item").items()
    )
    return (*own, *filled, Field(ROW_ID, 10, hidden=True))


def shown_values(entry: Entry) -> dict[str, str]:
    """Element → what the workbook shows of it, those with an empty cell left out; 未填报 is an empty cell."""
    return _shown_of(entry, "asset", {})


def shown_item_values(entry: Entry, item: EntryItem, pack: Pack) -> dict[str, str]:
    """As `shown_values`, with what follows from the item's labels and type where nobody filled anything in."""
    return _shown_of(item, "item", derived_item(entry, item, pack))


def _shown_of(owner: Entry | EntryItem, level: Level, rest: Mapping[str, str]) -> dict[str, str]:
    found = ((key, _as_read(value_of(owner, key) or rest.get(key, ""))) for key in writable(level))
    return {key: value for key, value in found if value and value != NOT_FILLED}


def resource_row(entry: Entry, values: Mapping[str, str], ident: str) -> list[Cell]:
    score = completeness(entry)
    lacking = [key for key in score.missing if "." not in key]
    return [
        entry.code,
        entry.system_name,
        entry.source_name,
        f"{score.score:.0%}",
        "、".join(map(element_title, lacking)),
        *_shown("asset", values, lacking),
        ident,
    ]


def element_row(entry: Entry, item: EntryItem, values: Mapping[str, str], ident: str) -> list[Cell]:
    lacking = [key for key, element in writable("item").items() if element.obligation == "M" and key not in values]
    return [entry.code, entry.source_name, item.name, item.title, *_shown("item", values, lacking), ident]


def _as_read(text: str) -> str:
    """A text as it comes back from a workbook in which nobody touched it; see `connectors.workbook.grid`."""
    return cut_text(_UNREAD.sub("", clean_text(text)).strip())


def _shown(level: Level, values: Mapping[str, str], lacking: Sequence[str]) -> Iterator[Cell]:
    for key in writable(level):
        yield Tinted(None, "missing") if key in lacking else values.get(key)


# --- 说明 ----------------------------------------------------------------------------------------------------------


def instructions(department: str, at: str, pack: Pack, count: int, pending: int) -> list[tuple[str, str]]:
    """Label and text per line, for the cover."""
    return [
        ("单位", department),
        ("导出时间", words.minute(at)),
        ("判定规则", f"{pack.title}（{pack.ident}）"),
        ("规模", f"信息项 {count} 个，其中待判定或待确认 {pending} 个"),
        ("", ""),
        (
            "填写方法",
            f"在「{ITEMS}」「{RESOURCES}」「{ELEMENTS}」中只填写橙色标题的列，其余已锁定（没有密码）；可以筛选。",
        ),
        (ITEMS, "每行一个信息项，判定其分级、共享类型、开放类型和数据元；不处理的行留空即可。"),
        (ACCEPT, "是：同意本行的全部建议；否：不同意，请在「理由/备注」写明原因。留空：暂不处理。"),
        (ACCEPT_GROUP, "字段名、数据元、说明都相同的为一组，排在一起。任一行选“是”，同组留空的各行均采纳各自的建议。"),
        ("分级等四列", "与建议不同的，从下拉列表选择；填写了的，以填写为准。"),
        (BASIS, "从下拉列表选择，或照此写法填写，多条的每条一行。限制共享的，须写明理由并给出法律、法规或规章依据。"),
        ("降低级别", "比现行级别低的，须由另一名有权人员同意（以本人账号导入同样的意见）后生效。"),
        ("状态", "待判定：尚无建议，须人工判定；两可：两种数据元证据相当；把握小：证据刚过门槛。这些排在最前。"),
        ("颜色", "分级：绿 L1，蓝 L2，橙 L3，红 L4。共享与开放：绿为无条件，橙为有条件，红为不共享或不开放。"),
        ("", "灰为待判定；浅蓝的组号表示有相似项。"),
        (RESOURCES, "每行一个信息资源，带 * 的为必填，浅红色为缺项；改动的单元格导入后记为人工填写。"),
        (ELEMENTS, "每行一个信息项，填写名称、描述、代码集等；清空人工填写过的单元格，即恢复为系统给出的内容。"),
        ("交回", "保存为 .xlsx 后交回（WPS、Excel、LibreOffice 均可）。导出后他人已改动的，导入时逐行列出，不会覆盖。"),
        ("", "行的对应关系在隐藏列中，请勿改动或删除；不要改动标题、合并单元格或使用公式，批注请另写一张工作表。"),
    ]
