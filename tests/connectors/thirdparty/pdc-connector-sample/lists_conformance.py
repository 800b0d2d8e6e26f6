"""What a third party writes to test its connector; run by ``pytest lists_conformance.py``."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.base import SystemConfig
from connectors.hostile import HostileInputs
from connectors.testing import Conformance

SAMPLE = "T_RY: XM 姓名, SFZH 身份证号\nT_QH: DM 代码, MC\n"


class TestLists(Conformance):
    MARKED = 1

    @pytest.fixture
    def config(self, tmp_path: Path) -> SystemConfig:
        (tmp_path / "a.txt").write_text(SAMPLE + "机密名单: XM 姓名\n", "utf-8")
        return SystemConfig(department="d", id="s", connector="lists", path=str(tmp_path))


class TestListsOnHostileInputs(HostileInputs):
    connector = "lists"

    def documents(self) -> dict[str, bytes]:
        return {"a.txt": SAMPLE.encode()}
