"""The Chinese that every output shares: states, ranks, evidence, reasons, and the labels of an entry in words.

What a law names (share, open and tier values) comes from the policy pack; what is here belongs to no law.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, Protocol

from msgspec import structs

from classifiers.evidence import ACCESS, TIERS, Dimension, Evidence, Finding, Label
from workflows.entry import Entry, EntryItem

if TYPE_CHECKING:
    from classifiers.policy import Citation

Judged = Literal["undetermined", "suggested", "confirmed"]

Axis = Literal["tier", "share", "open"]

UNDETERMINED: Final = "undetermined"
DRAFT: Final = "建议稿"
AXES: Final[tuple[Axis, ...]] = ("tier", "share", "open")
KEYS: Final = frozenset((*TIERS, *ACCESS))
AXIS_TITLES: Final = {"tier": "数据分级", "share": "共享类型", "open": "开放类型", "element": "数据元"}
STATES: Final = {"suggested": "建议", "confirmed": "已确认", "undetermined": "待判定"}
LIFE_CYCLE: Final = {
    "draft": "草稿",
    "submitted": "待审核",
    "approved": "已审核",
    "returned": "退回修改",
    "published": "已发布",
    "changed": "已变更待报",
    "withdrawn": "已下线",
}
ORIGINS: Final = {"own": "自产", "shared": "共享获得", "negotiated": "协商获得"}
FLAGS: Final = {
    "masked": "已脱敏",
    "partly_masked": "部分已脱敏",
    "hashed": "已脱敏（散列）",
    "encrypted": "已加密",
    "mixed": "多种号码混存",
    "numeric_identifier": "以数值存放",
    "free_text_hits": "文中含号码",
}
"""The flags of evidence about values, as stewards read them."""
SOURCES: Final = {
    "lineage": "视图来源",
    "codebook": "行业代码本",
    "value": "数据校验",
    "comment": "注释",
    "name": "字段名",
}
CATEGORIES: Final = {
    "PB": "个人基本信息",
    "PI": "个人证件信息",
    "PC": "联系信息",
    "PL": "住址与轨迹",
    "PF": "家庭与监护",
    "PE": "教育信息",
    "PW": "就业信息",
    "PH": "健康信息",
    "PM": "个人财产信息",
    "PS": "特殊身份信息",
    "BIO": "生物识别信息",
    "PJ": "司法信息",
    "OI": "组织标识",
    "OR": "组织登记信息",
    "OO": "经营与税费",
    "OF": "组织财务",
    "AX": "行政行为",
    "RE": "房产与建设",
    "GE": "地理与城市部件",
    "VE": "车辆与交通",
    "EV": "环境与统计",
    "SE": "凭据",
    "SY": "系统字段",
}
"""The categories of data elements by the keys of ``elements.yaml``."""


class Lexicon(Protocol):
    """What says keys in words: the pack in force, or the words of an earlier day (`workflows.entries.words`)."""

    def display(self, dimension: str, key: str) -> str: ...
    def cite(self, key: str) -> Citation: ...
    def sufficient(self, value: str, basis: Sequence[str]) -> bool: ...


def minute(moment: str) -> str:
    """An ISO 8601 time as readers know it.

    >>> minute("2026-11-23T10:30:00+08:00")
    '2026-11-23 10:30'
    """
    return moment.replace("T", " ")[:16]


def category(key: str) -> str:
    return CATEGORIES.get(key, key)


def tier_name(pack: Lexicon, key: str) -> str:
    """``L3 敏感级``: the key helps readers who compare packs."""
    name = pack.display("tier", key)
    return name if key == UNDETERMINED or name.startswith(key) else f"{key} {name}"


def key_name(pack: Lexicon, dimension: Dimension, key: str) -> str:
    return tier_name(pack, key) if dimension == "tier" else pack.display(dimension, key)


def axis_name(pack: Lexicon, owner: Entry | EntryItem, dimension: Dimension) -> str:
    """The pack's name for the value of one dimension; 待判定 where nothing was decided."""
    return key_name(pack, dimension, owner.value(dimension))


def axis_labels(owner: Entry | EntryItem) -> tuple[Label, ...]:
    """The labels for tier, share and open that exist, in this order."""
    return tuple(label for axis in AXES if (label := owner.label(axis)))


def is_undetermined(label: Label) -> bool:
    return UNDETERMINED in (label.state, label.value)


def judged(owner: Entry | EntryItem) -> Judged:
    """How far the judgement of tier, share and open is: the weakest of the three."""
    labels = axis_labels(owner)
    if len(labels) < len(AXES) or any(map(is_undetermined, labels)):
        return "undetermined"
    return "confirmed" if all(label.state == "confirmed" for label in labels) else "suggested"


def open_questions(entry: Entry) -> tuple[EntryItem, ...]:
    """The items that keep an entry from being published: a dimension of theirs is undetermined."""
    return tuple(item for item in entry.items if judged(item) == "undetermined")


def is_pending(entry: Entry) -> bool:
    """Whether the entry is on no list yet: itself or one of its columns undetermined (design section 5.8)."""
    return not entry.publishable or judged(entry) == "undetermined"


def is_approved(entry: Entry, approved: frozenset[str]) -> bool:
    return entry.asset in approved or entry.state in ("approved", "published")


def all_approved(entries: Iterable[Entry], approved: frozenset[str]) -> bool:
    """Whether a list of these entries may drop 建议稿; an empty list was approved by nobody."""
    known = [is_approved(entry, approved) for entry in entries]
    return bool(known) and all(known)


def draft_title(title: str, final: bool) -> str:
    return title if final else f"{title}（{DRAFT}）"


def cited(labels: Iterable[Label]) -> tuple[str, ...]:
    """The citation keys of some labels, each once, in order."""
    return tuple(dict.fromkeys(key for label in labels for key in label.basis))


def citation(pack: Lexicon, key: str) -> Citation | None:
    """What a key stands for; None when the pack in force no longer knows it (decisions outlive packs)."""
    try:
        return pack.cite(key)
    except LookupError:
        return None


def rank_name(found: Citation) -> str:
    """法律, 行政法规, 地方性法规 …: what the citation's instrument is in the order of laws."""
    return found.rank_name


def citation_line(pack: Lexicon, key: str) -> str:
    found = citation(pack, key)
    return found.line() if found else key


class Note(NamedTuple):
    """A sentence of a cover with the articles that it comes from, by their keys."""

    text: str
    basis: tuple[str, ...] = ()


def note_text(pack: Lexicon, note: Note) -> str:
    """The sentence with the articles in brackets; a pack of another law leaves out those that it does not have."""
    found = [one.line() for key in note.basis if (one := citation(pack, key))]
    return f"{note.text}（{'、'.join(found)}）" if found else note.text


def basis_text(pack: Lexicon, labels: Iterable[Label]) -> str:
    return "\n".join(citation_line(pack, key) for key in cited(labels))


_WHAT = re.compile(r"([^，；：]{1,20}?)(属|涉及|一般为)")


def reason_lines(reason: str) -> str:
    """A reason, one ground per line; grounds that say the same of several things say it once.

    >>> print(reason_lines("姓名属个人信息，依法处理；手机号码属个人信息，依法处理；等3条理由"))
    姓名、手机号码属个人信息，依法处理
    等3条理由
    >>> reason_lines("名称一般为公开级；行政区划一般为公开级")
    '名称、行政区划一般为公开级'
    """
    groups: dict[str, list[str]] = {}
    for part in filter(None, reason.split("；")):
        found = _WHAT.match(part)
        groups.setdefault(part[found.end(1) :] if found else part, []).append(found[1] if found else "")
    return "\n".join("、".join(dict.fromkeys(filter(None, names))) + said for said, names in groups.items())


def reason_text(labels: Iterable[Label]) -> str:
    """``共享类型：…`` per dimension; dimensions with one and the same reason share a line."""
    groups: dict[str, list[str]] = {}
    for label in labels:
        groups.setdefault(label.reason, []).append(AXIS_TITLES.get(label.dimension, label.dimension))
    return "\n".join(f"{'、'.join(titles)}：{reason_lines(reason)}" for reason, titles in groups.items() if reason)


def state_text(owner: Entry | EntryItem) -> str:
    return STATES[judged(owner)]


def confidence(owner: Entry | EntryItem) -> float | None:
    """The lowest of tier, share and open, 0-1; None without labels."""
    return min((label.confidence for label in axis_labels(owner)), default=None)


def evidence_line(evidence: Evidence, pack: Lexicon) -> str:
    """``注释「身份证号」→公民身份号码，强度 0.95``; counts of distinct values, never a value."""
    term = f"「{evidence.term}」" if evidence.term else ""
    counts = f"，相符 {evidence.hits}/{evidence.distinct}" if evidence.distinct else ""
    invalid = f"，校验不通过 {evidence.invalid}" if evidence.invalid else ""
    flags = "".join(f"，{FLAGS[flag]}" for flag in evidence.flags if flag in FLAGS)
    name = pack.display("element", evidence.element)
    return f"{SOURCES[evidence.source]}{term}→{name}{counts}{invalid}{flags}，强度 {evidence.strength:.2f}"


def all_findings(entry: Entry) -> Iterator[Finding]:
    """The entry's findings and its items', each once; those of items name their column."""
    findings = dict.fromkeys(entry.findings)
    findings |= dict.fromkeys(
        finding if finding.column else structs.replace(finding, column=item.name)
        for item in entry.items
        for finding in item.findings
    )
    return iter(findings)


def finding_line(finding: Finding) -> str:
    return f"{finding.column}：{finding.message}" if finding.column else finding.message


def proposal(entry: Entry, pack: Lexicon) -> str:
    """What dropping or masking the deciding columns would allow (政府信息公开条例 37, 区分处理); empty when nothing."""
    if not entry.open_view:
        return ""
    labels = entry.open_view_labels
    parts = [f"{AXIS_TITLES[axis]}「{key_name(pack, axis, labels[axis])}」" for axis in AXES if axis in labels]
    gain = f"，可达到：{'，'.join(parts)}" if parts else ""
    return f"去除或脱敏 {'、'.join(entry.open_view)} 后形成视图{gain}"
