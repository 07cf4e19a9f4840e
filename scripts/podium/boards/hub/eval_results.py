"""The board `eval-results`: the approved scores as a pull request in the model's own repository on the Hub.

Writes `.eval_results/<profile>.yaml` there, the Hub's format for results that the model's page shows. Opt-in: it is
never part of a submission. Source of the format, read on 2026-11-25: https://huggingface.co/docs/hub/eval-results and
https://github.com/huggingface/hub-docs/blob/main/eval_results.yaml.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml
from huggingface_hub import EvalResultEntry, eval_result_entries_to_yaml
from huggingface_hub.constants import EVAL_RESULTS_FOLDER

from podium.boards.hub.approved import ApprovedBoard
from podium.boards.hub.pull_content import PullContent
from podium.errors import RecordError
from podium.files import parse_json, sha256_bytes
from podium.profiles import profile_named
from podium.protocol import grouped_name
from podium.records import FileDigest
from podium.submission.marks import marker, release_marker
from podium.submission.package import git_blob
from podium.tasks import source_of
from podium.validate.shapes import validator

if TYPE_CHECKING:
    from podium.boards.hub.repository import Kind
    from podium.submission.package import Package

SOURCE_NAME = "Submission, scores and generations"


class EvalResultsBoard(ApprovedBoard):
    """The model repository that the submission names, fed from the approved pull request in the fork."""

    name = "eval-results"
    kind: Kind = "model"

    def repository(self, package: Package) -> str:
        """The model's own repository."""
        return package.submission.release.model.hub_id

    def content(self, package: Package, evidence: str) -> PullContent:
        """One file of our own; what else lies in that folder is left alone."""
        name, data = f"{package.submission.profile}.yaml", results_yaml(package, evidence)
        file = FileDigest(path=name, size_bytes=len(data), sha256=sha256_bytes(data))
        return PullContent(
            title=f"Evaluation results of {self.repository(package)} ({package.submission.profile})",
            text=_text(package, evidence),
            folder=EVAL_RESULTS_FOLDER,
            files=[file],
            blobs={name: git_blob(data)},
            read=lambda _: data,
            owns_folder=False,
            submission_sha256=package.submission.sha256,
        )


def results_yaml(package: Package, evidence: str) -> bytes:
    """The file's bytes: a function of the approved scores and the address of their evidence, without a date.

    The Hub takes the commit's date where none is given, so the same scores are always the same file.
    """
    sampling = profile_named(package.submission.profile).sampling
    notes = (
        f"pass@1 as a fraction; {sampling.n_samples} samples per problem, temperature {sampling.temperature}, "
        f"top-p {sampling.top_p}, {sampling.max_length} tokens with the prompt; release {package.tag}"
    )
    source = {"source_url": evidence, "source_name": SOURCE_NAME, "source_user": package.submission.release.model.user}
    entries = []
    for task, value in approved_scores(package):
        dataset, task_id = source_of(task).benchmark
        told = source if evidence else {}
        entries.append(EvalResultEntry(dataset_id=dataset, task_id=task_id, value=value, notes=notes, **told))
    text = yaml.safe_dump(eval_result_entries_to_yaml(entries), sort_keys=False, allow_unicode=True, width=1000)
    return text.encode()


def approved_scores(package: Package) -> list[tuple[str, float]]:
    """Task and pass@1 from the submission's grouped JSON, whose digest was approved. Raises RecordError."""
    name = grouped_name(package.submission.release.model)
    file = next((file for file in package.submission.files if file.path == name), None)
    if file is None:
        message = f"the submission holds no {name}, so there are no approved scores"
        raise RecordError(message, hint="podium report writes it")
    value = parse_json(package.read(file), str(package.folder / name))
    fault = next(iter(validator("bigcode-grouped").iter_errors(value)), None)
    if fault is not None:
        message = f"{package.folder / name}: {fault.json_path}: {fault.message}"
        raise RecordError(message, hint="podium validate RUN_DIR tells what is wrong with it")
    return [(result["task"], result["pass@1"]) for result in value["results"]]


def _text(package: Package, evidence: str) -> str:
    rows = [
        f"| {task} | {' '.join(source_of(task).benchmark)} | {100 * value:.2f} |"
        for task, value in approved_scores(package)
    ]
    model = package.submission.release.model
    lines = [
        marker(package.submission.sha256),
        f"`{EVAL_RESULTS_FOLDER}/{package.submission.profile}.yaml` of the release `{package.tag}` of {model.hub_id}, "
        f"exactly as reviewers approved the scores: {evidence or '(not submitted yet)'}",
        "",
        "| task | data set | pass@1 (%) |",
        "|---|---|---:|",
        *rows,
        "",
        release_marker(package.tag),
    ]
    return "\n".join(lines) + "\n"
