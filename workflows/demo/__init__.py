"""The demo: a whole site folder with six synthetic departments, made on the spot and the same every time."""

from __future__ import annotations

from pathlib import Path

from connectors.base import ConfigurationError
from workflows.demo import cgj, minzheng, scjg, street, wjw, xzfw
from workflows.demo.people import Maker, make_uscc

MARK = "# Made by `pdc demo`, which writes this whole folder anew."
CANARY = "CANARY-RESTRICTED-FILE-WAS-READ"
"""Stands in the restricted system's file: wherever else it turns up, that file was read."""
SEED = 310107

SITE = """
name: 普陀区公共数据资源目录(演示)
district: 普陀区
pack: putuo-2020
"""

DEPARTMENTS = {
    "minzheng": """
department: {{id: minzheng, name: 普陀区民政局, code: "{code}", section: 社会救助科, contact: minzheng@example.cn,
  entry: {{municipal: 区域补充}}}}
systems:
  - id: rescue
    name: 社会救助系统
    connector: sqlite
    path: data/rescue.sqlite
    update_cycle: 每日
  - id: classified
    name: 专项保障系统
    restricted: true            # counted, never opened; what stands below is not even looked at
    connector: sqlite
    path: data/restricted/ledger.sqlite
""",
    "scjg": """
department: {{id: scjg, name: 普陀区市场监督管理局, code: "{code}", section: 信用监管科, contact: scjg@example.cn,
  entry: {{municipal: 区域补充}}}}
systems:
  - id: register
    name: 市场主体登记监管系统
    connector: ddl
    path: data/scjg.sql
    update_cycle: 每周
""",
    "wjw": """
department: {{id: wjw, name: 普陀区卫生健康委员会, code: "{code}", section: 信息统计科, contact: wjw@example.cn,
  entry: {{municipal: 区域补充}}}}
systems:
  - id: his
    name: 区域诊疗平台
    connector: workbook
    path: data/his_dictionary.xlsx
    update_cycle: 实时
    entry: {{format: 数据库(oracle)}}  # what the dictionary describes; the workbook is no more than its description
  - id: health
    name: 公共卫生系统
    connector: workbook
    path: data/public_health.csv
    update_cycle: 每月
    entry: {{format: 数据库(mysql)}}
""",
    "cgj": """
department: {{id: cgj, name: 普陀区城市管理行政执法局, code: "{code}", section: 数据科, contact: cgj@example.cn,
  entry: {{municipal: 区域补充}}}}
systems:
  - id: facilities
    name: 城市公共设施系统
    connector: sqlite
    path: data/facilities.sqlite
    update_cycle: 每季度
""",
    "xzfw": """
department: {{id: xzfw, name: 普陀区行政服务中心, code: "{code}", section: 数据管理科, contact: xzfw@example.cn,
  entry: {{municipal: 区域补充}}}}
systems:
  - id: onestop
    name: 一网通办办件服务
    connector: openapi
    path: data/one_stop_service.yaml
    update_cycle: 实时
""",
    "street": """
department: {{id: street, name: 普陀区长寿路街道办事处, code: "{code}", section: 城运中心, contact: cs@example.cn,
  entry: {{municipal: 区域补充}}}}
systems:
  - id: drop
    name: 街道数据交换目录
    connector: files
    path: data/street
    update_cycle: 每月
""",
}


def write_demo(folder: Path) -> Path:
    """Write the demo's site into ``folder`` and return it; what an earlier demo wrote there is written again.

    Raises `ConfigurationError` when another site, or anything else, already lives there.
    """
    site = folder / "site.yaml"
    if folder.exists() and any(folder.iterdir()) and not _is_demo(site):
        raise ConfigurationError(f"{folder} is not empty and was not made by the demo", hint="name another folder")
    data = folder / "data"
    (data / "restricted").mkdir(parents=True, exist_ok=True)
    (folder / "departments").mkdir(exist_ok=True)
    site.write_text(MARK + SITE, encoding="utf-8")
    for serial, (ident, text) in enumerate(DEPARTMENTS.items(), 1):
        code = make_uscc(serial, kind="11")
        (folder / "departments" / f"{ident}.yaml").write_text(text.format(code=code).lstrip(), encoding="utf-8")
    # One stream per department: a change in one leaves the others as they were.
    minzheng.write(data, Maker(SEED + 1))
    scjg.write(data, Maker(SEED + 2))
    wjw.write(data)
    cgj.write(data, Maker(SEED + 3))
    xzfw.write(data)
    street.write(data / "street", Maker(SEED + 4))
    (data / "restricted" / "ledger.sqlite").write_text(f"{CANARY}\n", encoding="utf-8")
    return folder


def _is_demo(site: Path) -> bool:
    return site.is_file() and site.read_text(encoding="utf-8").startswith(MARK)
