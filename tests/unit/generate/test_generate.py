"""generate: streams, sampling, the harness's cutting rule, and a log that survives anything."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from podium.errors import IncompleteError, OtherWorkError, RecordError, StorageError, UsageError
from podium.files import AppendLog
from podium.generate import GenerateOptions, collect_samples, generate, samples_path
from podium.generate.backends.seam import Wanted
from podium.generate.postprocess import cut_at_stop, finish_of, to_generation
from podium.generate.sampling import choose, nuclei_of
from podium.generate.streams import uniforms
from podium.progress import SilentProgress
from podium.protocol import HUMANEVAL_STOP, generations_name
from podium.records import Sample, Sampling
from podium.tasks import Problem, Task

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Sequence

TASK = Task(
    name="humaneval",
    language="py",
    problems=[Problem(id=f"P/{i}", prompt=f"def f{i}():", tests="") for i in range(4)],
    stop=list(HUMANEVAL_STOP),
    data_sha256="0" * 64,
    problems_in_task=4,
)
SAMPLING = Sampling(n_samples=3)


class EchoBackend:
    """Draws texts that tell their own address, two samples a batch; is interrupted after `fail_after` batches."""

    def __init__(self, fail_after: int = 99, *, draws_single_samples: bool = True) -> None:
        self.drawn: list[tuple[str, int]] = []
        self.fail_after = fail_after
        self.draws_single_samples = draws_single_samples

    def versions(self) -> dict[str, str]:
        return {"echo": "1"}

    def stop_words(self, task: Task) -> list[str]:
        return task.stop

    def preflight(self, task: Task, sampling: Sampling) -> list[str]:
        return ["a warning"]

    def facts(self) -> str:
        return ""

    def tokens_drawn(self) -> int:
        return 0

    def draw(self, task: Task, wanted: Sequence[Wanted], sampling: Sampling) -> Generator[list[Sample], None, None]:
        everything = [(one.problem, index) for one in wanted for index in one.indexes]
        for number, batch in enumerate(everything[at : at + 2] for at in range(0, len(everything), 2)):
            if number == self.fail_after:
                raise KeyboardInterrupt
            self.drawn += [(problem.id, index) for problem, index in batch]
            yield [
                Sample(problem=p.id, index=i, generation=f"{p.prompt} #{i}", tokens=1, finish="stop") for p, i in batch
            ]


def _options(run_dir: Path, sampling: Sampling = SAMPLING) -> GenerateOptions:
    return GenerateOptions(
        run_dir=run_dir, model_name="M", model_sha256="1" * 64, sampling=sampling, backend="echo", dtype="float32"
    )


def _generations(run_dir: Path) -> bytes:
    return (run_dir / generations_name("humaneval", "M")).read_bytes()


def test_stream_depends_on_the_address_and_nothing_else() -> None:
    one = uniforms(0, "humaneval", "P/0", 7, 10)
    assert (uniforms(0, "humaneval", "P/0", 7, 400)[:10] == one).all()
    others = [(1, "humaneval", "P/0", 7), (0, "t", "P/0", 7), (0, "humaneval", "P/1", 7), (0, "humaneval", "P/0", 8)]
    assert all((uniforms(*address, 10) != one).all() for address in others)


def test_streams_are_pinned() -> None:
    values = uniforms(0, "humaneval", "HumanEval/0", 0, 3)
    assert values == pytest.approx([0.888347867423108, 0.06110870809150193, 0.054582588153958])


def _kept_by_transformers(scores: torch.Tensor, top_p: float) -> torch.Tensor:
    from transformers import TopPLogitsWarper

    return torch.isfinite(TopPLogitsWarper(top_p)(None, scores))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0.5, 0.9, 0.95]), st.sampled_from([0.2, 1.0]))
def test_frequencies_are_those_of_transformers_warpers(seed: int, top_p: float, temperature: float) -> None:
    scores = torch.randn(1, 12, generator=torch.Generator().manual_seed(seed), dtype=torch.float32)
    kept = _kept_by_transformers(scores / temperature, top_p)
    wanted = torch.softmax((scores / temperature).masked_fill(~kept, -torch.inf).double(), dim=-1)[0]
    grid = (torch.arange(4000, dtype=torch.float64) + 0.5) / 4000
    sampling = Sampling(temperature=temperature, top_p=top_p)
    drawn = choose(scores.expand(4000, -1), grid, sampling)
    shares = torch.bincount(drawn, minlength=12) / 4000
    assert torch.allclose(shares.double(), wanted, atol=6e-4)


def test_temperature_zero_is_greedy() -> None:
    scores = torch.tensor([[1.0, 3.0, 2.0]])
    assert choose(scores, torch.tensor([0.999], dtype=torch.float64), Sampling(temperature=0.0)).tolist() == [1]


@pytest.mark.parametrize(
    ("completion", "kept", "finish"),
    [
        ("\n    return 1\n\ndef g():", "\n    return 1\n", "stop"),
        ("\n    return 1\n#c\nclass A", "\n    return 1", "stop"),
        ("\n    return 1</s></s>", "\n    return 1", "eos"),
        ("\n    return 1", "\n    return 1", "length"),
        ("\nprint(1)</s>", "", "stop"),
        ("</s>\ndef", "", "eos"),
        ("", "", "length"),
    ],
)
def test_text_is_cut_where_the_harness_cuts(completion: str, kept: str, finish: str) -> None:
    stop = [*HUMANEVAL_STOP, "</s>"]
    assert cut_at_stop(completion, stop) == kept
    assert finish_of(completion, HUMANEVAL_STOP, "</s>") == finish


def test_the_prompt_goes_by_character_count() -> None:
    assert to_generation("def f():", "def f():\n    pass\nif", ["\nif"]) == "def f():\n    pass"


def test_generations_file_is_the_harness_shape(tmp_path: Path) -> None:
    generate(_options(tmp_path), TASK, EchoBackend(), SilentProgress())
    texts = json.loads(_generations(tmp_path))
    assert texts == [[f"def f{p}(): #{i}" for i in range(3)] for p in range(4)]


class BusyBackend(EchoBackend):
    """Knows whether it is still drawing."""

    is_drawing = False

    def draw(self, task: Task, wanted: Sequence[Wanted], sampling: Sampling) -> Generator[list[Sample], None, None]:
        self.is_drawing = True
        try:
            yield from super().draw(task, wanted, sampling)
        finally:
            self.is_drawing = False


class FailingReport(SilentProgress):
    """Fails as soon as samples are in the log."""

    def advance(self, count: int = 1, facts: str = "") -> None:
        raise OSError


def test_a_backend_stops_drawing_when_what_it_draws_finds_no_place(tmp_path: Path) -> None:
    backend = BusyBackend()
    # While the error is looked at its frames live, and with them whatever nobody closed.
    with pytest.raises(OSError) as caught:  # noqa: PT011
        generate(_options(tmp_path), TASK, backend, FailingReport())
    assert caught.tb
    assert len(backend.drawn) == 2
    assert not backend.is_drawing


@pytest.mark.parametrize("single", [True, False])
@pytest.mark.parametrize("stop_after", [0, 1, 3, 5])
def test_an_interrupted_log_is_continued_and_ends_in_the_same_bytes(
    tmp_path: Path, stop_after: int, single: bool
) -> None:
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    generate(_options(whole), TASK, EchoBackend(), SilentProgress())
    with pytest.raises(KeyboardInterrupt):
        generate(_options(cut), TASK, EchoBackend(stop_after), SilentProgress())
    again = EchoBackend(draws_single_samples=single)
    generate(_options(cut), TASK, again, SilentProgress())
    kept = 2 * stop_after if single else 2 * stop_after // 3 * 3
    assert len(again.drawn) == 12 - kept
    assert _generations(cut) == _generations(whole)
    assert samples_path(cut, "humaneval").read_bytes() == samples_path(whole, "humaneval").read_bytes()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2000))
def test_a_log_cut_at_any_byte_is_continued(tmp_path_factory: pytest.TempPathFactory, keep: int) -> None:
    run_dir = tmp_path_factory.mktemp("run")
    generate(_options(run_dir), TASK, EchoBackend(), SilentProgress())
    path, whole = samples_path(run_dir, "humaneval"), _generations(run_dir)
    path.write_bytes(path.read_bytes()[:keep])
    generate(_options(run_dir), TASK, EchoBackend(), SilentProgress())
    assert _generations(run_dir) == whole


def test_a_finished_log_draws_nothing(tmp_path: Path) -> None:
    generate(_options(tmp_path), TASK, EchoBackend(), SilentProgress())
    again = EchoBackend()
    generate(_options(tmp_path), TASK, again, SilentProgress())
    assert again.drawn == []


OTHERS: list[tuple[dict[str, object], str]] = [
    ({"sampling": Sampling(n_samples=2)}, "n_samples 3 instead of 2"),
    ({"sampling": Sampling(n_samples=3, seed=1)}, "seed 0 instead of 1"),
    ({"sampling": Sampling(n_samples=3, temperature=0.0, top_p=1.0)}, "temperature 0.2 instead of 0.0, top_p"),
    ({"model_sha256": "2" * 64}, "another model"),
    ({"backend": "native"}, "backend echo instead of native"),
    ({"dtype": "bfloat16"}, "dtype float32 instead of bfloat16"),
]


@pytest.mark.parametrize(("changes", "reason"), OTHERS)
def test_samples_of_other_inputs_stay_unless_they_are_given_up(
    tmp_path: Path, changes: dict[str, object], reason: str
) -> None:
    generate(_options(tmp_path), TASK, EchoBackend(), SilentProgress())
    path = samples_path(tmp_path, "humaneval")
    drawn, report = path.read_bytes(), SilentProgress()
    asked = msgspec.structs.replace(_options(tmp_path), **changes)
    with pytest.raises(OtherWorkError, match=f"holds 12 samples of other work: {reason}") as caught:
        generate(asked, TASK, EchoBackend(), report)
    assert path.read_bytes() == drawn
    assert "to move them to" in caught.value.hint
    assert f"{path.name}.stale" in caught.value.hint
    generate(msgspec.structs.replace(asked, discard=True), TASK, EchoBackend(), report)
    assert path.with_name(f"{path.name}.stale").read_bytes() == drawn
    assert reason in report.notes[0]
    generate(asked, TASK, EchoBackend(0), report)


def test_samples_that_were_given_up_never_take_the_place_of_earlier_ones(tmp_path: Path) -> None:
    path, drawn = samples_path(tmp_path, "humaneval"), []
    for n_samples in (3, 2, 1):
        options = msgspec.structs.replace(_options(tmp_path, Sampling(n_samples=n_samples)), discard=True)
        generate(options, TASK, EchoBackend(), SilentProgress())
        drawn.append(path.read_bytes())
    stale = [path.with_name(f"{path.name}.{word}").read_bytes() for word in ("stale", "stale-2")]
    assert [*stale, path.read_bytes()] == drawn


class LaterBackend(EchoBackend):
    """The same texts by a later version."""

    def versions(self) -> dict[str, str]:
        return {"echo": "2"}


def test_finished_samples_of_an_earlier_version_are_kept_and_it_is_said(tmp_path: Path) -> None:
    generate(_options(tmp_path), TASK, EchoBackend(), SilentProgress())
    path, report = samples_path(tmp_path, "humaneval"), SilentProgress()
    drawn = path.read_bytes()
    header = generate(_options(tmp_path), TASK, LaterBackend(0), report)
    assert path.read_bytes() == drawn
    assert header.versions == {"echo": "1"}
    assert "are kept, though drawn by echo 1 instead of 2" in report.notes[0]


def test_a_log_is_not_continued_by_another_version(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        generate(_options(tmp_path), TASK, EchoBackend(3), SilentProgress())
    with pytest.raises(OtherWorkError, match="holds 6 samples of other work: echo 1 instead of 2"):
        generate(_options(tmp_path), TASK, LaterBackend(), SilentProgress())
    generate(_options(tmp_path), TASK, EchoBackend(), SilentProgress())


class ReplayedBackend(EchoBackend):
    """As the replay backend: which file it is stands among the versions."""

    def __init__(self, digest: str) -> None:
        super().__init__()
        self._digest = digest

    def versions(self) -> dict[str, str]:
        return {"engine": "replay", "generations_sha256": self._digest}


def test_another_replayed_file_is_other_work(tmp_path: Path) -> None:
    generate(_options(tmp_path), TASK, ReplayedBackend("1"), SilentProgress())
    with pytest.raises(OtherWorkError, match="generations_sha256 1 instead of 2"):
        generate(_options(tmp_path), TASK, ReplayedBackend("2"), SilentProgress())


def _double(lines: list[bytes]) -> list[bytes]:
    return [*lines, lines[-1], lines[3]]


def _contradict(lines: list[bytes]) -> list[bytes]:
    return [*lines, lines[3].replace(b" #", b" ?")]


def _break(lines: list[bytes]) -> list[bytes]:
    return [*lines[:3], b"\0" * 40 + b"\n", *lines[4:]]


def _stray(lines: list[bytes]) -> list[bytes]:
    return [*lines, lines[-1].replace(b"P/3", b"P/9")]


def _spoil(path: Path, how: Callable[[list[bytes]], list[bytes]]) -> bytes:
    path.write_bytes(b"".join(how(path.read_bytes().splitlines(keepends=True))))
    return path.read_bytes()


@pytest.mark.parametrize("single", [True, False])
def test_rows_that_came_twice_are_written_once_and_nothing_is_drawn(tmp_path: Path, single: bool) -> None:
    generate(_options(tmp_path), TASK, EchoBackend(), SilentProgress())
    path, report = samples_path(tmp_path, "humaneval"), SilentProgress()
    whole = path.read_bytes()
    _spoil(path, _double)
    generate(_options(tmp_path), TASK, EchoBackend(0, draws_single_samples=single), report)
    assert path.read_bytes() == whole
    assert report.notes == ["generate humaneval: 2 samples came twice and are written once"]


@pytest.mark.parametrize(
    ("spoil", "message", "drawn"),
    [
        (_contradict, r":14 holds P/0#2 a second time, with another text", 3),
        (_break, r":4 is not strict JSON", 1),
        (_stray, r":14 holds P/9#2, which was never planned", 0),
    ],
)
def test_a_log_whose_rows_do_not_fit_goes_on_without_them_when_asked(
    tmp_path: Path, spoil: Callable[[list[bytes]], list[bytes]], message: str, drawn: int
) -> None:
    generate(_options(tmp_path), TASK, EchoBackend(), SilentProgress())
    path, whole = samples_path(tmp_path, "humaneval"), _generations(tmp_path)
    spoiled = _spoil(path, spoil)
    with pytest.raises(OtherWorkError, match=message) as caught:
        generate(_options(tmp_path), TASK, EchoBackend(), SilentProgress())
    assert path.read_bytes() == spoiled
    assert "--discard" in caught.value.hint
    again = EchoBackend()
    generate(msgspec.structs.replace(_options(tmp_path), discard=True), TASK, again, SilentProgress())
    assert len(again.drawn) == drawn
    assert path.with_name(f"{path.name}.stale").read_bytes() == spoiled
    assert _generations(tmp_path) == whole


def test_a_header_that_cannot_be_read_is_other_work(tmp_path: Path) -> None:
    generate(_options(tmp_path), TASK, EchoBackend(), SilentProgress())
    path = samples_path(tmp_path, "humaneval")
    _spoil(path, lambda lines: [b"{}\n", *lines[1:]])
    with pytest.raises(OtherWorkError, match="12 samples of other work: a header that cannot be read"):
        generate(_options(tmp_path), TASK, EchoBackend(), SilentProgress())


def test_missing_samples_are_named_never_left_out(tmp_path: Path) -> None:
    generate(_options(tmp_path), TASK, EchoBackend(), SilentProgress())
    path = samples_path(tmp_path, "humaneval")
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-2]))
    with pytest.raises(IncompleteError, match="lacks 2 samples: P/3#1, P/3#2"):
        collect_samples(tmp_path, "humaneval")


def test_doubled_samples_are_refused(tmp_path: Path) -> None:
    generate(_options(tmp_path), TASK, EchoBackend(), SilentProgress())
    path = samples_path(tmp_path, "humaneval")
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines, lines[-1]]))
    with pytest.raises(RecordError, match="doubled"):
        collect_samples(tmp_path, "humaneval")


def test_uniform_numbers_stay_below_one() -> None:
    values = np.concatenate([uniforms(0, "t", "p", i, 512) for i in range(50)])
    assert values.min() >= 0
    assert values.max() < 1


@settings(max_examples=300, deadline=None)
@given(
    st.integers(0, 10_000),
    st.sampled_from([0.2, 0.5, 0.95, 1.0]),
    st.sampled_from([0.0, 0.2, 1.0, 3.0]),
    st.sampled_from([1, 7, 300, 5000]),
    st.booleans(),
)
def test_the_nucleus_draws_what_the_full_sort_draws(
    seed: int, top_p: float, temperature: float, vocabulary: int, has_ties: bool
) -> None:
    generator = torch.Generator().manual_seed(seed)
    # Rows from flat to peaked, so that some have their nucleus among the likely tokens and some do not.
    scores = torch.tensor([[0.0], [0.5], [2.0], [8.0]]) * torch.randn(4, vocabulary, generator=generator)
    scores = scores.round() if has_ties else scores
    uniform = torch.rand(40, generator=generator, dtype=torch.float64)
    sampling = Sampling(temperature=temperature, top_p=top_p)
    rows = [place % 4 for place in range(40)]
    nuclei = nuclei_of(scores, sampling)
    assert nuclei.draw(rows, uniform.tolist()) == choose(scores[rows], uniform, sampling).tolist()
    assert nuclei.part(1, 3).draw([1, 0], [0.5, 0.5]) == nuclei.draw([2, 1], [0.5, 0.5])


@pytest.mark.parametrize("shard", ["0/2", "3/2", "1", "a/b", "1/0", "-1/2", "1/2 "])
def test_a_shard_out_of_range_is_refused_with_an_example(tmp_path: Path, shard: str) -> None:
    with pytest.raises(UsageError, match="is not I/N") as caught:
        msgspec.structs.replace(_options(tmp_path), shard=shard)
    assert "--shard 2/4" in caught.value.hint


def test_a_shard_without_problems_is_refused(tmp_path: Path) -> None:
    options = msgspec.structs.replace(_options(tmp_path), shard="5/5")
    with pytest.raises(UsageError, match="only 4") as caught:
        generate(options, TASK, EchoBackend(), SilentProgress())
    assert "fewer shards" in caught.value.hint


def test_a_full_disk_leaves_the_log_intact(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    generate(_options(tmp_path / "whole"), TASK, EchoBackend(), SilentProgress())
    with pytest.raises(KeyboardInterrupt):
        generate(_options(tmp_path / "cut"), TASK, EchoBackend(3), SilentProgress())

    def refuse(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", refuse)
        with pytest.raises(StorageError, match="No space left") as caught:
            generate(_options(tmp_path / "cut"), TASK, EchoBackend(), SilentProgress())
    assert "free disk space" in caught.value.hint
    again = EchoBackend()
    generate(_options(tmp_path / "cut"), TASK, again, SilentProgress())
    assert len(again.drawn) <= 6
    assert _generations(tmp_path / "cut") == _generations(tmp_path / "whole")


class SteppingBackend(EchoBackend):
    """Says after every token that work goes on; samples come at the end."""

    steps = 0

    def tokens_drawn(self) -> int:
        return 3 * self.steps

    def draw(self, task: Task, wanted: Sequence[Wanted], sampling: Sampling) -> Generator[list[Sample], None, None]:
        for _ in range(4):
            self.steps += 1
            yield []
        yield from super().draw(task, wanted, sampling)


class Watching(SilentProgress):
    """Remembers what is told while samples are drawn."""

    def __init__(self) -> None:
        super().__init__()
        self.shares: list[float] = []
        self.told: list[tuple[int, str]] = []

    def estimate(self, share: float) -> None:
        self.shares.append(share)

    def advance(self, count: int = 1, facts: str = "") -> None:
        self.told.append((count, facts))


def test_what_is_drawn_is_told_before_the_first_sample_is_complete(tmp_path: Path) -> None:
    report, backend = Watching(), SteppingBackend()
    backend.steps = 100  # of an earlier task
    clock = iter(range(100))
    generate(_options(tmp_path), TASK, backend, report, lambda: float(next(clock)))
    assert report.told[:4] == [(0, f"{3 * n} tokens, 3 tokens/s") for n in (1, 2, 3, 4)]
    assert 0 < report.shares[0] < report.shares[3] < 1
    assert report.shares[-1] == 1


def test_that_work_goes_on_costs_no_write_to_the_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[int] = []
    append = AppendLog.append

    def counting(self: AppendLog, lines: Iterable[bytes]) -> None:
        held = list(lines)
        written.append(len(held))
        append(self, held)

    monkeypatch.setattr(AppendLog, "append", counting)
    generate(_options(tmp_path), TASK, SteppingBackend(), SilentProgress())
    assert 0 not in written
