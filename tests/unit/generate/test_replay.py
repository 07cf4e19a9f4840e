"""The replay backend: somebody's generations file becomes samples, or one sentence says what does not fit and where."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from podium.errors import OtherWorkError, PodiumError, RecordError, UsageError
from podium.generate import GenerateOptions, collect_samples, generate
from podium.generate.backends.replay import ReplayBackend
from podium.generations import file_of
from podium.progress import SilentProgress
from podium.protocol import HUMANEVAL_STOP, generations_name
from podium.records import Sampling
from podium.tasks import Problem, Task

if TYPE_CHECKING:
    from pathlib import Path

PROMPTS = ["def f(x):", 'def g():\n    """é"""']
TASK = Task(
    name="humaneval",
    language="py",
    problems=[Problem(id=f"P/{number}", prompt=prompt, tests="") for number, prompt in enumerate(PROMPTS)],
    stop=list(HUMANEVAL_STOP),
    data_sha256="0" * 64,
    problems_in_task=2,
)
ROWS = [[f"{prompt}\n    return {index}" for index in range(3)] for prompt in PROMPTS]


def _backend(tmp_path: Path, content: Any) -> ReplayBackend:
    path = tmp_path / "theirs.json"
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return ReplayBackend(tmp_path, "auto", generations=path)


def _run(
    tmp_path: Path, backend: ReplayBackend, *, shard: str = "1/1", n_samples: int = 3, discard: bool = False
) -> SilentProgress:
    options = GenerateOptions(
        run_dir=tmp_path / "run",
        model_name="M",
        model_sha256="1" * 64,
        sampling=Sampling(n_samples=n_samples),
        backend="replay",
        dtype="auto",
        shard=shard,
        discard=discard,
    )
    report = SilentProgress()
    generate(options, TASK, backend, report)
    return report


def test_the_run_holds_the_files_texts_in_their_order(tmp_path: Path) -> None:
    _run(tmp_path, _backend(tmp_path, ROWS))
    assert json.loads((tmp_path / "run" / generations_name("humaneval", "M")).read_bytes()) == ROWS


def test_what_a_cut_text_cannot_tell_is_recorded_as_unknown(tmp_path: Path) -> None:
    backend = _backend(tmp_path, ROWS)
    report = _run(tmp_path, backend)
    header, rows = collect_samples(tmp_path / "run", "humaneval")
    assert {(sample.finish, sample.tokens) for row in rows for sample in row} == {("unknown", 0)}
    assert header.versions["engine"] == "replay"
    assert "not observed" in header.versions["sampling"]
    assert "does not say with which model" in report.notes[0]


def test_another_file_makes_other_samples_where_the_earlier_ones_are_given_up(tmp_path: Path) -> None:
    _run(tmp_path, _backend(tmp_path, ROWS))
    changed = [[text + "0" for text in row] for row in ROWS]
    with pytest.raises(OtherWorkError, match="generations_sha256"):
        _run(tmp_path, _backend(tmp_path, changed))
    _run(tmp_path, _backend(tmp_path, changed), discard=True)
    assert json.loads((tmp_path / "run" / generations_name("humaneval", "M")).read_bytes()) == changed


def test_texts_that_other_stop_words_cut_are_kept_and_told(tmp_path: Path) -> None:
    rows = [[ROWS[0][0], ROWS[0][1] + "\n```\n", ROWS[0][2]], ROWS[1]]
    report = _run(tmp_path, _backend(tmp_path, rows))
    assert "1 texts hold a stop word of humaneval, for example $[0][1]" in report.notes[1]


@pytest.mark.parametrize(
    ("content", "said", "remedy"),
    [
        (b"", "not strict JSON", "restore"),
        (b"[[", "not strict JSON", "restore"),
        (b'[["a", NaN]]', "NaN", "restore"),
        (b"\xff\xfe", "not strict JSON", "restore"),
        (b"[" * 100_000, "not strict JSON", "restore"),
        ({"a": [["x"]]}, "list of lists", "generations_<task>.json"),
        ([ROWS[0], None], "$[1]", "generations_<task>.json"),
        ([ROWS[0], [*ROWS[1][:2], 7]], "$[1][2]", "generations_<task>.json"),
        (ROWS[:1], "has 1 problems, 2 are wanted", "--shard"),
        ([*ROWS, ROWS[0]], "has 3 problems, 2 are wanted", "--limit"),
        (ROWS[::-1], "$[0][0] does not begin with the prompt of P/0", "another task"),
        ([ROWS[0], [*ROWS[1][:2], "def h():"]], "$[1][2] does not begin with the prompt of P/1", "another task"),
        ([row[:2] for row in ROWS], "$[0] (P/0) has 2 texts, 3 are wanted", "--n-samples 2"),
        ([ROWS[0], ROWS[1][:1]], "$[1] (P/1) has 1 texts, 3 are wanted", "--backend harness"),
        ([[], []], "$[0] (P/0) has 0 texts, 3 are wanted", "ragged"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_by_place_with_a_remedy(
    tmp_path: Path, content: Any, said: str, remedy: str
) -> None:
    with pytest.raises(RecordError) as caught:
        _run(tmp_path, _backend(tmp_path, content))
    assert said in str(caught.value)
    assert remedy in caught.value.hint
    assert not list(tmp_path.glob("run/**/*.json*"))


def test_a_shard_of_a_whole_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="has 2 problems, 1 are wanted") as caught:
        _run(tmp_path, _backend(tmp_path, ROWS), shard="1/2")
    assert "no --shard" in caught.value.hint


def test_an_absurdly_large_file_is_refused_before_it_is_parsed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("podium.generations.LIMIT_BYTES", 1 << 20)
    with pytest.raises(RecordError, match="larger than 1 MiB"):
        _backend(tmp_path, b"[" + b" " * (1 << 20) + b"]")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(PodiumError, match=r"nowhere\.json: No such file"):
        ReplayBackend(tmp_path, "auto", generations=tmp_path / "nowhere.json")


@pytest.mark.parametrize("name", ["generations_t.json", "generations_t_Model-1.json"])
def test_the_file_of_a_task_is_found_by_its_name(tmp_path: Path, name: str) -> None:
    for other in (name, "generations_tt.json", "generations_other_t.json"):
        (tmp_path / other).write_text("[]")
    assert file_of(tmp_path, "t") == tmp_path / name


@pytest.mark.parametrize(
    ("names", "said"), [([], "no file of t"), (["generations_t.json", "generations_t_M.json"], "2 files of t")]
)
def test_a_folder_with_no_file_of_a_task_or_two_is_refused(tmp_path: Path, names: list[str], said: str) -> None:
    for name in names:
        (tmp_path / name).write_text("[]")
    with pytest.raises(UsageError, match=said) as caught:
        file_of(tmp_path, "t")
    assert str(tmp_path / "generations_t.json") in caught.value.hint
