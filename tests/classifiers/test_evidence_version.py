"""What makes harvest sample everything again: the version of whatever makes evidence, and of nothing else."""

from __future__ import annotations

import subprocess
import sys

from classifiers.engine import _OBSERVERS, engine_version, evidence_version

LOADED = """
import sys
from datetime import date
from classifiers.engine import observe
from classifiers.evidence import ColumnInput, TableInput
observe(TableInput("t", (ColumnInput("c"),)), {"c": ["31010719900101123X"] * 20}, as_of=date(2026, 1, 1))
print(*(name for name in sys.modules if name.startswith("classifiers.")))
"""


def test_it_covers_every_module_that_observing_loads() -> None:
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True)
    files = [name.partition(".")[2].replace(".", "/") + ".py" for name in done.stdout.split()]
    assert len(files) > 50
    missing = [name for name in files if not name.startswith(_OBSERVERS) and f"{name[:-3]}/" not in _OBSERVERS]
    assert missing == []


def test_names_and_packs_do_not_change_it() -> None:
    assert evidence_version() != engine_version()
    assert not [name for name in _OBSERVERS if name.startswith(("names", "packs", "elements", "verdict", "policy"))]
