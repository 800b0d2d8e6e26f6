"""``pdc review``, ``pdc decide`` and ``pdc template``: what stewards rule on, in workbooks and on the command line."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click
import msgspec

from workflows.cli_common import (
    State,
    as_option,
    complete_departments,
    echo,
    emit_json,
    emit_table,
    json_option,
    pass_state,
    say,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from classifiers.policy import Pack
    from workflows.acts.model import Actor
    from workflows.acts.trail import Trail
    from workflows.review.desk import Ruled, Wish
    from workflows.review.intake import Imported
    from workflows.review.items import Item
    from workflows.review.rows import RowVerdict
    from workflows.settings import Site
    from workflows.store import Store

WORDS = {
    "accepted": "accepted",
    "waits": "waits for a second person",
    "unchanged": "unchanged",
    "conflict": "conflict",
    "refused": "refused",
}
SHOWN = 20


class Office(NamedTuple):
    """What every command here needs."""

    site: Site
    store: Store
    trail: Trail
    pack: Pack
    actor: Actor


@contextmanager
def office(state: State, behalf: str) -> Iterator[Office]:
    from workflows.acts.site import site_actor
    from workflows.acts.text import one_line_text
    from workflows.acts.trail import Trail
    from workflows.run import open_pack

    one_line_text("--as", behalf)
    with state.store() as (site, store):
        pack = open_pack(site.pack, site.overlays)
        yield Office(site, store, Trail(store), pack, site_actor(site, behalf))


def department_argument(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.argument("department", metavar="DEPT", shell_complete=complete_departments)(command)


def output_option(command: Callable[..., Any]) -> Callable[..., Any]:
    kind = click.Path(dir_okay=False, path_type=Path)
    named = click.option(
        "-o", "--output", type=kind, callback=_workbook, metavar="FILE", help="Where to write (default: in `out`)."
    )
    return named(command)


def _workbook(ctx: click.Context, parameter: click.Parameter, path: Path | None) -> Path | None:
    if path is not None and path.suffix.lower() != ".xlsx":
        raise click.BadParameter(f"{path.name} is no name of a workbook; let it end in .xlsx", ctx, parameter)
    return path


@click.group()
def review() -> None:
    """What waits for stewards, and the workbooks that they fill in."""


@review.command("export")
@department_argument
@output_option
@as_option
@json_option
@pass_state
def export_command(state: State, department: str, output: Path | None, behalf: str, as_json: bool) -> None:
    """Write a workbook in which a department's stewards agree with proposals or change them.

    What it shows is kept, so that an import can tell what has changed since. Only who may rule on the department may.
    """
    from workflows.acts.rights import require
    from workflows.outputs.files import safe_name, writing_to
    from workflows.review.export import export

    with office(state, behalf) as found:
        owner = found.site.department(department)
        require(found.actor, "decide", owner.id, found.site.rights)
        path = output or found.site.out_dir / safe_name(owner.id) / "审核表.xlsx"
        with writing_to(path, "-o FILE"):
            done = export(found.store, found.pack, owner, found.actor, path, found.trail)
    if as_json:
        emit_json({**msgspec.structs.asdict(done), "path": str(done.path)})
    else:
        echo(str(done.path))
        say(f"{done.items} items, {done.pending} of which wait for a person; {done.resources} resources")


@review.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Tell what would become of each row, and keep nothing.")
@click.option("--accept-conflicts", is_flag=True, help="Also rows on what somebody has changed since the export.")
@as_option
@json_option
@click.pass_context
@pass_state
def import_command(
    state: State,
    ctx: click.Context,
    file: Path,
    dry_run: bool,
    accept_conflicts: bool,
    behalf: str,
    as_json: bool,
) -> None:
    """Bring a filled workbook in: rows that are right count, all in one transaction; the others are told.

    A row counts as a whole or not at all. A lower tier waits for a second person, who agrees by importing or deciding
    the same. The same file twice changes nothing. Exit code 3: some rows were left out, 4: all were.
    """
    from workflows.review.intake import Importer

    with office(state, behalf) as found:
        departments = {one.id: one for one in found.site.departments}
        importer = Importer(found.trail, found.pack, found.actor, found.site.rights, departments)
        done = importer.run(file, dry_run=dry_run, accept_conflicts=accept_conflicts)
    report_import(done, as_json)
    ctx.exit(done.exit_code)


def report_import(done: Imported, as_json: bool) -> None:
    if as_json:
        emit_json(
            {
                "department": done.department,
                "export": done.export,
                "exported_at": done.exported_at,
                "dry_run": done.dry_run,
                "counts": done.counts,
                "rows": done.rows,
            }
        )
    else:
        quiet = () if done.dry_run else ("accepted", "unchanged")
        rows = [_row(row) for row in done.rows if row.verdict not in quiet]
        if rows:
            emit_table(("row", "verdict", "item", "yours", "theirs", "why"), rows)
    kept = "; nothing was kept (--dry-run)" if done.dry_run else ""
    say(_counted(done.counts) + kept)
    if not done.dry_run and done.counts["accepted"]:
        say("rulings take effect with the next `pdc classify`")


def _row(row: RowVerdict) -> tuple[str, ...]:
    item = f"{row.asset}.{row.column}" if row.column else row.asset
    return row.place, row.verdict, item, _said(row.yours.items()), row.theirs, row.told


def _said(values: Any) -> str:
    return " ".join(f"{name}={_value(value)}" for name, value in values)


def _value(value: str | None) -> str:
    """``None`` refuses a proposal; an empty text is an emptied cell."""
    from workflows.review.rows import cut

    return "rejected" if value is None else cut(value) or "(emptied)"


@review.command("queue")
@click.argument("departments", nargs=-1, metavar="[DEPT]...", shell_complete=complete_departments)
@click.option("--limit", type=click.IntRange(1), default=SHOWN, show_default=True, help="How many to show.")
@json_option
@pass_state
def queue_command(state: State, departments: tuple[str, ...], limit: int, as_json: bool) -> None:
    """What people should look at first.

    What is undetermined, a tie or near the threshold; then the highest tier, then the lowest confidence.
    """
    from workflows.review.items import most_urgent

    with office(state, "") as found:
        chosen = [one.id for one in found.site.select(departments)] if departments else []
        waiting, first = most_urgent(found.store, chosen, limit)
    shown = [_queued(item) for item in first]
    if as_json:
        emit_json({"waiting": waiting, "items": shown})
    elif shown:
        rows = [
            (one["item"], one["doubt"], one["tier"], one["confidence"], _said(one["proposed"].items())) for one in shown
        ]
        emit_table(("item", "doubt", "tier", "confidence", "proposed"), rows)
    if not as_json:
        say(f"{waiting} waiting")


def _queued(item: Item) -> dict[str, Any]:
    return {
        "item": f"{item.stored.asset.key}.{item.column.name}",
        "comment": item.column.comment or "",
        "doubt": item.doubt,
        "state": item.state,
        "tier": item.tier,
        "confidence": round(item.confidence, 3),
        "proposed": {name: mark.value for name, mark in item.marks.items() if mark.proposed},
        "reason": "；".join(dict.fromkeys(label.reason for label in item.pending)),
    }


# --- pdc decide --------------------------------------------------------------------------------------------------


@click.command()
@click.argument("asset", required=False, metavar="[ASSET[.COLUMN]]")
@click.option(
    "--where",
    "wheres",
    multiple=True,
    metavar="'KEY=GLOB …'",
    help="Many columns: department, system, table, column, element, tier, state.",
)
@click.option(
    "--set",
    "sets",
    multiple=True,
    metavar="'KEY=VALUE …'",
    help="tier, share, open, element; keys or the pack's names.",
)
@click.option(
    "--reject",
    "rejects",
    multiple=True,
    type=click.Choice(("element", "tier", "share", "open")),
    help="Refuse the proposal without another value.",
)
@click.option(
    "--why",
    default="",
    metavar="TEXT",
    help="Why, in one line; needed to restrict sharing (Art. 22) and with --reject.",
)
@click.option(
    "--basis",
    multiple=True,
    metavar="KEY",
    help="Citation: its key, or 《…法》第二十八条、第三十四条; to restrict sharing the law asks for one.",
)
@click.option("--dry-run", is_flag=True, help="Tell what would become of each column, and keep nothing.")
@click.option("--yes", is_flag=True, help="Do not ask before keeping it.")
@as_option
@json_option
@click.pass_context
@pass_state
def decide(
    state: State,
    ctx: click.Context,
    asset: str | None,
    wheres: tuple[str, ...],
    sets: tuple[str, ...],
    rejects: tuple[str, ...],
    why: str,
    basis: tuple[str, ...],
    dry_run: bool,
    yes: bool,
    behalf: str,
    as_json: bool,
) -> None:
    """Rule on one asset or column, or on every column that fits --where, after a preview.

    \b
    pdc decide T_DBJT.GMSFHM --set tier=L3 --why 核对无误
    pdc decide --where 'element=person.mobile system=rescue' --set 'tier=L3 share=conditional' --why …
    """
    from workflows.errors import InputError
    from workflows.review import choose
    from workflows.review.sheets import Choices
    from workflows.ruling import SUGGESTED

    if asset and asset.partition("=")[0] in SUGGESTED:
        raise InputError(f"{asset} is no asset: put several values into one --set 'tier=L3 {asset}', or repeat --set")
    if bool(asset) == bool(wheres):
        raise InputError("give either ASSET[.COLUMN] or --where")
    if as_json and not (dry_run or yes):
        raise InputError("--json asks nothing: add --dry-run or --yes")
    with office(state, behalf) as found:
        choices = Choices(found.pack)
        wanted = choose.setting(choices, sets, rejects, why, basis)
        if asset:
            wishes = choose.wishes_for(found.store, asset, wanted)
        else:
            wishes = choose.wishes_of(choose.where(found.store, choices, wheres), wanted)
        decider = choose.Decider(found.trail, found.pack, found.actor, found.site.rights)
        ruled = _decided(decider, wishes, dry_run, yes)
    if as_json:
        emit_json({"dry_run": dry_run, "counts": _counts(ruled), "rulings": ruled})
    elif dry_run or yes:
        _show(ruled)
    else:
        _sum_up(ruled)
    ctx.exit(_exit_code(ruled))


def _decided(decider: Any, wishes: Sequence[Sequence[Wish]], dry_run: bool, yes: bool) -> list[Ruled]:
    """After the preview, when there is somebody to look at it."""
    if yes and not dry_run:
        found: list[Ruled] = decider.decide(wishes)
        return found
    preview: list[Ruled] = decider.preview(wishes)
    if dry_run:
        return preview
    _show(preview)
    able = sum(one.verdict in ("accepted", "waits") for one in preview)
    if not able or not click.confirm(f"Keep {able} rulings?", err=True):
        return preview
    done: list[Ruled] = decider.decide(wishes)
    return done


def _show(ruled: Sequence[Ruled]) -> None:
    rows = [
        (_place(one.wish), one.verdict, _said([(one.wish.dimension, one.wish.value)]), one.theirs, one.told)
        for one in ruled
    ]
    if rows:
        emit_table(("item", "verdict", "yours", "theirs", "why"), rows)
    _sum_up(ruled)


def _sum_up(ruled: Sequence[Ruled]) -> None:
    say(_counted(_counts(ruled)))


def _counted(counts: Mapping[str, int]) -> str:
    """Only what occurs."""
    told = [f"{counts[name]} {words}" for name, words in WORDS.items() if counts[name]]
    return ", ".join(told) or "nothing to decide"


def _place(wish: Wish) -> str:
    return f"{wish.asset}.{wish.column}" if wish.column else wish.asset


def _counts(ruled: Sequence[Ruled]) -> dict[str, int]:
    from workflows.review.desk import counted

    return counted(one.verdict for one in ruled)


def _exit_code(ruled: Sequence[Ruled]) -> int:
    left = sum(one.verdict in ("refused", "conflict") for one in ruled)
    return 0 if not left else 4 if left == len(ruled) else 3


# --- pdc template ------------------------------------------------------------------------------------------------


@click.command()
@department_argument
@output_option
@json_option
@pass_state
def template(state: State, department: str, output: Path | None, as_json: bool) -> None:
    """Write a blank workbook in which a department describes its tables, for systems that cannot be reached.

    `connector: workbook` with its path harvests what comes back.
    """
    from workflows.clock import now
    from workflows.outputs.files import safe_name, writing_to
    from workflows.review.template import write_template

    site = state.site(secrets=False)
    owner = site.department(department)
    path = output or site.out_dir / safe_name(owner.id) / "数据资源填报表.xlsx"
    with writing_to(path, "-o FILE"):
        write_template(path, owner.name, now().isoformat(timespec="seconds"))
    if as_json:
        emit_json({"department": owner.id, "path": str(path)})
    else:
        echo(str(path))


COMMANDS = (review, decide, template)
