"""What a steward should look at in one column, apart from its labels: bad, masked, mixed or spoiled values."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from classifiers.elements import elements
from classifiers.evaluate import HARMLESS
from classifiers.evidence import ElementFinding, Evidence, Finding

CREDENTIALS = frozenset({"credential.password", "credential.secret"})
HIDDEN = {"masked": "已脱敏", "hashed": "已脱敏（散列）", "encrypted": "已加密"}
"""Flags of values that were made unreadable, as stewards read them."""

_PLAIN_STRENGTH = 0.8
_NUMERIC = "数值类型存放证件号码，末位X与前导零无法保存（约9%的公民身份号码以X结尾），请改为字符类型"
_MIXED = "个人证件号码与单位代码等多种号码混存，按其中最高者定级，建议增加证件类型或拆分"


def column_findings(name: str, finding: ElementFinding) -> tuple[Finding, ...]:
    """The findings of one column; messages are Chinese and hold no value."""
    found = [msgspec.structs.replace(f, column=f.column or name) for f in finding.findings]
    told = (Finding(code, message, name) for code, message in _messages(finding))
    return (*found, *dict.fromkeys(told))


def _messages(finding: ElementFinding) -> Iterator[tuple[str, str]]:
    values = [e for e in finding.evidence if e.source == "value"]
    flags = {flag for e in values for flag in e.flags}
    for e in values:
        if e.invalid and e.element in finding.accepted:
            yield "bad_check_digits", f"抽样的{e.distinct}个不同值中有{e.invalid}个校验不通过"
    if "free_text_hits" in flags:
        yield "free_text_identifiers", "自由文本中出现可识别个人的号码，请核查内容"
    if "numeric_identifier" in flags:
        yield "numeric_identifier", _NUMERIC
    if "mixed" in flags:
        yield "mixed_identifiers", _MIXED
    yield from _hidden(finding, values, flags)
    if finding.element in CREDENTIALS:
        yield "credential_column", "存放口令或密钥，不作为目录信息项，请整改其存储方式"


def _hidden(finding: ElementFinding, values: list[Evidence], flags: set[str]) -> Iterator[tuple[str, str]]:
    """Masked, hashed and encrypted values: 去标识化 personal data stays personal (个人信息保护法 73)."""
    if "partly_masked" in flags:
        yield "partly_masked", "部分取值已脱敏，其余仍为明文，请统一处理"
    words = [word for flag, word in HIDDEN.items() if flag in flags or flag in finding.flags]
    if not words or finding.element in CREDENTIALS:
        return
    if flags.isdisjoint(HIDDEN) and any(e.strength >= _PLAIN_STRENGTH for e in values):
        yield "plain_values", f"字段名或注释称{words[0]}，抽样取值却是明文，请核实"
    elif finding.element is None:
        yield "masked_values", f"取值{words[0]}，看不出原来的内容，请说明该字段的含义"
    elif elements()[finding.element].family not in HARMLESS:
        yield "masked_values", f"取值{words[0]}；去标识化后仍属个人信息，经复核可降低一级"
