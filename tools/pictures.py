"""Make the pictures of docs/images that show workbooks, all of them from the demo (needs LibreOffice,
Chromium, Playwright and fonts-noto-cjk).

python tools/pictures.py [NAME …] [--keep FOLDER]

A site is made and people publish, issue lists and ask for data; a week later the lists are made again. Each picture is
the first page of one sheet as it is printed, cut after its last row.
"""

from __future__ import annotations

import argparse
import base64
import json
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import openpyxl
from click.testing import CliRunner
from openpyxl.worksheet.header_footer import HeaderFooterItem
from playwright.sync_api import sync_playwright

from workflows import clock, people
from workflows.acts.trail import Trail
from workflows.cli import cli
from workflows.run import Job

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"
LARGEST = 150_000
"""Bytes of a picture."""
WIDTH, HEIGHT, MARGIN = 1_900, 1_400, 20
"""Pixels: of a page, and of the white that is left around what is on it."""
DRAWN = 2_500
"""Milliseconds until a page is drawn; the viewer does not say."""
TRIM = """async ([address, margin]) => {
  const image = new Image(); image.src = address; await image.decode();
  const canvas = document.createElement("canvas"); canvas.width = image.width; canvas.height = image.height;
  const paper = canvas.getContext("2d"); paper.drawImage(image, 0, 0);
  const data = paper.getImageData(0, 0, image.width, image.height), pixels = data.data;
  // The viewer is darker than anything near the borders of a page.
  const dark = at => pixels[at] < 60 && pixels[at + 1] < 60 && pixels[at + 2] < 60;
  let left = 0, right = image.width - 1, top = 0, bottom;
  while (dark(4 * left + 4 * image.width * 23)) left++;
  while (dark(4 * right + 4 * image.width * 23)) right--;
  while (dark(top * image.width * 4 + 4 * (left + 12))) top++;
  for (bottom = top; bottom < image.height && !dark(bottom * image.width * 4 + 4 * (left + 12));) bottom++;
  let [west, east, north, south] = [right, left, bottom, top];
  for (let y = top + 8; y < bottom - 8; y++) for (let x = left + 8; x < right - 8; x++) {
    const at = 4 * (y * image.width + x);
    if (pixels[at] < 250 || pixels[at + 1] < 250 || pixels[at + 2] < 250) {
      west = Math.min(west, x); east = Math.max(east, x); north = Math.min(north, y); south = Math.max(south, y);
    }
  }
  const [x0, y0] = [west - margin, north - margin], [width, height] = [east + margin - x0, south + margin - y0];
  const colourAt = (x, y) => {
    const at = 4 * (y * image.width + x);
    const inside = x > left + 8 && x < right - 8 && y > top + 8 && y < bottom - 8;
    return inside ? (pixels[at] << 16) | (pixels[at + 1] << 8) | pixels[at + 2] : 0xffffff;
  };
  const counts = new Map(), indices = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) {
    const colour = colourAt(x0 + x, y0 + y);
    counts.set(colour, (counts.get(colour) || 0) + 1);
  }
  const colours = [...counts.keys()].sort((a, b) => counts.get(b) - counts.get(a)).slice(0, LIMIT);
  const places = new Map(colours.map((colour, place) => [colour, place]));
  const parts = colour => [colour >> 16, (colour >> 8) & 255, colour & 255];
  const nearest = colour => {
    const far = other => parts(other).reduce((sum, part, n) => sum + (part - parts(colour)[n]) ** 2, 0);
    return colours.reduce((best, other, place) => far(other) < far(colours[best]) ? place : best, 0);
  };
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) {
    const colour = colourAt(x0 + x, y0 + y);
    if (!places.has(colour)) places.set(colour, nearest(colour));
    indices[y * width + x] = places.get(colour);
  }
  let text = "";
  for (let at = 0; at < indices.length; at += 8192) text += String.fromCharCode(...indices.subarray(at, at + 8192));
  return {width, height, colours, indices: btoa(text)};
}""".replace("LIMIT", "64")
"""Where the page is in the picture of the viewer, what is on it, and that in 64 colours: text and tints need few."""


START = datetime(2026, 9, 21, 9, 0, tzinfo=clock.CHINA)
PEOPLE = """
people:
  - {id: li, name: 李华, accounts: [li], departments: [cgj, minzheng, scjg, wjw, xzfw, street], roles: [steward]}
  - {id: zhao, name: 赵敏, accounts: [zhao], departments: [cgj, minzheng, scjg, wjw, xzfw, street], roles: [head]}
  - {id: wang, name: 王强, accounts: [wang], roles: [reviewer]}
  - {id: chen, name: 陈静, accounts: [chen], roles: [reviewer]}
  - {id: sun, name: 孙宁, accounts: [sun], roles: [office]}
"""
_ITEM = '<item oor:path="/org.openoffice.{}">{}</item>'
_PROP = '<prop oor:name="{}"><value>{}</value></prop>'
_PAIR = (("ReplaceFont", "Microsoft YaHei"), ("SubstituteFont", "Noto Sans CJK SC"), ("Always", "true"))
SETTINGS = (
    '<?xml version="1.0" encoding="UTF-8"?><oor:items xmlns:oor="http://openoffice.org/2001/registry">'
    + _ITEM.format("Office.Linguistic/General", _PROP.format("DefaultLocale_CJK", "zh-CN"))
    + _ITEM.format("Setup/L10N", _PROP.format("ooSetupSystemLocale", "zh-CN"))
    + _ITEM.format("Office.Common/Font/Substitution", _PROP.format("Replacement", "true"))
    + _ITEM.format(
        "Office.Common/Font/Substitution/FontPairs",
        f'<node oor:name="_0" oor:op="replace">{"".join(_PROP.format(*pair) for pair in _PAIR)}</node>',
    )
    + "</oor:items>"
)
"""One font for Latin and Han, as where the workbooks' own is installed; Chinese rules for the ends of lines."""


class Picture(NamedTuple):
    name: str
    book: str
    """Below the site's folder; ``{day}``: of the lists made again."""
    sheet: str
    rows: int = 40
    """At most so many of the sheet."""
    whole: bool = False
    """All columns on one page, as on a screen; the picture is larger."""


PICTURES = (
    Picture("official-catalogue", "out/official/{day}/公共数据资源目录.xlsx", "公共数据资源目录", 11),
    Picture("official-items", "out/official/{day}/公共数据资源目录.xlsx", "信息项", 14),
    Picture("official-responsibility-list", "out/official/{day}/数据责任清单.xlsx", "数据责任清单", 15),
    Picture("official-negative-list", "out/official/{day}/共享负面清单.xlsx", "共享负面清单"),
    Picture("official-open-list", "out/official/{day}/开放清单.xlsx", "开放清单", 10),
    Picture("official-demand-list", "out/official/{day}/数据需求清单.xlsx", "数据需求清单"),
    Picture("official-filing", "out/official/{day}/市级报送表.xlsx", "市级报送表", 13),
    Picture("official-cover", "out/official/{day}/共享负面清单.xlsx", "说明"),
    Picture("official-totals", "out/official/{day}/数据责任清单.xlsx", "统计"),
    Picture("official-changes", "out/official/{day}/公共数据资源目录.xlsx", "与上期变化"),
    Picture("review-workbook", "审核表.xlsx", "待审信息项", 11, True),
    Picture("review-resources", "审核表.xlsx", "资源", 9),
    Picture("review-elements", "审核表.xlsx", "信息项", 16),
    Picture("template", "填报表.xlsx", "字段", 16),
    Picture("template-tables", "填报表.xlsx", "表", 10),
)


class Site:
    """``site("lists", …, by="wang")`` runs a command as somebody, a minute after the one before."""

    def __init__(self, root: Path) -> None:
        self.root, self.time = root, START

    def now(self) -> datetime:
        self.time += timedelta(minutes=1)
        return self.time

    def __call__(self, *arguments: str, by: str = "wang") -> Any:
        with (
            mock.patch.object(people, "account", return_value=by),
            mock.patch.object(clock, "now", self.now),
            mock.patch.object(Trail.__init__, "__defaults__", (self.now,)),
            mock.patch.object(Job.__init__, "__kwdefaults__", {"progress": None, "clock": self.now}),
        ):
            done = CliRunner().invoke(cli, ["--site", str(self.root), *arguments, "--json"])
        if done.exit_code not in (0, 3):
            raise SystemExit(f"pdc {' '.join(arguments)}: {done.stderr or done.exception!r}")
        return json.loads(done.stdout) if done.stdout.strip() else None

    def publish(self, *assets: str) -> None:
        for verb, by, *more in (
            ("submit", "li"),
            ("approve", "wang"),
            ("sign", "zhao", "--secrecy"),
            ("sign", "chen", "--security"),
            ("publish", "chen"),
        ):
            for asset in assets:
                self("entry", verb, asset, *more, by=by)
                if verb == "approve" and "普查" in asset:
                    self("entry", "approve-refusal", asset, by="sun")


def made_site(root: Path) -> tuple[Site, str]:
    """The demo with a legal life of a week, and the day of its second lists."""
    done = CliRunner().invoke(cli, ["demo", str(root)])
    if done.exit_code:
        raise SystemExit(done.output)
    with (root / "site.yaml").open("a", encoding="utf-8") as file:
        file.write(PEOPLE)
    site = Site(root)
    for asset, value in (("*public_toilet", "是"), ("*YLJG_ML", "是"), ("*patrol_stat", "是")):
        site("entry", "fill", asset, f"high_value={value}", by="li")
    titles = {"*public_toilet": "公共厕所", "*parking_lot": "停车场", "*bj_jinggai": "井盖", "*patrol_stat": "巡查统计"}
    titles |= {"*T_YLJG": "养老机构", "*T_CJR": "残疾人信息", "*T_JZ_TJ": "救助统计"}
    for asset, title in titles.items():
        site("entry", "fill", asset, f"title={title}", by="li")
    first = ("*public_toilet", "*parking_lot", "*patrol_stat", "*T_YLJG", "*T_CJR", "*T_JZ_TJ", "*t_qydjxx", "*t_xzcf")
    site.publish(*first, "*CRB_BGK", "*YLJG_ML", "*dm_qylx", "*经济普查*")
    site("lists", "--as-of", "today", "--issue", "--why", "首期")
    asking(site)
    site.time += timedelta(days=6)
    site("entry", "withdraw", "*dm_qylx", "--why", "并入企业登记信息")
    site("entry", "fill", "*parking_lot", "contact=停车管理科 021-50001234", "update_cycle=每月", by="li")
    site("decide", "*T_CJR.CJLB", "--set", "tier=L4", "--why", "残疾类别属敏感个人信息", "--yes", by="li")
    site.publish("*parking_lot", "*t_xzxkgs", "*bj_jinggai")
    day = site.now().date().isoformat()
    site("lists", "--as-of", day, "--issue", "--why", "第二期")
    site("review", "export", "minzheng", "--output", str(root / "审核表.xlsx"), by="li")
    CliRunner().invoke(cli, ["--site", str(root), "template", "minzheng", "--output", str(root / "填报表.xlsx")])
    return site, day


def asking(site: Site) -> None:
    """Requests of every kind: granted at once, under review, refused by law, for what nobody has catalogued."""
    for who, asset, purpose, basis, *more in (
        ("minzheng", "*YLJG_ML", "养老机构医养结合签约", "health/92"),
        ("wjw", "*T_CJR", "残疾人家庭医生签约", "pipl/34", "--until", "2027-06-30"),
        ("scjg", "*经济普查*", "市场主体名录核对", "putuo-2020/21"),
    ):
        given = ("--purpose", purpose, "--basis", basis, "--means", "接口", *more)
        site("request", "new", "--for", who, "--asset", asset, *given, by="li")
    given = ("--purpose", "独居老人用水异常提醒", "--basis", "putuo-2020/21", "--means", "接口")
    site("request", "new", "--for", "street", "--demand", "居民用水按日汇总", *given, by="li")


# --- from a sheet to a picture -----------------------------------------------------------------------------------


def cut_book(picture: Picture, source: Path, target: Path) -> None:
    """The sheet alone, so that the first page of the document is its first page, and no more rows than wanted."""
    book = openpyxl.load_workbook(source)
    for sheet in book.worksheets:
        if sheet.title != picture.sheet:
            del book[sheet.title]
    sheet = book[picture.sheet]
    if sheet.max_row > picture.rows:
        sheet.delete_rows(picture.rows + 1, sheet.max_row - picture.rows)
    sheet.oddFooter = HeaderFooterItem()
    if picture.whole:
        sheet.page_setup.fitToWidth = 1
    target.parent.mkdir(parents=True, exist_ok=True)
    book.save(target)


def printed(books: list[Path], folder: Path) -> None:
    """Each workbook as PDF, as it is printed."""
    office = shutil.which("soffice") or sys.exit("soffice is not installed. Run: apt-get install libreoffice-calc")
    profile = folder / "profile"
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(SETTINGS, "utf-8")
    given = (f"-env:UserInstallation={profile.as_uri()}", "--convert-to", "pdf", "--outdir", str(folder))
    subprocess.run([office, "--headless", *given, *map(str, books)], check=True, capture_output=True, timeout=300)


def taken(papers: Sequence[tuple[Path, float]]) -> Iterator[bytes]:
    """The first page of each PDF as PNG, in few colours and without its white borders."""
    with sync_playwright() as playwright:
        # The old headless mode has no viewer of PDF.
        chromium, given = shutil.which("chromium"), ["--headless=new", "--no-sandbox", "--hide-scrollbars"]
        browser = playwright.chromium.launch(executable_path=chromium, headless=False, args=given)
        for paper, scale in papers:
            page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, device_scale_factor=scale)
            page.goto(f"{paper.as_uri()}#toolbar=0&navpanes=0&view=Fit")
            page.wait_for_timeout(DRAWN)
            whole = page.screenshot()
            page.close()
            page = browser.new_page()
            page.goto("about:blank")
            address = "data:image/png;base64," + base64.b64encode(whole).decode()
            yield png(**page.evaluate(TRIM, [address, MARGIN]))
            page.close()
        browser.close()


def png(width: int, height: int, colours: list[int], indices: str) -> bytes:
    """A PNG with a palette; ``indices``: base64 of a byte for each pixel."""
    pixels = base64.b64decode(indices)
    lines = b"".join(b"\0" + pixels[at : at + width] for at in range(0, width * height, width))
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    palette = b"".join(colour.to_bytes(3, "big") for colour in colours)
    chunks = ((b"IHDR", header), (b"PLTE", palette), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b""))
    made = (
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(made)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="which; else all")
    parser.add_argument("--keep", type=Path, help="a folder for the site, which is kept")
    arguments = parser.parse_args()
    wanted = [one for one in PICTURES if not arguments.names or one.name in arguments.names]
    with tempfile.TemporaryDirectory() as scratch:
        root = arguments.keep or Path(scratch) / "site"
        _, day = made_site(root)
        books = [Path(scratch) / "books" / f"{one.name}.xlsx" for one in wanted]
        for picture, book in zip(wanted, books, strict=True):
            cut_book(picture, root / picture.book.format(day=day), book)
        printed(books, Path(scratch))
        papers = [(Path(scratch) / f"{one.name}.pdf", 1.5 if one.whole else 1) for one in wanted]
        sizes = []
        for picture, content in zip(wanted, taken(papers), strict=True):
            (IMAGES / f"{picture.name}.png").write_bytes(content)
            sizes.append(len(content))
            print(f"{picture.name}.png: {len(content):,} bytes")
    return 0 if max(sizes) <= LARGEST else 1


if __name__ == "__main__":
    sys.exit(main())
