"""
The probes of every system and what each wants to hear: one table, `sondes.csv`, read once and kept as ready answers.

A probe is a request that a system sends by itself to a name of its maker, to know whether the Internet is there. Its
judge is a rule of that system: often one exact body. A damaged table stops the start, it never answers half the boat.
"""

import csv
import io
import re
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

from pirogue_socle.erreurs import ErreurPirogue

COLONNES = ("systeme", "methode", "hote", "chemin", "statut", "entetes", "corps", "source")
METHODES = ("GET", "HEAD", "POST")
RAISONS = {200: "200 OK", 204: "204 No Content", 302: "302 Found"}
HOTE_MAX = 255
_HOTE = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")
_PORT = re.compile(r":[0-9]*$")
_ABSOLU = re.compile(r"https?://([^/?#]*)([^?#]*)", re.IGNORECASE)


class SondesIllisibles(ErreurPirogue):
    """The table of probes is missing or damaged: nothing is served."""

    geste = "Réinstalle la boîte : la table des sondes fait partie du programme."
    code = 105


@dataclass(frozen=True, slots=True)
class Reponse:
    """
    A ready answer, given to the server as it is.

    Attributes:
        statut: status code and its words, as WSGI wants them.
        entetes: names and values, content length included.
        corps: the body in one piece; no piece when there is none.
    """

    statut: str
    entetes: list[tuple[str, str]]
    corps: list[bytes]


@dataclass(frozen=True, slots=True)
class Sonde:
    """One line of the table; `reponse` is None where the system is always sent to the portal."""

    systeme: str
    methode: str
    hote: str
    chemin: str
    reponse: Reponse | None
    source: str


@dataclass(frozen=True, slots=True)
class Table:
    """
    The answers by host, then by path.

    Attributes:
        sondes: the lines, in the order of the file.
    """

    sondes: tuple[Sonde, ...]
    _exacts: dict[str, dict[str, Reponse]] = field(default_factory=dict)
    _prefixes: dict[str, list[tuple[str, Reponse]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for sonde in self.sondes:
            if sonde.reponse is None:
                continue
            if sonde.chemin.endswith("*"):
                self._prefixes.setdefault(sonde.hote, []).append((sonde.chemin[:-1], sonde.reponse))
                self._exacts.setdefault(sonde.hote, {})
            else:
                self._exacts.setdefault(sonde.hote, {})[sonde.chemin] = sonde.reponse

    def trouver(self, hote: str, chemin: str) -> Reponse | None:
        """Return the answer that a greeted device gets for a host and a path; None when they are no probe's."""
        chemins = self._exacts.get(hote)
        if chemins is None:
            chemins = self._exacts.get(normaliser(hote))
            if chemins is None:
                return None
            hote = normaliser(hote)
        exact = chemins.get(chemin or "/")
        if exact is not None:
            return exact
        for debut, reponse in self._prefixes.get(hote, ()):
            if chemin.startswith(debut):
                return reponse
        return None


def normaliser(hote: str) -> str:
    """Return a Host header as the table writes it: lower case, no port, no final dots; empty when it is absurd."""
    if len(hote) > HOTE_MAX:
        return ""
    return _PORT.sub("", hote.strip().lower()).rstrip(".")


def separer(cible: str) -> tuple[str, str] | None:
    """Return the host and the path of a whole address (`GET http://host/path`); None for a bare path."""
    trouve = _ABSOLU.match(cible)
    return (trouve[1], trouve[2] or "/") if trouve else None


def _composer(statut: int, corps: bytes, *entetes: tuple[str, str]) -> Reponse:
    """Make a ready answer that nobody keeps; a 204 has neither length nor body (RFC 9110 §15.3.5)."""
    longueur = () if statut == 204 else (("Content-Length", str(len(corps))),)
    return Reponse(RAISONS[statut], [*entetes, ("Cache-Control", "no-store"), *longueur], [corps] if corps else [])


def redirection(adresse: str) -> Reponse:
    """Make the answer to whoever is not greeted: the portal's address, and a page for who does not follow."""
    corps = (
        '<!doctype html><html lang="fr"><meta charset="utf-8"><title>La pirogue</title>'
        f'<p>Bienvenue à bord. <a href="{adresse}">Ouvrir la page de la pirogue</a></p></html>\n'
    ).encode()
    return _composer(302, corps, ("Location", adresse), ("Content-Type", "text/html; charset=utf-8"))


def lire(fichier: Path | None = None) -> Table:
    """
    Read the table, ours or another file.

    Raises:
        SondesIllisibles: missing, not UTF-8, a wrong column, a line that says nothing usable, the same probe twice.
    """
    try:
        octets = (fichier or resources.files(__package__).joinpath("sondes.csv")).read_bytes()
        lignes = list(csv.DictReader(io.StringIO(octets.decode()), strict=True, restkey="reste"))
    except (OSError, UnicodeDecodeError, csv.Error) as cause:
        raise SondesIllisibles(f"La table des sondes est illisible ({cause}).") from cause
    if not lignes:
        raise SondesIllisibles("La table des sondes est vide.")
    vues: set[tuple[str, str]] = set()
    sondes = []
    for numero, ligne in enumerate(lignes, start=2):
        sonde = _sonde(numero, ligne)
        if (sonde.hote, sonde.chemin) in vues:
            raise SondesIllisibles(f"Table des sondes, ligne {numero} : {sonde.hote}{sonde.chemin} y est deux fois.")
        vues.add((sonde.hote, sonde.chemin))
        sondes.append(sonde)
    return Table(tuple(sondes))


def _sonde(numero: int, ligne: dict[str, str]) -> Sonde:
    """Check one line and make its answer."""

    def exiger(vrai: object, quoi: str) -> None:
        if not vrai:
            raise SondesIllisibles(f"Table des sondes, ligne {numero} : {quoi}.")

    exiger(tuple(ligne) == COLONNES and None not in ligne.values(), "il manque une colonne, ou il y en a une de trop")
    exiger(ligne["systeme"] and ligne["source"], "le système et la source sont obligatoires")
    exiger(ligne["methode"] in METHODES, f"méthode inconnue « {ligne['methode']} »")
    exiger(_HOTE.fullmatch(ligne["hote"]), f"nom d'hôte impossible « {ligne['hote']} »")
    chemin = ligne["chemin"]
    exiger(chemin == "*" or (chemin.startswith("/") and "?" not in chemin), f"chemin impossible « {chemin} »")
    exiger("*" not in chemin[:-1], "une étoile ne va qu'à la fin du chemin")
    exiger(ligne["statut"] in ("200", "204", "302"), f"statut impossible « {ligne['statut']} »")
    entetes = []
    for entete in filter(None, ligne["entetes"].split("|")):
        nom, deux_points, valeur = entete.partition(": ")
        exiger(deux_points and nom and valeur.isprintable(), f"en-tête impossible « {entete} »")
        entetes.append((nom, valeur))
    statut, corps = int(ligne["statut"]), ligne["corps"].replace("\\n", "\n").encode()
    exiger(bool(corps) == (statut == 200), "un corps, et un seul cas : le statut 200")
    reponse = None if statut == 302 else _composer(statut, corps, *entetes)
    return Sonde(ligne["systeme"], ligne["methode"], ligne["hote"], chemin, reponse, ligne["source"])
