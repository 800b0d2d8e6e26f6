"""What every connector has to keep, as a test class, and a source that is as nasty as real ones are.

A connector gets the whole suite in four lines::

    class TestMyConnector(Conformance):
        @pytest.fixture
        def config(self, tmp_path):
            return SystemConfig(department="d", id="s", connector="mine", path=str(my_sample(tmp_path)))

The sample should hold at least two assets, one of them with rows if the connector can sample.
"""

from __future__ import annotations

import glob
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any, ClassVar

import msgspec

from connectors.base import (
    Connector,
    Sample,
    SourceFatalError,
    SourceRetryError,
    SystemConfig,
    is_quarantined,
    keeps,
    open_connector,
)
from connectors.model import Asset, Column, Failure, ForeignKey, Listing, read_jsonl, write_jsonl
from connectors.types import DATA_TYPES


class Conformance:
    """Each method is one promise of `connectors.base.Connector`; a subclass gives a fixture ``config``."""

    MARKED: ClassVar[int | None] = None
    """How many assets of the sample bear a secrecy mark (机密, …) in name or comment; there should be one."""

    def open(self, config: SystemConfig) -> Connector:
        """Override it for a connector that is not registered."""
        return open_connector(config)

    def read(self, config: SystemConfig) -> list[Asset]:
        with self.open(config) as source:
            return list(source.assets())

    def test_probe_can_be_repeated_and_costs_the_stream_nothing(self, config: SystemConfig) -> None:
        with self.open(config) as source:
            source.probe()
            source.probe()
            assert [asset.key for asset in source.assets()] == [asset.key for asset in self.read(config)]

    def test_the_sample_source_holds_something(self, config: SystemConfig) -> None:
        assert len(self.read(config)) >= 2

    def test_listing_names_what_is_streamed(self, config: SystemConfig) -> None:
        with self.open(config) as source:
            listing = source.list_assets()
            streamed = [asset.qualified_name for asset in source.assets()]
        assert listing.complete
        assert listing.reason is None
        assert sorted(listing.names) == sorted(streamed)

    def test_keys_are_unique_and_of_this_system(self, config: SystemConfig) -> None:
        assets = self.read(config)
        assert len({asset.key for asset in assets}) == len(assets)
        assert {(asset.department, asset.system, asset.origin) for asset in assets} == {
            (config.department, config.id, config.origin)
        }

    def test_columns_are_numbered_from_one_and_named_once(self, config: SystemConfig) -> None:
        for asset in self.read(config):
            assert [column.ordinal for column in asset.columns] == list(range(1, len(asset.columns) + 1)), asset.key
            names = [column.name for column in asset.columns]
            assert len(set(names)) == len(names), asset.key
            assert all(names), asset.key

    def test_data_types_are_known_names(self, config: SystemConfig) -> None:
        used = {column.data_type for asset in self.read(config) for column in asset.columns}
        assert used <= DATA_TYPES

    def test_keys_name_columns_of_the_asset(self, config: SystemConfig) -> None:
        for asset in self.read(config):
            names = {column.name for column in asset.columns}
            assert set(asset.primary_key) <= names, asset.key
            for foreign_key in asset.foreign_keys:
                assert set(foreign_key.columns) <= names, asset.key

    def test_absent_texts_are_none(self, config: SystemConfig) -> None:
        for asset in self.read(config):
            assert asset.comment != "", asset.key
            assert all(column.comment != "" for column in asset.columns), asset.key

    def test_jsonl_loses_nothing(self, config: SystemConfig) -> None:
        assets = self.read(config)
        assert list(read_jsonl(write_jsonl(assets))) == assets

    def test_two_readings_are_the_same(self, config: SystemConfig) -> None:
        first, second = (self.read(config) for _ in range(2))
        assert [asset.fingerprint for asset in first] == [asset.fingerprint for asset in second]

    def test_one_open_connector_streams_twice(self, config: SystemConfig) -> None:
        with self.open(config) as source:
            assert list(source.assets()) == list(source.assets())

    def test_what_is_unchanged_is_listed_and_left_out(self, config: SystemConfig) -> None:
        with self.open(config) as source:
            before = source.list_assets()
            names = [asset.qualified_name for asset in source.assets()]
            stamps = dict(source.stamps)
        assert stamps.keys() <= set(names)
        assert all(0 < len(stamp) <= 64 for stamp in stamps.values())
        with self.open(config) as source:
            source.skip_unchanged(stamps, datetime(9999, 1, 1, tzinfo=timezone.utc))
            listing = source.list_assets()
            left = [asset.qualified_name for asset in source.assets()]
            unchanged = source.unchanged
        assert unchanged <= stamps.keys()
        assert sorted([*left, *unchanged]) == sorted(names)
        assert (sorted(listing.names), listing.complete) == (sorted(before.names), before.complete)
        assert (listing.excluded, listing.quarantined) == (before.excluded, before.quarantined)

    def test_a_stream_may_be_left_early(self, config: SystemConfig) -> None:
        with self.open(config) as source:
            first = next(iter(source.assets()))
        assert first == self.read(config)[0]

    def test_close_can_be_repeated(self, config: SystemConfig) -> None:
        source = self.open(config)
        first = next(iter(source.assets()))
        source.close()
        source.close()
        self.open(config).close()
        assert self.read(config)[0] == first

    def test_samples_are_bounded_and_of_known_columns(self, config: SystemConfig) -> None:
        with self.open(config) as source:
            for asset in list(source.assets()):
                names = {column.name for column in asset.columns}
                for rows in (1, 3):
                    sample = source.sample(asset, rows)
                    assert set(sample) <= names, asset.key
                    assert len({len(values) for values in sample.values()} | {0}) <= 2, asset.key
                    assert all(len(values) <= rows for values in sample.values()), asset.key
                assert source.sample(asset, 0) == {}, asset.key

    def test_failures_quote_no_values(self, config: SystemConfig) -> None:
        with self.open(config) as source:
            assets = list(source.assets())
            values = {value for asset in assets for column in source.sample(asset, 5).values() for value in column}
            told = "\n".join(map(str, source.failures))
        assert not [value for value in values if isinstance(value, str) and len(value) >= 6 and value in told]

    def test_assets_with_a_secrecy_mark_are_only_counted(self, config: SystemConfig) -> None:
        with self.open(config) as source:
            listing = source.list_assets()
            hidden = source.quarantined
            streamed = list(source.assets())
        assert not [name for name in listing.names if is_quarantined(name) or name in hidden]
        assert not [asset.key for asset in streamed if is_quarantined(asset.qualified_name, asset.comment)]
        if self.MARKED is not None:
            assert (listing.quarantined, len(hidden)) == (self.MARKED, self.MARKED)

    def test_restricted_assets_are_only_counted(self, config: SystemConfig) -> None:
        with self.open(config) as source:
            before = source.list_assets()
        with self.open(msgspec.structs.replace(config, restricted=("*",))) as source:
            listing = source.list_assets()
            assert list(source.assets()) == []
        assert listing.names == ()
        # Which of a glob and a mark comes first is the connector's affair.
        all_counted = len(before.names) + before.excluded + before.quarantined
        assert listing.excluded + listing.quarantined == all_counted

    def test_an_excluded_asset_is_gone_and_the_others_stay(self, config: SystemConfig) -> None:
        first, *others = self.read(config)
        name = ".".join(part for part in (first.schema, first.name) if part)
        changed = msgspec.structs.replace(config, exclude=(glob.escape(name),))
        with self.open(changed) as source:
            listing = source.list_assets()
        assert first.qualified_name not in listing.names
        assert [asset.key for asset in self.read(changed)] == [asset.key for asset in others]


@dataclass
class Script:
    """What a `HostileConnector` does besides holding nasty assets."""

    assets: list[Asset] = field(default_factory=list)
    values: dict[str, Sample] = field(default_factory=dict)
    """By asset name; an asset without an entry refuses to be sampled."""
    partial: str | None = None
    """The reason why its listing stops half-way."""
    breaks_after: int | None = None
    """The stream dies after so many assets."""
    down: bool = False
    hangs: frozenset[str] = frozenset()
    """In which of probe, listing, assets (after the first half) and sample it hangs until it is ``released``."""
    exits: frozenset[str] = frozenset()
    """In which of them it calls ``sys.exit(7)``, as careless libraries do."""
    lies: frozenset[str] = frozenset()
    """Which of `LIES` it tells."""
    released: threading.Event = field(default_factory=threading.Event)

    def comes_to(self, call: str) -> None:
        if call in self.hangs:
            self.released.wait()
        if call in self.exits:
            sys.exit(7)


LIES = (
    "lists what it does not yield",
    "yields what it does not list",
    "another department's",
    "another system's",
    "no asset",
    "no name",
    "a column without a name",
    "ordinals twice",
    "names twice",
    "a list for a comment",
    "a word that is no kind",
    "a secrecy mark",
    "what is restricted",
    "no listing",
    "texts for failures",
    "too many rows",
    "unknown columns",
    "no sample",
)
"""How a connector may break the contract: `HostileConnector` does, and whatever reads connectors has to stand it."""


def lying_assets(config: SystemConfig) -> dict[str, Any]:
    """By lie, what ``assets()`` must not yield. With ``restricted: [hidden_*]`` one of them is restricted."""
    sound = Asset(config.department, config.id, "lie", schema="S.1", columns=(Column("a", 1), Column("b", 2)))
    first, second = sound.columns

    def but(**changed: Any) -> Asset:
        return msgspec.structs.replace(sound, **changed)

    return {
        "yields what it does not list": but(name="unlisted", origin=config.origin),
        "another department's": but(department="otherdept"),
        "another system's": but(system="othersys"),
        "no asset": None,
        "no name": but(name=None),
        "a column without a name": but(columns=(Column(None, 1),)),  # type: ignore[arg-type]
        "ordinals twice": but(columns=(first, msgspec.structs.replace(second, ordinal=1))),
        "names twice": but(columns=(first, msgspec.structs.replace(second, name="a"))),
        "a list for a comment": but(comment=["x"]),
        "a word that is no kind": but(kind="kettle"),
        "a secrecy mark": but(name="plain", comment="机密：某名单"),
        "what is restricted": but(name="hidden_1"),
    }


class HostileConnector(Connector):
    """A source without a system behind it: names, comments and values that break careless programs.

    Its assets are valid by the contract, so everything behind a connector has to take them; what a `Script` adds (it
    hangs, lies, exits, dies midway) is not.
    """

    KEYS: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, config: SystemConfig, script: Script | None = None) -> None:
        super().__init__(config)
        self.script = script or Script(hostile_assets(config), hostile_values())

    def probe(self) -> None:
        self.script.comes_to("probe")
        if self.script.down:
            raise SourceRetryError("the source is down", hint="try again later", place="hostile")

    def list_assets(self) -> Listing:
        self.probe()
        self.script.comes_to("listing")
        if "no listing" in self.script.lies:
            return None  # type: ignore[return-value]
        kept = [asset.qualified_name for asset in self._kept()]
        if "lists what it does not yield" in self.script.lies:
            kept.append("S.1.not there")
        self.quarantined = frozenset(asset.qualified_name for asset in self._named() if _is_marked(asset))
        partial = self.script.partial
        return Listing(
            names=tuple(kept if partial is None else kept[: len(kept) // 2]),
            complete=partial is None,
            reason=partial,
            quarantined=len(self.quarantined),
            excluded=len(self.script.assets) - len(self._named()),
        )

    def assets(self) -> Iterator[Asset]:
        self.probe()
        self.failures = [Failure(what="one cell is no column", place="hostile!B7", hint="repair it")]
        if "texts for failures" in self.script.lies:
            self.failures = "all is well"  # type: ignore[assignment]
        yield from (lie for name, lie in lying_assets(self.config).items() if name in self.script.lies)
        kept = self._kept()
        for number, asset in enumerate(kept):
            if number == len(kept) // 2:
                self.script.comes_to("assets")
            if number == self.script.breaks_after:
                raise SourceRetryError("the connection was lost", hint="try again later", place="hostile")
            yield asset

    def sample(self, asset: Asset, rows: int) -> Sample:
        self.probe()
        if asset.name not in self.script.values:
            raise SourceFatalError("the user has no right to read this", place=asset.name)
        self.script.comes_to("sample")
        if "no sample" in self.script.lies:
            return ["x"]  # type: ignore[return-value]
        if rows <= 0:
            return {}
        if "too many rows" in self.script.lies:
            return {column.name: ["x"] * rows * 100 for column in asset.columns}
        unknown = {"no such column": ["x"]} if "unknown columns" in self.script.lies else {}
        return {name: values[:rows] for name, values in self.script.values[asset.name].items()} | unknown

    def _kept(self) -> list[Asset]:
        return [asset for asset in self._named() if not _is_marked(asset)]

    def _named(self) -> list[Asset]:
        return [asset for asset in self.script.assets if keeps(self.config, f"{asset.schema}.{asset.name}")]


def _is_marked(asset: Asset) -> bool:
    return is_quarantined(asset.qualified_name, asset.comment)


NASTY_TEXTS = (
    "点.号",
    'double " quote',
    "single ' quote; DROP TABLE x; --",
    "`back` [tick]",
    "a/b\\c:d*e?f|g",
    "100% {0} ${HOME} {{ x }}",
    "</script><script>alert(1)</script>",
    '<img src=x onerror="alert(1)">&amp;',
    "=cmd|' /C calc'!A0",
    "+1 @SUM(A1)",
    "两行\n第二行\t制表",
    "\u202e右到左\u200b零宽",
    "�姓��名",  # GB18030 read as UTF-8
    "ｆｕｌｌ　ｗｉｄｔｈ",
    "𠮷𡈽邨 😀",
    "e\u0301 and é",
    "SELECT",
    " spaces ",
    "很" * 300,
)
"""Names and comments seen in real systems, or made by somebody who wants to break the page that shows them."""


def hostile_assets(config: SystemConfig) -> list[Asset]:
    """Nasty names everywhere, no columns, 10,000 columns, keys to nowhere; ordered by name."""
    common: dict[str, Any] = {"department": config.department, "system": config.id, "schema": "S.1"}
    columns = tuple(
        Column(name=text, ordinal=i, type=text, comment=NASTY_TEXTS[-i], default=text)
        for i, text in enumerate(NASTY_TEXTS, 1)
    )
    wide = tuple(Column(name=f"C{i}", ordinal=i, data_type="VARCHAR", length=18) for i in range(1, 10_001))
    nowhere = ForeignKey(columns=(NASTY_TEXTS[0],), referred_table="no.such.table", referred_columns=("x",))
    assets = [
        Asset(name=text, comment=text, columns=columns, foreign_keys=(nowhere,), **common) for text in NASTY_TEXTS
    ]
    assets += [
        Asset(name="empty", **common),
        Asset(name="wide", columns=wide, primary_key=("C1", "C10000"), row_estimate=2**53, **common),
        Asset(name="values", columns=columns[:8], **common),
    ]
    return [
        msgspec.structs.replace(asset, origin=config.origin) for asset in sorted(assets, key=lambda asset: asset.name)
    ]


def hostile_values() -> dict[str, Sample]:
    """Values no recognizer may stumble over: nothing but NULL, mixed kinds, huge, not a number."""
    columns: list[list[Any]] = [
        [None] * 6,
        ["", " ", "\u3000", "无", "NULL", "-"],
        [1, "1", 1.0, Decimal("NaN"), float("inf"), True],
        ["长" * 4000, "\x00\x01", "\u202e", "😀" * 50, "a\nb", "</script>"],
        [-(10**40), 10**40, 0, -0.0, Decimal("1E+400"), None],
        ["1" * 18] * 6,
        ["１２３４５６７８９０１２３４５６７８"] * 6,
        ["9999-99-99", "0000-00-00", "infinity", "20230-01-01", "1900/1/0", None],
    ]
    values = {"values": dict(zip(NASTY_TEXTS, columns, strict=False))}
    for name in (*NASTY_TEXTS, "empty", "wide"):
        values[name] = {}
    return values
