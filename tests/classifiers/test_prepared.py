"""What was parsed ahead of time says what the sources say, and is left alone when they have changed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
import yaml

from classifiers import prepared
from classifiers.names import lexicon
from classifiers.names.grammar import reader_with
from classifiers.names.lexicon import Lexicon, built_in_entries, default_lexicon, parse_terms

ROOT = Path(__file__).resolve().parent.parent.parent
SOURCES = sorted(path for path in (ROOT / "classifiers").rglob("*.yaml") if path.parent.name != "terms")
START = """
import sys
from datetime import date
from classifiers.engine import observe
from classifiers.evidence import ColumnInput, TableInput
from classifiers.policy import load_pack
from classifiers.verdict import judge
table = TableInput("t_person", (ColumnInput("sfzh", "身份证号"),))
judge(table, observe(table, {"sfzh": ["1"] * 50}, as_of=date(2026, 1, 1)), load_pack(), as_of=date(2026, 1, 1))
print("yaml" in sys.modules)
"""


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_prepared_tables_say_what_the_yaml_says(path: Path) -> None:
    said = prepared.prepared(path.read_bytes())
    assert said is not None, "run tools/build_pinyin.py"
    assert msgspec.json.decode(said) == yaml.safe_load(path.read_text(encoding="utf-8"))


def test_changed_text_is_parsed_as_it_stands() -> None:
    text = (ROOT / "classifiers/names/abbreviations.yaml").read_bytes() + b"\nchanged: [chgd]\n"
    assert prepared.prepared(text) is None
    assert prepared.decode(text, dict[str, list[str]])["changed"] == ["chgd"]


def test_a_start_needs_no_yaml() -> None:
    run = subprocess.run([sys.executable, "-c", START], capture_output=True, text=True, check=True, cwd=ROOT)
    assert run.stdout == "False\n"


def contents(found: Lexicon) -> dict[str, dict[str, object]]:
    return {name: {key: table.rows(key) for key in table} for name, table in found.tables().items()}


def test_the_prepared_lexicon_is_the_one_that_its_terms_make() -> None:
    ready = Lexicon.prepared()
    assert ready is not None, "run tools/build_pinyin.py"
    built = Lexicon(built_in_entries())
    assert ready.words == built.words
    assert contents(ready) == contents(built)


def test_a_lexicon_of_other_terms_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lexicon, "made_of", lambda: "other")
    assert Lexicon.prepared() is None
    assert lexicon.default_lexicon.__wrapped__().senses("shenfenzhenghao")[0].symbol == "person.id_card"


def test_own_terms_come_before_the_built_in_ones() -> None:
    terms = {
        "person.name": ["姓名, 名称, 身份证号, 灵芝名", "id card, lingzhi", "~sfzh, ~lzm"],
        "person.id_card": ["身份证号, 证号"],
    }
    laid, whole = Lexicon(parse_terms(terms), default_lexicon()), Lexicon((*parse_terms(terms), *built_in_entries()))
    assert laid.words == whole.words
    assert contents(laid) == contents(whole)
    assert reader_with(terms).comment("灵芝名")[0].element == "person.name"
    assert "灵芝名" not in default_lexicon().han
