"""YAML with line numbers, secrets, and connectors' keys."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors import config
from connectors.base import ConfigurationError, Connector
from connectors.config import InvalidConfiguration, KeyProblem, check_keys, expand, expand_all, parse_yaml, read_yaml
from connectors.model import Failure

COMMON = ("id", "connector", "url", "path", "include")


class Database(Connector):
    KEYS: ClassVar[frozenset[str]] = frozenset({"url", "path"})
    OPTIONS: ClassVar[dict[str, type]] = {"timeout": int, "share": float, "quiet": bool}

    @classmethod
    def keys_for(cls, name: str) -> frozenset[str]:
        return cls.KEYS if name == "sqlite" else frozenset({"url"})


class Dump(Connector):
    KEYS: ClassVar[frozenset[str]] = frozenset({"path"})
    OPTIONS: ClassVar[dict[str, type]] = {"dialect": str}


@pytest.fixture
def connectors(monkeypatch: pytest.MonkeyPatch) -> None:
    known: dict[str, type[Connector]] = {"sqlite": Database, "postgresql": Database, "ddl": Dump}

    def connector_class(name: str) -> type[Connector]:
        if name == "dm":
            raise ImportError("No module named 'dmPython'")
        if name not in known:
            raise ConfigurationError(f"unknown connector {name!r}", hint="known: ddl, postgresql, sqlite")
        return known[name]

    monkeypatch.setattr(config, "connector_class", connector_class)


def parsed(text: str) -> tuple[Any, list[str]]:
    problems: list[Failure] = []
    document = parse_yaml(text, "f.yaml", problems)
    return document.data, [str(problem) for problem in problems]


def test_data_is_what_the_safe_loader_gives_and_every_key_has_its_line() -> None:
    text = "a: 1\nb:\n  - x\n  - {c: 2.5, d: null}\n\ne: &n {f: true}\ng: *n\nh:\n  <<: *n\n  i: 每日\n"
    problems: list[Failure] = []
    document = parse_yaml(text, "f.yaml", problems)
    assert document.data == {
        "a": 1,
        "b": ["x", {"c": 2.5, "d": None}],
        "e": {"f": True},
        "g": {"f": True},
        "h": {"f": True, "i": "每日"},
    }
    assert not problems
    lines = {(): 1, ("a",): 1, ("b",): 2, ("b", 0): 3, ("b", 1, "d"): 4, ("e", "f"): 6, ("h", "i"): 10}
    assert {path: document.lines[path] for path in lines} == lines
    assert document.place(("b", 1, "nothing", 7)) == "f.yaml:4"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", "f.yaml:3: the key 'a' is given twice (first on line 1; keep one)"),
        ("x: {a: 1, a: 2}\n", "f.yaml:1: the key 'a' is given twice (first on line 1; keep one)"),
        ("a: 1\n2: b\n", "f.yaml:2: keys must be text (put the key in quotes)"),
        ("on: 1\n", "f.yaml:1: keys must be text (put the key in quotes)"),
        ("? [a]\n: b\n", "f.yaml:1: keys must be text (put the key in quotes)"),
        ("a: 1\nb: [1\n", "f.yaml:3: not YAML: expected ',' or ']', but got '<stream end>'"),
        ("a: 1\n\tb: 2\n", "f.yaml:2: not YAML: found character '\\t' that cannot start any token"),
        ("a: 1\nb: \x07\n", "f.yaml:2: not YAML: a control character"),
        ("a: !!python/object:os.system {}\n", "f.yaml:1: not YAML: the tag "),
        ("a: !secret b\n", "f.yaml:1: not YAML: could not determine a constructor for the tag '!secret'"),
        ("a: 1\nb: 2026-02-30\n", "f.yaml:2: not YAML: no such date or number"),
        ("--- a\n--- b\n", "f.yaml:2: not YAML: but found another document"),
        ("a: &a [*a]\n", "f.yaml:1: not usable: nested too deeply, or too large"),
        ("[" * 3000, "f.yaml:1: not usable: nested too deeply, or too large"),
    ],
)
def test_broken_yaml_is_named_with_its_line(text: str, message: str) -> None:
    _, problems = parsed(text)
    assert len(problems) == 1
    assert problems[0].startswith(message)


@settings(max_examples=400, deadline=None)
@given(st.text(alphabet="abc:-[]{}#&*!|>'\"%@`,? \n\t<=~0159.eE+_\\xé每\ufeff\x85\u2028", max_size=60))
def test_any_text_is_data_or_a_problem_with_a_line(text: str) -> None:
    problems: list[Failure] = []
    document = parse_yaml(text, "f.yaml", problems)
    assert document.data is None or problems or document.lines[()] >= 1
    last = text.count("\n") + text.count("\x85") + text.count("\u2028") + 1
    for problem in problems:
        assert problem.place is not None
        assert 1 <= int(problem.place.removeprefix("f.yaml:")) <= last


def test_aliases_cannot_blow_up_memory() -> None:
    levels = "".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]\n" for n in range(1, 10))
    data, problems = parsed("l0: &l0 [x]\n" + levels)
    assert data is None
    assert problems == ["f.yaml:1: not usable: nested too deeply, or too large"]


def test_files_that_cannot_be_read_are_problems_not_exceptions(tmp_path: Path) -> None:
    problems: list[Failure] = []
    (tmp_path / "gbk.yaml").write_bytes(b"a: 1\nb: " + "民政".encode("gb18030"))
    (tmp_path / "bom.yaml").write_bytes(b"\xef\xbb\xbfa: 1\n")
    assert read_yaml(tmp_path / "gbk.yaml", problems, "gbk.yaml").data is None
    assert read_yaml(tmp_path / "none.yaml", problems, "none.yaml").data is None
    assert read_yaml(tmp_path / "bom.yaml", problems).data == {"a": 1}
    assert [str(problem) for problem in problems] == [
        "gbk.yaml:2: the file is not UTF-8 (save it as UTF-8)",
        "none.yaml: cannot read the file: No such file or directory",
    ]


@pytest.mark.parametrize(
    ("value", "result"),
    [
        ("plain", "plain"),
        ("u:${PW}@h", "u:s3cret@h"),
        ("${PW}${PW}", "s3crets3cret"),
        ("${EMPTY}", ""),
        ("$${PW}", "${PW}"),
        ("a$b$$c", "a$b$$c"),
        ("file:secret", "from file"),
        ("u:${file:secret}@h", "u:from file@h"),
        ("${DOLLAR}", "${PW}"),
    ],
)
def test_secrets_are_put_in(tmp_path: Path, value: str, result: str) -> None:
    (tmp_path / "secret").write_text("from file\r\nsecond line\n")
    environ = {"PW": "s3cret", "EMPTY": "", "DOLLAR": "${PW}"}
    assert expand(value, tmp_path, environ) == result
    assert expand_all({"a": [value, 1, None]}, tmp_path, environ) == {"a": [result, 1, None]}


def test_a_whole_file_is_no_secret_where_the_caller_says_so(tmp_path: Path) -> None:
    assert expand("file:x", tmp_path, {}, whole_file=False) == "file:x"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("${NOPE}", "the environment variable NOPE is not set (export NOPE=… and start again)"),
        ("${}", "${…} holds no variable name"),
        ("${A-B}", "${…} holds no variable name"),
        ("file:none", "cannot read the secret file none: No such file or directory (check its path)"),
        ("${file:none}", "cannot read the secret file none: No such file or directory (check its path)"),
        ("file:empty", "the secret file empty has an empty first line (put the secret there)"),
        ("file:binary", "cannot read the secret file binary: not UTF-8 text (check its path)"),
    ],
)
def test_missing_secrets_are_named_without_content(tmp_path: Path, value: str, message: str) -> None:
    (tmp_path / "empty").write_text("\nsecret on line 2")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigurationError) as caught:
        expand(value, tmp_path, {"A": "x"})
    assert str(caught.value).startswith(message)


@pytest.mark.usefixtures("connectors")
@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("sqlite", {"path": "a.db", "timeout": 5, "share": 1, "quiet": True}, []),
        ("sqlite", {"url": "sqlite:///a.db"}, []),
        ("sqlite", {}, [KeyProblem(None, "the connector 'sqlite' needs 'path' or 'url'")]),
        ("sqlite", {"url": "x", "path": "y"}, [KeyProblem("path", "both 'url' and 'path' are given", "keep one")]),
        ("postgresql", {"url": "x"}, []),
        (
            "postgresql",
            {"path": "x"},
            [
                KeyProblem("path", "the connector 'postgresql' takes no 'path'", "give url"),
            ],
        ),
        (
            "ddl",
            {"path": "x", "dialct": "mysql"},
            [
                KeyProblem(
                    "dialct",
                    "unknown key 'dialct'",
                    "did you mean 'dialect'? allowed: id, connector, url, path, include, dialect",
                )
            ],
        ),
        ("ddl", {"path": "x", "dialect": 8}, [KeyProblem("dialect", "'dialect' must be text, not a whole number")]),
        (
            "sqlite",
            {"path": "x", "timeout": True, "quiet": 1, "share": "1"},
            [
                KeyProblem("timeout", "'timeout' must be a whole number, not true or false"),
                KeyProblem("quiet", "'quiet' must be true or false, not a whole number"),
                KeyProblem("share", "'share' must be a number, not text"),
            ],
        ),
        (
            "postgres",
            {"inclde": [], "own_option": 1},
            [
                KeyProblem(
                    "connector",
                    "unknown connector 'postgres'",
                    "did you mean 'postgresql'? allowed: ddl, postgresql, sqlite",
                ),
                KeyProblem(
                    "inclde",
                    "unknown key 'inclde'",
                    "did you mean 'include'? allowed: id, connector, url, path, include",
                ),
            ],
        ),
        (
            "dm",
            {"url": "x"},
            [
                KeyProblem(
                    "connector",
                    "the connector 'dm' cannot be loaded: No module named 'dmPython'",
                    "install what the connector needs",
                )
            ],
        ),
    ],
)
def test_each_connectors_keys(name: str, given: dict[str, Any], expected: list[KeyProblem]) -> None:
    assert check_keys(name, given, COMMON) == expected


def test_all_mistakes_are_one_error_with_a_line_each() -> None:
    error = InvalidConfiguration([Failure("one", place="a:1"), Failure("two", place="b:2", hint="do")])
    assert str(error) == "a:1: one\nb:2: two (do)"
    assert isinstance(error, ConfigurationError)
