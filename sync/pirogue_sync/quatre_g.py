"""
The network's road: fetch the receipt, send in one request the lots that it does not cover, read the new receipt.

Success is a receipt that our shore signed, never an HTTP status: an operator's captive portal answers 200 to all.
"""

import contextlib
import http.client
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from pirogue_echange import recu
from pirogue_echange.annuaire import annuaire_de
from pirogue_echange.cles import Carte, Cles
from pirogue_echange.erreurs import LotInvalide
from pirogue_registre import envois, reglages
from pirogue_registre.base import Registre
from pirogue_registre.envois import LotScelle
from pirogue_socle.erreurs import ConfigurationInvalide, ErreurPirogue
from pirogue_socle.horloge import Instant
from pirogue_sync import recus, scellement
from pirogue_sync.bilan import BilanEchange

#: Most bytes of lots in one exchange; the rest goes next time.
ENVOI_MAX = 4 * 1024 * 1024
#: Small blocks, so that the time limit is on progress and not on the whole sending.
BLOC = 8 * 1024
DELAI_S = 30.0
REPONSE_MAX = 256 * 1024
TYPE = "application/x-pirogue-lot"


class RiveInjoignable(ErreurPirogue):
    """The shore cannot be reached, or the link was cut."""

    geste = "Réessaie quand le réseau sera meilleur, ou utilise la clé. Les données sont toujours à bord."
    code = 74


class RiveRefuse(ErreurPirogue):
    """The shore answered and does not want our lots."""

    geste = "Préviens le coordinateur : la rive doit accueillir cette boîte. Les données sont toujours à bord."
    code = 75


class PasDeRecu(ErreurPirogue):
    """Something answered, but not with a receipt signed by our shore."""

    geste = "Le forfait est peut-être fini, ou le réseau demande une page de connexion. Les données sont à bord."
    code = 76


@dataclass(frozen=True, slots=True)
class _Reponse:
    """What an answer said: how many receipts were new, and the runs of our journal that the shore holds."""

    nouveaux: int
    tenus: tuple[tuple[int, int], ...]

    def tient(self, lot: LotScelle) -> bool:
        """Say whether the shore holds a whole lot; it may have put one aside."""
        return any(premier <= lot.premier and lot.dernier <= dernier for premier, dernier in self.tenus)


def echanger(  # noqa: PLR0913 - who, where, with which keys, when, how much
    registre: Registre,
    *,
    url: str,
    cles: Cles,
    rive: Carte,
    instant: Instant,
    progres: Callable[[str], None] = lambda _: None,
    envoi_max: int = ENVOI_MAX,
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

    Raises:
        ConfigurationInvalide: the address is not one.
        RiveInjoignable, RiveRefuse, PasDeRecu: nothing is marked as sent.
        ClesIllisibles, LotTropGros, DisquePlein, RegistreOccupe, RegistreIllisible: our side.
    """
    scelles = scellement.sceller(registre, cles=cles, rive=rive, instant=instant)
    remarques: list[str] = []
    recus_neufs = 0
    envoi: list[LotScelle] = []
    tenus: list[LotScelle] = []
    lien = _connecter(url)
    try:
        progres("J'appelle la rive…")
        incarnation = reglages.lire(registre, "incarnation")
        chemin = f"{urlsplit(url).path.rstrip('/')}/v1/relais/{cles.carte.id}/recu?inc={incarnation}"
        statut, corps = _demander(lien, "GET", chemin)
        recus_neufs += _prendre(registre, statut=statut, corps=corps, rive=rive, remarques=remarques).nouveaux
        envoi = list(_choisir(registre, envoi_max))
        if envoi:
            progres(f"J'envoie {len(envoi)} lot(s)…")
            chemin = f"{urlsplit(url).path.rstrip('/')}/v1/lots"
            statut, corps = _demander(lien, "POST", chemin, lots=envoi)
            reponse = _prendre(registre, statut=statut, corps=corps, rive=rive, remarques=remarques)
            recus_neufs += reponse.nouveaux
            tenus = [lot for lot in envoi if reponse.tient(lot)]
            if len(tenus) < len(envoi):
                remarques.append(f"La rive n'a pas pris {len(envoi) - len(tenus)} lot(s) : ils restent à bord.")
            for lot in tenus:
                envois.noter_depot(registre, lot_id=lot.id, voie="4g", support=rive.id, instant=instant)
    finally:
        lien.close()
    progres("La rive a répondu.")
    return BilanEchange(
        voie="4g",
        scelles=scelles,
        deposes=len(tenus),
        deja_la=0,
        retires=0,
        recus=recus_neufs,
        restants=sum(1 for _ in envois.a_envoyer(registre)),
        octets=sum(len(lot.corps) for lot in envoi),
        puce=envois.etat_puce(registre),
        remarques=tuple(dict.fromkeys(remarques)),
    )


def _connecter(url: str) -> http.client.HTTPConnection:
    """Return a connection, not yet opened."""
    parties = urlsplit(url)
    try:
        if parties.hostname and parties.scheme == "https":
            return http.client.HTTPSConnection(parties.hostname, parties.port, timeout=DELAI_S)
        if parties.hostname and parties.scheme == "http":
            return http.client.HTTPConnection(parties.hostname, parties.port, timeout=DELAI_S)
    except ValueError as cause:
        raise ConfigurationInvalide("L'adresse de la rive n'est pas bonne.") from cause
    raise ConfigurationInvalide("L'adresse de la rive n'est pas bonne : elle commence par http:// ou https://.")


def _demander(
    lien: http.client.HTTPConnection, verbe: str, chemin: str, *, lots: list[LotScelle] | None = None
) -> tuple[int, bytes]:
    """Make one request and read a bounded answer; a link that breaks is a sentence."""
    entetes = {"Accept": TYPE}
    corps = None
    if lots is not None:
        entetes |= {"Content-Type": TYPE, "Content-Length": str(sum(len(lot.corps) for lot in lots))}
        corps = _blocs(lots)
    try:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it may have answered before the end
            lien.request(verbe, chemin, body=corps, headers=entetes)
        reponse = lien.getresponse()
        contenu = reponse.read(REPONSE_MAX)
        if reponse.read(1):
            raise PasDeRecu("La réponse reçue n'est pas celle de notre rive.")
    except (OSError, http.client.HTTPException) as cause:
        raise RiveInjoignable("La rive ne répond pas.") from cause
    return reponse.status, contenu


def _blocs(lots: list[LotScelle]) -> Iterator[bytes]:
    for lot in lots:
        for rang in range(0, len(lot.corps), BLOC):
            yield lot.corps[rang : rang + BLOC]


def _choisir(registre: Registre, envoi_max: int) -> Iterator[LotScelle]:
    """Yield the lots to send now: the oldest first, at least one, up to the budget."""
    total = 0
    for lot in envois.a_envoyer(registre):
        total += len(lot.corps)
        if total > envoi_max and total > len(lot.corps):
            return
        yield lot


def _prendre(registre: Registre, *, statut: int, corps: bytes, rive: Carte, remarques: list[str]) -> _Reponse:
    """Take the receipts of an answer home. No signed receipt is no success; a refused one says nothing is held."""
    if statut == 403:
        raise RiveRefuse("La rive ne connaît pas cette boîte.")
    if statut == 413:
        raise RiveRefuse("La rive refuse un envoi aussi gros.")
    try:
        lus = recu.lire_suite(io.BytesIO(corps), annuaire=annuaire_de(rive)) if statut == 200 else []
    except LotInvalide as cause:
        raise PasDeRecu("La réponse reçue n'est pas un reçu de notre rive.") from cause
    moi = (reglages.lire(registre, "relais"), reglages.lire(registre, "incarnation"))
    if moi not in [(lu.relais, lu.inc) for lu, _ in lus]:
        raise PasDeRecu("La réponse reçue n'est pas un reçu de notre rive.")
    nouveaux = 0
    tenus: list[tuple[int, int]] = []
    for lu, octets in lus:
        nouveau, remarque = recus.noter(registre, lu=lu, octets=octets)
        nouveaux += nouveau
        if remarque:
            remarques.append(remarque)
        elif (lu.relais, lu.inc) == moi:
            tenus += [(1, lu.jusqua), *lu.ilots]
    return _Reponse(nouveaux, tuple(tenus))
