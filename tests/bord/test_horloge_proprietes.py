"""Whatever the clocks do: the order stays, no duration is negative, no hour is wrong by more than its anchor says."""

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bord.horlogerie import SEULE, SYNCHRO, Boite
from equipage import HUIT_HEURES_MS, Horloge
from pirogue_bord import ancrages, horloge_gardee
from pirogue_bord.ancrages import Temoignage
from pirogue_registre import ancres, journal, seances
from pirogue_socle.horloge import Instant, duree_ms, estimer

JOUR_MS = 86_400_000
Geste = tuple[str, int]
GESTES = st.one_of(
    st.tuples(st.just("temps"), st.integers(1, 180)),  # minutes
    st.tuples(st.just("saut"), st.sampled_from([-3, 3])),  # days, of the wall alone
    st.tuples(st.just("coupure"), st.integers(0, 200)),  # hours without power; even: the wall goes on, odd: 1970
    st.tuples(st.just("formateur"), st.integers(-110_000, 110_000)),  # ms: two trainers never agree
    st.tuples(st.just("rive"), st.integers(-800, 800)),
    st.tuples(st.just("ntp"), st.integers(0, 1)),
    st.tuples(st.just("modem"), st.integers(-25_000, 25_000)),
    st.tuples(st.just("pile"), st.integers(0, 1)),  # the RTC's battery dies; a good one that was never set is put in
    st.tuples(st.just("seance"), st.integers(0, 1)),
)


class Lac:
    """The true time, which nobody aboard knows, and a box that lives in it."""

    def __init__(self, dossier: Path, *, ppm: int, ppm_rtc: int, ecart_rtc_ms: int) -> None:
        self.boite = Boite(dossier, Horloge())
        self.vrai_ms = float(HUIT_HEURES_MS + 20)
        self.debut_ms = self.vrai_ms
        self._ppm, self._ppm_rtc = ppm, ppm_rtc
        self._ecart_rtc_ms: float | None = ecart_rtc_ms
        self.reculs: list[str] = []
        self.vus: list[tuple[Instant, float]] = []
        self._noter()

    def passer(self, secondes: float) -> None:
        """Let time pass: the true one, the boot's quartz, the wall's."""
        self.vrai_ms += secondes * 1000
        montre = self.boite.montre
        montre.avancer(secondes=secondes * (1 + self._ppm / 1e6))
        if self.boite.noyau is SYNCHRO:
            montre.mur_ms = round(self.vrai_ms) + 15

    def jouer(self, geste: Geste) -> None:
        """Do one thing, then let the box's body look."""
        nom, combien = geste
        getattr(self, f"_{nom}")(combien)
        self._tourner()

    def _tourner(self) -> None:
        boite = self.boite
        boite.rtc.unlink(missing_ok=True)
        if self._ecart_rtc_ms is not None:
            derive_ms = (self.vrai_ms - self.debut_ms) * self._ppm_rtc / 1e6
            boite.dater_rtc(max(0, round(self.vrai_ms + self._ecart_rtc_ms + derive_ms)))
        avant = len(boite.reglee)
        etat = boite.tour()
        if len(boite.reglee) > avant and not etat.source and etat.ecart_ms > 0:
            self.reculs.append("the wall was set back without an anchor")
        boite.modem = None
        self._noter()

    def _noter(self) -> None:
        """Note the true time of each new event."""
        for _, ligne in journal.lignes(self.boite.bord.registre, apres=len(self.vus), limite=1000):
            lue = json.loads(ligne)
            self.vus.append((Instant(lue["boot"], lue["bt"], lue["mur"]), self.vrai_ms))

    def _temps(self, minutes: int) -> None:
        self.passer(minutes * 60)

    def _saut(self, jours: int) -> None:
        if self.boite.noyau is SEULE:
            self.boite.montre.sauter(jours=jours)

    def _coupure(self, heures: int) -> None:
        boite = self.boite
        self.vrai_ms += heures * 3_600_000
        boite.noyau = SEULE
        boite.montre.redemarrer(mur_ms=0 if heures % 2 else None)
        avant_ms = boite.montre.mur_ms
        horloge_gardee.charger(
            boite.config.systeme / "horloge",
            regler=lambda ns: setattr(boite.montre, "mur_ms", ns // 1_000_000),
            epoque=boite.epoque,
            rtc=boite.rtc.with_name("aucune"),
            lire_instant=boite.montre,
        )
        if boite.montre.mur_ms < avant_ms:
            self.reculs.append("the wall went back at boot")
        self.passer(15)

    def _dire(self, source: str, erreur_ms: int, incertitude_ms: int) -> None:
        ancres.confirmer_date(
            self.boite.bord.registre,
            utc_ms=round(self.vrai_ms) + erreur_ms,
            source=source,
            instant=self.boite.montre(),
            auteur="x",
            incertitude_ms=incertitude_ms,
        )

    def _formateur(self, erreur_ms: int) -> None:
        self._dire("formateur", erreur_ms, 120_000)

    def _rive(self, erreur_ms: int) -> None:
        self._dire("rive", erreur_ms, 900)

    def _ntp(self, oui: int) -> None:
        self.boite.noyau = SYNCHRO if oui else SEULE
        self.passer(1)

    def _modem(self, erreur_ms: int) -> None:
        self.boite.modem = Temoignage("modem", self.boite.montre(), round(self.vrai_ms) + erreur_ms, 30_000)

    def _pile(self, bonne: int) -> None:
        self._ecart_rtc_ms = 40.0 * JOUR_MS if bonne else None

    def _seance(self, _: int) -> None:
        bord = self.boite.bord
        ouverte = seances.en_cours(bord.registre)
        if ouverte is None:
            bord.ouvrir_seance()
        else:
            heures = {"instant": self.boite.montre(), "auteur": bord.rachelle}
            try:
                seances.cloturer(bord.registre, seance_id=ouverte.seance_id, **heures)
            except seances.HeureFinManque:
                seances.annuler(bord.registre, seance_id=ouverte.seance_id, motif="meteo", **heures)


@pytest.fixture
def fabrique_lac(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Lac]:
    """Make as many boxes as there are examples."""
    return lambda **reglages: Lac(tmp_path_factory.mktemp("lac"), **reglages)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    gestes=st.lists(GESTES, max_size=25),
    ppm=st.integers(-50, 50),
    ppm_rtc=st.integers(-100, 100),
    ecart_rtc_ms=st.sampled_from([0, 0, 30_000, 90 * JOUR_MS, -HUIT_HEURES_MS]),
)
def test_order_durations_and_hours_hold_whatever_the_clocks_do(
    fabrique_lac: Callable[..., Lac], gestes: list[Geste], ppm: int, ppm_rtc: int, ecart_rtc_ms: int
) -> None:
    """Boots in 1970 or on the former wall, steps of three days, trainers who disagree, anchors in any order."""
    lac = fabrique_lac(ppm=ppm, ppm_rtc=ppm_rtc, ecart_rtc_ms=ecart_rtc_ms)
    for geste in gestes:
        lac.jouer(geste)
    registre = lac.boite.bord.registre
    connues = ancres.lire(registre)
    doutes = {boot: ancres.incertitude_ms(registre, ancre) for boot, ancre in connues.items()}

    assert lac.reculs == []
    bornes: list[tuple[float, float]] = []
    for instant, vrai_ms in lac.vus:
        ancre = connues.get(instant.boot_id)
        if ancre is None:
            continue
        doute_ms = ancrages.vieillir_ms(doutes[instant.boot_id], ancre=ancre, instant=instant) + 20
        estime_ms = estimer(instant, connues)
        bornes.append((estime_ms - doute_ms, estime_ms + doute_ms))
        assert abs(estime_ms - vrai_ms) <= doute_ms, ancre
    assert all(premier[0] <= second[1] for premier, second in pairwise(bornes))
    assert all(duree_ms(un, autre, connues) >= 0 for (un, _), (autre, _) in pairwise(lac.vus))
    gardee = horloge_gardee.lire(lac.boite.config.systeme / "horloge")
    if gardee is not None:
        derive_ms = (lac.vrai_ms - lac.debut_ms) * 50 / 1e6
        assert gardee.au_moins_ms(lac.boite.montre()) <= lac.vrai_ms + 600_000 + derive_ms


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(gestes=st.lists(GESTES, max_size=12), erreur_ms=st.integers(-110_000, 110_000))
def test_once_a_trainer_has_spoken_the_system_clock_follows_within_two_turns(
    fabrique_lac: Callable[..., Lac], gestes: list[Geste], erreur_ms: int
) -> None:
    """Whatever came before: no file of that day is dated of another year."""
    lac = fabrique_lac(ppm=20, ppm_rtc=5, ecart_rtc_ms=0)
    for geste in gestes:
        lac.jouer(geste)
    lac.jouer(("formateur", erreur_ms))
    lac.jouer(("temps", 1))

    assert abs(lac.boite.montre.mur_ms - lac.vrai_ms) <= 120_000 + 60_000 + 10_000
