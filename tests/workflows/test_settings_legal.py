"""What site.yaml says of people, rights, calendar and audit: one clear error for each mistake, with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from workflows.acts.rights import DEFAULT
from workflows.settings import SettingsError
from workflows.site import load_site

ROLES = "allowed: steward, reviewer, head, office, open_steward, admin"
DAYS = "must be a list of days such as 2026-10-01, or ranges such as 2026-10-01/2026-10-07"
OWN_FILE = "name a file that nothing else writes, such as var/audit-head.jsonl"
PERSON = "people:\n- {id: a, name: 甲"


def told(root: Path, text: str) -> list[str]:
    (root / "site.yaml").write_text(f"name: 目录\n{text}\n", "utf-8")
    with pytest.raises(SettingsError) as caught:
        load_site(root)
    return str(caught.value).splitlines()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("rights: [decide]", "2: 'rights' must be a mapping, not a list"),
        ("rights:\n  entry.fill: head", "3: rights: 'entry.fill' must be a list, not text"),
        ("rights:\n  entry.fill:\n  - haed", f"4: rights.entry.fill[0] is not one of the allowed words ({{}}{ROLES})"),
        ("rights:\n  decide: [head]\n  entry.fil: [head]", "4: rights: no such act 'entry.fil' ({}allowed: decide, "),
        (
            "rights:\n  decide: []",
            "3: rights: nobody may decide, as it has no role (name roles: steward, reviewer, head, office, "
            "open_steward, admin; without this line: steward, reviewer)",
        ),
        ("people: {a: 甲}", "2: 'people' must be a list, not a mapping"),
        ("people:\n- 甲", "3: people[0] must be a mapping, not text"),
        ("people:\n- {id: 'a b', name: 甲}", "3: people[0]: 'id' must be letters, digits, _ . or -, at most 64, and "),
        ("people:\n- {id: a}", "3: people[0]: the key 'name' is missing"),
        ("people:\n- {id: pdc, name: 甲}", "3: people[0]: 'pdc' is the program's own id (rename it)"),
        ("people:\n- {id: a, name: 甲、乙}", "3: people[0]: 'name' must be one line without 、, which stands between "),
        ('people:\n- {id: a, name: "甲\\n乙"}', "3: people[0]: 'name' must be one line without 、, which "),
        (f"people:\n- {{id: a, name: {'甲' * 41}}}", "3: people[0]: 'name' must be at most 40 characters"),
        (
            PERSON + "}\n- {id: b, name: 甲}",
            "4: people[1]: the name '甲' is used twice (first at site.yaml:3; tell them apart, as in 张三-民政)",
        ),
        (PERSON + ", roles: [boss]}", f"3: people[0].roles[0] is not one of the allowed words ({ROLES})"),
        (PERSON + ", role: [head]}", "3: people[0]: unknown key 'role' ({}allowed: id, name, accounts, openmetadata, "),
        (
            PERSON + ", accounts: [1001]}",
            "3: people[0].accounts[0] must be text, not a whole number (put it in quotes)",
        ),
        (PERSON + ", accounts: ['']}", "3: people[0].accounts[0] must not be empty"),
        ("calendar: 2026", "2: 'calendar' must be a mapping, not a whole number"),
        ("calendar: {holiday: []}", "2: calendar: unknown key 'holiday' ({}allowed: holidays, working_weekends)"),
        ("calendar:\n  holidays: [国庆]", f"3: calendar: 'holidays' {DAYS}"),
        ("calendar:\n  holidays: [2026-10-07/2026-10-01]", f"3: calendar: 'holidays' {DAYS}"),
        (
            "calendar:\n  working_weekends: [2026-10-12]",
            "3: calendar: 2026-10-12 is a Monday (working_weekends are Saturdays and Sundays on which people work)",
        ),
        (
            "calendar:\n  holidays: [2026-10-01/2026-10-11]\n  working_weekends: [2026-10-10]",
            "4: calendar: 2026-10-10 is both a holiday and a working weekend (a range of holidays may cover it; split ",
        ),
        ("audit: var/head.jsonl", "2: 'audit' must be a mapping, not text"),
        ("audit:\n  head: ''", "3: audit: 'head' must not be empty"),
        ("audit:\n  head: 3", "3: audit: 'head' must be text, not a whole number (put it in quotes)"),
        ("audit:\n  head: .", f"3: audit: 'head' is a folder ({OWN_FILE})"),
        ("audit:\n  head: var/catalogue.sqlite", f"3: audit: 'head' is another file of this site ({OWN_FILE})"),
        ("audit:\n  head: site.yaml", f"3: audit: 'head' is another file of this site ({OWN_FILE})"),
        ('audit:\n  head: "a\\0b"', f"3: audit: 'head' must be the path of a file ({OWN_FILE})"),
    ],
)
def test_each_mistake_is_one_error_with_its_line(text: str, line: str, tmp_path: Path) -> None:
    (found,) = told(tmp_path, text)
    start, _, rest = f"site.yaml:{line}".partition("{}")
    assert found.startswith(start)
    assert rest in found


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("classes: 人口", "2: 'classes' must be a mapping of a class's digits to its name"),
        ("classes: {'4': 人口}", "2: 'classes' has the key '4': digits are 类 (1 to 3), 类 and 项 (three)"),
        ("classes: {'10': 人口}", "2: 'classes' has the key '10'"),
        ("classes: {'101': 人/口}", "2: 'classes' needs a name for 101: one line of text without /"),
        ("classes: {'101': 7}", "2: 'classes' needs a name for 101"),
    ],
)
def test_wrong_names_of_classes_are_told(text: str, line: str, tmp_path: Path) -> None:
    (found,) = told(tmp_path, text)
    assert found.startswith(f"site.yaml:{line}")


@pytest.mark.parametrize("where", ["department", "systems"])
@pytest.mark.parametrize("said", ["基础库/人口", "部门信息资源类/人口"])
def test_a_classification_is_of_the_class_of_the_codes(where: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text("classes: {'1': 基础库, '101': 人口}\n", "utf-8")
    (tmp_path / "departments").mkdir()
    entry = {where: f", entry: {{category: {said}}}"}
    text = f"department: {{id: d, name: 局, code: '11310107000000019B'{entry.get('department', '')}}}\nsystems:\n"
    text += f"- {{id: s, connector: ddl, path: x.sql, class_code: '101001'{entry.get('systems', '')}}}\n"
    (tmp_path / "departments" / "d.yaml").write_text(text, "utf-8")
    if said.startswith("基础库"):
        assert load_site(tmp_path).departments[0].class_names == {"1": "基础库", "101": "人口"}
        return
    with pytest.raises(
        SettingsError, match=r"of another 类 than the codes of s, which are 基础库 \(begin it with 基础库/"
    ):
        load_site(tmp_path)


@pytest.mark.parametrize("where", ["department", "systems"])
def test_a_wrong_class_is_told(where: str, tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text("name: 目录\n", "utf-8")
    wrong = {where: ", class_code: 'A1'"}
    (tmp_path / "departments").mkdir()
    text = f"department: {{id: d, name: 局, code: '11310107000000019B'{wrong.get('department', '')}}}\nsystems:\n"
    text += f"- {{id: s, connector: ddl, path: x.sql{wrong.get('systems', '')}}}\n"
    (tmp_path / "departments" / "d.yaml").write_text(text, "utf-8")
    with pytest.raises(SettingsError, match=r"'class_code' must be a code's class digits: 类 \(1 to 3\)"):
        load_site(tmp_path)


def test_what_is_right_is_read(tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text(
        "people:\n- {id: a, name: 买买提·吐尔逊, accounts: [a], roles: [head]}\n- {id: b, name: Li Hua（民政）}\n"
        "rights: {decide: [head]}\naudit: {head: /srv/head.jsonl}\n"
        "calendar: {holidays: [2026-10-01/2026-10-07, 2027-01-01], working_weekends: [2026-10-10]}\n",
        "utf-8",
    )
    site = load_site(tmp_path)
    assert (site.rights["decide"], site.rights["entry.fill"]) == (("head",), DEFAULT["entry.fill"])
    assert (len(site.calendar.holidays), site.audit_head) == (8, Path("/srv/head.jsonl"))
