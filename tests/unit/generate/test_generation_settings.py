"""A model's own settings of generation: every backend ends rows at the same tokens, and applies nothing else."""

from __future__ import annotations

import json
import shutil
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.generate.standin_harness import write_checkout, write_interpreter
from tests.unit.generate.tiny import EOS, tiny_task, write_tiny

from podium.errors import BackendError
from podium.generate.backends.harness_backend import HarnessBackend
from podium.generate.backends.native.backend import NativeBackend
from podium.generate.backends.seam import Wanted
from podium.generate.backends.transformers_backend import TransformersBackend
from podium.generate.texts import Texts
from podium.generation_settings import read_generation_settings
from podium.model_directory import open_tokenizer
from podium.records import Sampling

if TYPE_CHECKING:
    from pathlib import Path

    from podium.generate.backends.seam import Backend
    from podium.records import Sample

SAMPLING = Sampling(n_samples=5, temperature=0.9, max_length=32)
OTHERS = list(range(40, 120))  # as ends: enough of them that rows do end there
SETTINGS: dict[str, Any] = {
    "bad_words_ids": [[number] for number in range(1, 60)],
    "begin_suppress_tokens": list(range(60, 120)),
    "do_sample": True,
    "exponential_decay_length_penalty": [1, 3.0],
    "forced_eos_token_id": 0,
    "max_length": 5,
    "min_new_tokens": 12,
    "min_p": 0.9,
    "no_repeat_ngram_size": 1,
    "num_beams": 3,
    "repetition_penalty": 7.0,
    "stop_strings": ["a", "b", "c"],
    "suppress_tokens": list(range(120, 180)),
    "temperature": 0.01,
    "top_k": 1,
    "top_p": 0.1,
}
IN_CONFIG = {"repetition_penalty": 7.0, "no_repeat_ngram_size": 1, "min_length": 30, "temperature": 0.01}


def _edit(path: Path, changes: dict[str, Any]) -> None:
    values = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps({**values, **changes}))


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny(tmp_path_factory.mktemp("plain"))


@pytest.fixture(scope="module")
def interpreter(tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_interpreter(tmp_path_factory.mktemp("harness") / "venv")


def _copy(plain: Path, folder: Path, generation: dict[str, Any], config: dict[str, Any]) -> Path:
    shutil.copytree(plain, folder)
    _edit(folder / "generation_config.json", generation)
    _edit(folder / "config.json", config)
    return folder


def _draw(backend: Backend) -> dict[tuple[str, int], Sample]:
    wanted = [Wanted(problem, list(range(SAMPLING.n_samples))) for problem in tiny_task().problems]
    drawn = [sample for batch in backend.draw(tiny_task(), wanted, SAMPLING) for sample in batch]
    return {(sample.problem, sample.index): sample for sample in drawn}


@pytest.mark.parametrize("kind", [TransformersBackend, NativeBackend])
@pytest.mark.parametrize(("generation", "config"), [(SETTINGS, {}), ({}, IN_CONFIG), (SETTINGS, IN_CONFIG)])
def test_no_backend_applies_the_models_own_settings(
    plain: Path, tmp_path: Path, kind: Any, generation: dict[str, Any], config: dict[str, Any]
) -> None:
    backend = kind(_copy(plain, tmp_path / "model", generation, config))
    assert _draw(backend) == _draw(kind(plain))
    (said,) = [line for line in backend.preflight(tiny_task(), SAMPLING) if "not applied" in line]
    assert ("generation_config.json: bad_words_ids" in said) == bool(generation)
    assert ("config.json: min_length 30, no_repeat_ngram_size 1, repetition_penalty 7.0" in said) == bool(config)


@pytest.mark.parametrize(
    ("generation", "config"),
    [
        ({"eos_token_id": OTHERS}, {}),
        ({"eos_token_id": 0}, {"eos_token_id": OTHERS}),
        ({"eos_token_id": [0, *OTHERS[:40]]}, {"eos_token_id": OTHERS[40:]}),
        ({"eos_token_id": OTHERS, "pad_token_id": 7}, {"pad_token_id": 9}),
    ],
)
def test_all_backends_end_rows_at_every_end_and_cut_them_alike(
    plain: Path, tmp_path: Path, generation: dict[str, Any], config: dict[str, Any]
) -> None:
    folder = _copy(plain, tmp_path / "model", generation, config)
    native, transformers = NativeBackend(folder), TransformersBackend(folder)
    theirs = _draw(transformers)
    assert _draw(native) == theirs
    ended = [sample for sample in theirs.values() if sample.finish == "eos"]
    assert len(ended) > 3
    tokenizer = open_tokenizer(folder, BackendError, hint="")
    ends = {tokenizer.decode([number]) for number in OTHERS}
    # As in the harness: the text of the token that ended a row stays, what fills the row up does not.
    assert any(sample.generation.endswith(tuple(ends)) for sample in ended)
    assert not any(EOS in sample.generation for sample in theirs.values())
    for backend in (native, transformers):
        (said,) = [line for line in backend.preflight(tiny_task(), SAMPLING) if "also end texts at" in line]
        assert "(40)" in said
        assert "stays in the program" in said


def test_one_end_and_no_settings_need_no_word(plain: Path) -> None:
    assert not [line for line in TransformersBackend(plain).preflight(tiny_task(), SAMPLING) if "end texts" in line]


def test_a_row_is_kept_up_to_its_first_end(plain: Path, tmp_path: Path) -> None:
    folder = _copy(plain, tmp_path / "model", {"eos_token_id": [0, 44]}, {})
    texts = Texts(open_tokenizer(folder, BackendError, hint=""), folder)
    task = tiny_task()
    ids = texts.prompt_ids(task.problems[0])
    sample = texts.sample(task, task.problems[0], 0, ids, [60, 44, 61, 62])
    assert sample.generation == task.problems[0].prompt + texts.decode([60, 44])
    assert (sample.tokens, sample.finish) == (2, "eos")
    whole = texts.sample(task, task.problems[0], 0, ids, [60, 61])
    assert (whole.tokens, whole.finish) == (2, "length")


@pytest.mark.parametrize("name", ["generation_config.json", "config.json"])
def test_a_broken_file_is_a_fault_with_its_name(plain: Path, tmp_path: Path, name: str) -> None:
    folder = _copy(plain, tmp_path / "model", {}, {})
    (folder / name).write_text("[]")
    with pytest.raises(BackendError, match=name) as caught:
        read_generation_settings(folder, BackendError, hint="restore it")
    assert caught.value.hint == "restore it"


@pytest.mark.world
@pytest.mark.parametrize(
    ("generation", "config", "as_it_is"),
    [
        ({}, {}, True),
        ({"pad_token_id": 0}, {}, True),
        ({"pad_token_id": 7}, {}, False),
        ({"eos_token_id": [0, 44]}, {}, True),
        ({"eos_token_id": 44}, {}, False),
        ({}, {"eos_token_id": 44}, False),
        ({"repetition_penalty": 1.1}, {}, False),
        ({}, {"repetition_penalty": 1.1}, False),
    ],
)
def test_the_harness_is_handed_a_model_that_sets_nothing(
    plain: Path,
    interpreter: str,
    tmp_path: Path,
    generation: dict[str, Any],
    config: dict[str, Any],
    as_it_is: bool,
) -> None:
    from transformers import AutoModelForCausalLM

    folder = _copy(plain, tmp_path / "model", generation, config)
    backend = HarnessBackend(
        folder,
        "auto",
        harness=write_checkout(tmp_path / "checkout"),
        harness_python=interpreter,
        environment={},
    )
    work = tmp_path / "work"
    work.mkdir()
    given = backend._model(work)  # what the harness is started with
    assert (given == folder) is as_it_is
    model: Any = AutoModelForCausalLM.from_pretrained(given)
    settings = model.generation_config
    ends = settings.eos_token_id if isinstance(settings.eos_token_id, list) else [settings.eos_token_id]
    assert ends == ([0, 44] if "44" in json.dumps([generation, config]) else [0])
    assert settings.pad_token_id in (0, None)
    assert settings.repetition_penalty in (1.0, None)
    assert getattr(model.config, "repetition_penalty", None) is None
    assert {path.name for path in given.iterdir()} >= {"model.safetensors", "tokenizer.json", "config.json"}


def test_vllm_is_told_every_end_and_keeps_the_one_it_met(
    plain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys
    from types import ModuleType

    asked: list[Any] = []

    class Engine:
        def __init__(self, **options: Any) -> None:
            assert options["generation_config"] == "vllm"

        def generate(self, prompts: list[Any], parameters: list[Any], use_tqdm: bool) -> list[Any]:
            asked.extend(parameters)
            met = SimpleNamespace(token_ids=[60], finish_reason="stop", stop_reason=44)
            return [SimpleNamespace(outputs=[met]) for _ in prompts]

    module = ModuleType("vllm")
    module.__dict__.update(LLM=Engine, SamplingParams=SimpleNamespace)
    monkeypatch.setitem(sys.modules, "vllm", module)
    monkeypatch.delitem(sys.modules, "podium.generate.backends.vllm_backend", raising=False)
    from podium.generate.backends.vllm_backend import VllmBackend

    folder = _copy(plain, tmp_path / "model", {"eos_token_id": [44, 0]}, {})
    samples = _draw(VllmBackend(folder))
    tokenizer = open_tokenizer(folder, BackendError, hint="")
    assert {tuple(one.stop_token_ids) for one in asked} == {(0, 44)}
    assert all(sample.generation.endswith(tokenizer.decode([60, 44])) for sample in samples.values())
    assert {sample.finish for sample in samples.values()} == {"eos"}
