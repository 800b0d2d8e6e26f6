"""``pdc entry``: catalogue entries from draft to publication, and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any, NamedTuple

import click
import msgspec

from workflows.cli_common import State, as_day, as_option, echo, emit_json, emit_table, json_option, pass_state, say
from workflows.errors import InputError, Refusal, StoreError

if TYPE_CHECKING:
    from workflows.acts.model import Act
    from workflows.entries.desk import Desk
    from workflows.entries.lifecycle import LifeCycle
    from workflows.entry import Entry
    from workflows.people import Person

WHY = click.option("--why", default="", metavar="TEXT", help="The reason, for the audit trail.")
DRY_RUN = click.option("--dry-run", is_flag=True, help="Say what would be done or refused, and why; do nothing.")
STAGES = ("draft", "submitted", "returned", "approved", "published", "changed", "withdrawn")
WHICH = "A version: its number, the first digits of its digest, in-force, review or now."
SHOWN = 20
"""Entries that could not be read, of which ``list`` tells each by itself."""
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
@click.option("--state", "stage", type=click.Choice(STAGES), help="Only entries in this state.")
@json_option
@click.pass_context
@pass_state
def list_(state: State, ctx: click.Context, globs: tuple[str, ...], stage: str | None, as_json: bool) -> None:
    """Entries and where they stand. With completeness, and how much keeps them from being submitted."""
    from workflows.entries.elements import completeness

    with desk(state) as at:
        unread: dict[str, str] = {}
        rows = [
            (one.code, one.asset, one.title, one.state, completeness(one).score, len(at.to_do(one)))
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
    for told in list(unread.values())[:SHOWN]:
        say(f"failed: {told}")
    if len(unread) > SHOWN:
        say(f"failed: {len(unread) - SHOWN} more")
    ctx.exit(3 if unread else 0)


@entry.command()
@click.argument("name", metavar="ENTRY")
@click.option("--as-of", metavar="DATE", help="The version in force at the end of that day.")
@click.option("--review", is_flag=True, help="The version under review, as it was submitted.")
@json_option
@pass_state
def show(state: State, name: str, as_of: str | None, review: bool, as_json: bool) -> None:
    """One entry, element by element. Who filled each, what is missing, and where it stands."""
    if as_of and review:
        raise click.UsageError("--as-of and --review do not go together")
    with desk(state) as at:
        key = at.key(name)
        record = _of_day(at, key, as_day(as_of, "--as-of")) if as_of else _of_now(at, key, review)
        people = at.site.people
    if as_json:
        emit_json(record)
        return
    echo(f"{record['code']}  {record['title']}  ({record['asset']})\nstate     {record['state']}")
    echo(f"complete  {record['completeness']:.0%}")
    emit_table(("element", "value", "filled by"), [_element_cells(one, people) for one in record["elements"]])
    echo("")
    emit_table(
        ("label", "is", "said by", "basis"),
        [(one["title"], _except(one), _by(one, people), "；".join(one["basis"])) for one in record["labels"]],
    )
    if record["items"]:
        echo("")
        emit_table(("no", "item", "name", *_AXES), [_item_cells(one) for one in record["items"]])
    filled = ((item["name"], one) for item in record["items"] for one in item["elements"] if one["who"])
    said = [(name, *_element_cells(one, people)) for name, one in filled]
    if said:
        echo("\nwhat people filled in of the items")
        emit_table(("item", "element", "value", "filled by"), said)
    for title in ("changes", "since_submitted", "to_do"):
        if record[title]:
            echo("\n".join((f"\n{_HEADINGS[title]}", *(f"  {line}" for line in record[title]))))


_AXES = ("数据分级", "共享类型", "开放类型")
_HEADINGS = {
    "changes": "changes since the version in force",
    "since_submitted": "changed since it was submitted",
    "to_do": "to do",
}


def _except(one: dict[str, Any]) -> str:
    """A label of the resource, and for which items it does not hold."""
    return f"{one['name']}（不含：{'、'.join(one['stricter'])}）" if one["stricter"] else str(one["name"])


def _by(one: dict[str, Any], people: Sequence[Person]) -> str:
    from workflows.people import who_line

    return " ".join(filter(None, (one["by"], who_line(one["who"], one.get("who_name", ""), people))))


def _element_cells(one: dict[str, Any], people: Sequence[Person]) -> tuple[str, str, str]:
    return one["title"], one["name"], _by(one, people)


def _item_cells(item: dict[str, Any]) -> tuple[object, ...]:
    """Who ruled a label stands behind it."""
    title = next((one["name"] for one in item["elements"] if one["key"] == "title"), "")
    labels = {one["title"]: f"{one['name']} ({one['who']})" if one["who"] else one["name"] for one in item["labels"]}
    return item["number"], item["name"], title, *(labels.get(axis, "待判定") for axis in _AXES)


def _of_now(at: Desk, key: str, review: bool) -> dict[str, Any]:
    """An entry as it is now, or its version under review as it was submitted."""
    from workflows.entries.changes import GONE
    from workflows.entries.documents import UNDER_REVIEW, open_version
    from workflows.entries.records import record, ruled
    from workflows.entries.versions import diff as differences
    from workflows.entries.versions import document

    state, now = at.state(key), next(at.entries([key]))
    under_review = state.under_review
    if review and under_review is None:
        raise InputError(f"no version of {key} is under review (it is {state.stage})")
    submitted = open_version(at.trail, key, under_review.digest, UNDER_REVIEW) if under_review else None
    since = differences(submitted, document(now), at.pack) if submitted else ()
    shown = submitted if review and submitted is not None else now
    found = record(shown, state, at.pack, said=ruled(at.store.decisions(key)), declared=at.declared(shown))
    if review and state.in_force is not None:
        found["changes"] = differences(open_version(at.trail, key, state.in_force.digest), shown, at.pack)
    changes, since_submitted = ([str(one) for one in found] for found in (found["changes"], since))
    if key in at.gone:
        told = [GONE] if state.in_force is not None else []
        return {**found, "changes": told, "since_submitted": [], "to_do": at.to_do(now)}
    return {**found, "changes": changes, "since_submitted": since_submitted}


def _of_day(at: Desk, key: str, day: str) -> dict[str, Any]:
    """Where a version in force stood on that day, in the words by which it was published."""
    from workflows.entries.published import published_entry
    from workflows.entries.records import record, ruled
    from workflows.entries.words import Wordings

    past = published_entry(at.trail, key, day)
    if past is None or past.state.in_force is None:
        raise InputError(f"no version of {key} was in force on {day}")
    words = past.state.in_force.words
    told = Wordings(at.trail).read(words) if words else None
    said = ruled(at.store.decisions(key), past.state.in_force.at)
    return {**record(past.entry, past.state, at.pack, told=told, said=said), "since_submitted": [], "to_do": []}


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
    """Fill in elements of an entry. An empty VALUE takes back what a person wrote."""
    from workflows.acts.site import site_actor
    from workflows.acts.text import one_line_texts
    from workflows.entries.values import Fill
    from workflows.entries.values import fill as fill_in

    one_line_texts({"--why": why, "--as": behalf})
    fills = [Fill(*_pair(value), item) for value in values]
    with desk(state) as at:
        found = at.one(name)
        with at.trail.acting(site_actor(at.site, behalf), at.pack.ident) as acting:
            names = [one.name for one in found.items]
            act = fill_in(acting, found.asset, fills, rights=at.site.rights, items=names, of=found, why=why)
    if as_json:
        emit_json({"entry": found.asset, "act": act})
        return
    new = len(msgspec.json.decode(act.after)) if act else 0
    say("nothing new" if act is None else f"{found.asset}: {new} elements filled (act {act.number})")


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
    """Every act on one entry. Each with the version (its digest) that it was about."""
    from workflows.acts.shown import SHORT
    from workflows.people import who_line

    with desk(state) as at:
        acts, people = list(at.trail.acts("entry", at.key(name))), at.site.people
    if as_json:
        emit_json(acts)
    else:
        emit_table(
            ("no", "at", "who", "act", "version", "why"),
            [
                (
                    *(act.version, act.at[:16], who_line(act.who, act.name, people)),
                    *(act.verb, act.named("version")[:SHORT], act.why),
                )
                for act in acts
            ],
        )


@entry.command()
@click.argument("name", metavar="ENTRY")
@json_option
@pass_state
def versions(state: State, name: str, as_json: bool) -> None:
    """Every version that was submitted. With its digest and who did what with it.

    A version has a number once it is published: 第N版 of the lists.
    """
    from workflows.acts.shown import SHORT
    from workflows.entries.history import versions as versions_of
    from workflows.people import who_line

    with desk(state) as at:
        found, people = versions_of(at.trail.acts("entry", at.key(name))), at.site.people
    if as_json:
        emit_json(found)
        return
    steps = ("submitted", "returned", "secrecy", "security", "refusal", "approved", "published", "withdrawn")
    told = [(one, [(step, getattr(one, step)) for step in steps]) for one in found]
    shown = [step for step in steps if any(getattr(one, step) for one in found)]
    emit_table(
        ("version", "digest", "is", *shown),
        [
            (
                one.number or "",
                one.digest[:SHORT],
                one.standing,
                *(
                    f"{did.at[:10]} {who_line(did.who, did.name, people)}" if did else ""
                    for step, did in done
                    if step in shown
                ),
            )
            for one, done in told
        ],
    )


@entry.command()
@click.argument("name", metavar="ENTRY")
@click.option("--from", "old", metavar="N", default="in-force", show_default=True, help=WHICH)
@click.option("--to", "new", metavar="N", default="now", show_default=True, help="Likewise.")
@json_option
@pass_state
def diff(state: State, name: str, old: str, new: str, as_json: bool) -> None:
    """What differs between two versions.

    By default between the one in force and the entry as it is now. Citations that the pack in force does not know read
    as on the day on which the version was published.
    """
    from workflows.entries.changes import GONE
    from workflows.entries.versions import Change
    from workflows.entries.versions import diff as differences
    from workflows.entries.words import recalled

    with desk(state) as at:
        key = at.key(name)
        told = recalled(at.pack, at.trail.document, *_words(at, key))
        gone = key in at.gone and "now" in (old, new)
        changes = (Change(GONE),) if gone else differences(_version(at, key, old), _version(at, key, new), told)
    if as_json:
        emit_json(changes)
    else:
        for change in changes:
            echo(str(change))


def _words(at: Desk, key: str) -> list[str]:
    """The words by which versions of an entry were published, the latest first."""
    acts = at.trail.acts("entry", key, verb="publish")
    return list(dict.fromkeys(act.named("words") for act in acts))[::-1]


def _version(at: Desk, key: str, which: str) -> Entry:
    """``now``, ``in-force``, ``review``, the number of a version, or the first digits of its digest."""
    from workflows.entries.documents import open_version
    from workflows.entries.history import chosen, versions
    from workflows.entries.versions import document

    if which == "now":
        return document(next(at.entries([key])))
    if which not in ("in-force", "review"):
        version = chosen(versions(at.trail.acts("entry", key)), which)
        return open_version(at.trail, key, version.digest, f"the version {which}")
    state = at.state(key)
    found = state.in_force if which == "in-force" else state.under_review
    if found is None:
        raise InputError(f"no version of {key} is {which.replace('-', ' ').replace('review', 'under review')}")
    return open_version(at.trail, key, found.digest)


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
    from workflows.acts.text import one_line_texts

    @ENTRIES
    @WHY
    @DRY_RUN
    @as_option
    @json_option
    @wraps(command)
    def asked(**given: Any) -> None:
        ctx = click.get_current_context()
        own = Asked(**{name: given.pop(name) for name in Asked._fields})
        one_line_texts({"--why": own.why, "--as": own.behalf})
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
        try:
            for one in at.entries(asked.entries, refused):
                try:
                    done.append(verb(cycle, one, asked.why))
                except (Refusal, StoreError) as error:
                    refused[one.asset] = str(error)
        except BaseException:
            # Whatever ends the command, what is stored by then is told.
            if done:
                _tell(asked, done, refused)
            raise
    _tell(asked, done, refused)
    ctx.exit(0 if not refused else 3 if done else 4)


def _tell(asked: Asked, done: list[Act], refused: dict[str, str]) -> None:
    if asked.as_json:
        acts = [{"asset": act.subject, "verb": act.verb} for act in done]
        told = {"would": acts} if asked.dry_run else {"done": done}
        emit_json({**told, "refused": [{"asset": asset, "why": text} for asset, text in refused.items()]})
    for act in done:
        say(f"{act.subject}: would {act.verb}" if asked.dry_run else f"{act.subject}: {act.verb} (act {act.number})")
    for text in refused.values():
        say(f"{'would be refused' if asked.dry_run else 'refused'}: {text}")


def _verb(name: str, text: str, verb: Verb) -> None:
    """Register one plain verb as a command."""

    @entry.command(name, help=text)
    @_with_verb_options
    def command(state: State, ctx: click.Context, asked: Asked) -> None:
        _act(state, ctx, asked, verb)


_verb(
    "submit",
    "Hand entries in for review. What is missing is listed (Article 15).",
    lambda c, one, why: c.submit(one, why),
)


@entry.command()
@click.option("--secrecy", "review", flag_value="secrecy", help="保密审查.")
@click.option("--security", "review", flag_value="security", help="安全审查.")
@_with_verb_options
def sign(state: State, ctx: click.Context, asked: Asked, review: str | None) -> None:
    """Sign 保密审查 or 安全审查. It is of the version under review (Article 31)."""
    if review is None:
        raise click.UsageError("say which: --secrecy or --security")
    name: Any = review
    _act(state, ctx, asked, lambda cycle, one, why: cycle.sign(one, name, why))


_verb(
    "return",
    "Give entries back to their department. --why says what to mend.",
    lambda c, one, why: c.send_back(one, why),
)
_verb("approve", "Approve what was submitted, as a second person. Article 15.", lambda c, one, why: c.approve(one, why))
_verb(
    "approve-refusal",
    "Let a 非共享 stand, as the district office. 上海市数据条例 38.",
    lambda c, one, why: c.approve_refusal(one, why),
)
_verb("publish", "Bring the approved version into force.", lambda c, one, why: c.publish(one, why))
_verb("withdraw", "Take entries out of force; --why says why.", lambda c, one, why: c.withdraw(one, why))

COMMANDS = (entry,)
