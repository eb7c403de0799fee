"""
Whose signature is believed: relays' cards welcomed, changed, revoked; the shore's own keys, when they change.

Files `relais/<id>.json` are the truth (a database may be rebuilt from raw lots, trust may not); each is replaced
whole, durably. One writer at a time: a lock on the folder.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator, Mapping

from sqlalchemy import func, select

from pirogue_echange import canonique, lot, rotation
from pirogue_echange.annuaire import Droit, ecrire_droits, en_vigueur, lire_droits, retirer
from pirogue_echange.cles import Carte, verifier_carte
from pirogue_echange.enveloppe import Lecteur, SourceOctets, lire_prefixe
from pirogue_echange.erreurs import ClesIllisibles, LotInvalide
from pirogue_rive import actes, base, schema
from pirogue_rive.config import RelaisDejaConnu, Rive, RiveIllisible, ecrire_durable
from pirogue_socle.erreurs import Introuvable
from pirogue_socle.horloge import Instant


def droits(rive: Rive, relais: str) -> tuple[Droit, ...]:
    """Return the cards of a relay, the one in force first; raises Introuvable."""
    connus = rive.annuaire().get(relais)
    if not connus:
        raise Introuvable("Cette rive ne connaît pas ce relais.")
    return connus


def active(rive: Rive, relais: str) -> Carte | None:
    """Return the card in force of a relay; None when it has none, or is not known."""
    return en_vigueur(rive.annuaire().get(relais, ()))


def accueillir(rive: Rive, carte: Carte) -> None:
    """
    Believe a card: the relay is new, or its former keys were revoked.

    Raises:
        RelaisDejaConnu: this relay has other keys in force. RiveIllisible: the file cannot be written.
    """
    with _seul(rive):
        connus = rive.annuaire().get(carte.id, ())
        courante = en_vigueur(connus)
        if courante == carte:
            return
        if courante is not None:
            raise RelaisDejaConnu("Un relais de ce nom est déjà connu, avec d'autres clés en service.")
        _ecrire(rive, (Droit(carte), *(un for un in connus if un.carte != carte)))


def arrives(rive: Rive, relais: str) -> dict[str, int]:
    """Return the last number that arrived of each journal of a relay, by `incarnation/stream`."""
    t = schema.lot
    requete = select(t.c.inc, t.c.flux, func.max(t.c.dernier)).where(t.c.relais == relais).group_by(t.c.inc, t.c.flux)
    with base.lire(rive.moteur) as db:
        return {f"{inc}/{flux}": int(dernier) for inc, flux, dernier in db.execute(requete)}


def revoquer(
    rive: Rive, *, relais: str, par: str, instant: Instant, limites: Mapping[str, int] | None = None
) -> dict[str, int]:
    """
    Stop believing a relay's keys: what it seals beyond some numbers goes to quarantine.

    Args:
        rive: the open shore.
        relais: which.
        par: who decides.
        instant: now.
        limites: last number believed, per `incarnation/stream`; by default what has arrived.

    Returns:
        The limits in force.

    Raises:
        Introuvable: unknown relay, or no key in force. RiveIllisible: the file cannot be written.
    """
    fin = dict(arrives(rive, relais) if limites is None else limites)
    with _seul(rive):
        connus = droits(rive, relais)
        if en_vigueur(connus) is None:
            raise Introuvable("La clé de ce relais est déjà retirée.")
        _ecrire(rive, retirer(connus, etat="revoquee", limites=fin))
    with rive.moteur.begin() as db:
        actes.noter(db, quoi="revoque", par=par, sur=relais, instant=instant)
    return fin


def prendre_rotation(rive: Rive, octets: bytes, *, instant: Instant) -> str:
    """
    Take a relay's change of keys, signed by both keys; taken twice, the second changes nothing.

    Returns:
        The relay's id.

    Raises:
        LotInvalide: one of its kinds. RiveIllisible: the file cannot be written.
    """
    deja = _deja_prise(rive, octets)
    if deja:
        return deja
    with _seul(rive):
        annuaire = rive.annuaire()
        tour = rotation.ouvrir(octets, annuaire=annuaire)
        relais = tour.carte.id
        anciens = retirer(annuaire[relais], etat="remplacee", limites=tour.limites)
        _ecrire(rive, (Droit(tour.carte), *anciens))
    with rive.moteur.begin() as db:
        actes.noter(db, quoi="cles_changees", par=relais, sur=relais, instant=instant)
    return relais


def _deja_prise(rive: Rive, octets: bytes) -> str:
    """Return the relay whose change of keys this is, if it was taken already: its new card is in force."""
    annonce = _annoncee(octets)
    return annonce.id if annonce is not None and active(rive, annonce.id) == annonce else ""


def _annoncee(octets: bytes) -> Carte | None:
    """Return the new card that a change of keys announces, nothing being checked; None if it is not one."""
    lecteur = Lecteur(SourceOctets(octets))
    try:
        prefixe = lire_prefixe(lecteur)
        if prefixe is None or prefixe.entete.genre != "cles":
            return None
        objet = canonique.lire(lot.lire_charge(lecteur, prefixe)[:-1])
        return verifier_carte(Carte(**objet["carte"]))
    except (LotInvalide, ClesIllisibles, KeyError, TypeError):
        return None


@contextlib.contextmanager
def _seul(rive: Rive) -> Iterator[None]:
    """Hold the folder of cards alone, among all the processes of this machine."""
    fd = os.open(rive.dossier / "relais", os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


def _ecrire(rive: Rive, nouveaux: tuple[Droit, ...]) -> None:
    """Replace a relay's file, durably."""
    chemin = rive.dossier / "relais" / f"{nouveaux[0].carte.id}.json"
    octets = ecrire_droits(nouveaux)
    lire_droits(octets)  # what cannot be read again is not written
    try:
        ecrire_durable(chemin, octets)
    except OSError as cause:
        raise RiveIllisible(f"La carte du relais ne peut pas être écrite (erreur {cause.errno}).") from cause
