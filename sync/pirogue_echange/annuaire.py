"""
Who may sign: the cards that one side knows, and how far each is believed.

A signer keeps its id for life and changes keys: the card in force, those that it replaced, those that were revoked.
What was sealed before a change stays good, up to the number where the change took place.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace

from pirogue_echange.cles import Carte, verifier_carte
from pirogue_echange.entete import Entete
from pirogue_echange.erreurs import ClesIllisibles

#: `active`: in force. `remplacee`: its owner changed keys. `revoquee`: lost or stolen.
ETATS = ("active", "remplacee", "revoquee")
#: Cards of one signer that are kept.
CARTES_MAX = 64


@dataclass(frozen=True, slots=True)
class Droit:
    """
    A card and how far it is believed.

    Attributes:
        carte: the card.
        etat: one of `ETATS`.
        limites: for a card no longer in force, the last number it could seal, per `incarnation/stream`; a journal
            that is not named is not believed at all.
    """

    carte: Carte
    etat: str = "active"
    limites: Mapping[str, int] = field(default_factory=dict)

    def permet(self, tete: Entete) -> bool:
        """Say whether a lot with this header, well signed with this card, is believed."""
        if self.etat == "active":
            return True
        if tete.genre == "journal":
            return tete.dernier <= self.limites.get(f"{tete.inc}/{tete.flux}", 0)
        # A receipt only ever says what the relay can check against its own chain.
        return self.etat == "remplacee" and tete.genre == "recepisse"


#: What one side believes: for each signer's id, its cards, the one in force first.
Annuaire = Mapping[str, tuple[Droit, ...]]


def annuaire_de(*cartes: Carte) -> Annuaire:
    """Return a directory where each card is in force."""
    return {carte.id: (Droit(carte),) for carte in cartes}


def en_vigueur(droits: Iterable[Droit]) -> Carte | None:
    """Return the card in force of a signer, None when all are revoked."""
    return next((droit.carte for droit in droits if droit.etat == "active"), None)


def retirer(droits: tuple[Droit, ...], *, etat: str, limites: Mapping[str, int]) -> tuple[Droit, ...]:
    """Return the cards of a signer once the one in force no longer is: `etat` is `remplacee` or `revoquee`."""
    return tuple(
        replace(droit, etat=etat, limites=dict(limites)) if droit.etat == "active" else droit for droit in droits
    )


def ecrire_droits(droits: Iterable[Droit]) -> bytes:
    """Return the cards of one signer as the bytes of its file."""
    cartes = [asdict(droit) for droit in droits]
    return json.dumps({"pirogue": 1, "cartes": cartes}, ensure_ascii=False, indent=1).encode() + b"\n"


def lire_droits(octets: bytes) -> tuple[Droit, ...]:
    """
    Read the cards of one signer.

    Raises:
        ClesIllisibles: not such a file, or of a later version.
    """
    try:
        contenu = json.loads(octets)
        if contenu["pirogue"] != 1:
            raise ClesIllisibles("Ces cartes viennent d'une version plus récente : mets à jour d'abord.")
        droits = tuple(
            Droit(
                carte=verifier_carte(Carte(**une["carte"])),
                etat=une["etat"],
                limites={str(cle): int(seq) for cle, seq in une["limites"].items()},
            )
            for une in contenu["cartes"][:CARTES_MAX]
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as cause:
        raise ClesIllisibles("Ce fichier ne contient pas les cartes d'un relais.") from cause
    if not droits or any(droit.etat not in ETATS for droit in droits) or len({d.carte.id for d in droits}) != 1:
        raise ClesIllisibles("Ce fichier ne contient pas les cartes d'un relais.")
    return droits
