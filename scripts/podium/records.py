"""Every file a stage writes, as a frozen record: the source of truth for `schemas/<record>.schema.json`.

A JSON record carries its own name in the field `record`. A JSONL file (samples, verdicts) is a header record
on the first line and row records after it. Other people's formats (generations, metrics, grouped) are
transcribed in `schemas/boards/` instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import msgspec

from podium.errors import RecordError
from podium.files import canonical_json, complete_lines, parse_json, read_bytes, sha256_json, write_atomic

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# `(?!\n)$`: a bare `$` would let a line break at the end pass.
Sha256 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}(?!\n)$")]
Count = Annotated[int, msgspec.Meta(ge=0)]
Positive = Annotated[int, msgspec.Meta(ge=1)]
Seconds = Annotated[float, msgspec.Meta(ge=0)]
Fraction = Annotated[float, msgspec.Meta(ge=0, le=1)]
# No slash, blank or leading dot: these become folder names and a pull request title.
Name = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*(?!\n)$", max_length=96)]
# A problem is named by its data set: HumanEval/0, HumanEval_0_has_close_elements.
ProblemId = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]

Outcome = Literal["passed", "failed", "timed_out", "out_of_memory", "syntax_error", "crashed", "output_limit"]
Finish = Literal["stop", "eos", "length", "prompt_fills_window"]
SendOutcome = Literal["created", "updated", "unchanged", "closed", "skipped", "failed"]
Severity = Literal["error", "warning"]


class Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="record"):
    """Base of all records; subclasses name themselves with `tag=`."""


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the pieces inside records."""


class ModelName(Part, frozen=True, kw_only=True):
    """The three names of a submission, kept apart because the folder name alone cannot be split."""

    org: Name
    model: Name
    user: Name

    @property
    def hub_id(self) -> str:
        """`org/model`, the board's `meta.model`."""
        return f"{self.org}/{self.model}"

    @property
    def folder(self) -> str:
        """`ORG_MODEL_USER`, the folder below `community_results/`."""
        return f"{self.org}_{self.model}_{self.user}"


class Release(Part, frozen=True, kw_only=True):
    """One published version of a model. `commit` is empty when the checkpoint does not come from git."""

    tag: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    commit: Annotated[str, msgspec.Meta(pattern=r"^([0-9a-f]{40})?(?!\n)$")] = ""
    model: ModelName


class Sampling(Part, frozen=True, kw_only=True):
    """How samples are drawn: the board's protocol, or what was asked for instead. Temperature 0 is greedy."""

    n_samples: Positive = 50
    temperature: Annotated[float, msgspec.Meta(ge=0)] = 0.2
    top_p: Annotated[float, msgspec.Meta(gt=0, le=1)] = 0.95
    max_length: Positive = 512
    seed: Count = 0


class FileDigest(Part, frozen=True, kw_only=True):
    """One file: path relative to the folder it is listed for, size in bytes, SHA-256."""

    path: str
    size_bytes: Count
    sha256: Sha256


class PlannedTask(Part, frozen=True, kw_only=True):
    """A task of a run: its problems in data-set order (after `limit`) and the digest of the data file."""

    task: str
    language: str
    data_sha256: Sha256
    problems: list[ProblemId]
    problems_in_task: Positive


class PlannedJob(Part, frozen=True, kw_only=True):
    """One job of the distributed run: a stage, the task it works on if any, and where it may run."""

    stage: str
    task: str = ""
    runs_on: list[str]
    samples: Count = 0


class Plan(Record, frozen=True, kw_only=True, tag="plan"):
    """plan.json: everything a run will do. `partial` says why it can never be a submission; empty means it can."""

    release: Release
    profile: str
    checkpoint: list[FileDigest]
    sampling: Sampling
    backend: str
    dtype: str
    mode: Literal["parity", "corrected"]
    tasks: list[PlannedTask]
    jobs: list[PlannedJob]
    partial: list[str]
    podium: str


class TensorMap(Part, frozen=True, kw_only=True):
    """One tensor of the model: where its bytes lay in the checkpoint and what was done to them."""

    name: str
    shape: list[Positive]
    source: str
    source_range: tuple[Count, Count]
    transformation: Literal["copy", "transpose"]


class Check(Part, frozen=True, kw_only=True):
    """One thing that was looked at, and what was seen."""

    name: str
    ok: bool
    saw: str


class Model(Record, frozen=True, kw_only=True, tag="model"):
    """model.json: what the model directory holds and how it came out of the checkpoint."""

    layout: str
    checkpoint: list[FileDigest]
    files: list[FileDigest]
    dtype: str
    parameters: Positive
    vocab_size: Positive
    max_length: Positive
    assumptions: list[str]
    checks: list[Check]
    tensors: list[TensorMap]
    versions: dict[str, str]

    @property
    def sha256(self) -> str:
        """Digest of the model directory: its files' names and digests."""
        return digest_of_files(self.files)


class SamplesHeader(Record, frozen=True, kw_only=True, tag="samples"):
    """First line of samples/<task>.<shard>.jsonl: what the rows below were drawn from and how."""

    task: str
    shard: str
    model_sha256: Sha256
    data_sha256: Sha256
    sampling: Sampling
    backend: str
    dtype: str
    problems: list[ProblemId]
    stop: list[str]
    versions: dict[str, str]


class Sample(Part, frozen=True, kw_only=True):
    """One numbered attempt: `generation` is stripped prompt + cut completion, as the harness stores it."""

    problem: ProblemId
    index: Count
    generation: str
    tokens: Count
    finish: Finish


class SandboxFacts(Part, frozen=True, kw_only=True):
    """Which layers of isolation held while programs ran."""

    isolated: bool
    layers: list[str]
    missing: list[str]


class Limits(Part, frozen=True, kw_only=True):
    """Bounds for one program. `wall_seconds` is the verdict's limit, the others only protect the machine."""

    wall_seconds: Seconds
    cpu_seconds: Seconds
    memory_bytes: Positive
    output_bytes: Positive
    file_bytes: Positive
    processes: Positive


class VerdictsHeader(Record, frozen=True, kw_only=True, tag="verdicts"):
    """First line of verdicts/<task>.jsonl: what was run, with which tools, inside what."""

    task: str
    language: str
    mode: Literal["parity", "corrected"]
    generations_sha256: Sha256
    data_sha256: Sha256
    problems: list[ProblemId]
    n_samples: Positive
    limits: Limits
    sandbox: SandboxFacts
    toolchain: dict[str, str]
    self_test: list[Check]


class Verdict(Part, frozen=True, kw_only=True):
    """What running one program showed. Times in seconds; `message` is the harness's result text or the status."""

    problem: ProblemId
    index: Count
    outcome: Outcome
    message: str
    wall_seconds: Seconds
    cpu_seconds: Seconds
    program_sha256: Sha256


class Difference(Part, frozen=True, kw_only=True):
    """A sample that we and the official harness judge differently, in verdict or only in text (`same_verdict`)."""

    problem: ProblemId
    index: Count
    ours: str
    theirs: str
    same_verdict: bool
    program_sha256: Sha256


class TaskAgreement(Part, frozen=True, kw_only=True):
    """One task judged by both. `asked_again`: samples that the harness judged once more, alone, as they differed."""

    task: str
    samples: Positive
    distinct: Positive
    agreeing: Count
    asked_again: Count
    generations_sha256: Sha256
    verdicts_sha256: Sha256
    differences: list[Difference]


class Agreement(Record, frozen=True, kw_only=True, tag="agreement"):
    """crosscheck.json: what the official harness says of the same generations, and in what it ran."""

    harness_sha256: Sha256
    harness_commit: Annotated[str, msgspec.Meta(pattern=r"^([0-9a-f]{40})?(?!\n)$")] = ""
    python: str
    sandbox: SandboxFacts
    tasks: list[TaskAgreement]


class Diagnosis(Record, frozen=True, kw_only=True, tag="diagnosis"):
    """`podium doctor --json`: everything that was looked at on this machine."""

    checks: list[Check]


class TaskScore(Part, frozen=True, kw_only=True):
    """The aggregate of one task: `pass_at[k]` over `problems` x `n_samples` verdicts, and every outcome's count."""

    task: str
    problems: Positive
    problems_in_task: Positive
    n_samples: Positive
    correct: Count
    pass_at: dict[str, Fraction]
    outcomes: dict[str, Count]
    verdicts_sha256: Sha256


class Scores(Record, frozen=True, kw_only=True, tag="scores"):
    """scores.json: every score of the run with its n, and what was left out."""

    model: ModelName
    mode: Literal["parity", "corrected"]
    tasks: list[TaskScore]
    left_out: list[str]


class Finding(Part, frozen=True, kw_only=True):
    """One rule that does not hold. `where` is a JSON path or `line N`; `rule` is stable for filters and links."""

    rule: str
    severity: Severity
    path: str
    where: str = ""
    message: str
    hint: str = ""


class Findings(Record, frozen=True, kw_only=True, tag="findings"):
    """findings.json: what `validate` saw over a run directory or a submission."""

    files: list[FileDigest]
    findings: list[Finding]


class Gate(Part, frozen=True, kw_only=True):
    """A yes / no / at-risk decision on a release with its evidence. Only `no` stops a submission."""

    name: str
    decision: Literal["yes", "no", "at_risk"]
    evidence: str


class Gates(Record, frozen=True, kw_only=True, tag="gates"):
    """gates.json: every gate of the release."""

    release: Release
    gates: list[Gate]


class Submission(Record, frozen=True, kw_only=True, tag="submission"):
    """submission.json: the folder that goes to the board, file by file, and the digest that is approved."""

    release: Release
    profile: str
    title: str
    folder: str
    files: list[FileDigest]
    sha256: Sha256
    body_sha256: Sha256


class Receipt(Record, frozen=True, kw_only=True, tag="receipt"):
    """submit.json / publish.json: how an outward stage ended, and where to look.

    `replaces` is the other release that the pull request held before; `notes` say what was done beside it.
    """

    stage: Literal["submit", "publish"]
    board: str
    outcome: SendOutcome
    reason: str = ""
    url: str = ""
    number: Count = 0
    branch: str = ""
    head: str = ""
    submission_sha256: Sha256
    release: str = ""
    replaces: str = ""
    notes: list[str] = []


class PlannedCall(Part, frozen=True, kw_only=True):
    """A call that carries content: how much, and its SHA-256."""

    call: str
    size_bytes: Count = 0
    sha256: Sha256


class SendPlan(Record, frozen=True, kw_only=True, tag="send-plan"):
    """What `--plan-only` prints: everything that would be sent, and what would become of it at the board as it is.

    `world_sha256` stands for everything of the board that the plan was made for; `--plan` applies it to no other.
    """

    board: str
    target: str
    branch: str = ""
    title: str
    files: list[FileDigest]
    submission_sha256: Sha256
    body_sha256: Sha256
    outcome: SendOutcome
    reason: str = ""
    url: str = ""
    release: str = ""
    replaces: str = ""
    world_sha256: Annotated[str, msgspec.Meta(pattern=r"^([0-9a-f]{64})?(?!\n)$")] = ""
    calls: list[str]
    steps: list[PlannedCall] = []
    problems: list[str] = []


class LedgerEntry(Part, frozen=True, kw_only=True):
    """Finished work: `key` hashes all its inputs, `outputs` are the files it left, relative to the run directory."""

    key: Sha256
    outputs: list[FileDigest]


class LedgerFile(Record, frozen=True, kw_only=True, tag="ledger"):
    """ledger.json: finished work by name (`generate humaneval 1/1`)."""

    entries: dict[str, LedgerEntry]


JSON_RECORDS: dict[str, type[Record]] = {
    "plan": Plan,
    "model": Model,
    "scores": Scores,
    "findings": Findings,
    "gates": Gates,
    "submission": Submission,
    "receipt": Receipt,
    "send-plan": SendPlan,
    "ledger": LedgerFile,
    "agreement": Agreement,
    "diagnosis": Diagnosis,
}
JSONL_RECORDS: dict[str, tuple[type[Record], type[Part]]] = {
    "samples": (SamplesHeader, Sample),
    "verdicts": (VerdictsHeader, Verdict),
}

T = TypeVar("T", bound=msgspec.Struct)


def digest_of_files(files: list[FileDigest]) -> str:
    """SHA-256 over sorted (path, sha256) pairs: one digest for a folder."""
    return sha256_json(sorted([file.path, file.sha256] for file in files))


def to_builtins(record: msgspec.Struct) -> Any:
    """A record as plain JSON values, its tag first in the field `record`."""
    return msgspec.to_builtins(record)


def encode(record: msgspec.Struct) -> bytes:
    """A record as one canonical JSON line, without the newline."""
    return canonical_json(to_builtins(record))


def from_builtins(value: Any, kind: type[T], where: str) -> T:
    """Plain JSON values as a record; raises RecordError naming `where` and the JSON path."""
    try:
        return msgspec.convert(value, kind, strict=True)
    except msgspec.ValidationError as err:
        message = f"{where} is not a valid {kind.__name__} record: {err}"
        raise RecordError(message, hint=f"podium validate {where.split(':')[0]}") from err


def decode(data: bytes, kind: type[T], where: str) -> T:
    """Strict JSON bytes as a record."""
    return from_builtins(parse_json(data, where), kind, where)


def read_record(path: Path, kind: type[T]) -> T:
    """Read a JSON record file. Raises RecordError naming file and JSON path."""
    return decode(read_bytes(path), kind, str(path))


def write_record(path: Path, record: msgspec.Struct) -> None:
    """Write a JSON record file atomically, indented for people, keys sorted."""
    write_atomic(path, canonical_json(to_builtins(record), indent=1))


def read_log(path: Path, header: type[T]) -> tuple[T, Iterator[tuple[int, bytes]]]:
    """Open a JSONL record file: its header, and the remaining complete lines with their numbers."""
    lines = complete_lines(path)
    first = next(lines, None)
    if first is None:
        message = f"{path} has no complete header line"
        raise RecordError(message, hint="delete the file and run the stage again")
    return decode(first[1], header, f"{path}:1"), lines


def read_rows(path: Path, header: type[T], row: type[Any]) -> tuple[T, list[Any]]:
    """Read a whole JSONL record file: its header and all rows. Raises RecordError naming file and line."""
    head, lines = read_log(path, header)
    return head, [decode(line, row, f"{path}:{number}") for number, line in lines]
