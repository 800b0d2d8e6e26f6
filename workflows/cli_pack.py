"""Commands on policy packs that look closer: test, diff, schema; and the rules that stewards disagree with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from workflows.cli_common import Commands, State, echo, emit_json, emit_table, json_option, pass_state, say

if TYPE_CHECKING:
    from classifiers.pack_check import ExampleResult
    from classifiers.policy import Pack
    from workflows.packs import PackDiff

SHOWN = 200


def chosen_packs(state: State, name: str | None) -> list[Pack]:
    """The named pack or file; without a name the site's pack with its overlays, or every built-in pack."""
    from classifiers.policy import pack_names
    from workflows.packs import find_pack
    from workflows.run import open_pack

    if name is not None:
        return [find_pack(name)]
    if has_site(state):
        settings = state.site(secrets=False)
        return [open_pack(settings.pack, settings.overlays)]
    return [open_pack(item) for item in pack_names()]


def has_site(state: State) -> bool:
    return (state.site_dir / "site.yaml").exists()


@click.command("test")
@click.argument("name", required=False)
@json_option
@click.pass_context
@pass_state
def pack_test(state: State, ctx: click.Context, name: str | None, as_json: bool) -> None:
    """Run a pack's examples and print each.

    NAME: a pack, an overlay file, or PACK+overlay.yaml. Without NAME: the site's pack with its overlays, or every
    built-in pack where there is no site.
    """
    from classifiers.pack_check import run_examples

    results = [(pack, result) for pack in chosen_packs(state, name) for result in run_examples(pack)]
    if as_json:
        emit_json([example_json(pack, result) for pack, result in results])
    else:
        rows = [(p.ident, r.id, example_status(r), "; ".join(r.problems)) for p, r in results]
        emit_table(("pack", "example", "status", "what differs"), rows)
    ctx.exit(2 if any(example_status(result) == "failed" for _, result in results) else 0)


def example_status(result: ExampleResult) -> str:
    """``changed``: an example of the built-in pack that comes out otherwise under the overlays, as they want."""
    return "ok" if not result.problems else "changed" if result.inherited else "failed"


def example_json(pack: Pack, result: ExampleResult) -> dict[str, Any]:
    return {
        "pack": pack.ident,
        "example": result.id,
        "status": example_status(result),
        "problems": result.problems,
        "rules": sorted(result.rules),
    }


@click.command("diff")
@click.argument("old")
@click.argument("new")
@json_option
@pass_state
def pack_diff(state: State, old: str, new: str, as_json: bool) -> None:
    """Show what another pack would change, before anything changes.

    OLD and NEW: a pack, an overlay file, or PACK+overlay.yaml. On a site: every label of the stored assets that NEW
    would give another value, decisions respected; nothing is written. Always: tiers, rules and citations that differ.
    """
    from classifiers.pack_diff import diff_packs
    from workflows.clock import now
    from workflows.packs import PackDiff, diff_site, find_pack

    before, after = find_pack(old), find_pack(new)
    if has_site(state):
        with state.store() as (site, store):
            names = {department.id: department.name for department in site.departments}
            found = diff_site(store, before, after, names, now().date())
    else:
        found = PackDiff(old=before.ident, new=after.ident, pack=diff_packs(before, after))
    if as_json:
        emit_json(found.as_json())
    else:
        print_diff(found)


def print_diff(found: PackDiff) -> None:
    echo(f"{found.old} → {found.new}")
    rows = [(c.section, c.key, *map(_brief, _unlike(c.old, c.new))) for c in found.pack]
    if rows:
        emit_table(("section", "key", "old", "new"), rows)
    if found.assets is None:
        say("no site here: only the packs themselves were compared")
        return
    echo(f"\n{found.assets} assets judged; labels that would change:")
    for what, counts in (("columns", found.counts), ("assets", found.asset_counts)):
        echo(f"  {what}: " + (", ".join(f"{name} {count}" for name, count in counts.items()) or "none"))
    labels = [
        (label.asset, label.column or "(asset)", label.dimension, label.old or "-", label.new or "-", label.new_rule)
        for label in found.labels[:SHOWN]
    ]
    if labels:
        emit_table(("asset", "column", "dimension", "old", "new", "rule"), labels)
    if len(found.labels) > SHOWN:
        say(f"… and {len(found.labels) - SHOWN} more (--json prints all)")


def _unlike(old: Any, new: Any) -> tuple[Any, Any]:
    """Of two rules or topics only the fields that differ."""
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return old, new
    keys = [key for key in {**old, **new} if old.get(key) != new.get(key)]
    return {key: old.get(key) for key in keys}, {key: new.get(key) for key in keys}


def _brief(value: object) -> str:
    """A value of a pack on one line of a table."""
    text = "-" if value is None else str(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


@click.command("schema")
def pack_schema() -> None:
    """Print the JSON Schema of an overlay, for editors that complete and check YAML."""
    from classifiers.pack_file import overlay_schema

    emit_json(overlay_schema())


@click.group(cls=Commands)
def rules() -> None:
    """Look at how the packs' rules do."""


@rules.command("noisy")
@click.option("--least", type=click.IntRange(min=1), default=1, show_default=True, help="Leave out rules with fewer.")
@json_option
@pass_state
def rules_noisy(state: State, least: int, as_json: bool) -> None:
    """Rank rules by how often stewards changed or rejected what they proposed."""
    from workflows.packs import noisy_rules

    with state.store() as (_, store):
        found = noisy_rules(store, least)
    if as_json:
        emit_json([item.as_json() for item in found])
        return
    if not found:
        say("nobody has ruled on a rule's proposal so often yet")
        return
    header = ("rule", "dimension", "ruled on", "confirmed", "changed", "rejected", "noise")
    emit_table(
        header,
        [(n.rule, n.dimension, n.ruled, n.confirmed, n.changed, n.rejected, f"{n.noise:.0%}") for n in found],
    )


PACK_COMMANDS = (pack_test, pack_diff, pack_schema)
COMMANDS = (rules,)
