"""What the rest of a table confirms: traits of people come in company (docs/accuracy.md, "What is doubted").

A single score, degree or picture in a table that has nothing else of people is far more often a thing's, whatever its
name: so it was on the sets that nobody had tuned on. Which families are meant is data: ``doubt.lonely`` in
``names/grammar.yaml``.
"""

from __future__ import annotations

from functools import lru_cache

import msgspec

from classifiers.elements import elements
from classifiers.evaluate import HARMLESS
from classifiers.evidence import ElementFinding, Evidence
from classifiers.names.rules import grammar
from classifiers.possible import HINT

_PLAIN_INITIALS = 5
"""Letters of initials that hardly mean anything else: BDCDYH."""
_FEWEST = 3
"""Columns of a table that can be said to have no company; fewer are looked at by themselves."""
_NO_COMPANY = HARMLESS | {"ip_or_mac", "location"}
"""Families that tell nothing of people."""


def with_company(found: tuple[ElementFinding, ...]) -> tuple[ElementFinding, ...]:
    """The findings of a table's columns; a trait that stands alone and that only its name says is a hint."""
    if len(found) < _FEWEST:
        return found
    telling = {f.element for f in found if f.element and elements()[f.element].family not in _NO_COMPANY}
    if len(telling) != 1:
        return found
    (lone,) = telling
    return tuple(_doubted(finding) if finding.element == lone and _is_lonely(finding) else finding for finding in found)


def _is_lonely(finding: ElementFinding) -> bool:
    element, doubt = finding.element or "", grammar().doubt
    if element in doubt.lonely_said:
        return all(item.source != "value" for item in finding.evidence)
    if element not in doubt.lonely and elements()[element].family not in doubt.lonely:
        return False
    return all(item.source == "name" and not _is_unmistakable(item) for item in finding.evidence)


def _is_unmistakable(item: Evidence) -> bool:
    plain = item.style == "initials" and len(item.term or "") >= _PLAIN_INITIALS
    return plain or item.term in grammar().doubt.portraits


@lru_cache(maxsize=4096)
def _doubted(finding: ElementFinding) -> ElementFinding:
    """The same statements, none of which decides."""
    weaker = tuple(
        msgspec.structs.replace(item, strength=min(item.strength, HINT)) if item.source != "value" else item
        for item in finding.evidence
    )
    return ElementFinding(None, 0.0, weaker, (), finding.flags, finding.findings)
