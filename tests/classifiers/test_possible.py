"""What a column cannot hold, or not on so little evidence: the lists are ``doubt`` in ``names/grammar.yaml``."""

from __future__ import annotations

import pytest

from classifiers.element import understand
from classifiers.elements import elements
from classifiers.evidence import ColumnInput, ElementFinding, Evidence, TableInput
from classifiers.names.grammar import default_reader
from classifiers.names.rules import grammar


def _found(table: str, columns: str, comment: str | None = None) -> dict[str, ElementFinding]:
    """``columns``: ``name=comment|type`` separated by blanks."""
    given = []
    for written in columns.split():
        said, _, native = written.partition("|")
        name, _, remark = said.partition("=")
        given.append(ColumnInput(name, remark or None, native or None))
    _, found = understand(TableInput(table, tuple(given), comment=comment), {})
    return {column.name: finding for column, finding in zip(given, found, strict=True)}


@pytest.mark.parametrize(
    ("table", "columns", "column", "element"),
    [
        # a key holds nothing of whom it points to
        ("teacher", "collegeID=院系|int(11) sex", "collegeID", "system.foreign_key"),
        ("t_nurse", "ACCOUNT_ID=账号编码|int(11) sex", "ACCOUNT_ID", "system.foreign_key"),
        ("t_student", "s_ID|int(11) sex", "s_ID", "system.foreign_key"),
        ("oa_meeting", "host_user_id=主持人|varchar(64)", "host_user_id", "system.foreign_key"),
        ("correct_person", "jzxz_id=矫正小组|NUMBER(10) sfzh", "jzxz_id", "system.foreign_key"),
        ("location", "kid|char(32) lng lat", "kid", "system.id"),
        # unless it is a code, a number in its own right, or a comment promises a name
        ("t_person", "nation_id|int(8) sfzh", "nation_id", "person.ethnicity"),
        ("t_person", "card_id|varchar(18) sex", "card_id", "person.id_card"),
        ("t_person", "openid=微信openid|varchar(50) sex", "openid", "person.im_account"),
        ("t_case", "handler_id=经办人姓名|varchar(50)", "handler_id", "person.staff_name"),
        # the state of a record
        ("medicalrecord", "Case_State=病历状态|bigint(20)", "Case_State", "code.status"),
        ("choose_class", "class_status=班级状态|tinyint", "class_status", "code.status"),
        # types that a comment cannot be
        ("t_user", "c1=某某盐|decimal(5,2) mobile", "c1", "measure.quantity"),
        ("company", "addr=地址|int", "addr", "system.foreign_key"),
        ("vote", "candidate_num|int title", "candidate_num", "measure.count"),
        # a certificate beside the identity card
        ("doctor_info", "id_card certificate_no", "certificate_no", "act.certificate_no"),
        ("t_doctor", "sex certificate_no", "certificate_no", "person.id_number"),
        ("t_donation", "donor_name cert_no", "cert_no", "act.certificate_no"),
        ("disabled_person", "id_card certificate_number", "certificate_number", "person.disability_no"),
        ("member_card", "card_no member_id", "card_no", "act.certificate_no"),
        # two letters that need a school beside them
        ("t_ryxx", "xm sfzh whcd zy", "zy", "person.occupation"),
        ("t_ryxx", "xm sfzh byyx zy", "zy", "person.school"),
        # userId, userName, createTime in a row: who made the record
        ("oa_dispatch", "dispatchId userId userName createTime", "userName", "system.operator"),
        ("t_order", "userId userName phone", "userName", "person.name"),
        # a codebook's column that a site keeps a key in
        ("kc20", "AAE011=经办人ID|varchar(20)", "AAE011", "system.foreign_key"),
        ("kc20", "AAE011=经办人姓名|varchar(20)", "AAE011", "person.staff_name"),
        # counts over many
        ("indicator", "avgbusnum|int area", "avgbusnum", "measure.count"),
        ("t_bus", "busno|varchar(20)", "busno", "vehicle.plate"),
        # age and a bare address of what nobody knows; of people, they stay
        ("cableways", "age|int brand", "age", None),
        ("beehives", "address|varchar(100) colony", "address", None),
        ("patientinformation", "age|int", "age", "person.age"),
        # degrees of something
        ("t_student", "xm closenessDegree", "closenessDegree", None),
        # systems of a plant
        ("MES_BD_DB", "NAME|varchar(20)", "NAME", "place.name"),
        # half a pair of coordinates is none
        ("t_reservoir", "lng lat l_limit_9x|numeric(8,2)", "l_limit_9x", None),
        ("t_reservoir", "lng lat gate_x gate_y", "gate_x", "place.location"),
        # whose key it is, in a letter or two
        ("medical_record", "wid=门诊医师|varchar(255) patient_name sex", "wid", "system.foreign_key"),
        ("medical_record", "wid=门诊医师姓名|varchar(255) patient_name sex", "wid", "person.staff_name"),
        # what is said of a school or a trait is no schooling and no trait
        ("t_plan", "comment=专业备注 profession_num=专业代号", "comment", "text.free"),
        ("t_plan", "comment=专业备注 profession_num=专业代号", "profession_num", "code.value"),
        ("t_student", "xm sfzh sex_remark", "sex_remark", "text.free"),
        ("t_student", "xm sfzh zymc=专业名称", "zymc", "person.school"),
        # nouns that stand for many, and more than one
        ("sgd_flow", "population_long_term=常驻人口|varchar(25)", "population_long_term", "measure.count"),
        ("t_flow", "resident=常驻人员姓名|varchar(25)", "resident", "person.name"),
        # an organisation's, initials of schools, and money of no one
        ("enterprise", "org_name uscc txdz", "txdz", "org.address"),
        ("enterprise", "org_name uscc contact_txdz=联系人通讯地址", "contact_txdz", "person.mail_address"),
        ("school_info", "xxmc|varchar(50) xxdm", "xxmc", "org.name"),
        ("fund", "fund_id f_amount|double", "f_amount", "measure.amount"),
        ("payroll", "emp_name telephone_fee|bigint", "telephone_fee", "measure.amount"),
        ("t_user", "user_name balance=账户余额|varchar(16)", "balance", "person.account_balance"),
        # papers of things, and of people
        ("gas_station_check", "gs_name principal cert_no", "cert_no", "act.certificate_no"),
        ("t_member", "sex cert_no", "cert_no", "person.id_number"),
        # a thing that bears a person's name first
        ("member_level", "id|int name|varchar(50) discount", "name", "place.name"),
        ("member_level", "id|int name|varchar(50) phone", "name", "person.name"),
        # a director does not make the row's own name a person's
        ("t_clip", "clip_name director poster", "clip_name", "object.name"),
        # so does a table that is not known to be about people
        ("pay_charge", "id charge_name charge_type", "charge_name", "object.name"),
        # who did it stands before when it was done, and who recorded is no login
        ("check_form", "audit_time=审核者：审核时间 state", "audit_time", "act.date"),
        ("check_form", "auditor_name=审核者：姓名 state", "auditor_name", "person.staff_name"),
        ("flow_people", "xm sfzh account_no=数据录入账号", "account_no", "system.operator"),
        ("doctor", "doctor_name loginid=登录|int(11)", "loginid", "system.foreign_key"),
        ("follow_up", "id last_modifier_user state", "last_modifier_user", "system.operator"),
        # where something is done is nobody's address
        ("t_staff", "xm sfzh exam_address", "exam_address", "place.address"),
        ("t_staff", "xm sfzh interview_address", "interview_address", "place.address"),
        ("t_staff", "xm sfzh relocated_addr", "relocated_addr", "person.address"),
        # a code tells the sort, unless numbers are called so
        ("t_user", "user_name sex id_code", "id_code", "person.id_card"),
        ("t_meeting", "meeting_no host topic", "host", "person.staff_name"),
    ],
)
def test_what_a_column_can_hold(table: str, columns: str, column: str, element: str | None) -> None:
    assert _found(table, columns)[column].element == element


@pytest.mark.parametrize(
    ("table", "columns", "column"),
    [
        ("device_repair", "symptom diagnosis treatment", "diagnosis"),
        ("t_goods", "goods_name brand age nation", "nation"),
        ("exam_paper", "paper_name total_score grade", "grade"),
        ("pet", "pet_name birthday health", "health"),
        ("office_building", "building_name louceng", "louceng"),
        ("quartz_log", "job_name host handler", "handler"),
        ("tpg_ryxx", "xm sfzh LSBZ|int(8)", "LSBZ"),
        ("campus", "xxmc ghgm_bj", "ghgm_bj"),
        ("t_staff", "name sex age_min|int", "age_min"),
        ("hr_content", "name sex companyage|varchar(10)", "companyage"),
        ("hr_content", "name sex post_major|varchar(20)", "post_major"),
        ("repair_record", "order_no owners|varchar(255)", "owners"),
        ("elec_transformer", "owner dev_age|int", "dev_age"),
        ("fishery_monitoring", "pond disease", "disease"),
        ("salt_water_day", "site salt ph", "salt"),
        ("match_board", "score home visitor_team", "home"),
        ("ad_position", "ad_title target_sex", "target_sex"),
        ("hospital_dept", "ks_id ks_name", "ks_name"),
        ("class_stat", "class_id max_score|decimal(5,2)", "max_score"),
        ("car_info", "car_brand car_code", "car_code"),
        ("t_user", "user_name sex identity_code", "identity_code"),
        ("check_form", "name sex in_or_out_identity", "in_or_out_identity"),
        ("recon_run", "run_no lease_owner", "lease_owner"),
        ("area_manager", "area str1 str2 str3 xm sfzh sj dz", "str2"),
        ("T_SBXX", "SBMC SBBH CFCS", "CFCS"),
        ("T_SBXX", "SBMC SBBH XZBS", "XZBS"),
    ],
)
def test_weak_evidence_is_a_hint_and_leaves_the_column_open(table: str, columns: str, column: str) -> None:
    found = _found(table, columns)[column]
    sensitive = found.element is not None and elements()[found.element].category not in ("SY", "EV", "GE", "OR")
    assert not sensitive, found.element


def test_people_keep_what_is_doubted_of_things() -> None:
    assert _found("hr_content", "name sex education_post_major")["education_post_major"].element == "person.school"
    assert _found("t_login", "username pass")["pass"].element == "credential.password"
    assert _found("elder_info", "name sex disease")["disease"].element == "health.diagnosis"
    assert _found("stu", "sname sage ssex")["sage"].element == "person.age"


def test_rows_about_people_stay_so_though_their_name_is_that_of_a_thing() -> None:
    columns = (ColumnInput("id"), ColumnInput("name", "名称"), ColumnInput("remark"))
    subject, found = understand(TableInput("t_hydj", columns, comment="会员等级"), {})
    assert (subject.kind, found[1].element) == ("person", "place.name")


def test_a_thing_that_names_a_person_is_believed() -> None:
    assert _found("t_activity", "title join_name join_sex join_age")["join_sex"].element == "person.gender"
    assert _found("t_goods", "goods_name id_card marriage")["marriage"].element == "person.marital_status"
    assert _found("hotline_order", "caller_gender=来电人性别")["caller_gender"].element == "person.gender"
    assert _found("dm_jb", "jbmc=疾病名称", "疾病分类代码表")["jbmc"].element == "health.diagnosis"


def test_values_confirm_what_was_only_hinted_at() -> None:
    table = TableInput("t_goods", (ColumnInput("goods_name"), ColumnInput("disease")))
    shape = (Evidence("disease_code", "health.disease_code", "value", 0.4, hits=20, distinct=20),)
    _, alone = understand(table, {})
    _, confirmed = understand(table, {"disease": shape})
    assert (alone[1].element, confirmed[1].element) == (None, "health.disease_code")


def test_bounds_are_asked_for_and_not_held() -> None:
    found = _found("t_staff", "salary=最高薪资 wage=工资", "员工招聘要求")
    assert found["salary"].element is None
    assert found["wage"].element == "person.income"


def test_a_plain_comment_beats_our_codebook_only_towards_the_sensitive() -> None:
    found = _found("x1", "AAC005=联系电话 AAC003=个人编号")
    assert found["AAC005"].element == "person.phone"
    assert set(found["AAC005"].accepted) == {"person.ethnicity", "person.phone"}
    assert found["AAC005"].findings
    assert found["AAC005"].confidence <= 0.6
    assert found["AAC003"].element == "person.name"


@pytest.mark.parametrize("word", ["welfare", "distribute", "integers", "glossary", "triggers", "contribute"])
def test_english_words_are_not_read_as_pinyin(word: str) -> None:
    assert [c for c in default_reader().name(word) if c.style in ("pinyin", "initials")] == []


def test_short_pinyin_of_sensitive_fields_needs_its_field() -> None:
    assert _found("jiaoshi_kebiao", "kecheng xingqi jieci")["xingqi"].element == "code.type"
    assert _found("社区矫正人员", "xingming xingqi")["xingqi"].element == "justice.crime"


def test_whether_may_stand_inside_initials() -> None:
    reading = default_reader().name("dasfzrxx")
    assert reading[0].element == "code.flag"


def test_a_word_shared_by_all_names_may_leave_nothing() -> None:
    found = _found("t1", "qq_1 qq_2 qq_3 qq_4 zv_a zv_b zv_c zv_d zv_e zv_f zv_g zv_h zv_i zv_j zv_k")
    assert found["zv_a"].element is None


def test_one_column_makes_no_person_of_its_own_prefix() -> None:
    assert _found("school", "xxbxlxm xxmc xxdz")["xxbxlxm"].element != "person.name"
    assert _found("ljxg", "mc bjyxm bjydh", "垃圾箱房")["bjydh"].element == "person.phone"


def test_counts_by_group_are_about_nobody() -> None:
    table = TableInput("stat_population", tuple(ColumnInput(name, None, "int") for name in ("male", "births", "year")))
    subject, found = understand(table, {})
    assert subject.kind == "aggregate"
    assert found[1].element == "measure.count"


def test_the_lists_of_doubt_name_what_exists() -> None:
    doubt = grammar().doubt
    known = {*elements(), *(element.family for element in elements().values())}
    listed = [doubt.keys, doubt.whole_keys, doubt.codes, doubt.loose, doubt.recorded, doubt.bounded]
    listed += [*doubt.strange.values(), *doubt.at_home.values()]
    assert [name for names in listed for name in names if name not in known] == []
