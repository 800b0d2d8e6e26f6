"""Faults on purpose: slow, refused, broken and cut answers, from a seeded generator so that a run can be repeated."""

from __future__ import annotations

import random
from dataclasses import dataclass, fields


@dataclass
class Faults:
    """Rates are shares of the requests to ``/api`` (0 to 1), drawn in the order 429, 503, 500, cuts, stale.

    ``latency`` and ``jitter`` are seconds every request waits; ``race`` is a wait, in seconds, between a write's
    arrival and its execution, during which other requests run. ``cut_before`` closes the connection with nothing
    done, ``cut_after`` when the write has been done but not answered. ``stale`` answers a PATCH with the version
    conflict of the profile (412, or 500 from a failing ``test``). ``only`` limits the rates to methods, ``at`` to
    the n-th of the requests since the faults were set (of those methods), both with commas: ``rate_503=1, at="3"``.
    """

    latency: float = 0.0
    jitter: float = 0.0
    race: float = 0.0
    rate_429: float = 0.0
    retry_after: float = 1.0
    rate_503: float = 0.0
    rate_500: float = 0.0
    cut_before: float = 0.0
    cut_after: float = 0.0
    stale: float = 0.0
    only: str = ""
    at: str = ""
    seed: int = 1

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.requests = 0

    def draw(self, method: str) -> str:
        """The fault of one request, or nothing."""
        if self.only and method not in self.only.split(","):
            return ""
        self.requests += 1
        if self.at and str(self.requests) not in self.at.split(","):
            return ""
        dice = self.random.random()
        for name in ("rate_429", "rate_503", "rate_500", "cut_before", "cut_after", "stale"):
            dice -= getattr(self, name)
            if dice < 0 and (name != "stale" or method == "PATCH"):
                return name
        return ""

    def delay(self) -> float:
        return self.latency + (self.random.random() * self.jitter if self.jitter else 0.0)

    def shown(self) -> dict[str, object]:
        return {one.name: getattr(self, one.name) for one in fields(self)}
