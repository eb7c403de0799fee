"""The stick's road: what comes down first, then our lots; a stick pulled too early loses nothing announced."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from pirogue_echange import etiquette, support
from pirogue_echange.enveloppe import Lecteur, Prefixe, SourceOctets, lire_prefixe, verifier
from pirogue_echange.erreurs import LotInvalide
from pirogue_echange.support import RACINE, SupportPlein
from pirogue_registre import envois, reglages
from pirogue_registre.base import Registre
from pirogue_socle.erreurs import ErreurPirogue
from pirogue_socle.histoires import Histoire
from pirogue_socle.horloge import Instant
from pirogue_sync import arrivages, jumelage, recus, rotation, scellement
from pirogue_sync.bilan import BilanEchange
from pirogue_sync.trousseau import Trousseau

#: The stick's label, written and signed when it was prepared.
NOM_CLE = "cle.json"
SANS_NUMERO = "clé sans numéro"
#: In which order what comes down is taken: keys before what they sign, receipts before the rest.
ORDRE = {"cles": 0, "recepisse": 1}
Suivre = Callable[[Histoire], None]


@dataclass(slots=True)
class _Compte:
    """What has been done so far."""

    trousseau: Trousseau
    support: str = SANS_NUMERO
    deposes: int = 0
    deja_la: int = 0
    retires: int = 0
    recus: int = 0
    descendus: int = 0
    portes: int = 0
    octets: int = 0
    remarques: list[str] = field(default_factory=list)


def echanger(
    registre: Registre,
    *,
    dossier: Path,
    trousseau: Trousseau,
    instant: Instant,
    progres: Callable[[str], None] = lambda _: None,
    suivre: Suivre = lambda _: None,
) -> BilanEchange:
    """
    Exchange with one mounted stick: take what came down, then leave the lots that no receipt covers.

    A lot is announced (and noted as put on this stick) only after it was read back. Nothing but our own covered
    lots is ever removed from the stick; other relays' lots are carried untouched.

    Args:
        registre: the open register.
        dossier: where the stick is mounted.
        trousseau: our keys and cards.
        instant: now.
        progres: called with a French sentence at each step.
        suivre: called with the story at each step, for the light and the screens.

    Raises:
        SupportAbsent, SupportPlein, SupportProtege, SupportDefaillant: the stick; what was announced stays true.
        ClesIllisibles, CleManquante, LotTropGros, DisquePlein, RegistreOccupe, RegistreIllisible: our side.
    """
    compte = _Compte(rotation.reprendre(registre, trousseau))
    with support.phrases(dossier):
        progres("Je regarde la clé…")
        suivre(Histoire("lecture", "Je lis la clé."))
        with support.ouvrir_dossier(dossier):
            pass
        compte.support = nom_de_la_cle(dossier, trousseau)
        _prendre(registre, dossier=dossier, instant=instant, compte=compte)
        if compte.recus:
            progres("La rive a confirmé des données.")
        if compte.descendus:
            progres("La rive a envoyé des nouvelles.")
        cles, rive = compte.trousseau.cles, compte.trousseau.rive
        scelles = scellement.sceller(registre, cles=cles, rive=rive, instant=instant)
        preparer(dossier)
        with support.ouvrir_dossier(dossier, RACINE, "montee", creer=True) as montee:
            _retirer(registre, montee=montee, compte=compte)
            _deposer(registre, montee=montee, instant=instant, compte=compte, progres=progres, suivre=suivre)
    jumelage.publier(registre, cles=compte.trousseau.cles, rive=compte.trousseau.rive)
    return BilanEchange(
        voie="cle",
        scelles=scelles,
        deposes=compte.deposes,
        deja_la=compte.deja_la,
        retires=compte.retires,
        recus=compte.recus,
        descendus=compte.descendus,
        restants=envois.compter_a_envoyer(registre)[0],
        octets=compte.octets,
        puce=envois.etat_puce(registre),
        remarques=tuple(dict.fromkeys(compte.remarques)),
        support=compte.support,
        portes=compte.portes,
    )


def nom_de_la_cle(dossier: Path, trousseau: Trousseau) -> str:
    """
    Return what people call the stick: `clé n° 4` if its label was signed by our shore or by us.

    Raises:
        OSError: the stick does not answer; to be turned into a sentence by `support.phrases`.
    """
    try:
        with support.ouvrir_dossier(dossier, RACINE) as racine:
            octets = support.lire(racine, NOM_CLE, maximum=etiquette.TAILLE_MAX) or b""
        return f"clé n° {etiquette.lire(octets, trousseau.annuaire).numero}"
    except (FileNotFoundError, LotInvalide):
        return SANS_NUMERO


def preparer(dossier: Path) -> None:
    """Make what a new stick lacks: its folders and the page that says what it is; raises OSError."""
    with support.ouvrir_dossier(dossier, RACINE, creer=True) as racine:
        if support.lire(racine, "LISEZMOI.txt") is None:
            support.ecrire(racine, "LISEZMOI.txt", support.LISEZMOI.replace("\n", "\r\n").encode("utf-8-sig"))
    with support.ouvrir_dossier(dossier, RACINE, "descente", creer=True):
        pass


def _prendre(registre: Registre, *, dossier: Path, instant: Instant, compte: _Compte) -> None:
    """Take everything of `descente/` that is for us, in a good order; a stick that has none yet is a good stick."""
    moi = reglages.lire(registre, "relais")
    try:
        with support.ouvrir_dossier(dossier, RACINE, "descente") as descente:
            pour_nous: list[tuple[int, str, int, str]] = []
            vus = support.inventorier(descente)
            compte.remarques.extend(vus.remarques)
            for nom in vus.lots:
                octets = support.lire(descente, nom)
                if octets is None:
                    continue
                prefixe = _prefixe(octets)
                if prefixe is None:
                    compte.remarques.append(recus.ABIME)
                elif prefixe.entete.relais == moi:
                    tete = prefixe.entete
                    pour_nous.append((ORDRE.get(tete.genre, 2), tete.genre, tete.serie, nom))
            for *_, nom in sorted(pour_nous):
                _prendre_un(registre, support.lire(descente, nom) or b"", instant=instant, compte=compte)
    except FileNotFoundError:
        return


def _prendre_un(registre: Registre, octets: bytes, *, instant: Instant, compte: _Compte) -> None:
    arrivage = arrivages.prendre(registre, octets, trousseau=compte.trousseau, instant=instant)
    compte.trousseau = arrivage.trousseau
    if arrivage.nouveau:
        compte.recus += arrivage.genre == "recepisse"
        compte.descendus += arrivage.genre != "recepisse"
    if arrivage.remarque:
        compte.remarques.append(arrivage.remarque)


def _retirer(registre: Registre, *, montee: int, compte: _Compte) -> None:
    """Remove from the stick our lots that a receipt covers; count those of other relays."""
    for nom in support.lister(montee):
        if envois.est_couvert(registre, nom.removesuffix(".lot")):
            compte.retires += support.effacer(montee, nom)
            continue
        prefixe = _prefixe(support.lire(montee, nom) or b"")
        if prefixe is None:
            continue
        if prefixe.entete.relais != compte.trousseau.cles.carte.id:
            compte.portes += 1
        elif _est_fini(registre, prefixe, compte.trousseau):
            compte.retires += support.effacer(montee, nom)


def _est_fini(registre: Registre, prefixe: Prefixe, trousseau: Trousseau) -> bool:
    """Say whether a lot that we signed, and that the register no longer lists, is wholly covered by a receipt."""
    tete = prefixe.entete
    try:
        verifier(prefixe, annuaire=trousseau.annuaire)
    except LotInvalide:
        return False
    if tete.genre == "cles":
        return not rotation.en_cours(registre)
    fini = tete.genre == "journal" and tete.dernier > 0
    return fini and envois.est_couvert_jusqua(registre, incarnation=tete.inc, flux=tete.flux, seq=tete.dernier)


def _prefixe(octets: bytes) -> Prefixe | None:
    """Return what comes before the payload, None when these are not the first lines of a lot."""
    try:
        return lire_prefixe(Lecteur(SourceOctets(octets)))
    except LotInvalide:
        return None


def _deposer(
    registre: Registre,
    *,
    montee: int,
    instant: Instant,
    compte: _Compte,
    progres: Callable[[str], None],
    suivre: Suivre,
) -> None:
    """Write each lot, read all of them back, and only then note and announce them."""
    ecrits: dict[str, bytes] = {}
    panne: ErreurPirogue | None = None
    total = envois.compter_a_envoyer(registre)[0]
    for lot in envois.a_envoyer(registre):
        suivre(Histoire("copie", "Je copie.", fait=len(ecrits), total=total, cle=compte.support))
        nom = f"{lot.id}.lot"
        if support.lire(montee, nom) == lot.corps:
            compte.deja_la += 1
        else:
            try:
                with support.phrases():
                    support.effacer(montee, nom)
                    support.ecrire(montee, nom, lot.corps)
            except SupportPlein as erreur:
                panne = erreur
                break
            compte.octets += len(lot.corps)
        ecrits[nom] = lot.corps
    progres("Je relis ce que j'ai écrit…")
    suivre(Histoire("verification", "Je vérifie.", fait=len(ecrits), total=total, cle=compte.support))
    support.relire(montee, ecrits)
    for nom in ecrits:
        lot_id = nom.removesuffix(".lot")
        envois.noter_depot(registre, lot_id=lot_id, voie="cle", support=compte.support, instant=instant)
    compte.deposes = len(ecrits) - compte.deja_la
    if panne is not None:
        raise SupportPlein(f"La clé est pleine : {len(ecrits)} lot(s) y sont, les autres restent à bord.") from panne
