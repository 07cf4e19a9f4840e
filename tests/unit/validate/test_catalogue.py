"""Every rule is explained, and the page of rules is what the code says."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from podium.__main__ import main
from podium.errors import UnknownNameError
from podium.validate.checks import FOLDER_RULES
from podium.validate.documents import LOADING_RULES
from podium.validate.intake import INTAKE_RULES
from podium.validate.rules.catalogue import explain, explanations, page
from podium.validate.rules.documents import DOCUMENT_RULES
from podium.validate.rules.tables import RUN_RULES, SUBMISSION_RULES

ROOT = Path(__file__).parents[3]
REASONS = ROOT / "scripts" / "podium" / "validate" / "rules" / "reasons.toml"


def test_every_rule_has_a_reason_and_every_reason_a_rule() -> None:
    document_rules = {rule.name for rules in DOCUMENT_RULES.values() for rule in rules}
    folder_rules = {rule.name for rule in (*RUN_RULES, *SUBMISSION_RULES)}
    every = {*document_rules, *folder_rules, *INTAKE_RULES, *LOADING_RULES, *FOLDER_RULES}
    assert set(tomllib.loads(REASONS.read_text())) == every == set(explanations())


def test_the_page_of_rules_is_current() -> None:
    hint = "`python -m podium.validate.rules.catalogue` writes it"
    assert (ROOT / "docs" / "rules.md").read_text() == page(), hint


def test_the_page_has_one_row_a_rule() -> None:
    rows = re.findall(r"^\| `([a-z0-9-]+)` \| (error|warning) \| .+ \| .+\. \| .+\. \|$", page(), flags=re.MULTILINE)
    assert [name for name, _ in rows] == list(explanations())


def test_a_rule_is_explained_with_why_and_example(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["validate", "--explain", "whole-number"])
    assert stop.value.code == 0
    out = capsys.readouterr().out
    assert out.startswith("whole-number (error; run, submission)\npass@1 x problems x samples")
    assert "\nWhy: " in out
    assert "\nExample: 0.3063 x 161 x 50" in out


def test_an_unknown_rule_is_named_with_the_closest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'whole-number'"):
        explain("hole-number")
