"""Token vectors at one bit a number, and the memory of the passages that were looked at last."""

from __future__ import annotations

import threading
from collections import OrderedDict

import numpy as np
from numpy.typing import NDArray

from core.types import Chunk

Vectors = NDArray[np.float32]

MOST_TEXTS = 10_000


def token_codes(tokens: Vectors) -> bytes:
    """The signs of token vectors, float32[tokens, dim], packed to one bit a number, row by row."""
    return np.packbits(tokens > 0, axis=1).tobytes()


def decoded(codes: bytes, dim: int) -> Vectors:
    """Vectors of length one with the signs that were kept: float32[tokens, dim]."""
    packed = np.frombuffer(codes, dtype=np.uint8).reshape(-1, -(-dim // 8))
    signs = np.unpackbits(packed, axis=1, count=dim).astype(np.float32) * 2 - 1
    vectors: Vectors = signs / np.float32(np.sqrt(dim))
    return vectors


class TokenMemory:
    """The codes used last, by chunk id, up to a number of bytes; threads may share it.

    Chunks can be named, so that who has only the text of a passage finds its codes too.
    """

    def __init__(self, capacity_bytes: int) -> None:
        self._capacity = capacity_bytes
        self._lock = threading.Lock()
        self._codes: OrderedDict[int, bytes] = OrderedDict()
        self._texts: OrderedDict[str, tuple[int, str]] = OrderedDict()
        self._size = 0

    def get(self, chunk_id: int) -> bytes | None:
        """The codes of a chunk, None when they are not at hand."""
        with self._lock:
            codes = self._codes.get(chunk_id)
            if codes is not None:
                self._codes.move_to_end(chunk_id)
            return codes

    def put(self, chunk_id: int, codes: bytes) -> None:
        """Remember a chunk's codes, and forget the oldest ones that there is no room for."""
        with self._lock:
            self._size += len(codes) - len(self._codes.pop(chunk_id, b""))
            self._codes[chunk_id] = codes
            while self._size > self._capacity:
                _, oldest = self._codes.popitem(last=False)
                self._size -= len(oldest)

    def name(self, chunk: Chunk) -> None:
        """Let the chunk be found by its text."""
        head = chunk.indexed_text.removesuffix(chunk.text).rstrip()
        with self._lock:
            self._texts[chunk.text] = (chunk.id, head)
            self._texts.move_to_end(chunk.text)
            while len(self._texts) > MOST_TEXTS:
                self._texts.popitem(last=False)

    def of_text(self, text: str) -> tuple[str, bytes] | None:
        """What stood above a named chunk's text when it was embedded, and the codes of both together."""
        with self._lock:
            named = self._texts.get(text)
        codes = None if named is None else self.get(named[0])
        return None if named is None or codes is None else (named[1], codes)
