"""Stands for `gh` in tests: `gh release create TAG FILES`, sent to the stand-in as gh sends it to GitHub."""

from __future__ import annotations

import json
import os
import sys
import urllib.request
from pathlib import Path
from typing import Any


def post(address: str, body: bytes) -> Any:
    request = urllib.request.Request(address, data=body, method="POST")
    request.add_header("Authorization", f"Bearer {os.environ['GH_TOKEN']}")
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def main(words: list[str]) -> int:
    if words[:2] != ["release", "create"] or len(words) < 4:
        sys.stderr.write(f"gh: unknown words {words}\n")
        return 2
    repository = f"{os.environ['GITHUB_API_URL']}/repos/{os.environ['GITHUB_REPOSITORY']}"
    made = post(f"{repository}/releases", json.dumps({"tag_name": words[2]}).encode())
    for path in map(Path, words[3:]):
        post(made["upload_url"].replace("{?name,label}", f"?name={path.name}"), path.read_bytes())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
