"""Trainers' accounts: a name, a role, a PIN kept as Argon2id outside the journal."""

import sqlite3
import threading
from dataclasses import dataclass

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from pirogue_registre import coffre, journal
from pirogue_registre.base import Registre, transaction
from pirogue_socle import listes
from pirogue_socle.erreurs import EntreeInvalide, ErreurPirogue, Introuvable
from pirogue_socle.horloge import Instant
from pirogue_socle.ids import nouvel_id

#: Argon2id, 19 MiB, 2 passes, 1 lane: the lightest setting of the OWASP Password Storage Cheat Sheet; RFC 9106's
#: second choice (64 MiB) would by itself exceed the portal's memory.
HACHEUR = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)

#: One at a time: what is measured above is the memory of one.
_UN_SEUL = threading.Lock()

ESSAIS = 5
ATTENTE_NS = 60_000_000_000


class CodeFaux(ErreurPirogue):
    """The PIN is not the account's."""

    geste = "Regarde bien les chiffres et recommence."
    code = 30


class CodeBloque(ErreurPirogue):
    """Too many wrong PINs: this account waits a minute (CLOCK_BOOTTIME, whatever the wall clock)."""

    geste = "Attends une minute puis recommence. Code perdu ? Appelle le coordinateur."
    code = 31


@dataclass(frozen=True, slots=True)
class Compte:
    """A person who works aboard: `role` is a code of the list `role`."""

    compte_id: str
    nom: str
    role: str
    actif: bool


def creer(registre: Registre, *, nom: str, role: str, pin: str, instant: Instant, auteur: str) -> Compte:
    """
    Create an account whose PIN must be changed at first use.

    Raises:
        EntreeInvalide: empty name, unknown role, PIN that is not 6 to 12 digits; nothing is written.
        CoffreFerme: the safe's key cannot be read.
    """
    nom = " ".join(nom.split())
    if not nom or len(nom) > 60:
        raise EntreeInvalide("Écris le nom du formateur (60 lettres au plus).")
    listes.exiger("role", role, quoi="Rôle")
    hache = _hacher(pin)
    compte = Compte(compte_id=nouvel_id(), nom=nom, role=role, actif=True)
    with transaction(registre):
        valeurs = {
            "compte_id": compte.compte_id,
            "chiffre": coffre.enfermer(registre, compte.compte_id, {"nom": nom}),
            "role": role,
            "actif": True,
        }
        journal.ecrire(registre, type="compte_cree", version=2, valeurs=valeurs, instant=instant, auteur=auteur)
        registre.db.execute("INSERT INTO secret_compte VALUES (?, ?, 1, 0, NULL, NULL)", (compte.compte_id, hache))
    return compte


def lister(registre: Registre) -> list[Compte]:
    """Return the active accounts, by name; raises CoffreFerme."""
    rangees = registre.db.execute("SELECT * FROM compte WHERE actif = 1").fetchall()
    comptes = [Compte(r["compte_id"], _nom(registre, r), r["role"], bool(r["actif"])) for r in rangees]
    return sorted(comptes, key=lambda compte: (compte.nom, compte.compte_id))


def _nom(registre: Registre, rangee: sqlite3.Row) -> str:
    """Return an account's name: from the safe, or in clear as the first version of the journal had it."""
    if rangee["chiffre"] is None:
        return str(rangee["nom"])
    champs = coffre.rouvrir(registre, rangee["compte_id"], rangee["chiffre"])
    return str(champs["nom"]) if champs is not None else coffre.EFFACEE.prenom


def lire(registre: Registre, compte_id: str) -> Compte:
    """Return an active account; raises Introuvable."""
    for compte in lister(registre):
        if compte.compte_id == compte_id:
            return compte
    raise Introuvable("Ce compte n'existe pas ou n'est plus actif.")


def a_changer(registre: Registre, compte_id: str) -> bool:
    """Say whether the account still has the one-time code that it was created with."""
    rangee = registre.db.execute("SELECT a_changer FROM secret_compte WHERE compte_id = ?", (compte_id,)).fetchone()
    return bool(rangee and rangee[0])


def changer_pin(registre: Registre, *, compte_id: str, pin: str) -> None:
    """
    Replace the PIN and forget past failures.

    Raises:
        EntreeInvalide: not 6 to 12 digits. Introuvable: no such account. Nothing is written.
    """
    hache = _hacher(pin)
    lire(registre, compte_id)
    with transaction(registre):
        registre.db.execute(
            "UPDATE secret_compte SET pin_argon2 = ?, a_changer = 0, echecs = 0, bloque_boot_id = NULL"
            " WHERE compte_id = ?",
            (hache, compte_id),
        )


def verifier_pin(registre: Registre, *, compte_id: str, pin: str, instant: Instant) -> Compte:
    """
    Return the account if the PIN is right.

    A try is counted, durably, before it is judged: twenty tries sent at once get five answers.

    Raises:
        Introuvable: no such account. CodeFaux: wrong PIN. CodeBloque: 5 wrong ones, wait 60 s.
    """
    compte = lire(registre, compte_id)
    hache, echecs = _compter_essai(registre, compte_id, instant)
    try:
        with _UN_SEUL:
            HACHEUR.verify(hache, pin[:64])
    except VerifyMismatchError as cause:
        if echecs == ESSAIS:
            raise CodeBloque("Trop d'essais : ce compte attend une minute.") from cause
        reste = ESSAIS - echecs
        raise CodeFaux(f"Ce n'est pas le bon code. Encore {reste} essai{'s' if reste > 1 else ''}.") from cause
    with transaction(registre):
        registre.db.execute(
            "UPDATE secret_compte SET echecs = 0, bloque_boot_id = NULL, bloque_bt_ns = NULL WHERE compte_id = ?",
            (compte_id,),
        )
    return compte


def _compter_essai(registre: Registre, compte_id: str, instant: Instant) -> tuple[str, int]:
    """Count one try as failed; return the PIN's hash and how many failed in a row. Raises Introuvable, CodeBloque."""
    with transaction(registre):
        secret = registre.db.execute("SELECT * FROM secret_compte WHERE compte_id = ?", (compte_id,)).fetchone()
        if secret is None:
            raise Introuvable("Ce compte n'a pas de code sur cette boîte.")
        if secret["bloque_boot_id"] == instant.boot_id and instant.bt_ns < secret["bloque_bt_ns"] + ATTENTE_NS:
            raise CodeBloque("Trop d'essais : ce compte attend une minute.")
        echecs = int(secret["echecs"]) % ESSAIS + 1
        bloque = (instant.boot_id, instant.bt_ns) if echecs == ESSAIS else (None, None)
        registre.db.execute(
            "UPDATE secret_compte SET echecs = ?, bloque_boot_id = ?, bloque_bt_ns = ? WHERE compte_id = ?",
            (echecs, *bloque, compte_id),
        )
    return str(secret["pin_argon2"]), echecs


def _hacher(pin: str) -> str:
    if not (pin.isascii() and pin.isdigit() and 6 <= len(pin) <= 12):
        raise EntreeInvalide("Le code doit avoir 6 à 12 chiffres.")
    with _UN_SEUL:
        return HACHEUR.hash(pin)
