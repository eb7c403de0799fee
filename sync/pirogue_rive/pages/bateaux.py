"""What boats call: lots in, receipts and downward lots out, cards of those not known yet. No account: signatures."""

from flask import Blueprint, Response, request

from pirogue_echange import cles as trousseau
from pirogue_echange.entete import GENRES
from pirogue_echange.erreurs import ClesIllisibles, FormeInvalide, LotInvalide
from pirogue_rive import arrivees, courrier, demandes, etats, garde, recepisses, reception
from pirogue_rive.demandes import TropDeDemandes
from pirogue_rive.pages.contexte import PAS_CONNU, rive, signee_par, texte
from pirogue_rive.reception import Reception, RelaisInconnu
from pirogue_socle.horloge import maintenant

bp = Blueprint("bateaux", __name__, url_prefix="/v1")

TYPE = "application/x-pirogue-lot"
_NOMBRE_MAX = 2**53
#: Largest answer that a boat reads, octets: `pirogue_sync.lien.REPONSE_MAX`.
REPONSE_MAX = 256 * 1024


@bp.get("/salut")
@garde.libre
def salut() -> Response:
    """Say that this is the shore, in few bytes: it is how a boat knows that it is at the quay."""
    return Response(f"pirogue-rive 1 {rive().cles.carte.id}\n", mimetype="text/plain")


@bp.get("/carte")
@garde.libre
def carte() -> Response:
    """Give the shore's card; it is believed only once two people have compared its fingerprint."""
    return Response(trousseau.ecrire_carte(rive().cles.carte), mimetype="application/json")


@bp.post("/demandes")
@garde.libre
def demander() -> Response:
    """Keep the card of a relay that asks to be welcomed."""
    octets = request.stream.read(demandes.TAILLE_MAX + 1)
    try:
        demande = demandes.noter(rive(), octets, voie="4g", instant=maintenant())
    except ClesIllisibles as erreur:
        return texte(400, str(erreur))
    except TropDeDemandes as erreur:
        return texte(429, str(erreur))
    phrases = {
        "attente": "Ta carte est arrivée. Comparez les lettres des deux écrans, puis la rive t'accueille.",
        "accueilli": "Cette rive te connaît déjà.",
        "refuse": "Cette rive a refusé ce relais.",
    }
    return texte({"attente": 202, "accueilli": 200}.get(demande.etat, 403), phrases[demande.etat])


@bp.post("/lots")
@garde.libre
def prendre() -> Response:
    """
    Take in the lots of the body, one after another; answer with a receipt per journal that they touch.

    Where the address names a relay, which signed it, the answer is all that this relay must hear (`descente`).
    """
    relais = request.args.get("relais")
    if relais is not None and not signee_par(relais):
        return texte(403, PAS_CONNU)
    try:
        pris = reception.recevoir(rive(), request.stream, voie="4g", heure=maintenant)
    except RelaisInconnu:
        return texte(403, PAS_CONNU)
    except LotInvalide as erreur:
        return texte(400, str(erreur))
    if not pris.touches:
        return texte(400, "Cet envoi ne contient aucun lot utilisable.")
    return _descendre(relais) if relais is not None else Response(b"".join(_recus(pris)), mimetype=TYPE)


@bp.get("/relais/<relais>/descente")
@garde.libre
def descente(relais: str) -> Response:
    """Give a relay its receipts and what comes down to it; it says how far it is, and signs the address."""
    return _descendre(relais) if signee_par(relais) else texte(403, PAS_CONNU)


def _descendre(relais: str) -> Response:
    try:
        inc = _incarnation()
        series = {genre: _nombre(genre) for genre in GENRES if genre in request.args}
        dernier, depuis = _nombre("dernier"), _nombre("depuis")
    except FormeInvalide as erreur:
        return texte(400, str(erreur))
    instant = maintenant()
    etats.noter_annonce(
        rive(),
        relais=relais,
        inc=inc,
        dernier=dernier,
        depuis_ms=depuis or None,
        series=series,
        instant=instant,
    )
    lots = courrier.pour_relais(rive(), relais, series=series, instant=instant, inc=inc)
    return Response(b"".join(_tenir(lots)), mimetype=TYPE)


def _tenir(lots: list[bytes]) -> list[bytes]:
    """Return the first lots that hold in one answer; the next ones follow when the boat has these."""
    tenus, total = [], 0
    for octets in lots:
        total += len(octets)
        if total > REPONSE_MAX:
            break
        tenus.append(octets)
    return tenus


def _recus(pris: Reception) -> list[bytes]:
    instant = maintenant()
    recus = {
        octets: None
        for relais, inc in pris.touches
        for octets in recepisses.pour(rive(), relais=relais, inc=inc or None, instant=instant)
    }
    return list(recus)


def _incarnation() -> str:
    inc = request.args.get("inc", "")
    if not arrivees.est_incarnation(inc):
        raise FormeInvalide("Cette demande n'a pas la forme attendue.")
    return inc


def _nombre(nom: str) -> int:
    dit = request.args.get(nom, "") or "0"
    if not (dit.isascii() and dit.isdigit() and len(dit) < 17 and int(dit) < _NOMBRE_MAX):
        raise FormeInvalide("Cette demande n'a pas la forme attendue.")
    return int(dit)
