"""数据责任清单, 共享负面清单 and 开放清单: who may be on them, and the files.

An entry with anything undetermined is on no list; nobody's silence becomes a refusal, and a refusal without a law,
regulation or rule is refused here once more (普陀区公共数据管理办法 21, 22). The open list holds own data only (26).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from classifiers.evidence import Label
from workflows.catalogue import OPEN_SCOPES
from workflows.entry import Entry, EntryItem, SiteInfo
from workflows.errors import Refusal
from workflows.outputs import words
from workflows.outputs.cells import Book, Cell, Column, Tinted
from workflows.outputs.files import json_bytes, write_bytes
from workflows.outputs.words import Note
from workflows.outputs.workbook import access_cell, tier_cell

if TYPE_CHECKING:
    from classifiers.policy import Pack

REFUSAL_RANKS: Final = frozenset(("law", "regulation", "decision", "rule"))


class MissingBasisError(Refusal):
    """An entry is marked as not shared without a law, regulation or rule: add the citation or decide otherwise."""

    def __init__(self, assets: Sequence[str]) -> None:
        self.assets = tuple(assets)
        self.written: tuple[Path, ...] = ()
        """The outputs that were whole by then, set by `workflows.outputs.write_all`."""
        super().__init__(
            f"not shared without a law, regulation or rule: {', '.join(assets)}; "
            "cite one in the pack or the decision, or choose another share type (Putuo Measures, Art. 21-22)"
        )


Row = dict[str, Any]


@dataclass(frozen=True)
class ListKind:
    """One of the lists: which entries it takes, why others are left out, and what it says of each."""

    name: str
    columns: tuple[Column, ...]
    select: Callable[[Sequence[Entry], Pack], list[Entry]]
    row: Callable[[Entry, Pack], list[Cell]]
    record: Callable[[Entry, Pack], Row]
    notes: tuple[Note, ...]
    owned_only: bool = False


# --- who is on a list --------------------------------------------------------------------------------------------


def listable(entries: Sequence[Entry]) -> list[Entry]:
    """Entries that may be on a list at all: fully determined and not withdrawn."""
    return [entry for entry in entries if entry.state != "withdrawn" and not words.is_pending(entry)]


def responsibility_list(entries: Sequence[Entry], pack: Pack) -> list[Entry]:
    """数据责任清单: what the department can share, unconditionally or on conditions."""
    return [entry for entry in listable(entries) if entry.value("share") in ("unconditional", "conditional")]


def negative_list(entries: Sequence[Entry], pack: Pack) -> list[Entry]:
    """共享负面清单: what a law, regulation or rule forbids to share.

    Raises `MissingBasisError`, naming every asset, when one that is marked as not shared cites none: also when it
    is still pending, because the mark itself is what the Measures forbid.
    """
    refused = [entry for entry in entries if entry.state != "withdrawn" and refusals(entry)]
    bare = [entry.asset for entry in refused if not may_refuse(entry, pack)]
    if bare:
        raise MissingBasisError(bare)
    return [entry for entry in refused if not words.is_pending(entry)]


def refusals(entry: Entry) -> list[Entry | EntryItem]:
    """What of an entry is not shared: itself, or, where people ruled it looser, the items that are not."""
    return [entry] if entry.value("share") == "none" else [*refused_items(entry)]


def refused_items(entry: Entry) -> list[EntryItem]:
    return [item for item in entry.items if item.value("share") == "none"]


def only_items(entry: Entry) -> bool:
    """Whether the resource is shared and some of its items are not."""
    return entry.value("share") != "none" and bool(refused_items(entry))


def may_refuse(entry: Entry, pack: words.Lexicon) -> bool:
    """Whether all that is not shared cites a law, regulation or rule, and what the pack itself asks of a refusal."""
    return all(_carried(refusal_bases([one], pack), pack) for one in refusals(entry))


def _carried(bases: Sequence[str], pack: words.Lexicon) -> bool:
    return bool(bases) and pack.sufficient("none", bases)


def refusal_bases(refused: Sequence[Entry | EntryItem], pack: words.Lexicon) -> list[str]:
    """The citations of the share labels whose rank can carry a refusal, each once."""
    found = ((key, words.citation(pack, key)) for key in words.cited(share_labels(refused)))
    return [key for key, c in found if c and c.rank in REFUSAL_RANKS and not c.beside_only and "none" not in c.not_for]


def share_labels(owners: Sequence[Entry | EntryItem]) -> list[Label]:
    return [label for one in owners if (label := one.label("share"))]


def open_list(entries: Sequence[Entry], pack: Pack) -> list[Entry]:
    """开放清单: what the public may have. Data got by sharing or negotiation is not in one's own list (Art. 26)."""
    return [entry for entry in listable(entries) if entry.origin == "own" and is_opened(entry)]


def is_opened(owner: Entry | EntryItem) -> bool:
    """What no other department may have is not open to everybody, whatever its open label says."""
    return owner.value("share") != "none" and owner.value("open") in ("unconditional", "conditional")


def open_items(entry: Entry) -> list[EntryItem]:
    """The columns of an entry that are themselves open."""
    return [item for item in entry.items if is_opened(item)]


# --- what a list says --------------------------------------------------------------------------------------------


def condition(text: str, entry: Entry, dimension: words.Axis) -> str:
    return text or ("无条件" if entry.value(dimension) == "unconditional" else "")


def bases(entry: Entry, pack: words.Lexicon, dimension: words.Axis) -> str:
    label = entry.label(dimension)
    return words.basis_text(pack, [label] if label else [])


def reason(entry: Entry, dimension: words.Axis) -> str:
    label = entry.label(dimension)
    return words.reason_lines(label.reason) if label else ""


def refusal_name(entry: Entry, pack: words.Lexicon) -> str:
    """非共享, and whether it is the whole resource or some items of it."""
    name = words.key_name(pack, "share", "none")
    return f"{name}（仅所列信息项）" if only_items(entry) else name


def refusal_reason(entry: Entry) -> str:
    """Why; items that have different reasons are named with theirs."""
    told = ((one, one.label("share")) for one in refusals(entry))
    return _by_items(entry, [(one, words.reason_lines(label.reason)) for one, label in told if label])


def full_bases(entry: Entry, pack: words.Lexicon) -> str:
    """The bases that carry a refusal, with rank and text; for 共享负面清单."""
    return _by_items(entry, [(one, _cited_lines(refusal_bases([one], pack), pack)) for one in refusals(entry)])


def _cited_lines(bases: Sequence[str], pack: words.Lexicon) -> str:
    found = map(pack.cite, bases)
    return "\n".join(f"{one.line()}（{words.rank_name(one)}）：{one.text}" for one in found)


def _by_items(entry: Entry, told: Sequence[tuple[Entry | EntryItem, str]]) -> str:
    """Each text once; where there are several, after the items that it is about."""
    groups: dict[str, list[str]] = {}
    for one, text in told:
        groups.setdefault(text, []).append(one.title)
    if len(groups) < 2:
        return "".join(groups)
    return "\n".join(f"{'、'.join(titles)}：{text}" for text, titles in groups.items())


def deciding_names(entry: Entry) -> tuple[str, ...]:
    """The columns for which an entry is on the negative list."""
    if only_items(entry):
        return tuple(item.name for item in refused_items(entry))
    return entry.because.get("share", ())


def deciding_items(entry: Entry) -> str:
    """The items for which an entry is not shared, each with its field's name; 全部信息项 when it is all of them."""
    names = deciding_names(entry)
    if 1 < len(names) == len(entry.items):
        return "全部信息项"
    titles = {item.name: item.title for item in entry.items}
    # A credential decides, too, and is no item.
    return "、".join(f"{titles[name]}（{name}）" if name in titles else name for name in names)


def named_items(items: Iterable[EntryItem]) -> str:
    return "、".join(f"{item.title}（{item.name}）" for item in items)


def item_records(items: Iterable[EntryItem]) -> list[Row]:
    return [{"name": item.name, "title": item.title, "data_type": item.data_type} for item in items]


def share_terms(entry: Entry) -> str:
    """共享条件, and the items that a shared resource leaves out."""
    left = named_items(refused_items(entry))
    return "\n".join(filter(None, [condition(entry.share_condition, entry, "share"), left and f"不含：{left}"]))


def domain(entry: Entry) -> str:
    """数据领域 as far as the columns tell: the commonest category of data element that is no system field."""
    counts: dict[str, int] = {}
    for item in entry.items:
        if item.category not in ("", "SY"):
            counts[item.category] = counts.get(item.category, 0) + 1
    return words.category(max(counts, key=counts.__getitem__)) if counts else ""


def identity_cells(entry: Entry) -> list[Cell]:
    return [entry.title, entry.code, entry.provider]


def state_cells(entry: Entry) -> list[Cell]:
    return [words.LIFE_CYCLE.get(entry.state, entry.state)]


def citations(labels: Sequence[Label], pack: words.Lexicon) -> list[Row]:
    return [{"key": key, "citation": words.citation_line(pack, key)} for key in words.cited(labels)]


def record(entry: Entry, pack: words.Lexicon, dimension: words.Axis) -> Row:
    """The JSON of one entry, common to the lists: law-neutral key beside the pack's name."""
    label = entry.label(dimension)
    return {
        "asset": entry.asset,
        "code": entry.code,
        "title": entry.title,
        "provider": entry.provider,
        "provider_code": entry.provider_code,
        "type": entry.value(dimension),
        "type_name": words.axis_name(pack, entry, dimension),
        "tier": entry.value("tier"),
        "reason": label.reason if label else "",
        "basis": citations([label] if label else [], pack),
        "update_cycle": entry.update_cycle,
        "state": entry.state,
    }


def responsibility_row(entry: Entry, pack: words.Lexicon) -> list[Cell]:
    share: list[Cell] = [access_cell(pack, entry, "share"), share_terms(entry), entry.share_method]
    grounds: list[Cell] = [reason(entry, "share"), bases(entry, pack, "share"), entry.update_cycle]
    contact: list[Cell] = [entry.section, entry.contact]
    return [*identity_cells(entry), *share, tier_cell(pack, entry), *grounds, *contact, *state_cells(entry)]


def responsibility_record(entry: Entry, pack: words.Lexicon) -> Row:
    return {
        **record(entry, pack, "share"),
        "condition": condition(entry.share_condition, entry, "share"),
        "method": entry.share_method,
        "left_out": item_records(refused_items(entry)),
    }


def negative_row(entry: Entry, pack: words.Lexicon) -> list[Cell]:
    grounds: list[Cell] = [refusal_reason(entry), full_bases(entry, pack), deciding_items(entry)]
    cells = [*identity_cells(entry), Tinted(refusal_name(entry, pack), "none"), tier_cell(pack, entry)]
    return [*cells, *grounds, *state_cells(entry)]


def negative_record(entry: Entry, pack: words.Lexicon) -> Row:
    return {
        **record(entry, pack, "share"),
        "type": "none",
        "type_name": refusal_name(entry, pack),
        "reason": "；".join(dict.fromkeys(label.reason for label in share_labels(refusals(entry)))),
        "basis": citations(share_labels(refusals(entry)), pack),
        "only_items": only_items(entry),
        "deciding_columns": list(deciding_names(entry)),
        "refusal_basis": refusal_bases(refusals(entry), pack),
    }


def open_scope(entry: Entry) -> str:
    """开放范围 (上海市数据条例 42)."""
    return entry.extra.get("open_scope") or OPEN_SCOPES.get(entry.value("open"), "")


def open_row(entry: Entry, pack: words.Lexicon) -> list[Cell]:
    described: list[Cell] = [domain(entry), entry.abstract]
    items = named_items(open_items(entry))
    terms: list[Cell] = [open_scope(entry), access_cell(pack, entry, "open")]
    more: list[Cell] = [condition(entry.open_condition, entry, "open"), entry.update_cycle, items, entry.format]
    grounds: list[Cell] = [reason(entry, "open"), bases(entry, pack, "open")]
    return [*identity_cells(entry), *described, *terms, *more, *grounds, *state_cells(entry)]


def open_record(entry: Entry, pack: words.Lexicon) -> Row:
    return {
        **record(entry, pack, "open"),
        "scope": open_scope(entry),
        "condition": condition(entry.open_condition, entry, "open"),
        "domain": domain(entry),
        "abstract": entry.abstract,
        "format": entry.format,
        "items": item_records(open_items(entry)),
    }


LEFT_OUT_ITEMS: Final = Note("「不含」的信息项不予共享，见共享负面清单")
ONLY_LAWFUL: Final = Note(
    "只列法律、法规、规章规定不得共享的信息资源，每条都引有依据", ("putuo-2020/21", "putuo-2020/22")
)
ITEMS_ONLY: Final = Note("「仅所列信息项」指资源本身可以共享、其中的「决定性信息项」不予共享")
SCOPES: Final = Note("列明开放范围、开放类型、开放条件、更新频率", ("shanghai-data/42",))
OWN_ONLY: Final = Note("通过共享、协商等方式获得的数据不列入本单位开放清单", ("putuo-2020/26",))

IDENTITY: Final = (Column("信息资源名称", 28), Column("信息资源代码", 22), Column("提供方", 26))
STATE: Final = Column("状态", 11, centre=True)
TIER: Final = Column("数据分级", 15, centre=True)

RESPONSIBILITY: Final = ListKind(
    "数据责任清单",
    (
        *IDENTITY,
        Column("共享类型", 15, centre=True),
        Column("共享条件", 38),
        Column("共享方式", 24),
        TIER,
        Column("理由", 44),
        Column("依据", 50),
        Column("更新周期", 10, centre=True),
        Column("责任科室", 14),
        Column("联系方式", 24),
        STATE,
    ),
    responsibility_list,
    responsibility_row,
    responsibility_record,
    (
        Note("列出本部门可以向其他部门共享的信息资源及其类型、条件和依据", ("putuo-2020/21", "putuo-2020/22")),
        LEFT_OUT_ITEMS,
    ),
)
NEGATIVE: Final = ListKind(
    "共享负面清单",
    (
        *IDENTITY,
        Column("共享类型", 15, centre=True),
        TIER,
        Column("理由", 44),
        Column("法律、法规、规章依据", 70),
        Column("决定性信息项", 30),
        STATE,
    ),
    negative_list,
    negative_row,
    negative_record,
    (
        ONLY_LAWFUL,
        ITEMS_ONLY,
        Note("没有依据的不得列入；负面清单须经审核", ("shanghai-data/38",)),
    ),
)
OPEN: Final = ListKind(
    "开放清单",
    (
        *IDENTITY,
        Column("数据领域", 16),
        Column("摘要", 40),
        Column("开放范围", 24),
        Column("开放类型", 15, centre=True),
        Column("开放条件", 34),
        Column("更新频率", 10, centre=True),
        Column("数据项", 60),
        Column("数据格式", 18),
        Column("理由", 40),
        Column("依据", 50),
        STATE,
    ),
    open_list,
    open_row,
    open_record,
    (
        SCOPES,
        OWN_ONLY,
        Note("「数据项」只含本身可以开放的信息项"),
        Note("「数据领域」按信息项类别给出，供部门确定领域时参考"),
    ),
    owned_only=True,
)
KINDS: Final = (RESPONSIBILITY, OPEN, NEGATIVE)
"""The negative list comes last: when it is refused the other files are whole."""

LEFT_OUT: Final = (*IDENTITY, Column("未列入原因", 70))


# --- files -------------------------------------------------------------------------------------------------------


def left_out(kind: ListKind, entries: Sequence[Entry]) -> Iterator[list[Cell]]:
    """Entries that are on no list yet, or not on this one because of their origin, each with the reason."""
    for entry in entries:
        if entry.state == "withdrawn":
            yield [*identity_cells(entry), "已下线"]
        elif words.is_pending(entry):
            columns = [item.title for item in words.open_questions(entry)]
            named = f"：{'、'.join(columns[:20])}{' 等' if len(columns) > 20 else ''}" if columns else ""
            yield [*identity_cells(entry), f"尚有待判定内容{named}"]
        elif kind.owned_only and entry.origin != "own":
            yield [*identity_cells(entry), f"数据来源为{words.ORIGINS.get(entry.origin, entry.origin)}，不属于自产数据"]


def cover_lines(kind: ListKind, chosen: int, entries: Sequence[Entry], info: SiteInfo, pack: Pack, final: bool) -> Any:
    pending = sum(map(words.is_pending, entries))
    yield "目录", info.name
    yield "生成时间", words.minute(info.generated_at)
    yield "判定规则", f"{pack.title}（{info.pack}）"
    yield "状态", "各条目均已审核" if final else f"{words.DRAFT}：机器提出、尚未全部审核，不作为共享、开放的决定"
    yield "条目", f"信息资源共 {len(entries)} 个，列入本清单 {chosen} 个"
    yield "待判定", f"{pending} 个信息资源尚有待判定内容，不列入任何清单；名单和原因见「未列入」表"
    yield from (("说明", words.note_text(pack, note)) for note in kind.notes)


def write_list(
    kind: ListKind,
    scope: str,
    entries: Sequence[Entry],
    info: SiteInfo,
    pack: Pack,
    folder: Path,
    approved: frozenset[str] = frozenset(),
) -> list[Path]:
    """Write one list as workbook and as JSON lines; ``scope`` names whose it is (a department or the site).

    Raises `MissingBasisError` before anything is written.
    """
    chosen = kind.select(entries, pack)
    final = words.all_approved(chosen, approved)
    title = words.draft_title(f"{scope}{kind.name}", final)
    book = Book(title, info.generated_at)
    book.cover(title, cover_lines(kind, len(chosen), entries, info, pack, final))
    book.table(kind.name, kind.columns, (kind.row(entry, pack) for entry in chosen), frozen=1)
    book.table("未列入", LEFT_OUT, left_out(kind, entries), frozen=1)
    lines = (json_bytes({"list": kind.name, "final": final, **kind.record(entry, pack)}) + b"\n" for entry in chosen)
    return [book.save(folder / f"{kind.name}.xlsx"), write_bytes(folder / f"{kind.name}.jsonl", lines)]
