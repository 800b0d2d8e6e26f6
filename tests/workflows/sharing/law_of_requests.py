"""What the law asks of every act on a request, written down once more: no fold, no table of the program is asked."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from classifiers.policy import load_pack
from workflows.acts.model import Act

PACK = load_pack("putuo-2020")
PEOPLE: dict[str, tuple[tuple[Any, ...], tuple[str, ...]]] = {
    "qian": (("steward",), ("minzheng",)),
    "zhao": (("head",), ("lvhua",)),
    "li": (("steward",), ("lvhua",)),
    "meng": (("steward", "head"), ("scjg",)),
    "sun": (("office",), ()),
    "wang": (("reviewer",), ()),
    "ke": (("open_steward",), ()),
    "lu": (("office", "reviewer", "head"), ("minzheng", "lvhua")),
    "gu": ((), ()),
    "all": (("steward", "head", "reviewer", "office", "open_steward"), ()),
}
LAW = (("pipl/34",), ("pipl/34", "putuo-2020/22"))
"""Behind a label or a refusal: these suffice for 非共享 (Art. 21), …"""
NO_LAW: tuple[tuple[str, ...], ...] = ((), ("putuo-2020/21",), ("hiv/39",))
"""… and these do not: nothing, a document below the rank, one that nobody has verified."""
NEVER = "9999"


class Seen(NamedTuple):
    """An act of a request, with the request's acts before it, on the day on which it was done."""

    act: Act
    earlier: list[Act]
    today: str
    told: dict[str, Any]
    """What the act says."""

    @property
    def document(self) -> dict[str, Any]:
        """What is asked for, after the act."""
        return documents([*self.earlier, self.act])[-1]

    @property
    def owner(self) -> str:
        """Who is to give it, before the act."""
        named = [told["owner"] for act in self.earlier if act.verb == "confirm" and "owner" in (told := read(act))]
        settled = any(act.verb == "catalogue" for act in self.earlier)
        found = self.document if not self.earlier else documents(self.earlier)[-1]
        return str(named[-1] if named and not settled else found.get("owner", ""))

    @property
    def shared(self) -> bool:
        return self.act.subject.startswith("S")

    @property
    def round(self) -> list[Act]:
        """The acts from whatever began this review on."""
        return self.earlier[max(place for place, act in enumerate(self.earlier) if begins(act)) :]

    @property
    def entered(self) -> bool:
        """Whether it is who wrote the request down."""
        return bool(self.earlier) and self.act.account == self.earlier[0].account

    def has(self, *roles: str, of: str | None = None) -> bool:
        own, departments = PEOPLE[self.act.account]
        return bool({*own} & {*roles}) and (of is None or not departments or of in departments)

    def lawful(self, value: str, version: str) -> None:
        """``value``, ``version``: the type of sharing and opening of what is asked, and its version in force."""
        assert self.act.pack == PACK.ident
        assert bool(self.act.before) == (self.act.verb != "new")
        assert self.act.who == "pdc" or self.allowed(), f"{self.act.account} {self.act.verb}"
        if self.act.verb == "grant":
            self.grant(value, version)
        elif self.act.verb == "refuse":
            self.refuse(value)
        elif self.act.verb == "revoke":
            self.revoke(value)
        elif self.act.verb in ("confirm", "catalogue", "answer", "use", "expire", "withdraw"):
            getattr(self, self.act.verb)()
        elif self.act.verb.startswith("approve-"):
            self.apart()

    def allowed(self) -> bool:
        """Whether the roles of who did it hold this act (Art. 5, 15, 22, 25)."""
        requester, owner = self.document["requester"], self.owner
        outside = () if self.shared else ("open_steward", "reviewer")
        asks = self.has("steward", "head", *outside, of=requester)
        reviews = {"office": self.has("office"), "owner": self.has("steward", "head", of=owner)}
        gives = self.has("reviewer", *(() if self.shared else ("open_steward",)))
        return {
            **dict.fromkeys(("new", "renew", "object"), asks),
            "withdraw": asks if self.shared else self.entered or gives,
            "confirm": self.has("reviewer"),
            "catalogue": self.has("reviewer") or reviews["owner"],
            "approve-office": reviews["office"],
            "approve-owner": reviews["owner"],
            "refuse": reviews.get(self.told.get("side", ""), gives and "gone" in self.told),
            "grant": gives,
            "revoke": self.has("reviewer", "office", *outside[:1]) or self.has("head", of=owner),
            "answer": self.has("office"),
            "use": self.has("reviewer") or self.has("steward", of=requester),
        }[self.act.verb]

    def apart(self) -> None:
        """Another person than who asked, acts for them, or approved for the other side."""
        other = {"approve-office": "approve-owner", "approve-owner": "approve-office"}.get(self.act.verb)
        persons = {act.account for act in self.earlier if act.verb in ("new", "renew", "object") and act.who != "pdc"}
        persons |= {act.account for act in self.round if act.verb == other}
        assert self.act.account not in persons
        assert not self.shared or self.document["requester"] not in PEOPLE[self.act.account][1]

    def grant(self, value: str, version: str) -> None:
        self.within()
        if self.act.who == "pdc":
            assert value == "unconditional"
            return
        self.apart()
        assert value == "unconditional" or (value == "conditional" and self.approved(version))

    def approved(self, version: str) -> bool:
        """By everybody whom the law names, for the version that is in force when it is granted."""
        given = {act.verb: read(act)["entry"] for act in self.round if act.verb.startswith("approve-")}
        wanted = {"approve-office", "approve-owner"} if self.shared else {"approve-owner"}
        return set(given) == wanted and set(given.values()) == {version}

    def within(self) -> None:
        """No day that nobody asked for, but those of the grant that still runs; none that is over."""
        period = ([read(act) for act in self.earlier if act.verb == "renew"] or [self.document])[-1]
        held = running(self.earlier)
        runs = held is not None and held.get("until", NEVER) >= self.today
        first = held["since"] if held and runs else period.get("since", "")
        assert self.told["since"] >= max(first, self.today)
        assert self.told.get("until", NEVER) <= (period.get("until") or NEVER)

    def refuse(self, value: str) -> None:
        if "gone" in self.told:
            assert (value, self.told["basis"], bool(self.act.why)) == ("", [], True)
            return
        assert self.told["basis"]
        assert not self.shared or tuple(self.told["basis"]) in LAW
        assert self.act.who != "pdc" or value == "none"

    def revoke(self, value: str) -> None:
        """On a law as every refusal, or by the version in force; for a breach only by who oversees (Art. 21, 25)."""
        oversees = self.has("reviewer", "office" if self.shared else "open_steward")
        basis, ground, held = tuple(self.told["basis"]), self.told.get("ground"), running(self.earlier)
        assert held is not None, "nothing to take back"
        assert self.act.why
        assert oversees or value != "unconditional"
        assert {
            "breach": oversees and (self.shared or value != "unconditional"),
            "gone": value == "",
            "version": value == "none" and bool(basis),
            "review": oversees and value == "conditional" and held.get("free"),
            None: bool(basis) and (basis in LAW or not self.shared),
        }[ground], f"revoked on {ground}"

    def withdraw(self) -> None:
        """On the applicant's word, which the department that is asked to give the data does not write down."""
        own, departments = PEOPLE[self.act.account]
        assert self.shared or not ({*own} & {"steward", "head"} and self.owner in departments)

    def confirm(self) -> None:
        """Only a demand that nobody settled is confirmed; an owner refuses only what it was to catalogue."""
        confirmed = [read(act) for act in self.unsettled() if act.verb == "confirm"]
        assert all(one["held"] and not one.get("refused") for one in confirmed)
        assert self.act.why or (self.told["held"] and not confirmed)
        assert confirmed or not self.told.get("refused")

    def catalogue(self) -> None:
        """By its owner with what was asked for; with anything else by the centre, which says why."""
        self.unsettled()
        wanted, given = documents(self.earlier)[-1].get("asset", ""), self.document["asset"]
        assert self.has("reviewer") or (given.partition("/")[0], wanted or given) == (self.owner, given)
        assert wanted in ("", given) or self.act.why

    def unsettled(self) -> list[Act]:
        """The acts since this became a demand, which it still is."""
        assert read(self.earlier[0])["stage"] == "asked"
        assert not {act.verb for act in self.round} & {"catalogue", "grant", "approve-office", "approve-owner"}
        return self.round

    def answer(self) -> None:
        """By another person than who refused, revoked or ended what is objected to."""
        against = [act for act in self.earlier if act.verb in ("refuse", "revoke", "confirm")]
        assert self.act.account != against[-1].account
        self.apart()

    def use(self) -> None:
        held = running(self.earlier) or {}
        assert held.get("since", NEVER) <= self.today <= held.get("until", NEVER)

    def expire(self) -> None:
        held = running(self.earlier) or {}
        assert held.get("until", NEVER) < self.today


def read(act: Act) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(act.after) if act.after else {}
    return found


def begins(act: Act) -> bool:
    """Whether it is judged anew from here: an answer that lets a refusal stand begins nothing."""
    return act.verb in ("new", "renew", "catalogue") or (act.verb == "answer" and not read(act)["upheld"])


def documents(acts: list[Act]) -> list[dict[str, Any]]:
    return [read(act)["document"] for act in acts if act.verb in ("new", "catalogue")]


def running(acts: list[Act]) -> dict[str, Any] | None:
    """The grant that nothing has ended."""
    ending = [act for act in acts if act.verb in ("grant", "revoke", "expire", "withdraw")]
    return read(ending[-1]) if ending and ending[-1].verb == "grant" else None
