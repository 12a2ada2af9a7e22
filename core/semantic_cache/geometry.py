"""How near two questions are, among the questions that are asked here.

Questions of one company are all alike, and a general sentence embedding puts them into a narrow cone: what
tells them apart is what its cosine hardly sees. Centring and whitening by the questions that are stored
(Su et al.: Whitening Sentence Representations, 2021), shrunk towards the embedding as it is while they are
few, turns the same vectors into a measure for this house.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]

FEWEST = 4
GROWTH = 1.2
"""After so much growth of the cache the measure is fitted anew."""
MOST = 4_000
"""So many of the newest questions are enough to fit it."""
_SHRINKAGE = 1.0
_EXTRA_WHEN_FEW = 300.0


@dataclass(frozen=True, slots=True)
class Geometry:
    """`centre` is float32[dim], `spread` float32[dim, dim]; `size` is the number of questions."""

    centre: Vectors
    spread: Vectors
    size: int

    def placed(self, vectors: Vectors) -> Vectors:
        """float32[n, dim] of length one, from embeddings of the same shape."""
        moved = (vectors - self.centre) @ self.spread
        placed: Vectors = moved / np.maximum(np.linalg.norm(moved, axis=-1, keepdims=True), 1e-12)
        return placed


def fitted(vectors: Vectors) -> Geometry:
    """The measure for these stored questions, float32[n, dim]."""
    count, dim = vectors.shape
    if count < FEWEST:
        return Geometry(np.zeros(dim, np.float32), np.eye(dim, dtype=np.float32), count)
    centre = vectors.mean(axis=0)
    values, axes = np.linalg.eigh(np.cov((vectors - centre).T.astype(np.float64)))
    values = np.maximum(values, 0)
    ridge = (_SHRINKAGE + _EXTRA_WHEN_FEW / count) * max(float(values.mean()), 1e-12)
    spread = (axes / np.sqrt(values + ridge)) @ axes.T
    return Geometry(centre.astype(np.float32), spread.astype(np.float32), count)
