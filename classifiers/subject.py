"""Whom or what a row of a table is about (design section 5, step 3), and the context that ambiguous names need."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from typing import NamedTuple, cast

import msgspec

from classifiers.elements import elements
from classifiers.evaluate import HARMLESS
from classifiers.evidence import Subject, SubjectKind, TableInput
from classifiers.names import pinyin
from classifiers.names.codebooks import codebook_table
from classifiers.names.lexicon import abbreviations, parse_terms
from classifiers.names.tokens import has_han, is_garbled, is_initials, may_be_initials, tokenize
from classifiers.prepared import read_table


class _Terms(msgspec.Struct):
    kinds: dict[str, list[str]]
    minors: list[str]
    adults: list[str]
    heads: list[str]
    domains: dict[str, list[str]]


class _Vocabulary:
    """Table terms: Han by text, ASCII by token sequence."""

    def __init__(self, terms: Mapping[str, Iterable[str]]) -> None:
        self.han: dict[str, list[str]] = {}
        self.ascii: dict[str, list[str]] = {}
        for entry in parse_terms(terms):
            if has_han(entry.text):
                self._add(self.han, entry.text, entry.symbol)
                if len(entry.text) > 1:
                    self._add(self.ascii, pinyin.full_pinyin(entry.text), entry.symbol)
            else:
                self._add(self.ascii, entry.text.lstrip("~").replace(" ", ""), entry.symbol)
        self.longest = max(map(len, self.han))

    @staticmethod
    def _add(table: dict[str, list[str]], key: str, symbol: str) -> None:
        symbols = table.setdefault(key, [])
        if symbol not in symbols:
            symbols.append(symbol)


class Mention(NamedTuple):
    """A term found in a table's name or comment."""

    symbol: str
    term: str
    end: int


@cache
def _vocabularies() -> dict[str, _Vocabulary]:
    data = read_table("names/subjects.yaml", _Terms)
    groups = {"kinds": data.kinds, "minors": {"minors": data.minors, "adults": data.adults}, "domains": data.domains}
    return {name: _Vocabulary(terms) for name, terms in groups.items()}


def _han_mentions(text: str, vocabulary: _Vocabulary) -> list[Mention]:
    """Every term in ``text``, the longest at each place; the end is where it ends."""
    found = []
    start = 0
    while start < len(text):
        for end in range(min(len(text), start + vocabulary.longest), start, -1):
            symbols = vocabulary.han.get(text[start:end])
            if symbols:
                found += [Mention(symbol, text[start:end], end) for symbol in symbols]
                start = end - 1
                break
        start += 1
    return found


def _token_mentions(tokens: Sequence[str], vocabulary: _Vocabulary) -> list[Mention]:
    found = []
    short = abbreviations()
    words = [_plain(short.get(token, token)) for token in tokens if not token.isdigit()]
    if len(words) > 1 and words[-1] in _INFORMATION:
        words.pop()
    for end in range(1, len(words) + 1):
        for start in range(max(0, end - 3), end):
            key = "".join(words[start:end])
            symbols = vocabulary.ascii.get(key) or vocabulary.ascii.get(_bare(key))
            if symbols:
                found += [Mention(symbol, key, end) for symbol in symbols]
                break
    return found


def _bare(word: str) -> str:
    """``students``, ``stutable`` and ``tblstudent`` without what is glued to the word."""
    if word.endswith("ies") and len(word) > 5:
        return f"{word[:-3]}y"
    if word.endswith("s"):
        return word[:-1]
    for tail in _TAILS:
        if word.endswith(tail) and len(word) > len(tail) + 2:
            return word[: -len(tail)]
    return word[3:] if word.startswith(("tbl", "tab")) and len(word) > 6 else word


_TAILS = ("table", "info", "list", "information", "record", "processing", "handling", "management", "manage")


def _plain(token: str) -> str:
    """XSJBXX and XSXXB are XSXX: 基本信息 and 信息表 are 信息."""
    for tail in ("jbxxb", "jbxx", "xxb"):
        if token.endswith(tail) and len(token) > len(tail) + 1 and may_be_initials(token):
            return token[: -len(tail)] + "xx"
    return token


# Ends of table names in initials that mean 信息, never 学校: JDRY_XX.
_INFORMATION = frozenset({"xx", "xxb", "jbxx", "jbxxb"})


@lru_cache(maxsize=65536)
def mentions(group: str, table: str, comment: str | None) -> tuple[Mention, ...]:
    """Terms of a group (``kinds``, ``minors``, ``domains``) in a table's comment, or else in its name."""
    vocabulary = _vocabularies()[group]
    found: list[Mention] = []
    if comment and not is_garbled(comment):
        found = _han_mentions(comment, vocabulary)
    if not found or group != "kinds":
        name = table.rsplit(".", 1)[-1]
        found += (
            _han_mentions(name, vocabulary)
            if has_han(name)
            else _token_mentions([token for token in tokenize(name) if not _spells(token, comment)], vocabulary)
        )
    return tuple(found)


def _spells(token: str, comment: str | None) -> bool:
    """Whether a table's name is the initials of its comment and so says nothing of its own: ``hzxx`` of 河长信息."""
    return comment is not None and has_han(comment) and len(token) > 2 and pinyin.initials(comment).startswith(token)


def domains(table: TableInput) -> frozenset[str]:
    """Fields of administration that the table's name, comment or department shows: medical, education, justice …"""
    found = {mention.symbol for mention in mentions("domains", table.table, table.comment)}
    if table.department:
        found |= _department_domains(table.department)
    return frozenset(found)


_DEPARTMENT_DOMAINS: tuple[tuple[str, frozenset[str]], ...] = (
    ("卫生", frozenset({"medical"})),
    ("卫健", frozenset({"medical"})),
    ("医院", frozenset({"medical"})),
    ("教育", frozenset({"education"})),
    ("民政", frozenset({"welfare"})),
    ("残联", frozenset({"welfare"})),
    ("公安", frozenset({"justice"})),
    ("司法", frozenset({"justice"})),
    ("法院", frozenset({"justice"})),
    ("房管", frozenset({"estate"})),
    ("建设", frozenset({"project"})),
    ("信访", frozenset({"petition"})),
    ("人力资源", frozenset({"insurance", "hr"})),
)


@lru_cache(maxsize=1024)
def _department_domains(department: str) -> frozenset[str]:
    return frozenset().union(*(found for word, found in _DEPARTMENT_DOMAINS if word in department))


def _ids(text: str) -> frozenset[str]:
    return frozenset(text.split())


# What a table of each kind nearly always has.
_PERSON_ANCHORS = _ids(
    "person.name person.gender person.ethnicity person.birth_date person.age person.id_card person.id_number "
    "person.marital_status person.political_status person.education person.social_security_no health.record_no "
    "person.student_no person.school_roll_no person.household_address person.home_address person.native_place "
    "person.disability person.relation person.former_name"
)
_ORGANISATION_ANCHORS = _ids(
    "org.uscc org.code org.reg_no org.tax_no org.name org.legal_rep org.type org.capital org.scope org.founded "
    "org.industry org.term org.status org.address act.counterpart act.licence_no"
)
_PLACE_ANCHORS = _ids(
    "place.name generic.location measure.value place.address project.name project.code vehicle.plate device.id "
    "estate.area measure.area vehicle.vin"
)


def subject_of(table: TableInput, found: Mapping[str, str]) -> Subject:
    """The subject of a table. ``found``: column name → element that is sure without any context."""
    kind, reason = _kind_of_table(table)
    anchors = _anchors(found)
    if kind == "unknown" or (kind in ("place", "system") and _plainly_about_people(found)):
        kind, reason = _kind_of_columns(anchors, found, (kind, reason))
    if kind == "aggregate" and (_plainly_about_people(found) or _IDENTITIES & set(found.values())):
        kind, reason = "person", "含有自然人身份标识的信息项"
    if kind == "place" and _has_private_owner(table, found):
        kind, reason = "person", "含有所有人身份标识的信息项"
    if kind == "organisation" and _is_act_on_person(table, found):
        kind, reason = "person", "许可或处罚的对象是自然人"
    return Subject(kind, reason, minors=_minors(table, kind))


def is_headed(table: TableInput, found: Mapping[str, str]) -> bool:
    """Whether a row bears the name of a thing though a person stands before it: ``member_level``, 会员等级表.

    It may still be about people (人员分类), so the subject stays; but a bare ``name`` in it is nobody's.
    """
    heads = _heads()
    if not {elements()[e].family for e in found.values()} <= _OF_THINGS:
        return False
    if table.comment and has_han(table.comment):
        text = _ENDS.sub("", table.comment)
        return any(has_han(head) and text.endswith(head) for head in heads)
    words = [word for word in tokenize(table.table.rsplit(".", 1)[-1]) if word not in _INFORMATION | {"info", "table"}]
    return len(words) > 1 and not heads.isdisjoint((words[-1], _bare(words[-1])))


@cache
def _heads() -> frozenset[str]:
    return frozenset(entry.text for entry in parse_terms({"heads": read_table("names/subjects.yaml", _Terms).heads}))


# What may stand in a row that is a thing.
_OF_THINGS = HARMLESS | {
    "person_name",
    "account_login",
    "amount_personal",
    "education",
    "landline",
    "location",
}
_ENDS = re.compile(r"(?:信息|数据|记录|基础|定义|管理|维护|表|\s)+$")


_IDENTITIES = frozenset({"person.name", "person.id_card", "person.id_number"})
_OWNERS = re.compile(r"所有人|车主|姓名|owner|syr|czxm|\bxm\b", re.I)
_OWNABLE = frozenset(
    {"车辆", "机动车", "vehicle", "vehicles", "car", "jdc", "clxx", "犬只", "宠物", "pet", "pets", "dog", "dogs"}
)
_UNITS = frozenset({"org.uscc", "org.code", "org.reg_no", "org.tax_no", "org.name", "org.legal_rep"})
_ACTS = _ids(
    "许可 许可证 处罚 行政处罚 行政许可 双公示 信用 黑名单 红名单 penalty punish punishment licence license permit "
    "credit blacklist xzxk xzcf xk cf cfxx xkxx"
)


def _has_private_owner(table: TableInput, found: Mapping[str, str]) -> bool:
    """机动车登记 with 机动车所有人 is about the owner; with a firm's name or code it stays about the vehicle."""
    last = _last_mention(table)
    values = set(found.values())
    owners = (c for c in table.columns if found.get(c.name) in _IDENTITIES and _OWNERS.search(f"{c.name} {c.comment}"))
    return last is not None and last.term in _OWNABLE and not values & _UNITS and next(owners, None) is not None


def _is_act_on_person(table: TableInput, found: Mapping[str, str]) -> bool:
    """个人行政处罚, or an act whose siblings name people and no organisation."""
    last = _last_mention(table)
    if last is None or last.term not in _ACTS:
        return False
    kinds = {mention.symbol for mention in mentions("kinds", table.table, table.comment) if mention.term not in _ACTS}
    if kinds & {"person", "organisation"}:
        return "organisation" not in kinds
    values = set(found.values())
    return bool(values & _IDENTITIES) and not values & (_UNITS | {"act.counterpart"})


def _last_mention(table: TableInput) -> Mention | None:
    found = mentions("kinds", table.table, table.comment)
    return max(found, key=lambda mention: (mention.end, len(mention.term)), default=None)


def _anchors(found: Mapping[str, str]) -> dict[str, int]:
    values = set(found.values())
    return {
        "person": len(values & _PERSON_ANCHORS),
        "organisation": len(values & _ORGANISATION_ANCHORS),
        "place": len(values & _PLACE_ANCHORS),
    }


def is_named(table: TableInput) -> bool:
    """Whether the table's own name or comment says whom or what it is about."""
    return _kind_of_table(table)[0] != "unknown"


def _kind_of_table(table: TableInput) -> tuple[SubjectKind, str]:
    book = codebook_table(table.table)
    if book is not None:
        return book.kind, f"表 {table.table} 是编码表“{book.title}”"
    last = _last_mention(table)
    if last is None:
        return "unknown", "表名和注释未说明"
    if not table.comment and tokenize(table.table)[:1] and tokenize(table.table)[0] in _COUNTED:
        return "aggregate", f"表名中的“{tokenize(table.table)[0]}”"
    words = [] if table.comment else tokenize(table.table)
    if last.term in _PLANNED and words[-1:] and words[-1] in _MEANT:
        return "place", f"表名中的“{words[-1]}”"
    if not table.comment and len(last.term) < 4 and set(tokenize(table.table)[:1]) & _INDUSTRIAL:
        return "place", f"表名中的“{tokenize(table.table)[0]}”"
    if last.term in _MATTERS:
        before = [m for m in mentions("kinds", table.table, table.comment) if m.term not in _MATTERS]
        whose = max(before, key=lambda mention: mention.end, default=last)
        last = whose if whose.symbol == "organisation" and whose.end < last.end else last
    return cast(SubjectKind, last.symbol), f"表名或注释中的“{last.term}”"


# MES_BD_DB: initials in the systems of a plant are of its things.
_INDUSTRIAL = frozenset({"mes", "wms", "ems", "scada", "dcs", "eam"})
# Tables of what is meant to be: budget_salary_plan.
_PLANNED = frozenset({"enroll", "admission", "recruit", "salary", "wage", "payroll", "welfare"})
_MEANT = frozenset({"plan", "plans", "budget", "quota"})
# stat_population: counts of what the rest of the name says.
_COUNTED = frozenset({"stat", "stats", "statistic", "statistics", "tj", "agg", "kpi"})
# What firms get and stand on as well as people: 企业补贴, 企业名单.
_MATTERS = frozenset(
    {
        "补贴",
        "参保",
        "名单",
        "名册",
        "缴存",
        "社保",
        "公积金",
        "养老金",
        "失业",
        "工伤",
        "工资",
        "薪资",
        "账号",
        "roster",
    }
)


def _plainly_about_people(found: Mapping[str, str]) -> bool:
    values = set(found.values())
    if not values & {"person.id_card", "person.id_number"}:
        return False
    return bool(values & _BESIDE_ID) or ("generic.name" in values and not values & _NAMED_THINGS)


_BESIDE_ID = _ids("person.name person.gender person.home_address person.household_address person.mobile")
# Beside these a bare name may be the thing's and the identity number its owner's.
_NAMED_THINGS = _ids(
    "org.name org.uscc org.code org.reg_no org.legal_rep place.name vehicle.plate vehicle.vin estate.cert_no "
    "estate.unit_no generic.location project.code estate.right_holder person.staff_name person.contact_name"
)


_AGED = frozenset({"person.age", "person.body_measure"})


def _kind_of_columns(
    anchors: Mapping[str, int], found: Mapping[str, str], before: tuple[SubjectKind, str]
) -> tuple[SubjectKind, str]:
    best = max(anchors, key=lambda kind: (anchors[kind], kind == "person"))
    if best == "person" and {e for e in found.values() if e.startswith("person.") or e in _PERSON_ANCHORS} <= _AGED:
        return before  # whatever it is has an age and a size
    if anchors[best] >= 2 or (anchors["person"] and best == "person"):
        columns = [name for name, element in found.items() if _kind_of_element(element) == best][:3]
        return cast(SubjectKind, best), f"信息项 {'、'.join(columns)}"
    if before[0] == "unknown" and any(
        elements()[e].category in _PERSONAL and e.startswith("person.") and e not in _REACHED for e in found.values()
    ):
        return "person", PRESUMED
    return before


# Whoever looks after a thing or is reached for it tells nothing of what a row is.
_REACHED = _ids("person.contact_name person.staff_name person.phone person.mobile")
PRESUMED = "含有个人信息的信息项"
"""Reason of a subject that is taken for people to be safe: a person is mentioned, and nothing tells what a row is."""


_PERSONAL = frozenset({"PB", "PI", "PL", "PF", "PE", "PH", "PM", "PS"})


def _kind_of_element(element: str) -> str:
    if element in _PERSON_ANCHORS:
        return "person"
    return "organisation" if element in _ORGANISATION_ANCHORS else "place" if element in _PLACE_ANCHORS else ""


def _minors(table: TableInput, kind: SubjectKind) -> bool:
    found = {mention.symbol for mention in mentions("minors", table.table, table.comment)}
    return kind not in ("aggregate", "system") and "minors" in found and "adults" not in found


def is_about_students(table: TableInput) -> bool:
    found = mentions("kinds", table.table, table.comment)
    last = max(found, key=lambda mention: mention.end, default=None)
    return last is not None and last.term in _STUDENTS


_STUDENTS = frozenset(
    (
        "学生",
        "学籍",
        "毕业生",
        "考生",
        "招生",
        "成绩",
        "幼儿",
        "儿童",
        "student",
        "students",
        "stu",
        "pupil",
        "xuesheng",
        "xsxx",
        "xs",
        "xj",
    )
)


def initials_style(columns: Iterable[str]) -> bool:
    """Whether most names of a table can be initials of Han words (``XM``, ``SFZH``, ``LX_DM``)."""
    names = list(columns)
    return len(names) >= 3 and sum(map(is_initials, names)) * 2 >= len(names)
