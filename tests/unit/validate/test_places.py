"""Files and folders are known by name and place, and validated one by one, alone or in a tree."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from podium.validate import placed, validate
from podium.validate.places import is_submission, recognise

if TYPE_CHECKING:
    from pathlib import Path

MODEL = "tiny-code_1"
GROUPED = "acme_tiny-code_1_ada.json"


@pytest.mark.parametrize(
    ("path", "kind", "task", "model"),
    [
        ("plan.json", "plan", "", ""),
        ("submit.json", "receipt", "", ""),
        ("publish.json", "receipt", "", ""),
        *(
            (f"{name}.json", "receipt", "", "")
            for name in ("submit.directory", "submit.evalplus", "publish.eval-results")
        ),
        ("pr_body.md", "body", "", ""),
        ("report/index.html", "page", "", ""),
        ("samples/humaneval.1-of-4.jsonl", "samples", "humaneval", ""),
        ("verdicts/multiple-lua.jsonl", "verdicts", "multiple-lua", ""),
        ("generations_m_1/generations_humaneval_m_1.json", "generations", "humaneval", "m_1"),
        ("metrics_m/metrics_multiple-rs_m.json", "metrics", "multiple-rs", "m"),
        # The harness since November 2023, and a merged submission with a folder a task.
        ("generations_m/generations_multiple-d_m_multiple-d.json", "generations", "multiple-d", "m"),
        ("generations_m/generations_multiple-d/_m_multiple-d.json", "generations", "multiple-d", "m"),
    ],
)
def test_file_is_recognised(path: str, kind: str, task: str, model: str) -> None:
    place = recognise(path)
    assert place is not None
    assert (place.kind.name, place.task, place.model) == (kind, task, model)


@pytest.mark.parametrize("path", ["index.html", "samples/x.jsonl.stale", "x.jsonl", "config.json", "notes/README.md"])
def test_other_file_is_not_recognised(path: str) -> None:
    assert recognise(path) is None


def test_submission_is_known_by_its_folders_or_its_place() -> None:
    assert is_submission(["generations_m", "a_b_c.json"], "downloads")
    assert is_submission([], "community_results")
    assert not is_submission(["generations_m"], "downloads")
    assert not is_submission(["generations_m", "scores.json"], "artifact")


def test_every_file_of_a_run_is_valid_by_itself(run_dir: Path) -> None:
    files = [path for path in run_dir.rglob("*") if path.is_file() and recognise(path.relative_to(run_dir).as_posix())]
    found = validate(sorted(files))
    assert found.findings == []
    assert len(found.files) == len(files) > 20


def test_a_file_with_any_name_is_known_by_its_content(run_dir: Path, tmp_path: Path) -> None:
    copies = []
    for number, path in enumerate(
        ["scores.json", GROUPED, f"metrics_{MODEL}/metrics_demo-sh_{MODEL}.json", "verdicts/demo-sh.jsonl"]
    ):
        copies.append(tmp_path / f"copy{number}{(run_dir / path).suffix}")
        shutil.copy(run_dir / path, copies[-1])
    found = validate(copies)
    assert found.findings == []
    assert len(found.files) == 4


def test_unknown_file_named_by_hand_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{}")
    assert [finding.rule for finding in validate([tmp_path / "x.json"]).findings] == ["nothing-known"]


def test_folder_with_nothing_known_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "x.txt").write_text("hello")
    assert [finding.rule for finding in validate([tmp_path]).findings] == ["nothing-known"]


def test_runs_and_submissions_are_found_below_a_folder(run_dir: Path, submission_dir: Path, tmp_path: Path) -> None:
    (run_dir / "samples" / "demo-sh.1-of-1.jsonl").unlink()
    (submission_dir / "stray.txt").write_text("hello")
    found = {(finding.rule, finding.path) for finding in validate([tmp_path]).findings}
    assert found == {
        ("run-incomplete", "v1.0.0/samples/demo-sh.1-of-1.jsonl"),
        ("ledger-outputs", "v1.0.0/samples/demo-sh.1-of-1.jsonl"),
        ("unknown-file", f"community_results/{submission_dir.name}/stray.txt"),
    }


def test_paths_are_relative_for_one_folder_and_full_when_placed(run_dir: Path) -> None:
    assert "plan.json" in {file.path for file in validate([run_dir]).files}
    assert str(run_dir / "plan.json") in {file.path for file in placed(validate([run_dir]), [run_dir]).files}


def test_findings_do_not_change_with_what_is_written_after_them(run_dir: Path) -> None:
    before = validate([run_dir])
    for name in ("findings.json", "gates.json", "pr_body.md", "submission.json", "ledger.json"):
        (run_dir / name).unlink()
    shutil.rmtree(run_dir / "report")
    shutil.rmtree(run_dir / "submission")
    assert validate([run_dir]) == before


def test_an_unfinished_run_is_not_blamed_for_what_is_not_there_yet(run_dir: Path) -> None:
    for path in run_dir.iterdir():
        if path.name not in ("plan.json", "samples"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert validate([run_dir]).findings == []


def test_a_run_without_its_model_folder_is_judged_by_the_rest(run_dir: Path) -> None:
    shutil.rmtree(run_dir / "model")
    assert validate([run_dir]).findings == []


def test_partial_run_is_valid_as_long_as_it_says_so(run_dir: Path) -> None:
    plan = json.loads((run_dir / "plan.json").read_text())
    plan["partial"] = ["it was run without a release tag"]
    (run_dir / "plan.json").write_text(json.dumps(plan))
    assert [finding.rule for finding in validate([run_dir]).findings] == ["ledger-outputs"]
