"""The contract server as a process: start, tokens, restart with its state."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests


def get(server: Any, path: str, token: str | None = None) -> requests.Response:
    headers = {"Authorization": f"Bearer {token or server.admin_token}"}
    return requests.get(f"{server.url}/v1/{path}", headers=headers, timeout=10)


@pytest.mark.parametrize(("profile", "version"), [("1.2", "1.2.0"), ("2.0", "2.0.6")])
def test_version_is_public(contract_server: Callable[..., Any], profile: str, version: str) -> None:
    started = time.monotonic()
    server = contract_server(profile)
    assert time.monotonic() - started < 5
    assert requests.get(f"{server.url}/v1/system/version", timeout=10).json()["version"] == version


def test_the_server_ends_with_its_parent(contract_server: Callable[..., Any]) -> None:
    server = contract_server("1.2")
    server.process.stdin.close()
    assert server.process.wait(60) is not None


def test_logins_with_dots(contract_server: Callable[..., Any]) -> None:
    server = contract_server("1.2")
    for token in (server.token("zhang.san"), server.token("zhang.san")):
        assert get(server, "users/loggedInUser", token).json()["name"] == "zhang.san"


def test_state_survives_a_restart(contract_server: Callable[..., Any], tmp_path: Path) -> None:
    server = contract_server("2.0", state=tmp_path / "state.json")
    token = server.token("王五")
    server.stop()
    server.start()
    assert get(server, "users/loggedInUser", token).json()["name"] == "王五"
    assert server.log() == ""
