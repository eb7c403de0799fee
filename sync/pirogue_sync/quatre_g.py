"""
The network's road: fetch what comes down, send in one request the lots that no receipt covers, read the receipt.

Success is a receipt that our shore signed, never an HTTP status: an operator's captive portal answers 200 to all.
A link that breaks is taken up again from what the shore then says it holds; nothing else is ever noted as sent.
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from pirogue_echange import cles as format_cles
from pirogue_echange.cles import Carte, Cles
from pirogue_echange.erreurs import ClesIllisibles
from pirogue_registre import ancres, envois
from pirogue_registre.base import Registre
from pirogue_socle.horloge import Instant
from pirogue_sync import budget, jumelage, rotation
from pirogue_sync.bilan import BilanEchange
from pirogue_sync.conversation import Conversation, RiveRefuse, converser, exiger_statut
from pirogue_sync.lien import Adresse, Envoi, Lien, PasDeRecu, RiveInjoignable
from pirogue_sync.patience import Gratuit, Limites
from pirogue_sync.trousseau import Trousseau

__all__ = ["PasDeRecu", "Reseau", "RiveInjoignable", "RiveRefuse", "echanger", "se_presenter"]

#: Most bytes of lots in one exchange; the rest goes next time.
ENVOI_MAX = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Reseau:
    """
    How the network is used.

    Attributes:
        ca: file of the authority that signs the shore's certificate; None for those of the system.
        limites: when a link is given up.
        essais: attempts in a row that bring nothing, before the call ends.
        pause_s: first wait between two attempts; it doubles, less a random part.
        attendre: how to wait, seconds.
        saluer: ask first, in few bytes, whether it is our shore that answers.
    """

    ca: Path | None = None
    limites: Limites = field(default_factory=Limites)
    essais: int = 3
    pause_s: float = 2.0
    attendre: Callable[[float], object] = time.sleep
    saluer: bool = False


def echanger(  # noqa: PLR0913 - who, where, with which keys, when, how much
    registre: Registre,
    *,
    url: str,
    trousseau: Trousseau,
    instant: Instant,
    progres: Callable[[str], None] = lambda _: None,
    envoi_max: int = ENVOI_MAX,
    reseau: Reseau | None = None,
) -> BilanEchange:
    """
    Exchange with the shore over HTTP or HTTPS, within the day's data plan.

    Args:
        registre: the open register.
        url: the shore's address, such as `https://rive.example.org`.
        trousseau: our keys and cards.
        instant: now.
        progres: called with a French sentence at each step.
        envoi_max: bytes of lots to send at most.
        reseau: how the network is used.

    Raises:
        ConfigurationInvalide: the address, or the file of the authority, is not one.
        RiveInjoignable, RiveRefuse, PasDeRecu, ForfaitEpuise: what was confirmed stays so, nothing else is noted.
        ClesIllisibles, CleManquante, LotTropGros, CoffreFerme: our keys.
        DisquePlein, RegistreOccupe, RegistreIllisible: our disk.
    """
    reseau = reseau or Reseau()
    connue = ancres.est_confirmee(registre, instant=instant)
    heure_ms = ancres.estimer_maintenant(registre, instant=instant) if connue else None
    adresse = Adresse(url=url, ca=reseau.ca, heure_ms=heure_ms)
    with (
        budget.ouvrir(registre, instant=instant) as forfait,
        Lien(adresse, limites=reseau.limites, compteur=forfait) as lien,
    ):
        c = Conversation(
            registre=registre,
            trousseau=rotation.reprendre(registre, trousseau),
            instant=instant,
            lien=lien,
            forfait=forfait,
            progres=progres,
            envoi_max=envoi_max,
        )
        _insister(c, reseau)
    jumelage.publier(registre, cles=c.trousseau.cles, rive=c.trousseau.rive)
    progres("La rive a répondu.")
    return BilanEchange(
        voie="4g",
        scelles=c.scelles,
        deposes=len(c.confirmes),
        deja_la=0,
        retires=0,
        recus=c.recus,
        descendus=c.descendus,
        restants=envois.compter_a_envoyer(registre)[0],
        octets=sum(lot.octets for lot in c.confirmes.values()),
        puce=envois.etat_puce(registre),
        remarques=tuple(dict.fromkeys([*lien.remarques, *c.remarques])),
        fil_octets=forfait.depense,
    )


def se_presenter(url: str, cles: Cles, *, reseau: Reseau | None = None) -> Carte:
    """
    Ask a shore to welcome this relay: give it our card, take its own.

    The card that comes back is nobody's until two people have compared its letters with the screen ashore.

    Args:
        url: the shore's address.
        cles: this relay's keys.
        reseau: how the network is used.

    Raises:
        ConfigurationInvalide: the address is not one.
        RiveInjoignable, RiveRefuse: the shore. PasDeRecu: what answers is not a shore.
    """
    reseau = reseau or Reseau()
    octets = format_cles.ecrire_carte(cles.carte)
    with Lien(Adresse(url=url, ca=reseau.ca), limites=reseau.limites, compteur=Gratuit()) as lien:
        demande = Envoi(morceaux=(octets,), taille=len(octets), genre="application/json")
        reponse = lien.demander("POST", "/v1/demandes", accepter="text/plain", envoi=demande)
        if reponse.statut == 403:
            raise RiveRefuse("La rive a refusé cette boîte.")
        exiger_statut(reponse, genre="text/plain")
        reponse = lien.demander("GET", "/v1/carte", accepter="application/json", maximum=format_cles.TAILLE_MAX)
        exiger_statut(reponse, genre="application/json")
    try:
        carte = format_cles.lire_carte(reponse.corps)
    except ClesIllisibles as cause:
        raise PasDeRecu("Ce qui répond n'est pas une rive.") from cause
    if carte.genre != "rive":
        raise PasDeRecu("Ce qui répond n'est pas une rive.")
    return carte


def _insister(c: Conversation, reseau: Reseau) -> None:
    """Call until the exchange is done; a cut is taken up again, as long as not too many in a row bring nothing."""
    vains = 0
    while True:
        avant = len(c.confirmes)
        try:
            converser(c, saluer=reseau.saluer and not c.partis)
        except RiveInjoignable as erreur:
            pris = len(c.confirmes)
            vains = 0 if pris > avant else vains + 1
            if vains >= reseau.essais:
                if pris:
                    phrase = f"Le réseau a été coupé : la rive a pris {pris} lot(s), les autres restent à bord."
                    raise RiveInjoignable(phrase) from erreur
                raise
            c.lien.close()
            c.progres("Le réseau a été coupé, je reprends…")
            reseau.attendre(reseau.pause_s * 2**vains * random.uniform(0.5, 1.0))  # noqa: S311 - not a secret
        else:
            return
