"""``python -m omserver``: serve one profile on loopback; one line of JSON on stdout says where, then silence.

``{"url": "http://127.0.0.1:<port>/api", "admin_token": …, "bot_token": …, "pid": …}``. Stops on SIGTERM and SIGINT,
and then writes its state to ``--state``, from which the next start goes on.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import sys
import threading
from dataclasses import fields
from pathlib import Path

import uvicorn

from . import validate
from .app import App
from .connections import Protocol
from .faults import Faults
from .profiles import PROFILES
from .server import ADMIN, BOT, Server


def parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(
        prog="omserver", description="A stand-in for an OpenMetadata server, for tests only."
    )
    found.add_argument("--profile", choices=sorted(PROFILES), default="2.0")
    found.add_argument("--port", type=int, default=0, help="0: any free port")
    found.add_argument("--state", type=Path, help="file to start from, if it is there, and to save to at the end")
    found.add_argument("--until-eof", action="store_true", help="stop when stdin ends, as it does when a parent dies")
    found.add_argument("--validate", action="store_true", help="check bodies by the SDK's models (2.0, slow start)")
    for one in fields(Faults):
        kind = type(one.default)
        found.add_argument(
            f"--{one.name.replace('_', '-')}", type=kind, default=one.default, help="see omserver.faults"
        )
    return found


def stop_at_eof() -> None:
    # Not sys.stdin: its lock, held by this thread, would break the interpreter's end.
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def main(arguments: list[str]) -> None:
    options = parser().parse_args(arguments)
    if options.validate and options.profile != "2.0":
        parser().error("--validate needs --profile 2.0: the SDK has no models of older servers")
    # asyncio sets TCP_NODELAY only on sockets that say they are TCP.
    if options.validate:
        validate.load()
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", options.port))
    base = f"http://127.0.0.1:{listener.getsockname()[1]}/api"
    server = Server(PROFILES[options.profile], base)
    server.validating = options.validate
    if options.state is not None and options.state.exists():
        server.restore(options.state.read_text(encoding="utf-8"))
    else:
        server.seed()
    app = App(server, Faults(**{one.name: getattr(options, one.name) for one in fields(Faults)}))
    config = uvicorn.Config(
        app, http=Protocol, ws="none", log_level="warning", access_log=False, lifespan="off", timeout_keep_alive=60
    )
    listener.listen(128)
    if options.until_eof:
        threading.Thread(target=stop_at_eof, daemon=True).start()
    tokens = {"admin_token": server.tokens.make(ADMIN), "bot_token": server.tokens.make(BOT)}
    print(json.dumps({"url": base, **tokens, "pid": os.getpid()}), flush=True)
    running = uvicorn.Server(config)

    def stop(*_: object) -> None:
        running.should_exit = True

    # uvicorn stops at a signal and then raises it again, which would end the process before the state is saved.
    # A signal that comes before it listens to signals counts too.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    running.run(sockets=[listener])
    if options.state is not None:
        options.state.write_text(app.server.saved(), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
