"""validate: record files, run directories and submissions, from us or from strangers, against everything we know.

Reads whatever it is given and trusts none of it. Writes nothing; what is wrong comes back as findings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.records import Findings
from podium.validate.checks import below, check_file, check_folder
from podium.validate.intake import is_folder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

REVISION = 2  # raise when the same files would give other findings


def validate(paths: Sequence[Path]) -> Findings:
    """Check files, run directories, submissions, or folders of them; never raises over what they hold.

    Paths in the result begin with the given path; those of a single folder or file are relative to it, so that
    findings.json is the same on every machine.
    """
    if len(paths) == 1:
        return _check(paths[0])
    every = [placed(_check(path), [path]) for path in paths]
    return Findings(
        files=[file for found in every for file in found.files],
        findings=[finding for found in every for finding in found.findings],
    )


def placed(found: Findings, paths: Sequence[Path]) -> Findings:
    """What `validate(paths)` gave, with every path as seen from where `paths` were given."""
    if len(paths) != 1:
        return found
    return below(found, str(paths[0] if is_folder(paths[0]) else paths[0].parent))


def _check(path: Path) -> Findings:
    return check_folder(path) if is_folder(path) else check_file(path)
