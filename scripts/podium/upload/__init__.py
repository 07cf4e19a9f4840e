"""upload: the model that was evaluated, file by file, to its repository on the Hub, under the release's tag. Opt-in.

Reads model/, model.json, plan.json and gates.json of a run. Writes one commit and one tag there, and
`publish.model.json`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from podium.boards.answers import hub_answers
from podium.convert import MODEL_FILE, digest_folder
from podium.errors import BoardError, FindingsError, NothingToDoError, RecordError
from podium.plan import TRYOUT_TAG
from podium.records import Gates, Model, Plan, Receipt, read_record, receipt_name, write_record
from podium.run_directory import GATES, MODEL, MODEL_FOLDER, PLAN
from podium.submission.package import git_blob

if TYPE_CHECKING:
    from pathlib import Path

    from huggingface_hub import HfApi

    from podium.records import FileDigest

BOARD = "model"


class Shelf(msgspec.Struct, frozen=True, kw_only=True):
    """What a repository holds at a revision: the names that git and large-file storage have for each file."""

    commit: str
    names: dict[str, tuple[str, str]]


def upload(run_dir: Path, repository: str, client: HfApi) -> Receipt:
    """Bring the model to the Hub, or find it there. Raises NothingToDoError, FindingsError, RecordError, BoardError.

    Only a release whose checks and gates passed goes, with the bytes that were evaluated; a tag is given once.
    """
    plan, model = read_record(run_dir / PLAN, Plan), read_record(run_dir / MODEL, Model)
    tag = plan.release.tag
    if tag == TRYOUT_TAG:
        message = "a try-out has no release, so its model is not uploaded"
        raise NothingToDoError(message, hint="podium run --tag v1.0.0 makes a run of a release")
    _require_passed(run_dir, model)
    _require_untouched(run_dir, model)
    with hub_answers(f"bring the model to {repository}", str(client.token or "")):
        outcome, commit = _bring(run_dir, repository, client, tag, model)
    receipt = Receipt(
        stage="publish",
        board=BOARD,
        outcome=outcome,
        url=f"{client.endpoint}/{repository}/tree/{tag}",
        head=commit,
        submission_sha256=model.sha256,
        release=tag,
    )
    write_record(run_dir / receipt_name("publish", BOARD), receipt)
    return receipt


def _require_passed(run_dir: Path, model: Model) -> None:
    gates = read_record(run_dir / GATES, Gates).gates
    refused = [f"the check {check.name}: {check.saw}" for check in model.checks if not check.ok]
    refused += [f"the gate {gate.name}: {gate.evidence}" for gate in gates if gate.decision == "no"]
    if refused:
        message = f"the model is not uploaded, {refused[0]}"
        raise FindingsError(message, hint=f"mend that and run podium run again; {run_dir / GATES} has every gate")


def _require_untouched(run_dir: Path, model: Model) -> None:
    if digest_folder(run_dir / MODEL_FOLDER) != model.files:
        message = f"{run_dir / MODEL_FOLDER} is not the model that was evaluated"
        raise RecordError(message, hint="podium run converts it again from the checkpoint; then upload")


def _bring(
    run_dir: Path, repository: str, client: HfApi, tag: str, model: Model
) -> tuple[Literal["created", "updated", "unchanged"], str]:
    """The commit that holds the model, which the tag names afterwards, and how that came about."""
    is_new = not client.repo_exists(repository)
    if is_new:
        client.create_repo(repository)
    tags = [] if is_new else [ref.name for ref in client.list_repo_refs(repository).tags]
    folder = run_dir / MODEL_FOLDER
    if tag in tags:
        shelf = _shelf(client, repository, tag)
        if _differing(shelf, folder, model.files):
            message = f"{repository} has other files at its tag {tag}"
            raise BoardError(message, hint="a tag is given once: publish this model as another release")
        return "unchanged", shelf.commit
    shelf = _shelf(client, repository, "main")
    commit = shelf.commit
    if _differing(shelf, folder, model.files):
        commit = _commit(client, repository, shelf, folder, model, tag)
    client.create_tag(repository, tag=tag, revision=commit, tag_message=f"model {model.sha256}")
    return "created" if is_new else "updated", commit


def _shelf(client: HfApi, repository: str, revision: str) -> Shelf:
    info = client.model_info(repository, revision=revision, files_metadata=True)
    names = {file.rfilename: (file.blob_id or "", file.lfs.sha256 if file.lfs else "") for file in info.siblings or []}
    return Shelf(commit=info.sha or "", names=names)


def _differing(shelf: Shelf, folder: Path, files: list[FileDigest]) -> list[str]:
    """Paths that are not there as they are here, and model files that are there alone."""
    wanted = {file.path for file in files}
    changed = [file.path for file in files if not _is_there(shelf.names.get(file.path), folder, file)]
    return changed + [name for name in shelf.names if name not in wanted and MODEL_FILE.fullmatch(name)]


def _is_there(names: tuple[str, str] | None, folder: Path, file: FileDigest) -> bool:
    if names is None:
        return False
    blob, sha256 = names
    return sha256 == file.sha256 if sha256 else blob == git_blob((folder / file.path).read_bytes())


def _commit(client: HfApi, repository: str, shelf: Shelf, folder: Path, model: Model, tag: str) -> str:
    """One commit that makes the repository's model this one; what is no model's file there stays."""
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

    wanted = {file.path for file in model.files}
    changed = _differing(shelf, folder, model.files)
    operations = [
        CommitOperationAdd(path, folder / path) if path in wanted else CommitOperationDelete(path) for path in changed
    ]
    done = client.create_commit(
        repository,
        operations,
        commit_message=f"Release {tag}",
        commit_description=f"model {model.sha256}",
        parent_commit=shelf.commit,
    )
    return str(done.oid)
