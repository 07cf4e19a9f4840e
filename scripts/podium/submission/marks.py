"""The marks by which podium knows its own: lines in a pull request's text, and in a commit's message."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

TRAILER = "Podium-Submission:"
WITHDRAWN = "<!-- podium-withdrawn -->"
_MARKER = re.compile(r"^<!-- podium-release (\S+) -->\r?$", re.MULTILINE)


def marker(sha256: str) -> str:
    """The line by which a pull request's text names the digest of its submission."""
    return f"<!-- podium-submission sha256:{sha256} -->"


def release_marker(tag: str) -> str:
    """The line by which a pull request's text names its release; quoted, since a tag may hold `-->`."""
    return f"<!-- podium-release {quote(tag, safe='/+')} -->"


def released_tag(text: str) -> str:
    """The release that a pull request's text names, or an empty string."""
    found = _MARKER.findall(text)
    return unquote(found[-1]) if found else ""


def withdrawn(text: str) -> str:
    """The text of a pull request that podium itself closes: it no longer names a submission, so that may come back."""
    return re.sub(r"<!-- podium-(submission|release) .*? -->", WITHDRAWN, text).rstrip() + "\n"


def plain(text: str) -> str:
    """Text as it is compared: GitHub and the Hub may change line ends and outer blanks."""
    return text.replace("\r\n", "\n").strip()
