"""Small drops of files, made by the tests themselves."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from connectors.base import SystemConfig
from connectors.files import FilesConnector
from connectors.model import Asset


class Drop:
    """A folder that departments put files into."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.notices: list[str] = []
        """Of the last `read`."""

    def write(self, path: str, content: str | bytes, encoding: str = "utf-8") -> Path:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode(encoding) if isinstance(content, str) else content)
        return target

    def xlsx(self, path: str, **sheets: list[list[Any]]) -> Path:
        book = Workbook()
        book.remove(book["Sheet"])
        for title, rows in sheets.items():
            sheet = book.create_sheet(title)
            for row in rows:
                sheet.append(row)
        book.save(self.root / path)
        return self.root / path

    def zip(self, path: str, files: Mapping[str, str | bytes]) -> Path:
        with zipfile.ZipFile(self.root / path, "w", zipfile.ZIP_DEFLATED) as packed:
            for name, content in files.items():
                packed.writestr(name, content)
        return self.root / path

    def source(self, path: str = "", **keys: Any) -> FilesConnector:
        known = {name: keys.pop(name) for name in ("include", "exclude", "restricted", "url") if name in keys}
        where = {} if "url" in known else {"path": str(self.root / path)}
        return FilesConnector(SystemConfig(department="d", id="s", connector="files", options=keys, **where, **known))

    def read(self, path: str = "", **keys: Any) -> dict[str, Asset]:
        """The assets of a drop with which nothing is wrong."""
        with self.source(path, **keys) as source:
            assets = {asset.qualified_name: asset for asset in source.assets()}
            assert source.failures == []
            assert source.list_assets().complete
        self.notices = source.notices
        return assets

    def troubled(self, path: str = "", **keys: Any) -> tuple[dict[str, Asset], list[str], bool]:
        """The assets, the failures as text, and whether the listing is complete."""
        with self.source(path, **keys) as source:
            listing = source.list_assets()
            assets = {asset.qualified_name: asset for asset in source.assets()}
            return assets, [str(failure) for failure in source.failures], listing.complete


@pytest.fixture
def drop(tmp_path: Path) -> Drop:
    folder = tmp_path / "drop"
    folder.mkdir()
    return Drop(folder)


@pytest.fixture
def dbf() -> Callable[..., bytes]:
    return make_dbf


@pytest.fixture
def xls() -> Callable[..., bytes]:
    return make_xls


def make_dbf(fields: list[tuple[bytes, str, int, int]], records: Iterable[list[bytes]], code_page: int = 0) -> bytes:
    """A dBASE III table: fields of name, kind, length and decimals; records of bytes as they stand."""
    rows = [b" " + b"".join(v.ljust(f[2]) for v, f in zip(r, fields, strict=True)) for r in records]
    length = 1 + sum(field[2] for field in fields)
    head = struct.pack("<B3BIHH16xBB2x", 3, 126, 1, 1, len(rows), 33 + 32 * len(fields), length, 0, code_page)
    defined = b"".join(
        struct.pack("<11sc4xBB14x", name, kind.encode(), size, decimals) for name, kind, size, decimals in fields
    )
    return head + defined + b"\r" + b"".join(rows) + b"\x1a"


def make_xls(rows: list[list[str | float]]) -> bytes:
    """A worksheet of Excel 2.1 (BIFF2), the simplest that the reader of .xls takes."""
    records = [struct.pack("<HHHH", 0x09, 4, 2, 0x10), struct.pack("<HHH", 0x42, 2, 936)]
    for number, row in enumerate(rows):
        for index, value in enumerate(row):
            place = struct.pack("<HH3x", number, index)
            if isinstance(value, str):
                raw = value.encode("gbk")
                body = place + bytes((len(raw),)) + raw
                records.append(struct.pack("<HH", 0x04, len(body)) + body)
            else:
                records.append(struct.pack("<HH", 0x03, 15) + place + struct.pack("<d", value))
    return b"".join([*records, struct.pack("<HH", 0x0A, 0)])
