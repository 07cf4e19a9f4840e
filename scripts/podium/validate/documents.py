"""One file at a time: read within limits, strict JSON, its schema, and the rules a file can break on its own."""

from __future__ import annotations

import io
import itertools
from typing import TYPE_CHECKING, Any

from podium.errors import RecordError
from podium.files import sha256_bytes
from podium.records import JSON_RECORDS, JSONL_RECORDS, FileDigest, from_builtins
from podium.validate.contents import Artefact, Contents, SampleLog, VerdictLog
from podium.validate.rules.documents import DOCUMENT_RULES
from podium.validate.shapes import validator
from podium.validate.violations import MAX_SAME, Violation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from podium.validate.places import Place

LFS_POINTER = b"version https://git-lfs.github.com/spec/"
MAX_BAD_ROWS = 100
MAX_SAMPLES = 100_000  # a problem; more is an attack on whoever counts them
LOADING_RULES = {
    "lfs-pointer": "a large file was checked out, not only its pointer",
    "schema": "a file fits its record or the board's format",
    "torn-line": "a JSONL file ends with a whole line",
    "sample-limit": "no problem has an absurd number of samples",
}


def load(contents: Contents, place: Place) -> None:
    """Read one recognised file into `contents`; whatever is wrong with it alone becomes findings."""
    data = contents.intake.read(place.path, place.kind.limit_bytes)
    if data is None:
        return
    digest = FileDigest(path=place.path, size_bytes=len(data), sha256=sha256_bytes(data))
    contents.digests[place.path] = digest
    if place.kind.format == "text":
        _load_text(contents, place, data)
    elif place.kind.format == "jsonl":
        _load_rows(contents, place, data)
    elif data.startswith(LFS_POINTER):
        message = "it is a Git LFS pointer, not the file itself"
        contents.intake.log.add("lfs-pointer", Violation(path=place.path, message=message, hint="git lfs pull"))
    else:
        parsed, value = contents.intake.parse(data, place.path, is_ours=place.kind.name != "generations")
        if parsed:
            _load_value(contents, place, value)


def _load_value(contents: Contents, place: Place, value: Any) -> None:
    """Take one parsed JSON file into `contents` if it fits its schema and breaks no rule that makes it unusable."""
    log, kind = contents.intake.log, place.kind.name
    reported = set()
    for rule in DOCUMENT_RULES.get(kind, ()):
        for violation in rule.check(place.path, value):
            reported.add(violation.where)
            log.add(rule.name, violation, rule.severity)
    fits = True
    for violation in _misfits(place.kind.schema, place.path, value):
        fits = False
        if violation.where not in reported:
            log.add("schema", violation)
    if not fits:
        return
    if kind in ("generations", "metrics"):
        table = contents.generations if kind == "generations" else contents.metrics
        table[place.task] = Artefact(path=place.path, model=place.model, value=value)
    elif kind == "grouped":
        contents.grouped = Artefact(path=place.path, model="", value=value)
    else:
        _take_record(contents, place, value)


def _take_record(contents: Contents, place: Place, value: Any) -> None:
    try:
        record = from_builtins(value, JSON_RECORDS[place.kind.schema], place.path)
    except RecordError as err:
        contents.intake.log.add("schema", Violation(path=place.path, message=str(err)))
        return
    sampling = getattr(record, "sampling", None)
    if sampling is None or _is_countable(contents, place, sampling.n_samples):
        contents.records[place.path] = record


def _misfits(schema: str, path: str, value: Any, where: str = "") -> Iterator[Violation]:
    for error in itertools.islice(validator(schema).iter_errors(value), MAX_SAME + 1):
        yield Violation(path=path, where=where or error.json_path, message=f"{error.message[:300]} ({schema})")


def _is_countable(contents: Contents, place: Place, n_samples: int) -> bool:
    if n_samples <= MAX_SAMPLES:
        return True
    message = f"{n_samples} samples per problem; nothing draws more than {MAX_SAMPLES}"
    contents.intake.log.add("sample-limit", Violation(path=place.path, message=message))
    return False


def _load_text(contents: Contents, place: Place, data: bytes) -> None:
    text = contents.intake.text(data, place.path)
    if text is None:
        return
    for rule in DOCUMENT_RULES.get(place.kind.name, ()):
        for violation in rule.check(place.path, text):
            contents.intake.log.add(rule.name, violation, rule.severity)
    if place.kind.name == "body":
        contents.body = text


def _load_rows(contents: Contents, place: Place, data: bytes) -> None:
    """A header and its rows; rows that do not fit are findings, and too many of them end the reading."""
    header_type, row_type = JSONL_RECORDS[place.kind.schema]
    lines = enumerate(io.BytesIO(data), 1)
    header = _line(contents, place, header_type, place.kind.schema, *next(lines, (1, b"\n")))
    rows, bad = [], 0
    for number, line in lines:
        row = _line(contents, place, row_type, f"{place.kind.schema}-row", number, line)
        if row is not None:
            rows.append(row)
            continue
        bad += 1
        if bad >= MAX_BAD_ROWS:
            message = f"reading stopped after {bad} broken lines"
            contents.intake.log.add("schema", Violation(path=place.path, where=f"line {number}", message=message))
            break
    if header is None:
        return
    n_samples = header.sampling.n_samples if place.kind.name == "samples" else header.n_samples
    if not _is_countable(contents, place, n_samples):
        return
    if place.kind.name == "samples":
        log = SampleLog(path=place.path, header=header, rows=rows)
        contents.samples.setdefault(place.task, []).append(log)
    else:
        contents.verdicts[place.task] = VerdictLog(path=place.path, header=header, rows=rows)


def _line(contents: Contents, place: Place, kind: type[Any], schema: str, number: int, line: bytes) -> Any:
    """One line as a record, or None and findings."""
    where, log = f"line {number}", contents.intake.log
    if not line.endswith(b"\n"):
        message = "the last line has no newline: writing was cut off in the middle"
        log.add("torn-line", Violation(path=place.path, where=where, message=message, hint="run the stage again"))
        return None
    parsed, value = contents.intake.parse(line, place.path, where)
    if not parsed:
        return None
    try:
        return from_builtins(value, kind, place.path)
    except RecordError as err:
        violations = list(_misfits(schema, place.path, value, where))
        for violation in violations or [Violation(path=place.path, where=where, message=str(err))]:
            log.add("schema", violation)
        return None
