"""
The safe: identities, encrypted one key per person.

The journal carries the ciphertext only. The person's key lies in the table `coffre`, itself wrapped with the box's
key (file `coffre.cle`, apart from the database), so a copy of the database alone shows no name; destroying one row
of `coffre` makes every copy of that person's identity unreadable, in the journal, in old lots and in backups.
"""

import base64
import contextlib
import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pirogue_registre import journal
from pirogue_registre.base import Registre, transaction
from pirogue_socle.erreurs import ErreurPirogue, Introuvable
from pirogue_socle.horloge import Instant

NOM_CLE = "coffre.cle"
OCTETS_NONCE = 12
OCTETS_CLE = 32


class CoffreFerme(ErreurPirogue):
    """The safe's key is missing or is not this register's: names cannot be read or written."""

    geste = "Préviens le coordinateur : la clé du coffre de cette boîte manque."
    code = 32


@dataclass(frozen=True, slots=True)
class Identite:
    """What names a person and what she signs in with; `images` are three codes, in order."""

    prenom: str
    nom: str
    annee_naissance: int | None
    annee_estimee: bool
    images: tuple[str, str, str]


#: What is shown for a person whose key was destroyed.
EFFACEE = Identite(prenom="(effacé)", nom="", annee_naissance=None, annee_estimee=False, images=("", "", ""))


def ecrire(registre: Registre, *, personne_id: str, identite: Identite, instant: Instant, auteur: str) -> None:
    """
    Encrypt an identity under the person's key (made at first use) and journal the ciphertext.

    Raises:
        CoffreFerme: the safe's key cannot be read.
        Introuvable: this person was erased; her name is not written again.
    """
    with transaction(registre):
        cle = _cle_personne(registre, personne_id)
        if cle is None:
            if registre.db.execute("SELECT 1 FROM identite WHERE personne_id = ?", (personne_id,)).fetchone():
                raise Introuvable("Cette fiche a été effacée.", geste="Inscris cette personne à nouveau.")
            cle = secrets.token_bytes(OCTETS_CLE)
            enveloppe = _chiffrer(_cle_boite_ou_neuve(registre), cle, personne_id)
            registre.db.execute("INSERT INTO coffre VALUES (?, ?)", (personne_id, enveloppe))
        clair = json.dumps(asdict(identite), ensure_ascii=False).encode()
        chiffre = base64.b64encode(_chiffrer(cle, clair, personne_id)).decode("ascii")
        journal.ecrire(
            registre,
            type="identite_ecrite",
            valeurs={"chiffre": chiffre},
            instant=instant,
            auteur=auteur,
            personne_id=personne_id,
        )


def lire(registre: Registre, personne_id: str) -> Identite:
    """Return an identity, `EFFACEE` when its key was destroyed; raises CoffreFerme."""
    cle = _cle_personne(registre, personne_id)
    requete = "SELECT chiffre FROM identite WHERE personne_id = ?"
    rangee = registre.db.execute(requete, (personne_id,)).fetchone()
    if cle is None or rangee is None:
        return EFFACEE
    champs = json.loads(_dechiffrer(cle, rangee["chiffre"], personne_id))
    return Identite(**champs | {"images": tuple(champs["images"])})


def _cle_personne(registre: Registre, personne_id: str) -> bytes | None:
    rangee = registre.db.execute("SELECT cle FROM coffre WHERE personne_id = ?", (personne_id,)).fetchone()
    return _dechiffrer(_cle_boite(registre.dossier), rangee["cle"], personne_id) if rangee else None


def _cle_boite_ou_neuve(registre: Registre) -> bytes:
    """Return the box's key; make it for the very first name, never beside names that another key holds."""
    chemin = registre.dossier / NOM_CLE
    temoin = registre.db.execute("SELECT cle, personne_id FROM coffre LIMIT 1").fetchone()
    try:
        if temoin is None and not chemin.exists():
            _poser_cle(chemin)
    except OSError as cause:
        raise CoffreFerme("Les noms sont fermés : la clé du coffre ne peut pas être écrite.") from cause
    cle = _cle_boite(registre.dossier)
    if temoin is not None:
        _dechiffrer(cle, temoin["cle"], temoin["personne_id"])
    return cle


def _cle_boite(dossier: Path) -> bytes:
    """Read the box's key."""
    try:
        cle = (dossier / NOM_CLE).read_bytes()
    except OSError as cause:
        raise CoffreFerme("Les noms sont fermés : la clé du coffre n'est pas lisible.") from cause
    if len(cle) != OCTETS_CLE:
        raise CoffreFerme("Les noms sont fermés : la clé du coffre est abîmée.")
    return cle


def _poser_cle(chemin: Path) -> None:
    """Write a new key (0660: the register's group), whole and on disk before it has its name; the first one wins."""
    provisoire = chemin.with_name(f"coffre.{secrets.token_hex(4)}.neuf")
    descripteur = os.open(provisoire, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o660)
    try:
        os.fchmod(descripteur, 0o660)
        os.write(descripteur, secrets.token_bytes(OCTETS_CLE))
        os.fsync(descripteur)
        with contextlib.suppress(FileExistsError):
            os.link(provisoire, chemin)
    finally:
        os.close(descripteur)
        provisoire.unlink()
    dossier = os.open(chemin.parent, os.O_RDONLY)
    try:
        os.fsync(dossier)
    finally:
        os.close(dossier)


def _chiffrer(cle: bytes, clair: bytes, personne_id: str) -> bytes:
    """AES-256-GCM (NIST SP 800-38D), random 96-bit nonce in front, bound to the person's id."""
    nonce = secrets.token_bytes(OCTETS_NONCE)
    return nonce + AESGCM(cle).encrypt(nonce, clair, personne_id.encode())


def _dechiffrer(cle: bytes, chiffre: bytes, personne_id: str) -> bytes:
    try:
        return AESGCM(cle).decrypt(chiffre[:OCTETS_NONCE], chiffre[OCTETS_NONCE:], personne_id.encode())
    except InvalidTag as cause:
        raise CoffreFerme("Les noms sont fermés : la clé du coffre n'est pas celle de ce registre.") from cause
