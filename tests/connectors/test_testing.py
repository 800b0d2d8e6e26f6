"""The conformance suite accepts the hostile source, and notices connectors that break a promise."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import msgspec
import pytest

from connectors.base import Connector, Sample, SourceFatalError, SourceRetryError, SystemConfig
from connectors.model import Asset, Failure, Listing
from connectors.testing import Conformance, HostileConnector, Script, hostile_assets, hostile_values

CONFIG = SystemConfig(department="民政", id="rescue", connector="hostile")


MARKED = Asset(CONFIG.department, CONFIG.id, "marked", schema="S.1", comment="机密：某名单")


def with_a_mark(config: SystemConfig) -> Script:
    return Script([*hostile_assets(config), MARKED], hostile_values())


class TestHostile(Conformance):
    MARKED = 1

    def open(self, config: SystemConfig) -> Connector:
        return HostileConnector(config, with_a_mark(config))

    @pytest.fixture
    def config(self) -> SystemConfig:
        return CONFIG


class Unfaithful(HostileConnector):
    """Keeps every promise until a subclass breaks one."""

    counter = itertools.count()

    def change(self, asset: Asset) -> Asset:
        return asset

    def assets(self) -> Iterator[Asset]:
        return map(self.change, super().assets())


class OneColumnGap(Unfaithful):
    def change(self, asset: Asset) -> Asset:
        columns = tuple(msgspec.structs.replace(column, ordinal=column.ordinal + 1) for column in asset.columns)
        return msgspec.structs.replace(asset, columns=columns)


class OddType(Unfaithful):
    def change(self, asset: Asset) -> Asset:
        columns = tuple(msgspec.structs.replace(column, data_type="VARCHAR2") for column in asset.columns)
        return msgspec.structs.replace(asset, columns=columns)


class EverChanging(Unfaithful):
    def change(self, asset: Asset) -> Asset:
        return msgspec.structs.replace(asset, comment=f"{next(self.counter)}")


class SameNames(Unfaithful):
    def change(self, asset: Asset) -> Asset:
        return msgspec.structs.replace(asset, name="same")


class ShortListing(HostileConnector):
    def list_assets(self) -> Listing:
        return Listing(super().list_assets().names[1:])


class EmptyComments(Unfaithful):
    def change(self, asset: Asset) -> Asset:
        return msgspec.structs.replace(asset, comment="")


class KeyToNowhere(Unfaithful):
    def change(self, asset: Asset) -> Asset:
        return msgspec.structs.replace(asset, primary_key=("nowhere",))


class Unbounded(HostileConnector):
    def sample(self, asset: Asset, rows: int) -> Sample:
        return super().sample(asset, 100)


class Talkative(HostileConnector):
    def sample(self, asset: Asset, rows: int) -> Sample:
        found = super().sample(asset, rows)
        self.failures += [Failure(what=f"odd value {value}") for values in found.values() for value in values]
        return found


class IgnoresGlobs(HostileConnector):
    def _kept(self) -> list[Asset]:
        return self.script.assets


class ShowsSecrets(HostileConnector):
    def __init__(self, config: SystemConfig) -> None:
        super().__init__(config, with_a_mark(config))

    def _kept(self) -> list[Asset]:
        return self._named()


@pytest.mark.parametrize(
    ("broken", "check"),
    [
        (OneColumnGap, "test_columns_are_numbered_from_one_and_named_once"),
        (OddType, "test_data_types_are_known_names"),
        (EverChanging, "test_two_readings_are_the_same"),
        (EverChanging, "test_one_open_connector_streams_twice"),
        (SameNames, "test_keys_are_unique_and_of_this_system"),
        (ShortListing, "test_listing_names_what_is_streamed"),
        (EmptyComments, "test_absent_texts_are_none"),
        (KeyToNowhere, "test_keys_name_columns_of_the_asset"),
        (Unbounded, "test_samples_are_bounded_and_of_known_columns"),
        (Talkative, "test_failures_quote_no_values"),
        (IgnoresGlobs, "test_restricted_assets_are_only_counted"),
        (IgnoresGlobs, "test_an_excluded_asset_is_gone_and_the_others_stay"),
        (ShowsSecrets, "test_assets_with_a_secrecy_mark_are_only_counted"),
    ],
)
def test_a_broken_promise_is_noticed(broken: Callable[[SystemConfig], Connector], check: str) -> None:
    class Suite(Conformance):
        def open(self, config: SystemConfig) -> Connector:
            return broken(config)

    with pytest.raises(AssertionError):
        getattr(Suite(), check)(CONFIG)


def test_a_script_makes_the_source_fail() -> None:
    assets = hostile_assets(CONFIG)
    down = HostileConnector(CONFIG, Script(assets, down=True))
    with pytest.raises(SourceRetryError):
        down.probe()
    dying = HostileConnector(CONFIG, Script(assets, breaks_after=3))
    stream = dying.assets()
    assert list(itertools.islice(stream, 3)) == assets[:3]
    with pytest.raises(SourceRetryError):
        next(stream)
    partial = HostileConnector(CONFIG, Script(assets, hostile_values(), partial="the disk is full")).list_assets()
    assert (partial.complete, partial.reason, len(partial.names)) == (False, "the disk is full", len(assets) // 2)
    with pytest.raises(SourceFatalError):
        HostileConnector(CONFIG, Script(assets)).sample(assets[0], 1)
