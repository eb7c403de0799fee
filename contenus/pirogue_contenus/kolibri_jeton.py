"""
What the portal signs for Kolibri: links that open once, and people pushes.

The other half is `pirogue_kolibri.jeton`, which may import none of our rooms; a test holds that the two agree.
"""

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from pirogue_socle.horloge import NS_PAR_MS, Instant

#: A link is followed at once; a minute covers a slow laptop.
DUREE_MS = 60_000


@dataclass(frozen=True, slots=True)
class PersonneKolibri:
    """
    A person as Kolibri is to know her.

    Attributes:
        sub: our id (personne_id or compte_id): ASCII letters, digits, `-`, `_`; the Kolibri id derives from it.
        nom: what Kolibri shows: first name and initial, never more than the portal's tiles.
        code: the code on her card; may be empty.
        role: `learner` or `coach`.
        classes: names of the classes she belongs to (for a trainer: classes that must exist).
    """

    sub: str
    nom: str
    code: str
    role: str
    classes: tuple[str, ...]


def lire_cle(maison: Path) -> bytes:
    """Return the key shared with the Kolibri whose home this is."""
    return (maison / "cle_entree").read_bytes().strip()


def lien_entree(*, base: str, cle: bytes, personne: PersonneKolibri, suite: str, instant: Instant) -> str:
    """
    Return the address that signs a person in to Kolibri, once, within a minute.

    Args:
        base: address of Kolibri as the laptop sees it, with its prefix if any (`http://pirogue.internal/cours`).
        cle: the shared key (`lire_cle`).
        personne: who enters; created or brought up to date in Kolibri on the way.
        suite: local path to open, from Kolibri's root (`/fr-fr/learn/#/…`); anything else opens the home.
        instant: now.
    """
    corps: dict[str, object] = {"personne": asdict(personne), "suite": suite, "jti": secrets.token_hex(12)}
    return f"{base.rstrip('/')}/pirogue/entrer?t={signer(cle, 'entree', corps, instant=instant)}"


def lien_sortie(base: str) -> str:
    """Return the address that signs the browser out of Kolibri and leads to the portal's welcome screen."""
    return f"{base.rstrip('/')}/pirogue/sortir"


def suite_ressource(noeud_id: str) -> str:
    """Return the local path of a resource of the learner's pages, to be used as `suite`."""
    return f"/fr-fr/learn/#/topics/c/{noeud_id}"


def signer(cle: bytes, usage: str, corps: dict[str, object], *, instant: Instant) -> str:
    """Return the token of some fields: text, boot and end of life added, HMAC-SHA256 under `usage`."""
    date = {"boot": instant.boot_id, "fin_ms": instant.bt_ns // NS_PAR_MS + DUREE_MS}
    texte = json.dumps(corps | date, ensure_ascii=False, separators=(",", ":")).encode()
    morceau = _b64(texte)
    signature = hmac.new(cle, f"{usage}.{morceau}".encode(), hashlib.sha256).digest()
    return f"{morceau}.{_b64(signature)}"


def _b64(octets: bytes) -> str:
    """Return base 64 for addresses, without padding."""
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode("ascii")
