"""The page in a real browser: search, filters, an asset with its reasons, and texts that only look like code."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import msgspec
import pytest
from msgspec import structs

from classifiers.policy import load_pack
from workflows.entry import Entry, SiteInfo
from workflows.outputs import write_page

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

ENTRIES = Path(__file__).parent.parent / "workflows" / "outputs" / "entries.yaml"
INFO = SiteInfo(
    name="普陀区公共数据资源目录",
    generated_at="2026-11-23T10:30:00+08:00",
    pack="putuo-2020@1",
    departments={"cgj": "普陀区城管局", "minzheng": "普陀区民政局"},
    restricted_systems=1,
)
HOSTILE = '=HYPERLINK("http://127.0.0.1/","点我")'


@pytest.fixture(scope="module")
def entries() -> list[Entry]:
    return msgspec.yaml.decode(ENTRIES.read_bytes(), type=list[Entry])


@pytest.fixture(scope="module")
def site(entries: list[Entry], tmp_path_factory: pytest.TempPathFactory) -> str:
    (path,) = write_page(entries, INFO, load_pack(), tmp_path_factory.mktemp("site"))
    return path.as_uri()


@pytest.fixture
def page(site: str, chromium_page: Page) -> Page:
    chromium_page.on("dialog", lambda dialog: pytest.fail(f"a text ran as code: {dialog.message}"))
    chromium_page.goto(site)
    return chromium_page


def titles(page: Page) -> list[str]:
    return page.locator("#results .card-head > a").all_inner_texts()


def search(page: Page, text: str, results: int) -> None:
    page.locator("#search").fill(text)
    page.locator(".count", has_text=re.compile(f"^共 {results} 个信息资源$")).wait_for()


def option(page: Page, facet: str, name: str) -> Locator:
    return page.locator(f'[data-facet="{facet}"] label', has_text=name)


def tallies(page: Page, facet: str) -> dict[str, int]:
    rows = page.locator(f'[data-facet="{facet}"] label').all()
    return {row.locator(".name").inner_text(): int(row.locator(".tally").inner_text()) for row in rows}


def open_asset(page: Page, key: str, column: str = "") -> None:
    page.goto(page.url.split("#")[0] + f"#asset={quote(key, safe='')}" + (f"&column={quote(column)}" if column else ""))
    page.locator("#asset").wait_for()


def test_the_page_lists_everything_and_says_that_it_is_a_draft(page: Page) -> None:
    assert titles(page) == ["公厕信息", "街道人口汇总", "低保户基本信息", "未成年人封存档案", "T_0098", HOSTILE]
    assert page.locator(".stamp").inner_text() == "建议稿"
    assert page.title() == "普陀区公共数据资源目录（建议稿）"
    assert "受限系统 1 个未连接、未编目" in page.locator("#foot").inner_text()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("公厕", ["公厕信息"]),
        ("SFZH", ["低保户基本信息"]),
        ("ｓｆｚｈ", ["低保户基本信息"]),
        ("公民身份号码", ["低保户基本信息"]),
        ("开放时间 城管局", ["公厕信息"]),
        ("300002/000003", ["T_0098"]),
        ("</script>", [HOSTILE]),
        ("没有这个词", []),
    ],
)
def test_search_looks_at_names_comments_columns_and_elements(page: Page, text: str, found: list[str]) -> None:
    search(page, text, len(found))
    assert titles(page) == found


def test_a_search_names_the_columns_that_fit_and_leads_to_them(page: Page) -> None:
    search(page, "身份证", 1)
    page.locator(".hit", has_text="身份证号 SFZH").click()
    page.locator("#wanted").wait_for()
    assert "身份证号" in page.locator("#wanted").inner_text()
    assert page.locator(".more-row.wanted").is_visible()


def test_filters_combine_and_count(page: Page) -> None:
    assert tallies(page, "department") == {"普陀区城管局": 2, "普陀区民政局": 4}
    assert tallies(page, "share") == {"无条件共享": 3, "授权共享": 1, "非共享": 1, "待判定": 1}
    option(page, "department", "普陀区民政局").click()
    assert titles(page) == ["低保户基本信息", "未成年人封存档案", "T_0098", HOSTILE]
    assert tallies(page, "share") == {"无条件共享": 1, "授权共享": 1, "非共享": 1, "待判定": 1}
    assert tallies(page, "department") == {"普陀区城管局": 2, "普陀区民政局": 4}
    option(page, "tier", "L4").click()
    option(page, "tier", "L2").click()
    assert titles(page) == ["低保户基本信息", "未成年人封存档案", "T_0098"]
    option(page, "state", "已确认").click()
    assert titles(page) == ["未成年人封存档案"]
    page.get_by_role("button", name="取消筛选 已确认").click()
    option(page, "open", "待判定").click()
    assert titles(page) == ["T_0098"]
    page.get_by_role("button", name="清除全部条件").click()
    assert len(titles(page)) == 6


def test_results_can_be_sorted_by_tier(page: Page) -> None:
    page.locator("#sort").select_option("tier")
    assert titles(page)[:3] == ["低保户基本信息", "未成年人封存档案", "T_0098"]


def test_an_asset_opens_to_its_columns_with_reasons_and_law(page: Page) -> None:
    page.locator("#results a", has_text="低保户基本信息").click()
    page.locator("#asset").wait_for()
    share = page.locator('.verdict[data-axis="share"]').inner_text()
    for text in (
        "授权共享",
        "含个人信息，按法定职责所需共享",
        "身份证号",
        "《中华人民共和国个人信息保护法》第三十四条",
        "法律",
    ):
        assert text in share
    assert load_pack().cite("pipl/34").text in share
    row = page.locator("tbody tr", has_text="SFZH").first
    assert "姓名与证件号码同表，可识别到个人" in row.inner_text()
    assert "决定分级" in row.inner_text()
    assert not page.get_by_text("相符 47/50").is_visible()
    row.locator(".brief").click()
    assert page.get_by_text("相符 47/50").is_visible()
    assert page.locator(".more-row:visible cite").first.inner_text() == "《中华人民共和国个人信息保护法》第四条"


def test_deciding_columns_stand_out_and_can_be_shown_alone(page: Page) -> None:
    open_asset(page, "minzheng/rescue/DBHJBXX")
    assert page.locator("tbody tr.deciding:visible code").all_inner_texts() == ["XM", "SFZH主键"]
    page.get_by_role("button", name="决定性 2").click()
    assert page.locator("tbody tr:visible").count() == 2
    page.get_by_role("button", name="全部 3").click()
    assert page.locator("tbody tr:visible").count() == 3


def test_where_every_column_decides_none_stands_out(page: Page) -> None:
    open_asset(page, "cgj/facilities/public_toilet")
    assert page.locator("tbody tr.deciding").count() == 0
    assert "全部 3 项" in page.locator('.verdict[data-axis="tier"]').inner_text()


def test_the_more_open_view_and_findings_are_proposed(page: Page) -> None:
    open_asset(page, "minzheng/rescue/DBHJBXX")
    proposal = page.locator(".proposal").inner_text()
    assert "去除或脱敏" in proposal
    assert "无条件开放" in proposal
    findings = page.locator(".findings").inner_text()
    assert "50 个不同值中 3 个校验不通过" in findings
    assert "1 个存放凭据的字段" in findings


def test_deep_links_the_way_back_and_unknown_assets(page: Page) -> None:
    option(page, "department", "普陀区民政局").click()
    open_asset(page, "minzheng/rescue/T_0098", "F01")
    assert page.locator("#wanted").inner_text().startswith("1")
    assert page.title().startswith("T_0098 · ")
    page.keyboard.press("Escape")
    page.locator("#results").wait_for()
    assert len(titles(page)) == 4
    page.goto(page.url.split("#")[0] + "#asset=nobody/knows/it")
    assert page.get_by_role("alert").inner_text() == "本页没有这个信息资源：nobody/knows/it"


def test_the_keyboard_is_enough(page: Page) -> None:
    page.keyboard.press("/")
    page.keyboard.type("低保")
    page.locator(".count", has_text="共 1 个").wait_for()
    for _ in range(9):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('.card-head') !== null"):
            break
    page.keyboard.press("Enter")
    page.locator("#asset", has_text="低保户基本信息").wait_for()
    page.locator(".brief").first.focus()
    page.keyboard.press("Space")
    assert page.locator(".brief").first.get_attribute("aria-expanded") == "true"


def test_hostile_texts_are_shown_as_text(page: Page) -> None:
    open_asset(page, "minzheng/rescue/HOSTILE")
    page.get_by_role("button", name="展开或收起全部依据").click()
    shown = page.locator("main").inner_text()
    for text in (
        HOSTILE,
        "</script><img src=x onerror=alert(1)>",
        "</SCRIPT><script>alert(2)</script><!--",
        "a\"b'c`<b>",
        "@SUM(1+1)",
        "<b>理由</b>&amp;",
        "「</script><script>alert(3)</script>」",
        "<svg onload=alert(4)>",
    ):
        assert text in shown
    assert page.locator("main img, main svg, main script, main td b b, main p b").count() == 0


def test_narrow_screens_do_not_scroll_sideways(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    for key in ("", "minzheng/rescue/DBHJBXX", "minzheng/rescue/HOSTILE"):
        page.goto(page.url.split("#")[0] + (f"#asset={quote(key, safe='')}" if key else "#"))
        page.wait_for_function("document.readyState === 'complete'")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, key


def test_printing_shows_every_reason(page: Page) -> None:
    open_asset(page, "minzheng/rescue/DBHJBXX")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert page.locator(".more-row:visible").count() == 3
    assert not page.locator(".back").is_visible()


def test_the_largest_page_answers_quickly(entries: list[Entry], chromium_page: Page, tmp_path: Path) -> None:
    """5,000 assets × 20 columns: a keystroke's work stays under a fifth of a second, and the list is made in parts."""
    toilet = entries[0]
    columns = [structs.replace(toilet.items[n % 3], number=n + 1, name=f"column_{n}") for n in range(20)]
    many = [
        structs.replace(toilet, asset=f"cgj/f/t{n}", title=f"资源{n}", source_name=f"t{n}", items=tuple(columns))
        for n in range(5_000)
    ]
    (path,) = write_page(many, INFO, load_pack(), tmp_path)
    chromium_page.goto(path.as_uri())
    assert chromium_page.locator("#results .card").count() < 200
    search(chromium_page, "资源4999", 1)
    milliseconds = chromium_page.evaluate(
        """async () => {
            const input = document.getElementById("search");
            const times = [];
            for (const text of ["column_1", "资源", "开放时间", "没有"]) {
                const counted = new Promise((done) => new MutationObserver((_, observer) => {
                    observer.disconnect();
                    done(performance.now());
                }).observe(document.querySelector(".count"), { childList: true }));
                input.value = text;
                input.dispatchEvent(new Event("input"));
                const start = performance.now();
                times.push(await counted - start - 80);
            }
            return Math.max(...times);
        }"""
    )
    assert milliseconds < 200
