"""
One call to the shore: what comes down first, then one request with the lots that no receipt covers.

A day that has never left the boat, by any road, cannot have been confirmed: it goes at once, and what comes down comes
with the answer. That is one turn and two kilobytes less on the most common day.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlencode

from pirogue_echange import demande, recu
from pirogue_echange.enveloppe import Lecteur, SourceOctets, lire_prefixe
from pirogue_echange.erreurs import LotInvalide
from pirogue_echange.recu import Recu
from pirogue_registre import ancres, envois, flux, journal, reglages
from pirogue_registre.base import Registre
from pirogue_registre.envois import LotScelle
from pirogue_socle.erreurs import ErreurPirogue
from pirogue_socle.horloge import Instant, estimer
from pirogue_sync import arrivages, descentes, heure, scellement
from pirogue_sync.budget import Forfait, ForfaitEpuise
from pirogue_sync.lien import Envoi, Lien, PasDeRecu, Reponse, RiveInjoignable
from pirogue_sync.trousseau import Trousseau

TYPE = "application/x-pirogue-lot"
#: What a connection costs beside the lots: TLS, headers, receipts, and the segments that carry them.
MARGE = 24 * 1024
#: A load above this is worth asking first what the shore has: octets.
NEUF_MAX = 64 * 1024
PAS_UN_RECU = "La réponse reçue n'est pas un reçu de notre rive."
EPUISE = "Le forfait du jour est utilisé."
#: Setting of the register: up to where the journal may have left by the network, receipt or not.
REGLAGE_PARTI = "parti_par_reseau"


class RiveRefuse(ErreurPirogue):
    """The shore answered and does not want our lots."""

    geste = "Préviens le coordinateur : la rive doit accueillir cette boîte. Les données sont toujours à bord."
    code = 75


@dataclass(frozen=True, slots=True)
class _Depart:
    """A lot that left during this call, when (seconds since it began), and whether it was the first time ever."""

    dernier: int
    octets: int
    age_s: float
    jamais: bool


@dataclass(slots=True, kw_only=True)
class Conversation:
    """
    A call, over as many connections as it takes.

    Attributes:
        trousseau: our keys and cards, as they are now: a change of keys may come down.
        instant: when the call began.
        envoi_max: bytes of lots to send at most.
        partis: the lots that left, by id; `confirmes`: those of them that receipts cover.
        scelles, recus, descendus, remarques: for the account.
    """

    registre: Registre
    trousseau: Trousseau
    instant: Instant
    lien: Lien
    forfait: Forfait
    progres: Callable[[str], None]
    envoi_max: int
    partis: dict[str, _Depart] = field(default_factory=dict)
    confirmes: dict[str, _Depart] = field(default_factory=dict)
    scelles: int = 0
    recus: int = 0
    descendus: int = 0
    remarques: list[str] = field(default_factory=list)
    _debut_s: float = field(default_factory=time.monotonic)

    @property
    def age_s(self) -> float:
        """Return how long the call has lasted, seconds."""
        return time.monotonic() - self._debut_s


def converser(c: Conversation, *, saluer: bool) -> None:
    """
    Over one connection: what comes down, then what the shore lacks.

    Args:
        c: the call.
        saluer: ask first, in few bytes, whether it is our shore.

    Raises:
        RiveInjoignable, RiveRefuse, PasDeRecu, ForfaitEpuise: what receipts confirmed stays so.
        ClesIllisibles, CleManquante, LotTropGros, CoffreFerme: our keys.
        DisquePlein, RegistreOccupe, RegistreIllisible: our disk.
    """
    c.progres("J'appelle la rive…")
    if saluer:
        exiger_salut(c.lien, c.trousseau.rive.id)
    c.scelles += _sceller(c)
    envoi = _choisir(c)
    # Our new keys must be there before a signature of theirs is believed: they go in front, without asking anything.
    change = any(lot.flux == envois.CLES for lot in envoi)
    if not change and not _est_neuf(c, envoi):
        incarnation = reglages.lire(c.registre, "incarnation")
        adresse, entetes = _demander(c, f"/v1/relais/{c.trousseau.cles.carte.id}/descente?", incarnation)
        _prendre(c, c.lien.demander("GET", adresse, accepter=TYPE, entetes=entetes), incarnation)
        c.scelles += _sceller(c)
        envoi = _choisir(c)
        if not envoi:
            return
    c.progres(f"J'envoie {len(envoi)} lot(s)…")
    _noter_depart(c, envoi)
    incarnation = reglages.lire(c.registre, "incarnation")
    corps = Envoi(morceaux=(lot.corps for lot in envoi), taille=sum(len(lot.corps) for lot in envoi), genre=TYPE)
    adresse, entetes = _demander(c, f"/v1/lots?relais={c.trousseau.cles.carte.id}&", incarnation)
    if change:
        adresse, entetes = "/v1/lots", {}
    _prendre(c, c.lien.demander("POST", adresse, accepter=TYPE, envoi=corps, entetes=entetes), incarnation)
    if reglages.lire(c.registre, "incarnation") != incarnation:
        converser(c, saluer=False)  # the answer began a new life of the register: everything leaves under it
        return
    refuses = sum(1 for lot in envoi if lot.id not in c.confirmes)
    if refuses:
        c.remarques.append(f"La rive n'a pas pris {refuses} lot(s) : ils restent à bord.")


def exiger_salut(lien: Lien, rive: str) -> None:
    """
    Ask in few bytes whether it is our shore that answers; only a first sieve, a receipt alone is proof.

    Raises:
        RiveInjoignable: nobody answers. PasDeRecu: somebody else does.
    """
    reponse = lien.demander("GET", "/v1/salut", accepter="text/plain", maximum=1024)
    exiger_statut(reponse, genre="text/plain")
    if reponse.corps.split() != [b"pirogue-rive", b"1", rive.encode()]:
        raise PasDeRecu("Ce qui répond n'est pas notre rive.")


def exiger_statut(reponse: Reponse, *, genre: str) -> None:
    """Say in French what an answer of another kind means; raises RiveRefuse, RiveInjoignable, PasDeRecu."""
    if reponse.statut in {401, 403}:
        raise RiveRefuse("La rive ne connaît pas cette boîte.")
    if reponse.statut == 413:
        raise RiveRefuse("La rive refuse un envoi aussi gros.")
    if reponse.statut in {429, 500, 502, 503, 504}:
        raise RiveInjoignable("La rive a un problème, ou trop à faire.")
    if reponse.statut not in {200, 202} or reponse.genre != genre:
        raise PasDeRecu(PAS_UN_RECU)


def _sceller(c: Conversation) -> int:
    return scellement.sceller(c.registre, cles=c.trousseau.cles, rive=c.trousseau.rive, instant=c.instant)


def _est_neuf(c: Conversation, envoi: list[LotScelle]) -> bool:
    """Say whether nothing of this small load has ever left the boat: no receipt can be waiting for it."""
    if not envoi or c.partis or sum(len(lot.corps) for lot in envoi) > NEUF_MAX:
        return False
    vie, _, rang = reglages.lire(c.registre, REGLAGE_PARTI).partition("/")
    parti = int(rang) if vie == reglages.lire(c.registre, "incarnation") else 0
    return not any(
        _est_depose(c.registre, lot) or (lot.flux == flux.ACTIVITE and lot.premier <= parti) for lot in envoi
    )


def _est_depose(registre: Registre, lot: LotScelle) -> bool:
    return registre.db.execute("SELECT 1 FROM depot WHERE lot_id = ?", (lot.id,)).fetchone() is not None


def _demander(c: Conversation, debut: str, incarnation: str) -> tuple[str, dict[str, str]]:
    """Return an address that says how far we are and since when something waits aboard, and our signature of it."""
    dernier, depuis = journal.dernier(c.registre), _depuis_ms(c.registre)
    demandes = {"inc": incarnation, **descentes.series(c.registre), "dernier": dernier, "depuis": depuis}
    adresse = debut + urlencode(demandes)
    return adresse, {demande.ENTETE: demande.signer(c.trousseau.cles, adresse)}


def _depuis_ms(registre: Registre) -> int:
    """Return when the first line that no receipt covers was written (true time, ms); 0 when nothing useful waits."""
    couvert = envois.couvert_jusqua(registre)
    if journal.dernier_utile(registre) <= couvert:
        return 0
    ((_, ligne),) = flux.lignes(registre, flux.ACTIVITE, apres=couvert, limite=1)
    lue = json.loads(ligne)
    return max(0, estimer(Instant(lue["boot"], lue["bt"], lue["mur"]), ancres.lire(registre)))


def _choisir(c: Conversation) -> list[LotScelle]:
    """Return the lots to send now: the oldest first, as many as the call and the day's plan allow."""
    permis = c.envoi_max - sum(lot.octets for lot in c.confirmes.values())
    libre = c.forfait.libre - c.lien.octets - MARGE
    choisis: list[LotScelle] = []
    total = 0
    for lot in envois.a_envoyer(c.registre):
        total += len(lot.corps)
        if total > libre:
            if not choisis and not c.confirmes:
                raise ForfaitEpuise(EPUISE)
            c.remarques.append(f"{EPUISE} Les autres lots partiront demain, ou avec la clé.")
            break
        if total > permis and (choisis or c.confirmes):
            break
        choisis.append(lot)
    return choisis


def _noter_depart(c: Conversation, envoi: list[LotScelle]) -> None:
    """Note, durably and before anything leaves, how far the journal may have left: see `heure`."""
    registre = c.registre
    incarnation = reglages.lire(registre, "incarnation")
    vie, _, rang = reglages.lire(registre, REGLAGE_PARTI).partition("/")
    parti = int(rang) if vie == incarnation else 0
    for lot in envoi:
        jamais = lot.flux == flux.ACTIVITE and lot.premier > parti and not _est_depose(registre, lot)
        c.partis.setdefault(lot.id, _Depart(lot.dernier, len(lot.corps), c.age_s, jamais))
    dernier = max((lot.dernier for lot in envoi if lot.flux == flux.ACTIVITE), default=0)
    if dernier > parti:
        reglages.ecrire(registre, REGLAGE_PARTI, f"{incarnation}/{dernier}")


def _prendre(c: Conversation, reponse: Reponse, incarnation: str) -> None:
    """
    Take home what an answer holds, and note what its receipts show to have arrived.

    Raises:
        RiveRefuse, RiveInjoignable: the shore says so.
        PasDeRecu: there is no receipt signed by our shore for this life of the register.
    """
    exiger_statut(reponse, genre=TYPE)
    try:
        lots = _decouper(reponse.corps)
    except LotInvalide as cause:
        raise PasDeRecu(PAS_UN_RECU) from cause
    pour_moi: list[Recu] = []
    for octets in lots:
        arrivage = arrivages.prendre(c.registre, octets, trousseau=c.trousseau, instant=c.instant)
        c.trousseau = arrivage.trousseau
        if arrivage.genre == "recepisse":
            pour_moi += _valide(c, octets, incarnation)
            c.recus += arrivage.nouveau
        else:
            c.descendus += arrivage.nouveau
        if arrivage.remarque:
            c.remarques.append(arrivage.remarque)
    if not pour_moi:
        raise PasDeRecu(PAS_UN_RECU)
    _confirmer(c)
    _ancrer(c, [lu for lu in pour_moi if lu.flux == flux.ACTIVITE])


def _decouper(corps: bytes) -> list[bytes]:
    """Return the lots that follow one another in an answer; raises LotInvalide."""
    lecteur = Lecteur(SourceOctets(corps))
    lots: list[bytes] = []
    while (prefixe := lire_prefixe(lecteur)) is not None:
        lots.append(prefixe.brut + lecteur.prendre(prefixe.entete.octets))
    return lots


def _valide(c: Conversation, octets: bytes, incarnation: str) -> list[Recu]:
    """Return the receipt if our shore signed it for this life of our register, else nothing."""
    try:
        lu = recu.ouvrir(octets, annuaire=c.trousseau.annuaire)
    except LotInvalide:
        return []
    return [lu] if (lu.relais, lu.inc) == (c.trousseau.cles.carte.id, incarnation) else []


def _confirmer(c: Conversation) -> None:
    """Note as sent the lots of this call that the register no longer has to send."""
    attendus = {lot.id for lot in envois.a_envoyer(c.registre)}
    for lot_id, depart in c.partis.items():
        if lot_id not in attendus and lot_id not in c.confirmes:
            envois.noter_depot(c.registre, lot_id=lot_id, voie="4g", support=c.trousseau.rive.id, instant=c.instant)
            c.confirmes[lot_id] = depart


def _ancrer(c: Conversation, lus: list[Recu]) -> None:
    """Learn the time from a receipt that covers a lot which had never left the boat before this call."""
    plus_loin = max(lus, key=lambda lu: lu.jusqua, default=None)
    if plus_loin is None:
        return
    ages = [un.age_s for un in c.confirmes.values() if un.jamais and un.dernier <= plus_loin.jusqua]
    if ages:
        signature = heure.Signature(heure_ms=plus_loin.heure_ms, depuis_s=max(ages), age_s=c.age_s)
        heure.ancrer(c.registre, signature, debut=c.instant)
