"""``pdc om-classify``: the engine inside OpenMetadata's own sampling run; ``pdc pack export-recognizers``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from workflows.cli_common import State, emit_json, json_option, pass_state, say

if TYPE_CHECKING:
    from classifiers.openmetadata import ClassificationWorkflow
    from classifiers.platform_names import Style
    from classifiers.policy import Pack

SDK_HINT = "om-classify needs the OpenMetadata SDK: pip install 'public-data-catalog[openmetadata]'"
SHOWN = 20


@click.command("om-classify")
@click.argument("config", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="CONFIG.yaml")
@click.option("--pack", "pack_name", help="Policy pack (default: the site's with its overlays, else putuo-2020).")
@json_option
@click.pass_context
@pass_state
def om_classify(state: State, ctx: click.Context, config: Path, pack_name: str | None, as_json: bool) -> None:
    """Label a service's columns inside OpenMetadata's own sampling run.

    CONFIG.yaml is the file of OpenMetadata's auto-classification workflow. Tier, share and open type and data element
    are written as suggestions with their reasons; samples are never stored. Tags and terms must be on the server.
    """
    workflow = open_workflow(config, chosen_pack(state, pack_name), chosen_names(state))
    try:
        workflow.execute()
    finally:
        workflow.stop()
    failed, warned = workflow.failures(), workflow.warnings()
    tables = len(workflow.processor.status.records)
    if as_json:
        emit_json({"tables": tables, "labels": workflow.processor.labelled, "failed": failed, "warnings": warned})
    for kind, told in (("error", failed), ("warning", warned)):
        for name, message in told[:SHOWN]:
            say(f"{kind}: {name}: {message}")
        if len(told) > SHOWN:
            say(f"{kind}: … and {len(told) - SHOWN} more")
    say(f"{tables} tables judged, {workflow.processor.labelled} labels suggested, {len(failed)} failures")
    ctx.exit((3 if tables else 1) if failed else 0)


def chosen_pack(state: State, name: str | None) -> Pack:
    from workflows.run import open_pack

    if name is None and (state.site_dir / "site.yaml").exists():
        settings = state.site(secrets=False)
        return open_pack(settings.pack, settings.overlays)
    return open_pack(name or "putuo-2020")


def chosen_names(state: State) -> Style:
    """``names:`` of the site's openmetadata.yaml: labels must be called as `pdc publish` calls them."""
    settings = state.site(secrets=False).openmetadata if (state.site_dir / "site.yaml").exists() else None
    return settings.names if settings else "han"


def open_workflow(config: Path, pack: Pack, names: Style = "han") -> ClassificationWorkflow:
    """The workflow of a configuration file; importing the SDK takes several seconds."""
    from connectors.base import is_quarantined
    from workflows.clock import now
    from workflows.errors import InputError

    settings = read_config(config)
    try:
        from classifiers.openmetadata import ClassificationWorkflow, Rules, WorkflowConfigError
    except ImportError as exc:
        if (exc.name or "").split(".")[0] == "metadata":
            raise InputError(SDK_HINT) from exc
        raise
    try:
        return ClassificationWorkflow.create(settings, Rules(pack, now().date(), is_quarantined, names))
    except WorkflowConfigError as exc:
        raise InputError(f"{config}: {exc}") from exc


def read_config(path: Path) -> dict[str, Any]:
    """The workflow file with ``${ENV}`` filled in."""
    from os.path import expandvars

    import yaml

    from workflows.errors import InputError

    try:
        found = yaml.safe_load(expandvars(path.read_text("utf-8")))
    except (yaml.YAMLError, UnicodeDecodeError) as exc:
        raise InputError(f"{path}: not YAML in UTF-8 ({type(exc).__name__})") from exc
    if not isinstance(found, dict) or "source" not in found:
        raise InputError(f"{path}: no `source:`; expected the file of an OpenMetadata auto-classification workflow")
    return found


@click.command("export-recognizers")
@click.option("--pack", "pack_name", help="Policy pack (default: the site's with its overlays, else putuo-2020).")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write (default: stdout).")
@pass_state
def export_recognizers(state: State, pack_name: str | None, output: Path | None) -> None:
    """Write what OpenMetadata can express as native recognizers: patterns and column names per tag, as JSON."""
    import msgspec

    from workflows.recognizer_export import export

    document = export(chosen_pack(state, pack_name))
    if output is None:
        emit_json(document)
        return
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_bytes(msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")
    count = sum(len(tag["recognizers"]) for tag in document["tags"])
    say(f"{count} recognizers of {len(document['tags'])} tags written to {output}")


COMMANDS = (om_classify,)
