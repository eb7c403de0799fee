"""The two halves of the signature agree: the portal's (ours) and Kolibri's (the plugin's)."""

import string
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pirogue_contenus.kolibri_jeton import PersonneKolibri, lien_entree, signer
from pirogue_kolibri import jeton, usage_unique
from pirogue_socle.horloge import NS_PAR_MS, Instant

CLE = b"c" * 64
MATIN = Instant("a" * 32, 3_600_000 * NS_PAR_MS, 1_741_071_600_000)
AFI = PersonneKolibri(sub="e" * 32, nom="Afi D.", code="7K3QX9", role="learner", classes=("4e A",))


def texte_de(lien: str) -> str:
    """Return the token of a link."""
    return lien.split("/pirogue/entrer?t=", 1)[1]


def heure(instant: Instant) -> jeton.Heure:
    """Return what Kolibri's process reads at this instant."""
    return jeton.Heure(boot_id=instant.boot_id, bt_ms=instant.bt_ns // NS_PAR_MS)


def entree(personne: PersonneKolibri = AFI, suite: str = "/", instant: Instant = MATIN) -> str:
    """Return an entry token of the portal's."""
    return texte_de(lien_entree(base="http://x/cours/", cle=CLE, personne=personne, suite=suite, instant=instant))


personnes = st.builds(
    PersonneKolibri,
    sub=st.text(string.ascii_letters + string.digits + "-_", min_size=1, max_size=64).filter(jeton.est_simple),
    nom=st.text(min_size=1, max_size=120),
    code=st.text(max_size=64),
    role=st.sampled_from(["learner", "coach"]),
    classes=st.lists(st.text(min_size=1, max_size=100), max_size=4).map(tuple),
)


@given(personne=personnes)
def test_kolibri_reads_the_person_that_the_portal_wrote(personne: PersonneKolibri) -> None:
    """Any name the register may hold arrives whole."""
    lue = jeton.verifier_entree(CLE, entree(personne), maintenant=heure(MATIN)).personne

    assert (lue.sub, lue.nom, lue.code, lue.role, lue.classes) == (
        personne.sub,
        personne.nom,
        personne.code,
        personne.role,
        personne.classes,
    )


@given(donnees=st.data())
def test_no_changed_token_is_accepted(donnees: st.DataObject) -> None:
    """Change, add or remove any character anywhere: nothing opens (no second spelling of a signature either)."""
    bon = entree()
    place = donnees.draw(st.integers(0, len(bon)))
    ajout = donnees.draw(st.text(max_size=3))
    retire = donnees.draw(st.integers(0, 3))
    change = bon[:place] + ajout + bon[place + retire :]

    if change != bon:
        with pytest.raises(jeton.JetonRefuse):
            jeton.verifier_entree(CLE, change, maintenant=heure(MATIN))


@given(texte=st.text())
def test_nonsense_is_refused_and_breaks_nothing(texte: str) -> None:
    """Whatever is typed in the address bar."""
    with pytest.raises(jeton.JetonRefuse):
        jeton.verifier_entree(CLE, texte, maintenant=heure(MATIN))


@pytest.mark.parametrize("secondes", [-3600, -61, 61, 3600])
def test_a_link_lives_a_minute_of_boot_time(secondes: int) -> None:
    """Neither before it was made, nor a minute after."""
    autre = replace(MATIN, bt_ns=MATIN.bt_ns + secondes * 1_000_000_000)

    with pytest.raises(jeton.JetonRefuse):
        jeton.verifier_entree(CLE, entree(), maintenant=heure(autre))


def test_a_link_made_under_a_mad_wall_clock_works() -> None:
    """The trainer confirms the date between the touch and the opening: the wall clock jumps, nothing else."""
    en_1970 = replace(MATIN, mur_ms=0)

    assert jeton.verifier_entree(CLE, entree(instant=en_1970), maintenant=heure(MATIN)).personne.sub == AFI.sub


def test_a_link_of_another_boot_or_another_use_is_refused() -> None:
    """Links do not survive a power cut; a people push is no entry."""
    ailleurs = replace(MATIN, boot_id="b" * 32)
    annuaire = signer(CLE, "annuaire", {"personnes": []}, instant=MATIN)

    for texte, instant in ((entree(), ailleurs), (annuaire, MATIN)):
        with pytest.raises(jeton.JetonRefuse):
            jeton.verifier_entree(CLE, texte, maintenant=heure(instant))
    with pytest.raises(jeton.JetonRefuse):
        jeton.verifier_annuaire(CLE, entree(), maintenant=heure(MATIN))


def test_an_empty_key_file_opens_nothing() -> None:
    """A key file emptied by a power cut must not become a key that everybody knows."""
    texte = texte_de(lien_entree(base="http://x", cle=b"", personne=AFI, suite="/", instant=MATIN))

    with pytest.raises(jeton.JetonRefuse):
        jeton.verifier_entree(b"", texte, maintenant=heure(MATIN))


@pytest.mark.parametrize(
    "ailleurs",
    [
        "https://mechant.bj/",
        "//mechant.bj",
        "/\\mechant.bj",
        "javascript:alert(1)",
        "",
        "mechant",
        "/a\r\nSet-Cookie: b",
    ],
)
def test_a_link_leads_nowhere_but_into_kolibri(ailleurs: str) -> None:
    """An address of elsewhere becomes Kolibri's home."""
    assert jeton.verifier_entree(CLE, entree(suite=ailleurs), maintenant=heure(MATIN)).suite == "/"


def test_used_links_are_remembered_while_they_could_be_used(tmp_path: Path) -> None:
    """Second use refused; the marks of dead links are swept away, and only those."""
    dossier = tmp_path / "liens"
    premier = jeton.verifier_entree(CLE, entree(), maintenant=heure(MATIN))
    plus_tard = replace(MATIN, bt_ns=MATIN.bt_ns + 61_000_000_000)
    second = jeton.verifier_entree(CLE, entree(instant=plus_tard), maintenant=heure(plus_tard))

    usages = [usage_unique.consommer(dossier, premier, maintenant=heure(MATIN)) for _ in range(2)]
    usages.append(usage_unique.consommer(dossier, second, maintenant=heure(plus_tard)))

    assert usages == [True, False, True]
    assert [marque.name.split(".")[2] for marque in dossier.iterdir()] == [second.jti]
