"""The GitHub Actions environment and the clients built from it: tokens, addresses, outputs, annotations.

Reads a mapping of environment variables that `cli/` hands in. Writes the files that GitHub names for outputs and
summary. A token goes straight into its client: never into a record, a message or a file.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from podium.errors import BoardUnreachableError, ConfigError, StorageError, TokenError, TokenRefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from github import Github
    from huggingface_hub import HfApi

    from podium.records import Severity

FORK_TOKENS = ("PODIUM_FORK_TOKEN", "GITHUB_TOKEN")
HUB_TOKENS = ("HF_TOKEN",)
IDENTITY_URL = "ACTIONS_ID_TOKEN_REQUEST_URL"
IDENTITY_TOKEN = "ACTIONS_ID_TOKEN_REQUEST_TOKEN"  # noqa: S105
DEFAULT_API = "https://api.github.com"
DEFAULT_HUB = "https://huggingface.co"
TIMEOUT_SECONDS = 60
ATTEMPTS = 4
LONGEST_WAIT_SECONDS = 120
# GitHub asks for a second between writes; a stand-in on this machine does not.
SECONDS_BETWEEN_WRITES = 1.0
LOOPBACK = {"localhost", "127.0.0.1", "::1"}


def token_of(environment: Mapping[str, str], names: tuple[str, ...], purpose: str) -> str:
    """The first token that is set. Raises TokenError naming the variables; an empty one counts as unset."""
    for name in names:
        token = environment.get(name, "").strip()
        if not token:
            continue
        if not token.isascii() or not token.isprintable() or " " in token:
            message = f"{name} holds something that cannot be a token"
            raise TokenError(message, hint=f"store the token alone in {name}, without quotes or line breaks")
        return token
    message = f"there is no token for {purpose}"
    hint = f"set {names[0]}" + (f" (or {' or '.join(names[1:])})" if names[1:] else "")
    raise TokenError(message, hint=f"{hint} in the environment of this step; never as an argument")


def address_of(environment: Mapping[str, str], name: str, default: str) -> str:
    """The address in variable `name`. Raises ConfigError unless it is https, or http on this machine."""
    address = (environment.get(name, "").strip() or default).rstrip("/")
    parts = urlsplit(address)
    if parts.username or not parts.hostname or not _is_confidential(parts.scheme, parts.hostname):
        message = f"{name} is not an address that a token may be sent to"
        raise ConfigError(message, hint=f"leave {name} unset for {default}; plain http only on this machine")
    return address


def is_on_this_machine(address: str) -> bool:
    """Whether an address is of the loopback interface."""
    return urlsplit(address).hostname in LOOPBACK


def _is_confidential(scheme: str, host: str) -> bool:
    return scheme == "https" or (scheme == "http" and host in LOOPBACK)


def build_github(environment: Mapping[str, str]) -> Github:
    """A PyGithub client for the fork. Raises TokenError, ConfigError.

    Only reads are repeated: PyGithub repeats POST after a lost answer by default, which can open things twice.
    """
    from github import Auth, Github, GithubRetry

    token = token_of(environment, FORK_TOKENS, "the leaderboard fork on GitHub")
    address = address_of(environment, "GITHUB_API_URL", DEFAULT_API)
    is_near = is_on_this_machine(address)
    retry = GithubRetry(
        total=ATTEMPTS,
        backoff_factor=0.1 if is_near else 1.0,
        allowed_methods={"GET", "HEAD"},
        max_rate_limit_wait=LONGEST_WAIT_SECONDS,
        secondary_rate_wait=LONGEST_WAIT_SECONDS / 2,
        retry_after_max=LONGEST_WAIT_SECONDS,
    )
    return Github(
        auth=Auth.Token(token),
        base_url=address,
        timeout=TIMEOUT_SECONDS,
        per_page=100,
        retry=retry,
        seconds_between_requests=0.0,
        seconds_between_writes=0.0 if is_near else SECONDS_BETWEEN_WRITES,
    )


def build_hub(environment: Mapping[str, str], resource: str = "") -> HfApi:
    """A huggingface_hub client for one repository. Raises TokenError, ConfigError, BoardUnreachableError.

    In a job with `id-token: write` the token is made for `resource` (`spaces/OWNER/NAME`, or `OWNER/NAME` of a model)
    alone and for an hour (trusted publishing); else it is HF_TOKEN.
    """
    from huggingface_hub import HfApi, constants

    # Plain HTTP only: the second upload protocol needs servers of its own, and our files are small.
    constants.HF_HUB_DISABLE_XET = True
    endpoint = address_of(environment, "HF_ENDPOINT", DEFAULT_HUB)
    if resource and environment.get(IDENTITY_URL, "").strip():
        token = exchange_identity(environment, endpoint, resource)
    else:
        token = token_of(environment, HUB_TOKENS, "the Hugging Face Hub")
    return HfApi(endpoint=endpoint, token=token)


def exchange_identity(environment: Mapping[str, str], endpoint: str, resource: str) -> str:
    """A Hub token for one repository, for this job's identity (RFC 8693). Raises TokenError, BoardUnreachableError.

    Source: https://huggingface.co/docs/hub/trusted-publishers.
    """
    from httpx2 import HTTPError
    from huggingface_hub import get_session

    address = address_of(environment, IDENTITY_URL, "")
    bearer = {"Authorization": f"Bearer {token_of(environment, (IDENTITY_TOKEN,), 'the identity of this job')}"}
    try:
        identity = get_session().get(address, params={"audience": endpoint}, headers=bearer)
        subject = _field(identity, "value", "GitHub gave this job no identity", "give the job `id-token: write`")
        body = {
            "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
            "subject_token_type": "urn:ietf:params:oauth:token-type:id_token",
            "subject_token": subject,
            "resource": resource,
        }
        answer = get_session().post(f"{endpoint}/oauth/token", json=body)
    except HTTPError as err:
        message = f"no token could be had for {resource}: no answer ({type(err).__name__})"
        raise BoardUnreachableError(message, hint="run the same command again") from err
    hint = f"name repository, workflow and branch of this job as trusted publisher of {resource}, or drop id-token"
    return _field(answer, "access_token", f"the Hub gave no token for {resource}", hint)


def _field(answer: Any, name: str, fault: str, hint: str) -> str:
    """A text from a JSON answer; what else it holds may be secret and is not told. Raises TokenRefusedError."""
    try:
        value = answer.json().get(name) if answer.is_success else None
    except (ValueError, AttributeError):
        value = None
    if not isinstance(value, str) or not value:
        message = f"{fault}: it answered {answer.status_code}"
        raise TokenRefusedError(message, hint=hint)
    return value


def write_outputs(environment: Mapping[str, str], outputs: Mapping[str, str]) -> None:
    """Append step outputs to the file GITHUB_OUTPUT names, if it is set. Raises StorageError."""
    lines = []
    for name, value in outputs.items():
        # A delimiter that the value cannot contain, whatever it holds.
        delimiter = f"podium_{hashlib.sha256(value.encode()).hexdigest()}"
        lines.append(f"{name}<<{delimiter}\n{value}\n{delimiter}\n")
    _append(environment, "GITHUB_OUTPUT", "".join(lines))


def write_summary(environment: Mapping[str, str], markdown: str) -> None:
    """Append to the job's summary page, if there is one. Raises StorageError."""
    _append(environment, "GITHUB_STEP_SUMMARY", markdown.rstrip("\n") + "\n")


def _append(environment: Mapping[str, str], name: str, text: str) -> None:
    path = environment.get(name, "")
    if not path:
        return
    try:
        with Path(path).open("a", encoding="utf-8") as stream:
            stream.write(text)
    except OSError as err:
        message = f"cannot write the file that {name} names: {err.strerror}"
        raise StorageError(message, hint=f"unset {name} outside GitHub Actions") from err


def annotation(severity: Severity, message: str, *, path: str = "", line: int = 0, title: str = "") -> str:
    """One workflow command (`::error file=..::..`) that GitHub shows at the file; every part is escaped."""
    properties = {"file": path, "line": str(line) if line else "", "title": title}
    listed = ",".join(f"{name}={_escape_property(value)}" for name, value in properties.items() if value)
    return f"::{severity}{' ' if listed else ''}{listed}::{_escape(message)}"


def _escape(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape(text).replace(":", "%3A").replace(",", "%2C")
