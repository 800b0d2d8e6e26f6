"""Take the README's picture of a catalogue page (a tool for developers; needs Playwright and Chromium).

python docs/screenshot.py pdc-demo/out/catalogue.html docs/images/catalogue.png [--asset KEY]
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import sync_playwright

WIDTH, HEIGHT = 1280, 800
LARGEST = 300_000
"""Bytes; a README loads its pictures every time."""


def take(page_file: Path, picture: Path, asset: str | None, search: str | None, height: int) -> int:
    """Write the picture and return its size in bytes; ``asset`` opens one entry, ``search`` fills in the search box."""
    fragment = f"#asset={quote(asset, safe='')}" if asset else ""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH, "height": height}, locale="zh-CN", color_scheme="light")
        page.goto(page_file.resolve().as_uri() + fragment)
        page.locator("#asset" if asset else "#results .card").first.wait_for()
        if search and not asset:
            page.locator("#search").fill(search)
            page.locator(".chip.clear").wait_for()
        picture.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=picture)
        browser.close()
    return picture.stat().st_size


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("page", type=Path, help="a catalogue.html")
    parser.add_argument("picture", type=Path, nargs="?", default=Path("docs/images/catalogue.png"))
    parser.add_argument("--asset", help="key of the entry to open")
    parser.add_argument("--search", help="what to search for")
    parser.add_argument("--height", type=int, default=HEIGHT, help=f"of the picture in pixels (default {HEIGHT})")
    arguments = parser.parse_args()
    if not arguments.page.is_file():
        parser.error(f"no such page: {arguments.page}; did the command that writes it succeed?")
    size = take(arguments.page, arguments.picture, arguments.asset, arguments.search, arguments.height)
    print(f"{arguments.picture}: {size:,} bytes")
    return 0 if size <= LARGEST else 1


if __name__ == "__main__":
    sys.exit(main())
