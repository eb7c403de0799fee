"""
The `.lot`: one sealed, signed, self-delimiting piece of a journal. Written form in docs/format-lot.md.

Checks are made in this order, and each only after the one before: header of at most 4 KiB, known signer, signature,
announced sizes, payload length and hash, decryption, bounded inflation, count of lines, hash chain. Before the
signature is checked, nothing but one JSON line has been parsed.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from backports import zstd

from pirogue_echange import age, canonique, entete
from pirogue_echange.annuaire import Annuaire
from pirogue_echange.cles import Carte, Cles, id_destinataire
from pirogue_echange.entete import CLAIR_MAX, ENTETE_MAX, EVENEMENTS_MAX, MAGIE, SCELLE_MAX, Entete
from pirogue_echange.enveloppe import (
    LIGNE_SIGNATURE_MAX,
    SEPARATEUR,
    SIGNATURES_MAX,
    Lecteur,
    Prefixe,
    SourceOctets,
    ligne_signature,
    lire_prefixe,
    verifier,
)
from pirogue_echange.erreurs import CleManquante, ContenuAbime, FormeInvalide, LotTropGros

#: Largest whole lot, bytes: what a reader of files or of a network may ever have to hold.
LOT_MAX = len(MAGIE) + ENTETE_MAX + SIGNATURES_MAX * LIGNE_SIGNATURE_MAX + len(SEPARATEUR) + SCELLE_MAX
#: 8 MiB: the largest window that a reader must allow (RFC 8878 recommends the same).
FENETRE_LOG2 = 23
#: zstd levels: what a day weighs is worth thirty milliseconds; a backlog's full lots are not (measured: 15 gains 8 %).
NIVEAU, NIVEAU_PETIT, PETIT = 9, 15, 256 * 1024


@dataclass(frozen=True, slots=True)
class Lot:
    """
    A whole lot.

    Attributes:
        id: 32 hexadecimal characters; its file is `<id>.lot`.
        entete: its header.
        signataire: id of who signed it.
        octets: all its bytes, as they travel and are stored.
    """

    id: str
    entete: Entete
    signataire: str
    octets: bytes


def assembler(modele: Entete, *, charge: bytes, signataires: Sequence[Cles]) -> Lot:
    """Return a lot whose header is `modele` with the payload's length and hash, signed by each of `signataires`."""
    rempli = replace(modele, octets=len(charge), sha256=hashlib.sha256(charge).hexdigest())
    texte = entete.ecrire(rempli)
    lignes = b"".join(ligne_signature(cles, texte) for cles in signataires)
    lot_id = hashlib.sha256(texte).hexdigest()[:32]
    octets = texte + lignes + SEPARATEUR + charge
    return Lot(id=lot_id, entete=rempli, signataire=signataires[0].carte.id, octets=octets)


def sceller(  # noqa: PLR0913 - one argument per fact of the header
    lignes: Sequence[bytes],
    *,
    premier: int,
    avant: bytes,
    inc: str,
    cles: Cles,
    rive: Carte,
    cree: int,
    flux: str = "activite",
) -> Lot:
    """
    Seal lines of a journal for the shore and its offline recovery key; nothing is written.

    Args:
        lignes: canonical lines, in order, without gap, at most `EVENEMENTS_MAX`.
        premier: number of the first line.
        avant: chain value before it (`canonique.ORIGINE` for the first of all).
        inc: incarnation of the register.
        cles: the relay's keys.
        rive: the shore's card; it must name a recovery key.
        cree: wall clock, seconds; information only.
        flux: stream.

    Raises:
        LotTropGros: more lines or bytes than one lot may hold; give fewer.
        CleManquante: the shore's card names no recovery key.
    """
    clair = b"\n".join(lignes) + b"\n"
    if not 0 < len(lignes) <= EVENEMENTS_MAX or len(clair) > CLAIR_MAX:
        raise LotTropGros("Il y a trop d'événements pour un seul lot.")
    destinataires = rive.destinataires(flux)
    if len(destinataires) < 2:
        raise CleManquante("La carte de la rive n'a pas toutes ses clés : rien n'est scellé.")
    charge = emballer(clair, destinataires)
    if len(charge) > SCELLE_MAX:
        raise LotTropGros("Ces événements ne tiennent pas dans un seul lot.")
    modele = Entete(
        genre="journal",
        relais=cles.carte.id,
        inc=inc,
        flux=flux,
        schema=entete.SCHEMA,
        octets=0,
        sha256="",
        clair=len(clair),
        dest=tuple(id_destinataire(un) for un in destinataires),
        cree=cree,
        premier=premier,
        dernier=premier + len(lignes) - 1,
        avant=avant.hex(),
        apres=canonique.enchainer(avant, lignes).hex(),
    )
    return assembler(modele, charge=charge, signataires=[cles])


def lire_charge(lecteur: Lecteur, prefixe: Prefixe) -> bytes:
    """
    Read the payload that a verified header announces, and check its hash.

    Raises:
        ContenuAbime: cut short, or not the payload that was signed.
    """
    charge = lecteur.prendre(prefixe.entete.octets)
    if len(charge) != prefixe.entete.octets:
        raise ContenuAbime("Ce lot est coupé avant sa fin.")
    if hashlib.sha256(charge).hexdigest() != prefixe.entete.sha256:
        raise ContenuAbime("Le contenu de ce lot n'est pas celui qui a été signé.")
    return charge


def ouvrir_charge(tete: Entete, charge: bytes, *, cles: Cles) -> list[bytes]:
    """
    Decrypt and inflate a verified journal payload; return its lines, counted and chained.

    Raises:
        CleManquante: sealed to somebody else.
        ContenuAbime: the payload does not hold what the header says.
    """
    lignes = deballer(tete, charge, identites=(cles.identite, *cles.anciennes)).split(b"\n")
    if lignes.pop() != b"" or len(lignes) != tete.dernier - tete.premier + 1:
        raise ContenuAbime("Ce lot ne contient pas le nombre d'événements annoncé.")
    if canonique.enchainer(bytes.fromhex(tete.avant), lignes).hex() != tete.apres:
        raise ContenuAbime("La chaîne des événements de ce lot est rompue.")
    return lignes


def emballer(clair: bytes, destinataires: Sequence[str]) -> bytes:
    """Return an age file, for these recipients, of one zstd frame of some bytes."""
    cadre = zstd.compress(
        clair,
        options={
            zstd.CompressionParameter.compression_level: NIVEAU_PETIT if len(clair) <= PETIT else NIVEAU,
            zstd.CompressionParameter.checksum_flag: 1,
        },
    )
    return age.chiffrer(cadre, destinataires)


def deballer(tete: Entete, charge: bytes, *, identites: Sequence[str]) -> bytes:
    """
    Decrypt and inflate a verified payload with the first identity that it is sealed to.

    Raises:
        CleManquante: sealed to none of these identities.
        ContenuAbime: damaged, or not of the announced size.
    """
    return gonfler(dechiffrer(tete, charge, identites=identites), tete.clair)


def dechiffrer(tete: Entete, charge: bytes, *, identites: Sequence[str]) -> bytes:
    """Decrypt a verified payload: the zstd frame, not inflated; same errors as `deballer`."""
    for identite in identites:
        if id_destinataire(age.destinataire_de(identite)) in tete.dest:
            try:
                return age.dechiffrer(charge, identite)
            except age.AgeInvalide as cause:
                raise ContenuAbime("Le contenu de ce lot ne peut pas être déchiffré.") from cause
    raise CleManquante("Ce lot n'est pas destiné à cette rive.")


def id_de(octets: bytes) -> str:
    """
    Return the id of a lot from its first two lines, nothing else being checked.

    Raises:
        FormeInvalide: it has no such lines.
    """
    prefixe = lire_prefixe(Lecteur(SourceOctets(octets)))
    if prefixe is None:
        raise FormeInvalide("Ce fichier est vide.")
    return prefixe.id


def ouvrir(octets: bytes, *, annuaire: Annuaire, cles: Cles) -> tuple[Lot, list[bytes]]:
    """
    Open one whole journal lot: every check, in order.

    Raises:
        LotInvalide: one of its kinds; nothing of the lot may be used.
    """
    lot, charge = authentifier(octets, annuaire=annuaire)
    if lot.entete.genre != "journal":
        raise FormeInvalide("Ce lot ne contient pas de journal.")
    return lot, ouvrir_charge(lot.entete, charge, cles=cles)


def authentifier(octets: bytes, *, annuaire: Annuaire) -> tuple[Lot, bytes]:
    """
    Check form, signature, sizes and hash of one whole lot; return it with its payload, still sealed.

    Raises:
        LotInvalide: one of its kinds.
    """
    lecteur = Lecteur(SourceOctets(octets))
    prefixe = lire_prefixe(lecteur)
    if prefixe is None:
        raise FormeInvalide("Ce fichier est vide.")
    carte = verifier(prefixe, annuaire=annuaire)
    charge = lire_charge(lecteur, prefixe)
    if lecteur.prendre(1):
        raise FormeInvalide("Il y a quelque chose après la fin de ce lot.")
    return Lot(id=prefixe.id, entete=prefixe.entete, signataire=carte.id, octets=octets), charge


def gonfler(cadre: bytes, clair: int) -> bytes:
    """
    Inflate exactly one zstd frame that must give exactly `clair` bytes; never holds more than that.

    Raises:
        ContenuAbime: it is not such a frame.
    """
    gonfleur = zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: FENETRE_LOG2})
    try:
        contenu = gonfleur.decompress(cadre, max_length=clair + 1)
    except zstd.ZstdError as cause:
        raise ContenuAbime("Le contenu de ce lot ne peut pas être décompressé.") from cause
    if not gonfleur.eof or gonfleur.unused_data or len(contenu) != clair:
        raise ContenuAbime("Le contenu décompressé de ce lot n'a pas la taille annoncée.")
    return contenu
