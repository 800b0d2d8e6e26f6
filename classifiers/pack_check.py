"""``pdc pack check``: what a pack's author must mend before anybody relies on it.

Everything that loading cannot see: citations of sufficient rank, articles that nothing rests on, rules that no example
reaches, and the pack's own examples.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import pairwise
from typing import NamedTuple

from classifiers.evidence import TIERS, AssetVerdict, ColumnInput, TableInput
from classifiers.pack_file import AccessRule, Example, Rule, limits_of
from classifiers.policy import Pack
from classifiers.verdict import judge

_EXAMPLE_DATE = date(2026, 1, 1)


def check_pack(pack: Pack) -> list[str]:
    """Problems in words, rule ids first; empty = good.

    Of a pack with overlays only what the overlays bring is asked for examples and uses: it is the point of an overlay
    that the built-in pack's own examples come out otherwise.
    """
    results = run_examples(pack)
    own = [result for result in results if not result.inherited]
    failed = [f"examples/{result.id}: {problem}" for result in own for problem in result.problems]
    if not results:
        failed = ["examples: a pack brings examples of its own; this one has none"]
    rules = [*_weak_rules(pack), *_duplicate_ids(pack), *_unused_citations(pack)]
    return [*rules, *_loose_protection(pack), *failed, *_by_example(pack, results)]


def _weak_rules(pack: Pack) -> list[str]:
    """Art. 22: reasons and citations of laws, regulations or rules; the Measures are quoted beside, never alone."""
    problems = []
    for name, rules in (("share_rules", pack.body.share_rules), ("open_rules", pack.body.open_rules)):
        for rule in rules:
            if not pack.sufficient(rule.value, rule.basis):
                problems.append(_weak(name, rule, pack))
            if not rule.reason.strip():
                problems.append(f"{name}/{rule.id}: a rule needs a reason")
    return problems


def _weak(name: str, rule: AccessRule, pack: Pack) -> str:
    ranks = ", ".join(pack.body.sufficient_ranks[rule.value])
    cited = ", ".join(rule.basis) or "nothing"
    return f"{name}/{rule.id}: {rule.value} needs a checked citation of rank {ranks}; it cites {cited}"


def _duplicate_ids(pack: Pack) -> list[str]:
    ids = [rule.id for rule in _rules(pack)]
    return [f"{rule_id}: this id is used twice" for rule_id in sorted({i for i in ids if ids.count(i) > 1})]


def _unused_citations(pack: Pack) -> list[str]:
    """Every article in the library carries a label or is listed under ``uncited`` with what it is there for."""
    used = {key for basis in _bases(pack) for key in basis}
    listed = set(pack.body.uncited)
    known = {citation.key for citation in pack.citations()}
    inherited = {citation.key for citation in pack.base.citations()} if pack.base else set()
    unused = sorted(known - used - listed - inherited)
    listed -= inherited
    return [
        *(f"citations/{key}: no label or limit rests on it; say under `uncited` why it is here" for key in unused),
        *(f"uncited/{key}: a label or limit rests on it" for key in sorted(listed & used)),
        *(f"uncited/{key}: it is not in the library" for key in sorted(listed - known)),
    ]


def _loose_protection(pack: Pack) -> Iterator[str]:
    """A higher tier shows nothing to somebody who may not see it of a lower one."""
    given = pack.body.protection
    for lower, higher in pairwise(TIERS):
        closed = given[lower].closed() if lower in given else {}
        above = given[higher].closed() if higher in given else {}
        for view, roles in closed.items():
            more = [role for role in above.get(view, ("reader",)) if role not in roles]
            if more:
                yield f"protection/{higher}: {view} is open to {', '.join(more)}, but not in {lower}; close it here"


def _bases(pack: Pack) -> Iterator[Sequence[str]]:
    body = pack.body
    yield from (rule.basis for rule in _rules(pack))
    yield from body.category_basis.values()
    raises = body.combinations
    yield from (raises.identity.basis, raises.sensitive.basis, raises.minors.basis)
    unknown = body.unknown
    yield from (body.tier_basis, body.out_of_scope.basis)
    yield from (unknown.tier_basis, unknown.share_basis, unknown.open_basis)
    yield from (limit.basis for limit in limits_of(body).values())


def _rules(pack: Pack) -> tuple[Rule, ...]:
    return (*pack.body.tier_rules, *pack.body.share_rules, *pack.body.open_rules)


def _by_example(pack: Pack, results: Sequence[ExampleResult]) -> list[str]:
    """Rules that no example reaches, and rules whose own examples say otherwise."""
    reached = {result.id: result.rules for result in results}
    everywhere: frozenset[str] = frozenset().union(*reached.values())
    inherited = _rules(pack.base) if pack.base else ()
    own = [rule for rule in _rules(pack) if rule not in inherited]
    problems = [f"{rule.id}: no example reaches it" for rule in own if rule.ident not in everywhere]
    for rule in own:
        problems += [
            f"{rule.id}: decides nothing in its example {e}" for e in rule.examples if rule.ident not in reached[e]
        ]
        problems += [
            f"{rule.id}: decides something in its counter-example {e}"
            for e in rule.counter_examples
            if rule.ident in reached[e]
        ]
    return problems


class ExampleResult(NamedTuple):
    """What running one example showed."""

    id: str
    problems: tuple[str, ...]
    """What it expects and the pack does not say; empty = it holds."""
    rules: frozenset[str]
    """Every rule that decided a label in it."""
    inherited: bool = False
    """It is the built-in pack's, under a site's overlays: what differs is what the overlays change."""


def run_examples(pack: Pack) -> list[ExampleResult]:
    """Each example of the pack, in order."""
    return [run_example(example, pack) for example in pack.body.examples]


def run_example(example: Example, pack: Pack) -> ExampleResult:
    columns = tuple(ColumnInput(name=c.name, comment=c.comment) for c in example.columns)
    table = TableInput(
        table=example.table,
        comment=example.comment,
        columns=columns,
        kind=example.kind,
        origin=example.origin,
        update_cycle=example.update_cycle,
    )
    verdict = judge(table, {}, pack, as_of=_EXAMPLE_DATE)
    labels = (*verdict.labels, *(label for column in verdict.columns for label in column.labels))
    rules = frozenset(label.rule for label in labels)
    inherited = pack.base is not None and example in pack.base.body.examples
    return ExampleResult(example.id, tuple(_differences(example, verdict)), rules, inherited)


def _differences(example: Example, verdict: AssetVerdict) -> list[str]:
    problems = [
        f"{label.dimension} is {label.value}, expected {example.expect[label.dimension]}"
        for label in verdict.labels
        if example.expect.get(label.dimension, label.value) != label.value
    ]
    for dimension, expected in example.because.items():
        found = verdict.because[dimension].columns
        if set(found) != set(expected):
            problems.append(f"{dimension} is decided by {', '.join(found)}, expected {', '.join(expected)}")
    for column, judged in zip(example.columns, verdict.columns, strict=True):
        said: dict[str, str] = {"element": judged.element or "none"}
        said |= {label.dimension: label.value for label in judged.labels}
        for dimension, value in column.expect.items():
            if said.get(dimension) != value:
                problems.append(f"{column.name}: {dimension} is {said.get(dimension)}, expected {value}")
    return problems
