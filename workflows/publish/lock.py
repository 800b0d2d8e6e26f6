"""One writer per site: two publications at once would each mend what the other has under way."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workflows.errors import Refusal


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold the site's lock (a file in ``folder``); the system lets go of it however the process ends.

    Raises ``Refusal`` while another process holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "publish.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as exc:
            raise Refusal("another process is publishing this site (wait until it has ended)") from exc
        yield
