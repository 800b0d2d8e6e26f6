"""Make the pictures of docs/images, all of them from the demo (needs LibreOffice, Chromium, Playwright and
fonts-noto-cjk).

python tools/pictures.py [NAME …] [--keep FOLDER]

A site is made and people publish, issue lists and ask for data; a week later the lists are made again. Each picture
shows the first rows of one sheet and as many of its columns as fit in 1,600 pixels, printed in their own size;
``catalogue`` is the top of the demo's page.
"""

from __future__ import annotations

import argparse
import base64
import json
import re
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
from playwright.sync_api import Browser, sync_playwright

from workflows import clock, people
from workflows.acts.trail import Trail
from workflows.cli import cli
from workflows.outputs.cells import A3, Column, row_height
from workflows.run import Job

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"
LARGEST = 150_000
"""Bytes of a picture."""
WIDEST = 216
"""Characters of all columns of a picture: so many are printed on A3 without being made smaller."""
WIDTH, HEIGHT, MARGIN = 1_700, 1_200, 12
"""Pixels: of the viewer, in which a page of A3 has its own size, and of the white that is left around what is on it."""
DRAWN = 2_500
"""Milliseconds until a page is drawn; the viewer does not say."""
FEW = """async ([address, margin, limit]) => {
  const image = new Image(); image.src = address; await image.decode();
  const canvas = document.createElement("canvas"); canvas.width = image.width; canvas.height = image.height;
  const paper = canvas.getContext("2d"); paper.drawImage(image, 0, 0);
  const data = paper.getImageData(0, 0, image.width, image.height), pixels = data.data;
  let left = -9, right = image.width + 9, top = -9, bottom = image.height + 9;
  let [west, east, north, south] = [0, image.width, 0, image.height];
  if (margin) {
    [left, right, top] = [0, image.width - 1, 0];
    // The viewer is darker than anything near the borders of a page.
    const dark = at => pixels[at] < 60 && pixels[at + 1] < 60 && pixels[at + 2] < 60;
    while (dark(4 * left + 4 * image.width * 23)) left++;
    while (dark(4 * right + 4 * image.width * 23)) right--;
    while (dark(top * image.width * 4 + 4 * (left + 12))) top++;
    for (bottom = top; bottom < image.height && !dark(bottom * image.width * 4 + 4 * (left + 12));) bottom++;
    [west, east, north, south] = [right, left, bottom, top];
    for (let y = top + 8; y < bottom - 8; y++) for (let x = left + 8; x < right - 8; x++) {
      const at = 4 * (y * image.width + x);
      if (pixels[at] < 250 || pixels[at + 1] < 250 || pixels[at + 2] < 250) {
        west = Math.min(west, x); east = Math.max(east, x); north = Math.min(north, y); south = Math.max(south, y);
      }
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
  const colours = [...counts.keys()].sort((a, b) => counts.get(b) - counts.get(a)).slice(0, limit);
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
}"""
"""A picture in few colours; with a margin only what is on the page that the viewer of PDF shows in it."""
PAPER_COLOURS, PAGE_COLOURS = 64, 256
"""Text and tints need few, shadows more."""


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
    columns: str = ""
    """The headings of the columns that are shown, parted by spaces and without the guide's numbers; all when empty."""
    only: str = ""
    """What rows must say in one of their cells."""


PAGE = "catalogue"
CATALOGUE, OPEN = "out/official/{day}/公共数据资源目录.xlsx", "out/official/{day}/开放清单.xlsx"
NEGATIVE, DEMAND = "out/official/{day}/共享负面清单.xlsx", "out/official/{day}/数据需求清单.xlsx"
RESPONSIBILITY, FILING = "out/official/{day}/数据责任清单.xlsx", "out/official/{day}/市级报送表.xlsx"
REVIEW, TEMPLATE = "审核表.xlsx", "填报表.xlsx"
ANSWERS = {
    "联系电话": {"采纳建议": "是"},
    "紧急联系人电话": {"采纳建议": "是"},
    "reporter.phone": {"采纳建议": "是", "理由/备注": "居民自报，已与网格长核对"},
    "证件号码": {"采纳建议": "是"},
    "steps[].result": {
        **{"分级": "L2 内部级", "共享类型": "授权共享", "开放类型": "非开放"},
        **{"依据": "《个人信息保护法》第三十四条", "理由/备注": "处置结果常写明当事人情况"},
    },
}
"""Column → what a steward fills in."""
PICTURES = (
    Picture(
        "official-catalogue",
        CATALOGUE,
        "公共数据资源目录",
        9,
        "信息资源分类 信息资源名称 信息资源代码 信息资源提供方 信息资源摘要 信息资源格式 共享类型 共享条件",
    ),
    Picture(
        "official-catalogue-grounds",
        CATALOGUE,
        "公共数据资源目录",
        9,
        "信息资源名称 是否向社会开放 更新周期 发布日期 数据分级（安全等级） 理由 依据",
    ),
    Picture(
        "official-items",
        CATALOGUE,
        "信息项",
        14,
        "信息资源名称 序号 信息项名称 数据类型 字段名 分级 共享类型 开放类型 理由",
        "残疾人信息",
    ),
    Picture(
        "official-responsibility-list",
        RESPONSIBILITY,
        "数据责任清单",
        9,
        "信息资源名称 共享类型 共享条件 共享方式 数据分级 理由 依据",
    ),
    Picture(
        "official-negative-list",
        NEGATIVE,
        "共享负面清单",
        9,
        "信息资源名称 共享类型 数据分级 理由 法律、法规、规章依据 决定性信息项 批准人",
    ),
    Picture(
        "official-open-list",
        OPEN,
        "开放清单",
        9,
        "高价值 信息资源名称 提供方 数据领域 摘要 开放范围 开放类型 开放条件 更新频率",
    ),
    Picture("official-open-list-items", OPEN, "开放清单", 7, "信息资源名称 数据项 数据格式 理由 依据 发布日期"),
    Picture(
        "official-demand-list",
        DEMAND,
        "数据需求清单",
        9,
        "需求编号 需求单位 所需数据 信息项 提供单位 用途 期限 办理状态",
    ),
    Picture(
        "official-filing",
        FILING,
        "市级报送表",
        13,
        "信息资源代码 信息资源名称 提供方 数据来源 更新频率 安全等级 共享类型 开放类型 市级目录收录情况 信息项数 版本",
    ),
    Picture("official-cover", NEGATIVE, "说明"),
    Picture("official-totals", RESPONSIBILITY, "统计"),
    Picture("official-changes", CATALOGUE, "与上期变化"),
    Picture(
        "review-workbook",
        REVIEW,
        "待审信息项",
        9,
        "组 表 字段 建议数据元 建议分级 建议共享类型 建议开放类型 状态 可信度 判定理由",
    ),
    Picture(
        "review-workbook-answers",
        REVIEW,
        "待审信息项",
        9,
        "字段 判定依据 采纳建议 全组采纳 分级 共享类型 开放类型 数据元 依据 理由/备注",
    ),
    Picture(
        "review-resources",
        REVIEW,
        "资源",
        9,
        "表 完整度 待补内容 信息资源名称 信息资源摘要 共享条件 更新周期 责任人及联系方式",
    ),
    Picture("review-elements", REVIEW, "信息项", 14, "表 字段 现名称 信息项名称 信息项描述 共享条件 共享方式 代码集"),
    Picture("template", TEMPLATE, "字段", 12),
    Picture("template-tables", TEMPLATE, "表", 8),
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
    site("review", "export", "street", "--output", str(root / REVIEW), by="li")
    answer(root / REVIEW)
    CliRunner().invoke(cli, ["--site", str(root), "template", "minzheng", "--output", str(root / TEMPLATE)])
    return site, day


def answer(path: Path) -> None:
    """Fill in some rows of the workbook as a steward does."""
    book = openpyxl.load_workbook(path)
    sheet = book["待审信息项"]
    titles = {cell.value: cell.column for cell in sheet[1]}
    for number in range(2, sheet.max_row + 1):
        for title, text in ANSWERS.get(sheet.cell(number, titles["字段"]).value, {}).items():
            sheet.cell(number, titles[title]).value = text
    book.save(path)


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
    """The sheet alone, so that the first page of the document is its first page, and what is wanted of it."""
    book = openpyxl.load_workbook(source)
    for sheet in book.worksheets:
        if sheet.title != picture.sheet:
            del book[sheet.title]
    sheet = book[picture.sheet]
    for row in reversed(list(sheet.iter_rows(min_row=2))) if picture.only else ():
        if picture.only not in (cell.value for cell in row):
            sheet.delete_rows(row[0].row)
    if sheet.max_row > picture.rows:
        sheet.delete_rows(picture.rows + 1, sheet.max_row - picture.rows)
    sheet.oddHeader, sheet.oddFooter = HeaderFooterItem(), HeaderFooterItem()
    sheet.print_title_cols, sheet.page_setup.paperSize, sheet.page_setup.fitToWidth = None, A3, 1
    if picture.columns:
        show_columns(sheet, picture)
    target.parent.mkdir(parents=True, exist_ok=True)
    book.save(target)


def show_columns(sheet: Any, picture: Picture) -> None:
    """Hide the others, and let rows be as high as what is still to be seen in them."""
    wanted = set(picture.columns.split())
    head = next(row for row in sheet.iter_rows() if len(wanted & {plain_title(cell.value) for cell in row}) > 3)
    shown = []
    for cell in head:
        place = sheet.column_dimensions[cell.column_letter]
        if plain_title(cell.value) in wanted:
            wanted.remove(plain_title(cell.value))
            shown.append((cell.column, Column("", place.width)))
        else:
            place.hidden = True
    if wanted or sum(column.width for _, column in shown) > WIDEST:
        raise SystemExit(f"{picture.name}: {wanted or sum(column.width for _, column in shown)}")
    for row in sheet.iter_rows(min_row=head[0].row + 1):
        values = [row[number - 1].value for number, _ in shown]
        sheet.row_dimensions[row[0].row].height = row_height(values, [column for _, column in shown])


def plain_title(text: object) -> str:
    """A heading without its number of the guide and the mark of what is mandatory."""
    return re.sub(r"^[\d.]+ | \*$", "", str(text))


def printed(books: list[Path], folder: Path) -> None:
    """Each workbook as PDF, as it is printed."""
    office = shutil.which("soffice") or sys.exit("soffice is not installed. Run: apt-get install libreoffice-calc")
    profile = folder / "profile"
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(SETTINGS, "utf-8")
    given = (f"-env:UserInstallation={profile.as_uri()}", "--convert-to", "pdf", "--outdir", str(folder))
    subprocess.run([office, "--headless", *given, *map(str, books)], check=True, capture_output=True, timeout=300)


def few_colours(browser: Browser, picture: bytes, margin: int, limit: int) -> bytes:
    """A PNG as `FEW` makes it."""
    page = browser.new_page()
    page.goto("about:blank")
    address = "data:image/png;base64," + base64.b64encode(picture).decode()
    found = png(**page.evaluate(FEW, [address, margin, limit]))
    page.close()
    return found


def taken(papers: Sequence[Path]) -> Iterator[bytes]:
    """The first page of each PDF in its own size as PNG, in few colours and without its white borders."""
    with sync_playwright() as playwright:
        # The old headless mode has no viewer of PDF.
        chromium, given = shutil.which("chromium"), ["--headless=new", "--no-sandbox", "--hide-scrollbars"]
        browser = playwright.chromium.launch(executable_path=chromium, headless=False, args=given)
        for paper in papers:
            page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
            page.goto(f"{paper.as_uri()}#toolbar=0&navpanes=0&zoom=100")
            page.wait_for_timeout(DRAWN)
            yield few_colours(browser, page.screenshot(), MARGIN, PAPER_COLOURS)
            page.close()
        browser.close()


def top_of(web_page: Path) -> bytes:
    """The top of the catalogue's page."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 800}, locale="zh-CN", color_scheme="light")
        page.goto(web_page.as_uri())
        page.locator("#results .card").first.wait_for()
        found = few_colours(browser, page.screenshot(), 0, PAGE_COLOURS)
        browser.close()
    return found


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
        if books:
            printed(books, Path(scratch))
        papers = [Path(scratch) / f"{one.name}.pdf" for one in wanted]
        made = dict(zip([one.name for one in wanted], taken(papers), strict=True))
        if not arguments.names or PAGE in arguments.names:
            made[PAGE] = top_of(root.resolve() / "out" / "catalogue.html")
    for name, content in made.items():
        (IMAGES / f"{name}.png").write_bytes(content)
        print(f"{name}.png: {len(content):,} bytes")
    return 0 if max(map(len, made.values())) <= LARGEST else 1


if __name__ == "__main__":
    sys.exit(main())
