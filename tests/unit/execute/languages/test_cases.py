"""Case files say what they hold, and mutations of them are many, different and the same each time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest
from tests.bench.parts.mutations import KINDS, STATEMENTS, mutations, sample
from tests.unit.execute.languages.cases import Case, generation_of, read_case, task_of

if TYPE_CHECKING:
    from pathlib import Path


def written(folder: Path, text: str) -> Case:
    path = folder / "d" / "HumanEval_53_add.right-way.d"
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    return read_case(path)


@pytest.mark.parametrize(
    "comment", ["// podium: passed", "# podium: passed", ";; podium: passed", "/* podium: passed */"]
)
def test_a_case_is_what_follows_its_first_line(tmp_path: Path, comment: str) -> None:
    case = written(tmp_path, f"{comment}\n{{\n    return 1;\n\n}}\n")
    assert (case.language, case.problem, case.variant) == ("d", "HumanEval_53_add", "right-way")
    assert case.completion == "\n{\n    return 1;\n\n}"
    assert case.wanted == {"parity": "passed", "corrected": "passed"}


def test_modes_may_differ(tmp_path: Path) -> None:
    case = written(tmp_path, "// podium: parity failed, corrected timed_out\nx\n")
    assert case.wanted == {"parity": "failed", "corrected": "timed_out"}


@pytest.mark.parametrize("line", ["x", "// passed", "// podium: parity passed", "// podium: brilliant"])
def test_a_first_line_without_outcomes_is_refused(tmp_path: Path, line: str) -> None:
    with pytest.raises((ValueError, KeyError)):
        written(tmp_path, f"{line}\nx\n")


def test_a_case_beyond_a_stop_string_is_no_completion(tmp_path: Path) -> None:
    case = written(tmp_path, "// podium: passed\n{\n    return x + y;\n}\n")
    assert generation_of(case).endswith("return x + y;\n}")
    assert "\n\n" in task_of("d").stop
    with pytest.raises(AssertionError, match="a model would have ended"):
        generation_of(msgspec.structs.replace(case, completion=case.completion + "\n\nint f;"))


RIGHT = "\n    for (int i = 0; i < n; i++) {\n        if (l[i] == 1) return true;\n    }\n    return false;"


def test_mutations_are_of_every_kind_and_differ() -> None:
    found = mutations(RIGHT, "cpp")
    texts = [mutation.completion for mutation in found]
    assert {mutation.kind for mutation in found} == set(KINDS)
    assert len(texts) == len(set(texts)) >= 25
    assert RIGHT not in texts


def test_a_sample_has_every_kind_and_is_the_same_for_the_same_seed() -> None:
    found = mutations(RIGHT, "cpp")
    assert {mutation.kind for mutation in sample(found, len(KINDS), 3)} == set(KINDS)
    assert sample(found, 7, 3) == sample(found, 7, 3) != sample(found, 7, 4)
    assert sample(found, 10_000, 3) != found
    assert set(sample(found, 10_000, 3)) == set(found)


@pytest.mark.parametrize("language", sorted(STATEMENTS))
def test_statements_begin_the_program(language: str) -> None:
    opened = "\n{\n" if language == "d" else "\n"
    first = [one.completion for one in mutations(f"{opened}    body", language) if one.kind == "failure"]
    assert first == [f"{opened}    {STATEMENTS[language].fail}\n    body"]
