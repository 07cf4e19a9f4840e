"""errors: every class has its exit code, and the drawing at the top says the same."""

from __future__ import annotations

import re

import podium.errors
from podium.errors import PodiumError


def _classes(base: type[PodiumError]) -> list[type[PodiumError]]:
    return [base, *(inner for child in base.__subclasses__() for inner in _classes(child))]


def test_the_drawing_names_every_class_with_its_exit_code() -> None:
    drawn = dict(re.findall(r"(\w+Error)\s*(\d*)", podium.errors.__doc__ or ""))
    drawn["PodiumError"] = "70"
    for kind in set(_classes(PodiumError)):
        if kind.__module__ != "podium.errors":
            continue
        assert kind.__name__ in drawn, f"draw {kind.__name__} in the docstring of podium.errors"
        assert drawn[kind.__name__] in ("", str(kind.exit_code)), kind.__name__


def test_only_a_bug_has_code_70() -> None:
    children = [kind for kind in _classes(PodiumError) if kind is not PodiumError]
    assert all(kind.exit_code != 70 for kind in children)
