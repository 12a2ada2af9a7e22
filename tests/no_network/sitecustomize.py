"""Put on a child's PYTHONPATH: every attempt to reach beyond this machine is refused and written down."""

import ipaddress
import os
import sys
from pathlib import Path


def _is_loopback(host: object) -> bool:
    if host in (None, "", b"", "localhost", b"localhost", "0.0.0.0", "::"):
        return True
    try:
        return ipaddress.ip_address(host.decode() if isinstance(host, bytes) else str(host)).is_loopback
    except ValueError:
        return False


def _refuse(event: str, arguments: tuple) -> None:
    if event in ("socket.connect", "socket.sendto"):
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else None
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = arguments[0]
    else:
        return
    if not _is_loopback(host):
        with Path(os.environ["REACHED_OUT"]).open("a", encoding="utf-8") as log:
            log.write(f"{event} {host}\n")
        raise OSError(f"no network here: {event} {host}")


sys.addaudithook(_refuse)
