"""What the commands share: the site in hand, tables and JSON on stdout, messages on stderr, errors as one sentence."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
import msgspec

from connectors.base import ConfigurationError, ConnectorError
from workflows.errors import InputError, WorkflowError, unforeseen

if TYPE_CHECKING:
    from workflows.harvest import Progress
    from workflows.run import Job
    from workflows.settings import Site
    from workflows.store import Store

F = TypeVar("F", bound=Callable[..., Any])


class State:
    """The global options of one call."""

    def __init__(self, site_dir: Path, debug: bool = False) -> None:
        self.site_dir, self.debug = site_dir, debug

    def site(self, *, secrets: bool = True, warn: bool = False) -> Site:
        """The checked settings; ``warn`` tells what is odd in them on stderr."""
        from workflows.site import load_site

        site = load_site(self.site_dir, secrets=secrets)
        for warning in site.warnings if warn else ():
            say(f"warning: {warning}")
        return site

    @contextmanager
    def store(self, *, secrets: bool = False) -> Iterator[tuple[Site, Store]]:
        """The site and its database; by default no system's secrets are asked for."""
        from workflows.store import Store

        site = self.site(secrets=secrets, warn=secrets)
        with Store(site.store_url, site.audit_head, site.people) as store:
            try:
                yield site, store
            finally:
                for warning in dict.fromkeys(store.warnings):
                    say(f"warning: {warning}")

    @contextmanager
    def job(self, command: str, departments: Sequence[str], *, secrets: bool = False) -> Iterator[Job]:
        """A run over the site with progress bars when a person watches."""
        from workflows.run import Job

        with (
            self.store(secrets=secrets) as (site, store),
            progress() as bars,
            Job(site, store, command, departments, progress=bars) as job,
        ):
            yield job


pass_state = click.make_pass_decorator(State)


class Commands(click.Group):
    """A group whose errors are one clear sentence and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except Exception as exc:
            if isinstance(ctx.obj, State) and ctx.obj.debug:
                raise
            say(f"error: {explain_error(exc)}")
            ctx.exit(exit_code(exc))


def exit_code(exc: Exception) -> int:
    if isinstance(exc, WorkflowError):
        return exc.exit_code
    return 2 if isinstance(exc, ConfigurationError) else 1


def explain_error(exc: Exception) -> str:
    if isinstance(exc, (WorkflowError, ConnectorError)):
        return str(exc)
    if isinstance(exc, OSError) and exc.strerror:
        return f"{exc.filename}: {exc.strerror}" if exc.filename else exc.strerror
    return f"{unforeseen(exc)} (run again with `pdc --debug …` and report the trace)"


@contextmanager
def progress() -> Iterator[Progress]:
    if sys.stderr.isatty():
        from workflows.progress import Bars

        with Bars() as bars:
            yield bars
    else:
        from workflows.harvest import Silent

        yield Silent()


# C0 but tab and line feed, DEL and C1, which terminals obey; marks that turn text around or part lines; surrogates.
_OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def visible(text: str) -> str:
    r"""A text that does nothing to a terminal: what it would obey is written as Python writes it.

    >>> print(visible("T_\x1b[31mRED\x9b\u202e"))
    T_\x1b[31mRED\x9b\u202e
    """
    return _OBEYED.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def _json_escape(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"


def echo(text: object = "", *, err: bool = False) -> None:
    """Lines for a person. Names and comments in them come from anywhere: see `visible`."""
    click.echo(visible(str(text)), err=err)


def say(message: str) -> None:
    """A message for a person: stderr."""
    echo(message, err=True)


def emit_json(value: Any) -> None:
    """One JSON document on stdout."""
    text = msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
    # JSON itself escapes C0 only; what is found stands inside of strings.
    click.echo(_OBEYED.sub(_json_escape, text))


def emit_line(value: Any) -> None:
    """One JSON object on one line."""
    click.echo(_OBEYED.sub(_json_escape, msgspec.json.encode(value).decode()))


def emit_table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Aligned columns on stdout; Han characters count as two."""
    texts = [list(header), *([_in_one_line(str(cell)) for cell in row] for row in rows)]
    widths = [max(map(width, column)) for column in zip(*texts, strict=True)]
    for row in texts:
        cells = (cell + " " * (size - width(cell)) for cell, size in zip(row, widths, strict=True))
        echo("  ".join(cells).rstrip())


def _in_one_line(text: str) -> str:
    return visible(text).replace("\n", "\\n").replace("\t", "\\t")


def width(text: str) -> int:
    """Columns that a text takes in a terminal."""
    from unicodedata import east_asian_width

    return sum(2 if east_asian_width(char) in "WF" else 1 for char in text)


def json_option(command: F) -> F:
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of a table.")(command)


def as_option(command: F) -> F:
    """``--as NAME``, for every command that acts."""
    text = "On whose behalf; written down, and counts neither for a right nor as a second person."
    return click.option("--as", "behalf", metavar="NAME", default="", help=text)(command)


def as_day(text: str, option: str) -> str:
    """A day of the command line, exactly CCYY-MM-DD: days are compared as text. Raises `InputError`."""
    from workflows.sharing.calendar import iso_day

    try:
        return iso_day(text).isoformat()
    except ValueError:
        raise InputError(f"{option} is a day such as 2026-03-31, not {text!r}") from None


def departments_argument(command: F) -> F:
    argument = click.argument("departments", nargs=-1, metavar="[DEPT]...", shell_complete=complete_departments)
    return argument(command)


def complete_departments(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Department ids of the site; nothing when there is no readable site."""
    from workflows.site import load_site

    root = ctx.find_root().params.get("site_dir") or "."
    try:
        site = load_site(Path(root), secrets=False)
    except Exception:
        return []
    return [department.id for department in site.departments if department.id.startswith(incomplete)]
