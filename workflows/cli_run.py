"""Commands that do the job: harvest, compile, run and demo."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from workflows.cli_common import State, departments_argument, echo, emit_json, emit_table, json_option, pass_state, say

if TYPE_CHECKING:
    from classifiers.evidence import ColumnVerdict
    from workflows.harvest_result import HarvestResult, SystemResult
    from workflows.run import RunResult
    from workflows.store import Store
    from workflows.store_records import StoredAsset

RESAMPLE = click.option("--resample", is_flag=True, help="Read everything, and sample unchanged assets again.")
FULL = click.option(
    "--full", is_flag=True, help="Also read what its source says is unchanged since the last complete run."
)
ACCEPT = click.option(
    "--accept-removals", is_flag=True, help="What is missing is really gone: mark it, however much it is."
)
NOW = click.option("--now", is_flag=True, help="Also read systems outside their windows.")
NO_OUTPUTS = click.option("--no-outputs", is_flag=True, help="Write no files: the store only.")


@click.command()
@departments_argument
@RESAMPLE
@FULL
@ACCEPT
@NOW
@json_option
@click.pass_context
@pass_state
def harvest(
    state: State,
    ctx: click.Context,
    departments: tuple[str, ...],
    resample: bool,
    full: bool,
    accept_removals: bool,
    now: bool,
    as_json: bool,
) -> None:
    """Read the departments' systems into the site's store."""
    with state.job("harvest", departments, secrets=True) as job:
        job.harvest(resample=resample, accept_removals=accept_removals, now=now, full=full)
    report(job.result, as_json)
    ctx.exit(job.result.exit_code)


@click.command("compile")
@departments_argument
@NO_OUTPUTS
@json_option
@click.pass_context
@pass_state
def compile_(state: State, ctx: click.Context, departments: tuple[str, ...], no_outputs: bool, as_json: bool) -> None:
    """Give assets their catalogue numbers and write the outputs."""
    with state.job("compile", departments) as job:
        job.compile()
        if not no_outputs:
            job.write_outputs()
    report(job.result, as_json)
    ctx.exit(job.result.exit_code)


@click.command()
@departments_argument
@RESAMPLE
@FULL
@ACCEPT
@NOW
@NO_OUTPUTS
@json_option
@click.pass_context
@pass_state
def run(
    state: State,
    ctx: click.Context,
    departments: tuple[str, ...],
    resample: bool,
    full: bool,
    accept_removals: bool,
    now: bool,
    no_outputs: bool,
    as_json: bool,
) -> None:
    """Harvest, classify, compile and write the outputs: the whole job."""
    result = run_job(
        state,
        departments,
        resample=resample,
        accept_removals=accept_removals,
        now=now,
        full=full,
        outputs=not no_outputs,
    )
    report(result, as_json)
    ctx.exit(result.exit_code)


def run_job(
    state: State,
    departments: tuple[str, ...] = (),
    resample: bool = False,
    accept_removals: bool = False,
    outputs: bool = True,
    now: bool = False,
    full: bool = False,
) -> RunResult:
    """All steps in order; the pack is loaded first, so that a wrong one opens nothing."""
    with state.job("run", departments, secrets=True) as job:
        _ = job.pack
        job.harvest(resample=resample, accept_removals=accept_removals, now=now, full=full)
        job.classify()
        job.compile()
        if outputs:
            job.write_outputs()
    return job.result


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default="pdc-demo", metavar="[DIR]")
@click.pass_context
def demo(ctx: click.Context, folder: Path) -> None:
    """Run the whole job on six generated sample departments (in DIR, default ./pdc-demo)."""
    from workflows.demo import write_demo

    write_demo(folder)
    state = State(folder, ctx.obj.debug)
    result = run_job(state)
    report(result, as_json=False)
    show_example(state)
    show_outputs(result, folder)
    ctx.exit(result.exit_code)


def show_example(state: State) -> None:
    """Explain the sensitive column that most was found out about, as `pdc explain` does, in brief."""
    from workflows.cli_explain import print_explanation
    from workflows.explain import explain
    from workflows.run import open_pack

    with state.store() as (site, store):
        ranked = [(rank(verdict), f"{stored.asset.key}.{name}") for stored, name, verdict in judged_columns(store)]
        if not ranked:
            return
        _, name = max(ranked, key=lambda item: item[0])
        echo(f"\n$ pdc --site {state.site_dir} explain {name}")
        print_explanation(explain(store, open_pack(site.pack, site.overlays), name), brief=True)


def judged_columns(store: Store) -> Iterator[tuple[StoredAsset, str, ColumnVerdict]]:
    for stored in store.stream():
        yield from ((stored, name, verdict) for name, verdict in stored.column_verdicts.items())


def rank(verdict: ColumnVerdict) -> tuple[bool, float, int]:
    """Sensitive first, then by how strongly the values speak, then by how many recognizers do."""
    tier = verdict.label("tier")
    sensitive = tier is not None and tier.value in ("L3", "L4")
    by_value = (item.strength for item in verdict.evidence if item.source == "value")
    return sensitive, max(by_value, default=0.0), len(verdict.evidence)


def show_outputs(result: RunResult, folder: Path) -> None:
    """The page first, then the folders of workbooks and lists."""
    folders = Counter(path.parent for path in result.outputs if path.suffix != ".html")
    echo("\nLook at:")
    for path in result.outputs:
        if path.suffix == ".html":
            echo(f"  {path}  (open it in a browser)")
    for parent, count in sorted(folders.items()):
        names = sorted(path.name for path in result.outputs if path.parent == parent and path.suffix == ".xlsx")
        echo(f"  {parent}  ({count} files: {'、'.join(names)})")
    echo(f"\nNext: pdc --site {folder} assets --labels; pdc --site {folder} explain ASSET[.COLUMN]")


# --- reporting ---------------------------------------------------------------------------------------------------


def report(result: RunResult, as_json: bool) -> None:
    """What a run did: a table and a few lines, or one JSON object."""
    if as_json:
        emit_json(result.as_json())
        return
    if result.harvest:
        report_harvest(result.harvest)
    report_totals(result)
    report_labels(result)
    for told in result.unread_entries:
        say(f"failed: {told}")
    if result.refused:
        say(f"refused: {result.refused}")


def report_harvest(found: HarvestResult) -> None:
    header = ("system", "assets", "columns", "unchanged", "vanished", "failed", "seconds")
    emit_table(header, [system_row(item) for item in found.systems])
    if found.restricted:
        echo(f"restricted systems, not opened: {found.restricted}")
    quarantined = sum(item.quarantined for item in found.systems)
    if quarantined:
        echo(f"assets with a secrecy mark, not stored: {quarantined}")
    for notice in found.notices:
        say(f"notice: {notice}")
    for item in found.systems:
        for notice in item.notices:
            say(f"notice: {item.department}/{item.system}: {notice}")
        for failure in item.failed:
            say(f"failed: {item.department}/{item.system}: {failure}")


def system_row(item: SystemResult) -> tuple[object, ...]:
    counts = (item.assets, item.columns, item.unchanged, item.vanished, len(item.failed))
    return (f"{item.department}/{item.system}", *counts, f"{item.seconds:.1f}")


def report_totals(result: RunResult) -> None:
    totals = result.totals
    tiers = ", ".join(f"{tier} {count}" for tier, count in totals["by_tier"].items())
    echo(f"assets: {totals['assets']}, columns: {totals['columns']}" + (f" (by tier: {tiers})" if tiers else ""))
    echo(f"undetermined: {totals['undetermined']} columns in {totals['undetermined_assets']} assets")


def report_labels(result: RunResult) -> None:
    found = result.classify
    if found is None:
        return
    for failure in found.failed:
        say(f"failed: {failure}")
    if found.nothing_changed and not result.first_run and not found.failed:
        echo("no label changed since the last run")
        return
    echo(f"labels: {found.first} assets labelled for the first time, {found.changed_labels} labels changed")
    if found.tiers_back:
        echo(f"{found.tiers_back} tiers are as in the version in force again: no rule proposes a higher one any more")


COMMANDS = (harvest, compile_, run, demo)
