"""The portal under 30 laptops: every kind of page, the roll and its tap, memory of each process, weight of a page."""

import http.client
import re
import sys
import tempfile
import urllib.parse
from collections.abc import Callable
from pathlib import Path

import psutil

from mesure import Charge, Requete, charger, pss_mo, tableau

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "scenarios"))
from embarcadere import Demo, demo
from pirogue_registre import base, jeunes, lieux
from pirogue_registre.fiches import FicheJeune
from pirogue_socle.horloge import maintenant

CLIENTS, DUREE_S, PAUSE_S = 30, 6.0, 1.0
PRENOMS = ("Afi", "Koffi", "Sèna", "Jules", "Ablawa", "Kossi", "Mèdéssè", "Codjo", "Adjoa", "Bossou")


class Visiteur:
    """A browser without a screen: keeps its cookies, follows redirects."""

    def __init__(self, port: int) -> None:
        self.port, self.cookies = port, {}

    @property
    def cookie(self) -> str:
        """The Cookie header."""
        return "; ".join(f"{nom}={valeur}" for nom, valeur in self.cookies.items())

    def aller(self, chemin: str, **champs: str) -> tuple[str, str]:
        """GET, or POST when there are fields; return (path reached, body)."""
        lien = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        entetes = {"Host": f"localhost:{self.port}", "Cookie": self.cookie}
        if champs:
            entetes["Content-Type"] = "application/x-www-form-urlencoded"
        lien.request("POST" if champs else "GET", chemin, urllib.parse.urlencode(champs) or None, entetes)
        reponse = lien.getresponse()
        corps = reponse.read().decode()
        for nom, valeur in reponse.getheaders():
            if nom.lower() == "set-cookie":
                cle, _, reste = valeur.partition("=")
                self.cookies[cle] = reste.split(";")[0]
        suite = reponse.getheader("Location")
        lien.close()
        return self.aller(urllib.parse.urlsplit(suite).path) if suite else (chemin, corps)


def mesurer() -> None:
    """Start a whole boat with a class of 24, measure, print."""
    with tempfile.TemporaryDirectory(dir="/tmp") as dossier, demo(Path(dossier)) as bord:
        repos = _memoire(bord)
        _remplir(bord)
        formatrice, seance = _ouvrir(bord)
        jeune = _embarquer(bord)
        _poids(bord)
        _debits(bord, formatrice, jeune, seance)
        charges = _memoire(bord)
    tableau(
        "Mémoire de chaque processus (PSS, Mo)",
        ["processus", "au repos", "après la charge"],
        [[nom, repos[nom], charges[nom]] for nom in repos],
    )


def _remplir(bord: Demo) -> None:
    """Bring the group to 24."""
    registre = base.ouvrir(bord.dossier / ".demo" / "bord" / "registre")
    groupe = lieux.lister_groupes(registre)[0].groupe_id
    for rang in range(24 - len(jeunes.lister(registre, groupe))):
        fiche = FicheJeune(
            prenom=PRENOMS[rang % len(PRENOMS)],
            nom=f"Bench{rang}",
            annee_naissance="2011",
            sexe="FM"[rang % 2],
            territoire="nc",
            situation="nc",
            niveau_scolaire="nc",
            consentement_suivi="oui",
        )
        jeunes.inscrire(registre, fiche=fiche, groupe_id=groupe, instant=maintenant(), auteur="bench")
    base.fermer(registre)


def _ouvrir(bord: Demo) -> tuple[Visiteur, str]:
    """Sign the trainer in and open a session; return her browser and the session's id."""
    v = Visiteur(bord.port)
    _, page = v.aller("/formateur/")
    compte = re.search(r"/formateur/code/(\w+)", page)
    assert compte is not None
    v.aller(f"/formateur/code/{compte.group(1)}", pin=bord.code)
    v.aller("/formateur/mon-code", pin="246810", encore="246810")
    _, page = v.aller("/formateur/date")
    vu = re.search(r'name="vu" value="([^"]+)"', page)
    assert vu is not None
    v.aller("/formateur/date", reponse="oui", vu=vu.group(1), reprise="")
    chemin, page = v.aller("/formateur/ouvrir")
    chemin, page = v.aller(chemin, postes="12", module="S01")
    seance = re.search(r"/seances/(\w+)/appel", chemin)
    assert seance is not None, chemin
    return v, seance.group(1)


def _choisir(bord: Demo, prenom: str) -> Visiteur:
    """Touch a youth's tile; the three pictures come next."""
    v = Visiteur(bord.port)
    _, page = v.aller("/qui")
    tuile = re.search(rf'value="(\w{{32}})"[^>]*><img[^>]*><span>{prenom}', page)
    assert tuile is not None
    v.aller("/qui", personne=tuile.group(1))
    return v


def _embarquer(bord: Demo) -> Visiteur:
    """Sign a youth in."""
    v = _choisir(bord, "Afi D")
    for image in bord.images["Afi"]:
        v.aller("/images", image=image)
    v.aller("/toi", reponse="oui")
    v.aller("/deux", reponse="non")
    return v


def _debits(bord: Demo, formatrice: Visiteur, jeune: Visiteur, seance: str) -> None:
    appel = f"/formateur/seances/{seance}/appel"
    _, page = formatrice.aller(appel)
    lignes = re.findall(rf'action="{appel}/(\w+)"><input type="hidden" name="depuis"', page)
    etats: dict[str, str] = {}
    suite = {"present": "retard", "retard": "absent", "absent": "excuse", "excuse": "present"}

    def toucher(rang: int) -> Requete:
        personne = lignes[rang % len(lignes)]
        avant = etats.get(personne, "non_marque")
        etats[personne] = suite.get(avant, "present")
        return Requete(f"{appel}/{personne}", "POST", f"depuis={avant}", formatrice.cookie)

    def page_de(chemin: str, cookie: str = "") -> Callable[[int], Requete]:
        return lambda _: Requete(chemin, cookie=cookie)

    cas = (
        ("témoin : fichier statique de 1 ko", page_de("/static/images/pirogue.svg")),
        ("bienvenue", page_de("/")),
        ("qui es-tu ? (24 tuiles)", page_de("/qui")),
        ("touche tes 3 images", page_de("/images", _choisir(bord, "Koffi H").cookie)),
        ("mon chemin", page_de("/chemin", jeune.cookie)),
        ("aujourd'hui (formatrice)", page_de("/formateur/aujourdhui", formatrice.cookie)),
        ("appel (24 lignes)", page_de(appel, formatrice.cookie)),
        ("un toucher de l'appel", toucher),
    )
    rangees: list[list[object]] = []
    temoin: Charge | None = None
    for nom, requetes in cas:
        seul = charger(bord.port, requetes, clients=1, duree_s=DUREE_S / 2)
        classe = charger(bord.port, requetes, clients=CLIENTS, duree_s=DUREE_S, pause_s=PAUSE_S)
        rafale = charger(bord.port, requetes, clients=CLIENTS, duree_s=DUREE_S / 2)
        temoin = temoin or seul
        rangees.append(
            [
                nom,
                seul.par_s,
                seul.centile_ms(50),
                seul.centile_ms(50) / temoin.centile_ms(50),
                classe.par_s,
                classe.centile_ms(50),
                classe.centile_ms(95),
                classe.centile_ms(99),
                rafale.par_s,
                rafale.centile_ms(95),
                seul.erreurs + classe.erreurs + rafale.erreurs,
            ]
        )
    tableau(
        f"Le portail : 1 client ; {CLIENTS} clients, un geste par seconde chacun ; {CLIENTS} clients sans pause",
        ["page", "1: req/s", "p50 ms", "× témoin", "30: req/s", "p50", "p95", "p99", "rafale req/s", "p95", "erreurs"],
        rangees,
    )


def _poids(bord: Demo) -> None:
    """Weigh the first page as a browser loads it: page, style, script, pictures, the fonts that French needs."""
    v = Visiteur(bord.port)
    _, page = v.aller("/")
    liens = sorted(set(re.findall(r'(?:href|src)="(/static/[^"]+)"', page.replace('preload="none" src', ""))))
    rangees: list[list[object]] = [["/", _octets(bord.port, "/")]]
    rangees += [[lien.split("?")[0], _octets(bord.port, lien)] for lien in liens]
    rangees.append(["police 400 (latin)", _octets(bord.port, "/static/polices/andika-latin-400-normal.woff2")])
    rangees.append(["total", sum(int(str(rangee[1])) for rangee in rangees)])
    tableau("Première page, octets sur le fil (en-têtes compris ; but ≤ 60 000)", ["ressource", "octets"], rangees)


def _octets(port: int, chemin: str) -> int:
    lien = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    lien.request("GET", chemin, headers={"Host": f"localhost:{port}", "Accept-Encoding": "gzip"})
    reponse = lien.getresponse()
    corps = len(reponse.read())
    return corps + sum(len(nom) + len(valeur) + 4 for nom, valeur in reponse.getheaders()) + 17


def _memoire(bord: Demo) -> dict[str, float]:
    enfants = psutil.Process(bord.processus.pid).children()
    return {noms[0]: pss_mo(enfant.pid) for enfant in enfants if (noms := _nom(enfant.cmdline()))}


def _nom(commande: list[str]) -> list[str]:
    texte = " ".join(commande)
    return [nom for nom in ("portail", "rive", "kolibri") if f" {nom} " in texte]
