"""Every file a stage writes, as a frozen record: the source of truth for `schemas/<record>.schema.json`.

A JSON record carries its own name in the field `record` and is found by its module here. A JSONL file (samples,
verdicts) is a header record on the first line and row records after it. Other people's formats (generations, metrics,
grouped) are transcribed in `schemas/boards/` instead.
"""

from __future__ import annotations

import importlib
import pkgutil

from podium.records.agreement import Agreement, Difference, TaskAgreement
from podium.records.check import Check
from podium.records.diagnosis import Diagnosis
from podium.records.digests import FileDigest, digest_of_files
from podium.records.findings import Finding, Findings
from podium.records.gates import Gate, Gates
from podium.records.ledger import LedgerEntry, LedgerFile
from podium.records.model import Hypothesis, LayoutChoice, Model, TensorMap, Trial
from podium.records.plan import Conversion, ModelName, Plan, PlannedJob, PlannedTask, Release, Sampling
from podium.records.reading import (
    T,
    decode,
    encode,
    from_builtins,
    read_log,
    read_record,
    read_rows,
    to_builtins,
    write_record,
)
from podium.records.receipt import LEADERBOARD, Receipt, receipt_name
from podium.records.samples import Sample, SamplesHeader
from podium.records.scores import Scores, TaskScore
from podium.records.send_plan import PlannedCall, SendPlan
from podium.records.submission import Submission
from podium.records.throughput import BatchFigures, Hardware, Throughput, TokenLatency
from podium.records.values import (
    LIMIT_OUTCOMES,
    Count,
    Finish,
    Fraction,
    HeadLayout,
    Name,
    Order,
    Outcome,
    Pairing,
    Part,
    Positive,
    ProblemId,
    Record,
    Seconds,
    SendOutcome,
    Severity,
    Sha256,
    Transformation,
)
from podium.records.verdicts import Limits, SandboxFacts, Verdict, VerdictsHeader
from podium.records.verification import Conclusion, Redrawing, RedrawnSample, Verification, VerifiedTask

__all__ = [
    "JSONL_RECORDS",
    "JSON_RECORDS",
    "LEADERBOARD",
    "LIMIT_OUTCOMES",
    "Agreement",
    "BatchFigures",
    "Check",
    "Conclusion",
    "Conversion",
    "Count",
    "Diagnosis",
    "Difference",
    "FileDigest",
    "Finding",
    "Findings",
    "Finish",
    "Fraction",
    "Gate",
    "Gates",
    "Hardware",
    "HeadLayout",
    "Hypothesis",
    "LayoutChoice",
    "LedgerEntry",
    "LedgerFile",
    "Limits",
    "Model",
    "ModelName",
    "Name",
    "Order",
    "Outcome",
    "Pairing",
    "Part",
    "Plan",
    "PlannedCall",
    "PlannedJob",
    "PlannedTask",
    "Positive",
    "ProblemId",
    "Receipt",
    "Record",
    "Redrawing",
    "RedrawnSample",
    "Release",
    "Sample",
    "SamplesHeader",
    "Sampling",
    "SandboxFacts",
    "Scores",
    "Seconds",
    "SendOutcome",
    "SendPlan",
    "Severity",
    "Sha256",
    "Submission",
    "T",
    "TaskAgreement",
    "TaskScore",
    "TensorMap",
    "Throughput",
    "TokenLatency",
    "Transformation",
    "Trial",
    "Verdict",
    "VerdictsHeader",
    "Verification",
    "VerifiedTask",
    "decode",
    "digest_of_files",
    "encode",
    "from_builtins",
    "read_log",
    "read_record",
    "read_rows",
    "receipt_name",
    "to_builtins",
    "write_record",
]

JSONL_RECORDS: dict[str, tuple[type[Record], type[Part]]] = {
    "samples": (SamplesHeader, Sample),
    "verdicts": (VerdictsHeader, Verdict),
}


def _by_tag() -> dict[str, type[Record]]:
    """Every record that a module of this package has, but for headers of JSONL files: a new one is a file alone."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    kinds = {str(kind.__struct_config__.tag): kind for kind in Record.__subclasses__()}
    return {tag: kinds[tag] for tag in sorted(kinds) if tag not in JSONL_RECORDS}


JSON_RECORDS: dict[str, type[Record]] = _by_tag()
