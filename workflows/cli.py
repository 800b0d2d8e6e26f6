"""``pdc``: the commands by name. Only the ``cli`` modules print and choose exit codes.

Exit codes: 0 all done; 1 something failed and was reported; 2 usage or configuration; 3 partial, some departments or
assets failed and the rest is done; 4 refused for safety.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from workflows import (
    cli_audit,
    cli_classify,
    cli_entry,
    cli_lists,
    cli_openmetadata,
    cli_pack,
    cli_protect,
    cli_publish,
    cli_pull,
    cli_request,
    cli_review,
    cli_run,
    cli_show,
    cli_site,
    cli_ticket,
)
from workflows.cli_common import Commands, State
from workflows.patience import anything_left


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--site",
    "site_dir",
    type=click.Path(file_okay=False, path_type=Path),
    default=".",
    envvar="PDC_SITE",
    help="The site's folder (default: the current one).",
)
@click.option("--debug", is_flag=True, help="Show the trace of an unexpected error.")
@click.version_option(package_name="public-data-catalog", prog_name="pdc")
@click.pass_context
def cli(ctx: click.Context, site_dir: Path, debug: bool) -> None:
    """Catalogue departments' data and propose share, open and sensitivity labels with their legal basis.

    Exit codes: 0 all done, 1 failed, 2 usage or configuration, 3 partly done, 4 refused for safety.
    """
    ctx.obj = State(site_dir, debug)


ROOMS = (
    cli_site,
    cli_run,
    cli_classify,
    cli_show,
    cli_pack,
    cli_publish,
    cli_pull,
    cli_protect,
    cli_entry,
    cli_request,
    cli_ticket,
    cli_lists,
    cli_audit,
    cli_review,
    cli_openmetadata,
)

for command in (command for room in ROOMS for command in room.COMMANDS):
    cli.add_command(command)


def main() -> None:
    """The console script."""
    try:
        cli(prog_name="pdc")
    except BrokenPipeError:
        # The reader of our output has gone (`pdc assets | head`): nothing more to say, and no trace at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except SystemExit as end:
        if anything_left():
            # All is said and stored; waiting at exit for threads that hang would never end.
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(end.code if isinstance(end.code, int) else int(end.code is not None))
        raise


if __name__ == "__main__":
    main()
