"""
The network's road: fetch the receipt, send in one request the lots that it does not cover, read the new receipt.

Success is a receipt that our shore signed, never an HTTP status: an operator's captive portal answers 200 to all.
A link that breaks is taken up again from what the shore then says it holds; nothing else is ever noted as sent.
"""

import io
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from pirogue_echange import recu
from pirogue_echange.annuaire import annuaire_de
from pirogue_echange.cles import Carte, Cles
from pirogue_echange.erreurs import LotInvalide
from pirogue_echange.recu import Recu
from pirogue_registre import ancres, envois, reglages
from pirogue_registre.base import Registre
from pirogue_registre.envois import LotScelle
from pirogue_socle.erreurs import ErreurPirogue
from pirogue_socle.horloge import Instant
from pirogue_sync import budget, heure, recus, scellement
from pirogue_sync.bilan import BilanEchange
from pirogue_sync.budget import Forfait, ForfaitEpuise
from pirogue_sync.lien import Adresse, Envoi, Lien, PasDeRecu, Reponse, RiveInjoignable
from pirogue_sync.patience import Limites

#: Most bytes of lots in one exchange; the rest goes next time.
ENVOI_MAX = 4 * 1024 * 1024
#: What a connection costs beside the lots: TLS, headers, receipts, and the segments that carry them.
MARGE = 24 * 1024
TYPE = "application/x-pirogue-lot"
PAS_UN_RECU = "La réponse reçue n'est pas un reçu de notre rive."
EPUISE = "Le forfait du jour est utilisé."
#: Setting of the register: up to where the journal may have left by the network, receipt or not.
REGLAGE_PARTI = "parti_par_reseau"


class RiveRefuse(ErreurPirogue):
    """The shore answered and does not want our lots."""

    geste = "Préviens le coordinateur : la rive doit accueillir cette boîte. Les données sont toujours à bord."
    code = 75


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
    """

    ca: Path | None = None
    limites: Limites = field(default_factory=Limites)
    essais: int = 3
    pause_s: float = 2.0
    attendre: Callable[[float], object] = time.sleep


@dataclass(frozen=True, slots=True)
class _Depart:
    """A lot that left: its numbers, its size, when it first left (seconds since the call began)."""

    premier: int
    dernier: int
    octets: int
    age_s: float


@dataclass(slots=True, kw_only=True)
class _Appel:
    """
    One call to the shore, over as many connections as it takes.

    Attributes:
        instant: when it began, and `debut_s` on the monotonic clock.
        parti: up to where the journal may have left before this call.
        partis: the lots that left during this call, by id; `confirmes`: those of them that receipts cover.
    """

    registre: Registre
    cles: Cles
    rive: Carte
    instant: Instant
    lien: Lien
    forfait: Forfait
    progres: Callable[[str], None]
    envoi_max: int
    parti: int
    debut_s: float = field(default_factory=time.monotonic)
    partis: dict[str, _Depart] = field(default_factory=dict)
    confirmes: dict[str, _Depart] = field(default_factory=dict)
    recus: int = 0
    remarques: list[str] = field(default_factory=list)

    @property
    def age_s(self) -> float:
        """Return how long the call has lasted, seconds."""
        return time.monotonic() - self.debut_s


def echanger(  # noqa: PLR0913 - who, where, with which keys, when, how much
    registre: Registre,
    *,
    url: str,
    cles: Cles,
    rive: Carte,
    instant: Instant,
    progres: Callable[[str], None] = lambda _: None,
    envoi_max: int = ENVOI_MAX,
    reseau: Reseau | None = None,
) -> BilanEchange:
    """
    Exchange with the shore over HTTP or HTTPS.

    Args:
        registre: the open register.
        url: the shore's address, such as `https://rive.example.org`.
        cles: this relay's keys.
        rive: the card of our shore.
        instant: now.
        progres: called with a French sentence at each step.
        envoi_max: bytes of lots to send at most.
        reseau: how the network is used.

    Raises:
        ConfigurationInvalide: the address, or the file of the authority, is not one.
        RiveInjoignable, RiveRefuse, PasDeRecu, ForfaitEpuise: what was confirmed stays so, nothing else is noted.
        ClesIllisibles, LotTropGros, DisquePlein, RegistreOccupe, RegistreIllisible: our side.
    """
    reseau = reseau or Reseau()
    scelles = scellement.sceller(registre, cles=cles, rive=rive, instant=instant)
    connue = ancres.est_confirmee(registre, instant=instant)
    heure_ms = ancres.estimer_maintenant(registre, instant=instant) if connue else None
    adresse = Adresse(url=url, ca=reseau.ca, heure_ms=heure_ms)
    with budget.ouvrir(registre, instant=instant) as forfait:
        lien = Lien(adresse, limites=reseau.limites, compteur=forfait)
        appel = _Appel(
            registre=registre,
            cles=cles,
            rive=rive,
            instant=instant,
            lien=lien,
            forfait=forfait,
            progres=progres,
            envoi_max=envoi_max,
            parti=_parti_jusqua(registre),
        )
        try:
            _insister(appel, reseau)
        finally:
            lien.close()
    progres("La rive a répondu.")
    return BilanEchange(
        voie="4g",
        scelles=scelles,
        deposes=len(appel.confirmes),
        deja_la=0,
        retires=0,
        recus=appel.recus,
        restants=sum(1 for _ in envois.a_envoyer(registre)),
        octets=sum(lot.octets for lot in appel.confirmes.values()),
        puce=envois.etat_puce(registre),
        remarques=tuple(dict.fromkeys([*lien.remarques, *appel.remarques])),
        fil_octets=forfait.depense,
    )


def _insister(appel: _Appel, reseau: Reseau) -> None:
    """Call until the exchange is done; a cut is taken up again, as long as not too many in a row bring nothing."""
    vains = 0
    while True:
        avant = len(appel.confirmes)
        try:
            _appeler(appel)
        except RiveInjoignable as erreur:
            pris = len(appel.confirmes)
            vains = 0 if pris > avant else vains + 1
            if vains >= reseau.essais:
                if pris:
                    phrase = f"Le réseau a été coupé : la rive a pris {pris} lot(s), les autres restent à bord."
                    raise RiveInjoignable(phrase) from erreur
                raise
            appel.progres("Le réseau a été coupé, je reprends…")
            reseau.attendre(reseau.pause_s * 2**vains * random.uniform(0.5, 1.0))  # noqa: S311 - not a secret
        else:
            return


def _appeler(appel: _Appel) -> None:
    """Over one connection: the receipt, then what it does not cover."""
    appel.progres("J'appelle la rive…")
    incarnation = reglages.lire(appel.registre, "incarnation")
    chemin = f"/v1/relais/{appel.cles.carte.id}/recu?inc={incarnation}"
    _prendre(appel, appel.lien.demander("GET", chemin, accepter=TYPE))
    envoi = _choisir(appel)
    if not envoi:
        return
    appel.progres(f"J'envoie {len(envoi)} lot(s)…")
    _noter_depart(appel, envoi)
    corps = Envoi(morceaux=(lot.corps for lot in envoi), taille=sum(len(lot.corps) for lot in envoi), genre=TYPE)
    _prendre(appel, appel.lien.demander("POST", "/v1/lots", accepter=TYPE, envoi=corps))
    refuses = sum(1 for lot in envoi if lot.id not in appel.confirmes)
    if refuses:
        appel.remarques.append(f"La rive n'a pas pris {refuses} lot(s) : ils restent à bord.")


def _choisir(appel: _Appel) -> list[LotScelle]:
    """Return the lots to send now: the oldest first, as many as the call and the day's plan allow."""
    permis = appel.envoi_max - sum(lot.octets for lot in appel.confirmes.values())
    libre = appel.forfait.libre - appel.lien.octets - MARGE
    choisis: list[LotScelle] = []
    total = 0
    for lot in envois.a_envoyer(appel.registre):
        total += len(lot.corps)
        if total > libre:
            if not choisis:
                raise ForfaitEpuise(EPUISE)
            appel.remarques.append(f"{EPUISE} Les autres lots partiront demain, ou avec la clé.")
            break
        if total > permis and (choisis or appel.confirmes):
            break
        choisis.append(lot)
    return choisis


def _noter_depart(appel: _Appel, envoi: list[LotScelle]) -> None:
    """Note, durably and before anything leaves, how far the journal may have left: see `heure`."""
    for lot in envoi:
        depart = _Depart(lot.premier, lot.dernier, len(lot.corps), appel.age_s)
        appel.partis.setdefault(lot.id, depart)
    incarnation = reglages.lire(appel.registre, "incarnation")
    dernier = max(appel.parti, *(lot.dernier for lot in envoi))
    reglages.ecrire(appel.registre, REGLAGE_PARTI, f"{incarnation}/{dernier}")


def _parti_jusqua(registre: Registre) -> int:
    """Return up to where the journal may have left by the network, in this life of the register."""
    incarnation, _, dernier = reglages.lire(registre, REGLAGE_PARTI).partition("/")
    return int(dernier) if incarnation == reglages.lire(registre, "incarnation") else 0


def _prendre(appel: _Appel, reponse: Reponse) -> None:
    """
    Take the receipts of an answer home, and note what they show to have arrived.

    Raises:
        RiveRefuse, RiveInjoignable: the shore says so. PasDeRecu: no receipt signed by our shore for this relay.
    """
    _exiger_statut(reponse)
    try:
        lus = recu.lire_suite(io.BytesIO(reponse.corps), annuaire=annuaire_de(appel.rive))
    except LotInvalide as cause:
        raise PasDeRecu(PAS_UN_RECU) from cause
    moi = (reglages.lire(appel.registre, "relais"), reglages.lire(appel.registre, "incarnation"))
    a_moi = [lu for lu, _ in lus if (lu.relais, lu.inc) == moi]
    if not a_moi:
        raise PasDeRecu(PAS_UN_RECU)
    for lu, octets in lus:
        nouveau, remarque = recus.noter(appel.registre, lu=lu, octets=octets)
        appel.recus += nouveau
        if remarque:
            appel.remarques.append(remarque)
    attendus = {lot.id for lot in envois.a_envoyer(appel.registre)}
    for lot_id, depart in appel.partis.items():
        if lot_id not in attendus and lot_id not in appel.confirmes:
            envois.noter_depot(appel.registre, lot_id=lot_id, voie="4g", support=appel.rive.id, instant=appel.instant)
            appel.confirmes[lot_id] = depart
    _ancrer(appel, a_moi)


def _ancrer(appel: _Appel, lus: list[Recu]) -> None:
    """Learn the time from a receipt that covers a lot which had never left the boat before this call."""
    jusqua = max(lu.jusqua for lu in lus)
    departs = [lot.age_s for lot in appel.confirmes.values() if appel.parti < lot.premier and lot.dernier <= jusqua]
    if departs:
        signature = heure.Signature(
            heure_ms=max(lus, key=lambda lu: lu.jusqua).heure_ms, depuis_s=min(departs), age_s=appel.age_s
        )
        heure.ancrer(appel.registre, signature, debut=appel.instant)


def _exiger_statut(reponse: Reponse) -> None:
    """Say in French what an answer that holds no receipt means."""
    if reponse.statut in {401, 403}:
        raise RiveRefuse("La rive ne connaît pas cette boîte.")
    if reponse.statut == 413:
        raise RiveRefuse("La rive refuse un envoi aussi gros.")
    if reponse.statut in {429, 500, 502, 503, 504}:
        raise RiveInjoignable("La rive a un problème, ou trop à faire.")
    if reponse.statut != 200 or reponse.genre != TYPE:
        raise PasDeRecu(PAS_UN_RECU)
