"""A box whose witnesses of the time the test moves."""

import json
import os
from pathlib import Path

from equipage import HUIT_HEURES_MS, Bord, Horloge, preparer_bord
from pirogue_bord import horloge, horloge_gardee
from pirogue_bord.ancrages import Temoignage
from pirogue_bord.horloge import EtatHorloge, Sources
from pirogue_bord.horloge_gardee import HeureGardee
from pirogue_bord.horloge_noyau import Synchronisation
from pirogue_registre import ancres, journal
from pirogue_socle.config import Config

SYNCHRO = Synchronisation(synchronisee=True, erreur_max_ms=40)
SEULE = Synchronisation(synchronisee=False, erreur_max_ms=16_000)


class Boite:
    """A box whose witnesses the test moves; its register, its kept hour and its RTC's file are real."""

    def __init__(self, dossier: Path, montre: Horloge) -> None:
        self.montre = montre
        self.config = Config(
            donnees=dossier / "pirogue", terre=dossier, bord=dossier / "bord", systeme=dossier / "systeme"
        )
        self.bord: Bord = preparer_bord(self.config.registre, montre)
        self.noyau = SEULE
        self.modem: Temoignage | None = None
        self.rtc = dossier / "since_epoch"
        self.epoque = dossier / "clock-epoch"
        self.epoque.touch()
        os.utime(self.epoque, (HUIT_HEURES_MS / 1000 - 40 * 86_400,) * 2)
        self.reglee: list[int] = []

    def dater_rtc(self, utc_ms: int) -> None:
        """Have the battery-backed clock say this."""
        self.rtc.write_text(f"{utc_ms // 1000}\n")

    def _regler(self, utc_ms: int) -> None:
        self.reglee.append(utc_ms)
        self.montre.mur_ms = utc_ms

    @property
    def sources(self) -> Sources:
        """Whom a turn asks."""
        return Sources(
            noyau=lambda: self.noyau,
            modem=lambda _config, _instant: self.modem,
            rtc=self.rtc,
            epoque=self.epoque,
            lire_instant=self.montre,
            regler=self._regler,
        )

    def tour(self) -> EtatHorloge:
        """Let the box's body look once."""
        return horloge.tour(self.config, instant=self.montre(), sources=self.sources)

    def confirmer(self, utc_ms: int) -> None:
        """Rachelle says what time it is."""
        ancres.confirmer_date(
            self.bord.registre,
            utc_ms=utc_ms,
            source="formateur",
            instant=self.montre(),
            auteur=self.bord.rachelle,
        )

    def gardee(self) -> HeureGardee:
        """Return the kept hour; there must be one."""
        lue = horloge_gardee.lire(self.config.systeme / "horloge")
        assert lue is not None
        return lue

    def ancres(self) -> list[tuple[str, int]]:
        """Return the anchors of this boot, source and doubt, oldest first."""
        lignes = journal.lignes(self.bord.registre, apres=0, limite=10_000)
        lus = [json.loads(ligne) for _, ligne in lignes]
        return [
            (un["valeurs"]["source"], un["valeurs"]["incertitude_ms"])
            for un in lus
            if un["type"] == "ancre" and un["boot"] == self.montre.boot_id
        ]
