"""The parts of the operations screen, connected."""

from __future__ import annotations

from dataclasses import dataclass

from core.operations.cache import CacheOperations
from core.operations.confidence import Confidence
from core.operations.configuration import Configuration
from core.operations.limits import LimitsReport
from core.operations.people import People
from core.operations.providers import Providers


@dataclass(frozen=True, slots=True)
class Operations:
    """Everything that the operations screen asks."""

    providers: Providers
    people: People
    limits: LimitsReport
    configuration: Configuration
    confidence: Confidence
    cache: CacheOperations
