"""Tokens, pinyin, the term index, the matcher of given terms."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from classifiers.elements import elements
from classifiers.names import pinyin
from classifiers.names.codebooks import codebook_elements, codebook_table, codebooks
from classifiers.names.lexicon import abbreviations, built_in_entries, default_lexicon
from classifiers.names.matcher import TermMatcher
from classifiers.names.rules import grammar, owner_class
from classifiers.names.tokens import has_han, is_garbled, may_be_initials, tokenize

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    ("identifier", "tokens"),
    [
        ("user_name", ("user", "name")),
        ("userName", ("user", "name")),
        ("UserName", ("user", "name")),
        ("GMSFHM", ("gmsfhm",)),
        ("WX_OPEN_ID", ("wx", "open", "id")),
        ("IDCardNo", ("id", "card", "no")),
        ("address2", ("address", "2")),
        ("ｐｈｏｎｅ＿ｎｏ", ("phone", "no")),
        ("申请人SFZH", ("申请人", "sfzh")),
        ("a.b-c d", ("a", "b", "c", "d")),
        ("__", ()),
    ],
)
def test_tokens(identifier: str, tokens: tuple[str, ...]) -> None:
    assert tokenize(identifier) == tokens


def test_initials_never_hold_i_u_v() -> None:
    assert may_be_initials("sfzh")
    assert not may_be_initials("user")
    assert not may_be_initials("x")


@pytest.mark.parametrize("text", ["姓�名", "????", "锟斤拷"])
def test_garbled(text: str) -> None:
    assert is_garbled(text)


@pytest.mark.parametrize(
    ("term", "full", "first"),
    [
        ("银行卡号", "yinhangkahao", "yhkh"),
        ("身份证号", "shenfenzhenghao", "sfzh"),
        ("行业", "hangye", "hy"),
        ("参保", "canbao", "cb"),
        ("重量", "zhongliang", "zl"),
        ("会计", "kuaiji", "kj"),
    ],
)
def test_pinyin_of_polyphones(term: str, full: str, first: str) -> None:
    assert pinyin.full_pinyin(term) == full
    assert pinyin.initials(term) == first


def _builder() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_pinyin", ROOT / "tools" / "build_pinyin.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_generated_index_is_current() -> None:
    builder = _builder()
    folder = ROOT / "classifiers" / "names"
    assert (folder / "terms.json").read_text(encoding="utf-8") == builder.build_terms()
    assert (folder / "lexicon.json").read_text(encoding="utf-8") == builder.build_lexicon()
    assert (folder.parent / "prepared.json").read_text(encoding="utf-8") == builder.build_prepared()
    terms = [entry.text for entry in built_in_entries() if has_han(entry.text)]
    assert (folder / "pinyin.json").read_text(encoding="utf-8") == builder.build_pinyin(terms)


def test_every_term_belongs_to_a_known_element_head_or_noun() -> None:
    data = grammar()
    unknown = {
        entry.symbol
        for entry in built_in_entries()
        if entry.symbol not in elements() and entry.symbol not in data.heads and entry.symbol not in data.nouns
    }
    assert not unknown
    results = {name for table in data.heads.values() for name in table.values()} | set(data.nouns.values())
    assert results - {"same"} <= set(elements())
    assert set(data.families) <= {element.family for element in elements().values()}
    assert set(data.elements) | set(data.roles) <= set(elements())


def test_codebooks_name_known_elements_and_match_their_own_pattern() -> None:
    for book in codebooks():
        assert set(book.codes.values()) <= set(elements()), book.id
        for code in book.codes:
            assert book.matches([code, *[c for c in book.codes if c != code][: book.quorum]]), (book.id, code)


def test_codebook_needs_its_quorum() -> None:
    assert codebook_elements(["TEL", "EMAIL"]) == {}
    found = codebook_elements(["ENTNAME", "REGNO", "LEREP", "TEL"])
    assert found["TEL"][1] == "generic.phone"
    assert codebook_elements(["aac003"])["aac003"][1] == "person.name"
    table = codebook_table("dbo.AC01")
    assert table is not None
    assert table.kind == "person"


def test_abbreviations_do_not_hide_words_of_the_lexicon() -> None:
    assert abbreviations()["addr"] == "address"
    assert default_lexicon().senses("contactaddress")


def test_owner_classes() -> None:
    assert owner_class("person.guardian_name") == "person"
    assert owner_class("person.disability") == "trait"
    assert owner_class("noun.org") == "org"
    assert owner_class("head.name") == ""


def test_mixed_pinyin_is_read_without_being_listed() -> None:
    assert [sense.symbol for sense in default_lexicon().senses("gongzuodw")] == ["person.employer"]
    assert [sense.style for sense in default_lexicon().senses("sfzhenghao")] == ["pinyin"]
    assert default_lexicon().senses("qqqqzzzz") == ()


MATCHER = TermMatcher({"pet": ["犬只芯片号", "dog chip"], "dog": ["犬只"], "two": ["项目"]})


@pytest.mark.parametrize(
    ("identifier", "comment", "keys"),
    [
        ("c1", "犬只芯片号（必填）", ["pet"]),
        ("c1", "犬只品种", ["dog"]),
        ("quanzhixinpianhao", None, ["pet"]),
        ("QZXPH", None, ["pet"]),
        ("dog_chip", None, ["pet"]),
        ("犬只芯片号", None, ["pet"]),
        ("c1", "犬只�片号", []),
        ("c1", None, []),
    ],
)
def test_matcher(identifier: str, comment: str | None, keys: list[str]) -> None:
    assert [match.key for match in MATCHER.match(identifier, comment)] == keys


def test_matcher_strengths() -> None:
    assert MATCHER.match("XM")[0].strength < 0.5
    inside = MATCHER.match("c", "犬只品种")[0]
    head = MATCHER.match("c", "登记犬只")[0]
    assert head.strength > inside.strength
    assert (head.start, head.end) == (2, 4)
