"""Tables as wholes: subject, context of siblings, comments beside names, and the weighing of values."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.element import understand
from classifiers.evidence import ColumnInput, ElementFinding, Evidence, Subject, TableInput


def _table(name: str, columns: str, comment: str | None = None, department: str | None = None) -> TableInput:
    """``columns``: ``name=comment|type`` separated by blanks; comment and type may be missing."""
    found = []
    for written in columns.split():
        rest, _, native = written.partition("|")
        column, _, text = rest.partition("=")
        found.append(ColumnInput(column, text or None, native or None))
    return TableInput(name, tuple(found), department, comment=comment)


def _read(table: TableInput, **values: tuple[Evidence, ...]) -> tuple[Subject, dict[str, ElementFinding]]:
    subject, found = understand(table, values)
    return subject, dict(zip((column.name for column in table.columns), found, strict=True))


def _value(element: str, strength: float, *flags: str) -> tuple[Evidence, ...]:
    return (Evidence(element, element, "value", strength, hits=10, distinct=10, flags=flags),)


@pytest.mark.parametrize(
    ("table", "kind"),
    [
        (_table("t_user", "id name"), "person"),
        (_table("T_RYXX", "ID BZ"), "person"),
        (_table("renyuan", "a b"), "person"),
        (_table("t1", "a", "企业基本信息表"), "organisation"),
        (_table("t1", "a", "企业人员信息表"), "person"),
        (_table("t1", "a", "公司员工信息表"), "person"),
        (_table("t1", "a", "人员所属企业"), "organisation"),
        (_table("QYJBXX", "A"), "organisation"),
        (_table("company_info", "a"), "organisation"),
        (_table("st_stbprp_b", "stcd"), "place"),
        (_table("t1", "a", "公共厕所信息"), "place"),
        (_table("t1", "a", "人口统计汇总表"), "aggregate"),
        (_table("sys_dict_data", "a", "字典数据表"), "system"),
        (_table("sys_menu", "a"), "system"),
        (_table("AC01", "AAC001"), "person"),
        (_table("x1", "XM XB CSRQ"), "person"),
        (_table("x1", "XM XB MZ"), "person"),
        (_table("x1", "id_card mobile"), "person"),
        (_table("x1", "uscc reg_capital legal_rep"), "organisation"),
        (_table("x1", "a b c"), "unknown"),
        (_table("hall_window", "name id_card gender"), "person"),
        (_table("t1", "a", "个人行政处罚公示"), "person"),
        (_table("t1", "a", "自然人行政处罚"), "person"),
        (_table("t1", "a", "吸毒人员处罚"), "person"),
        (_table("t1", "xm=姓名 nr=处罚内容", "行政处罚决定"), "person"),
        (_table("t1", "xm=姓名 dwmc=单位名称 nr=处罚内容", "行政处罚决定"), "organisation"),
        (_table("t1", "a", "企业行政处罚"), "organisation"),
        (_table("t1", "cph=号牌号码 syr=机动车所有人", "机动车登记信息"), "person"),
        (_table("t1", "cph=号牌号码 dwmc=单位名称 jsy=驾驶员", "车辆信息"), "place"),
        (_table("t1", "hy gz", "行业平均工资"), "aggregate"),
        (_table("t_vehicle_apply", "cph=车牌号码 jsy=驾驶员", "公务用车申请"), "place"),
        (_table("t1", "a", "药品目录"), "system"),
        (_table("t1", "a", "疫苗目录"), "system"),
        (_table("t1", "a", "长者助餐点"), "place"),
        (_table("hzxx", "a", "河长信息"), "place"),
        (_table("t1", "xm=姓名 je=金额", "发放汇总"), "person"),
        (_table("JDRY_XX", "XM"), "person"),
        (_table("SQJZRY", "XM"), "person"),
        (_table("drug_rehab_person", "a"), "person"),
    ],
    ids=lambda value: value.table if isinstance(value, TableInput) else value,
)
def test_subject(table: TableInput, kind: str) -> None:
    subject, _ = _read(table)
    assert subject.kind == kind
    assert subject.reason


@pytest.mark.parametrize(
    ("name", "comment", "minors"),
    [
        ("t1", "学生基本信息", True),
        ("t1", "留守儿童登记表", True),
        ("T_XSXX", None, True),
        ("t1", "未成年人监护情况", True),
        ("t1", "高校学生信息", False),
        ("t1", "教师信息", False),
        ("t1", "学生人数统计表", False),
    ],
)
def test_minors(name: str, comment: str | None, minors: bool) -> None:
    subject, _ = _read(_table(name, "id name", comment))
    assert subject.minors is minors


@pytest.mark.parametrize(
    ("table", "column", "element"),
    [
        # the subject picks the variant
        (_table("t_person", "name address phone email"), "name", "person.name"),
        (_table("t_person", "name address phone email"), "address", "person.address"),
        (_table("t_company", "name address phone email"), "name", "org.name"),
        (_table("t_company", "name address phone email"), "address", "org.address"),
        (_table("t_company", "name address phone email"), "phone", "org.phone"),
        (_table("t_park", "name address lng lat"), "address", "place.address"),
        (_table("t_park", "name address lng lat"), "lng", "place.location"),
        (_table("t_person", "lng lat"), "lat", "person.location"),
        # two letters need siblings
        (_table("T1", "XM XB CSRQ SFZH"), "XM", "person.name"),
        (_table("T1", "XM XB CSRQ SFZH"), "XB", "person.gender"),
        (_table("T_XM", "XMBH XM JSDW HTJE"), "XM", "project.name"),
        (_table("T_RY", "XM MZ NL JG"), "MZ", "person.ethnicity"),
        (_table("T_RY", "XM MZ NL JG"), "JG", "person.native_place"),
        (_table("T_YHZH", "HM ZH KHYH"), "ZH", "person.bank_account"),
        (_table("T_DW", "DWMC JD WD"), "JD", "place.location"),
        (_table("T_BR", "XM XB GMS ZD", department="卫生健康委员会"), "ZD", "health.diagnosis"),
        (_table("xs", "XH XM BJ CJ", "学生成绩"), "XH", "person.student_no"),
        (_table("xs", "XH XM BJ CJ", "学生成绩"), "CJ", "person.score"),
        # comment beside name
        (_table("t_person", "name=名称 id"), "name", "person.name"),
        (_table("t_goods", "price=单价 unit=单位"), "unit", "code.type"),
        (_table("user", "company=单位 id_card"), "company", "person.employer"),
        (_table("t1", "company_name=名称"), "company_name", "org.name"),
        (_table("t1", "mobile=联系方式"), "mobile", "person.mobile"),
        (_table("t1", "id_card=身份证照片"), "id_card", "person.id_scan"),
        (_table("t1", "id_card_front=身份证"), "id_card_front", "person.id_scan"),
        (_table("t1", "mobile=姓�"), "mobile", "person.mobile"),
        # types bear on names alone
        (_table("t_user", "name|bigint sex"), "name", "system.foreign_key"),
        (_table("t_user", "mobile|tinyint(1) sex"), "mobile", "code.flag"),
        (_table("t_user", "phone|datetime sex"), "phone", "date.business"),
        # the row's own name
        (_table("volunteer", "vol_name sex id_card"), "vol_name", "person.name"),
        # login or person
        (_table("sys_user", "user_name password"), "user_name", "account.login"),
        (_table("oa_leave", "user_name days reason"), "user_name", "person.name"),
        # codebooks before everything
        (_table("AC01", "AAC003=个人编号"), "AAC003", "person.name"),
        (_table("x", "CF_NR=说明"), "CF_NR", "act.penalty"),
        (_table("ent", "ENTNAME REGNO DOM OPSCOPE"), "DOM", "org.address"),
        # what stands beside a column
        (_table("gly", "id yhm mm"), "mm", "credential.password"),
        (_table("hyjbxx", "xm sj dh"), "sj", "person.mobile"),
        (_table("t_ry", "xm sj kssj"), "sj", "date.business"),
        (_table("ljxg", "mc bjyxm bjydh", "垃圾箱房"), "bjydh", "person.phone"),
        (_table("ljxg", "mc dh", "垃圾箱房"), "dh", "org.phone"),
        (_table("t1", "b1=名称 b2=护林员地址", "公园信息"), "b2", "person.address"),
        (_table("t1", "a1=租户 a2=租户电话", "房屋租赁"), "a1", "person.name"),
        (_table("sys_log", "a1=租户 a2=内容", "系统日志"), "a1", "system.version"),
        (_table("js_sys_user", "login_code user_name password"), "user_name", "person.name"),
        (_table("health", "hname hsex hphone hbirthday hcity", "患者"), "hphone", "person.phone"),
        (_table("t1", "sid_id=员工", "社保管理"), "sid_id", "system.foreign_key"),
        (_table("grjcxx", "csrq=日期 je=金额"), "csrq", "person.birth_date"),
        (_table("t_salary", "GRYSR=金额"), "GRYSR", "person.income"),
        (_table("bj_sgjt", "bjmc bjbm lng lat"), "bjmc", "object.name"),
        (_table("bj_sgjt", "bjmc bjbm lng lat"), "bjbm", "device.id"),
        (_table("gssm", "zl=坐落位置", "古树名木"), "zl", "place.address"),
        (_table("fdc", "qzh=权属证号 zl=坐落", "不动产"), "zl", "estate.parcel"),
        (_table("zzfw", "fwzl=房屋坐落 qlr=权利人", "住宅房屋"), "fwzl", "estate.address"),
        (_table("t_driver", "name license_number"), "license_number", "person.driving_licence"),
        (_table("patient_visit", "visit_date total_fee"), "total_fee", "health.fee"),
        (_table("clgj", "hphm=号牌号码 jd=经度 wd=纬度", "车辆轨迹"), "jd", "person.location"),
        # a statutory context says whose result it is
        (_table("t1", "result=处理结果", "追究刑事责任情况"), "result", "justice.crime"),
        (_table("t1", "result=处理结果", "投诉办理"), "result", "act.result"),
        # a hollow head with an unknown stem means nothing of a person
        (_table("t_ry", "a=霜露情况", "人员信息"), "a", None),
        (_table("t_sb", "a=霜露情况", "设备信息"), "a", "code.status"),
        (_table("t_ry", "a=审核状态", "人员信息"), "a", "code.status"),
        # unknown stays unknown
        (_table("t1", "qxzqw"), "qxzqw", None),
        (_table("person", "gender id_card pics=照片列表，默认显示第一张"), "pics", "person.photo"),
        (_table("patient", "sex birthday image"), "image", "person.photo"),
        (_table("t1", "sex id_card pics=照片列表", "投诉举报"), "pics", "file.attachment"),
        (_table("t1", "name pics=照片列表", "道路巡查"), "pics", "file.attachment"),
        (_table("d", "id_card_photo=身份证照片对应主键"), "id_card_photo", "person.id_scan"),
        (_table("t1", "lb=案件类别 xm=姓名", "社区矫正人员信息"), "lb", "justice.crime"),
        (_table("t1", "lb=案件类别 dwmc=单位名称", "城管案件"), "lb", "code.type"),
        (_table("t1", "JYJE JYSJ ZH KH BFZH"), "ZH", "person.bank_account"),
        (_table("t1", "JYJE JYSJ ZH KH BFZH"), "BFZH", "person.bank_account"),
        (_table("shelter", "name location|point"), "location", "person.location"),
        (
            _table("site", "name responsible_person responsible_person_contact"),
            "responsible_person_contact",
            "person.phone",
        ),
        (_table("people", "name gender join_community_volunteer"), "join_community_volunteer", "code.flag"),
        (_table("t1", "XH XSXM RXNF"), "XH", "person.student_no"),
        (_table("t_user", "name icon_url=展示地址"), "icon_url", "object.url"),
        (_table("city_code", "id full_name=全称"), "full_name", "object.name"),
        (_table("cargo", "dz=袋重 xm=姓名"), "dz", None),
        (_table("air_order", "legal_entity=接单法人|bigint(20)"), "legal_entity", "system.foreign_key"),
        (_table("person", "name gender temp|decimal(4,1)"), "temp", "health.exam"),
        (_table("person", "name gender temp|varchar(9)"), "temp", None),
        (_table("bdc_sqr", "sqrmc xb zjh"), "xb", "person.gender"),
        (_table("users", "username password nickname apple_id"), "username", "account.login"),
        (_table("T_SQJZ", "XM SFZH AJLB"), "AJLB", "justice.crime"),
        (_table("t1", "fdy=辅导员|int(11) xm=姓名", "学生信息"), "fdy", "system.foreign_key"),
        (_table("s_person", "p_id p_name p_sex p_birth p_phone"), "p_name", "person.name"),
        (_table("flat", "house_cert|tinyint"), "house_cert", "code.flag"),
    ],
    ids=lambda value: value.table if isinstance(value, TableInput) else str(value),
)
def test_element(table: TableInput, column: str, element: str | None) -> None:
    _, found = _read(table)
    assert found[column].element == element


def test_not_understood_has_no_confidence() -> None:
    _, found = _read(_table("t1", "qxzqw"))
    assert (found["qxzqw"].confidence, found["qxzqw"].accepted) == (0.0, ())


def test_check_digit_values_decide_over_a_comment_and_both_stay() -> None:
    table = _table("t1", "c1=备注编码说明 c2=设备型号")
    _, found = _read(table, c2=_value("person.id_card", 0.95))
    assert found["c2"].element == "person.id_card"
    assert set(found["c2"].accepted) == {"person.id_card", "measure.quantity"}
    (finding,) = found["c2"].findings
    assert finding.code == "comment_value_conflict"
    assert "公民身份号码" in finding.message
    assert found["c2"].confidence <= 0.6


@pytest.mark.parametrize(
    ("comment", "value", "flags", "expected"),
    [
        ("统一社会信用代码", "person.id_card", (), ["comment_value_conflict"]),
        ("身份证号", "org.uscc", (), ["comment_value_conflict"]),
        ("统一社会信用代码", "person.id_card", ("mixed",), []),
        ("纳税人识别号", "person.id_card", (), []),
        ("证件号码", "org.uscc", (), []),
    ],
)
def test_codes_of_firms_and_numbers_of_people_contradict(
    comment: str, value: str, flags: tuple[str, ...], expected: list[str]
) -> None:
    _, found = _read(_table("t1", f"c1={comment}"), c1=(Evidence("x", value, "value", 0.95, flags=flags),))
    assert [finding.code for finding in found["c1"].findings] == expected
    assert (found["c1"].confidence <= 0.6) == bool(expected)


@pytest.mark.parametrize(
    ("comment", "shape", "element", "hits", "expected"),
    [
        ("姓名", "org_name", "org.name", 19, ["comment_value_conflict"]),
        ("身份证号", "date", "date.business", 20, ["comment_value_conflict"]),
        ("手机号", "person_name", "person.name", 20, ["comment_value_conflict"]),
        ("姓名", "org_name", "org.name", 17, []),
        ("姓名", "person_name", "person.name", 20, []),
        ("单位名称", "person_name", "person.name", 20, []),
        ("姓名", "postcode", "place.postcode", 20, []),
    ],
)
def test_values_of_another_shape_are_a_finding(
    comment: str, shape: str, element: str, hits: int, expected: list[str]
) -> None:
    shown = Evidence(shape, element, "value", 0.4, hits=hits, distinct=20)
    table = _table("t1", f"c1={comment}")
    _, found = _read(table, c1=(shown,))
    assert [finding.code for finding in found["c1"].findings] == expected
    assert found["c1"].element == _read(table)[1]["c1"].element


def test_the_number_of_a_handset_is_no_address_of_the_net() -> None:
    table = _table("gj", "imei=手机IMEI c2=手机串号", "人员轨迹")
    numbers = (Evidence("imei", "device.imei", "value", 0.95, hits=20, distinct=20),)
    _, found = _read(table, imei=numbers, c2=numbers)
    assert [(found[name].element, found[name].findings) for name in ("imei", "c2")] == [("device.imei", ())] * 2


def test_comment_beside_a_codebook_is_heard() -> None:
    _, found = _read(_table("cf", "CF_FR_ZJLX=法定代表人证件号码 CF_JDRQ=作出处罚决定的日期"))
    both = found["CF_FR_ZJLX"]
    assert both.element == "person.id_type"
    assert set(both.accepted) == {"person.id_type", "person.id_number"}
    assert "证件号码" in both.findings[0].message
    assert found["CF_JDRQ"].findings == ()


def test_short_codes_under_a_promised_identifier_are_a_finding() -> None:
    table = _table("t1", "zjhm=证件号码 xb=性别")
    codes = (Evidence("short_code", "code.value", "value", 0.3, hits=4, distinct=4),)
    _, found = _read(table, zjhm=codes, xb=codes)
    assert found["zjhm"].element == "person.id_number"
    assert found["zjhm"].confidence <= 0.6
    assert [finding.code for finding in found["zjhm"].findings] == ["comment_value_conflict"]
    assert found["xb"].findings == ()


def test_values_agreeing_with_the_comment_raise_confidence() -> None:
    table = _table("t1", "sfzh=身份证号 a=姓名")
    _, alone = _read(table)
    _, both = _read(table, sfzh=_value("person.id_card", 0.95))
    assert both["sfzh"].confidence > alone["a"].confidence - 0.01
    assert both["sfzh"].findings == ()


def test_values_name_the_closer_kind() -> None:
    table = _table("t_company", "zjhm=证件号码 name=单位名称")
    _, found = _read(table, zjhm=_value("org.uscc", 0.95))
    assert found["zjhm"].element == "org.uscc"
    assert found["zjhm"].findings == ()


def test_a_vague_element_that_the_values_refined_is_dropped() -> None:
    _, found = _read(_table("t_company", "zjhm=证件号码 name=单位名称"), zjhm=_value("org.uscc", 0.95))
    assert found["zjhm"].accepted == ("org.uscc",)


def test_a_name_that_abbreviates_its_comment_adds_nothing() -> None:
    _, found = _read(_table("t_honour", "rdrq=认定日期 xm=姓名", "人才认定"))
    assert found["rdrq"].accepted == ("date.business",)
    _, other = _read(_table("t_dy", "rdrq=日期 xm=姓名", "党员"))
    assert "person.work_start" in other["rdrq"].accepted


def test_plain_shape_needs_a_hint() -> None:
    table = _table("t1", "c1 phone beizhu=备注")
    shape = _value("person.mobile", 0.4)
    _, found = _read(table, c1=shape, phone=shape, beizhu=shape)
    assert found["c1"].element is None
    assert "person.mobile" in found["phone"].accepted
    assert found["beizhu"].accepted == ("text.free",)


def test_self_describing_values_decide_where_nothing_else_speaks() -> None:
    _, found = _read(_table("t1", "c1 c2=状态"), c1=_value("person.email", 0.75), c2=_value("person.email", 0.75))
    assert found["c1"].element == "person.email"
    assert found["c2"].element == "code.status"
    assert "person.email" in found["c2"].accepted
    assert found["c2"].findings


def test_flags_of_values_names_and_roles() -> None:
    table = _table("t1", "jhr_sfzh=监护人身份证号 sj_enc=手机号")
    _, found = _read(table, jhr_sfzh=_value("person.id_card", 0.95, "masked"))
    assert set(found["jhr_sfzh"].flags) == {"role:guardian", "masked"}
    _, alone = _read(_table("t2", "mobile_enc"))
    assert alone["mobile_enc"].flags == ("encrypted",)


def test_evidence_never_grows_with_the_table() -> None:
    _, found = _read(_table("t_person", "name=姓名"))
    assert [item.source for item in found["name"].evidence] == ["comment", "name"]
    assert found["name"].evidence[0].term == "姓名"


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(st.text(max_size=24), st.none() | st.text(max_size=40), st.none() | st.text(max_size=12)), max_size=8
    ),
    st.text(max_size=20),
    st.none() | st.text(max_size=20),
)
def test_any_text_is_read_without_failing(
    columns: list[tuple[str, str | None, str | None]], name: str, comment: str | None
) -> None:
    table = TableInput(name, tuple(ColumnInput(*column) for column in columns), comment=comment)
    subject, found = understand(table, {})
    assert len(found) == len(columns)
    assert subject.reason
    assert all((item.element is None) == (item.confidence == 0.0) for item in found)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(["姓名", "号码", "性别", "是否", "、", "（", "证", "1", "id", " ", "：", "-", "照片"]),
        max_size=9,
    )
)
def test_any_comment_made_of_terms_is_read_without_failing(parts: list[str]) -> None:
    table = TableInput("t", (ColumnInput("c", "".join(parts)),))
    assert understand(table, {}) == understand(table, {})
