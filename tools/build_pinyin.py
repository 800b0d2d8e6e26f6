"""Write ``classifiers/names/pinyin.json`` from the Han terms with pypinyin (a test checks that it is current).

Run after adding terms: ``.venv/bin/python tools/build_pinyin.py``.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from classifiers.names.lexicon import all_han_terms

TARGET = Path(__file__).resolve().parent.parent / "classifiers" / "names" / "pinyin.json"


def gb2312() -> list[str]:
    """The 6,763 Han characters of GB 2312, in code order."""
    codes = (bytes((high, low)) for high in range(0xB0, 0xF8) for low in range(0xA1, 0xFF))
    return [text for code in codes if (text := code.decode("gb2312", errors="ignore"))]


def build(terms: Iterable[str]) -> str:
    """The file's text for these terms."""
    from pypinyin import Style, lazy_pinyin

    def read(text: str) -> list[str]:
        return lazy_pinyin(text, style=Style.NORMAL, errors=lambda other: list(other))

    wanted = sorted(set(terms))
    characters = dict.fromkeys(
        [*gb2312(), *(character for term in wanted for character in term if not character.isascii())]
    )
    main = {character: read(character)[0] for character in characters}
    groups: dict[str, str] = defaultdict(str)
    for character, syllable in main.items():
        groups[syllable] += character
    special = {term: " ".join(read(term)) for term in wanted if read(term) != [main.get(c, c) for c in term]}
    index = {"syllables": dict(sorted(groups.items())), "terms": special}
    return json.dumps(index, ensure_ascii=False, indent=0) + "\n"


if __name__ == "__main__":
    TARGET.write_text(build(all_han_terms()), encoding="utf-8")
