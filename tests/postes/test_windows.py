"""The same rules for Windows: no Windows judges them here, so what can be proved is that they say the same."""

import json
import re

import pytest

from reseau.juges.lancement import RACINE

POSTES = RACINE / "appliance/postes"
REGLES = json.loads((POSTES / "chromium/pirogue.json").read_text(encoding="utf-8"))
#: Edge has another name for these.
EDGE = {
    "BookmarkBarEnabled": "FavoritesBarEnabled",
    "BrowserAddPersonEnabled": "BrowserAddProfileEnabled",
    "ManagedBookmarks": "ManagedFavorites",
}


def lire(nom: str) -> dict[str, object]:
    """Read a .reg file as regedit does: keys in brackets, `dword:` numbers, quoted text, numbered lists."""
    brut = (POSTES / "windows" / nom).read_bytes()
    lignes = brut.decode("ascii").split("\r\n")
    assert lignes[0] == "Windows Registry Editor Version 5.00"
    assert b"\n" not in brut.replace(b"\r\n", b"")
    lues: dict[str, object] = {}
    cle = ""
    for ligne in lignes[1:]:
        if entete := re.fullmatch(r"\[HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\\w+\\\w+(?:\\(\w+))?\]", ligne):
            cle = entete[1] or ""
        elif donnee := re.fullmatch(r'"(\w+)"=(?:dword:([0-9a-f]{8})|"(.*)")', ligne):
            valeur = int(donnee[2], 16) if donnee[2] else re.sub(r"\\(.)", r"\1", donnee[3])
            if cle:
                liste = lues.setdefault(cle, [])
                assert isinstance(liste, list)
                liste.append(valeur)
            else:
                lues[donnee[1]] = valeur
        else:
            assert ligne == "", ligne
    return lues


def en_registre(valeur: object) -> object:
    """Return a rule as the registry holds it: a list of words stays, other things become a number or text."""
    if isinstance(valeur, list) and not isinstance(valeur[0], str):
        return json.dumps(valeur)
    return int(valeur) if isinstance(valeur, bool) else valeur


def test_chrome_on_windows_gets_the_rules_of_chromium() -> None:
    """One list of wishes; Chromium on Linux judges it, Chrome reads the same names."""
    assert lire("chrome.reg") == {nom: en_registre(valeur) for nom, valeur in REGLES.items()}


def test_edge_gets_the_same_rules_under_its_own_names() -> None:
    """Where both know a rule they agree."""
    edge = lire("edge.reg")
    communes = {EDGE.get(nom, nom): en_registre(valeur) for nom, valeur in REGLES.items()}
    partagees = edge.keys() & communes.keys()

    assert {nom: edge[nom] for nom in partagees} == {nom: communes[nom] for nom in partagees}
    assert {"HomepageLocation", "DnsOverHttpsMode", "ForceEphemeralProfiles", "RestoreOnStartupURLs"} <= partagees
    assert edge["AutomaticHttpsDefault"] == 0


@pytest.mark.parametrize("navigateur", ["chrome", "edge"])
def test_taking_the_rules_back_on_windows_takes_ours_alone(navigateur: str) -> None:
    """A school's own rules in the same key stay."""
    retirer = (POSTES / "windows/retirer.reg").read_bytes().decode("ascii")
    cle = {"chrome": r"Google\Chrome", "edge": r"Microsoft\Edge"}[navigateur]
    morceau = retirer.split(rf"\{cle}]", 1)[1].split("[HKEY", 1)[0]
    retirees = set(re.findall(r'"(\w+)"=-', morceau)) | set(re.findall(r"\\(\w+)\]", morceau))

    assert retirees == set(lire(f"{navigateur}.reg"))
    assert rf"[-HKEY_LOCAL_MACHINE\SOFTWARE\Policies\{cle}]" not in retirer
