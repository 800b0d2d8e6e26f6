"""What personal data may stand in a column's default is masked before anything is stored."""

from __future__ import annotations

import pytest

from connectors.model import Asset, Column
from workflows.masking import masked_asset


def masked(column: Column) -> tuple[Column, list[str]]:
    asset = Asset(department="d", system="s", name="t_ry", kind="table", columns=(column,))
    clean, findings = masked_asset(asset)
    return clean.columns[0], [finding.code for finding in findings]


@pytest.mark.parametrize(
    ("name", "comment", "default", "kept"),
    [
        ("email", None, "'zhang.san@example.com'::text", "'z********@example.com'::text"),
        ("c1", None, "li4@shpt.gov.cn", "l**@shpt.gov.cn"),
        ("c1", None, "'13800138000'", "'138********'"),
        ("jbr", "经办人", "'王某某'::character varying", "'王**'::character varying"),
        ("xingming", None, "欧阳某某", "欧***"),
        ("fddbr", None, "'李四'", "'李*'"),
    ],
)
def test_a_default_with_personal_data_is_masked_and_told(
    name: str, comment: str | None, default: str, kept: str
) -> None:
    column, findings = masked(Column(name=name, ordinal=1, type="varchar", comment=comment, default=default))
    assert column.default == kept
    assert findings == ["identifier_in_structure"]


@pytest.mark.parametrize(
    ("name", "comment", "default"),
    [
        ("jb", "级别", "'高级'"),
        ("qy", None, "'普陀区'"),
        ("xm", "姓名", "'未知'"),
        ("xm", "姓名", "CURRENT_USER"),
        ("lxr", "联系人", "''"),
        ("url", "连接", "'reader@localhost'"),
        ("sjh", None, None),
    ],
)
def test_an_ordinary_default_stays(name: str, comment: str | None, default: str | None) -> None:
    column, findings = masked(Column(name=name, ordinal=1, type="varchar", comment=comment, default=default))
    assert (column.default, findings) == (default, [])


def test_an_address_in_a_comment_stays() -> None:
    column, findings = masked(Column(name="c1", ordinal=1, type="text", comment="问 dba@example.com"))
    assert (column.comment, findings) == ("问 dba@example.com", [])
