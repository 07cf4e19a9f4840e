"""One HTTP request, its answer, and the table that finds the function for it. Knows neither API."""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import parse_qsl, unquote, urlencode

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from podium.standin.world import User

Json = dict[str, Any]
T = TypeVar("T")
DOCUMENTATION = "https://docs.github.com/rest"
_PLACE = re.compile(r"\{(\w+)(\*?)\}")


@dataclass(frozen=True)
class Request:
    """What the client sent. `base` is the address it used; `parts` are the named pieces of the path."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    base: str
    user: User | None = None
    parts: Mapping[str, str] = field(default_factory=dict)

    def parse(self, kind: type[T]) -> T:
        """The JSON body as `kind`; unknown keys are let through, as both APIs do. Raises Refusal 400 or 422."""
        try:
            return msgspec.json.decode(self.body or b"{}", type=kind)
        except msgspec.ValidationError as err:
            raise Refusal(422, f"Invalid request.\n\n{err}") from err
        except (msgspec.DecodeError, UnicodeDecodeError) as err:
            raise Refusal(400, "Problems parsing JSON") from err

    def number(self, name: str, default: int) -> int:
        """A whole number from the query."""
        text = self.query.get(name, "")
        return int(text) if text.isdigit() else default

    def flag(self, name: str) -> bool:
        """A switch from the query; `0` and `false` are off."""
        return self.query.get(name, "").lower() not in {"", "0", "false"}


@dataclass(frozen=True)
class Reply:
    """What the client gets: JSON unless `body` is bytes."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json; charset=utf-8"
    # A part of a file instead of a body: path, first byte, count; `cut` drops the connection after so many bytes.
    file: tuple[Path, int, int] | None = None
    cut: int | None = None

    def data(self) -> bytes:
        """The bytes on the wire."""
        if isinstance(self.body, bytes):
            return self.body
        return b"" if self.body is None else json.dumps(self.body).encode()


class Refusal(Exception):
    """An answer other than success, raised from anywhere below a route; the server turns it into a reply."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        errors: list[Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = errors
        self.headers = dict(headers or {})

    def reply(self, *, github: bool) -> Reply:
        """The answer in GitHub's shape or in the Hub's."""
        if not github:
            return Reply(self.status, {"error": self.message}, self.headers)
        body: Json = {"message": self.message, "documentation_url": DOCUMENTATION, "status": str(self.status)}
        if self.errors is not None:
            body["errors"] = self.errors
        return Reply(self.status, body, self.headers)


RANGE = re.compile(r"bytes=(\d+)-(\d*)")


def ranged(request: Request, content: Path | bytes, headers: Mapping[str, str]) -> Reply:
    """A file, or the part of it that the client asks for."""
    size = len(content) if isinstance(content, bytes) else content.stat().st_size
    kind, headers = "application/octet-stream", {**headers, "Accept-Ranges": "bytes"}
    asked = RANGE.fullmatch(request.headers.get("Range", ""))
    first = int(asked[1]) if asked else 0
    end = min(int(asked[2] or size - 1) + 1, size) if asked else size
    if asked and first >= end:
        return Reply(416, None, {**headers, "Content-Range": f"bytes */{size}"}, kind)
    if asked:
        headers |= {"Content-Range": f"bytes {first}-{end - 1}/{size}"}
    status = 206 if asked else 200
    if isinstance(content, bytes):
        return Reply(status, content[first:end], headers, kind)
    return Reply(status, None, headers, kind, (content, first, end - first))


class Router:
    """Routes by method and path; `{name}` is one path segment, `{name*}` any number of them."""

    def __init__(self) -> None:
        self._routes: list[tuple[str, re.Pattern[str], Callable[[Request], Reply]]] = []

    def add(self, routes: Iterable[tuple[str, str, Callable[[Request], Reply]]]) -> None:
        """Add (method, pattern, function) rows; earlier rows win."""
        for method, pattern, function in routes:
            self._routes.append((method, _pattern(pattern), function))

    def find(self, method: str, path: str) -> tuple[Callable[[Request], Reply], dict[str, str]] | None:
        """The function for a raw (still quoted) path, and the unquoted pieces of that path."""
        wanted = "GET" if method == "HEAD" else method
        for known, regex, function in self._routes:
            match = regex.fullmatch(path) if known == wanted else None
            if match:
                return function, {name: unquote(text) for name, text in match.groupdict().items()}
        return None


def _pattern(text: str) -> re.Pattern[str]:
    regex, end = "", 0
    for place in _PLACE.finditer(text):
        regex += re.escape(text[end : place.start()]) + f"(?P<{place[1]}>{'.+' if place[2] else '[^/]+'})"
        end = place.end()
    return re.compile(regex + re.escape(text[end:]))


def parse_query(text: str) -> dict[str, str]:
    """Query string as a mapping; the last of equal names wins."""
    return dict(parse_qsl(text, keep_blank_values=True))


def decode_base64(text: str) -> bytes:
    """Base64 text as bytes; line breaks are allowed. Raises Refusal 422."""
    try:
        return base64.b64decode(text)
    except (binascii.Error, ValueError) as err:
        raise Refusal(422, "content is not valid Base64") from err


def page_of(request: Request, items: list[Json]) -> Reply:
    """One page of a GitHub list, with the Link header that clients follow."""
    size = max(1, min(request.number("per_page", 30), 100))
    page = max(1, request.number("page", 1))
    last = max(1, -(-len(items) // size))

    def link(number: int, relation: str) -> str:
        query = urlencode({**request.query, "page": number})
        return f'<{request.base}{request.path}?{query}>; rel="{relation}"'

    links = []
    if page > 1:
        links += [link(page - 1, "prev"), link(1, "first")]
    if page < last:
        links += [link(page + 1, "next"), link(last, "last")]
    headers = {"Link": ", ".join(links)} if links else {}
    return Reply(200, items[(page - 1) * size : page * size], headers)
