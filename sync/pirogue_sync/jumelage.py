"""
Pairing: the shore's card comes on a stick (or by hand), and a trainer compares its letters with the screen ashore.

The portal has no keys: what its page shows is published here in the register, and what the trainer answers there is
carried out here, by the process that owns the keys.
"""

from dataclasses import dataclass
from pathlib import Path

from pirogue_echange import support
from pirogue_echange.cles import Carte, Cles, ecrire_carte, lire_carte
from pirogue_echange.erreurs import ClesIllisibles
from pirogue_echange.support import RACINE
from pirogue_registre import jumelages, reglages
from pirogue_registre.base import Registre
from pirogue_sync import trousseau as trousseaux
from pirogue_sync.trousseau import NOM_RIVE

#: Where the shore leaves its card on a stick.
NOM_CARTE_RIVE = "rive.json"


@dataclass(frozen=True, slots=True)
class Presentation:
    """What a stick did for a box without a shore: whose card it brought (None without), where ours was put."""

    proposee: Carte | None
    carte_posee: str


def presenter_par_cle(registre: Registre, *, dossier: Path, cles: Cles) -> Presentation:
    """
    On a stick, while no shore is known: keep the shore's card as a proposal, leave ours.

    Args:
        registre: the open register.
        dossier: where the stick is mounted.
        cles: this relay's keys.

    Raises:
        SupportAbsent, SupportPlein, SupportProtege, SupportDefaillant: the stick; a proposal read before is kept.
    """
    publier(registre, cles=cles, rive=None)
    nom = f"relais-{cles.carte.id[:8]}.json"
    octets = ecrire_carte(cles.carte)
    with support.phrases():
        with support.ouvrir_dossier(dossier):
            pass
        with support.ouvrir_dossier(dossier, RACINE, creer=True) as racine:
            lue = support.lire(racine, NOM_CARTE_RIVE, maximum=4096)
            proposee = proposer(registre, lue) if lue is not None else None
            if support.lire(racine, nom, maximum=4096) != octets:
                support.effacer(racine, nom)
                support.ecrire(racine, nom, octets)
            support.relire(racine, {nom: octets})
    return Presentation(proposee, nom)


def proposer(registre: Registre, octets: bytes) -> Carte | None:
    """Keep a shore's card as a proposal, until a trainer compared its letters; None when it is not such a card."""
    try:
        carte = lire_carte(octets)
    except ClesIllisibles:
        return None
    if carte.genre != "rive":
        return None
    jumelages.proposer(registre, carte=ecrire_carte(carte).decode(), empreinte=carte.empreinte)
    return carte


def publier(registre: Registre, *, cles: Cles, rive: Carte | None) -> None:
    """Put in the register the public cards that the portal's pages show and check with."""
    cartes = {"carte_relais": cles.carte, "carte_rive": rive}
    for nom, carte in cartes.items():
        texte = ecrire_carte(carte).decode() if carte is not None else ""
        if reglages.lire(registre, nom) != texte:
            reglages.ecrire(registre, nom, texte)


def conclure(registre: Registre, dossier: Path) -> Carte | None:
    """
    Put the shore's card in force if a trainer said that its letters are those of the screen ashore.

    Args:
        registre: the open register.
        dossier: the folder of keys.

    Returns:
        The card that was just put in force, None when there is nothing to do.
    """
    if (dossier / NOM_RIVE).exists():
        return None
    texte, acceptee = jumelages.lire_proposition(registre)
    if not texte:
        return None
    carte = lire_carte(texte.encode())
    if carte.empreinte != acceptee:
        return None
    trousseaux.poser_carte(dossier / NOM_RIVE, carte)
    return carte
