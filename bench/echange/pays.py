"""A whole country on PostgreSQL: 77 communes, 7 relays each, two years; a tenth is made, the rest is told by rule."""

import dataclasses
import random
import shutil
import tempfile
import time
from pathlib import Path

from sqlalchemy import Connection, Table, text

from echange import deux_ans, postgres, rentree
from mesure import tableau
from pirogue_echange import cles as trousseau
from pirogue_echange import lot as lots
from pirogue_echange.cles import Cles
from pirogue_registre import base, envois, journal, reglages
from pirogue_rive import arrivees, bilan, schema
from pirogue_rive import config as rives
from pirogue_rive.config import ConfigRive, Rive
from pirogue_socle.horloge import maintenant

COMMUNES, PAR_COMMUNE, PART = 77, 7, 10
RELAIS = COMMUNES * PAR_COMMUNE
ECHANTILLON = RELAIS // PART
MOIS_MS = 30 * deux_ans.JOUR_MS
RAPPORT = """
SELECT s.relais, count(DISTINCT s.seance_id), count(DISTINCT p.personne_id), count(*)
FROM seance s JOIN presence p ON p.relais = s.relais AND p.inc = s.inc AND p.seance_id = s.seance_id
WHERE s.statut = 'cloturee' AND p.etat IN ('present', 'retard', 'parti_avant')
  AND s.debut_mur_ms BETWEEN :debut AND :fin
GROUP BY s.relais
"""


def mesurer(jours: int = deux_ans.JOURS) -> None:
    """Fill a PostgreSQL with a tenth of the country, take one more day of each relay in, report; print the table."""
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="pirogue-pays-") as dossier, postgres.serveur() as pg:
        lieu, adresse = Path(dossier), postgres.creer_base(pg, "pays")
        q, deux_annees, lignes = rentree.sceller_deux_ans(lieu, jours)
        rentree.prendre_tout(q.rive, adresse, deux_annees)
        journee = vivre_un_jour_de_plus(lieu, q.registre)
        with rives.ouvrir(ConfigRive(q.rive, base=adresse)) as rive:
            with rive.moteur.begin() as db:
                modele = _seul_relais(db)
                for table in schema.metadata.sorted_tables:
                    repliquer(db, table, ECHANTILLON)
            with rive.moteur.connect() as db:
                db.execution_options(isolation_level="AUTOCOMMIT").execute(text("VACUUM ANALYZE"))
            rentree_s = prendre_la_journee(rive, q.rive, modele, journee)
            rapport_s, page_s = rapporter(rive)
            octets = _taille(rive)
    imprimer(
        evenements=len(lignes) * ECHANTILLON,
        du_jour=len(journee.lignes) * ECHANTILLON,
        mesures=(rentree_s, rapport_s, page_s, octets / 1e9),
    )


@dataclasses.dataclass(frozen=True)
class Journee:
    """One more day of the model relay: its lines, the number of the first, the chain before it."""

    lignes: list[bytes]
    premier: int
    avant: bytes
    inc: str


def vivre_un_jour_de_plus(lieu: Path, registre: Path) -> Journee:
    """Live one more day on a copy of a register whose lots are all sealed; return it."""
    ouvert = base.ouvrir(Path(shutil.copytree(registre, lieu / "demain")))
    dernier = journal.dernier(ouvert)
    avant = [lot for lot in envois.a_envoyer(ouvert) if lot.dernier == dernier][-1].apres
    bateau = deux_ans.Bateau(registre=ouvert, hasard=random.Random(1), jour=deux_ans.JOURS)
    bateau.reprendre()
    bateau.vivre()
    lignes = [ligne for _, ligne in journal.lignes(ouvert, apres=dernier, limite=1000)]
    inc = reglages.lire(ouvert, "incarnation")
    base.fermer(ouvert)
    return Journee(lignes, dernier + 1, avant, inc)


def repliquer(db: Connection, table: Table, nombre: int) -> None:
    """Copy every row that belongs to the model relay to the other relays, in SQL."""
    if "relais" not in table.columns:
        return
    cibles = ", ".join(colonne.name for colonne in table.columns)
    sources = {"relais": "'relais' || g", "id": "md5(id || g)", "sha256": "md5(sha256 || g)"}
    valeurs = ", ".join(sources.get(colonne.name, colonne.name) for colonne in table.columns)
    db.execute(
        text(f"INSERT INTO {table.name} ({cibles}) SELECT {valeurs} FROM {table.name}, generate_series(2, :n) AS g"),
        {"n": nombre},
    )


def prendre_la_journee(rive: Rive, dossier: Path, modele: str, journee: Journee) -> float:
    """Seal the day by every relay, each with keys of its own, and take all of them in; return seconds of the shore."""
    lots_du_jour = []
    for rang in range(2, ECHANTILLON + 1):
        cles = trousseau.faire("relais", id=f"relais{rang}", nom=f"Relais {rang}")
        rives.accueillir(dossier, trousseau.ecrire_carte(cles.carte))
        lots_du_jour.append(_sceller(rive, cles, journee))
    debut = time.perf_counter()
    sorts = {
        un.sort
        for octets in lots_du_jour
        for un in arrivees.prendre_suite(rive, [octets], voie="4g", instant=maintenant())
    }
    duree = time.perf_counter() - debut
    if sorts != {"ingere"}:
        raise RuntimeError(f"la journée n'est pas entrée : {sorts} ({modele})")
    return duree * ECHANTILLON / len(lots_du_jour)


def _sceller(rive: Rive, cles: Cles, journee: Journee) -> bytes:
    return lots.sceller(
        journee.lignes,
        premier=journee.premier,
        avant=journee.avant,
        inc=journee.inc,
        cles=cles,
        rive=rive.cles.carte,
        cree=0,
    ).octets


def rapporter(rive: Rive) -> tuple[float, float]:
    """Return the seconds of a monthly report over every relay, and of the shore's own page."""
    fin = deux_ans.PREMIER_LUNDI_MS + 700 * deux_ans.JOUR_MS
    debut = time.perf_counter()
    with rive.moteur.connect() as db:
        if not db.execute(text(RAPPORT), {"debut": fin - MOIS_MS, "fin": fin}).all():
            raise RuntimeError("le rapport est vide")
    rapport = time.perf_counter() - debut
    debut = time.perf_counter()
    bilan.tous(rive)
    return rapport, time.perf_counter() - debut


def _seul_relais(db: Connection) -> str:
    return str(db.execute(text("SELECT relais FROM avancee")).scalar())


def _taille(rive: Rive) -> int:
    with rive.moteur.connect() as db:
        return int(db.execute(text("SELECT pg_database_size(current_database())")).scalar_one())


def imprimer(*, evenements: int, du_jour: int, mesures: tuple[float, ...]) -> None:
    """Print what was measured and what a whole country would cost, in proportion."""
    facteur = RELAIS / ECHANTILLON
    noms = (
        f"entrer la journée de chaque relais ({du_jour} puis {du_jour * facteur:.0f} événements), s",
        "rapport d'un mois, tous les relais, s",
        "page de la rive, s",
        "disque, Go",
    )
    tableau(
        f"Un pays sur PostgreSQL : {COMMUNES} communes × {PAR_COMMUNE} relais × 2 ans",
        [
            "mesure",
            f"mesuré : {ECHANTILLON} relais, {evenements / 1e6:.1f} M",
            f"{RELAIS} relais, {evenements * facteur / 1e6:.0f} M (règle de trois)",
        ],
        [[nom, valeur, valeur * facteur] for nom, valeur in zip(noms, mesures, strict=True)],
    )
