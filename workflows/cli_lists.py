"""``pdc lists``: today's proposals, the official lists of any day, and the issues on record."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from workflows.cli_common import (
    State,
    as_day,
    as_option,
    echo,
    emit_json,
    emit_table,
    json_option,
    pass_state,
    say,
)
from workflows.errors import InputError

if TYPE_CHECKING:
    from workflows.lists.making import Made
    from workflows.run import Job


@click.group(invoke_without_command=True)
@click.option(
    "--as-of", metavar="DATE", help="The official lists of that day (ISO, or `today`), from published entries."
)
@click.option("--issue", "issue_too", is_flag=True, help="Put them on record: the next ones tell what has changed.")
@click.option("--why", default="", metavar="TEXT", help="With --issue, for the audit trail.")
@as_option
@json_option
@click.pass_context
@pass_state
def lists(
    state: State, ctx: click.Context, as_of: str | None, issue_too: bool, why: str, behalf: str, as_json: bool
) -> None:
    """Write the lists: proposals from what is labelled now, or with --as-of what was in force on a day."""
    if ctx.invoked_subcommand:
        if as_of or issue_too or why or behalf or as_json:
            raise click.UsageError(f"options come after `{ctx.invoked_subcommand}`")
        return
    if as_of is None:
        if issue_too:
            raise click.UsageError("--issue needs --as-of DATE")
        from workflows.cli_site import write
        from workflows.outputs import write_lists

        write(state, ctx, "lists", write_lists, as_json)
        return
    with state.job("lists", ()) as job:
        made = _made(job, as_of, issue_too, why, behalf)
    if as_json:
        emit_json(made)
    for path in made.written if not as_json else ():
        echo(path)
    for text in made.notes:
        say(f"note: {text}")
    for text in made.refused:
        say(f"refused: {text}")
    ctx.exit(4 if made.refused else 0)


def _made(job: Job, as_of: str, issue_too: bool, why: str, behalf: str) -> Made:
    from workflows.acts.site import site_actor
    from workflows.lists.making import Maker

    issuer = site_actor(job.site, behalf) if issue_too else None
    return Maker(job, _day(as_of, job), issuer, why).make()


def _day(text: str, job: Job) -> str:
    today = job.clock().date().isoformat()
    day = today if text == "today" else as_day(text, "--as-of")
    if day > today:
        raise InputError(f"--as-of {day} is in the future: nothing is in force then yet")
    return day


@lists.command()
@click.argument("name", required=False, metavar="[LIST]")
@json_option
@pass_state
def issues(state: State, name: str | None, as_json: bool) -> None:
    """The issues on record, oldest first; LIST: of one list, such as open."""
    from workflows.acts.trail import Trail
    from workflows.lists import issues as on_record
    from workflows.lists.demand import KEY
    from workflows.lists.official import KINDS
    from workflows.people import who_line

    if name not in (None, *KINDS, KEY):
        raise InputError(f"no list {name!r}; lists: {', '.join((*KINDS, KEY))}")
    with state.store() as (site, store):
        found = list(on_record.issues(Trail(store), name))
    if as_json:
        emit_json(found)
        return
    emit_table(
        ("number", "list", "issue", "as of", "issued", "by", "lines", "digest", "why"),
        [
            [
                *(one.number, one.list, one.issue, one.as_of, one.at[:16]),
                *(who_line(one.who, one.name, site.people), one.lines, one.digest[:12], one.why),
            ]
            for one in found
        ],
    )


@lists.command()
@click.argument("number", type=int)
@click.option("--to", type=click.Path(file_okay=False, path_type=Path), help="Folder; else out/official/issues/NUMBER.")
@json_option
@pass_state
def again(state: State, number: int, to: Path | None, as_json: bool) -> None:
    """Write an issue on record again, exactly as it was issued: workbooks and JSON lines."""
    from workflows.acts.trail import Trail
    from workflows.lists.again import write_again
    from workflows.lists.issues import found
    from workflows.outputs.files import writing_to

    with state.store() as (site, store):
        told, document = found(Trail(store), number)
        folder = to or site.out_dir / "official" / "issues" / str(number)
        with writing_to(folder, "--to FOLDER"):
            written = write_again(document, folder)
    if as_json:
        emit_json({"issue": told, "records": document.records, "written": [str(path) for path in written]})
        return
    for path in written:
        echo(str(path))
    if not document.books:
        say(f"note: {told.list} of {told.as_of} was issued before workbooks were kept: its records only")


COMMANDS = (lists,)
