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

REVISION = 1  # raise when the same files would give other findings


def validate(paths: Sequence[Path], *, rooted: bool = False) -> Findings:
    """Check files, run directories, submissions, or folders of them; never raises over what they hold.

    Paths in the result begin with the given path, but those of a single folder are relative to it (so that
    findings.json is the same on every machine) unless `rooted`.
    """
    files, findings = [], []
    for path in paths:
        found = check_folder(path) if is_folder(path) else check_file(path)
        if rooted or len(paths) > 1:
            found = below(found, str(path if is_folder(path) else path.parent))
        files += found.files
        findings += found.findings
    return Findings(files=files, findings=findings)
