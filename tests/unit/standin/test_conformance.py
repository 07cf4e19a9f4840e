"""The check of the stand-in against GitHub's description: that it bites, and what it lets pass by name."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.openapi.fetch import SLIM

from podium.standin.exchange import Reply
from podium.standin.server import Exchange

if not SLIM.exists():
    pytest.skip("GitHub's API description was not fetched: `make openapi` needs npm", allow_module_level=True)

from tests.openapi.conformance import FALSE_ALARMS, Conformance

REPOSITORY = "/api/v3/repos/paiml/board"


def complaints(method: str, path: str, body: Any, status: int, answer: Any) -> list[str]:
    check, data = Conformance(SLIM), b"" if body is None else json.dumps(body).encode()
    reply = Reply(status, answer)
    check.watch(Exchange(method=method, target=path, content_type="application/json", body=data, reply=reply))
    return check.complaints


def test_good_request_and_answer_pass() -> None:
    sha = "1" * 40
    answer = {"sha": sha, "url": "http://127.0.0.1/blob"}
    assert complaints("POST", f"{REPOSITORY}/git/blobs", {"content": "x"}, 201, answer) == []


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "answer", "part"),
    [
        (
            "POST",
            f"{REPOSITORY}/git/blobs",
            {"encoding": "utf-8"},
            201,
            {"sha": "1" * 40, "url": "http://x"},
            "content",
        ),
        ("POST", f"{REPOSITORY}/git/blobs", {"content": "x"}, 201, {"sha": "1" * 40}, "url"),
        ("POST", f"{REPOSITORY}/merge-upstream", {"branch": "main"}, 200, {"merge_type": "octopus"}, "octopus"),
        ("POST", f"{REPOSITORY}/pulls", {"base": "main"}, 422, {"message": "Validation Failed"}, "documentation_url"),
        ("GET", f"{REPOSITORY}/no-such-call", None, 200, {}, "no such call"),
    ],
)
def test_wrong_request_or_answer_is_told(
    method: str, path: str, body: Any, status: int, answer: Any, part: str
) -> None:
    assert part in "\n".join(complaints(method, path, body, status, answer))


def test_every_false_alarm_says_why() -> None:
    assert sorted(FALSE_ALARMS) == ["folder-listing", "label-list", "unknown-author"]
    assert all(len(why) > 40 for _, _, why in FALSE_ALARMS.values())
