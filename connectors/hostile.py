"""Inputs that nobody meant well: what every connector survives whose source somebody else writes.

A connector of files gets it in four lines (and needs the package hypothesis)::

    class TestMyConnectorOnHostileInputs(HostileInputs):
        connector = "mine"

        def documents(self):
            return {"sample.x": my_sample()}

Valid documents are cut, damaged, spliced, nested, blown up, read in other encodings, and replaced by random bytes. Then
the connector may raise `ConnectorError`, list failures, or read what is there; nothing else. It ends in time, writes
nothing, and quotes no value that stands in the documents.
"""

from __future__ import annotations

import io
import os
import tempfile
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import ClassVar, NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.base import Connector, ConnectorError, SystemConfig, connector_class
from connectors.model import from_json, to_json

VALUE = "31010719900307621X"
"""A number of nobody, which documents hold as a value and no message may quote."""

_ENCODINGS = ("utf-16", "utf-16-le", "gb18030", "big5", "utf-8-sig", "utf-32", "latin-1")
_NESTS = (b"[", b"(", b'{"a":', b"{", b"<a>", b"/*", b"- ", b'"', b"'", b"a.", b"$ref: ", b"\n  ")
_MARKS = (b"\0", b"\xff\xfe", b"\x80", b'"', b"'", b"`", b"\\", b"\n", b";", b"{", b"}", b",", b"-1", b"null", b"1e999")
_LONG = 300_000
_PIECES = (b"a" * _LONG, "长".encode() * (_LONG // 3), b"[" * 5_000, b"{" * 5_000, b"(" * 5_000)
_BOMB = 40 << 20
_ASSETS = 2_000
_SAMPLED = 3


class HostileInputs:
    """One test; a subclass gives valid ``documents`` and, where they are no files of a folder, ``config``."""

    connector: ClassVar[str] = ""
    EXAMPLES: ClassVar[int] = 200
    SECONDS: ClassVar[float] = 10.0
    """That one input may take."""
    WHOLE: ClassVar[bool] = False
    """Whether no document is of use without the others."""

    def documents(self) -> Mapping[str, bytes]:
        """Name → a valid document. `VALUE` should stand in one, where values stand."""
        raise NotImplementedError

    def config(self, folder: Path, documents: Mapping[str, bytes]) -> SystemConfig:
        """A system that consists of the documents; one file is its own path, several are a folder."""
        for name, content in documents.items():
            (folder / name).write_bytes(content)
        path = folder / next(iter(documents)) if len(documents) == 1 else folder
        return SystemConfig(department="d", id="s", connector=self.connector, path=str(path))

    def open(self, config: SystemConfig) -> Connector:
        """Override it for a connector that is not registered."""
        return _class_of(config.connector)(config)

    def test_hostile_inputs(self, tmp_path: Path) -> None:
        sound = dict(self.documents())
        checks = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture)

        @settings(max_examples=self.EXAMPLES, deadline=None, database=None, suppress_health_check=checks)
        @given(recipes(sound))
        def check(recipe: Recipe) -> None:
            with tempfile.TemporaryDirectory(dir=tmp_path) as workspace:
                self._check(Path(workspace), made(sound, recipe, self.WHOLE))

        check()

    def _check(self, workspace: Path, documents: dict[str, bytes]) -> None:
        """Names that lead out of a folder would lead to another part of the workspace."""
        folder, here = workspace / "a" / "b" / "drop", workspace / "here"
        folder.mkdir(parents=True)
        here.mkdir()
        config = self.config(folder, documents)
        before = _tree(workspace)
        started = time.monotonic()
        with _standing_in(here):
            told = self._read(config)
        assert time.monotonic() - started < self.SECONDS, "it takes too long"
        assert _tree(workspace) == before, "something was written and left behind"
        assert not [text for text in told if VALUE in text], "a message quotes a value"

    def _read(self, config: SystemConfig) -> list[str]:
        """What was told in messages."""
        told: list[str] = []
        with self.open(config) as source:
            try:
                source.probe()
                told.append(source.list_assets().reason or "")
                assets = list(islice(source.assets(), _ASSETS))
                for asset in assets:
                    names = [column.name for column in asset.columns]
                    assert len(set(names)) == len(names), "two columns of one name"
                    assert all(names), "a column without a name"
                    assert from_json(to_json(asset)) == asset
                for asset in assets[:_SAMPLED]:
                    told += _sampled(source, asset)
            except ConnectorError as error:
                told.append(str(error))
            told += [*map(str, source.failures), *source.notices]
        return told


_class_of = lru_cache(maxsize=None)(connector_class)
"""Found once, not two hundred times: looking through all installed packages takes longer than most inputs."""


@contextmanager
def _standing_in(folder: Path) -> Iterator[None]:
    """The folder is the working folder and the one for temporary files."""
    before, usual = Path.cwd(), tempfile.tempdir
    os.chdir(folder)
    tempfile.tempdir = str(folder)
    try:
        yield
    finally:
        os.chdir(before)
        tempfile.tempdir = usual


def _sampled(source: Connector, asset: object) -> list[str]:
    try:
        source.sample(asset, 5)  # type: ignore[arg-type]
    except ConnectorError as error:
        return [str(error)]
    return []


def _tree(root: Path) -> dict[str, tuple[int, int]]:
    """Relative path → size and time of change; of a folder only that it is there."""
    found: dict[str, tuple[int, int]] = {}
    for folder, folders, files in os.walk(root):
        for name in files:
            state = os.lstat(os.path.join(folder, name))
            found[os.path.relpath(os.path.join(folder, name), root)] = (state.st_size, state.st_mtime_ns)
        found.update({os.path.relpath(os.path.join(folder, name), root): (0, 0) for name in folders})
    return found


# --- inputs -------------------------------------------------------------------------------------------------------


class Recipe(NamedTuple):
    """How a valid document is made hostile. Small, so that a failed test can show it."""

    document: str
    alone: bool
    """Whether the other documents are left out."""
    way: str
    at: float
    """Where, as a share of the document's (or the member's) length."""
    edits: tuple[tuple[float, int, bytes], ...] = ()
    """Where, how many bytes go, and what comes instead."""
    raw: bytes = b""
    number: int = 0


_SHARE = st.floats(0, 1, width=32)
_EDIT = st.tuples(
    _SHARE,
    st.sampled_from([0, 1, 1, 4, 40]),
    st.one_of(st.just(b""), st.binary(max_size=8), st.sampled_from(_MARKS)),
)
_WAYS = ("random", "cut", "edited", "nested", "blown up", "turned", "recoded")
_PACKED_WAYS = (*_WAYS, "member cut", "member edited", "member blown up", "bomb", "crowd", "names")


def recipes(documents: Mapping[str, bytes]) -> st.SearchStrategy[Recipe]:
    """Random bytes, and ways to damage a valid document, members of an archive included."""

    def one(name: str) -> st.SearchStrategy[Recipe]:
        ways = _PACKED_WAYS if zipfile.is_zipfile(io.BytesIO(documents[name])) else _WAYS
        edits = st.lists(_EDIT, min_size=1, max_size=8).map(tuple)
        alone = st.sampled_from([True, True, True, False])
        raw = st.binary(max_size=500)
        return st.builds(Recipe, st.just(name), alone, st.sampled_from(ways), _SHARE, edits, raw, st.integers(0, 10**6))

    return st.sampled_from(sorted(documents)).flatmap(one)


def made(documents: Mapping[str, bytes], recipe: Recipe, whole: bool) -> dict[str, bytes]:
    """What the recipe makes of the documents; ``whole``: the others are needed always."""
    hostile = {recipe.document: _damaged(documents[recipe.document], recipe)}
    return hostile if recipe.alone and not whole else {**documents, **hostile}


def _damaged(valid: bytes, recipe: Recipe) -> bytes:
    way, at = recipe.way, round(recipe.at * len(valid))
    if way.startswith("member "):
        return _with_member(valid, recipe)
    if way in ("bomb", "crowd", "names"):
        return _archive(valid, way)
    if way == "random":
        return recipe.raw
    if way == "cut":
        return valid[:at]
    if way == "edited":
        return _edited(valid, recipe)
    if way == "nested":
        return _NESTS[recipe.number % len(_NESTS)] * (50, 2_000, 50_000)[recipe.number % 3]
    if way == "turned":
        return valid[at:] + valid[:at]
    if way == "recoded":
        return valid.decode("utf-8", "replace").encode(_ENCODINGS[recipe.number % len(_ENCODINGS)], "replace")
    # A huge cell, literal, name or nest inside the document.
    return valid[:at] + _PIECES[recipe.number % len(_PIECES)] + valid[at:]


def _edited(valid: bytes, recipe: Recipe) -> bytes:
    for share, gone, instead in recipe.edits:
        at = round(share * len(valid))
        valid = valid[:at] + instead + valid[at + gone :]
    return valid


def _with_member(valid: bytes, recipe: Recipe) -> bytes:
    """The archive with one damaged member: what a library finds after unpacking."""
    contents = dict(_contents(valid))
    name = sorted(contents)[recipe.number % len(contents)]
    inner = recipe._replace(way=recipe.way.removeprefix("member "))
    return _zipped({**contents, name: _damaged(contents[name], inner)})


def _contents(archive: bytes) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(archive)) as packed:
        for name in packed.namelist():
            yield name, packed.read(name)


def _zipped(contents: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in contents.items():
            packed.writestr(name, content)
    return stream.getvalue()


def _archive(valid: bytes, kind: str) -> bytes:
    """A bomb, a crowd of members, or members whose names lead out of the archive."""
    contents = dict(_contents(valid))
    name = next((name for name in contents if "sheet" in name), next(iter(contents)))
    if kind == "bomb":
        return _zipped({**contents, name: b" " * _BOMB})
    if kind == "crowd":
        return _zipped({**contents, **{f"{number}/{name}": b"" for number in range(2_000)}})
    outside = ("../evil.csv", "/evil.csv", "..\\..\\evil.csv", "C:\\evil.csv", "a/../../../evil.csv", "x\0y.csv")
    return _zipped({**contents, **dict.fromkeys(outside, contents[name])})
