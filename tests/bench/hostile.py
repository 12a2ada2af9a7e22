"""How odd files of others fare: read, refused with a reason, or crashed."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

from core.errors import UnreadableFile
from core.knowledge.loading import load


def hostile(data: Path) -> dict[str, int]:
    """Load every file of the data set's manifest, print what became of it, and count.

    `data` is the folder `docs_hostile`, or the folder that holds it. The keys are `read`,
    `refused_with_reason` and `crashed`; a file read without text counts as crashed.
    """
    folder = data if (data / "manifest.jsonl").exists() else data / "docs_hostile"
    counts = {"read": 0, "refused_with_reason": 0, "crashed": 0}
    for line in (folder / "manifest.jsonl").read_text().splitlines():
        entry = json.loads(line)
        path = folder / entry["path"]
        began = time.perf_counter()
        outcome, detail = _outcome(path)
        seconds = time.perf_counter() - began
        counts[outcome] += 1
        print(f"{path.name:45.45} {entry['class']:14} {outcome:20} {seconds:5.2f} s  {detail}")
    return counts


def _outcome(path: Path) -> tuple[str, str]:
    try:
        document = load(path.name, path.read_bytes())
    except UnreadableFile as refusal:
        return "refused_with_reason", str(refusal)
    except Exception as error:  # noqa: BLE001 - counting what should never happen
        return "crashed", repr(error)
    text = document.text.strip()
    return (
        ("read", f"{len(text):,} characters, {document.title}") if text else ("crashed", "no text, no reason")
    )


if __name__ == "__main__":
    default = Path(__file__).parents[3] / "shared" / "datasets"
    print(hostile(Path(sys.argv[1] if sys.argv[1:] else os.environ.get("ANSWERDESK_DATASETS") or default)))
