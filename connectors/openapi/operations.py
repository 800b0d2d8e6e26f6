"""One operation of a service as an asset: its parameters, request and response as columns that are named once."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

from connectors.model import Asset, Column
from connectors.openapi.document import Node
from connectors.openapi.fields import DocumentExhausted, Exhausted, Field, Flattener, joined
from connectors.text import one_line

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
DEFAULT_TAG = "default"
_IN = {"path": "路径参数", "query": "查询参数", "header": "请求头", "cookie": "Cookie", "formData": "请求"}
_REQUEST, _RESPONSE = "请求", "返回"


@dataclass
class _Placed:
    """A field and where it stands."""

    name: str
    field: Field
    where: list[str] = dataclasses.field(default_factory=list)

    def takes(self, other: Field) -> bool:
        mine = self.field
        same = (mine.type, mine.data_type) == (other.type, other.data_type)
        return same and (mine.comment == other.comment or mine.comment is None or other.comment is None)

    def merge(self, other: Field, where: str) -> None:
        mine = self.field
        self.field = mine._replace(
            comment=mine.comment or other.comment,
            default=mine.default if mine.default is not None else other.default,
            nullable=mine.nullable or other.nullable,
        )
        if where not in self.where:
            self.where.append(where)


class Columns:
    """Fields by name. Two of one name are one column if they are alike; else the second bears where it stands."""

    def __init__(self) -> None:
        self._placed: dict[str, _Placed] = {}

    def add(self, one: Field, where: str) -> None:
        prefix = "response" if where == _RESPONSE else "request"
        for name in self._names(one.name, prefix):
            held = self._placed.get(name)
            if held is None:
                self._placed[name] = _Placed(name, one, [where])
                return
            if held.takes(one):
                held.merge(one, where)
                return

    @staticmethod
    def _names(name: str, prefix: str) -> Iterator[str]:
        yield name
        yield f"{prefix}.{name}"
        number = 2
        while True:
            yield f"{prefix}.{name}_{number}"
            number += 1

    def all(self) -> tuple[Column, ...]:
        return tuple(_column(one, number) for number, one in enumerate(self._placed.values(), 1))


def _column(placed: _Placed, ordinal: int) -> Column:
    one = placed.field
    return Column(
        name=placed.name,
        ordinal=ordinal,
        type=f"{one.type}（{'、'.join(placed.where)}）",
        data_type=one.data_type,
        nullable=one.nullable,
        comment=one.comment,
        default=one.default,
        length=one.length,
    )


class OperationReader:
    """Operations of one document; ``base`` holds what they share: department, system, origin, update cycle."""

    def __init__(self, base: Asset, flattener: Flattener) -> None:
        self.base, self.flattener = base, flattener
        self.problems = flattener.problems

    def operations(self, root: Node) -> Iterator[Asset]:
        """Every operation in the document's order. Raises ``DocumentExhausted`` half-way."""
        paths = root.get("paths")
        if not isinstance(paths.value, dict):
            # 3.1 allows a description that holds webhooks or components only.
            if paths.value is not None or ("webhooks" not in root.value and "components" not in root.value):
                self._wrong("paths must be a mapping", paths if paths.value is not None else root)
            return
        for path, written in paths.members():
            if path.startswith("x-"):
                continue
            item = self.flattener.resolve(written)
            if item is None or not isinstance(item.value, dict):
                if item is not None:
                    self._wrong("a path must be a mapping", written)
                continue
            for method in METHODS:
                operation = item.get(method)
                if isinstance(operation.value, dict):
                    yield self._asset(root, method, path, item, operation)
                elif operation.value is not None:
                    self._wrong("an operation must be a mapping", operation)

    def _asset(self, root: Node, method: str, path: str, item: Node, operation: Node) -> Asset:
        columns = Columns()
        self.flattener.budget.next_operation()
        try:
            self._read(columns, root, item, operation)
        except DocumentExhausted:
            raise
        except Exhausted as error:
            self.problems.add(str(error), operation.place, "describe it by a schema of its own")
        summary = operation.text("summary") or item.text("summary")
        return Asset(
            department=self.base.department,
            system=self.base.system,
            name=f"{method.upper()} {one_line(path)}",
            kind="operation",
            schema=_tag(operation),
            comment=_comment(summary, operation.text("description") or item.text("description")),
            columns=columns.all(),
            origin=self.base.origin,
            update_cycle=self.base.update_cycle,
            place=operation.place,
        )

    def _read(self, columns: Columns, root: Node, item: Node, operation: Node) -> None:
        swagger = "swagger" in root.value
        for parameter in self._parameters(item, operation):
            where = parameter.text("in")
            if where == "body" and swagger:
                self._add(columns, [parameter.get("schema")], "", _REQUEST, parameter.value.get("required") is True)
            elif where in _IN and (where != "formData" or swagger):
                self._parameter(columns, parameter, where)
            else:
                self._wrong("a parameter that does not say where it stands (in)", parameter)
        if not swagger:
            self._body(columns, operation.get("requestBody"))
        for response in self._successes(operation.get("responses")):
            schemas = [response.get("schema")] if swagger else self._content(response)
            self._add(columns, schemas, "", _RESPONSE, True)

    def _parameters(self, item: Node, operation: Node) -> list[Node]:
        """The path's and the operation's own; of one name and place the operation's counts."""
        found: dict[tuple[str, str], Node] = {}
        for node in (item, operation):
            for written in node.get("parameters").items():
                parameter = self.flattener.resolve(written)
                if parameter is None:
                    continue
                if not isinstance(parameter.value, dict) or not one_line(parameter.text("name")):
                    self._wrong("a parameter without a name", parameter)
                    continue
                found[parameter.text("in"), parameter.text("name")] = parameter
        return list(found.values())

    def _parameter(self, columns: Columns, parameter: Node, where: str) -> None:
        required = where == "path" or parameter.value.get("required") is True
        parts = [parameter]
        if isinstance(parameter.value.get("content"), dict):
            parts += self._content(parameter)
        elif "schema" in parameter.value:
            parts.append(parameter.get("schema"))
        self._add(columns, parts, parameter.text("name"), _IN[where], required)

    def _body(self, columns: Columns, written: Node) -> None:
        if written.value is None:
            return
        body = self.flattener.resolve(written)
        if body is not None and not isinstance(body.value, dict):
            self._wrong("a request body must be a mapping", body)
        elif body is not None:
            self._add(columns, self._content(body), "", _REQUEST, body.value.get("required") is True)

    def _successes(self, responses: Node) -> Iterator[Node]:
        """Answers of the 2xx kind, else the default one."""
        if responses.value is not None and not isinstance(responses.value, dict):
            self._wrong("responses must be a mapping", responses)
        found = [response for code, response in responses.members() if code[:1] == "2"]
        for written in found or [responses.get("default")]:
            response = self.flattener.resolve(written)
            if response is not None and isinstance(response.value, dict):
                yield response
            elif response is not None and response.value is not None:
                self._wrong("a response must be a mapping", response)

    def _content(self, node: Node) -> list[Node]:
        """The schema of the media type that says most: JSON, then the first."""
        kinds = list(node.get("content").members())
        kinds.sort(key=lambda pair: "json" not in pair[0].lower())
        return [kinds[0][1].get("schema")] if kinds else []

    def _add(self, columns: Columns, schemas: list[Node], name: str, where: str, required: bool) -> None:
        schemas = [schema for schema in schemas if schema.value is not None]
        if not schemas:
            return
        otherwise = "response" if where == _RESPONSE else "request"
        for one in self.flattener.fields(schemas, name, otherwise, required):
            columns.add(one, where)

    def _wrong(self, what: str, node: Node) -> None:
        self.problems.add(what, node.place, "correct the document")


def _tag(operation: Node) -> str:
    tags = operation.value.get("tags")
    first = tags[0] if isinstance(tags, list) and tags else None
    return (one_line(first) if isinstance(first, str) else "") or DEFAULT_TAG


def _comment(summary: str, description: str) -> str | None:
    """The summary is the title, so it ends where the description begins: ``查询人员：按证件号码``."""
    summary, description = joined(summary, "") or "", joined("", description) or ""
    if summary and description and summary not in description:
        return f"{summary}：{description}"
    return description or summary or None
