"""The runner's expression language agrees with GitHub's where the workflows use it."""

from __future__ import annotations

from typing import Any

import pytest
from tests.actions.expressions import evaluate, fill

CONTEXTS = {"inputs": {"tag": "", "run-id": "17"}, "github": {"ref_type": "tag", "ref_name": "v1"}}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("inputs.tag || (github.ref_type == 'tag' && github.ref_name) || ''", "v1"),
        ("inputs.tag && format('refs/tags/{0}', inputs.tag) || ''", ""),
        ("!inputs.run-id", False),
        ("fromJSON('[1]')", [1]),
        ("inputs.run-id > 1", True),
        ("'it''s'", "it's"),
        ("github.ref_type != 'tag'", False),
    ],
)
def test_expression_has_the_value_github_gives(text: str, value: Any) -> None:
    assert evaluate(text, CONTEXTS) == value


def test_text_around_expressions_stays() -> None:
    assert fill("a-${{ inputs.run-id }}-${{ github.ref_name }}", CONTEXTS) == "a-17-v1"


def test_unknown_name_is_an_error() -> None:
    with pytest.raises(KeyError):
        evaluate("inputs.tga", CONTEXTS)


@pytest.mark.parametrize("text", ["inputs.tag ]", "inputs.tag 'x'", "(inputs.tag"])
def test_unreadable_expression_is_an_error(text: str) -> None:
    with pytest.raises((ValueError, KeyError)):
        evaluate(text, CONTEXTS)
