"""A real register on disk with Afi and Koffi's class, an open session, and the portal in front of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pirogue_contenus.catalogue import parcours_livre
from pirogue_portail.app import create_app
from pirogue_portail.config import ConfigPortail
from pirogue_registre import base, comptes, jeunes, lieux, seances
from pirogue_registre.base import Registre
from pirogue_registre.fiches import FicheJeune
from pirogue_registre.jeunes import Jeune
from pirogue_registre.lieux import Groupe
from pirogue_registre.seances import Seance
from pirogue_socle.horloge import maintenant

HOTE = "localhost"


@dataclass(frozen=True, slots=True)
class Bord:
    """A boat at work: its register, its class, its open session, its portal."""

    registre: Registre
    groupe: Groupe
    seance: Seance
    afi: Jeune
    koffi: Jeune
    config: ConfigPortail
    app: Flask


def inscrire(registre: Registre, groupe: Groupe, prenom: str, nom: str, animal: str = "") -> Jeune:
    """Enrol one trainee with a full form."""
    fiche = FicheJeune(
        prenom=prenom,
        nom=nom,
        annee_naissance="2011",
        sexe="F",
        territoire="nc",
        situation="eleve_college",
        niveau_scolaire="college",
        consentement_suivi="oui",
        animal=animal,
    )
    return jeunes.inscrire(registre, fiche=fiche, groupe_id=groupe.groupe_id, instant=maintenant(), auteur="rachelle")


def config_pour(dossier: Path) -> ConfigPortail:
    """Return a configuration without Kolibri: the lessons are read on the portal."""
    return ConfigPortail(
        registre=dossier,
        secret=b"s" * 32,
        kolibri_base="http://localhost:9/",
        kolibri_maison=None,
        cle_kolibri=None,
        parcours=parcours_livre(),
        hotes=(HOTE,),
        portail_base=f"http://{HOTE}/",
    )


@pytest.fixture
def registre(tmp_path: Path) -> Iterator[Registre]:
    """An empty register in a folder of its own."""
    ouvert = base.ouvrir(tmp_path / "registre")
    yield ouvert
    base.fermer(ouvert)


@pytest.fixture
def bord(registre: Registre) -> Bord:
    """The class 4e A aboard, its session S01 open, the portal ready."""
    instant = maintenant()
    rachelle = comptes.creer(
        registre, nom="Rachelle", role="formateur", pin="483920", instant=instant, auteur="pirogue"
    )
    groupe = lieux.ecrire_groupe(
        registre,
        Groupe("", "4e A", "CEG Gbessou", None, 24, "premiers_pas"),
        instant=instant,
        auteur=rachelle.compte_id,
    )
    seance = seances.ouvrir(
        registre,
        module="S01",
        groupe_id=groupe.groupe_id,
        formateur=rachelle.compte_id,
        postes_utilisables=11,
        instant=instant,
        auteur=rachelle.compte_id,
    )
    afi = inscrire(registre, groupe, "Afi", "Dossa", "tortue")
    koffi = inscrire(registre, groupe, "Koffi", "Hounsou", "crocodile")
    config = config_pour(registre.dossier)
    return Bord(registre, groupe, seance, afi, koffi, config, create_app(config))


@pytest.fixture
def client(bord: Bord) -> FlaskClient:
    """The browser of one laptop."""
    return bord.app.test_client()
