"""Make the slim copy of GitHub's published API description that the conformance tests check against.

`python -m tests.openapi.fetch` gets the npm package @octokit/openapi, keeps the paths that the stand-in serves with the
components they refer to, and writes `.cache/openapi/github.json` in the checkout. The big file is never kept.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

PACKAGE = "@octokit/openapi@23.0.2"
MEMBER = "package/generated/api.github.com.json"
SLIM = Path(__file__).resolve().parents[2] / ".cache" / "openapi" / "github.json"
REPOSITORY = "/repos/{owner}/{repo}"
BELOW_REPOSITORY = (
    "",
    "/actions/runners",
    "/branches",
    "/branches/{branch}",
    "/branches/{branch}/rename",
    "/collaborators/{username}/permission",
    "/commits",
    "/commits/{ref}",
    "/compare/{basehead}",
    "/contents/{path}",
    "/forks",
    "/git/blobs",
    "/git/blobs/{file_sha}",
    "/git/commits",
    "/git/commits/{commit_sha}",
    "/git/matching-refs/{ref}",
    "/git/ref/{ref}",
    "/git/refs",
    "/git/refs/{ref}",
    "/git/trees",
    "/git/trees/{tree_sha}",
    "/issues/comments/{comment_id}",
    "/issues/{issue_number}/comments",
    "/issues/{issue_number}/labels",
    "/issues/{issue_number}/lock",
    "/labels/{name}",
    "/merge-upstream",
    "/pulls",
    "/pulls/{pull_number}",
    "/pulls/{pull_number}/commits",
    "/pulls/{pull_number}/files",
    "/pulls/{pull_number}/merge",
    "/pulls/{pull_number}/requested_reviewers",
    "/pulls/{pull_number}/reviews",
    "/pulls/{pull_number}/reviews/{review_id}",
    "/pulls/{pull_number}/reviews/{review_id}/dismissals",
    "/pulls/{pull_number}/update-branch",
    "/transfer",
    "/releases",
    "/releases/assets/{asset_id}",
    "/releases/tags/{tag}",
    "/releases/{release_id}",
    "/releases/{release_id}/assets",
)
USED = ("/rate_limit", "/user", "/users/{username}", *(REPOSITORY + path for path in BELOW_REPOSITORY))


def slim(whole: dict[str, Any]) -> dict[str, Any]:
    """The used paths and everything they refer to, without examples."""
    kept: dict[str, Any] = {key: whole[key] for key in ("openapi", "info")}
    kept["paths"] = {path: bare(whole["paths"][path]) for path in USED}
    kept["components"] = {}
    waiting = references(kept["paths"])
    while waiting:
        _, _, kind, name = waiting.pop().split("/")
        section = kept["components"].setdefault(kind, {})
        if kind != "examples" and name not in section:
            section[name] = bare(whole["components"][kind][name])
            waiting |= references(section[name])
    return kept


def bare(value: Any) -> Any:
    """Without `example` and `examples`, which are most of the bytes; a property of that name is a schema and stays."""
    if isinstance(value, list):
        return [bare(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: bare(inner)
        for key, inner in value.items()
        if key not in {"example", "examples"} or (isinstance(inner, dict) and "type" in inner)
    }


def references(value: Any) -> set[str]:
    """Every `$ref` anywhere in a value."""
    if isinstance(value, list):
        return {found for item in value for found in references(item)}
    if not isinstance(value, dict):
        return set()
    own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
    return own | {found for inner in value.values() for found in references(inner)}


def fetch(target: Path) -> None:
    """Write the slim description. Raises OSError or CalledProcessError when npm cannot get the package."""
    npm = shutil.which("npm")
    if npm is None:
        message = "npm is not installed"
        raise OSError(message)
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([npm, "pack", "--silent", PACKAGE], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        (archive,) = Path(folder).glob("*.tgz")
        with tarfile.open(archive) as opened:
            member = opened.extractfile(MEMBER)
            text = json.dumps(slim(json.load(member)), sort_keys=True) if member else ""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text)


def is_current(target: Path) -> bool:
    """Whether a description is there that has every path the stand-in serves now."""
    return target.exists() and json.loads(target.read_text())["paths"].keys() == set(USED)


def main() -> None:
    """Fetch unless it is there; without npm say so and go on, since the tests then say why they are skipped."""
    if is_current(SLIM):
        return
    try:
        fetch(SLIM)
    except (OSError, subprocess.CalledProcessError) as err:
        sys.stderr.write(f"no API description, so conformance is not tested: {err}\n")


if __name__ == "__main__":
    main()
