"""What every column of a table holds: names, comments, codebooks and values weighed (design section 5, step 5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import msgspec

from classifiers.company import with_company
from classifiers.elements import elements, resolve_variant
from classifiers.evaluate import HARMLESS
from classifiers.evidence import ColumnInput, ElementFinding, Evidence, Finding, Subject, SubjectKind, TableInput
from classifiers.names.codebooks import Codebook, codebook_elements, codebooks
from classifiers.names.context import (
    CERTAIN_VALUE,
    DECIDES,
    LONGEST_READ,
    Statements,
    names_beside_traits,
    people_prefixes,
    read_after_people,
    statements_of,
    table_context,
    with_codebook,
    without_lone_axis,
    without_shared_letter,
    without_shared_word,
    without_spares,
)
from classifiers.names.grammar import Candidate, Reader, default_reader
from classifiers.names.rules import grammar
from classifiers.names.tokens import tokenize
from classifiers.possible import (
    KEYS,
    NAMED,
    believed,
    is_named_as_key,
    may_be_pay,
    possible_comment,
    possible_name,
    strange_to,
)

_REMEMBERED = 65_536


def _ids(text: str) -> frozenset[str]:
    return frozenset(text.split())


def understand(
    table: TableInput,
    values: Mapping[str, tuple[Evidence, ...]],
    reader: Reader | None = None,
    books: Sequence[Codebook] = (),
) -> tuple[Subject, tuple[ElementFinding, ...]]:
    """Subject of a table and one finding per column, in order.

    ``values``: column name → evidence of its sampled values (``engine.observe``); empty when nothing was sampled.
    ``reader``: another than the built-in one (a site's overlay); what it has read is remembered, so it belongs to one
    vocabulary. ``books``: a site's own codebooks.
    """
    reader = reader or default_reader()
    statements = without_shared_letter([statements_of(column, reader) for column in table.columns], reader)
    statements = without_spares(without_lone_axis(without_shared_word(statements, reader)))
    coded = codebook_elements([column.name for column in table.columns], books)
    if coded:
        books_say = {column: (book.id, element) for column, (book, element) in coded.items()}
        statements = [
            with_codebook(s, *books_say[s.column.name]) if s.column.name in books_say else s for s in statements
        ]
    subject, context = table_context(_shortened(table), statements, values)
    people = people_prefixes(statements)
    kind: SubjectKind = "place" if "headed" in context else subject.kind
    strange = strange_to(table, kind, context)
    beside = names_beside_traits(statements, kind, context)
    found = tuple(
        _weigh(
            said,
            values.get(said.column.name, ()),
            kind,
            said.contexts & context,
            table.table if said.own and "presumed" not in context else "",
            said.key in beside or any(said.key.startswith(prefix) and said.key != prefix for prefix in people),
            strange,
        )
        for said in read_after_people(statements, people, reader)
    )
    return subject, with_company(found)


def _shortened(table: TableInput) -> TableInput:
    """The table with as much of its comment as is read."""
    if len(table.comment or "") <= LONGEST_READ:
        return table
    return msgspec.structs.replace(table, comment=(table.comment or "")[:LONGEST_READ])


# one column -----------------------------------------------------------------------------------------------------------


def _choose(reading: tuple[Candidate, ...], context: frozenset[str]) -> Candidate | None:
    """The first candidate whose context holds; a context of the table lifts two letters to a decision."""
    for candidate in reading:
        if not candidate.contexts:
            return candidate
        if not context.isdisjoint(candidate.contexts):
            return candidate
    return None


@lru_cache(maxsize=_REMEMBERED)
def _weigh(
    said: Statements,
    values: tuple[Evidence, ...],
    kind: SubjectKind,
    context: frozenset[str],
    table: str,
    of_person: bool,
    strange: frozenset[str],
) -> ElementFinding:
    """What one column holds; equal columns in equal circumstances share the finding.

    ``context``: as far as anything that was said depends on it. ``table``: empty where its name cannot matter.
    ``of_person``: the column's name begins as that of somebody named beside it. ``strange``: see `strange_to`.
    """
    column = said.column
    comment = _choose(said.comment, context)
    name = _choose(() if said.repeats else said.name, context)
    name = possible_name(_own_name(name, column.name, table, kind), column, comment is None)
    if comment is not None and name is not None and _is_key_of(name, comment):
        comment = None
    if of_person and (name is None or name.element.startswith("generic.")):
        comment, name = _of_person(comment), _of_person(name)
    comment, name = _understood(comment, kind), _understood(name, kind)
    keyed = is_named_as_key(column.name, name)
    comment = believed(possible_comment(comment, name, column), column, keyed, kind, strange)
    name = believed(name, column, keyed, kind, strange)
    if name is None and "payroll" in context and kind in ("person", "unknown") and may_be_pay(column):
        name = Candidate("person.income", 0.55, "english", column.name.lower())
    heard: list[Evidence] = [said.codebook] if said.codebook and not _is_key_comment(comment, said.codebook) else []
    if comment is not None and name is not None and comment.strength >= DECIDES and _refines(name, comment):
        heard.append(_evidence(name._replace(strength=min(0.95, comment.strength)), "comment", kind))
        comment = name
    elif comment is not None:
        heard.append(_evidence(comment, "comment", kind))
    if name is not None:
        heard.append(_evidence(name, "name", kind))
    resolved = [_resolved(item, kind) for item in values]
    return _decided(column, heard, resolved, _flags(comment, name, resolved))


def _is_key_of(name: Candidate, comment: Candidate) -> bool:
    """A comment that only says who or what (员工, 巡检员, 上级单位) beside a name that ends in ``id``."""
    if name.element not in KEYS or name.strength < DECIDES:
        return False
    return comment.bare or (NAMED.isdisjoint(comment.term) and elements()[comment.element].family in _WHO)


def _is_key_comment(comment: Candidate | None, coded: Evidence) -> bool:
    """经办人ID on a codebook's column for the name: a site that keeps the key there."""
    if comment is None or comment.strength < DECIDES or not comment.term.endswith(grammar().doubt.key_words):
        return False
    return comment.element in KEYS and elements()[coded.element].family in _WHO


_WHO = _ids("person_name legal_rep org_name")


def _of_person(said: Candidate | None) -> Candidate | None:
    """Phone and address of someone named beside them are that person's, whatever the table is about."""
    if said is None or said.owner or not said.element.startswith("generic."):
        return said
    return said._replace(element=resolve_variant(said.element, "person"))


def _understood(said: Candidate | None, kind: SubjectKind) -> Candidate | None:
    """X情况 of a person, X unknown, can be anything: not understood."""
    return None if said is not None and said.unknown_stem and kind == "person" else said


def _own_name(name: Candidate | None, column: str, table: str, kind: SubjectKind) -> Candidate | None:
    """``vol_name`` in a table ``volunteer`` is the name of the row itself, whatever ``vol`` means.

    So it is in ``pay_charge``: where the table is not known to be about people, ``charge_name`` is no officer's.
    """
    if name is None:
        return name
    before = tokenize(column)[:-1]
    if name.element == "person.staff_name" and name.style == "english" and name.term.endswith(("name", "mc")):
        thing = kind == "unknown" and len(before) == 1 and before[0] in tokenize(table)
        return name._replace(element="object.name") if thing else name
    if name.element != "object.name" or name.owner or name.term not in ("name", "mc"):
        return name
    own = before and len(before[0]) > 2 and any(token.startswith(before[0]) for token in tokenize(table))
    return name._replace(element="generic.name") if own else name


def _evidence(candidate: Candidate, source: str, kind: SubjectKind) -> Evidence:
    element = resolve_variant(candidate.element, kind)
    style = candidate.style
    if source == "comment":
        return Evidence("term", element, "comment", round(candidate.strength, 2), "comment", candidate.term)
    return Evidence(
        "term", element, "name", round(candidate.strength, 2), "han" if style == "comment" else style, candidate.term
    )


def _resolved(item: Evidence, kind: SubjectKind) -> Evidence:
    element = resolve_variant(item.element, kind)
    if element == item.element:
        return item
    return msgspec.structs.replace(item, element=element)


def _flags(comment: Candidate | None, name: Candidate | None, values: list[Evidence]) -> tuple[str, ...]:
    flags: dict[str, None] = {}
    roles = grammar().roles
    for candidate in (comment, name):
        if candidate is not None:
            role = roles.get(candidate.owner_element) or roles.get(candidate.element)
            if role:
                flags[f"role:{role}"] = None
            flags.update(dict.fromkeys(candidate.flags))
    for item in values:
        flags.update((flag, None) for flag in item.flags if flag in ("masked", "hashed", "encrypted"))
    return tuple(flags)


# Vague statements and what a name may make of them: comment 名称 on a column `company_name`.
_REFINED_BY: dict[str, frozenset[str]] = {
    "generic.name": frozenset({"person_name", "org_name", "legal_rep", "other", "text_other"}),
    "generic.phone": frozenset({"mobile", "landline"}),
    "generic.address": frozenset({"address", "org_address"}),
    "person.address": frozenset({"address"}),
    "object.number": frozenset({"technical", "case_or_document_no", "id_card", "org_code", "student_no", "uscc"}),
    "file.attachment": frozenset({"photo_or_scan"}),
    "object.url": frozenset({"photo_or_scan"}),
    "account.login": frozenset({"bank_account"}),
    "system.id": frozenset({"id_card"}),
    "measure.amount": frozenset({"amount_personal"}),
    "date.business": frozenset({"birth_date"}),
}
_UNIT = frozenset({"org.name", "person.employer"})


def _refines(name: Candidate, comment: Candidate) -> bool:
    if name.strength < 0.6 or name.element.startswith("generic."):
        return False
    if comment.element in _UNIT and comment.term == "单位":
        return name.element == "code.type"
    family = elements()[name.element].family
    if family == "photo_or_scan" and elements()[comment.element].family in _DOCUMENTS:
        return True
    if comment.element == "system.operator" and family in _REACHED:
        return True
    if family == "photo_or_scan" and comment.element in _FILES and comment.owner:
        return True
    if name.element == "object.url" and elements()[comment.element].family in ("address", "org_address"):
        return True
    if comment.term in ("全称", "简称") and family == "person_name":
        return False
    families = _REFINED_BY.get(comment.element)
    return families is not None and not comment.owner and family in families


_FILES = frozenset({"file.attachment", "object.url"})
# operator_email with the comment 操作员.
_REACHED = frozenset({"email", "mobile", "landline", "phone_any"})
# A column `id_card_front` with the comment 身份证 holds the picture of the document.
_DOCUMENTS = frozenset(
    ("id_card", "passport_or_other_id", "org_code", "case_or_document_no", "driving_licence", "disability", "education")
)


# the decision ---------------------------------------------------------------------------------------------------------


def _decided(
    column: ColumnInput, said: list[Evidence], values: list[Evidence], flags: tuple[str, ...]
) -> ElementFinding:
    spoken = next((item for item in said if item.strength >= DECIDES), None)
    hints = [item for item in said if item.strength > 0]
    strong = [item for item in values if item.strength >= CERTAIN_VALUE]
    alone = [item for item in values if DECIDES <= item.strength < CERTAIN_VALUE]
    shapes = [
        item for item in values if item.strength < DECIDES and any(akin(item.element, hint.element) for hint in hints)
    ]
    chosen = _winner(said, spoken, strong, alone, shapes)
    everything = tuple(sorted((*said, *values), key=lambda item: -item.strength))
    if chosen is None:
        return ElementFinding(None, 0.0, everything, (), flags)
    accepted = _accepted(chosen, said, [*strong, *alone, *shapes])
    shown = (*_short_codes(spoken, values), *_other_shapes(spoken, values))
    findings = _conflicts(column, spoken, [*_second_voice(said), *strong, *alone, *shown])
    # Whoever says the same the surest counts: values may confirm what a name only suggests.
    confidence = max(0.55, *(item.strength for item in (*said, *values) if item.element == chosen.element))
    if any(item is not chosen and akin(item.element, chosen.element) for item in (*said, *values)):
        confidence = min(0.99, confidence + 0.04)
    if findings:
        confidence = min(confidence, 0.6)
    return ElementFinding(chosen.element, round(confidence, 2), everything, accepted, flags, findings)


def _winner(
    said: list[Evidence], spoken: Evidence | None, strong: list[Evidence], alone: list[Evidence], shapes: list[Evidence]
) -> Evidence | None:
    """Codebook > check-digit values > comment > unambiguous name > shape with a hint."""
    if spoken is not None and spoken.source == "codebook":
        return _closer(_contradicting(spoken, said) or spoken, strong)
    if strong:
        best = max(strong, key=lambda item: item.strength)
        # A comment that names the same thing more closely keeps its word: 法定代表人 stays beside an id card.
        return best if spoken is None or not _same(best.element, spoken.element) else _closer(spoken, strong)
    if spoken is not None:
        return _closer(spoken, [*alone, *shapes])
    if alone:
        return max(alone, key=lambda item: item.strength)
    if shapes:
        return max(shapes, key=lambda item: item.strength)
    return None


_PLAIN = 0.95
"""Strength of a comment that is a term from end to end."""


def _contradicting(coded: Evidence, said: list[Evidence]) -> Evidence | None:
    """A comment that plainly names something else that is sensitive, beside a codebook of ours: AAC005 联系电话.

    Codes are reused where a system runs out of them. A site's own codebook keeps its word, a comment that makes less of
    a column is only heard, and either way both sides stand in a finding.
    """
    if coded.recognizer not in {book.id for book in codebooks()}:
        return None
    for item in said[1:]:
        plain = item.source == "comment" and item.strength >= _PLAIN and item.element not in VAGUE - _CONTACTS
        if plain and elements()[item.element].family not in HARMLESS and not akin(item.element, coded.element):
            return item
    return None


_CONTACTS = _ids("person.phone org.phone person.landline")
VAGUE = _ids(
    "person.id_number person.phone org.phone person.landline object.number code.value system.id "
    "text.reserved text.free other.item act.certificate_no"
)


def _closer(spoken: Evidence, values: list[Evidence]) -> Evidence:
    """The values' element when it is a closer kind of what was said (证件号码 whose values are 身份证号)."""
    if spoken.element in VAGUE:
        for item in sorted(values, key=lambda item: -item.strength):
            if item.element not in VAGUE:
                return item
    return spoken


def _group(element: str) -> str:
    """Families that are the same thing in different words."""
    family = elements()[element].family
    return _MERGED.get(family, family)


_MERGED = {
    "mobile": "phone",
    "landline": "phone",
    "phone_any": "phone",
    "birth_date": "date",
    "date_time": "date",
    "passport_or_other_id": "identity",
    "id_card": "identity",
    "social_security_no": "identity",
    "driving_licence": "identity",
    "legal_rep": "person_name",
    "vehicle_plate": "vehicle",
    "vehicle_id": "vehicle",
    "address": "address",
    "org_address": "address",
    "uscc": "organisation_code",
    "org_code": "organisation_code",
    "medical_record_no": "medical",
}


def _same(one: str, other: str) -> bool:
    return one == other or _group(one) == _group(other)


_LOOSE = frozenset(
    {
        ("identity", "organisation_code"),
        ("organisation_code", "identity"),
        ("account_login", "phone"),
        ("account_login", "email"),
    }
)


def akin(one: str, other: str) -> bool:
    """Whether two elements are the same thing in other words, or often stand for each other."""
    return _same(one, other) or (_group(one), _group(other)) in _LOOSE


def _accepted(chosen: Evidence, said: list[Evidence], values: list[Evidence]) -> tuple[str, ...]:
    """Every element that stands: what was chosen, the comment beside contradicting values, agreeing names."""
    accepted = {chosen.element: None}
    primary = next((item for item in said if item.strength >= DECIDES), None)
    refined = chosen.source == "value" and chosen.element not in VAGUE
    for item in said:
        if refined and item.element in VAGUE:
            continue
        agrees = item is primary or akin(item.element, chosen.element)
        if item.strength >= DECIDES and (agrees or item in _second_voice(said)):
            accepted[item.element] = None
    accepted.update((item.element, None) for item in values)
    return tuple(accepted)


def _second_voice(said: list[Evidence]) -> list[Evidence]:
    """The comment beside a codebook: it does not decide, but it is heard."""
    if said and said[0].source == "codebook":
        return [item for item in said[1:] if item.source == "comment" and item.strength >= DECIDES]
    return []


# What is never one to three characters long.
_LONG = frozenset({"identity", "phone", "bank_account", "organisation_code", "vehicle", "email", "real_estate_no"})


def _short_codes(spoken: Evidence | None, values: list[Evidence]) -> list[Evidence]:
    """Values of a few characters under a name or comment that promises an identifier."""
    if spoken is None or _group(spoken.element) not in _LONG:
        return []
    return [item for item in values if item.element == "code.value" and item.hits == item.distinct]


# Shapes that show what a column holds well enough to doubt what was said of it.
_TELLING_SHAPES = frozenset({"address", "date", "mobile", "org_name", "person_name", "url"})
_TELLING_RATIO, _TELLING_VALUES = 0.9, 10


def _other_shapes(spoken: Evidence | None, values: list[Evidence]) -> list[Evidence]:
    """Values that plainly have another shape than was promised: firms under 姓名, dates under 身份证号."""
    if spoken is None or _group(spoken.element) not in _LONG | {"person_name"}:
        return []
    if any(_explains(item, spoken) for item in values):
        return []
    telling = [item for item in values if item.recognizer in _TELLING_SHAPES and item.distinct >= _TELLING_VALUES]
    return [item for item in telling if item.hits >= _TELLING_RATIO * item.distinct]


def _conflicts(column: ColumnInput, spoken: Evidence | None, others: list[Evidence]) -> tuple[Finding, ...]:
    """The first contradiction, with both sides; none when what was said is vague."""
    if spoken is None:
        return ()
    where = {"comment": "注释", "codebook": "编码标准"}.get(spoken.source, "字段名")
    said = f"{where}“{spoken.term}”指向{elements()[spoken.element].zh}"
    for item in others:
        if _explains(item, spoken):
            continue
        shown = elements()[item.element].zh
        if item.source == "comment" and not HARMLESS.issuperset(_families(spoken, item)):
            message = f"{said}，但注释“{item.term}”指向{shown}，请核实"
        elif item.source == "value" and (spoken.element not in VAGUE or item.element == "code.value"):
            message = f"{said}，但取值像{shown}（{item.hits}/{item.distinct} 个不同值符合），请核实"
        else:
            continue
        return (Finding("comment_value_conflict", message, column.name),)
    return ()


def _explains(item: Evidence, spoken: Evidence) -> bool:
    """Whether a statement is what was said, or what such a column may hold as well: tax numbers of individuals."""
    if {_group(item.element), _group(spoken.element)} != {"identity", "organisation_code"}:
        return akin(item.element, spoken.element)
    return "mixed" in item.flags or spoken.element == "org.tax_no"


def _families(*items: Evidence) -> set[str]:
    return {elements()[item.element].family for item in items}
