"""Equal columns share what was worked out for them; packs with vocabularies of their own share nothing."""

from __future__ import annotations

from datetime import date

from classifiers.element import understand
from classifiers.evidence import ColumnInput, TableInput
from classifiers.policy import Pack, load_pack
from classifiers.verdict import judge

AS_OF = date(2026, 1, 1)
OVERLAY = """
extends: putuo-2020
elements: {{site.code: {{zh: 自编号, family: {family}, category: PI}}}}
tiers: {{site.code: L2}}
codebooks: {{own: {{title: 自有, codes: {{ZBH: site.code}}}}}}
"""


def own(family: str) -> Pack:
    return load_pack("putuo-2020", [(f"{family}.yaml", OVERLAY.format(family=family))])


def test_equal_columns_of_different_tables_share_their_finding() -> None:
    one = TableInput("t_person", (ColumnInput("xm", "姓名"), ColumnInput("sfzh", "身份证号")), comment="人员信息")
    other = TableInput("t_people", (ColumnInput("sfzh", "身份证号"), ColumnInput("xm", "姓名")), comment="人员名册")
    (name, number), (same_number, same_name) = understand(one, {})[1], understand(other, {})[1]
    assert name is same_name
    assert number is same_number


def test_a_type_or_context_of_its_own_makes_another_column() -> None:
    def element(column: ColumnInput, comment: str) -> str | None:
        return understand(TableInput("t", (column,), comment=comment), {})[1][0].element

    assert element(ColumnInput("address"), "企业信息") == "org.address"
    assert element(ColumnInput("address"), "公共厕所") == "place.address"
    assert element(ColumnInput("xm", None, "varchar(20)"), "人员信息") == "person.name"
    assert element(ColumnInput("xm", None, "bigint"), "人员信息") != "person.name"


def test_an_element_means_what_the_judging_pack_says() -> None:
    table = TableInput("t", (ColumnInput("ZBH", "身份证号"),))

    def contradicted(family: str) -> bool:
        verdict = judge(table, {}, own(family), as_of=AS_OF)
        return any(finding.code == "comment_value_conflict" for finding in verdict.columns[0].findings)

    assert [contradicted(family) for family in ("email", "id_card", "email")] == [True, False, True]


def test_a_type_without_a_name_is_no_type() -> None:
    def element(native: str | None) -> str | None:
        return understand(TableInput("t", (ColumnInput("a", "经办人", native),)), {})[1][0].element

    assert {element(" "), element("(10)")} == {element(None)}
