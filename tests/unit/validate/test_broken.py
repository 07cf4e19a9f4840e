"""Every broken submission in tests/examples/broken is found out by exactly its rule; adding one is adding a file."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest
from tests.unit.validate.broken import CASES, spoil
from tests.unit.verify.submissions import FOLDER, true_submission

from podium.validate import validate

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return true_submission(tmp_path_factory.mktemp("true") / "community_results" / FOLDER)


def test_the_sound_submission_has_no_findings(sound: Path) -> None:
    assert validate([sound]).findings == []


@pytest.mark.parametrize("path", CASES, ids=[path.stem for path in CASES])
def test_a_broken_submission_is_found_by_exactly_its_rule(path: Path, sound: Path, tmp_path: Path) -> None:
    case = json.loads(path.read_text())
    root = shutil.copytree(sound, tmp_path / "community_results" / FOLDER)
    spoil(root, case)
    found = {(finding.rule, finding.severity) for finding in validate([tmp_path]).findings}
    # A file of a foreign name is foreign as well: nothing but the board's files has any place there.
    assert found - {("unknown-file", "error")} == {(case["rule"], case["severity"])} - {("unknown-file", "error")}
    assert path.name.startswith(f"{case['rule']}--")
    if case["rule"] == "unknown-file":
        assert found


def test_there_are_more_than_sixty() -> None:
    assert len(CASES) > 60
