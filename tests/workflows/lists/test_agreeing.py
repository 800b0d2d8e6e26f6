"""A steward agrees with every proposal of a workbook: what is published stays as it is, and lists give the same law."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl

TABLES = ("parks", "permits")
GROUNDS = ("理由", "依据", "条件")


def agree_with_everything(path: Path) -> None:
    book = openpyxl.load_workbook(path)
    sheet = book["待审信息项"]
    (column,) = (cell.column for cell in sheet[1] if cell.value == "采纳建议")
    for row in range(2, sheet.max_row + 1):
        sheet.cell(row, column).value = "是"
    book.save(path)


def grounds(books: dict[str, dict[str, list[list[Any]]]]) -> dict[tuple[str, str, str], list[Any]]:
    """(file, sheet, heading) → its cells, of headings that give reasons, citations or conditions."""
    found = {}
    for file, book in books.items():
        for name, rows in book.items():
            head = next((row for row in rows if len([cell for cell in row if cell]) > 3), [])
            for place, title in enumerate(head):
                if any(word in str(title) for word in GROUNDS):
                    found[file, name, str(title)] = [row[place] for row in rows]
    return found


def test_agreeing_changes_neither_what_is_published_nor_what_lists_say(town: Any) -> None:
    for name in TABLES:
        town.publish(name)
    town.days(1)

    def proposals() -> Any:
        town.ok("lists")
        return grounds(town.books(town.root / "out" / "lvhua"))

    def entry(name: str) -> Any:
        shown = town.ok("entry", "show", name)
        values = [[(one["key"], one["value"]) for one in item["elements"]] for item in shown["items"]]
        return [values, *(shown[key] for key in ("labels", "state", "in_force", "changes"))]

    day = town.now().date().isoformat()
    before = town.lists(day), proposals(), [entry(name) for name in TABLES]
    path = town.root / "filled.xlsx"
    assert town("review", "export", "lvhua", "-o", str(path), account="li").exit_code == 0
    agree_with_everything(path)
    done = town.ok("review", "import", str(path), account="li")
    assert {row["verdict"] for row in done["rows"]} == {"accepted"}
    town.ok("classify")
    assert before == (town.lists(day), proposals(), [entry(name) for name in TABLES])
    assert len(before[1]) > 3
    for name in TABLES:
        again = town("entry", "submit", name, account="li")
        assert (again.exit_code, "this version is in force already" in again.stderr) == (4, True)
    # Who agreed, and when, is in the trail and is told by `explain`.
    explained = town.ok("explain", "permits.sfzh")
    (share,) = (one for one in explained["labels"] if one["dimension"] == "share")
    assert (share["state"], share["origin"]) == ("confirmed", "steward")
    assert share["ruled"].startswith(f"李四 {day}")
    assert share["ruled"].endswith("在审核表中采纳建议")
    assert "李四" not in share["reason"]
    assert "  ruled    李四 " in town("explain", "permits.sfzh").stdout
    assert town.ok("audit", "verify")["faults"] == []
