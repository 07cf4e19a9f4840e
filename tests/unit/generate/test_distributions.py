"""What `native` draws is distributed as what stock transformers draws: its own `generate`, warpers and multinomial.

Fixed seeds, so the outcome is fixed too. Test: Pearson's chi-square of homogeneity over the text of the first two
tokens of each sample (texts that are expected fewer than 10 times are one cell), and two proportions (z) for pass
rates. Thresholds were set beforehand: alike is p > 0.001; a change of temperature or top-p must be seen with p < 1e-6.
Tokens show a change of a tenth; pass rates hardly move then, so only a hot draw is asked of them.
"""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
import torch
from tests.unit.generate.tiny import write_tiny

from podium.convert import ConvertOptions, convert
from podium.execute import ExecuteOptions, execute
from podium.execute.sandbox import Sandbox
from podium.files import sha256_json
from podium.generate.backends.native.backend import NativeBackend
from podium.generate.backends.seam import Wanted
from podium.generate.postprocess import to_generation
from podium.progress import SilentProgress
from podium.records import Sampling, Verdict, VerdictsHeader, read_rows
from podium.tasks import Problem, Task, load_task

if TYPE_CHECKING:
    from collections.abc import Sequence

ALIKE, CHANGED = 1e-3, 1e-6
SOMETIMES_SOLVED = 2  # of the demo's problems in Python
COUNT = 12000
SAMPLING = Sampling(n_samples=COUNT, temperature=0.8, top_p=0.95, seed=11)
PROMPT = Problem(id="one", prompt="def f(x):", tests="")
DEMO = Path(__file__).resolve().parents[3] / "scripts" / "podium" / "demo" / "checkpoint"


def chi_square(one: Counter[str], other: Counter[str]) -> float:
    """The p-value of both being drawn from one distribution; rare cells are pooled."""
    total, share = one.total() + other.total(), one.total() / (one.total() + other.total())
    cells: Counter[str] = Counter()
    ours: Counter[str] = Counter()
    for key in one.keys() | other.keys():
        count = one[key] + other[key]
        cell = key if count * min(share, 1 - share) >= 10 else "rare"
        cells[cell] += count
        ours[cell] += one[key]
    statistic = sum((ours[cell] - n * share) ** 2 / (n * share * (1 - share)) for cell, n in cells.items())
    assert total == cells.total()
    assert len(cells) > 20, "too few cells to tell anything"
    half = torch.tensor([(len(cells) - 1) / 2, statistic / 2], dtype=torch.float64)
    return float(torch.special.gammaincc(half[0], half[1]))


def two_proportions(passed: tuple[int, int], of: tuple[int, int]) -> float:
    """The two-sided p-value of one rate behind both."""
    rate = sum(passed) / sum(of)
    deviation = math.sqrt(rate * (1 - rate) * (1 / of[0] + 1 / of[1]))
    return math.erfc(abs(passed[0] / of[0] - passed[1] / of[1]) / deviation / math.sqrt(2))


def _stock(folder: Path, prompt: str, sampling: Sampling, **more: Any) -> tuple[Any, list[list[int]]]:
    """New tokens by transformers alone, as the harness calls it: sampling on, no top-k."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer: Any = AutoTokenizer.from_pretrained(folder)
    model: Any = AutoModelForCausalLM.from_pretrained(folder).eval()
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    torch.manual_seed(sampling.seed)
    rows = model.generate(
        ids,
        attention_mask=torch.ones_like(ids),
        do_sample=True,
        temperature=sampling.temperature,
        top_p=sampling.top_p,
        top_k=0,
        num_return_sequences=sampling.n_samples,
        pad_token_id=tokenizer.eos_token_id,
        **more,
    )
    return tokenizer, rows[:, ids.shape[1] :].tolist()


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def stock(tiny: Path) -> Counter[str]:
    tokenizer, rows = _stock(tiny, PROMPT.prompt, SAMPLING, max_new_tokens=2)
    begin = tokenizer(PROMPT.prompt)["input_ids"]
    return Counter(to_generation(PROMPT.prompt, tokenizer.decode(begin + row), [tokenizer.eos_token]) for row in rows)


def _native(tiny: Path, sampling: Sampling) -> Counter[str]:
    task = Task(name="t", language="py", problems=[PROMPT], stop=[], data_sha256="0" * 64, problems_in_task=1)
    asked = msgspec.structs.replace(sampling, max_length=len(PROMPT.prompt) + 2)  # a byte is a token here
    drawn = NativeBackend(tiny, slots=COUNT).draw(task, [Wanted(PROMPT, list(range(COUNT)))], asked)
    counts = Counter(sample.generation for batch in drawn for sample in batch)
    assert counts.total() == COUNT
    return counts


def test_first_tokens_are_distributed_as_stock_transformers_draws_them(tiny: Path, stock: Counter[str]) -> None:
    assert chi_square(_native(tiny, SAMPLING), stock) > ALIKE


@pytest.mark.parametrize(
    "change", [{"temperature": 0.9}, {"temperature": 0.72}, {"top_p": 0.92}, {"top_p": 0.98}, {"top_p": 1.0}]
)
def test_a_small_change_of_sampling_is_seen(tiny: Path, stock: Counter[str], change: dict[str, float]) -> None:
    assert chi_square(_native(tiny, msgspec.structs.replace(SAMPLING, **change)), stock) < CHANGED


def _pass_count(task: Task, texts: Sequence[str], folder: Path) -> int:
    with Sandbox() as sandbox:
        rows = [list(texts)]
        execute(ExecuteOptions(), task, rows, sha256_json(rows), sandbox, folder, SilentProgress())
    _, verdicts = read_rows(folder, VerdictsHeader, Verdict)
    return sum(verdict.outcome == "passed" for verdict in verdicts)


@pytest.mark.world
@pytest.mark.slow
def test_pass_rates_are_those_of_stock_transformers_and_a_hotter_draw_is_seen(tmp_path: Path) -> None:
    """The demo's model, a problem that it solves now and then, every program run in the sandbox."""
    convert(ConvertOptions(checkpoint=DEMO, output=tmp_path / "model", dtype="float32"), SilentProgress())
    whole = load_task("demo-python", None)
    task = msgspec.structs.replace(whole, problems=[whole.problems[SOMETIMES_SOLVED]])
    (problem,), count = task.problems, 400
    sampling = Sampling(n_samples=count, max_length=160, seed=3)
    tokenizer, rows = _stock(tmp_path / "model", problem.prompt, sampling, max_length=sampling.max_length)
    stop = [*task.stop, tokenizer.eos_token]
    begin = tokenizer(problem.prompt)["input_ids"]
    theirs = [to_generation(problem.prompt, tokenizer.decode(begin + row), stop) for row in rows]
    passed = [_pass_count(task, theirs, tmp_path / "theirs.jsonl")]
    for temperature in (0.2, 1.5):
        asked = msgspec.structs.replace(sampling, temperature=temperature)
        drawn = NativeBackend(tmp_path / "model").draw(task, [Wanted(problem, list(range(count)))], asked)
        ours = [sample.generation for batch in drawn for sample in batch]
        passed.append(_pass_count(task, ours, tmp_path / f"{temperature}.jsonl"))
    assert 0.2 * count < passed[0] < 0.9 * count
    assert two_proportions((passed[1], passed[0]), (count, count)) > ALIKE, passed
    assert two_proportions((passed[2], passed[0]), (count, count)) < CHANGED, passed
