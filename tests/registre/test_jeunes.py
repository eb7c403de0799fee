"""Enrolment keeps names apart, lets everyone in, and knows a face it has seen."""

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from equipage import Bord, fiche
from pirogue_registre import base, coffre, comptes, consentements, effacement, fiches, jeunes, journal, ressemblance
from pirogue_socle.erreurs import EntreeInvalide, Introuvable


@pytest.mark.parametrize("prenom", ["Ɖɛɔ", "N'Tcha", "Afi 🐟", "Mèdéssè Akɔ́sua", "عائشة"])
def test_a_name_comes_back_as_it_was_written(bord: Bord, prenom: str) -> None:
    """Letters of Fon and Tofin, apostrophes, emoji."""
    jeune = jeunes.inscrire(
        bord.registre, fiche=fiche(prenom, "D'Almeida"), groupe_id=bord.groupe, instant=bord.horloge(), auteur="x"
    )

    assert (jeune.prenom, jeune.nom_court) == (prenom, f"{prenom} D.")


def test_no_name_is_readable_in_the_files_of_the_register(bord: Bord, tmp_path: Path) -> None:
    """A stolen card shows no name without the safe's key; neither do the lines that travel."""
    bord.registre.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    octets = (tmp_path / "registre" / "registre.sqlite3").read_bytes()
    lignes = b"".join(ligne for _, ligne in journal.lignes(bord.registre, apres=0, limite=1000))

    assert b"Hounsou" not in octets
    assert b"Hounsou" not in lignes
    assert jeunes.lire(bord.registre, bord.koffi).nom == "Hounsou"


def test_destroying_a_key_makes_the_name_unreadable_and_keeps_the_count(bord: Bord) -> None:
    """The journal still holds the ciphertext; nobody can read it any more."""
    effacement.effacer(
        bord.registre, personne_id=bord.koffi, motif="demande_personne", instant=bord.horloge(), auteur=bord.rachelle
    )

    assert jeunes.lire(bord.registre, bord.koffi).prenom == coffre.EFFACEE.prenom
    assert [un.personne_id for un in jeunes.lister(bord.registre, bord.groupe)] == [bord.afi]
    assert bord.registre.db.execute("SELECT count(*) FROM jeune").fetchone()[0] == 2


def test_a_register_with_another_safe_s_key_says_so(bord: Bord, tmp_path: Path) -> None:
    """A restored card without its key file gives a sentence, not a fault, and takes no name under the wrong key."""
    (tmp_path / "registre" / "coffre.cle").write_bytes(b"x" * 32)
    jules = fiche("Jules", "Zinsou")

    with pytest.raises(coffre.CoffreFerme, match="noms sont fermés"):
        jeunes.lire(bord.registre, bord.afi)
    with pytest.raises(coffre.CoffreFerme, match="noms sont fermés"):
        jeunes.inscrire(bord.registre, fiche=jules, groupe_id=bord.groupe, instant=bord.horloge(), auteur="x")


def test_an_erased_record_is_not_written_again(bord: Bord) -> None:
    """Completing a form that was open before the erasure must not bring the name back."""
    effacement.effacer(
        bord.registre, personne_id=bord.koffi, motif="demande_personne", instant=bord.horloge(), auteur=bord.rachelle
    )
    avant = journal.dernier(bord.registre)
    koffi = fiche("Koffi", "Hounsou", sexe="M")

    with pytest.raises(Introuvable, match="effacée"):
        jeunes.completer(bord.registre, personne_id=bord.koffi, fiche=koffi, instant=bord.horloge(), auteur="x")
    assert journal.dernier(bord.registre) == avant


def test_a_lost_key_is_never_replaced_beside_the_names_it_holds(bord: Bord, tmp_path: Path) -> None:
    """A second key would shut the safe for good: the first one, brought back, could not open the newer names."""
    cle = tmp_path / "registre" / "coffre.cle"
    octets = cle.read_bytes()
    cle.unlink()
    gestes = [
        lambda: jeunes.lire(bord.registre, bord.afi),
        lambda: jeunes.inscrire(
            bord.registre, fiche=fiche("Jules", "Zinsou"), groupe_id=bord.groupe, instant=bord.horloge(), auteur="x"
        ),
    ]
    for geste in gestes:
        with pytest.raises(coffre.CoffreFerme, match="noms sont fermés"):
            geste()

    assert not cle.exists()
    cle.write_bytes(octets)
    assert jeunes.lire(bord.registre, bord.afi).prenom == "Afi"


@pytest.mark.parametrize(
    ("champ", "valeur"),
    [
        ("prenom", "   "),
        ("prenom", "x" * 41),
        ("prenom", "a\x00b"),
        ("nom", ""),
        ("sexe", "X"),
        ("territoire", "paris"),
        ("situation", ""),
        ("niveau_scolaire", "doctorat"),
        ("annee_naissance", "hier"),
        ("annee_naissance", "1789"),
        ("annee_naissance", "²⁰¹¹"),
        ("consentement_suivi", "peut-être"),
        ("recherche", ""),
        ("lien", "cousin"),
        ("par", "voisin"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_written(bord: Bord, champ: str, valeur: str) -> None:
    """Each of the mandatory fields, empty or forged."""
    avant = journal.dernier(bord.registre)
    fausse = dataclasses.replace(fiche("Sèna", "Zinsou"), **{champ: valeur})

    with pytest.raises(EntreeInvalide):
        jeunes.inscrire(bord.registre, fiche=fausse, groupe_id=bord.groupe, instant=bord.horloge(), auteur="x")

    assert journal.dernier(bord.registre) == avant


def test_not_knowing_keeps_nobody_out(bord: Bord) -> None:
    """Year unknown, everything « non communiqué », consent refused: she is in."""
    inconnue = fiches.FicheJeune("Sèna", "inconnu", "inconnue", "nc", "nc", "nc", "nc", "non")

    jeune = jeunes.inscrire(bord.registre, fiche=inconnue, groupe_id=bord.groupe, instant=bord.horloge(), auteur="x")

    assert (jeune.annee_naissance, jeune.tranche_age_inscription) == (None, "nc")
    assert consentements.lire(bord.registre, jeune.personne_id, "suivi") == "non"


def test_a_newcomer_in_three_fields_is_completed_later(bord: Bord) -> None:
    """First name, sex, age; then the whole record, with the same code, animal and pictures."""
    premier = jeunes.inscrire_nouveau(
        bord.registre, prenom="Jules", sexe="M", age="14", groupe_id=bord.groupe, instant=bord.horloge(), auteur="x"
    )
    complet = jeunes.completer(
        bord.registre,
        personne_id=premier.personne_id,
        fiche=fiche("Jules", "Akpo", sexe="M"),
        instant=bord.horloge(),
        auteur="x",
    )

    assert (premier.complet, complet.complet, complet.nom) == (False, True, "Akpo")
    assert (premier.code_jeune, premier.animal, premier.images) == (
        complet.code_jeune,
        complet.animal,
        complet.images,
    )


@pytest.mark.parametrize(("prenom", "nom"), [("Koffi", "Hounsou"), ("Hounsou", "Kofi"), ("KOFFI", "Hounssou")])
def test_the_same_person_is_recognised_under_another_spelling(bord: Bord, prenom: str, nom: str) -> None:
    """First and last name swapped, capitals, a letter more or less."""
    trouves = jeunes.semblables(bord.registre, prenom=prenom, nom=nom, annee_naissance=2012, groupe_id=bord.groupe)

    assert [jeune.personne_id for jeune in trouves] == [bord.koffi]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(un=st.text(max_size=30), autre=st.text(max_size=30))
def test_likeness_is_symmetric_and_between_0_and_1(un: str, autre: str) -> None:
    """Whatever is typed."""
    assert 0 <= ressemblance.noms(un, autre) <= 1
    assert ressemblance.noms(un, autre) == ressemblance.noms(autre, un)
    assert ressemblance.noms(un, un) in (0.0, 0.9, 1.0)


def test_a_record_corrected_years_later_keeps_the_age_of_its_first_day(bord: Bord) -> None:
    """Afi was 14 when she enrolled; a spelling corrected three years later must not move her in past reports."""
    bord.horloge.redemarrer(mur_ms=bord.horloge.mur_ms + 3 * 366 * 86_400_000)

    apres = jeunes.completer(
        bord.registre, personne_id=bord.afi, fiche=fiche("Afi", "Dossa"), instant=bord.horloge(), auteur="x"
    )

    assert (apres.nom, apres.tranche_age_inscription) == ("Dossa", "10_14")


def test_a_code_that_someone_has_is_drawn_again(bord: Bord, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same six signs must never be given twice: the newer trainee would take the older one's place."""
    afi = jeunes.lire(bord.registre, bord.afi)
    tirages = iter([afi.code_jeune, "K7Q4MB"])
    monkeypatch.setattr(jeunes, "nouveau_code", lambda: next(tirages))

    jules = jeunes.inscrire(
        bord.registre, fiche=fiche("Jules", "Zinsou"), groupe_id=bord.groupe, instant=bord.horloge(), auteur="x"
    )

    assert jules.code_jeune == "K7Q4MB"
    assert jeunes.lire(bord.registre, bord.afi) == afi


def test_three_pictures_open_only_in_their_order(bord: Bord) -> None:
    """The right three, the right order."""
    images = jeunes.lire(bord.registre, bord.afi).images

    assert jeunes.verifier_images(bord.registre, personne_id=bord.afi, images=images)
    assert not jeunes.verifier_images(bord.registre, personne_id=bord.afi, images=images[::-1])
    assert not jeunes.verifier_images(bord.registre, personne_id=bord.afi, images=images[:2])


def test_five_wrong_codes_make_the_account_wait_a_minute(bord: Bord) -> None:
    """By the boot clock: jumping the wall does not help."""
    for _ in range(4):
        with pytest.raises(comptes.CodeFaux):
            comptes.verifier_pin(bord.registre, compte_id=bord.rachelle, pin="000000", instant=bord.horloge())
    with pytest.raises(comptes.CodeBloque):
        comptes.verifier_pin(bord.registre, compte_id=bord.rachelle, pin="000000", instant=bord.horloge())
    bord.horloge.sauter(jours=3)
    with pytest.raises(comptes.CodeBloque):
        comptes.verifier_pin(bord.registre, compte_id=bord.rachelle, pin="246810", instant=bord.horloge())
    bord.horloge.avancer(minutes=1)

    compte = comptes.verifier_pin(bord.registre, compte_id=bord.rachelle, pin="246810", instant=bord.horloge())

    assert compte.nom == "Rachelle"


def test_twelve_tries_sent_at_once_get_five_answers(bord: Bord) -> None:
    """Several laptops guessing together gain nothing over one."""
    instant = bord.horloge()

    def essayer(rang: int) -> type[Exception]:
        registre = base.ouvrir(bord.registre.dossier)
        try:
            comptes.verifier_pin(registre, compte_id=bord.rachelle, pin=f"11111{rang % 10}", instant=instant)
        except (comptes.CodeFaux, comptes.CodeBloque) as erreur:
            return type(erreur)
        finally:
            base.fermer(registre)
        return AssertionError

    with ThreadPoolExecutor(12) as fils:
        reponses = list(fils.map(essayer, range(12)))

    assert reponses.count(comptes.CodeFaux) == comptes.ESSAIS - 1
    assert reponses.count(comptes.CodeBloque) == 12 - comptes.ESSAIS + 1


def test_the_pin_is_nowhere_in_what_travels(bord: Bord) -> None:
    """Neither in clear nor hashed: a six-digit PIN's hash can be guessed."""
    lignes = b"".join(ligne for _, ligne in journal.lignes(bord.registre, apres=0, limite=1000))

    assert b"argon2" not in lignes
    assert b"246810" not in lignes
