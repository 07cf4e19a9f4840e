"""The board `evalplus`: EvalPlus's own result files are proven, and become a folder with an issue to open by hand."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import math
import shutil
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.unit.boards.evalplus_files import HUMANEVAL, MODEL_EXAMPLE, result_file, row
from tests.unit.boards.stages import NO_TOKENS

from podium.boards import submit
from podium.boards.folder.evalplus import EVIDENCE, FOR_A_PERSON, ISSUE, EvalPlusBoard
from podium.boards.folder.evalplus_results import DATA_SETS, DataSet, read_result
from podium.boards.seam import Targets
from podium.errors import IncompleteError, PodiumError, RecordError, UsageError
from podium.files import sha256_json
from podium.progress import SilentProgress
from podium.records import Gate, Receipt, read_record, receipt_name
from podium.validate.leaks import secret_in

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[3]
REAL_DATA = ROOT.parent / "shared" / "data" / "evalplus"
FAKE_TOKEN = "hf_" + "A1b2C3d4E5" * 4


@pytest.fixture
def run_dir(make_run: Callable[..., Path]) -> Path:
    folder = make_run()
    shutil.copy(MODEL_EXAMPLE, folder / "model.json")
    return folder


def board_for(tmp_path: Path, *results: Path) -> EvalPlusBoard:
    return EvalPlusBoard(Targets(directory=tmp_path / "out", results=results), NO_TOKENS)


def test_scores_are_computed_from_the_verdicts(tmp_path: Path) -> None:
    result = read_result(result_file(tmp_path / "x.eval_results.json"))
    # A sample that passes the plus tests but not the base tests passes nothing.
    assert (result.passed_base, result.passed_plus) == (60, 40)
    assert (result.base, result.plus) == (60 / 164, 40 / 164)


@pytest.mark.parametrize(
    ("change", "kind", "text"),
    [
        (lambda v: v["eval"].pop("HumanEval/7"), IncompleteError, "163 tasks"),
        (lambda v: v["eval"].update({"HumanEval/164": [row("HumanEval/164")]}), IncompleteError, "165 tasks"),
        (lambda v: v["eval"]["HumanEval/3"].append(row("HumanEval/3")), RecordError, "2 samples"),
        (lambda v: v["eval"]["HumanEval/3"][0].update(task_id="HumanEval/4"), RecordError, "is about HumanEval/4"),
        (lambda v: v["eval"]["HumanEval/3"][0].update(plus_status=None), IncompleteError, "plus tests"),
        (lambda v: v["eval"]["HumanEval/3"][0].update(base_status=None), IncompleteError, "base tests"),
        (lambda v: v.update(hash="0" * 32), RecordError, "none of the leaderboard's data sets"),
        (lambda v: v.update(hash=DATA_SETS[1].md5), IncompleteError, "378 of MBPP"),
        (lambda v: v["pass_at_k"]["plus"].update({"pass@1": 0.9}), RecordError, "its own verdicts give"),
        (lambda v: v["pass_at_k"]["base"].update({"pass@1": math.inf}), RecordError, "pass@1"),
        (lambda v: v["eval"]["HumanEval/3"][0].update(solution=f"key = '{FAKE_TOKEN}'"), RecordError, "Hugging Face"),
        (lambda v: v.update(model="mine"), RecordError, "model"),
    ],
)
def test_result_file_that_does_not_hold_is_refused(
    tmp_path: Path, change: Callable[[dict[str, Any]], object], kind: type[PodiumError], text: str
) -> None:
    path = result_file(tmp_path / "x.json", change)
    with pytest.raises(kind, match=text) as caught:
        read_result(path)
    assert str(path) in str(caught.value)
    assert caught.value.hint
    assert FAKE_TOKEN not in f"{caught.value} {caught.value.hint}"


def test_released_file_named_by_override_path_is_the_same_data_set(tmp_path: Path) -> None:
    path = result_file(tmp_path / "x.json", lambda value: value.update(hash=HUMANEVAL.packed_md5))
    assert read_result(path).data_set == HUMANEVAL


def test_infinite_input_of_a_failed_test_is_no_fault(tmp_path: Path) -> None:
    change: Any = lambda value: value["eval"]["HumanEval/100"][0].update(base_fail_tests=[[math.inf]])  # noqa: E731
    assert read_result(result_file(tmp_path / "x.json", change)).passed_base == 60


@pytest.mark.parametrize("text", ["[]", "{", '{"hash": 1, "hash": 2}', "\ud800".encode("utf-8", "surrogatepass")])
def test_what_is_no_result_file_is_refused(tmp_path: Path, text: str | bytes) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(RecordError):
        read_result(path)


def test_link_and_missing_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "link.json").symlink_to(result_file(tmp_path / "x.json"))
    for name in ("link.json", "gone.json"):
        with pytest.raises(RecordError, match=name):
            read_result(tmp_path / name)


def test_folder_holds_an_issue_and_the_evidence(run_dir: Path, tmp_path: Path) -> None:
    path = result_file(tmp_path / "x.json")
    receipt = submit("submit", board_for(tmp_path, path), run_dir, SilentProgress())
    folder = tmp_path / "out" / "evalplus_acme_Tiny-1"
    assert (receipt.outcome, receipt.url) == ("created", folder.as_uri())
    assert sorted(file.name for file in folder.iterdir()) == [EVIDENCE, ISSUE]
    text = (folder / ISSUE).read_text()
    assert "| HumanEval+ v0.1.10 | 164 | 0.3659 (60) | 0.2439 (40) |" in text
    assert "350,000,000 parameters" in text
    with zipfile.ZipFile(io.BytesIO((folder / EVIDENCE).read_bytes())) as archive:
        assert archive.namelist() == ["humaneval.eval_results.json", "humaneval.jsonl"]
        assert archive.read("humaneval.eval_results.json") == path.read_bytes()
        samples = [json.loads(line) for line in archive.read("humaneval.jsonl").splitlines()]
    assert len(samples) == 164
    assert samples[0].keys() == {"task_id", "solution"}


def test_only_a_person_answers_what_only_a_person_can(run_dir: Path, tmp_path: Path) -> None:
    receipt = submit("submit", board_for(tmp_path, result_file(tmp_path / "x.json")), run_dir, SilentProgress())
    text = (tmp_path / "out" / "evalplus_acme_Tiny-1" / ISSUE).read_text()
    for field in FOR_A_PERSON:
        assert f"### {field}\n" in text
        assert field in receipt.notes[0]
    assert "[x]" not in text.lower()
    link = text.split("what is known: ")[1].split(" -->")[0]
    given = parse_qs(urlsplit(link).query)
    assert given.keys() == {"template", "title", "about", "url", "other"}
    assert given["url"] == ["https://huggingface.co/acme/Tiny-1"]
    assert given["title"][0] == "🤗 [REQUEST] - acme/Tiny-1"
    assert len(link) < 8000  # longer addresses are refused by GitHub


def test_repeat_is_unchanged_and_another_result_updates(run_dir: Path, tmp_path: Path) -> None:
    path = result_file(tmp_path / "x.json")
    outcomes = [submit("submit", board_for(tmp_path, path), run_dir, SilentProgress()).outcome for _ in range(2)]

    def better(value: dict[str, Any]) -> None:
        value["eval"]["HumanEval/50"][0].update(plus_status="pass")
        value.pop("pass_at_k")

    result_file(path, better)
    outcomes.append(submit("submit", board_for(tmp_path, path), run_dir, SilentProgress()).outcome)
    assert outcomes == ["created", "unchanged", "updated"]


def test_receipt_does_not_take_the_place_of_the_forks(run_dir: Path, tmp_path: Path) -> None:
    receipt = submit("submit", board_for(tmp_path, result_file(tmp_path / "x.json")), run_dir, SilentProgress())
    assert read_record(run_dir / receipt_name("submit", "evalplus"), Receipt) == receipt
    assert not (run_dir / "submit.json").exists()


def test_gate_that_says_no_stops_this_board_too(make_run: Callable[..., Path], tmp_path: Path) -> None:
    run_dir = make_run(gates=[Gate(name="language", decision="no", evidence="zero in lua")])
    receipt = submit("submit", board_for(tmp_path, result_file(tmp_path / "x.json")), run_dir, SilentProgress())
    assert (receipt.outcome, receipt.reason) == ("skipped", "gate language says no: zero in lua")
    assert not (tmp_path / "out").exists()


def test_two_files_of_one_data_set_are_a_usage_error(run_dir: Path, tmp_path: Path) -> None:
    paths = [result_file(tmp_path / name) for name in ("x.json", "y.json")]
    board = board_for(tmp_path, *paths)
    with pytest.raises(UsageError, match=r"HumanEval\+, HumanEval\+"):
        board.outlook(board.prepare(run_dir))


def test_missing_results_name_the_option(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        board_for(tmp_path)
    assert "--results" in caught.value.hint


@pytest.mark.parametrize(
    "text",
    [FAKE_TOKEN, "ghp_" + "a" * 36, "github_pat_" + "a" * 50, "AKIA" + "A" * 16, "-----BEGIN RSA PRIVATE KEY-----"],
)
def test_secrets_are_recognised(text: str) -> None:
    assert secret_in(f"x = '{text}'")
    assert not secret_in("hf_hub_download(repo) ; sk-learn ; ghp_ ; task-scheduler-and-some-more-words-in-a-row")


@pytest.mark.skipif(not REAL_DATA.exists(), reason="EvalPlus's data sets are not beside the project")
@pytest.mark.parametrize(("data_set", "name"), [(DATA_SETS[0], "HumanEvalPlus"), (DATA_SETS[1], "MbppPlus")])
def test_data_sets_are_known_by_what_evalplus_publishes(data_set: DataSet, name: str) -> None:
    packed = (REAL_DATA / f"{name}.jsonl.gz").read_bytes()
    assert hashlib.md5(packed, usedforsecurity=False).hexdigest() == data_set.packed_md5
    data = gzip.decompress(packed)
    ids = [json.loads(line)["task_id"] for line in data.splitlines()]
    assert hashlib.md5(data, usedforsecurity=False).hexdigest() == data_set.md5
    assert (len(ids), sha256_json(sorted(ids))) == (data_set.tasks, data_set.ids_sha256)
