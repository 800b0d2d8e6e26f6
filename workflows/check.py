"""``pdc check``: whether a loaded site can work. Without ``connect`` nothing is opened, restricted systems never."""

from __future__ import annotations

import os
from collections.abc import Iterator

from classifiers.pack_file import PackError
from classifiers.policy import load_pack
from connectors.base import ConnectorError
from workflows.check_result import CheckResult, from_failure
from workflows.check_systems import PATIENCE, check_systems
from workflows.settings import Site


def check_site(site: Site, connect: bool = False, patience: float = PATIENCE) -> list[CheckResult]:
    """Settings, pack and files; with ``connect`` the OpenMetadata server and each system that is not restricted
    are reached, the rights there checked, and the systems listed; ``patience`` is the seconds that one may take.

    Mistakes in the files themselves do not come so far: `workflows.site.load_site` has raised them.
    """
    results = [*check_settings(site), *check_pack(site), *check_folders(site), *check_store(site, connect)]
    return [*results, *check_server(site, connect), *check_systems(site, connect, patience)]


def check_settings(site: Site) -> Iterator[CheckResult]:
    systems = sum(1 for _ in site.systems())
    restricted = site.restricted_systems
    counts = f"{len(site.departments)} departments, {systems} systems, of which {restricted} restricted"
    if site.departments:
        yield CheckResult("settings", "ok", counts)
    else:
        hint = "departments/example.yaml shows how one is written"
        yield CheckResult("settings", "warning", "no department is configured", str(site.root / "departments"), hint)
    for warning in site.warnings:
        yield from_failure(warning, "settings", "warning")


def check_pack(site: Site) -> Iterator[CheckResult]:
    # Judging the pack's own examples needs the whole classifier.
    from classifiers.pack_check import check_pack as pack_problems

    try:
        pack = load_pack(site.pack, site.overlays)
    except PackError as error:
        place = f"{error.file}:{error.line}" if error.line else error.file
        yield CheckResult("pack", "failed", error.message, place)
        return
    problems = pack_problems(pack)
    for problem in problems:
        yield CheckResult("pack", "failed", problem)
    if not problems:
        yield CheckResult("pack", "ok", f"{pack.ident} with {len(site.overlays)} overlays")


def check_folders(site: Site) -> Iterator[CheckResult]:
    """Whether the program may write where it will; the folders themselves need not exist yet."""
    for folder in (site.var_dir, site.out_dir):
        standing = next(parent for parent in (folder, *folder.parents) if parent.exists())
        if not (standing.is_dir() and os.access(standing, os.W_OK)):
            hint = "give the user who runs pdc the right to write there"
            yield CheckResult("folders", "failed", f"{folder.name}/ cannot be written", str(standing), hint)


def check_store(site: Site, connect: bool) -> Iterator[CheckResult]:
    """With ``connect`` a store on a server is opened, which makes its tables; a file lies in a checked folder."""
    from workflows.errors import StoreError
    from workflows.store import Store

    try:
        url = site.store_url
        if connect and not url.startswith("sqlite"):
            Store(url).close()
            yield CheckResult("store", "ok", "reachable, with the rights it needs")
    except ConnectorError as error:
        yield from_failure(error.failure, "store", "failed")
    except StoreError as error:
        yield CheckResult("store", "failed", str(error))


def check_server(site: Site, connect: bool) -> Iterator[CheckResult]:
    """The OpenMetadata server, where one is configured: secrets; with ``connect`` address, version, token, rights."""
    from workflows.publish.connect import PUBLISHING, ServerUnreachable, ServerUnusable, open_server

    if site.openmetadata is None:
        return
    try:
        settings = site.server
        if not connect:
            yield CheckResult("openmetadata", "ok", "configured")
            return
        with open_server(settings, PUBLISHING) as client:
            told = f"OpenMetadata {client.version}, reachable, with the right to create tables"
            yield CheckResult("openmetadata", "ok", told, client.host)
    except ConnectorError as error:
        yield from_failure(error.failure, "openmetadata", "failed")
    except (ServerUnusable, ServerUnreachable) as error:
        yield CheckResult("openmetadata", "failed", str(error))
