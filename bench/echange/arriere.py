"""Figures 6 and 7: two years that never left, in one go, then over a link that is cut every few seconds."""

import http.client
import shutil
import ssl
import tempfile
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from echange import autres, deux_ans, quai
from echange.bord import Trace
from echange.certificats import Certificat
from echange.fil import Fil, Qualite, Releve
from echange.quai import Quai
from mesure import tableau
from pirogue_registre import base, envois, journal

#: 64 kB/s up, 300 ms, connections that live 8 s on average.
COUPE = Qualite(aller_s=0.150, montant_o_s=64_000, descendant_o_s=256_000, coupure_s=8.0, graine=7)
#: How long the control (one PUT, from the start after each cut) may try.
TEMOIN_S, DELAI_S = 60.0, 900.0


@dataclass(frozen=True)
class Arriere:
    """What the backlog cost."""

    evenements: int
    lots: int
    octets_lots: int
    scelle: Trace
    sans_coupure: Releve
    avec_coupures: Releve
    duree_coupe_s: float
    appels: int
    pic_bord_mo: float
    pic_rive_mo: float


def mesurer(jours: int = deux_ans.JOURS) -> Arriere:
    """Seal and send two years, without and with cuts; print figures 6 and 7."""
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="pirogue-arriere-") as dossier:
        lieu = Path(dossier)
        bateau = lieu / "bateau"
        bateau.mkdir()
        deux_ans.copier(deux_ans.modele(jours), bateau / "registre")
        q = quai.apparier(lieu)
        scelle = quai.sceller(q)
        registre = base.ouvrir(q.registre)
        lots = [lot.corps for lot in envois.a_envoyer(registre)]
        evenements = journal.dernier(registre)
        base.fermer(registre)
        shutil.copytree(lieu, lieu.with_name(lieu.name + "-bis"))
        bis = lieu.with_name(lieu.name + "-bis")
        try:
            net, _, _, pics = _envoyer(q, Qualite())
            coupe, duree_s, appels, _ = _envoyer(Quai(bis / "bateau", bis / "rive"), COUPE)
        finally:
            shutil.rmtree(bis)
        arriere = Arriere(
            evenements,
            len(lots),
            sum(map(len, lots)),
            scelle,
            net,
            coupe,
            duree_s,
            appels,
            max(scelle.pic_mo, pics[0]),
            pics[1],
        )
        _imprimer(arriere, jours)
        _temoin(lieu, b"".join(lots))
    return arriere


def _envoyer(q: Quai, qualite: Qualite) -> tuple[Releve, float, int, tuple[float, float]]:
    """Call the shore until all is confirmed; return the account, seconds, calls, peaks of boat and shore, MB."""
    with ExitStack() as pile:
        port, processus = pile.enter_context(quai.servir_rive(q))
        front = pile.enter_context(quai.devant(q.bateau.parent, port))
        fil = pile.enter_context(Fil(front.seul, qualite))
        debut, appels, pic_bord = time.monotonic(), 0, 0.0
        while True:
            trace = quai.appeler(q, fil, front.certificats[front.seul])
            appels, pic_bord = appels + 1, max(pic_bord, trace.pic_mo)
            if trace.confirme:
                return fil.releve, time.monotonic() - debut, appels, (pic_bord, quai.pics_mo(processus))
            if time.monotonic() - debut > DELAI_S:
                raise RuntimeError(f"l'arriéré n'est pas passé en {DELAI_S:.0f} s : {trace}")


def _imprimer(a: Arriere, jours: int) -> None:
    surcout = a.avec_coupures.octets / a.sans_coupure.octets
    tableau(
        f"6-7. L'arriéré de {jours} journées ({a.evenements} événements, {a.lots} lots)",
        ["mesure", "valeur", "but"],
        [
            ["octets des lots", a.octets_lots, ""],
            ["octets sur le fil, TLS", a.sans_coupure.octets, ""],
            ["scellement, s", a.scelle.duree_s, ""],
            ["mémoire au plus, bord, Mo", a.pic_bord_mo, "≤ 100"],
            ["mémoire au plus, rive, Mo", a.pic_rive_mo, "≤ 100"],
            [f"64 ko/s, coupé toutes les {COUPE.coupure_s:.0f} s : coupures", a.avec_coupures.coupures, ""],
            ["  appels jusqu'au reçu complet", a.appels, ""],
            ["  secondes", a.duree_coupe_s, ""],
            ["  octets sur le fil / sans coupure", surcout, "≤ 1.15"],
        ],
    )
    print(
        f"\n  6. {a.octets_lots / 1e6:.2f} Mo, {a.scelle.duree_s:.2f} s, {a.pic_bord_mo:.0f} et {a.pic_rive_mo:.0f} Mo"
    )
    print(f"  7. passé après {a.avec_coupures.coupures} coupures, × {surcout:.2f} octets (but ≤ 1,15)")


def _temoin(lieu: Path, corps: bytes) -> None:
    """Print the control: the same bytes as one PUT over the same link, begun again after each cut."""
    with autres.puits(lieu) as (port, certificat), Fil(port, COUPE) as fil:
        debut, passe = time.monotonic(), False
        while not passe and time.monotonic() - debut < TEMOIN_S:
            passe = _un_put(fil.port, certificat, corps, fin=debut + TEMOIN_S)
        releve, duree_s = fil.releve, time.monotonic() - debut
    sort = f"passé en {duree_s:.0f} s" if passe else f"toujours pas passé après {duree_s:.0f} s"
    print(f"     témoin, un seul PUT : {sort}, × {releve.octets / len(corps):.2f} octets, {releve.coupures} coupures")


def _un_put(port: int, certificat: Certificat, corps: bytes, *, fin: float) -> bool:
    """Try one PUT; say whether it was answered before it was cut or its time was over."""
    contexte = ssl.create_default_context(cafile=str(certificat.racine))
    lien = http.client.HTTPSConnection("localhost", port, timeout=30, context=contexte)
    with suppress(OSError, http.client.HTTPException):
        lien.putrequest("POST", "/v1/arriere")
        lien.putheader("Content-Length", str(len(corps)))
        lien.endheaders()
        for rang in range(0, len(corps), 8192):
            if time.monotonic() > fin:
                break
            lien.send(corps[rang : rang + 8192])
        else:
            return lien.getresponse().status == 200
    lien.close()
    return False
