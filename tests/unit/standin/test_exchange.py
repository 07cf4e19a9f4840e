"""Routes, pages and bodies, without a server."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from podium.standin.exchange import Refusal, Reply, Request, Router, decode_base64, page_of, parse_query


class Body(msgspec.Struct):
    name: str


def request(query: str = "", body: bytes = b"") -> Request:
    return Request("GET", "/list", parse_query(query), {}, body, "http://127.0.0.1:1")


def test_segment_stops_at_a_slash_and_a_starred_one_does_not() -> None:
    router = Router()
    router.add([("GET", "/a/{one}/b/{rest*}", lambda _: Reply())])
    found = router.find("GET", "/a/x%2Fy/b/c/d")
    assert found is not None
    assert found[1] == {"one": "x/y", "rest": "c/d"}
    assert router.find("GET", "/a/x/y/b/c") is None
    assert router.find("POST", "/a/x/b/c") is None
    assert router.find("HEAD", "/a/x/b/c") is not None


def test_dots_in_a_pattern_are_dots() -> None:
    router = Router()
    router.add([("GET", "/{name}.git", lambda _: Reply())])
    assert router.find("GET", "/aXgit") is None
    assert router.find("GET", "/a.git") is not None


@pytest.mark.parametrize(("body", "status"), [(b"{", 400), (b"\xff", 400), (b'{"name": 1}', 422), (b"", 422)])
def test_wrong_body_is_refused(body: bytes, status: int) -> None:
    with pytest.raises(Refusal) as caught:
        request(body=body).parse(Body)
    assert caught.value.status == status


def test_unknown_keys_of_a_body_are_let_through() -> None:
    assert request(body=b'{"name": "a", "more": 1}').parse(Body) == Body("a")


def test_links_lead_to_next_and_last_page_and_keep_the_query() -> None:
    items: list[dict[str, Any]] = [{"n": number} for number in range(5)]
    reply = page_of(request("per_page=2&state=all"), items)
    assert reply.body == items[:2]
    assert reply.headers["Link"] == (
        '<http://127.0.0.1:1/list?per_page=2&state=all&page=2>; rel="next", '
        '<http://127.0.0.1:1/list?per_page=2&state=all&page=3>; rel="last"'
    )
    last = page_of(request("per_page=2&page=3"), items)
    assert last.body == items[4:]
    assert 'rel="next"' not in last.headers["Link"]


def test_one_page_needs_no_link() -> None:
    assert page_of(request(), [{"n": 1}]).headers == {}


def test_broken_base64_is_refused() -> None:
    assert decode_base64("e30=\n") == b"{}"
    with pytest.raises(Refusal):
        decode_base64("e30")
