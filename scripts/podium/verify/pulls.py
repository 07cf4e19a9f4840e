"""The submission of a pull request, in the fork on GitHub or in the Space, fetched file by file at one commit.

Reads the boards' APIs. Writes the submission's files, none of which may lie or lead anywhere else, into a folder.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

import msgspec

from podium.errors import RecordError, UsageError
from podium.files import write_atomic
from podium.protocol import COMMUNITY_FOLDER
from podium.validate.places import KINDS, looks_grouped, recognise
from podium.validate.violations import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from podium.boards.fork.forge import Forge
    from podium.boards.hub.repository import Hub
    from podium.progress import Progress

KNOWN_HOSTS = {"github.com", "huggingface.co", "hf.co"}
NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}"
PULL = re.compile(rf"/?({NAME}/{NAME})/pull/([1-9]\d{{0,8}})(?:/.*)?")
DISCUSSION = re.compile(rf"/?spaces/({NAME}/{NAME})/discussions/([1-9]\d{{0,8}})(?:/.*)?")
SHORT = re.compile(rf"(spaces/)?({NAME}/{NAME})#([1-9]\d{{0,8}})")
NUMBER = re.compile(r"#?([1-9]\d{0,8})")
# Names that no sound submission has: they would lie elsewhere, or somewhere else on another system.
FILE_MODES = {"100644", "100755"}
MAX_FILES, MAX_BYTES = 1000, 1 << 30
FORMS = "a folder, https://github.com/OWNER/REPO/pull/N, https://huggingface.co/spaces/OWNER/NAME/discussions/N, or N"


class PullAddress(msgspec.Struct, frozen=True, kw_only=True):
    """A pull request: of which board, in which repository, its number."""

    board: Literal["fork", "space"]
    repository: str
    number: int

    @property
    def name(self) -> str:
        """The address as a name of a folder."""
        return f"{self.board}-{self.repository.replace('/', '-')}-{self.number}"


def parse_address(text: str, hosts: Iterable[str], fork: str, space: str, board: str) -> PullAddress | None:
    """What a text names as a pull request, or None for any other text. Raises UsageError for a foreign host.

    `hosts` are the hosts that are asked beside the public ones; `fork` or `space` is meant by a number alone.
    """
    if found := NUMBER.fullmatch(text):
        repository = space if board == "space" else fork
        if not repository:
            message = f"{text} is the number of a pull request, and nothing says in which repository"
            raise UsageError(message, hint=f"pass --{board} OWNER/NAME, or the whole address")
        return _address(board == "space", repository, found[1])
    if found := SHORT.fullmatch(text):
        return _address(bool(found[1]), found[2], found[3])
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https"):
        return None
    if parts.netloc not in {*KNOWN_HOSTS, *hosts}:
        message = f"{printable(text)} is at a host that is neither GitHub nor the Hub"
        raise UsageError(message, hint=f"name {FORMS}")
    for is_space, pattern in ((False, PULL), (True, DISCUSSION)):
        if found := pattern.fullmatch(parts.path):
            return _address(is_space, found[1], found[2])
    message = f"{printable(text)} is no pull request"
    raise UsageError(message, hint=f"name {FORMS}")


def _address(is_space: bool, repository: str, number: str) -> PullAddress:
    return PullAddress(board="space" if is_space else "fork", repository=repository, number=int(number))


def fetch_from_fork(forge: Forge, number: int, folder: Path, report: Progress) -> Path:
    """Fetch the one submission that a pull request on GitHub changes. Raises UsageError, RecordError, BoardError."""
    pull = forge.pull(number)
    name = _only_folder(forge.changed_paths(number), pull.url)
    listed = forge.files_at(pull.head, f"{COMMUNITY_FOLDER}/{name}")
    sizes = {}
    for path, blob in listed.items():
        if blob.mode not in FILE_MODES:
            message = f"{pull.url}: {printable(path)} is a link or no file"
            raise RecordError(message, hint="ask for the file itself; a submission holds nothing else")
        sizes[path] = blob.size_bytes
    wanted = _wanted(sizes, pull.url)
    report.start(f"fetch {pull.url}", len(wanted), "files")
    for path in wanted:
        write_atomic(folder / name / path, forge.read_blob(listed[path].sha))
        report.advance()
    report.finish(f"{COMMUNITY_FOLDER}/{name} at {pull.head}")
    return folder / name


def fetch_from_space(hub: Hub, number: int, folder: Path, report: Progress) -> Path:
    """Fetch the one submission that a pull request in a Space changes. Raises UsageError, RecordError, BoardError."""
    proposal = hub.proposal(number)
    head = hub.head_of(f"refs/pr/{number}")
    offered, standing = (hub.files_at(revision, COMMUNITY_FOLDER) for revision in (head, "main"))
    changed = {path for path in {*offered, *standing} if offered.get(path) != standing.get(path)}
    name = _only_folder([f"{COMMUNITY_FOLDER}/{path}" for path in changed], proposal.url)
    sizes = {
        path.removeprefix(f"{name}/"): file.size_bytes for path, file in offered.items() if path.startswith(f"{name}/")
    }
    wanted = _wanted(sizes, proposal.url)
    report.start(f"fetch {proposal.url}", len(wanted), "files")
    for path in wanted:
        hub.download(head, f"{COMMUNITY_FOLDER}/{name}/{path}", folder)
        report.advance()
    report.finish(f"{COMMUNITY_FOLDER}/{name} at {head}")
    return folder / COMMUNITY_FOLDER / name


def _only_folder(paths: Iterable[str], url: str) -> str:
    """The one folder below community_results/ that holds any of these files."""
    found = {path.split("/")[1] for path in paths if path.startswith(f"{COMMUNITY_FOLDER}/") and path.count("/") >= 2}
    names = sorted(found)
    if len(names) != 1:
        what = f"changes {len(names)} submissions" if names else "changes no submission"
        shown = f": {', '.join(printable(name) for name in names[:5])}" if names else ""
        raise UsageError(f"{url} {what}{shown}", hint="check its branch out and verify each folder by itself")  # noqa: EM102
    _check_path(names[0], url)
    return names[0]


def _wanted(sizes: Mapping[str, int], url: str) -> list[str]:
    """The files that hold scores or generations. Raises RecordError for names that lead elsewhere and for floods."""
    wanted = []
    for path in sorted(sizes):
        _check_path(path, url)
        place = recognise(path)
        is_grouped = "/" not in path and looks_grouped(path)
        kind = KINDS["grouped"] if is_grouped else place.kind if place else None
        if kind is None or kind.name not in ("grouped", "generations", "metrics"):
            continue
        if sizes[path] > kind.limit_bytes:
            message = f"{url}: {printable(path)} has {sizes[path]} bytes, and no file of its kind is so large"
            raise RecordError(message, hint="nothing was fetched; ask for the file as the harness writes it")
        wanted.append(path)
    if len(wanted) > MAX_FILES or sum(sizes[path] for path in wanted) > MAX_BYTES:
        message = f"{url} holds {len(wanted)} files of scores and generations, more than any submission"
        raise RecordError(message, hint="nothing was fetched")
    return wanted


def _check_path(path: str, url: str) -> None:
    parts = path.split("/")
    is_sound = path.isprintable() and "\\" not in path and PurePosixPath(path).parts == tuple(parts)
    if not is_sound or len(path) > 400 or any(part in ("", ".", "..", ".git") for part in parts):
        message = f"{url} holds {printable(path)!r}, a name that may lead elsewhere"
        raise RecordError(message, hint="nothing was fetched")
