"""``pdc pack check``: what a pack's author must mend before anybody relies on it.

Everything that loading cannot see: citations of sufficient rank, rules that no column can reach, and the pack's own
examples.
"""

from __future__ import annotations

from datetime import date

from classifiers.evidence import AssetVerdict, ColumnInput, TableInput
from classifiers.pack_file import AccessRule, Example, Rule
from classifiers.policy import Pack
from classifiers.verdict import judge

_EXAMPLE_DATE = date(2026, 1, 1)


def check_pack(pack: Pack) -> list[str]:
    """Problems in words, rule ids first; empty = good."""
    return [*_weak_rules(pack), *_duplicate_ids(pack), *_failed_examples(pack)]


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
    rules: tuple[Rule, ...] = (*pack.body.tier_rules, *pack.body.share_rules, *pack.body.open_rules)
    ids = [rule.id for rule in rules]
    return [f"{rule_id}: this id is used twice" for rule_id in sorted({i for i in ids if ids.count(i) > 1})]


def _failed_examples(pack: Pack) -> list[str]:
    if not pack.body.examples:
        return ["examples: a pack brings examples of its own; this one has none"]
    return [problem for example in pack.body.examples for problem in run_example(example, pack)]


def run_example(example: Example, pack: Pack) -> list[str]:
    """What an example expects and the pack does not say; empty = it holds."""
    columns = tuple(ColumnInput(name=c.name, comment=c.comment) for c in example.columns)
    table = TableInput(
        table=example.table,
        comment=example.comment,
        columns=columns,
        origin=example.origin,
        update_cycle=example.update_cycle,
    )
    verdict = judge(table, {}, pack, as_of=_EXAMPLE_DATE)
    return [f"examples/{example.id}: {problem}" for problem in _differences(example, verdict)]


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
