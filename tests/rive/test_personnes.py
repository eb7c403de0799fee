"""People: forgotten on both sides, named for who has the key, given back to a boat that replaces a lost one."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from equipage import Bord, Horloge
from pirogue_echange import cles as trousseau
from pirogue_echange import identite
from pirogue_echange.erreurs import ContenuAbime
from pirogue_registre import base as base_bord
from pirogue_registre import coffre, comptes, jeunes, lieux, reglages
from pirogue_rive import arrivees, bilan, cartes, descentes, effacements, noms, restauration, schema
from pirogue_rive import config as rives
from pirogue_rive.config import Rive
from pirogue_rive.noms import CleDesNomsFausse
from pirogue_socle.erreurs import EntreeInvalide, Introuvable
from rive.terre import MIDI, Terre, sceller, texte
from rive.test_descentes import appliquer, remonter
from sync.quai import Quai, vivre_une_journee


@pytest.fixture
def arrivee(rive: Rive, quai: Quai) -> Rive:
    """A shore where a day has arrived, names sealed."""
    vivre_une_journee(quai.bord)
    remonter(quai, rive)
    return rive


@pytest.fixture
def remplacante(tmp_path: Path) -> Iterator[Quai]:
    """Another box, new and empty, not welcomed yet."""
    registre = base_bord.ouvrir(tmp_path / "neuve")
    horloge = Horloge()
    reglages.creer_relais(registre, nom="Pirogue 1 bis", type_relais="pirogue", instant=horloge())
    cles = trousseau.faire("relais", id=reglages.lire(registre, "relais"), nom="Pirogue 1 bis")
    bord = Bord(registre, horloge, "", "", "", "")
    yield Quai(bord=bord, cles=cles, carte_rive=cles.carte, config=rives.ConfigRive(tmp_path))
    base_bord.fermer(registre)


def cle_des_noms(rive: Rive) -> bytes:
    """Return the file that was put away on the day of the installation."""
    return (rive.dossier / "identites.txt").read_bytes()


def code_de(quai: Quai, personne_id: str) -> str:
    """Return the code on a trainee's card."""
    requete = "SELECT code_jeune FROM jeune WHERE personne_id = ?"
    return str(quai.bord.registre.db.execute(requete, (personne_id,)).fetchone()[0])


def nommes(rive: Rive, quai: Quai) -> list[tuple[str, str]]:
    """Return the names that the key opens."""
    ouverts = noms.ouvrir(rive, relais=quai.cles.carte.id, identites=cle_des_noms(rive), par="Estelle", instant=MIDI)
    return [(un.nom, un.prenom) for un in ouverts]


def test_with_the_key_of_names_the_shore_shows_them_once(arrivee: Rive, quai: Quai) -> None:
    """Trainees by name, then the adults of the boat; each with the code on her card."""
    ouverts = noms.ouvrir(
        arrivee, relais=quai.cles.carte.id, identites=cle_des_noms(arrivee), par="Estelle", instant=MIDI
    )

    assert [(un.nom, un.prenom, un.adulte) for un in ouverts] == [
        ("Dossou", "Afi", False),
        ("Hounsou", "Koffi", False),
        ("Rachelle", "", True),
    ]
    assert [un.code_jeune for un in ouverts[:2]] == [code_de(quai, quai.bord.afi), code_de(quai, quai.bord.koffi)]
    assert "Dossou" not in repr(ouverts)


def test_no_name_is_anywhere_on_the_shore(arrivee: Rive, quai: Quai) -> None:
    """Not in its files, nor in its database's, before names were opened or after."""
    nommes(arrivee, quai)
    octets = b"".join(un.read_bytes() for un in arrivee.dossier.rglob("*") if un.is_file())

    assert b"Pirogue 1" in octets
    for nom in (b"Dossou", b"Koffi", b"Hounsou", b"Rachelle"):
        assert nom not in octets


@pytest.mark.parametrize("faux", [b"", b"AGE-SECRET-KEY-1FAUX", b"\xff" * 5000, "secours", "cles"])
def test_no_other_file_opens_names(arrivee: Rive, quai: Quai, faux: bytes | str) -> None:
    """Neither the recovery key, nor the shore's own: the key of names alone."""
    if faux == "secours":
        faux = (arrivee.dossier / "secours.txt").read_bytes()
    elif faux == "cles":
        faux = arrivee.cles.identite.encode()
    assert isinstance(faux, bytes)
    with pytest.raises(CleDesNomsFausse):
        noms.ouvrir(arrivee, relais=quai.cles.carte.id, identites=faux, par="Estelle", instant=MIDI)


def test_the_shore_reads_identities_exactly_as_the_boat_writes_them(bord: Bord) -> None:
    """Two rooms that may not import each other agree on one form."""
    chiffre = coffre.enfermer(bord.registre, bord.afi, {"prenom": "Afi", "nom": "Dossou"})
    cle = coffre.cle_de(bord.registre, bord.afi)
    assert cle is not None
    with pytest.raises(ContenuAbime):
        identite.ouvrir(chiffre, cle=cle, personne=bord.koffi)

    assert identite.ouvrir(chiffre, cle=cle, personne=bord.afi) == {"prenom": "Afi", "nom": "Dossou"}


def test_erasing_crosses_both_ways_and_leaves_the_counts(arrivee: Rive, quai: Quai) -> None:
    """Asked ashore, done aboard, proved by the boat's journal, destroyed in the archive."""
    relais = quai.cles.carte.id
    avant = bilan.tous(arrivee)
    koffi = effacements.trouver(arrivee, code_de(quai, quai.bord.koffi).lower())
    effacements.demander(arrivee, personne_id=koffi.personne_id, par="Estelle", instant=MIDI)
    demande = effacements.lister(arrivee)[0]
    appliquer(quai, descentes.pour(arrivee, relais=relais))
    remonter(quai, arrivee)
    fait = effacements.lister(arrivee)[0]
    apres = bilan.tous(arrivee)

    assert (koffi.relais, koffi.seances) == ((relais,), 1)
    assert (demande.personne_id, demande.fait, fait.fait) == (quai.bord.koffi, False, True)
    assert coffre.lire(quai.bord.registre, quai.bord.koffi) == coffre.EFFACEE
    assert nommes(arrivee, quai) == [("Dossou", "Afi"), ("", ""), ("Rachelle", "")]
    for champ in ("seances", "jeunes_min", "filles", "garcons", "lecons", "quiz"):
        assert getattr(apres[0], champ) == getattr(avant[0], champ)


def test_erasures_add_up_and_are_asked_once(arrivee: Rive, quai: Quai) -> None:
    """The last lot says them all; asking twice makes no second one."""
    relais = quai.cles.carte.id
    for personne in (quai.bord.koffi, quai.bord.afi, quai.bord.koffi):
        effacements.demander(arrivee, personne_id=personne, par="Estelle", instant=MIDI)
    lots = descentes.pour(arrivee, relais=relais)
    appliquer(quai, lots)

    assert len(lots) == 1
    assert [un.serie for un in descentes.lister(arrivee, relais)] == [2, 1]
    assert coffre.est_effacee(quai.bord.registre, quai.bord.afi)
    assert coffre.est_effacee(quai.bord.registre, quai.bord.koffi)


def test_when_the_boat_is_lost_the_key_of_names_destroys_at_once_what_is_here(arrivee: Rive, quai: Quai) -> None:
    """Nobody will answer; what the shore keeps is destroyed all the same, and is not given back."""
    relais = quai.cles.carte.id
    cartes.revoquer(arrivee, relais=relais, par="Estelle", instant=MIDI)
    with pytest.raises(EntreeInvalide):
        effacements.demander(arrivee, personne_id=quai.bord.koffi, par="Estelle", instant=MIDI)
    detruits = effacements.detruire_ici(
        arrivee, personne_id=quai.bord.koffi, identites=cle_des_noms(arrivee), par="Estelle", instant=MIDI
    )
    rendues = restauration.lignes_a_rendre(arrivee, relais=relais, cles={})

    assert detruits == 1
    assert nommes(arrivee, quai) == [("Dossou", "Afi"), ("", ""), ("Rachelle", "")]
    assert quai.bord.koffi not in {un["personne"] for un in rendues}
    assert quai.bord.afi in {un["personne"] for un in rendues}


def test_a_boat_that_answers_after_all_is_still_asked(arrivee: Rive, quai: Quai) -> None:
    """What was destroyed ashore first is then asked of the boat, like any other erasure."""
    relais, koffi = quai.cles.carte.id, quai.bord.koffi
    effacements.detruire_ici(arrivee, personne_id=koffi, identites=cle_des_noms(arrivee), par="Estelle", instant=MIDI)
    effacements.demander(arrivee, personne_id=koffi, par="Estelle", instant=MIDI)
    appliquer(quai, descentes.pour(arrivee, relais=relais))

    assert [un.serie for un in effacements.lister(arrivee)] == [1]
    assert coffre.est_effacee(quai.bord.registre, koffi)


def test_who_was_erased_aboard_the_new_box_is_not_given_back_by_the_lost_one(
    arrivee: Rive, quai: Quai, remplacante: Quai
) -> None:
    """Koffi was erased on the box that replaced his boat; a third box does not learn of him."""
    rives.accueillir(arrivee.dossier, trousseau.ecrire_carte(remplacante.cles.carte))
    ancien, nouveau = quai.cles.carte.id, remplacante.cles.carte.id
    with arrivee.moteur.begin() as db:
        db.execute(
            schema.effacee.insert().values(
                relais=nouveau, inc="0" * 16, personne_id=quai.bord.koffi, motif="ordre_rive", seq=9
            )
        )
    rendues = {un["personne"] for un in restauration.lignes_a_rendre(arrivee, relais=ancien, cles={})}

    assert quai.bord.koffi not in rendues
    assert quai.bord.afi in rendues


def test_nobody_is_found_by_a_code_that_is_not_there(arrivee: Rive) -> None:
    """A slip of the finger erases nobody."""
    for rien in ("ZZZZZZ", "", "%"):
        with pytest.raises(Introuvable):
            effacements.trouver(arrivee, rien)


@pytest.mark.parametrize("avec_noms", [True, False])
def test_a_box_that_replaces_a_lost_one_knows_its_people_again(
    arrivee: Rive, quai: Quai, remplacante: Quai, avec_noms: bool
) -> None:
    """Places, groups, people, consents; names only if the key of names was given. Sessions stay ashore, counted."""
    rives.accueillir(arrivee.dossier, trousseau.ecrire_carte(remplacante.cles.carte))
    neuve = Quai(remplacante.bord, remplacante.cles, quai.carte_rive, quai.config)
    cle = cle_des_noms(arrivee) if avec_noms else None
    ancien, nouveau = quai.cles.carte.id, neuve.cles.carte.id
    nombre = restauration.restaurer(arrivee, ancien=ancien, nouveau=nouveau, par="Estelle", instant=MIDI, identites=cle)
    appliques = appliquer(neuve, descentes.pour(arrivee, relais=nouveau))
    registre = neuve.bord.registre
    connus = {un.personne_id: un.prenom for un in jeunes.lister(registre, quai.bord.groupe)}

    assert appliques == [True] * nombre
    assert [un.libelle for un in lieux.lister_groupes(registre)] == ["4e A – Gbessou"]
    assert [un.nom for un in lieux.lister_escales(registre)] == ["CEG Gbessou"]
    assert set(connus) == {quai.bord.afi, quai.bord.koffi}
    assert set(connus.values()) == ({"Afi", "Koffi"} if avec_noms else {coffre.EFFACEE.prenom})
    assert comptes.lister(registre) == []
    assert code_de(neuve, quai.bord.afi) == code_de(quai, quai.bord.afi)


def test_a_restoration_says_each_thing_once_and_no_one_who_was_erased(arrivee: Rive, quai: Quai) -> None:
    """Brought twice, sealed again in another life of the register: the lines are the same."""
    effacements.demander(arrivee, personne_id=quai.bord.koffi, par="Estelle", instant=MIDI)
    lignes = restauration.lignes_a_rendre(arrivee, relais=quai.cles.carte.id, cles={})
    types = [un["type"] for un in lignes]

    assert types.count("groupe_ecrit") == types.count("escale_ecrite") == types.count("jeune_inscrit") == 1
    assert "seance_ouverte" not in types
    assert {un["personne"] for un in lignes} == {None, quai.bord.afi}


def test_nothing_is_given_back_from_or_to_a_box_that_is_not_known(arrivee: Rive, quai: Quai) -> None:
    """Neither a wrong number, nor itself, nor a box of which nothing came."""
    vide = trousseau.faire("relais", id="vide", nom="Vide").carte
    rives.accueillir(arrivee.dossier, trousseau.ecrire_carte(vide))
    relais = quai.cles.carte.id
    for ancien, nouveau in ((relais, relais), ("vide", relais), ("inconnu", relais), (relais, "inconnu")):
        with pytest.raises((EntreeInvalide, Introuvable)):
            restauration.restaurer(arrivee, ancien=ancien, nouveau=nouveau, par="Estelle", instant=MIDI)

    assert descentes.lister(arrivee, relais) == []


def test_the_page_opens_names_for_one_request_and_writes_the_key_nowhere(
    terre: Terre, caplog: pytest.LogCaptureFixture
) -> None:
    """The next page knows nothing; neither logs nor files hold the key; that names were opened is known."""
    caplog.set_level(logging.DEBUG)
    vivre_une_journee(terre.quai.bord)
    arrivees.prendre_suite(terre.rive, sceller(terre.quai), voie="cle", instant=MIDI)
    chemin = terre.rive.dossier / "identites.txt"
    cle = chemin.read_bytes().strip()
    client = terre.entrer()
    with chemin.open("rb") as ouvert:
        page = client.post("/noms", data={"relais": terre.relais, "identites": (ouvert, "identites.txt")})
    suivante = texte(client.get("/noms"))
    chemin.unlink()
    partout = b"".join(un.read_bytes() for un in terre.rive.dossier.rglob("*") if un.is_file())

    assert "Koffi" in texte(page)
    assert page.headers["Cache-Control"] == "no-store"
    assert "Koffi" not in suivante
    assert cle not in partout
    assert cle.decode() not in caplog.text
    assert "Koffi" not in caplog.text
    assert "Estelle a ouvert des noms de Pirogue 1 (3)" in texte(client.get("/gestes"))


def test_the_page_says_what_is_destroyed_and_asks_for_the_code_again(terre: Terre) -> None:
    """One press without the code erases nobody."""
    vivre_une_journee(terre.quai.bord)
    arrivees.prendre_suite(terre.rive, sceller(terre.quai), voie="cle", instant=MIDI)
    code = code_de(terre.quai, terre.quai.bord.koffi)
    client = terre.entrer()
    page = texte(client.get(f"/effacer?code={code}"))
    personne = {"personne": terre.quai.bord.koffi}
    ratee = client.post("/effacer", data=personne | {"confirme": "non"}, follow_redirects=True)
    avant = effacements.lister(terre.rive)
    faite = client.post("/effacer", data=personne | {"confirme": code}, follow_redirects=True)

    assert "Ce qui est détruit, pour toujours" in page
    assert "1 séance comptée" in page
    assert "Koffi" not in page
    assert "Recopie le code" in texte(ratee)
    assert avant == []
    assert "demandé, au prochain échange" in texte(faite)
    assert "effacee" in schema.metadata.tables
