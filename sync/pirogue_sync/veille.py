"""
Watching for the quay: call the shore when there is a link and a reason, spend next to nothing otherwise.

A reason is something useful that no receipt covers, a new quay, or a long time without asking what comes down. The link
is looked at for free (the kernel's routes); only a link that stays some seconds costs a call, which begins with a
question of few bytes. Failures space the calls out, 1 to 30 minutes, with a random part, so that a fleet at one quay
does not call together; a link that only flickers is no new quay.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from pirogue_registre import envois, flux
from pirogue_registre.base import Registre
from pirogue_socle.erreurs import ErreurPirogue
from pirogue_sync import rotation
from pirogue_sync.bilan import BilanEchange

#: The kernel's routes: a line for all destinations is a link to the rest of the world.
ROUTES = Path("/proc/net")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rythme:
    """
    How often things are looked at, seconds.

    Attributes:
        pas_s: between two looks at the link, when nothing says that it changed.
        pose_s: how long a link must be there before it is used.
        quai_s: how long it must be there, the shore having answered, before the boat is said to be at the quay; and how
            long it must have been away before the next one is another quay.
        repos_s: between two calls that have nothing to send.
        recul_min_s, recul_max_s: wait after a first failure, and at most; it doubles in between.
    """

    pas_s: float = 60.0
    pose_s: float = 3.0
    quai_s: float = 60.0
    repos_s: float = 6 * 3600.0
    recul_min_s: float = 60.0
    recul_max_s: float = 1800.0


@dataclass(frozen=True, slots=True)
class Tour:
    """
    What one turn did.

    Attributes:
        attente_s: how long to wait before the next one.
        bilan: the account of the exchange, None when there was none.
        phrase: what stopped it, in French; empty otherwise.
        lien: there is a way out.
        a_quai: and the shore has answered over it, for `Rythme.quai_s` or more.
    """

    attente_s: float
    bilan: BilanEchange | None = None
    phrase: str = ""
    lien: bool = False
    a_quai: bool = False


class Veille:
    """
    The watch over one register.

    Args:
        registre: the open register.
        appeler: makes one exchange (`quatre_g.echanger` with `Reseau(saluer=True)`).
        rythme: how often.
        temps_s: a clock that never goes back, seconds.
        lien_present: says for free whether there is a link.
    """

    def __init__(
        self,
        registre: Registre,
        appeler: Callable[[], BilanEchange],
        *,
        temps_s: Callable[[], float],
        rythme: Rythme | None = None,
        lien_present: Callable[[], bool] | None = None,
    ) -> None:
        self._registre = registre
        self._appeler = appeler
        self._temps_s = temps_s
        self._rythme = rythme or Rythme()
        self._lien_present = lien_present or route_par_defaut
        self._vu_s: float | None = None  # since when the link is there
        self._parti_s = float("-inf")  # when it was last seen to be away
        self._repondu = False
        self._echecs = 0
        self._appel_apres_s = float("-inf")
        self._repos_apres_s = float("-inf")
        self._dernier_s = float("-inf")

    def tour(self) -> Tour:
        """Look once; call if there is a link that stays and a reason. Expected errors become a sentence."""
        rythme, maintenant_s = self._rythme, self._temps_s()
        if not self._lien_present():
            self._partir(maintenant_s)
            return Tour(rythme.pas_s)
        if self._vu_s is None:
            self._vu_s = maintenant_s
            self._arriver(maintenant_s)
        depuis_s = maintenant_s - self._vu_s
        if depuis_s < rythme.pose_s:
            return Tour(rythme.pose_s - depuis_s, lien=True)
        raison = maintenant_s >= self._repos_apres_s or quelque_chose_attend(self._registre)
        if not raison or maintenant_s < self._appel_apres_s:
            return self._dire(rythme.pas_s)
        try:
            bilan = self._appeler()
        except ErreurPirogue as erreur:
            recul_s = min(rythme.recul_max_s, rythme.recul_min_s * 2**self._echecs)
            recul_s *= random.uniform(0.75, 1.0)  # noqa: S311 - not a secret
            self._echecs += 1
            self._repondu = False
            self._appel_apres_s = self._temps_s() + recul_s
            return Tour(min(rythme.pas_s, recul_s), phrase=f"{erreur} {erreur.geste}", lien=True)
        self._echecs = 0
        self._repondu = True
        self._dernier_s = self._temps_s()
        self._repos_apres_s = self._dernier_s + rythme.repos_s
        # What could not leave today (the plan, a lot that the shore set aside) does not leave any sooner in a minute.
        self._appel_apres_s = self._dernier_s + (rythme.recul_max_s if bilan.restants else 0.0)
        return self._dire(rythme.pas_s, bilan)

    def _partir(self, maintenant_s: float) -> None:
        """The link is away: after a while, the next one is another quay, and another chance."""
        if self._vu_s is not None:
            self._vu_s, self._parti_s, self._repondu = None, maintenant_s, False

    def _arriver(self, maintenant_s: float) -> None:
        """A link is there; if it is another quay, past failures are forgotten, and it is a reason to call by itself."""
        if maintenant_s - self._parti_s >= self._rythme.quai_s:
            self._echecs = 0
            self._appel_apres_s = float("-inf")
            self._repos_apres_s = min(self._repos_apres_s, self._dernier_s + self._rythme.recul_max_s)

    def _dire(self, attente_s: float, bilan: BilanEchange | None = None) -> Tour:
        """Return a turn over a link that is there, the quay said when it is time."""
        depuis_s = self._temps_s() - (self._vu_s or 0.0)
        if self._repondu and depuis_s < self._rythme.quai_s:
            attente_s = min(attente_s, self._rythme.quai_s - depuis_s)
        return Tour(attente_s, bilan, lien=True, a_quai=self._repondu and depuis_s >= self._rythme.quai_s)


def veiller(
    tour: Callable[[], Tour],
    *,
    dire: Callable[[Tour], object],
    arret: Event,
    attendre: Callable[[float], object] | None = None,
) -> None:
    """
    Call `tour` again and again until `arret` is set; each turn says how long to wait, `dire` tells what it did.

    Args:
        tour: one turn. dire: is told each.
        arret: ends the loop.
        attendre: how to wait, seconds; may come back sooner, when the link changed. Until `arret`, when not given.
    """
    attendre = attendre or arret.wait
    while not arret.is_set():
        fait = tour()
        dire(fait)
        attendre(fait.attente_s)


def quelque_chose_attend(registre: Registre) -> bool:
    """Say whether something useful is aboard that no receipt covers; a mere anchor is not worth a call."""
    return rotation.en_cours(registre) or any(
        flux.dernier_utile(registre, un) > envois.couvert_jusqua(registre, un) for un in flux.FLUX
    )


def route_par_defaut(dossier: Path = ROUTES) -> bool:
    """Say whether the kernel knows a way to the rest of the world, by IPv4 or IPv6."""
    for nom, colonne, nul in (("route", 1, "0" * 8), ("ipv6_route", 0, "0" * 32)):
        chemin = dossier / nom
        lignes = chemin.read_text(encoding="ascii").splitlines() if chemin.exists() else []
        for champs in map(str.split, lignes):
            # IPv6 lists an « unreachable » default on the loopback when there is none.
            if len(champs) > colonne and champs[colonne] == nul and champs[-1] != "lo":
                return True
    return False
