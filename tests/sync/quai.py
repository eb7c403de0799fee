"""The quay: a boat with a day behind it, its keys, a shore that knows it, a stick in the field agent's pocket."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Table, select

import postgresql
from equipage import Bord
from pirogue_echange import cles as trousseau
from pirogue_echange import lot as lots
from pirogue_echange.cles import Carte, Cles
from pirogue_registre import ancres, connexions, envois, journal, presences, progres, reglages, seances
from pirogue_registre.base import Registre
from pirogue_registre.envois import LotScelle
from pirogue_rive import base, schema
from pirogue_rive import config as rives
from pirogue_rive.config import ConfigRive, Rive
from pirogue_sync.conversation import REGLAGE_PARTI
from pirogue_sync.trousseau import Trousseau, assembler


@dataclass(frozen=True)
class Quai:
    """A boat and its shore, paired."""

    bord: Bord
    cles: Cles
    carte_rive: Carte
    config: ConfigRive

    @property
    def trousseau(self) -> Trousseau:
        """What the boat's end of the exchange holds."""
        return assembler(self.config.dossier.parent, cles=self.cles, rive=self.carte_rive)


def preparer_quai(bord: Bord, dossier: Path, *, base: str = "") -> Quai:
    """Install a shore in an empty folder and pair it with the boat; `base` is its database, SQLite if empty."""
    carte_rive = rives.installer(dossier, nom="Rive de Sô-Ava")
    relais = reglages.lire(bord.registre, "relais")
    cles = trousseau.faire("relais", id=relais, nom="Pirogue 1")
    rives.accueillir(dossier, trousseau.ecrire_carte(cles.carte))
    return Quai(bord=bord, cles=cles, carte_rive=carte_rive, config=ConfigRive(dossier, base=base))


def vivre_une_journee(bord: Bord) -> str:
    """
    Live one session of two hours: Afi and Koffi sign in as a pair, Koffi is late, Afi's mark is corrected.

    Returns:
        The session's id.
    """
    horloge, registre = bord.horloge, bord.registre
    ancres.confirmer_date(registre, utc_ms=horloge.mur_ms, source="formateur", instant=horloge(), auteur=bord.rachelle)
    seance = bord.ouvrir_seance()
    connexion = connexions.ouvrir(registre, seance_id=seance, personne_id=bord.afi, instant=horloge())
    connexions.rejoindre(registre, connexion_id=connexion.connexion_id, personne_id=bord.koffi, instant=horloge())
    horloge.avancer(minutes=30)
    marque = {"seance_id": seance, "auteur": bord.rachelle}
    presences.pointer(registre, personne_id=bord.koffi, etat="retard", heure="08:20", instant=horloge(), **marque)
    fini = progres.Progres(bord.afi, "s01-lecon", "S01", "lecon", 1.0, 600, None, None, acheve=True, source="kolibri")
    progres.noter(registre, progres=fini, instant=horloge(), binome_avec=bord.koffi)
    quiz = progres.Progres(bord.afi, "s01-quiz", "S01", "quiz", 1.0, 200, 4, 5, acheve=True, source="kolibri")
    progres.noter(registre, progres=quiz, instant=horloge())
    presences.compter_tetes(registre, tetes=2, instant=horloge(), **marque)
    horloge.avancer(minutes=90)
    seances.cloturer(registre, seance_id=seance, instant=horloge(), auteur=bord.rachelle)
    presences.corriger(
        registre,
        personne_id=bord.afi,
        nouveau="parti_avant",
        motif="erreur_saisie",
        heure="09:30",
        instant=horloge(),
        **marque,
    )
    return seance


def sceller_par(quai: Quai, taille: int) -> list[bytes]:
    """Seal all that is not sealed, both streams, in lots of `taille` events; return the journal's lots, in order."""

    def fabriquer(flux: str, inc: str, premier: int, avant: bytes, lignes: Sequence[bytes]) -> LotScelle:
        lot = lots.sceller(
            lignes[:taille],
            premier=premier,
            avant=avant,
            inc=inc,
            cles=quai.cles,
            rive=quai.carte_rive,
            cree=0,
            flux=flux,
        )
        apres = bytes.fromhex(lot.entete.apres)
        return LotScelle(lot.id, inc, premier, lot.entete.dernier, apres, lot.octets, flux)

    envois.sceller_tout(quai.bord.registre, fabrique=fabriquer)
    requete = "SELECT corps FROM lot WHERE flux = 'activite' ORDER BY premier"
    return [corps for (corps,) in quai.bord.registre.db.execute(requete)]


def noter_un_depart(registre: Registre) -> None:
    """Note, as the boat does before anything leaves, that all may be under way: its next call asks before it sends."""
    parti = f"{reglages.lire(registre, 'incarnation')}/{journal.dernier(registre)}"
    reglages.ecrire(registre, REGLAGE_PARTI, parti)


def vues(rive: Rive) -> dict[str, list[tuple[Any, ...]]]:
    """Return all that the shore projects, in a form that can be compared."""
    with rive.moteur.begin() as db:
        return {
            table.name: sorted((tuple(rangee) for rangee in db.execute(select(table))), key=repr)
            for table in (*schema.VUES, schema.avancee)
        }


def compter(rive: Rive, table: Table) -> int:
    """Return the number of rows of a table."""
    with rive.moteur.begin() as db:
        return len(db.execute(select(table)).all())


def nouvelle_rive(modele: ConfigRive, dossier: Path) -> ConfigRive:
    """Make another shore with the same keys and the same known relays, and an empty memory."""
    (dossier / "bruts").mkdir(parents=True)
    (dossier / "relais").mkdir()
    for chemin in (modele.dossier / "cles.json", *(modele.dossier / "relais").glob("*.json")):
        copie = dossier / chemin.relative_to(modele.dossier)
        copie.write_bytes(chemin.read_bytes())
        copie.chmod(0o600)
    return ConfigRive(dossier, base=postgresql.base_neuve() if modele.base else "")


def lignes(rive: Rive, flux: str = "activite") -> list[bytes]:
    """Return every line that the shore holds of a stream, in order, one history per life of the register."""
    t = schema.lot
    with base.lire(rive.moteur) as db:
        requete = select(t.c.relais, t.c.inc, t.c.premier, t.c.cadre, t.c.clair).where(t.c.flux == flux)
        cadres = db.execute(requete.order_by(t.c.relais, t.c.inc, t.c.premier)).all()
    vues_: dict[tuple[str, str, int], bytes] = {}
    for relais, inc, premier, cadre, clair in cadres:
        for seq, ligne in enumerate(lots.gonfler(bytes(cadre), clair).splitlines(), premier):
            vues_[(relais, inc, seq)] = ligne
    return [vues_[cle] for cle in sorted(vues_)]
