"""
The responder of the probes: one plain WSGI callable in front of ready answers.

Before a person pressed *Continuer* every name leads to the portal; after, each system hears exactly what it wants.
Nothing is written, nothing is kept per request; who speaks is never read from what the client says of itself.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pirogue_portail.captif.accueil import Lecture
from pirogue_portail.captif.appareil import Voisins, adresse
from pirogue_portail.captif.sondes import METHODES, RAISONS, Reponse, Table, redirection, separer
from pirogue_socle import horloge
from pirogue_socle.horloge import Instant

#: Where the API of RFC 8908 is, on the public name.
CHEMIN_API = "/captif"
#: Set by the front server alone, on the public name under TLS; it empties what a client sends under this name.
ENTETE_TLS = "HTTP_X_PIROGUE_TLS"

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


@dataclass(frozen=True, slots=True)
class ReglagesCaptif:
    """
    What the responder must be told.

    Attributes:
        portail_base: address of the portal as a browser sees it, with its final slash.
        accueil: file of the greeted devices, written by the portal.
        actions: socket of root's helper; None on a machine without one.
        nom_public: name that the box holds a certificate for; empty when it has none.
    """

    portail_base: str
    accueil: Path
    actions: Path | None
    nom_public: str = ""


def creer(reglages: ReglagesCaptif, table: Table, *, maintenant: Callable[[], Instant] = horloge.maintenant) -> Wsgi:
    """
    Make the responder.

    Args:
        reglages: where things are.
        table: the probes and their answers.
        maintenant: reads the clocks; a greeting ends on CLOCK_BOOTTIME.
    """
    bienvenue = redirection(reglages.portail_base + "bienvenue")
    lecture, voisins = Lecture(reglages.accueil), Voisins(reglages.actions)

    def reste_s(environ: dict[str, Any]) -> int:
        instant = maintenant()
        appareil = voisins.identifier(adresse(environ), instant=instant)
        return lecture.reste_s(appareil, instant=instant) if appareil else 0

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        hote, chemin = _demande(environ)
        reponse = table.trouver(hote, chemin)
        if reponse is not None and environ["REQUEST_METHOD"] in METHODES:
            if reste_s(environ) <= 0:
                reponse = bienvenue
        elif chemin == CHEMIN_API and reglages.nom_public and environ.get(ENTETE_TLS) == reglages.nom_public:
            reponse = _api(reglages.nom_public, reste_s(environ))
        else:
            reponse = bienvenue
        start_response(reponse.statut, reponse.entetes)
        return () if environ["REQUEST_METHOD"] == "HEAD" else reponse.corps

    return application


def _demande(environ: dict[str, Any]) -> tuple[str, str]:
    """Return the host and the path that are asked for; a whole address on the first line wins (RFC 9112 §3.2.2)."""
    cible = environ.get("RAW_URI", "/")
    if cible[:1] != "/":
        entier = separer(cible)
        if entier is not None:
            return entier
    return environ.get("HTTP_HOST", ""), environ.get("PATH_INFO", "/")


def _api(nom_public: str, reste_s: int) -> Reponse:
    """Make the answer of RFC 8908; the pages it names are under TLS, as it demands."""
    base = f"https://{nom_public}/"
    dit: dict[str, object] = {"captive": reste_s <= 0, "user-portal-url": f"{base}bienvenue", "venue-info-url": base}
    if reste_s > 0:
        dit["seconds-remaining"] = reste_s
    corps = json.dumps(dit).encode()
    entetes = [("Content-Type", "application/captive+json"), ("Cache-Control", "private")]
    return Reponse(RAISONS[200], [*entetes, ("Content-Length", str(len(corps)))], [corps])
