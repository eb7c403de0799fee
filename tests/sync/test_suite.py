"""After an exchange, at the quay: slices of the update between two looks at the link, and what stops them."""

import itertools
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from equipage import Bord
from pirogue_bord.quai import EtatLien
from pirogue_cli import sync as commande
from pirogue_echange import cles as trousseau
from pirogue_registre import envois
from pirogue_socle.config import Config
from pirogue_sync import maj, veille
from pirogue_sync import trousseau as trousseaux
from pirogue_sync.bilan import BilanEchange
from pirogue_sync.budget import ForfaitEpuise
from pirogue_sync.lien import RiveInjoignable
from pirogue_sync.maj import Etat
from pirogue_sync.suite import RECUL_MAX_S, RECUL_MIN_S, TRANCHE_S, Suite
from pirogue_sync.veille import Tour
from sync.mises_a_jour import Essai, faire_boite
from sync.quai import preparer_quai, vivre_une_journee
from sync.serveurs import Serveur

BILAN = BilanEchange(
    voie="4g",
    scelles=0,
    deposes=0,
    deja_la=0,
    retires=0,
    recus=0,
    restants=0,
    octets=0,
    puce=envois.Puce("confirme", "confirmé"),
    remarques=(),
)
ECHANGE, A_QUAI = Tour(60.0, BILAN, lien=True), Tour(60.0, lien=True, a_quai=True)
PAS_ENCORE, AU_LARGE = Tour(60.0, lien=True), Tour(60.0)


class Poste:
    """A clock that the test moves, and fetches that do what it says."""

    def __init__(self) -> None:
        self.heure_s = 0.0
        self.faits: list[Etat | Exception] = []
        self.dits: list[str] = []
        self.prises = 0
        self.suite = Suite(self._prendre, dire=self.dits.append, temps_s=lambda: self.heure_s, arret=threading.Event())

    def _prendre(self, continuer: Callable[[], bool]) -> Etat:
        self.prises += 1
        while continuer():
            self.heure_s += 7
        fait = self.faits.pop(0)
        if isinstance(fait, Exception):
            raise fait
        return fait


def test_slices_follow_one_another_until_the_update_is_there() -> None:
    """After the exchange, then at each look; each a minute long at most, with no wait in between."""
    poste = Poste()
    poste.faits = [Etat.EN_COURS, Etat.EN_COURS, Etat.REMISE]
    suites = [poste.suite.apres(tour) for tour in (ECHANGE, A_QUAI, A_QUAI, A_QUAI)]

    assert suites == [True, True, False, False]
    assert poste.prises == 3
    assert poste.heure_s < 3 * (TRANCHE_S + 8)
    assert poste.dits == []


def test_nothing_is_fetched_before_an_exchange_nor_away_from_the_quay() -> None:
    """The day's data go first: a link alone, or a quay where nothing was exchanged yet, is not enough."""
    poste = Poste()

    assert [poste.suite.apres(tour) for tour in (AU_LARGE, PAS_ENCORE, A_QUAI)] == [False] * 3
    assert poste.prises == 0


def test_what_stops_an_update_is_said_once_and_tried_again_later() -> None:
    """A link that breaks, a plan that is used up: a minute later at this quay, at once after another exchange."""
    poste = Poste()
    poste.faits = [RiveInjoignable("Coupé."), RiveInjoignable("Coupé."), ForfaitEpuise("Fini."), Etat.REMISE]
    poste.suite.apres(ECHANGE)
    poste.suite.apres(A_QUAI)
    avant = poste.prises
    poste.heure_s += RECUL_MIN_S
    poste.suite.apres(A_QUAI)
    poste.suite.apres(ECHANGE)
    poste.suite.apres(ECHANGE)

    assert avant == 1
    assert poste.prises == 4
    assert [dit.split(".")[0] for dit in poste.dits] == ["Coupé", "Fini", ""]


def test_what_keeps_stopping_an_update_is_left_alone_longer_each_time() -> None:
    """Each try costs some hundred bytes of a plan that may be spent: a few in the first hour, then two an hour."""
    poste = Poste()
    poste.faits = [ForfaitEpuise("Fini.") for _ in range(40)]
    poste.suite.apres(ECHANGE)
    essais = []
    for minute in range(1, 181):
        avant, poste.heure_s = poste.prises, max(poste.heure_s, minute * 60.0)
        poste.suite.apres(A_QUAI)
        essais += [minute] if poste.prises > avant else []
    ecarts = [apres - avant for avant, apres in itertools.pairwise(essais)]

    assert len([un for un in essais if un <= 60]) in range(4, 7)
    assert ecarts == sorted(ecarts)
    assert 60 * ecarts[-1] <= RECUL_MAX_S + TRANCHE_S + 60


def test_the_courier_fetches_the_update_after_the_data_and_tells_it(
    bord: Bord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real watch, shore and folder: the day is confirmed, the update is handed to root, the body is told."""
    quai = preparer_quai(bord, tmp_path / "rive")
    vivre_une_journee(bord)
    boite = faire_boite(tmp_path)
    essai = Essai(quai, boite, tmp_path)
    contenu = essai.offrir(1_500_000)
    serveur = Serveur(quai.config.dossier)
    lu = tmp_path / "run/pirogue-lien/lien.json"
    lu.parent.mkdir(parents=True)
    config = Config(
        donnees=tmp_path,
        terre=tmp_path / "rive",
        rive_url=serveur.url,
        bord=tmp_path / "run/pirogue-bord",
        systeme=tmp_path / "systeme",
    )
    config.cles.mkdir()
    trousseau.enregistrer(quai.cles, config.cles / trousseaux.NOM_CLES)
    trousseaux.poser_carte(config.cles / trousseaux.NOM_RIVE, quai.carte_rive)
    monkeypatch.setattr(maj, "VERSION", boite.version)
    monkeypatch.setattr(veille, "route_par_defaut", lambda: True)
    arret = threading.Event()
    threading.Thread(target=commande._guetter, args=(config, arret), daemon=True).start()
    dit, fin = "", time.monotonic() + 60
    while "arrivée" not in dit and time.monotonic() < fin:
        arret.wait(0.05)
        dit = EtatLien(**json.loads(lu.read_text(encoding="utf-8"))).maj if lu.exists() else ""
    arret.set()
    serveur.arreter()

    assert [un.read_bytes() for un in essai.venus] == [contenu]
    assert envois.etat_puce(bord.registre).code == "confirme"
    assert "0.1.320 est arrivée" in dit


@pytest.mark.usefixtures("bord")
def test_a_courier_that_can_no_longer_look_out_ends_so_that_it_is_started_anew(tmp_path: Path) -> None:
    """Its other half would go on for ever, and nothing would ever leave by the network."""
    (tmp_path / "run/pirogue-lien/lien.json").mkdir(parents=True)  # what it tells cannot be written
    reglage = tmp_path / "pirogue.toml"
    reglage.write_text(
        f'donnees = "{tmp_path}"\nterre = "{tmp_path}/rive"\nbord = "{tmp_path}/run/pirogue-bord"\n', encoding="utf-8"
    )
    mots = [Path(sys.executable).with_name("pirogue"), "sync", "veiller"]
    fini = subprocess.run(
        mots, env=os.environ | {"PIROGUE_CONFIG": str(reglage)}, capture_output=True, text=True, timeout=60, check=False
    )

    assert fini.returncode == 1
    assert "lien.json" in fini.stderr
