"""The native backend: token for token what a naive sampler draws, in any company, order, shard and resume."""

from __future__ import annotations

import itertools
import json
import random
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
import torch
from safetensors.torch import load_file, save_file
from tests.unit.generate.kinds import PACKED_KINDS, draw_with
from tests.unit.generate.tiny import MAX_LENGTH, naive, tiny_task, write_tiny

from podium.errors import BackendError
from podium.generate import GenerateOptions, collect_samples, generate, samples_path
from podium.generate.backends.native.backend import NativeBackend
from podium.generate.backends.native.cache import Cache
from podium.generate.backends.native.linear import Linear, OneDnnLinear, TiledLinear
from podium.generate.backends.native.memory import row_bytes, slots_for
from podium.generate.backends.native.prompt import shared_prompt
from podium.generate.backends.native.scheduler import Scheduler, Step
from podium.generate.backends.native.shape import Shape, UnsupportedModelError, read_shape
from podium.generate.backends.seam import Wanted
from podium.generate.backends.transformers_backend import TransformersBackend
from podium.generate.merge import merge
from podium.generate.shards import part_of
from podium.progress import SilentProgress
from podium.records import Sample, Sampling
from podium.rotary import Rotary

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Key = tuple[str, int]
SETTINGS = [
    Sampling(n_samples=8, temperature=temperature, top_p=top_p, max_length=MAX_LENGTH, seed=seed)
    for temperature, top_p, seed in [(0.2, 0.95, 0), (1.0, 0.95, 1), (1.5, 1.0, 2), (0.8, 0.6, 3), (0.0, 0.95, 0)]
]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def expected(tiny: Path) -> list[dict[Key, Sample]]:
    return [naive(tiny, tiny_task(), sampling) for sampling in SETTINGS]


def _draw(backend: NativeBackend, wanted: Sequence[Wanted], sampling: Sampling) -> dict[Key, Sample]:
    drawn = [sample for batch in backend.draw(tiny_task(), wanted, sampling) for sample in batch]
    samples = {(sample.problem, sample.index): sample for sample in drawn}
    assert len(samples) == len(drawn)
    return samples


def _case(generator: random.Random, sampling: Sampling) -> list[Wanted]:
    """A shard's problems in any order, less the samples that an interrupted run left."""
    count = generator.randint(1, 4)
    problems = part_of(tiny_task().problems, f"{generator.randint(1, count)}/{count}")
    generator.shuffle(problems)
    kept = generator.choice([0.1, 0.3, 0.9])
    wanted = [
        Wanted(problem, [index for index in range(sampling.n_samples) if generator.random() < kept])
        for problem in problems
    ]
    return [one for one in wanted if one.indexes]


def _use(kind: type[Linear], monkeypatch: pytest.MonkeyPatch) -> None:
    """Linear layers of this kind; and unless they are our own kernel's, attention by torch too."""
    draw_with(kind, monkeypatch)
    if kind is not TiledLinear:
        monkeypatch.setattr("podium.generate.backends.native.prompt.kernels", lambda: None)


def _run_cases(tiny: Path, expected: list[dict[Key, Sample]], count: int, monkeypatch: pytest.MonkeyPatch) -> int:
    generator, backend, saved = random.Random(count), NativeBackend(tiny), 0
    for _ in range(count):
        place = generator.randrange(len(SETTINGS))
        backend._slots, loops = generator.randint(1, 40), generator.randint(1, 3)
        monkeypatch.setattr("podium.generate.backends.native.backend.most_loops", lambda device, loops=loops: loops)
        wanted = _case(generator, SETTINGS[place])
        drawn = _draw(backend, wanted, SETTINGS[place])
        assert drawn == {
            (one.problem.id, index): expected[place][one.problem.id, index] for one in wanted for index in one.indexes
        }
        saved = backend.sample_rows - backend.linear_rows
    return saved


@pytest.mark.parametrize("kind", PACKED_KINDS)
def test_samples_equal_a_naive_samplers_in_any_company(
    tiny: Path, expected: list[dict[Key, Sample]], kind: type[Linear], monkeypatch: pytest.MonkeyPatch
) -> None:
    _use(kind, monkeypatch)
    finishes = {sample.finish for samples in expected for sample in samples.values()}
    assert finishes == {"stop", "eos", "length"}
    assert _run_cases(tiny, expected, 60, monkeypatch) > 0


@pytest.mark.exhaustive
def test_samples_equal_a_naive_samplers_in_two_thousand_cases(
    tiny: Path, expected: list[dict[Key, Sample]], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _run_cases(tiny, expected, 2000, monkeypatch) > 0


@pytest.mark.parametrize(
    ("family", "more"),
    [
        ("llama", {"attention_bias": True, "mlp_bias": True, "tie_word_embeddings": True}),
        ("llama", {"head_dim": 16, "num_key_value_heads": 4, "rope_theta": 500.0}),
        ("qwen2", {}),
        ("qwen2", {"tie_word_embeddings": True, "num_key_value_heads": 1}),
        ("llama", {"rope_parameters": {"rope_type": "linear", "factor": 4.0, "rope_theta": 500.0}}),
        ("qwen2", {"rope_parameters": {"rope_type": "linear", "factor": 1e12, "rope_theta": 10000.0}}),
    ],
)
def test_family_options_give_the_naive_samplers_samples(tmp_path: Path, family: str, more: dict[str, Any]) -> None:
    folder = write_tiny(tmp_path, family, **more)
    sampling = SETTINGS[1]
    task = tiny_task()
    assert _draw(NativeBackend(folder), _everything(sampling), sampling) == naive(folder, task, sampling)


SCALINGS = {
    "linear": {"rope_type": "linear", "factor": 4.0},
    "no position": {"rope_type": "linear", "factor": 1e12},
    "dynamic": {"rope_type": "dynamic", "factor": 2.0},
    "llama3": {
        **{"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0},
        "original_max_position_embeddings": 16,
    },
    "yarn": {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 16},
    "yarn, no factor of attention": {
        **{"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 16, "attention_factor": 1.0}
    },
}


@pytest.mark.parametrize("family", ["llama", "qwen2"])
@pytest.mark.parametrize("scaling", SCALINGS)
def test_every_rope_scaling_gives_transformers_logits(tmp_path: Path, family: str, scaling: str) -> None:
    from transformers import AutoModelForCausalLM

    folder = write_tiny(tmp_path, family, rope_parameters={**SCALINGS[scaling], "rope_theta": 10000.0})
    ids = [9, 8, 9, 7, 8, 9, 60, 61, 60] * 6
    logits, cache = NativeBackend(folder).decoder.prefill(ids[:-1])
    ours = [logits[0].cpu(), NativeBackend(folder).decoder.step(ids[-1:], [cache])[0].cpu()]
    with torch.inference_mode():
        theirs = AutoModelForCausalLM.from_pretrained(folder)(torch.tensor([ids])).logits[0, -2:]
    torch.testing.assert_close(torch.stack(ours), theirs, rtol=1e-4, atol=1e-4)


def test_no_two_rope_scalings_give_the_same_logits(tmp_path: Path) -> None:
    """Else a kind that is not computed at all would pass for one that is; dynamic is plain up to its positions."""
    seen = []
    for number, scaling in enumerate(SCALINGS.values()):
        folder = write_tiny(tmp_path / str(number), rope_parameters={**scaling, "rope_theta": 10000.0})
        seen.append(NativeBackend(folder).decoder.prefill([9, 8, 9, 7, 8, 9, 60, 61, 60] * 6)[0])
    distances = [float((one - other).abs().max()) for one, other in itertools.combinations(seen, 2)]
    assert min(distances) > 0.01


@pytest.mark.parametrize(
    ("rope", "said"),
    [
        (
            {"rope_type": "longrope", "short_factor": [1.0] * 4, "long_factor": [2.0] * 4, "factor": 2.0},
            "rope scaling 'longrope'",
        ),
        ({"rope_type": "linear", "factor": 2.0, "partial_rotary_factor": 0.5}, "partial rotary factor 0.5"),
    ],
)
def test_other_rope_scalings_are_left_to_transformers(tmp_path: Path, rope: dict[str, Any], said: str) -> None:
    folder = write_tiny(tmp_path)
    config = json.loads((folder / "config.json").read_text())
    config["rope_parameters"] = {**rope, "rope_theta": 10000.0}
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(UnsupportedModelError, match=said) as caught:
        NativeBackend(folder)
    assert "--backend transformers" in caught.value.hint


def test_both_spellings_of_linear_rope_scaling_are_known(tmp_path: Path) -> None:
    rope = {"rope_type": "linear", "factor": 4.0, "rope_theta": 500.0}
    folder = write_tiny(tmp_path, rope_parameters=rope)
    new, config = read_shape(folder), json.loads((folder / "config.json").read_text())
    del config["rope_parameters"]
    config |= {"rope_scaling": {"type": "linear", "factor": 4.0}, "rope_theta": 500.0}
    (folder / "config.json").write_text(json.dumps(config))
    assert read_shape(folder) == new
    assert new.rotary == Rotary(theta=500.0, kind="linear", values={"factor": 4.0})


@pytest.mark.parametrize(
    ("factor", "said"), [(None, "lacks 'factor'"), (0.0, r"factor is 0\.0"), (-2.0, "factor is -2")]
)
def test_linear_rope_scaling_without_a_usable_factor_is_refused(
    tmp_path: Path, factor: float | None, said: str
) -> None:
    rope = {"rope_type": "linear", "factor": 4.0, "rope_theta": 500.0}
    folder = write_tiny(tmp_path, rope_parameters=rope)
    config = json.loads((folder / "config.json").read_text())
    config["rope_parameters"] = {"rope_type": "linear"} | ({} if factor is None else {"factor": factor})
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(BackendError, match=said) as caught:
        NativeBackend(folder)
    assert "config.json" in caught.value.hint


def test_slots_are_bounded_by_full_caches_unless_few_rows_fit() -> None:
    shape = Shape(
        layers=24,
        hidden=1024,
        heads=16,
        kv_heads=4,
        head_width=64,
        feed_forward=4096,
        vocabulary=32768,
        positions=512,
        rms_epsilon=1e-5,
        rotary=Rotary(theta=1e4),
        is_tied=True,
        qkv_bias=False,
        output_bias=False,
        mlp_bias=False,
        dtype="bfloat16",
    )
    half, full = (slots_for(shape, Sampling(), dtype, "cpu", 64 << 30) for dtype in (torch.bfloat16, torch.float32))
    assert half == 167
    assert half * row_bytes(shape, Sampling(), torch.bfloat16) <= 2 << 30
    assert full == 150
    small = msgspec.structs.replace(shape, layers=2)
    assert slots_for(small, Sampling(), torch.bfloat16, "cpu", 64 << 30) == 192
    assert slots_for(shape, Sampling(), torch.bfloat16, "cpu", 1 << 30) == 50
    assert slots_for(shape, Sampling(), torch.bfloat16, "cpu", 64 << 30, loops=2) == 167
    assert slots_for(shape, Sampling(), torch.bfloat16, "cpu", 64 << 30, loops=16) == 16 * 50
    assert slots_for(shape, Sampling(), torch.bfloat16, "cpu", 1 << 30, loops=16) == 50
    with pytest.raises(BackendError, match="8 MiB are free; one sample needs 12 MiB") as caught:
        slots_for(shape, Sampling(), torch.bfloat16, "cpu", 8 << 20)
    assert "bfloat16" in caught.value.hint


@pytest.mark.parametrize(
    ("loops", "slots", "problems", "each"),
    [(3, 24, 6, [8] * 3), (3, 17, 6, [8] * 2), (3, 5, 6, [5]), (3, 24, 2, [12] * 2), (1, 24, 6, [24])],
)
def test_loops_divide_the_slots_and_take_whole_problems(
    tiny: Path, monkeypatch: pytest.MonkeyPatch, loops: int, slots: int, problems: int, each: list[int]
) -> None:
    given: list[int] = []
    steps = Scheduler.steps

    def noted(scheduler: Scheduler, slots: int) -> Iterator[Step]:
        given.append(slots)
        return steps(scheduler, slots)

    monkeypatch.setattr(Scheduler, "steps", noted)
    monkeypatch.setattr("podium.generate.backends.native.backend.is_fixed", lambda device: False)
    monkeypatch.setattr("podium.generate.backends.native.backend.most_loops", lambda device: loops)
    drawn = _draw(NativeBackend(tiny, slots=slots), _everything(SETTINGS[0])[:problems], SETTINGS[0])
    assert len(drawn) == 8 * problems
    assert given == each


HOLES = """
from pathlib import Path
import torch
from podium.generate.backends.native.memory import give_back_large
def resident_mib():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 >> 20
give_back_large()
torch.ones(4 << 20)  # when it is freed, glibc would learn to keep so large ones
before = resident_mib()
held = [torch.ones(2 << 20) for _ in range(60)]
del held[::2]
print(resident_mib() - before)
"""


@pytest.mark.world
def test_freed_caches_leave_no_holes_in_memory() -> None:
    done = subprocess.run([sys.executable, "-c", HOLES], check=True, capture_output=True, text=True)
    # 60 tensors of 8 MiB, half of them freed.
    assert 200 <= int(done.stdout) <= 300


@torch.inference_mode()
def test_a_cache_keeps_its_rows_while_it_grows_and_gives_back_what_ended() -> None:
    def position(length: int) -> torch.Tensor:
        return torch.full((1, 3, 2), float(length)) + torch.arange(20)[:20, None, None]

    cache = Cache(torch.zeros(1, 2, 1, 3, 5, 2))
    cache.arrange([0] * 20, 25)
    assert cache._layers[0].shape[1] == 25
    for length in range(5, 150):
        if length == 60:
            cache.arrange(list(range(5)), 6)
        cache.reserve()
        keys, _ = cache.append(0, position(length)[: cache.rows], position(length)[: cache.rows])
        cache.extend()
    assert keys.shape == (5, 3, 150, 2)
    assert torch.equal(keys[4, 0, 5:, 0], torch.arange(5, 150) + 4.0)
    assert cache._layers[0].shape[1] == 6


def _everything(sampling: Sampling) -> list[Wanted]:
    return [Wanted(problem, list(range(sampling.n_samples))) for problem in tiny_task().problems]


@pytest.mark.parametrize("kind", PACKED_KINDS)
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_rows_logits_are_the_same_bits_in_any_company(
    tmp_path: Path, dtype: str, kind: type[Linear], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is guaranteed on a CPU with packed weights, in bfloat16 too; without packing only float32 closeness is."""
    _use(kind, monkeypatch)
    backend = NativeBackend(write_tiny(tmp_path, hidden_size=128, intermediate_size=336), dtype)
    seen: dict[Key, list[torch.Tensor]] = {}
    step = backend.decoder.step
    for company in (1, 3, 16, 70):
        caches = [backend.decoder.prefill(list(range(5 + one % 3)))[1] for one in range(company)]
        for position in range(3):
            logits = step([position + one % 3 for one in range(company)], caches)
            for one in range(company):
                seen.setdefault(("", one % 3 + 10 * position), []).append(logits[one])
    assert all(torch.equal(values[0], other) for values in seen.values() for other in values)


@pytest.mark.parametrize("kind", PACKED_KINDS)
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_rows_logits_are_the_same_bits_among_any_rows_of_its_problem(
    tmp_path: Path, dtype: str, kind: type[Linear], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All rows of a problem attend to its prompt together."""
    _use(kind, monkeypatch)
    backend = NativeBackend(write_tiny(tmp_path, hidden_size=128, intermediate_size=336), dtype)
    seen: list[list[torch.Tensor]] = []
    for company in (1, 2, 17, 70):
        cache = backend.decoder.prefill(list(range(5, 42)))[1]
        cache.arrange([0] * company, company)
        steps = [backend.decoder.step([(7 + step + row) % 200 for row in range(company)], [cache]) for step in range(3)]
        seen.append([logits[0] for logits in steps])
    for others in seen[1:]:
        assert all(torch.equal(one, other) for one, other in zip(seen[0], others, strict=True))


def _even(queries: torch.Tensor, keys: torch.Tensor, values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The kernel's answers in float64, each query for itself."""
    scores = (queries.double()[..., None, :] * keys.double()[..., None, :, :]).sum(-1) / queries.shape[-1] ** 0.5
    attended = (scores.softmax(-1)[..., None] * values.double()[..., None, :, :]).sum(-2)
    return attended.to(queries.dtype), scores.logsumexp(-1).float()


def _uneven(queries: torch.Tensor, keys: torch.Tensor, values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    attended, logarithm = _even(queries, keys, values)
    attended[:, :, 17] *= 1 + 1e-6
    return attended, logarithm


def test_a_prompt_is_not_shared_where_the_kernel_treats_places_differently(
    tiny: Path, expected: list[dict[Key, Sample]], monkeypatch: pytest.MonkeyPatch
) -> None:
    _use(OneDnnLinear, monkeypatch)
    kept = torch.randn(2, 2, 1, 2, 9, 8, generator=torch.Generator().manual_seed(0))
    for kernel, is_shared in ((_even, True), (_uneven, False), (None, False)):
        monkeypatch.setattr("podium.generate.backends.native.prompt.flash", kernel)
        assert (shared_prompt(kept, 2) is not None) == is_shared
        assert _draw(NativeBackend(tiny), _everything(SETTINGS[0]), SETTINGS[0]) == expected[0]


def test_bfloat16_samples_do_not_depend_on_company(tmp_path: Path) -> None:
    folder = write_tiny(tmp_path, dtype="bfloat16")
    sampling = SETTINGS[1]
    whole = NativeBackend(folder)
    if whole.versions()["linear"] == "plain":
        pytest.skip("this torch cannot pack weights")
    samples = _draw(whole, _everything(sampling), sampling)
    alone = NativeBackend(folder, slots=1)
    assert _draw(alone, list(reversed(_everything(sampling))), sampling) == samples


def test_without_packed_weights_the_samples_are_the_same(
    tiny: Path, expected: list[dict[Key, Sample]], monkeypatch: pytest.MonkeyPatch
) -> None:
    _use(Linear, monkeypatch)
    backend = NativeBackend(tiny)
    assert backend.versions()["linear"] == "plain"
    assert _draw(backend, _everything(SETTINGS[0]), SETTINGS[0]) == expected[0]


def test_whole_decoding_and_kept_bytes_see_the_same_stops(
    tiny: Path, expected: list[dict[Key, Sample]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("podium.generate.texts.byte_values", lambda tokenizer, vocabulary: None)
    assert _draw(NativeBackend(tiny), _everything(SETTINGS[1]), SETTINGS[1]) == expected[1]


def test_no_row_is_computed_for_a_finished_sample_and_shared_rows_are_saved(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("podium.generate.backends.native.backend.is_fixed", lambda device: False)
    backend = NativeBackend(tiny)
    samples = _draw(backend, _everything(SETTINGS[0]), SETTINGS[0])
    # Each sample draws its first token from the prompt's row, and one from a decoded row for each other token.
    assert backend.sample_rows == sum(sample.tokens - 1 for sample in samples.values())
    assert backend.linear_rows < backend.sample_rows
    assert "rows shared" in backend.facts()


def _options(run_dir: Path, shard: str = "1/1") -> GenerateOptions:
    return GenerateOptions(
        run_dir=run_dir,
        model_name="M",
        model_sha256="1" * 64,
        sampling=SETTINGS[1],
        backend="native",
        dtype="float32",
        shard=shard,
    )


def test_shards_and_a_torn_log_end_in_the_same_samples(tiny: Path, tmp_path: Path) -> None:
    backend, report, task = NativeBackend(tiny), SilentProgress(), tiny_task()
    generate(_options(tmp_path / "whole"), task, backend, report)
    for shard in ("1/3", "2/3", "3/3"):
        generate(_options(tmp_path / shard[0], shard), task, backend, report)
    log = samples_path(tmp_path / "2", "tiny", "2/3")
    log.write_bytes(log.read_bytes()[:-300])
    generate(_options(tmp_path / "2", "2/3"), task, backend, report)
    merge([tmp_path / name for name in "312"], tmp_path / "merged", "M")
    one, other = (collect_samples(tmp_path / name, "tiny") for name in ("whole", "merged"))
    assert one == other


def test_a_prompt_that_fills_the_window_keeps_the_problem_complete(tiny: Path) -> None:
    sampling = Sampling(n_samples=3, max_length=9)
    samples = _draw(NativeBackend(tiny), [Wanted(tiny_task().problems[1], [0, 1, 2])], sampling)
    assert [(s.finish, s.generation, s.tokens) for s in samples.values()] == [
        ("prompt_fills_window", "def f(x):", 0)
    ] * 3


def test_preflight_names_prompts_without_room(tiny: Path) -> None:
    warnings = NativeBackend(tiny).preflight(tiny_task(), Sampling(max_length=14))
    assert "6 prompts leave less than 64 of 14 tokens" in warnings[0]
    assert "1 prompts fill the window" in warnings[1]
    assert "tiny/3" in warnings[1]


def test_preflight_refuses_more_tokens_than_positions(tiny: Path) -> None:
    with pytest.raises(BackendError, match="64 positions") as caught:
        NativeBackend(tiny).preflight(tiny_task(), Sampling(max_length=512))
    assert "--max-length 64" in caught.value.hint


def test_nan_weights_are_found_before_the_first_sample(tmp_path: Path) -> None:
    folder = write_tiny(tmp_path)
    tensors = load_file(folder / "model.safetensors")
    tensors["model.norm.weight"][3] = torch.nan
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(BackendError, match="not finite") as caught:
        generate(_options(tmp_path / "run"), tiny_task(), NativeBackend(folder), SilentProgress())
    assert "float32" in caught.value.hint
    assert not samples_path(tmp_path / "run", "tiny").exists()


@pytest.mark.parametrize("change", ["missing", "odd", "shape"])
def test_weights_that_do_not_fit_the_config_are_named(tmp_path: Path, change: str) -> None:
    folder = write_tiny(tmp_path)
    tensors = load_file(folder / "model.safetensors")
    name = "model.layers.1.mlp.up_proj.weight"
    up = tensors.pop(name)
    tensors |= {"missing": {}, "odd": {name: up, "model.odd": up.clone()}, "shape": {name: up[1:].clone()}}[change]
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(BackendError, match=r"model\.odd" if change == "odd" else "up_proj") as caught:
        NativeBackend(folder)
    assert "convert again" in caught.value.hint


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"model_type": "llama"', '"model_type": "gpt2"', "family 'gpt2'"),
        ('"hidden_act": "silu"', '"hidden_act": "gelu"', "activation 'gelu'"),
        ('"rope_type": "default"', '"rope_type": "su"', "rope scaling 'su'"),
    ],
)
def test_an_unknown_model_is_refused_with_the_way_out(tmp_path: Path, old: str, new: str, said: str) -> None:
    folder = write_tiny(tmp_path)
    config = folder / "config.json"
    assert old in config.read_text()
    config.write_text(config.read_text().replace(old, new))
    with pytest.raises(UnsupportedModelError, match=said) as caught:
        NativeBackend(folder)
    assert "--backend transformers" in caught.value.hint


def test_an_eos_of_the_config_alone_ends_a_row_where_transformers_cuts(tmp_path: Path) -> None:
    folder = write_tiny(tmp_path, eos_token_id=[0, 40, 41, 42, 43, 44, 45, 46, 47, 48])
    sampling = SETTINGS[1]
    wanted = _everything(sampling)
    theirs = [sample for batch in TransformersBackend(folder).draw(tiny_task(), wanted, sampling) for sample in batch]
    ours = _draw(NativeBackend(folder), wanted, sampling)
    differing = [s for s in theirs if ours[s.problem, s.index].generation != s.generation]
    assert not differing
