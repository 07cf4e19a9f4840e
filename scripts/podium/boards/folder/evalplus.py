"""The board `evalplus`: what EvalPlus's maintainers ask for, as a folder with a ready issue and the evidence.

EvalPlus takes no scores from outside: its issue form asks the maintainers to evaluate the model themselves. So the
issue tells what they need, and the scores of our own EvalPlus run stand in it for comparison. Nothing is sent: a
person opens the issue, and answers what only a person can.
Source of the form: https://github.com/evalplus/evalplus, .github/ISSUE_TEMPLATE/model_eval_request.yml at 26d6d00.
"""

from __future__ import annotations

import io
import zipfile
from importlib import resources
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from jinja2 import Environment, StrictUndefined

from podium.boards.folder.directory import DirectoryBoard
from podium.boards.folder.evalplus_results import read_result
from podium.boards.folder.files import Folder
from podium.errors import RecordError, UsageError
from podium.files import canonical_json, sha256_bytes
from podium.records import FileDigest, Model, read_record
from podium.run_directory import MODEL

if TYPE_CHECKING:
    from podium.boards.folder.evalplus_results import PlusResult
    from podium.boards.seam import Clients, Targets
    from podium.submission.package import Package

NEW_ISSUE = "https://github.com/evalplus/evalplus/issues/new"
TEMPLATE = "model_eval_request.yml"
ISSUE, EVIDENCE = "issue.md", "evidence.zip"
ATTACHMENT_BYTES = 25 << 20  # GitHub's limit for a file attached to an issue
# Fields of the form that no file of a run answers.
FOR_A_PERSON = ("Decontamination", "Author", "Data", "Security", "Integrity")
_EPOCH = (1980, 1, 1, 0, 0, 0)


class EvalPlusBoard(DirectoryBoard):
    """Writes `evalplus_<org>_<model>/` below a directory."""

    name = "evalplus"

    def __init__(self, targets: Targets, clients: Clients) -> None:
        super().__init__(targets, clients)
        if not targets.results:
            message = "the board 'evalplus' needs the result file that EvalPlus wrote"
            raise UsageError(message, hint="podium submit RUN_DIR --board evalplus --to DIR --results FILE")

    def title(self, package: Package) -> str:
        """The issue's title, as the form begins it."""
        return f"🤗 [REQUEST] - {package.submission.release.model.hub_id}"

    def notes(self, package: Package) -> list[str]:
        """What is left to do for a person."""
        fields = ", ".join(FOR_A_PERSON)
        return [f"open {ISSUE}, answer {fields} (only a person can), and attach {EVIDENCE}"]

    def folder(self, package: Package) -> Folder:
        """The issue and the evidence. Raises RecordError for a result file that does not hold."""
        results = self._results()
        model = package.submission.release.model
        contents = {ISSUE: self._issue(package, results), EVIDENCE: evidence_zip(results)}
        files = [
            FileDigest(path=name, size_bytes=len(data), sha256=sha256_bytes(data)) for name, data in contents.items()
        ]
        return Folder(
            path=self._directory / f"evalplus_{model.org}_{model.model}",
            files=files,
            read=lambda file: contents[file.path],
        )

    def _results(self) -> list[PlusResult]:
        results = sorted((read_result(path) for path in self._targets.results), key=lambda result: result.data_set.name)
        names = [result.data_set.label for result in results]
        if len(set(names)) != len(names):
            message = f"--results names two files of one data set: {', '.join(names)}"
            raise UsageError(message, hint="give one file for HumanEval+ and one for MBPP+")
        return results

    def _issue(self, package: Package, results: list[PlusResult]) -> bytes:
        model = read_record(package.run_dir / MODEL, Model)
        facts = {
            "model": package.submission.release.model,
            "release": package.submission.release,
            "parameters": model.parameters,
            "layout": model.layout,
            "max_length": model.max_length,
            "dtype": package.plan.dtype,
            "results": results,
        }
        about, other = (_render(f"evalplus_{part}.md.jinja", facts) for part in ("about", "other"))
        url = f"https://huggingface.co/{package.submission.release.model.hub_id}"
        title = self.title(package)
        query = urlencode({"template": TEMPLATE, "title": title, "about": about, "url": url, "other": other})
        text = _render(
            "evalplus_issue.md.jinja",
            {"title": title, "about": about, "url": url, "other": other, "link": f"{NEW_ISSUE}?{query}"},
        )
        return text.encode()


def evidence_zip(results: list[PlusResult]) -> bytes:
    """Result files as they were given and their samples as EvalPlus reads them; the same bytes for the same input."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for result in results:
            name = result.data_set.name
            rows = [{"task_id": task, "solution": text} for task, text in sorted(result.solutions.items())]
            samples = b"".join(canonical_json(row) + b"\n" for row in rows)
            archive.writestr(zipfile.ZipInfo(f"{name}.eval_results.json", _EPOCH), result.data)
            archive.writestr(zipfile.ZipInfo(f"{name}.jsonl", _EPOCH), samples)
    data = stream.getvalue()
    if len(data) > ATTACHMENT_BYTES:
        message = f"{EVIDENCE} would have {len(data):,} bytes, and GitHub takes {ATTACHMENT_BYTES:,}"
        raise RecordError(message, hint="evaluate without --test-details: the file then holds one failed test a sample")
    return data


def _render(name: str, facts: dict[str, object]) -> str:
    environment = Environment(undefined=StrictUndefined, trim_blocks=True, autoescape=False)  # noqa: S701
    template = resources.files("podium.boards.folder").joinpath("templates").joinpath(name).read_text(encoding="utf-8")
    return environment.from_string(template).render(facts).strip() + "\n"
