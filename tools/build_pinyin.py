"""Write ``classifiers/names/pinyin.json`` and ``terms.json`` from the term files (a test checks that they are current).

Run after a change of terms: ``.venv/bin/python tools/build_pinyin.py``. Only this script needs pypinyin.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NAMES = ROOT / "classifiers" / "names"


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


def main() -> None:
    from classifiers.names import pinyin
    from classifiers.names.lexicon import written_entries
    from classifiers.names.tokens import has_han

    target = NAMES / "pinyin.json"
    if not target.exists():
        target.write_text('{"syllables": {}, "terms": {}}', encoding="utf-8")
    terms = [entry.text for entry in written_entries() if has_han(entry.text)]
    target.write_text(build_pinyin(terms), encoding="utf-8")
    pinyin.forget()
    (NAMES / "terms.json").write_text(build_terms(), encoding="utf-8")


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
