"""Descriptions that services show themselves, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.base import ConfigurationError, SourceFatalError, SystemConfig
from connectors.openapi import OpenApiConnector

Data = dict[str, Any]


def answer(schema: Data) -> Data:
    return {"responses": {"200": {"content": {"application/json": {"schema": schema}}}}}


def fetched(url: str, **options: Any) -> OpenApiConnector:
    config = SystemConfig(department="d", id="s", connector="openapi", url=url, options=options)
    return OpenApiConnector(config)


def test_a_service_shows_its_own_description(web: Any, told: Any) -> None:
    data = {
        "openapi": "3.1.0",
        "paths": {"/x": {"get": answer({"$ref": "other.json#/X"})}, "/y": {"get": answer({"type": "string"})}},
    }
    web.answer = lambda asked: told(data)
    with fetched(f"{web.url}/v3/api-docs?group=a", headers={"Authorization": "Bearer t0ken"}) as opened:
        opened.probe()
        assert [asset.name for asset in opened.assets()] == ["GET /x", "GET /y"]
        assert [str(failure) for failure in opened.failures] == [
            "api-docs#/paths/~1x/get/responses/200/content/application~1json/schema: "
            "$ref to another host is not followed: other.json (correct the document)"
        ]
    assert {(asked.path, asked.query["group"], asked.headers["authorization"]) for asked in web.asked} == {
        ("/v3/api-docs", "a", "Bearer t0ken")
    }


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        (b"<!DOCTYPE html><title>Swagger UI</title>", 200, "answered a web page, not a document .*/v3/api-docs"),
        (b"denied", 401, "answered HTTP 401"),
        (b"{", 200, "api-docs:1: not JSON"),
        (b"{}", 200, "no OpenAPI or Swagger document"),
        (b"x" * 2_000, 200, "the answer is larger"),
    ],
)
def test_a_service_that_shows_something_else(
    web: Any, told: Any, monkeypatch: pytest.MonkeyPatch, body: bytes, status: int, message: str
) -> None:
    monkeypatch.setattr("connectors.openapi.connector.MAX_BYTES", 1_000)
    web.answer = lambda asked: told(body, status)
    with fetched(f"{web.url}/v3/api-docs", headers={"X-Key": "s3cret"}) as opened:
        for action in (opened.probe, opened.list_assets):
            with pytest.raises(SourceFatalError, match=message) as error:
                action()
            assert "s3cret" not in str(error.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"headers": {"X": 1}}, "headers must map names to texts"),
        ({"ca_file": "/nowhere.pem"}, "certificate authority does not exist"),
        ({"timeout": 0}, "timeout must be more than 0"),
    ],
)
def test_wrong_options(options: Data, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        fetched("http://127.0.0.1:1/", **options)
