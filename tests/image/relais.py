"""What QEMU starts for each connection let out by a 4G key: it ties its standard streams to our loopback."""

import contextlib
import os
import socket
import sys
import threading


def verser(depuis: int, vers: int) -> None:
    """Carry bytes one way until they end."""
    with contextlib.suppress(OSError):
        while octets := os.read(depuis, 65536):
            while octets:
                octets = octets[os.write(vers, octets) :]


def main() -> None:
    """Carry both ways; the end of the answer is the end."""
    with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as prise:

        def monter() -> None:
            verser(0, prise.fileno())
            with contextlib.suppress(OSError):
                prise.shutdown(socket.SHUT_WR)

        threading.Thread(target=monter, daemon=True).start()
        verser(prise.fileno(), 1)


if __name__ == "__main__":
    main()
