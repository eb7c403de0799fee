"""The receipt: what a shore says it holds of one relay's journal, signed. Plain, so that anyone may check it."""

from dataclasses import dataclass

from pirogue_echange import canonique, entete, lot
from pirogue_echange.annuaire import Annuaire
from pirogue_echange.cles import Cles
from pirogue_echange.entete import Entete
from pirogue_echange.erreurs import ContenuAbime, FormeInvalide
from pirogue_echange.lot import Lot

ILOTS_MAX = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Recu:
    """
    A cumulative receipt.

    Attributes:
        rive: id of the shore that signed it.
        relais, inc, flux: whose journal.
        jusqua: every event up to this number is safely ashore.
        h: chain value at that number, hexadecimal; the boat compares it with its own.
        ilots: (first, last) of what arrived beyond a gap.
        serie: monotone number per relay.
        heure_ms: the shore's clock when it signed, milliseconds since 1970 UTC.
    """

    rive: str
    relais: str
    inc: str
    flux: str
    jusqua: int
    h: str
    ilots: tuple[tuple[int, int], ...]
    serie: int
    heure_ms: int


_CHAMPS = ("relais", "inc", "flux", "jusqua", "h", "serie", "heure_ms")


def sceller(recu: Recu, *, cles: Cles) -> Lot:
    """Return a receipt as a signed lot; `cles` are the shore's and its id is the receipt's `rive`."""
    corps = {champ: getattr(recu, champ) for champ in _CHAMPS} | {"ilots": recu.ilots[:ILOTS_MAX], "rive": recu.rive}
    charge = canonique.ecrire(corps) + b"\n"
    modele = Entete(
        genre="recepisse",
        relais=recu.relais,
        inc=recu.inc,
        flux=recu.flux,
        schema=entete.SCHEMA,
        octets=0,
        sha256="",
        clair=len(charge),
        dest=(),
        cree=recu.heure_ms // 1000,
        serie=recu.serie,
    )
    return lot.assembler(modele, charge=charge, signataires=[cles])


def ouvrir(octets: bytes, *, annuaire: Annuaire) -> Recu:
    """
    Check and read a receipt.

    Args:
        octets: one whole lot.
        annuaire: cards of the shores that we believe.

    Raises:
        LotInvalide: one of its kinds; `SignataireInconnu` for another shore's receipt.
    """
    authentique, charge = lot.authentifier(octets, annuaire=annuaire)
    return _lire(authentique.entete, charge, authentique.signataire)


def _lire(tete: Entete, charge: bytes, signataire: str) -> Recu:
    if tete.genre != "recepisse":
        raise FormeInvalide("Ce lot n'est pas un reçu.")
    if not charge.endswith(b"\n") or len(charge) != tete.clair:
        raise ContenuAbime("Le contenu de ce reçu n'est pas celui annoncé.")
    objet = canonique.lire(charge[:-1])
    try:
        ilots = tuple((int(premier), int(dernier)) for premier, dernier in objet["ilots"])
        recu = Recu(**{champ: objet[champ] for champ in _CHAMPS}, ilots=ilots, rive=objet["rive"])
        bytes.fromhex(recu.h)
    except (KeyError, TypeError, ValueError) as cause:
        raise FormeInvalide("Ce reçu n'a pas la forme attendue.") from cause
    entiers = (recu.jusqua, recu.serie, recu.heure_ms)
    coherent = (recu.relais, recu.inc, recu.flux, recu.serie) == (tete.relais, tete.inc, tete.flux, tete.serie)
    if not coherent or recu.rive != signataire or any(type(un) is not int or un < 0 for un in entiers):
        raise FormeInvalide("Ce reçu n'a pas la forme attendue.")
    return recu
