"""What stands before and after the words of a column name: table prefixes, copy marks, what was done to the values."""

from __future__ import annotations

from classifiers.names.lexicon import default_lexicon, syllable_initials

_PREFIXES = frozenset("abcdfghlnstvzf")
_COPY = frozenset({"bak", "old", "tmp", "copy", "new", "cn", "zh", "txt", "str", "val1", "col", "ori", "raw", "s"})
_ORDINALS = frozenset({"one", "two", "three"})
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
    if len(words) > 1 and len(words[0]) == 1 and words[0] in _PREFIXES and not default_lexicon().senses("".join(words)):
        words = words[1:]
    return tuple(words), tuple(flags)


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
