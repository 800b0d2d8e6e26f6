"""``pdc pull`` and ``pdc pending``: what people did in OpenMetadata, and what of it waits for somebody."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING

import click

from workflows.cli_common import (
    State,
    departments_argument,
    emit_json,
    emit_table,
    json_option,
    pass_state,
    say,
)

if TYPE_CHECKING:
    from workflows.publish.ledger import Ledger, Question
    from workflows.publish.pull import Puller, PullResult
    from workflows.publish.questions import Actor, Settlement
    from workflows.publish.vocabulary import Vocabulary
    from workflows.settings import Site
    from workflows.store import Store

SHOWN_FAILURES = 20
Row = tuple[str, str, str, str, str]


@click.command()
@departments_argument
@click.option("--dry-run", is_flag=True, help="Tell what would come back and keep nothing.")
@json_option
@click.pass_context
@pass_state
def pull(state: State, ctx: click.Context, departments: tuple[str, ...], dry_run: bool, as_json: bool) -> None:
    """Bring back what people did in OpenMetadata: labels become decisions, and descriptions are taken over.

    What does not count by itself waits in `pdc pending`. Decisions take effect with the next `pdc classify`.
    """
    result = pulled(state, departments, dry_run)
    report_pull(result, as_json)
    ctx.exit(result.exit_code)


def pulled(state: State, departments: Sequence[str], dry_run: bool) -> PullResult:
    from connectors.om_errors import NotAuthenticated, ServerRetryError
    from workflows.clock import now
    from workflows.publish.addresses import ledger_of
    from workflows.publish.connect import ServerUnreachable, ServerUnusable, open_server
    from workflows.publish.lock import only_one
    from workflows.publish.pull import Puller
    from workflows.publish.vocabulary import vocabulary
    from workflows.run import open_pack

    with state.store() as (site, store), nullcontext() if dry_run else only_one(site.var_dir):
        settings = site.server
        chosen = [department.id for department in site.select(departments)] if departments else []
        pack = open_pack(site.pack, site.overlays)
        with open_server(settings) as client:
            names = vocabulary(pack, settings, client.features)
            try:
                ledger, at = ledger_of(store, settings, client), now().isoformat()
                puller = Puller(store, ledger, client, names, site.people, at)
                return puller.run(chosen, dry_run=True) if dry_run else logged_pull(puller, chosen)
            except NotAuthenticated as exc:
                raise ServerUnusable(str(exc)) from exc
            except ServerRetryError as exc:
                raise ServerUnreachable(str(exc)) from exc


def logged_pull(puller: Puller, departments: Sequence[str]) -> PullResult:
    """Pull, and note it among the runs that `pdc status` shows."""
    from workflows.run_log import logged

    with logged(puller.store, "pull") as entry:
        result = puller.run(departments)
        counts = {name: len(getattr(result, name)) for name in ("decisions", "questions", "descriptions", "failures")}
        entry.done(result.exit_code, looked_at=result.looked_at, **counts)
    return result


def report_pull(result: PullResult, as_json: bool) -> None:
    if as_json:
        emit_json(result.as_json())
    elif rows := list(pull_rows(result)):
        emit_table(("what", "where", "label", "who", "at"), rows)
    for notice in result.notices:
        say(f"notice: {notice}")
    for failure in result.failures[:SHOWN_FAILURES]:
        say(f"error: {failure}")
    if len(result.failures) > SHOWN_FAILURES:
        say(f"error: … and {len(result.failures) - SHOWN_FAILURES} more schemas")
    say(summary(result))


def pull_rows(result: PullResult) -> Iterator[Row]:
    for one in result.decisions:
        yield "decision", place(one.asset, one.column), f"{one.dimension} {one.value or 'rejected'}", one.who, one.at
    for question in result.questions:
        yield f"question ({question.kind})", place(question.asset, question.column), label(question), *by(question)
    for question in result.settled:
        where = place(question.asset, question.column)
        yield f"question {question.state}", where, label(question), question.settled_by, question.settled_at
    for text in result.descriptions:
        yield "description", place(text.asset, text.column), "", text.who, text.at
    for kept in result.kept:
        yield "description kept", place(kept.asset, kept.column), "", kept.who or "unknown", ""


def summary(result: PullResult) -> str:
    counts = f"{len(result.decisions)} decisions, {len(result.questions)} questions"
    counts += f", {len(result.descriptions)} descriptions from {result.looked_at} assets"
    kept = "nothing was kept (--dry-run)" if result.dry_run else ""
    next_steps = [
        "run `pdc classify`, then `pdc publish`" if result.decisions or result.descriptions else "",
        "see `pdc pending`" if result.questions else "",
    ]
    told = kept or "; ".join(step for step in next_steps if step)
    return f"{counts} ({told})" if told else counts


def place(asset: str, column: str | None) -> str:
    return f"{asset}.{column}" if column else asset


def label(question: Question) -> str:
    return f"{question.dimension} {question.value or 'removed'}"


def by(question: Question) -> tuple[str, str]:
    return question.who or "unknown", question.at


# --- pending questions -------------------------------------------------------------------------------------------


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def pending(ctx: click.Context, as_json: bool) -> None:
    """People's acts that do not count yet: list, accept or refuse them.

    They come from OpenMetadata (`pdc pull`), from `pdc decide` and from `pdc review import`: a lower tier waits for a
    second person, an act by somebody who may not rule for one who may.
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_pending, as_json=as_json)


@pending.command("list")
@json_option
@pass_state
def list_pending(state: State, as_json: bool) -> None:
    """List what waits, oldest first."""
    from workflows.publish.ledger import Ledger

    with state.store() as (_, store):
        # Questions belong to the site, whatever server they came from.
        questions = Ledger(store, "").questions()
    if as_json:
        emit_json(questions)
    elif questions:
        rows = [(q.id, q.kind, place(q.asset, q.column), label(q), *by(q), q.message) for q in questions]
        emit_table(("id", "kind", "where", "label", "who", "at", "message"), rows)
    say(f"{len(questions)} pending")


@pending.command()
@click.argument("idents", metavar="ID...", nargs=-1, required=True, type=int)
@click.option("--as", "behalf", metavar="NAME", help="For this person, by id or name; recorded as on their behalf.")
@click.option("--reason", default="", help="Why; kept with the decision.")
@json_option
@pass_state
def accept(state: State, idents: tuple[int, ...], behalf: str | None, reason: str, as_json: bool) -> None:
    """Let these acts count, as your decision.

    A lowered tier needs a second person: somebody else than who asked for it, with their own account.
    """
    from workflows.acts.text import one_line_text
    from workflows.clock import now
    from workflows.publish import questions

    one_line_text("--reason", reason)
    with state.store() as (site, store):
        actor = acting(site, behalf)
        ledger, names = offline(site, store)
        found = questions.accept(store, ledger, names, idents, actor, now().isoformat(), reason)
    report_settlement(found, as_json)


@pending.command()
@click.argument("idents", metavar="ID...", nargs=-1, required=True, type=int)
@click.option("--reason", default="", help="Why; kept in the audit trail.")
@json_option
@pass_state
def refuse(state: State, idents: tuple[int, ...], reason: str, as_json: bool) -> None:
    """Let these acts not count: the next `pdc publish` puts the catalogue's label back."""
    from workflows.acts.text import one_line_text
    from workflows.clock import now
    from workflows.publish import questions
    from workflows.publish.lock import only_one

    one_line_text("--reason", reason)
    with state.store() as (site, store), only_one(site.var_dir):
        actor = acting(site, None)
        ledger, names = offline(site, store)
        found = questions.refuse(ledger, names, idents, actor, now().isoformat(), reason)
    report_settlement(found, as_json)


def acting(site: Site, behalf: str | None) -> Actor:
    """The person at the keyboard; ``InputError`` for an account or a name that site.yaml does not know."""
    from workflows.errors import InputError
    from workflows.people import current_person
    from workflows.publish.questions import Actor

    person = current_person(site.people)
    if person is None:
        raise InputError("site.yaml names nobody with your account (add it to `accounts:` of a person in `people:`)")
    if behalf is None:
        return Actor(person)
    other = [one for one in site.people if behalf in (one.id, one.name)]
    if len(other) != 1:
        what = "names nobody" if not other else "names several people"
        raise InputError(f"site.yaml {what} {behalf!r} (give --as the id of a person in `people:`)")
    return Actor(person, other[0] if other[0] is not person else None)


def offline(site: Site, store: Store) -> tuple[Ledger, Vocabulary]:
    """What was published, and how labels are called, without asking the server or its token.

    Questions arise from `pdc decide` and `pdc review import` too, on sites that name no server: nothing was published.
    """
    from connectors.config import expand
    from connectors.om_version import OLDEST, Features, ServerVersion
    from workflows.ingestion import UNNAMED
    from workflows.publish.connect import server_name
    from workflows.publish.ledger import Ledger
    from workflows.publish.vocabulary import vocabulary
    from workflows.run import open_pack

    # Names are the same for every version.
    features = Features.of(ServerVersion(OLDEST, ""))
    pack = open_pack(site.pack, site.overlays)
    if site.openmetadata is None:
        return Ledger(store, ""), vocabulary(pack, UNNAMED, features)
    url = expand(site.openmetadata.url, site.root, site.environ)
    settings = site.openmetadata.model_copy(update={"url": url})
    return Ledger(store, server_name(settings)), vocabulary(pack, settings, features)


def report_settlement(found: Settlement, as_json: bool) -> None:
    if as_json:
        emit_json({"settled": found.settled, "decisions": found.decisions, "questions": found.questions})
    for question in found.settled:
        say(f"{question.id} {question.state} by {question.settled_by}: {question.message}")
    for question in found.questions:
        say(f"waits for a second person: {question.message}")
    if found.decisions:
        say(f"{len(found.decisions)} decisions (run `pdc classify`, then `pdc publish`)")


COMMANDS = (pull, pending)
