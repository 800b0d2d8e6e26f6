"""单位名称: ends as names of firms, authorities and institutions end."""

from __future__ import annotations

import re

from classifiers.identifiers.common import OTHER, VALID, Check

from .base import Recognizer

_WRITTEN = (
    "公司 集团 厂 中心 局 委员会 居委会 村委会 政府 办事处 街道办 管委会 学校 "
    "小学 中学 大学 学院 幼儿园 医院 门诊部 诊所 卫生院 合作社 商店 商行 "
    "经营部 事务所 研究院 研究所 协会 学会 基金会 联合会 工会 银行 支行 分行 "
    "法院 检察院 派出所 分局 支队 大队 总队 超市 酒店 宾馆 饭店 药房 药店 "
    "工作室 服务部 服务站 联社 信用社 养老院 敬老院 福利院 银行股份 (有限合伙) "
    "(普通合伙)"
)
_ENDINGS = tuple(_WRITTEN.split())
_NAME = re.compile(r"[\u3400-\u9fffA-Za-z0-9()·&\-]{2,60}(?:" + "|".join(map(re.escape, _ENDINGS)) + ")")


def examine(text: str, today: int) -> Check:
    """Check one tidy value; ``today`` does not matter.

    >>> [examine(text, 0).result for text in ("某某(上海)有限公司", "普陀区某某局", "张三", "公司")]
    ['valid', 'valid', 'other', 'other']
    """
    # Most texts are told by their end already.
    return VALID if text.endswith(_ENDINGS) and _NAME.fullmatch(text) else OTHER


RECOGNIZER = Recognizer(
    id="org_name",
    element="org.name",
    kind="plain",
    examine=examine,
    han=True,
    lengths=(3, 66),
    tidy=True,
)
