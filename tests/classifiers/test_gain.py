"""Only columns whose values may change what is thought of them are asked for values."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.element import understand
from classifiers.elements import elements
from classifiers.engine import observe
from classifiers.evaluate import HARMLESS
from classifiers.evidence import ColumnInput, TableInput
from classifiers.gain import gains_from_values


def table(*columns: tuple[str, str, str | None]) -> TableInput:
    made = tuple(ColumnInput(name, comment, native) for name, native, comment in columns)
    return TableInput("t_ryxx", made, comment="人员信息")


def asked(name: str, native: str, comment: str | None = None, strict_types: bool = True) -> bool:
    return bool(gains_from_values(table((name, native, comment)), strict_types=strict_types))


@pytest.mark.parametrize(
    ("name", "native", "comment"),
    [
        ("csrq", "date", "出生日期"),
        ("create_time", "timestamp(6) without time zone", "创建时间"),
        ("gxsj", "datetime", "更新时间"),
        ("zt", "tinyint(1)", "状态"),
        ("sfyx", "boolean", "是否有效"),
        ("sfzh", "date", "身份证号"),
        ("lxdh", "timestamp", "联系电话"),
    ],
)
def test_what_its_type_says_already_is_not_asked_for(name: str, native: str, comment: str) -> None:
    assert not asked(name, native, comment)
    assert asked(name, native, comment, strict_types=False)
    assert asked(name, "varchar(20)", comment)
    assert asked(name, f"{native}[]", comment)


@pytest.mark.parametrize(
    ("name", "native", "comment"),
    [
        *(("sfzh", native, "身份证号") for native in ("varchar(18)", "bigint", "numeric", "text")),
        *(("x1", native, None) for native in ("varchar(18)", "int", "double precision", "date", "boolean", "jsonb")),
        *(("lxdh", native, "联系电话") for native in ("char(11)", "bigint", "text[]")),
        ("bz", "text", "备注"),
        ("zt", "int(11)", "状态"),
    ],
)
def test_what_values_may_confirm_or_contradict_is_asked_for(name: str, native: str, comment: str | None) -> None:
    assert asked(name, native, comment)


@pytest.mark.parametrize("native", ["varchar(64)", "bytea", "text[]", ""])
@pytest.mark.parametrize(("name", "comment"), [("pwd", None), ("mm", "登录密码"), ("api_key", "密钥"), ("token", None)])
def test_passwords_are_never_asked_for(name: str, comment: str | None, native: str) -> None:
    assert not asked(name, native, comment)
    assert not asked(name, native, comment, strict_types=False)


SETTLED = [
    *((name, "date", comment) for name, comment in (("csrq", "出生日期"), ("djrq", "登记日期"))),
    *((name, "datetime", comment) for name, comment in (("create_time", "创建时间"), ("bjsj", "办结时间"))),
    *((name, "tinyint(1)", comment) for name, comment in (("zt", "状态"), ("sfyx", "是否有效"), ("lx", "类型"))),
]


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(
    column=st.sampled_from(SETTLED),
    days=st.lists(st.dates(date(1900, 1, 1), date(2026, 1, 1)), min_size=1, max_size=30),
    numbers=st.lists(st.integers(-128, 127), min_size=1, max_size=30),
)
def test_values_of_what_is_left_out_would_change_no_element(
    column: tuple[str, str, str], days: list[date], numbers: list[int]
) -> None:
    asked_of = table(column)
    assert not gains_from_values(asked_of, strict_types=True)
    values = numbers if column[1].startswith("tinyint") else days
    with_values = understand(asked_of, observe(asked_of, {column[0]: values}, as_of=date(2026, 1, 1)))
    without = understand(asked_of, {})
    assert with_values[0] == without[0]
    (a,), (b,) = with_values[1], without[1]
    assert (a.element, a.flags, a.findings) == (b.element, b.flags, b.findings)
    # A plain date or code may be heard beside it: the most sensitive one decides.
    more = {elements()[name].family for name in a.accepted} - {elements()[name].family for name in b.accepted}
    assert more <= HARMLESS
