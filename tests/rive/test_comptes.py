"""Accounts ashore: passwords, tries, closing."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import select

from pirogue_registre import comptes as comptes_bord
from pirogue_rive import actes, base, comptes, motsdepasse
from pirogue_rive.comptes import AccesRefuse, CompteBloque
from pirogue_rive.config import Rive
from pirogue_rive.schema_gestion import compte_rive
from pirogue_socle.erreurs import EntreeInvalide, Introuvable
from rive.terre import MIDI, MOT_DE_PASSE


def essayer(rive: Rive, mot: str, *, instant: object = MIDI, nom: str = "Estelle") -> str:
    """Return the name of what a try gives: the account's, or the refusal's."""
    try:
        return comptes.verifier(rive, nom=nom, mot_de_passe=mot, instant=instant).nom  # type: ignore[arg-type]
    except (AccesRefuse, CompteBloque) as erreur:
        return type(erreur).__name__


def test_the_first_password_is_four_words_and_is_kept_as_a_hash_only(rive: Rive) -> None:
    """Nobody who reads the database can come in."""
    compte, secret = comptes.creer(rive, nom="  Estelle  ", role="coordination", instant=MIDI)
    with base.lire(rive.moteur) as db:
        rangee = db.execute(select(compte_rive)).one()

    assert compte.nom == "Estelle"
    assert compte.a_changer
    assert len(secret.split("-")) == 4
    assert set(secret.split("-")) <= set(motsdepasse.mots())
    assert rangee.argon2.startswith("$argon2id$")
    assert secret not in str(rangee)
    assert comptes.verifier(rive, nom="ESTELLE", mot_de_passe=secret, instant=MIDI).compte_id == compte.compte_id


def test_the_words_are_many_plain_and_all_different() -> None:
    """Forty bits in four words that a telephone does not mangle."""
    mots = motsdepasse.mots()

    assert len(mots) == len(set(mots)) >= 900
    assert all(mot.isascii() and mot.isalpha() and mot.islower() for mot in mots)


def test_passwords_cost_as_much_to_guess_as_the_trainers_codes() -> None:
    """One setting of Argon2 for the whole product, though the shore may not import the register."""
    ici, bord = motsdepasse.HACHEUR, comptes_bord.HACHEUR

    assert (ici.time_cost, ici.memory_cost, ici.parallelism) == (bord.time_cost, bord.memory_cost, bord.parallelism)


@pytest.mark.parametrize("faible", ["court", "a" * 20, "estelle-estelle", "Estelle de Sô-Ava", "x" * 201])
def test_a_weak_password_is_refused(rive: Rive, faible: str) -> None:
    """Too short, repeated, one's own name, endless: the old one stays."""
    compte, secret = comptes.creer(rive, nom="Estelle", role="coordination", instant=MIDI)
    with pytest.raises(EntreeInvalide):
        comptes.changer_mot_de_passe(rive, compte_id=compte.compte_id, ancien=secret, nouveau=faible, instant=MIDI)

    assert essayer(rive, secret) == "Estelle"


def test_five_wrong_tries_make_an_account_wait_a_minute_of_the_machine(rive: Rive) -> None:
    """The right password waits too; another account does not; the wall clock does not matter."""
    _, secret = comptes.creer(rive, nom="Estelle", role="coordination", instant=MIDI)
    _, autre = comptes.creer(rive, nom="Dossou", role="consultation", instant=MIDI)
    faux = [essayer(rive, "pas le bon mot") for _ in range(5)]
    bloque = essayer(rive, secret)
    dans_un_an = replace(MIDI, mur_ms=MIDI.mur_ms + 31_536_000_000)
    apres = replace(MIDI, bt_ns=MIDI.bt_ns + comptes.ATTENTE_NS)

    assert faux == ["AccesRefuse"] * 5
    assert bloque == "CompteBloque"
    assert essayer(rive, secret, instant=dans_un_an) == "CompteBloque"
    assert essayer(rive, autre, nom="Dossou") == "Dossou"
    assert essayer(rive, secret, instant=apres) == "Estelle"


def test_twenty_tries_at_once_obtain_five_answers(rive: Rive) -> None:
    """A try is counted before it is judged."""
    comptes.creer(rive, nom="Estelle", role="coordination", instant=MIDI)
    with ThreadPoolExecutor(8) as ensemble:
        sorts = list(ensemble.map(lambda rang: essayer(rive, f"essai numéro {rang}"), range(20)))

    assert sorts.count("AccesRefuse") == 5
    assert sorts.count("CompteBloque") == 15


def test_an_unknown_name_is_answered_like_a_wrong_password(rive: Rive) -> None:
    """Nobody learns who has an account."""
    comptes.creer(rive, nom="Estelle", role="coordination", instant=MIDI)
    phrases = set()
    for nom in ("Estelle", "Personne", ""):
        with pytest.raises(AccesRefuse) as refus:
            comptes.verifier(rive, nom=nom, mot_de_passe="pas le bon mot", instant=MIDI)
        phrases.add(str(refus.value))

    assert len(phrases) == 1


def test_a_closed_account_opens_nothing_and_its_name_is_not_given_again(rive: Rive) -> None:
    """What it did stays under its name."""
    compte, secret = comptes.creer(rive, nom="Estelle", role="coordination", instant=MIDI)
    comptes.fermer(rive, compte_id=compte.compte_id, instant=MIDI)
    with pytest.raises(EntreeInvalide):
        comptes.creer(rive, nom="estelle", role="technique", instant=MIDI)
    with pytest.raises(Introuvable):
        comptes.nomme(rive, "Estelle")

    assert essayer(rive, secret) == "AccesRefuse"
    assert [un.quoi for un in actes.derniers(rive, sur="Estelle")].count("compte_ferme") == 1


def test_a_new_first_password_replaces_the_forgotten_one(rive: Rive) -> None:
    """The technical team gives another; the old one opens nothing any more."""
    compte, premier = comptes.creer(rive, nom="Estelle", role="coordination", instant=MIDI)
    comptes.changer_mot_de_passe(rive, compte_id=compte.compte_id, ancien=premier, nouveau=MOT_DE_PASSE, instant=MIDI)
    refait, second = comptes.reinitialiser(rive, compte_id=compte.compte_id, instant=MIDI)

    assert refait.a_changer
    assert essayer(rive, MOT_DE_PASSE) == "AccesRefuse"
    assert essayer(rive, second) == "Estelle"


@pytest.mark.parametrize(("nom", "role"), [("", "coordination"), ("x" * 61, "coordination"), ("Estelle", "chef")])
def test_an_account_needs_a_name_and_a_known_role(rive: Rive, nom: str, role: str) -> None:
    """Nothing is written otherwise."""
    with pytest.raises(EntreeInvalide):
        comptes.creer(rive, nom=nom, role=role, instant=MIDI)

    assert comptes.lister(rive) == []
