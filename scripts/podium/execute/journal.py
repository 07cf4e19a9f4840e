"""verdicts/<task>.jsonl while it grows: continued if it is of this work, else moved aside; sorted at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from podium.errors import RecordError
from podium.execute.selftest import AFTERWARDS
from podium.files import AppendLog, complete_lines, move_aside, write_atomic
from podium.records import Verdict, VerdictsHeader, encode, read_rows

if TYPE_CHECKING:
    from pathlib import Path

    from podium.execute.programs import Program
    from podium.progress import Progress
    from podium.records import Check


class Journal:
    """The verdicts of one task that are on disk, and a way to add to them."""

    def __init__(self, path: Path, header: VerdictsHeader, programs: list[Program], report: Progress) -> None:
        """Read what is there. Raises RecordError for rows that are not of these programs."""
        self.path, self.header = path, header
        self._order = {(program.problem, program.index): program for program in programs}
        self._rows = self._read(report)
        self.verdicts = {(row.problem, row.index): row for row in self._rows}

    def _read(self, report: Progress) -> list[Verdict]:
        if not self.path.exists() or next(complete_lines(self.path), None) is None:
            self.path.unlink(missing_ok=True)
            return []
        try:
            header, rows = read_rows(self.path, VerdictsHeader, Verdict)
        except RecordError as err:
            self._move_aside(report, str(err))
            return []
        differ = [
            field
            for field in VerdictsHeader.__struct_fields__
            if field != "self_test" and getattr(header, field) != getattr(self.header, field)
        ]
        if differ:
            self._move_aside(report, f"it differs in {', '.join(differ)}")
            return []
        self._check(rows)
        self.header = header
        return rows

    def _move_aside(self, report: Progress, reason: str) -> None:
        aside = move_aside(self.path, "stale")
        report.note(f"{self.path} is of other work and was moved to {aside.name}: {reason}")

    def _check(self, rows: list[Verdict]) -> None:
        seen: set[tuple[str, int]] = set()
        for number, row in enumerate(rows, 2):
            key = (row.problem, row.index)
            program = self._order.get(key)
            if program is None or program.sha256 != row.program_sha256 or key in seen:
                message = f"{self.path}:{number} is no verdict of these generations: {row.problem} sample {row.index}"
                raise RecordError(message, hint=f"delete it (`rm {self.path}`) and run the same command again")
            seen.add(key)

    def missing(self) -> list[Program]:
        """Programs without a verdict, in order."""
        return [program for key, program in self._order.items() if key not in self.verdicts]

    def begin(self, checks: list[Check]) -> AppendLog:
        """Open for appending; a new file gets its header with the self-test first."""
        is_new = not self.path.exists()
        log = AppendLog(self.path)
        if is_new:
            self.header = msgspec.structs.replace(self.header, self_test=checks)
            log.append([encode(self.header)])
        return log

    @property
    def is_vouched_for(self) -> bool:
        """Whether the machine passed its self-test after these verdicts too."""
        return any(check.name.endswith(AFTERWARDS) for check in self.header.self_test)

    def reject(self) -> Path:
        """Set all verdicts aside: the machine that gave them is not sound."""
        return move_aside(self.path, "suspect")

    def finish(self, afterwards: list[Check]) -> VerdictsHeader:
        """Put the rows in (problem, index) order, and the later self-test beside the earlier. Raises RecordError."""
        header, rows = read_rows(self.path, VerdictsHeader, Verdict)
        rank = {key: number for number, key in enumerate(self._order)}
        ordered = sorted(rows, key=lambda row: rank[row.problem, row.index])
        earlier = [check for check in header.self_test if not check.name.endswith(AFTERWARDS)]
        vouched = msgspec.structs.replace(header, self_test=[*earlier, *afterwards]) if afterwards else header
        if ordered != rows or vouched != header:
            lines = [encode(vouched), *map(encode, ordered)]
            write_atomic(self.path, b"".join(line + b"\n" for line in lines))
        return vouched
