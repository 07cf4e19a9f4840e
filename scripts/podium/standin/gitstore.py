"""One bare git repository, driven by the `git` program: objects, trees, commits, refs, differences.

Forks share one object folder (a symbolic link), as on GitHub: a fork knows every commit of its network.
The user's own git configuration is never read.
"""

from __future__ import annotations

import functools
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import zlib
from typing import TYPE_CHECKING

import msgspec

from podium.errors import BoardError
from podium.files import write_atomic

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

FILE_MODE = "100644"
TREE_MODE = "040000"
SHA = re.compile(r"[0-9a-f]{40}")
# What git's revision syntax would read more into is no name: main~1, main@{yesterday}, main:file.
_PLAIN = re.compile(r"refs/(?!.*(\.\.|@\{))[^\x00-\x20\x7f~^:?*\[\\]+")
# These answer the same for ever once every revision they are given is an object name.
_STABLE = {"cat-file", "ls-tree", "merge-base", "rev-list", "diff-tree", "merge-tree"}
_OBJECT = re.compile(r"[0-9a-f]{40}(\.\.[0-9a-f]{40})?")
_IDENTITY = re.compile(rb"(.*) <(.*)> (\d+) ([+-]\d{4})")


class GitError(BoardError):
    """The git program refused; the message is what it said."""


class Signature(msgspec.Struct, frozen=True, kw_only=True):
    """Who made a commit, and when in seconds since the epoch (UTC)."""

    name: str
    email: str
    seconds: int


class Commit(msgspec.Struct, frozen=True, kw_only=True):
    """A commit object."""

    sha: str
    tree: str
    parents: list[str]
    author: Signature
    committer: Signature
    message: str


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a tree listing. `size_bytes` is None for trees."""

    mode: str
    kind: str
    sha: str
    size_bytes: int | None
    path: str


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One edit of a tree: `sha` None removes the path, mode 040000 replaces the folder by a tree."""

    path: str
    sha: str | None
    mode: str = FILE_MODE


class GitRepository:
    """A bare repository at `path`; `objects` is the folder shared by its fork network."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def create(self, default_branch: str, objects: Path | None = None) -> None:
        """Make the repository if it is not there; doing it again repairs one that was cut short."""
        self.path.mkdir(parents=True, exist_ok=True)
        self._git("init", "--quiet", "--bare", "--template=", f"--initial-branch={default_branch}")
        if objects is None or (self.path / "objects").is_symlink():
            return
        (objects / "pack").mkdir(parents=True, exist_ok=True)
        shutil.rmtree(self.path / "objects")
        # Relative, so that a state folder can be moved.
        (self.path / "objects").symlink_to(os.path.relpath(objects, self.path))

    def _git(self, *arguments: str, stdin: bytes = b"", environment: Mapping[str, str] | None = None) -> bytes:
        if not stdin and not environment and _is_stable(arguments):
            return _stable_output(str(self.path), arguments)
        return _output(str(self.path), arguments, stdin, environment or {})

    def _ask(self, *arguments: str) -> str | None:
        try:
            return self._git(*arguments).decode().strip() or None
        except GitError:
            return None

    # Objects

    def kind(self, sha: str) -> str | None:
        """Type of an object (blob, tree, commit, tag), or None if there is none."""
        return self._ask("cat-file", "-t", sha) if SHA.fullmatch(sha) else None

    def write_blob(self, data: bytes) -> str:
        """Store bytes; returns the object name."""
        content = b"blob %d\0" % len(data) + data
        sha = hashlib.sha1(content, usedforsecurity=False).hexdigest()
        path = self.path / "objects" / sha[:2] / sha[2:]
        if not path.exists():
            write_atomic(path, zlib.compress(content, 1))
        return sha

    def read_blob(self, sha: str) -> bytes:
        """Bytes of a blob."""
        return self._git("cat-file", "blob", sha)

    def entries(self, treeish: str, *, recursive: bool = False, path: str = "") -> list[Entry]:
        """List a tree, sub-trees included when recursive; `path` is a folder (with `/`) or one exact path."""
        flags = ["-r", "-t"] if recursive else []
        where = ["--", path] if path else []
        output = self._git("--literal-pathspecs", "ls-tree", "-l", "-z", "--full-tree", *flags, treeish, *where)
        result = []
        for line in output.decode().split("\0")[:-1]:
            facts, _, name = line.partition("\t")
            mode, kind, sha, size = facts.split()
            if path.endswith("/") and not name.startswith(path):
                continue
            size_bytes = None if size == "-" else int(size)
            result.append(Entry(mode=mode, kind=kind, sha=sha, size_bytes=size_bytes, path=name))
        return result

    def find(self, treeish: str, path: str) -> Entry | None:
        """The entry at one exact path, or None."""
        return next((entry for entry in self.entries(treeish, path=path.rstrip("/")) if entry.path == path), None)

    def write_tree(self, base: str | None, changes: Sequence[Change]) -> str:
        """Apply changes to the tree `base` (None: empty); returns the new tree. Raises GitError."""
        with tempfile.TemporaryDirectory(dir=self.path) as folder:
            index = {"GIT_INDEX_FILE": f"{folder}/index"}
            if base is not None:
                self._git("read-tree", base, environment=index)
            lines = [line for change in changes for line in self._index_lines(base, change)]
            if lines:
                data = "".join(lines).encode()
                self._git("update-index", "--replace", "-z", "--index-info", stdin=data, environment=index)
            return self._git("write-tree", environment=index).decode().strip()

    def _index_lines(self, base: str | None, change: Change) -> list[str]:
        if change.mode != TREE_MODE or change.sha is None:
            return [f"{'0' if change.sha is None else change.mode} {change.sha or '0' * 40}\t{change.path}\0"]
        old = self.entries(base, recursive=True, path=f"{change.path}/") if base else []
        new = self.entries(change.sha, recursive=True)
        gone = [f"0 {'0' * 40}\t{entry.path}\0" for entry in old if entry.kind != "tree"]
        put = [f"{entry.mode} {entry.sha}\t{change.path}/{entry.path}\0" for entry in new if entry.kind != "tree"]
        return gone + put

    def write_commit(
        self, tree: str, parents: Sequence[str], message: str, author: Signature, committer: Signature
    ) -> str:
        """Store a commit; returns its name."""
        flags = [flag for parent in parents for flag in ("-p", parent)]
        environment = {
            "GIT_AUTHOR_NAME": author.name,
            "GIT_AUTHOR_EMAIL": author.email,
            "GIT_AUTHOR_DATE": f"@{author.seconds} +0000",
            "GIT_COMMITTER_NAME": committer.name,
            "GIT_COMMITTER_EMAIL": committer.email,
            "GIT_COMMITTER_DATE": f"@{committer.seconds} +0000",
        }
        arguments = ["commit-tree", tree, *flags, "-F", "-"]
        return self._git(*arguments, stdin=message.encode(), environment=environment).decode().strip()

    def read_commit(self, sha: str) -> Commit:
        """Parse a commit object."""
        head, _, message = self._git("cat-file", "commit", sha).partition(b"\n\n")
        fields: dict[bytes, list[bytes]] = {}
        for line in head.split(b"\n"):
            key, _, value = line.partition(b" ")
            fields.setdefault(key, []).append(value)
        return Commit(
            sha=sha,
            tree=fields[b"tree"][0].decode(),
            parents=[parent.decode() for parent in fields.get(b"parent", [])],
            author=_signature(fields[b"author"][0]),
            committer=_signature(fields[b"committer"][0]),
            message=message.decode(errors="replace").removesuffix("\n"),
        )

    # Refs

    def commit_of(self, name: str) -> str | None:
        """Resolve a branch, a tag, a full ref or a commit name; None if it names no commit."""
        if SHA.fullmatch(name):
            return name if self.kind(name) == "commit" else None
        candidates = [name] if name.startswith("refs/") else [f"refs/heads/{name}", f"refs/tags/{name}"]
        for candidate in filter(_PLAIN.fullmatch, candidates):
            sha = self.ref(candidate)
            found = sha and self._ask("rev-list", "--max-count=1", sha)
            if found:
                return found
        return None

    def ref(self, name: str) -> str | None:
        """Object a full ref points to, or None."""
        return self.refs(name).get(name) if _PLAIN.fullmatch(name) else None

    def refs(self, prefix: str) -> dict[str, str]:
        """All refs whose full name begins with `prefix`, sorted."""
        # Nothing here ever packs refs, so each is a file; git writes it by rename, under a name with `.lock`.
        files = (path for path in (self.path / "refs").rglob("*") if path.suffix != ".lock" and path.is_file())
        names = {path.relative_to(self.path).as_posix(): path for path in files}
        return {name: path.read_text().strip() for name, path in sorted(names.items()) if name.startswith(prefix)}

    def is_ref_name(self, name: str) -> bool:
        """Whether git would allow this full ref name."""
        return name.startswith("refs/") and self._accepts("check-ref-format", name)

    def set_ref(self, name: str, sha: str) -> None:
        """Create or move a ref."""
        self._git("update-ref", name, sha)

    def delete_ref(self, name: str) -> None:
        """Delete a ref; nothing happens if there is none."""
        self._git("update-ref", "-d", name)

    # History

    def _accepts(self, *arguments: str) -> bool:
        try:
            self._git(*arguments)
        except GitError:
            return False
        return True

    def is_ancestor(self, old: str, new: str) -> bool:
        """Whether `old` is reachable from `new`."""
        return self._accepts("merge-base", "--is-ancestor", old, new)

    def merge_base(self, one: str, two: str) -> str | None:
        """Best common ancestor, or None for unrelated histories."""
        return self._ask("merge-base", one, two)

    def commits_between(self, base: str, head: str) -> list[str]:
        """Commits of `head` that `base` lacks, oldest first."""
        return self._git("rev-list", "--reverse", f"{base}..{head}").decode().split()

    def log(self, head: str) -> list[str]:
        """All commits of `head`, newest first."""
        return self._git("rev-list", head).decode().split()

    def merge_trees(self, ours: str, theirs: str) -> str | None:
        """Tree of a three-way merge of two commits, or None when they conflict."""
        merged = self._ask("merge-tree", "--write-tree", ours, theirs)
        return merged.splitlines()[0] if merged else None

    def diff(self, old: str, new: str) -> list[tuple[Entry | None, Entry | None, str, str]]:
        """Changed files as (old entry, new entry, lines added, lines removed); `-` counts for binary files."""
        output = self._git("diff-tree", "-r", "-z", "--no-renames", "--raw", "--numstat", "--no-abbrev", old, new)
        raw: dict[str, tuple[Entry | None, Entry | None]] = {}
        result = []
        tokens = iter(output.decode().split("\0")[:-1])
        for token in tokens:
            if token.startswith(":"):
                old_mode, new_mode, old_sha, new_sha, status = token[1:].split()
                path = next(tokens)
                before = None if status == "A" else _side(old_mode, old_sha, path)
                after = None if status == "D" else _side(new_mode, new_sha, path)
                raw[path] = (before, after)
            else:
                added, removed, path = token.split("\t", 2)
                result.append((*raw[path], added, removed))
        return result

    def patch(self, old: str, new: str) -> str:
        """Unified diff of two trees or commits; files over 1 MiB count as binary and show no lines."""
        return self._git("-c", "core.bigFileThreshold=1m", "diff-tree", "-r", "-p", "--no-renames", old, new).decode(
            errors="replace"
        )


def _is_stable(arguments: tuple[str, ...]) -> bool:
    at = next((index for index, word in enumerate(arguments) if word in _STABLE), None)
    if at is None:
        return False
    end = arguments.index("--") if "--" in arguments else len(arguments)
    named = [word for word in arguments[at + 1 : end] if not word.startswith("-") and word not in {"blob", "commit"}]
    return bool(named) and all(_OBJECT.fullmatch(word) for word in named)


@functools.lru_cache(maxsize=4096)
def _stable_output(path: str, arguments: tuple[str, ...]) -> bytes:
    return _output(path, arguments, b"", {})


def _output(path: str, arguments: tuple[str, ...], stdin: bytes, environment: Mapping[str, str]) -> bytes:
    program = shutil.which("git")
    if program is None:
        message = "the stand-in needs the git program, and there is none on PATH"
        raise BoardError(message, hint="install git (Debian: apt-get install git)")
    done = subprocess.run(
        [program, f"--git-dir={path}", *arguments],
        input=stdin,
        capture_output=True,
        check=False,
        env={"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C", **environment},
    )
    if done.returncode:
        message = f"git {arguments[0]}: {done.stderr.decode(errors='replace').strip()}"
        raise GitError(message, hint="delete the stand-in's state folder and start it again")
    return done.stdout


def _side(mode: str, sha: str, path: str) -> Entry:
    return Entry(mode=mode, kind="blob", sha=sha, size_bytes=None, path=path)


def _signature(line: bytes) -> Signature:
    match = _IDENTITY.fullmatch(line)
    if match is None:
        message = f"commit identity {line!r} cannot be read"
        raise GitError(message)
    name, email, seconds = match.group(1, 2, 3)
    return Signature(name=name.decode(errors="replace"), email=email.decode(errors="replace"), seconds=int(seconds))
