"""
The stick's story: seen, mounted, exchanged, let go, told at each step. One at a time; a second one waits for its turn.

Nothing here waits: `tour` is called again and again, and does what the moment asks. Root's helper does the acts, the
courier does the exchange and tells it in its own file; a stick that was pulled is let go, and nothing was lost.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from pirogue_actions.client import ActeRefuse
from pirogue_bord.aide import Aide, Suivi
from pirogue_bord.erreurs import AideMuette
from pirogue_socle import histoires
from pirogue_socle.histoires import ABSENTE, Histoire
from pirogue_socle.horloge import Instant

SECONDE_NS = 1_000_000_000
#: A disk comes before its partitions: it is looked at when nothing new has come for so long.
CALME_NS = SECONDE_NS
#: How often root's helper is asked where it is.
PAS_NS = SECONDE_NS // 2
#: Mounting, letting go: beyond, the stick is said to be bad.
PATIENCE_NS = 90 * SECONDE_NS
#: How long a failure stays told once the stick is gone.
MEMOIRE_NS = 600 * SECONDE_NS
GENRES = ("vfat", "exfat", "ext4")
REMETTRE = "Rien n'est perdu : remets la clé et attends « Retirez la clé »."
AUTRE = "Prends une clé préparée pour la pirogue (FAT32 ou exFAT), ou demande au coordinateur. Tu peux la retirer."


@dataclass(frozen=True, slots=True)
class Support:
    """
    A disk on USB, or one of its partitions, as udev tells it.

    Attributes:
        nom: the kernel's name: `sda`, `sda1`.
        disque: name of the disk: `sda`.
        genre: its file system; empty when udev knows none.
        octets: its size; 0 for a reader without a card.
    """

    nom: str
    disque: str
    genre: str
    octets: int


class Cles:
    """
    The sticks of the box.

    Args:
        aide: root's helper.
        recit: the file where the courier tells its exchange.
        dire: called with each new step.
    """

    def __init__(self, aide: Aide, *, recit: Path, dire: Callable[[Histoire, Instant], None]) -> None:
        self.aide, self.recit, self._dire = aide, recit, dire
        self.histoire = ABSENTE
        self.presents: dict[str, Support] = {}
        self._phase: Callable[[Instant], None] = self._attendre
        self._cle: Support | None = None
        self._fin = ABSENTE
        self._phase_ns = self._mouvement_ns = self._demande_ns = self._debut_ns = 0

    @property
    def occupee(self) -> bool:
        """Say whether a stick is being read or written: the box must not stop now."""
        return self.histoire.au_travail

    def arriver(self, support: Support, instant: Instant) -> None:
        """Take note of a disk or of a partition, new or changed."""
        if support.octets:
            self.presents[support.nom] = support
        else:
            self.presents.pop(support.nom, None)
        self._mouvement_ns = instant.bt_ns

    def partir(self, nom: str, instant: Instant) -> None:
        """Take note that a disk or a partition is gone; the one in hand was perhaps pulled too early."""
        self.presents.pop(nom, None)
        self._mouvement_ns = instant.bt_ns
        if self._cle is None or nom not in (self._cle.nom, self._cle.disque):
            return
        self._cle = None
        if self._phase == self._finir:
            self._conter(ABSENTE if self.histoire.etape == "retirez" else self.histoire, instant)
        else:
            self._conter(Histoire("retiree_trop_tot", "La clé a été retirée trop tôt.", REMETTRE), instant)
        self._passer(self._liberer, instant)

    def reprendre(self, nom: str, instant: Instant) -> None:
        """Go on with a stick that was mounted before this process started; one that is gone is let go."""
        support = self.presents.get(nom)
        self._cle, self._debut_ns = support, 0
        if support is None:
            self._passer(self._liberer, instant)
            return
        self._conter(Histoire("lecture", "Je lis la clé."), instant)
        self._passer(self._echanger, instant)

    def tour(self, instant: Instant) -> None:
        """Do what the moment asks; what root's helper refuses or does not answer is told, or asked again."""
        self._phase(instant)

    def _attendre(self, instant: Instant) -> None:
        """Nothing in hand: take the first disk that has been there for a moment."""
        if self.histoire.echoue and instant.bt_ns - self._phase_ns > MEMOIRE_NS:
            self._conter(ABSENTE, instant)
        if not self.presents or instant.bt_ns - self._mouvement_ns < CALME_NS:
            return
        disque = min(un.disque for un in self.presents.values())
        siens = sorted((un for un in self.presents.values() if un.disque == disque), key=lambda un: un.nom)
        self._cle = next((un for genre in GENRES for un in siens if un.genre == genre), siens[0])
        self._conter(Histoire("inseree", "Je vois une clé."), instant)
        if self._cle.genre not in GENRES:
            self._echouer("inconnue", "La boîte ne sait pas lire cette clé.", AUTRE, instant)
            return
        self._monter(self._cle, instant)

    def _monter(self, cle: Support, instant: Instant) -> None:
        try:
            self.aide.monter(cle.nom)
        except ActeRefuse as refus:
            self._echouer("inconnue", str(refus), AUTRE, instant)
        except AideMuette as erreur:
            self._echouer("echec", str(erreur), erreur.geste, instant)
        else:
            self._passer(self._voir_montee, instant)

    def _voir_montee(self, instant: Instant) -> None:
        """It is being mounted; then its exchange begins."""
        suivi = self._suivre(instant)
        if suivi is None or self._cle is None:
            return
        if suivi.montee:
            self._debut_ns = instant.bt_ns
            nom = self._cle.nom
            if _oser(lambda: self.aide.echanger(nom)):
                self._conter(Histoire("lecture", "Je lis la clé."), instant)
                self._passer(self._echanger, instant)
        elif not suivi.travail or instant.bt_ns - self._phase_ns > PATIENCE_NS:
            phrase = "La boîte n'arrive pas à lire cette clé."
            geste = "Cette clé est peut-être abîmée : retire-la et essaie avec une autre. Rien n'est perdu."
            self._rendre(Histoire("illisible", phrase, geste), instant)

    def _echanger(self, instant: Instant) -> None:
        """Its exchange runs: tell what the courier tells."""
        conte = histoires.lire(self.recit, instant=instant, depuis_ns=self._debut_ns)
        if conte.au_travail and conte != self.histoire:
            self._conter(conte, instant)
        suivi = self._suivre(instant)
        if suivi is None or suivi.echange:
            return
        fin = histoires.lire(self.recit, instant=instant, depuis_ns=self._debut_ns)
        if fin.au_travail or fin == ABSENTE:
            phrase = "L'échange s'est arrêté sans dire pourquoi."
            fin = Histoire("echec", phrase, "Retire la clé et remets-la. Les données sont toujours à bord.")
        self._rendre(fin, instant)

    def _rendre(self, fin: Histoire, instant: Instant) -> None:
        """Have it let go; only then is the end told."""
        self._fin = fin
        if self.histoire.au_travail:
            self._conter(replace(self.histoire, etape="verification", phrase="Je range la clé."), instant)
        self._passer(self._voir_rendue, instant)

    def _voir_rendue(self, instant: Instant) -> None:
        suivi = self._suivre(instant)
        if suivi is None:
            return
        if not suivi.montee and not suivi.travail:
            self._conter(self._fin, instant)
            self._passer(self._finir, instant)
        elif instant.bt_ns - self._phase_ns > PATIENCE_NS:
            phrase = "La clé ne se laisse pas ranger."
            self._echouer("echec", phrase, "Éteins la boîte, puis retire la clé. Les données sont à bord.", instant)
        elif not suivi.travail:
            _oser(self.aide.demonter)

    def _liberer(self, instant: Instant) -> None:
        """It is gone: what is still mounted is let go, its exchange stopped, before another one is taken."""
        suivi = self._suivre(instant)
        if suivi is None:
            return
        if not suivi.montee and not suivi.echange:
            self._passer(self._attendre, instant)
        elif not suivi.travail:
            _oser(self.aide.demonter)

    def _finir(self, instant: Instant) -> None:
        """It is done with: wait until it is pulled."""

    def _echouer(self, etape: str, phrase: str, geste: str, instant: Instant) -> None:
        self._conter(Histoire(etape, phrase, geste), instant)
        self._passer(self._finir, instant)

    def _suivre(self, instant: Instant) -> Suivi | None:
        """Ask where it is, not at every turn; None when it is not time, or when nobody answers."""
        if instant.bt_ns - self._demande_ns < PAS_NS:
            return None
        self._demande_ns = instant.bt_ns
        try:
            return self.aide.suivre()
        except (ActeRefuse, AideMuette) as erreur:
            sys.stderr.write(f"clé : {erreur}\n")
            return None

    def _passer(self, phase: Callable[[Instant], None], instant: Instant) -> None:
        self._phase, self._phase_ns = phase, instant.bt_ns

    def _conter(self, histoire: Histoire, instant: Instant) -> None:
        if histoire != self.histoire:
            self.histoire = histoire
            self._dire(histoire, instant)


def _oser(acte: Callable[[], None]) -> bool:
    """Have an act done; what root's helper cannot do now is written down, and asked again at the next turn."""
    try:
        acte()
    except (ActeRefuse, AideMuette) as erreur:
        sys.stderr.write(f"clé : {erreur}\n")
        return False
    return True
