"""podium generate as a process: backends and their options, and a run that survives kills and full disks."""

from __future__ import annotations

import json
import random
import subprocess
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.acceptance.command import CHECKPOINT, COMMAND
from tests.unit.generate.standin_harness import write_checkout, write_interpreter
from tests.unit.generate.tiny import write_tiny

from podium.convert import ConvertOptions, convert
from podium.progress import SilentProgress

if TYPE_CHECKING:
    from tests.acceptance.command import Podium

pytestmark = pytest.mark.world
SEED = time.time_ns()  # other moments every time; a failure prints it
TASK = ("--task", "demo-sh", "--n-samples", "40", "--max-length", "200", "--name", "M")
GENERATIONS = "generations_M/generations_demo-sh_M.json"


@pytest.fixture
def model(podium: Podium) -> Path:
    """The demo's checkpoint, converted, in fp32."""
    folder = podium.folder / "model"
    convert(ConvertOptions(checkpoint=CHECKPOINT, output=folder, dtype="float32"), SilentProgress())
    return folder


def _log(run: Path) -> Path:
    return run / "samples" / "demo-sh.1-of-1.jsonl"


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _is_past(log: Path, size: int, wait_seconds: float) -> bool:
    if _size(log) < size:
        return False
    time.sleep(wait_seconds)
    return True


class TestSurviving:
    """However often it is killed or refused, it ends in the bytes of an undisturbed run."""

    pytestmark = pytest.mark.slow

    @pytest.fixture
    def undisturbed(self, podium: Podium, model: Path) -> bytes:
        said = podium("generate", model, *TASK, "-o", "whole")
        assert said.code == 0, said.err
        return (podium.folder / "whole" / GENERATIONS).read_bytes()

    @pytest.mark.parametrize("kills", [3, pytest.param(20, marks=pytest.mark.exhaustive)])
    def test_killed_at_random_moments_ends_in_the_same_bytes(
        self, podium: Podium, model: Path, undisturbed: bytes, kills: int
    ) -> None:
        """Each kill falls at a random moment of the drawing; a third of them also tears the log's last line."""
        draw, deaths, run = random.Random(SEED), 0, podium.folder / "cut0"
        whole = _size(_log(podium.folder / "whole"))
        while deaths < kills:
            reached = _size(_log(run)) + draw.choice([1, whole // 8, whole // 4])
            moment = partial(_is_past, _log(run), reached, draw.uniform(0, 0.3))
            if podium.kill_when(moment, "generate", model, *TASK, "-o", run):
                deaths += 1
                if draw.random() < 1 / 3:
                    _log(run).write_bytes(_log(run).read_bytes()[: -draw.randrange(1, 60)])
            else:  # it was faster; it must have ended well, and the next run begins anew
                assert (run / GENERATIONS).read_bytes() == undisturbed, SEED
                run = podium.folder / f"cut{deaths}"
        said = podium("generate", model, *TASK, "-o", run)
        assert said.code == 0, said.err
        assert (run / GENERATIONS).read_bytes() == undisturbed, SEED

    def test_a_disk_that_fills_stops_it_in_words_and_the_log_is_continued(
        self, podium: Podium, model: Path, undisturbed: bytes
    ) -> None:
        limit = _size(_log(podium.folder / "whole")) // 2 // 1024
        command = [*COMMAND, "generate", str(model), *TASK, "-o", "full"]
        stopped = subprocess.run(
            ["bash", "-c", f'ulimit -f {limit}; exec "$@"', "bash", *command],
            cwd=podium.folder,
            env=podium.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert stopped.returncode == 13, stopped.stderr
        assert "cannot append to full/samples/demo-sh.1-of-1.jsonl: File too large" in stopped.stderr
        assert "allow larger files (ulimit -f), or choose another place; what was written stays" in stopped.stderr
        assert "Traceback" not in stopped.stderr
        kept = _log(podium.folder / "full").read_bytes()
        assert 0 < len(kept) <= limit * 1024
        said = podium("generate", model, *TASK, "-o", "full")
        assert said.code == 0, said.err
        whole_lines = kept[: kept.rfind(b"\n") + 1]
        assert _log(podium.folder / "full").read_bytes().startswith(whole_lines)
        assert (podium.folder / "full" / GENERATIONS).read_bytes() == undisturbed


def _check(podium: Podium, arguments: tuple[str | Path, ...], code: int, *words: str, **environment: str) -> None:
    said = podium("generate", *arguments, "-o", "run", **environment)
    assert said.code == code, said.err
    assert "Traceback" not in said.err
    assert "what to do: " in said.err
    for word in words:
        assert word in said.err
    assert not list(podium.folder.glob("run/generations*"))


def test_a_generations_file_is_replayed_without_torch(podium: Podium) -> None:
    (podium.folder / "model").mkdir()
    rows = [json.loads(line)["prompt"].strip() for line in _demo_rows("sh")]
    theirs = [[f"{prompt}\n    {index}" for index in range(2)] for prompt in rows]
    (podium.folder / "theirs.json").write_text(json.dumps(theirs))
    options = ("--task", "demo-sh", "--n-samples", "2", "-o", "run", "--name", "M", "--backend", "replay")
    variables = {"PODIUM_GENERATE_GENERATIONS": "theirs.json", "PYTHONPROFILEIMPORTTIME": "1"}
    said = podium("generate", "model", *options, **variables)
    assert said.code == 0, said.err
    assert json.loads((podium.folder / "run" / GENERATIONS).read_bytes()) == theirs
    assert "podium.generate.backends.foreign" in said.err
    assert not [line for line in said.err.splitlines() if line.endswith((" torch", " transformers"))]


def test_killing_podium_ends_the_harness_and_the_rerun_takes_its_texts(podium: Podium) -> None:
    model, checkout = write_tiny(podium.folder / "model"), write_checkout(podium.folder / "checkout", "hang")
    python = write_interpreter(podium.folder / "venv")
    options = ("--task", "demo-sh", "--n-samples", "2", "--max-length", "400", "-o", "run", "--name", "M")
    command = ("generate", model, *options, "--backend", "harness", "--harness", checkout, "--harness-python", python)
    assert podium.kill_when(lambda: _harness_state(checkout) not in ("", "gone"), *command)
    deadline = time.monotonic() + 20
    while _harness_state(checkout) != "gone":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert len(_log(podium.folder / "run").read_bytes().splitlines()) == 1
    (checkout / "behaviour.txt").write_text("")
    said = podium(*command)
    assert said.code == 0, said.err
    prompts = [json.loads(line)["prompt"].strip() for line in _demo_rows("sh")]
    assert json.loads((podium.folder / "run" / GENERATIONS).read_bytes()) == [
        [f"{prompt}\n    {index}" for index in range(2)] for prompt in prompts
    ]


def _harness_state(checkout: Path) -> str:
    """Nothing before it has begun, then its process's state letter; `gone` too where nobody has reaped it yet."""
    try:
        pid = json.loads((checkout / "told.json").read_bytes())["pid"]
    except (OSError, ValueError):
        return ""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]
    except OSError:
        return "gone"
    return "gone" if state == "Z" else state


def _demo_rows(language: str) -> list[str]:
    return (CHECKPOINT.parent / "problems" / f"{language}.jsonl").read_text().splitlines()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--backend", "replay"), ("needs --generations", "--generations PATH")),
        (("--backend", "harness"), ("needs --harness", "--harness PATH")),
        (("--generations", "x.json"), ("--generations belongs to backend 'replay'", "--backend replay")),
        (("--backend", "replay", "--harness", "x"), ("--harness belongs to backend 'harness'", "--backend harness")),
        (("--backend", "nativ"), ("did you mean 'native'?",)),
        (("--shard", "5/4"), ("shard '5/4' is not I/N", "--shard 2/4")),
    ],
)
def test_options_that_do_not_fit_together_are_refused(
    podium: Podium, options: tuple[str, ...], words: tuple[str, ...]
) -> None:
    (podium.folder / "model").mkdir()
    _check(podium, ("model", "--task", "demo-sh", *options), 2, *words)


def test_run_with_the_harness_needs_its_checkout_before_any_work(podium: Podium) -> None:
    podium.write_config()
    path = podium.folder / "podium.toml"
    path.write_text(path.read_text().replace('profile = "demo"', 'profile = "demo"\nbackend = "harness"'))
    said = podium("run", "--tag", "v1")
    assert said.code == 2
    assert "needs --harness" in said.err
    assert not (podium.folder / "runs").exists()


def test_a_family_that_native_does_not_know_is_drawn_by_transformers_and_the_cost_is_told(podium: Podium) -> None:
    from transformers import MistralConfig, MistralForCausalLM

    folder = write_tiny(podium.folder / "model")
    shape = json.loads((folder / "config.json").read_bytes())
    kept = {name: shape[name] for name in ("vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers")}
    heads = {"num_attention_heads": 4, "num_key_value_heads": 2, "eos_token_id": 0, "bos_token_id": None}
    model: Any = MistralForCausalLM(MistralConfig(**kept, **heads))
    model.save_pretrained(folder)
    options = ("--task", "demo-sh", "--limit", "1", "--n-samples", "2", "--max-length", "400")
    said = podium("generate", folder, *options, "-o", "run", "--name", "M")
    assert said.code == 0, said.err
    assert "does not know the family 'mistral'" in said.err
    assert "transformers draws instead, at several times the cost in CPU time" in said.err
    header = json.loads(_log(podium.folder / "run").read_bytes().splitlines()[0])
    assert header["versions"]["engine"] == "transformers"


def test_weights_with_nan_are_refused_before_the_first_sample(podium: Podium, model: Path) -> None:
    from safetensors.torch import load_file, save_file

    path = model / "model.safetensors"
    tensors = load_file(path)
    next(tensor for name, tensor in tensors.items() if "mlp" in name).view(-1)[7] = float("nan")
    save_file(tensors, path, metadata={"format": "pt"})
    _check(podium, (model, "--task", "demo-sh"), 6, "not finite", "check the checkpoint for NaN")
    assert not _log(podium.folder / "run").exists()


def test_a_tokenizer_that_changes_prompts_is_refused_before_the_first_sample(podium: Podium) -> None:
    folder = write_tiny(podium.folder / "model")
    path = folder / "tokenizer.json"
    tokenizer = json.loads(path.read_bytes())
    path.write_text(json.dumps({**tokenizer, "normalizer": {"type": "Lowercase"}}))
    for backend in ("native", "transformers"):
        options = ("--task", "demo-sh", "--backend", backend, "--max-length", "64")
        _check(podium, (folder, *options), 6, "does not survive encoding and decoding", "completions would be cut")
    assert not _log(podium.folder / "run").exists()


def test_data_of_another_task_is_refused(podium: Podium, model: Path, data_dir: Path) -> None:
    folder = podium.folder / "data" / "multipl-e"
    folder.mkdir(parents=True)
    (folder / "humaneval-lua.jsonl.gz").symlink_to(data_dir / "multipl-e" / "humaneval-sh.jsonl.gz")
    options = ("--task", "multiple-lua", "--data-dir", "data")
    _check(podium, (model, *options), 5, "has 158 problems, not 161", "another data set")
