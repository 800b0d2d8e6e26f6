"""``pdc plan`` and ``pdc publish``: what would be written to OpenMetadata, and writing it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from workflows.cli_common import (
    State,
    departments_argument,
    echo,
    emit_json,
    emit_table,
    json_option,
    pass_state,
    progress,
    say,
)

if TYPE_CHECKING:
    from workflows.publish.job import Publishing, PublishResult
    from workflows.publish.model import Change, Plan, PlannedAsset

SHOWN = 20
"""Lines of one kind on stderr before the rest is counted."""


@click.command()
@departments_argument
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Save the plan here, as JSON.")
@json_option
@click.pass_context
@pass_state
def plan(state: State, ctx: click.Context, departments: tuple[str, ...], output: Path | None, as_json: bool) -> None:
    """Show what publishing would write to OpenMetadata: creates, changes, withdrawals and conflicts with people.

    Writes nothing. A saved plan (--output) is applied by `pdc publish --plan FILE` and refused when anything differs
    by then.
    """
    with publishing(state, departments) as job:
        found = job.plan()
    if output is not None:
        save_plan(found, output)
    show_plan(found, as_json)
    ctx.exit(plan_exit_code(found))


@click.command()
@departments_argument
@click.option("--dry-run", is_flag=True, help="Show the plan and write nothing.")
@click.option(
    "--plan",
    "plan_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Apply this saved plan and nothing else.",
)
@json_option
@click.pass_context
@pass_state
def publish(
    state: State,
    ctx: click.Context,
    departments: tuple[str, ...],
    dry_run: bool,
    plan_file: Path | None,
    as_json: bool,
) -> None:
    """Write the catalogue to OpenMetadata: definitions, assets, labels; what people did there stays.

    A publication that was cut off is mended by the next one. A second one writes nothing.
    """
    from workflows.run_log import logged

    if dry_run and plan_file:
        raise click.UsageError("--dry-run shows a new plan and --plan applies a saved one: give one of them")
    if departments and plan_file:
        raise click.UsageError("a saved plan names its departments itself: leave them out")
    saved = read_plan(plan_file) if plan_file else None
    with publishing(state, saved.departments if saved else departments, write=not dry_run) as job:
        if dry_run:
            found = job.plan()
            show_plan(found, as_json)
            ctx.exit(plan_exit_code(found))
        with logged(job.store, "publish") as entry:
            result = job.publish(saved)
            entry.done(result.exit_code, written=result.written, seconds=result.seconds, requests=result.requests)
    show_result(result, as_json)
    ctx.exit(result.exit_code)


@contextmanager
def publishing(state: State, departments: Sequence[str], *, write: bool = False) -> Iterator[Publishing]:
    """The site, its store and its server, opened; a token or server that fails meanwhile is told as at the start."""
    from connectors.om_errors import NotAuthenticated, ServerRetryError
    from workflows.publish.connect import PUBLISHING, ServerUnreachable, ServerUnusable, open_server
    from workflows.publish.job import Publishing
    from workflows.publish.lock import only_one
    from workflows.run import open_pack

    with state.store() as (site, store), only_one(site.var_dir) if write else nullcontext(), progress() as bars:
        settings = site.server
        site.select(departments)
        pack = open_pack(site.pack, site.overlays)
        with open_server(settings, PUBLISHING if write else None) as client:
            try:
                yield Publishing(site, store, pack, settings, client, tuple(departments), progress=bars)
            except NotAuthenticated as exc:
                raise ServerUnusable(str(exc)) from exc
            except ServerRetryError as exc:
                raise ServerUnreachable(f"{exc}; the next `pdc publish` mends what was under way") from exc


def save_plan(found: Plan, output: Path) -> None:
    import msgspec

    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n")
    say(f"plan saved: {output} (apply it with `pdc publish --plan {output}`)")


def read_plan(path: Path) -> Plan:
    import msgspec

    from workflows.errors import InputError
    from workflows.publish.model import Plan

    try:
        return msgspec.json.decode(path.read_bytes(), type=Plan)
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise InputError(f"{path}: no plan of `pdc plan --output` (plan again)") from exc


# --- plans -------------------------------------------------------------------------------------------------------


def plan_exit_code(found: Plan) -> int:
    return (3 if found.assets or found.definitions else 1) if found.failures else 0


def show_plan(found: Plan, as_json: bool) -> None:
    """A plan as aligned lines, one per change; of what is new, one per asset."""
    if as_json:
        emit_json(found)
        return
    lines = [line for change in found.definitions for line in [change_line(change)]]
    lines += [line for asset in found.assets for line in asset_lines(asset)]
    lines += [change_line(change) for change in found.conflicts]
    if lines:
        emit_table(("what", "kind", "where", "change", "why"), lines)
    echo(plan_summary(found))
    tell("notice", found.notices)
    tell("failed", found.failures)


def asset_lines(asset: PlannedAsset) -> Iterator[tuple[str, ...]]:
    """A new asset is one line, with the number of its labels; of another, each change."""
    first = asset.changes[0]
    if first.operation == "create" and not first.field:
        labels = len(asset.changes) - 1
        yield ("create", first.kind, asset.fqn, f"{first.new}, {labels} labels" if labels else first.new, "")
    else:
        yield from map(change_line, asset.changes)


def change_line(change: Change) -> tuple[str, ...]:
    where = f"{change.fqn}.{change.path}" if change.path else change.fqn
    arrow = " → ".join(text or "∅" for text in (change.old, change.new)) if change.old or change.new else ""
    what = f"{change.field}: {arrow}" if change.field else change.new
    return (change.operation, change.kind, where, what, change.reason)


def plan_summary(found: Plan) -> str:
    """One line: how many of what."""
    counts = Counter(change.operation for asset in found.assets for change in asset.changes)
    new = sum(asset.changes[0].operation == "create" and not asset.changes[0].field for asset in found.assets)
    if not found.writes:
        return f"nothing to write ({len(found.conflicts)} conflicts left to people)"
    return (
        f"definitions: {len(found.definitions)}; new assets: {new}, changed: {len(found.assets) - new}; "
        f"labels, texts and lineage: {counts['create'] - new} added, {counts['update']} changed, "
        f"{counts['withdraw']} withdrawn; conflicts left to people: {len(found.conflicts)}"
    )


# --- results -----------------------------------------------------------------------------------------------------


def show_result(result: PublishResult, as_json: bool) -> None:
    """What was written: one row of numbers and what needs attention, or one JSON object."""
    if as_json:
        emit_json(result.as_json())
        return
    assets = result.assets
    header = ("definitions", "created", "updated", "unchanged", "restored", "deleted", "labels", "links", "conflicts")
    conflicts = [*result.conflicts, *assets.conflicts]
    counts = (assets.created, assets.updated, assets.unchanged, assets.restored, assets.deleted, assets.labels)
    emit_table(header, [(result.definitions, *counts, result.links, len(conflicts))])
    if result.mended:
        echo(f"mended after an earlier publication that was cut off: {result.mended} assets")
    if not result.written:
        echo("nothing had to be written")
    tell("notice", result.notices)
    tell("conflict", [conflict_text(change) for change in conflicts])
    tell("stale", [f"{fqn} was changed by somebody else meanwhile (publish again)" for fqn in assets.stale])
    tell("failed", [*result.failures, *assets.failures])
    tell("refused", result.refused)


def conflict_text(change: Change) -> str:
    _, _, where, what, why = change_line(change)
    return f"{where}: {what}: {why}"


def tell(kind: str, lines: Sequence[str]) -> None:
    """Messages on stderr, the first ones in full."""
    for line in lines[:SHOWN]:
        say(f"{kind}: {line}")
    if len(lines) > SHOWN:
        say(f"{kind}: … and {len(lines) - SHOWN} more (--json lists all)")


COMMANDS = (plan, publish)
