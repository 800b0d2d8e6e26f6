"""``api``: a client of the shared server of one profile, emptied before each test; see ``omclient``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

# Not `tests.contract`: another package installs a top-level `tests`.
sys.path.insert(0, str(Path(__file__).parent))

from omclient import Api


@pytest.fixture
def api(request: pytest.FixtureRequest, shared_contract_server: Callable[[str], Any]) -> Iterator[Api]:
    server = shared_contract_server(request.param)
    server.tokens["bot"] = server.token("ingestion-bot")
    found, before = Api(server, request.param), server.log()
    yield found
    found.http.close()
    assert server.log() == before
