"""What the columns of a table tell of one another: the context that decides what ambiguous names mean (section 5)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from functools import lru_cache

from classifiers.elements import elements
from classifiers.evidence import ColumnInput, Evidence, Subject, SubjectKind, TableInput
from classifiers.names.grammar import Reader, Reading
from classifiers.names.phrases import comment_parts
from classifiers.names.pinyin import initials
from classifiers.names.rules import grammar
from classifiers.names.tokens import tokenize
from classifiers.possible import is_whole, may_be_pay
from classifiers.subject import PRESUMED, domains, initials_style, is_about_students, is_headed, subject_of

DECIDES = 0.5
"""Evidence of this strength may decide what a column holds."""
CERTAIN_VALUE = 0.9


class Statements:
    """What the codebook, the comment and the name say of one column, before the table's context is known.

    Equal columns share one object, which never changes: findings are remembered by it.
    """

    __slots__ = ("codebook", "column", "comment", "contexts", "key", "name", "own", "repeats", "traits")

    def __init__(
        self, column: ColumnInput, comment: Reading, name: Reading, repeats: bool, codebook: Evidence | None = None
    ) -> None:
        self.column, self.comment, self.name, self.codebook = column, comment, name, codebook
        self.repeats = repeats
        """The name is the initials of the comment: RDRQ of 认定日期 says nothing of its own."""
        self.key = column.name.lower()
        said = (*comment, *name)
        self.contexts = frozenset(context for candidate in said for context in candidate.contexts)
        """All that the table's context can change in what is said."""
        if may_be_pay(column):
            self.contexts |= {"payroll"}
        self.own = any(candidate.element in ("object.name", "person.staff_name") for candidate in name)
        """It can be the name of the row itself, which the table's name tells."""
        self.traits = frozenset(
            candidate.element
            for candidate in name
            if "person" in candidate.contexts and candidate.element.startswith("person.")
        )

    def sure(self) -> str | None:
        """The element that needs no context, or None."""
        if self.codebook is not None:
            return self.codebook.element
        for candidate in (*self.comment, *self.name):
            if not candidate.contexts and candidate.strength >= DECIDES:
                return candidate.element
        return None


_REMEMBERED = 65_536
LONGEST_READ = 2000
"""Characters of a name or comment that are read: a column is named in the first few, and what a source puts into its
dictionary knows no limit."""


@lru_cache(maxsize=_REMEMBERED)
def statements_of(column: ColumnInput, reader: Reader) -> Statements:
    written, name = (column.comment or "")[:LONGEST_READ], column.name[:LONGEST_READ]
    comment = reader.comment(written) if written else ()
    repeats = _is_initials_of(name, written) and (comment != () or len(name) < 4)
    return Statements(column, comment, reader.name(name), repeats)


@lru_cache(maxsize=_REMEMBERED)
def with_codebook(said: Statements, book: str, element: str) -> Statements:
    evidence = Evidence(book, element, "codebook", 0.97, "codebook", said.column.name.upper())
    return Statements(said.column, said.comment, said.name, said.repeats, evidence)


@lru_cache(maxsize=_REMEMBERED)
def _with_name(said: Statements, name: Reading) -> Statements:
    return Statements(said.column, said.comment, name, said.repeats, said.codebook)


def without_shared_letter(statements: list[Statements], reader: Reader) -> list[Statements]:
    """``hname hsex hphone``: a letter before every name of a table is no part of them."""
    names = [s.key for s in statements if len(s.key) > 2 and s.column.name.isascii()]
    first = Counter([name[0] for name in names]).most_common(1)
    if not first or first[0][1] < max(4, 0.75 * len(names)):
        return statements
    return [_without_letter(statement, first[0][0], reader) for statement in statements]


def without_shared_word(statements: list[Statements], reader: Reader) -> list[Statements]:
    """``res_name res_sex res_photo``: a word before every name of a table that means nothing by itself."""
    firsts = Counter(s.key.partition("_")[0] for s in statements if s.column.name.isascii() and "_" in s.key)
    word, times = firsts.most_common(1)[0] if firsts else ("", 0)
    if (
        len(word) < 2
        or times < max(4, 0.6 * len(statements))
        or reader.name(word)
        or any(candidate.owner for candidate in reader.name(f"{word}_name")[:1])
    ):
        return statements
    start = f"{word}_"
    return [
        _with_name(s, reader.name(s.column.name[len(start) : LONGEST_READ])) if s.key.startswith(start) else s
        for s in statements
    ]


def without_lone_axis(statements: list[Statements]) -> list[Statements]:
    """``l_limit_9x`` with no ``l_limit_9y`` beside it: half a pair of coordinates is none."""
    ends = [s for s in statements if s.key[-1:] in ("x", "y") and len(s.key) > 1 and _is_axis(s.name)]
    if not ends:
        return statements
    keys = {statement.key for statement in statements}
    lone = {s for s in ends if s.key[:-1] + ("y" if s.key[-1] == "x" else "x") not in keys}
    return [_with_name(s, ()) if s in lone else s for s in statements]


def without_spares(statements: list[Statements]) -> list[Statements]:
    """``str1 … str4``: a few letters with numbers from one up are spare columns, no initials."""
    bases = Counter(s.key.rstrip("0123456789") for s in statements if s.key[-1:].isdigit())
    spare = {base for base, times in bases.items() if times >= _SPARES and len(base) <= _SHORT}
    if not spare:
        return statements
    return [_with_name(s, ()) if _is_spare(s, spare) else s for s in statements]


_SPARES, _SHORT = 3, 3


def _is_spare(statement: Statements, bases: Collection[str]) -> bool:
    numbered = statement.key[-1:].isdigit() and statement.key.rstrip("0123456789") in bases
    return numbered and any(candidate.style == "initials" for candidate in statement.name)


def _is_axis(name: Reading) -> bool:
    return any(candidate.term in ("x", "y") for candidate in name)


def _without_letter(statement: Statements, letter: str, reader: Reader) -> Statements:
    name = statement.column.name
    separate = name[1:2] == "_"
    known = not separate and any(c.strength >= DECIDES and not c.contexts for c in statement.name)
    if name[:1].lower() != letter or known:
        return statement
    word = name[2:] if separate else name[1:]
    rest = reader.name(word) if _is_word(word) else ()
    if not rest or rest[0].style != "english":
        return statement
    return _with_name(statement, tuple(candidate._replace(strength=candidate.strength - 0.05) for candidate in rest))


def _is_word(text: str) -> bool:
    return len(text) > 2 and text.replace("_", "").isalpha() and text[0] != "_"


# the context of a table -----------------------------------------------------------------------------------------------

_BY_ELEMENT = {
    "bank.name": ("bank", "finance"),
    "generic.bank_account": ("bank", "finance"),
    "person.bank_account": ("bank", "finance"),
    "credential.password": ("account",),
    "person.student_no": ("education", "student", "schooling"),
    "person.school_roll_no": ("education", "student"),
    "person.education": ("schooling",),
    "person.diploma_no": ("schooling", "graduated", "education"),
    "person.school": ("schooling", "graduated"),
    "health.record_no": ("medical",),
    "health.diagnosis": ("medical",),
    "health.vaccination": ("medical",),
    "health.surgery": ("medical",),
    "vehicle.vin": ("vehicle",),
    "vehicle.plate": ("vehicle",),
    "generic.location": ("geo",),
    "act.document_no": ("act",),
    "act.penalty": ("enforcement", "act", "penalty"),
    "act.violation": ("enforcement", "act"),
    "case.number": ("justice",),
    "estate.cert_no": ("estate",),
    "estate.unit_no": ("estate",),
    "estate.right_holder": ("estate",),
    "person.medical_insurance_no": ("insured",),
    "person.social_security_no": ("insured",),
}
_BY_FAMILY = {"mobile": "contact", "phone_any": "contact", "email": "contact", "landline": "contact"}
_AXES = (("jd", "wd"), ("x", "y"), ("lng", "lat"), ("lon", "lat"), ("zbx", "zby"))


def table_context(
    table: TableInput, statements: list[Statements], values: Mapping[str, tuple[Evidence, ...]]
) -> tuple[Subject, frozenset[str]]:
    sure: dict[str, str] = {}
    for statement in statements:
        element = statement.sure() or _by_value(values.get(statement.column.name, ()))
        if element is not None and not (element == "person.name" and _is_no_name(statement)) and not _counts(statement):
            sure[statement.column.name] = element
    context = set(domains(table))
    for element in sure.values():
        context.update(_BY_ELEMENT.get(element, ()))
        family = _BY_FAMILY.get(elements()[element].family)
        if family:
            context.add(family)
    names = [statement.key for statement in statements]
    ends = {end for name in names for end in (name[-1:], name[-2:], name[-3:])}
    if any(map(ends.issuperset, _AXES)):
        context.add("geo")
    context |= _neighbours(statements, names, sure)
    if initials_style(names):
        context |= {"initials", "code", "date", "remark", "number", "title", "file", "reserved"}
    subject = subject_of(table, sure)
    if subject.kind == "unknown" and _personal_initials(statements):
        subject = Subject("person", "多个信息项名称是个人信息的拼音首字母", subject.minors)
    headed = subject.kind == "person" and is_headed(table, sure)
    context |= {"headed", "place"} if headed else {subject.kind}
    if subject.reason == PRESUMED:
        context.add("presumed")
    if subject.kind == "unknown" and {"contact"} & context:
        context.add("organisation_or_person")
    if _is_identified(statements, sure):
        context.add("identified")
    if subject.kind == "person" and not {"disabled", "cards", "donation"} & context:
        context |= {"holder", "cardless"} if _IDENTITIES.isdisjoint(sure.values()) else {"holder"}
    if _is_user_table(table):
        context.add("account")
    if "account" in context and "account.login" not in sure.values():
        context.add("loginless")
    if subject.kind == "person" and is_about_students(table):
        context |= {"student", "ownid"} if "id" in names else {"student"}
    if "bank" in context and "account" not in context:
        context.add("bankonly")
    if subject.kind == "person" and _LIVING & set(sure.values()) and not {"petition", "enforcement"} & context:
        context.add("portrait")
    if subject.kind == "person" and any(_is_decimal(s.column) for s in statements if s.key in _HEAT):
        context.add("fever")
    return subject, frozenset(context)


def _counts(statement: Statements) -> bool:
    """``student_num`` as a whole number: how many, and no sign of who they are."""
    return statement.key.endswith(("num", "nums", "count")) and is_whole(statement.column.type)


def _is_no_name(statement: Statements) -> bool:
    """A key; or a role that things have as well as people (``owner``): it does not make its table one of people."""
    if is_whole(statement.column.type):
        return True
    said = next(iter((*statement.comment, *statement.name)), None)
    doubt = grammar().doubt
    if said is None or said.style != "english":
        return False
    return said.term in doubt.machines["system"] or said.term in doubt.everyday


_LOGINS = ("yhm", "dlm", "yhmc", "dlzh", "yhzh", "gly")
_PHONES = frozenset({"dh", "lxdh", "bgdh", "jtdh", "gddh", "zjdh", "yddh", "dzyj", "email", "yx", "dzyx", "qq", "wx"})


_HEAT = frozenset({"temp", "tw"})


def _is_decimal(column: ColumnInput) -> bool:
    return (column.type or "").lower().startswith(("float", "double", "decimal", "numeric", "real"))


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# One of these tells that a row is one person, so that its picture is a portrait.
_LIVING = frozenset(
    {"person.gender", "person.birth_date", "person.id_card", "person.age", "person.ethnicity", "person.id_number"}
)
_OF_PEOPLE = _LIVING | {"person.marital_status", "person.political_status", "person.education"}
# Initials of what stands beside the accounts of a bank's transactions: JYJE 交易金额, DFMC 对方名称, KHWD 开户网点.
_TRANSACTION = _words(
    "jyje jysj jyrq jylsh jylx jyye jyhye jyzy jydfxm jydfmc jydfhm dfmc dfhm dfxm dfzh dfyh dfkhh dskhh dsmc dsxm "
    "khwd khyh kyye zhye zhlb zhlx zhzt xhrq jdbz cxkh cxzh bfzh bfkh"
)
_BESIDE_GENDER = _words("xm zjh zjhm zjlx zjzl sfzh sfzhm mz csrq csny hyzk gj lxdh sqrmc qlrmc qlr")
_STUDYING = frozenset(
    {
        "xsxm",
        "rxnf",
        "rxnd",
        "rxny",
        "xnzymc",
        "bjmc",
        "xymc",
        "zymc",
        "njmc",
        "sznj",
        "xyxm",
        "xjh",
        "nj",
        "xjzt",
        "xjztdm",
        "xjztm",
        "yxdm",
        "yxmc",
        "xznj",
        "dqnj",
    }
)


def _neighbours(statements: list[Statements], names: list[str], sure: Mapping[str, str]) -> set[str]:
    """What two columns side by side tell of one another: MM beside YHM is a password, SJ beside DH a mobile."""
    found: set[str] = set()
    every = set(names)
    if "mm" in every and any(name.endswith(_LOGINS) for name in names):
        found.add("account")
    if "sj" in every:
        at = names.index("sj")
        if _PHONES & set(names[max(0, at - 2) : at + 3]):
            found.add("phonebook")
    if "xb" in every and _BESIDE_GENDER & every:
        found.add("somebody")
    if len(_TRANSACTION & every) > 1 or ("zh" in every and any(name.endswith("je") for name in names)):
        found.add("trans")
    if len(_STUDYING & every) > (1 if "xh" in every else 2):
        found |= {"student", "education"}
    if any(map(_is_audit_trail, names, names[1:], names[2:])):
        found.add("audited")
    if any((s.column.comment or "").startswith("租户") and _is_personal(sure.get(s.column.name)) for s in statements):
        found.add("tenant")
    return found


def _is_audit_trail(first: str, second: str, third: str) -> bool:
    """``userId, userName, createTime`` in a row: who made the record."""
    if not second.endswith("name") or not third.startswith(("creat", "add", "insert")):
        return False
    return first.replace("_", "") in _MAKERS_KEY and second.replace("_", "") in _MAKERS_NAME


_MAKERS_KEY, _MAKERS_NAME = frozenset({"userid", "uid", "sysuserid"}), frozenset({"username", "sysusername"})
_IDENTITIES = frozenset({"person.id_card", "person.id_number"})
_NAMES = frozenset({"person.name", "person.applicant", "person.household_head", "person.guardian_name"})


def _is_identified(statements: list[Statements], sure: Mapping[str, str]) -> bool:
    """Whether a column has somebody's identity number, a codebook's word, or a name beside what only people have."""
    known = set(sure.values())
    coded = (s.codebook.element for s in statements if s.codebook is not None)
    if known & _IDENTITIES or any(element.startswith(("person.", "health.")) for element in coded):
        return True
    return bool(known & _NAMES) and bool((known | {t for s in statements for t in s.traits}) & _OF_PEOPLE)


def _is_personal(element: str | None) -> bool:
    return element is not None and element.startswith("person.")


def _by_value(evidence: tuple[Evidence, ...]) -> str | None:
    return next((item.element for item in evidence if item.strength >= CERTAIN_VALUE), None)


def _personal_initials(statements: list[Statements]) -> bool:
    """XM, XB and MZ side by side confirm one another."""
    return len(frozenset().union(*(statement.traits for statement in statements))) >= 3


def _is_user_table(table: TableInput) -> bool:
    name = table.table.lower()
    return "user" in name or "account" in name or "用户" in (table.comment or "")


def _is_initials_of(name: str, comment: str) -> bool:
    if not comment:
        return False
    letters = "".join(tokenize(name))
    if not 2 <= len(letters) <= 12 or not letters.isalpha():
        return False
    head = comment_parts(comment)[:1]
    return bool(head) and len(head[0]) >= len(letters) and initials(head[0]) == letters


def people_prefixes(statements: list[Statements]) -> tuple[str, ...]:
    """What stands before XM in a table: BJYXM beside BJYDH tells that BJY is a person."""
    names = [statement.key for statement in statements]
    people = (name[:-2].rstrip("_") for name in names if name.endswith("xm") and len(name.rstrip("_xm")) > 1)
    return tuple(prefix for prefix in people if sum(name.startswith(prefix) for name in names) > 1)


def names_beside_traits(statements: list[Statements], kind: SubjectKind, fields: Collection[str]) -> frozenset[str]:
    """Bare names (``name``) of people whatever their table is called.

    Within two columns stands an identity number or a trait that only people have, or a phone is next to it where
    nothing says what a row is.

    docs/accuracy.md has how often that was right on the labelled sets; pets have traits as well.
    """
    if kind == "aggregate" or not grammar().doubt.nature.isdisjoint(fields):
        return frozenset()
    found = set()
    for at, said in enumerate(statements):
        if said.column.comment or said.key != "name":
            continue
        near = {c.element for s in statements[max(0, at - 2) : at + 3] if s is not said for c in (*s.comment, *s.name)}
        next_to = {s.key for s in statements[max(0, at - 1) : at + 2]}
        if near & _LIVING or (kind in ("unknown", "system") and next_to & _REACHED_AT):
            found.add(said.key)
    return frozenset(found)


_REACHED_AT = _words("mobile mobile_phone mobilephone phone tel cellphone phone_number phonenumber phone_num phone_no")


def read_after_people(statements: list[Statements], people: tuple[str, ...], reader: Reader) -> list[Statements]:
    """BJYDH beside BJYXM is read as the phone of a person where BJY itself is unknown."""
    if not people:
        return statements
    return [_read_after_people(statement, people, reader) for statement in statements]


def _read_after_people(statement: Statements, people: tuple[str, ...], reader: Reader) -> Statements:
    name = statement.key
    prefix = next((prefix for prefix in people if name.startswith(prefix)), "")
    known = any(candidate.strength >= DECIDES and not candidate.contexts for candidate in statement.name)
    if known or not prefix or name == prefix:
        return statement
    reading = reader.name("ry" + name[len(prefix) :].lstrip("_"))
    return _with_name(statement, (*reading, *statement.name))
