"""Identifiers in names, comments and free text: found when validated, masked, never more than that."""

from __future__ import annotations

from datetime import date

import pytest

from classifiers.structure import identifiers_in_text, mask_identifiers

AS_OF = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("31010719000101001X", "310107************"),
        ("f_31010719000101001x_bak", "f_310107************_bak"),
        ("申请人31010719000101001X的材料.pdf", "申请人310107************的材料.pdf"),
        ("例:３１０１０７１９０００１０１００１Ｘ", "例:３１０１０７************"),
        ("默认13800138000", "默认138********"),
        ("卡6217000000000000004", "卡621700*************"),
        ("6222020200000000", "6222020200000000"),
        ("31010719000101001X,13800138000", "310107************,138********"),
        ("样例 310107 19000101 001X", "样例 310107**************"),
        ("310107-1900-0101-001X", "310107***************"),
        ("电话138-0013-8000或+86 138 0013 8000", "电话138**********或+86 138**********"),
        ("卡6217 0000 0000 0000 004", "卡6217 0*****************"),
    ],
)
def test_mask(text: str, masked: str) -> None:
    assert mask_identifiers(text, AS_OF)[0] == masked


def test_count_and_places() -> None:
    text = "电话13800138000 证件31010719000101001X"
    assert identifiers_in_text(text, AS_OF) == [("mobile", 2, 13), ("id_card", 16, 34)]
    assert mask_identifiers(text, AS_OF)[1] == 2


@pytest.mark.parametrize(
    "text",
    [
        "",
        "310107190001010010",
        "31010719000101001X9",
        "910107190001010016",
        "9131010731010719000101001X",
        "91310107MA0000007Y",
        "113800138000",
        "a13800138000",
        "2020-138-0013-8000",
        "138-00138000-1",
        "138 0013-8000",
        "310107 19000101 0010",
        "6217 0000 0000 0000 005",
        "2024-01-01 12:30:00.000000",
        "1.13800138000",
        "t_20260101000000001",
        "6217000000000000005",
        "身份证号",
    ],
)
def test_what_is_not_validated_stays(text: str) -> None:
    assert mask_identifiers(text, AS_OF) == (text, 0)


def test_nobody_is_born_later() -> None:
    permit = "310107202601010502"
    assert mask_identifiers(permit, date(2025, 12, 31)) == (permit, 0)
    assert mask_identifiers(permit, date(2026, 12, 31))[1] == 1
