"""files: strict JSON, atomic writes, append-only logs."""

from __future__ import annotations

import errno
import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.errors import RecordError, StorageError
from podium.files import (
    AppendLog,
    atomic_writer,
    canonical_json,
    complete_lines,
    parse_json,
    read_bytes,
    sha256_json,
    write_atomic,
    write_remedy,
)
from podium.generations import read_generations

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (b'{"a": NaN}', "NaN"),
        (b'{"a": -Infinity}', "Infinity"),
        (b'{"a": 1e999}', "overflows"),
        (b'{"a": 1, "a": 2}', "duplicate key 'a'"),
        (b'{"a": {"b": 1, "b": 1}}', "duplicate key 'b'"),
        (b"{", "JSON"),
        (b'"\xff"', "JSON"),
        (b"[" * 100_000, "JSON"),
    ],
)
def test_what_is_not_strict_json_is_refused_with_its_place(text: bytes, word: str) -> None:
    with pytest.raises(RecordError, match=r"scores\.json is not strict JSON") as caught:
        parse_json(text, "scores.json")
    assert word in str(caught.value)


@given(JSON)
def test_canonical_json_survives_a_round_trip(value: object) -> None:
    encoded = canonical_json(value)
    assert parse_json(encoded, "x") == value
    assert canonical_json(parse_json(encoded, "x")) == encoded


@given(st.dictionaries(st.text(), st.integers(), min_size=2))
def test_digest_does_not_depend_on_key_order(value: dict[str, int]) -> None:
    assert sha256_json(value) == sha256_json(dict(reversed(list(value.items()))))


def test_half_a_character_survives_escaped() -> None:
    assert parse_json(canonical_json({"a": "\ud800x"}), "x") == {"a": "\ud800x"}


def test_canonical_json_refuses_nan() -> None:
    with pytest.raises(ValueError, match="JSON"):
        canonical_json(float("nan"))


def test_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    write_atomic(path, b"old")

    def write_half() -> None:
        with atomic_writer(path) as stream:
            stream.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["plan.json"]


def test_a_place_that_cannot_be_written_is_a_storage_error_with_a_remedy() -> None:
    from pathlib import Path

    with pytest.raises(StorageError) as caught:
        write_atomic(Path("/proc/podium.json"), b"x")
    assert caught.value.exit_code == 13
    assert "choose another place" in caught.value.hint


def test_torn_last_line_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes(b'{"a":1}\n{"a":2}\n{"a":')
    assert [line for _, line in complete_lines(path)] == [b'{"a":1}\n', b'{"a":2}\n']


def test_append_log_cuts_a_torn_line_before_it_appends(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes(b'{"a":1}\n{"a":')
    with AppendLog(path) as log:
        log.append([b'{"a":2}', b'{"a":3}'])
    assert [json.loads(line)["a"] for line in path.read_text().splitlines()] == [1, 2, 3]


def test_equal_twins_are_one_key_only_where_they_are_allowed_and_truly_equal() -> None:
    assert parse_json(b'{"a": [1], "a": [1]}', "x", equal_twins=True) == {"a": [1]}
    for text in (b'{"a": 1, "a": 2}', b'{"a": 1, "a": true}', b'{"b": {"a": 0, "a": 0.0}}'):
        with pytest.raises(RecordError, match="duplicate key 'a' with different values"):
            parse_json(text, "x", equal_twins=True)
    with pytest.raises(RecordError, match="duplicate key 'a'"):
        parse_json(b'{"a": [1], "a": [1]}', "x")


@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        (errno.ENOSPC, "free disk space"),
        (errno.EDQUOT, "free disk space"),
        (errno.EACCES, "writable for this user"),
        (errno.EPERM, "writable for this user"),
        (errno.EROFS, "read-only"),
        (errno.ENOTDIR, "something else is in the way"),
        (errno.EISDIR, "something else is in the way"),
        (errno.ENAMETOOLONG, "choose another place"),
    ],
)
def test_only_a_full_disk_is_called_full(number: int, remedy: str) -> None:
    said = write_remedy(OSError(number, "x"))
    assert remedy in said
    assert ("disk space" in said) == (number in (errno.ENOSPC, errno.EDQUOT))


@pytest.mark.parametrize("write", [lambda path: write_atomic(path, b"x"), AppendLog])
def test_a_file_where_a_folder_should_be_is_named_as_the_cause(tmp_path: Path, write: Callable[[Path], object]) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError) as caught:
        write(tmp_path / "file" / "x.json")
    assert "in the way" in caught.value.hint


@pytest.mark.parametrize("read", [read_bytes, lambda path: list(complete_lines(path)), read_generations])
def test_a_missing_folder_is_named_not_the_file_in_it(tmp_path: Path, read: Callable[[Path], object]) -> None:
    with pytest.raises(RecordError, match=f"there is no folder {tmp_path / 'runs'}$") as caught:
        read(tmp_path / "runs" / "v7" / "submission.json")
    assert "check the name" in caught.value.hint
    with pytest.raises(RecordError, match="No such file"):
        read(tmp_path / "submission.json")
    with pytest.raises(RecordError) as caught:
        read(tmp_path)
    assert caught.value.hint == "name a file"
