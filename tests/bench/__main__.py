"""`python -m tests.bench NAME [--data DIR]`: a table for people and, last, one line of JSON."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
from pathlib import Path

NAMES = (
    "retrieval",
    "scale",
    "ingest",
    "answers",
    "fit_evidence",
    "failover",
    "overhead",
    "budgets",
    "privacy",
    "journal",
    "spend",
    "confidence",
    "replay",
    "support",
    "injection",
    "cache",
    "queue",
    "regressions",
    "proxy",
    "proxy_cache",
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("name", choices=NAMES)
    parser.add_argument("--data", type=Path, default=Path("../shared/datasets"), help="folder of data sets")
    arguments = parser.parse_args()
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    result = importlib.import_module(f"tests.bench.{arguments.name}").run(arguments.data)
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
