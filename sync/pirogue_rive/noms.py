"""
Names, for who holds the key of names, for the length of one request: nothing of the key is stored, logged or kept.

The shore has two halves that say nothing by themselves: ciphertexts in the journals, and one archived lot per person
whose key only the key of names opens.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select

from pirogue_echange import age, identite
from pirogue_echange import lot as lots
from pirogue_echange.entete import Entete
from pirogue_echange.enveloppe import Lecteur, SourceOctets, lire_prefixe
from pirogue_echange.erreurs import LotInvalide
from pirogue_echange.identite import ClePersonne
from pirogue_rive import actes, archive, base, lignes, schema
from pirogue_rive.config import Rive
from pirogue_rive.examen import IDENTITES
from pirogue_socle.erreurs import ErreurPirogue
from pirogue_socle.horloge import Instant

#: Largest file that may hold the key of names.
FICHIER_MAX = 4096
_DEBUT = "AGE-SECRET-KEY-1"


class CleDesNomsFausse(ErreurPirogue):
    """The file given is not the key that opens the names of this shore."""

    geste = "Prends le fichier « identites.txt », mis à l'abri le jour de l'installation de la rive."
    code = 85


@dataclass(frozen=True, slots=True, repr=False)
class NomOuvert:
    """
    A person's name, opened.

    Attributes:
        personne_id, code_jeune: who; the code is on her card, empty for an adult of the boat.
        prenom, nom: as they were said aboard; both empty when her key was destroyed or never came.
        adulte: True for an account of the boat.
    """

    personne_id: str
    code_jeune: str
    prenom: str
    nom: str
    adulte: bool


def exiger_cle(rive: Rive, octets: bytes) -> str:
    """
    Return the age identity that a file holds, if it is the one that this shore's card names for names.

    Raises:
        CleDesNomsFausse: no key in it, or another one.
    """
    texte = octets[:FICHIER_MAX].decode("ascii", "replace")
    cle = next((ligne.strip() for ligne in texte.splitlines() if ligne.strip().startswith(_DEBUT)), "")
    try:
        bonne = bool(cle) and age.destinataire_de(cle) == rive.cles.carte.identites
    except age.AgeInvalide:
        bonne = False
    if not bonne:
        raise CleDesNomsFausse("Ce fichier n'est pas la clé des noms de cette rive.")
    return cle


def cles_personnes(rive: Rive, *, relais: str, identites: bytes) -> dict[str, bytes]:
    """
    Return the key of each person of a relay whose lot is whole.

    Raises:
        CleDesNomsFausse: not the key of names.
    """
    cle = exiger_cle(rive, identites)
    return {
        personne.personne: personne.cle
        for _, personne in _lots_ouverts(rive, relais=relais, cle=cle)
        if personne.cle is not None
    }


def lots_de(rive: Rive, *, relais: str, personne_id: str, identites: bytes) -> list[tuple[str, int]]:
    """
    Return where a person's key lies: (incarnation, number) of each of her lots.

    Raises:
        CleDesNomsFausse: not the key of names.
    """
    cle = exiger_cle(rive, identites)
    ouverts = _lots_ouverts(rive, relais=relais, cle=cle)
    return [(tete.inc, tete.premier) for tete, personne in ouverts if personne.personne == personne_id]


def ouvrir(rive: Rive, *, relais: str, identites: bytes, par: str, instant: Instant) -> list[NomOuvert]:
    """
    Return the names of a relay's people, by name; that they were opened is kept, they are not.

    Raises:
        CleDesNomsFausse: not the key of names.
    """
    cles = cles_personnes(rive, relais=relais, identites=identites)
    chiffres = _chiffres(rive, relais)
    t = schema.jeune
    with rive.moteur.begin() as db:
        requete = select(t.c.personne_id, t.c.code_jeune).where(t.c.relais == relais)
        codes = {un.personne_id: un.code_jeune or "" for un in db.execute(requete)}
        actes.noter(db, quoi="noms_ouverts", par=par, sur=relais, instant=instant, combien=len(chiffres))
    noms = []
    for personne_id, chiffre in chiffres.items():
        champs = _dechiffrer(chiffre, cles.get(personne_id), personne_id)
        prenom, nom = (str(champs.get(quoi, "")) for quoi in ("prenom", "nom"))
        noms.append(NomOuvert(personne_id, codes.get(personne_id, ""), prenom, nom, adulte=personne_id not in codes))
    return sorted(noms, key=lambda un: (un.adulte, not un.nom, un.nom.casefold(), un.prenom.casefold(), un.personne_id))


def _chiffres(rive: Rive, relais: str) -> dict[str, str]:
    """Return the last ciphertext of each person of a relay, trainees and adults."""
    chiffres: dict[str, str] = {}
    for objet in lignes.evenements(rive, relais=relais, types=("identite_ecrite", "compte_cree")):
        personne = objet.get("personne") or objet["valeurs"].get("compte_id")
        chiffre = objet["valeurs"].get("chiffre")
        if isinstance(personne, str) and isinstance(chiffre, str):
            chiffres[personne] = chiffre
    return chiffres


def _dechiffrer(chiffre: str, cle: bytes | None, personne_id: str) -> dict[str, object]:
    if cle is None:
        return {}
    try:
        return identite.ouvrir(chiffre, cle=cle, personne=personne_id)
    except LotInvalide:
        return {}


def _lots_ouverts(rive: Rive, *, relais: str, cle: str) -> Iterator[tuple[Entete, ClePersonne]]:
    """Open each archived lot of identities of a relay; one that was gutted, or that this key does not open, is left."""
    t = schema.lot
    requete = select(t.c.id).where(t.c.relais == relais, t.c.flux == IDENTITES).order_by(t.c.inc, t.c.premier)
    with base.lire(rive.moteur) as db:
        identifiants = list(db.scalars(requete))
    for lot_id in identifiants:
        try:
            lecteur = Lecteur(SourceOctets(archive.lire(rive.bruts, relais=relais, lot_id=lot_id)))
            prefixe = lire_prefixe(lecteur)
            if prefixe is None:
                continue
            clair = lots.deballer(prefixe.entete, lots.lire_charge(lecteur, prefixe), identites=(cle,))
            for ligne in clair.splitlines():
                yield prefixe.entete, identite.lire_cle(ligne)
        except (LotInvalide, FileNotFoundError):
            continue
