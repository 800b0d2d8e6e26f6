"""Names and types of systems that were looked at last: programs' own classes, payrolls, signatures, bare names."""

from __future__ import annotations

import pytest

from classifiers.element import understand
from classifiers.elements import elements
from classifiers.evidence import ColumnInput, TableInput
from classifiers.names.grammar import default_reader


def _elements(table: str, *columns: tuple[str, str | None, str | None]) -> dict[str, str | None]:
    """``columns``: name, comment, type."""
    found = understand(TableInput(table, tuple(ColumnInput(*column) for column in columns)), {})[1]
    return {column[0]: finding.element for column, finding in zip(columns, found, strict=True)}


def _family(element: str | None) -> str | None:
    return elements()[element].family if element else None


@pytest.mark.parametrize(
    ("name", "comment", "written", "element"),
    [
        ("patient", None, "PatientEntity", "system.foreign_key"),
        ("overtimeUser", "加班人", "User", "system.foreign_key"),
        ("nurse", None, "ObjectId", "system.foreign_key"),
        ("patients", "患者", "List<Patient>", "system.foreign_key"),
        ("customer", None, "ForeignKey", "system.foreign_key"),
        ("patient", None, "String", "person.name"),
        ("patient", None, "[nvarchar](20)", "person.name"),
    ],
)
def test_members_of_a_programs_classes_are_keys(name: str, comment: str | None, written: str, element: str) -> None:
    assert _elements("register", (name, comment, written))[name] == element


def test_a_trait_of_a_programs_own_type_stays_one() -> None:
    assert _elements("person", ("gender", None, "Gender"))["gender"] == "person.gender"


@pytest.mark.parametrize("written", ["[int]", "int?", "java.lang.Integer", "Nullable<int>", "[numeric](18, 0)"])
def test_whole_numbers_as_sources_write_them_hold_no_name(written: str) -> None:
    assert _family(_elements("card", ("applicant", None, written))["applicant"]) != "person_name"


@pytest.mark.parametrize(
    ("name", "comment", "written"),
    [
        ("residence", "现住地:编码应符合GB/T2260", "varchar(20)"),
        ("residence", None, "varchar(6)"),
    ],
)
def test_codes_of_regions_are_no_address(name: str, comment: str | None, written: str) -> None:
    columns = (("sex", None, None), ("id_card", None, None), (name, comment, written))
    assert _elements("resident", *columns)[name] == "place.division"


def test_longer_text_is_an_address() -> None:
    columns = (("sex", None, None), ("id_card", None, None), ("residence", None, "varchar(60)"))
    assert _family(_elements("resident", *columns)["residence"]) == "address"


@pytest.mark.parametrize(
    ("comment", "family"), [("车辆正面", "other"), ("车辆左侧45度（前）", "other"), ("正面照", "photo_or_scan")]
)
def test_what_a_picture_shows_its_comment_says(comment: str, family: str) -> None:
    assert _family(_elements("t_check", ("faceImage", comment, "varchar(200)"))["faceImage"]) == family


@pytest.mark.parametrize(
    ("table", "sibling", "family"),
    [
        ("rescue_item", "id_card", "person_name"),
        ("rescue_item", "sex", "person_name"),
        ("zq_record", "mobile", "person_name"),
        ("bridge", "mobile", "other"),  # whoever looks after it
        ("dog", "sex", "other"),
    ],
)
def test_a_bare_name_is_that_of_whom_the_column_beside_it_describes(table: str, sibling: str, family: str) -> None:
    columns = (("id", None, "int"), ("name", None, "varchar(20)"), (sibling, None, "varchar(20)"))
    assert (_family(_elements(table, *columns)["name"]) == "person_name") == (family == "person_name")


def test_two_columns_away_is_beside_and_three_is_not() -> None:
    near = (("name", None, None), ("remark", None, None), ("sex", None, None))
    far = (("name", None, None), ("remark", None, None), ("status", None, None), ("sex", None, None))
    assert _elements("bridge", *near)["name"] == "person.name"
    assert _elements("bridge", *far)["name"] != "person.name"


@pytest.mark.parametrize(
    ("name", "written", "comment", "pay"),
    [
        ("regive", "double", None, True),
        ("regive", "decimal?", None, True),
        ("regive", "varchar(20)", None, False),
        ("regive", "double", "工时折算", False),
        ("post_coefficient", "double", None, False),
        ("gsxs", "double", None, False),  # initials may be of hours or rates
    ],
)
def test_money_in_a_payroll_is_pay(name: str, written: str, comment: str | None, pay: bool) -> None:
    assert (_family(_elements("salary", (name, comment, written))[name]) == "amount_personal") == pay


def test_money_elsewhere_is_none() -> None:
    assert _elements("orders", ("regive", None, "double"))["regive"] is None


@pytest.mark.parametrize(
    ("name", "element"),
    [
        ("secfzr", "person.staff_name"),
        ("jcrytwo", "person.staff_name"),
        ("UserName_ZR", "person.name"),
        ("huifuren", "person.name"),
        ("ydren", "person.name"),
        ("sosperson", "person.name"),
    ],
)
def test_ordinals_roles_and_unknown_people(name: str, element: str) -> None:
    assert default_reader().name(name)[-1].element == element


@pytest.mark.parametrize("name", ["children_num", "zeren", "second", "sector", "brethren", "someone"])
def test_words_that_only_end_so(name: str) -> None:
    assert all(
        candidate.element != "person.name" or candidate.term == "children" for candidate in default_reader().name(name)
    )


@pytest.mark.parametrize(
    ("comment", "element"),
    [
        ("教师姓名 Search111", "person.name"),
        ("用户密码的MD5值", "credential.password"),
        ("1男2女", "person.gender"),
        ("党员ID", "system.foreign_key"),
        ("二维码签名", None),
    ],
)
def test_comments_with_marks_and_codes(comment: str, element: str | None) -> None:
    found = _elements("t_user", ("c1", comment, "varchar(32)"))["c1"]
    assert found == element if element else _family(found) != "biometric"


def test_short_heads_after_full_pinyin_mean_what_they_mostly_mean() -> None:
    reader = default_reader()
    assert reader.name("JIANCHASJ")[0].term == "检查时间"
    assert all(candidate.element != "person.permit_tw" for candidate in reader.name("ZHUANGTAIBZ"))


def test_a_contact_alone_does_not_make_rows_people() -> None:
    columns = (("nm", None, "varchar(50)"), ("contperson", None, "varchar(15)"), ("addr", None, "varchar(150)"))
    found = _elements("zz_record", *columns)
    assert _family(found["contperson"]) == "person_name"
    assert _family(found["nm"]) != "person_name"
    assert _family(found["addr"]) != "address"


@pytest.mark.parametrize("table", ["message", "sys_notice", "t_comment"])
def test_portraits_are_peoples_wherever_they_are_kept(table: str) -> None:
    assert _elements(table, ("avatarUrl", None, "varchar(255)"))["avatarUrl"] == "person.photo"


def test_vaccines_are_products_and_vaccinations_are_not() -> None:
    product = _elements("yimiao", ("yimiao_name", "疫苗名称", "String"), ("yimiao_types", "疫苗类型", "Integer"))
    assert {_family(element) for element in product.values()} & {"medical"} == set()
    person = _elements("vaccinate_record", ("child_name", "儿童姓名", None), ("vaccine_name", "疫苗名称", None))
    assert _family(person["vaccine_name"]) == "medical"


def test_initials_of_one_family_are_not_ambiguous() -> None:
    """JZR is 捐赠人 or 见证人: a name either way, in a table that is named in initials."""
    columns = tuple((name, None, "varchar(50)") for name in ("ajbh", "jzr", "djsj", "wbry", "wbrydh"))
    found = _elements("zf_jl", *columns)
    assert {_family(found["jzr"]), _family(found["wbry"])} == {"person_name"}
    assert _family(found["wbrydh"]) == "phone_any"
    assert _elements("orders", ("wbry", None, None), ("status", None, None), ("title", None, None))["wbry"] is None


def test_two_letters_that_may_be_a_date_own_no_trait_but_may_be_somebody() -> None:
    """NF is 男方 as well as 年份."""
    columns = tuple((name, None, "varchar(20)") for name in ("NFXM", "NFSFZH", "NFHYZK", "NFWHCD"))
    assert _elements("MZ_JHDJ", *columns)["NFHYZK"] == "person.marital_status"
