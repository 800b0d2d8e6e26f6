"""``pdc init``: a new site folder from the templates that come with the program."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from connectors.base import ConfigurationError

if TYPE_CHECKING:
    # It moved in 3.11 and warns at its old place since 3.12.
    from importlib.abc import Traversable

TEMPLATE = files("workflows") / "templates" / "site"


def init_site(folder: Path) -> list[Path]:
    """Write the templates into ``folder``, made if need be, and return the files written.

    Nothing is ever overwritten: when one of the files is there already, none is written and `ConfigurationError` names
    all that are in the way.
    """
    if folder.exists() and not folder.is_dir():
        raise ConfigurationError(f"{folder} is not a folder", hint="name a new one")
    templates = {folder / name: source for name, source in sorted(template_files())}
    taken = [path.relative_to(folder).as_posix() for path in templates if path.exists()]
    if taken:
        what = f"{folder} already holds {', '.join(taken)}; nothing was written"
        raise ConfigurationError(what, hint="name a new folder, or move these files away")
    for path, source in templates.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        # "x": a file that appeared in the meantime is not overwritten either.
        with path.open("xb") as file:
            file.write(source.read_bytes())
    return list(templates)


def template_files(folder: Traversable = TEMPLATE, prefix: str = "") -> Iterator[tuple[str, Traversable]]:
    """(path relative to the site, template) of every file."""
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from template_files(entry, f"{prefix}{entry.name}/")
        else:
            yield f"{prefix}{entry.name}", entry
