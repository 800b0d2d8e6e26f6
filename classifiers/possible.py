"""What a column can hold: statements that its SQL type, the end of its name or the kind of its table speak against.

Statements that are right too seldom without more evidence count as hints only: values may confirm them, and a column
of which nothing else is known stays not understood. Which ones is data: ``doubt`` in ``names/grammar.yaml``.
"""

from __future__ import annotations

import re
from functools import lru_cache

from classifiers.elements import elements
from classifiers.evaluate import HARMLESS
from classifiers.evidence import ColumnInput, SubjectKind, TableInput
from classifiers.names.grammar import Candidate
from classifiers.names.rules import Doubt, grammar
from classifiers.names.tokens import tokenize
from classifiers.subject import domains


def _ids(text: str) -> frozenset[str]:
    return frozenset(text.split())


KEYS = frozenset({"system.foreign_key", "system.id", "person.number", "person.staff_no"})


def possible_comment(comment: Candidate | None, name: Candidate | None, column: ColumnInput) -> Candidate | None:
    """What a comment says must be possible for the column's type: a `tinyint` with 微信 tells whether it is bound.

    A column of whole numbers or of type ``ForeignKey`` with the comment 辅导员 holds that person's key.
    """
    if comment is None:
        return comment
    family = elements()[comment.element].family
    if family in HARMLESS:
        return comment
    if name is not None and name.style == "english" and name.element in _DATES and family in _NO_DATE:
        return comment._replace(element=name.element)  # auditTime 审核者：审核时间
    if not column.type:
        return comment
    if family in _NAMES and _is_entity(column):
        return comment._replace(element="system.foreign_key")
    native = native_type(column.type)
    if native.startswith(_DATE_TYPES) and family in _NO_DATE:
        return comment._replace(element="date.business")
    if native.startswith(("tinyint", "bit", "bool")) and family in _NO_FLAG:
        return comment._replace(element="code.flag")
    if native in _DECIMAL_TYPES and family in _NO_DECIMAL:
        return comment._replace(element="measure.quantity")
    keyed = name is not None and name.element in KEYS and family in _KEYED
    if (keyed or family in _NO_WHOLE) and native in (*_WHOLE_TYPES, "foreignkey"):
        return comment._replace(element="system.foreign_key")
    return comment


_DATES = frozenset({"act.date", "date.business"})
_DATE_TYPES = ("date", "time", "localdate", "smalldatetime")
_WHOLE_TYPES = ("bigint", "int", "tinyint", "smallint", "integer", "int4", "int8", "bit", "bool", "boolean")
_DECIMAL_TYPES = ("decimal", "bigdecimal", "numeric", "float", "double", "real", "money")
_SPATIAL_TYPES = ("point", "geometry", "geography", "linestring", "polygon", "st_point", "st_geometry", "sdo_geometry")
_DATED = frozenset({"date_time", "birth_date", "technical", "age"})
_WORDY = _ids(
    "person_name org_name address org_address email legal_rep photo_or_scan text_other bank_name im_account "
    "account_login credential_secret uscc id_type place_or_division other"
)


def possible_name(name: Candidate | None, column: ColumnInput, alone: bool) -> Candidate | None:
    """A name read alone must be possible for the column's type: a `bigint` is no name, a `datetime` no phone."""
    if name is None or not alone or not column.type:
        return name
    native = native_type(column.type).rstrip("0123456789") or column.type.lower()
    family = elements()[name.element].family
    if family in _NAMES and _is_entity(column):
        return name._replace(element="system.foreign_key")
    if native in _SPATIAL_TYPES:
        return name._replace(element="generic.location", strength=0.8)
    if native.startswith(_DATE_TYPES) and family not in _DATED and not native.startswith("timetz"):
        return name._replace(element="date.business", strength=0.6)
    if native.startswith(("tinyint", "bit", "bool")) and family in _WORDY | _NUMBERED | _PAID:
        return name._replace(element="code.flag", strength=0.6)
    if family in _UNHASHED and _UUID_TYPE.match(column.type) and name.term.endswith("id"):
        return name._replace(element="system.id", strength=0.6)
    if native in _DECIMAL_TYPES and family in _WORDY | {"id_card", "mobile", "landline", "vehicle_plate"}:
        return name._replace(element="measure.quantity", strength=0.55)
    if (native in _WHOLE_TYPES and family in _COUNTABLE and column.name.lower().endswith(("num", "nums"))) or (
        native in (*_WHOLE_TYPES, *_DECIMAL_TYPES) and family in _COUNTABLE | _NUMBERED and _is_counted(column)
    ):
        return name._replace(element="measure.count", strength=0.6)
    if native in _WHOLE_TYPES and family in _WORDY - {"place_or_division"} and name.term not in _WHOLE_TERMS:
        return name._replace(element="system.foreign_key", strength=0.55)
    return name


_NAMES = frozenset({"person_name", "legal_rep"})
_ENTITY = re.compile(
    r"[A-Z][a-z]\w*(?:Entity|Model|Bean|DO|DTO|VO|PO)$|(?:List|Set|Collection|ICollection|Map)<"
    r"|(?:\w+\.)*ObjectId$|(?:ForeignKey|OneToOneField|ManyToManyField)\b"
)


def _is_entity(column: ColumnInput) -> bool:
    """A member of a program's own class, ``overtimeUser`` of type ``User``: who it is stands in another table.

    So it does for lists and references, ``students`` of type ``List<Student>``, ``nurse`` of type ``ObjectId``.
    """
    written = column.type or ""
    if _ENTITY.match(written):
        return True
    return written[:1].isupper() and not written.isupper() and column.name.lower().endswith(written.lower())


@lru_cache(maxsize=4096)
def native_type(written: str) -> str:
    """The name of a type, as sources and programs write it, in lower case and without its size.

    >>> native_type("VARCHAR(20)"), native_type("[nvarchar](20)"), native_type("java.math.BigDecimal")
    ('varchar', 'nvarchar', 'bigdecimal')
    >>> native_type("Nullable<decimal>"), native_type("int?"), native_type("double precision")
    ('decimal', 'int', 'double')
    """
    plain = _WRITTEN_AROUND.sub("", written.lower())
    name = "".join(plain.partition("(")[0].split()[:1])
    return name.rpartition(".")[2]


_WRITTEN_AROUND = re.compile(r"nullable<|[\[\]<>\"`?]")


_PAY_TYPES = frozenset(_DECIMAL_TYPES) | {"smallmoney", "decimalfield", "floatfield"}


def may_be_pay(column: ColumnInput) -> bool:
    """Whether a column without a word of explanation is of a type for money: in a payroll it is somebody's pay."""
    if column.comment is not None or column.type is None or native_type(column.type) not in _PAY_TYPES:
        return False
    name = column.name.lower()
    return not _VOWELS.isdisjoint(name) and grammar().doubt.rates.isdisjoint(tokenize(column.name))


_VOWELS = frozenset("aeiou")


def _is_counted(column: ColumnInput) -> bool:
    """``avgbusnum``, ``sum_bed_num``: a measure over many."""
    name, doubt = column.name.lower(), grammar().doubt
    return name.startswith(doubt.counted_starts) and name.endswith(doubt.counted_ends)


_KEYED = _ids("account_login email address penalty_or_criminal medical student_no phone_any")
_COUNTABLE = _ids(
    "gender ethnicity education disability marital_status political_status biometric student_no "
    "medical_record_no minor_related penalty_or_criminal driving_licence"
)
# What is a number in spite of its family: 编号, a password or an account of figures only.
_WHOLE_TERMS = frozenset(["no", "num", "number", "bh", "编号", "password", "pwd", "passwd", "qq", "qq no", "qq number"])
# Thirty-six characters are a UUID, exactly thirty-two one without hyphens: sid is no student number then.
_UUID_TYPE = re.compile(r"(?:n?var)?char\(36\)|char\(32\)|uuid", re.I)
_UNHASHED = _ids("student_no medical_record_no person_name account_login passport_or_other_id social_security_no")
_PAID = _ids("amount_personal amount")
_NUMBERED = _ids(
    "mobile phone_any landline id_card bank_account passport_or_other_id real_estate_no student_no social_security_no "
    "medical_record_no driving_licence vehicle_plate"
)

_NO_FLAG = (_WORDY | _NUMBERED | _PAID) - HARMLESS - {"photo_or_scan"}
_NO_WHOLE = _ids("person_name legal_rep email address")
_NO_DECIMAL = _WORDY - HARMLESS - {"photo_or_scan"}
_NO_DATE = _NO_FLAG | _ids("education penalty_or_criminal disability location gender ethnicity")


# weak evidence --------------------------------------------------------------------------------------------------------

HINT = 0.45
"""Strength of what only supports."""
_PEOPLE = frozenset({"person", "minor", "contact", "audit"})
_SCHOOLED = frozenset({"", "person", "minor", "trait", "org"})
"""Owners of a degree."""


def strange_to(table: TableInput, kind: SubjectKind, context: frozenset[str]) -> frozenset[str]:
    """Families and elements that are not believed of a table of this kind; none where it identifies a person."""
    doubt = grammar().doubt
    fields = domains(table)
    if kind in ("place", "unknown") and fields & doubt.nature:
        return doubt.strange["place"]
    if "identified" in context:
        return frozenset()
    strange = doubt.strange.get("presumed" if "presumed" in context else kind, frozenset())
    if strange:
        for field in fields & doubt.at_home.keys():
            strange -= doubt.at_home[field]
    return strange


def believed(
    said: Candidate | None, column: ColumnInput, keyed: bool, kind: SubjectKind, strange: frozenset[str]
) -> Candidate | None:
    """A statement as far as it may be believed: a key is no name, and what is weak is a hint only.

    ``keyed``: the column is named as a key. ``kind`` and ``strange``: of the table (`strange_to`).
    """
    if said is None:
        return None
    doubt = grammar().doubt
    family = doubt.like.get(said.element) or elements()[said.element].family
    if family in HARMLESS:
        return said
    if said.element == "generic.address" and _is_site(said, column, doubt):
        return said._replace(element="place.address")
    if family in _PORTRAYED and any(word in (column.comment or "") for word in doubt.portrayed):
        return said._replace(element="file.attachment")
    if family in _ADDRESSES and _is_region_code(column):
        return said._replace(element="place.division")
    if said.owner not in _PEOPLE and said.element in doubt.forms.get(kind, ()):
        return said._replace(element=doubt.forms[kind][said.element])
    if said.term in doubt.collective and family == "person_name":
        return said._replace(element="measure.count")
    if strange and said.contexts and said.term in doubt.money and family == "amount_personal":
        return said._replace(element="measure.amount")  # only the field of the table made money wages
    if (keyed or _is_login_key(family, column)) and _is_key(said, family, column, doubt):
        return said._replace(element="system.foreign_key")
    if said.owner == "audit" and (family == "account_login" or said.term == "user"):
        return said._replace(element="system.operator")
    if _is_state(said, family, column, doubt):
        return said._replace(element="code.status")
    counted = kind == "aggregate" and said.element not in doubt.codes and family in doubt.strange["place"]
    if counted and is_whole(column.type):
        return said._replace(element="measure.count")
    if said.strength > HINT and (
        _is_strange(said, family, strange)
        or (strange and said.style == "english" and _role(said, column) in doubt.machines.get(kind, ()))
        or _is_of_program(said, column, doubt)
        or (said.term in doubt.modified and (said.after_unknown or said.owner not in _SCHOOLED))
        or (family in doubt.disowned and (_owns_no_traits(said, doubt) or (strange and said.after_unknown)))
        or (family == "person_name" and kind != "person" and _is_abbreviated(said, column))
        or (strange and _is_everyday(said, doubt))
        or (said.style == "initials" and said.element in doubt.strange_initials.get(kind, ()))
        or (said.element == "person.name" and _is_plural(said, column))
        or _are_loose_initials(said, family, column, doubt)
        or (kind not in ("person", "aggregate") and _are_rare_initials(said, family, doubt))
        or (_is_plural(said, column) and _VOWELS.isdisjoint(said.term))
        or (family in doubt.bounded and _is_bound(column, doubt))
        or (family in _NUMBERED and _is_class(said, column))
    ):
        return said._replace(strength=HINT)
    return said


_PORTRAYED = frozenset({"photo_or_scan", "biometric"})
_ADDRESSES = frozenset({"address", "org_address"})
_REGION_CODE = re.compile(r"gb\W?t?\s?\W?2260", re.I)
_REGION_TYPE = re.compile(r"n?(?:var)?char2?\((?:6|12)\)", re.I)


def _is_region_code(column: ColumnInput) -> bool:
    """A standard's code of a region, or text of just its six or twelve digits: 户籍地 in a ``varchar(6)``."""
    return bool(_REGION_CODE.search(column.comment or "") or _REGION_TYPE.fullmatch((column.type or "").strip()))


def is_named_as_key(column: str, name: Candidate | None) -> bool:
    """``user_id``, ``collegeID``, ``wid``, and glued ones that the name was read as."""
    tokens = tokenize(column)
    if name is None and _SHORT_KEY.fullmatch(tokens[-1] if tokens else ""):
        return True
    if tokens[-1:] in (("id",), ("ids",)):
        return True
    return name is not None and (name.element in KEYS or (name.style == "initials" and name.term.endswith("ID")))


def _is_login_key(family: str, column: ColumnInput) -> bool:
    """A whole number ``loginid``: which account, in a word that a login may be called by as well."""
    return family == "account_login" and column.name.lower().endswith("id")


_SHORT_KEY = re.compile(r"[a-z]{1,2}id")
"""``wid``, ``did``: whose key it is, in a letter or two."""


def _is_key(said: Candidate, family: str, column: ColumnInput, doubt: Doubt) -> bool:
    if said.element in doubt.codes:
        return False
    if is_whole(column.type):
        return family in doubt.keys | doubt.whole_keys
    # A comment with 姓名 or 号码 promises more than a key.
    return family in doubt.keys and (said.style != "comment" or NAMED.isdisjoint(said.term))


NAMED = frozenset("名称码号")
"""A comment with one of these promises more than a key: 经办人姓名, 单位名称, 机构代码."""


def is_whole(written: str | None) -> bool:
    """Whether an SQL type holds whole numbers.

    >>> is_whole("INT(10)UNSIGNED"), is_whole("number(10)"), is_whole("number(10,2)"), is_whole("varchar(20)")
    (True, True, False, False)
    >>> is_whole("[numeric](18, 0)"), is_whole("java.lang.Integer")
    (True, True)
    """
    if not written:
        return False
    name = native_type(written)
    return name in (*_WHOLE_TYPES, "foreignkey") or bool(_WHOLE_NUMBER.search(_WRITTEN_AROUND.sub("", written.lower())))


_WHOLE_NUMBER = re.compile(r"^(?:number|numeric|decimal)\s*\(\s*\d+\s*(?:,\s*0\s*)?\)")


def _is_state(said: Candidate, family: str, column: ColumnInput, doubt: Doubt) -> bool:
    if not said.owner or said.term not in doubt.states or not is_whole(column.type):
        return False
    return family in doubt.recorded or said.element in doubt.recorded


def _is_strange(said: Candidate, family: str, strange: frozenset[str]) -> bool:
    if said.term in grammar().doubt.portraits:
        return False
    return (family in strange or said.element in strange) and said.owner not in _PEOPLE


def _is_everyday(said: Candidate, doubt: Doubt) -> bool:
    """A word that means much else, unless the field of the table or a person before it says which."""
    return said.style == "english" and said.term in doubt.everyday and said.owner not in _PEOPLE and not said.contexts


def _owns_no_traits(said: Candidate, doubt: Doubt) -> bool:
    """Whether it is a thing that stands before a trait; NF is 男方 as well as 年份."""
    return said.owner in doubt.things and not (said.owner == "date" and said.style == "initials")


def _role(said: Candidate, column: ColumnInput) -> str:
    """``host`` of ``host`` and ``host_name``."""
    return tokenize(column.name)[-2:][0] if said.term == "name" else said.term


def _is_abbreviated(said: Candidate, column: ColumnInput) -> bool:
    """``ks_name``: two letters that can be anybody's (考生, 科室), where rows are no people."""
    tokens = tokenize(column.name)
    return said.style == "english" and said.term == "name" and len(tokens) == 2 and len(tokens[0]) == 2


def _is_plural(said: Candidate, column: ColumnInput) -> bool:
    """``owners``, ``users``: more than one, a number or a list of keys."""
    return said.style == "english" and column.name.lower().endswith(f"{said.term}s")


def _are_loose_initials(said: Candidate, family: str, column: ColumnInput, doubt: Doubt) -> bool:
    """Two letters after something unknown, or generated initials of what no whole number holds."""
    if said.style != "initials":
        return False
    if said.after_unknown and (len(said.term) < 3 or said.contexts):
        return family in doubt.loose
    return not said.term.isascii() and is_whole(column.type) and said.element not in doubt.codes


def _are_rare_initials(said: Candidate, family: str, doubt: Doubt) -> bool:
    """Generated initials of what is seldom abbreviated where rows are no people: LSBZ is 历史标志, not 临时补助."""
    return said.style == "initials" and not said.term.isascii() and not said.contexts and family in doubt.rare_initials


def _is_site(said: Candidate, column: ColumnInput, doubt: Doubt) -> bool:
    """``check_address``, ``meetingAddress``: where something was done or stands, whoever it was."""
    if said.owner:
        return said.owner in doubt.sited
    return said.after_unknown and tokenize(column.name)[-2:][0] in doubt.sites


def _is_of_program(said: Candidate, column: ColumnInput, doubt: Doubt) -> bool:
    """``lockOwner``, ``slave_host``: roles of programs."""
    return said.term in doubt.machines["system"] and tokenize(column.name)[-2:][0] in doubt.programs


def _is_class(said: Candidate, column: ColumnInput) -> bool:
    """``carCode``, ``identity_code`` read as a number: a code tells the sort, but for ``idcode``."""
    return said.style == "english" and column.name.lower().endswith("code") and not said.term.endswith("code")


def _is_bound(column: ColumnInput, doubt: Doubt) -> bool:
    """``salary_min``, 最高年龄."""
    han = column.comment or column.name
    return not doubt.bound_ends.isdisjoint(tokenize(column.name)[-1:]) or any(word in han for word in doubt.bounds)
