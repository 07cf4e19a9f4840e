"""What the boards' APIs answer, as podium's errors: no answer, no permission, refused, each with its remedy.

Nothing here repeats a call: an answer that was lost may belong to a call that landed.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Literal, TypeVar
from urllib.parse import urlsplit

from podium.errors import (
    BoardError,
    BoardUnreachableError,
    BudgetError,
    TokenRefusedError,
    TokenScopeError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from github import GithubException
    from huggingface_hub.errors import HfHubHTTPError

T = TypeVar("T")
WAITS = 3
LONGEST_WAIT_SECONDS = 120.0
DEFAULT_WAIT_SECONDS = 60.0
HUB_WINDOW_SECONDS = 300.0
Kind = Literal[
    "missing",
    "exists",
    "no_commits",
    "moved",
    "workflow_scope",
    "actions_not_allowed",
    "label",
    "locked",
    "archived",
    "protected",
    "ip_list",
    "token_kind",
    "blocked",
    "no_pull_requests",
    "suspended",
    "other",
]

# Parts of the services' texts, lower case, and what they mean.
_KINDS: tuple[tuple[str, Kind], ...] = (
    ("pull request already exists", "exists"),
    ("reference already exists", "exists"),
    ("no commits between", "no_commits"),
    ("not a fast forward", "moved"),
    ("not a fast-forward", "moved"),
    ("reference cannot be updated", "moved"),
    ("`workflow` scope", "workflow_scope"),
    ("workflows permission", "workflow_scope"),
    ("not permitted to create or approve pull requests", "actions_not_allowed"),
    ("permission to create labels", "label"),
    ("issue is locked", "locked"),
    ("conversation is locked", "locked"),
    ("discussion is locked", "locked"),
    ("archived so is read-only", "archived"),
    ("protected branch", "protected"),
    ("rule violations", "protected"),
    ("repository rule", "protected"),
    ("creations being restricted", "protected"),
    ("ip allow list", "ip_list"),
    ("forbids access via", "token_kind"),
    ("oauth app access restrictions", "token_kind"),
    ("repository access blocked", "blocked"),
    ("access to this resource is disabled", "blocked"),
    ("discussions are disabled", "no_pull_requests"),
    ("pull requests are disabled", "no_pull_requests"),
    ("suspended", "suspended"),
)
_HINTS: dict[Kind, str] = {
    "missing": "check the name and that the token may see it (a private repository answers as if it did not exist)",
    "exists": "run the same command again; it continues from what is there",
    "no_commits": "the base branch already holds this submission; nothing is left to do",
    "moved": "somebody moved the branch meanwhile; run the same command again",
    "workflow_scope": "give the token the scope `workflow` (classic) or Workflows: write (fine-grained)",
    "actions_not_allowed": "Settings > Actions > General: allow GitHub Actions to create pull requests, "
    "in the repository and in its organisation",
    "label": "make the label once in the repository (Issues > Labels), or take it out of `labels` below [submit]",
    "locked": "somebody with write access unlocks the conversation there, then run the same command again",
    "archived": "the repository's owner unarchives it, then run the same command again",
    "protected": "a rule of the repository forbids this: its owner lets the token's account pass it, "
    "or leaves branches below podium/ out of the rule",
    "ip_list": "run this from an address that the organisation's IP allow list holds",
    "token_kind": "the organisation does not let this kind of token in: its owner approves it, or use another kind",
    "blocked": "the service itself has closed this repository; its owner asks the service's support",
    "no_pull_requests": "a token cannot help: the repository takes no pull requests now; its owner switches "
    "discussions and pull requests on in its settings, then run the same command again",
    "suspended": "the account or the App's installation is suspended: its owner takes that back",
    "other": "correct what the message names, then run the same command again",
}
SAFE_AGAIN = "run the same command again; it finds what already arrived and sends nothing twice"


class RefusedError(BoardError):
    """The board understood the call and refused it; `kind` tells the refusals that have an own meaning apart."""

    def __init__(self, message: str, *, kind: Kind, hint: str = "") -> None:
        super().__init__(message, hint=hint or _HINTS[kind])
        self.kind = kind


def patiently(call: Callable[[], T], pause: Callable[[float], None]) -> T:
    """Repeat a call that the API refused for its rate alone, after the time it asks for; a refusal has no effect.

    Raises BudgetError when that is longer than anybody waits, or for the last of a few refusals.
    """
    for _ in range(WAITS):
        try:
            return call()
        except BudgetError as err:
            if err.wait_seconds > LONGEST_WAIT_SECONDS:
                raise
            pause(err.wait_seconds)
    return call()


def _place(err: Exception) -> str:
    """` at host:port` of the request that failed, where the client tells it."""
    with suppress(RuntimeError):  # how the Hub's client says that an error has no request
        host = urlsplit(str(getattr(getattr(err, "request", None), "url", ""))).netloc
        return f" at {host}" if host else ""
    return ""


@contextmanager
def github_answers(doing: str, secret: str = "") -> Iterator[None]:
    """Turn what PyGithub raises into BoardError and its kinds; `doing` completes "could not ...".

    An answer that repeats the token (`secret`) is told without it.
    """
    from github import GithubException
    from requests import RequestException

    try:
        yield
    except GithubException as err:
        raise _github_error(err, doing, secret) from err
    except RequestException as err:
        message = f"could not {doing}: GitHub's API{_place(err)} did not answer ({type(err).__name__})"
        raise BoardUnreachableError(message, hint=SAFE_AGAIN) from err
    except RuntimeError as err:  # how PyGithub says that it is led to another host or protocol
        message = f"could not {doing}: {_without(secret, str(err))}"
        raise BoardError(message, hint="set GITHUB_API_URL to the address that is named, with its path") from err
    except ValueError as err:  # a body that is no JSON, from a proxy for example
        message = f"could not {doing}: GitHub's API answered with something that is not JSON"
        raise BoardUnreachableError(message, hint=SAFE_AGAIN) from err


def _github_error(err: GithubException, doing: str, secret: str) -> BoardError:
    text = _without(secret, _github_text(err.data) or err.message or "")
    headers = {name.lower(): value for name, value in (err.headers or {}).items()}
    message = f"could not {doing}: GitHub answered {err.status}{f': {text}' if text else ''}"
    if err.status == 401:
        return TokenRefusedError(
            message, hint="the token is wrong, expired or revoked: store a new one in PODIUM_FORK_TOKEN"
        )
    if err.status >= 500:
        return BoardUnreachableError(message, hint=SAFE_AGAIN)
    if err.status == 429 or (err.status == 403 and _is_limit(headers, text)):
        wait = github_wait_seconds(headers)
        return BudgetError(message, hint=f"wait {wait:.0f} seconds, then {SAFE_AGAIN}", wait_seconds=wait)
    kind = _kind_of(text)
    if err.status == 403 and kind == "other":
        single_sign_on = headers.get("x-github-sso", "").partition("url=")[2]
        hint = f"authorize the token at {single_sign_on}" if single_sign_on else _MAY
        return TokenScopeError(message, hint=hint)
    if err.status == 403 and kind in {"token_kind", "ip_list", "suspended"}:
        return TokenScopeError(message, hint=_HINTS[kind])
    if err.status == 404:
        return RefusedError(message, kind="missing")
    return RefusedError(message, kind=kind)


def _without(secret: str, text: str) -> str:
    return text.replace(secret, "***") if secret else text


def _is_limit(headers: Mapping[str, str], text: str) -> bool:
    """Whether a 403 is about the rate of calls: by its headers or, for older servers, by its words."""
    words = ("rate limit", "abuse detection")
    is_used_up = headers.get("x-ratelimit-remaining") == "0"
    return "retry-after" in headers or is_used_up or any(word in text.lower() for word in words)


def github_wait_seconds(headers: Mapping[str, str]) -> float:
    """Seconds that an answer asks to wait: Retry-After, else until the limit's reset, by the server's own clock.

    Without either a minute, as GitHub asks for after a secondary limit. Source, read on 2026-11-28:
    https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
    """
    asked = _retry_after(headers)
    if asked is not None:
        return asked
    reset, now = headers.get("x-ratelimit-reset", ""), _time(headers.get("date", ""))
    if reset.isdigit() and now is not None and headers.get("x-ratelimit-remaining") == "0":
        return max(0.0, int(reset) - now) + 1.0
    return DEFAULT_WAIT_SECONDS


def hub_wait_seconds(headers: Mapping[str, str]) -> float:
    """Seconds that the Hub asks to wait: `t` of its RateLimit header, else Retry-After, else a whole window of it.

    Source, read on 2026-11-28: https://huggingface.co/docs/hub/rate-limits
    """
    from huggingface_hub.utils import parse_ratelimit_headers  # type: ignore[attr-defined]

    limits = parse_ratelimit_headers(headers)
    if limits is not None and limits.remaining == 0:
        return float(limits.reset_in_seconds) + 1.0
    asked = _retry_after(headers)
    return HUB_WINDOW_SECONDS if asked is None else asked


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Retry-After in seconds; HTTP also lets it be a date."""
    text = headers.get("retry-after", "").strip()
    if text.isdigit():
        return float(text)
    until, now = _time(text), _time(headers.get("date", ""))
    return None if until is None or now is None else max(0.0, until - now)


def _time(text: str) -> float | None:
    """Seconds since the epoch of an HTTP date."""
    try:
        return parsedate_to_datetime(text).timestamp()
    except ValueError:
        return None


_MAY = "the token needs Contents: write and Pull requests: write on the fork (classic: scope public_repo)"


def _github_text(data: Any) -> str:
    """GitHub's sentence with the errors it lists, in one line."""
    if not isinstance(data, dict):
        return ""
    texts = [str(data.get("message") or "")]
    for error in data.get("errors") or []:
        if isinstance(error, dict):
            parts = [str(error[key]) for key in ("field", "code", "message") if error.get(key)]
            texts.append(" ".join(parts))
        else:
            texts.append(str(error))
    return " ".join("; ".join(text for text in texts if text).split())


def _kind_of(text: str) -> Kind:
    lowered = text.lower()
    return next((kind for part, kind in _KINDS if part in lowered), "other")


@contextmanager
def hub_answers(doing: str, secret: str = "") -> Iterator[None]:
    """Turn what huggingface_hub raises into BoardError and its kinds; `doing` completes "could not ...".

    An answer that repeats the token (`secret`) is told without it.
    """
    from httpx2 import HTTPError
    from huggingface_hub.errors import HfHubHTTPError

    try:
        yield
    except HfHubHTTPError as err:
        raise _hub_error(err, doing, secret) from err
    except (HTTPError, ConnectionError) as err:  # ConnectionError: the client was told to stay offline
        message = f"could not {doing}: the Hub{_place(err)} did not answer ({type(err).__name__})"
        raise BoardUnreachableError(message, hint=SAFE_AGAIN) from err
    except RuntimeError as err:  # a large file's upload failed in one of the client's threads
        if isinstance(err.__cause__, HfHubHTTPError):
            raise _hub_error(err.__cause__, doing, secret) from err
        message = f"could not {doing}: {_without(secret, str(err))}"
        raise BoardUnreachableError(message, hint=SAFE_AGAIN) from err
    except (ValueError, KeyError, TypeError) as err:  # a body that is no JSON, or not of the shape the client expects
        message = f"could not {doing}: the Hub's answer cannot be read ({type(err).__name__})"
        raise BoardUnreachableError(message, hint=SAFE_AGAIN) from err


def _hub_error(err: HfHubHTTPError, doing: str, secret: str) -> BoardError:
    status = err.response.status_code
    text = _without(secret, " ".join((err.server_message or "").split()))
    message = f"could not {doing}: the Hub answered {status}{f': {text}' if text else ''}"
    if status >= 500:
        return BoardUnreachableError(message, hint=SAFE_AGAIN)
    if status == 429:
        wait = hub_wait_seconds({name.lower(): text for name, text in err.response.headers.items()})
        return BudgetError(message, hint=f"wait {wait:.0f} seconds, then {SAFE_AGAIN}", wait_seconds=wait)
    if status == 401:
        return TokenRefusedError(
            message, hint="the token is wrong or expired, or the repository does not exist: check HF_TOKEN"
        )
    kind = _kind_of(text)
    if kind in {"no_pull_requests", "blocked", "locked", "archived"}:
        return RefusedError(message, kind=kind)
    if status == 403:
        hint = "HF_TOKEN must be allowed to open pull requests there (role write, or this repository by name)"
        return TokenScopeError(message, hint=hint)
    if status == 404:
        return RefusedError(message, kind="missing")
    if status == 412:
        return RefusedError(message, kind="moved")
    return RefusedError(message, kind="other")
