"""Coming aboard, as a browser without JavaScript does it."""

import pytest
from flask.testing import FlaskClient

from equipage import Bord, fiche
from gestes_jeune import embarquer, envoyer, fausses, montrer, texte
from pirogue_registre import connexions, jeunes, journal, lieux, presences, seances
from pirogue_registre.jeunes import Jeune


def etats(bord: Bord, seance: str) -> dict[str, str]:
    """Return the roll: who → state."""
    appel = presences.appel(bord.registre, seance_id=seance, instant=bord.horloge())
    return {ligne.jeune.personne_id: ligne.presence.etat for ligne in appel}


def test_the_laptop_welcomes_whoever_sits_down(client: FlaskClient) -> None:
    """Two buttons and one voice: nothing else to choose."""
    page = client.get("/")

    assert page.status_code == 200
    assert "Bienvenue à bord !" in texte(page)
    assert "Je commence" in texte(page)
    assert "Je visite" in texte(page)


def test_before_the_session_the_screen_sends_to_the_trainer(client: FlaskClient, bord: Bord) -> None:
    """Nobody signs in on a boat whose session is not open."""
    page = client.get("/qui")

    assert "La séance n'est pas ouverte." in texte(page)
    assert "Demande à ton formateur." in texte(page)
    assert "Afi" not in texte(page)


def test_only_the_group_of_the_day_is_shown_by_first_name(client: FlaskClient, bord: Bord, seance: str) -> None:
    """Names of another class are nobody's business; no surname is on the screen."""
    autre = lieux.ecrire_groupe(
        bord.registre,
        lieux.Groupe("", "3e B", "CEG Ganvié", None, 24, "premiers_pas"),
        instant=bord.horloge(),
        auteur=bord.rachelle,
    )
    jeunes.inscrire(
        bord.registre,
        fiche=fiche("Rosine", "Agossou"),
        groupe_id=autre.groupe_id,
        instant=bord.horloge(),
        auteur=bord.rachelle,
    )
    mots = texte(client.get("/qui"))

    assert "4e A – Gbessou" in mots
    assert mots.index("Afi D.") < mots.index("Koffi H.")
    assert "Rosine" not in mots
    assert "Dossou" not in mots


def test_a_pair_comes_aboard_and_both_are_present(
    client: FlaskClient, bord: Bord, seance: str, afi: Jeune, koffi: Jeune
) -> None:
    """One laptop, two youths: one sign-in, two lines of the roll."""
    page = embarquer(client, afi, koffi)

    assert "Afi + Koffi" in texte(page)
    assert "Mon chemin" in texte(page)
    assert etats(bord, seance) == {afi.personne_id: "present", koffi.personne_id: "present"}
    (connexion,) = connexions.ouvertes(bord.registre, seance)
    assert (connexion.personne_id, connexion.binome_avec) == (afi.personne_id, koffi.personne_id)


def test_one_who_is_alone_follows_the_path_alone(client: FlaskClient, bord: Bord, seance: str, afi: Jeune) -> None:
    """«Non, je suis seul·e» leads straight to the path."""
    page = embarquer(client, afi)

    assert "Ta prochaine étape" in texte(page)
    assert etats(bord, seance)[bord.koffi] == "non_marque"


def test_each_picture_touched_is_shown_before_the_next(client: FlaskClient, seance: str, afi: Jeune) -> None:
    """Three successive forms: the way works on the oldest browser."""
    envoyer(client, "/qui", personne=afi.personne_id)
    page = envoyer(client, "/images", image=afi.images[0])

    assert "1 sur 3" in page.get_data(as_text=True)
    assert page.get_data(as_text=True).count("disabled") == 1


def test_a_double_tap_on_a_picture_counts_once(client: FlaskClient, seance: str, afi: Jeune) -> None:
    """The boat moves, fingers tap twice."""
    page = montrer(client, afi, (afi.images[0], *afi.images))

    assert "C'est toi, Afi ?" in texte(page)


def test_effacer_takes_the_pictures_back(client: FlaskClient, seance: str, afi: Jeune) -> None:
    """A wrong first picture is not a wrong try."""
    envoyer(client, "/qui", personne=afi.personne_id)
    envoyer(client, "/images", image=afi.images[2])
    page = envoyer(client, "/images/effacer")

    assert "0 sur 3" in page.get_data(as_text=True)


def test_no_is_back_to_the_list_with_nothing_written(client: FlaskClient, bord: Bord, seance: str, afi: Jeune) -> None:
    """A wrong child presses [Non]: the journal has not moved."""
    avant = journal.dernier(bord.registre)
    montrer(client, afi)
    page = envoyer(client, "/toi", reponse="non")

    assert "Qui es-tu ?" in texte(page)
    assert journal.dernier(bord.registre) == avant


def test_three_wrong_tries_call_the_trainer_and_lock_nobody_out(client: FlaskClient, seance: str, afi: Jeune) -> None:
    """Pictures are forgotten; a child is never punished for it."""
    envoyer(client, "/qui", personne=afi.personne_id)
    for _ in range(2):
        for image in fausses(afi):
            page = envoyer(client, "/images", image=image)
        assert "Ce n'est pas le bon ordre." in texte(page)
    for image in fausses(afi):
        page = envoyer(client, "/images", image=image)

    assert "Appelle ton formateur." in texte(page)
    assert "C'est toi, Afi ?" in texte(montrer(client, afi))


def test_right_pictures_are_not_enough_without_the_tile(client: FlaskClient, seance: str, afi: Jeune) -> None:
    """A triple alone is not an identity: no tile, no pictures."""
    for image in afi.images:
        page = envoyer(client, "/images", image=image)

    assert "Qui es-tu ?" in texte(page)


def test_the_pair_is_not_twice_the_same_person(client: FlaskClient, bord: Bord, seance: str, afi: Jeune) -> None:
    """Afi's tile is gone when her partner looks for his."""
    montrer(client, afi)
    envoyer(client, "/toi", reponse="oui")
    page = envoyer(client, "/deux", reponse="oui")
    refus = envoyer(client, "/qui", personne=afi.personne_id)

    assert "Et toi, qui es-tu ?" in texte(page)
    assert "Afi D." not in texte(page)
    assert "Ce nom n'est pas dans la liste d'aujourd'hui." in texte(refus)


def test_the_second_may_give_up_and_the_first_goes_on(client: FlaskClient, seance: str, afi: Jeune) -> None:
    """Koffi went out: Afi is not stuck on his pictures."""
    montrer(client, afi)
    envoyer(client, "/toi", reponse="oui")
    envoyer(client, "/deux", reponse="oui")
    page = envoyer(client, "/deux", reponse="non")

    assert "Mon chemin" in texte(page)


@pytest.mark.parametrize("inconnu", ["", "0" * 32, "' OR 1=1 --", "🐢", "../../etc/passwd"])
def test_an_unknown_tile_is_told_in_a_sentence(client: FlaskClient, bord: Bord, seance: str, inconnu: str) -> None:
    """A form made by hand changes nothing and is answered in French."""
    avant = journal.dernier(bord.registre)
    page = envoyer(client, "/qui", personne=inconnu)

    assert "Ce nom n'est pas dans la liste d'aujourd'hui." in texte(page)
    assert journal.dernier(bord.registre) == avant


def test_an_unknown_picture_is_told_in_a_sentence(client: FlaskClient, seance: str, afi: Jeune) -> None:
    """Thirteenth picture, no picture: neither counts as a try."""
    envoyer(client, "/qui", personne=afi.personne_id)
    page = envoyer(client, "/images", image="requin")

    assert "Cette image n'existe pas." in texte(page)
    assert "C'est toi, Afi ?" in texte(montrer(client, afi))


@pytest.mark.parametrize(
    ("prenom", "montre"), [("N'Koué", "N'Koué H."), ("Ɖɔnɛ", "Ɖɔnɛ H."), ("Afi 🐢", "Afi 🐢 H."), ("Jo<b>", "Jo<b> H.")]
)
def test_names_of_the_lagoon_are_shown_right_and_harmless(
    client: FlaskClient, bord: Bord, seance: str, prenom: str, montre: str
) -> None:
    """ɖ, ɛ, ɔ, apostrophes, emoji, even a tag typed by mischief: letters, nothing else."""
    inscrit = jeunes.inscrire(
        bord.registre,
        fiche=fiche(prenom, "Hounsou"),
        groupe_id=bord.groupe,
        instant=bord.horloge(),
        auteur=bord.rachelle,
    )
    liste = client.get("/qui")
    page = montrer(client, inscrit)

    assert "<b>" not in liste.get_data(as_text=True)
    assert f"C'est toi, {prenom} ?" in texte(page).replace("\xa0", " ")
    assert montre.replace("<b>", "&lt;b&gt;").replace("'", "&#39;") in liste.get_data(as_text=True)


def test_a_session_closed_between_two_steps_loses_nothing(
    client: FlaskClient, bord: Bord, seance: str, afi: Jeune
) -> None:
    """Rachelle closes while Afi touches her pictures: a sentence, no presence, no error."""
    montrer(client, afi)
    seances.cloturer(bord.registre, seance_id=seance, instant=bord.horloge(), auteur=bord.rachelle)
    page = envoyer(client, "/toi", reponse="oui")

    assert "La séance n'est pas ouverte." in texte(page)
    assert etats(bord, seance)[afi.personne_id] != "present"
