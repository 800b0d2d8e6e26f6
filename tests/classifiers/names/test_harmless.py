"""Columns that look like a person's and are not: what a name, a comment, a type and the siblings tell together."""

from __future__ import annotations

import pytest

from classifiers.element import understand
from classifiers.elements import elements
from classifiers.evidence import ColumnInput, TableInput


def _families(table: TableInput) -> list[str]:
    _, findings = understand(table, {})
    return [elements()[finding.element].family if finding.element else "" for finding in findings]


def _family(column: ColumnInput, table: str = "t_record", comment: str | None = None) -> str:
    return _families(TableInput(table, (column,), comment=comment))[0]


@pytest.mark.parametrize(
    ("column", "family"),
    [
        (ColumnInput("check_user_id", "巡检员", "varchar(255)"), "technical"),
        (ColumnInput("check_user_name", "巡检员", "varchar(255)"), "person_name"),
        (ColumnInput("order_user_id", "生成订单时的账号", "int(10)"), "technical"),
        (ColumnInput("group_id", "矫正小组", "bigint"), "technical"),
        (ColumnInput("hukou_city", "户籍（市）", "varchar(32)"), "place_or_division"),
        (ColumnInput("hukou", "户籍（门牌号）", "varchar(200)"), "address"),
        (ColumnInput("wx", "微信", "tinyint(1)"), "status_or_code"),
        (ColumnInput("wx", "微信", "varchar(50)"), "im_account"),
        (ColumnInput("md5", "数据md5,company_name + id_card", "varchar(32)"), ""),
        (ColumnInput("age_type", "年龄类型 岁 月 天", "char(2)"), "status_or_code"),
        (ColumnInput("plat", "来源平台", "varchar(20)"), "technical"),
        (ColumnInput("target", "发送对象", "varchar(20)"), "status_or_code"),
        (ColumnInput("real_auth", "实名认证", "varchar(2)"), "status_or_code"),
        (ColumnInput("c1", "0为男性，1为女性", "int"), "gender"),
        (ColumnInput("c1", "0未婚 1已婚", "int"), "marital_status"),
        (ColumnInput("principal", None, "decimal(12,2)"), "quantity_or_measure"),
        (ColumnInput("no3", "硝酸盐", "decimal(5,2)"), "quantity_or_measure"),
    ],
)  # fmt: skip
def test_family(column: ColumnInput, family: str) -> None:
    assert _family(column) == family


def test_what_firms_get_is_nobodys_own() -> None:
    column = ColumnInput("je", "补贴金额", "decimal(12,2)")
    assert _family(column, "t1", "企业补贴申报") == "amount"
    assert _family(column, "t1", "残疾人补贴发放") == "amount_personal"


def test_a_word_before_every_name_is_no_part_of_them() -> None:
    names = ("res_id", "res_name", "res_sex", "res_photo", "res_phone")
    table = TableInput("tb_resident", tuple(ColumnInput(name) for name in names))
    assert _families(table) == ["technical", "person_name", "gender", "photo_or_scan", "phone_any"]


def test_sums_of_a_payroll_are_personal() -> None:
    column = ColumnInput("hj", "合计", "decimal(10,2)")
    assert _family(column, "gongzi", "工资表") == "amount_personal"
    assert _family(column, "t_stock", "库存表") == "quantity_or_measure"


def test_thirty_six_characters_are_no_student_number() -> None:
    assert _family(ColumnInput("sid", None, "varchar(36)"), "students") == "technical"
    assert _family(ColumnInput("sid", None, "varchar(20)"), "students") == "student_no"
