"""
What writes aboard while the power is about to go: `ecrivain.py WHO SECONDS`. Each line of work is acknowledged by a
sector of the empty slot, written straight to the card after the commit has returned: what the card holds there was
promised to somebody.
"""

import http.cookiejar
import json
import mmap
import os
import sqlite3
import struct
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

SCEAU, MARQUE = struct.Struct("<QQQ"), 0x50495247
FENTE = "/dev/vda3"
#: Channel → a sector of the slot of its own.
CANAUX = {"registre": 0, "temoin": 1, "kolibri": 2}
DOSSIERS = {"registre": "/data/pirogue/registre", "temoin": "/data/systeme/temoin"}
KOLIBRI = "http://127.0.0.1/cours"


def registre() -> Iterator[int]:
    """Ours: one event of the journal after another, each by the box's own register; yields the event's number."""
    from pirogue_registre import base, journal
    from pirogue_socle.horloge import maintenant

    ouvert = base.ouvrir(Path(DOSSIERS["registre"]))
    for rang in range(10**9):
        valeurs = {"utc_ms": 1_741_071_600_000 + rang, "source": "formateur"}
        journal.ecrire(ouvert, type="ancre", valeurs=valeurs, instant=maintenant(), auteur="rachelle")
        yield journal.dernier(ouvert)


def temoin() -> Iterator[int]:
    """Control: SQLite as most programs set it beside a WAL; it must lose what it acknowledged."""
    dossier = Path(DOSSIERS["temoin"])
    dossier.mkdir(exist_ok=True)
    db = sqlite3.connect(dossier / "essai.db", isolation_level=None)
    db.execute("PRAGMA journal_mode=wal")
    db.execute("PRAGMA synchronous=normal")
    db.execute("CREATE TABLE IF NOT EXISTS t (i INTEGER PRIMARY KEY, x TEXT)")
    for rang in range(1, 10**9):
        db.execute("INSERT INTO t VALUES (?, ?)", (rang, "presence" * 20))
        yield rang
        time.sleep(0.002)


def kolibri() -> Iterator[int]:
    """The real Kolibri, through the front server: a visitor opens one lesson after another."""
    cookies = http.cookiejar.CookieJar()
    ouvreur = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(cookies))
    base = {"Host": "pirogue.internal", "Content-Type": "application/json"}
    seance = f"{KOLIBRI}/api/auth/session/current/"
    ouvreur.open(urllib.request.Request(seance, b"{}", base, method="PUT"), timeout=120).read()
    jeton = next(un.value or "" for un in cookies if un.name == "kolibri_csrftoken")
    entetes = base | {"X-CSRFToken": jeton}
    lecon = {"node_id": "0" * 32, "content_id": "1" * 32, "channel_id": "2" * 32, "kind": "document"}
    for rang in range(1, 10**9):
        corps = json.dumps(lecon).encode()
        demande = urllib.request.Request(f"{KOLIBRI}/api/logger/trackprogress/", corps, entetes, method="POST")
        with ouvreur.open(demande, timeout=120) as reponse:
            json.load(reponse)["session_id"]
        yield rang


QUI: dict[str, Callable[[], Iterator[int]]] = {un.__name__: un for un in (registre, temoin, kolibri)}


def main() -> None:
    """Open the slot as root, become who writes, write until the time is over; say how many were acknowledged."""
    qui, duree_s = sys.argv[1], float(sys.argv[2])
    fente = os.open(FENTE, os.O_RDWR | os.O_DIRECT)
    page = mmap.mmap(-1, 4096)
    if qui == "registre":
        import grp
        import pwd

        compte = pwd.getpwnam("pirogue-portail")
        os.setgroups([groupe.gr_gid for groupe in grp.getgrall() if compte.pw_name in groupe.gr_mem])
        os.setgid(compte.pw_gid)
        os.setuid(compte.pw_uid)
        os.umask(0o007)
    fin, combien = time.monotonic() + duree_s, 0
    for numero in QUI[qui]():
        combien += 1
        page[: SCEAU.size] = SCEAU.pack(MARQUE, numero, combien)
        os.pwrite(fente, page, CANAUX[qui] * 4096)
        if time.monotonic() > fin:
            break
    print(combien)  # noqa: T201


if __name__ == "__main__":
    main()
