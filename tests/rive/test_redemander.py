"""What the shore lost since its last backup comes back from the boats; the last resort for a fork; a stolen key."""

import shutil
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner
from sqlalchemy import select

from equipage import fiche
from pirogue_cli.entree import pirogue
from pirogue_registre import envois, flux, jeunes, reglages
from pirogue_rive import arrivees, base, descentes, pertes, recepisses, schema
from pirogue_rive import cle as cle_rive
from pirogue_rive import config as rives
from pirogue_rive import reglages as reglages_rive
from pirogue_rive.config import ConfigRive, Rive
from pirogue_socle.erreurs import EntreeInvalide, Introuvable
from pirogue_sync import arrivages
from pirogue_sync import cle as cle_bord
from rive.terre import MIDI, Terre, couper, sceller, texte
from sync import plume
from sync.quai import Quai, lignes, vivre_une_journee, vues


@pytest.fixture
def cle(tmp_path: Path) -> Path:
    """Where Dossou's stick is mounted."""
    dossier = tmp_path / "cle"
    dossier.mkdir()
    return dossier


def sauvegarder(config: ConfigRive, dossier: Path) -> ConfigRive:
    """Copy a closed shore, its folder and its database, as a backup does."""
    shutil.copytree(config.dossier, dossier)
    if not config.base:
        return ConfigRive(dossier)
    debut, _, suite = config.base.partition("@/")
    nom, _, hote = suite.partition("?host=")
    with closing(psycopg.connect(host=hote, user="pirogue", dbname="postgres", autocommit=True)) as lien:
        lien.execute(f"CREATE DATABASE {nom}_copie TEMPLATE {nom} STRATEGY FILE_COPY".encode())
    return ConfigRive(dossier, base=f"{debut}@/{nom}_copie?host={hote}")


def tour(quai: Quai, cle: Path, config: ConfigRive) -> None:
    """Dossou plugs the stick into the boat, then ashore, and brings it back."""
    bord = quai.bord
    for _ in range(2):
        cle_bord.echanger(bord.registre, dossier=cle, trousseau=quai.trousseau, instant=bord.horloge())
        with rives.ouvrir(config) as rive:
            cle_rive.prendre_cle(rive, dossier=cle, instant=MIDI)
    cle_bord.echanger(bord.registre, dossier=cle, trousseau=quai.trousseau, instant=bord.horloge())


def du_bord(quai: Quai, courant: str) -> list[bytes]:
    """Return every line of a stream that the boat holds."""
    return [ligne for _, ligne in flux.lignes(quai.bord.registre, courant, apres=0, limite=10_000)]


def tetes(rive: Rive) -> dict[str, int]:
    """Return how far each stream is held."""
    t = schema.avancee
    with base.lire(rive.moteur) as db:
        return {un.flux: un.jusqua for un in db.execute(select(t.c.flux, t.c.jusqua))}


def deuxieme_jour(quai: Quai) -> None:
    """A day with somebody new: the stream of names grows too."""
    bord = quai.bord
    jeunes.inscrire(
        bord.registre, fiche=fiche("Sèna", "Zinsou"), groupe_id=bord.groupe, instant=bord.horloge(),
        auteur=bord.rachelle,
    )  # fmt: skip
    vivre_une_journee(bord)


def test_a_shore_put_back_from_its_backup_is_made_whole_by_the_boat(quai: Quai, cle: Path, tmp_path: Path) -> None:
    """I10: it has forgotten the second day; asked once, the boat sends it again, names too, and the rest agrees."""
    vivre_une_journee(quai.bord)
    reglages_rive_de(quai, {"budget_mo": "5"})
    tour(quai, cle, quai.config)
    copie = sauvegarder(quai.config, tmp_path / "copie")
    deuxieme_jour(quai)
    reglages_rive_de(quai, {"budget_mo": "8"})
    tour(quai, cle, quai.config)
    envois.purger(quai.bord.registre, garder=0)
    rendue = envois.compter_a_envoyer(quai.bord.registre)[0]
    shutil.rmtree(cle / "PIROGUE")
    tour(quai, cle, copie)
    with rives.ouvrir(copie) as rive:
        incomplete = tetes(rive)
        reglages_rive.redemander(rive, relais=quai.cles.carte.id, par="Estelle", instant=MIDI)
        attend = pertes.lire(rive, quai.cles.carte.id).redemande
    tour(quai, cle, copie)
    tour(quai, cle, copie)
    with rives.ouvrir(copie) as rive:
        entiere, dites, apres = lignes(rive), tetes(rive), pertes.lire(rive, quai.cles.carte.id)
        vues_ = vues(rive)
        arrivees.rejouer(rive)

        assert vues(rive) == vues_
    assert rendue == 0
    assert incomplete["activite"] < len(du_bord(quai, "activite"))
    assert attend
    assert entiere == du_bord(quai, "activite")
    assert dites == {"activite": len(entiere), "identites": len(du_bord(quai, "identites"))}
    assert (apres.signes, apres.redemande) == ((), False)
    assert envois.etat_puce(quai.bord.registre) == envois.CONFIRME
    assert envois.compter_a_envoyer(quai.bord.registre)[0] == 0


def reglages_rive_de(quai: Quai, saisie: dict[str, str]) -> None:
    """Estelle gives the boat settings."""
    with rives.ouvrir(quai.config) as rive:
        reglages_rive.regler(rive, relais=quai.cles.carte.id, saisie=saisie, par="Estelle", instant=MIDI)


def test_a_receipt_of_the_lost_days_that_travels_late_is_not_believed(quai: Quai, cle: Path, tmp_path: Path) -> None:
    """It was signed before the loss and never seen aboard: the boat would think that its second day is safe."""
    relais = quai.cles.carte.id
    vivre_une_journee(quai.bord)
    tour(quai, cle, quai.config)
    copie = sauvegarder(quai.config, tmp_path / "copie")
    vivre_une_journee(quai.bord)
    with rives.ouvrir(quai.config) as rive:
        arrivees.prendre_suite(rive, sceller(quai), voie="4g", instant=MIDI)
        tardifs = recepisses.pour(rive, relais=relais, instant=MIDI)
    with rives.ouvrir(copie) as rive:
        reglages_rive.redemander(rive, relais=relais, par="Estelle", instant=MIDI)
        ordre = descentes.pour(rive, relais=relais)
    pris = [prendre(quai, octets) for octets in (*ordre, *tardifs)]
    a_envoyer = envois.compter_a_envoyer(quai.bord.registre)[0]
    tour(quai, cle, copie)

    assert pris[0]
    assert not any(pris[1:])
    assert a_envoyer > 0
    assert envois.etat_puce(quai.bord.registre) == envois.CONFIRME
    with rives.ouvrir(copie) as rive:
        assert lignes(rive) == du_bord(quai, "activite")


def prendre(quai: Quai, octets: bytes) -> bool:
    """Give the boat one downward lot; say whether it changed something."""
    instant = quai.bord.horloge()
    return arrivages.prendre(quai.bord.registre, octets, trousseau=quai.trousseau, instant=instant).nouveau


def test_what_is_asked_again_stays_asked_when_settings_change(rive: Rive, quai: Quai) -> None:
    """Settings say all each time: the demand is in them until the boat has heard it, and is obeyed once."""
    relais = quai.cles.carte.id
    vivre_une_journee(quai.bord)
    arrivees.prendre_suite(rive, sceller(quai), voie="cle", instant=MIDI)
    reglages_rive.redemander(rive, relais=relais, par="Estelle", instant=MIDI)
    reglages_rive.regler(rive, relais=relais, saisie={"budget_mo": "5"}, par="Estelle", instant=MIDI)
    dits = reglages_rive.lire(rive, relais)
    dernier = descentes.pour(rive, relais=relais)
    ordres = reglages_rive.lire_ordres(rive, relais)

    assert dits == {"budget_octets_jour": 5_000_000}
    assert {ordre["redemander"]["flux"] for ordre in ordres} == {"activite", "identites"}
    assert [prendre(quai, octets) for octets in dernier] == [True]
    assert reglages.lire(quai.bord.registre, "budget_octets_jour") == "5000000"


def test_asking_a_whole_shore_again_ends_green(quai: Quai, cle: Path) -> None:
    """Nothing was lost: some bytes travel twice, and everything is confirmed again."""
    vivre_une_journee(quai.bord)
    tour(quai, cle, quai.config)
    with rives.ouvrir(quai.config) as rive:
        reglages_rive.redemander(rive, relais=quai.cles.carte.id, par="Estelle", instant=MIDI)
    tour(quai, cle, quai.config)
    tour(quai, cle, quai.config)

    assert envois.etat_puce(quai.bord.registre) == envois.CONFIRME
    assert envois.compter_a_envoyer(quai.bord.registre)[0] == 0


def test_nothing_is_asked_of_a_boat_of_which_nothing_is_known(rive: Rive, quai: Quai) -> None:
    """It has to call, or to give a stick, first; and a relay that nobody welcomed is not asked anything."""
    with pytest.raises(EntreeInvalide):
        reglages_rive.redemander(rive, relais=quai.cles.carte.id, par="Estelle", instant=MIDI)
    with pytest.raises(Introuvable):
        reglages_rive.redemander(rive, relais="inconnu", par="Estelle", instant=MIDI)

    assert descentes.lister(rive, quai.cles.carte.id) == []


def test_the_page_says_that_the_shore_lost_lines_and_asks_once_confirmed(terre: Terre) -> None:
    """The boat says that nothing waits, and has written more than is here: Estelle ticks, and the demand goes down."""
    vivre_une_journee(terre.quai.bord)
    lots = sceller(terre.quai)
    arrivees.prendre_suite(terre.rive, lots, voie="cle", instant=MIDI)
    client, adresse = terre.entrer(), f"/relais/{terre.relais}"
    combien = len(du_bord(terre.quai, "activite"))
    terre.descente(dernier=combien, depuis=0)
    saine = texte(client.get(adresse))
    terre.descente(dernier=combien + 40, depuis=0)
    perdue = texte(client.get(adresse))
    sans_oui = texte(client.post(f"{adresse}/redemander", follow_redirects=True))
    demandee = texte(client.post(f"{adresse}/redemander", data={"confirme": "oui"}, follow_redirects=True))
    lecture = terre.entrer("consultation", "Dossou")

    assert "La rive a perdu" not in saine
    assert f"il a écrit {combien + 40} lignes, il y en a {combien} ici" in perdue
    assert "Redemander ce qui est perdu" in perdue
    assert "Coche la case" in sans_oui
    assert "C'est redemandé" in demandee
    assert "Réglages nº 1001 en attente" in demandee
    assert lecture.post(f"{adresse}/redemander", data={"confirme": "oui"}).status_code == 403
    assert "Redemander ce qui est perdu" not in texte(lecture.get(adresse))


def test_lines_that_the_network_brought_beyond_a_gap_show_a_loss(rive: Rive, quai: Quai) -> None:
    """The network brings the oldest first, so what it left out had been confirmed; a stick may just be late."""
    toutes = plume.lignes([plume.seance("s1"), plume.jeune("afi"), plume.marque("s1", "afi"), plume.cloture("s1")])
    arrivees.prendre(rive, plume.sceller(quai, toutes, fin=1), voie="cle", instant=MIDI)
    arrivees.prendre(rive, plume.sceller(quai, toutes, debut=4), voie="cle", instant=MIDI)
    par_cle = pertes.lire(rive, quai.cles.carte.id).signes
    arrivees.prendre(rive, plume.sceller(quai, toutes, debut=3, fin=3), voie="4g", instant=MIDI)
    par_reseau = pertes.lire(rive, quai.cles.carte.id).signes
    arrivees.prendre(rive, plume.sceller(quai, toutes, debut=2, fin=2), voie="cle", instant=MIDI)

    assert par_cle == ()
    assert par_reseau == ("le bateau a envoyé la ligne 3 du journal sans renvoyer la ligne 2",)
    assert pertes.lire(rive, quai.cles.carte.id).signes == ()


def test_a_shore_that_forgot_its_own_numbers_does_not_repeat_them(terre: Terre) -> None:
    """The boat says that it has settings 7: the next ones are 8, else it would not hear them."""
    terre.descente(config=7)
    signes = pertes.lire(terre.rive, terre.relais).signes
    serie = reglages_rive.regler(
        terre.rive, relais=terre.relais, saisie={"budget_mo": "5"}, par="Estelle", instant=MIDI
    )

    assert signes == ("le bateau a appliqué des messages que la rive ne se souvient pas d'avoir envoyés",)
    assert serie == 8


def test_a_boat_with_two_histories_sends_everything_again_under_a_new_number(terre: Terre) -> None:
    """Two lots for the same lines: Estelle asks from the page of what was put aside, and the boat begins a new life."""
    quai, registre = terre.quai, terre.quai.bord.registre
    inc = reglages.lire(registre, "incarnation")
    vraies = plume.lignes([plume.seance("s1"), plume.cloture("s1")])
    fausses = plume.lignes([plume.seance("s2"), plume.cloture("s2")])
    for dites in (vraies, fausses):
        arrivees.prendre(terre.rive, plume.sceller(quai, dites, inc=inc), voie="cle", instant=MIDI)
    client = terre.entrer()
    page = client.get("/mises-de-cote")
    adresse = f"/relais/{terre.relais}/renaitre"
    inconnue = texte(client.post(adresse, data={"confirme": "oui", "inc": "f" * 16}, follow_redirects=True))
    fait = texte(client.post(adresse, data={"confirme": "oui", "inc": inc}, follow_redirects=True))
    lots = [octets for octets in couper(terre.descente().get_data()) if b'"genre":"config"' in octets]
    pris = [prendre(quai, octets) for octets in lots]

    assert "Ce bateau a deux histoires" in texte(page)
    assert f'value="{inc}"' in page.get_data(as_text=True)
    assert "n'a pas de journal de ce nom" in inconnue
    assert "C'est demandé" in fait
    assert pris == [True]
    assert reglages.lire(registre, "incarnation") != inc


def test_a_stolen_key_of_the_shore_is_believed_by_no_boat_any_more(
    quai: Quai, cle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the console, in one command: the new key, and the word that the former one is a thief's."""
    vivre_une_journee(quai.bord)
    tour(quai, cle, quai.config)
    fichier = tmp_path / "pirogue.toml"
    fichier.write_text(f'donnees = "bord"\nterre = "rive"\nrive_base = "{quai.config.base}"\n', encoding="utf-8")
    monkeypatch.setenv("PIROGUE_CONFIG", str(fichier))
    sortie = CliRunner().invoke(pirogue, ["rive", "changer-cles", "--volees"])
    redemande = CliRunner().invoke(pirogue, ["rive", "redemander", quai.cles.carte.id])
    with rives.ouvrir(quai.config) as rive:
        lots = descentes.pour(rive, relais=quai.cles.carte.id)
    trousseau, registre = quai.trousseau, quai.bord.registre
    for octets in lots:
        trousseau = arrivages.prendre(registre, octets, trousseau=trousseau, instant=quai.bord.horloge()).trousseau
    crues = [droit.carte.cle for droit in trousseau.annuaire[quai.carte_rive.id]]

    assert "1 boîte(s) apprendront" in sortie.output
    assert "C'est redemandé" in redemande.output
    assert crues == [trousseau.rive.cle]
    assert quai.carte_rive.cle not in crues
