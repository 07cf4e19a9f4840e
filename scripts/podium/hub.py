"""The Hub's client, and a token for it: a stored one, or one made for this job's identity (trusted publishing)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from podium.errors import BoardUnreachableError, TokenRefusedError
from podium.tokens import address_of, token_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from huggingface_hub import HfApi

HUB_TOKENS = ("HF_TOKEN",)
IDENTITY_URL = "ACTIONS_ID_TOKEN_REQUEST_URL"
IDENTITY_TOKEN = "ACTIONS_ID_TOKEN_REQUEST_TOKEN"  # noqa: S105
DEFAULT_HUB = "https://huggingface.co"


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


def build_reader(environment: Mapping[str, str]) -> HfApi:
    """A client that only reads what is public: with a token if there is one. Raises ConfigError, TokenError."""
    from huggingface_hub import HfApi, constants

    constants.HF_HUB_DISABLE_XET = True
    has_token = any(environment.get(name, "").strip() for name in HUB_TOKENS)
    token = token_of(environment, HUB_TOKENS, "the Hugging Face Hub") if has_token else False
    return HfApi(endpoint=address_of(environment, "HF_ENDPOINT", DEFAULT_HUB), token=token)


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
