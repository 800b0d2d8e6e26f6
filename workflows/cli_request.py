"""``pdc request``: ask for data of another department, review, grant, renew, revoke, log its use."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click
import msgspec

from workflows.cli_common import F, State, as_option, echo, emit_json, emit_table, json_option, pass_state, say
from workflows.errors import InputError

if TYPE_CHECKING:
    from workflows.acts.model import Act
    from workflows.entries.words import Recalled
    from workflows.sharing.counter import Counter, Seen
    from workflows.sharing.limits import Due
    from workflows.sharing.requests import Requests
    from workflows.sharing.shown import ShownItem
    from workflows.sharing.states import Side

WHY = click.option("--why", default="", metavar="TEXT", help="The reason, for the audit trail.")
IDENT = click.argument("ident", metavar="ID", callback=lambda _context, _parameter, value: value.upper())
FROM = click.option(
    "--from", "since", default="", metavar="DAY", help="First day (ISO); without it, from the grant on."
)
UNTIL = click.option("--until", default="", metavar="DAY", help="Last day (ISO); without it, without end.")


@click.group()
def request() -> None:
    """Requests to share or open data: ask, review, grant, renew, revoke, and the log of use (Art. 21-25).

    Numbers are S2026-0001 for sharing and O2026-0001 for opening.
    """


@contextmanager
def counter(state: State) -> Iterator[Counter]:
    from workflows import clock
    from workflows.acts.trail import Trail
    from workflows.entries.desk import Desk
    from workflows.run import open_pack
    from workflows.sharing.counter import Counter
    from workflows.sharing.limits import Deadlines

    with state.store() as (site, store):
        pack = open_pack(site.pack, site.overlays)
        deadlines = Deadlines(pack.body.limits, site.calendar)
        yield Counter(Desk(site, store, pack), Trail(store, clock.now), deadlines)


def acting(command: F) -> F:
    """Options of every verb: --why, --as, --json."""
    return WHY(as_option(json_option(command)))


def _do(state: State, behalf: str, as_json: bool, verb: Callable[[Counter, Requests], Act | list[Act]]) -> None:
    """One verb; tells what was written down and where the request stands."""
    with counter(state) as at:
        done = verb(at, at.requests(behalf))
        acts = done if isinstance(done, list) else [done]
        [seen] = at.seen([at.state(acts[0].subject)])
        same = at.same(seen.state) if acts[0].verb == "new" else []
    found, due = seen.state, seen.due
    if as_json:
        told = {"id": found.id, "stage": found.stage, "acts": acts, "due": due, "next": seen.steps}
        emit_json(told | {"same": [one.id for one in same]})
        return
    for act in acts:
        by = " by the program" if act.who == "pdc" else ""
        say(f"{act.subject}: {act.verb}{by} (act {act.number})")
    echo(f"{found.id} {found.stage}{_due_text(due)}")
    who = found.document.applicant or found.document.requester
    for one in same:
        say(f"note: {one.id} ({one.stage}) asks for the same data for {who}")
    if found.stage == "uncatalogued":
        for step in seen.steps:
            say(f"possible now: {step.command}{TICKET if step.command.startswith('pdc ticket') else ''}")


TICKET = " (Art. 34; 38 (5): refusing to share without reason)"


def _due_text(due: Due | None) -> str:
    return f"; {due.what} by {due.day}{f' ({due.note})' if due.note else ''}" if due else ""


# --- asking ------------------------------------------------------------------------------------------------------


@request.command()
@click.option("--for", "requester", default="", metavar="DEPT", help="The department that asks.")
@click.option("--open", "opening", is_flag=True, help="A request for opening, from outside (Art. 25).")
@click.option("--applicant", default="", metavar="NAME", help="With --open: who asks.")
@click.option("--asset", default="", metavar="KEY", help="The resource.")
@click.option("--item", "items", multiple=True, metavar="COL", help="Only this item of it; may be repeated.")
@click.option("--demand", default="", metavar="TEXT", help="What is needed, when no resource is known.")
@click.option("--owner", default="", metavar="DEPT", help="With --demand: who is thought to have it.")
@click.option("--purpose", default="", metavar="TEXT", help="What for.")
@click.option("--basis", multiple=True, metavar="TEXT", help="Legal basis of the need: text or citation key.")
@click.option("--means", default="", metavar="TEXT", help="共享方式, such as 接口.")
@FROM
@UNTIL
@acting
@pass_state
def new(
    state: State,
    /,
    requester: str,
    opening: bool,
    applicant: str,
    asset: str,
    items: tuple[str, ...],
    demand: str,
    owner: str,
    why: str,
    behalf: str,
    as_json: bool,
    **more: Any,
) -> None:
    """Ask for data: unconditional is granted and 非共享 refused at once, the rest is reviewed.

    What is in no published entry becomes a demand, which the centre confirms.
    """
    from workflows.sharing.states import Document

    if bool(asset) == bool(demand):
        raise click.UsageError("name what you need: --asset KEY, or --demand TEXT when no resource is known")
    if bool(applicant) != opening:
        raise click.UsageError("--open and --applicant NAME go together")
    if (items and not asset) or (owner and asset):
        raise click.UsageError("--item goes with --asset, --owner with --demand")

    def ask(at: Counter, requests: Requests) -> list[Act]:
        key = at.asset(asset) if asset else ""
        asks = requester or (key.partition("/")[0] or owner if opening else "")
        if not asks:
            raise InputError("say which department asks: --for DEPT")
        title = at.title(key) if key else ""
        made = Document("open" if opening else "share", asks, applicant, key, items, title, demand, owner, **more)
        return requests.new(made, why)

    _do(state, behalf, as_json, ask)


@request.command()
@IDENT
@click.option("--catalogue", "held", flag_value="yes", help="A department has it and will catalogue it.")
@click.option("--absent", "held", flag_value="no", help="Nobody has it; --why says where you looked.")
@click.option(
    "--refused", "held", flag_value="refused", help="The department does not catalogue it; --why says what it says."
)
@click.option("--owner", default="", metavar="DEPT", help="With --catalogue: which department.")
@click.option("--due", default="", metavar="DAY", help="With --catalogue: by when.")
@acting
@pass_state
def confirm(
    state: State, ident: str, held: str | None, owner: str, due: str, why: str, behalf: str, as_json: bool
) -> None:
    """Say for a demand whether anybody has the data.

    While it waits to be catalogued: that another department has it (--catalogue --owner), that it is not to be had
    after all (--absent), or that the department does not catalogue it (--refused), which ends the demand; a ticket
    may follow (Art. 34, 38 (5)). Each with --why.
    """
    if held is None:
        raise click.UsageError("say which: --catalogue, --absent or --refused")
    if held != "yes" and (owner or due):
        raise click.UsageError("--owner and --due go with --catalogue")

    def act(at: Counter, requests: Requests) -> Act:
        return requests.confirm(ident, held=held != "no", refused=held == "refused", owner=owner, due=due, why=why)

    _do(state, behalf, as_json, act)


@request.command()
@IDENT
@click.argument("asset")
@click.option("--item", "items", multiple=True, metavar="COL", help="Only this item of it; may be repeated.")
@acting
@pass_state
def catalogue(
    state: State, ident: str, asset: str, items: tuple[str, ...], why: str, behalf: str, as_json: bool
) -> None:
    """Settle a demand by a published entry; it is judged by it at once."""
    _do(state, behalf, as_json, lambda at, requests: requests.catalogue(ident, at.asset(asset), items, why))


@request.command()
@IDENT
@click.option("--until", required=True, metavar="DAY", help="The new last day (ISO).")
@FROM
@acting
@pass_state
def renew(state: State, ident: str, until: str, since: str, why: str, behalf: str, as_json: bool) -> None:
    """Ask for more time; what is not unconditional is reviewed again."""
    _do(state, behalf, as_json, lambda at, requests: requests.renew(ident, until, since, why))


# --- reviewing ---------------------------------------------------------------------------------------------------


@request.command()
@IDENT
@click.option("--approve", "verdict", flag_value="approve", help="Agree.")
@click.option("--refuse", "verdict", flag_value="refuse", help="Refuse; sharing only with a law behind it.")
@click.option("--office", "side", flag_value="office", help="For the district office.")
@click.option("--owner", "side", flag_value="owner", help="For the department that has the data.")
@click.option("--basis", multiple=True, metavar="KEY", help="With --refuse: citation of the pack; may be repeated.")
@acting
@pass_state
def review(
    state: State,
    ident: str,
    verdict: str | None,
    side: Side | None,
    basis: tuple[str, ...],
    why: str,
    behalf: str,
    as_json: bool,
) -> None:
    """Approve or refuse, as the district office or as the owning department (Art. 22).

    Two persons approve, and neither of them asked. Your roles say which of the two you are. What is no longer in
    force is closed with --refuse and --why alone, also by the centre; approvals of another version are given again.
    What the version in force does not share is refused on its citation, without --basis.
    """
    if verdict is None:
        raise click.UsageError("say which: --approve or --refuse")
    if verdict == "approve" and basis:
        raise click.UsageError("--basis goes with --refuse")

    def act(at: Counter, requests: Requests) -> Act:
        return requests.approve(ident, side, why) if verdict == "approve" else requests.refuse(ident, why, basis, side)

    _do(state, behalf, as_json, act)


@request.command()
@IDENT
@FROM
@UNTIL
@click.option("--interface", default="", metavar="TEXT", help="Where the data is to be had.")
@acting
@pass_state
def grant(
    state: State, ident: str, since: str, until: str, interface: str, why: str, behalf: str, as_json: bool
) -> None:
    """Give access after every approval (Art. 22, 25)."""
    _do(
        state,
        behalf,
        as_json,
        lambda at, requests: requests.grant(ident, since=since, until=until, interface=interface, why=why),
    )


# --- afterwards --------------------------------------------------------------------------------------------------


@request.command()
@IDENT
@click.option("--basis", multiple=True, metavar="KEY", help="Citation of the pack that carries it; may be repeated.")
@click.option("--breach", is_flag=True, help="The conditions of the grant were broken; --why says how.")
@acting
@pass_state
def revoke(
    state: State, ident: str, basis: tuple[str, ...], breach: bool, why: str, behalf: str, as_json: bool
) -> None:
    """End a grant before its last day; --why says why.

    That is to refuse what was shared: it needs a law (--basis), as a refusal does, or that the version in force gives
    it no more. The office and the centre also revoke for --breach: data passed on or used for something else (Art. 21).
    What is unconditional they alone take back, and an opening the centre or the opening authority (Art. 25).
    """
    if basis and breach:
        raise click.UsageError("say one: --basis or --breach")
    _do(state, behalf, as_json, lambda at, requests: requests.revoke(ident, why, basis, breach=breach))


@request.command(name="object")
@IDENT
@acting
@pass_state
def object_(state: State, ident: str, why: str, behalf: str, as_json: bool) -> None:
    """Object as who asked; --why says why.

    To a refusal, to a revocation, or to the end of a demand.
    """
    _do(state, behalf, as_json, lambda at, requests: requests.object(ident, why))


@request.command()
@IDENT
@click.option("--upheld", "upheld", flag_value="yes", help="It stays as it was.")
@click.option("--review", "upheld", flag_value="no", help="It is reviewed again; a demand is confirmed again.")
@acting
@pass_state
def answer(state: State, ident: str, upheld: str | None, why: str, behalf: str, as_json: bool) -> None:
    """Answer an objection, as the district office; --why says why.

    Another person than who refused, revoked or ended what is objected to.
    """
    if upheld is None:
        raise click.UsageError("say which: --upheld or --review")
    _do(state, behalf, as_json, lambda at, requests: requests.answer(ident, upheld=upheld == "yes", why=why))


@request.command()
@IDENT
@click.option("--rows", required=True, type=click.IntRange(0), help="How many rows.")
@click.option("--what", default="", metavar="TEXT", help="Which call or extract; no values.")
@click.option("--user", default="", metavar="TEXT", help="The person or system that used it.")
@acting
@pass_state
def use(state: State, ident: str, rows: int, what: str, user: str, why: str, behalf: str, as_json: bool) -> None:
    """Log one use of granted data; refused outside the days of the grant."""
    _do(state, behalf, as_json, lambda at, requests: requests.use(ident, rows=rows, what=what, user=user, why=why))


@request.command()
@IDENT
@acting
@pass_state
def withdraw(state: State, ident: str, why: str, behalf: str, as_json: bool) -> None:
    """Take a request back, or give a grant up; --why says why.

    As who asked. For an applicant from outside (Art. 25) as who entered the request, the centre or the opening
    authority, never as the department that is asked to give it. For a department that is gone, as the centre.
    """
    _do(state, behalf, as_json, lambda at, requests: requests.withdraw(ident, why))


@request.command()
@json_option
@pass_state
def sweep(state: State, as_json: bool) -> None:
    """Expire the grants whose last day is past; `pdc run` does it too."""
    from workflows.sharing.sweep import sweep as expire

    with counter(state) as at:
        acts = expire(at.trail, at.desk.pack.ident)
    if as_json:
        emit_json({"expired": [act.subject for act in acts]})
    else:
        say(f"{len(acts)} grants expired{': ' if acts else ''}{', '.join(act.subject for act in acts)}")


# --- looking -----------------------------------------------------------------------------------------------------


@request.command("list")
@click.option("--stage", metavar="STAGE", help="Only requests in this stage.")
@click.option("--department", metavar="DEPT", help="Only what this department asks or has.")
@click.option("--overdue", is_flag=True, help="Only what should have been done by now.")
@click.option("--recheck", is_flag=True, help="Only grants and approvals that the entry of today would not give.")
@json_option
@pass_state
def list_(state: State, stage: str | None, department: str | None, overdue: bool, recheck: bool, as_json: bool) -> None:
    """Requests with their stage, whom they wait for, and what is due.

    An approval for another version than the one in force counts no more: the note says so, and since when.
    """
    from workflows.sharing.states import STAGE_NAMES

    known = sorted(set(STAGE_NAMES) - {"new"})
    if stage is not None and stage not in known:
        raise InputError(f"no stage {stage!r}; known: {', '.join(known)}")
    with counter(state) as at:
        asked = [one for one in at.states().values() if stage in (None, one.stage)]
        at.department(department, (name for one in asked for name in (one.document.requester, one.owner)))
        found = at.seen(one for one in asked if department in (None, one.document.requester, one.owner))
        rows = [
            _row(one, at.today) for one in found if (one.late(at.today) or not overdue) and (one.note or not recheck)
        ]
    _emit_rows(rows, as_json)


@request.command()
@json_option
@pass_state
def overdue(state: State, as_json: bool) -> None:
    """Requests on which somebody is late, the latest first."""
    with counter(state) as at:
        rows = [_row(one, at.today) for one in at.seen(at.states().values()) if one.late(at.today)]
    _emit_rows(sorted(rows, key=lambda row: str(row["due"])), as_json)


def _row(seen: Seen, today: str) -> dict[str, Any]:
    from workflows.sharing.shown import row

    return row(seen.state, seen.due, seen.steps, seen.note, today)


def _emit_rows(rows: list[dict[str, Any]], as_json: bool) -> None:
    from workflows.sharing.shown import HEADER, cells

    if as_json:
        emit_json(rows)
        return
    emit_table(HEADER, [cells(row) for row in rows])


@request.command()
@IDENT
@json_option
@pass_state
def show(state: State, ident: str, as_json: bool) -> None:
    """One request: all that a reviewer needs, on one screen.

    What was asked and what for, each item's tier, type and basis, what is missing and who may act next, every act,
    and the text of the grant.
    """
    from workflows.outputs import words
    from workflows.sharing.shown import act_rows, cited_keys, shown_items

    with counter(state) as at:
        [seen] = at.seen([at.state(ident)])
        acts = list(at.trail.acts("request", ident))
        body = at.trail.document(seen.state.grant.text) if seen.state.grant else None
        items = shown_items(seen.state, None if seen.now and seen.now.unread else at.entry(seen.state))
        told = at.words(seen.state)
        cited = {key: words.citation_line(told, key) for key in cited_keys(seen.state, seen.due)}
        text = msgspec.json.decode(body, type=str) if body else ""
        if not as_json:
            _screen(at, seen, items, cited, told)
            emit_table(("at", "who", "act", "why"), list(act_rows(acts, at.desk.site.people)))
            if text:
                echo(f"\n{text.rstrip()}")
            return
        more = {"usable": seen.state.usable(at.today), "citations": cited, "text": text, "acts": acts}
    emit_json(
        {"state": seen.state, "now": seen.now, "due": seen.due, "next": seen.steps, "note": seen.note}
        | {"items": items}
        | more
    )


def _screen(at: Counter, seen: Seen, items: list[ShownItem], cited: dict[str, str], told: Recalled) -> None:
    """What a reviewer needs, above the acts."""
    from workflows.sharing.shown import facts, item_rows, waiting
    from workflows.sharing.states import STAGE_NAMES

    found, site = seen.state, at.desk.site
    late = " late" if seen.late(at.today) else ""
    echo(f"{found.id}  {STAGE_NAMES[found.stage]} ({found.stage}){_due_text(seen.due)}{late}")
    departments = at.names(found)
    lines = [
        *waiting(seen.steps, {one.id: one.name for one in site.people}),
        ("note", seen.note),
        *facts(found, departments, cited, at.today),
    ]
    for name, value in lines:
        if value:
            echo(f"{name:<10}{value}")
    if items:
        echo("")
        emit_table(("item", "name", "tier", found.kind, "basis"), list(item_rows(items, found, told)))
    echo("")


COMMANDS = (request,)
