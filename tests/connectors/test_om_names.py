"""Names by OpenMetadata's rules, equal to what the ingestion SDK makes (asked in a subprocess: 7 s to import)."""

from __future__ import annotations

import doctest
import json
import subprocess
import sys
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import om_names
from connectors.base import BadInputError
from connectors.om_names import (
    child_fqn,
    decode_name,
    encode_name,
    entity_name,
    is_id,
    is_word,
    join_fqn,
    path_of,
    property_name,
    service_name,
    split_fqn,
    tag_name,
    term_name,
)

ALPHABET = st.sampled_from(list("ab.:>\"'/ %\n\t\r人口表·_-&()（）")) | st.characters(exclude_categories=["Cs"])
RAW = st.text(ALPHABET, min_size=1, max_size=40)
STORED = RAW.map(encode_name)


def test_docstring_examples() -> None:
    assert doctest.testmod(om_names).failed == 0


@given(st.lists(STORED, min_size=1, max_size=5))
def test_an_fqn_splits_into_the_names_it_was_joined_from(names: list[str]) -> None:
    assert split_fqn(join_fqn(*names)) == names


@given(RAW)
def test_an_encoded_name_is_what_servers_take_and_decodes(name: str) -> None:
    stored = encode_name(name)
    assert not any(bad in stored for bad in ("::", '"', ">", "\n", "\r", "\t"))
    assert decode_name(stored) == name


@given(st.lists(STORED, min_size=1, max_size=4))
def test_a_path_segment_decodes_to_the_fqn_and_holds_no_slash(names: list[str]) -> None:
    fqn = join_fqn(*names)
    assert unquote(path_of(fqn)) == fqn
    assert not set(path_of(fqn)) & set("/?#% ;") - {"%"}


@given(st.lists(STORED, min_size=1, max_size=3), STORED)
def test_a_child_is_named_by_its_parents_fqn(parents: list[str], name: str) -> None:
    assert child_fqn(join_fqn(*parents), name) == join_fqn(*parents, name)


@pytest.mark.parametrize("fqn", ["", ".", "a.", ".a", "a..b", '"a', 'a"b', '"a"b', '""'])
def test_what_is_no_fqn(fqn: str) -> None:
    with pytest.raises(BadInputError, match="no full name"):
        split_fqn(fqn)


@pytest.mark.parametrize("name", ["", 'a"b'])
def test_what_cannot_be_part_of_an_fqn(name: str) -> None:
    with pytest.raises(BadInputError, match="encode the name"):
        join_fqn("a", name)


@pytest.mark.parametrize(("name", "stored"), [("a", "a"), ("表" * 256, "表" * 256), ("a::b", "a__reserved__colon__b")])
def test_entity_names(name: str, stored: str) -> None:
    assert entity_name(name) == stored


@pytest.mark.parametrize("name", ["", "a" * 257, "a" * 240 + "::"])
def test_entity_names_that_are_too_long_or_empty(name: str) -> None:
    with pytest.raises(BadInputError, match="1 to 256"):
        entity_name(name)


def test_service_names_are_not_encoded() -> None:
    assert service_name("民政局.救助>系统") == "民政局.救助>系统"
    for bad in ("a::b", 'a"b', ""):
        with pytest.raises(BadInputError):
            service_name(bad)


TAGS = ["L3", "数据分级", "a's", "A&B (c).d-e", "e\u0301cole", "Ⅳ级"]
NO_TAGS = ["x", "a" * 65, "敏感（高）", "a/b", "a%b", "第①级", "a\nb", "½ off", "L3：个人"]


@pytest.mark.parametrize("name", TAGS)
def test_tag_names(name: str) -> None:
    assert tag_name(name) == name


@pytest.mark.parametrize("name", NO_TAGS)
def test_names_that_are_no_tags(name: str) -> None:
    with pytest.raises(BadInputError, match="tag: "):
        tag_name(name)


def test_a_refused_name_says_which_characters() -> None:
    with pytest.raises(BadInputError, match=r"'敏感（高）' contains （ ） \(allowed are letters"):
        tag_name("敏感（高）")


def test_term_and_property_names() -> None:
    assert term_name("增长率%") == "增长率%"
    assert property_name("共享条件_1") == "共享条件_1"
    for name in ("share condition", "a-b", "a.b", ""):
        with pytest.raises(BadInputError):
            property_name(name)


@pytest.mark.parametrize(("character", "word"), [("人", True), ("_", True), ("‿", True), ("①", False), ("（", False)])
def test_javas_word_characters(character: str, word: bool) -> None:
    assert is_word(character) is word


def test_ids() -> None:
    assert is_id("6f1ed002-ac5f-4a1e-9f6d-0a5a0b1c2d3e")
    assert not is_id("svc.db")


NASTY = [
    '库::"一"',
    "a>b",
    "a:::b",
    "x\ty\r\nz",
    "v1.2 客户",
    "plain",
    "a'b/c",
    "__reserved__colon__",
    '>>::""',
    "a.b>c",
]
ASK_SDK = """
import json, sys, warnings
warnings.simplefilter("ignore")
from metadata.generated.schema.api.data.createTable import CreateTableRequest
from metadata.generated.schema.entity.data.table import Table
from metadata.utils import fqn
answer = []
for name in json.load(sys.stdin):
    made = CreateTableRequest(name=name, databaseSchema="s.d.h", columns=[
        {"name": name, "dataType": "STRUCT", "children": [{"name": name, "dataType": "INT"}]}])
    stored = made.model_dump(mode="json")
    read = Table(id="6f1ed002-ac5f-4a1e-9f6d-0a5a0b1c2d3e", name=stored["name"], columns=[]).name.root
    full = fqn._build("svc", stored["name"], "c")
    answer.append([stored["name"], stored["columns"][0]["name"], stored["columns"][0]["children"][0]["name"],
                   read, full, [fqn.unquote_name(part) for part in fqn.split(full)]])
json.dump(answer, sys.stdout)
"""


def test_the_sdk_makes_the_same_names() -> None:
    done = subprocess.run(
        [sys.executable, "-c", ASK_SDK], input=json.dumps(NASTY), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    for name, (table, column, child, read, full, parts) in zip(
        NASTY, json.loads(done.stdout.splitlines()[-1]), strict=True
    ):
        assert (table, column, child) == (entity_name(name),) * 3
        assert read == decode_name(entity_name(name))
        assert full == join_fqn("svc", entity_name(name), "c")
        assert parts == split_fqn(full)
