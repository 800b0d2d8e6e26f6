"""``pdc entry``: catalogue entries from draft to publication, and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from workflows.cli_common import State, as_day, as_option, echo, emit_json, emit_table, json_option, pass_state, say
from workflows.errors import InputError, Refusal, StoreError

if TYPE_CHECKING:
    from classifiers.policy import Pack
    from workflows.acts.model import Act
    from workflows.entries.desk import Desk
    from workflows.entries.elements import Filled, Level
    from workflows.entries.lifecycle import LifeCycle
    from workflows.entries.published import PublishedEntry
    from workflows.entries.states import EntryState
    from workflows.entries.words import Wording
    from workflows.entry import Entry, EntryItem
    from workflows.outputs.words import Lexicon

WHY = click.option("--why", default="", metavar="TEXT", help="The reason, for the audit trail.")
DRY_RUN = click.option("--dry-run", is_flag=True, help="Say what would be done or refused, and why; do nothing.")
ENTRIES = click.argument("entries", nargs=-1, required=True, metavar="ENTRY...")


@click.group()
def entry() -> None:
    """Catalogue entries: compile, submit, review, publish, withdraw.

    An ENTRY is an asset's key, or a glob such as minzheng/* that names many.
    """


@contextmanager
def desk(state: State) -> Iterator[Desk]:
    from workflows.entries.desk import Desk
    from workflows.run import open_pack

    with state.store() as (site, store):
        yield Desk(site, store, open_pack(site.pack, site.overlays))


@entry.command("list")
@click.argument("globs", nargs=-1, metavar="[ENTRY]...")
@click.option("--state", "stage", help="Only entries in this state.")
@json_option
@click.pass_context
@pass_state
def list_(state: State, ctx: click.Context, globs: tuple[str, ...], stage: str | None, as_json: bool) -> None:
    """Entries with their state, completeness and how much keeps them from being submitted."""
    from workflows.entries.blockers import to_submit
    from workflows.entries.elements import completeness

    with desk(state) as at:
        unread: dict[str, str] = {}
        rows = [
            (one.code, one.asset, one.title, one.state, completeness(one).score, len(to_submit(one, at.pack)))
            for one in at.entries(globs or ("*",), unread)
            if stage in (None, one.state)
        ]
    header = ("code", "entry", "title", "state", "complete", "to do")
    if as_json:
        emit_json(
            [dict(zip(("code", "asset", "title", "state", "completeness", "to_do"), row, strict=True)) for row in rows]
        )
    else:
        emit_table(header, [(*row[:4], f"{row[4]:.0%}", row[5]) for row in rows])
    for told in unread.values():
        say(f"failed: {told}")
    ctx.exit(3 if unread else 0)


@entry.command()
@click.argument("name", metavar="ENTRY")
@click.option("--as-of", metavar="DATE", help="The version in force at the end of that day.")
@json_option
@pass_state
def show(state: State, name: str, as_of: str | None, as_json: bool) -> None:
    """One entry: every element and who filled it, what is missing, and where it stands."""
    with desk(state) as at:
        past = _in_force(at, name, as_of) if as_of else None
        found = past.entry if past else _only(at, name)
        record = _of_day(at, past) if past else _record(at, found, at.state(found.asset), at.pack)
    if as_json:
        emit_json(record)
        return
    echo(f"{found.code}  {found.title}  ({found.asset})\nstate     {found.state}")
    echo(f"complete  {record['completeness']:.0%}")
    emit_table(
        ("element", "value", "filled by"),
        [_element_cells(one) for one in record["elements"]],
    )
    echo("")
    emit_table(
        ("label", "is", "basis"), [(one["title"], one["name"], "；".join(one["basis"])) for one in record["labels"]]
    )
    said = [(item["name"], *_element_cells(one)) for item in record["items"] for one in item["elements"] if one["who"]]
    if said:
        echo("\nwhat people filled in of the items")
        emit_table(("item", "element", "value", "filled by"), said)
    for title, lines in (("changes since the version in force", record["changes"]), ("to do", record["to_do"])):
        if lines:
            echo("\n".join((f"\n{title}", *(f"  {line}" for line in lines))))


def _element_cells(one: dict[str, Any]) -> tuple[str, str, str]:
    return one["title"], one["value"], " ".join(filter(None, (one["by"], one["who"])))


def _told(level: Level, values: Mapping[str, Filled]) -> list[dict[str, str]]:
    from workflows.entries.elements import elements

    titles = elements(level)
    return [
        {"key": key, "title": titles[key].title, "value": one.value, "by": one.by, "who": one.who}
        for key, one in values.items()
    ]


def _told_item(entry: Entry, item: EntryItem, pack: Lexicon) -> dict[str, Any]:
    """Only what is filled: most elements of most items are nobody's."""
    from workflows.entries.derived import derived_item
    from workflows.entries.elements import filled_item

    values = {key: one for key, one in filled_item(item, derived_item(entry, item, pack)).items() if one.value}
    return {"number": item.number, "name": item.name, "elements": _told("item", values)}


def _record(at: Desk, found: Entry, standing: EntryState, told: Pack | Wording) -> dict[str, Any]:
    """``told``: in whose words, the pack's or those of the day on which it was published."""
    from workflows.entries.blockers import to_publish, to_submit
    from workflows.entries.derived import derived
    from workflows.entries.elements import completeness, filled

    reviewed = standing.stage in ("submitted", "approved")
    missing = to_publish(found, standing, at.pack) if reviewed else to_submit(found, at.pack)
    return {
        "asset": found.asset,
        "code": found.code,
        "title": found.title,
        "state": standing.stage,
        "version": standing.version,
        "in_force": standing.in_force,
        "completeness": completeness(found).score,
        "elements": _told("asset", filled(found, derived(found, standing, told))),
        "items": [_told_item(found, item, told) for item in found.items],
        "labels": _labels(found, told),
        "changes": standing.changes,
        "to_do": missing,
    }


def _of_day(at: Desk, past: PublishedEntry) -> dict[str, Any]:
    """Where a version in force stood on that day, in the words by which it was published."""
    from workflows.entries.words import Wordings

    words = past.state.in_force.words if past.state.in_force else ""
    told = Wordings(at.trail).read(words) if words else at.pack
    return {**_record(at, past.entry, past.state, told), "to_do": []}


def _labels(found: Entry, told: Lexicon) -> list[dict[str, Any]]:
    """Tier, share and open type as readers see them, with reason and citations."""
    from workflows.outputs import words

    return [
        {
            "key": label.dimension,
            "title": words.AXIS_TITLES[label.dimension],
            "value": label.value,
            "name": words.key_name(told, label.dimension, label.value),
            "reason": label.reason,
            "basis": [words.citation_line(told, key) for key in label.basis],
        }
        for label in words.axis_labels(found)
    ]


def _only(at: Desk, name: str) -> Entry:
    found = list(at.entries([name]))
    if len(found) > 1:
        raise InputError(f"{name!r} names {len(found)} entries: {', '.join(one.asset for one in found[:5])} …")
    return found[0]


def _in_force(at: Desk, name: str, as_of: str) -> PublishedEntry:
    from workflows.entries.published import published_entry

    (key,) = at.keys([name])[:1]
    found = published_entry(at.trail, key, as_day(as_of, "--as-of"))
    if found is None:
        raise InputError(f"no version of {key} was in force on {as_of}")
    return found


@entry.command()
@click.argument("name", metavar="ENTRY")
@click.argument("values", nargs=-1, required=True, metavar="ELEMENT=VALUE...")
@click.option("--item", metavar="COLUMN", help="Elements of this information item instead of the resource's.")
@WHY
@as_option
@json_option
@pass_state
def fill(
    state: State, name: str, values: tuple[str, ...], item: str | None, why: str, behalf: str, as_json: bool
) -> None:
    """Fill in elements of an entry; an empty VALUE takes back what a person wrote."""
    from workflows.acts.site import site_actor
    from workflows.entries.values import Fill
    from workflows.entries.values import fill as fill_in

    fills = [Fill(*_pair(value), item) for value in values]
    with desk(state) as at:
        found = _only(at, name)
        with at.trail.acting(site_actor(at.site, behalf), at.pack.ident) as acting:
            names = [one.name for one in found.items]
            act = fill_in(acting, found.asset, fills, rights=at.site.rights, items=names, why=why)
    if as_json:
        emit_json({"entry": found.asset, "act": act})
        return
    say("nothing new" if act is None else f"{found.asset}: {len(fills)} elements filled (act {act.number})")


def _pair(text: str) -> tuple[str, str]:
    element, sign, value = text.partition("=")
    if not sign:
        raise InputError(f"{text!r} is no ELEMENT=VALUE")
    return element.strip(), value


@entry.command()
@click.argument("name", metavar="ENTRY")
@json_option
@pass_state
def history(state: State, name: str, as_json: bool) -> None:
    """Every act on one entry."""
    with desk(state) as at:
        (key,) = at.keys([name])[:1]
        acts = list(at.trail.acts("entry", key))
    if as_json:
        emit_json(acts)
    else:
        emit_table(
            ("version", "at", "who", "act", "why"),
            [(act.version, act.at[:16], act.who, act.verb, act.why) for act in acts],
        )


@entry.command()
@click.argument("name", metavar="ENTRY")
@json_option
@pass_state
def diff(state: State, name: str, as_json: bool) -> None:
    """What differs between the version in force and the entry as it is now."""
    from workflows.entries.documents import open_version
    from workflows.entries.versions import diff as differences
    from workflows.entries.versions import document

    with desk(state) as at:
        found = _only(at, name)
        in_force = at.state(found.asset).in_force
        if in_force is None:
            raise InputError(f"no version of {found.asset} is in force")
        changes = differences(open_version(at.trail, found.asset, in_force.digest), document(found))
    if as_json:
        emit_json(changes)
    else:
        for change in changes:
            echo(str(change))


# --- the life cycle ----------------------------------------------------------------------------------------------

Verb = Callable[["LifeCycle", "Entry", str], "Act"]


class Asked(NamedTuple):
    """What every verb is called with."""

    entries: tuple[str, ...]
    why: str
    dry_run: bool
    behalf: str
    as_json: bool


def _with_verb_options(command: Callable[..., None]) -> Callable[..., None]:
    """What every verb takes, as one `Asked`."""

    @ENTRIES
    @WHY
    @DRY_RUN
    @as_option
    @json_option
    @wraps(command)
    def asked(**given: Any) -> None:
        ctx = click.get_current_context()
        own = Asked(**{name: given.pop(name) for name in Asked._fields})
        command(ctx.find_object(State), ctx, own, **given)

    return asked


def _act(state: State, ctx: click.Context, asked: Asked, verb: Verb) -> None:
    """One transaction for each entry: what is refused is told and the rest goes on."""
    from workflows.acts.site import site_actor
    from workflows.entries.lifecycle import LifeCycle

    done: list[Act] = []
    refused: dict[str, str] = {}
    with desk(state) as at:
        actor = site_actor(at.site, asked.behalf)
        names = {department.id: department.name for department in at.site.departments}
        rights, catalogue = at.site.rights, at.site.name
        cycle = LifeCycle(at.trail, at.pack, actor, rights, at.labelled(), asked.dry_run, catalogue, names)
        for one in at.entries(asked.entries, refused):
            try:
                done.append(verb(cycle, one, asked.why))
            except (Refusal, StoreError) as error:
                refused[one.asset] = str(error)
    if asked.as_json:
        acts = [{"asset": act.subject, "verb": act.verb} for act in done]
        told = {"would": acts} if asked.dry_run else {"done": done}
        emit_json({**told, "refused": [{"asset": asset, "why": text} for asset, text in refused.items()]})
    for act in done:
        say(f"{act.subject}: would {act.verb}" if asked.dry_run else f"{act.subject}: {act.verb} (act {act.number})")
    for text in refused.values():
        say(f"{'would be refused' if asked.dry_run else 'refused'}: {text}")
    ctx.exit(0 if not refused else 3 if done else 4)


def _verb(name: str, text: str, verb: Verb) -> None:
    """Register one plain verb as a command."""

    @entry.command(name, help=text)
    @_with_verb_options
    def command(state: State, ctx: click.Context, asked: Asked) -> None:
        _act(state, ctx, asked, verb)


_verb(
    "submit",
    "Hand entries in for review (Art. 15); what is missing is listed.",
    lambda c, one, why: c.submit(one, why),
)


@entry.command()
@click.option("--secrecy", "review", flag_value="secrecy", help="保密审查.")
@click.option("--security", "review", flag_value="security", help="安全审查.")
@_with_verb_options
def sign(state: State, ctx: click.Context, asked: Asked, review: str | None) -> None:
    """Sign 保密审查 or 安全审查 of the version under review (Art. 31)."""
    if review is None:
        raise click.UsageError("say which: --secrecy or --security")
    name: Any = review
    _act(state, ctx, asked, lambda cycle, one, why: cycle.sign(one, name, why))


_verb(
    "return",
    "Give entries back to their department; --why says what to mend.",
    lambda c, one, why: c.send_back(one, why),
)
_verb("approve", "Approve what was submitted (Art. 15); a second person.", lambda c, one, why: c.approve(one, why))
_verb(
    "approve-refusal",
    "Let a 非共享 stand, as the district office (上海市数据条例 38).",
    lambda c, one, why: c.approve_refusal(one, why),
)
_verb("publish", "Bring the approved version into force.", lambda c, one, why: c.publish(one, why))
_verb("withdraw", "Take entries out of force; --why says why.", lambda c, one, why: c.withdraw(one, why))

COMMANDS = (entry,)
