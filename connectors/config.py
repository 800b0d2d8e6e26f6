"""Reading what an operator wrote: YAML with line numbers, secrets, and the keys that each connector knows.

Nothing here stops at the first mistake. Functions add `Failure` records with ``file:line`` to a list, and the caller
raises one `InvalidConfiguration` with all of them, before any system is opened::

    ConfigurationError            (connectors.base)
    └── InvalidConfiguration      every mistake found in the files, each with its place: repair them, start again

Messages name keys, types and allowed words, never a value that may be a secret.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from connectors.base import ConfigurationError, Connector, connector_class
from connectors.model import Failure

KeyPath = tuple[str | int, ...]
"""Where a value stands in a document: ``("systems", 0, "url")``."""

MAX_DEPTH = 40
MAX_VALUES = 200_000
"""Aliases may repeat a part of a document; more values than this is an attack or an accident."""

# Either whole values (file:...) or parts of one (${NAME}, ${file:...}); $${...} is the text ${...} itself.
_REFERENCE = re.compile(r"(\$?)\$\{([^{}]*)\}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_FILE_PREFIX = "file:"

_TYPE_NAMES = {str: "text", int: "a whole number", float: "a number", bool: "true or false", list: "a list"}
_TYPE_NAMES |= {dict: "a mapping", type(None): "nothing"}


class InvalidConfiguration(ConfigurationError):
    """All mistakes of one reading; ``str()`` gives one line for each."""

    def __init__(self, problems: Iterable[Failure]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(problem.what for problem in self.problems))

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


# --- YAML --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Document:
    """One YAML file as plain data, and the line on which each key or list item begins."""

    file: str
    data: Any
    lines: Mapping[KeyPath, int] = field(repr=False)

    def place(self, path: KeyPath = ()) -> str:
        """``file:line`` of a key path, or of the nearest part above it that the file has."""
        while path and path not in self.lines:
            path = path[:-1]
        return f"{self.file}:{self.lines.get(path, 1)}"


def read_yaml(path: Path, problems: list[Failure], shown: str | None = None) -> Document:
    """Read one file; ``shown`` is how messages call it. An unreadable file is a problem and has the data None."""
    name = shown or str(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        problems.append(Failure("the file is not UTF-8", place=f"{name}:{line}", hint="save it as UTF-8"))
    except OSError as error:
        problems.append(Failure(f"cannot read the file: {error.strerror}", place=name))
    else:
        return parse_yaml(text, name, problems)
    return Document(name, None, {})


def parse_yaml(text: str, file: str, problems: list[Failure]) -> Document:
    """Plain data with lines. A broken file has the data None; duplicate and non-text keys are problems of their own."""
    reader = _Reader(file, problems)
    try:
        data = reader.read(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        problems.append(Failure(f"not YAML: {error.problem or error.context}", place=f"{file}:{line}"))
    except yaml.reader.ReaderError as error:
        line = text[: int(error.position)].count("\n") + 1
        problems.append(Failure("not YAML: a control character", place=f"{file}:{line}"))
    except RecursionError:
        problems.append(Failure("not usable: nested too deeply, or too large", place=f"{file}:1"))
    else:
        return Document(file, data, reader.lines)
    return Document(file, None, {})


class _Reader:
    """Walks PyYAML's nodes, which know their lines, and builds the data that its safe loader would."""

    def __init__(self, file: str, problems: list[Failure]) -> None:
        self.file = file
        self.problems = problems
        self.lines: dict[KeyPath, int] = {}

    def read(self, text: str) -> Any:
        self.loader = yaml.SafeLoader(text)
        try:
            node = self.loader.get_single_node()
            return None if node is None else self.build(node, ())
        finally:
            self.loader.dispose()

    def build(self, node: yaml.Node, path: KeyPath) -> Any:
        self.lines.setdefault(path, node.start_mark.line + 1)
        if len(path) > MAX_DEPTH or len(self.lines) > MAX_VALUES:
            raise RecursionError
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            self.plain(node, "seq")
            return [self.build(item, (*path, number)) for number, item in enumerate(node.value)]
        try:
            return self.loader.construct_object(node)
        except ValueError:
            # Such as 2026-02-30, which YAML takes for a date.
            raise yaml.constructor.ConstructorError(None, None, "no such date or number", node.start_mark) from None

    def mapping(self, node: yaml.MappingNode, path: KeyPath) -> dict[str, Any]:
        self.plain(node, "map")
        self.find_duplicates(node)
        self.loader.flatten_mapping(node)
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            key = self.loader.construct_object(key_node) if isinstance(key_node, yaml.ScalarNode) else None
            if not isinstance(key, str):
                self.add("keys must be text", line, "put the key in quotes")
                continue
            inner = (*path, key)
            self.lines[inner] = line
            result[key] = self.build(value_node, inner)
        return result

    def find_duplicates(self, node: yaml.MappingNode) -> None:
        seen: dict[str, int] = {}
        for key_node, _ in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                continue
            key, line = key_node.value, key_node.start_mark.line + 1
            if key in seen:
                self.add(f"the key {key!r} is given twice", line, f"first on line {seen[key]}; keep one")
            seen.setdefault(key, line)

    def plain(self, node: yaml.Node, kind: str) -> None:
        if node.tag != f"tag:yaml.org,2002:{kind}":
            raise yaml.constructor.ConstructorError(None, None, f"the tag {node.tag!r} is not used", node.start_mark)

    def add(self, what: str, line: int, hint: str | None = None) -> None:
        self.problems.append(Failure(what, place=f"{self.file}:{line}", hint=hint))


def type_name(value: object) -> str:
    """The kind of a YAML value in words, for messages that must not show the value."""
    return _TYPE_NAMES.get(type(value), f"a {type(value).__name__}")


def suggest(word: str, allowed: Sequence[str]) -> str:
    """The hint for a wrong word: the nearest allowed one, if any is near, and all of them."""
    near = nearest(word, allowed)
    guess = f"did you mean {near!r}? " if near else ""
    return f"{guess}allowed: {', '.join(allowed)}"


def nearest(word: str, allowed: Sequence[str]) -> str | None:
    return next(iter(difflib.get_close_matches(word, allowed, n=1, cutoff=0.6)), None)


# --- secrets -----------------------------------------------------------------------------------------------------


def expand(value: str, root: Path, environ: Mapping[str, str] | None = None, *, whole_file: bool = True) -> str:
    """Put in the secrets: ``${NAME}``, ``${file:PATH}``, or with ``whole_file`` a value that is ``file:PATH``.

    A secret file gives its first line; relative paths start at ``root``. ``$${NAME}`` stays the text ``${NAME}``.
    Raises `ConfigurationError` naming the variable or file, never its content.
    """
    if whole_file and value.startswith(_FILE_PREFIX):
        return _first_line(value[len(_FILE_PREFIX) :], root)
    variables = os.environ if environ is None else environ

    def replace(match: re.Match[str]) -> str:
        if match[1]:
            return match[0][1:]
        return _secret(match[2], root, variables)

    return _REFERENCE.sub(replace, value)


def expand_all(value: Any, root: Path, environ: Mapping[str, str] | None = None) -> Any:
    """`expand` for every text inside lists and mappings."""
    if isinstance(value, str):
        return expand(value, root, environ)
    if isinstance(value, list):
        return [expand_all(item, root, environ) for item in value]
    if isinstance(value, dict):
        return {key: expand_all(item, root, environ) for key, item in value.items()}
    return value


def _secret(name: str, root: Path, environ: Mapping[str, str]) -> str:
    if name.startswith(_FILE_PREFIX):
        return _first_line(name[len(_FILE_PREFIX) :], root)
    if not _VARIABLE.fullmatch(name):
        raise ConfigurationError(
            "${…} holds no variable name", hint="write ${NAME} or ${file:PATH}; $${ stands for the text ${"
        )
    if name not in environ:
        raise ConfigurationError(f"the environment variable {name} is not set", hint=f"export {name}=… and start again")
    return environ[name]


def _first_line(path: str, root: Path) -> str:
    try:
        with (root / path).open(encoding="utf-8-sig") as file:
            line = file.readline(65_536).rstrip("\r\n")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise ConfigurationError(f"cannot read the secret file {path}: {reason}", hint="check its path") from None
    if not line:
        raise ConfigurationError(f"the secret file {path} has an empty first line", hint="put the secret there")
    return line


# --- connectors' keys --------------------------------------------------------------------------------------------


class KeyProblem(NamedTuple):
    """A mistake in one system's keys; the caller knows where the system stands."""

    key: str | None
    """The key concerned; None = the system as a whole."""
    what: str
    hint: str | None = None


def find_connector(name: str) -> type[Connector]:
    """`connector_class`, with the nearest name as a hint, and a missing driver turned into a `ConfigurationError`."""
    try:
        return connector_class(name)
    except (ImportError, AttributeError) as error:
        hint = "install what the connector needs"
        raise ConfigurationError(f"the connector {name!r} cannot be loaded: {error}", hint=hint) from error
    except ConfigurationError as error:
        known = (error.failure.hint or "").removeprefix("known: ").split(", ")
        raise ConfigurationError(error.failure.what, hint=suggest(name, known)) from None


def source_keys(name: str, connector: type[Connector]) -> frozenset[str]:
    """Which of ``url`` and ``path`` a connector takes under this name: one of them is needed, never both."""
    return connector.keys_for(name)


def check_keys(
    name: str,
    given: Mapping[str, Any],
    common: Sequence[str],
    find: Callable[[str], type[Connector]] = find_connector,
) -> list[KeyProblem]:
    """What is wrong with the keys of a system that uses the connector ``name``; loads the connector, opens nothing.

    ``common`` are the keys that every system may have; ``url`` and ``path`` are among them. ``find`` may remember what
    `find_connector` gave: each look through the installed packages takes milliseconds.
    """
    try:
        connector = find(name)
    except ConfigurationError as error:
        # A key near no common one may well be an option of the connector that was meant.
        misspelt = [unknown_key(key, common) for key in given if key not in common and nearest(key, common)]
        return [KeyProblem("connector", error.failure.what, error.failure.hint), *misspelt]
    return [*_check_source(name, source_keys(name, connector), given), *_check_options(connector, given, common)]


def _check_source(name: str, keys: frozenset[str], given: Mapping[str, Any]) -> Iterator[KeyProblem]:
    if not keys:
        return
    present = [key for key in ("url", "path") if given.get(key) is not None]
    for key in present:
        if key not in keys:
            yield KeyProblem(key, f"the connector {name!r} takes no {key!r}", f"give {' or '.join(sorted(keys))}")
    if len(present) == 2 and len(keys) == 2:
        yield KeyProblem("path", "both 'url' and 'path' are given", "keep one")
    if not present:
        yield KeyProblem(None, f"the connector {name!r} needs {' or '.join(map(repr, sorted(keys)))}", None)


def _check_options(connector: type[Connector], given: Mapping[str, Any], common: Sequence[str]) -> list[KeyProblem]:
    options = connector.OPTIONS
    problems: list[KeyProblem] = []
    for key in (key for key in given if key not in common):
        wanted = options.get(key)
        if wanted is None:
            problems.append(unknown_key(key, [*common, *options]))
        elif not _is_a(given[key], wanted):
            wrong = f"{key!r} must be {_TYPE_NAMES.get(wanted, wanted.__name__)}, not {type_name(given[key])}"
            problems.append(KeyProblem(key, wrong))
    return problems


def unknown_key(key: str, allowed: Sequence[str]) -> KeyProblem:
    return KeyProblem(key, f"unknown key {key!r}", suggest(key, allowed))


def _is_a(value: object, wanted: type) -> bool:
    if isinstance(value, bool):
        return wanted is bool
    return isinstance(value, (int, float) if wanted is float else wanted)
