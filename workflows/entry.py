"""The catalogue entry of an asset, after 政务信息资源目录编制指南 (发改高技术〔2017〕1272号), with municipal additions.

Entries are compiled from the store (``workflows/catalogue.py``) and rendered by ``workflows/outputs``. Values are
law-neutral keys; what readers see comes from the policy pack.
"""

from __future__ import annotations

import msgspec

from classifiers.evidence import Evidence, Finding, Label


class Given(msgspec.Struct, frozen=True, omit_defaults=True):
    """A value that a person wrote."""

    value: str
    who: str
    at: str
    name: str = ""
    """What ``who`` was called then; no part of versions, which keep the id."""


class EntryItem(msgspec.Struct, frozen=True, omit_defaults=True):
    """One information item (信息项, element 8 of the guide)."""

    number: int
    name: str
    """The field's own name in the source."""
    title: str
    """Chinese name: the comment's first clause, else the data element's name, else the field name."""
    data_type: str
    """One of the guide's types: 字符型C, 数值型N, 货币型Y, 日期型D, 日期时间型T, 逻辑型L, 备注型M, 通用型G, 双精度型B,
    整型I, 浮点型F.
    """
    native_type: str = ""
    length: int | None = None
    required: bool | None = None
    primary_key: bool = False
    element: str | None = None
    """Data element id; None = not understood."""
    element_name: str = ""
    category: str = ""
    labels: tuple[Label, ...] = ()
    """tier, share, open (and element) with reason, basis, state, confidence."""
    evidence: tuple[Evidence, ...] = ()
    flags: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    extra: dict[str, str] = {}
    """Elements of ``entries/elements.yaml`` that have no field here."""
    given: dict[str, Given] = {}
    """Elements that a person filled in."""
    configured: tuple[str, ...] = ()

    def value(self, dimension: str) -> str:
        return next((label.value for label in self.labels if label.dimension == dimension), "undetermined")

    def label(self, dimension: str) -> Label | None:
        return next((label for label in self.labels if label.dimension == dimension), None)


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One information resource in the order of the national guide (numbers 1–13), then the municipal additions."""

    asset: str
    """``Asset.key``."""
    category: str
    """1 信息资源分类, as text: 部门信息资源类 / department / system."""
    title: str
    """2 信息资源名称."""
    code: str
    """3 信息资源代码: class part + ``/`` + sequence (regulation.md 2.2)."""
    provider: str
    """4 信息资源提供方."""
    provider_code: str
    """5 信息资源提供方代码 (统一社会信用代码)."""
    abstract: str
    """6 信息资源摘要."""
    format: str
    """7 信息资源格式, such as 数据库(sqlite), 电子表格(xlsx)."""
    items: tuple[EntryItem, ...]
    """8 信息项信息; credentials are left out here and counted in ``withheld``."""
    labels: tuple[Label, ...]
    """9, 10 and the tier: rolled-up tier, share, open with reason, basis, state."""
    share_condition: str
    """9.2 共享条件: 无条件, to what use, or the law behind the refusal."""
    share_method: str
    """9.3 共享方式."""
    open_condition: str
    """10.2 开放条件."""
    update_cycle: str
    """11 更新周期; 未填报 when the operator did not say."""
    publish_date: str | None = None
    """12 发布日期, CCYY-MM-DD; None until published."""
    related_codes: tuple[str, ...] = ()
    """13 关联资源代码."""
    department: str = ""
    """Department id."""
    section: str = ""
    contact: str = ""
    system: str = ""
    system_name: str = ""
    source_name: str = ""
    """The asset's own qualified name in its source."""
    kind: str = "table"
    origin: str = "own"
    row_estimate: int | None = None
    state: str = "draft"
    """draft | submitted | returned | approved | published | changed | withdrawn; see `workflows.entries.states`."""
    review: str = "pending"
    """审核状态 that people gave the asset: pending | confirmed | objected."""
    publishable: bool = False
    because: dict[str, tuple[str, ...]] = {}
    """tier | share | open → names of the deciding columns."""
    because_rules: dict[str, str] = {}
    open_view: tuple[str, ...] = ()
    """Columns whose dropping or masking allows a more open view."""
    open_view_labels: dict[str, str] = {}
    findings: tuple[Finding, ...] = ()
    subject: str = ""
    withheld: int = 0
    """Columns that hold credentials: no catalogue items, reported by number only."""
    extra: dict[str, str] = {}
    """Elements of ``entries/elements.yaml`` that have no field here."""
    given: dict[str, Given] = {}
    """Elements that a person filled in."""
    configured: tuple[str, ...] = ()
    """Elements that departments/*.yaml says."""

    def value(self, dimension: str) -> str:
        return next((label.value for label in self.labels if label.dimension == dimension), "undetermined")

    def label(self, dimension: str) -> Label | None:
        return next((label for label in self.labels if label.dimension == dimension), None)


class SiteInfo(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the outputs say about the site and the run they come from."""

    name: str
    """普陀区公共数据资源目录."""
    generated_at: str
    """ISO 8601 with zone."""
    pack: str
    """Pack id and version."""
    departments: dict[str, str]
    """Department id → name, in the configured order."""
    restricted_systems: int = 0
    quarantined_assets: int = 0
