"""Tables written down in a text file, one a line: ``T_RY: XM 姓名, SFZH 身份证号``."""

from __future__ import annotations

from typing import ClassVar

from connectors.base import SystemConfig
from connectors.files_base import Judged, ReadOnce, find_files, judge, needed_path
from connectors.model import Asset, Column, Failure


class ListsConnector(ReadOnce):
    KEYS: ClassVar[frozenset[str]] = frozenset({"path"})

    def __init__(self, config: SystemConfig) -> None:
        super().__init__(config)
        self.path = needed_path(config, "give a .txt file or a folder of them")

    def probe(self) -> None:
        find_files(self.path, (".txt",), "list")

    def read(self) -> Judged:
        self.failures = []
        found: dict[str, Asset] = {}
        for path in find_files(self.path, (".txt",), "list"):
            for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), 1):
                self._read_line(found, line, f"{path.name}:{number}")
        lost = ["some lines could not be read"] if self.failures else []
        return judge(self.config, found.values(), lost)

    def _read_line(self, found: dict[str, Asset], line: str, place: str) -> None:
        name, colon, rest = (part.strip() for part in line.partition(":"))
        if not line.strip():
            return
        if not colon or not name or name in found:
            self.failures.append(Failure("no table, or one that was named before", place, "write NAME: columns"))
            return
        items = dict(item.strip().partition(" ")[::2] for item in rest.split(",") if item.strip())
        columns = [Column(item, at, comment=label.strip() or None) for at, (item, label) in enumerate(items.items(), 1)]
        found[name] = Asset(self.config.department, self.config.id, name, columns=tuple(columns), place=place)
