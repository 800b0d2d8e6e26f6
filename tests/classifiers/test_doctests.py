"""The examples in the docstrings of the identifiers, recognizers and value modules."""

from __future__ import annotations

import doctest
from importlib import import_module
from pkgutil import iter_modules

import pytest

import classifiers.identifiers
import classifiers.recognizers

PACKAGES = (classifiers.identifiers, classifiers.recognizers)
MODULES = [f"{package.__name__}.{found.name}" for package in PACKAGES for found in iter_modules(package.__path__)]
MODULES += ["classifiers.distinct", "classifiers.elements", "classifiers.engine", "classifiers.structure"]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    result = doctest.testmod(import_module(name))
    assert result.failed == 0


@pytest.mark.parametrize("name", [name for name in MODULES if ".identifiers." in name])
def test_identifier_modules_name_their_authority_and_have_examples(name: str) -> None:
    module = import_module(name)
    if name.endswith((".common", ".normal")):
        return
    assert "Authority:" in (module.__doc__ or "")
    assert (module.__doc__ or "").count("check(") >= 2
    assert callable(module.check)
    assert callable(module.normalise)
