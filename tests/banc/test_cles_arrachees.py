"""A stick pulled at any instant, on the real drivers: what was announced is on it, whole."""

import random
import time
from dataclasses import dataclass, field
from pathlib import Path

from banc import cles_usb
from banc.comptes import COMPTES
from banc.machine import Appel, Machine

#: One round: these sticks are plugged in together, written together, and pulled each at its own instant.
MANCHE = (
    ("echange", "vfat"),
    ("echange", "exfat"),
    ("seul", "vfat"),
    ("seul", "exfat"),
    ("manuel", "vfat"),
    ("naif", "vfat"),
    ("naif", "exfat"),
)
MANCHES = 3
#: A stick is pulled between these two times after its first announced lot.
TOT_S, TARD_S = 0.2, 5.0


@dataclass
class Cle:
    """One stick of a round, who writes on it, and what was announced."""

    ecrivain: str
    fs: str
    serie: str
    image: Path
    appel: Appel = field(default_factory=lambda: Appel(0))
    annonces: dict[str, str] = field(default_factory=dict)
    intacts: int = 0

    @property
    def tient(self) -> bool:
        """Say whether this writer is one of ours, which must lose nothing."""
        return self.ecrivain in {"seul", "echange"}


def brancher_et_ecrire(machine: Machine, cles: list[Cle], hasard: random.Random, maison: Path) -> None:
    """Plug all sticks in, mount them, and let each be written until something is announced on it."""
    for cle in cles:
        machine.brancher(cle.serie, cle.image)
    montages = [machine.lancer("monter", serie=cle.serie, fs=cle.fs) for cle in cles]
    for montage in montages:
        machine.rendre(montage)
    for cle in cles:
        cle.appel = machine.lancer(
            "ecrire", serie=cle.serie, ecrivain=cle.ecrivain, graine=hasard.randrange(1 << 30), donnees=str(maison)
        )
    machine.attendre(lambda: all(cle.appel.annonces or cle.appel.fini for cle in cles), "a first lot on each stick")


def arracher_toutes(machine: Machine, cles: list[Cle], hasard: random.Random) -> None:
    """Pull each stick at its own random instant; keep what was announced before, and for our writers also after."""
    debut = time.monotonic()
    instants = sorted((hasard.uniform(TOT_S, TARD_S), cle.serie, cle) for cle in cles)
    for apres_s, _, cle in instants:
        # Not a wait for something: the instant itself is what is drawn.
        machine.laisser_faire(debut + apres_s - time.monotonic())
        avant = list(cle.appel.annonces)
        machine.arracher(cle.serie)
        machine.appeler("arreter", serie=cle.serie)
        machine.rendre(cle.appel)
        vus = cle.appel.annonces if cle.tient else avant
        cle.annonces = {annonce["nom"]: annonce["sha256"] for annonce in vus}
        machine.appeler("demonter", serie=cle.serie)


def relire_toutes(machine: Machine, cles: list[Cle]) -> None:
    """Put each stick back and count what reads as it was announced."""
    for cle in cles:
        machine.brancher(cle.serie, cle.image)
    montages = [(cle, machine.lancer("monter", serie=cle.serie, fs=cle.fs)) for cle in cles]
    for cle, montage in montages:
        lus = machine.appeler("relire", dossier=machine.rendre(montage))
        cle.intacts = sum(lus.get(nom) == empreinte for nom, empreinte in cle.annonces.items())


def retirer_toutes(machine: Machine, cles: list[Cle]) -> None:
    """Take the sticks away properly."""
    for cle in cles:
        machine.appeler("demonter", serie=cle.serie)
        machine.arracher(cle.serie)


def test_what_was_announced_before_the_stick_was_pulled_is_on_it(
    machine: Machine, hasard: random.Random, maison: Path, images: Path
) -> None:
    """Vfat and exFAT, pulled while writing: ours keep every lot; the naive copy and the textbook's recipe do not."""
    toutes: list[Cle] = []
    for _ in range(MANCHES):
        cles = [
            Cle(ecrivain, fs, serie, cles_usb.formater(images / f"{serie}.img", fs))
            for ecrivain, fs in MANCHE
            for serie in [cles_usb.nouvelle_serie()]
        ]
        brancher_et_ecrire(machine, cles, hasard, maison)
        arracher_toutes(machine, cles, hasard)
        relire_toutes(machine, cles)
        for cle in cles:
            if cle.ecrivain == "echange":
                fin = machine.appeler("finir_echange", serie=cle.serie)
                assert fin["puce"] == "sur_cle"
                assert fin["lots"].items() <= machine.appeler("relire", dossier=f"/run/cle/{cle.serie}").items()
                assert cle.annonces.items() <= fin["lots"].items()
        retirer_toutes(machine, cles)
        for cle in cles:
            if cle.fs == "vfat" and cle.tient:
                vus = cles_usb.lire_vfat(cle.image, cle.annonces, images / cle.serie)
                assert cle.annonces == vus
        toutes += cles

    for ecrivain, fs in MANCHE:
        miennes = [cle for cle in toutes if (cle.ecrivain, cle.fs) == (ecrivain, fs)]
        annonces, intacts = sum(len(cle.annonces) for cle in miennes), sum(cle.intacts for cle in miennes)
        COMPTES.append((f"{fs} {ecrivain}", annonces, intacts, len(miennes)))
    for cle in toutes:
        assert cle.annonces
        assert cle.intacts == len(cle.annonces) or not cle.tient, (cle.ecrivain, cle.fs, cle.appel.rendu)
        assert cle.intacts < len(cle.annonces) or cle.tient, f"the control {cle.ecrivain} on {cle.fs} proved nothing"
