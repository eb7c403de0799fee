"""Talk to the running Kolibri: is it there, and does it know our people."""

import http.client
from collections.abc import Iterable
from dataclasses import asdict
from urllib.parse import urlsplit

from pirogue_contenus.kolibri_erreurs import KolibriAbsent, KolibriRefuse
from pirogue_contenus.kolibri_jeton import PersonneKolibri, signer
from pirogue_socle.horloge import maintenant


def en_vie(*, base: str, delai_s: float = 1.0) -> bool:
    """Tell whether Kolibri answers at its local address within `delai_s` seconds."""
    try:
        return _demander(base, "GET", "/status/", b"", delai_s) == 200
    except KolibriAbsent:
        return False


def pousser(*, base: str, cle: bytes, personnes: Iterable[PersonneKolibri], delai_s: float = 3.0) -> None:
    """
    Tell Kolibri about people; pushing the same people again changes nothing there.

    Args:
        base: address of Kolibri from this machine (`http://127.0.0.1:18080`).
        cle: the shared key.
        personnes: trainees and trainers.
        delai_s: how long to wait for an answer, seconds.

    Raises:
        KolibriAbsent: nobody answers, or too late; some may have been recorded, push again.
        KolibriRefuse: Kolibri does not accept our signature.
    """
    corps: dict[str, object] = {"personnes": [asdict(personne) for personne in personnes]}
    jeton = signer(cle, "annuaire", corps, instant=maintenant()).encode("ascii")
    statut = _demander(base, "POST", "/pirogue/api/annuaire", jeton, delai_s)
    if statut == 403:
        raise KolibriRefuse("Kolibri ne reconnaît pas la signature du portail.")
    if statut != 200:
        raise KolibriAbsent(f"Kolibri n'a pas pu noter les personnes (réponse {statut}).")


def oublier(*, base: str, cle: bytes, personnes: Iterable[str], delai_s: float = 3.0) -> None:
    """
    Make Kolibri delete people and all that it kept of them; asking twice changes nothing.

    Args:
        base: address of Kolibri from this machine.
        cle: the shared key.
        personnes: our ids.
        delai_s: how long to wait for an answer, seconds.

    Raises:
        KolibriAbsent: nobody answers, or too late; ask again.
        KolibriRefuse: Kolibri does not accept our signature.
    """
    jeton = signer(cle, "oubli", {"subs": list(personnes)}, instant=maintenant()).encode("ascii")
    statut = _demander(base, "POST", "/pirogue/api/oubli", jeton, delai_s)
    if statut == 403:
        raise KolibriRefuse("Kolibri ne reconnaît pas la signature du portail.")
    if statut != 200:
        raise KolibriAbsent(f"Kolibri n'a pas pu oublier les personnes (réponse {statut}).")


def _demander(base: str, methode: str, chemin: str, corps: bytes, delai_s: float) -> int:
    """
    Return the status of one request to Kolibri.

    Raises:
        KolibriAbsent: no answer in time.
    """
    adresse = urlsplit(base)
    lien = http.client.HTTPConnection(adresse.hostname or "127.0.0.1", adresse.port or 80, timeout=delai_s)
    try:
        lien.request(
            methode, adresse.path.rstrip("/") + chemin, body=corps or None, headers={"Content-Type": "text/plain"}
        )
        return lien.getresponse().status
    except (OSError, http.client.HTTPException) as erreur:
        raise KolibriAbsent("Les leçons ne répondent pas pour le moment.") from erreur
    finally:
        lien.close()
