"""What the portal and the responder ask of the kernel, and whether their units would let them."""

import os
import re
import shutil
import signal
import socket
import subprocess
from functools import cache
from pathlib import Path

import pytest

from equipage import Horloge, preparer_bord
from pirogue_registre import base
from portail.captif_essai import attendre, commande, rendre_role, repond
from reseau.rendu import ROLES

ROLE = ROLES / "portail" / "templates/etc/systemd/system"
#: SQLite gives a file that root made back to its folder's owner; aboard, none of the two is root.
DE_ROOT = {"fchown"} if os.geteuid() == 0 else set()
VISITES = {
    "captif": ["GET /generate_204", "HEAD /", "POST /x"],
    "servir": ["GET /", "GET /bienvenue", "POST /continuer", "GET /qui", "GET /formateur/", "GET /static/base.css"],
}
UNITES = {"captif": "pirogue-captif.service.j2", "servir": "pirogue-portail.service.j2"}


@cache
def ensemble(nom: str) -> frozenset[str]:
    """Return the calls of one of systemd's sets, the sets in it included."""
    lu = subprocess.run(["systemd-analyze", "syscall-filter", nom], check=True, capture_output=True, text=True).stdout
    mots = [mot for ligne in lu.splitlines()[1:] if (mot := ligne.strip()) and not mot.startswith("#")]
    return frozenset().union(*(ensemble(mot) if mot.startswith("@") else {mot} for mot in mots))


def permis(unite: Path) -> frozenset[str]:
    """Return the calls that a unit lets through: its sets, then what it takes away."""
    reste: frozenset[str] = frozenset()
    for regle in re.findall(r"^SystemCallFilter=(.*)$", unite.read_text(encoding="utf-8"), re.MULTILINE):
        noms = frozenset().union(*(ensemble(nom) for nom in regle.removeprefix("~").split()))
        reste = reste - noms if regle.startswith("~") else reste | noms
    return reste


@pytest.mark.parametrize("quoi", UNITES)
def test_a_service_never_asks_the_kernel_for_what_its_unit_forbids(quoi: str, tmp_path: Path) -> None:
    """From its start to its stop, every call traced: a forbidden one would fail on the boat only."""
    assert shutil.which("strace")
    rendre_role(tmp_path, 8123)
    base.fermer(preparer_bord(tmp_path / "donnees" / "registre", Horloge()).registre)
    trace, prise = tmp_path / "trace", tmp_path / "prises" / f"{'captif' if quoi == 'captif' else 'portail'}.sock"
    voulu = commande(tmp_path, "portail", quoi)
    prise_tendue = ["systemd-socket-activate", "-l", str(prise), "-E", "PIROGUE_CONFIG"]
    mots = ["strace", "-f", "-qq", "-o", str(trace), *prise_tendue, *voulu["args"]]
    service = subprocess.Popen(mots, env=voulu["env"], stderr=subprocess.DEVNULL)
    try:
        attendre(lambda: service.poll() is not None or repond(str(prise)), delai_s=60)
        for visite in VISITES[quoi]:
            with socket.socket(socket.AF_UNIX) as lien:
                lien.settimeout(60)
                lien.connect(str(prise))
                lien.sendall(f"{visite} HTTP/1.0\r\nHost: pirogue.internal\r\nX-Real-IP: 10.10.10.9\r\n\r\n".encode())
                assert re.match(rb"HTTP/1\.[01] [234]", lien.recv(4096))
    finally:
        _arreter(service)
    _, _, suite = trace.read_text(encoding="utf-8", errors="replace").partition('"portail", ')
    demandes = set(re.findall(r"^\d+ +(\w+)\(", suite, re.MULTILINE))

    assert {"accept4", "openat"} <= demandes
    assert demandes - permis(ROLE / UNITES[quoi]) - DE_ROOT == set()


def _arreter(service: subprocess.Popen[bytes]) -> None:
    """Stop what is traced; the tracer ends with it."""
    enfants = Path(f"/proc/{service.pid}/task/{service.pid}/children").read_text(encoding="ascii").split()
    for enfant in enfants:
        os.kill(int(enfant), signal.SIGTERM)
    service.wait(60)
