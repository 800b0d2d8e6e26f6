"""The phrases of a comment: the head that says what a column is, and the code lists and explanations after it."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_SEPARATORS = re.compile(
    r"[：:，,。；;（()）\[\]【】{}<>《》、|\n\r\t!！?？“”\"'=]|\s+(?![a-z])|->|=>|\d+(?:[、\-:]|\.(?!\d))"
)
_LEADING = re.compile(
    r"^(?:[\[【（(][^\]】）)]{0,8}[\]】）)]|[\s*#\-_·.、:：]+|[\da-z]\d*[.、)）]\s*(?=[\u3400-\u9fff]))+"
)
# 0.未申领 1.绿码: a list of codes with no word of what they are codes of.
CODES_ONLY = re.compile(r"^\s*\d+\s*(?:[.、:：=\-—]|[为是代](?=[\u3400-\u9fff])|[男女](?!性|的))")
OPTION = re.compile(r"(?<![\d.])\d{1,2}\s*[.、:：=\-—为代]*\s*[\u3400-\u9fff]")
WHETHER = re.compile(r"^(?:是否|有无|能否|有否|是不是|可否|是否为|是否是|有没有)")
# No part of the repetition may repeat by itself: that would take exponential time where the end does not fit.
TRAILING = re.compile(
    r"(?:sha256|md5|sm3|sm4|aes|hash|哈希|散列|密文|加密|脱敏|掩码|\d|以上|以下|以内|左右|[一二三四五六七八九十]|[\s_\-—/·.*~]|信息|字段|数据|项|值|的|（选填）|\d个字)+$"
)
# 否 and 是 with a code each: whatever stands before them, the column is a flag.
_NO = r"[012]\s*[.、:：=\-—为代表]*\s*(?:否|不是|无|没有|非)"
_YES = r"[012]\s*[.、:：=\-—为代表]*\s*(?:是|有)"
_YES_OR_NO = re.compile(rf"(?<!\w)(?:{_NO}\W{{0,4}}{_YES}|{_YES}\W{{0,4}}{_NO})")
# 是否建立矫正小组 asks what the office did, not what the person is.
PROCESS = re.compile(
    r"^(?:已经?|需要?)?(?:建立|组建|成立|录入|上传|采集|签订|填写|完成|审核|默认|提交|打印|归档|开具|制定|推送|同步|查看|显示|主(?:病历|档案|要?诊断|要?手术))"
)
# 名称加后缀，用于匹配经纬度: what it serves is not what it is.
PURPOSE = re.compile(r"^(?:仅|只|主要)?(?:用于|用来|用以|便于|以便|方便|供)")
# 户籍（省）, 现居住地（区）: one level of an address is no address.
LEVEL = re.compile(r"(?:省份?|地?市|城市|[区县镇乡村州旗]|区县|县区|街道|乡镇|街镇|镇街|社区|村居|居委会?|村委会)级?$")
# 教师姓名 Search111: what a generator of programs reads.
_MARK = re.compile(r"(?<=[\u3400-\u9fff])\s+[a-z]+\d{2,}$")
# 获取或设置 人员姓名, @desc 公司联系人 @sample …: what documentation tools want around what a member is.
_DOCUMENTATION = re.compile(
    r"^(?:@[a-z]+\s+)?"
    r"(?:(?:获取|取得|读取)(?:或者?|和|与|、|/)?设置|设置(?:或者?|和|与|、|/)?(?:获取|读取)|gets? or sets?)?\s*"
)
_TAGS = re.compile(r"\s@[a-z]+\b.*$", re.DOTALL)
# 级别（岗位）工资: what stands in brackets before the head explains its first half.
_INSERTED = re.compile(r"(?<=[\u3400-\u9fff])\([\u3400-\u9fff、]{1,8}\)(?=[\u3400-\u9fff]{2})")
# 用户密码的MD5值: what was done to a value is no value.
_HASHED = re.compile(r"(?<=[\u3400-\u9fff]{2})的?(?:md5|sha-?\d*|sm[34]|哈希|散列|加密)(?:值|后|串|码|后的值|密文)$")
_AND_MORE = re.compile(
    r"(?<=[\u3400-\u9fff]{2})(?:(?:或者?|及|和|与|以及)其[他它](?:信息|情况|资料|说明|内容)?|等(?:信息|情况|资料|内容))$"
)
_WORD = re.compile(r"^[\u3400-\u9fff]{2,}")
_SAID_FLAGS = (
    ("encrypted", re.compile(r"加密存储|加密后|密文|（加密）|\(加密\)|已加密", re.I)),
    ("hashed", re.compile(r"哈希|散列|md5|sm3|sha-?256|hash", re.I)),
    ("masked", re.compile(r"脱敏|掩码|打码|隐去", re.I)),
)


@lru_cache(maxsize=65_536)
def comment_parts(text: str) -> tuple[str, ...]:
    """Phrases of a comment, lower case; the first is the head before code lists and explanations.

    >>> comment_parts("性别：0未知，1男，2女")[0]
    '性别'
    >>> comment_parts("[必填] 公司名")
    ('公司名',)
    >>> comment_parts("账号状态0正常1停用")[0]
    '账号状态'
    >>> comment_parts("@desc 联系人姓名 @sample 张三"), comment_parts("获取或设置 性别")
    (('联系人姓名',), ('性别',))
    >>> comment_parts("级别（岗位）工资")
    ('级别工资',)
    """
    text = unicodedata.normalize("NFKC", text).strip().lower()
    text = _DOCUMENTATION.sub("", _TAGS.sub("", text))
    text = _INSERTED.sub("", _MARK.sub("", _LEADING.sub("", text)))
    parts = []
    for part in _SEPARATORS.split(text):
        for alternative in _alternatives(part.strip(" -_—/·.*~")):
            parts.append(_before_codes(_HASHED.sub("", alternative)))
    return tuple(parts)


def _alternatives(part: str) -> list[str]:
    """企业名称/单位名称 → both; 户籍地/省 and 已/未 are one phrase."""
    pieces = [piece.strip() for piece in part.split("/")]
    if len(pieces) > 1 and all(_WORD.match(piece) for piece in pieces):
        return pieces
    return [part] if part else []


def _before_codes(part: str) -> str:
    """``权限1超级2浏览`` → ``权限``; 户籍地址-省 → 户籍地址省; PM2.5 stays."""
    match = re.search(r"(?<=[\u3400-\u9fff])\s*\d+\s*(?=[\u3400-\u9fff=])", part)
    if match and match.start() > 1:
        part = part[: match.start()]
    part = _AND_MORE.sub("", part)
    return re.sub(r"(?<=[\u3400-\u9fff])[\s_/—-]+(?=[\u3400-\u9fffa-z])", "", part)


def is_yes_or_no(text: str) -> bool:
    """Whether a comment lists the codes of yes and no.

    >>> is_yes_or_no("管控限制人员,(0否1是,默认0)")
    True
    """
    return _YES_OR_NO.search(text) is not None


# What lists of codes are codes of when no word says so.
_TOLD_BY_CODES = (
    (
        "person.gender",
        re.compile(r"男(?:性|生|士)?\W{0,4}\d\W{0,3}[为是代]?表?女|女(?:性|生|士)?\W{0,4}\d\W{0,3}[为是代]?表?男"),
    ),
    (
        "person.marital_status",
        re.compile(r"未婚\W{0,4}\d\W{0,3}[为是代]?表?(?:已婚|初婚)|已婚\W{0,4}\d\W{0,3}[为是代]?表?未婚"),
    ),
)


def told_by_codes(text: str) -> str:
    """The element whose codes a comment lists without naming it; empty when they tell nothing.

    >>> told_by_codes("0为男性，1为女性")
    'person.gender'
    """
    return next((element for element, codes in _TOLD_BY_CODES if codes.search(text)), "")


def said_flags(text: str) -> tuple[str, ...]:
    """What a comment says was done to the values: ``encrypted``, ``hashed``, ``masked``.

    >>> said_flags("身份证号（加密）")
    ('encrypted',)
    """
    return tuple(flag for flag, words in _SAID_FLAGS if words.search(text))
