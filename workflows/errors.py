"""What the verbs raise, by what to do next; each error knows the exit code of the command line.

::

    WorkflowError               (what happened + what to do next, never a value or a secret)
    ├── InputError        2     an argument or a file that the user named is wrong
    ├── PackProblem       2     the policy pack is wrong: repair the place named
    ├── StoreError        2     the site's database cannot be used
    └── Refusal           4     refused for safety

Errors of configuration and of sources are `connectors.base.ConnectorError`.
"""

from __future__ import annotations

import traceback
from pathlib import PurePath


class WorkflowError(Exception):
    exit_code = 1


class InputError(WorkflowError):
    exit_code = 2


class PackProblem(WorkflowError):
    exit_code = 2


class StoreError(WorkflowError):
    exit_code = 2


class Refusal(WorkflowError):
    exit_code = 4


def unforeseen(exc: BaseException) -> str:
    """An error that nobody planned for, told by kind and place only: its own text may quote a value.

    >>> try:
    ...     {}["13800138000"]
    ... except KeyError as exc:
    ...     unforeseen(exc).startswith("unexpected KeyError at ")
    True
    """
    frames = traceback.extract_tb(exc.__traceback__)
    place = f" at {PurePath(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"unexpected {type(exc).__name__}{place}"
