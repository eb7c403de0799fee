"""
Keys: who signs (Ed25519), who may open (age X25519), and the public card that two screens compare.

A relay or a shore keeps its `Cles` in one file, 0600. What it shows to others is its `Carte` (`relais.json`,
`rive.json`). A shore's card also names the offline recovery key, so that every lot has two recipients, and the key
that opens names, which need not be on the shore's machine. What one side believes of the others is in `annuaire`.
"""

import base64
import hashlib
import json
import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from pirogue_echange import age
from pirogue_echange.erreurs import ClesIllisibles
from pirogue_socle.ids import ALPHABET, nouvel_id

NOM = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
GENRES = ("relais", "rive")
TAILLE_MAX = 4096


@dataclass(frozen=True, slots=True)
class Carte:
    """
    The public half: what may be shown, copied and carried.

    Attributes:
        genre: `relais` or `rive`.
        id: name of the signer, also the relay's id.
        nom: what people call it.
        cle: Ed25519 public key, base64 of its 32 bytes.
        age: age recipient (`age1…`).
        secours: age recipient of the offline recovery key; only on a shore's card, empty otherwise.
        identites: age recipient of the key that opens names (stream `identites`); only on a shore's card.
    """

    genre: str
    id: str
    nom: str
    cle: str
    age: str
    secours: str = ""
    identites: str = ""

    @property
    def empreinte(self) -> str:
        """Return the fingerprint to compare on two screens: 12 characters in three groups (60 bits)."""
        matiere = "\n".join((self.genre, self.id, self.cle, self.age, self.secours, self.identites)).encode()
        nombre = int.from_bytes(hashlib.sha256(matiere).digest()[:8], "big") >> 4
        lettres = "".join(ALPHABET[nombre >> 5 * rang & 31] for rang in reversed(range(12)))
        return "-".join((lettres[:4], lettres[4:8], lettres[8:]))

    @property
    def id_cle(self) -> bytes:
        """Return the signed-note key id: first 4 bytes of SHA-256(name, line feed, 0x01, public key)."""
        return hashlib.sha256(self.id.encode() + b"\n\x01" + base64.b64decode(self.cle)).digest()[:4]

    def publique(self) -> Ed25519PublicKey:
        """Return the key that checks this signer's signatures."""
        return Ed25519PublicKey.from_public_bytes(base64.b64decode(self.cle))

    def destinataires(self, flux: str = "activite") -> tuple[str, ...]:
        """Return the age recipients of what is sealed to this card in a stream: names have their own key."""
        premier = self.identites if flux == "identites" else self.age
        return tuple(un for un in (premier, self.secours) if un)


@dataclass(frozen=True, slots=True, repr=False)
class Cles:
    """
    The private half; never printed, never sent.

    Attributes:
        carte: the public half.
        signature: Ed25519 private key, 32 bytes.
        identite: age identity (`AGE-SECRET-KEY-1…`).
        anciennes: identities before a rotation: they open what was sealed before, nothing is sealed to them.
    """

    carte: Carte
    signature: bytes
    identite: str
    anciennes: tuple[str, ...] = ()

    def signer(self, texte: bytes) -> bytes:
        """Return the Ed25519 signature of some bytes."""
        return Ed25519PrivateKey.from_private_bytes(self.signature).sign(texte)


def id_destinataire(age: str) -> str:
    """Return the short id of an age recipient that a header carries: 16 hexadecimal characters."""
    return hashlib.sha256(age.encode()).hexdigest()[:16]


def faire(
    genre: str,
    *,
    id: str,  # noqa: A002 - the field's name
    nom: str,
    secours: str = "",
    identites: str = "",
    anciennes: tuple[str, ...] = (),
) -> Cles:
    """
    Make new keys for a relay or a shore; nothing is written.

    Args:
        genre: `relais` or `rive`.
        id: lower-case letters, digits, `-` and `_`, at most 63.
        nom: what people call it.
        secours, identites: age recipients of the recovery key and of the key that opens names (shore only).
        anciennes: age identities that these keys replace and that must still open what was sealed to them.

    Raises:
        ClesIllisibles: the id or the kind does not have the right form.
    """
    prive = Ed25519PrivateKey.generate()
    identite, destinataire = age.faire_identite()
    cle = base64.b64encode(prive.public_key().public_bytes_raw()).decode()
    carte = Carte(genre=genre, id=id, nom=nom, cle=cle, age=destinataire, secours=secours, identites=identites)
    signature = prive.private_bytes_raw()
    return Cles(carte=verifier_carte(carte), signature=signature, identite=identite, anciennes=anciennes)


def faire_secours() -> tuple[str, str]:
    """Make an offline key, recovery or names: (age identity to move offline, age recipient for the shore's card)."""
    return age.faire_identite()


def enregistrer(cles: Cles, chemin: Path) -> None:
    """
    Write keys to a new file, 0600, durably.

    Raises:
        ClesIllisibles: the file exists already (keys are never overwritten) or cannot be written.
    """
    ecrire_prive(chemin, _serialiser(cles))


def remplacer(cles: Cles, chemin: Path) -> None:
    """
    Put new keys in the place of a file's, durably: after a power cut it holds the old ones or the new ones, whole.

    Raises:
        ClesIllisibles: the file cannot be written; it holds what it held.
    """
    neuf = chemin.with_name(f"{chemin.name}.{nouvel_id()}.suivant")
    ecrire_prive(neuf, _serialiser(cles))
    try:
        neuf.replace(chemin)
        dossier = os.open(chemin.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(dossier)
        finally:
            os.close(dossier)
    except OSError as cause:
        raise ClesIllisibles(f"Le fichier de clés {chemin.name} ne peut pas être écrit.") from cause


def _serialiser(cles: Cles) -> bytes:
    contenu = {
        "carte": asdict(cles.carte),
        "signature": base64.b64encode(cles.signature).decode(),
        "identite": cles.identite,
        "anciennes": cles.anciennes,
    }
    return json.dumps(contenu, ensure_ascii=False, indent=1).encode() + b"\n"


def ecrire_prive(chemin: Path, octets: bytes) -> None:
    """
    Write a secret to a new file, 0600, durably; a stop in the middle leaves no half of it under its name.

    Raises:
        ClesIllisibles: the file exists already or cannot be written.
    """
    provisoire = chemin.with_name(f"{chemin.name}.{nouvel_id()}.neuf")
    try:
        fd = os.open(provisoire, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600)
        try:
            with os.fdopen(fd, "wb") as fichier:
                fichier.write(octets)
                fichier.flush()
                os.fsync(fd)
            chemin.hardlink_to(provisoire)  # unlike a rename, never over an existing file
        finally:
            provisoire.unlink()
        dossier = os.open(chemin.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(dossier)
        finally:
            os.close(dossier)
    except FileExistsError as cause:
        raise ClesIllisibles(f"Il y a déjà des clés dans {chemin.name} : elles ne sont pas remplacées.") from cause
    except OSError as cause:
        raise ClesIllisibles(f"Le fichier de clés {chemin.name} ne peut pas être écrit.") from cause


def charger(chemin: Path) -> Cles:
    """
    Read keys from their file.

    Raises:
        ClesIllisibles: missing, damaged, or readable by everybody.
    """
    try:
        with chemin.open("rb") as fichier:
            if os.fstat(fichier.fileno()).st_mode & 0o007:
                raise ClesIllisibles(
                    f"Le fichier de clés {chemin.name} peut être lu par tout le monde : il n'est pas utilisé."
                )
            contenu = json.loads(fichier.read(TAILLE_MAX))
        carte = verifier_carte(Carte(**contenu["carte"]))
        signature = base64.b64decode(contenu["signature"], validate=True)
        destinataire = age.destinataire_de(contenu["identite"])
        anciennes = tuple(str(une) for une in contenu["anciennes"])
        publique = Ed25519PrivateKey.from_private_bytes(signature).public_key().public_bytes_raw()
    except OSError as cause:
        raise ClesIllisibles(f"Le fichier de clés {chemin.name} est introuvable ou illisible.") from cause
    except (ValueError, KeyError, TypeError) as cause:
        raise ClesIllisibles(f"Le fichier de clés {chemin.name} est abîmé.") from cause
    if publique != base64.b64decode(carte.cle) or destinataire != carte.age:
        raise ClesIllisibles(f"Le fichier de clés {chemin.name} est abîmé.")
    return Cles(carte=carte, signature=signature, identite=contenu["identite"], anciennes=anciennes)


def ecrire_carte(carte: Carte) -> bytes:
    """Return a card as the bytes of `relais.json` or `rive.json`."""
    return json.dumps({"pirogue": 1, **asdict(carte)}, ensure_ascii=False, indent=1).encode() + b"\n"


def lire_carte(octets: bytes) -> Carte:
    """
    Read a card that somebody brought.

    Raises:
        ClesIllisibles: not a card of this version.
    """
    try:
        if len(octets) > TAILLE_MAX:
            raise ClesIllisibles("Cette carte est trop grosse : ce n'en est pas une.")
        contenu = json.loads(octets)
        if contenu.pop("pirogue") != 1:
            raise ClesIllisibles("Cette carte vient d'une version plus récente : mets à jour d'abord.")
        return verifier_carte(Carte(**contenu))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as cause:
        raise ClesIllisibles("Ce fichier n'est pas une carte de relais ou de rive.") from cause


def verifier_carte(carte: Carte) -> Carte:
    """Return the card if every field has its form; raises ClesIllisibles otherwise."""
    try:
        if carte.genre not in GENRES or not NOM.fullmatch(carte.id) or not 0 < len(carte.nom) <= 120:
            raise ClesIllisibles("Cette carte n'a pas la forme attendue.")
        if not carte.nom.isprintable():
            raise ClesIllisibles("Cette carte n'a pas la forme attendue.")
        brut = base64.b64decode(carte.cle, validate=True)
        Ed25519PublicKey.from_public_bytes(brut)
        for destinataire in {*carte.destinataires(), *carte.destinataires("identites")}:
            age.exiger_destinataire(destinataire)
    except (ValueError, TypeError) as cause:
        raise ClesIllisibles("Cette carte n'a pas la forme attendue.") from cause
    return carte
