"""The same figures aboard and ashore, whatever the day was: sessions, minutes, girls and boys, every line."""

import random
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

import postgresql
from equipage import Bord
from pirogue_registre import ancres, bilan, connexions, jeunes, presences, reglages, seances
from pirogue_rive import arrivees, schema
from pirogue_rive import bilan as bilan_rive
from pirogue_rive import config as rives
from pirogue_rive.bilan import BilanRelais
from pirogue_rive.config import Rive
from pirogue_socle.erreurs import ErreurPirogue
from pirogue_socle.regles import ETATS_VENUS
from sync.quai import preparer_quai, sceller_par

ETATS = (*ETATS_VENUS, "absent", "excuse", "non_marque")
GESTES = st.one_of(
    st.tuples(st.sampled_from(["ouvrir", "clore", "annuler", "prevue", "nouveau", "redemarrer", "confirmer"])),
    st.tuples(st.sampled_from(["entrer", "rejoindre"]), st.integers(0, 3)),
    st.tuples(st.just("avancer"), st.integers(0, 300)),
    st.tuples(st.just("sauter"), st.integers(-3, 3)),
    st.tuples(
        st.sampled_from(["pointer", "corriger"]),
        st.integers(0, 3),
        st.sampled_from(ETATS),
        st.none() | st.times().map(lambda heure: heure.strftime("%H:%M")),
    ),
)


def agir(bord: Bord, geste: tuple[Any, ...]) -> None:  # noqa: C901, PLR0912 - a table of acts
    """Do one thing of a day, possible or not."""
    nom, *reste = geste
    registre, h = bord.registre, bord.horloge
    ouverte = seances.en_cours(registre)
    commun = {"seance_id": ouverte.seance_id if ouverte else "aucune", "instant": h(), "auteur": bord.rachelle}
    connus = jeunes.lister(registre, bord.groupe)
    qui = connus[reste[0] % len(connus)].personne_id if reste else ""
    if nom == "ouvrir":
        bord.ouvrir_seance()
    elif nom == "clore":
        seances.cloturer(registre, **commun)
    elif nom == "annuler":
        seances.annuler(registre, motif="meteo", **commun)
    elif nom == "prevue":
        autres = {"module": "S02", "groupe_id": bord.groupe, "formateur": bord.rachelle, "motif": "crue_jacinthe"}
        seances.annuler_prevue(registre, instant=h(), auteur=bord.rachelle, **autres)
    elif nom == "nouveau":
        jeunes.inscrire_nouveau(
            registre, prenom="Sènan", sexe="nc", age="", groupe_id=bord.groupe, instant=h(), auteur=bord.rachelle
        )
    elif nom == "entrer":
        connexions.ouvrir(registre, seance_id=commun["seance_id"], personne_id=qui, instant=h())
    elif nom == "rejoindre":
        ouvertes = connexions.ouvertes(registre, commun["seance_id"])
        ident = ouvertes[0].connexion_id if ouvertes else "aucune"
        connexions.rejoindre(registre, connexion_id=ident, personne_id=qui, instant=h())
    elif nom == "avancer":
        h.avancer(minutes=reste[0])
    elif nom == "sauter":
        h.sauter(jours=reste[0])
    elif nom == "redemarrer":
        h.redemarrer(mur_ms=0)
    elif nom == "confirmer":
        ancres.confirmer_date(registre, utc_ms=1_741_071_600_000, source="formateur", instant=h(), auteur="x")
    elif nom == "pointer":
        presences.pointer(registre, personne_id=qui, etat=reste[1], heure=reste[2], **commun)
    elif nom == "corriger":
        commun["seance_id"] = seances.lister(registre)[0].seance_id if seances.lister(registre) else "aucune"
        presences.corriger(registre, personne_id=qui, nouveau=reste[1], motif="erreur_saisie", heure=reste[2], **commun)


def vu_du_bord(bord: Bord) -> dict[str, int]:
    """Add up what the boat's own *bilans* say of the sessions that were held."""
    somme = dict.fromkeys(("seances", "duree_min", "jeunes_min", "filles", "garcons", "autres"), 0)
    venus = {}
    for seance in seances.lister(bord.registre, 1000):
        if seance.statut != "cloturee":
            continue
        fait = bilan.faire(bord.registre, seance_id=seance.seance_id, instant=bord.horloge())
        lignes = presences.appel(bord.registre, seance_id=seance.seance_id, instant=bord.horloge())
        somme["seances"] += 1
        somme["duree_min"] += fait.duree_min
        somme["jeunes_min"] += sum(ligne.minutes for ligne in lignes)
        venus |= {un.jeune.personne_id: un.jeune.sexe for un in lignes if un.presence.etat in ETATS_VENUS}
        assert fait.venus == sum(un.presence.etat in ETATS_VENUS for un in lignes)
    sexes = list(venus.values())
    return somme | {"filles": sexes.count("F"), "garcons": sexes.count("M"), "autres": sexes.count("nc")}


def vu_de_la_rive(un: BilanRelais) -> dict[str, int]:
    """Return the same figures as the shore's page shows them."""
    noms = ("seances", "duree_min", "jeunes_min", "filles", "garcons", "autres")
    return {nom: getattr(un, nom) for nom in noms}


def lignes_du_bord(bord: Bord, table: str, noms: Iterable[str]) -> list[tuple[Any, ...]]:
    """Return the columns of one of the boat's views, sorted."""
    colonnes = ", ".join(noms)
    return sorted((tuple(un) for un in bord.registre.db.execute(f"SELECT {colonnes} FROM {table}")), key=repr)


def lignes_de_la_rive(rive: Rive, table: str, noms: Iterable[str]) -> list[tuple[Any, ...]]:
    """Return the same columns of the same view ashore, sorted."""
    t = schema.metadata.tables[table]
    with rive.moteur.begin() as db:
        return sorted((tuple(un) for un in db.execute(select(*(t.c[nom] for nom in noms)))), key=repr)


@pytest.mark.parametrize("moteur", ["sqlite", "postgresql"])
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(gestes=st.lists(GESTES, max_size=40), taille=st.integers(1, 30), graine=st.integers(0, 999))
def test_the_shore_counts_what_the_boat_counted(
    fabrique_bord: Callable[[], Bord], moteur: str, gestes: list[tuple[Any, ...]], taille: int, graine: int
) -> None:
    """Midnight, reboots, lying clocks, corrections, lots of any size in any order and twice."""
    bord = fabrique_bord()
    for geste in [("ouvrir",), *gestes, ("clore",)]:
        try:
            agir(bord, geste)
        except ErreurPirogue:
            continue
    quai = preparer_quai(
        bord, bord.registre.dossier / "rive", base=postgresql.base_neuve() if moteur == "postgresql" else ""
    )
    envoi = sceller_par(quai, taille) * 2
    random.Random(graine).shuffle(envoi)
    communes = {
        nom: [c.name for c in schema.metadata.tables[nom].columns if c.name not in {"relais", "inc", "dernier_seq"}]
        for nom in (
            "seance",
            "presence",
            "presence_correction",
            "jeune",
            "inscription",
            "consentement",
            "groupe",
            "escale",
        )
    }

    with rives.ouvrir(quai.config) as rive:
        for octets in envoi:
            arrivees.prendre(rive, octets, voie="cle", instant=bord.horloge())
        (bilan_terre,) = bilan_rive.tous(rive)
        a_terre = {table: lignes_de_la_rive(rive, table, noms) for table, noms in communes.items()}

    assert vu_de_la_rive(bilan_terre) == vu_du_bord(bord)
    assert a_terre == {table: lignes_du_bord(bord, table, noms) for table, noms in communes.items()}
    assert bilan_terre.relais == reglages.lire(bord.registre, "relais")
