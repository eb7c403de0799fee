"""Is there room, may we write, how much is written? The file system of the data."""

import os
from pathlib import Path

from pirogue_bord.sante.lectures import Vu, dire_taille, en_mo, sous, texte
from pirogue_socle.config import Config
from pirogue_socle.horloge import Instant

TITRE = "Place sur la carte"
SECTEUR_OCTETS = 512
#: Place of « sectors written » in /sys/dev/block/…/stat (Documentation/block/stat.rst).
RANG_ECRITS = 6
PART_PEU, PART_PRESQUE_RIEN = 0.10, 0.03
PEU_OCTETS, PRESQUE_RIEN_OCTETS = 500_000_000, 100_000_000
NS_PAR_H = 3_600_000_000_000
#: Before that, what the start itself wrote would be told as a rate.
RECUL_H = 0.25


def regarder(config: Config, *, instant: Instant, racine: Path) -> Vu:
    """See the free room, a file system that went read-only, the sectors written since this start."""
    dossier = sous(racine, config.donnees)
    etat = os.statvfs(dossier)
    libre, total = etat.f_bavail * etat.f_frsize, max(1, etat.f_blocks * etat.f_frsize)
    mesures: dict[str, float | int | str] = {"libre_mo": en_mo(libre), "total_mo": en_mo(total)}
    mesures |= _ecritures(dossier, instant, racine)
    if etat.f_flag & os.ST_RDONLY:
        geste = "Note l'appel sur papier. Éteins la boîte, rallume-la ; si cela revient, la carte est à changer."
        return Vu("panne", "La boîte ne peut plus rien écrire sur sa carte.", geste, mesures)
    if libre < min(PRESQUE_RIEN_OCTETS, PART_PRESQUE_RIEN * total):
        geste = "Appelle le coordinateur avant la prochaine séance. Note l'appel aussi sur papier."
        return Vu("panne", f"La carte est pleine : il reste {dire_taille(libre)}.", geste, mesures)
    if libre < min(PEU_OCTETS, PART_PEU * total):
        geste = "Dis-le au coordinateur cette semaine."
        return Vu("attention", f"La carte se remplit : il reste {dire_taille(libre)}.", geste, mesures)
    return Vu("bon", f"Il reste {dire_taille(libre)} sur {dire_taille(total)}.", mesures=mesures)


def _ecritures(dossier: Path, instant: Instant, racine: Path) -> dict[str, float | int | str]:
    """Return what the device of the data was given to write since this start, and by the hour once that means much."""
    numero = dossier.stat().st_dev
    mots = texte(racine / f"sys/dev/block/{os.major(numero)}:{os.minor(numero)}/stat").split()
    if len(mots) <= RANG_ECRITS:
        return {}
    ecrits, heures = int(mots[RANG_ECRITS]) * SECTEUR_OCTETS, instant.bt_ns / NS_PAR_H
    rendu: dict[str, float | int | str] = {"ecrits_mo": en_mo(ecrits)}
    if heures >= RECUL_H:
        rendu["ecrits_mo_par_h"] = round(en_mo(ecrits) / heures, 1)
    return rendu
