"""Keep one comment on a pull request: the first that carries our mark and is a bot's is edited, else one is written.

Reads the .md files below PODIUM_COMMENT_FOLDER and GITHUB_API_URL. Standard library only: nothing is installed in a job
whose token may write.
"""

from __future__ import annotations

import json
import os
import re
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

MARK = "<!-- podium-check -->"
LIMIT = 60_000  # characters; GitHub refuses more than 65,536
TIMEOUT_SECONDS = 30
PAGE = 100
REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*")
LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class CommentError(Exception):
    """A failure with a sentence for people and a remedy."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def text_of(folder: Path) -> str:
    """The comment: our mark and every file, cut where GitHub would refuse it."""
    parts = []
    for path in sorted(folder.rglob("*.md")):
        if path.is_symlink() or not path.is_file():
            continue
        with path.open("rb") as stream:
            # Another mark in a file would make it the one that is edited next time.
            parts.append(stream.read(4 * LIMIT).decode("utf-8", "replace").replace("<!--", "&lt;!--"))
    text = "\n".join([MARK, *parts])
    more = "\n\nThe rest is in the job's summary.\n"
    return text if len(text) <= LIMIT else text[: LIMIT - len(more)] + more


class Pull:
    """The comments of one pull request."""

    def __init__(self, api: str, repository: str, number: str, token: str) -> None:
        self._issues, self._number, self._token = f"{api}/repos/{repository}/issues", number, token

    def _call(self, method: str, address: str, body: dict[str, str] | None = None) -> Any:
        headers = {"Authorization": f"Bearer {self._token}", "Accept": "application/vnd.github+json"}
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(address, data, headers, method=method)  # noqa: S310  checked in address()
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
                return json.load(answer)
        except urllib.error.HTTPError as err:
            message = f"GitHub answered {err.code} to {method} {urlsplit(address).path}"
            raise CommentError(message, "the job needs `pull-requests: write`, and its caller must grant it") from err
        except (OSError, ValueError) as err:
            message = f"GitHub gave no answer to {method} {urlsplit(address).path}: {err}"
            raise CommentError(message, "run the job again; a comment that landed is edited, not doubled") from err

    def ours(self) -> int:
        """The number of our comment, or 0."""
        page = 1
        while True:
            listed = self._call("GET", f"{self._issues}/{self._number}/comments?per_page={PAGE}&page={page}")
            for comment in listed:
                is_bot = (comment.get("user") or {}).get("type") == "Bot"
                if is_bot and str(comment.get("body", "")).startswith(MARK):
                    return int(comment["id"])
            if len(listed) < PAGE:
                return 0
            page += 1

    def keep(self, text: str) -> str:
        """Write or edit our comment; says which."""
        number = self.ours()
        if number:
            self._call("PATCH", f"{self._issues}/comments/{number}", {"body": text})
            return "updated"
        self._call("POST", f"{self._issues}/{self._number}/comments", {"body": text})
        return "created"


def address(environment: dict[str, str]) -> str:
    """The API's address. Raises CommentError for one that a token may not be sent to."""
    api = environment.get("GITHUB_API_URL", "").rstrip("/") or "https://api.github.com"
    parts = urlsplit(api)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        message = "GITHUB_API_URL is no address that a token may be sent to"
        raise CommentError(message, "leave it as GitHub sets it")
    return api


def main() -> int:
    """Keep the comment; returns the exit code."""
    given = {name: os.environ.get(f"PODIUM_COMMENT_{name}", "") for name in ("FOLDER", "PULL", "REPOSITORY", "TOKEN")}
    try:
        if not given["PULL"].isdigit() or not REPOSITORY.fullmatch(given["REPOSITORY"]) or not given["TOKEN"]:
            message = "there is no pull request, repository or token"
            raise CommentError(message, "pass all of the inputs")
        pull = Pull(address(dict(os.environ)), given["REPOSITORY"], given["PULL"], given["TOKEN"])
        print(f"comment: {pull.keep(text_of(Path(given['FOLDER'])))}")
    except CommentError as err:
        print(f"::error::comment: {err}%0Awhat to do: {err.hint}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
