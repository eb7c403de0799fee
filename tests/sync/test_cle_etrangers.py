"""One stick, several boats and shores: what is not for us is carried or left, never touched, and said in French."""

from collections.abc import Callable
from pathlib import Path

from equipage import Bord
from pirogue_rive import arrivees, cartes, mises_de_cote, schema
from pirogue_rive import cle as cle_rive
from pirogue_rive import config as rives
from pirogue_rive.config import Rive
from pirogue_socle.horloge import Instant
from pirogue_sync import cle as cle_bord
from pirogue_sync.bilan import BilanEchange
from pirogue_sync.trousseau import assembler
from sync.quai import Quai, compter, preparer_quai, vivre_une_journee

MIDI = Instant("rive", 1, 1_741_086_000_000)


def brancher(quai: Quai, cle: Path) -> BilanEchange:
    """Dossou plugs the stick into a boat."""
    bord = quai.bord
    return cle_bord.echanger(bord.registre, dossier=cle, trousseau=quai.trousseau, instant=bord.horloge())


def photographier(cle: Path) -> dict[str, bytes]:
    """Return every lot that the stick carries up."""
    return {chemin.name: chemin.read_bytes() for chemin in (cle / "PIROGUE" / "montee").glob("*.lot")}


def test_another_boats_lots_are_carried_to_our_shore(
    quai: Quai, rive: Rive, cle: Path, tmp_path: Path, fabrique_bord: Callable[[], Bord]
) -> None:
    """The kiosk's stick passes by the pirogue: its lots stay as they are, and the shore takes both."""
    cousin = preparer_quai(fabrique_bord(), tmp_path / "terre-du-cousin")
    cousin = Quai(bord=cousin.bord, cles=cousin.cles, carte_rive=quai.carte_rive, config=quai.config)
    rives.accueillir(quai.config.dossier, rives.cles_.ecrire_carte(cousin.cles.carte))
    for un in (cousin, quai):
        vivre_une_journee(un.bord)
    brancher(cousin, cle)
    du_cousin = photographier(cle)
    bilan = brancher(quai, cle)
    avec_nous = photographier(cle)
    prise = cle_rive.prendre_cle(rive, dossier=cle, instant=MIDI)

    assert bilan.portes == len(du_cousin) > 0
    assert du_cousin.items() < avec_nous.items()
    assert (prise.ingeres, prise.refuses) == (len(avec_nous), 0)
    assert brancher(quai, cle).puce.code == brancher(cousin, cle).puce.code == "confirme"


def test_a_lot_for_another_shore_is_left_where_it_is(quai: Quai, rive: Rive, cle: Path, tmp_path: Path) -> None:
    """The stick of a boat of another programme: nothing is kept of it, and the sentence says to carry it on."""
    autre = rives.installer(tmp_path / "autre-rive", nom="Autre rive")
    vivre_une_journee(quai.bord)
    instant = quai.bord.horloge()
    trousseau = assembler(tmp_path, cles=quai.cles, rive=autre)
    cle_bord.echanger(quai.bord.registre, dossier=cle, trousseau=trousseau, instant=instant)
    avant = photographier(cle)
    prise = cle_rive.prendre_cle(rive, dossier=cle, instant=MIDI)

    assert photographier(cle) == avant
    assert (prise.ingeres, prise.refuses) == (0, 0)
    assert prise.ailleurs == len(avant)
    assert any("rive" in phrase for phrase in prise.remarques)
    assert compter(rive, schema.lot) == compter(rive, schema.quarantaine) == 0


def test_the_stick_of_a_revoked_boat_is_put_aside_with_a_sentence(quai: Quai, rive: Rive, cle: Path) -> None:
    """The boat was stolen and goes on writing: what comes after is kept for a person, and counts nowhere."""
    vivre_une_journee(quai.bord)
    brancher(quai, cle)
    cartes.revoquer(rive, relais=quai.cles.carte.id, par="Estelle", instant=MIDI)
    avant = photographier(cle)
    prise = cle_rive.prendre_cle(rive, dossier=cle, instant=MIDI)

    assert photographier(cle) == avant
    assert prise.refuses == len(avant)
    assert any("clé qui a été retirée" in phrase for phrase in prise.remarques)
    assert {un.motif for un in mises_de_cote.lister(rive)} == {"revoquee"}
    assert compter(rive, schema.lot) == 0
    assert arrivees.rejouer(rive) == 0
