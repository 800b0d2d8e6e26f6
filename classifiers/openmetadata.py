"""The engine inside OpenMetadata's own sampling run.

`ClassificationWorkflow` lists the tables of a service that OpenMetadata knows, samples them with the SDK's samplers,
judges each table as a whole and hands suggested labels to the SDK's sink. It takes the place of the SDK's
auto-classification workflow and reads the same configuration; no language model is loaded.

Samples stay in memory: nothing is stored on the server or in object storage, whatever the configuration and the
server's settings say. Columns whose name says password or key are not sampled.

This file and its sister in ``connectors`` are the only ones that import the SDK (about 9 seconds).
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from metadata.generated.schema.configuration.profilerConfiguration import SampleDataIngestionConfig
from metadata.generated.schema.entity.classification.tag import Tag
from metadata.generated.schema.entity.data.glossaryTerm import GlossaryTerm
from metadata.generated.schema.entity.data.table import Column, Table, TableProfilerConfig
from metadata.generated.schema.entity.services.databaseService import DatabaseService
from metadata.generated.schema.entity.services.ingestionPipelines.status import StackTraceError
from metadata.generated.schema.metadataIngestion.databaseServiceAutoClassificationPipeline import (
    DatabaseServiceAutoClassificationPipeline,
)
from metadata.generated.schema.metadataIngestion.workflow import LogLevels, OpenMetadataWorkflowConfig
from metadata.generated.schema.type.tagLabel import LabelType, State, TagLabel, TagSource
from metadata.ingestion.api.models import Either
from metadata.ingestion.api.parser import parse_workflow_config_gracefully
from metadata.ingestion.models.table_metadata import ColumnTag
from metadata.ingestion.ometa.ometa_api import OpenMetadata
from metadata.pii.base_processor import AutoClassificationProcessor
from metadata.profiler.source.model import ProfilerSourceAndEntity
from metadata.sampler.models import SampleData, SamplerResponse
from metadata.sampler.processor import SamplerProcessor
from metadata.workflow.profiler import ProfilerWorkflow

from classifiers.engine import observe
from classifiers.evidence import ColumnInput, ColumnVerdict, Decision, Label, TableInput
from classifiers.platform_names import GROUPS, Style, fqn, meanings, reason
from classifiers.policy import Pack
from classifiers.verdict import judge

MACHINE = {"Automated", "Generated", "Derived", "Propagated"}
WITH_REASONS = (2, 0)
"""Since this server version a label has a reason and the type ``Generated``."""


class WorkflowConfigError(ValueError):
    """The workflow file asks for something that this workflow does not do."""


class Rules(NamedTuple):
    """What labels are judged by."""

    pack: Pack
    as_of: date
    quarantined: Callable[[str | None, str | None], bool] = lambda name, comment: False
    """Whether a table's name or comment bears a secrecy mark: it is neither sampled nor judged."""
    names: Style = "han"
    """As in openmetadata.yaml: how classifications and tags are called there."""

    def fqn(self, label: Label) -> str:
        return fqn(self.pack, label.dimension, label.value, self.names)


# --- tables --------------------------------------------------------------------------------------------------------


def leaves(columns: Sequence[Column], prefix: str = "") -> Iterator[tuple[str, Column]]:
    """The columns that hold values, each with its dotted path as the samplers write it."""
    for column in columns:
        path = prefix + column.name.root
        if column.children:
            yield from leaves(column.children, f"{path}.")
        else:
            yield path, column


def table_input(table: Table, department: str | None) -> TableInput:
    """The whole table as the classifiers see it; its own service is the system."""
    return TableInput(
        table=table.name.root,
        columns=tuple(
            ColumnInput(path, _text(column.description), column.dataTypeDisplay or column.dataType.value)
            for path, column in leaves(table.columns)
        ),
        department=department,
        system=table.service.name if table.service else None,
        comment=_text(table.description) or table.displayName,
        kind="view" if table.tableType and "View" in table.tableType.value else "table",
    )


def _text(described: Any) -> str | None:
    return described.root if described else None


def is_quarantined(table: Table, rules: Rules) -> bool:
    return rules.quarantined(table.name.root, _text(table.description))


def decisions_of(table: Table, rules: Rules) -> list[Decision]:
    """What people have ruled on the columns, read from the labels: those put there or confirmed by hand."""
    known = meanings(rules.pack, rules.names)
    return [
        Decision(asset=table.fullyQualifiedName.root, dimension=known[name][0], value=known[name][1],
                 who="OpenMetadata", at="", column=path)
        for path, column in leaves(table.columns)
        for tag in column.tags or ()
        if (name := tag.tagFQN.root) in known and not _is_suggestion(tag)
    ]  # fmt: skip


def _is_suggestion(tag: TagLabel) -> bool:
    return tag.labelType.value in MACHINE and tag.state is State.Suggested


# --- steps ---------------------------------------------------------------------------------------------------------


class Sampler(SamplerProcessor):  # type: ignore[misc]
    """The SDK's sampler that stores nothing and leaves out columns for passwords and keys."""

    _sample_data_config: Any

    def __init__(self, config: OpenMetadataWorkflowConfig, metadata: OpenMetadata, rules: Rules) -> None:
        super().__init__(config=config, metadata=metadata)
        self._rules = rules
        # A schema's object storage follows this server-wide setting, not the pipeline's own switch.
        told = self._sample_data_config
        read = told is None or bool(told.readSampleData or told.storeSampleData)
        self._sample_data_config = SampleDataIngestionConfig(storeSampleData=False, readSampleData=read)

    def _run(self, record: ProfilerSourceAndEntity) -> Either:
        table = record.entity
        if is_quarantined(table, self._rules):
            return Either(left=None, right=SamplerResponse(entity=table))
        hidden = self._credentials(table)
        if len(hidden) == len(table.columns):
            return Either(left=None, right=SamplerResponse(entity=table))
        if hidden:
            record = record.model_copy(update={"entity": _without(table, hidden)})
        answer = super()._run(record)
        if answer.right is not None:
            answer.right.entity = table
            answer.right.sample_data.store = False
        return answer

    def _credentials(self, table: Table) -> set[str]:
        verdict = judge(table_input(table, None), {}, self._rules.pack, as_of=self._rules.as_of)
        named = zip(leaves(table.columns), verdict.columns, strict=True)
        return {path for (path, _), column in named if not column.catalogued and "." not in path}


def _without(table: Table, hidden: set[str]) -> Table:
    """The table with a profiler configuration that leaves columns out of the sample."""
    told = table.tableProfilerConfig or TableProfilerConfig()
    kept = [column for column in told.includeColumns or () if column.columnName not in hidden]
    excluded = sorted({*(told.excludeColumns or ()), *hidden})
    narrowed = told.model_copy(update={"excludeColumns": excluded, "includeColumns": kept or None})
    return table.model_copy(update={"tableProfilerConfig": narrowed})


class Processor(AutoClassificationProcessor):  # type: ignore[misc]
    """Judges whole tables and hands out suggested labels: tier, share and open type, and the data element.

    A dimension in which a column has a label already gets no second one: a person's label is a decision, and of two
    tags of an exclusive classification the server refuses both.
    """

    def __init__(self, config: OpenMetadataWorkflowConfig, metadata: OpenMetadata, rules: Rules) -> None:
        super().__init__(config, metadata)
        self._rules = rules
        self._labels: dict[str, list[TagLabel]] = {}
        self._departments: dict[str, str | None] = {}
        self._exists: dict[str, bool] = {}
        version = tuple(int(part) for part in metadata.get_server_version().split(".")[:2])
        self._with_reasons = version >= WITH_REASONS
        self.labelled = 0
        """Labels handed to the sink so far."""

    @property
    def name(self) -> str:
        return "public-data-catalog"

    def create_column_tag_labels(self, column: Column, sample_data: Sequence[Any]) -> Sequence[TagLabel]:
        """The labels of one column of the table in hand, which `run` has judged as a whole."""
        return self._labels.pop(column.fullyQualifiedName.root, [])

    def run(self, record: SamplerResponse) -> SamplerResponse | None:
        """Judge the table, then let the SDK collect the labels column by column."""
        try:
            self._labels = self._judge(record.entity, record.sample_data)
        except Exception as exc:
            # The text of an exception may quote a value; its kind and place do not.
            where = "".join(traceback.format_tb(exc.__traceback__))
            name = record.entity.fullyQualifiedName.root
            self.status.failed(
                StackTraceError(name=name, error=f"{type(exc).__name__} while judging", stackTrace=where)
            )
            return None
        done = super().run(record)
        if done is not None:
            # The SDK asks only for the columns that were sampled.
            rest = [ColumnTag(column_fqn=name, tag_label=tag) for name, tags in self._labels.items() for tag in tags]
            done.column_tags = [*(done.column_tags or ()), *rest]
            self.labelled += len(done.column_tags)
        return done

    def _judge(self, table: Table, sample: SampleData | None) -> dict[str, list[TagLabel]]:
        if is_quarantined(table, self._rules):
            self.status.filter(table.fullyQualifiedName.root, "bears a secrecy mark")
            return {}
        given = table_input(table, self._department(table))
        values = observe(given, _samples(sample), as_of=self._rules.as_of)
        found = judge(given, values, self._rules.pack, decisions=decisions_of(table, self._rules),
                      as_of=self._rules.as_of)  # fmt: skip
        named = zip(leaves(table.columns), found.columns, strict=True)
        return {column.fullyQualifiedName.root: self._tags(column, verdict) for (_, column), verdict in named}

    def _department(self, table: Table) -> str | None:
        """The domain of the table's service (design section 6), asked for once per service."""
        service = table.service.name if table.service else None
        if service is None:
            return None
        if service not in self._departments:
            found = self.metadata.get_by_name(entity=DatabaseService, fqn=service, fields=["domains"])
            domains = found.domains.root if found and found.domains else []
            self._departments[service] = (domains[0].displayName or domains[0].name) if domains else None
        return self._departments[service]

    def _tags(self, column: Column, verdict: ColumnVerdict) -> list[TagLabel]:
        present = {tag.tagFQN.root.split(".", 1)[0]: tag for tag in column.tags or ()}
        element = next((label for label in verdict.labels if label.dimension == "element"), None)
        found = []
        for label in verdict.labels:
            there = present.get(GROUPS[self._rules.names][label.dimension])
            if there is not None:
                self._compare(column, there, label)
            elif label.state == "suggested" and self._known(label):
                found.append(self._tag(label, element))
        return found

    def _compare(self, column: Column, there: TagLabel, label: Label) -> None:
        """A suggestion of an earlier run that would be another now is told, not doubled."""
        now = self._rules.fqn(label)
        if label.state == "suggested" and _is_suggestion(there) and there.tagFQN.root != now:
            told = f"has the suggestion {there.tagFQN.root} and would get {now}; `pdc publish` replaces it"
            self.status.warning(column.fullyQualifiedName.root, told)

    def _tag(self, label: Label, element: Label | None) -> TagLabel:
        glossary = label.dimension == "element"
        return TagLabel(
            tagFQN=self._rules.fqn(label),
            source=TagSource.Glossary if glossary else TagSource.Classification,
            labelType=LabelType.Generated if self._with_reasons else LabelType.Automated,
            state=State.Suggested,
            reason=reason(label, element, self._rules.pack) if self._with_reasons else None,
        )

    def _known(self, label: Label) -> bool:
        """Whether the server has the tag: a write with one unknown tag can cost a column all it has."""
        name = self._rules.fqn(label)
        if name not in self._exists:
            kind = GlossaryTerm if label.dimension == "element" else Tag
            self._exists[name] = self.metadata.get_by_name(entity=kind, fqn=name) is not None
            if not self._exists[name]:
                self.status.warning(name, "not on the server: left out; `pdc publish` makes it")
        return self._exists[name]


def _samples(sample: SampleData | None) -> Mapping[str, list[Any]]:
    data = sample.data if sample else None
    if data is None or not data.columns:
        return {}
    return {name.root: [row[place] for row in data.rows or ()] for place, name in enumerate(data.columns)}


# --- workflow ------------------------------------------------------------------------------------------------------


class ClassificationWorkflow(ProfilerWorkflow):  # type: ignore[misc]
    """OpenMetadata's sampling run with this program's engine in the place of the platform's classifier."""

    def __init__(self, config: OpenMetadataWorkflowConfig, rules: Rules) -> None:
        self.rules = rules
        super().__init__(_safe(config))

    @classmethod
    def create(cls, config_dict: dict[str, Any], rules: Rules | None = None) -> ClassificationWorkflow:
        """Raises `WorkflowConfigError`, or what the SDK raises for a file that it cannot read."""
        if rules is None:
            raise WorkflowConfigError("this workflow needs a policy pack: start it with `pdc om-classify`")
        return cls(parse_workflow_config_gracefully(config_dict), rules)

    def set_steps(self) -> None:
        self.test_connection()
        self.source = self._get_source_class().create(self.config.model_dump(), self.metadata)
        self.sampler = Sampler(self.config, self.metadata, self.rules)
        self.processor = Processor(self.config, self.metadata, self.rules)
        self.steps = (self.sampler, self.processor, self._get_sink())

    def failures(self) -> list[tuple[str, str]]:
        """Name and error of everything that failed, step by step."""
        return [(item.name, item.error) for step in self.workflow_steps() for item in step.get_status().failures]

    def warnings(self) -> list[tuple[str, str]]:
        found = (warning for step in self.workflow_steps() for warning in step.get_status().warnings)
        return [pair for warning in found for pair in warning.items()]


def _safe(config: OpenMetadataWorkflowConfig) -> OpenMetadataWorkflowConfig:
    """The same configuration, storing no samples and logging no rows."""
    pipeline = config.source.sourceConfig.config
    if not isinstance(pipeline, DatabaseServiceAutoClassificationPipeline):
        raise WorkflowConfigError("sourceConfig.config: type must be AutoClassification, of a database service")
    if not pipeline.enableAutoClassification:
        raise WorkflowConfigError(
            "sourceConfig.config: enableAutoClassification is false, so nothing would be labelled"
        )
    pipeline.storeSampleData = False
    if config.workflowConfig.loggerLevel is LogLevels.DEBUG:
        config.workflowConfig.loggerLevel = LogLevels.INFO
    return config
