"""Write what is made of the YAML in ``classifiers``, so that a start need not parse it (tests check it is current).

``names/pinyin.json``, ``names/terms.json`` and ``names/lexicon.json`` from the term files; ``prepared.json`` from the
elements, the grammar, the codebooks and the packs. Run after a change of any: ``.venv/bin/python
tools/build_pinyin.py``. Only this script needs pypinyin.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import yaml

ROOT = Path(__file__).resolve().parent.parent
CLASSIFIERS = ROOT / "classifiers"
NAMES = CLASSIFIERS / "names"


def gb2312() -> list[str]:
    """The 6,763 Han characters of GB 2312, in code order."""
    codes = (bytes((high, low)) for high in range(0xB0, 0xF8) for low in range(0xA1, 0xFF))
    return [text for code in codes if (text := code.decode("gb2312", errors="ignore"))]


def build_pinyin(terms: Iterable[str]) -> str:
    """Text of ``pinyin.json``: main readings of characters, and the terms that read otherwise."""
    from pypinyin import Style, lazy_pinyin

    def read(text: str) -> list[str]:
        return lazy_pinyin(text, style=Style.NORMAL, errors=lambda other: list(other))

    wanted = sorted(set(terms))
    rare = [character for term in wanted for character in term if not character.isascii()]
    main = {character: read(character)[0] for character in dict.fromkeys([*gb2312(), *rare])}
    groups: dict[str, str] = defaultdict(str)
    for character, syllable in main.items():
        groups[syllable] += character
    special = {term: " ".join(read(term)) for term in wanted if read(term) != [main.get(c, c) for c in term]}
    return (
        json.dumps({"syllables": dict(sorted(groups.items())), "terms": special}, ensure_ascii=False, indent=0) + "\n"
    )


def build_terms() -> str:
    """Text of ``terms.json``: one entry a line."""
    from classifiers.names.lexicon import written_entries

    lines = (json.dumps(entry, ensure_ascii=False, separators=(",", ":")) for entry in written_entries())
    return "[\n" + ",\n".join(lines) + "\n]\n"


def _one_a_line(rows: Mapping[str, object]) -> str:
    lines = (f"{json.dumps(key, ensure_ascii=False)}:{_compact(value)}" for key, value in rows.items())
    return "{\n" + ",\n".join(lines) + "\n}"


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def build_lexicon() -> str:
    """Text of ``lexicon.json``: the tables of the lexicon, one key a line. Reads ``terms.json``."""
    from classifiers.names.lexicon import Lexicon, built_in_entries, made_of

    lexicon = Lexicon(built_in_entries())
    tables = ",\n".join(
        f'"{name}":{_one_a_line({key: list(map(_without_defaults, table.rows(key))) for key in sorted(table)})}'
        for name, table in lexicon.tables().items()
    )
    words = _compact(sorted(lexicon.words))
    return f'{{"made_of":"{made_of()}",\n"words":{words},\n"tables":{{\n{tables}}}}}\n'


def _without_defaults(row: NamedTuple) -> list[object]:
    """The fields of a row up to the last that has no default value."""
    values, defaults = list(row), row._field_defaults
    while row._fields[len(values) - 1] in defaults and values[-1] == defaults[row._fields[len(values) - 1]]:
        values.pop()
    return values


def build_prepared() -> str:
    """Text of ``prepared.json``: digest of a YAML text → what it says. The term files have their own form."""
    from classifiers.prepared import digest

    found = sorted(path for path in CLASSIFIERS.rglob("*.yaml") if path.parent.name != "terms")
    return _one_a_line({digest(path.read_bytes()): _said(path) for path in found}) + "\n"


def _said(path: Path) -> object:
    said = yaml.safe_load(path.read_text(encoding="utf-8"))
    if json.loads(json.dumps(said)) != said:
        raise SystemExit(f"{path}: a key or value is no text, number, list or mapping; put it in quotes")
    return said


def main() -> None:
    from classifiers.names import pinyin
    from classifiers.names.lexicon import abbreviations, built_in_entries, written_entries
    from classifiers.names.tokens import has_han

    target = NAMES / "pinyin.json"
    if not target.exists():
        target.write_text('{"syllables": {}, "terms": {}}', encoding="utf-8")
    terms = [entry.text for entry in written_entries() if has_han(entry.text)]
    target.write_text(build_pinyin(terms), encoding="utf-8")
    pinyin.forget()
    (NAMES / "terms.json").write_text(build_terms(), encoding="utf-8")
    built_in_entries.cache_clear()
    abbreviations.cache_clear()
    (NAMES / "lexicon.json").write_text(build_lexicon(), encoding="utf-8")
    (CLASSIFIERS / "prepared.json").write_text(build_prepared(), encoding="utf-8")


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
