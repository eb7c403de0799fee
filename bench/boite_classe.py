"""
Twenty learners at ten laptops, from inside the box under measure: `boite_classe.py DURATION_S PAUSE_S`, as its portal.
`boite_classe.py preparer` enrols them and opens their session: no figure of a class has it in.

Each signs in with her pictures, walks her path, opens a lesson, lets Kolibri's page load, answers, comes back; one act
every `PAUSE_S` seconds, as a person who reads. Prints JSON: how many pages, how many went wrong, how many events.
"""

import http.client
import json
import re
import sys
import threading
import time
import urllib.parse
from dataclasses import dataclass, field
from pathlib import Path

from pirogue_registre import base, comptes, jeunes, journal, lieux, seances
from pirogue_registre.base import Registre
from pirogue_registre.fiches import FicheJeune
from pirogue_registre.jeunes import Jeune
from pirogue_socle import config
from pirogue_socle.horloge import maintenant

APPRENANTS = 20
PAIRES = 10
HOTE = "pirogue.internal"


@dataclass
class Poste:
    """A laptop's browser: its cookies, what it counted."""

    cookies: dict[str, str] = field(default_factory=dict)
    pages: int = 0
    fautes: list[str] = field(default_factory=list)

    def aller(self, adresse: str, **champs: str) -> tuple[str, str]:
        """Open a page, or send a form, and follow where it leads; return (address reached, its text)."""
        for _ in range(6):
            lien = http.client.HTTPConnection("127.0.0.1", 80, timeout=120)
            entetes = {"Host": HOTE, "Cookie": "; ".join(f"{nom}={v}" for nom, v in self.cookies.items())}
            if champs:
                entetes["Content-Type"] = "application/x-www-form-urlencoded"
            lien.request("POST" if champs else "GET", adresse, urllib.parse.urlencode(champs) or None, entetes)
            reponse = lien.getresponse()
            texte = reponse.read().decode("utf-8", "replace")
            for nom, valeur in reponse.getheaders():
                if nom.lower() == "set-cookie":
                    cle, _, reste = valeur.partition("=")
                    self.cookies[cle] = reste.split(";")[0]
            lien.close()
            self.pages += 1
            if reponse.status >= 400:
                self.fautes.append(f"{reponse.status} {adresse.partition('?')[0]}")
            suite = reponse.getheader("Location")
            if suite is None:
                return adresse, texte
            lu = urllib.parse.urlsplit(urllib.parse.urljoin(f"http://{HOTE}{adresse}", suite))
            adresse, champs = lu.path + (f"?{lu.query}" if lu.query else ""), {}
        self.fautes.append(f"never ends: {adresse}")
        return adresse, ""


def preparer(registre: Registre) -> None:
    """Make the class that is missing, open its session."""
    qui = next(iter(comptes.lister(registre)), None)
    auteur = (
        qui.compte_id
        if qui
        else comptes.creer(
            registre, nom="Rachelle", role="formateur", pin="246810", instant=maintenant(), auteur="pirogue"
        ).compte_id
    )
    groupes = lieux.lister_groupes(registre)
    if not groupes:
        escale = lieux.Escale("", "CEG Gbessou", "college", "030506", "faible")
        escale = lieux.ecrire_escale(registre, escale, instant=maintenant(), auteur=auteur)
        groupe = lieux.Groupe("", "4e A – Gbessou", "CEG Gbessou", escale.escale_id, 24, "premiers_pas")
        groupes = [lieux.ecrire_groupe(registre, groupe, instant=maintenant(), auteur=auteur)]
    groupe_id = groupes[0].groupe_id
    for rang in range(APPRENANTS - len(jeunes.lister(registre, groupe_id))):
        fiche = FicheJeune(
            prenom="Afi" if rang % 2 else "Koffi",
            nom=f"Banc{rang}",
            annee_naissance="2011",
            sexe="FM"[rang % 2],
            territoire="nc",
            situation="nc",
            niveau_scolaire="nc",
            consentement_suivi="oui",
        )
        jeunes.inscrire(registre, fiche=fiche, groupe_id=groupe_id, instant=maintenant(), auteur=auteur)
    seances.ouvrir(
        registre,
        module="S01",
        groupe_id=groupe_id,
        formateur=auteur,
        postes_utilisables=PAIRES,
        instant=maintenant(),
        auteur=auteur,
    )


def apprendre(poste: Poste, paire: tuple[Jeune, Jeune], *, fin: float, pause_s: float) -> None:
    """Live one laptop's class until `fin` (time.monotonic)."""
    premier, second = paire
    _montrer(poste, premier)
    poste.aller("/toi", reponse="oui")
    poste.aller("/deux", reponse="oui")
    _montrer(poste, second)
    poste.aller("/toi", reponse="oui")
    while time.monotonic() < fin:
        _, texte = poste.aller("/chemin")
        _, texte = poste.aller("/chemin/S01")
        ouvrir = re.findall(r'action="(/chemin/S01/[^"]+/ouvrir)"', texte)
        if ouvrir:
            _, texte = poste.aller(ouvrir[poste.pages % len(ouvrir)], depuis="banc")
            for actif in re.findall(r'src="(/[^"]+\.js)"', texte)[:3]:
                poste.aller(actif)
        time.sleep(max(0.0, min(pause_s, fin - time.monotonic())))


def _montrer(poste: Poste, jeune: Jeune) -> None:
    """Touch her tile, then her three pictures."""
    poste.aller("/qui", personne=jeune.personne_id)
    for image in jeune.images:
        poste.aller("/images", image=image)


def main() -> None:
    """Run the class and print what it did."""
    registre = base.ouvrir(config.lire(Path("/etc/pirogue/pirogue.toml")).registre)
    if sys.argv[1] == "preparer":
        preparer(registre)
        base.fermer(registre)
        return
    duree_s, pause_s = float(sys.argv[1]), float(sys.argv[2])
    apprenants = jeunes.lister(registre, lieux.lister_groupes(registre)[0].groupe_id)[:APPRENANTS]
    avant, fin = journal.dernier(registre), time.monotonic() + duree_s
    postes = [Poste() for _ in range(PAIRES)]
    fils = [
        threading.Thread(
            target=apprendre,
            args=(poste, (apprenants[2 * i], apprenants[2 * i + 1])),
            kwargs={"fin": fin, "pause_s": pause_s},
        )
        for i, poste in enumerate(postes)
    ]
    for un in fils:
        un.start()
    for un in fils:
        un.join()
    fautes = [faute for poste in postes for faute in poste.fautes]
    rendu = {"pages": sum(poste.pages for poste in postes), "fautes": len(fautes), "premieres_fautes": fautes[:5]}
    print(json.dumps(rendu | {"evenements": journal.dernier(registre) - avant}))
    base.fermer(registre)


if __name__ == "__main__":
    main()
