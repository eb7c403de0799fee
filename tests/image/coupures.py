"""
The power is cut at an instant of the past: what the card holds then, rebuilt from the log of its writes.

The card keeps all that was flushed before the cut, and of what was only written a half drawn at random: a card may
write in any order what nobody asked it to put in order. Exact, without a boot: a few seconds of host's work a cut.
"""

import os
import random
import shutil
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

#: dm-log-writes' own format, which QEMU writes: a super block, then an entry and its data, again and again.
_MAGIE = 0x6A736677736872
_VIDAGE, _RETRAIT = 1, 4
SECTEUR = 512
#: A writer says by this what has been acknowledged: a sector of the empty slot, written straight to the card.
SCEAU = struct.Struct("<QQQ")
MARQUE = 0x50495247


@dataclass(frozen=True, slots=True)
class Ecriture:
    """One write, flush or discard of the log; `ou` is where its bytes are in the log's file."""

    secteur: int
    nombre: int
    drapeaux: int
    ou: int

    @property
    def vide(self) -> bool:
        """Whether the card was told to keep all that came before."""
        return bool(self.drapeaux & _VIDAGE)


@dataclass(frozen=True, slots=True)
class Partition:
    """A partition's place on the card, in sectors."""

    debut: int
    nombre: int


def partitions(carte: Path) -> list[Partition]:
    """Return the four partitions of a card (MBR), the first at 0."""
    with carte.open("rb") as flux:
        table = flux.read(SECTEUR)[446:510]
    places = [struct.unpack_from("<II", table, 16 * rang + 8) for rang in range(4)]
    return [Partition(debut, nombre) for debut, nombre in places]


class Journal:
    """The writes of a run, in order, and the card as it was before the first."""

    def __init__(self, journal: Path, depart: Path) -> None:
        self._flux = journal.open("rb")
        self.depart = depart
        self.ecritures = list(self._lire())
        self.places = partitions(depart)
        # The data reach the end of the card, whatever the table said before they grew.
        debut = self.places[3].debut
        self.places[3] = Partition(debut, depart.stat().st_size // SECTEUR - debut)

    def fermer(self) -> None:
        """Close the log's file."""
        self._flux.close()

    def _lire(self) -> Iterator[Ecriture]:
        magie, _version, nombre, taille = struct.unpack_from("<QQQI", self._flux.read(SECTEUR))
        assert (magie, taille) == (_MAGIE, SECTEUR), "not a log of writes"
        fin = os.fstat(self._flux.fileno()).st_size
        ou = SECTEUR
        # A killed QEMU has not brought its count of entries up to date: the log ends with the first empty entry.
        while ou + SECTEUR <= fin:
            self._flux.seek(ou)
            secteur, combien, drapeaux, _ = struct.unpack("<QQQQ", self._flux.read(32))
            if not (secteur or combien or drapeaux):
                break
            yield Ecriture(secteur, combien, drapeaux, ou + SECTEUR)
            ou += SECTEUR + (0 if drapeaux & _RETRAIT else combien * SECTEUR)
        assert nombre >= 0

    def octets(self, ecriture: Ecriture) -> bytes:
        """Return what was written."""
        self._flux.seek(ecriture.ou)
        return self._flux.read(ecriture.nombre * SECTEUR)

    def acquis(self, rang: int, canal: int) -> int:
        """Return the last number that a writer acknowledged on its channel before this entry."""
        debut = self.places[2].debut + canal * 8
        for ecriture in reversed(self.ecritures[:rang]):
            if ecriture.secteur == debut and ecriture.nombre and not ecriture.drapeaux & _RETRAIT:
                marque, numero, _ = SCEAU.unpack_from(self.octets(ecriture))
                if marque == MARQUE:
                    return int(numero)
        return 0

    def premier_acquis(self, canal: int) -> int:
        """Return the rank of the first acknowledgement on a channel."""
        debut = self.places[2].debut + canal * 8
        return next(rang for rang, ecriture in enumerate(self.ecritures) if ecriture.secteur == debut)


class Rejeu:
    """Cuts at growing instants: the data partition (the fourth) rebuilt as each would have left it."""

    def __init__(self, journal: Journal, dossier: Path, hasard: random.Random) -> None:
        self.journal = journal
        self.dossier = dossier
        self.hasard = hasard
        self.place = journal.places[3]
        self._acquis = dossier / "vide.ext4"
        self._faits = 0
        copier_partition(journal.depart, self.place, self._acquis)

    def couper(self, rang: int) -> Path:
        """Return the file system of /data had the power gone just before the write `rang`."""
        vidages = [i for i in range(self._faits, rang) if self.journal.ecritures[i].vide]
        dernier = vidages[-1] + 1 if vidages else self._faits
        self._poser(self._acquis, range(self._faits, dernier))
        self._faits = dernier
        coupee = self.dossier / f"coupee-{rang}.ext4"
        subprocess.run(["cp", "--sparse=always", self._acquis, coupee], check=True)
        self._poser(coupee, [i for i in range(dernier, rang) if self.hasard.random() < 0.5])
        return coupee

    def _poser(self, fichier: Path, rangs: range | list[int]) -> None:
        """Write these entries where they fall in the partition."""
        with fichier.open("r+b") as flux:
            for rang in rangs:
                ecriture = self.journal.ecritures[rang]
                dedans = self.place.debut <= ecriture.secteur < self.place.debut + self.place.nombre
                if dedans and ecriture.nombre and not ecriture.drapeaux & _RETRAIT:
                    flux.seek((ecriture.secteur - self.place.debut) * SECTEUR)
                    flux.write(self.journal.octets(ecriture))


def copier_partition(carte: Path, place: Partition, vers: Path) -> None:
    """Copy one partition out of a card, leaving holes where it is empty."""
    mots = ["dd", f"if={carte}", f"of={vers}", f"skip={place.debut}", f"count={place.nombre}", "bs=512"]
    subprocess.run([*mots, "conv=sparse", "status=none", "iflag=fullblock"], check=True)
    with vers.open("r+b") as flux:
        flux.truncate(place.nombre * SECTEUR)


def reparer(systeme: Path) -> str:
    """Have e2fsck do what the next boot does; return what it said. It must be able to repair all."""
    fait = subprocess.run(["e2fsck", "-fy", str(systeme)], capture_output=True, text=True, check=False)
    assert fait.returncode in {0, 1}, f"{fait.returncode}\n{fait.stdout}\n{fait.stderr}"
    return fait.stdout


def sortir(systeme: Path, dossier: str, vers: Path) -> Path:
    """Copy a folder out of a file system that nobody mounts; return where it lies."""
    shutil.rmtree(vers, ignore_errors=True)
    vers.mkdir(parents=True)
    mots = ["debugfs", "-R", f'rdump "{dossier}" "{vers}"', str(systeme)]
    subprocess.run(mots, capture_output=True, check=True)
    return vers / Path(dossier).name
