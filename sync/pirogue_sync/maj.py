"""
The update that the shore offers, fetched at the quay in pieces, over as many calls and days as it takes.

After the day's data, never before, and never with the last bytes of the plan: `RESERVE_OCTETS` stay for the data of
this evening. Nothing here judges an update: what came whole is handed over to root, whose RAUC believes a signature and
nothing else. So what the shore says (version, size, digest) only decides what is worth fetching.
"""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from pirogue_echange import demande
from pirogue_echange import offre as offres
from pirogue_echange.erreurs import FormeInvalide
from pirogue_echange.offre import Offre, numeroter
from pirogue_registre import ancres
from pirogue_registre.base import Registre
from pirogue_socle.horloge import Instant
from pirogue_sync import budget, partie
from pirogue_sync.budget import Forfait, ForfaitEpuise
from pirogue_sync.conversation import MARGE, exiger_statut
from pirogue_sync.lien import Adresse, Lien, PasDeRecu, RiveInjoignable
from pirogue_sync.quatre_g import Reseau
from pirogue_sync.trousseau import Trousseau

#: What an update leaves of the day's plan, for the day's data.
RESERVE_OCTETS = 1_000_000
#: Asked for at once; the smallest piece that is worth a request.
MORCEAU_OCTETS, MORCEAU_MIN_OCTETS = 1 << 20, 16 * 1024
#: What a byte costs at most on the wire, headers of small segments and their receipts included: 5/4.
_COUT = (5, 4)
DEMAIN = "Elle reprendra demain là où elle en est ; ou apporte-la sur une clé. Les données sont toujours à bord."
VERSION = Path("/etc/pirogue/version")


class Etat(StrEnum):
    """What became of a call: nothing to fetch, more to fetch, handed over to root."""

    RIEN = "rien"
    EN_COURS = "en cours"
    REMISE = "remise"


@dataclass(frozen=True, slots=True)
class Boite:
    """
    Where a box keeps its updates.

    Attributes:
        dossier: where the courier hands one over; root takes any `*.raucb` from there.
        depot: root's own folder: what waits to be installed, what became of the last one.
        version: the file that says which system runs; without it the box fetches nothing.
    """

    dossier: Path
    depot: Path
    version: Path = VERSION


def prendre(  # noqa: PLR0913 - who, for which box, where, with which keys, when, how long
    registre: Registre,
    *,
    boite: Boite,
    url: str,
    trousseau: Trousseau,
    instant: Instant,
    continuer: Callable[[], bool] = lambda: True,
    progres: Callable[[str], None] = lambda _: None,
    reseau: Reseau | None = None,
) -> Etat:
    """
    Ask the shore which update it offers, and fetch it if this box wants it, within the day's plan.

    Args:
        registre: the open register, for the plan.
        boite: where this box keeps its updates.
        url: the shore's address.
        trousseau: our keys and cards.
        instant: now.
        continuer: asked between two pieces; the rest comes with the next call.
        progres: called with a French sentence at each percent.
        reseau: how the network is used.

    Raises:
        RiveInjoignable, RiveRefuse, PasDeRecu, ForfaitEpuise: what came is kept, and gone on with.
        PlaceManquante, PaquetImpossible: the card. PaquetAbime: it came damaged; nothing of it is left.
        ConfigurationInvalide: the address, or the file of the authority, is not one.
        DisquePlein, RegistreOccupe, RegistreIllisible: our disk.
    """
    if not attend(boite):
        return Etat.RIEN
    reseau = reseau or Reseau()
    connue = ancres.est_confirmee(registre, instant=instant)
    heure_ms = ancres.estimer_maintenant(registre, instant=instant) if connue else None
    with (
        budget.ouvrir(registre, instant=instant, garde=RESERVE_OCTETS) as forfait,
        Lien(Adresse(url=url, ca=reseau.ca, heure_ms=heure_ms), limites=reseau.limites, compteur=forfait) as lien,
    ):
        appel = _Appel(boite=boite, trousseau=trousseau, lien=lien, forfait=forfait, progres=progres)
        offre = _demander(appel)
        if offre is None or not voulue(boite, offre):
            partie.oublier(boite.dossier)
            return Etat.RIEN
        if not _tirer(appel, offre, continuer=continuer, reseau=reseau):
            return Etat.EN_COURS
    partie.remettre(boite.dossier, offre)
    progres(f"La mise à jour {offre.version} est arrivée : la boîte la vérifie, puis l'installe hors des séances.")
    return Etat.REMISE


def attend(boite: Boite) -> bool:
    """Say whether this box may want an update now: it knows its version, none waits, is judged, or is on trial."""
    return (
        numeroter(version_presente(boite.version)) != ()
        and not any(boite.dossier.glob("*.raucb"))
        and not (boite.depot / "arrivee.raucb").exists()
        and _dernier(boite).get("issue") != "essai"
    )


def voulue(boite: Boite, offre: Offre) -> bool:
    """Say whether an offer is newer than this system, was not tried in vain, and was not refused by root already."""
    refusees = _dernier(boite).get("refusees")
    return (
        numeroter(offre.version) > numeroter(version_presente(boite.version))
        and not (isinstance(refusees, list) and offre.version in refusees)
        and partie.remises(boite.dossier, offre) < partie.REMISES_MAX
    )


def version_presente(fichier: Path) -> str:
    """Return this system's version; empty when its file says none."""
    try:
        lignes = fichier.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return ""
    return dict(ligne.partition("=")[::2] for ligne in lignes).get("version", "")


@dataclass(slots=True, kw_only=True)
class _Appel:
    """A call for an update. `dit`: the sentence that was said last."""

    boite: Boite
    trousseau: Trousseau
    lien: Lien
    forfait: Forfait
    progres: Callable[[str], None]
    dit: str = field(default="")

    @property
    def libre(self) -> int:
        """Return what may still be spent, bytes, the reserve and a new connection set apart."""
        return self.forfait.libre - self.lien.octets - MARGE

    def signer(self, chemin: str) -> tuple[str, dict[str, str]]:
        """Return an address that says who asks, and its signature."""
        cles = self.trousseau.cles
        adresse = f"{chemin}?{urlencode({'relais': cles.carte.id})}"
        return adresse, {demande.ENTETE: demande.signer(cles, adresse)}

    def dire(self, offre: Offre, deja: int) -> None:
        """Say how far the update is, when that changes."""
        phrase = f"Je prends la mise à jour {offre.version} : {deja * 100 // offre.octets} %."
        if phrase != self.dit:
            self.dit = phrase
            self.progres(phrase)


def _demander(appel: _Appel) -> Offre | None:
    """Return what the shore offers, None for nothing; a shore that knows nothing of updates offers none."""
    if appel.libre <= 0:
        raise ForfaitEpuise("Le forfait du jour ne laisse rien pour une mise à jour.", geste=DEMAIN)
    adresse, entetes = appel.signer("/v1/maj")
    reponse = appel.lien.demander(
        "GET", adresse, accepter="application/json", entetes=entetes, maximum=offres.TAILLE_MAX
    )
    if reponse.statut in {204, 404}:
        return None
    exiger_statut(reponse, genre="application/json")
    try:
        return offres.lire(reponse.corps)
    except FormeInvalide as cause:
        raise PasDeRecu("Ce que la rive dit de sa mise à jour ne se comprend pas.") from cause


def _tirer(appel: _Appel, offre: Offre, *, continuer: Callable[[], bool], reseau: Reseau) -> bool:
    """Fetch piece after piece; a cut is gone on with, unless too many in a row bring nothing. Say whether all came."""
    vains = 0
    deja = partie.preparer(appel.boite.dossier, offre)
    while deja < offre.octets:
        appel.dire(offre, deja)
        octets = _mesurer(appel, offre, deja)
        try:
            _morceau(appel, offre, debut=deja, octets=octets)
        except RiveInjoignable:
            pris = partie.preparer(appel.boite.dossier, offre)
            vains = 0 if pris > deja else vains + 1
            deja = pris
            if vains >= reseau.essais:
                raise
            reseau.attendre(reseau.pause_s * 2**vains * random.uniform(0.5, 1.0))  # noqa: S311 - not a secret
            continue
        deja += octets
        vains = 0
        if deja < offre.octets and not continuer():
            return False
    return True


def _mesurer(appel: _Appel, offre: Offre, deja: int) -> int:
    """Return how many bytes to ask for now; raises ForfaitEpuise when the plan has no room for a piece."""
    reste = offre.octets - deja
    permis = appel.libre * _COUT[1] // _COUT[0]
    if permis < min(reste, MORCEAU_MIN_OCTETS):
        fait = deja * 100 // offre.octets
        phrase = f"Le forfait du jour est utilisé : la mise à jour {offre.version} en est à {fait} %."
        raise ForfaitEpuise(phrase, geste=DEMAIN)
    return min(reste, permis, MORCEAU_OCTETS)


def _morceau(appel: _Appel, offre: Offre, *, debut: int, octets: int) -> None:
    """Fetch one piece to the end of the part; raises as `prendre`."""
    adresse, entetes = appel.signer(f"/v1/maj/{offre.sha256}")
    with partie.prolonger(appel.boite.dossier, offre) as ajouter:
        statut = appel.lien.tirer(adresse, debut=debut, octets=octets, entetes=entetes, vers=ajouter)
    if statut not in {206, 404}:
        raise RiveInjoignable("La rive a un problème, ou trop à faire.")
    if statut == 404:
        raise PasDeRecu(f"La rive n'offre plus la mise à jour {offre.version}.", geste="La boîte demandera encore.")


def _dernier(boite: Boite) -> dict[str, Any]:
    """Return what root remembers of the last update; nothing when that cannot be read."""
    try:
        lu = json.loads((boite.depot / "dernier.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return lu if isinstance(lu, dict) else {}
