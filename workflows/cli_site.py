"""Commands around a site: init, check, lists, site, pack."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click

from workflows.cli_common import Commands, State, echo, emit_json, emit_table, json_option, pass_state, say
from workflows.cli_openmetadata import export_recognizers
from workflows.cli_pack import PACK_COMMANDS, chosen_packs

if TYPE_CHECKING:
    from workflows.check_result import CheckResult
    from workflows.run import Writer

MOST_LINES = 6
"""Findings shown of one subject."""


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), metavar="DIR")
def init(folder: Path) -> None:
    """Make a new site folder with commented configuration."""
    from workflows.init import init_site

    for path in init_site(folder):
        echo(path)
    say(f"edit these files, then run `pdc --site {folder} check`")


@click.command()
@click.option(
    "--connect",
    is_flag=True,
    help="Also reach the server and every system: what would be listed, which rights are missing.",
)
@click.option(
    "--timeout", default=60.0, show_default=True, help="Seconds that one system may take.", type=click.FloatRange(0.1)
)
@json_option
@click.pass_context
@pass_state
def check(state: State, ctx: click.Context, connect: bool, timeout: float, as_json: bool) -> None:
    """Check settings and packs; with --connect also that every system and the server can be reached."""
    from workflows.check import check_site

    results = check_site(state.site(), connect, timeout)
    if as_json:
        emit_json(results)
    else:
        emit_table(("status", "what", "message"), list(check_rows(results)))
        say_counts(results)
    failed = {item.subject for item in results if item.status == "failed"}
    # Settings and packs are configuration; a server or system that cannot be reached is a failure of its own.
    ctx.exit(2 if failed & {"settings", "pack"} else int(bool(failed)))


def check_rows(results: list[CheckResult]) -> Iterator[tuple[str, str, str]]:
    """A row for each finding, at most a few for one subject, and below it what to do."""
    for subject, group in groupby(results, key=lambda item: item.subject):
        found = list(group)
        for item in found[:MOST_LINES]:
            yield item.status, subject, f"{item.place}: {item.message}" if item.place else item.message
            if item.hint:
                yield "", "", f"→ {item.hint}"
        if len(found) > MOST_LINES:
            yield "", subject, f"… and {len(found) - MOST_LINES} more, which --json shows"


def say_counts(results: list[CheckResult]) -> None:
    """How many systems are well; the worst finding of each counts."""
    worst: dict[str, str] = {}
    for item in results:
        if "/" in item.subject and worst.get(item.subject) != "failed":
            worst[item.subject] = item.status if item.status != "ok" else worst.get(item.subject, "ok")
    counts = Counter(worst.values())
    echo(f"systems: {len(worst)}, of which {counts['failed']} failed and {counts['warning']} have warnings")


@click.command()
@json_option
@click.pass_context
@pass_state
def site(state: State, ctx: click.Context, as_json: bool) -> None:
    """Write the HTML catalogue again from the store."""
    from workflows.outputs import write_page

    write(state, ctx, "site", write_page, as_json)


def write(state: State, ctx: click.Context, command: str, writer: Writer, as_json: bool) -> None:
    """Write some outputs and print where they are."""
    with state.job(command, ()) as job:
        job.write_outputs([writer])
    result = job.result
    if as_json:
        emit_json({"outputs": [str(path) for path in result.outputs], "refused": result.refused})
    else:
        for path in result.outputs:
            echo(path)
    if result.refused:
        say(f"refused: {result.refused}")
    ctx.exit(result.exit_code)


@click.group(cls=Commands)
def pack() -> None:
    """Look at policy packs and check them."""


@pack.command("list")
@json_option
def pack_list(as_json: bool) -> None:
    """The packs that come with the program."""
    from classifiers.policy import pack_names
    from workflows.run import open_pack

    packs = [open_pack(name) for name in pack_names()]
    if as_json:
        fields = ("id", "version", "title", "valid_from", "valid_to", "digest")
        emit_json([{name: getattr(item, name) for name in fields} for item in packs])
    else:
        rows = [(item.ident, item.title, item.valid_from, item.valid_to or "") for item in packs]
        emit_table(("pack", "title", "valid from", "valid to"), rows)


@pack.command("show")
@click.argument("name", default="putuo-2020")
@json_option
def pack_show(name: str, as_json: bool) -> None:
    """A pack's citations: key, rank, what it is and what it says."""
    from workflows.run import open_pack

    found = open_pack(name)
    if as_json:
        emit_json({"pack": found.ident, "title": found.title, "digest": found.digest, "citations": found.citations()})
        return
    echo(f"{found.ident}  {found.title}  (valid from {found.valid_from})")
    emit_table(("key", "rank", "citation"), [(c.key, c.rank, c.line()) for c in found.citations()])


@pack.command("check")
@click.argument("name", required=False)
@click.pass_context
@pass_state
def pack_check(state: State, ctx: click.Context, name: str | None) -> None:
    """Run a pack's own examples and look for rules without sufficient citation.

    NAME: a pack, an overlay file, or PACK+overlay.yaml. Without NAME: the site's pack with its overlays, or every
    built-in pack where there is no site.
    """
    from classifiers.pack_check import check_pack

    packs = chosen_packs(state, name)
    problems = [f"{item.ident}: {problem}" for item in packs for problem in check_pack(item)]
    for fact in dict.fromkeys(f"{item.ident}: unverified: {fact}" for item in packs for fact in item.unverified):
        say(fact)
    for problem in problems:
        say(problem)
    if not problems:
        echo(", ".join(item.ident for item in packs) + ": good")
    ctx.exit(2 if problems else 0)


pack.add_command(export_recognizers)

for command in PACK_COMMANDS:
    pack.add_command(command)

COMMANDS = (init, check, site, pack)
