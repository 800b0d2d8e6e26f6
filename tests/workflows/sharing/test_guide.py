"""The worked example of docs/sharing.md, run as it stands there."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "sharing.md"


def steps() -> Iterator[tuple[str, str, list[str]]]:
    """Account, command and what it prints; a comment is the day on which the next one runs."""
    text = "\n".join(re.findall(r"```console\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL))
    for block in re.split(r"^(?=\w+\$ |# )", text, flags=re.MULTILINE)[1:]:
        first, *printed = block.rstrip().splitlines()
        account, _, command = first.partition("$ ") if "$ " in first else ("", "", first.removeprefix("# "))
        yield account, command, printed


def test_the_example_does_what_it_says(town: Any) -> None:
    for name in ("parks", "permits"):
        town.publish(name)
    found = list(steps())
    assert len(found) > 12
    for account, command, printed in found:
        if not account:
            day = date.fromisoformat(command)
            town.time = town.time.replace(year=day.year, month=day.month, day=day.day)
            continue
        done = town(*shlex.split(command)[1:], account=account)
        assert [line.rstrip() for line in (done.stdout or done.stderr).splitlines()] == printed, command
