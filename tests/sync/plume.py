"""A pen for journals that no boat of ours would write: any line, any life, any cut into lots."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pirogue_echange import canonique
from pirogue_echange import lot as lots
from sync.quai import Quai

VIE = "00000000000000aa"
AUTRE_VIE = "00000000000000bb"


@dataclass(frozen=True)
class Dit:
    """One event: its type, its values, and whom it is about."""

    type: str
    valeurs: dict[str, Any]
    personne: str | None = None
    seance: str | None = None
    v: int = 1


def lignes(dits: Sequence[Dit], *, premier: int = 1) -> list[bytes]:
    """Write events as the lines of a journal."""
    return [
        canonique.ecrire(
            {
                "auteur": "rachelle", "boot": "b1", "bt": seq * 60_000_000_000, "mur": seq * 60_000,
                "personne": dit.personne, "qualite": "mur", "seance": dit.seance, "seq": seq, "type": dit.type,
                "v": dit.v, "valeurs": dit.valeurs,
            }
        )
        for seq, dit in enumerate(dits, premier)
    ]  # fmt: skip


def sceller(
    quai: Quai,
    toutes: Sequence[bytes],
    *,
    debut: int = 1,
    fin: int | None = None,
    inc: str = VIE,
    flux: str = "activite",
) -> bytes:
    """Seal the lines `debut` to `fin` of a whole journal."""
    avant = canonique.enchainer(canonique.ORIGINE, toutes[: debut - 1])
    choix = toutes[debut - 1 : fin]
    lot = lots.sceller(
        choix, premier=debut, avant=avant, inc=inc, cles=quai.cles, rive=quai.carte_rive, cree=0, flux=flux
    )
    return lot.octets


def seance(ident: str) -> Dit:
    """Open a session."""
    valeurs = {
        "type_seance": "atelier_initiation", "module": "S01", "groupe_id": "g1", "formateur": "rachelle",
        "escale_id": None, "postes_utilisables": 12,
    }  # fmt: skip
    return Dit("seance_ouverte", valeurs, seance=ident)


def cloture(ident: str) -> Dit:
    """Close it."""
    return Dit("seance_cloturee", {"fin_heure": None}, seance=ident)


def jeune(qui: str, sexe: str = "F") -> Dit:
    """Enrol a trainee."""
    valeurs = {
        "sexe": sexe, "tranche_age_inscription": "15_17", "territoire": "nc", "situation": "nc",
        "niveau_scolaire": "nc", "code_jeune": f"C-{qui}", "animal": "tortue", "complet": True,
    }  # fmt: skip
    return Dit("jeune_inscrit", valeurs, personne=qui)


def marque(ident: str, qui: str, etat: str = "present") -> Dit:
    """Mark a trainee in a session."""
    valeurs = {"etat": etat, "source": "appel", "arrivee_heure": None, "depart_heure": None, "motif_absence": None}
    return Dit("presence_pointee", valeurs, personne=qui, seance=ident)


def renaissance(ancienne: str, jusqua: int) -> Dit:
    """Say that this life follows another one."""
    return Dit("incarnation_nouvelle", {"ancienne": ancienne, "jusqua": jusqua})


def effacement(qui: str, identites_seq: int | None) -> Dit:
    """Erase a person."""
    return Dit("personne_effacee", {"motif": "demande", "identites_seq": identites_seq}, personne=qui)
