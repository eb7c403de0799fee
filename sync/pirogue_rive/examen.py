"""One lot looked at from every side, before anything of it is stored: what it holds, or why it is refused."""

from collections.abc import Sequence
from dataclasses import dataclass

from pirogue_echange import age, canonique
from pirogue_echange import lot as lots
from pirogue_echange.annuaire import Annuaire
from pirogue_echange.cles import Cles, id_destinataire
from pirogue_echange.entete import Entete
from pirogue_echange.enveloppe import Lecteur, SourceOctets, lire_prefixe, verifier
from pirogue_echange.erreurs import CleManquante, ContenuAbime, FormeInvalide, LotInvalide
from pirogue_echange.lot import Lot
from pirogue_rive import evenements
from pirogue_rive.evenements import Evenement

#: The stream whose events are projected into views, and the one whose lots are sealed to who may read names.
ACTIVITE, IDENTITES = "activite", "identites"


@dataclass(frozen=True, slots=True)
class Examen:
    """
    A lot that may be taken in.

    Attributes:
        lot: its header and bytes.
        cadre: the compressed lines; None in the stream of identities, which this machine cannot open.
        evenements: the lines, read; empty in the stream of identities.
        evide: True for an archived lot of identities whose payload was destroyed.
    """

    lot: Lot
    cadre: bytes | None
    evenements: Sequence[Evenement]
    evide: bool = False

    @property
    def journal(self) -> tuple[str, str, str]:
        """Return the relay, the life of its register, the stream."""
        tete = self.lot.entete
        return tete.relais, tete.inc, tete.flux


def examiner(octets: bytes, *, annuaire: Annuaire, cles: Cles, archive: bool = False) -> Examen:
    """
    Check one whole lot: form, signature, sizes, hash, then what is inside.

    Args:
        octets: the lot.
        annuaire: the relays that we know.
        cles: the shore's keys.
        archive: it comes from our own archive, where the payload of a lot of identities may have been destroyed.

    Raises:
        LotInvalide: one of its kinds; nothing of the lot may be used.
    """
    if archive and (gutte := _evide(octets, annuaire)) is not None:
        return gutte
    lot, charge = lots.authentifier(octets, annuaire=annuaire)
    tete = lot.entete
    if tete.genre != "journal":
        raise FormeInvalide("Ce lot ne contient pas de journal.")
    if tete.premier == 1 and bytes.fromhex(tete.avant) != canonique.ORIGINE:
        raise ContenuAbime("Le premier lot de ce journal ne commence pas au début.")
    if tete.flux == IDENTITES:
        if tete.premier != tete.dernier:
            raise ContenuAbime("Un lot d'identités ne parle que d'une personne.")
        return Examen(lot, cadre=None, evenements=())
    cadre = lots.dechiffrer(tete, charge, identites=(cles.identite, *cles.anciennes))
    return Examen(lot, cadre=cadre, evenements=lire_cadre(cadre, tete))


def lire_cadre(cadre: bytes, tete: Entete) -> list[Evenement]:
    """
    Inflate a frame whose header was verified, count and chain its lines, and read them.

    Raises:
        ContenuAbime: it does not hold what the header says.
    """
    lignes = lots.gonfler(cadre, tete.clair).split(b"\n")
    if lignes.pop() != b"" or len(lignes) != tete.dernier - tete.premier + 1:
        raise ContenuAbime("Ce lot ne contient pas le nombre d'événements annoncé.")
    if canonique.enchainer(bytes.fromhex(tete.avant), lignes).hex() != tete.apres:
        raise ContenuAbime("La chaîne des événements de ce lot est rompue.")
    return [evenements.lire(ligne, seq=seq) for seq, ligne in enumerate(lignes, tete.premier)]


def lignes_de(cadre: bytes, clair: int) -> list[bytes]:
    """Return the lines of a frame that was checked when it came in."""
    return lots.gonfler(cadre, clair).split(b"\n")[:-1]


def signataire(octets: bytes, *, annuaire: Annuaire) -> str:
    """Return who signed the header of a damaged lot; empty if nobody that we know did."""
    try:
        prefixe = lire_prefixe(Lecteur(SourceOctets(octets)))
        return verifier(prefixe, annuaire=annuaire).id if prefixe else ""
    except LotInvalide:
        return ""


def exiger_pour_nous(octets: bytes, *, cles: Cles) -> None:
    """
    Check that a lot whose form is good is not sealed to others only; nothing else is checked.

    Raises:
        CleManquante: another shore must have it.
    """
    try:
        prefixe = lire_prefixe(Lecteur(SourceOctets(octets)))
    except LotInvalide:
        return
    if prefixe is None or not prefixe.entete.dest or prefixe.entete.genre != "journal":
        return
    if not set(prefixe.entete.dest) & _nos_destinataires(cles):
        raise CleManquante("Un lot est destiné à une autre rive : il est laissé tel quel.")


def _nos_destinataires(cles: Cles) -> set[str]:
    carte = cles.carte
    publics = (carte.age, carte.secours, carte.identites)
    return {id_destinataire(un) for un in publics if un} | {
        id_destinataire(age.destinataire_de(une)) for une in cles.anciennes
    }


def _evide(octets: bytes, annuaire: Annuaire) -> Examen | None:
    """Return a lot of identities whose payload was destroyed here, or was being destroyed; None for any other."""
    lecteur = Lecteur(SourceOctets(octets))
    prefixe = lire_prefixe(lecteur)
    if prefixe is None or (prefixe.entete.genre, prefixe.entete.flux) != ("journal", IDENTITES):
        return None
    if lecteur.prendre(len(octets)).strip(b"\0"):
        return None
    carte = verifier(prefixe, annuaire=annuaire)
    lot = Lot(id=prefixe.id, entete=prefixe.entete, signataire=carte.id, octets=octets)
    return Examen(lot, cadre=None, evenements=(), evide=True)
