"""EvalPlus's own result files: read strictly, every score computed again from the verdicts.

Nothing is evaluated here: the file is made by `evalplus.evaluate`, and the data set is known by the hash it carries.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import msgspec

from podium.errors import IncompleteError, RecordError
from podium.files import parse_json, read_bytes, sha256_bytes, sha256_json
from podium.validate.leaks import secret_in
from podium.validate.shapes import validator

if TYPE_CHECKING:
    from pathlib import Path

LIMIT_BYTES = 256 << 20


class DataSet(msgspec.Struct, frozen=True, kw_only=True):
    """One of EvalPlus's data sets in the version its leaderboard uses.

    `md5` is what `evalplus.evaluate` writes as `hash`: over the JSONL that it downloads and unpacks. `packed_md5` it
    writes where *_OVERRIDE_PATH names the released file itself. `ids_sha256` is over the sorted task names as
    canonical JSON.
    """

    name: str
    label: str
    version: str
    tasks: int
    md5: str
    packed_md5: str
    ids_sha256: str


# Hashes computed on 2026-11-25 from the releases of github.com/evalplus/humanevalplus_release and mbppplus_release;
# the versions are HUMANEVAL_PLUS_VERSION and MBPP_PLUS_VERSION of evalplus at 26d6d00.
DATA_SETS = (
    DataSet(
        name="humaneval",
        label="HumanEval+",
        version="v0.1.10",
        tasks=164,
        md5="fe585eb4df8c88d844eeb463ea4d0302",
        packed_md5="924d06df44399bb3c99d9196cb43018f",
        ids_sha256="8c4a9413be6b6b793de94b702ab733ca734db2f5d6bca361605f1d7f71dd9ebe",
    ),
    DataSet(
        name="mbpp",
        label="MBPP+",
        version="v0.2.0",
        tasks=378,
        md5="ee43ecabebf20deef4bb776a405ac5b1",
        packed_md5="7bc89eca53cb2a8b4476182b922b1bd4",
        ids_sha256="88dec5db7ce39c37e0fbc7224a2aaa7dbda11c322ce86b8056ff89bed9c72c2f",
    ),
)


class PlusResult(msgspec.Struct, frozen=True, kw_only=True):
    """A result file that was proven: its bytes, and how many of its tasks passed base tests, and base and plus tests.

    EvalPlus's leaderboard is greedy: one sample a task, so pass@1 is the share of tasks.
    """

    data_set: DataSet
    data: bytes
    date: str
    solutions: dict[str, str]
    passed_base: int
    passed_plus: int

    @property
    def sha256(self) -> str:
        """Digest of the file as it was given."""
        return sha256_bytes(self.data)

    @property
    def base(self) -> float:
        """pass@1 on the base tests."""
        return self.passed_base / self.data_set.tasks

    @property
    def plus(self) -> float:
        """pass@1 on base and plus tests."""
        return self.passed_plus / self.data_set.tasks


def read_result(path: Path) -> PlusResult:
    """Read and prove one result file. Raises RecordError, IncompleteError naming file and task."""
    data = _bytes_of(path)
    value = _parsed(data, path)
    data_set = _data_set_of(value["hash"], path)
    verdicts: dict[str, list[dict[str, Any]]] = value["eval"]
    _check_tasks(data_set, verdicts, path)
    rows = [row for listed in verdicts.values() for row in listed]
    base = sum(row["base_status"] == "pass" for row in rows)
    plus = sum(row["base_status"] == row["plus_status"] == "pass" for row in rows)
    result = PlusResult(
        data_set=data_set,
        data=data,
        date=value["date"],
        solutions={row["task_id"]: row["solution"] for row in rows},
        passed_base=base,
        passed_plus=plus,
    )
    _check_scores(result, value.get("pass_at_k"), path)
    return result


def _bytes_of(path: Path) -> bytes:
    if path.is_symlink() or (path.exists() and not path.is_file()):
        message = f"{path} is not a plain file"
        raise RecordError(message, hint="name EvalPlus's result file itself")
    if path.exists() and path.stat().st_size > LIMIT_BYTES:
        message = f"{path} has more than {LIMIT_BYTES >> 20} MiB"
        raise RecordError(message, hint="evaluate without --test-details: the file then holds one failed test a sample")
    return read_bytes(path)


def _parsed(data: bytes, path: Path) -> Any:
    # Python writes infinite inputs of failed tests as bare words; as texts they are no numbers anywhere.
    value = parse_json(data, str(path), constants_as_text=True)
    fault = next(iter(validator("evalplus-results").iter_errors(value)), None)
    if fault is not None:
        message = f"{path}: {fault.json_path}: {fault.message[:200]}"
        raise RecordError(message, hint="evalplus.evaluate writes the file; nothing in it is edited by hand")
    kind = secret_in(data.decode())
    if kind:
        message = f"{path} holds what looks like {kind}"
        raise RecordError(message, hint="revoke it, find out which sample holds it, and evaluate again without it")
    return value


def _data_set_of(md5: str, path: Path) -> DataSet:
    for data_set in DATA_SETS:
        if md5 in {data_set.md5, data_set.packed_md5}:
            return data_set
    known = ", ".join(f"{data_set.label} {data_set.version} ({data_set.md5})" for data_set in DATA_SETS)
    message = f"{path}: $.hash is {md5}, which is none of the leaderboard's data sets: {known}"
    raise RecordError(message, hint="evaluate again without --mini, --noextreme, --version and data of your own")


def _check_tasks(data_set: DataSet, verdicts: dict[str, list[dict[str, Any]]], path: Path) -> None:
    if sha256_json(sorted(verdicts)) != data_set.ids_sha256:
        message = f"{path} holds {len(verdicts)} tasks, which are not the {data_set.tasks} of {data_set.label}"
        raise IncompleteError(message, hint="generate and evaluate every task of the data set")
    for task, rows in verdicts.items():
        where = f"{path}: $.eval[{task!r}]"
        if len(rows) != 1:
            message = f"{where} has {len(rows)} samples, and EvalPlus's leaderboard takes one, drawn greedily"
            raise RecordError(message, hint="evalplus.codegen --greedy, then evalplus.evaluate --samples")
        if rows[0]["task_id"] != task:
            message = f"{where} is about {rows[0]['task_id']}"
            raise RecordError(message, hint="evalplus.evaluate writes the file; nothing in it is edited by hand")
        if rows[0]["base_status"] is None or rows[0]["plus_status"] is None:
            message = f"{where} has no verdict on {'base' if rows[0]['base_status'] is None else 'plus'} tests"
            raise IncompleteError(message, hint="evaluate again, without --base-only")


def _check_scores(result: PlusResult, told: dict[str, dict[str, float]] | None, path: Path) -> None:
    """Compare with the file's own pass@1, where it has one."""
    for kind, ours in (("base", result.base), ("plus", result.plus)):
        theirs = (told or {}).get(kind, {}).get("pass@1", ours)
        if not math.isclose(theirs, ours, abs_tol=1e-12):
            message = f"{path}: $.pass_at_k.{kind}['pass@1'] is {theirs}, and its own verdicts give {ours}"
            raise RecordError(message, hint="evalplus.evaluate writes the file; nothing in it is edited by hand")
