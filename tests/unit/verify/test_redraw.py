"""Drawing again tells a model's own texts from pasted ones, and says when it cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest
from tests.unit.verify.test_verify import NAMES, PROBLEMS, claim, counts, make_task, submission, texts

from podium.errors import UsageError
from podium.progress import SilentProgress
from podium.protocol import BOARD_SAMPLING
from podium.records import RedrawnSample, Sample
from podium.verify import VerifyOptions, verify
from podium.verify.lines import last_line
from podium.verify.redraw import RedrawOptions, common_share, judge, redraw, says_podium

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

    from podium.generate.backends.seam import Wanted
    from podium.records import Redrawing, Sampling
    from podium.tasks import Task
    from podium.verify.submitted import Claim, Submitted


class OwnBackend:
    """Draws the texts of `counts()`; another model would draw others. `noise` makes every so many end otherwise."""

    def __init__(self, noise: int = 0, *, single: bool = True) -> None:
        self.draws_single_samples, self._noise = single, noise
        self.asked: list[tuple[str, list[int]]] = []
        self.seeds: set[int] = set()

    def versions(self) -> dict[str, str]:
        """An engine."""
        return {"engine": "fake"}

    def stop_words(self, task: Task) -> list[str]:
        """None."""
        return []

    def preflight(self, task: Task, sampling: Sampling) -> list[str]:
        """Nothing to warn of."""
        return []

    def tokens_drawn(self) -> int:
        """None that is seen."""
        return 0

    def facts(self) -> str:
        """Nothing."""
        return ""

    def draw(self, task: Task, wanted: Sequence[Wanted], sampling: Sampling) -> Generator[list[Sample], None, None]:
        """Yield each problem's wanted samples."""
        self.seeds.add(sampling.seed)
        turn = NAMES.index(task.name)
        for one in wanted:
            self.asked.append((one.problem.id, one.indexes))
            row = texts(counts(turn))[int(one.problem.id[2:])]
            yield [self._sample(one.problem.id, index, row[index]) for index in one.indexes]

    def _sample(self, problem: str, index: int, text: str) -> Sample:
        ending = "!" if self._noise and (int(problem[2:]) + index) % self._noise == 0 else ""
        return Sample(problem=problem, index=index, generation=text + ending, tokens=1, finish="stop")


def options(count: int = 20, dtype: str = "float32", *, is_comparable: bool = True) -> RedrawOptions:
    return RedrawOptions(
        count=count, seed=3, model_sha256="0" * 64, backend="fake", dtype=dtype,
        sampling=msgspec.structs.replace(BOARD_SAMPLING, n_samples=20, seed=7), is_comparable=is_comparable,
    )  # fmt: skip


def drawn(claims: list[Claim], backend: OwnBackend | None = None, how: RedrawOptions | None = None) -> Redrawing:
    return redraw(how or options(), claims, make_task, backend or OwnBackend(), SilentProgress())


TRUE = [claim(name, counts(turn)) for turn, name in enumerate(NAMES)]


def pasted(every: int) -> Claim:
    """A right solution in place of every so many samples, by problem."""
    rows = [
        [
            f"prompt {problem}:\nCANONICAL right {index}" if problem % every == 0 else text
            for index, text in enumerate(row)
        ]
        for problem, row in enumerate(texts(counts()))
    ]
    right = [20 if problem % every == 0 else count for problem, count in enumerate(counts())]
    made = claim("demo-sh", right)
    return msgspec.structs.replace(made, generations=rows, generations_sha256="1" * 64)


def test_the_models_own_texts_are_verified_with_their_share() -> None:
    backend = OwnBackend()
    found = drawn(TRUE, backend)
    assert found.conclusion == "verified"
    assert len(found.samples) == 20
    assert {sample.task for sample in found.samples} == set(NAMES)
    assert all(sample.is_same and sample.common == 1 for sample in found.samples)
    assert "at most 13.9% are of other origin" in found.reason  # 1 - 0.05 ** (1/20)
    assert backend.seeds == {7}
    assert sum(len(indexes) for _, indexes in backend.asked) == 20


@pytest.mark.parametrize("every", [1, 2])
def test_pasted_solutions_are_refuted(every: int) -> None:
    assert drawn([pasted(every)]).conclusion == "refuted"


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_texts_of_another_model_are_refuted_whatever_the_rounding(dtype: str) -> None:
    assert drawn([pasted(1)], how=options(dtype=dtype)).conclusion == "refuted"


def test_rounding_of_other_kernels_refutes_nobody() -> None:
    found = drawn(TRUE, OwnBackend(noise=3), options(dtype="bfloat16"))
    assert found.conclusion == "undecided"
    assert "rounding" in found.reason


def test_a_backend_that_draws_whole_problems_is_asked_for_them() -> None:
    backend = OwnBackend(single=False)
    assert drawn(TRUE, backend).conclusion == "verified"
    assert all(indexes == list(range(20)) for _, indexes in backend.asked)


def test_samples_of_another_generator_refute_nobody() -> None:
    """The harness draws otherwise: its texts are never ours, and that is no forgery."""
    assert drawn([pasted(1)], how=options(is_comparable=False)).conclusion == "undecided"
    assert drawn(TRUE, how=options(is_comparable=False)).conclusion == "verified"


@pytest.mark.parametrize(
    ("config", "is_podium"),
    [({"mode": "parity"}, True), ({"backend": "native"}, True), ({"backend": "harness", "mode": "parity"}, False),
     ({"backend": "vllm"}, False), ({"n_samples": 50}, False)],
)  # fmt: skip
def test_metrics_say_who_drew(config: dict[str, object], is_podium: bool) -> None:
    assert says_podium(config) == is_podium


def sample(common: float) -> RedrawnSample:
    return RedrawnSample(task="t", problem="p", index=0, is_same=common == 1, common=common)


@pytest.mark.parametrize(
    ("common", "dtype", "conclusion"),
    [
        ([1] * 10, "bfloat16", "verified"),
        ([], "float32", "undecided"),
        ([0.0], "float32", "undecided"),  # one text proves nothing
        ([0.0] * 2, "float32", "refuted"),
        ([1] * 17 + [0.9] * 3, "float32", "undecided"),
        ([1] * 16 + [0.9] * 4, "float32", "refuted"),  # too many for rounding
        ([1] * 10 + [0.6] * 10, "bfloat16", "undecided"),
        ([0.6] * 20, "bfloat16", "undecided"),
        ([0.0] * 4, "bfloat16", "undecided"),
        ([0.0] * 5, "bfloat16", "refuted"),
        ([0.05] * 12 + [0.5] * 8, "bfloat16", "refuted"),
        ([0.05] * 10 + [0.5] * 10, "bfloat16", "undecided"),
    ],
)
def test_what_texts_in_common_prove(common: list[float], dtype: str, conclusion: str) -> None:
    assert judge([sample(float(share)) for share in common], dtype, is_comparable=True)[0] == conclusion


@pytest.mark.parametrize(
    ("one", "other", "share"), [("", "", 1), ("abcd", "abxd", 0.5), ("ab", "abcd", 0.5), ("a", "b", 0), ("ab", "ab", 1)]
)
def test_common_share_is_of_the_longer_text(one: str, other: str, share: float) -> None:
    assert common_share(one, other) == common_share(other, one) == share


def test_pasted_solutions_execute_and_only_drawing_again_refutes_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.unit.execute.test_execute import FakeRunner

    monkeypatch.setattr("podium.execute.self_test", lambda *_: [])
    submitted = submission(pasted(2))
    settled = VerifyOptions(seed=1, work=tmp_path, workers=1)

    def again(whole: Submitted) -> Redrawing:
        return drawn(whole.claims)

    without = verify(settled, submitted, make_task, FakeRunner(), SilentProgress())
    assert without.conclusion == "verified"
    assert last_line(without).endswith("origin of generations unchecked")
    having = verify(settled, submitted, make_task, FakeRunner(), SilentProgress(), again)
    assert having.conclusion == "refuted"
    assert "do not come from this model" in last_line(having)
    honest = verify(settled, submission(TRUE[0]), make_task, FakeRunner(), SilentProgress(), again)
    assert honest.conclusion == "verified"
    assert "origin" not in last_line(honest)


def test_no_sample_is_no_check() -> None:
    with pytest.raises(UsageError, match="0 samples"):
        options(0)
    assert len(drawn([TRUE[0]], how=options(10**6)).samples) == PROBLEMS * 20
