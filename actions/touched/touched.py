"""Find the submission folders that a pull request touches, from the merge commit GitHub made of it.

Reads the git repository in the working directory (HEAD is the merge, HEAD^1 the base). Writes the step outputs
`paths`, `folders` and `matrix`. File names are the pull request author's text: only plain folder names get out of here.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

COMMUNITY_FOLDER = "community_results"
# No slash, blank, colon or leading dot: safe as a line, as a part of a colon-separated list and as a git pattern.
FOLDER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class TouchedError(Exception):
    """A failure with a sentence for people and a remedy."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def changed_files() -> list[str]:
    """Names of the files that the merge changes, deleted ones included. Raises TouchedError."""
    command = ["git", "diff", "--name-only", "--no-renames", "-z", "HEAD^1", "HEAD"]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        message = f"git diff ended with exit code {done.returncode}: {done.stderr.decode(errors='replace').strip()}"
        raise TouchedError(message, "check out the pull request's merge commit with fetch-depth 2")
    return [os.fsdecode(name) for name in done.stdout.split(b"\0") if name]


def touched_folders(files: list[str]) -> list[str]:
    """Folders below community_results/ that hold any of the files. Raises TouchedError for names no board takes."""
    folders = set()
    for file in files:
        top, _, rest = file.partition("/")
        name, slash, _ = rest.partition("/")
        if top != COMMUNITY_FOLDER:
            continue
        if not slash or not FOLDER_NAME.fullmatch(name):
            message = f"{file!a} does not lie in a submission folder"
            raise TouchedError(message, f"a submission is {COMMUNITY_FOLDER}/<org>_<model>_<user>/ and nothing else")
        folders.add(f"{top}/{name}")
    return sorted(folders)


def main() -> int:
    """Write the step outputs; returns the exit code."""
    try:
        folders = touched_folders(changed_files())
        # A folder that the pull request removes as a whole leaves nothing to validate; git knows without a checkout.
        folders = [folder for folder in folders if is_there(folder)]
        with Path(os.environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as outputs:
            outputs.write(f"paths={':'.join(folders)}\n")
            outputs.write(f"matrix={json.dumps(folders)}\n")
            outputs.write("\n".join(["folders<<END-OF-FOLDERS", *folders, "END-OF-FOLDERS", ""]))
    except KeyError as err:
        print(f"::error::touched: {err} is not set%0Awhat to do: run this as a GitHub action")
        return 2
    except TouchedError as err:
        print(f"::error::touched: {err}%0Awhat to do: {err.hint}")
        return 1
    print(f"touched: {', '.join(folders) or 'no submission'}")
    return 0


def is_there(folder: str) -> bool:
    """Whether HEAD still has the folder."""
    return not subprocess.run(["git", "cat-file", "-e", f"HEAD:{folder}"], capture_output=True, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
