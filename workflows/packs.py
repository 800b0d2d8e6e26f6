"""Verbs around policy packs: find one by name or file, and see what another one would change on this site."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from classifiers.evidence import ACCESS, TIERS, AssetVerdict, Decision
from classifiers.pack_diff import PackChange, Relabel, diff_packs, relabels
from classifiers.rulings import with_context
from workflows.acts.decisions import decide
from workflows.acts.site import program
from workflows.acts.trail import Trail
from workflows.batches import chunks
from workflows.classify import by_asset
from workflows.errors import InputError
from workflows.inputs import table_input
from workflows.lineage import Lineage
from workflows.run import open_pack
from workflows.store import Store
from workflows.store_records import StoredAsset

if TYPE_CHECKING:
    from classifiers.policy import Pack


def find_pack(text: str, default: str = "putuo-2020") -> Pack:
    """``NAME``, ``NAME+overlay.yaml[+…]`` or ``overlay.yaml`` (whose ``extends:`` names the pack).

    Raises ``InputError`` for a file that cannot be read, ``PackProblem`` for a pack that cannot be used.
    """
    first, *files = text.split("+")
    if first.endswith((".yaml", ".yml")):
        files, first = [first, *files], ""
    overlays = [(path, _read(Path(path))) for path in files]
    return open_pack(first or _extended(overlays, default), overlays)


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        why = exc.strerror if isinstance(exc, OSError) else "not UTF-8"
        raise InputError(f"{path}: {why} (write a pack's name, an overlay file, or NAME+overlay.yaml)") from exc


def _extended(overlays: Sequence[tuple[str, str]], default: str) -> str:
    from classifiers.policy import pack_names

    file, text = overlays[0]
    for number, line in enumerate(text.splitlines(), start=1):
        if line.startswith("extends:"):
            name = line.partition(":")[2].partition("#")[0].strip().strip("\"'")
            if name not in pack_names():
                raise InputError(f"{file}:{number}: extends: no pack {name!r}; known: {', '.join(pack_names())}")
            return name
    return default


class PackDiff(msgspec.Struct, kw_only=True):
    """What ``pdc pack diff`` tells."""

    old: str
    new: str
    assets: int | None = None
    """Assets of the site that both packs judged; None without a site's store."""
    counts: dict[str, int] = {}
    """Dimension → labels of columns that would change."""
    asset_counts: dict[str, int] = {}
    """Dimension → labels of assets that would change."""
    labels: list[Relabel] = []
    pack: list[PackChange] = []

    def as_json(self) -> dict[str, Any]:
        found: dict[str, Any] = msgspec.to_builtins(self)
        return found


def diff_site(store: Store, old: Pack, new: Pack, names: Mapping[str, str], as_of: date) -> PackDiff:
    """Every label of the stored assets that the new pack would give another value. Writes nothing.

    Both packs judge anew what is stored, decisions included; the tiers in force are left aside, so that a lower tier
    shows as the new rule gives it (in a real run it waits for a person).
    """
    result = PackDiff(old=old.ident, new=new.ident, assets=0, pack=diff_packs(old, new))
    for count, item in _site_relabels(store, old, new, names, as_of):
        result.assets = count
        result.labels.extend(item)
    result.counts = _counted(item for item in result.labels if item.column)
    result.asset_counts = _counted(item for item in result.labels if not item.column)
    return result


def _site_relabels(
    store: Store, old: Pack, new: Pack, names: Mapping[str, str], as_of: date
) -> Iterator[tuple[int, list[Relabel]]]:
    rulings, assets = by_asset(store.decisions()), store.judgeable()
    lineage = Lineage(store, assets)
    sides = [_Side(pack, lineage, names, as_of) for pack in (old, new)]
    waves = lineage.waves(item.id for item in assets)
    stream = (stored for wave in waves for rows in chunks(wave) for stored in store.load(rows))
    for count, stored in enumerate(stream, start=1):
        decisions = rulings.get(stored.asset.key, ())
        was, now = (side.judge(stored, decisions) for side in sides)
        columns = [column.name for column in stored.asset.columns]
        yield count, list(relabels(stored.asset.key, columns, was, now))


class _Side:
    """One pack at work: views inherit what it says of their sources."""

    def __init__(self, pack: Pack, lineage: Lineage, names: Mapping[str, str], as_of: date) -> None:
        self.pack, self.lineage, self.names, self.as_of = pack, lineage, names, as_of
        self._below: dict[int, StoredAsset] = {}
        self._wanted = {row for rows in lineage.sources.values() for row in rows}

    def judge(self, stored: StoredAsset, decisions: Sequence[Decision]) -> AssetVerdict:
        from classifiers.verdict import judge

        verdict = judge(
            table_input(stored.asset, self.names.get(stored.asset.department)),
            stored.evidence,
            self.pack,
            decisions=decisions,
            inherited=self.lineage.of_view(stored, self._below),
            as_of=self.as_of,
        )
        if stored.id in self._wanted:
            columns = tuple(column.name for column in stored.asset.columns)
            self._below[stored.id] = msgspec.structs.replace(stored, verdict=verdict, judged_columns=columns)
        return verdict


def _counted(items: Iterator[Relabel]) -> dict[str, int]:
    return dict(Counter(item.dimension for item in items))


def record_decisions(store: Store, decisions: Sequence[Decision], pack: str = "") -> list[Decision]:
    """Append rulings with what the person saw: the machine's value and rule, and the column as it was.

    That is what lets a refused value come back only when the rule or the column has changed. Each is an act of the
    audit trail, under the name of whoever ruled, brought in by the program; ``pack`` is the one in force, for the
    trail. Raises ``InputError``, before any is written, for a value that its dimension does not have.
    """
    complete = completed(store, decisions)
    if complete:
        with Trail(store).acting(program(), pack) as acting:
            decide(acting, store, complete)
    return complete


def completed(store: Store, decisions: Sequence[Decision]) -> list[Decision]:
    """Rulings with what the person saw, as `record_decisions` writes them; nothing is written."""
    for decision in decisions:
        _check_value(decision)
    ids = {item.key: item.id for item in store.judgeable()}
    wanted = sorted({ids[d.asset] for d in decisions if d.asset in ids})
    stored = {item.asset.key: item for item in store.load(wanted)}
    tables = {key: table_input(item.asset) for key, item in stored.items()}
    complete = []
    for decision in decisions:
        item = stored.get(decision.asset)
        if item is not None and item.verdict is not None:
            decision = with_context(decision, tables[decision.asset], item.verdict, item.judged_columns)
        complete.append(decision)
    return complete


_VALUES: Mapping[str, Sequence[str]] = {"tier": TIERS, "share": ACCESS, "open": ACCESS}


def _check_value(decision: Decision) -> None:
    """A misspelt tier would stop every later judgement of its asset."""
    known = _VALUES.get(decision.dimension)
    if decision.value is None or known is None or decision.value in known:
        return
    where = f"{decision.asset}.{decision.column}" if decision.column else decision.asset
    raise InputError(f"{where}: {decision.dimension} is one of {', '.join(known)}, not {decision.value!r}")


# --- which rules people disagree with ----------------------------------------------------------------------------


class NoisyRule(msgspec.Struct, frozen=True):
    """How people ruled on what one rule proposed."""

    rule: str
    dimension: str
    ruled: int
    """Rulings on labels that it had proposed."""
    confirmed: int
    changed: int
    rejected: int

    @property
    def noise(self) -> float:
        """Share of its proposals that people changed or rejected, 0–1."""
        return (self.changed + self.rejected) / self.ruled

    def as_json(self) -> dict[str, Any]:
        return msgspec.structs.asdict(self) | {"noise": round(self.noise, 4)}


def noisy_rules(store: Store, least: int = 1) -> list[NoisyRule]:
    """Rules by how often stewards changed or rejected what they proposed, the noisiest first.

    ``least``: rules with fewer rulings are left out. A decision that does not say which rule it saw is traced through
    the history of the label; what cannot be traced is not counted.
    """
    counts: dict[tuple[str, str], Counter[str]] = {}
    for decision in store.decisions():
        rule = decision.rule or _rule_before(store, decision)
        if rule:
            outcome = "rejected" if not decision.value else "changed" if decision.rejected else "confirmed"
            counts.setdefault((rule, decision.dimension), Counter())[outcome] += 1
    found = [
        NoisyRule(rule, dimension, n.total(), n["confirmed"], n["changed"], n["rejected"])
        for (rule, dimension), n in counts.items()
        if n.total() >= least
    ]
    return sorted(found, key=lambda item: (-item.noise, -item.ruled, item.rule, item.dimension))


def _rule_before(store: Store, decision: Decision) -> str:
    """The rule of the last machine label before the decision, from the label's history."""
    found = ""
    for change in store.label_changes(decision.asset):
        same = (change.column, change.dimension) == (decision.column, decision.dimension)
        rule = change.why.split(" ", 1)[0]
        if same and change.at <= decision.at and rule != "decision":
            found = rule
    return found
