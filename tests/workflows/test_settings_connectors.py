"""Settings of real connectors: what each of them alone can tell is told with everything else."""

from __future__ import annotations

from pathlib import Path

import pytest

from workflows.settings import SettingsError
from workflows.site import load_site


def test_mistakes_that_only_connectors_tell_come_with_all_others(tmp_path: Path) -> None:
    systems = [
        "{id: one, connector: ddl, path: a.sql, dialect: klingon}",
        "{id: two, connector: files, path: drop, encoding: klingon}",
        "{id: three, connector: openapi, path: a.json, timeout: 0}",
        "{id: four, connector: rest, url: 'https://host/', flavour: klingon}",
        "{id: five, connector: sqlite, path: a.db, inclde: []}",
        "{id: six, connector: files, url: 'file:///drop'}",
        "{id: seven, connector: files, url: 'klingon://host/x'}",
        "{id: eight, connector: ddl, path: a.sql, dialect: klingon, inclde: []}",
    ]
    (tmp_path / "departments").mkdir()
    (tmp_path / "site.yaml").write_text("harvest: {workers: 0}\n", "utf-8")
    lines = "".join(f"  - {system}\n" for system in systems)
    file = tmp_path / "departments" / "m.yaml"
    file.write_text(f"department: {{id: m, nmae: 民政局}}\nsystems:\n{lines}", "utf-8")
    with pytest.raises(SettingsError) as caught:
        load_site(tmp_path, environ={})
    found = str(caught.value).splitlines()
    told = [line for line in found if ": systems[" in line]
    first = [line for line in told if "systems[7]" not in line]
    words = ("dialect", "unknown encoding", "timeout", "flavour", "inclde", "write path:", "klingon://")
    assert len(first) == len(words), found
    assert all(word in line for word, line in zip(words, first, strict=True)), found
    assert any("nmae" in line for line in found)
    # One system may have several.
    assert any("dialect" in line for line in told if "systems[7]" in line), found
    assert any("workers" in line for line in found)
