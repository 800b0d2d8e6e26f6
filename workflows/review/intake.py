"""Reading a filled review workbook back: a verdict per row, and everything that counts in one transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from classifiers.evidence import Dimension
from classifiers.rulings import AGREED
from workflows.acts.acting import Acting
from workflows.acts.model import Actor
from workflows.acts.rights import Rights, require
from workflows.acts.trail import Trail
from workflows.errors import InputError
from workflows.review import sheets
from workflows.review.desk import WITH_OTHERS, Desk, Ruled, Seen, Verdict, Wish, counted, worst
from workflows.review.export import Manifest, SeenColumn
from workflows.review.filled import Filled, Line, RowId, read_filled
from workflows.review.fillings import WRITTEN, Fillings
from workflows.review.rows import (
    RowVerdict,
    cut,
    not_exported,
    one_line,
    seen_asset,
    seen_column,
    told_broken,
    told_unseen,
    without_id,
)
from workflows.ruling import DIMENSIONS, SUGGESTED

if TYPE_CHECKING:
    from classifiers.policy import Pack
    from workflows.settings import Department


class Imported(msgspec.Struct, kw_only=True):
    department: str
    export: str
    exported_at: str
    rows: list[RowVerdict]
    """Rows in which nothing is filled in are left out."""
    dry_run: bool

    @property
    def counts(self) -> dict[str, int]:
        return counted(row.verdict for row in self.rows)

    @property
    def exit_code(self) -> int:
        counts = self.counts
        left = counts["refused"] + counts["conflict"]
        return 0 if not left else 4 if left == len(self.rows) else 3


@dataclass(frozen=True)
class Importer:
    """Imports for one actor on one site. ``departments``: id → department."""

    trail: Trail
    pack: Pack
    actor: Actor
    rights: Rights
    departments: Mapping[str, Department]

    def run(self, path: Path, *, dry_run: bool = False, accept_conflicts: bool = False) -> Imported:
        """Import a workbook. Raises `InputError` for one that is none, `NotAllowed`."""
        filled = read_filled(path)
        digest, manifest = self._manifest(filled.export)
        require(self.actor, "decide", manifest.department, self.rights)
        if dry_run:
            at = self.trail.clock().isoformat(timespec="seconds")
            intake = self._judged(filled, manifest, at, accept_conflicts)
        else:
            with self.trail.acting(self.actor, pack=self.pack.ident) as acting:
                intake = self._judged(filled, manifest, acting.at, accept_conflicts)
                intake.write(acting, digest, hashlib.sha256(path.read_bytes()).hexdigest())
        return Imported(
            department=manifest.department,
            export=digest,
            exported_at=manifest.at,
            rows=intake.rows,
            dry_run=dry_run,
        )

    def _manifest(self, export: str) -> tuple[str, Manifest]:
        for act in self.trail.acts("import", verb="export"):
            digest: str = msgspec.json.decode(act.after)["export"]
            if digest.startswith(export):
                body = self.trail.document(digest)
                if body is not None:
                    return digest, msgspec.json.decode(body, type=Manifest)
        raise InputError(f"export {export} is not this site's (import where `pdc review export` wrote the workbook)")

    def _judged(self, filled: Filled, manifest: Manifest, at: str, accept_conflicts: bool) -> _Intake:
        desk = Desk(self.trail.store, self.pack, self.actor, at, self.rights)
        desk_of_elements = Fillings(desk, manifest, self.departments.get(manifest.department), accept_conflicts)
        intake = _Intake(desk, manifest, sheets.Choices(self.pack), accept_conflicts, desk_of_elements)
        intake.read(filled)
        return intake


@dataclass
class _Intake:
    """One workbook being judged."""

    desk: Desk
    manifest: Manifest
    choices: sheets.Choices
    accept_conflicts: bool
    fillings: Fillings
    rows: list[RowVerdict] = field(default_factory=list)
    taken: dict[RowId, Line] = field(default_factory=dict)

    def read(self, filled: Filled) -> None:
        accepted = self._accepted_groups(filled.rulings)
        said = [(line, self._in_group(line, accepted)) for line in filled.rulings]
        said = [(line, by_group) for line, by_group in said if by_group or any(map(line.text, sheets.ITEM_TITLES))]
        changed = [line for line in filled.elements if line.ident is None or self.fillings.changes(line)]
        lines = [*(line for line, _ in said), *changed]
        self.desk.load(asset.key for line in lines if (asset := seen_asset(line, self.manifest)))
        self.rows += [self._doubled(line) or self._item(line, by_group) for line, by_group in said]
        self.rows += [self._doubled(line) or self.fillings.judge(line) for line in changed]

    def write(self, acting: Acting, export: str, file: str) -> None:
        """All that counts; nothing at all when nothing does."""
        if self.desk.is_idle and not self.fillings.fills:
            return
        self.desk.write(acting)
        self.fillings.write(acting)
        counts = counted(row.verdict for row in self.rows)
        after = {"export": export, "file": file, "rows": counts}
        acting.add("import", self.manifest.department, "import", after=after)

    def _doubled(self, line: Line) -> RowVerdict | None:
        """A row that was copied says twice what happens to one column."""
        if line.ident is None:
            return without_id(line)
        first = self.taken.setdefault(line.ident, line)
        if first is not line:
            return RowVerdict(line.place, "refused", told=f"{line.place}：与第{first.number}行是同一行")
        return None

    # --- 待审信息项 -------------------------------------------------------------------------------------------------

    def _accepted_groups(self, lines: list[Line]) -> set[int]:
        said = (line for line in lines if sheets.yes_or_no(line.text(sheets.ACCEPT_GROUP)))
        return {column.group for line in said if (column := self._column(line))}

    def _in_group(self, line: Line, accepted: set[int]) -> bool:
        """Whether the row's group is agreed with; what the row says itself counts before that."""
        column = self._column(line)
        return column is not None and column.group in accepted

    def _column(self, line: Line) -> SeenColumn | None:
        return seen_column(line, seen_asset(line, self.manifest))

    def _item(self, line: Line, by_group: bool) -> RowVerdict:
        asset, column = seen_asset(line, self.manifest), self._column(line)
        if asset is None or column is None:
            return not_exported(line)
        reading = _Reading(line, asset.key, column, self.choices, by_group)
        wishes = reading.wishes()
        if reading.wrong:
            told = "；".join(reading.wrong)
            return RowVerdict(line.place, "refused", asset.key, column.name, told=told)
        found = self.desk.judge(wishes, despite_conflict=self.accept_conflicts)
        return _row_verdict(line, asset.key, column.name, found)


@dataclass
class _Reading:
    """One row of 待审信息项; ``wrong`` names the cells that say something unknown."""

    line: Line
    asset: str
    column: SeenColumn
    choices: sheets.Choices
    by_group: bool
    wrong: list[str] = field(default_factory=list)

    def wishes(self) -> list[Wish]:
        self.wrong += [f"{self.line.at(title)}{told_broken(text)}" for title, text in self.line.broken.items()]
        return [] if self.wrong else self._wishes()

    def _wishes(self) -> list[Wish]:
        agrees = self._answer(sheets.ACCEPT) if self.line.text(sheets.ACCEPT) else self.by_group or None
        if self.line.text(sheets.ACCEPT_GROUP) and self._answer(sheets.ACCEPT_GROUP) is False:
            self._say(sheets.ACCEPT_GROUP, "只能填“是”或留空")
        own = {dimension: key for dimension in SUGGESTED if (key := self._own(dimension))}
        basis, reason = self._basis(), self._reason()
        proposed = [dimension for dimension in SUGGESTED if self.column.marks[dimension].proposed]
        values: dict[Dimension, str | None] = dict(own)
        if agrees:
            values |= {one: self.column.marks[one].value for one in proposed if one not in own}
        elif agrees is False and not own:
            values |= dict.fromkeys(proposed)
        if not values and not self.wrong and (reason or basis):
            what = "只填了依据或理由，没有填采纳与否，也没有改填" if agrees is None else "没有待确认的建议，也没有改填"
            self.wrong.append(f"{self.line.place}：{what}，依据或理由没有着落")
        # What is agreed with keeps its reason and citations: what else the row says is on what it changes.
        agreed = f"{AGREED}：{reason}" if reason else AGREED
        return [
            self._wish(dimension, values[dimension], basis, reason)
            if dimension in own or not agrees
            else self._wish(dimension, values[dimension], () if own else basis, agreed)
            for dimension in SUGGESTED
            if dimension in values
        ]

    def _wish(self, dimension: Dimension, value: str | None, basis: tuple[str, ...], reason: str) -> Wish:
        mark = self.column.marks[dimension]
        reason = reason or (WRITTEN if value else "")
        seen = Seen(mark.value, mark.ruled, self.column.fingerprint)
        return Wish(self.asset, dimension, value, self.column.name, reason, basis, seen)

    def _answer(self, title: str) -> bool | None:
        found = sheets.yes_or_no(self.line.text(title))
        if found is None:
            self._say(title, "应为“是”或“否”")
        return found

    def _own(self, dimension: Dimension) -> str | None:
        title = DIMENSIONS[dimension]
        text = self.line.text(title)
        key = self.choices.key(dimension, text) if text else None
        if text and key is None:
            names = self.choices.names(dimension)
            known = f"可填：{'、'.join(names)}" if len(names) <= 10 else "请从下拉列表选择"
            self._say(title, f"没有这个{title}，{known}")
        return key

    def _reason(self) -> str:
        reason = one_line(self.line.text(sheets.REASON))
        if unseen := told_unseen(reason):
            self.wrong.append(f"{self.line.at(sheets.REASON)}{unseen}")
        return reason

    def _basis(self) -> tuple[str, ...]:
        found = dict(self.choices.cited(self.line.text(sheets.BASIS)))
        for text in (text for text, key in found.items() if key is None):
            self._say(sheets.BASIS, f"依据库中没有「{cut(text)}」")
        return tuple(dict.fromkeys(key for key in found.values() if key))

    def _say(self, title: str, what: str) -> None:
        self.wrong.append(f"{self.line.at(title)}「{cut(self.line.text(title))}」：{what}")


def _row_verdict(line: Line, asset: str, column: str, found: list[Ruled]) -> RowVerdict:
    verdict: Verdict = worst(one.verdict for one in found)
    said = (one.told for one in found if one.verdict == verdict and one.told != WITH_OTHERS)
    told = "；".join(dict.fromkeys(filter(None, said)))
    theirs = "；".join(f"{DIMENSIONS[one.wish.dimension]}：{one.theirs}" for one in found if one.theirs)
    yours: dict[str, str | None] = {one.wish.dimension: one.wish.value for one in found}
    return RowVerdict(line.place, verdict, asset, column, yours, theirs, told)
