"""Rulings that somebody wishes for → what becomes of each: in force, waiting for a second person, conflict, refused.

Judging reads and writes nothing; `Desk.write` puts everything that came of it into one transaction.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from classifiers.evidence import ColumnVerdict, Decision, Dimension, Label
from classifiers.rulings import Rulings, grounds
from connectors.model import Column
from workflows.acts.acting import Acting
from workflows.acts.decisions import decide
from workflows.acts.model import Actor
from workflows.acts.rights import Rights
from workflows.classify import by_asset, tiers_in_force
from workflows.packs import completed
from workflows.publish.ledger import Ledger, Question
from workflows.review.items import fingerprint, mark_of
from workflows.ruling import (
    agreed,
    is_lower,
    lacks_basis,
    latest,
    lowering,
    settled,
    tier_in_force,
)
from workflows.store import Store
from workflows.store_records import StoredAsset

if TYPE_CHECKING:
    from classifiers.policy import Pack

Verdict = Literal["accepted", "waits", "unchanged", "conflict", "refused"]
"""``waits``: a lowered tier that needs a second person."""


WITH_OTHERS = "同时裁定的其他标签未被接受，一并不计"
ORDER: tuple[Verdict, ...] = ("unchanged", "accepted", "waits", "conflict", "refused")


class Seen(msgspec.Struct, frozen=True):
    """What somebody looked at when they decided; see `Mark`."""

    value: str
    ruled: int
    fingerprint: str


class Wish(msgspec.Struct, frozen=True):
    """One ruling that somebody wishes for; ``value`` None = the proposal is refused without another."""

    asset: str
    dimension: Dimension
    value: str | None
    column: str | None = None
    reason: str = ""
    basis: tuple[str, ...] = ()
    seen: Seen | None = None
    """None = as it stands now."""


class Ruled(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of one wish."""

    wish: Wish
    verdict: Verdict
    told: str = ""
    """Chinese: why it was refused, or what it waits for."""
    theirs: str = ""
    """Of a conflict: what stands there now and who said so."""


class _Known(NamedTuple):
    """A column as it is now, with its fingerprint."""

    verdict: ColumnVerdict | None
    column: Column
    fingerprint: str


@dataclass
class Desk:
    """Judges the wishes of one actor; use `opened` so that it knows the assets in question.

    ``store`` is read as it is at the moment: inside `Trail.acting` nobody can change it meanwhile.
    """

    store: Store
    pack: Pack
    actor: Actor
    at: str
    rights: Rights
    since: str = "导出"
    """Since when something may have changed, in words of conflicts."""
    assets: dict[str, StoredAsset] = field(default_factory=dict)
    rulings: dict[str, list[Decision]] = field(default_factory=dict)
    questions: dict[str, list[Question]] = field(default_factory=dict)
    decisions: list[Decision] = field(default_factory=list)
    asked: list[Question] = field(default_factory=list)
    settled: list[Question] = field(default_factory=list)
    _columns: dict[str, dict[str, _Known]] = field(default_factory=dict, init=False)
    _placed: dict[str, dict[str | None, list[Decision]]] = field(default_factory=dict, init=False)
    _tiers: dict[str, Mapping[str, str]] = field(default_factory=dict, init=False)

    def load(self, keys: Iterable[str]) -> None:
        """Read these assets with their rulings and open questions."""
        wanted = set(keys)
        ids = [item.id for item in self.store.judgeable() if item.key in wanted]
        self.assets = {stored.asset.key: stored for stored in self.store.load(ids)}
        self.rulings = by_asset([one for one in self.store.decisions() if one.asset in wanted])
        self.questions = defaultdict(list)
        for question in Ledger(self.store, "").questions():
            self.questions[question.asset].append(question)

    def judge(self, wishes: Sequence[Wish], *, despite_conflict: bool = False) -> list[Ruled]:
        """What becomes of wishes that belong together: when one is refused or in conflict, none of them counts.

        What they bring is kept for `write`.
        """
        kept = len(self.decisions), len(self.asked), len(self.settled)
        found = [self._judge(wish, despite_conflict) for wish in wishes]
        left: Verdict = worst(one.verdict for one in found)
        if left not in ("refused", "conflict"):
            return found
        del self.decisions[kept[0] :], self.asked[kept[1] :], self.settled[kept[2] :]
        return [Ruled(one.wish, left, WITH_OTHERS) if one.verdict in ("accepted", "waits") else one for one in found]

    def _judge(self, wish: Wish, despite_conflict: bool) -> Ruled:
        stored = self.assets.get(wish.asset)
        if stored is None or stored.verdict is None:
            return Ruled(wish, "refused", "目录中已没有这个资源，或尚未分类")
        if not self.actor.has(self.rights["decide"], stored.asset.department):
            return Ruled(wish, "refused", f"无权裁定{stored.asset.department}的标签")
        label, known = self._label(stored, wish)
        if not known:
            return Ruled(wish, "refused", f"资源中已没有字段{wish.column}")
        if self._stands(wish, label):
            return Ruled(wish, "unchanged")
        if (theirs := self._changed(wish, stored)) and not despite_conflict:
            return Ruled(wish, "conflict", f"{self.since}之后已有变化", theirs)
        return self._ruled(wish, stored, label)

    def _ruled(self, wish: Wish, stored: StoredAsset, label: Label | None) -> Ruled:
        decision = self._decision(wish)
        if wish.value is None and not wish.reason:
            return Ruled(wish, "refused", "不采纳建议须写明理由")
        if lacks_basis(decision, label, self.pack):
            return Ruled(wish, "refused", self._wanting("给出法律、法规或规章依据", wish))
        if self._lacks_reason(decision, label):
            return Ruled(wish, "refused", self._wanting("说明理由", wish))
        force = self._force(stored, wish) if wish.dimension == "tier" else None
        if not is_lower(wish.value, force):
            self._supersede(decision)
            self.decisions.append(decision)
            return Ruled(wish, "accepted")
        return self._lowered(wish, decision, force)

    def _force(self, stored: StoredAsset, wish: Wish) -> str | None:
        tiers = self._tiers.get(wish.asset)
        if tiers is None:
            tiers = self._tiers[wish.asset] = tiers_in_force(stored)
        return tier_in_force(stored, self._own(wish), wish.column, tiers)

    def _lacks_reason(self, decision: Decision, label: Label | None) -> bool:
        """Who restricts sharing otherwise than the rules do says why (Art. 22); all other rulings may do without."""
        asked = decision.dimension == "share" and (decision.value or "") in self.pack.body.sufficient_ranks
        return asked and not grounds(decision, label).reason

    def _wanting(self, what: str, wish: Wish) -> str:
        told = f"定为{self.pack.display(wish.dimension, wish.value or '')}须{what}"
        weak = self.pack.lacking(wish.value or "", wish.basis)
        return f"{told}；所引{'、'.join(weak)}" if weak else told

    def _lowered(self, wish: Wish, decision: Decision, force: str | None) -> Ruled:
        question = next((one for one in self._open(wish) if one.value == wish.value), None)
        if question is None:
            self._supersede(decision)
            question = lowering(decision, force, self.pack.display, self.actor.person)
            self.asked.append(question)
            return Ruled(wish, "waits", question.message)
        if question.is_by(self.actor.person, self.actor.name):
            return Ruled(wish, "unchanged", question.message)
        if self.actor.behalf:
            return Ruled(wish, "refused", "降级须第二人以本人账号同意，不能代他人同意")
        self.decisions.append(agreed(question, self.actor.name, self.at, wish.reason))
        self.settled.append(settled(question, "accepted", self.actor.name, self.at))
        return Ruled(wish, "accepted", f"{question.who}提出降级，现由第二人同意")

    def _decision(self, wish: Wish) -> Decision:
        return Decision(
            asset=wish.asset,
            column=wish.column,
            dimension=wish.dimension,
            value=wish.value,
            who=self.actor.name or self.actor.who,
            at=self.at,
            reason=wish.reason,
            basis=wish.basis,
        )

    def _supersede(self, decision: Decision) -> None:
        """An open question on the same label is overtaken."""
        for question in self.questions.get(decision.asset, ()):
            place = (question.column, question.dimension)
            if place == (decision.column, decision.dimension) and question.kind != "objection":
                self.settled.append(settled(question, "refused", decision.who, decision.at))

    # --- how it stands -------------------------------------------------------------------------------------------

    def _label(self, stored: StoredAsset, wish: Wish) -> tuple[Label | None, bool]:
        """The label of the last run, and whether its place is known."""
        if wish.column is None:
            return stored.verdict.label(wish.dimension) if stored.verdict else None, True
        known = self._known(stored, wish)
        verdict = known.verdict if known else None
        return verdict.label(wish.dimension) if verdict else None, verdict is not None

    def _known(self, stored: StoredAsset, wish: Wish) -> _Known | None:
        """The wish's column; None when there is none."""
        columns = self._columns.get(wish.asset)
        if columns is None:
            verdicts = stored.column_verdicts
            columns = {one.name: _Known(verdicts.get(one.name), one, fingerprint(one)) for one in stored.asset.columns}
            self._columns[wish.asset] = columns
        return columns.get(wish.column or "")

    def _stands(self, wish: Wish, label: Label | None) -> bool:
        """Whether the same is in force already, by whomever."""
        ruled = latest(self._own(wish), wish.dimension, wish.column)
        if ruled is None:
            return label is not None and (label.state, label.value) == ("confirmed", wish.value)
        return ruled.value == wish.value and set(wish.basis) <= {*ruled.basis, *(label.basis if label else ())}

    def _changed(self, wish: Wish, stored: StoredAsset) -> str:
        """What is otherwise than it was seen; empty when nothing is."""
        seen, known = wish.seen, self._known(stored, wish)
        if seen is None or known is None:
            return ""
        column = known.column
        if known.fingerprint != seen.fingerprint:
            return f"字段的名称、注释或类型已变：{column.name} {column.type} {column.comment or ''}".rstrip()
        label = known.verdict.label(wish.dimension) if known.verdict else None
        mark = mark_of(label, wish.dimension, Rulings(tuple(self._own(wish))), seen.fingerprint)
        if mark.ruled != seen.ruled:
            ruled = latest(self._own(wish), wish.dimension, wish.column)
            assert ruled is not None
            value = self.pack.display(wish.dimension, ruled.value) if ruled.value else "不同意建议"
            return f"{ruled.who}于{ruled.at[:16].replace('T', ' ')}定为：{value}"
        if mark.value != seen.value:
            return f"建议已变为：{self.pack.display(wish.dimension, mark.value) if mark.value else '无'}"
        return ""

    def _own(self, wish: Wish) -> Sequence[Decision]:
        """The rulings in the same place, oldest first."""
        by_column = self._placed.get(wish.asset)
        if by_column is None:
            by_column = self._placed[wish.asset] = defaultdict(list)
            for decision in self.rulings.get(wish.asset, ()):
                by_column[decision.column].append(decision)
        return by_column.get(wish.column, ())

    def _open(self, wish: Wish) -> list[Question]:
        """Lowered tiers in the same place that wait for a second person."""
        same = ("lowering", wish.column, wish.dimension)
        return [one for one in self.questions.get(wish.asset, ()) if (one.kind, one.column, one.dimension) == same]

    # --- writing -------------------------------------------------------------------------------------------------

    @property
    def is_idle(self) -> bool:
        """Whether nothing came of the wishes."""
        return not (self.decisions or self.asked or self.settled)

    def write(self, acting: Acting) -> None:
        """Everything that came of the wishes, in the transaction under way."""
        decide(acting, self.store, completed(self.store, self.decisions))
        ledger = Ledger(self.store, "")
        ledger.ask(self.asked, acting)
        for one in self.settled:
            outcome: Literal["accepted", "refused"] = "accepted" if one.state == "accepted" else "refused"
            ledger.settle_question(one.id, outcome, one.settled_by, one.settled_at, acting)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The one that wishes which belong together have in common.

    >>> worst(["unchanged", "accepted"]), worst(["accepted", "refused"]), worst([])
    ('accepted', 'refused', 'unchanged')
    """
    return max(verdicts, key=ORDER.index, default="unchanged")


def counted(verdicts: Iterable[Verdict]) -> dict[str, int]:
    """How many of each verdict, all of them named."""
    found = Counter(verdicts)
    return {name: found[name] for name in ORDER}
