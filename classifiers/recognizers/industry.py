"""行业代码."""

from __future__ import annotations

from classifiers.identifiers import industry

from .base import Recognizer

RECOGNIZER = Recognizer(
    id="industry",
    element="org.industry",
    kind="plain",
    examine=industry.examine,
    letters=(3, 4, 5),
    strength=0.3,
)
