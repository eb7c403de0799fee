"""
Changes of keys, both ways.

Ours: everything is sealed with the old keys, then the new ones are drawn, the change is signed with both, and from
that moment only the new ones sign; the old signing key is gone from this machine. The change travels before every
other lot, by every road, until the shore's receipt covers the line that was written just after it: the shore then
took a lot that only the new key signed. Until then the old *opening* key stays, for what was sealed to it.

Our shore's: a lot signed with the card in force and with the new one; the former card stays for its receipts alone.
"""

import base64
import contextlib
import fcntl
import os
from collections.abc import Iterator
from dataclasses import replace

from pirogue_echange import cles as format_cles
from pirogue_echange import rotation as format_rotation
from pirogue_echange.annuaire import annuaire_de
from pirogue_echange.cles import Cles
from pirogue_echange.erreurs import ClesIllisibles, LotInvalide
from pirogue_echange.rotation import Rotation
from pirogue_registre import envois, journal, reglages
from pirogue_registre import series as series_connues
from pirogue_registre.base import Registre, transaction
from pirogue_socle.horloge import Instant
from pirogue_sync import scellement
from pirogue_sync import trousseau as trousseaux
from pirogue_sync.trousseau import NOM_CLES, Trousseau

#: Keys drawn for a change that is not written in the register yet.
NOM_SUIVANTES = "relais-suivantes.cles"
REFUSEE = "Un changement de clés n'est pas signé par notre rive : il est laissé où il est."


def changer(registre: Registre, *, trousseau: Trousseau, instant: Instant) -> Trousseau:
    """
    Change this relay's own keys; return the keyring with the new ones.

    Raises:
        ClesIllisibles: a key file cannot be written, or the former change is not acknowledged yet; nothing changed.
        LotTropGros, DisquePlein, RegistreOccupe, RegistreIllisible: nothing changed.
    """
    with _seul(trousseau):
        return _changer(registre, _reprendre(registre, trousseau), instant=instant)


def _changer(registre: Registre, trousseau: Trousseau, *, instant: Instant) -> Trousseau:
    if en_cours(registre):
        raise ClesIllisibles(
            "Le dernier changement de clés n'est pas encore confirmé à terre.",
            geste="Fais d'abord un échange avec la terre, par la clé ou par le réseau.",
        )
    anciennes = trousseau.cles
    scellement.sceller(registre, cles=anciennes, rive=trousseau.rive, instant=instant)
    nouvelles = format_cles.faire(
        "relais",
        id=anciennes.carte.id,
        nom=anciennes.carte.nom,
        anciennes=(anciennes.identite, *anciennes.anciennes)[:4],
    )
    format_cles.enregistrer(nouvelles, trousseau.dossier / NOM_SUIVANTES)
    _ecrire(registre, anciennes=anciennes, nouvelles=nouvelles, instant=instant)
    return _reprendre(registre, trousseau)


def reprendre(registre: Registre, trousseau: Trousseau) -> Trousseau:
    """
    Finish what a power cut stopped: a change of our keys, a stolen key of our shore's to forget.

    The register says whether each took place. Raises ClesIllisibles.
    """
    trousseau = trousseaux.oublier_ancienne(trousseau, reglages.lire(registre, "rive_revoquee"))
    if not (trousseau.dossier / NOM_SUIVANTES).exists():
        return trousseau
    with _seul(trousseau):
        return _reprendre(registre, trousseau)


@contextlib.contextmanager
def _seul(trousseau: Trousseau) -> Iterator[None]:
    """Hold the folder of keys alone: whoever watches beside must not take a change that is being made for a cut one."""
    fd = os.open(trousseau.dossier, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


def _reprendre(registre: Registre, trousseau: Trousseau) -> Trousseau:
    suivantes = trousseau.dossier / NOM_SUIVANTES
    if not suivantes.exists():
        return trousseau
    lues = format_cles.charger(suivantes)
    rangee = registre.db.execute("SELECT cle FROM rotation ORDER BY serie DESC LIMIT 1").fetchone()
    if rangee is not None and rangee[0] == lues.carte.cle:
        if trousseau.cles.carte.cle != lues.carte.cle:
            format_cles.remplacer(lues, trousseau.dossier / NOM_CLES)
        trousseau = trousseaux.changer_cles(trousseau, lues)
    suivantes.unlink()
    return trousseau


def en_cours(registre: Registre) -> bool:
    """Say whether a change of our keys waits for the shore's receipt."""
    return registre.db.execute("SELECT 1 FROM rotation WHERE acquise = 0").fetchone() is not None


def conclure(registre: Registre, trousseau: Trousseau) -> Trousseau:
    """
    Forget the old opening key once the shore's receipt covers the line written after the change.

    Raises:
        ClesIllisibles: the key file cannot be written; it is tried again at the next receipt.
    """
    rangee = registre.db.execute("SELECT serie, seq FROM rotation WHERE acquise = 0").fetchone()
    if rangee is None or envois.couvert_jusqua(registre) < rangee["seq"]:
        return trousseau
    if trousseau.cles.anciennes:
        neuves = replace(trousseau.cles, anciennes=())
        format_cles.remplacer(neuves, trousseau.dossier / NOM_CLES)
        trousseau = trousseaux.changer_cles(trousseau, neuves)
    with transaction(registre):
        registre.db.execute("UPDATE rotation SET acquise = 1 WHERE serie = ?", (rangee["serie"],))
        registre.db.execute("DELETE FROM lot WHERE flux = ?", (envois.CLES,))
    return trousseau


def prendre_de_la_rive(
    registre: Registre, octets: bytes, *, trousseau: Trousseau, instant: Instant
) -> tuple[bool, str, Trousseau]:
    """
    Take a change of our shore's keys.

    Returns:
        (True if it is new, a French remark or an empty string, the keyring from now on).

    Raises:
        ClesIllisibles, OSError: the card cannot be written; the change is taken again next time.
    """
    if not _est_de_la_rive(octets):
        return False, "", trousseau
    try:
        lue = format_rotation.ouvrir(octets, annuaire=annuaire_de(trousseau.rive))
    except LotInvalide:
        passee = _passee(octets, trousseau)
        # The card may be in force although a power cut took the line that says so: it is written now.
        if passee is None or passee.carte != trousseau.rive:
            return False, REFUSEE if passee is None else "", trousseau
        lue = passee
    if lue.serie <= series_connues.lire(registre).get("cles", 0):
        return False, "", trousseau
    trousseau = trousseaux.changer_rive(trousseau, lue.carte)
    journal.ecrire(
        registre,
        type="descente_appliquee",
        valeurs={"genre": "cles", "serie": lue.serie},
        instant=instant,
        auteur="rive",
    )
    return True, "La rive a changé de clés : c'est noté.", trousseau


def _ecrire(registre: Registre, *, anciennes: Cles, nouvelles: Cles, instant: Instant) -> None:
    """Write the change, its lot and the line after it, in one transaction."""
    with transaction(registre):
        serie = 1 + registre.db.execute("SELECT coalesce(max(serie), 0) FROM rotation").fetchone()[0]
        limites = {
            f"{inc}/{flux}": int(dernier)
            for inc, flux, dernier in registre.db.execute(
                "SELECT incarnation, flux, max(dernier) FROM lot WHERE flux <> ? GROUP BY 1, 2", (envois.CLES,)
            ).fetchall()
        }
        changement = Rotation(
            carte=nouvelles.carte, ancienne=anciennes.carte, relais=anciennes.carte.id, serie=serie, limites=limites
        )
        scelle = format_rotation.sceller(
            changement, ancienne=anciennes, nouvelle=nouvelles, cree=instant.mur_ms // 1000
        )
        seq = journal.ecrire(
            registre,
            type="cles_changees",
            valeurs={"serie": serie, "empreinte": nouvelles.carte.empreinte},
            instant=instant,
            auteur="sync",
        )
        registre.db.execute(
            "INSERT INTO rotation (serie, cle, seq, corps, acquise) VALUES (?, ?, ?, ?, 0)",
            (serie, nouvelles.carte.cle, seq, scelle.octets),
        )
        registre.db.execute(
            "INSERT INTO lot (id, incarnation, flux, premier, dernier, apres, octets, corps)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                scelle.id,
                reglages.lire(registre, "incarnation"),
                envois.CLES,
                serie,
                serie,
                base64.b64decode(nouvelles.carte.cle),
                len(scelle.octets),
                scelle.octets,
            ),
        )


def _est_de_la_rive(octets: bytes) -> bool:
    """Say whether a change of keys is about a shore's card; ours travels the other way."""
    return b'"genre":"rive"' in octets


def _passee(octets: bytes, trousseau: Trousseau) -> Rotation | None:
    """Return a change that our shore did sign, with a card that is no longer in force (an old stick), or None."""
    cartes = [droit.carte for droit in trousseau.annuaire[trousseau.rive.id] if droit.etat != "active"]
    for carte in cartes:
        with contextlib.suppress(LotInvalide):
            return format_rotation.ouvrir(octets, annuaire=annuaire_de(carte))
    return None
