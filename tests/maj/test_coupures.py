"""
The power is cut while the running system writes which slot is good: Linux's own FAT, every write of it replayed.

Debian's kernel mounts the boot partition in QEMU, the role's program writes through it as RAUC has it do, and QEMU logs
each write and each flush. The partition is then rebuilt as it would be after a cut at any of them: what was flushed is
there, any half of the rest is, in any order; a sector may be torn. U-Boot starts from some of the worst.
"""

import random
import shutil
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

import creneau
import pytest
from creneau import CONFIRME, Etat

from banc import noyau as noyaux
from banc.machine import allumer
from maj import amorce
from maj.conftest import ROLE

#: RAUC's own order when it installs into B, confirms it, then into A, which fails.
ORDRES = ("set-state B bad", "set-primary B", "set-state B good", "set-state A bad", "set-primary A", "set-state A bad")
SERIE = "amorce"
MONTER = "mkdir -p /run/amorce && mount -t vfat -o ro,umask=0077 {ou} /run/amorce"
ECRIRE = (
    "import sys; sys.path.insert(0, {role!r}); import creneau; from pathlib import Path; "
    "creneau.repondre({mots!r}, amorce=Path('/run/amorce'), ici=lambda: 'A')"
)
FLUX, REJET = 1, 4


@dataclass(frozen=True)
class Geste:
    """One entry of QEMU's log: where, what; `vidage` when all before it is on the medium."""

    ou: int
    octets: bytes
    vidage: bool


def lire_journal(journal: Path) -> list[Geste]:
    """Return the entries written so far, in order."""
    octets, gestes = journal.read_bytes(), []
    taille = struct.unpack_from("<I", octets, 24)[0]
    ici = taille
    while ici + 32 <= len(octets):
        secteur, combien, drapeaux, donnees = struct.unpack_from("<QQQQ", octets, ici)
        if not (secteur or combien or drapeaux or donnees):
            break
        corps = b"" if drapeaux & REJET else octets[ici + taille : ici + taille + combien * taille]
        gestes.append(Geste(secteur * taille, corps, bool(drapeaux & FLUX)))
        ici += taille + len(corps)
    return gestes


@dataclass(frozen=True)
class Ecriture:
    """What was logged: the partition before, the entries, how many there were when each order had been answered."""

    depart: Path
    gestes: list[Geste]
    repondus: list[int]


def ecrire_sous_journal(dossier: Path, commandes: list[str]) -> Ecriture:
    """Run Python programs in the machine, the boot partition being mounted as on the box; log what they write."""
    fat, depart, journal = dossier / "fat", dossier / "depart", dossier / "journal"
    amorce.faire_carte(dossier, copies=dict.fromkeys(creneau.FICHIERS, creneau.sceller(creneau.NEUF)))
    shutil.copy(fat, depart)
    with journal.open("wb") as flux:
        flux.truncate(64 * amorce.MIO)
    repondus = []
    with allumer(noyaux.preparer(), dossier / "m") as machine:
        fichiers = {nom: {"driver": "file", "filename": str(ou)} for nom, ou in (("file", fat), ("log", journal))}
        machine.qmp("blockdev-add", driver="blklogwrites", **fichiers, **{"node-name": "n"})
        machine.qmp("device_add", driver="usb-storage", id="u", bus="xhci.0", drive="n", serial=SERIE)
        ou = machine.appeler("trouver", serie=SERIE)
        for commande in (["sh", "-c", MONTER.format(ou=ou)], *(["python3", "-c", une] for une in commandes)):
            rc, sortie, erreur = machine.appeler("lancer", commande=commande)
            assert rc == 0, f"{sortie}{erreur}"
            repondus.append(len(lire_journal(journal)))
    return Ecriture(depart, lire_journal(journal), repondus)


@pytest.fixture(scope="module")
def ecriture(tmp_path_factory: pytest.TempPathFactory) -> Ecriture:
    """RAUC's orders, carried out by the role's program."""
    commandes = [ECRIRE.format(role=str(ROLE), mots=ordre.split()) for ordre in ORDRES]
    return ecrire_sous_journal(tmp_path_factory.mktemp("ecriture"), commandes)


def etats_successifs() -> list[Etat]:
    """Return what is in force after each order, from the card that was flashed."""
    etats = [creneau.NEUF]
    for ordre in ORDRES:
        quoi, qui, *valeur = ordre.split()
        avant = etats[-1]
        if quoi == "set-primary":
            etats.append(avant.preferer(qui))
        else:
            etats.append(avant.noter(qui, CONFIRME if valeur == ["good"] else 0))
    return etats


def couper(ecriture: Ecriture, quand: int, hasard: random.Random, vers: Path) -> None:
    """Rebuild the partition as a cut just before entry `quand` may leave it."""
    gestes = ecriture.gestes[:quand]
    dernier = max((rang for rang, un in enumerate(gestes) if un.vidage), default=-1)
    shutil.copy(ecriture.depart, vers)
    with vers.open("r+b") as flux:
        for rang, geste in enumerate(gestes):
            for debut in range(0, len(geste.octets), amorce.SECTEUR):
                secteur = geste.octets[debut : debut + amorce.SECTEUR]
                if rang > dernier:
                    if hasard.random() < 0.5:
                        continue
                    secteur = secteur[: 256 if hasard.random() < 0.2 else None]
                flux.seek(geste.ou + debut)
                flux.write(secteur)


def relire(fat: Path) -> Etat | None:
    """Return the state in force on a partition, as the box reads it."""
    copies = []
    for nom in creneau.FICHIERS:
        lu = subprocess.run(["mtype", "-i", str(fat), f"::{nom}"], capture_output=True, check=False)
        copies.append(creneau.desceller(lu.stdout))
    return creneau.choisir(copies)[0]


def test_a_cut_at_any_write_leaves_the_order_before_or_the_order_after(ecriture: Ecriture, tmp_path: Path) -> None:
    """Four times each instant; what RAUC was told is done is done."""
    hasard, attendus = random.Random(5), [(un.ordre, un.reste) for un in etats_successifs()]
    fautes = []
    for quand in range(ecriture.repondus[0], len(ecriture.gestes) + 1):
        faits = sum(1 for nombre in ecriture.repondus[1:] if nombre <= quand)
        for _ in range(4):
            couper(ecriture, quand, hasard, tmp_path / "fat")
            vu = relire(tmp_path / "fat")
            permis = attendus[faits : faits + 2]
            if vu is None or (vu.ordre, vu.reste) not in permis:
                fautes.append((quand, faits, vu))

    assert len(ecriture.gestes) - ecriture.repondus[0] > 3 * len(ORDRES)
    assert any(un.vidage for un in ecriture.gestes)
    assert fautes == []


def test_u_boot_starts_from_a_partition_that_was_cut_while_it_was_written(ecriture: Ecriture, tmp_path: Path) -> None:
    """Six instants, half of what was not flushed: the system that it starts is the one that the state names."""
    hasard = random.Random(11)
    carte = amorce.faire_carte(tmp_path, copies={})
    vus = []
    for quand in hasard.sample(range(ecriture.repondus[0], len(ecriture.gestes) + 1), 6):
        couper(ecriture, quand, hasard, tmp_path / "coupee")
        etat = relire(tmp_path / "coupee")
        amorce.poser(carte, tmp_path / "coupee", amorce.PARTITIONS[0][0])
        attendu = next(un for un in etat.ordre if etat.reste[un]) if etat else ""
        vus.append((amorce.demarrer(carte).noyau, attendu))

    assert all(noyau == attendu for noyau, attendu in vus), vus


def test_the_control_that_writes_one_file_the_usual_way_does_lose_it(tmp_path: Path) -> None:
    """Opened, emptied, written: some cut leaves a card that does not know its systems, or this bench proves nothing."""
    hasard = random.Random(5)
    naif = "import os; f = open('/run/amorce/slot.env', 'wb'); f.write(b'R' * 512); f.flush(); os.fsync(f.fileno())"
    ouvrir = "import subprocess as s; s.run(['mount', '-o', 'remount,rw', '/run/amorce'], check=True)"
    ecriture = ecrire_sous_journal(tmp_path, [ouvrir, *[naif] * 4])
    perdues = 0
    for quand in range(ecriture.repondus[1], len(ecriture.gestes) + 1):
        for _ in range(4):
            couper(ecriture, quand, hasard, tmp_path / "coupee")
            lu = subprocess.run(
                ["mtype", "-i", str(tmp_path / "coupee"), "::slot.env"], capture_output=True, check=False
            )
            perdues += lu.stdout not in (b"R" * 512, creneau.sceller(creneau.NEUF))

    assert perdues > 0
