"""``pdc request``: ask for data of another department, review, grant, renew, revoke, log its use."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click
import msgspec

from workflows.cli_common import F, State, as_option, echo, emit_json, emit_table, json_option, pass_state, say
from workflows.errors import InputError

if TYPE_CHECKING:
    from workflows.acts.model import Act
    from workflows.acts.trail import Trail
    from workflows.entries.desk import Desk
    from workflows.sharing.limits import Deadlines, Due
    from workflows.sharing.requests import Requests
    from workflows.sharing.states import RequestState, Side

WHY = click.option("--why", default="", metavar="TEXT", help="The reason, for the audit trail.")
IDENT = click.argument("ident", metavar="ID")
FROM = click.option(
    "--from", "since", default="", metavar="DAY", help="First day (ISO); without it, from the grant on."
)
UNTIL = click.option("--until", default="", metavar="DAY", help="Last day (ISO); without it, without end.")


@click.group()
def request() -> None:
    """Requests to share or open data: ask, review, grant, renew, revoke, and the log of use (Art. 21-25).

    Numbers are S2026-0001 for sharing and O2026-0001 for opening.
    """


@dataclass(frozen=True)
class Counter:
    """What every command here works with."""

    desk: Desk
    trail: Trail
    deadlines: Deadlines

    @property
    def today(self) -> str:
        return self.trail.clock().date().isoformat()

    def requests(self, behalf: str) -> Requests:
        from workflows.acts.site import site_actor
        from workflows.sharing.requests import Requests

        site = self.desk.site
        names = {department.id: department.name for department in site.departments}
        actor = site_actor(site, behalf)
        district, catalogue = site.district, site.name
        return Requests(self.trail, self.desk.pack, actor, self.deadlines, site.rights, district, names, catalogue)

    def asset(self, name: str) -> str:
        """The key that a name on the command line stands for."""
        found = self.desk.keys([name])
        if len(found) > 1:
            raise InputError(f"{name!r} names {len(found)} entries: {', '.join(found[:5])} …")
        return found[0]

    def states(self) -> dict[str, RequestState]:
        from workflows.sharing.states import states

        return states(self.trail)

    def state(self, ident: str) -> RequestState:
        from workflows.sharing.states import fold

        found = fold(self.trail.acts("request", ident), ident)
        if not found.version:
            raise InputError(f"no request {ident!r} (pdc request list shows them)")
        return found


@contextmanager
def counter(state: State) -> Iterator[Counter]:
    from workflows import clock
    from workflows.acts.trail import Trail
    from workflows.entries.desk import Desk
    from workflows.run import open_pack
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
        found = at.state(acts[0].subject)
        due = at.deadlines.due(found)
    if as_json:
        emit_json({"id": found.id, "stage": found.stage, "acts": acts, "due": due})
        return
    for act in acts:
        by = " by the program" if act.who == "pdc" else ""
        say(f"{act.subject}: {act.verb}{by} (act {act.number})")
    echo(f"{found.id} {found.stage}{_due_text(due)}")


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
        made = Document("open" if opening else "share", asks, applicant, key, items, "", demand, owner, **more)
        return requests.new(made, why)

    _do(state, behalf, as_json, ask)


@request.command()
@IDENT
@click.option("--catalogue", "held", flag_value="yes", help="A department has it and will catalogue it.")
@click.option("--absent", "held", flag_value="no", help="Nobody has it; --why says where you looked.")
@click.option("--owner", default="", metavar="DEPT", help="With --catalogue: which department.")
@click.option("--due", default="", metavar="DAY", help="With --catalogue: by when.")
@acting
@pass_state
def confirm(
    state: State, ident: str, held: str | None, owner: str, due: str, why: str, behalf: str, as_json: bool
) -> None:
    """Say for a demand whether anybody has the data."""
    if held is None:
        raise click.UsageError("say which: --catalogue or --absent")
    _do(
        state,
        behalf,
        as_json,
        lambda at, requests: requests.confirm(ident, held=held == "yes", owner=owner, due=due, why=why),
    )


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
@acting
@pass_state
def revoke(state: State, ident: str, why: str, behalf: str, as_json: bool) -> None:
    """End a grant before its last day; --why says why."""
    _do(state, behalf, as_json, lambda at, requests: requests.revoke(ident, why))


@request.command(name="object")
@IDENT
@acting
@pass_state
def object_(state: State, ident: str, why: str, behalf: str, as_json: bool) -> None:
    """Object to a refusal or a revocation, as who asked; --why says why."""
    _do(state, behalf, as_json, lambda at, requests: requests.object(ident, why))


@request.command()
@IDENT
@click.option("--upheld", "upheld", flag_value="yes", help="It stays as it was.")
@click.option("--review", "upheld", flag_value="no", help="It is reviewed again.")
@acting
@pass_state
def answer(state: State, ident: str, upheld: str | None, why: str, behalf: str, as_json: bool) -> None:
    """Answer an objection, as the district office; --why says why."""
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
    """Take a request back, or give a grant up; --why says why."""
    _do(state, behalf, as_json, lambda at, requests: requests.withdraw(ident, why))


@request.command()
@json_option
@pass_state
def sweep(state: State, as_json: bool) -> None:
    """Expire the grants whose last day is past; `pdc run` does it too."""
    from workflows.sharing.sweep import sweep as expire

    with counter(state) as at:
        acts = expire(at.trail)
    if as_json:
        emit_json({"expired": [act.subject for act in acts]})
    else:
        say(f"{len(acts)} grants expired{': ' if acts else ''}{', '.join(act.subject for act in acts)}")


# --- looking -----------------------------------------------------------------------------------------------------


@request.command("list")
@click.option("--stage", metavar="STAGE", help="Only requests in this stage.")
@click.option("--department", metavar="DEPT", help="Only what this department asks or has.")
@click.option("--overdue", is_flag=True, help="Only what should have been done by now.")
@click.option("--recheck", is_flag=True, help="Only grants that the entry of today would not give.")
@json_option
@pass_state
def list_(state: State, stage: str | None, department: str | None, overdue: bool, recheck: bool, as_json: bool) -> None:
    """Requests with their stage and what is due."""
    from workflows.sharing.states import FROM as TABLE
    from workflows.sharing.sweep import recheck as look_again

    known = sorted({one for stages in TABLE.values() for one in stages} - {"new"} | {"absent", "withdrawn"})
    if stage is not None and stage not in known:
        raise InputError(f"no stage {stage!r}; known: {', '.join(known)}")
    with counter(state) as at:
        found = [one for one in at.states().values() if stage in (None, one.stage)]
        found = [one for one in found if department in (None, one.document.requester, one.owner)]
        found = [one for one in found if not overdue or at.deadlines.overdue(one, at.today)]
        notes = {one.id: one.why for one in look_again(at.trail, at.desk.pack, iter(found))} if recheck else {}
        rows = [_row(at, one, notes.get(one.id, "")) for one in found if not recheck or one.id in notes]
    _emit_rows(rows, as_json)


@request.command()
@json_option
@pass_state
def overdue(state: State, as_json: bool) -> None:
    """Requests on which somebody is late, the latest first."""
    with counter(state) as at:
        found = [one for one in at.states().values() if at.deadlines.overdue(one, at.today)]
        rows = sorted((_row(at, one) for one in found), key=lambda row: str(row["due"]))
    _emit_rows(rows, as_json)


def _row(at: Counter, found: RequestState, note: str = "") -> dict[str, Any]:
    due = at.deadlines.due(found)
    asked = found.document
    return {
        "id": found.id,
        "stage": found.stage,
        "requester": asked.applicant or asked.requester,
        "owner": asked.owner,
        "asset": asked.asset,
        "demand": asked.demand,
        "usable": found.usable(at.today),
        "until": found.grant.until if found.grant else "",
        "to_do": due.what if due else "",
        "due": due.day if due else "",
        "overdue": bool(due and due.day < at.today),
        "note": note or (due.note if due else ""),
    }


def _emit_rows(rows: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        emit_json(rows)
        return
    header = ("id", "stage", "asked by", "owner", "what", "until", "to do", "due", "note")
    emit_table(header, [_cells(row) for row in rows])


def _cells(row: dict[str, Any]) -> list[str]:
    due = f"{row['due']}{' late' if row['overdue'] else ''}"
    named = [row[name] for name in ("id", "stage", "requester", "owner")]
    return [*named, row["asset"] or row["demand"], row["until"], row["to_do"], due, row["note"]]


@request.command()
@IDENT
@json_option
@pass_state
def show(state: State, ident: str, as_json: bool) -> None:
    """One request: what was asked, every act, what is due, and the text of its grant."""
    from workflows.outputs import words
    from workflows.sharing.states import STAGE_NAMES

    with counter(state) as at:
        found = at.state(ident)
        acts = list(at.trail.acts("request", ident))
        due, usable, today = at.deadlines.due(found), found.usable(at.today), at.today
        body = at.trail.document(found.grant.text) if found.grant else None
        cited = {key: words.citation_line(at.desk.pack, key) for key in _keys(found, due)}
    text = msgspec.json.decode(body, type=str) if body else ""
    if as_json:
        emit_json({"state": found, "due": due, "usable": usable, "citations": cited, "text": text, "acts": acts})
        return
    echo(f"{found.id}  {STAGE_NAMES[found.stage]} ({found.stage}){_due_text(due)}")
    for name, value in _told(found, cited, usable, today):
        if value:
            echo(f"{name:<10}{value}")
    emit_table(("at", "who", "act", "why"), [(act.at[:16], act.who, act.verb, act.why) for act in acts])
    if text:
        echo(f"\n{text}")


def _keys(found: RequestState, due: Due | None) -> tuple[str, ...]:
    refused = found.refusal.by.basis if found.refusal else ()
    return tuple(dict.fromkeys((*found.document.basis, *refused, *(due.basis if due else ()))))


def _told(found: RequestState, cited: dict[str, str], usable: bool, today: str) -> Iterator[tuple[str, str]]:
    asked, grant, refusal = found.document, found.grant, found.refusal
    yield "asked by", f"{asked.applicant} via {asked.requester}" if asked.applicant else asked.requester
    yield "owner", asked.owner
    yield "what", f"{asked.title} ({asked.asset})" if asked.asset else asked.demand
    yield "items", "、".join(asked.items)
    yield "purpose", asked.purpose
    yield "basis", "；".join(cited[key] for key in asked.basis)
    yield "means", asked.means
    yield "approved", "、".join(f"{side} {mark.who} {mark.at[:10]}" for side, mark in found.approvals.items())
    if grant:
        yield "granted", f"{grant.since} to {grant.until or 'no end'}{'' if usable else f' (not usable on {today})'}"
    if refusal:
        grounds = refusal.gone or "；".join(cited[key] for key in refusal.by.basis)
        yield "closed" if refusal.gone else "refused", f"{refusal.by.why} {grounds}"
        yield "instead", "、".join(refusal.instead)
    yield "uses", f"{found.uses} ({found.rows_used} rows)" if found.uses else ""


COMMANDS = (request,)
