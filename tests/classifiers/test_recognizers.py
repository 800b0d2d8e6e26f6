"""Every built-in recognizer against the conformance suite and its table of values; the registry."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from pathlib import Path

import msgspec
import pytest

import classifiers.recognizers as registry
from classifiers.engine import engine_version
from classifiers.identifiers.common import OTHER
from classifiers.recognizers import Recognizer, RecognizerError, builtin
from classifiers.testing import RecognizerSuite

CASES = msgspec.yaml.decode(
    Path(__file__).with_name("recognizers.yaml").read_bytes(), type=dict[str, dict[str, list[str]]]
)

for _recognizer in builtin():
    _name = f"Test_{_recognizer.id}"
    globals()[_name] = type(_name, (RecognizerSuite,), {"recognizer": _recognizer, **CASES.get(_recognizer.id, {})})
del _recognizer, _name


def test_every_recognizer_has_a_table_and_every_table_a_recognizer() -> None:
    assert sorted(CASES) == [recognizer.id for recognizer in builtin()]
    assert len(CASES) >= 40


def a_recognizer(name: str) -> Recognizer:
    return Recognizer(id=name, element="code.value", kind="plain", examine=lambda value, today: OTHER, digits=(7,))


TRAM = a_recognizer("tram_ticket")


def entry(name: str, value: str) -> EntryPoint:
    return EntryPoint(name=name, value=value, group=registry.GROUP)


@pytest.fixture
def fresh_registry(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setattr(registry, "outside", registry.outside.__wrapped__)
    return monkeypatch


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("no_such_module:RECOGNIZER", "cannot be loaded from no_such_module:RECOGNIZER"),
        ("json:loads", "is no classifiers.recognizers.Recognizer"),
        ("classifiers.recognizers.uscc:RECOGNIZER", "exists already"),
    ],
)
def test_an_outside_recognizer_that_cannot_be_used_is_named(
    fresh_registry: pytest.MonkeyPatch, value: str, message: str
) -> None:
    fresh_registry.setattr(registry, "entry_points", lambda group: [entry("tram", value)])
    with pytest.raises(RecognizerError, match=message):
        registry.outside()


def test_outside_recognizers_follow_the_built_in_ones(fresh_registry: pytest.MonkeyPatch) -> None:
    fresh_registry.setattr(EntryPoint, "load", lambda self: TRAM)
    fresh_registry.setattr(registry, "entry_points", lambda group: [entry("tram", "tram:TICKET")])
    assert registry.recognizers() == (*builtin(), TRAM)


def test_engine_version_is_stable_and_short() -> None:
    first = engine_version()
    engine_version.cache_clear()
    assert engine_version() == first
    assert len(first) == 12
    assert int(first, 16) >= 0
