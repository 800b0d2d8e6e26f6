"""Commands that look: assets, explain and status."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from workflows.cli_common import State, echo, emit_json, emit_line, emit_table, json_option, pass_state, say

if TYPE_CHECKING:
    from workflows.store import Store
    from workflows.store_records import StoredAsset


@click.command()
@click.argument("glob", default="*")
@click.option("--jsonl", is_flag=True, help="One JSON object per asset, with its columns.")
@click.option("--labels", is_flag=True, help="Show the labels too.")
@json_option
@pass_state
def assets(state: State, glob: str, jsonl: bool, labels: bool, as_json: bool) -> None:
    """List what was harvested; GLOB is matched against the key and against the name in the source."""
    with state.store() as (_, store):
        found = selected(store, glob)
        if jsonl:
            for stored in found:
                emit_line(asset_record(stored, labels))
        elif as_json:
            emit_json([asset_record(stored, labels) for stored in found])
        else:
            print_assets(list(found), labels)


def selected(store: Store, glob: str) -> Iterator[StoredAsset]:
    """Present assets whose key, or qualified name, matches, in order."""
    from workflows.batches import chunks

    wanted = glob.casefold()
    rows = (item for item in store.judgeable() if asset_matches(item.key.casefold(), wanted))
    for batch in chunks(rows):
        yield from store.load([item.id for item in batch])


def asset_matches(key: str, glob: str) -> bool:
    qualified = key.split("/", 2)[-1]
    return any(fnmatch.fnmatchcase(text, glob) for text in (key, qualified, qualified.rsplit(".", 1)[-1]))


def asset_record(stored: StoredAsset, labels: bool) -> dict[str, Any]:
    """One asset with exactly the documented keys, absent values as null."""
    asset, verdicts = stored.asset, stored.column_verdicts if labels else {}
    columns = []
    for column in asset.columns:
        record: dict[str, Any] = {
            "name": column.name,
            "ordinal": column.ordinal,
            "type": column.type,
            "data_type": column.data_type,
            "nullable": column.nullable,
            "comment": column.comment,
        }
        if labels:
            verdict = verdicts.get(column.name)
            record["labels"] = label_records(verdict.labels if verdict else ())
        columns.append(record)
    record = {
        "department": asset.department,
        "system": asset.system,
        "database": asset.database,
        "schema": asset.schema,
        "name": asset.name,
        "kind": asset.kind,
        "comment": asset.comment,
        "row_estimate": asset.row_estimate,
        "primary_key": list(asset.primary_key),
        "foreign_keys": [foreign_key(key) for key in asset.foreign_keys],
        "columns": columns,
    }
    return record | ({"labels": label_records(stored.verdict.labels if stored.verdict else ())} if labels else {})


def foreign_key(key: Any) -> dict[str, Any]:
    return {
        "columns": list(key.columns),
        "referred_table": key.referred_table,
        "referred_columns": list(key.referred_columns),
    }


def label_records(labels: Any) -> dict[str, Any]:
    from workflows.standalone import label_record

    return {label.dimension: label_record(label) for label in labels}


def print_assets(found: list[StoredAsset], labels: bool) -> None:
    header = ["asset", "kind", "columns", "comment"] + (["tier", "share", "open"] if labels else [])
    emit_table(header, [asset_row(stored, labels) for stored in found])
    say(f"{len(found)} assets")


def asset_row(stored: StoredAsset, labels: bool) -> list[object]:
    asset = stored.asset
    row: list[object] = [asset.key, asset.kind, len(asset.columns), (asset.comment or "")[:40]]
    if labels:
        values = {label.dimension: label.value for label in stored.verdict.labels} if stored.verdict else {}
        row += [values.get(key, "-") for key in ("tier", "share", "open")]
    return row


@click.command()
@click.argument("asset", metavar="ASSET[.COLUMN]")
@json_option
@pass_state
def explain(state: State, asset: str, as_json: bool) -> None:
    """Say why: evidence, rule, citation, decisions and history of each label.

    ASSET is a key such as minzheng/rescue/public.person, the end of one, or a glob that matches one.
    """
    from workflows.cli_explain import print_explanation
    from workflows.explain import explain as find_out
    from workflows.run import open_pack

    with state.store() as (site, store):
        found = find_out(store, open_pack(site.pack, site.overlays), asset)
    if as_json:
        emit_json(found)
    else:
        print_explanation(found)


@click.command()
@click.option("--runs", default=5, show_default=True, help="How many runs to show.")
@json_option
@pass_state
def status(state: State, runs: int, as_json: bool) -> None:
    """Show what the store holds, the latest runs, each system's state and what failed lately."""
    with state.store() as (site, store):
        totals, latest, systems, events = store.totals(), store.runs(runs), store.systems(), store.events()
    if as_json:
        emit_json({"totals": totals, "runs": latest, "systems": systems, "events": events})
        return
    print_totals(site.name, totals)
    runs_shown = [(run.id, run.command, run.started, run.finished or "unfinished", run.exit_code) for run in latest]
    print_section("runs", ("run", "command", "started", "finished", "exit"), runs_shown)
    states = [
        (f"{s.department}/{s.system}", s.connector, s.run, s.complete, s.quarantined, s.error or "") for s in systems
    ]
    print_section("systems", ("system", "connector", "run", "complete", "quarantined", "error"), states)
    told = [(e.at, e.kind, "/".join(filter(None, (e.department, e.system))), e.message) for e in events]
    print_section("events", ("at", "kind", "system", "message"), told)


def print_totals(name: str, totals: dict[str, Any]) -> None:
    echo(f"{name}: {totals['assets']} assets, {totals['columns']} columns")
    tiers = ", ".join(f"{tier} {count}" for tier, count in totals["by_tier"].items())
    echo(f"by tier: {tiers or 'nothing labelled yet'}; undetermined columns: {totals['undetermined']}")


def print_section(title: str, header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    if rows:
        echo(f"\n{title}")
        emit_table(header, rows)


COMMANDS = (assets, explain, status)
