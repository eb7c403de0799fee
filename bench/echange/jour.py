"""Figures 1 to 3: the standard day on the wire, ours beside the real alternatives, near and far."""

import statistics
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from echange import autres, deux_ans, quai
from echange.deux_ans import Bateau
from echange.fil import Fil, Qualite, Releve
from echange.kolibri_sync import deux_kolibri
from mesure import tableau
from pirogue_registre import base, journal

#: The history that the day comes on top of; it costs rsync alone.
HISTOIRE_J, JOURS = 400, 3
PROCHE = Qualite()
LOINTAIN = Qualite(aller_s=0.150, montant_o_s=32_000, descendant_o_s=128_000)
#: At 300 ms each, 243 records would take more than a minute: so many are timed, the rest is told by rule of three.
LIGNES_LOIN = 40
JOURS_MOIS = 26
#: Calls that the history may take: one sends 4 MiB at most.
APPELS_MAX = 10
BUTS = {"rsync": 25, "par_ligne": 12, "kolibri": 3}
Envoi = Callable[[Fil, list[bytes]], None]


@dataclass
class Methode:
    """
    One way of sending a day, and what it cost.

    Attributes:
        cle: short name, for the ratios.
        nom: what the table says.
        vers: the port behind the wire.
        envoyer: sends a day through a wire.
        proches: what each near day cost.
        loin: what the far day cost.
        lignes_loin: how many records are sent far, 0 for all.
    """

    cle: str
    nom: str
    vers: int
    envoyer: Envoi
    proches: list[Releve] = field(default_factory=list)
    loin: Releve = field(default_factory=Releve)
    lignes_loin: int = 0

    @property
    def octets(self) -> float:
        """Median bytes of a near day."""
        return statistics.median(un.octets for un in self.proches)

    def passer(self, lignes: list[bytes], *, loin: bool) -> None:
        """Send one day and keep what it cost."""
        releve = self.essayer(lignes, loin=loin)
        if loin:
            self.loin = releve
        else:
            self.proches.append(releve)

    def essayer(self, lignes: list[bytes], *, loin: bool) -> Releve:
        """Send some lines; return what it cost (of the first `lignes_loin` alone, far)."""
        with Fil(self.vers, LOINTAIN if loin else PROCHE) as fil:
            self.envoyer(fil, lignes[: self.lignes_loin] if loin and self.lignes_loin else lignes)
        return fil.releve


@dataclass(frozen=True)
class Banc:
    """
    Every road, ready, over the same history.

    Attributes:
        bateaux: twins; the second one's register holds no lots, for rsync.
        nous: our road; `variantes`: our road by other certificates; `autres`: the others' roads.
    """

    bateaux: tuple[Bateau, Bateau]
    nous: Methode
    variantes: list[Methode]
    autres: list[Methode]

    @property
    def toutes(self) -> list[Methode]:
        """The roads that are compared."""
        return [self.nous, *self.autres]

    def vivre(self, jours: int = 1, *, seances: int = 2) -> list[bytes]:
        """Live some days on both boats; return their lines."""
        lignes, _ = (_vivre(bateau, jours, seances) for bateau in self.bateaux)
        return lignes


@contextmanager
def monter() -> Iterator[Banc]:
    """Live the history, start every server, bring each to know it."""
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="pirogue-jour-") as dossier, ExitStack() as pile:
        lieu = Path(dossier)
        bateaux = (deux_ans.embarquer(lieu / "bateau" / "registre"), deux_ans.embarquer(lieu / "jumeau" / "registre"))
        for bateau in bateaux:
            pile.callback(base.fermer, bateau.registre)
            _vivre(bateau, HISTOIRE_J, 2)
        nous, *variantes = _notres(pile, lieu)
        yield Banc(bateaux, nous, variantes, _autres(pile, lieu))


def mesurer(banc: Banc) -> None:
    """Live some days; send each by every road, one after the other; print figures 1 to 3."""
    nombres = []
    for rang in range(JOURS + 1):
        lignes = banc.vivre()
        nombres.append(len(lignes))
        for methode in banc.toutes:
            methode.passer(lignes, loin=rang == JOURS)
    for variante in banc.variantes:
        for loin in (False, True):
            variante.passer(banc.vivre(), loin=loin)
    imprimer(banc, round(statistics.median(nombres)))


def _vivre(bateau: Bateau, jours: int, seances: int) -> list[bytes]:
    avant = journal.dernier(bateau.registre)
    for _ in range(jours):
        bateau.vivre(seances)
    return [ligne for _, ligne in journal.lignes(bateau.registre, apres=avant, limite=10**6)]


def _notres(pile: ExitStack, lieu: Path) -> list[Methode]:
    """Start the shore, which already has the history; our own road by TLS, by a public chain, without TLS."""
    q = quai.apparier(lieu)
    port, _ = pile.enter_context(quai.servir_rive(q))
    front = pile.enter_context(quai.devant(lieu, port))

    def envoi(vers: int) -> Envoi:
        def envoyer(fil: Fil, _: list[bytes]) -> None:
            trace = quai.appeler(q, fil, front.certificats.get(vers))
            if not trace.confirme:
                raise RuntimeError(f"la journée n'est pas confirmée : {trace}")

        return envoyer

    with Fil(port) as fil:
        if not any(quai.appeler(q, fil, None).confirme for _ in range(APPELS_MAX)):
            raise RuntimeError("l'histoire n'est pas passée")
    return [
        Methode("nous", "notre échange (scellé, signé, reçu), TLS", front.seul, envoi(front.seul)),
        Methode("public", "… certificat d'une autorité publique", front.public, envoi(front.public)),
        Methode("clair", "… sans TLS (le secours de 1970)", port, envoi(port)),
    ]


def _autres(pile: ExitStack, lieu: Path) -> list[Methode]:
    """Start every other server and bring it to know the history; the twin boat has no lots in its register."""
    port_puits, certificat = pile.enter_context(autres.puits(lieu))
    port_rsync, depot = pile.enter_context(autres.rsyncd(lieu))
    tus = pile.enter_context(autres.tus(lieu))
    kolibris = pile.enter_context(deux_kolibri(lieu))
    registre = lieu / "jumeau" / "registre"
    autres.instantane(registre, depot / "registre.sqlite3")
    graines = iter(range(10**6))

    def rsync(fil: Fil, _: list[bytes]) -> None:
        autres.rsyncer(fil.port, autres.instantane(registre, lieu / "registre.sqlite3"))

    def kolibri(fil: Fil, lignes: list[bytes]) -> None:
        kolibris.travailler(len(lignes), graine=next(graines))
        kolibris.envoyer(fil.port)

    def https(envoi: Callable[..., None]) -> Envoi:
        return lambda fil, lignes: envoi(fil.port, certificat, lignes)

    return [
        Methode("csv", "csv.zip par HTTPS (ni scellé ni signé)", port_puits, https(autres.en_csv)),
        Methode("json", "un JSON gzip par HTTPS (ni scellé ni signé)", port_puits, https(autres.en_json)),
        Methode(
            "tus", "tus : csv.zip (tuspy → tuspyserver)", tus.port, lambda fil, lignes: tus.envoyer(fil.port, lignes)
        ),
        Methode("kolibri", "Kolibri 0.19.5 : manage sync, HTTP", kolibris.port, kolibri),
        Methode(
            "par_ligne",
            "un JSON par événement, HTTPS gardé",
            port_puits,
            https(autres.par_ligne),
            lignes_loin=LIGNES_LOIN,
        ),
        Methode("rsync", "rsync -z du fichier SQLite", port_rsync, rsync),
    ]


def imprimer(banc: Banc, evenements: int) -> None:
    """Print figures 1 to 3."""
    nous = banc.nous
    rangees: list[list[object]] = []
    for methode in (nous, *banc.variantes, *banc.autres):
        facteur = evenements / methode.lignes_loin if methode.lignes_loin else 1.0
        but = f"≥ {BUTS[methode.cle]}" if methode.cle in BUTS else ""
        rangees.append(
            [
                methode.nom,
                round(methode.octets),
                methode.octets / nous.octets,
                but,
                f"{round(methode.loin.tours * facteur)} (+{methode.loin.connexions} TCP)",
                methode.loin.duree_s * facteur,
            ]
        )
    tableau(
        f"1-3. La journée type ({evenements} événements, après {HISTOIRE_J} jours d'histoire)",
        ["par", "octets sur le fil", "× nous", "but", "tours à 300 ms", "secondes à 300 ms"],
        rangees,
    )
    mois = nous.octets * JOURS_MOIS / 1e6
    print(f"\n  1. {nous.octets:.0f} octets par journée (but ≤ 12 000) ; {mois:.2f} Mo par mois et par relais")
    print(f"     montant {nous.proches[-1].montant}, descendant {nous.proches[-1].descendant}")
    tours = nous.loin.tours + nous.loin.connexions
    print(f"  3. {tours} allers et retours, TCP compris (but ≤ 3) ; {nous.loin.duree_s:.2f} s à 300 ms (but ≤ 1,5 s)")
