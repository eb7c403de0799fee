"""The code lists as this boat offers them: the product's own, and what the shore added (never taken away)."""

import re

from pirogue_registre.base import Registre, transaction
from pirogue_socle import listes
from pirogue_socle.erreurs import EntreeInvalide

#: Lists that the shore may lengthen: those where a place has reasons of its own.
OUVERTES = ("motif_annulation", "motif_absence")
CODE = re.compile(r"[a-z][a-z0-9_]{0,39}")
#: Entries added to one list at most.
AJOUTS_MAX = 40


def choix(registre: Registre, liste: str) -> dict[str, str]:
    """Return code → French label of a list, the additions last, before « Autre »."""
    offerts = dict(listes.listes()[liste])
    rangees = registre.db.execute("SELECT code, libelle FROM code_local WHERE liste = ? ORDER BY rowid", (liste,))
    ajouts = {code: libelle for code, libelle in rangees if code not in offerts}
    derniers = {code: offerts.pop(code) for code in ("autre", "inconnu") if ajouts and code in offerts}
    return offerts | ajouts | derniers


def libelle(registre: Registre, liste: str, code: str) -> str:
    """Return the French label of a code, the code itself when nobody knows it."""
    if liste not in OUVERTES or code in listes.listes()[liste]:
        return listes.libelle(liste, code)
    return choix(registre, liste).get(code, code)


def exiger(registre: Registre, liste: str, code: str, *, quoi: str) -> str:
    """Return `code` if the list has it aboard; raises EntreeInvalide."""
    if code not in choix(registre, liste):
        raise EntreeInvalide(f"{quoi} : ce choix n'est pas dans la liste.")
    return code


def ajouter(registre: Registre, *, liste: str, code: str, libelle: str) -> None:
    """
    Add an entry to an open list, or change the label of an added one.

    Raises:
        EntreeInvalide: the list is closed, full, or the entry does not have the right form; nothing is written.
    """
    if liste not in OUVERTES or not CODE.fullmatch(code) or not 0 < len(libelle) <= 60 or not libelle.isprintable():
        raise EntreeInvalide("Ce choix ne peut pas être ajouté à cette liste.")
    with transaction(registre):
        connus = {
            un for (un,) in registre.db.execute("SELECT code FROM code_local WHERE liste = ?", (liste,)).fetchall()
        }
        if code in listes.listes()[liste] or (code not in connus and len(connus) >= AJOUTS_MAX):
            raise EntreeInvalide("Ce choix ne peut pas être ajouté à cette liste.")
        registre.db.execute(
            "INSERT INTO code_local VALUES (?, ?, ?)"
            " ON CONFLICT (liste, code) DO UPDATE SET libelle = excluded.libelle",
            (liste, code, libelle),
        )
