"""What stands before and after the words of a column name: table prefixes, copy marks, what was done to the values."""

from __future__ import annotations

import re

from classifiers.names.lexicon import default_lexicon, syllable_initials
from classifiers.names.tokens import may_be_initials

_PREFIXES = frozenset("abcdfghlnstvzf")
_COPY = frozenset({"bak", "old", "tmp", "copy", "new", "cn", "zh", "txt", "str", "val1", "col", "ori", "raw", "s"})
_ORDINALS = frozenset({"one", "two", "three"})
# Glued to initials: JCRYONE, SECSJHM.
_COUNTED = ("one", "two", "three", "first", "second", "fir", "sec")
# UserName_ZR: whose name, in initials (责任, 经办, 审核, 审批, 负责, 承办, 复核, 联系, 登记, 制单).
_ROLES = frozenset({"zr", "jb", "sh", "sp", "fz", "cb", "fh", "lx", "dj", "zd", "tj", "bl"})
_AFFIX_FLAGS = {
    "enc": "encrypted", "encrypt": "encrypted", "encrypted": "encrypted", "sm4": "encrypted", "aes": "encrypted",
    "cipher": "encrypted", "md5": "hashed", "sm3": "hashed", "hash": "hashed", "sha": "hashed", "sha256": "hashed",
    "mask": "masked", "masked": "masked", "tm": "masked", "desensitized": "masked", "tuomin": "masked",
}  # fmt: skip

# join_community_volunteer: a flag, but join_date is a date.
TAKES_PART = frozenset({"join", "joined", "need", "allow", "enable", "support", "become"})
CONTACTS = frozenset({"contact", "contacts"})
# pay_result, goods_score: of the thing, in whatever field; disabled_num counts and is no code.
OUTCOMES = frozenset({"result", "results", "total", "amount", "score", "scores", "sum", "total amount"})
COUNTS = frozenset({"num", "nums", "number"})
# SFCJ, SFXS, SFLQ: 是否参加, 享受, 领取.
FLAG_PREFIXES = frozenset(
    {"is", "if", "has", "sf", "whether", "have", "sfw", "ynis", "can", "flag"}
    | {"sfcj", "sfxs", "sflq", "sfjn", "sfgm", "sfsq", "sfnr"}
)
# Ends of glued initials: of what is said of whoever stands before them.
PERSON_ENDS = frozenset({"xb", "zz", "xm", "dh", "sj", "dz", "zjh", "sfz", "sjh", "mc", "zjhm", "lx", "zjlx"})
PERSON_WORDS = frozenset({"fzr", "lxr", "jbr", "zrr", "sqr", "jhr", "shr", "cbr"})
# Heads that are safe after anything: what they mean is harmless whatever stands before.
PLAIN_ENDS = frozenset({"rq", "sj", "je", "mc", "dm", "bh", "lx", "lb", "zt", "sl", "mj", "bz", "sm", "ms", "rs", "bm"})
SHORT_ENDS = PERSON_ENDS | PLAIN_ENDS


def without_affixes(tokens: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Tokens without digits, table prefixes and copy marks; flags of what the affixes say of the values."""
    flags: list[str] = []
    joined = [a + b if a + b in _AFFIX_FLAGS else a for a, b in zip(tokens, (*tokens[1:], ""), strict=False)]
    words = [token for token in joined if not token.isdigit()]
    while len(words) > 1 and (words[-1] in _COPY | _ORDINALS or words[-1] in _AFFIX_FLAGS):
        flag = _AFFIX_FLAGS.get(words.pop())
        if flag:
            flags.append(flag)
    if len(words) == 3 and words[-1] in _ROLES and words[-2] == "name":
        words.pop()
    if len(words) == 1:
        words = [_without_ordinal(words[0])]
    if len(words) > 1 and len(words[0]) == 1 and words[0] in _PREFIXES and not default_lexicon().senses("".join(words)):
        words = words[1:]
    return tuple(words), tuple(flags)


def _without_ordinal(word: str) -> str:
    """``jcry`` of ``jcryone``, ``fzr`` of ``secfzr``: what is counted is known in initials."""
    for ordinal in _COUNTED:
        rest = word.removesuffix(ordinal) if word.endswith(ordinal) else word.removeprefix(ordinal)
        if 2 < len(rest) < len(word) and may_be_initials(rest):
            senses = default_lexicon().senses(rest)
            if senses and senses[0].style == "initials" and not default_lexicon().senses(word):
                return rest
    return word


def is_somebody(tokens: tuple[str, ...]) -> bool:
    """Whether an unknown name ends in 人 or in person: ``huifuren``, ``ydren``, ``dutyPerosn``.

    >>> is_somebody(("hui", "fu", "ren")), is_somebody(("ydren",)), is_somebody(("sosperson",))
    (True, True, True)
    >>> is_somebody(("children",)), is_somebody(("zeren",)), is_somebody(("salesren",))
    (False, False, False)
    """
    word = "".join(tokens)
    if word.endswith(_PERSON) and len(word) > 8:
        return True
    front = word.removesuffix("ren")
    if front == word or len(front) < 2:
        return False
    return len(syllable_initials(front)) > 1 or (len(front) < 4 and _VOWELS.isdisjoint(front) and front.isalpha())


# WBRY: whoever (人员) does something, in two letters.
STAFF = re.compile(r"[b-df-hj-np-tw-z]{2}ry")
_PERSON = ("person", "perosn", "persion")
_VOWELS = frozenset("aeiou")


# A syllable may begin with A (安, 案); those that begin with E or O are few.
_NOT_FIRST = frozenset("eiou")


def are_letters(text: str) -> bool:
    """Whether letters can be initials of something unknown, not the front of an English word.

    >>> are_letters("czr"), are_letters("gajg"), are_letters("wel")
    (True, True, False)
    """
    return _NOT_FIRST.isdisjoint(text)


def may_be_pinyin(text: str) -> bool:
    """Whether letters can be pinyin or initials of something unknown.

    >>> may_be_pinyin("jiedao"), may_be_pinyin("czr"), may_be_pinyin("distri")
    (True, True, False)
    """
    return are_letters(text) or syllable_initials(text) != ""
