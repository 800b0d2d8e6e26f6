"""``pdc audit``: the trail of acts, shown and verified."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import click

from workflows.cli_common import State, as_day, echo, emit_json, emit_line, emit_table, json_option, pass_state, say

if TYPE_CHECKING:
    from workflows.acts.model import Act, Kind
    from workflows.settings import Site
    from workflows.store import Store

UNPROVEN = "nothing outside the store shows whether they were written anew (put the file back if it was there)"
LONGEST_WHY = 120
"""Characters of a reason in the table; ``--json`` has it whole."""
KINDS = ("decision", "entry", "request", "ticket", "list", "import", "trail")


@click.group()
def audit() -> None:
    """Who did what, when and why: an append-only chain."""


@audit.command()
@click.argument("subject", required=False)
@click.option("--kind", type=click.Choice(KINDS), help="Only acts of this kind.")
@click.option("--who", help="Only acts of this person (id or name in site.yaml) or account.")
@click.option("--since", metavar="DATE", help="Only acts of this day and later.")
@click.option("--until", metavar="DATE", help="Only acts of this day and earlier.")
@click.option("--jsonl", "as_jsonl", is_flag=True, help="One act as JSON per line, with hashes.")
@json_option
@pass_state
def show(
    state: State,
    subject: str | None,
    kind: str | None,
    who: str | None,
    since: str | None,
    until: str | None,
    as_jsonl: bool,
    as_json: bool,
) -> None:
    """Acts in their order; SUBJECT is an asset's key, the id of a request or ticket, the name of a list."""
    from workflows.acts.shown import what
    from workflows.acts.text import cut
    from workflows.acts.trail import Trail
    from workflows.people import who_line

    since, until = since and as_day(since, "--since"), until and as_day(until, "--until")
    rows, found = [], []
    with state.store() as (site, store):
        _check_subject(store, subject)
        wanted = _names(site, who) if who else frozenset[str]()
        for act in Trail(store).acts(cast("Kind | None", kind), subject, until):
            if (who and wanted.isdisjoint(_who(act))) or (since and act.at < since):
                continue
            if as_jsonl:
                emit_line(act)
            elif as_json:
                found.append(act)
            else:
                person = who_line(act.who, act.name, site.people) + (f" (for {act.behalf})" if act.behalf else "")
                did = (act.kind, act.verb, act.subject)
                rows.append((act.number, act.at[:16], person, *did, what(act), cut(act.why, LONGEST_WHY)))
    if as_json:
        emit_json(found)
    elif not as_jsonl:
        emit_table(("no", "at", "who", "kind", "act", "subject", "what", "why"), rows)


def _check_subject(store: Store, subject: str | None) -> None:
    """``InputError`` for one that nobody ever acted on, unless it is an asset of the catalogue."""
    from workflows.acts.trail import Trail
    from workflows.errors import InputError

    if subject is None or next(Trail(store).acts(None, subject), None) is not None:
        return
    if not any(item.key == subject for item in store.judgeable()):
        raise InputError(
            f"nobody ever acted on {subject!r}, and no asset has this key: "
            "an asset's key is DEPARTMENT/SYSTEM/NAME, requests and tickets have ids such as S2026-0001"
        )


def _names(site: Site, who: str) -> frozenset[str]:
    """What one person is called in acts: id and name; acts from before ids were kept have the name alone."""
    named = (person for person in site.people if who in (person.id, person.name))
    return frozenset((who, *(name for person in named for name in (person.id, person.name))))


def _who(act: Act) -> set[str]:
    """Whoever did it, two together each, and the account."""
    return {act.account, act.who, act.name, *act.who.split("、")}


@audit.command()
@json_option
@pass_state
def verify(state: State, as_json: bool) -> None:
    """Whether the chain, and what its acts rest on, is as it was written.

    Exit code 4 when it is not, 3 when nothing outside the store proves its last acts.
    """
    from workflows.acts.trail import Trail
    from workflows.acts.verify import SHOWN
    from workflows.acts.verify import verify as check

    with state.store() as (site, store):
        found = check(Trail(store))
    if as_json:
        emit_json(found)
    else:
        say(f"{found.acts} acts, {found.documents} documents, {found.heads} heads recorded outside the store")
        if found.unrecorded:
            say(f"warning: the last {found.unrecorded} acts are not recorded in {site.audit_head}: {UNPROVEN}")
        if found.before_trail:
            say(
                f"note: {found.before_trail} rulings are from before the trail: since then nobody may have changed them"
            )
        for fault in found.faults[:SHOWN]:
            say(f"error: {f'act {fault.number}: ' if fault.number else ''}{fault.what}")
        if len(found.faults) > SHOWN:
            say(f"error: … and {len(found.faults) - SHOWN} more")
        echo("broken" if found.faults else f"whole, up to {found.last}")
    if found.faults or found.unrecorded:
        click.get_current_context().exit(4 if found.faults else 3)


@audit.command("set-clock")
@click.option("--why", required=True, metavar="TEXT", help="What was wrong with the clock; kept in the trail.")
@json_option
@pass_state
def set_clock_command(state: State, why: str, as_json: bool) -> None:
    """Go on after a wrong clock has dated acts ahead, once this computer's clock is right.

    Nobody acts while the last act is more than ten minutes ahead of the clock. For administrators: the acts ahead keep
    the time that they say; whatever is as of a date counts them from now on.
    """
    from workflows.acts.site import site_actor
    from workflows.acts.text import one_line_text
    from workflows.acts.time import set_clock
    from workflows.acts.trail import Trail

    one_line_text("--why", why)
    with state.store() as (site, store):
        act = set_clock(Trail(store), site_actor(site), why)
    if as_json:
        emit_json(act)
    else:
        say(f"act {act.number}: time goes on from {act.at}")


COMMANDS = (audit,)
