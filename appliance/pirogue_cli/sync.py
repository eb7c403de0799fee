"""`pirogue sync`: the stick, the network, the pairing, the relay's own keys."""

import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import click

from pirogue_cli import recits
from pirogue_echange import cles as format_cles
from pirogue_echange.cles import Carte, Cles
from pirogue_registre import base, courriers, envois
from pirogue_registre import reglages as reglages_registre
from pirogue_registre.base import Registre
from pirogue_socle import config as reglages
from pirogue_socle.config import Config
from pirogue_socle.erreurs import ErreurPirogue
from pirogue_socle.horloge import maintenant
from pirogue_sync import cle as voie_cle
from pirogue_sync import courrier, jumelage, maj, quatre_g, rotation
from pirogue_sync import trousseau as trousseaux
from pirogue_sync.bilan import BilanEchange
from pirogue_sync.maj import Etat
from pirogue_sync.suite import Suite
from pirogue_sync.trousseau import NOM_RIVE, PasDeRive, Trousseau
from pirogue_sync.veille import Tour, Veille
from pirogue_sync.veille import veiller as guetter


@click.group("sync")
def commande() -> None:
    """Envoyer les données : clé USB, 4G."""


@commande.command("cle")
@click.argument("dossier", type=click.Path(path_type=Path))
@click.option("--recit", type=click.Path(path_type=Path), help="Où dire chaque étape, pour la lampe et les écrans.")
def par_cle(dossier: Path, *, recit: Path | None) -> None:
    """Échanger avec la clé montée dans DOSSIER : prendre ce qui descend, déposer les lots."""
    with recits.tenir(recit) as conteur:
        config, registre = _ouvrir()
        jumelage.conclure(registre, config.cles)
        if not (config.cles / NOM_RIVE).exists():
            _se_presenter(registre, dossier=dossier, cles=cles_du_relais(config, registre))
            conteur.presenter()
            return
        bilan = voie_cle.echanger(
            registre,
            dossier=dossier,
            trousseau=trousseau_du_relais(config, registre),
            instant=maintenant(),
            progres=click.echo,
            suivre=conteur.suivre,
        )
        conteur.finir(bilan)
    _raconter(bilan, "C'est fini. Tu peux retirer la clé.")


@commande.command("4g")
def par_4g() -> None:
    """Échanger avec la rive par le réseau ; sans rive connue, lui demander d'être accueilli."""
    config, registre = _ouvrir()
    _raconter(_appeler(config, registre, quatre_g.Reseau(ca=config.rive_ca), click.echo), "C'est fini.")


@commande.command()
def carte() -> None:
    """Montrer la carte de ce relais, à donner à la rive."""
    config, registre = _ouvrir()
    cles = cles_du_relais(config, registre)
    click.echo(format_cles.ecrire_carte(cles.carte).decode())
    click.echo(f"Empreinte, à comparer sur les deux écrans : {cles.carte.empreinte}")


@commande.command()
@click.argument("fichier", type=click.Path(path_type=Path))
def appairer(fichier: Path) -> None:
    """Prendre la carte de la rive (FICHIER) : les données lui seront scellées."""
    config = reglages.lire(reglages.trouver())
    try:
        octets = fichier.read_bytes()
    except OSError as cause:
        raise PasDeRive(f"La carte {fichier} n'est pas lisible.") from cause
    click.echo(f"Rive {appairer_rive(config, octets).empreinte} : compare ces lettres avec l'écran à terre.")


@commande.command("changer-cles")
def changer_cles() -> None:
    """Donner de nouvelles clés à ce relais ; l'annonce part devant les données, signée avec les deux."""
    config, registre = _ouvrir()
    trousseau = rotation.changer(registre, trousseau=trousseau_du_relais(config, registre), instant=maintenant())
    jumelage.publier(registre, cles=trousseau.cles, rive=trousseau.rive)
    click.echo("Les nouvelles clés sont en service. L'annonce part avec le prochain échange, devant les données.")
    click.echo(f"Empreinte : {trousseau.cles.carte.empreinte}")


@commande.command("courrier")
def ouvrir_courrier() -> None:
    """Une fois : sceller ce qui est nouveau, ouvrir ce qu'un téléphone a rapporté."""
    config, registre = _ouvrir()
    jumelage.conclure(registre, config.cles)
    courrier.tour(registre, trousseau=trousseau_du_relais(config, registre), instant=maintenant())
    compte = courriers.compter(registre)
    for remarque in compte.remarques:
        click.echo(f"! {remarque}")
    click.echo(f"Courrier ouvert : {compte.ouverts} · nouveau : {compte.nouveaux} · données : {_puce(registre)}.")


@commande.command()
@click.option("--periode", type=click.FloatRange(0.2, 3600), default=3.0, show_default=True, help="Secondes.")
@click.option("--sans-reseau", is_flag=True, help="Le courrier des téléphones seulement.")
def veiller(periode: float, *, sans_reseau: bool) -> None:
    """Guetter le quai et le courrier des téléphones, à côté du portail, jusqu'à l'arrêt."""
    arret = threading.Event()
    for signal_ in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signal_, lambda *_: arret.set())
    config, registre = _ouvrir()
    perdu: list[Exception] = []

    def guetter_ou_finir() -> None:
        try:
            _guetter(config, arret)
        except Exception as cause:  # noqa: BLE001 - whatever it is: a courier that no longer looks out is started anew
            perdu.append(cause)
            arret.set()

    if not sans_reseau:
        # A call may last; the telephones' mail does not wait for it. It dies with us: nothing of it is outside SQLite.
        threading.Thread(target=guetter_ou_finir, daemon=True).start()
    dite = ""
    while not arret.is_set():
        dite = _tourner(config, registre, dite)
        arret.wait(periode)
    if perdu:
        raise perdu[0]


def _guetter(config: Config, arret: threading.Event) -> None:
    """Watch for the quay, then fetch the update; say each exchange, each new reason for none; tell the box's body."""
    from pirogue_bord import quai

    registre = base.ouvrir(config.registre)
    reseau = quatre_g.Reseau(ca=config.rive_ca, saluer=True)
    guet = quai.Guet(config)
    dites: list[str] = [""]
    presse: list[bool] = [False]

    def prendre(continuer: Callable[[], bool]) -> Etat:
        etat = maj.prendre(
            registre,
            boite=maj.Boite(dossier=config.quai / "PIROGUE/maj", depot=config.systeme / "maj", version=maj.VERSION),
            url=config.rive_url,
            trousseau=trousseau_du_relais(config, registre),
            instant=maintenant(),
            continuer=continuer,
            progres=guet.noter_maj,
            reseau=reseau,
        )
        if etat is Etat.RIEN:
            guet.noter_maj("")
        if etat is Etat.REMISE:
            click.echo("Une mise à jour est arrivée par le réseau : elle est remise à qui la vérifie.")
        return etat

    def dire_maj(phrase: str) -> None:
        guet.noter_maj(phrase)
        if phrase:
            click.echo(phrase)

    suite = Suite(prendre, dire=dire_maj, temps_s=_temps_s, arret=arret)

    def appeler() -> BilanEchange:
        with guet.echanger():
            return _appeler(config, registre, reseau, lambda _: None)

    def dire(tour: Tour) -> None:
        guet.noter(lien=tour.lien, a_quai=tour.a_quai, phrase=tour.phrase)
        if tour.bilan is not None:
            _raconter(tour.bilan, "Échange avec la rive fini.")
        if tour.phrase and tour.phrase != dites[0]:
            click.echo(tour.phrase)
        dites[0] = tour.phrase
        presse[0] = suite.apres(tour)

    veille = Veille(registre, appeler, temps_s=_temps_s)
    with quai.Alerte() as alerte:
        guetter(
            veille.tour, dire=dire, arret=arret, attendre=lambda secondes: alerte.attendre(0 if presse[0] else secondes)
        )


def _temps_s() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _appeler(
    config: Config, registre: Registre, reseau: quatre_g.Reseau, progres: Callable[[str], None]
) -> BilanEchange:
    """Make one exchange by network; without a shore, ask it to welcome us, and say what to do next."""
    jumelage.conclure(registre, config.cles)
    if not (config.cles / NOM_RIVE).exists():
        carte = quatre_g.se_presenter(config.rive_url, cles_du_relais(config, registre), reseau=reseau)
        jumelage.proposer(registre, format_cles.ecrire_carte(carte))
        raise PasDeRive(
            f"La rive a notre demande. Ses lettres : {carte.empreinte}.",
            geste="Sur la boîte, page « La rive » : compare avec l'écran à terre, puis réponds Oui ou Non.",
        )
    return quatre_g.echanger(
        registre,
        url=config.rive_url,
        trousseau=trousseau_du_relais(config, registre),
        instant=maintenant(),
        progres=progres,
        reseau=reseau,
    )


def _tourner(config: Config, registre: Registre, dite: str) -> str:
    """Do one turn; what stops it is said once and tried again. Return the last sentence said."""
    try:
        jumelage.conclure(registre, config.cles)
        courrier.tour(registre, trousseau=trousseau_du_relais(config, registre), instant=maintenant())
    except PasDeRive:
        jumelage.publier(registre, cles=cles_du_relais(config, registre), rive=None)
    except ErreurPirogue as erreur:
        phrase = f"{erreur} {erreur.geste}"
        if phrase != dite:
            click.echo(phrase)
        return phrase
    return ""


def _puce(registre: Registre) -> str:
    return envois.etat_puce(registre).libelle


def appairer_rive(config: Config, octets: bytes) -> Carte:
    """Keep the shore's card; raises ClesIllisibles, PasDeRive when it is another kind of card."""
    carte = format_cles.lire_carte(octets)
    if carte.genre != "rive":
        raise PasDeRive("Cette carte n'est pas celle d'une rive.")
    trousseaux.poser_carte(config.cles / NOM_RIVE, carte)
    return carte


def carte_de_la_rive(config: Config) -> Carte:
    """Return our shore's card; raises PasDeRive, ClesIllisibles."""
    return trousseaux.lire_rive(config.cles)


def cles_du_relais(config: Config, registre: Registre) -> Cles:
    """Return this relay's keys, made at first use; raises ClesIllisibles."""
    return trousseaux.charger_cles(config.cles, reglages_registre.lire(registre, "relais"), config.nom_relais)


def trousseau_du_relais(config: Config, registre: Registre) -> Trousseau:
    """Return this relay's keyring, an interrupted change of keys finished; raises PasDeRive, ClesIllisibles."""
    relais = reglages_registre.lire(registre, "relais")
    trousseau = rotation.reprendre(registre, trousseaux.charger(config.cles, relais, config.nom_relais))
    jumelage.publier(registre, cles=trousseau.cles, rive=trousseau.rive)
    return trousseau


def _ouvrir() -> tuple[Config, Registre]:
    config = reglages.lire(reglages.trouver())
    return config, base.ouvrir(config.registre)


def _se_presenter(registre: Registre, *, dossier: Path, cles: Cles) -> None:
    """No shore yet: show each other's cards through the stick."""
    presentation = jumelage.presenter_par_cle(registre, dossier=dossier, cles=cles)
    click.echo(
        f"La carte de cette boîte est sur la clé ({presentation.carte_posee}). Empreinte : {cles.carte.empreinte}"
    )
    if presentation.proposee is None:
        raise PasDeRive("Cette boîte ne connaît pas encore sa rive, et la clé n'apporte pas sa carte.")
    click.echo(f"La clé apporte la carte d'une rive : {presentation.proposee.empreinte}")
    click.echo("Sur la boîte, page « La rive » : compare ces lettres avec l'écran à terre, puis réponds Oui ou Non.")


def _raconter(bilan: BilanEchange, fin: str) -> None:
    for remarque in bilan.remarques:
        click.echo(f"! {remarque}")
    click.echo(f"Lots déposés : {bilan.deposes} · reçus rapportés : {bilan.recus} · en attente : {bilan.restants}")
    if bilan.descendus:
        click.echo(f"Nouvelles de la terre : {bilan.descendus}")
    if bilan.portes:
        click.echo(f"Lots d'autres bateaux sur cette clé : {bilan.portes}, laissés tels quels")
    click.echo(f"{fin} Données : {bilan.puce.libelle}.")
