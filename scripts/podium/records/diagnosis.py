"""`podium doctor --json`: everything that was looked at on a machine."""

from __future__ import annotations

from podium.records.check import Check
from podium.records.values import (
    Record,
)


class Diagnosis(Record, frozen=True, kw_only=True, tag="diagnosis"):
    """`podium doctor --json`: everything that was looked at on this machine."""

    checks: list[Check]
