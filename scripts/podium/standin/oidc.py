"""Trusted publishing: the identity tokens of GitHub Actions, and the Hub's exchange of one for a token of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from podium.standin.access import signed_in
from podium.standin.exchange import Refusal, Reply
from podium.standin.world import EXCHANGED

if TYPE_CHECKING:
    from collections.abc import Callable

    from podium.standin.exchange import Request
    from podium.standin.state import Store

IDENTITY = "standin-identity:"
GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
SUBJECT = "urn:ietf:params:oauth:token-type:id_token"


class TokenExchange(msgspec.Struct):
    """Body of POST oauth/token (RFC 8693)."""

    grant_type: str
    subject_token_type: str
    subject_token: str
    resource: str


class TrustedPublishing:
    """The routes, over one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def routes(self) -> list[tuple[str, str, Callable[[Request], Reply]]]:
        """Rows for the router."""
        return [("GET", "/actions/id-token", self.identity), ("POST", "/oauth/token", self.exchange)]

    def identity(self, request: Request) -> Reply:
        """What ACTIONS_ID_TOKEN_REQUEST_URL answers: who runs the job, for one audience."""
        user = signed_in(request)
        return Reply(200, {"value": f"{IDENTITY}{user.login}:{request.query.get('audience', '')}"})

    def exchange(self, request: Request) -> Reply:
        """A token for one repository, if it has the account as trusted publisher and the audience is this Hub."""
        body = request.parse(TokenExchange)
        if (body.grant_type, body.subject_token_type) != (GRANT, SUBJECT):
            raise Refusal(400, "unsupported_grant_type")
        login, _, audience = body.subject_token.removeprefix(IDENTITY).partition(":")
        user = self._store.state.users.get(login)
        if not body.subject_token.startswith(IDENTITY) or user is None or audience != request.base:
            raise Refusal(401, "invalid_grant: the identity token is not for this Hub")
        if body.resource not in user.publishes:
            raise Refusal(403, f"access_denied: no trusted publisher of {body.resource} matches this identity")
        token = {"access_token": f"{EXCHANGED}{login}:{body.resource}", "token_type": "bearer", "expires_in": 3600}
        return Reply(200, token)
