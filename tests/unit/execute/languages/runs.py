"""Which cases run in which mode in `make test`: of the plain right solutions only some, since each costs a start."""

from __future__ import annotations

import pytest
from tests.unit.execute.languages.cases import MODES, read_cases

PLAIN = "right"
PLAIN_AT_MOST = 14


def runs_of(language: str) -> list[object]:
    """(case, mode) of all cases; what differs from another only by its problem is exhaustive."""
    cases = read_cases(language)
    plain = [case for case in cases if case.variant == PLAIN]
    return [
        pytest.param(
            case,
            mode,
            id=f"{case}-{mode}",
            marks=[pytest.mark.exhaustive] if case in plain[PLAIN_AT_MOST:] or (case in plain and number) else [],
        )
        for case in cases
        for number, mode in enumerate(MODES)
    ]
