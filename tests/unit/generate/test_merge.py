"""merge: shards back into one run, in data-set order; gaps, overlaps, doubles and mixtures are refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec
import pytest

from podium.errors import IncompleteError, OtherWorkError, RecordError
from podium.files import write_atomic
from podium.generate.log import samples_path
from podium.generate.merge import merge
from podium.generate.shards import part_of
from podium.protocol import generations_name
from podium.records import Sample, SamplesHeader, Sampling, encode

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

TASK = "humaneval"
PROBLEMS = [f"P/{number}" for number in range(7)]
N = 2


def _header(shard: str, problems: Sequence[str]) -> SamplesHeader:
    return SamplesHeader(
        task=TASK,
        shard=shard,
        model_sha256="1" * 64,
        data_sha256="2" * 64,
        sampling=Sampling(n_samples=N),
        backend="native",
        dtype="float32",
        problems=list(problems),
        stop=["\ndef"],
        versions={"torch": "1"},
    )


def _write(folder: Path, header: SamplesHeader, left_out: Sequence[tuple[str, int]] = ()) -> Path:
    """A log whose samples tell their address, last problems first: the order in a log says nothing."""
    rows = [
        Sample(problem=problem, index=index, generation=f"{problem}#{index}", tokens=1, finish="stop")
        for problem in reversed(header.problems)
        for index in range(N)
        if (problem, index) not in left_out
    ]
    path = samples_path(folder, TASK, header.shard)
    write_atomic(path, b"".join(encode(record) + b"\n" for record in [header, *rows]))
    return folder


@pytest.fixture
def shards(tmp_path: Path) -> list[Path]:
    return [
        _write(tmp_path / str(number), _header(f"{number}/3", part_of(PROBLEMS, f"{number}/3"))) for number in (1, 2, 3)
    ]


def _change(folder: Path, **changes: object) -> None:
    (path,) = (folder / "samples").iterdir()
    first, rest = path.read_bytes().split(b"\n", 1)
    header = msgspec.convert(json.loads(first), SamplesHeader)
    path.write_bytes(encode(msgspec.structs.replace(header, **changes)) + b"\n" + rest)


def _merged(output: Path) -> list[list[str]]:
    texts: list[list[str]] = json.loads((output / generations_name(TASK, "M")).read_bytes())
    return texts


WHOLE = [[f"{problem}#{index}" for index in range(N)] for problem in PROBLEMS]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1)])
def test_shards_in_any_order_become_the_whole_in_data_set_order(
    shards: list[Path], tmp_path: Path, order: Sequence[int]
) -> None:
    merge([shards[place] for place in order], tmp_path / "out", "M")
    assert _merged(tmp_path / "out") == WHOLE


def test_shards_in_one_directory_become_the_whole_there_and_go(tmp_path: Path) -> None:
    for number in (1, 2):
        _write(tmp_path, _header(f"{number}/2", part_of(PROBLEMS, f"{number}/2")))
    merge([tmp_path], tmp_path, "M")
    assert _merged(tmp_path) == WHOLE
    assert [path.name for path in (tmp_path / "samples").iterdir()] == [f"{TASK}.1-of-1.jsonl"]


def test_a_merge_that_was_interrupted_is_done_again_from_its_shards(tmp_path: Path) -> None:
    for number in (1, 2):
        _write(tmp_path, _header(f"{number}/2", part_of(PROBLEMS, f"{number}/2")))
    samples_path(tmp_path, TASK).write_bytes(encode(_header("1/1", PROBLEMS)) + b"\n")
    merge([tmp_path], tmp_path, "M")
    assert _merged(tmp_path) == WHOLE


def test_a_missing_shard_is_named_with_the_command_that_draws_it(shards: list[Path], tmp_path: Path) -> None:
    with pytest.raises(IncompleteError, match="lacks shard 2/3") as caught:
        merge([shards[0], shards[2]], tmp_path / "out", "M")
    assert "--shard 2/3" in caught.value.hint
    assert not (tmp_path / "out").exists()


def test_a_missing_sample_is_named(shards: list[Path], tmp_path: Path) -> None:
    _write(shards[1], _header("2/3", part_of(PROBLEMS, "2/3")), left_out=[("P/4", 1)])
    with pytest.raises(IncompleteError, match=r"2-of-3\.jsonl lacks 1 samples: P/4#1"):
        merge(shards, tmp_path / "out", "M")
    assert not (tmp_path / "out").exists()


def test_a_shard_that_comes_twice_is_refused(shards: list[Path], tmp_path: Path) -> None:
    again = _write(tmp_path / "again", _header("2/3", part_of(PROBLEMS, "2/3")))
    with pytest.raises(RecordError, match="shard 2/3 of humaneval comes twice") as caught:
        merge([*shards, again], tmp_path / "out", "M")
    assert "name each run directory once" in caught.value.hint


def test_a_directory_named_twice_counts_once(shards: list[Path], tmp_path: Path) -> None:
    merge([*shards, shards[0]], tmp_path / "out", "M")
    assert _merged(tmp_path / "out") == WHOLE


def test_a_sample_that_comes_twice_is_refused(shards: list[Path], tmp_path: Path) -> None:
    path = samples_path(shards[0], TASK, "1/3")
    path.write_bytes(path.read_bytes() + path.read_bytes().splitlines(keepends=True)[-1])
    with pytest.raises(RecordError, match="doubled"):
        merge(shards, tmp_path / "out", "M")


def test_a_problem_in_two_shards_is_refused(tmp_path: Path) -> None:
    folders = [_write(tmp_path / str(n), _header(f"{n}/2", ["P/0", f"P/{n}"])) for n in (1, 2)]
    with pytest.raises(RecordError, match="overlap") as caught:
        merge(folders, tmp_path / "out", "M")
    assert "same --limit" in caught.value.hint


def test_shards_of_different_limits_are_refused(shards: list[Path], tmp_path: Path) -> None:
    _write(shards[2], _header("3/3", part_of(PROBLEMS[:3], "3/3")))
    with pytest.raises(RecordError, match="do not fit together") as caught:
        merge(shards, tmp_path / "out", "M")
    assert "same --limit" in caught.value.hint


def test_shards_of_different_splits_are_refused(shards: list[Path], tmp_path: Path) -> None:
    other = _write(tmp_path / "other", _header("2/2", part_of(PROBLEMS, "2/2")))
    with pytest.raises(RecordError, match=r"shard 2/2, .* is shard 1/3: of different splits"):
        merge([shards[0], other, shards[2]], tmp_path / "out", "M")


@pytest.mark.parametrize(
    "change",
    [
        {"model_sha256": "9" * 64},
        {"data_sha256": "9" * 64},
        {"sampling": Sampling(n_samples=N, temperature=0.3)},
        {"sampling": Sampling(n_samples=N, seed=1)},
        {"backend": "transformers"},
        {"dtype": "bfloat16"},
        {"stop": ["\ndef", "\nif"]},
        {"versions": {"torch": "2"}},
    ],
)
def test_shards_drawn_differently_are_refused_by_what_differs(
    shards: list[Path], tmp_path: Path, change: dict[str, object]
) -> None:
    _change(shards[1], **change)
    with pytest.raises(RecordError, match=f"different {next(iter(change))}") as caught:
        merge(shards, tmp_path / "out", "M")
    assert "generate the odd shard again" in caught.value.hint
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("removed", [1, 2])
def test_a_merge_that_was_killed_while_it_removed_shards_is_finished(tmp_path: Path, removed: int) -> None:
    for number in (1, 2, 3):
        _write(tmp_path, _header(f"{number}/3", part_of(PROBLEMS, f"{number}/3")))
    shards = sorted((tmp_path / "samples").iterdir())
    kept = {path: path.read_bytes() for path in shards[removed:]}
    merge([tmp_path], tmp_path, "M")
    whole = samples_path(tmp_path, TASK).read_bytes()
    for path, data in kept.items():
        path.write_bytes(data)
    merge([tmp_path], tmp_path, "M")
    assert {path.name: path.read_bytes() for path in (tmp_path / "samples").iterdir()} == {
        f"{TASK}.1-of-1.jsonl": whole
    }


def test_a_shard_of_another_split_is_not_taken_for_a_part_of_the_whole(shards: list[Path], tmp_path: Path) -> None:
    merge(shards, tmp_path / "out", "M")
    _change(shards[0], dtype="bfloat16")
    with pytest.raises(IncompleteError, match="lacks shard 2/3"):
        merge(shards[:1], tmp_path / "out", "M")


def _other_whole(folder: Path) -> bytes:
    _write(folder, msgspec.structs.replace(_header("1/1", PROBLEMS), sampling=Sampling(n_samples=N, seed=5)))
    return samples_path(folder, TASK).read_bytes()


def test_finished_samples_where_the_whole_would_go_stay_unless_they_are_given_up(
    shards: list[Path], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    there = _other_whole(out)
    with pytest.raises(OtherWorkError, match="holds 14 samples of other work: seed 5 instead of 0") as caught:
        merge(shards, out, "M")
    assert "--discard" in caught.value.hint
    assert samples_path(out, TASK).read_bytes() == there
    merge(shards, out, "M", discard=True)
    assert samples_path(out, TASK).with_name(f"{TASK}.1-of-1.jsonl.stale").read_bytes() == there
    assert _merged(out) == WHOLE


def test_directories_without_logs_are_refused(tmp_path: Path) -> None:
    with pytest.raises(IncompleteError, match="no sample logs") as caught:
        merge([tmp_path], tmp_path / "out", "M")
    assert "podium generate" in caught.value.hint
