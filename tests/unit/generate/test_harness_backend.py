"""The harness backend: the board's command in a fresh folder, its known faults guarded, nothing half-written."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from tests.unit.generate.standin_harness import write_checkout, write_interpreter
from tests.unit.generate.tiny import EOS, write_tiny

from podium.convert import ConvertOptions, convert
from podium.errors import BackendError, UsageError
from podium.generate import GenerateOptions, collect_samples, generate
from podium.generate.backends.harness_backend import HarnessBackend
from podium.generate.backends.seam import Wanted
from podium.generate.postprocess import cut_at_stop
from podium.progress import SilentProgress
from podium.protocol import HUMANEVAL_STOP
from podium.records import Sampling
from podium.tasks import Problem, Task, load_task

if TYPE_CHECKING:
    from collections.abc import Callable

    from podium.records import Sample

pytestmark = pytest.mark.world
CHECKOUT = os.environ.get("PODIUM_TEST_HARNESS", "")
INTERPRETER = os.environ.get("PODIUM_TEST_HARNESS_PYTHON", "")
DEMO = Path(__file__).resolve().parents[3] / "scripts" / "podium" / "demo" / "checkpoint"
SAMPLING = Sampling(n_samples=3, max_length=40, seed=5)
TASK = Task(
    name="humaneval",
    language="py",
    problems=[Problem(id=f"P/{number}", prompt=f"def f{number}(x):", tests="") for number in range(3)],
    stop=list(HUMANEVAL_STOP),
    data_sha256="0" * 64,
    problems_in_task=3,
)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny(tmp_path_factory.mktemp("model"), dtype="bfloat16")


@pytest.fixture(scope="module")
def interpreter(tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_interpreter(tmp_path_factory.mktemp("harness") / "venv")


@pytest.fixture
def build(model: Path, interpreter: str, tmp_path: Path) -> Callable[..., HarnessBackend]:
    def build(behaviour: str = "", **environment: str) -> HarnessBackend:
        return HarnessBackend(
            model,
            "auto",
            harness=write_checkout(tmp_path / "checkout", behaviour),
            harness_python=interpreter,
            environment={"PATH": os.environ["PATH"], **environment},
        )

    return build


def _draw(backend: HarnessBackend, task: Task = TASK, sampling: Sampling = SAMPLING) -> list[Sample]:
    wanted = [Wanted(problem, list(range(sampling.n_samples))) for problem in task.problems]
    return [sample for batch in backend.draw(task, wanted, sampling) for sample in batch]


def _told(tmp_path: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((tmp_path / "checkout" / "told.json").read_bytes())
    return told


def _options(run_dir: Path) -> GenerateOptions:
    return GenerateOptions(
        run_dir=run_dir,
        model_name="M",
        model_sha256="1" * 64,
        sampling=SAMPLING,
        backend="harness",
        dtype="auto",
    )


def test_the_board_protocols_command_runs_in_a_fresh_folder_that_goes_away(
    build: Callable[..., HarnessBackend], model: Path, tmp_path: Path
) -> None:
    _draw(build(PODIUM_FORK_TOKEN="secret", HF_TOKEN="secret", WORLD_SIZE="8", RANK="3"))
    told = _told(tmp_path)
    assert told["args"] == {
        "model": str(model),
        "tasks": "humaneval",
        "n_samples": 3,
        "batch_size": 3,
        "do_sample": "True",
        "temperature": 0.2,
        "top_p": 0.95,
        "max_length_generation": 40,
        "seed": 5,
        "precision": "bf16",
        "save_generations_path": "generations.json",
        "generation_only": True,
        "save_generations": True,
    }
    assert not Path(told["cwd"]).exists()
    assert told["environment"]["TMPDIR"].startswith(told["cwd"])
    assert told["environment"]["HF_HUB_OFFLINE"] == "1"
    assert not told["environment"].keys() & {"PODIUM_FORK_TOKEN", "HF_TOKEN", "WORLD_SIZE", "RANK", "PYTHONPATH"}


def test_its_texts_become_samples_whose_ending_is_unknown(build: Callable[..., HarnessBackend], tmp_path: Path) -> None:
    backend = build()
    generate(_options(tmp_path / "run"), TASK, backend, SilentProgress())
    header, rows = collect_samples(tmp_path / "run", "humaneval")
    assert [[sample.generation for sample in row] for row in rows] == [
        [f"def f{problem}(x):\n    {index}" for index in range(3)] for problem in range(3)
    ]
    assert {sample.finish for row in rows for sample in row} == {"unknown"}
    assert header.versions["engine"] == "harness"
    assert header.versions["transformers"] == "1.0"
    assert header.stop == [*HUMANEVAL_STOP, EOS]


def test_greedy_is_told_in_the_harness_words(build: Callable[..., HarnessBackend], tmp_path: Path) -> None:
    _draw(build(), sampling=msgspec.structs.replace(SAMPLING, temperature=0.0))
    assert (_told(tmp_path)["args"]["do_sample"], _told(tmp_path)["args"]["temperature"]) == ("False", 1.0)


def test_more_samples_than_a_batch_are_cut_to_what_was_asked(build: Callable[..., HarnessBackend]) -> None:
    assert len(_draw(build(), sampling=msgspec.structs.replace(SAMPLING, n_samples=60))) == 180


def test_a_task_that_a_missing_comma_hides_is_drawn(build: Callable[..., HarnessBackend], tmp_path: Path) -> None:
    task = msgspec.structs.replace(TASK, name="multiple-pl", language="pl", stop=["\nsub", "<file_sep>"])
    assert len(_draw(build(), task)) == 9
    assert _told(tmp_path)["args"]["tasks"] == "multiple-pl"


def test_a_prompt_that_fills_the_window_is_completed_and_flagged(build: Callable[..., HarnessBackend]) -> None:
    """The harness leaves one text of it (#207): the input."""
    long = msgspec.structs.replace(TASK.problems[0], prompt="x" * 40)
    task = msgspec.structs.replace(TASK, problems=[long, *TASK.problems[1:]])
    backend = build("full")
    assert "fill the window" in " ".join(backend.preflight(task, SAMPLING))
    samples = _draw(backend, task)
    assert [(s.index, s.generation, s.finish) for s in samples if s.problem == long.id] == [
        (index, long.prompt, "prompt_fills_window") for index in range(3)
    ]
    assert {s.finish for s in samples if s.problem != long.id} == {"unknown"}


@pytest.mark.parametrize(
    ("behaviour", "said", "remedy"),
    [
        ("fail", "exit code 1: .*ValueError: the model has no such layer", "run generate again"),
        ("kill", "was killed by SIGKILL", "memory"),
        ("silent", r"cannot read .*generations_humaneval\.json", "8fc5bae6"),
        ("short", r"\$\[2\] \(P/2\) has 1 texts, 3 are wanted", "8fc5bae6"),
        ("full", r"\$\[0\] \(P/0\) has 1 texts, 3 are wanted", "8fc5bae6"),
        ("other", r"\$\[0\]\[0\] does not begin with the prompt of P/0", "8fc5bae6"),
        ("torn", "not strict JSON", "8fc5bae6"),
    ],
)
def test_a_harness_that_fails_leaves_no_sample_and_says_why(
    build: Callable[..., HarnessBackend], tmp_path: Path, behaviour: str, said: str, remedy: str
) -> None:
    with pytest.raises(BackendError, match=said) as caught:
        generate(_options(tmp_path / "run"), TASK, build(behaviour), SilentProgress())
    assert remedy in caught.value.hint
    (log,) = (tmp_path / "run" / "samples").iterdir()
    assert len(log.read_bytes().splitlines()) == 1
    assert not (tmp_path / "run" / "generations_M").exists()


def test_an_interrupted_run_tells_its_progress_and_ends_the_harness(
    build: Callable[..., HarnessBackend], tmp_path: Path
) -> None:
    backend = build("hang")
    batches = backend.draw(TASK, [Wanted(TASK.problems[0], [0])], SAMPLING)
    while not (tmp_path / "checkout" / "told.json").exists() or not _is_json(tmp_path / "checkout" / "told.json"):
        assert next(batches) == []
    assert next(batches) == []
    assert backend.facts() == "the harness is at 1 of 3 problems"
    batches.close()
    deadline = time.monotonic() + 10
    while Path(f"/proc/{_told(tmp_path)['pid']}").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _is_json(path: Path) -> bool:
    try:
        json.loads(path.read_bytes())
    except ValueError:
        return False
    return True


def test_other_stop_words_than_the_protocols_are_refused(model: Path, interpreter: str, tmp_path: Path) -> None:
    checkout = write_checkout(tmp_path / "old", stop_words=r'"\nclass", "\ndef", "\n#", "\nif"')
    backend = HarnessBackend(model, "auto", harness=checkout, harness_python=interpreter, environment={})
    with pytest.raises(BackendError, match="stops humaneval at") as caught:
        _draw(backend)
    assert "2024 or later" in caught.value.hint


def test_a_task_the_harness_does_not_have_is_refused(build: Callable[..., HarnessBackend]) -> None:
    with pytest.raises(BackendError, match="no task general"):
        _draw(build(), msgspec.structs.replace(TASK, name="general"))


def test_a_folder_that_is_no_checkout_names_the_clone_command(model: Path, interpreter: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"it has no main\.py") as caught:
        HarnessBackend(model, "auto", harness=tmp_path, harness_python=interpreter, environment={})
    assert "git clone" in caught.value.hint


def test_a_missing_package_is_named_with_the_pip_command(model: Path, tmp_path: Path) -> None:
    python = write_interpreter(tmp_path / "venv", lacking="accelerate")
    checkout = write_checkout(tmp_path / "checkout")
    with pytest.raises(BackendError, match="lacks accelerate") as caught:
        HarnessBackend(model, "auto", harness=checkout, harness_python=python, environment={})
    assert f"{python} -m pip install accelerate" in caught.value.hint


def test_an_interpreter_that_is_none_is_refused(model: Path, tmp_path: Path) -> None:
    checkout = write_checkout(tmp_path / "checkout")
    with pytest.raises(UsageError, match="does not run as a Python interpreter") as caught:
        HarnessBackend(model, "auto", harness=checkout, harness_python="/bin/false", environment={})
    assert "--harness-python" in caught.value.hint


@pytest.mark.slow
@pytest.mark.skipif(not (CHECKOUT and INTERPRETER), reason="PODIUM_TEST_HARNESS and _PYTHON name no harness")
@pytest.mark.parametrize("name", ["demo-python", "demo-pl"])
def test_the_real_harness_draws_what_it_should(tmp_path: Path, name: str) -> None:
    convert(ConvertOptions(checkpoint=DEMO, output=tmp_path / "model", dtype="float32"), SilentProgress())
    task = msgspec.structs.replace(load_task(name, None), problems=load_task(name, None).problems[:3])
    long = Problem(id="long", prompt="x = 1\n" * 200 + "y = 2", tests="")
    task = msgspec.structs.replace(task, problems=[*task.problems, long])
    backend = HarnessBackend(
        tmp_path / "model", "auto", harness=Path(CHECKOUT), harness_python=INTERPRETER, environment=os.environ
    )
    samples = _draw(backend, task, Sampling(n_samples=4, max_length=128))
    assert [sample.finish for sample in samples] == ["unknown"] * 12 + ["prompt_fills_window"] * 4
    prompts = {problem.id: problem.prompt for problem in task.problems}
    for sample in samples:
        completion = sample.generation[len(prompts[sample.problem]) :]
        assert cut_at_stop(completion, backend.stop_words(task)) == completion
    assert len({sample.generation for sample in samples}) > 4
