"""``--validate``: request bodies and answers of 2.0 are checked by the SDK's generated models.

Importing them takes seconds, so only servers that were asked to do it. A body that a model refuses is 400 with the
model's name in it; an answer of ours that a model refuses is a defect of this tool and fails loudly.
"""

from __future__ import annotations

import json
import warnings
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from .errors import BadRequest

if TYPE_CHECKING:
    from pydantic import BaseModel

ROOT = "metadata.generated.schema."
#: Entity type → modules and classes of the create request and of the entity.
MODELS = {
    "databaseService": (
        "api.services.createDatabaseService.CreateDatabaseServiceRequest",
        "entity.services.databaseService.DatabaseService",
    ),
    "apiService": ("api.services.createApiService.CreateApiServiceRequest", "entity.services.apiService.ApiService"),
    "database": ("api.data.createDatabase.CreateDatabaseRequest", "entity.data.database.Database"),
    "databaseSchema": (
        "api.data.createDatabaseSchema.CreateDatabaseSchemaRequest",
        "entity.data.databaseSchema.DatabaseSchema",
    ),
    "table": ("api.data.createTable.CreateTableRequest", "entity.data.table.Table"),
    "apiCollection": (
        "api.data.createAPICollection.CreateAPICollectionRequest",
        "entity.data.apiCollection.APICollection",
    ),
    "apiEndpoint": ("api.data.createAPIEndpoint.CreateAPIEndpointRequest", "entity.data.apiEndpoint.APIEndpoint"),
    "classification": (
        "api.classification.createClassification.CreateClassificationRequest",
        "entity.classification.classification.Classification",
    ),
    "tag": ("api.classification.createTag.CreateTagRequest", "entity.classification.tag.Tag"),
    "glossary": ("api.data.createGlossary.CreateGlossaryRequest", "entity.data.glossary.Glossary"),
    "glossaryTerm": ("api.data.createGlossaryTerm.CreateGlossaryTermRequest", "entity.data.glossaryTerm.GlossaryTerm"),
    "domain": ("api.domains.createDomain.CreateDomainRequest", "entity.domains.domain.Domain"),
    "dataProduct": ("api.domains.createDataProduct.CreateDataProductRequest", "entity.domains.dataProduct.DataProduct"),
    "team": ("api.teams.createTeam.CreateTeamRequest", "entity.teams.team.Team"),
    "user": ("api.teams.createUser.CreateUserRequest", "entity.teams.user.User"),
    "role": ("api.teams.createRole.CreateRoleRequest", "entity.teams.role.Role"),
    "policy": ("api.policies.createPolicy.CreatePolicyRequest", "entity.policies.policy.Policy"),
    "bot": ("api.createBot.CreateBot", "entity.bot.Bot"),
    "lineage": ("api.lineage.addLineage.AddLineageRequest", "type.entityLineage.EntityLineage"),
    "customProperty": (
        "api.data.createCustomProperty.CreateCustomPropertyRequest",
        "type.customProperty.CustomProperty",
    ),
}


@cache
def model(path: str) -> type[BaseModel]:
    module, _, name = path.rpartition(".")
    found: type[BaseModel] = getattr(import_module(ROOT + module), name)
    return found


def load() -> None:
    """Import all models now, not in the middle of a request."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for paths in MODELS.values():
            for path in paths:
                model(path)


def complaint(path: str, value: Any) -> str | None:
    # Here, not above: it would double the start of every server.
    from pydantic import ValidationError

    try:
        model(path).model_validate_json(json.dumps(value))
    except ValidationError as error:
        return (
            f"{path.rpartition('.')[2]} of the SDK refuses this: {error.errors(include_url=False, include_input=False)}"
        )
    return None


def check_request(kind: str, body: Any) -> None:
    """400 when the SDK could not have sent a body."""
    if (text := complaint(MODELS[kind][0], body)) is not None:
        raise BadRequest(text)


def check_answer(kind: str, body: Any) -> None:
    """The SDK must be able to read what we answer."""
    text = complaint(MODELS[kind][1], body)
    if text is not None:
        raise AssertionError(text)
