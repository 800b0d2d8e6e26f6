"""Entries, site and pack for the tests of outputs."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from classifiers.policy import Pack, load_pack
from workflows.entry import Entry, SiteInfo


@pytest.fixture(scope="session")
def entries() -> list[Entry]:
    return msgspec.yaml.decode(Path(__file__).with_name("entries.yaml").read_bytes(), type=list[Entry])


@pytest.fixture(scope="session")
def info() -> SiteInfo:
    return SiteInfo(
        name="普陀区公共数据资源目录",
        generated_at="2026-11-23T10:30:00+08:00",
        pack="putuo-2020@1",
        departments={"cgj": "普陀区城管局", "minzheng": "普陀区民政局", "empty": "普陀区档案局"},
        restricted_systems=1,
    )


@pytest.fixture(scope="session")
def pack() -> Pack:
    return load_pack("putuo-2020")
