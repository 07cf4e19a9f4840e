"""What each answer of GitHub and of the Hub means: the kind of error, the remedy, and how long to wait."""

from __future__ import annotations

from typing import Any

import pytest
from github import GithubException

from podium.boards.answers import RefusedError, github_answers, github_wait_seconds, hub_wait_seconds
from podium.errors import BoardError, BudgetError, TokenScopeError

# Sat, 28 Nov 2026 07:00:00 GMT
NOW, DATE = 1795849200, "Sat, 28 Nov 2026 07:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7),
        ({"retry-after": "Sat, 28 Nov 2026 07:01:30 GMT", "date": DATE}, 90),
        ({"retry-after": "Sat, 28 Nov 2026 06:00:00 GMT", "date": DATE}, 0),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(NOW + 120), "date": DATE}, 121),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(NOW - 5), "date": DATE}, 1),
        # The limit is not used up, so its reset is not what is waited for; GitHub asks for a minute then.
        ({"x-ratelimit-remaining": "4000", "x-ratelimit-reset": str(NOW + 3000), "date": DATE}, 60),
        ({"retry-after": "soon"}, 60),
        ({}, 60),
    ],
)
def test_github_is_waited_for_as_its_headers_say(headers: dict[str, str], seconds: float) -> None:
    assert github_wait_seconds(headers) == seconds


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"ratelimit": '"api";r=0;t=55', "ratelimit-policy": '"fixed window";"api";q=500;w=300'}, 56),
        ({"ratelimit": '"api";r=0;t=55', "retry-after": "9"}, 56),
        ({"ratelimit": '"api";r=12;t=55', "retry-after": "9"}, 9),
        ({"retry-after": "Sat, 28 Nov 2026 07:01:30 GMT", "date": DATE}, 90),
        ({}, 300),
    ],
)
def test_the_hub_is_waited_for_as_its_headers_say(headers: dict[str, str], seconds: float) -> None:
    assert hub_wait_seconds(headers) == seconds


def answered(status: int, message: str, **headers: str) -> BoardError:
    """The error that an answer of GitHub becomes."""
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    with pytest.raises(BoardError) as caught, github_answers("do it"):
        raise GithubException(status, {"message": message}, told)
    return caught.value


@pytest.mark.parametrize(
    ("status", "message", "error", "part"),
    [
        (403, "You have exceeded a secondary rate limit.", BudgetError, "wait 60 seconds"),
        (403, "You have triggered an abuse detection mechanism.", BudgetError, "wait 60 seconds"),
        (429, "Too many requests", BudgetError, "wait 60 seconds"),
        (403, "Resource not accessible by personal access token", TokenScopeError, "Contents: write"),
        (403, "Resource not accessible by integration", TokenScopeError, "Contents: write"),
        (403, "`acme` forbids access via a fine-grained personal access token", TokenScopeError, "kind of token"),
        (403, "the organization has an IP allow list enabled", TokenScopeError, "IP allow list"),
        (403, "Repository was archived so is read-only.", RefusedError, "unarchives"),
        (403, "You do not have permission to create labels on this repository.", RefusedError, "make the label"),
        (403, "Unable to create comment because issue is locked.", RefusedError, "unlocks"),
        (403, "Repository access blocked", RefusedError, "support"),
        (403, "Your account was suspended.", TokenScopeError, "suspended"),
        (422, "Repository rule violations found", RefusedError, "rule"),
        (422, "Cannot update this protected ref: protected branch hook declined", RefusedError, "rule"),
        (404, "Not Found", RefusedError, "check the name"),
        (410, "Issues are disabled for this repo", RefusedError, "correct what the message names"),
    ],
)
def test_a_refusal_of_github_has_its_own_meaning_and_remedy(
    status: int, message: str, error: type[BoardError], part: str
) -> None:
    told = answered(status, message)
    assert type(told) is error
    assert part in told.hint
    assert message in str(told)


def test_a_used_up_limit_is_known_by_its_headers_alone() -> None:
    told = answered(403, "Forbidden", x_ratelimit_remaining="0", x_ratelimit_reset=str(NOW + 9), date=DATE)
    assert isinstance(told, BudgetError)
    assert told.wait_seconds == 10


def test_single_sign_on_names_its_address() -> None:
    told = answered(403, "Resource protected by organization SAML enforcement.", x_github_sso="required; url=https://x")
    assert told.hint == "authorize the token at https://x"


def test_an_address_that_leads_to_another_host_is_told() -> None:
    with pytest.raises(BoardError, match="redirected from host a to b") as caught, github_answers("do it"):
        _lead_away()
    assert "GITHUB_API_URL" in caught.value.hint


def _lead_away() -> Any:
    message = "Github server redirected from host a to b, please correct your Github server URL"
    raise RuntimeError(message)
