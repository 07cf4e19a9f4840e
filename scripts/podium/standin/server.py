"""The HTTP side of the stand-in: one address, `/api/v3` for GitHub, the root for the Hub, 127.0.0.1 only.

State is on disk (`state.py`); a new server on the same folder goes on where a killed one stopped, on the same port.
"""

from __future__ import annotations

import dataclasses
import signal
import socket
import sys
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from podium.errors import BoardError, PodiumError, UsageError
from podium.files import canonical_json
from podium.standin.exchange import Refusal, Reply, Request, Router, decode_base64, parse_query
from podium.standin.faults import Fault, Faults
from podium.standin.github.git import GitDatabase
from podium.standin.github.people import People
from podium.standin.github.pulls import Pulls
from podium.standin.github.releases import GIT_HOST, Releases, keep_large
from podium.standin.github.repositories import Repositories
from podium.standin.github.reviews import Reviews
from podium.standin.hub.commits import HubCommits
from podium.standin.hub.discussions import HubDiscussions
from podium.standin.hub.repositories import HubRepositories
from podium.standin.hub.tags import HubTags
from podium.standin.moves import led_on, resolved
from podium.standin.oidc import TrustedPublishing
from podium.standin.pages import Pages
from podium.standin.state import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from podium.standin.world import User, World

HOST = "127.0.0.1"
GITHUB_PREFIX = "/api/v3"
SERVED = (
    Repositories,
    Releases,
    GitDatabase,
    Pulls,
    Reviews,
    People,
    HubRepositories,
    HubCommits,
    HubTags,
    HubDiscussions,
    TrustedPublishing,
    Pages,
)


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """One request with the stand-in's own answer, faults left out: what a conformance check looks at."""

    method: str
    target: str
    content_type: str
    body: bytes
    reply: Reply


@dataclass(frozen=True)
class Recorded:
    """One request as it was answered; `status` 0 means the connection was dropped. `path` holds the query too."""

    method: str
    path: str
    status: int


class Standin:
    """A running stand-in, as a context manager. Raises UsageError when the state or the port is in use."""

    # Told of every exchange of every stand-in of this process.
    watcher: Callable[[Exchange], None] | None = None

    def __init__(self, state: Path, world: World, port: int = 0, faults: Iterable[Fault] = ()) -> None:
        self.requests: list[Recorded] = []
        self.failures: list[BaseException] = []
        self.store = Store(state)
        self._faults = Faults(faults)
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._router = Router()
        for part in SERVED:
            self._router.add(part(self.store).routes())
        try:
            self.store.seed(world)
            self._server = self._bind(port)
        except PodiumError:
            self.store.close()
            raise
        self.store.state.port = self._server.server_port
        self.store.save()
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.005,), daemon=True)

    def _bind(self, port: int) -> _Server:
        remembered = self.store.state.port
        # The old address stays valid when its port is still free.
        for candidate in dict.fromkeys([port] if port else [remembered, 0]):
            try:
                return _Server(self, candidate)
            except OSError as err:
                if candidate == 0 or port:
                    message = f"cannot listen on {HOST}:{candidate}: {err.strerror}"
                    raise UsageError(message, hint="choose another --port, or none for any free one") from err
        message = f"no port is free on {HOST}"
        raise UsageError(message)

    @property
    def url(self) -> str:
        """The address, without a final slash; also the Hub's endpoint (`HF_ENDPOINT`)."""
        return f"http://{HOST}:{self._server.server_port}"

    @property
    def github_url(self) -> str:
        """What PyGithub takes as `base_url`."""
        return self.url + GITHUB_PREFIX

    @property
    def hub_url(self) -> str:
        """What huggingface_hub takes as `endpoint`."""
        return self.url

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Stop answering and let go of port and folder."""
        self._stopping.set()
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()
        self.store.close()

    def __enter__(self) -> Standin:
        self.start()
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self.stop()
        if kind is None and self.failures:
            message = f"the stand-in broke while answering: {self.failures[0]!r}"
            raise BoardError(message) from self.failures[0]

    @property
    def git_url(self) -> str:
        """What GITHUB_SERVER_URL names: the address below which repositories have their Git LFS."""
        return self.url + GIT_HOST

    def release(self, repository: str, tag: str, assets: Mapping[str, Path], *, draft: bool = False) -> None:
        """Publish a release with these files, or give the one of that tag these files."""
        with self._lock:
            releases, known = Releases(self.store), self.store.state.repositories[repository]
            found = [release for release in known.releases if release.tag == tag]
            release = found[0] if found else releases.add(known, tag, draft=draft)
            for name, path in assets.items():
                releases.attach(release, path, name)

    def keep(self, path: Path) -> str:
        """Keep a file among the large ones, for Git LFS; returns its SHA-256."""
        with self._lock:
            return keep_large(self.store, path)

    def inject(self, faults: Iterable[Fault]) -> None:
        """Replace the scripted failures; counting starts anew."""
        self._faults = Faults(faults)

    def commit(
        self,
        repository: str,
        files: Mapping[str, str | None],
        *,
        branch: str = "main",
        author: str = "somebody",
        message: str = "Change",
    ) -> str:
        """Commit to a GitHub repository behind the client's back, as other people do; returns the commit."""
        with self._lock:
            known = self.store.state.repositories[repository]
            git = self.store.git(known)
            parent = git.ref(f"refs/heads/{branch}") or git.ref(f"refs/heads/{known.default_branch}") or ""
            commit = self.store.commit_files(git, files, [parent], message, author)
            git.set_ref(f"refs/heads/{branch}", commit)
            self.store.follow_branch(known, f"refs/heads/{branch}")
            return commit

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Reply | None:
        """Answer one request, faults included; None means to drop the connection."""
        fault = self._faults.next(method, target)
        if fault is not None and fault.action == "delay":
            self._stopping.wait(fault.seconds)
        reply: Reply | None = None
        if fault is None or fault.lands:
            with self._lock:
                reply = self._route(method, target, headers, body)
            if Standin.watcher is not None:
                kind = headers.get("Content-Type", "")
                Standin.watcher(Exchange(method=method, target=target, content_type=kind, body=body, reply=reply))
        if fault is not None and fault.action == "status":
            reply = Reply(fault.status, fault.body, fault.headers)
        elif fault is not None and fault.action == "cut" and reply is not None:
            reply = dataclasses.replace(reply, cut=fault.bytes)
        elif fault is not None and fault.action != "delay":
            reply = None
        self.requests.append(Recorded(method, target, reply.status if reply else 0))
        return reply

    def _route(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Reply:
        base = f"http://{headers.get('Host') or self.url.removeprefix('http://')}"
        moved = led_on(self.store, method, target, base)
        if moved is not None:
            return moved
        path, _, query = resolved(self.store, target).partition("?")
        found, github = self._router.find(method, path), path.startswith((GITHUB_PREFIX, GIT_HOST))
        extra: dict[str, str] = {}
        try:
            user = self._user(headers, "Bad credentials" if github else "Invalid username or password.")
            if github and user is not None and user.scopes is not None:
                extra = {"X-OAuth-Scopes": ", ".join(user.scopes)}
            if found is None:
                raise Refusal(404, "stand-in: no such route")
            reply = found[0](Request(method, path, parse_query(query), headers, body, base, user, found[1]))
        except Refusal as refusal:
            reply = refusal.reply(github=github)
        except PodiumError as err:
            self.failures.append(err)
            reply = Refusal(500, f"stand-in: {err}").reply(github=github)
        return dataclasses.replace(reply, headers={**extra, **reply.headers})

    def _user(self, headers: Mapping[str, str], refusal: str) -> User | None:
        kind, _, token = (headers.get("Authorization") or "").partition(" ")
        token = token.strip()
        if kind.lower() == "basic":  # as git sends it: the password is the token
            token = decode_base64(token).decode("utf-8", "replace").partition(":")[2]
        if not token:
            return None
        user = self.store.user_of(token)
        if user is None:
            raise Refusal(401, refusal)
        return user


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, standin: Standin, port: int) -> None:
        self.standin = standin
        super().__init__((HOST, port), _Handler)

    def server_bind(self) -> None:
        # The inherited one looks the host name up, which can take seconds without a network.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = HOST, self.server_address[1]

    def handle_error(self, request: Any, client_address: Any) -> None:
        error = sys.exc_info()[1]
        if error is not None and not isinstance(error, ConnectionError | TimeoutError):
            self.standin.failures.append(error)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    server_version = "podium-standin"
    disable_nagle_algorithm = True
    wbufsize = -1
    # A client that goes silent does not hold its thread for ever.
    timeout = 120

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing; `Standin.requests` records."""

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        pieces = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return b"".join(pieces)

    def _serve(self) -> None:
        headers = {name.title(): value for name, value in self.headers.items()}
        reply = self.server.standin.answer(self.command, self.path, headers, self._body())
        if reply is None:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        data = reply.data()
        length = reply.file[2] if reply.file else len(data)
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.status != 204:
            self.send_header("Content-Type", reply.content_type)
            self.send_header("Content-Length", str(length))
        self.end_headers()
        if self.command != "HEAD" and reply.status != 204:
            self._send(reply, data, length)
        self.wfile.flush()

    def _send(self, reply: Reply, data: bytes, length: int) -> None:
        if reply.cut is not None and reply.cut < length:
            length, self.close_connection = reply.cut, True
        if reply.file is None:
            self.wfile.write(data[:length])
            return
        path, first, _ = reply.file
        with path.open("rb") as stream:
            stream.seek(first)
            while length and (chunk := stream.read(min(1 << 20, length))):
                self.wfile.write(chunk)
                length -= len(chunk)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _serve


def run_standin(state: Path, world: World, port: int, faults: Iterable[Fault], announce: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM; `announce` gets the addresses and tokens as one JSON line."""
    stop = threading.Event()
    kept = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with Standin(state, world, port, faults) as standin:
            tokens = {user.login: user.token for user in standin.store.state.users.values()}
            facts = {"url": standin.url, "github_url": standin.github_url, "hub_url": standin.hub_url}
            announce(canonical_json({**facts, "state": str(state), "tokens": tokens}).decode())
            stop.wait()
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
