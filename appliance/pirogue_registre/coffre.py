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
from typing import Any

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
        chiffre = enfermer(registre, personne_id, asdict(identite))
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
    requete = "SELECT chiffre FROM identite WHERE personne_id = ?"
    rangee = registre.db.execute(requete, (personne_id,)).fetchone()
    champs = rouvrir(registre, personne_id, rangee["chiffre"]) if rangee is not None else None
    return Identite(**champs | {"images": tuple(champs["images"])}) if champs is not None else EFFACEE


def enfermer(registre: Registre, personne_id: str, clair: dict[str, Any]) -> str:
    """
    Encrypt what names somebody under her key (made at first use); return it as base64, to be journalled.

    Raises:
        CoffreFerme: the safe's key cannot be read.
        Introuvable: this person was erased; her name is not written again.
    """
    with transaction(registre):
        if est_effacee(registre, personne_id):
            raise Introuvable("Cette fiche a été effacée.", geste="Inscris cette personne à nouveau.")
        cle = cle_de(registre, personne_id)
        if cle is None:
            cle = secrets.token_bytes(OCTETS_CLE)
            deposer_cle(registre, personne_id, cle)
    octets = _chiffrer(cle, json.dumps(clair, ensure_ascii=False).encode(), personne_id)
    return base64.b64encode(octets).decode("ascii")


def rouvrir(registre: Registre, personne_id: str, chiffre: bytes) -> dict[str, Any] | None:
    """Return what `enfermer` encrypted, None when the key was destroyed or never came here; raises CoffreFerme."""
    cle = cle_de(registre, personne_id)
    if cle is None:
        return None
    champs: dict[str, Any] = json.loads(_dechiffrer(cle, chiffre, personne_id))
    return champs


def est_effacee(registre: Registre, personne_id: str) -> bool:
    """Say whether a person was erased: her key is never made again."""
    return registre.db.execute("SELECT 1 FROM effacement WHERE personne_id = ?", (personne_id,)).fetchone() is not None


def cle_de(registre: Registre, personne_id: str) -> bytes | None:
    """Return a person's key, None when it was destroyed or never existed; raises CoffreFerme."""
    rangee = registre.db.execute("SELECT cle FROM coffre WHERE personne_id = ?", (personne_id,)).fetchone()
    return _dechiffrer(_cle_boite(registre.dossier), rangee["cle"], personne_id) if rangee else None


def deposer_cle(registre: Registre, personne_id: str, cle: bytes) -> bool:
    """
    Put a person's key in the safe and give it its number in the stream of names; False when she has one already.

    Raises:
        CoffreFerme: the safe's key cannot be read.
    """
    with transaction(registre):
        if registre.db.execute("SELECT 1 FROM coffre WHERE personne_id = ?", (personne_id,)).fetchone():
            return False
        enveloppe = _chiffrer(_cle_boite_ou_neuve(registre), cle, personne_id)
        registre.db.execute("INSERT INTO coffre VALUES (?, ?)", (personne_id, enveloppe))
        registre.db.execute(
            "INSERT INTO cle_personne (seq, personne_id) SELECT coalesce(max(seq), 0) + 1, ? FROM cle_personne"
            " WHERE true ON CONFLICT (personne_id) DO NOTHING",
            (personne_id,),
        )
    return True


def detruire_cle(registre: Registre, personne_id: str) -> int:
    """
    Destroy a person's key; return its number in the stream of names, 0 when she never had one.

    The number stays: a line not sealed yet will say that there is no key any more.
    """
    with transaction(registre):
        registre.db.execute("DELETE FROM coffre WHERE personne_id = ?", (personne_id,))
        rangee = registre.db.execute("SELECT seq FROM cle_personne WHERE personne_id = ?", (personne_id,)).fetchone()
    return int(rangee[0]) if rangee else 0


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
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - slow to import: the first page does without

    nonce = secrets.token_bytes(OCTETS_NONCE)
    return nonce + AESGCM(cle).encrypt(nonce, clair, personne_id.encode())


def _dechiffrer(cle: bytes, chiffre: bytes, personne_id: str) -> bytes:
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

    try:
        return AESGCM(cle).decrypt(chiffre[:OCTETS_NONCE], chiffre[OCTETS_NONCE:], personne_id.encode())
    except InvalidTag as cause:
        raise CoffreFerme("Les noms sont fermés : la clé du coffre n'est pas celle de ce registre.") from cause
