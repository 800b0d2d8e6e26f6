"""Recognizers for OpenMetadata: what the SDK's models accept, and what the patterns find and leave alone."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from classifiers.policy import load_pack, pack_names
from workflows.cli import cli
from workflows.recognizer_export import THRESHOLD, export


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return export(load_pack())


def recognizers(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {found["name"]: found for tag in document["tags"] for found in tag["recognizers"]}


def matches(found: dict[str, Any], text: str) -> bool:
    pattern = found["recognizerConfig"]["patterns"][0]["regex"]
    return re.search(pattern, text, re.IGNORECASE) is not None


PARSE = """
import json, sys, warnings
warnings.simplefilter("ignore")
from metadata.generated.schema.entity.classification.classification import AutoClassificationConfig
from metadata.generated.schema.entity.classification.tag import Tag
document = json.load(open(sys.argv[1], encoding="utf-8"))
AutoClassificationConfig.model_validate(document["classification"]["autoClassificationConfig"])
identity = {"id": "00000000-0000-4000-8000-000000000001", "description": "x"}
tags = [Tag.model_validate({**identity, **tag}) for tag in document["tags"]]
print(json.dumps([len(tag.recognizers) for tag in tags]))
"""


def test_the_sdk_parses_every_tag(tmp_path: Path) -> None:
    target = tmp_path / "out" / "recognizers.json"
    result = CliRunner().invoke(cli, ["pack", "export-recognizers", "--pack", "putuo-2020", "--output", str(target)])
    assert result.exit_code == 0, result.output
    told = json.loads(target.read_text("utf-8"))
    command = [sys.executable, "-c", PARSE, str(target)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout.splitlines()[-1]) == [len(tag["recognizers"]) for tag in told["tags"]]


@pytest.mark.parametrize("pack", pack_names())
def test_stricter_tags_win_and_names_are_unique(pack: str) -> None:
    found = export(load_pack(pack))
    priorities = {tag["name"]: tag["autoClassificationPriority"] for tag in found["tags"]}
    assert sorted(priorities, key=lambda name: -priorities[name]) == ["L4", "L3", "L2"]
    every = [item["name"] for tag in found["tags"] for item in tag["recognizers"]]
    assert len(every) == len(set(every)) > 100


@pytest.mark.parametrize(
    ("name", "fits", "fits_not"),
    [
        ("person.id_card-id_card", ["31010719000101001X", "号31010719000101001x。"], ["131010719000101001X", "3101"]),
        ("person.mobile-mobile", ["13800138000"], ["138001380001", "20260101123"]),
        ("person.id_card-name", ["sfzh", "ID_CARD", "idCard", "公民身份号码"], ["sfzhx", "card", "my_id_card"]),
        ("person.name-name", ["姓名", "real_name", "xingming"], ["name_of_shop", "项目名称", "xm"]),
        ("person.gender-name", ["sex", "性别"], ["sexual_offence", "unisex"]),
    ],
)  # fmt: skip
def test_patterns(document: dict[str, Any], name: str, fits: list[str], fits_not: list[str]) -> None:
    found = recognizers(document)[name]
    assert [text for text in fits if not matches(found, text)] == []
    assert [text for text in fits_not if matches(found, text)] == []


def test_shapes_that_others_share_need_the_name(document: dict[str, Any]) -> None:
    found = recognizers(document)["person.mobile-mobile"]
    assert found["recognizerConfig"]["patterns"][0]["score"] < THRESHOLD
    assert {"手机号码", "mobile"} <= set(found["recognizerConfig"]["context"])


def test_no_pattern_promises_a_check_digit(document: dict[str, Any]) -> None:
    content = [item for item in recognizers(document).values() if item["target"] == "content"]
    assert content
    assert all("不核验校验位" in item["description"] for item in content)


def test_no_spelling_means_two_elements(document: dict[str, Any]) -> None:
    seen: dict[str, str] = {}
    for name, item in recognizers(document).items():
        if item["target"] == "column_name":
            regex = item["recognizerConfig"]["patterns"][0]["regex"]
            for form in regex.removeprefix("^(?:").removesuffix(")$").replace("[_ -]?", "").split("|"):
                assert seen.setdefault(form, name) == name
