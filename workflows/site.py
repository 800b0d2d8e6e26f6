"""A site's folder as a whole: read and checked, and its schemas for editors."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from connectors.base import ConfigurationError
from connectors.config import find_connector
from workflows.settings import DepartmentFile, Site, SiteSettings
from workflows.site_reader import SiteReader, connector_names


def load_site(root: Path, *, environ: Mapping[str, str] | None = None, secrets: bool = True) -> Site:
    """Read and check a site folder; connect to nothing.

    ``secrets=False`` does not look whether secrets are there, for commands that open no system.
    Raises `SettingsError` with every mistake found.
    """
    return SiteReader(root.resolve(), environ, secrets).read()


def site_schema() -> dict[str, Any]:
    """JSON Schema of site.yaml, for editors."""
    return SiteSettings.model_json_schema()


def department_schema() -> dict[str, Any]:
    """JSON Schema of departments/*.yaml, for editors; the installed connectors' own keys included."""
    schema = DepartmentFile.model_json_schema()
    properties = schema["$defs"]["SystemSettings"]["properties"]
    del properties["options"]
    properties.update({key: value for key, value in option_schemas().items() if key not in properties})
    return schema


def option_schemas() -> dict[str, dict[str, Any]]:
    """JSON Schema of the connectors' own keys; a connector whose driver is missing says nothing."""
    names = {str: "string", int: "integer", float: "number", bool: "boolean", list: "array", dict: "object"}
    result: dict[str, dict[str, Any]] = {}
    for name in connector_names():
        try:
            options = find_connector(name).OPTIONS
        except ConfigurationError:
            continue
        for key, kind in options.items():
            schema = result.setdefault(key, {"type": names[kind], "description": "connectors: "})
            known = schema["description"].removeprefix("connectors: ")
            schema["description"] = f"connectors: {known}{', ' if known else ''}{name}"
    return result
