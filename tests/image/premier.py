"""The first day of a card: started once, its class enrolled, switched off cleanly. Every other test goes on from it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from image.construction import Construction
from image.machine import Machine
from image.reglages import Amorce, Reglages
from image.salle import RADIOS, Salle


@dataclass(frozen=True, slots=True)
class Premier:
    """
    What the first start gave.

    Attributes:
        amorce: the card as that day left it; a machine puts its own overlay on it.
        portail_s, kolibri_s: age of the machine when the portal, then Kolibri, first answered.
        etat: what systemd said of the start.
        echecs: units that failed, with their last words.
        classe: who is aboard (ids, pictures), as `gestes_bord.peupler` says it.
        montages: /proc/mounts.
    """

    amorce: Amorce
    portail_s: float
    kolibri_s: float
    etat: str
    echecs: list[str]
    classe: dict[str, Any]
    montages: str


def vivre(construction: Construction, dossier: Path) -> Premier:
    """Start a new card once; raises MachineMuette when the portal or Kolibri never answers."""
    amorce = construction.amorce
    machine = Machine(amorce, dossier, Reglages(mots=RADIOS.format(radios=1)))
    try:
        machine.allumer()
        salle = Salle(machine)
        portail_s = salle.attendre_page("/")
        salle.preparer()
        kolibri_s = salle.attendre_page("/cours/", patience_s=600.0)
        etat = salle.finir_de_demarrer()
        premier = Premier(
            amorce=Amorce(dossier / "disque.qcow2", amorce.noyau, amorce.disque, amorce.bios, amorce.ligne),
            portail_s=portail_s,
            kolibri_s=kolibri_s,
            etat=etat,
            echecs=salle.echecs(),
            classe=salle.a_bord("peupler"),
            montages=machine.executer("cat /proc/mounts"),
        )
        machine.lancer("systemctl poweroff")
        machine.attendre_arret()
    finally:
        machine.couper()
    return premier
