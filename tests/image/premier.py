"""The first day of a card: started once, its class enrolled, switched off cleanly. Every other test goes on from it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from image.construction import Construction
from image.machine import Machine
from image.reglages import Amorce, Reglages
from image.salle import PYTHON, RADIOS, Salle

COMME_PORTAIL = "setpriv --reuid=pirogue-portail --regid=pirogue-portail --init-groups"
CHANGER = """
from pathlib import Path
from pirogue_registre import base, comptes, reglages
from pirogue_socle.horloge import maintenant
registre = base.ouvrir(Path("/data/pirogue/registre"))
compte_id = reglages.lire(registre, "premier_compte")
code = Path("/data/pirogue/premier.code").read_text().strip()
comptes.verifier_pin(registre, compte_id=compte_id, pin=code, instant=maintenant())
comptes.changer_pin(registre, compte_id=compte_id, pin="271828")
"""


@dataclass(frozen=True, slots=True)
class JeuneABord:
    """A trainee as the pages know her: her number, her three pictures."""

    personne_id: str
    images: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Classe:
    """Who is aboard: Rachelle, her group, Afi and Koffi; and the relay's own number."""

    rachelle: str
    groupe: str
    afi: JeuneABord
    koffi: JeuneABord
    relais: str


@dataclass(frozen=True, slots=True)
class Premier:
    """
    What the first start gave.

    Attributes:
        amorce: the card as that day left it; a machine puts its own overlay on it.
        portail_s, kolibri_s: age of the machine when the portal, then Kolibri, first answered.
        lecons_deja: Kolibri answered already when the portal did.
        donnees_octets: size of the file system of `/data`.
        etat: what systemd said of the start.
        echecs: units that failed, with their last words.
        classe: who is aboard.
        montages: /proc/mounts.
    """

    amorce: Amorce
    portail_s: float
    kolibri_s: float
    lecons_deja: bool
    donnees_octets: int
    etat: str
    echecs: list[str]
    classe: Classe
    montages: str


def vivre(construction: Construction, dossier: Path) -> Premier:
    """Start a new card once; raises MachineMuette when the portal or Kolibri never answers."""
    amorce = construction.amorce
    machine = Machine(amorce, dossier, Reglages(mots=RADIOS.format(radios=1)))
    try:
        machine.allumer()
        salle = Salle(machine)
        portail_s = salle.attendre_page("/")
        lecons_deja = salle.repond("/cours/")
        salle.preparer()
        kolibri_s = salle.attendre_page("/cours/")
        etat = salle.finir_de_demarrer()
        premier = Premier(
            amorce=Amorce(dossier / "disque.qcow2", amorce.noyau, amorce.disque, amorce.bios, amorce.ligne),
            portail_s=portail_s,
            kolibri_s=kolibri_s,
            lecons_deja=lecons_deja,
            donnees_octets=int(machine.executer("df -B1 --output=size /data | tail -n 1")),
            etat=etat,
            echecs=salle.echecs(),
            classe=_lire_classe(salle.a_bord("peupler")),
            montages=machine.executer("cat /proc/mounts"),
        )
        lire_fiche(machine)
        machine.lancer("systemctl poweroff")
        machine.attendre_arret()
    finally:
        machine.couper()
    return premier


def lire_fiche(machine: Machine) -> None:
    """The coordinator signs in with the sheet's code and chooses her own: the sheet goes, the first days are over."""
    machine.executer(f"cd / && {COMME_PORTAIL} {PYTHON} -", CHANGER)
    machine.attendre_que("test -e /data/systeme/premier/fait")


def _lire_classe(dite: dict[str, Any]) -> Classe:
    """Return who is aboard, from what `gestes_bord.peupler` said."""
    afi, koffi = (JeuneABord(dite["jeunes"][nom][0], tuple(dite["jeunes"][nom][1])) for nom in ("Afi", "Koffi"))
    return Classe(dite["rachelle"], dite["groupe"], afi, koffi, dite["relais"])
