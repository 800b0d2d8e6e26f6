"""市场监督管理局: a MySQL dump with comments, rows, and a view that leaves the personal columns out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from workflows.demo.people import STREETS, Maker, make_uscc

FIRMS = 220
LICENCES = 180
PENALTIES = 140
COMPLAINTS = 150

HEAD = """-- MySQL dump 10.13  Distrib 8.0.36, for Linux (x86_64)
--
-- Host: localhost    Database: scjg
-- ------------------------------------------------------
/*!40101 SET NAMES utf8mb4 */;
/*!40014 SET FOREIGN_KEY_CHECKS=0 */;
"""

TABLES = {
    "t_qydjxx": """CREATE TABLE `t_qydjxx` (
  `id` bigint NOT NULL AUTO_INCREMENT COMMENT '主键',
  `tyshxydm` char(18) NOT NULL COMMENT '统一社会信用代码',
  `qymc` varchar(200) NOT NULL COMMENT '企业名称',
  `qylx` varchar(10) DEFAULT NULL COMMENT '企业类型代码',
  `fddbr` varchar(50) DEFAULT NULL COMMENT '法定代表人',
  `fddbr_sfzh` varchar(18) DEFAULT NULL COMMENT '法定代表人身份证号',
  `fddbr_dh` varchar(20) DEFAULT NULL COMMENT '法定代表人联系电话',
  `zs` varchar(300) DEFAULT NULL COMMENT '住所',
  `zczb` decimal(18,6) DEFAULT NULL COMMENT '注册资本(万元)',
  `clrq` date DEFAULT NULL COMMENT '成立日期',
  `jyfw` text COMMENT '经营范围',
  `djzt` char(1) DEFAULT '1' COMMENT '登记状态:1存续 2注销 3吊销',
  `ssjd` varchar(40) DEFAULT NULL COMMENT '所属街镇',
  `create_by` varchar(32) DEFAULT NULL COMMENT '创建人',
  `create_time` datetime DEFAULT CURRENT_TIMESTAMP COMMENT '创建时间',
  PRIMARY KEY (`id`),
  UNIQUE KEY `uk_tyshxydm` (`tyshxydm`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COMMENT='企业登记信息'""",
    "t_xzxkgs": """CREATE TABLE `t_xzxkgs` (
  `id` bigint NOT NULL AUTO_INCREMENT COMMENT '主键',
  `xk_wsh` varchar(64) NOT NULL COMMENT '行政许可决定文书号',
  `xk_xmmc` varchar(200) DEFAULT NULL COMMENT '许可项目名称',
  `xk_xdr_mc` varchar(200) DEFAULT NULL COMMENT '行政相对人名称',
  `xk_xdr_shxym` char(18) DEFAULT NULL COMMENT '行政相对人统一社会信用代码',
  `xk_nr` varchar(500) DEFAULT NULL COMMENT '许可内容',
  `xk_jdrq` date DEFAULT NULL COMMENT '许可决定日期',
  `xk_jzrq` date DEFAULT NULL COMMENT '有效期至',
  `xk_xkjg` varchar(100) DEFAULT NULL COMMENT '许可机关',
  PRIMARY KEY (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COMMENT='行政许可公示信息'""",
    "t_xzcf": """CREATE TABLE `t_xzcf` (
  `id` bigint NOT NULL AUTO_INCREMENT COMMENT '主键',
  `cf_wsh` varchar(64) NOT NULL COMMENT '行政处罚决定书文号',
  `cf_xdr_mc` varchar(200) DEFAULT NULL COMMENT '行政相对人名称',
  `cf_xdr_shxym` char(18) DEFAULT NULL COMMENT '行政相对人统一社会信用代码',
  `cf_frdb` varchar(50) DEFAULT NULL COMMENT '法定代表人',
  `cf_fr_sfzh` varchar(18) DEFAULT NULL COMMENT '法定代表人身份证号',
  `cf_sy` varchar(500) DEFAULT NULL COMMENT '处罚事由',
  `cf_yj` varchar(500) DEFAULT NULL COMMENT '处罚依据',
  `cf_je` decimal(16,2) DEFAULT NULL COMMENT '罚款金额(元)',
  `cf_jdrq` date DEFAULT NULL COMMENT '处罚决定日期',
  `cf_cfjg` varchar(100) DEFAULT NULL COMMENT '处罚机关',
  PRIMARY KEY (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COMMENT='行政处罚信息'""",
    "t_xfzts": """CREATE TABLE `t_xfzts` (
  `id` bigint NOT NULL AUTO_INCREMENT COMMENT '主键',
  `gdbh` varchar(32) NOT NULL COMMENT '工单编号',
  `tsr_xm` varchar(50) DEFAULT NULL COMMENT '投诉人姓名',
  `tsr_sjh` varchar(20) DEFAULT NULL COMMENT '投诉人手机号',
  `btsdw` varchar(200) DEFAULT NULL COMMENT '被投诉单位',
  `tsnr` text COMMENT '投诉内容',
  `slsj` datetime DEFAULT NULL COMMENT '受理时间',
  `bljg` varchar(500) DEFAULT NULL COMMENT '办理结果',
  PRIMARY KEY (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COMMENT='消费者投诉举报工单'""",
    "dm_qylx": """CREATE TABLE `dm_qylx` (
  `dm` varchar(10) NOT NULL COMMENT '代码',
  `mc` varchar(100) NOT NULL COMMENT '名称',
  PRIMARY KEY (`dm`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COMMENT='企业类型代码表'""",
}

VIEW = """CREATE VIEW `v_qyjbxx_open` AS
SELECT q.`tyshxydm` AS `tyshxydm`, q.`qymc` AS `qymc`, q.`qylx` AS `qylx`, q.`fddbr` AS `fddbr`, q.`zs` AS `zs`,
       q.`zczb` AS `zczb`, q.`clrq` AS `clrq`, q.`jyfw` AS `jyfw`, q.`djzt` AS `djzt`
FROM `t_qydjxx` q
WHERE q.`djzt` = '1';
"""

_TYPES = (
    ("1130", "有限责任公司(自然人独资)"),
    ("1190", "其他有限责任公司"),
    ("4540", "个人独资企业"),
    ("9500", "个体工商户"),
)
_ITEMS = ("食品经营许可", "药品经营许可", "特种设备使用登记", "医疗器械经营备案")
_CAUSES = ("未按规定公示收费标准", "销售超过保质期的食品", "广告内容与实际不符", "未按规定明码标价")
_LAWS = ("《中华人民共和国食品安全法》", "《中华人民共和国广告法》", "《中华人民共和国价格法》")
_BUREAU = "上海市普陀区市场监督管理局"
_SCOPE = "一般项目:技术服务、技术开发、技术咨询;日用百货销售;办公用品销售。(除依法须经批准的项目外)"


def write(folder: Path, maker: Maker) -> None:
    firms = [(make_uscc(number), maker.firm()) for number in range(1, FIRMS + 1)]
    rows = {
        "t_qydjxx": register(maker, firms),
        "t_xzxkgs": licences(maker, firms),
        "t_xzcf": penalties(maker, firms),
        "t_xfzts": complaints(maker, firms),
        "dm_qylx": _TYPES,
    }
    parts = [HEAD]
    for table, statement in TABLES.items():
        parts += [f"DROP TABLE IF EXISTS `{table}`;\n{statement};\n", insert(table, rows[table])]
    (folder / "scjg.sql").write_text("\n".join([*parts, VIEW]), encoding="utf-8")


def insert(table: str, rows: Iterable[Sequence[Any]]) -> str:
    """One extended INSERT, as mysqldump writes it."""
    lines = ",\n".join(f"({','.join(map(literal, row))})" for row in rows)
    return f"LOCK TABLES `{table}` WRITE;\nINSERT INTO `{table}` VALUES {lines};\nUNLOCK TABLES;\n"


def literal(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, int | float):
        return str(value)
    text = str(value).replace("\\", "\\\\").replace("'", "\\'")
    return f"'{text}'"


def register(maker: Maker, firms: list[tuple[str, str]]) -> Iterator[tuple[Any, ...]]:
    for number, (code, name) in enumerate(firms, 1):
        head = maker.person(20, 75)
        founded = maker.day(date(2001, 1, 1))
        yield (
            *(number, maker.dirty(code, 0.1) or code, name, maker.random.choice(_TYPES)[0], head.name),
            *(maker.dirty(head.id_card, 0.15), maker.dirty(head.mobile, 0.1), maker.address(flat=False)),
            *(maker.random.randint(1, 500) * 10, founded, _SCOPE, maker.one("1112"), maker.one(STREETS)),
            *("admin", f"{founded} 10:00:00"),
        )


def licences(maker: Maker, firms: list[tuple[str, str]]) -> Iterator[tuple[Any, ...]]:
    for number in range(1, LICENCES + 1):
        code, name = maker.random.choice(firms)
        item, granted = maker.one(_ITEMS), maker.day(date(2022, 1, 1))
        until = granted.replace(year=granted.year + 5, day=1)
        document = f"沪普市监许〔{granted.year}〕{number}号"
        yield number, document, item, name, code, f"准予{item}", granted, until, _BUREAU


def penalties(maker: Maker, firms: list[tuple[str, str]]) -> Iterator[tuple[Any, ...]]:
    for number in range(1, PENALTIES + 1):
        code, name = maker.random.choice(firms)
        head, decided = maker.person(20, 75), maker.day(date(2022, 1, 1))
        yield (
            *(
                number,
                f"沪普市监罚〔{decided.year}〕{number}号",
                name,
                code,
                head.name,
                maker.dirty(head.id_card, 0.15),
            ),
            *(maker.one(_CAUSES), maker.one(_LAWS), maker.random.randint(1, 200) * 500, decided, _BUREAU),
        )


def complaints(maker: Maker, firms: list[tuple[str, str]]) -> Iterator[tuple[Any, ...]]:
    for number in range(1, COMPLAINTS + 1):
        _, name = maker.random.choice(firms)
        person, day = maker.person(), maker.day(date(2025, 1, 1))
        text = f"{person.name}来电反映在{name}购买的商品有质量问题,商家说'概不退换',希望协调处理。"
        yield (
            *(number, f"TS{day:%Y%m%d}{number:05d}", person.name, maker.dirty(person.mobile, 0.1), name, text),
            *(f"{day} 09:30:00", "已联系双方调解"),
        )
