"""Which cases run in which mode in `make test`: of the plain right solutions only some, since each costs a start."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.unit.execute.languages.cases import MODES, read_cases

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.unit.execute.languages.cases import Case

PLAIN = "right"
PLAIN_AT_MOST = 14
EXHAUSTIVE = [pytest.mark.exhaustive]


def runs_of(language: str) -> list[object]:
    """(case, mode) of all cases; what differs from another only by its problem is exhaustive."""
    return [
        pytest.param(case, mode, id=f"{case}-{mode}", marks=EXHAUSTIVE if is_one_more or (is_plain and number) else [])
        for case, is_plain, is_one_more in _counted(language)
        for number, mode in enumerate(MODES)
    ]


def runs_in_one_mode(language: str) -> list[object]:
    """All cases of a language whose modes are the same."""
    return [
        pytest.param(case, id=str(case), marks=EXHAUSTIVE if is_one_more else [])
        for case, _, is_one_more in _counted(language)
    ]


def _counted(language: str) -> Iterator[tuple[Case, bool, bool]]:
    """Each case, whether it is a plain right one, and whether enough of those came before."""
    plain = 0
    for case in read_cases(language):
        is_plain = case.variant == PLAIN
        plain += is_plain
        yield case, is_plain, is_plain and plain > PLAIN_AT_MOST
