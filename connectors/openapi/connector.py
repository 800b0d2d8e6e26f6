"""Descriptions of services as a system: ``connector: openapi``, OpenAPI 3.0 and 3.1 or Swagger 2, JSON or YAML.

``path:`` is a document, a folder or a glob of them; ``url:`` the address under which a service shows its own. A service
is asked for its description only, never for data.
"""

from __future__ import annotations

import glob
import re
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit

from connectors.base import ConfigurationError, SourceFatalError, SystemConfig
from connectors.files_base import Judged, ReadFiles, ReadOnce, find_files, judge, read_each
from connectors.http_config import OPTIONS, http_client, http_options
from connectors.model import Asset
from connectors.openapi.document import MAX_BYTES, Document, Library, Problems, parse_document
from connectors.openapi.fields import Budget, DocumentExhausted, Flattener
from connectors.openapi.operations import OperationReader
from connectors.text import one_line

SUFFIXES = (".json", ".yaml", ".yml")
_VERSION = re.compile(r"3\.[0-9]+(?:\.[0-9]+)?(?:-.*)?|2(?:\.0)?")


class OpenApiConnector(ReadOnce):
    KEYS: ClassVar[frozenset[str]] = frozenset({"path", "url"})
    OPTIONS: ClassVar[dict[str, type]] = OPTIONS
    """For ``url``."""

    def __init__(self, config: SystemConfig) -> None:
        super().__init__(config)
        if not config.path and not config.url:
            raise ConfigurationError("connector openapi needs path or url", hint="give a document of OpenAPI")
        http_options(config)
        self._client = None if config.path else http_client(config, MAX_BYTES)

    def probe(self) -> None:
        problems = Problems()
        self._documents(self._library(problems), problems)

    def read(self) -> Judged:
        problems, guesses = Problems(), Problems()
        library = self._library(problems)
        found = self._documents(library, problems)
        assets = self._assets(found, library, problems, guesses)
        for document in found.results:
            if not document.is_description and document.path not in library.referenced:
                guesses.add("neither 'openapi' nor 'swagger' in it: left out", document.name, "move it elsewhere")
        self.failures = [*found.failures, *problems.all()]
        self.notices = list(map(str, guesses.all()))
        return judge(self.config, assets, found.lost)

    def close(self) -> None:
        super().close()
        if self._client:
            self._client.close()

    # --- documents -----------------------------------------------------------------------------------------------

    def _library(self, problems: Problems) -> Library:
        return Library(_folder(Path(self.config.path)) if self.config.path else None, problems)

    def _documents(self, library: Library, problems: Problems) -> ReadFiles[Document]:
        if self.config.path:
            files = find_files(Path(self.config.path), SUFFIXES, "OpenAPI document")
            found = read_each([file.resolve() for file in files], library.open)
        else:
            found = ReadFiles([self._fetched(problems)])
        if len(found.results) == 1:
            _check_is_description(found.results[0])
        elif not any(document.is_description for document in found.results):
            raise SourceFatalError("no OpenAPI or Swagger document there", place=self.config.path, hint="check path")
        return found

    def _fetched(self, problems: Problems) -> Document:
        assert self._client is not None
        answer = self._client.get().checked()
        if answer.is_html:
            hint = "give the address of the document itself, such as /v3/api-docs, /v2/api-docs or /openapi.json"
            raise SourceFatalError("answered a web page, not a document", place=answer.host, hint=hint)
        name = urlsplit(self._client.base_url).path.rsplit("/", 1)[-1] or answer.host
        return parse_document(answer.body, name, problems)

    # --- operations ----------------------------------------------------------------------------------------------

    def _assets(
        self, found: ReadFiles[Document], library: Library, problems: Problems, guesses: Problems
    ) -> list[Asset]:
        assets: dict[str, Asset] = {}
        for document in found.results:
            if not document.is_description:
                continue
            _tell_version(document, guesses)
            reader = OperationReader(self._base(), Flattener(library, problems, Budget()))
            try:
                for asset in reader.operations(document.root):
                    if assets.setdefault(asset.key, asset) is not asset:
                        what = f"{asset.name} is described a second time"
                        problems.add(what, str(asset.place), f"kept: {assets[asset.key].place}; one system per service")
            except DocumentExhausted as error:
                problems.add(str(error), document.name, "split the document")
                found.lost.append(f"{document.name} was not read to its end")
        return list(assets.values())

    def _base(self) -> Asset:
        config = self.config
        return Asset(
            department=config.department,
            system=config.id,
            name="",
            origin=config.origin,  # type: ignore[arg-type]
            update_cycle=config.update_cycle,
        )


def _folder(path: Path) -> Path:
    """What references may not leave: the folder given, the document's own, or the one where a glob begins."""
    if path.is_dir():
        return path
    parent = path.resolve().parent
    while glob.has_magic(str(parent)):
        parent = parent.parent
    return parent


def _check_is_description(document: Document) -> None:
    if not document.is_description:
        hint = "it begins with openapi: 3.… or swagger: '2.0'"
        raise SourceFatalError("this is no OpenAPI or Swagger document", place=document.name, hint=hint)


def _tell_version(document: Document, guesses: Problems) -> None:
    """Later versions of 3 are read as 3.1 is; an earlier Swagger describes other things by the same words."""
    written = str(document.data.get("openapi") or document.data.get("swagger"))
    if not _VERSION.fullmatch(written):
        what = f"version {one_line(written)[:30]} is not known and is read as the nearest one"
        guesses.add(what, document.name, "known are openapi 3.0, 3.1 and swagger 2.0")
