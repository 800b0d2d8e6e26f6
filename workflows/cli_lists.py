"""``pdc lists``: today's proposals, and the official lists of any day."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from workflows.cli_common import State, as_day, as_option, echo, emit_json, json_option, pass_state, say
from workflows.errors import InputError, Refusal

if TYPE_CHECKING:
    from workflows.acts.trail import Trail
    from workflows.entries.published import PublishedEntry
    from workflows.lists.issues import Issue
    from workflows.lists.official import OfficialList
    from workflows.run import Job


@click.command()
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
    if as_of is None:
        if issue_too:
            raise click.UsageError("--issue needs --as-of DATE")
        from workflows.cli_site import write
        from workflows.outputs import write_lists

        write(state, ctx, "lists", write_lists, as_json)
        return
    with state.job("lists", ()) as job:
        day = _day(as_of, job)
        written, refused = _write(job, day, issue_too, why, behalf)
    if as_json:
        emit_json({"as_of": day, "written": [str(path) for path in written], "refused": refused})
    for path in written if not as_json else ():
        echo(str(path))
    for text in refused:
        say(f"refused: {text}")
    ctx.exit(4 if refused else 0)


def _day(text: str, job: Job) -> str:
    today = job.clock().date().isoformat()
    day = today if text == "today" else as_day(text, "--as-of")
    if day > today:
        raise InputError(f"--as-of {day} is in the future: nothing is in force then yet")
    return day


def _write(job: Job, day: str, issue_too: bool, why: str, behalf: str) -> tuple[list[Path], list[str]]:
    """Each list by itself: one that is refused keeps no other from being written."""
    from workflows.acts.site import site_actor
    from workflows.acts.trail import Trail
    from workflows.entries.published import published_entries
    from workflows.lists.books import checked, records, write_official
    from workflows.lists.issues import issue, previous
    from workflows.lists.official import KINDS
    from workflows.outputs import site_scope

    trail = Trail(job.store, job.clock)
    entries = [_named(one, job) for one in published_entries(trail, day)]
    info, folder = job.info(), job.site.out_dir / "official" / day
    written: list[Path] = []
    refused: list[str] = []
    for kind in KINDS.values():
        try:
            found = checked(kind, entries, job.pack, day == job.clock().date().isoformat())
            before = previous(trail, kind.key, day)
            written += write_official(kind, site_scope(info), found, day, info, job.pack, folder, before)
            written += _by_department(job, trail, kind, found, day, folder)
            if issue_too:
                told = records(kind, found, job.pack)
                issue(trail, site_actor(job.site, behalf), job.site.rights, kind.key, day, told, job.pack.ident, why)
        except Refusal as error:
            refused.append(f"{kind.name}: {error}")
    try:
        written += _demand(job, trail, entries, day, issue_too, why, behalf)
    except Refusal as error:
        refused.append(str(error))
    return written, refused


def _demand(
    job: Job, trail: Trail, entries: list[PublishedEntry], day: str, issue_too: bool, why: str, behalf: str
) -> list[Path]:
    """数据需求清单, from the requests of that day: the district's and each department's."""
    from workflows.acts.site import site_actor
    from workflows.lists.demand import KEY, demand_record, demands, write_demand
    from workflows.lists.issues import issue, previous
    from workflows.outputs import site_scope
    from workflows.outputs.files import safe_name
    from workflows.sharing.states import states

    info, folder = job.info(), job.site.out_dir / "official" / day
    told = [demand_record(one, info, job.pack) for one in demands(states(trail, day).values(), entries)]
    before = previous(trail, KEY, day)
    written = write_demand(site_scope(info), told, day, info, folder, before)
    for department in job.site.departments:
        own = [record for record in told if record["department"] == department.id]
        part = _part(before, department.id)
        if own or (part and part.records):
            written += write_demand(department.name, own, day, info, folder / safe_name(department.id), part)
    if issue_too:
        issue(trail, site_actor(job.site, behalf), job.site.rights, KEY, day, told, job.pack.ident, why)
    return written


def _by_department(
    job: Job, trail: Trail, kind: OfficialList, found: list[PublishedEntry], day: str, folder: Path
) -> Iterator[Path]:
    from workflows.lists.books import write_official
    from workflows.lists.issues import previous
    from workflows.outputs.files import safe_name

    before = previous(trail, kind.key, day)
    for department in job.site.departments:
        own = [one for one in found if one.entry.department == department.id]
        part = _part(before, department.id)
        if own or (part and part.records):
            place = folder / safe_name(department.id)
            yield from write_official(kind, department.name, own, day, job.info(), job.pack, place, part)


def _part(before: Issue | None, department: str) -> Issue | None:
    """One department's part of an issue."""
    if before is None:
        return None
    mine = tuple(record for record in before.records if _department(record) == department)
    return msgspec.structs.replace(before, records=mine)


def _department(record: dict[str, Any]) -> str:
    """Whose it is: of a request the asking department's."""
    return str(record.get("department") or str(record["asset"]).split("/", 1)[0])


def _named(one: PublishedEntry, job: Job) -> PublishedEntry:
    """With the name of who approved a refusal instead of their id."""
    if one.state.in_force_refusal is None:
        return one
    names = {person.id: person.name for person in job.site.people}
    approval = msgspec.structs.replace(
        one.state.in_force_refusal, who=names.get(one.state.in_force_refusal.who, one.state.in_force_refusal.who)
    )
    return msgspec.structs.replace(one, state=msgspec.structs.replace(one.state, in_force_refusal=approval))


COMMANDS = (lists,)
