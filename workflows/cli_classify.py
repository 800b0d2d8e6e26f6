"""``pdc classify`` (a site, or one file without a site) and ``pdc evaluate``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from workflows.cli_common import State, departments_argument, json_option, pass_state, say

if TYPE_CHECKING:
    from workflows.standalone import Summary

INPUT = click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)
OUTPUT = click.Path(dir_okay=False, writable=True, allow_dash=True, path_type=Path)
SHOWN_BAD_LINES = 20


@click.command()
@departments_argument
@click.option("--input", "source", type=INPUT, help="Columns as JSON lines: classify them without a site (- = stdin).")
@click.option("--output", "target", type=OUTPUT, help="Where the labels of --input go, one line each (- = stdout).")
@click.option("--assets", "assets_target", type=OUTPUT, help="Where the rolled-up labels of --input's tables go.")
@click.option("--pack", "pack_name", default=None, help="Policy pack for --input (default putuo-2020).")
@json_option
@click.pass_context
@pass_state
def classify(
    state: State,
    ctx: click.Context,
    departments: tuple[str, ...],
    source: Path | None,
    target: Path | None,
    assets_target: Path | None,
    pack_name: str | None,
    as_json: bool,
) -> None:
    """Label what was harvested; with --input, label a file of columns without a site."""
    if source is not None:
        if departments or as_json:
            raise click.UsageError("--input takes neither departments nor --json")
        summary = classify_file(source, target or Path("-"), assets_target, pack_name or "putuo-2020")
        report_file(summary)
        ctx.exit(3 if summary.bad else 0)
    if target or assets_target or pack_name:
        raise click.UsageError("--output, --assets and --pack belong to --input")
    from workflows.cli_run import report

    with state.job("classify", departments) as job:
        job.classify()
    report(job.result, as_json)
    ctx.exit(job.result.exit_code)


def classify_file(source: Path, target: Path, assets_target: Path | None, pack_name: str) -> Summary:
    from workflows.run import now, open_pack
    from workflows.standalone import Classifier, classify_lines

    if source != Path("-") and source in (target, assets_target):
        raise click.UsageError("--input and --output must be different files")
    classifier = Classifier(open_pack(pack_name), now().date())
    with ExitStack() as stack:
        lines = stack.enter_context(click.open_file(str(source), "rb"))
        output = stack.enter_context(writer(target))
        assets = stack.enter_context(writer(assets_target)) if assets_target else None
        return classify_lines(lines, source.name, classifier, output, assets)


@contextmanager
def writer(path: Path) -> Iterator[IO[bytes]]:
    if path != Path("-"):
        path.parent.mkdir(parents=True, exist_ok=True)
    with click.open_file(str(path), "wb") as file:
        yield file


def report_file(summary: Summary) -> None:
    for message in summary.bad[:SHOWN_BAD_LINES]:
        say(f"error: {message}")
    if len(summary.bad) > SHOWN_BAD_LINES:
        say(f"error: … and {len(summary.bad) - SHOWN_BAD_LINES} more bad lines")
    say(f"{summary.columns} columns of {summary.tables} tables classified, {len(summary.bad)} bad lines")


COMMANDS = (classify,)
