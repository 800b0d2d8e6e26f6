"""``pdc protect`` and ``pdc bot``: rights in OpenMetadata, which only an administrator's token may change."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from workflows.cli_common import State, echo, emit_json, emit_table, json_option, pass_state, say
from workflows.cli_publish import change_line

if TYPE_CHECKING:
    from workflows.publish.bot import BotMade
    from workflows.publish.protect import Protected, Protecting
    from workflows.publish.protection_check import Checked
    from workflows.server_settings import ServerSettings
    from workflows.settings import Site

EXPIRIES = ("OneHour", "1", "7", "30", "60", "90", "Unlimited")


@contextmanager
def protecting(state: State) -> Iterator[Protecting]:
    """The site, its store and its server, opened with the administrator's token."""
    from connectors.om_errors import NotAllowed, NotAuthenticated, ServerRetryError
    from workflows.publish.connect import ServerUnreachable, ServerUnusable, open_server
    from workflows.publish.protect import Protecting
    from workflows.run import open_pack

    with state.store() as (site, store):
        settings = administrators(site)
        pack = open_pack(site.pack, site.overlays)
        with open_server(settings) as client:
            try:
                yield Protecting(site, store, pack, settings, client)
            except (NotAuthenticated, NotAllowed) as exc:
                raise ServerUnusable(str(exc)) from exc
            except ServerRetryError as exc:
                raise ServerUnreachable(str(exc)) from exc


def administrators(site: Site) -> ServerSettings:
    """The server's settings with the administrator's token; the bot's need not be there yet."""
    from connectors.base import ConfigurationError

    found = site.openmetadata
    if found is None:
        return site.server
    if found.admin_token is None:
        what = "no administrator's token is set: roles, policies and bots need one"
        raise ConfigurationError(what, hint="set `admin_token: ${OPENMETADATA_ADMIN}`", place="openmetadata.yaml")
    return found.model_copy(update={"token": found.admin_token}).resolved(site.root, site.environ)


@click.command()
@click.option("--dry-run", is_flag=True, help="Show what would be written and write nothing.")
@click.option("--check", is_flag=True, help="Read back and list what is not protected as the pack demands.")
@click.option("--force", is_flag=True, help="Write also over what somebody changed of our roles and policies.")
@json_option
@click.pass_context
@pass_state
def protect(state: State, ctx: click.Context, dry_run: bool, check: bool, force: bool, as_json: bool) -> None:
    """Bring roles and policies in OpenMetadata to what the policy pack and openmetadata.yaml say of each tier.

    Needs admin_token in openmetadata.yaml. What somebody changed there is told and stays, unless --force. --check
    writes nothing and exits with 1 when anything is not protected.
    """
    if sum((dry_run, check, force)) > 1:
        raise click.UsageError("give one of --dry-run, --check and --force")
    with protecting(state) as job:
        if check:
            from workflows.publish.protection_check import Checker

            checked = Checker(job).check()
            show_checked(checked, as_json)
            ctx.exit(checked.exit_code)
        found = job.plan() if dry_run else job.protect(force)
    show_protected(found, as_json)
    ctx.exit(found.exit_code)


@click.group()
def bot() -> None:
    """The account in OpenMetadata that publishes."""


@bot.command("create")
@click.argument("name")
@click.option("--expiry", type=click.Choice(EXPIRIES), default="30", show_default=True, help="Days the token lasts.")
@click.option("--token-file", type=click.Path(dir_okay=False, path_type=Path), help="Default: var/NAME.token.")
@click.option("--allow-delete", is_flag=True, help="The bot may delete assets that have vanished.")
@click.option("--rotate", is_flag=True, help="Give a bot that is there a new token; the old one ends at once.")
@json_option
@pass_state
def bot_create(
    state: State,
    name: str,
    expiry: str,
    token_file: Path | None,
    allow_delete: bool,
    rotate: bool,
    as_json: bool,
) -> None:
    """Make a bot with the least rights that publishing needs, and write its token to a file that only you may read.

    Needs admin_token in openmetadata.yaml. The token is not printed.
    """
    from workflows.publish.bot import Wish, make_bot

    with protecting(state) as job:
        folder = job.site.var_dir
        made = make_bot(job, Wish(name, token_file or folder / f"{name}.token", expiry, allow_delete, rotate))
        show_bot(made, job.site.root, as_json)


# --- output ----------------------------------------------------------------------------------------------------------


def show_protected(found: Protected, as_json: bool) -> None:
    if as_json:
        emit_json(found.as_json())
        return
    lines = [change_line(change) for change in (*found.changes, *found.conflicts)]
    if lines:
        emit_table(("what", "kind", "where", "change", "why"), lines)
    done = "would be written" if found.dry_run else "written"
    echo(f"{found.server}: {len(found.changes)} {done}, {len(found.conflicts)} changed by somebody else")
    for failure in found.failures:
        say(f"failed: {failure}")
    if found.conflicts:
        say("notice: what somebody changed was left as it is (`pdc protect --force` writes over it)")


def show_checked(found: Checked, as_json: bool) -> None:
    if as_json:
        emit_json(found.as_json())
        return
    for gap in found.gaps:
        echo(f"{gap.where}：{gap.text}")
    published = f"L3、L4资产{found.assets}个" + (f"，另有{found.unpublished}个尚未发布" if found.unpublished else "")
    verdict = f"有{len(found.gaps)}处未按要求保护" if found.gaps else "均已按要求保护"
    echo(f"{found.server}：已检查{published}，{verdict}。")
    for limit in found.limits:
        say(f"说明：{limit}")


def show_bot(made: BotMade, root: Path, as_json: bool) -> None:
    path = Path(made.token_file).absolute()
    inside = path.is_relative_to(root.absolute())
    shown = path.relative_to(root.absolute()) if inside else path
    if as_json:
        emit_json(made.as_json())
    else:
        echo(f"{'rotated' if made.rotated else 'made'} the bot {made.name} with {', '.join(made.roles)}")
        echo(f"put into openmetadata.yaml: token: file:{shown}")
    for notice in made.notices:
        say(f"notice: {notice}")


COMMANDS = (protect, bot)
