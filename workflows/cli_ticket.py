"""``pdc ticket``: rectification with deadlines (Art. 34, 38)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from workflows.cli_common import State, echo, emit_json, emit_table, json_option, pass_state, say
from workflows.cli_request import acting
from workflows.errors import InputError

if TYPE_CHECKING:
    from workflows.acts.model import Act
    from workflows.acts.trail import Trail
    from workflows.settings import Site
    from workflows.sharing.tickets import Tickets, TicketState

IDENT = click.argument("ident", metavar="ID", callback=lambda _context, _parameter, value: value.upper())
DUE = click.option("--due", required=True, metavar="DAY", help="By when it is mended (ISO).")


@click.group()
def ticket() -> None:
    """Rectification: what was found, by when it is mended, the answer (Art. 34)."""


@contextmanager
def _trail(state: State) -> Iterator[tuple[Site, Trail]]:
    from workflows import clock
    from workflows.acts.trail import Trail

    with state.store() as (site, store):
        yield site, Trail(store, clock.now)


def _do(state: State, behalf: str, as_json: bool, verb: Callable[[Tickets], Act]) -> None:
    from workflows.acts.site import site_actor
    from workflows.run import open_pack
    from workflows.sharing.tickets import Tickets, fold

    with _trail(state) as (site, trail):
        actor = site_actor(site, behalf)
        departments = [department.id for department in site.departments]
        act = verb(Tickets(trail, open_pack(site.pack, site.overlays).ident, actor, departments, site.rights))
        found = fold(trail.acts("ticket", act.subject))
    if as_json:
        emit_json({"id": found.id, "stage": found.stage, "acts": [act], "due": found.due})
        return
    say(f"{act.subject}: {act.verb} (act {act.number})")
    echo(f"{found.id} {found.stage}{f'; due {found.due}' if found.stage == 'open' else ''}")


@ticket.command("open")
@click.option("--for", "department", required=True, metavar="DEPT", help="Who is to mend it.")
@click.option("--what", required=True, metavar="TEXT", help="What was found.")
@click.option("--limb", type=click.IntRange(1, 7), default=7, show_default=True, help="Which limb of Art. 38.")
@click.option("--asset", default="", metavar="KEY", help="The resource it is about.")
@DUE
@acting
@pass_state
def open_(
    state: State, department: str, what: str, limb: int, asset: str, due: str, why: str, behalf: str, as_json: bool
) -> None:
    """Order a department to mend something."""
    key = _key(state, department, asset) if asset else ""
    _do(state, behalf, as_json, lambda tickets: tickets.open(department, what, limb, due, key, why))


def _key(state: State, department: str, asset: str) -> str:
    """The resource of the department that a name stands for."""
    from workflows.acts.text import one_line_text
    from workflows.entries.desk import Desk
    from workflows.run import open_pack
    from workflows.sharing.counter import the_asset

    one_line_text("--asset", asset)
    with state.store() as (site, store):
        key = the_asset(Desk(site, store, open_pack(site.pack, site.overlays)), asset)
    if key.split("/", 1)[0] != department:
        raise InputError(f"{key} is not of {department}: a ticket is for the department that has to mend it")
    return key


@ticket.command()
@IDENT
@acting
@pass_state
def answer(state: State, ident: str, why: str, behalf: str, as_json: bool) -> None:
    """Say what was done, as the department; --why is the answer."""
    _do(state, behalf, as_json, lambda tickets: tickets.answer(ident, why))


@ticket.command()
@IDENT
@acting
@pass_state
def close(state: State, ident: str, why: str, behalf: str, as_json: bool) -> None:
    """Find it mended; never who answered."""
    _do(state, behalf, as_json, lambda tickets: tickets.close(ident, why))


@ticket.command()
@IDENT
@DUE
@acting
@pass_state
def reopen(state: State, ident: str, due: str, why: str, behalf: str, as_json: bool) -> None:
    """Find it not mended, with a new day; --why says what is missing."""
    _do(state, behalf, as_json, lambda tickets: tickets.reopen(ident, due, why))


@ticket.command("list")
@click.option("--stage", type=click.Choice(("open", "answered", "closed")), help="Only tickets in this stage.")
@click.option("--department", metavar="DEPT", help="Only this department's.")
@json_option
@pass_state
def list_(state: State, stage: str | None, department: str | None, as_json: bool) -> None:
    """Tickets with their stage and their day."""
    _emit(
        state, as_json, lambda one, _: stage in (None, one.stage) and department in (None, one.department), department
    )


@ticket.command()
@json_option
@pass_state
def overdue(state: State, as_json: bool) -> None:
    """Tickets that nobody answered in time."""
    _emit(state, as_json, lambda one, day: one.overdue(day))


def _emit(
    state: State, as_json: bool, wanted: Callable[[TicketState, str], bool], department: str | None = None
) -> None:
    """``department``: one that must be known, to the site or to a ticket."""
    from workflows.sharing.texts import cut
    from workflows.sharing.tickets import states

    with _trail(state) as (site, trail):
        today = trail.clock().date().isoformat()
        tickets = states(trail).values()
        known = [one.id for one in site.departments]
        if department is not None and department not in {*known, *(one.department for one in tickets)}:
            raise InputError(f"no department {department!r}; known: {', '.join(known)}")
        found = [one for one in tickets if wanted(one, today)]
    if as_json:
        emit_json([_record(one, today) for one in found])
        return
    rows = [
        (
            one.id,
            one.stage,
            one.department,
            f"{one.due}{' late' if one.overdue(today) else ''}",
            one.limb,
            cut(one.what, 60),
        )
        for one in sorted(found, key=lambda one: one.due)
    ]
    emit_table(("id", "stage", "department", "due", "limb", "what"), rows)


def _record(found: TicketState, today: str) -> dict[str, Any]:
    import msgspec

    from workflows.sharing.tickets import LIMBS

    return {**msgspec.to_builtins(found), "overdue": found.overdue(today), "limb_text": LIMBS[found.limb]}


@ticket.command()
@IDENT
@json_option
@pass_state
def show(state: State, ident: str, as_json: bool) -> None:
    """One ticket and every act on it."""
    from workflows.sharing.shown import act_rows
    from workflows.sharing.tickets import LIMBS, STAGE_NAMES, fold

    with _trail(state) as (site, trail):
        acts = list(trail.acts("ticket", ident))
        today = trail.clock().date().isoformat()
    if not acts:
        raise InputError(f"no ticket {ident!r} (pdc ticket list shows them)")
    found = fold(acts)
    if as_json:
        emit_json({"state": _record(found, today), "acts": acts})
        return
    late = " late" if found.overdue(today) else ""
    echo(f"{found.id}  {STAGE_NAMES[found.stage]} ({found.stage}); due {found.due}{late}")
    names = {one.id: f"{one.name} ({one.id})" for one in site.departments}
    echo(f"{names.get(found.department, found.department)}: {found.what}\nArt. 38 ({found.limb}) {LIMBS[found.limb]}")
    if found.asset:
        echo(f"resource: {found.asset}")
    emit_table(("at", "who", "act", "why"), list(act_rows(acts, site.people)))


COMMANDS = (ticket,)
