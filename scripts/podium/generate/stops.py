"""Where a row ends: stop words found token by token, exactly where the harness's rule on the decoded text sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class StopFinder(Protocol):
    """Says whether a row is complete once a token is added."""

    def begin(self) -> bytes:
        """Return what a row without tokens knows."""

    def advance(self, tail: bytes, tokens: Sequence[int]) -> tuple[bytes, bool]:
        """Add the last of `tokens` to what the row knew before it; returns what it knows now, and whether it ends."""

    def pass_over(self, tail: bytes, tokens: Sequence[int]) -> bytes | None:
        """Add several new tokens at once; returns what the row knows then, None where one of them may end it."""


class ByteStops:
    """For byte-level tokenizers: keeps only the bytes in which a stop word may still begin.

    A stop word is valid UTF-8, so it stands in the decoded text exactly where its bytes stand in the bytes.
    """

    def __init__(self, token_bytes: list[bytes], stop: Sequence[str]) -> None:
        self._token_bytes = token_bytes
        self._stop = [word.encode() for word in stop]
        self._kept = max(map(len, self._stop), default=1) - 1

    def begin(self) -> bytes:
        """Nothing is known yet."""
        return b""

    def advance(self, tail: bytes, tokens: Sequence[int]) -> tuple[bytes, bool]:
        """Look for stop words in the kept bytes and the new token's."""
        text = tail + self._token_bytes[tokens[-1]]
        return text[len(text) - self._kept :] if len(text) > self._kept else text, any(w in text for w in self._stop)

    def pass_over(self, tail: bytes, tokens: Sequence[int]) -> bytes | None:
        """Look for stop words in the kept bytes and all new ones."""
        text = tail + b"".join([self._token_bytes[token] for token in tokens])
        return None if any(word in text for word in self._stop) else text[max(len(text) - self._kept, 0) :]


class DecodedStops:
    """For any tokenizer: decodes the whole row at each token, as the harness does."""

    def __init__(self, decode: Callable[[list[int]], str], stop: Sequence[str]) -> None:
        self._decode, self._stop = decode, stop

    def begin(self) -> bytes:
        """Nothing is kept."""
        return b""

    def advance(self, tail: bytes, tokens: Sequence[int]) -> tuple[bytes, bool]:
        """Look for stop words in the decoded row."""
        text = self._decode(list(tokens))
        return tail, any(word in text for word in self._stop)

    def pass_over(self, tail: bytes, tokens: Sequence[int]) -> bytes | None:
        """Only the whole row, token by token, tells."""
        return None


def byte_values(tokenizer: Any, vocabulary: int) -> list[bytes] | None:
    """The bytes of every token of a byte-level tokenizer, each compared with what it decodes to; else None."""
    table = _byte_of_character()
    tokens = tokenizer.convert_ids_to_tokens(list(range(min(vocabulary, len(tokenizer)))))
    values = []
    for token in tokens:
        known = token is not None and all(character in table for character in token)
        values.append(bytes(table[character] for character in token) if known else (token or "").encode())
    texts = tokenizer.batch_decode([[index] for index in range(len(values))], skip_special_tokens=False)
    if any(value.decode(errors="replace") != text for value, text in zip(values, texts, strict=True)):
        return None
    return values + [b""] * (vocabulary - len(values))


def _byte_of_character() -> dict[str, int]:
    """GPT-2's printable stand-ins for bytes (openai/gpt-2, src/encoder.py, bytes_to_unicode)."""
    printable = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [value for value in range(256) if value not in printable]
    return {chr(value): value for value in printable} | {chr(256 + place): value for place, value in enumerate(others)}
