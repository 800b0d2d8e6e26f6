"""Native spellings of every source, and OpenMetadata's names for them."""

from __future__ import annotations

import ast
import re
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.types import DATA_TYPES, NormalType, normalise

# spelling: data type, length, precision, scale
CASES = """
varchar(18)                            VARCHAR 18 - -
character varying(18)                  VARCHAR 18 - -
character varying                      VARCHAR - - -
bpchar                                 CHAR - - -
CHAR(1)                                CHAR 1 - -
text                                   TEXT - - -
timestamp(6) without time zone         TIMESTAMP - 6 -
timestamp with time zone               TIMESTAMPZ - - -
time without time zone                 TIME - - -
double precision                       DOUBLE - - -
numeric(10,2)                          NUMERIC - 10 2
integer[]                              ARRAY - - -
character varying(18)[]                ARRAY - - -
jsonb                                  JSON - - -
public.geometry(Point,4326)            GEOMETRY - - -
interval year to month                 INTERVAL - - -
bit varying(5)                         BIT 5 - -
bytea                                  BYTEA - - -
mood                                   UNKNOWN - - -
int(11) unsigned zerofill              INT - - -
tinyint(1)                             TINYINT - - -
bigint(20) unsigned                    BIGINT - - -
mediumint                              INT - - -
decimal(10,2) unsigned                 DECIMAL - 10 2
enum('a(b','c')                        ENUM - - -
set('x','y')                           SET - - -
longtext                               TEXT - - -
mediumblob                             MEDIUMBLOB - - -
datetime(3)                            DATETIME - 3 -
year(4)                                YEAR - - -
varchar(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin   VARCHAR 20 - -
VARCHAR2(18 CHAR)                      VARCHAR 18 - -
NVARCHAR2(50)                          VARCHAR 50 - -
NUMBER                                 NUMBER - - -
NUMBER(10)                             NUMBER - 10 -
NUMBER(10,2)                           NUMBER - 10 2
NUMBER(*,0)                            NUMBER - - 0
NUMBER(5,-2)                           NUMBER - 5 -2
CLOB                                   CLOB - - -
RAW(16)                                VARBINARY 16 - -
LONG RAW                               BLOB - - -
LONG                                   LONG - - -
TIMESTAMP(6) WITH LOCAL TIME ZONE      TIMESTAMPZ - 6 -
INTERVAL DAY(2) TO SECOND(6)           INTERVAL - - -
MDSYS.SDO_GEOMETRY                     GEOMETRY - - -
nvarchar(max)                          VARCHAR - - -
datetime2(7)                           DATETIME - 7 -
datetimeoffset                         TIMESTAMPZ - - -
uniqueidentifier                       UUID - - -
int identity(1,1)                      INT - - -
[nvarchar](50)                         VARCHAR 50 - -
UNSIGNED BIG INT                       BIGINT - - -
NATIVE CHARACTER(70)                   CHAR 70 - -
字符型                                 VARCHAR - - -
字符型（18）                           VARCHAR 18 - -
字符型[18]                             VARCHAR 18 - -
字符型C(18)                            VARCHAR 18 - -
字符型，18                             VARCHAR 18 - -
字符串18                               VARCHAR 18 - -
数值型                                 NUMERIC - - -
数值型（10，2）                        NUMERIC - 10 2
数值型 N(10,2)                         NUMERIC - 10 2
数值型10,2                             NUMERIC - 10 2
日期型                                 DATE - - -
日期型(8)                              DATE - - -
日期时间型(14)                         DATETIME - - -
整型                                   INT - - -
长整型                                 BIGINT - - -
文本                                   TEXT - - -
布尔型                                 BOOLEAN - - -
货币型                                 MONEY - - -
双精度型                               DOUBLE - - -
C                                      VARCHAR - - -
C18                                    VARCHAR 18 - -
C(18)                                  VARCHAR 18 - -
C..50                                  VARCHAR 50 - -
N                                      NUMERIC - - -
N(10,2)                                NUMERIC - 10 2
N10,2                                  NUMERIC - 10 2
N10.2                                  NUMERIC - 10 2
N..6,2                                 NUMERIC - 6 2
Y                                      MONEY - - -
D                                      DATE - - -
T                                      DATETIME - - -
L                                      BOOLEAN - - -
M                                      TEXT - - -
D8                                     DATE - - -
T6                                     TIME - - -
DT15                                   DATETIME - - -
S1                                     VARCHAR - - -
BY                                     BLOB - - -
AN18                                   CHAR 18 - -
an..50                                 VARCHAR 50 - -
an..ul                                 VARCHAR - - -
A1                                     CHAR 1 - -
AN..2000X3                             VARCHAR 2000 - -
?                                      UNKNOWN - - -
随便                                   UNKNOWN - - -
"""


def _cases() -> list[tuple[str, NormalType]]:
    lines = [line.rsplit(None, 4) for line in CASES.strip().splitlines()]
    return [
        (native.strip(), NormalType(kind, *(None if n == "-" else int(n) for n in numbers)))
        for native, kind, *numbers in lines
    ]


@pytest.mark.parametrize(("native", "expected"), _cases(), ids=lambda value: value if isinstance(value, str) else "")
def test_spelling(native: str, expected: NormalType) -> None:
    assert normalise(native) == expected


@pytest.mark.parametrize("native", ["varchar(18)", "NUMBER(10,2)", "timestamp with time zone", "字符型(18)"])
def test_case_width_and_spaces_do_not_matter(native: str) -> None:
    wide = native.replace("(", "（").replace(")", "）").replace(",", "，")
    variants = [native.upper(), native.title(), f"  {native} ", native.replace("(", " ( "), wide]
    assert {normalise(variant) for variant in variants} == {normalise(native)}


def test_nothing_gives_unknown() -> None:
    assert normalise("") == normalise("   ") == NormalType("UNKNOWN")


@given(st.text(max_size=40) | st.from_regex(r"[a-zA-Z字符数值]{1,6}[ (（.,，\[\])）0-9x/]{0,12}", fullmatch=True))
def test_any_text_has_a_known_type_and_sane_numbers(native: str) -> None:
    kind = normalise(native)
    assert kind.data_type in DATA_TYPES
    assert all(number is None or abs(number) < 10**9 for number in kind[1:])


def test_every_name_is_in_openmetadatas_enumeration() -> None:
    spec = find_spec("metadata")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    # Read as text: importing the SDK takes seconds.
    file = Path(spec.submodule_search_locations[0], "generated/schema/entity/data/table.py")
    classes = (node for node in ast.parse(file.read_text()).body if isinstance(node, ast.ClassDef))
    body = next(ast.unparse(node) for node in classes if node.name == "DataType")
    assert set(re.findall(r"= '([^']+)'", body)) >= DATA_TYPES
