"""Telling UTF-8 and GB18030 apart, also where one file mixes them."""

from __future__ import annotations

import io

import pytest

from connectors.text import decode, decoded_chunks, encoding_of, repaired, stream_encoding

COMMENTS = [
    "救助对象信息",
    "公民身份号码",
    "身份证号",
    "姓名",
    "性别（1男2女）",
    "户籍所在地",
    "联通",
    "备注",
    "单位：万元",
]


def lines(*encodings: str) -> bytes:
    texts = [f"COMMENT ON TABLE `表{i}` IS '{text}';\n" for i, text in enumerate(COMMENTS)]
    return b"".join(text.encode(encodings[i % len(encodings)]) for i, text in enumerate(texts))


def read(raw: bytes) -> str:
    """As the DDL reader does it: the whole stream, then line by line."""
    encoding = stream_encoding(io.BytesIO(raw))
    text = "".join(decoded_chunks(io.BytesIO(raw), encoding, 7))
    return "".join(repaired(line, encoding) for line in text.splitlines(keepends=True))


@pytest.mark.parametrize(
    "encodings",
    [("utf-8",), ("gb18030",), ("utf-8", "utf-8", "gb18030"), ("gb18030", "gb18030", "gb18030", "utf-8")],
)
def test_every_line_is_read_in_its_own_encoding(encodings: tuple[str, ...]) -> None:
    assert read(lines(*encodings)) == lines("utf-8").decode()


def test_utf8_that_gb18030_reads_without_complaint_is_still_utf8() -> None:
    gb = "COMMENT ON TABLE a IS '国标编码的注释，比其他注释都长，所以整个文件像国标';\n".encode("gb18030")
    mixed = gb + "COMMENT ON COLUMN a.b IS '身份证号';\n".encode()
    assert encoding_of(mixed) == "gb18030"
    assert read(mixed).endswith("IS '身份证号';\n")


@pytest.mark.parametrize("text", COMMENTS)
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_short_text_alone_is_told_apart(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)) == text
    assert repaired(text, "gb18030") == text
