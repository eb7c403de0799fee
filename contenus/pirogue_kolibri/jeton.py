"""
Verification of what the portal signs: entry links and people pushes. Standard library only.

A token is `base64url(JSON) . base64url(HMAC-SHA256(key, use + "." + first part))`. It is compared as text, so
that no second spelling of a token is accepted. It dies by CLOCK_BOOTTIME of the boot it names: the wall clock of
a Raspberry Pi lies, and portal and Kolibri share one machine.
"""

import base64
import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: A token may not live longer than this, milliseconds, whatever it says.
VIE_MAX_MS = 120_000

ENTREE = "entree"
ANNUAIRE = "annuaire"
OUBLI = "oubli"


class JetonRefuse(ValueError):
    """The token is forged, of another use, of another boot, expired or malformed."""


@dataclass(frozen=True)
class Heure:
    """
    Where we are in time.

    Attributes:
        boot_id: id of this boot of the machine.
        bt_ms: milliseconds since that boot (CLOCK_BOOTTIME).
    """

    boot_id: str
    bt_ms: int


@dataclass(frozen=True)
class Personne:
    """
    A person as the portal describes her.

    Attributes:
        sub: our identifier of the person; the Kolibri id derives from it.
        nom: what Kolibri shows.
        code: the code on her card, shown to the coach.
        role: `learner` or `coach`.
        classes: names of the classes she belongs to.
    """

    sub: str
    nom: str
    code: str
    role: str
    classes: tuple[str, ...]


@dataclass(frozen=True)
class Entree:
    """
    A verified entry link.

    Attributes:
        personne: who enters.
        suite: local path to open, beginning with one slash.
        jti: number of the link, used once.
        boot_id, fin_ms: the boot it belongs to, and when it dies in that boot.
    """

    personne: Personne
    suite: str
    jti: str
    boot_id: str
    fin_ms: int


def heure() -> Heure:
    """Read the boot id and CLOCK_BOOTTIME."""
    brut = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")
    return Heure(
        boot_id=brut.strip().replace("-", ""),
        bt_ms=time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000,
    )


def verifier_entree(cle: bytes, texte: str, *, maintenant: Heure) -> Entree:
    """
    Verify an entry token; does not look at whether it was already used.

    Raises:
        JetonRefuse: anything at all is wrong with it.
    """
    corps = _ouvrir(cle, ENTREE, texte, maintenant=maintenant)
    personne = lire_personne(corps.get("personne"))
    suite, jti = corps.get("suite"), corps.get("jti")
    if not isinstance(suite, str) or not isinstance(jti, str) or not est_simple(jti):
        raise JetonRefuse("champs")
    return Entree(
        personne=personne,
        suite=suite if est_local(suite) else "/",
        jti=jti,
        boot_id=corps["boot"],
        fin_ms=corps["fin_ms"],
    )


def verifier_annuaire(cle: bytes, texte: str, *, maintenant: Heure) -> tuple[Personne, ...]:
    """
    Verify a people push and return the people.

    Raises:
        JetonRefuse: anything at all is wrong with it.
    """
    corps = _ouvrir(cle, ANNUAIRE, texte, maintenant=maintenant)
    liste = corps.get("personnes")
    if not isinstance(liste, list):
        raise JetonRefuse("champs")
    return tuple(lire_personne(element) for element in liste)


def verifier_oubli(cle: bytes, texte: str, *, maintenant: Heure) -> tuple[str, ...]:
    """
    Verify an order to forget people and return our ids of them.

    Raises:
        JetonRefuse: anything at all is wrong with it.
    """
    subs = _ouvrir(cle, OUBLI, texte, maintenant=maintenant).get("subs")
    if not isinstance(subs, list) or not all(isinstance(sub, str) and est_simple(sub) for sub in subs):
        raise JetonRefuse("champs")
    return tuple(subs)


def _ouvrir(cle: bytes, usage: str, texte: str, *, maintenant: Heure) -> dict[str, Any]:
    """Check signature, boot and expiry; return the signed fields."""
    if len(cle) < 32:
        raise JetonRefuse("clé trop courte")
    morceau, _, signature = texte.partition(".")
    attendue = base64.urlsafe_b64encode(
        hmac.new(cle, f"{usage}.{morceau}".encode("utf-8", "surrogatepass"), hashlib.sha256).digest()
    ).rstrip(b"=")
    if not hmac.compare_digest(attendue, signature.encode("utf-8", "surrogatepass")):
        raise JetonRefuse("signature")
    corps = json.loads(base64.urlsafe_b64decode(morceau + "=" * (-len(morceau) % 4)))
    if not isinstance(corps, dict) or not isinstance(corps.get("fin_ms"), int):
        raise JetonRefuse("champs")
    if corps.get("boot") != maintenant.boot_id:
        raise JetonRefuse("autre démarrage")
    if not 0 <= corps["fin_ms"] - maintenant.bt_ms <= VIE_MAX_MS:
        raise JetonRefuse("expiré")
    return corps


def lire_personne(brut: object) -> Personne:
    """
    Return the person described by signed fields.

    Raises:
        JetonRefuse: a field is missing, of the wrong type or of the wrong form.
    """
    if not isinstance(brut, dict):
        raise JetonRefuse("personne")
    sub, nom, code, role, classes = (brut.get(n) for n in ("sub", "nom", "code", "role", "classes"))
    if not (isinstance(sub, str) and est_simple(sub) and role in {"learner", "coach"}):
        raise JetonRefuse("personne")
    if not (isinstance(nom, str) and 0 < len(nom) <= 120 and isinstance(code, str) and len(code) <= 64):
        raise JetonRefuse("personne")
    if not (isinstance(classes, list) and all(isinstance(c, str) and 0 < len(c) <= 100 for c in classes)):
        raise JetonRefuse("personne")
    return Personne(sub=sub, nom=nom, code=code, role=role, classes=tuple(classes))


def est_simple(mot: str) -> bool:
    """Tell whether a word is 1 to 64 ASCII letters, digits, `_` or `-`: safe as a file name and in a table."""
    return 0 < len(mot) <= 64 and mot.isascii() and mot.replace("-", "").replace("_", "").isalnum()


def est_local(suite: str) -> bool:
    """Tell whether a path stays on this site: one leading slash, no backslash, no control character."""
    return (
        suite.startswith("/")
        and not suite.startswith("//")
        and "\\" not in suite
        and suite.isprintable()
        and " " not in suite
    )
