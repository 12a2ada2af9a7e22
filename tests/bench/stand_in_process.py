"""A stand-in provider in a process of its own: what is measured does not share an interpreter with it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.stand_in import Script, stand_in

PIECES = ("Five", " days", " may", " be", " carried", " over", " until", " the", " end", " of", " March", ".")


@contextmanager
def provider() -> Iterator[str]:
    """The base address of a stand-in that answers at once, in twelve pieces, over kept connections."""
    command = [sys.executable, "-m", "tests.bench.stand_in_process"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.close()
            process.wait(30)


def main() -> None:
    """Serve until the standard input ends."""
    with stand_in() as state:
        state.script = lambda _: Script(pieces=PIECES, keep_alive=True)
        print(state.url, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
