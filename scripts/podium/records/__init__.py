"""Every file a stage writes, as a frozen record: the source of truth for `schemas/<record>.schema.json`.

A JSON record carries its own name in the field `record`. A JSONL file (samples, verdicts) is a header record
on the first line and row records after it. Other people's formats (generations, metrics, grouped) are
transcribed in `schemas/boards/` instead.
"""

from __future__ import annotations

from podium.records.agreement import Agreement, Difference, TaskAgreement
from podium.records.check import Check
from podium.records.diagnosis import Diagnosis
from podium.records.digests import FileDigest, digest_of_files
from podium.records.findings import Finding, Findings
from podium.records.gates import Gate, Gates
from podium.records.ledger import LedgerEntry, LedgerFile
from podium.records.model import Hypothesis, LayoutVerdict, Model, TensorMap, Trial
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
from podium.records.receipt import BESIDE, Receipt, receipt_name
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

__all__ = [
    "BESIDE",
    "JSONL_RECORDS",
    "JSON_RECORDS",
    "LIMIT_OUTCOMES",
    "Agreement",
    "BatchFigures",
    "Check",
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
    "LayoutVerdict",
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
    "throughput": Throughput,
}
JSONL_RECORDS: dict[str, tuple[type[Record], type[Part]]] = {
    "samples": (SamplesHeader, Sample),
    "verdicts": (VerdictsHeader, Verdict),
}
