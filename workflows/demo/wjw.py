"""卫生健康委员会: no access to the databases, only their data dictionaries, as a workbook and as GB18030 text."""

from __future__ import annotations

import csv
from pathlib import Path

Field = tuple[str, str, str, int | None, str, str]
"""Field name, Chinese name, type, length, 是否必填, remark."""

HEADER = ("序号", "字段名", "中文名称", "数据类型", "长度", "是否必填", "是否主键", "备注")

# Sheet title → (table, Chinese name, fields); the first field is the key.
SHEETS: dict[str, tuple[str, str, tuple[Field, ...]]] = {
    "门诊病历": (
        "MZ_BLJL",
        "门诊病历记录",
        (
            ("JZLSH", "就诊流水号", "VARCHAR", 32, "是", ""),
            ("KH", "就诊卡号", "VARCHAR", 20, "否", ""),
            ("HZXM", "患者姓名", "VARCHAR", 50, "是", ""),
            ("XBDM", "性别代码", "CHAR", 1, "是", "GB/T 2261.1"),
            ("CSRQ", "出生日期", "DATE", None, "是", ""),
            ("SFZH", "身份证号码", "VARCHAR", 18, "否", ""),
            ("LXDH", "联系电话", "VARCHAR", 20, "否", ""),
            ("ZZ", "现住址", "VARCHAR", 200, "否", ""),
            ("JZKSMC", "就诊科室名称", "VARCHAR", 50, "是", ""),
            ("JZSJ", "就诊时间", "DATETIME", None, "是", ""),
            ("ZS", "主诉", "VARCHAR", 1000, "否", ""),
            ("XBS", "现病史", "TEXT", None, "否", ""),
            ("ZDBM", "诊断编码", "VARCHAR", 20, "是", "ICD-10"),
            ("ZDMC", "诊断名称", "VARCHAR", 200, "是", ""),
            ("GMS", "过敏史", "VARCHAR", 500, "否", ""),
            ("CFJE", "处方金额", "DECIMAL", 12, "否", "元"),
            ("JZYSXM", "接诊医生姓名", "VARCHAR", 50, "是", ""),
        ),
    ),
    "预防接种": (
        "YF_ETJZ",
        "儿童预防接种记录",
        (
            ("JZBH", "接种编号", "VARCHAR", 20, "是", ""),
            ("ETXM", "儿童姓名", "VARCHAR", 50, "是", ""),
            ("CSYXZMBH", "出生医学证明编号", "VARCHAR", 10, "否", ""),
            ("CSRQ", "出生日期", "DATE", None, "是", ""),
            ("MQXM", "母亲姓名", "VARCHAR", 50, "否", ""),
            ("JHRXM", "监护人姓名", "VARCHAR", 50, "是", ""),
            ("JHRDH", "监护人联系电话", "VARCHAR", 20, "是", ""),
            ("JTZZ", "家庭住址", "VARCHAR", 200, "否", ""),
            ("YMMC", "疫苗名称", "VARCHAR", 100, "是", ""),
            ("YMPH", "疫苗批号", "VARCHAR", 30, "是", ""),
            ("JZRQ", "接种日期", "DATE", None, "是", ""),
            ("JZDWMC", "接种单位名称", "VARCHAR", 100, "是", ""),
            ("YXBL", "预留备用", "VARCHAR", 100, "否", ""),
        ),
    ),
}

CSV_HEADER = ("表名", "表中文名", "字段名", "字段中文名", "数据类型", "长度", "允许为空", "主键")
CSV_TABLES: dict[tuple[str, str], tuple[Field, ...]] = {
    ("YLJG_ML", "医疗机构名录"): (
        ("JGDM", "医疗机构代码", "VARCHAR", 22, "是", ""),
        ("JGMC", "医疗机构名称", "VARCHAR", 100, "是", ""),
        ("TYSHXYDM", "统一社会信用代码", "CHAR", 18, "是", ""),
        ("JGDZ", "机构地址", "VARCHAR", 200, "是", ""),
        ("JGDJ", "机构等级", "VARCHAR", 10, "否", ""),
        ("ZLKM", "诊疗科目", "VARCHAR", 500, "否", ""),
        ("CWS", "床位数", "INT", None, "否", ""),
        ("JGDH", "机构电话", "VARCHAR", 20, "否", ""),
        ("YXQZ", "执业许可有效期至", "DATE", None, "否", ""),
    ),
    ("CRB_BGK", "传染病报告卡"): (
        ("KPBH", "卡片编号", "VARCHAR", 20, "是", ""),
        ("HZXM", "患者姓名", "VARCHAR", 50, "是", ""),
        ("SFZH", "有效证件号", "VARCHAR", 18, "否", ""),
        ("LXDH", "联系电话", "VARCHAR", 20, "否", ""),
        ("GZDW", "工作单位", "VARCHAR", 100, "否", ""),
        ("XZZ", "现住详细地址", "VARCHAR", 200, "是", ""),
        ("JBMC", "疾病名称", "VARCHAR", 50, "是", ""),
        ("FBRQ", "发病日期", "DATE", None, "是", ""),
        ("ZDRQ", "诊断日期", "DATE", None, "是", ""),
        ("BGDW", "报告单位", "VARCHAR", 100, "是", ""),
        ("TBYS", "填卡医生", "VARCHAR", 50, "是", ""),
    ),
    ("MZ_RCTJ", "门诊人次月度统计"): (
        ("TJYF", "统计月份", "CHAR", 6, "是", ""),
        ("JGMC", "医疗机构名称", "VARCHAR", 100, "是", ""),
        ("MZRC", "门诊人次", "INT", None, "是", ""),
        ("JZRC", "急诊人次", "INT", None, "是", ""),
        ("CJFY", "次均费用", "DECIMAL", 10, "否", "元"),
    ),
}


def write(folder: Path) -> None:
    write_workbook(folder / "his_dictionary.xlsx")
    write_csv(folder / "public_health.csv")


def write_workbook(path: Path) -> None:
    """One sheet per table: a line with the table's names, the header, one line per field."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    for title, (table, name, fields) in SHEETS.items():
        sheet = book.create_sheet(title)
        sheet.append(["表名", table, "表中文名", name])
        sheet.append(list(HEADER))
        for number, (field, label, kind, length, required, remark) in enumerate(fields, 1):
            key = "是" if number == 1 else ""
            sheet.append([number, field, label, kind, length, required, key, remark])
    book.save(path)


def write_csv(path: Path) -> None:
    """All tables in one file, in the encoding that Chinese Windows programs export."""
    with path.open("w", encoding="gb18030", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(CSV_HEADER)
        for (table, title), fields in CSV_TABLES.items():
            for number, (field, label, kind, length, required, _) in enumerate(fields, 1):
                nullable = "否" if required == "是" else "是"
                writer.writerow([table, title, field, label, kind, length or "", nullable, "是" if number == 1 else ""])
