"""Which first rows are headings, and that rows of data never are; delimiters and types by vote."""

from __future__ import annotations

import doctest
import importlib
import itertools
import json
import random
from pathlib import Path

import pytest

from connectors.files.delimited import vote
from connectors.files.heading import find_heading
from connectors.files.infer import data_type
from connectors.files.table import tabulate


@pytest.mark.parametrize("name", ["heading", "infer", "table", "delimited", "jsontext", "family"])
def test_examples_in_the_docstrings(name: str) -> None:
    result = doctest.testmod(importlib.import_module(f"connectors.files.{name}"))
    assert result.attempted
    assert not result.failed


HEADINGS = [
    ["姓名,身份证号,联系电话", "某甲,310107199001011230,13800000000", "某乙,310107199101011231,13900000000"],
    ["xm,sfzh,lxdh", "某甲,310107199001011230,13800000000"],
    ["ID,Name,City", "1,Bob,Paris", "2,Eve,Rome"],
    ["userName,homeCity", "bob,paris", "eve,rome"],
    ["指标,2023,2024", "人口,120,130", "户数,50,60"],
    ["项目,1月,2月", "甲,10,20"],
    ["街镇,人口,面积", "长征镇,20000,3.4", "桃浦镇,10000,18"],
    ["单位名称（全称）,金额(元)*", "某公司,", "某厂,"],
    ["序号,备注", "1,", "2,x"],
    ["编号", "1", "2"],
    ["创建 时间,状态", "2026-01-01,有效"],
    ["编号,名称"],
]
DATA = [
    ["某甲,310107199001011230", "某乙,310107199101011231"],
    ["某甲,13800000000,男", "某乙,13900000000,女"],
    ["某甲,138****0000", "某乙,139****1111"],
    ["某甲,310107********1230", "某乙,310107********1231"],
    ["某甲,中山路12号", "某乙,金沙江路3弄4室"],
    ["某甲,沪A12345", "某乙,沪B54321"],
    ["某甲,a@example.cn", "某乙,无"],
    ["某甲,2020-01-01", "某乙,2021-02-03"],
    ["某甲,男,上海", "某乙,女,北京", "某丙,男,上海"],
    ["某甲,无,男", "某乙,13900000000,女"],
    ["某某某", "某某"],
    ["某甲,普陀", "某乙,静安"],
    ["zhangsan,shanghai", "lisi,beijing"],
    ["1,2,3", "4,5,6"],
    ["91310107MA1G0X1234,某公司", "91310107MA1G0X1235,某厂"],
    ["2023,2024", "2024,2025"],
    ["长征镇,人口,20000", "桃浦镇,户数,10000"],
]


def grid(lines: list[str]) -> list[list[str]]:
    return [line.split(",") for line in lines]


@pytest.mark.parametrize("lines", HEADINGS, ids=lambda lines: lines[0])
def test_a_heading_names_the_columns(lines: list[str]) -> None:
    assert find_heading(grid(lines)).names == lines[0].split(",")


@pytest.mark.parametrize("lines", DATA, ids=lambda lines: lines[0])
def test_a_row_of_data_never_becomes_names(lines: list[str]) -> None:
    assert find_heading(grid(lines)).names is None


def test_what_the_operator_says_wins() -> None:
    assert find_heading(grid(DATA[0]), forced=True).names == DATA[0][0].split(",")
    assert find_heading(grid(HEADINGS[0]), forced=False).names is None


def test_titles_stand_above() -> None:
    rows = [
        ["低保名单", "", ""],
        ["填报单位：某街道", "", "单位：元"],
        ["姓名", "金额", "日期"],
        ["某甲", "1", "2026-01-01"],
    ]
    heading = find_heading(rows)
    assert (heading.names, heading.body, heading.title) == (["姓名", "金额", "日期"], 3, "低保名单")


def test_a_heading_of_two_rows() -> None:
    rows = [["姓名", "联系方式", "", "金额"], ["", "电话", "邮箱", ""], ["某甲", "13800000000", "a@b.cn", "3"]]
    assert find_heading(rows).names == ["姓名", "联系方式/电话", "联系方式/邮箱", "金额"]


DATA = [[f"某{name}", f"1380000000{number}", f"某路{number}号"] for number, name in enumerate("甲乙丙丁戊")]


@pytest.mark.parametrize("rows", [0, 1, 2, 5])
@pytest.mark.parametrize("title", [[["低保名单"]], []])
def test_a_heading_whose_last_column_is_named_in_the_second_row_only(title: list[list[str]], rows: int) -> None:
    grid = [*title, ["姓名", "联系方式"], ["", "电话", "地址"], *DATA[:rows]]
    table = tabulate(grid, list(range(len(grid))), "f.xlsx", None)
    assert [column.name for column in table.columns] == ["姓名", "联系方式/电话", "联系方式/地址"]
    assert (table.rows, table.failures, table.comment) == (DATA[:rows], [], "低保名单" if title else None)


@pytest.mark.parametrize("rows", [1, 5])
def test_few_groups_over_many_columns(rows: int) -> None:
    groups = [["家庭名单"], ["户号", "联系方式", "", "", "家庭"], ["", "电话", "邮箱", "地址", "户主", "人数", "住址"]]
    table = tabulate([*groups, *[["1", "2", "a@b.cn", "某路", "某甲", "3", "某街"]] * rows], list(range(8)), "f", None)
    names = [column.name for column in table.columns]
    assert names == ["户号", "联系方式/电话", "联系方式/邮箱", "联系方式/地址", "家庭/户主", "家庭/人数", "家庭/住址"]


def test_a_blank_second_row_of_a_heading_is_data() -> None:
    rows = [["姓名", "备注", ""], ["某甲", "x", ""], ["某乙", "", ""]]
    assert find_heading(rows).names == ["姓名", "备注", ""]
    assert [column.name for column in tabulate(rows, [1, 2, 3], "f", None).columns] == ["姓名", "备注"]


def test_wider_rows_are_told_with_their_line() -> None:
    table = tabulate([["编号", "名称"], ["1", "x"], ["2", "y", "z"], ["3"]], [1, 2, 5, 6], "f.csv", None)
    assert [str(failure) for failure in table.failures] == [
        "f.csv:5: 1 of the first 3 rows have more fields than there are columns "
        "(quote fields that hold the delimiter; the further fields are left out)"
    ]


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("a,b\n1,2\n", ","),
        ("a\tb\n1,5\t2\n1\t3,4\n", "\t"),
        ("名称;金额\n甲,乙;1,5\n丙;2,5\n", ";"),
        ("a|b|c\n1|x, y|z\n", "|"),
        ('a,b\n"x;y;z",1\n"x;y;z",2\n', ","),
        ("a\x01b\n1\x012\n", "\x01"),
        ("一列\n甲，乙\n丙\n", ","),
        ('编号,备注\n1,"他说 ""好""\n第二行"\n2,x\n', ","),
        ('尺寸|名称\n5"|某\n6|某"\n', "|"),
    ],
)
def test_the_delimiter_is_voted_for(text: str, delimiter: str) -> None:
    assert vote(text).delimiter == delimiter


def test_an_unclosed_quotation_mark_does_not_swallow_the_rest() -> None:
    text = "编号,名称\n" + "".join(f"{n},{chr(34) if n == 3 else ''}某{n}\n" for n in range(200))
    assert vote(text).quote != '"'


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["true", "FALSE"], "BOOLEAN"),
        (["13800000000", "13900000000"], "VARCHAR"),
        (["12345678901", "5"], "BIGINT"),
        (["007", "12"], "VARCHAR"),
        (["1,200.50", "3"], "DECIMAL"),
        (["2026/1/2", "无"], "DATE"),
        (["08:30", "09:15:00"], "TIME"),
        ([1, 2.5], "DOUBLE"),
        (["x" * 2000], "TEXT"),
        ([b"x"], "VARCHAR"),
    ],
)
def test_types(values: list[object], expected: str) -> None:
    assert data_type(values) == expected


CORPUS = Path(__file__).parents[2] / "data" / "columns-own.jsonl"


@pytest.mark.parametrize(("names", "least"), [("column", 0.99), ("comment", 0.9)])
def test_names_of_real_tables_are_headings_and_their_rows_are_none(names: str, least: float) -> None:
    lines = (json.loads(line) for line in CORPUS.read_text(encoding="utf-8").splitlines())
    tables = [list(columns)[:20] for _, columns in itertools.groupby(lines, key=lambda line: line["table"])]
    headings = [[column[names] for column in columns if column.get(names)] for columns in tables]
    headings = [heading for heading in headings if len(heading) > 2]
    chance = random.Random(1)
    right = 0
    for heading in headings:
        # Words of places and offices, the hardest values to tell from headings.
        letters = [chance.sample("普陀长征桃浦真如石泉路街道社区中心正常张王李赵", 3) for _ in range(5 * len(heading))]
        values = iter(map("".join, letters))
        body = [[next(values) for _ in heading] for _ in range(5)]
        right += find_heading([heading, *body]).names == heading
        assert find_heading(body).names is None
    assert len(headings) > 40
    assert right >= least * len(headings)
