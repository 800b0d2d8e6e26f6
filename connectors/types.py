"""Native column types → OpenMetadata's data type names, with length, precision and scale.

One table serves every source: PostgreSQL (and 人大金仓), MySQL and MariaDB, Oracle (and 达梦), SQL Server, SQLite, and
the notations of Chinese data dictionaries:

- words: 字符型, 数值型(10,2), 日期时间型 …
- the one-letter codes of the national compilation guide for government information resource catalogues
  (政务信息资源目录编制指南（试行）, 2017): C, N, Y, D, T, L, M, G, B, I, F, with a length as in ``C18``, ``N(10,2)``
- the formats of the health data element standard WS/T 303: ``AN..50``, ``AN18``, ``N..6,2``, ``D8``, ``T6``, ``DT15``

>>> normalise("character varying(18)")
NormalType(data_type='VARCHAR', length=18, precision=None, scale=None)
>>> normalise("NUMBER(10,2)")
NormalType(data_type='NUMBER', length=None, precision=10, scale=2)
>>> normalise("an..50").length, normalise("数值型（10，2）").scale, normalise("mood").data_type
(50, 2, 'UNKNOWN')
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple


class NormalType(NamedTuple):
    """``data_type`` is a name of OpenMetadata's ``DataType`` enumeration, ``UNKNOWN`` for what nobody knows."""

    data_type: str = "UNKNOWN"
    length: int | None = None
    """Characters, bytes or bits, in the source's own unit."""
    precision: int | None = None
    """Decimal digits of numbers; digits of a fraction of a second for times."""
    scale: int | None = None


# OpenMetadata's name: what sources call it, lower case, one space between words, arguments left out.
_SPELLINGS: dict[str, str] = {
    "TINYINT": "tinyint, byte, int1",
    "SMALLINT": "smallint, int2, smallserial, serial2, 短整型, 短整数",
    "INT": "int, integer, int4, serial, serial4, mediumint, middleint, int3, pls_integer, binary_integer, "
    "整型, 整数, 整数型, 整形, 整数值",
    "BIGINT": "bigint, big int, int8, bigserial, serial8, oid, xid, 长整型, 长整数, 大整数, 大整型",
    "LARGEINT": "largeint, hugeint, int16",
    "DECIMAL": "decimal, dec, fixed, 小数, 小数型, 定点型, 定点数",
    "NUMERIC": "numeric, 数值, 数值型, 数字, 数字型, 数字类型, 数值类型",
    "NUMBER": "number",
    "FLOAT": "float, float4, real, binary_float, single, 浮点, 浮点型, 浮点数, 单精度, 单精度型, 单精度浮点型",
    "DOUBLE": "double, double precision, float8, binary_double, 双精度, 双精度型, 双精度浮点型, 双精度浮点",
    "MONEY": "money, smallmoney, 货币, 货币型, 金额, 金额型",
    "BIT": "bit, bit varying, varbit",
    "BOOLEAN": "boolean, bool, logical, 布尔, 布尔型, 布尔值, 逻辑, 逻辑型, 是否, 是否型",
    "CHAR": "char, character, bpchar, nchar, national char, national character, native character, "
    "定长字符, 定长字符型, 定长字符串",
    "VARCHAR": "varchar, varchar2, nvarchar, nvarchar2, character varying, char varying, national varchar, "
    "national char varying, national character varying, nchar varying, nchar varchar, varying character, sysname, "
    "name, 字符, 字符型, 字符串, 字符串型, 字符类型, 字符串类型, 变长字符, 变长字符型, 变长字符串, 可变长字符, "
    "可变字符, 可变字符串, 可变长字符串, 代码, 代码型, 编码, 编码型",
    "STRING": "string",
    "TEXT": "text, tinytext, longtext, citext, long varchar, longvarchar, memo, "
    "文本, 文本型, 长文本, 长文本型, 大文本, 大文本型, 多行文本, 备注, 备注型, 文字型",
    "MEDIUMTEXT": "mediumtext",
    "NTEXT": "ntext",
    "CLOB": "clob, nclob, dbclob, character large object, char large object, 大字段, 大字符",
    # Oracle's LONG is text and Java's an integer: the name is kept, the doubt with it.
    "LONG": "long",
    "DATE": "date, 日期, 日期型, 日期类型",
    "TIME": "time, timetz, time with time zone, time without time zone, 时间, 时间型",
    "DATETIME": "datetime, datetime2, smalldatetime, 日期时间, 日期时间型, 时间日期, 时间日期型, "
    "日期时间类型, 时间类型",
    "TIMESTAMP": "timestamp, timestamp without time zone, 时间戳, 时间戳型",
    "TIMESTAMPZ": "timestamptz, timestamp with time zone, timestamp with local time zone, datetimeoffset, "
    "datetime with time zone, datetime with local time zone",
    "YEAR": "year, 年份, 年度, 年",
    "INTERVAL": "interval",
    "BINARY": "binary, rowversion",
    "VARBINARY": "varbinary, binary varying, raw",
    "BYTEA": "bytea",
    "BLOB": "blob, tinyblob, long raw, longvarbinary, long varbinary, bfile, binary large object, "
    "二进制, 二进制型, 二进制流, 二进制类型, 附件, 附件型, 文件, 文件型, 通用型",
    "MEDIUMBLOB": "mediumblob",
    "LONGBLOB": "longblob",
    "IMAGE": "image, 图片, 图片型, 图像, 图像型, 照片",
    "JSON": "json, jsonb",
    "XML": "xml, xmltype",
    "UUID": "uuid, uniqueidentifier, guid",
    "ENUM": "enum, 枚举, 枚举型",
    "SET": "set",
    "ARRAY": "array, varray, 数组",
    "MAP": "map, hstore",
    "STRUCT": "struct, row, object, 对象",
    "RECORD": "record",
    "VARIANT": "variant, sql_variant",
    "ROWID": "rowid, urowid",
    "GEOMETRY": "geometry, st_geometry, sdo_geometry, linestring, multipoint, multilinestring, multipolygon, "
    "geometrycollection, geomcollection, line, lseg, box, path, circle, 空间, 空间型, 几何, 几何型",
    "GEOGRAPHY": "geography",
    "POINT": "point, st_point",
    "POLYGON": "polygon, st_polygon",
    "INET": "inet",
    "CIDR": "cidr",
    "MACADDR": "macaddr, macaddr8",
    "IPV4": "inet4, ipv4",
    "IPV6": "inet6, ipv6",
    "TSVECTOR": "tsvector",
    "TSQUERY": "tsquery",
    "PG_LSN": "pg_lsn",
    "PG_SNAPSHOT": "pg_snapshot",
    "TXID_SNAPSHOT": "txid_snapshot",
    "DATETIMERANGE": "tsrange, tstzrange, daterange",
}
_NAMES = {word.strip(): name for name, words in _SPELLINGS.items() for word in words.split(",")}

DATA_TYPES = frozenset(_SPELLINGS) | {"UNKNOWN"}
"""Every ``data_type`` that a connector may give, a part of OpenMetadata's enumeration."""

# The guide's codes, and S, BY, DT, A, AN of the health data elements. A length may follow.
_CODES = {
    **{"c": "VARCHAR", "n": "NUMERIC", "y": "MONEY", "d": "DATE", "t": "DATETIME", "l": "BOOLEAN", "m": "TEXT"},
    **{"g": "BLOB", "b": "DOUBLE", "i": "INT", "f": "FLOAT"},
    **{"s": "VARCHAR", "s1": "VARCHAR", "s2": "VARCHAR", "s3": "VARCHAR", "by": "BLOB", "dt": "DATETIME"},
    **{"a": "CHAR", "an": "CHAR"},
}

_WITH_LENGTH = frozenset({"CHAR", "VARCHAR", "STRING", "TEXT", "CLOB", "BINARY", "VARBINARY", "BIT", "BLOB"})
_WITH_SCALE = frozenset({"DECIMAL", "NUMERIC", "NUMBER", "FLOAT", "DOUBLE", "MONEY"})
_WITH_FRACTION = frozenset({"TIME", "DATETIME", "TIMESTAMP", "TIMESTAMPZ", "INTERVAL"})

_ARGUMENTS = re.compile(r"\(([^()]*)\)")
_MODIFIERS = re.compile(
    r"\b(?:unsigned|signed|zerofill|identity|auto_increment|autoincrement|not null|null|ascii|unicode"
    r"|(?:character set|charset|collate)\s*[=\s]\s*\S+)(?!\S)"
)
_INTERVAL = re.compile(r"interval (?:year|month|day|hour|minute|second)")
_GENERIC = re.compile(r"(array|map|struct|nullable|lowcardinality)\s*<")
_TRAILING_NUMBERS = re.compile(r"^(?P<name>.*?\D)[\s:,]*(?P<numbers>\d+(?:\s*[,.]\s*\d+)?)$")
_CODE = re.compile(
    r"^(?P<code>by|dt|an|s[123](?!\d)|[acndtslmgbifys])\s*"
    r"(?P<least>\d*)(?P<dots>\.\.)?(?P<most>\d*)(?:[,.](?P<scale>\d+))?(?:/\d+|\*\d+|x\d+|ul)*$"
)
_WORD_WITH_CODE = re.compile(
    r"^(?P<word>[一-鿿]{2,})\s*[:,-]?\s*(?:by|dt|an|[acndtlmgbifys])?\s*(?:[一-鿿]+|(?P<numbers>[\d.,]*))$"
)


@lru_cache(maxsize=8192)
def normalise(native: str) -> NormalType:
    """The normal form of a type as the source spells it; an empty or unknown spelling gives ``UNKNOWN``."""
    text = re.sub(r"\s+", " ", unicodedata.normalize("NFKC", native).replace("、", ",").strip().lower())
    text = re.sub(r"[\[【](\d[\d,. ]*)[\]】]", r"(\1)", text)
    if text.endswith("[]") or text.endswith(" array"):
        return NormalType("ARRAY")
    if found := re.match(r"(enum|set)\s*\(", text):
        return NormalType(found[1].upper())
    if found := _GENERIC.match(text):
        return NormalType(_NAMES.get(found[1], "UNKNOWN"))
    arguments = _ARGUMENTS.search(text)
    name = _MODIFIERS.sub(" ", _ARGUMENTS.sub(" ", text))
    name = re.sub(r"\s+", " ", name).strip()
    return _named(name, arguments[1] if arguments else "") or _coded(name, arguments[1] if arguments else "")


def _named(name: str, arguments: str) -> NormalType | None:
    """A spelling from the table: bare, qualified by a schema, or with its length behind it (字符型18)."""
    if _INTERVAL.match(name):
        return NormalType("INTERVAL")
    for candidate in (name, name.rsplit(".", 1)[-1].strip('"`[] ')):
        if data_type := _NAMES.get(candidate):
            return _with_numbers(data_type, arguments)
    if (found := _WORD_WITH_CODE.match(name)) and (data_type := _NAMES.get(found["word"])):
        return _with_numbers(data_type, arguments or found["numbers"] or "")
    if found := _TRAILING_NUMBERS.match(name):
        data_type = _NAMES.get(found["name"].strip())
        return _with_numbers(data_type, found["numbers"]) if data_type else None
    return None


def _coded(name: str, arguments: str) -> NormalType:
    """``C18``, ``N(10,2)``, ``an..50``, ``D8``; ``UNKNOWN`` when it is none of these either."""
    found = _CODE.match(name)
    if found is None:
        inner = name + re.sub(r"\s", "", arguments)
        found = _CODE.match(inner) if arguments else None
    if found is None:
        return NormalType()
    code, size = found["code"], found["most"] or found["least"]
    if code == "t" and size:
        return NormalType("TIME")
    # Without the dots the length is fixed; an open beginning (``an..50``) makes it variable.
    data_type = "VARCHAR" if code in ("a", "an") and (found["dots"] or not size) else _CODES[code]
    if data_type in _WITH_FRACTION:
        return NormalType(data_type)
    numbers = size + (f",{found['scale']}" if found["scale"] else "")
    return _with_numbers(data_type, arguments or numbers)


def _with_numbers(data_type: str, arguments: str) -> NormalType:
    first, second = _numbers(arguments)
    if data_type in _WITH_LENGTH:
        return NormalType(data_type, length=first)
    if data_type in _WITH_SCALE:
        return NormalType(data_type, precision=first, scale=second)
    # A dictionary's 日期时间型(14) counts characters, not digits of a second.
    if data_type in _WITH_FRACTION and first is not None and first <= 9:
        return NormalType(data_type, precision=first)
    return NormalType(data_type)


def _numbers(arguments: str) -> tuple[int | None, int | None]:
    """``18 char`` → (18, None); ``10,2`` or ``10.2`` → (10, 2); ``*,0`` → (None, 0); ``max`` → (None, None)."""
    parts = [part.strip() for part in re.split(r"[,.]", arguments.removeprefix(".."))]
    first, second = (_leading_integer(parts[i]) if i < len(parts) else None for i in (0, 1))
    return first, second


def _leading_integer(text: str) -> int | None:
    found = re.match(r"-?\d+", text)
    return int(found[0]) if found and len(found[0]) <= 9 else None
