"""The boat's keys and cards, in one folder: ours, our shore's, and how far each signer is believed."""

import os
from dataclasses import dataclass, replace
from pathlib import Path

from pirogue_echange import cles as format_cles
from pirogue_echange.annuaire import Annuaire, Droit
from pirogue_echange.cles import Carte, Cles
from pirogue_socle.erreurs import ErreurPirogue
from pirogue_socle.ids import nouvel_id

NOM_CLES = "relais.cles"
NOM_RIVE = "rive.json"
#: The card that our shore had before it changed keys: its receipts are still believed, nothing else.
NOM_ANCIENNE = "rive-ancienne.json"


class PasDeRive(ErreurPirogue):
    """The box was not paired with a shore: it would not know for whom to seal."""

    geste = "Apporte la carte de la rive : pirogue sync appairer rive.json"
    code = 45


@dataclass(frozen=True, slots=True)
class Trousseau:
    """
    What the boat's end of the exchange holds.

    Attributes:
        dossier: where its files are.
        cles: this relay's keys.
        rive: our shore's card, the one in force.
        annuaire: who is believed: our shore (its former card for receipts only), and ourselves.
    """

    dossier: Path
    cles: Cles
    rive: Carte
    annuaire: Annuaire


def charger(dossier: Path, relais: str, nom: str) -> Trousseau:
    """
    Read the keys and cards of a folder; this relay's keys are made at first use.

    Args:
        dossier: the folder.
        relais: this relay's id.
        nom: its name, written on its card when the keys are made.

    Raises:
        PasDeRive: no shore yet. ClesIllisibles: a file is missing or damaged.
    """
    cles = charger_cles(dossier, relais, nom)
    rive = lire_rive(dossier)
    ancienne = dossier / NOM_ANCIENNE
    return assembler(
        dossier,
        cles=cles,
        rive=rive,
        ancienne=format_cles.lire_carte(ancienne.read_bytes()) if ancienne.exists() else None,
    )


def charger_cles(dossier: Path, relais: str, nom: str) -> Cles:
    """Return this relay's keys, made at first use; raises ClesIllisibles."""
    chemin = dossier / NOM_CLES
    if not chemin.exists():
        dossier.mkdir(parents=True, exist_ok=True)
        format_cles.enregistrer(format_cles.faire("relais", id=relais, nom=nom), chemin)
    return format_cles.charger(chemin)


def lire_rive(dossier: Path) -> Carte:
    """Return our shore's card; raises PasDeRive, ClesIllisibles."""
    if not (dossier / NOM_RIVE).exists():
        raise PasDeRive("Cette boîte ne connaît pas encore sa rive.")
    return format_cles.lire_carte((dossier / NOM_RIVE).read_bytes())


def assembler(dossier: Path, *, cles: Cles, rive: Carte, ancienne: Carte | None = None) -> Trousseau:
    """Return the keyring of some keys and cards; nothing is read or written."""
    droits: tuple[Droit, ...] = (Droit(rive),)
    if ancienne is not None and ancienne.id == rive.id and ancienne.cle != rive.cle:
        droits += (Droit(ancienne, "remplacee"),)
    return Trousseau(dossier, cles, rive, {rive.id: droits, cles.carte.id: (Droit(cles.carte),)})


def changer_rive(trousseau: Trousseau, carte: Carte) -> Trousseau:
    """Put a new card of our shore in force, durably; the former one is kept beside. Idempotent."""
    if carte == trousseau.rive:
        return trousseau
    poser_carte(trousseau.dossier / NOM_ANCIENNE, trousseau.rive)
    poser_carte(trousseau.dossier / NOM_RIVE, carte)
    return assembler(trousseau.dossier, cles=trousseau.cles, rive=carte, ancienne=trousseau.rive)


def oublier_ancienne(trousseau: Trousseau, cle: str) -> Trousseau:
    """Stop believing our shore's former card if it carries this Ed25519 key: it was stolen."""
    droits = trousseau.annuaire[trousseau.rive.id]
    if not any(droit.etat != "active" and droit.carte.cle == cle for droit in droits):
        return trousseau
    (trousseau.dossier / NOM_ANCIENNE).unlink(missing_ok=True)
    _synchroniser(trousseau.dossier)
    return assembler(trousseau.dossier, cles=trousseau.cles, rive=trousseau.rive)


def changer_cles(trousseau: Trousseau, cles: Cles) -> Trousseau:
    """Return the keyring with other keys of ours; nothing is written."""
    annuaire = dict(trousseau.annuaire) | {cles.carte.id: (Droit(cles.carte),)}
    return replace(trousseau, cles=cles, annuaire=annuaire)


def poser_carte(chemin: Path, carte: Carte) -> None:
    """Write a card, durably: after a power cut the file holds the former one or this one, whole."""
    chemin.parent.mkdir(parents=True, exist_ok=True)
    provisoire = chemin.with_name(f"{chemin.name}.{nouvel_id()}.neuf")
    with provisoire.open("wb") as fichier:
        fichier.write(format_cles.ecrire_carte(carte))
        fichier.flush()
        os.fsync(fichier.fileno())
    provisoire.replace(chemin)
    _synchroniser(chemin.parent)


def _synchroniser(dossier: Path) -> None:
    descripteur = os.open(dossier, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descripteur)
    finally:
        os.close(descripteur)
