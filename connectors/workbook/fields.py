"""Field rows of a data dictionary → columns, keys, and what is wrong with single cells."""

from __future__ import annotations

import re

from connectors.model import Column, Failure, ForeignKey
from connectors.types import NormalType, normalise
from connectors.workbook.cells import Broken
from connectors.workbook.grid import Row, Sheet, narrow
from connectors.workbook.layout import Header

_YES_WORDS = """
    是 y yes true t 1 √ ✓ ✔ ☑ v ● ○ * p pk m 有 对 主键 必填 必选 必输 可空 可为空 允许 允许为空 可以
"""
_NO_WORDS = """
    否 n no false f 0 × x ✗ ✘ ☐ - / o c 无 不 选填 可选 非必填 非空 不为空 不允许 不可空 不可以 不能为空
"""
_YES, _NO = frozenset(_YES_WORDS.split()), frozenset(_NO_WORDS.split())
# 说明：… under the last field.
_REMARK = re.compile(r"[:：。；]|^(?:注|说明|备注)$")
_LENGTH = re.compile(r"(\d+)(?:\s*[,，.]\s*(\d+))?")
_TAKES_LENGTH = frozenset({"CHAR", "VARCHAR", "STRING", "BINARY", "VARBINARY", "BIT"})
_TAKES_SCALE = frozenset({"DECIMAL", "NUMERIC", "NUMBER", "FLOAT", "DOUBLE", "MONEY"})
_REFERENCE = re.compile(
    r"([A-Za-z_一-鿿][\w$#]*(?:\.[A-Za-z_][\w$#]*)??)\s*(?:[.(（]\s*([A-Za-z_一-鿿][\w$#]*)\s*[)）]?)?"
)


class FieldReader:
    """Reads the rows of one table; afterwards has its keys and failures."""

    def __init__(self, sheet: Sheet, header: Header) -> None:
        self.sheet = sheet
        self.cells = header.cells
        self.primary_key: list[str] = []
        self.foreign_keys: list[ForeignKey] = []
        self.failures: list[Failure] = []

    def read(self, rows: list[Row]) -> list[Column]:
        columns: list[Column] = []
        seen: set[str] = set()
        for row in rows:
            name = self._name(row, seen)
            if name:
                seen.add(name)
                columns.append(self._column(row, name, len(columns) + 1))
        return columns

    def _name(self, row: Row, seen: set[str]) -> str | None:
        index = self.cells["column"]
        text = row.cell(index)
        if isinstance(text, Broken):
            self.failures.append(broken_cell(self.sheet, row, index, text, "the field's name"))
            return None
        name = narrow(text)
        if _REMARK.search(name) and len(row.filled()) == 1:
            return None
        if not name:
            if self._says_something(row):
                self._fail(row, "column", "a row with content but without a field name", "fill in the field's name")
            return None
        if name in seen:
            self._fail(row, "column", "a field name that the table has already", "the first one is kept")
            return None
        return name

    def _says_something(self, row: Row) -> bool:
        """A footer (one cell) or a number alone is no field."""
        outside = {self.cells.get(role) for role in ("ordinal", "table", "table_label", "schema")}
        telling = [index for index, _ in row.filled() if index not in outside]
        return len(telling) >= 2 or telling == [self.cells.get("label")]

    def _column(self, row: Row, name: str, ordinal: int) -> Column:
        native, normal = self._type(row)
        nullable = self._nullable(row)
        constraint = self._text(row, "constraint")
        if self._flag(row, "key") or re.search(r"主键|primary|\bpk\b", constraint, re.I):
            self.primary_key.append(name)
            nullable = False
        self._reference(row, name)
        return Column(
            name=name,
            ordinal=ordinal,
            type=native,
            data_type=normal.data_type,
            nullable=nullable,
            comment=self._comment(row, name),
            default=self._text(row, "default") or None,
            length=normal.length,
            precision=normal.precision,
            scale=normal.scale,
        )

    # --- cells ----------------------------------------------------------------------------------------------------

    def _text(self, row: Row, role: str) -> str:
        text = row.cell(self.cells.get(role))
        if isinstance(text, Broken):
            self.failures.append(broken_cell(self.sheet, row, self.cells[role], text))
            return ""
        return text

    def _fail(self, row: Row, role: str, what: str, hint: str) -> None:
        self.failures.append(Failure(what, self.sheet.at(row, self.cells[role]), hint))

    def _comment(self, row: Row, name: str) -> str | None:
        """The label, with the remark in brackets: 性别（1男2女）."""
        label, note = self._text(row, "label"), self._text(row, "note")
        if not label or label == name:
            return note or label or None
        return f"{label}（{note}）" if note and note not in label else label

    def _type(self, row: Row) -> tuple[str, NormalType]:
        native = self._text(row, "type")
        normal = normalise(native) if native else NormalType()
        size = _LENGTH.search(self._text(row, "length"))
        if size is None or "(" in native or "（" in native or normal.length or normal.precision:
            return native, normal
        scale = size[2] or (found[1] if (found := _LENGTH.search(self._text(row, "scale"))) else None)
        if normal.data_type in _TAKES_SCALE and scale is not None:
            native = f"{native}({size[1]},{scale})"
        elif normal.data_type in _TAKES_LENGTH | _TAKES_SCALE:
            native = f"{native}({size[1]})"
        elif normal.data_type == "UNKNOWN":
            return native, normal._replace(length=int(size[1]))
        return native, normalise(native)

    def _flag(self, row: Row, role: str) -> bool | None:
        """Yes, no, or None for an empty cell and for words that are neither."""
        word = re.sub(r"\s+", "", self._text(row, role)).lower()
        if word in ("null", "notnull"):
            return (word == "null") == (role == "nullable")
        if role == "required" and word in ("非空", "不为空", "不能为空"):
            return True
        return True if word in _YES else (False if word in _NO else None)

    def _nullable(self, row: Row) -> bool | None:
        if "nullable" in self.cells:
            return self._flag(row, "nullable")
        if "required" in self.cells:
            required = self._flag(row, "required")
            return None if required is None else not required
        constraint = self._text(row, "constraint").strip().lower()
        if re.search(r"非空|不为空|not\s*null", constraint) or constraint in ("m", "必填", "必选"):
            return False
        return True if constraint in ("o", "c", "可选", "选填", "可空") else None

    def _reference(self, row: Row, name: str) -> None:
        text = self._text(row, "foreign")
        if not text or self._flag(row, "foreign") is not None:
            return
        if found := _REFERENCE.fullmatch(text):
            referred = (found[2],) if found[2] else ()
            self.foreign_keys.append(ForeignKey((name,), found[1], referred))


def broken_cell(sheet: Sheet, row: Row, index: int, found: Broken, what: str = "the cell") -> Failure:
    """A formula or error value where content is expected: nobody knows what its author sees."""
    kind = f"a formula ({found})" if found.is_formula else f"an error value ({found})"
    return Failure(f"{what} is {kind}", sheet.at(row, index), "type the text, or paste it as values")
