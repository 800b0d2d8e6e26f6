"""Files that are the same data of different days, folded into one asset.

``ryxx_20260101.csv`` and ``ryxx_20260102.csv``; ``events/2026/01/02/part-0.parquet``; ``events/dt=2026-01-02/a.csv``.
The dates leave the name, whether there is one such file or a thousand, so that the asset keeps its identity on the
second day.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import PurePosixPath

from connectors.files.source import Source
from connectors.unchanged import stamp

_YEAR, _MONTH, _DAY = r"(?:19|20)\d{2}", r"(?:0[1-9]|1[0-2])", r"(?:0[1-9]|[12]\d|3[01])"
# 20260102[T]0304[05], 2026-01-02, 2026_01, 202601, 2026年1月2日, 2026年第1季度, 2026Q1, 2026
_DATE = re.compile(
    rf"(?<![0-9])(?:{_YEAR}{_MONTH}{_DAY}(?:[-_T]?(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d)?(?:\d{{3}})?)?"
    rf"|{_YEAR}([-_.]){_MONTH}\1{_DAY}(?:[-_T ](?:[01]\d|2[0-3])[-_.:]?[0-5]\d(?:[-_.:]?[0-5]\d)?)?"
    rf"|{_YEAR}年(?:度|\d{{1,2}}月(?:份|\d{{1,2}}日)?|第?[一二三四1-4]季度|[上下]半年)?"
    rf"|{_YEAR}[-_.]?(?:Q[1-4]|{_MONTH})|(?<![A-Za-z]){_YEAR}(?![A-Za-z]))(?![0-9])",
    re.I,
)
_PART = re.compile(
    r"(?:part|data|chunk|split)?[-_.]?\d{1,6}(?:[-_.][0-9a-f-]{8,})?(?:[-_.]c\d+)?(?:\.(?:snappy|gz|zstd))?", re.I
)
_HIVE = re.compile(r"[A-Za-z_]\w*=.*")
_SMALL = re.compile(r"\d{1,2}[月日时]?")
_EDGES = " \t-_.~·—（）()[]【】"
DATE = "{date}"


@dataclass(frozen=True)
class Place:
    """Where an asset belongs: what is left of a path without its dates."""

    schema: str | None
    name: str
    pattern: str
    """The path with ``{date}`` where dates stood; the path itself where none did."""


@dataclass
class Family:
    """Files that give the same assets, ordered by path: the last is the newest."""

    place: Place
    suffix: str
    sources: list[Source] = field(default_factory=list)

    @property
    def newest(self) -> Source:
        return self.sources[-1]

    @property
    def stamp(self) -> str:
        """Of all files, also of those that are gone by the next time; "" where one of them has no time."""
        if any(source.changed is None for source in self.sources):
            return ""
        return stamp(self.suffix, *(text for source in self.sources for text in (source.path, source.state)))

    @property
    def changed_at(self) -> str | None:
        """When one of the files was last modified, ISO 8601 in UTC; None where one of them has no time."""
        times = [source.changed for source in self.sources]
        known = [time for time in times if time is not None]
        if not known or len(known) < len(times):
            return None
        try:
            return datetime.fromtimestamp(max(known), timezone.utc).isoformat(timespec="seconds")
        except (ValueError, OverflowError, OSError):
            return None

    @property
    def told(self) -> str:
        """For `Asset.place`."""
        count = len(self.sources)
        return self.place.pattern if count == 1 else f"{self.place.pattern} ({count} files)"


def place_of(source: Source, root: str, fold: bool = True) -> Place:
    """
    >>> from connectors.files.source import Source
    >>> place_of(Source("in/ryxx_20260101.csv", 0, None), "drop")
    Place(schema='in', name='ryxx', pattern='in/ryxx_{date}.csv')
    >>> place_of(Source("events/2026/01/02/part-0.parquet", 0, None), "drop")
    Place(schema=None, name='events', pattern='events/{date}/{date}/{date}/part-*.parquet')
    """
    *folders, file = source.path.split("/")
    if not fold:
        return Place("/".join(folders) or None, PurePosixPath(file).stem, source.path)
    parts = [_folder(name, index < source.containers) for index, name in enumerate(_periods(folders))]
    stem, suffix = PurePosixPath(file).stem, PurePosixPath(file).suffix
    name, shape = without_date(stem)
    partitioned = any(shown != written for (_, shown), written in zip(parts, folders, strict=True))
    if name and partitioned and _PART.fullmatch(stem):
        name, shape = "", re.sub(r"\d.*", "*", stem)
    kept = [plain for plain, _ in parts if plain]
    if not name:
        name = kept.pop() if kept else PurePosixPath(root).stem
    pattern = "/".join([*(shown for _, shown in parts), shape + suffix])
    return Place("/".join(kept) or None, name or stem, pattern)


def _periods(folders: list[str]) -> Iterator[str]:
    """Folders of a month or a day count as dates only below one of a year."""
    below = False
    for name in folders:
        dated = bool(_DATE.fullmatch(name) or _HIVE.fullmatch(name))
        below = dated or (below and bool(_SMALL.fullmatch(name)))
        yield DATE if below else name


def _folder(name: str, archive: bool) -> tuple[str, str]:
    """What of a folder's or an archive's name belongs to the asset, and how the pattern shows it."""
    if name == DATE:
        return "", DATE
    if archive and name.lower().endswith(".zip"):
        plain, shown = without_date(name[: -len(".zip")])
        return (f"{plain}.zip" if plain else ""), f"{shown}.zip"
    return name, name


def without_date(stem: str) -> tuple[str, str]:
    """``ryxx_20260101`` → (``ryxx``, ``ryxx_{date}``).

    >>> without_date("2026年低保名单"), without_date("20260101"), without_date("GB2012"), without_date("a(2026-01)")
    (('低保名单', '{date}低保名单'), ('', '{date}'), ('GB2012', 'GB2012'), ('a', 'a({date})'))
    """
    shown = _DATE.sub(DATE, stem)
    if shown == stem:
        return stem, stem
    pieces = [piece.strip(_EDGES) for piece in shown.split(DATE)]
    return "_".join(piece for piece in pieces if piece), shown


def families(sources: Iterable[Source], root: str, fold: bool) -> list[Family]:
    """Ordered by schema and name. A second kind of file under one name gets its ending: ``ryxx.json``."""
    found: dict[tuple[str, str, str], Family] = {}
    for source in sources:
        place = place_of(source, root, fold)
        key = (place.schema or "", place.name, source.suffix)
        family = found.setdefault(key, Family(place, source.suffix))
        family.sources.append(source)
    for family in found.values():
        family.sources.sort(key=lambda source: source.path)
        patterns = {place_of(source, root, fold).pattern for source in family.sources}
        if len(patterns) > 1:
            family.place = Place(family.place.schema, family.place.name, f"{family.place.pattern} …")
    return [found[key] for key in sorted(found)]
