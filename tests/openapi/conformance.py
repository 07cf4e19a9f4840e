"""Check what passes between a GitHub client and the stand-in against GitHub's own description of its API."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote

from jsonschema.exceptions import best_match
from openapi_core import Config, OpenAPI
from openapi_core.exceptions import OpenAPIError
from openapi_core.testing import MockRequest, MockResponse

if TYPE_CHECKING:
    from pathlib import Path

    from podium.standin.server import Exchange

HOST = "https://api.github.com"
PREFIX = "/api/v3"
# Real answers of GitHub that its description does not list for these calls.
UNDOCUMENTED_STATUS = {
    "301": "a repository or branch that was renamed is answered so everywhere and described for few calls",
    "307": "so are writes to it",
    "401": "a token that GitHub does not know is answered so everywhere and described nowhere",
    "403": "a token without the right is answered so everywhere and described for few calls",
    "404": "so is a repository that the token may not see",
    "422": "field errors are described for most calls that write, not for all",
    "400": "a body that is no JSON is answered so everywhere",
    "405": "",
    "409": "",
}
# What the description forbids and GitHub does: call, part of the reason, why it is a false alarm.
FALSE_ALARMS = {
    "label-list": (
        r"POST .*/labels request",
        r"",
        "PyGithub sends a plain list, which GitHub takes; the description's oneOf matches it more than once",
    ),
    "folder-listing": (
        r"GET .*/contents/\{path\} 200",
        r"^: \[",
        "a folder is answered as a list, and the description's discriminator looks for `type` in an object",
    ),
    "unknown-author": (
        r".* 20\d",
        r"(author|committer): None is not valid under any of the given schemas",
        "null is GitHub's answer for an author without account; nullable beside oneOf is lost on validators",
    ),
}
_PLACE = re.compile(r"\{\w+\}")
_LONG = {"{ref}", "{path}", "{basehead}", "{branch}", "{tree_sha}"}
_WORDS = {"state", "event", "mode", "type", "encoding", "merge_type", "permission", "status", "side"}


class Conformance:
    """Validates exchanges, each shape once; keeps every complaint."""

    def __init__(self, description: Path) -> None:
        document = json.loads(description.read_text())
        self.complaints: list[str] = []
        self.false_alarms: set[str] = set()
        self.checked = 0
        self._seen: set[str] = set()
        self._api = OpenAPI.from_dict(
            document,
            config=Config(spec_validator_cls=None),  # type: ignore[arg-type]
        )
        self._known = {
            (method.upper(), path): set(operation["responses"])
            for path, item in document["paths"].items()
            for method, operation in item.items()
            if isinstance(operation, dict) and "responses" in operation
        }
        self._patterns = [(path, _pattern(path)) for path in sorted(document["paths"], key=len, reverse=True)]

    def watch(self, exchange: Exchange) -> None:
        """Look at one exchange; calls to the Hub and to pages for people are not GitHub's."""
        path, _, query = exchange.target.partition("?")
        # GitHub leads on to a renamed repository by its number, and describes no call by number.
        if not path.startswith(f"{PREFIX}/") or path.startswith(f"{PREFIX}/repositories/"):
            return
        self.checked += 1
        template, quoted = self._place(path.removeprefix(PREFIX))
        if (exchange.method, template) not in self._known:
            if exchange.reply.status != 404:
                self.complaints.append(f"{exchange.method} {path}: GitHub has no such call")
            return
        shape = repr((exchange.method, template, exchange.reply.status, _shape(exchange)))
        if shape not in self._seen:
            self._seen.add(shape)
            self._check(exchange, template, quoted, query)

    def _place(self, path: str) -> tuple[str, str]:
        for template, pattern in self._patterns:
            match = pattern.fullmatch(path)
            if match:
                places = _PLACE.findall(template)
                values = {place: quote(text, safe="") for place, text in zip(places, match.groups(), strict=True)}
                return template, _PLACE.sub(lambda found, known=values: known[found[0]], template)  # type: ignore[misc]
        return "", path

    def _check(self, exchange: Exchange, template: str, path: str, query: str) -> None:
        body = exchange.body or None
        request = MockRequest(
            HOST,
            exchange.method.lower(),
            path,
            args=dict(parse_qsl(query)),
            data=body,
            content_type="application/json" if body else "",
        )
        status = str(exchange.reply.status)
        # A request that is refused may well be wrong: that is what the refusal says.
        if status < "400":
            self._validate(exchange, template, "request", lambda: self._api.validate_request(request))
        if status not in self._known[exchange.method, template] and status in UNDOCUMENTED_STATUS:
            return
        answer = MockResponse(exchange.reply.data(), exchange.reply.status, content_type="application/json")
        if status != "204":
            self._validate(exchange, template, status, lambda: self._api.validate_response(request, answer))

    def _validate(self, exchange: Exchange, template: str, part: str, call: Any) -> None:
        try:
            call()
        except OpenAPIError as err:
            name = f"{exchange.method} {template} {part}"
            alarms = [(reason, _false_alarm(name, reason)) for reason in _reasons(err)]
            self.false_alarms |= {alarm for _, alarm in alarms if alarm}
            self.complaints += [f"{name}: {reason}" for reason, alarm in alarms if not alarm]


def _false_alarm(call: str, reason: str) -> str:
    found = (
        name
        for name, (calls, reasons, _) in FALSE_ALARMS.items()
        if re.fullmatch(calls, call) and re.search(reasons, reason)
    )
    return next(found, "")


def _pattern(path: str) -> re.Pattern[str]:
    """A template as a regular expression; names of refs and files hold slashes."""
    text = re.escape(path).replace(r"\{", "{").replace(r"\}", "}")
    return re.compile(_PLACE.sub(lambda found: "(.+)" if found[0] in _LONG else "([^/]+)", text))


def _shape(exchange: Exchange) -> Any:
    body = json.loads(exchange.body) if exchange.body and exchange.body[:1] in b"[{" else None
    return _shape_of(body), _shape_of(exchange.reply.body)


def _shape_of(value: Any) -> Any:
    """Keys and types without the values, but for the words that a description counts up."""
    if isinstance(value, dict):
        return {
            key: inner if key in _WORDS and isinstance(inner, str) else _shape_of(inner)
            for key, inner in sorted(value.items())
        }
    if isinstance(value, list):
        return sorted({repr(_shape_of(item)) for item in value})
    return type(value).__name__


def _reasons(err: BaseException) -> list[str]:
    cause = err.__cause__ or err
    listed = getattr(cause, "schema_errors", None)
    if not listed:
        return [f"{type(cause).__name__}: {cause}"]
    # Of alternatives that all fail, the one that comes closest.
    found = [best_match([error]) or error for error in listed]
    return [
        f"{'.'.join(map(str, error.absolute_path))}: {error.message[:60]}…{error.message[-140:]}" for error in found
    ]
