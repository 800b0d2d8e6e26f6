"""Compile: stored assets and verdicts become catalogue entries (政务信息资源目录编制指南, 发改高技术〔2017〕1272号).

What an element says comes, in this order, from a person, from departments/*.yaml, or from the source and the labels by
rule (``entries/elements.yaml``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

import msgspec

from classifiers.evidence import AssetVerdict, ColumnVerdict, Label
from connectors.model import Asset, Column
from workflows.acts.trail import Trail
from workflows.entries.classes import category, class_of
from workflows.entries.codes import codes
from workflows.entries.elements import CODE
from workflows.entries.states import EntryState, states
from workflows.entries.values import Values, people_values
from workflows.entry import Entry, EntryItem, Given
from workflows.publish.history import present_case
from workflows.publish.ledger import Ledger
from workflows.store import Store
from workflows.store_records import StoredAsset

if TYPE_CHECKING:
    from classifiers.policy import Pack
    from workflows.outputs.words import Lexicon

NOT_FILLED = "未填报"
MAIN_ITEMS = 8
OPEN_SCOPES = {"unconditional": "社会公众", "conditional": "符合开放条件的自然人、法人和非法人组织"}
# Half-years before years: 半年报 holds 年报.
CYCLE_WORDS = (
    (("日报", "每日", "逐日"), "每日"),
    (("周报", "每周"), "每周"),
    (("旬报", "每旬"), "每旬"),
    (("月报", "月度", "每月"), "每月"),
    (("季报", "季度", "每季"), "每季度"),
    (("半年",), "每半年"),
    (("年报", "年度", "年鉴", "每年"), "每年"),
)
SHARE_METHODS = {"table": "数据库", "view": "数据库", "file": "文件下载", "sheet": "文件下载", "operation": "服务接口"}
FORMATS = {"openapi": "服务接口", "rest": "服务接口", "files": "电子文件"}
FORMAT_METHODS = {
    "数据库": "数据库",
    "服务接口": "服务接口",
    **dict.fromkeys(("电子文件", "电子表格", "图形图像", "流媒体", "自描述格式"), "文件下载"),
}
"""Group of 信息资源格式 (the guide's seven) → means of sharing."""
USES = {
    "share": "经审核同意后，限申请单位履职需要使用，不得提供给第三方",
    "open": "经提供单位审核同意后，通过开放平台以接口等方式提供",
}
"""共享条件 and 开放条件 of what is neither free nor closed, until somebody says more (Putuo Measures 21, 22, 25)."""
CLOSED = {"share": "不予共享", "open": "不予开放"}
SUBJECTS = {
    "person": "自然人",
    "organisation": "组织",
    "place": "场所或部件",
    "aggregate": "汇总统计",
    "system": "系统",
    "unknown": "未能判断",
}

_OwnerT = TypeVar("_OwnerT", Entry, EntryItem)

_CODES = re.compile(CODE)
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
    @property
    def entry(self) -> Mapping[str, str]: ...
    @property
    def class_names(self) -> Mapping[str, str]: ...


class SystemInfo(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def connector(self) -> str | None: ...
    @property
    def path(self) -> str | None: ...
    @property
    def title(self) -> str: ...
    @property
    def is_declared_open(self) -> bool: ...
    @property
    def entry(self) -> Mapping[str, str]: ...


class Known(NamedTuple):
    """What is known of entries beside assets and verdicts."""

    values: Mapping[str, Values]
    """Asset key → what people filled in."""
    reviews: Mapping[str, str]
    """Asset key → 审核状态 that somebody gave it last."""
    states: Mapping[str, EntryState]


def known(store: Store) -> Known:
    """One reading of the whole site."""
    trail = Trail(store)
    return Known(_people_values(store, trail), reviews(store), states(trail))


def _people_values(store: Store, trail: Trail) -> dict[str, dict[str | None, dict[str, Given]]]:
    """Acts, and the descriptions that people wrote in OpenMetadata: abstracts of assets, descriptions of items."""
    found = people_values(trail)
    # Descriptions belong to the site, not to the server they were written on.
    for (asset, column), item in Ledger(store, "").descriptions().items():
        own = found.setdefault(asset, {}).setdefault(column, {})
        key = "abstract" if column is None else "description"
        if key not in own or own[key].at < item.at:
            own[key] = Given(item.text, item.who, item.at)
    return found


def texts_of(values: Values) -> dict[str | None, str]:
    """Column (None = the asset itself) → the description that a person wrote."""
    found = ((column, own.get("abstract" if column is None else "description")) for column, own in values.items())
    return {column: given.value for column, given in found if given is not None}


def entries(
    store: Store, pack: Pack, department: DepartmentInfo, systems: Mapping[str, SystemInfo], told: Known | None = None
) -> Iterator[Entry]:
    """The entries of one department's judged assets, in order of system and key; nothing is written."""
    told = told or known(store)
    numbers = codes(store, department.id)
    for stored in store.stream([department.id]):
        given = numbers.get(stored.id)
        if stored.verdict is not None and given is not None:
            yield entry(stored, given, department, systems.get(stored.asset.system), pack, told)


def reviews(store: Store) -> dict[str, str]:
    """Asset key → 审核状态 that somebody gave it last."""
    ruled = (one for one in store.decisions() if one.dimension == "review" and one.column is None)
    return {one.asset: one.value for one in ruled if one.value}


def entry(
    stored: StoredAsset,
    numbers: Sequence[str],
    department: DepartmentInfo,
    system: SystemInfo | None,
    pack: Pack,
    told: Known,
) -> Entry:
    """One asset's catalogue entry. The asset must have been judged. ``numbers``: its codes, the last one counts."""
    asset, verdict = stored.asset, stored.verdict
    assert verdict is not None
    own = _present_case(told.values.get(asset.key, {}), asset)
    state = told.states.get(asset.key) or EntryState(asset.key)
    items = tuple(_items(stored, pack, own))
    given, configured = own.get(None, {}), _configured(department, system)
    said = {**configured, **{key: one.value for key, one in given.items()}}
    system_name = system.title if system else asset.system
    # What is worked out from these goes by what people and the configuration say of them.
    title, form = said.get("title") or asset_title(asset), said.get("format") or data_format(asset, system)
    share, opened = verdict.label("share"), verdict.label("open")
    made = Entry(
        asset=asset.key,
        category=category(numbers[-1], department.class_names, department.name, system_name),
        title=title,
        code=numbers[-1],
        provider=department.name,
        provider_code=department.code,
        abstract=abstract(asset, items, system_name, title),
        format=form,
        items=items,
        labels=verdict.labels,
        share_condition=condition(share, pack),
        share_method=share_method(asset.kind, share, form),
        open_condition=condition(opened, pack),
        update_cycle=asset.update_cycle or implied_cycle(asset) or NOT_FILLED,
        publish_date=state.in_force.at[:10] if state.in_force else None,
        related_codes=tuple(numbers[:-1]),
        department=department.id,
        section=department.section,
        contact=department.contact,
        system=asset.system,
        system_name=system_name,
        source_name=asset.qualified_name,
        kind=asset.kind,
        origin=asset.origin,
        row_estimate=asset.row_estimate,
        state=state.stage,
        review=told.reviews.get(asset.key, "pending"),
        publishable=verdict.publishable and len(verdict.columns) > 0,
        because={dimension: cause.columns for dimension, cause in verdict.because.items()},
        because_rules={dimension: cause.rule for dimension, cause in verdict.because.items() if cause.rule},
        open_view=verdict.open_view,
        open_view_labels=verdict.open_view_labels,
        findings=(*stored.findings, *verdict.findings),
        subject=subject_text(verdict),
        withheld=sum(not column.catalogued for column in stored.column_verdicts.values()),
    )
    return filled_in(_municipal(made), configured, _of_its_class(given, made.category))


def _configured(department: DepartmentInfo, system: SystemInfo | None) -> dict[str, str]:
    """Elements that departments/*.yaml says of a system."""
    found = {**department.entry, **(system.entry if system else {})}
    if system is not None and system.is_declared_open:
        found.setdefault("secrecy", "非涉密")
    return found


def _of_its_class(given: Mapping[str, Given], compiled: str) -> Mapping[str, Given]:
    """Without a 信息资源分类 of another 类 than the code's: the class has changed since somebody wrote it."""
    said = given.get("category")
    if said is None or class_of(said.value) == class_of(compiled):
        return given
    return {key: one for key, one in given.items() if key != "category"}


def _municipal(made: Entry) -> Entry:
    """开放范围 follows from the open type (上海市数据条例 42)."""
    scope = OPEN_SCOPES.get(made.value("open"))
    return msgspec.structs.replace(made, extra={"open_scope": scope}) if scope else made


def filled_in(made: _OwnerT, configured: Mapping[str, str], given: Mapping[str, Given]) -> _OwnerT:
    """An entry or item with what the configuration and then people say of its elements."""
    ours: dict[str, str] = {key: value for key, value in configured.items() if key not in given}
    said: dict[str, str] = {**ours, **{key: one.value for key, one in given.items()}}
    if not said:
        return made
    own = {key: value for key, value in said.items() if key in made.__struct_fields__ and key != "related_codes"}
    extra = {**made.extra, **{key: value for key, value in said.items() if key not in made.__struct_fields__}}
    changed: dict[str, Any] = {**own, "extra": extra, "given": dict(given), "configured": tuple(ours)}
    if "related_codes" in said:
        changed["related_codes"] = tuple(
            code
            for code in dict.fromkeys((*getattr(made, "related_codes", ()), *_CODES.findall(said["related_codes"])))
            if code != getattr(made, "code", "")
        )
    return msgspec.structs.replace(made, **changed)


def _present_case(values: Values, asset: Asset) -> Values:
    """Items by the names that columns have now: one that has only changed case is the same item."""
    if not any(values.keys()):
        return values
    now = present_case([name for name in values if name], [column.name for column in asset.columns])
    return {None if name is None else now.get(name, name): own for name, own in values.items()}


def _items(stored: StoredAsset, pack: Pack, own: Values) -> Iterator[EntryItem]:
    verdicts = stored.column_verdicts
    for column in stored.asset.columns:
        verdict = verdicts.get(column.name)
        if verdict is not None and verdict.catalogued:
            primary = column.name in stored.asset.primary_key
            yield _item(column, verdict, primary, pack, own.get(column.name, {}))


def _item(column: Column, verdict: ColumnVerdict, primary: bool, pack: Pack, given: Mapping[str, Given]) -> EntryItem:
    name = pack.display("element", verdict.element) if verdict.element else ""
    made = EntryItem(
        number=column.ordinal,
        name=column.name,
        title=first_clause(column.comment) or name or column.name,
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
    return filled_in(made, {}, given)


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


def implied_cycle(asset: Asset) -> str:
    """更新周期 that the name or comment says: 日报, 月报, 年度 …; empty when they say none.

    >>> implied_cycle(Asset("d", "s", "t_zb", comment="社区服务月报"))
    '每月'
    """
    text = f"{asset.comment or ''} {asset.name}"
    return next((cycle for words, cycle in CYCLE_WORDS if any(word in text for word in words)), "")


def asset_title(asset: Asset) -> str:
    """The comment's first clause, else the table's own name."""
    return first_clause(asset.comment) or asset.name


def abstract(asset: Asset, items: Sequence[EntryItem], system_name: str, title: str) -> str:
    """信息资源摘要: what the comment says, else what it is called, where it stands, and the main items."""
    lead = asset.comment.strip() if asset.comment and "\ufffd" not in asset.comment else title
    titles = list(dict.fromkeys(item.title for item in items if item.category != "SY"))
    more = f"等 {len(items)} 个信息项" if len(items) > MAIN_ITEMS else ""
    main = f"，主要信息项：{'、'.join(titles[:MAIN_ITEMS])}{more}" if titles else ""
    return f"{lead}（{system_name}）{main}。"


def data_format(asset: Asset, system: SystemInfo | None) -> str:
    """信息资源格式: the guide's group and the concrete type, such as 数据库(postgresql) or 电子表格(xlsx).

    Empty where nothing says it: a data dictionary describes a system of whatever kind, and a system that has left the
    configuration cannot be asked.
    """
    connector = system.connector if system else None
    if connector is None or connector == "workbook":
        return asset.format or ""
    if connector == "ddl":
        # A dump is of somebody's database; without a sign whose, the group alone.
        return f"数据库({asset.product})" if asset.product else "数据库"
    group = "服务接口" if asset.kind == "operation" else FORMATS.get(connector, "数据库")
    suffix = PurePath(system.path).suffix.lstrip(".").lower() if system and system.path else ""
    return f"{group}({suffix or connector})" if connector == "files" else f"{group}({connector})"


def condition(label: Label | None, pack: Lexicon) -> str:
    """共享条件 / 开放条件: 无条件, to what use, or the law behind the refusal (编制指南 9.2, 10.2); no reasons."""
    if label is None or label.value not in ("unconditional", "conditional", "none"):
        return ""
    if label.value != "none":
        return "无条件" if label.value == "unconditional" else USES[label.dimension]
    lines = "、".join(citation_line(pack, key) for key in label.basis)
    closed = CLOSED[label.dimension]
    return f"{closed}（{lines}）" if lines else closed


def citation_line(pack: Lexicon, key: str) -> str:
    """《…》第…条; the bare key where the pack in force no longer knows it."""
    try:
        return pack.cite(key).line()
    except LookupError:
        return key


def share_method(kind: str, share: Label | None, form: str) -> str:
    """共享方式: through the platform, by 信息资源格式, else by what the asset is; none where nothing is shared."""
    if share is None or share.value == "none":
        return "不共享"
    if not form:
        return "通过共享平台"
    means = next((means for group, means in FORMAT_METHODS.items() if form.startswith(group)), SHARE_METHODS[kind])
    return f"通过共享平台（{means}）"


def subject_text(verdict: AssetVerdict) -> str:
    kind = SUBJECTS[verdict.subject.kind]
    return f"{kind}（{verdict.subject.reason}）" if verdict.subject.reason else kind
