"""A blank data dictionary for departments whose systems cannot be reached; connector ``workbook`` reads it back."""

from __future__ import annotations

from pathlib import Path

from workflows.catalogue import FORMAT_METHODS
from workflows.outputs.cells import Cell
from workflows.review.forms import Field, FormBook
from workflows.settings import UPDATE_CYCLES

ROWS = 5_000
"""How far drop-downs reach."""
TYPES = ("VARCHAR", "CHAR", "TEXT", "INT", "BIGINT", "DECIMAL", "DATE", "DATETIME", "BOOLEAN", "BLOB")
FORMATS = (*FORMAT_METHODS, "数据库(oracle)", "数据库(mysql)", "数据库(sqlserver)", "电子表格(xlsx)")
"""信息资源格式: the guide's seven groups, and what is most often behind a dictionary."""
TABLES = (
    Field("表英文名", 28, "fill", prompt="数据库中的表名；没有数据库的，写文件或报表的名称。"),
    Field("表中文名", 32, "fill"),
    Field("更新周期", 14, "fill_centre", UPDATE_CYCLES),
    Field("信息资源格式", 18, "fill_centre", FORMATS, only=False, prompt="数据实际存放的形式，不是本填报表的格式。"),
    Field("备注", 44, "fill"),
)
FIELDS = (
    Field("表英文名", 28, "fill", prompt="与「表」中的写法一致；同一张表的字段连续填写。"),
    Field("字段英文名", 24, "fill"),
    Field("字段中文名", 24, "fill", prompt="写清含义：写“联系人手机号”，不写“号码”。"),
    Field("数据类型", 14, "fill_centre", TYPES, only=False),
    Field("长度", 9, "fill_centre"),
    Field("是否必填", 10, "fill_centre", ("是", "否")),
    Field("主键", 8, "fill_centre", ("是", "否")),
    Field("字段说明", 44, "fill", prompt="取值范围、代码含义、是否已脱敏等。不要填写真实数据。"),
)
EXAMPLE = "示例（不收录）："
_TABLE: list[Cell] = [
    f"{EXAMPLE}T_JZDX",
    "救助对象信息表",
    "每月",
    "数据库(oracle)",
    "低保、特困和临时救助对象的基本信息",
]
_FIELD: list[Cell] = [
    f"{EXAMPLE}T_JZDX",
    "SFZH",
    "救助对象身份证号",
    "VARCHAR",
    "18",
    "是",
    "否",
    "公民身份号码，未脱敏",
]


def write_template(path: Path, department: str, at: str) -> Path:
    """Write the workbook; ``department``: its display name, ``at``: ISO 8601."""
    title = f"{department}数据资源填报表"
    book = FormBook(title, at)
    book.cover(title, _instructions(department))
    book.form("表", TABLES, _blank(len(TABLES)), frozen=1, count=ROWS, above=[_TABLE], protect=False)
    book.form("字段", FIELDS, _blank(len(FIELDS)), frozen=2, count=ROWS, above=[_FIELD], protect=False)
    return book.save(path)


def _blank(width: int) -> list[list[Cell]]:
    """Some rows in the look of cells to fill."""
    return [[None] * width for _ in range(200)]


def _instructions(department: str) -> list[tuple[str, str]]:
    return [
        ("填报单位", department),
        ("适用情形", "业务系统暂不能直接采集的，由单位填报数据结构。只填结构，不填任何真实数据。"),
        ("", "标明涉密的内容不得填入本表。"),
        ("第一步", "在「表」中逐行填写本单位的数据表（含报表、台账）：英文名、中文名、更新周期、信息资源格式。"),
        ("第二步", "在「字段」中逐行填写每张表的字段，表英文名与「表」中的写法一致。"),
        ("示例", "标题上方的灰色行是示例，不会收录，也不必删除。"),
        ("交回", "保存为 .xlsx 后交区大数据中心，由其登记采集。单元格请直接填写内容，不要用公式。"),
    ]
