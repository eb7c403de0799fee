"""The box's body at work: sticks, button, light, screen; one turn does what is due, and waits for nothing."""

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from pirogue_actions.client import ActeRefuse
from pirogue_bord import ecran, lampe, mises_a_jour
from pirogue_bord.aide import Aide
from pirogue_bord.bouton import Bouton
from pirogue_bord.broches import Broches
from pirogue_bord.cles import Cles
from pirogue_bord.erreurs import AideMuette
from pirogue_bord.mises_a_jour import RIEN, MiseAJour
from pirogue_bord.supports import Passage
from pirogue_socle import histoires
from pirogue_socle.config import Config
from pirogue_socle.histoires import Histoire
from pirogue_socle.horloge import Instant

#: Asking again to be stopped, when it was refused: a stick ends, an update ends.
REDEMANDER_NS = 5_000_000_000
#: How often the update's story is read.
RELIRE_NS = 2_000_000_000
#: The loop looks around at least so often.
PAUSE_MAX_MS = 500
ARRET = Histoire("absente", "La boîte s'éteint.", "Attends dix secondes après la fin de la lumière, puis débranche.")
ARRET_APRES = "La boîte s'éteindra dès que la clé sera finie."


@dataclass(slots=True)
class Corps:
    """
    The body's parts.

    Attributes:
        config: the box's.
        aide: root's helper.
        cles: the sticks.
        broches: button and light; None on a machine without them.
        echange: says whether an exchange with the shore runs on the network.
        console: the attached screen.
        maj: where an update tells its story.
        sante: the worst of the last round of health; empty before the first.
        arret: somebody asked the box to stop.
    """

    config: Config
    aide: Aide
    recit: Path
    broches: Broches | None = None
    echange: Callable[[], bool] = lambda: False
    console: Path = ecran.CONSOLE
    maj: Path = mises_a_jour.HISTOIRE
    sante: str = ""
    arret: bool = False
    cles: Cles = field(init=False)
    _bouton: Bouton = field(default_factory=Bouton)
    _code: str = "eteinte"
    _code_ns: int = 0
    _allumee: bool | None = None
    _demande_ns: int = -REDEMANDER_NS
    _maj: MiseAJour = RIEN
    _maj_ns: int = -RELIRE_NS

    def __post_init__(self) -> None:
        self.cles = Cles(self.aide, recit=self.recit, dire=self.dire)

    def dire(self, histoire: Histoire, instant: Instant) -> None:
        """Tell a step everywhere: the file that the pages read, the screen, the journal; raises OSError."""
        if self.config.bord is not None:
            histoires.ecrire(self.config.bord / histoires.NOM, histoire, instant=instant)
        adresse = self.config.portail_base
        ecran.montrer(ecran.composer(histoire, nom=self.config.nom_relais, adresse=adresse), self.console)
        if histoire.etape != "copie" or histoire.fait == 0:
            sys.stderr.write(f"{histoire.titre} : {histoire.phrase} {histoire.geste}\n")

    def noter(self, passages: Iterable[Passage], instant: Instant) -> None:
        """Take note of the disks that came and went."""
        for passage in passages:
            if passage.parti:
                self.cles.partir(passage.support.nom, instant)
            else:
                self.cles.arriver(passage.support, instant)

    def tour(self, instant: Instant) -> int:
        """Do what is due now; return how long nothing will be, milliseconds."""
        self.cles.tour(instant)
        self._ecouter_bouton(instant)
        self._suivre_maj(instant)
        if self.arret:
            self._eteindre(instant)
        return self._eclairer(instant)

    def fermer(self) -> None:
        """Leave the wires, the light being off."""
        if self.broches is not None:
            self.broches.fermer()

    def _ecouter_bouton(self, instant: Instant) -> None:
        tenu = False
        if self.broches is not None:
            for mouvement in self.broches.lire():
                tenu |= self._bouton.bouger(presse=mouvement.presse, bt_ns=instant.bt_ns)
        if (tenu or self._bouton.est_tenu(instant.bt_ns)) and not self.arret:
            self.arret = True
            sys.stderr.write("bouton : tenu trois secondes, on s'arrête\n")
            fin = Histoire("absente", ARRET_APRES) if self.cles.occupee else ARRET
            ecran.montrer(
                ecran.composer(fin, nom=self.config.nom_relais, adresse=self.config.portail_base), self.console
            )

    def _suivre_maj(self, instant: Instant) -> None:
        """Show an update's new step, unless a stick has the screen."""
        if instant.bt_ns - self._maj_ns < RELIRE_NS or self.cles.occupee:
            return
        self._maj_ns = instant.bt_ns
        dite = mises_a_jour.lire(self.maj)
        if dite != self._maj and dite.a_dire:
            adresse = self.config.portail_base
            ecran.montrer(mises_a_jour.composer(dite, nom=self.config.nom_relais, adresse=adresse), self.console)
        self._maj = dite

    def _eteindre(self, instant: Instant) -> None:
        """Have the box stopped, once no stick is in use; asked again while it is refused."""
        if self.cles.occupee or instant.bt_ns - self._demande_ns < REDEMANDER_NS:
            return
        self._demande_ns = instant.bt_ns
        try:
            self.aide.eteindre()
        except (ActeRefuse, AideMuette) as erreur:
            sys.stderr.write(f"arrêt : {erreur}\n")

    def _eclairer(self, instant: Instant) -> int:
        """Play the light; return for how many milliseconds it stays as it is."""
        code = lampe.choisir(self.cles.histoire, sante=self.sante, echange=self.echange(), arret=self.arret)
        if self._maj.fragile:
            code = lampe.FRAGILE
        if code != self._code:
            self._code, self._code_ns = code, instant.bt_ns
        allumee, reste_ms = lampe.jouer(self._code, (instant.bt_ns - self._code_ns) // 1_000_000)
        if self.broches is None:
            return PAUSE_MAX_MS
        if allumee != self._allumee:
            self.broches.allumer(oui=allumee)
            self._allumee = allumee
        return min(reste_ms, PAUSE_MAX_MS)
