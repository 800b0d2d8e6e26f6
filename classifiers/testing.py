"""The conformance suite for recognizers, built-in and outside ones.

    class TestTramTicket(RecognizerSuite):
        recognizer = tram_ticket.RECOGNIZER
        valid, invalid, other = ("T0000001",), ("T0000002",), ("tram", "")

pytest collects the rest. ``valid``, ``invalid`` and ``other`` are values as a department writes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from .elements import elements
from .identifiers.common import NO_LIMIT, Check
from .identifiers.normal import compact, tidy
from .recognizers import Recognizer
from .recognizers.base import SYMBOLS, shape

HOSTILE = (
    *(
        "",
        " ",
        "\0",
        "\n",
        "X" * 18,
        "9" * 400,
        "٣١٠١٠٧",
        "²²²",
        "𝟑𝟏𝟎",
        "张三" * 500,
        "﷽",
        "\ud800",
        "-" * 40,
        "*" * 18,
    ),
    *("(" * 300, "a@" * 200, "0" * 18, "1e400", "'; --", "%s%s", "\u202e310107", "é" * 17, "１" * 18, "X", "00000000"),
)
"""Values that break careless code: wrong scripts, extremes, unpaired surrogates, patterns that backtrack."""


class RecognizerSuite:
    """Set ``recognizer`` and the three tuples of values in a subclass."""

    recognizer: ClassVar[Recognizer]
    valid: ClassVar[Sequence[str]]
    invalid: ClassVar[Sequence[str]] = ()
    other: ClassVar[Sequence[str]]

    def result(self, value: str) -> str:
        return self._check(value).result

    def _check(self, value: str) -> Check:
        return self.recognizer.examine(tidy(value) if self.recognizer.tidy else compact(value), NO_LIMIT)

    def test_constants(self) -> None:
        recognizer = self.recognizer
        assert recognizer.id.isidentifier(), "an id is an identifier"
        assert recognizer.id == recognizer.id.lower(), "an id is in lower case"
        assert recognizer.element in elements(), f"no element {recognizer.element!r} in elements.yaml"
        assert recognizer.shapes(), "ask for at least one shape: digits, letters, symbols or han"
        assert recognizer.kind != "plain" or recognizer.strength < 0.5, "a plain shape only supports"
        assert recognizer.kind != "check_digit" or 0 < recognizer.chance <= 0.2, "state how often chance passes"
        assert recognizer.kind == "check_digit" or recognizer.chance == 1.0, "only check digits have a chance rate"

    def test_answers(self) -> None:
        wrong = [
            (value, expected, self.result(value))
            for expected in ("valid", "invalid", "other")
            for value in getattr(self, expected)
            if self.result(value) != expected
        ]
        assert not wrong, f"(value, expected, answer): {wrong}"
        assert self.valid, "give at least one valid value"
        assert self.other, "give at least one value of another kind"

    def test_asks_for_the_shapes_of_its_values(self) -> None:
        missed = [value for value in self.valid if shape(compact(value)) not in self.recognizer.shapes()]
        assert not missed, f"values whose shape the recognizer does not ask for: {missed}"

    def test_lengths_and_mark_leave_no_value_out(self) -> None:
        recognizer = self.recognizer
        least, greatest = recognizer.lengths
        forms = {value: tidy(value) if recognizer.tidy else compact(value) for value in self.valid}
        odd = [value for value in self.valid if shape(compact(value)) >= SYMBOLS]
        missed = [value for value in odd if not least <= len(forms[value]) <= greatest]
        assert not missed, f"values of other lengths than the recognizer says: {missed}"
        bare = [value for value in self.valid if recognizer.mark and set(recognizer.mark).isdisjoint(tidy(value))]
        assert not bare, f"values without any of the marks {recognizer.mark!r}: {bare}"

    def test_reasons_quote_no_value(self) -> None:
        quoting = [value for value in self.invalid if compact(value) in compact(self._check(value).reason)]
        assert not quoting, "a reason must not hold the value"
        assert all(self._check(value).reason for value in self.invalid), "an invalid value needs a reason"

    def test_hostile_values_neither_raise_nor_fit(self) -> None:
        fitting = [value for value in HOSTILE if self.result(value) == "valid" and value not in self.valid]
        assert self.recognizer.kind == "plain" or not fitting, f"fits hostile values: {fitting}"
