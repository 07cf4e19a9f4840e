"""Every file a stage writes, as a frozen record: the source of truth for `schemas/<record>.schema.json`.

A JSON record carries its own name in the field `record`. A JSONL file (samples, verdicts) is a header record
on the first line and row records after it. Other people's formats (generations, metrics, grouped) are
transcribed in `schemas/boards/` instead.
"""

from __future__ import annotations

from podium.records.ledger import LedgerEntry, LedgerFile
from podium.records.model import Check, Hypothesis, LayoutVerdict, Model, TensorMap, Trial
from podium.records.plan import (
    Conversion,
    FileDigest,
    ModelName,
    Plan,
    PlannedJob,
    PlannedTask,
    Release,
    Sampling,
    digest_of_files,
)
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
from podium.records.samples import Sample, SamplesHeader
from podium.records.scores import Finding, Findings, Gate, Gates, Scores, TaskScore
from podium.records.sending import BESIDE, PlannedCall, Receipt, SendPlan, Submission, receipt_name
from podium.records.values import (
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
from podium.records.verdicts import (
    Agreement,
    Diagnosis,
    Difference,
    Limits,
    SandboxFacts,
    TaskAgreement,
    Verdict,
    VerdictsHeader,
)

__all__ = [
    "BESIDE",
    "JSONL_RECORDS",
    "JSON_RECORDS",
    "Agreement",
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
}
JSONL_RECORDS: dict[str, tuple[type[Record], type[Part]]] = {
    "samples": (SamplesHeader, Sample),
    "verdicts": (VerdictsHeader, Verdict),
}
