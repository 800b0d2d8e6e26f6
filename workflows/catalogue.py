"""Compile: stored assets and verdicts become catalogue entries (政务信息资源目录编制指南, 发改高技术〔2017〕1272号).

An asset's number is given once and kept: the class part is ``3`` (部门信息资源类), ``00`` (no provincial 项 table is
known) and the department's lasting number; the sequence counts within the department.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, Protocol

import msgspec

from classifiers.evidence import AssetVerdict, ColumnVerdict, Label
from connectors.model import Asset, Column
from workflows.entry import Entry, EntryItem
from workflows.publish.ledger import Ledger
from workflows.store import Store
from workflows.store_records import EntryNumber, StoredAsset

if TYPE_CHECKING:
    from classifiers.policy import Pack

DEPARTMENT_CLASS = "3"
NOT_FILLED = "未填报"
MAIN_ITEMS = 8
SHARE_METHODS = {"table": "数据库", "view": "数据库", "file": "文件下载", "sheet": "文件下载", "operation": "服务接口"}
FORMATS = {
    "workbook": "电子表格",
    "openapi": "服务接口",
    "rest": "服务接口",
    "files": "电子文件",
    "ddl": "数据库",
}
SUBJECTS = {
    "person": "自然人",
    "organisation": "组织",
    "place": "场所或部件",
    "aggregate": "汇总统计",
    "system": "系统",
    "unknown": "未能判断",
}

_CLAUSE = re.compile(r"[\s,，;；:：。(（\[【|]")
_INTEGER = frozenset(("INT", "BIGINT", "SMALLINT", "TINYINT", "MEDIUMINT", "LARGEINT"))
# What OpenMetadata calls a type, as the guide's letter; all others are text.
_GUIDE_TYPES = {
    **dict.fromkeys(_INTEGER, "整型I"),
    **dict.fromkeys(("DECIMAL", "NUMERIC", "NUMBER"), "数值型N"),
    "MONEY": "货币型Y",
    "DATE": "日期型D",
    "YEAR": "日期型D",
    **dict.fromkeys(("DATETIME", "TIMESTAMP", "TIMESTAMPZ", "TIME"), "日期时间型T"),
    **dict.fromkeys(("BOOLEAN", "BIT"), "逻辑型L"),
    **dict.fromkeys(("TEXT", "MEDIUMTEXT", "NTEXT", "CLOB", "LONGTEXT", "TINYTEXT"), "备注型M"),
    **dict.fromkeys(("BLOB", "MEDIUMBLOB", "LONGBLOB", "BYTEA", "BYTES", "BINARY", "VARBINARY", "IMAGE"), "通用型G"),
    **dict.fromkeys(("GEOMETRY", "GEOGRAPHY", "JSON", "XML", "ARRAY", "STRUCT", "MAP"), "通用型G"),
    "DOUBLE": "双精度型B",
    **dict.fromkeys(("FLOAT", "REAL"), "浮点型F"),
}


class DepartmentInfo(Protocol):
    """What an entry needs of a department; `workflows.settings.Department` has it."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def code(self) -> str: ...
    @property
    def section(self) -> str: ...
    @property
    def contact(self) -> str: ...


class SystemInfo(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def connector(self) -> str | None: ...
    @property
    def path(self) -> str | None: ...
    @property
    def title(self) -> str: ...


def number(store: Store, departments: Sequence[str]) -> int:
    """Give every asset that has none its lasting catalogue number; returns how many were given."""
    store.number_departments(departments)
    return sum(store.number_assets(department) for department in departments)


def entries(store: Store, pack: Pack, department: DepartmentInfo, systems: Mapping[str, SystemInfo]) -> Iterator[Entry]:
    """The entries of one department's judged assets, in order of system and key; nothing is written."""
    place = store.number_departments([department.id])[department.id]
    numbers = store.entry_numbers(department.id)
    texts, ruled = people_texts(store), reviews(store)
    for stored in store.stream([department.id]):
        given = numbers.get(stored.id)
        if stored.verdict is not None and given is not None:
            own = texts.get(stored.asset.key, {})
            found = entry(stored, given, place, department, systems.get(stored.asset.system), pack, own)
            yield msgspec.structs.replace(found, review=ruled.get(stored.asset.key, found.review))


def people_texts(store: Store) -> dict[str, dict[str | None, str]]:
    """Asset key → column (None = the asset itself) → the description that a person wrote; theirs count."""
    found: dict[str, dict[str | None, str]] = {}
    # Descriptions belong to the site, not to the server they were written on.
    for (asset, column), item in Ledger(store, "").descriptions().items():
        found.setdefault(asset, {})[column] = item.text
    return found


def reviews(store: Store) -> dict[str, str]:
    """Asset key → 审核状态 that somebody gave it last."""
    ruled = (one for one in store.decisions() if one.dimension == "review" and one.column is None)
    return {one.asset: one.value for one in ruled if one.value}


def resource_code(department_number: int, sequence: int) -> str:
    """信息资源代码: class part ``/`` sequence.

    >>> resource_code(7, 123)
    '300007/000123'
    """
    return f"{DEPARTMENT_CLASS}00{department_number:03d}/{sequence:06d}"


def entry(
    stored: StoredAsset,
    given: EntryNumber,
    department_number: int,
    department: DepartmentInfo,
    system: SystemInfo | None,
    pack: Pack,
    texts: Mapping[str | None, str] | None = None,
) -> Entry:
    """One asset's catalogue entry. The asset must have been judged. ``texts``: see `people_texts`."""
    asset, verdict = stored.asset, stored.verdict
    assert verdict is not None
    texts = texts or {}
    items = tuple(_items(stored, pack, texts))
    system_name = system.title if system else asset.system
    share, opened = verdict.label("share"), verdict.label("open")
    return Entry(
        asset=asset.key,
        category=f"部门信息资源类/{department.name}/{system_name}",
        title=asset_title(asset),
        code=resource_code(department_number, given.sequence),
        provider=department.name,
        provider_code=department.code,
        abstract=texts.get(None) or abstract(asset, items, system_name),
        format=data_format(asset, system),
        items=items,
        labels=verdict.labels,
        share_condition=condition(share, pack),
        share_method=share_method(asset, share),
        open_condition=condition(opened, pack),
        update_cycle=asset.update_cycle or NOT_FILLED,
        publish_date=given.publish_date,
        department=department.id,
        section=department.section,
        contact=department.contact,
        system=asset.system,
        system_name=system_name,
        source_name=asset.qualified_name,
        kind=asset.kind,
        origin=asset.origin,
        row_estimate=asset.row_estimate,
        state=given.state,
        publishable=verdict.publishable and len(verdict.columns) > 0,
        because={dimension: cause.columns for dimension, cause in verdict.because.items()},
        because_rules={dimension: cause.rule for dimension, cause in verdict.because.items() if cause.rule},
        open_view=verdict.open_view,
        open_view_labels=verdict.open_view_labels,
        findings=(*stored.findings, *verdict.findings),
        subject=subject_text(verdict),
        withheld=sum(not column.catalogued for column in stored.column_verdicts.values()),
    )


def _items(stored: StoredAsset, pack: Pack, texts: Mapping[str | None, str]) -> Iterator[EntryItem]:
    verdicts = stored.column_verdicts
    for column in stored.asset.columns:
        verdict = verdicts.get(column.name)
        if verdict is not None and verdict.catalogued:
            primary = column.name in stored.asset.primary_key
            yield _item(column, verdict, primary, pack, texts.get(column.name))


def _item(column: Column, verdict: ColumnVerdict, primary: bool, pack: Pack, text: str | None) -> EntryItem:
    name = pack.display("element", verdict.element) if verdict.element else ""
    return EntryItem(
        number=column.ordinal,
        name=column.name,
        title=first_clause(text) or first_clause(column.comment) or name or column.name,
        data_type=guide_type(column),
        native_type=column.type,
        length=column.length,
        required=None if column.nullable is None else not column.nullable,
        primary_key=primary,
        element=verdict.element,
        element_name=name,
        category=verdict.category,
        labels=verdict.labels,
        evidence=verdict.evidence,
        flags=verdict.flags,
        findings=verdict.findings,
    )


def guide_type(column: Column) -> str:
    """The guide's data type of a column; a decimal without decimals is a whole number.

    >>> guide_type(Column("a", 1, data_type="VARCHAR"))
    '字符型C'
    """
    if column.data_type in ("DECIMAL", "NUMERIC", "NUMBER") and column.precision and column.scale == 0:
        return "整型I"
    return _GUIDE_TYPES.get(column.data_type, "字符型C")


def first_clause(comment: str | None) -> str:
    """A comment up to its first break: ``状态：1有效`` → ``状态``; garbled comments give nothing.

    >>> first_clause("性别：0未知，1男")
    '性别'
    """
    if not comment or "\ufffd" in comment:
        return ""
    return _CLAUSE.split(comment.strip(), maxsplit=1)[0][:40]


def asset_title(asset: Asset) -> str:
    """The comment's first clause, else the table's own name."""
    return first_clause(asset.comment) or asset.name


def abstract(asset: Asset, items: Sequence[EntryItem], system_name: str) -> str:
    """信息资源摘要: what the comment says, where it stands, and the main items."""
    lead = asset.comment.strip() if asset.comment and "\ufffd" not in asset.comment else asset_title(asset)
    titles = list(dict.fromkeys(item.title for item in items if item.category != "SY"))
    more = f"等 {len(items)} 个信息项" if len(items) > MAIN_ITEMS else ""
    main = f"，主要信息项：{'、'.join(titles[:MAIN_ITEMS])}{more}" if titles else ""
    return f"{lead}（{system_name}）{main}。"


def data_format(asset: Asset, system: SystemInfo | None) -> str:
    """信息资源格式: the guide's group and the concrete type, such as 数据库(postgresql) or 电子表格(xlsx)."""
    connector = (system.connector if system else None) or "unknown"
    group = FORMATS.get(connector, "数据库")
    if asset.kind == "operation":
        group = "服务接口"
    suffix = PurePath(system.path).suffix.lstrip(".").lower() if system and system.path else ""
    return f"{group}({suffix or connector})" if connector in ("workbook", "files") else f"{group}({connector})"


def condition(label: Label | None, pack: Pack) -> str:
    """共享条件 / 开放条件: 无条件, or the reason with its legal basis."""
    if label is None:
        return ""
    if label.value == "unconditional":
        return "无条件"
    lines = "；".join(citation_line(pack, key) for key in label.basis)
    return f"{label.reason}（依据：{lines}）" if lines else label.reason


def citation_line(pack: Pack, key: str) -> str:
    """《…》第…条; the bare key where the pack in force no longer knows it."""
    try:
        return pack.cite(key).line()
    except LookupError:
        return key


def share_method(asset: Asset, share: Label | None) -> str:
    """共享方式: through the platform, by what the asset is; none where nothing is shared."""
    if share is None or share.value == "none":
        return "不共享"
    return f"通过共享平台（{SHARE_METHODS[asset.kind]}）"


def subject_text(verdict: AssetVerdict) -> str:
    kind = SUBJECTS[verdict.subject.kind]
    return f"{kind}（{verdict.subject.reason}）" if verdict.subject.reason else kind
