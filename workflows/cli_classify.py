"""``pdc classify`` (a site, or one file without a site) and ``pdc evaluate``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from workflows.cli_common import State, departments_argument, echo, emit_json, emit_table, json_option, pass_state, say

if TYPE_CHECKING:
    from classifiers.evaluate import Cause, Report, Score
    from workflows.standalone import Summary

INPUT = click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)
OUTPUT = click.Path(dir_okay=False, writable=True, allow_dash=True, path_type=Path)
BASELINE = click.Path(dir_okay=False, path_type=Path)
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
    from workflows.clock import now
    from workflows.packs import find_pack
    from workflows.standalone import Classifier, classify_lines

    if source != Path("-") and source in (target, assets_target):
        raise click.UsageError("--input and --output must be different files")
    classifier = Classifier(find_pack(pack_name), now().date())
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


@click.command()
@click.argument("source", type=INPUT, metavar="F.jsonl")
@click.option("--by", type=click.Choice(["family", "department", "style"]), help="Also count per group.")
@click.option("--pack", "pack_name", default="putuo-2020", show_default=True, help="Policy pack.")
@click.option("--no-comments", is_flag=True, help="Hide every comment: names and types only.")
@click.option("--fail-under", type=click.FloatRange(0, 1), help="Exit 1 when the macro-F1 is below this.")
@click.option(
    "--confusions",
    type=click.IntRange(0),
    default=10,
    show_default=True,
    metavar="N",
    help="Confusions and rules to list.",
)
@click.option("--show-errors", is_flag=True, help="List each column that was called something else.")
@click.option("--baseline", type=BASELINE, help="Exit 1 when a figure is worse than this file records.")
@click.option("--update-baseline", is_flag=True, help="Record the figures in --baseline instead.")
@json_option
@click.pass_context
def evaluate(
    ctx: click.Context,
    source: Path,
    by: str | None,
    pack_name: str,
    no_comments: bool,
    fail_under: float | None,
    confusions: int,
    show_errors: bool,
    baseline: Path | None,
    update_baseline: bool,
    as_json: bool,
) -> None:
    """Measure accuracy against labelled columns (one JSON object per line, with `label`)."""
    from workflows.clock import now
    from workflows.errors import InputError
    from workflows.evaluate import baseline_key, evaluate_rows, read_labelled
    from workflows.packs import find_pack

    if update_baseline and baseline is None:
        raise click.UsageError("--update-baseline needs --baseline FILE")
    with click.open_file(str(source), "rb") as lines:
        rows = list(read_labelled(lines, source.name))
    if not rows:
        raise InputError(f"{source.name}: no labelled column in it")
    groups = [by] if by else []
    found = evaluate_rows(rows, find_pack(pack_name), now().date(), by=groups, comments=not no_comments)
    if as_json:
        emit_json({**report_json(found), **errors_json(found, confusions)})
    else:
        print_report(found, families=by == "family", confusions=confusions, errors=show_errors)
    held = baseline is None or held_against(
        baseline, baseline_key(source.name, not no_comments), found, update_baseline
    )
    low = fail_under is not None and found.macro_f1 < fail_under
    if low:
        say(f"error: macro-F1 {found.macro_f1:.4f} is below {fail_under}")
    ctx.exit(0 if held and not low else 1)


def held_against(path: Path, name: str, found: Report, update: bool) -> bool:
    """Whether no figure is worse than recorded; what is worse goes to stderr. ``update`` records instead."""
    from workflows.evaluate import figures, read_baseline, regressions, write_baseline

    recorded = read_baseline(path)
    if update:
        write_baseline(path, {**recorded, name: figures(found)})
        return True
    worse = regressions(name, recorded.get(name), figures(found))
    for message in worse:
        say(f"error: {message} (--update-baseline records the new figures)")
    return not worse


def report_json(found: Report) -> dict[str, Any]:
    """The counts with the ratios that follow from them."""
    return {
        "rows": found.rows,
        "unambiguous": found.unambiguous,
        "accuracy": round(found.accuracy, 4),
        "macro_f1": round(found.macro_f1, 4),
        "macro_families": found.macro_families,
        "harmless": found.harmless,
        "harmless_called_sensitive": round(found.harmless_called_sensitive, 4),
        "families": [score_json(score) for score in found.scores],
        "merged": [score_json(score) for score in found.merged],
        "groups": {name: report_json(group) for name, group in found.groups.items()},
    }


def errors_json(found: Report, most: int) -> dict[str, Any]:
    """The confusions and the worst rules, at most ``most`` each."""
    from msgspec import to_builtins

    from classifiers.evaluate import confusion_pairs

    pairs = [to_builtins(pair) for pair in confusion_pairs(found, most)]
    return {"confusions": pairs, "worst_rules": [to_builtins(rule) for rule in found.rules[:most]]}


def score_json(score: Score) -> dict[str, Any]:
    ratios = {name: round(getattr(score, name), 4) for name in ("precision", "recall", "f1")}
    return {"family": score.family, "rows": score.rows, **ratios}


def print_report(found: Report, families: bool, confusions: int, errors: bool) -> None:
    echo(f"columns: {found.rows}, unambiguous: {found.unambiguous}, accuracy: {found.accuracy:.4f}")
    echo(f"macro-F1 over {found.macro_families} merged sensitive families: {found.macro_f1:.4f}")
    echo(f"harmless called sensitive: {found.harmless_called_sensitive:.2%} of {found.harmless}\n")
    scores = found.scores if families else found.merged
    rows = [(s.family, s.rows, f"{s.precision:.3f}", f"{s.recall:.3f}", f"{s.f1:.3f}") for s in scores]
    emit_table(("family", "rows", "precision", "recall", "F1"), rows)
    if found.groups:
        echo()
        header = ("group", "rows", "accuracy", "macro-F1", "families", "harmless called sensitive")
        emit_table(header, [group_row(name, group) for name, group in found.groups.items()])
    if found.confusions and confusions:
        print_confusions(found, confusions)
    if errors:
        echo()
        wrong = [(c.row.table, c.row.column, c.row.comment or "", c.row.label, c.predicted) for c in found.confusions]
        emit_table(("table", "column", "comment", "label", "called"), wrong)


def print_confusions(found: Report, most: int) -> None:
    from classifiers.evaluate import confusion_pairs

    pairs = confusion_pairs(found, most)
    echo()
    emit_table(
        ("label", "called", "rows", "for example"),
        [(pair.label, pair.predicted, pair.rows, "; ".join(pair.examples)) for pair in pairs],
    )
    echo()
    emit_table(
        ("worst rules", "source", "wrong", "right", "really"),
        [
            (cause_text(rule.cause), rule.cause.source, rule.wrong, rule.right, ", ".join(rule.labels))
            for rule in found.rules[:most]
        ],
    )


def cause_text(cause: Cause) -> str:
    """``term 姓名`` or ``term xm (initials)``: what a maintainer looks for in the term files."""
    style = f" ({cause.style})" if cause.source == "name" and cause.style else ""
    return f"{cause.recognizer} {cause.term or ''}".strip() + style


def group_row(name: str, group: Report) -> tuple[object, ...]:
    ratios = (f"{group.accuracy:.3f}", f"{group.macro_f1:.3f}", group.macro_families)
    return (name, group.unambiguous, *ratios, f"{group.harmless_called_sensitive:.2%}")


COMMANDS = (classify, evaluate)
