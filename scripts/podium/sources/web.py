"""Requests to other hosts: a token goes to the host it is for alone, and a refusal is told with its remedy."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urljoin, urlsplit

from podium.errors import SourceError, TokenError, TokenRefusedError, TokenScopeError
from podium.tokens import is_on_this_machine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from httpx2 import Client, Response

    from podium.sources.words import Words

TIMEOUT_SECONDS = 60
REDIRECTS = 5
ATTEMPTS = 5
LONGEST_WAIT_SECONDS = 60.0
BUSY = {408, 429, 500, 502, 503, 504}
# Not gzip: offsets and digests are of the bytes themselves.
PLAIN = {"Accept-Encoding": "identity", "User-Agent": "podium"}
CONFIDENTIAL = {"authorization", "cookie", "x-auth-token"}
AGAIN = "run the same command again: it goes on where it stopped"


class Web:
    """A client and its patience; `wait` is how it lets time pass."""

    def __init__(self, client: Client, wait: Callable[[float], None]) -> None:
        self.client = client
        self.wait = wait

    def __enter__(self) -> Web:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    @contextmanager
    def get(self, url: str, headers: Mapping[str, str], words: Words) -> Iterator[Response]:
        """Open an answer, redirects followed. Raises SourceError, TokenRefusedError, TokenScopeError.

        What may be secret among `headers` is left out as soon as a redirect leaves the first host.
        """
        home = origin_of(url)
        for _ in range(REDIRECTS + 1):
            _require_https(url, words)
            kept = headers if origin_of(url) == home else _public(headers)
            with self._answer(url, {**PLAIN, **kept}, words) as answer:
                if not answer.has_redirect_location:
                    if not answer.is_success and answer.status_code != 416:
                        answer.read()
                        refuse(answer.status_code, _said(answer), words, is_anonymous=not _secrets(kept))
                    yield answer
                    return
                url = urljoin(url, answer.headers["location"])
        message = f"{words.what} leads in circles: more than {REDIRECTS} redirects"
        raise SourceError(message, hint=words.on_404)

    def post_json(
        self,
        url: str,
        body: Mapping[str, Any],
        headers: Mapping[str, str],
        words: Words,
        explain: Callable[[int, str], None],
    ) -> dict[str, Any]:
        """Ask a question that changes nothing; `explain` may raise its own error for a refusal. Raises SourceError."""
        from httpx2 import HTTPError

        _require_https(url, words)
        try:
            answer = self.client.post(url, json=body, headers={**PLAIN, **headers})
        except HTTPError as err:
            message = f"{words.what} could not be reached: {type(err).__name__}"
            raise SourceError(message, hint=AGAIN) from err
        if not answer.is_success:
            explain(answer.status_code, _said(answer))
            refuse(answer.status_code, _said(answer), words, is_anonymous=not _secrets(headers))
        return _object(answer, words)

    @contextmanager
    def _answer(self, url: str, headers: Mapping[str, str], words: Words) -> Iterator[Response]:
        """One answer; a busy host is asked again after the pause it wants."""
        from httpx2 import HTTPError

        for attempt in range(ATTEMPTS):
            is_last = attempt == ATTEMPTS - 1
            request = self.client.build_request("GET", url, headers=headers)
            try:
                answer = self.client.send(request, stream=True, follow_redirects=False)
            except HTTPError as err:
                if is_last:
                    message = f"{words.what} could not be reached: {type(err).__name__}"
                    raise SourceError(message, hint=AGAIN) from err
                self.wait(pause(attempt, {}))
                continue
            try:
                if answer.status_code not in BUSY or is_last:
                    yield answer
                    return
                self.wait(pause(attempt, answer.headers))
            finally:
                answer.close()


def build_web(wait: Callable[[float], None] = time.sleep) -> Web:
    """A client that never follows a redirect by itself and reads no proxy's password from a file."""
    from httpx2 import Client

    return Web(Client(timeout=TIMEOUT_SECONDS, follow_redirects=False), wait)


def size_of(web: Web, url: str, words: Words) -> int:
    """How large a file is, by its first answer. Raises SourceError where the host does not say."""
    with web.get(url, {}, words) as answer:
        length = str(answer.headers.get("content-length", ""))
    if not length.isdigit():
        message = f"{words.what} does not say how large it is, so nothing can tell whether it fits"
        raise SourceError(message, hint="put the file on a host that sends Content-Length, or use release: or hf://")
    return int(length)


def _object(answer: Response, words: Words) -> dict[str, Any]:
    try:
        value = answer.json()
    except ValueError:
        value = None
    if not isinstance(value, dict):
        message = f"{words.what}: the answer is no JSON object"
        raise SourceError(message, hint=AGAIN)
    return value


def json_of(web: Web, url: str, headers: Mapping[str, str], words: Words) -> Any:
    """A JSON answer. Raises SourceError when it is something else."""
    with web.get(url, headers, words) as answer:
        answer.read()
        try:
            return answer.json()
        except ValueError as err:
            message = f"{words.what}: the answer is no JSON"
            raise SourceError(message, hint=AGAIN) from err


def origin_of(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port


def pause(attempt: int, headers: Mapping[str, str]) -> float:
    """Seconds until the next attempt: what the host asks for, within reason, else twice as long each time."""
    asked = str(headers.get("retry-after", ""))
    return min(float(asked) if asked.isdigit() else 0.5 * 2**attempt, LONGEST_WAIT_SECONDS)


def refuse(status: int, said: str, words: Words, *, is_anonymous: bool) -> NoReturn:
    """Raise the error that belongs to an answer."""
    answered = f"{words.what}: the host answered {status}{f' ({said})' if said else ''}"
    if status == 401:
        if is_anonymous:
            raise TokenError(answered, hint=words.on_403)
        raise TokenRefusedError(answered, hint=words.on_401)
    if status == 403:
        raise TokenScopeError(answered, hint=words.on_403)
    raise SourceError(answered, hint=AGAIN if status in BUSY else words.on_404)


def _require_https(url: str, words: Words) -> None:
    if urlsplit(url).scheme != "https" and not is_on_this_machine(url):
        message = f"{words.what} leads to {urlsplit(url).scheme}://{urlsplit(url).hostname}, which anybody can change"
        raise SourceError(message, hint="use an https address that stays https")


def _public(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name not in _secrets(headers)}


def _secrets(headers: Mapping[str, str]) -> set[str]:
    return {name for name in headers if name.lower() in CONFIDENTIAL}


def _said(answer: Response) -> str:
    """What a host says about its refusal, in one line."""
    try:
        body = answer.json()
    except ValueError:
        return ""
    text = body.get("message") or body.get("error") if isinstance(body, dict) else ""
    return " ".join(str(text).split())[:200] if isinstance(text, str) else ""
