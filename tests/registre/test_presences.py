"""The roll: what a trainer's taps and late corrections leave in the register."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipage import HUIT_HEURES_MS, Bord
from pirogue_registre import ancres, bilan, connexions, journal, presences, seances
from pirogue_socle.erreurs import EntreeInvalide, Introuvable
from pirogue_socle.regles import minutes_retenues


def etat(bord: Bord, seance: str, personne: str) -> str:
    """Return the state that the roll shows for one person."""
    lignes = presences.appel(bord.registre, seance_id=seance, instant=bord.horloge())
    return next(ligne.presence.etat for ligne in lignes if ligne.jeune.personne_id == personne)


def pointer(bord: Bord, seance: str, personne: str, voulu: str, heure: str | None = None) -> None:
    """Mark as the trainer does."""
    presences.pointer(
        bord.registre,
        seance_id=seance,
        personne_id=personne,
        etat=voulu,
        instant=bord.horloge(),
        auteur=bord.rachelle,
        heure=heure,
    )


def test_pressing_present_twice_counts_once(bord: Bord) -> None:
    """A double tap must not inflate the attendance, nor the journal."""
    seance = bord.ouvrir_seance()
    pointer(bord, seance, bord.afi, "present")
    avant = journal.dernier(bord.registre)

    pointer(bord, seance, bord.afi, "present")

    assert journal.dernier(bord.registre) == avant


def test_a_sign_in_fills_the_roll_for_both_of_the_pair(bord: Bord) -> None:
    """Two youths on one laptop are both present, each with the other's name."""
    seance = bord.ouvrir_seance()
    connexion = connexions.ouvrir(bord.registre, seance_id=seance, personne_id=bord.afi, instant=bord.horloge())
    connexions.rejoindre(
        bord.registre, connexion_id=connexion.connexion_id, personne_id=bord.koffi, instant=bord.horloge()
    )

    lignes = presences.appel(bord.registre, seance_id=seance, instant=bord.horloge())

    assert [(x.presence.etat, x.presence.source) for x in lignes] == [("present", "connexion")] * 2
    assert [x.presence.binome_avec for x in lignes] == [bord.koffi, bord.afi]


def test_a_youth_who_comes_as_the_trainer_closes_is_told_in_her_own_words(bord: Bord) -> None:
    """Not « utilise Corriger », which is the trainer's; and nothing is written after the close."""
    seance = bord.ouvrir_seance()
    seances.cloturer(bord.registre, seance_id=seance, instant=bord.horloge(), auteur=bord.rachelle)
    avant = journal.dernier(bord.registre)

    with pytest.raises(seances.SeanceClose) as refus:
        connexions.ouvrir(bord.registre, seance_id=seance, personne_id=bord.afi, instant=bord.horloge())

    assert refus.value.geste == "Demande à ton formateur."
    assert journal.dernier(bord.registre) == avant


def test_the_second_of_a_pair_changes_laptop_and_the_first_goes_on(bord: Bord) -> None:
    """Koffi moves to another laptop: Afi is not thrown out of her lesson."""
    seance = bord.ouvrir_seance()
    d_afi = connexions.ouvrir(bord.registre, seance_id=seance, personne_id=bord.afi, instant=bord.horloge())
    connexions.rejoindre(bord.registre, connexion_id=d_afi.connexion_id, personne_id=bord.koffi, instant=bord.horloge())

    de_koffi = connexions.ouvrir(bord.registre, seance_id=seance, personne_id=bord.koffi, instant=bord.horloge())

    ouvertes = {un.connexion_id: un.binome_avec for un in connexions.ouvertes(bord.registre, seance)}
    assert ouvertes == {d_afi.connexion_id: None, de_koffi.connexion_id: None}


def test_the_first_of_a_pair_takes_her_laptop_s_sign_in_away_with_her(bord: Bord) -> None:
    """Kolibri is open there under Afi's name: nobody may go on in it once she sits with Koffi."""
    seance = bord.ouvrir_seance()
    connexions.ouvrir(bord.registre, seance_id=seance, personne_id=bord.afi, instant=bord.horloge())
    de_koffi = connexions.ouvrir(bord.registre, seance_id=seance, personne_id=bord.koffi, instant=bord.horloge())

    connexions.rejoindre(
        bord.registre, connexion_id=de_koffi.connexion_id, personne_id=bord.afi, instant=bord.horloge()
    )

    ouvertes = {un.connexion_id: un.binome_avec for un in connexions.ouvertes(bord.registre, seance)}
    assert ouvertes == {de_koffi.connexion_id: bord.afi}


def test_signing_in_after_the_roll_does_not_undo_the_trainer(bord: Bord) -> None:
    """What Rachelle marked stays; only she changes it."""
    seance = bord.ouvrir_seance()
    pointer(bord, seance, bord.afi, "retard", "08:20")

    connexions.ouvrir(bord.registre, seance_id=seance, personne_id=bord.afi, instant=bord.horloge())

    assert etat(bord, seance, bord.afi) == "retard"


def test_a_tap_cycles_the_state_that_the_trainer_saw(bord: Bord) -> None:
    """Five taps: present, late, absent, excused, present again."""
    seance = bord.ouvrir_seance()
    vus = ["non_marque"]
    for _ in range(5):
        vus.append(
            presences.cycler(
                bord.registre,
                seance_id=seance,
                personne_id=bord.afi,
                depuis=vus[-1],
                instant=bord.horloge(),
                auteur=bord.rachelle,
            )
        )

    assert vus[1:] == ["present", "retard", "absent", "excuse", "present"]


def test_two_trainers_on_one_roll_do_not_undo_each_other(bord: Bord) -> None:
    """The second one tapped on a line that had moved: she is told, nothing is written."""
    seance = bord.ouvrir_seance()
    pointer(bord, seance, bord.afi, "absent")

    with pytest.raises(presences.AppelChange, match="Afi"):
        presences.cycler(
            bord.registre,
            seance_id=seance,
            personne_id=bord.afi,
            depuis="non_marque",
            instant=bord.horloge(),
            auteur="autre",
        )

    assert etat(bord, seance, bord.afi) == "absent"


def test_a_closed_roll_takes_no_tap_but_a_correction_with_its_reason(bord: Bord) -> None:
    """After closing, only a correction changes a line, and the trace keeps the old state."""
    seance = bord.ouvrir_seance()
    pointer(bord, seance, bord.koffi, "absent")
    bord.horloge.avancer(minutes=120)
    seances.cloturer(bord.registre, seance_id=seance, instant=bord.horloge(), auteur=bord.rachelle)
    with pytest.raises(seances.SeanceClose):
        pointer(bord, seance, bord.koffi, "present")

    presences.corriger(
        bord.registre,
        seance_id=seance,
        personne_id=bord.koffi,
        nouveau="retard",
        motif="arrive_apres_appel",
        instant=bord.horloge(),
        auteur=bord.rachelle,
        heure="09:00",
    )

    trace = presences.corrections(bord.registre, seance)
    assert [(t.ancien, t.nouveau, t.apres_cloture) for t in trace] == [("absent", "retard", True)]
    lignes = presences.appel(bord.registre, seance_id=seance, instant=bord.horloge())
    assert [x.minutes for x in lignes if x.jeune.personne_id == bord.koffi] == [60]


def test_unknown_people_and_codes_are_refused_with_a_sentence(bord: Bord) -> None:
    """A form from another boat, a forged code: nothing is written."""
    seance = bord.ouvrir_seance()
    avant = journal.dernier(bord.registre)
    with pytest.raises(Introuvable):
        pointer(bord, seance, "inconnu", "present")
    with pytest.raises(EntreeInvalide):
        pointer(bord, seance, bord.afi, "peut-etre")
    with pytest.raises(EntreeInvalide):
        pointer(bord, seance, bord.afi, "retard", "25:99")
    with pytest.raises(EntreeInvalide):
        presences.corriger(
            bord.registre,
            seance_id=seance,
            personne_id=bord.afi,
            nouveau="present",
            motif="envie",
            instant=bord.horloge(),
            auteur=bord.rachelle,
        )

    assert journal.dernier(bord.registre) == avant


def test_late_now_is_an_instant_that_a_better_anchor_mends(bord: Bord) -> None:
    """The trainer was two hours wrong and the shore corrects her: the hour shown moves, the minutes do not."""
    bord.horloge.redemarrer(mur_ms=0)
    ancres.confirmer_date(
        bord.registre,
        utc_ms=HUIT_HEURES_MS + 7_200_000,
        source="formateur",
        instant=bord.horloge(),
        auteur=bord.rachelle,
    )
    seance = bord.ouvrir_seance()
    bord.horloge.avancer(minutes=20)
    pointer(bord, seance, bord.koffi, "retard")
    bord.horloge.avancer(minutes=100)
    vus = []
    for utc_ms, source in ((0, ""), (HUIT_HEURES_MS + 7_201_000, "rive")):
        if source:
            ancres.confirmer_date(
                bord.registre, utc_ms=utc_ms, source=source, instant=bord.horloge(), auteur="pirogue", incertitude_ms=9
            )
        lignes = presences.appel(bord.registre, seance_id=seance, instant=bord.horloge())
        (koffi,) = (un for un in lignes if un.jeune.personne_id == bord.koffi)
        vus.append((koffi.presence.arrivee_heure, koffi.minutes))

    assert vus == [("10:20", 100), ("08:20", 100)]


def test_late_now_twice_is_written_once_and_an_hour_said_goes_first(bord: Bord) -> None:
    """A double tap keeps the first instant; « 08:05 » of the details page is believed as it is."""
    seance = bord.ouvrir_seance()
    pointer(bord, seance, bord.koffi, "retard")
    avant = journal.dernier(bord.registre)
    bord.horloge.avancer(minutes=30)
    pointer(bord, seance, bord.koffi, "retard")
    assert journal.dernier(bord.registre) == avant
    pointer(bord, seance, bord.koffi, "retard", "08:05")
    lignes = presences.appel(bord.registre, seance_id=seance, instant=bord.horloge())

    assert [un.presence.arrivee_heure for un in lignes if un.jeune.personne_id == bord.koffi] == ["08:05"]


def test_the_day_s_figures_count_girls_boys_and_hours(bord: Bord) -> None:
    """Afi two hours, Koffi twenty minutes late: 3.7 youth-hours, one girl, one boy."""
    seance = bord.ouvrir_seance()
    pointer(bord, seance, bord.afi, "present")
    pointer(bord, seance, bord.koffi, "retard", "08:20")
    bord.horloge.avancer(minutes=120)
    seances.cloturer(bord.registre, seance_id=seance, instant=bord.horloge(), auteur=bord.rachelle)

    fait = bilan.faire(bord.registre, seance_id=seance, instant=bord.horloge())

    assert (fait.filles, fait.garcons, fait.venus, fait.duree_min) == (1, 1, 2, 120)
    assert fait.heures_jeunes == pytest.approx(3.7)


@given(
    etat_code=st.sampled_from(["present", "retard", "parti_avant", "absent", "excuse", "non_marque"]),
    debut=st.integers(0, 10**13),
    duree=st.integers(0, 10**8),
    arrivee=st.none() | st.integers(0, 10**13),
    depart=st.none() | st.integers(0, 10**13),
)
def test_minutes_that_count_are_never_negative_nor_longer_than_the_session(
    etat_code: str, debut: int, duree: int, arrivee: int | None, depart: int | None
) -> None:
    """Whatever hours a tired trainer writes."""
    minutes = minutes_retenues(etat_code, debut_ms=debut, fin_ms=debut + duree, arrivee_ms=arrivee, depart_ms=depart)

    assert 0 <= minutes <= duree // 60_000
