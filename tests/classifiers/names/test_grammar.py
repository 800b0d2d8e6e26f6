"""What comments and names of columns mean, alone: head, owner, whether-questions, code lists."""

from __future__ import annotations

import pytest

from classifiers.names.grammar import default_reader, reader_with
from classifiers.names.phrases import comment_parts

COMMENTS = """
姓名 person.name
性别：0未知，1男，2女 person.gender
权限：1超级2浏览3个人 code.type
法定代表人身份证号 person.id_card
身份证类型 person.id_type
身份证有效期 date.valid
身份证签发机关 act.authority
身份证正面照 person.id_scan
手机品牌 object.name
手机型号 measure.quantity
手机归属地 place.division
手机验证码 credential.secret
医院名称 org.name
企业联系电话 org.phone
开户银行账号 generic.bank_account
开户银行 bank.name
银行卡类型 code.type
监护人电话 person.phone
监护人姓名 person.guardian_name
母亲身份证号 person.id_card
父亲工作单位 person.employer
外部供应单位主要联系人 person.contact_name
[必填] 公司名 org.name
注册资金（2位小数点）（万元为单位） org.capital
是否残疾 person.disability
是否党员 person.political_status
是否启用（1=启用，0=禁用） system.flag
是否网上申报 1是 code.flag
废水中是否有臭气控制 code.flag
有无特种设备 code.flag
管控限制人员,(0否1是,默认0) code.flag
关爱人员（1是，0否） code.flag
是否建立矫正小组 code.flag
是否主病历 code.flag
是否累惯犯 justice.crime
1月的收入或者其他信息 person.income
工资等信息 person.income
用户信息 text.free
主要成员工作详细地址 org.address
图片在文件服务地址，多张以逗号隔开 file.attachment
脱管纠正情况 justice.correction
限高情况 justice.dishonesty
公积金个人部分 person.contribution
操作连接地址 object.url
发卡行编号 bank.name
付款银行编号 bank.name
患者数量 measure.count
残疾人数 measure.count
处罚次数 measure.count
处罚决定日期 act.date
处罚机关 act.authority
处罚内容 act.penalty
行政处罚决定书文号 act.document_no
学历要求 text.free
性别比例 measure.count
平均年龄 measure.quantity
工资发放日期 date.business
收入类型 code.type
疫苗库存 measure.count
账号状态0正常1停用 code.status
密码修改时间 system.timestamp
密码错误次数 measure.count
登录密码 credential.password
微信openid person.im_account
数据的最后修改时间. system.timestamp
低保户主名字 person.household_head
废水处理能力 吨 measure.quantity
户籍地址-省 place.division
联系电话1 generic.phone
证件号码（统一社会信用代码） org.uscc
企业电话 座机电话 generic.landline
婚姻状况代码 person.marital_status
民族名称 person.ethnicity
疾病名称 health.diagnosis
残疾等级 person.disability
残疾证号 person.disability_no
结婚登记日期 date.business
药品价格 measure.amount
诊断医生 person.staff_name
就诊科室 org.department
产品图片 object.url
现场照片 file.attachment
营业执照扫描件 person.id_scan
水库名称 place.name
河流水系形状 0为未知 1为树枝状水系，2为向心状水系 code.type
措施行为 1 加盖 2 加药 3其他 code.type
行政区划代码 place.division
车身颜色 vehicle.plate_type
车牌颜色 vehicle.plate_type
主键ID system.id
父节点id system.foreign_key
创建人 system.operator
备注 text.free
预留字段1 text.reserved
失信被执行人行为具体情形 justice.dishonesty
港澳居民来往内地通行证 person.permit_hk_mo
台湾居民来往大陆通行证 person.permit_tw
外国人永久居留身份证 person.permanent_residence
服务热线 org.phone
"""

NAMES = """
SFZH person.id_card
GMSFHM person.id_card
sfzhenghao person.id_card
shenfenzhenghao person.id_card
id_card_no person.id_card
idCardNumber person.id_card
IDENTITY_NUMBER person.id_card
idcardpic0 person.id_scan
id_card_front person.id_scan
JHRXM person.guardian_name
jianhurenxingming person.guardian_name
xingmin person.name
shenfengzhenghao person.id_card
chusenriqi person.birth_date
chushenriqi person.birth_date
hunyinzuangkuang person.marital_status
jiating_zhuzi person.home_address
fadindaibiaoren org.legal_rep
guardianPhone person.phone
FDDBRXM org.legal_rep
FDDBRSFZH person.id_card
SQR_XM person.applicant
sqrlxdh person.phone
czrdh person.phone
xianzz person.home_address
gongzuodw person.employer
companyName org.name
companyname org.name
phonenumber generic.phone
contact_phone generic.phone
mobile_no person.mobile
eamil generic.email
unify_soci_crdt_cd org.uscc
cust_name person.name
bank_card generic.bank_account
open_acct_bank_nm bank.name
date_of_birth person.birth_date
brithday person.birth_date
SLRQ act.date
CF_XDR_MC act.counterpart
headpic person.photo
avatar_url person.photo
device_name object.name
deviceName object.name
patient_count measure.count
vehicle_weight measure.quantity
password credential.password
login_pwd credential.password
pwd_error_count measure.count
password_update_time system.timestamp
wx_openid person.im_account
last_login_ip device.ip
create_by system.operator
create_time system.timestamp
CJSJ system.timestamp
isdel system.flag
is_deleted system.flag
is_special_equipment code.flag
user_id system.foreign_key
bak1 text.reserved
ext5 text.reserved
remark text.free
marital_status person.marital_status
ZZMM person.political_status
HYZK person.marital_status
CJDJ person.disability
plate_no vehicle.plate
CLSBDH vehicle.vin
BDCDYH estate.unit_no
TYSHXYDM org.uscc
NSRSBH org.tax_no
JYFW org.scope
XZQHDM place.division
province place.division
water_level measure.value
"""


def _cases(text: str) -> list[list[str]]:
    return [line.rsplit(" ", 1) for line in text.splitlines() if line]


@pytest.mark.parametrize(("comment", "element"), _cases(COMMENTS))
def test_comment(comment: str, element: str) -> None:
    plain = [candidate for candidate in default_reader().comment(comment) if not candidate.contexts]
    assert plain[0].element == element
    assert plain[0].strength >= 0.5


@pytest.mark.parametrize(("name", "element"), _cases(NAMES))
def test_name(name: str, element: str) -> None:
    plain = [candidate for candidate in default_reader().name(name) if not candidate.contexts]
    assert plain[0].element == element
    assert plain[0].strength >= 0.5


AMBIGUOUS = """
XM XB MZ JG DZ DH ZH BH LX XZ SF SFZ JZ KHH CPH YX ZY MM ZW HY
NL DJ CS ZJ CJ BJ ZZ HJ SY LY QY YY TX WZ XL YH FR FY
"""


@pytest.mark.parametrize("name", AMBIGUOUS.split())
def test_ambiguous_initials_never_decide_alone_on_something_sensitive(name: str) -> None:
    from classifiers.elements import elements
    from classifiers.evaluate import HARMLESS

    decided = [c.element for c in default_reader().name(name) if not c.contexts and c.strength >= 0.5]
    assert all(elements()[element].family in HARMLESS for element in decided)


@pytest.mark.parametrize(
    ("name", "flags"), [("sfzh_enc", ("encrypted",)), ("MOBILE_MD5", ("hashed",)), ("xm_tm", ("masked",))]
)
def test_affixes_say_what_was_done_to_the_values(name: str, flags: tuple[str, ...]) -> None:
    assert default_reader().name(name)[0].flags == flags


@pytest.mark.parametrize("text", ["姓�名", "???"])
def test_garbled_comment_says_nothing(text: str) -> None:
    assert default_reader().comment(text) == ()


def test_head_is_what_stands_before_code_lists() -> None:
    assert comment_parts("类型：1已/正发生的，2预报的")[0] == "类型"
    assert comment_parts("企业名称/单位名称") == ("企业名称", "单位名称")
    assert comment_parts("类型：已/未")[1] == "已未"
    assert comment_parts("PM2.5浓度")[0] == "pm2.5浓度"
    assert comment_parts("") == ()


def test_a_site_can_add_terms() -> None:
    reader = reader_with({"person.id_card": ["灵芝码", "lingzhi code"]})
    for name in ("LZM", "lingzhima", "lingzhi_code"):
        assert reader.name(name)[0].element == "person.id_card"
    assert reader.comment("灵芝码")[0].element == "person.id_card"
    assert default_reader().comment("灵芝码")[0].element != "person.id_card"


STEMS = """
服刑情况 justice.crime
管控类别 justice.watchlist
案件情况 case.cause
违纪情况 justice.crime
涉诉情况 justice.crime
吸毒类型 justice.drug
病残情况 health.diagnosis
住院情况 health.diagnosis
就诊情况 health.diagnosis
性病类型 health.infectious
怀孕情况 health.reproduction
镇痛前是否使用催产素 health.prescription
征信情况 person.credit_score
债务状况 person.balance
基因检测结果 health.exam
血压 health.exam
性取向 health.other
家族病史 health.history
留守儿童托管情况 minor.flag
发热37.3以下 health.diagnosis
首次发病时间 health.date
处罚状态 code.status
服务时长 measure.quantity
低保人数 measure.count
审批意见 text.free
请求参数 text.free
教师资格证号 person.certificate_no
权属证明号 estate.cert_no
管径 measure.quantity
列入名单原因/失信行为情况 justice.dishonesty
企业名称/对象名称 org.name
"""


@pytest.mark.parametrize(("comment", "element"), _cases(STEMS))
def test_heads_take_their_meaning_from_the_stem(comment: str, element: str) -> None:
    plain = [candidate for candidate in default_reader().comment(comment) if not candidate.contexts]
    assert plain[0].element == element
    assert not plain[0].unknown_stem


@pytest.mark.parametrize(
    ("comment", "unknown"),
    [("审核状态", False), ("数据状态", False), ("状态", False), ("霜露类别", True), ("霜露情况", True)],
)
def test_a_hollow_head_after_an_unknown_stem(comment: str, unknown: bool) -> None:
    assert any(candidate.unknown_stem for candidate in default_reader().comment(comment)) is unknown


@pytest.mark.parametrize(
    "comment", ["护林员联系电话", "保洁员电话", "巡河员电话", "摊主电话", "网格长电话", "联系人电话"]
)
def test_the_phone_of_whoever_holds_a_role_is_a_persons(comment: str) -> None:
    assert default_reader().comment(comment)[0].element == "person.phone"


@pytest.mark.parametrize(
    ("name", "element"),
    [
        ("driving_license_number", "person.driving_licence"),
        ("property_right_certificate_number", "estate.cert_no"),
        ("nationId", "person.ethnicity"),
        ("PM25", "measure.value"),
        ("pm10", "measure.value"),
        ("tax_payable", "org.tax_paid"),
        ("pwd_question_answer_2", "credential.secret"),
        ("last_location", "person.track"),
        ("bjrxb", "person.gender"),
    ],
)
def test_variants_of_words(name: str, element: str) -> None:
    assert default_reader().name(name)[0].element == element


@pytest.mark.parametrize("name", ["AAC999", "bac504"])
def test_a_code_of_an_indicator_system_is_no_word(name: str) -> None:
    assert default_reader().name(name) == ()


@pytest.mark.parametrize("name", ["gongzhi", "shengfen", "minzhu", "danganhao"])
def test_short_pinyin_is_not_taken_for_what_it_sounds_like(name: str) -> None:
    """公职 is not 工资, 省份 not 身份, 民主 not 民族."""
    reading = default_reader().name(name)
    assert not any(candidate.element.startswith(("person.income", "person.id", "person.eth")) for candidate in reading)
