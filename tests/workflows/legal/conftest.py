"""A site in a temporary folder, whose clock and whose person at the keyboard the test decides."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from workflows import clock, people, run
from workflows.acts.trail import Trail
from workflows.cli import cli


class District:
    """``district("entry", "submit", "parks", by="li")`` runs a command as somebody, some seconds after the last."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root, self.monkeypatch = root, monkeypatch
        self.time = datetime(2026, 1, 1, 9, 0, tzinfo=clock.CHINA)
        monkeypatch.setattr(clock, "now", self.now)
        monkeypatch.setattr(Trail.__init__, "__defaults__", (self.now,))
        monkeypatch.setattr(run.Job.__init__, "__kwdefaults__", {"progress": None, "clock": self.now})

    def now(self) -> datetime:
        self.time += timedelta(seconds=7)
        return self.time

    def on(self, day: str) -> str:
        """Go forward to a day's morning."""
        morning = datetime.fromisoformat(f"{day}T09:00:00+08:00")
        assert morning > self.time, f"{day} is over"
        self.time = morning
        return day

    def __call__(self, *arguments: str, by: str = "ops") -> Result:
        self.monkeypatch.setattr(people, "account", lambda: by)
        return CliRunner().invoke(cli, ["--site", str(self.root), *arguments])

    def json(self, *arguments: str, by: str = "ops") -> Any:
        """What the command prints with --json; it must succeed."""
        done = self(*arguments, "--json", by=by)
        assert done.exit_code == 0, (arguments, done.stdout, done.stderr)
        return json.loads(done.stdout)

    def refused(self, *arguments: str, by: str = "ops") -> str:
        """What a refused command says."""
        done = self(*arguments, by=by)
        assert done.exit_code == 4, (arguments, done.exit_code, done.stdout, done.stderr)
        return done.stderr

    def write(self, **files: str) -> None:
        """Files of the site, by name: ``__`` parts folders and the last ``_`` the suffix."""
        for name, text in files.items():
            stem, _, suffix = name.replace("__", "/").rpartition("_")
            path = self.root / f"{stem}.{suffix}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")


@pytest.fixture
def district(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> District:
    return District(tmp_path, monkeypatch)
