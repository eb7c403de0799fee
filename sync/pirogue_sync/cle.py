"""The stick's road: receipts first, then lots, each written so that a pulled stick loses nothing announced."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from pirogue_echange import support
from pirogue_echange.cles import Carte, Cles
from pirogue_echange.support import RACINE, SupportPlein
from pirogue_registre import envois
from pirogue_registre.base import Registre
from pirogue_socle.erreurs import ErreurPirogue
from pirogue_socle.horloge import Instant
from pirogue_socle.ids import nouvel_id
from pirogue_sync import recus, scellement
from pirogue_sync.bilan import BilanEchange

#: The stick's own name, written once; only a label, never believed.
NOM_CLE = "cle.json"


@dataclass(slots=True)
class _Compte:
    """What has been done so far."""

    deposes: int = 0
    deja_la: int = 0
    retires: int = 0
    recus: int = 0
    octets: int = 0
    remarques: list[str] = field(default_factory=list)


def echanger(
    registre: Registre,
    *,
    dossier: Path,
    cles: Cles,
    rive: Carte,
    instant: Instant,
    progres: Callable[[str], None] = lambda _: None,
) -> BilanEchange:
    """
    Exchange with one mounted stick: take receipts, then leave the lots that none covers.

    A lot is announced (and noted as put on this stick) only after it was read back. Nothing but our own covered
    lots is ever removed from the stick.

    Args:
        registre: the open register.
        dossier: where the stick is mounted.
        cles: this relay's keys.
        rive: the card of our shore.
        instant: now.
        progres: called with a French sentence at each step.

    Raises:
        SupportAbsent, SupportPlein, SupportProtege, SupportDefaillant: the stick; what was announced stays true.
        ClesIllisibles, LotTropGros, DisquePlein, RegistreOccupe, RegistreIllisible: our side.
    """
    compte = _Compte()
    with support.phrases():
        progres("Je regarde la clé…")
        with support.ouvrir_dossier(dossier):
            pass
        _lire_recus(registre, dossier=dossier, rive=rive, compte=compte)
        if compte.recus:
            progres("La rive a confirmé des données.")
        scelles = scellement.sceller(registre, cles=cles, rive=rive, instant=instant)
        _preparer(dossier)
        with support.ouvrir_dossier(dossier, RACINE, "montee", creer=True) as montee:
            _retirer(registre, montee=montee, compte=compte)
            _deposer(registre, dossier=dossier, montee=montee, instant=instant, compte=compte, progres=progres)
    return BilanEchange(
        voie="cle",
        scelles=scelles,
        deposes=compte.deposes,
        deja_la=compte.deja_la,
        retires=compte.retires,
        recus=compte.recus,
        restants=sum(1 for _ in envois.a_envoyer(registre)),
        octets=compte.octets,
        puce=envois.etat_puce(registre),
        remarques=tuple(dict.fromkeys(compte.remarques)),
    )


def _lire_recus(registre: Registre, *, dossier: Path, rive: Carte, compte: _Compte) -> None:
    """Take every receipt of `descente/` that is ours; a stick that has none yet is a good stick."""
    try:
        with support.ouvrir_dossier(dossier, RACINE, "descente") as descente:
            for nom in support.lister(descente):
                octets = support.lire(descente, nom)
                if octets is None:
                    continue
                nouveau, remarque = recus.prendre(registre, octets=octets, rive=rive)
                compte.recus += nouveau
                if remarque:
                    compte.remarques.append(remarque)
    except FileNotFoundError:
        return


def _preparer(dossier: Path) -> None:
    """Make what a new stick lacks: its folders, its name, the page that says what it is."""
    with support.ouvrir_dossier(dossier, RACINE, creer=True) as racine:
        if support.lire(racine, "LISEZMOI.txt") is None:
            support.ecrire(racine, "LISEZMOI.txt", support.LISEZMOI.replace("\n", "\r\n").encode("utf-8-sig"))
        if support.lire(racine, NOM_CLE) is None:
            support.ecrire(racine, NOM_CLE, json.dumps({"pirogue": 1, "cle": nouvel_id()[:8]}).encode() + b"\n")
    with support.ouvrir_dossier(dossier, RACINE, "descente", creer=True):
        pass


def _nom_de_la_cle(dossier: Path) -> str:
    """Return the stick's label: its own if it is well formed, else a hash of what it says."""
    with support.ouvrir_dossier(dossier, RACINE) as racine:
        octets = support.lire(racine, NOM_CLE, maximum=1024) or b""
    return hashlib.sha256(octets).hexdigest()[:8]


def _retirer(registre: Registre, *, montee: int, compte: _Compte) -> None:
    """Remove from the stick our lots that a receipt covers."""
    for nom in support.lister(montee):
        if envois.est_couvert(registre, nom.removesuffix(".lot")):
            compte.retires += support.effacer(montee, nom)


def _deposer(
    registre: Registre,
    *,
    dossier: Path,
    montee: int,
    instant: Instant,
    compte: _Compte,
    progres: Callable[[str], None],
) -> None:
    """Write each lot, read all of them back, and only then note and announce them."""
    ecrits: dict[str, bytes] = {}
    panne: ErreurPirogue | None = None
    for lot in envois.a_envoyer(registre):
        nom = f"{lot.id}.lot"
        if support.lire(montee, nom) == lot.corps:
            compte.deja_la += 1
        else:
            try:
                with support.phrases():
                    support.effacer(montee, nom)
                    support.ecrire(montee, nom, lot.corps)
            except SupportPlein as erreur:
                panne = erreur
                break
            compte.octets += len(lot.corps)
        ecrits[nom] = lot.corps
    progres("Je relis ce que j'ai écrit…")
    support.relire(montee, ecrits)
    etiquette = _nom_de_la_cle(dossier)
    for nom in ecrits:
        envois.noter_depot(registre, lot_id=nom.removesuffix(".lot"), voie="cle", support=etiquette, instant=instant)
    compte.deposes = len(ecrits) - compte.deja_la
    if panne is not None:
        raise SupportPlein(f"La clé est pleine : {len(ecrits)} lot(s) y sont, les autres restent à bord.") from panne
