"""Elements of entries that people filled in on the sheets 资源 and 信息项: a verdict per row, each cell by its name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import TYPE_CHECKING

from connectors.workbook.cells import Broken
from workflows import catalogue
from workflows.acts.acting import Acting
from workflows.acts.trail import Trail
from workflows.entries.classes import class_of
from workflows.entries.codes import codes
from workflows.entries.elements import LONGEST, Element, Level, check_value
from workflows.entries.values import Fill, Values, fill, people_values
from workflows.entry import Entry
from workflows.errors import InputError
from workflows.review.desk import Desk
from workflows.review.export import Manifest, SeenAsset, SeenColumn
from workflows.review.filled import Line
from workflows.review.items import fingerprint
from workflows.review.rows import (
    RowVerdict,
    cut,
    not_exported,
    one_line,
    seen_asset,
    seen_column,
    told_broken,
    told_unseen,
)
from workflows.review.sheets import heading, plain, shown_item_values, shown_values, writable

if TYPE_CHECKING:
    from classifiers.policy import Pack
    from workflows.settings import Department

WRITTEN = "在审核表中填写"
_CHANGED = "导出之后已有变化"
HINTS = {
    "time": "，应为不晚于现在的日期或时间，如2026-03-02或2026-03-02 08:30",
    "codes": "，应为其他资源的代码，如300001/000001，多个用“、”隔开",
}
"""`Element.form` → how its values are written."""


@dataclass
class Fillings:
    """Judges the rows of one workbook; ``fills``: what came of them, by asset.

    ``desk`` holds the assets in question; inside `Trail.acting` nobody can change them meanwhile.
    """

    desk: Desk
    manifest: Manifest
    department: Department | None
    accept_conflicts: bool
    fills: dict[str, list[Fill]] = field(default_factory=dict)

    def changes(self, line: Line) -> dict[str, str]:
        """Element → text of every cell that says something else than was exported."""
        asset = seen_asset(line, self.manifest)
        if asset is None or line.ident is None:
            # Any text will do: `judge` tells that the row is none of the export's.
            return dict(line.cells)
        column = seen_column(line, asset)
        if line.ident.column is not None and column is None:
            return dict(line.cells)
        seen = column.values if column else asset.values
        there = ((key, title) for key, title in _titles("item" if column else "asset") if title in line.places)
        return {
            key: text
            for key, title in there
            if (text := line.cells.get(title, "")) != seen.get(key, "") or isinstance(text, Broken)
        }

    def judge(self, line: Line) -> RowVerdict:
        """What becomes of a row that says something else than was exported; keeps what counts for `write`."""
        asset = seen_asset(line, self.manifest)
        column = seen_column(line, asset)
        if asset is None or line.ident is None or (line.ident.column is not None and column is None):
            return not_exported(line)
        return self._judge(line, asset, column)

    def _judge(self, line: Line, asset: SeenAsset, column: SeenColumn | None) -> RowVerdict:
        level: Level = "item" if column else "asset"
        name = column.name if column else None
        changes = {key: _as_listed(level, key, text) for key, text in self.changes(line).items()}
        yours: dict[str, str | None] = dict(changes)
        present = self._present.get(asset.key, {})
        now = present.get(name)
        if now is None:
            told = f"资源中已没有字段{name}" if present and name else "目录中已没有这个资源，或尚未分类"
            return RowVerdict(line.place, "refused", asset.key, name, yours, told=told)
        if wrong := [*self._faults(line, level, changes, self._entries[asset.key])]:
            return RowVerdict(line.place, "refused", asset.key, name, yours, told="；".join(wrong))
        kept = {key for key, text in changes.items() if not text and not self._is_ours(asset.key, name, key)}
        new = {key: text for key, text in changes.items() if now.get(key, "") != text and key not in kept}
        told = "；".join(self._kept(line, level, kept, now))
        if (theirs := self._theirs(asset, column, new, now)) and not self.accept_conflicts:
            return RowVerdict(line.place, "conflict", asset.key, name, yours, theirs, _CHANGED)
        if new:
            self.fills.setdefault(asset.key, []).extend(Fill(key, text, name) for key, text in new.items())
        return RowVerdict(line.place, "accepted" if new else "unchanged", asset.key, name, yours, told=told)

    def write(self, acting: Acting) -> None:
        """All that counts, one act per asset, in the transaction under way."""
        for key, fills in self.fills.items():
            names = [name for name in self._present[key] if name is not None]
            own = self._entries[key]
            fill(acting, key, fills, rights=self.desk.rights, items=names, of=own, why=WRITTEN)

    # --- how it stands -----------------------------------------------------------------------------------------------

    @cached_property
    def _entries(self) -> dict[str, Entry]:
        """Asset → its entry as it stands now."""
        if self.department is None:
            return {}
        systems = {system.id: system for system in self.department.systems}
        numbers, told = codes(self.desk.store, self.department.id), catalogue.known(self.desk.store)
        found = {}
        for key, stored in self.desk.assets.items():
            given = numbers.get(stored.id)
            if stored.verdict is not None and given is not None:
                system = systems.get(stored.asset.system)
                found[key] = catalogue.entry(stored, given, self.department, system, self.desk.pack, told)
        return found

    @cached_property
    def _present(self) -> dict[str, dict[str | None, dict[str, str]]]:
        """Asset → item (None = the asset itself) → element → text, as it stands now."""
        return {key: _values(entry, self.desk.pack) for key, entry in self._entries.items()}

    @cached_property
    def _ours(self) -> Mapping[str, Values]:
        """What people filled in, by asset: what was written elsewhere cannot be taken back here."""
        return people_values(Trail(self.desk.store))

    def _is_ours(self, asset: str, name: str | None, key: str) -> bool:
        return key in self._ours.get(asset, {}).get(name, {})

    def _theirs(
        self, asset: SeenAsset, column: SeenColumn | None, new: Mapping[str, str], now: Mapping[str, str]
    ) -> str:
        """What is otherwise than it was exported; empty when nothing is."""
        if column and new:
            known = next(one for one in self.desk.assets[asset.key].asset.columns if one.name == column.name)
            if fingerprint(known) != column.fingerprint:
                return f"字段的名称、注释或类型已变：{known.name} {known.type} {known.comment or ''}".rstrip()
        seen, elements = (column.values, writable("item")) if column else (asset.values, writable("asset"))
        theirs = {key: now.get(key, "") for key in new if now.get(key, "") != seen.get(key, "")}
        return "；".join(f"{elements[key].title}：{cut(text) or '（空）'}" for key, text in theirs.items())

    # --- cells -------------------------------------------------------------------------------------------------------

    def _faults(self, line: Line, level: Level, changes: Mapping[str, str], of: Entry) -> Iterator[str]:
        if not self.desk.actor.has(self.desk.rights["entry.fill"], self.manifest.department):
            yield f"无权填报{self.manifest.department}的资源"
        for key, text in changes.items():
            element = writable(level)[key]
            if isinstance(text, Broken):
                yield f"{line.at(heading(element))}{told_broken(text)}"
            elif text and element.values and text not in element.values:
                yield f"{line.at(heading(element))}「{cut(text)}」：{element.title}可填：{'、'.join(element.values)}"
            elif len(text) > LONGEST:
                yield f"{line.at(heading(element))}：{element.title}有{len(text)}字，最多{LONGEST}字"
            elif unseen := told_unseen(text):
                yield f"{line.at(heading(element))}{unseen}"
            elif not _is_taken(level, key, text, of):
                yield f"{line.at(heading(element))}「{cut(text)}」：{element.title}不能这样写{_hint(element, of)}"

    @staticmethod
    def _kept(line: Line, level: Level, kept: set[str], now: Mapping[str, str]) -> Iterator[str]:
        """Emptied cells in which no person wrote: they keep what the source or the configuration says."""
        for key in (key for key in writable(level) if key in kept and now.get(key)):
            yield f"{line.at(heading(writable(level)[key]))}：没有人工填写过的内容，清空后仍为「{cut(now[key])}」"


@cache
def _titles(level: Level) -> tuple[tuple[str, str], ...]:
    """Element and its heading as `Line` has it."""
    return tuple((key, plain(heading(element))) for key, element in writable(level).items())


def _as_listed(level: Level, key: str, text: str) -> str:
    """The allowed value that is meant, whatever its width and spaces; any other text as it is."""
    if isinstance(text, Broken):
        return text
    text = one_line(text)
    return next((value for value in writable(level)[key].values if plain(value) == plain(text)), text)


def _is_taken(level: Level, key: str, text: str, of: Entry) -> bool:
    """Whether `fill` takes the value: what it says against it is English, for the command line."""
    try:
        check_value(level, key, text, of)
    except InputError:
        return False
    return True


def _hint(element: Element, of: Entry) -> str:
    """How values of an element are written."""
    if element.form == "class":
        return f"，应与代码{of.code}同类：以“{class_of(of.category)}”开头，其后用“/”细分"
    return HINTS.get(element.form, "")


def _values(entry: Entry, pack: Pack) -> dict[str | None, dict[str, str]]:
    items: dict[str | None, dict[str, str]] = {item.name: shown_item_values(entry, item, pack) for item in entry.items}
    return {None: shown_values(entry), **items}
