"""
The box's clock, one turn: who tells the time, which anchor this boot gets, what the system clock says, what is kept.

Called every 30 s or so by the box's body. Events never depend on it (they carry their boot and CLOCK_BOOTTIME); their
estimated hours, Kolibri's rows and people do.
"""

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from pirogue_actions import client
from pirogue_bord import ancrages, horloge_gardee, quai
from pirogue_bord.ancrages import Temoignage
from pirogue_bord.horloge_gardee import EPOQUE, RTC, HeureGardee
from pirogue_bord.horloge_noyau import Synchronisation, lire_noyau
from pirogue_registre import ancres, base
from pirogue_registre.base import Registre
from pirogue_registre.forme import RegistreEnEssai, RegistreTropNeuf
from pirogue_socle.config import Config
from pirogue_socle.erreurs import ErreurPirogue
from pirogue_socle.horloge import SOURCES, Ancre, Instant, estimer, maintenant
from pirogue_socle.publier import publier

ETAT = "horloge.json"
#: Between two writes of the kept hour: what a box that was cut is late by, a handful of sectors each.
GARDER_NS = 300_000_000_000
#: The system clock is put right when it is wrong by more.
ECART_MS = 60_000
#: Two readings of the clocks that enclose a question must agree, or somebody stepped the clock between them.
SAUT_MS = 50


class HeurePasGardee(ErreurPirogue):
    """The kept hour could not be written: full or read-only disk; the box would start late by so much."""

    geste = "Préviens le coordinateur : le disque de la boîte est plein ou protégé."
    code = 98


@dataclass(frozen=True, slots=True)
class Sources:
    """
    Where a turn looks and whom it asks.

    Attributes:
        noyau: is the kernel's clock synchronised; raises OSError when it may not be asked.
        modem: what the mobile network says, if anything.
        rtc: the battery-backed clock's file; epoque: see `horloge_gardee`.
        lire_instant: reads the clocks.
        regler: has root set the system clock (milliseconds since 1970 UTC); raises ActeRefuse, AideAbsente.
            The helper of `Config.actions_cle` when not given.
    """

    noyau: Callable[[], Synchronisation] = lire_noyau
    modem: Callable[[Config, Instant], Temoignage | None] = quai.heure_du_modem
    rtc: Path = RTC
    epoque: Path = EPOQUE
    lire_instant: Callable[[], Instant] = maintenant
    regler: Callable[[int], object] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EtatHorloge:
    """
    What is known of the time, after a turn.

    Attributes:
        source: the best anchor of this boot, one of `SOURCES`; empty when nobody told it.
        utc_ms: the estimated true time, milliseconds since 1970 UTC; without an anchor, what the wall clock says.
        incertitude_ms: how wrong that may be; -1 without an anchor.
        ecart_ms: the system clock less the estimated true time.
        synchronisee: a time server disciplines the system clock.
        rtc: `absente`, `fausse`, `juste` (compared with a better source, now or before) or `jamais_comparee`.
        phrase: what could not be done, in French; empty otherwise.
    """

    source: str
    utc_ms: int
    incertitude_ms: int
    ecart_ms: int
    synchronisee: bool
    rtc: str
    phrase: str


def tour(config: Config, *, instant: Instant, sources: Sources | None = None) -> EtatHorloge:
    """
    Look at every witness once; write the anchor that is justified, put the system clock right, keep the hour.

    Writes at most one `ancre` event, the kept hour every five minutes, and `<config.bord>/horloge.json`.

    Args:
        config: the box's. instant: now. sources: whom to ask.

    Raises:
        HeurePasGardee: the disk refuses. DisquePlein, RegistreOccupe, RegistreIllisible: the register.
    """
    sources = sources or Sources()
    noyau = _lire_noyau(sources)
    instant, fiable = _relire(instant, sources)
    dossier = config.systeme / "horloge"
    gardee, rtc_ms = horloge_gardee.lire(dossier), horloge_gardee.lire_rtc(sources.rtc)
    temoin = ancrages.lire_temoin(dossier)
    dits = [
        ancrages.temoigner_ntp(instant, erreur_max_ms=noyau.erreur_max_ms) if noyau.synchronisee and fiable else None,
        sources.modem(config, instant),
        ancrages.temoigner_rtc(instant, rtc_ms=rtc_ms, temoin=temoin) if rtc_ms is not None else None,
    ]
    ancre, doute_ms = _ancrer(config, [un for un in dits if un is not None], gardee=gardee, sources=sources)
    etat_rtc = _juger_rtc(dossier, instant, rtc_ms=rtc_ms, ancre=ancre, doute_ms=doute_ms)
    au_moins_ms = 0 if gardee is None else gardee.au_moins_ms(instant)
    utc_ms = max(instant.mur_ms, au_moins_ms) if ancre is None else estimer(instant, {ancre.boot_id: ancre})
    phrase = "" if noyau.synchronisee else _regler(config, utc_ms, instant=instant, sources=sources)
    _garder(dossier, gardee, _heure_de(instant, ancre=ancre, gardee=gardee, construction=sources.epoque))
    etat = EtatHorloge(
        source="" if ancre is None else ancre.source,
        utc_ms=utc_ms,
        incertitude_ms=-1 if ancre is None else ancrages.vieillir_ms(doute_ms, ancre=ancre, instant=instant),
        ecart_ms=instant.mur_ms - utc_ms,
        synchronisee=noyau.synchronisee,
        rtc=etat_rtc,
        phrase=phrase,
    )
    _publier(config, etat)
    return etat


def arreter(config: Config, *, instant: Instant, sources: Sources | None = None) -> None:
    """Keep the hour now, whatever was kept lately: called when the box is switched off; raises HeurePasGardee."""
    sources = sources or Sources()
    dossier = config.systeme / "horloge"
    gardee = horloge_gardee.lire(dossier)
    with _registre(config) as registre:
        ancre = None if registre is None else ancres.lire(registre).get(instant.boot_id)
    _ecrire(dossier, _heure_de(instant, ancre=ancre, gardee=gardee, construction=sources.epoque))


def lire_etat(config: Config) -> EtatHorloge | None:
    """Return what the last turn of this boot found; None before the first, or without the box's body."""
    if config.bord is None:
        return None
    try:
        return EtatHorloge(**json.loads((config.bord / ETAT).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _lire_noyau(sources: Sources) -> Synchronisation:
    """A kernel that may not be asked is one that is not synchronised."""
    try:
        return sources.noyau()
    except OSError:
        return Synchronisation(synchronisee=False, erreur_max_ms=0)


def _relire(instant: Instant, sources: Sources) -> tuple[Instant, bool]:
    """Return the clocks read again, and whether nobody stepped the wall clock since `instant`."""
    apres = sources.lire_instant()
    marche_ms = (apres.bt_ns - instant.bt_ns) // 1_000_000
    return apres, abs(apres.mur_ms - instant.mur_ms - marche_ms) <= SAUT_MS


@contextlib.contextmanager
def _registre(config: Config) -> Iterator[Registre | None]:
    """Open the register if there is one, and if this system may: without it, the hour is kept all the same."""
    registre = _ouvrir(config)
    try:
        yield registre
    finally:
        if registre is not None:
            base.fermer(registre)


def _ouvrir(config: Config) -> Registre | None:
    """The portal makes it, never the box's body; an update that is not confirmed yet may have to wait for it (0014)."""
    if not (config.registre / "registre.sqlite3").exists():
        return None
    try:
        return base.ouvrir(config.registre)
    except (RegistreEnEssai, RegistreTropNeuf):
        return None


def _ancrer(
    config: Config, dits: list[Temoignage], *, gardee: HeureGardee | None, sources: Sources
) -> tuple[Ancre | None, int]:
    """Write the anchor that is justified; return the best of this boot, and its doubt when it was written, ms."""
    boot_id = sources.lire_instant().boot_id
    with _registre(config) as registre:
        if registre is None:
            return None, 0
        connue = ancres.lire(registre).get(boot_id)
        construction_ms = horloge_gardee.construction_ms(sources.epoque)
        retenu = ancrages.retenir(dits, connue=connue, gardee=gardee, construction_ms=construction_ms)
        if retenu is not None:
            ancres.confirmer_date(
                registre,
                utc_ms=retenu.utc_ms,
                source=retenu.source,
                instant=retenu.instant,
                auteur="pirogue",
                incertitude_ms=retenu.incertitude_ms,
            )
            connue = ancres.lire(registre)[boot_id]
        return connue, 0 if connue is None else ancres.incertitude_ms(registre, connue)


def _juger_rtc(dossier: Path, instant: Instant, *, rtc_ms: int | None, ancre: Ancre | None, doute_ms: int) -> str:
    """Compare the battery-backed clock with a better anchor, note the result once a day; return its state."""
    temoin = ancrages.lire_temoin(dossier)
    if rtc_ms is None:
        return "absente"
    if ancre is None or SOURCES.index(ancre.source) >= SOURCES.index("rtc"):
        return "jamais_comparee" if temoin is None else "juste"
    vrai_ms = estimer(instant, {ancre.boot_id: ancre})
    doute_ms = ancrages.vieillir_ms(doute_ms, ancre=ancre, instant=instant)
    neuf = ancrages.comparer_rtc(rtc_ms=rtc_ms, vrai_ms=vrai_ms, incertitude_ms=doute_ms)
    vieux = temoin is None or neuf is None or vrai_ms - temoin.utc_ms > 86_400_000 or neuf.doute_ms < temoin.doute_ms
    if (temoin is not None or neuf is not None) and vieux:
        with _disque(dossier):
            ancrages.ecrire_temoin(dossier, neuf)
    return "fausse" if neuf is None else "juste"


def _regler(config: Config, utc_ms: int, *, instant: Instant, sources: Sources) -> str:
    """Have root put the system clock right when it is far from the true time; return what went wrong, in French."""
    if abs(instant.mur_ms - utc_ms) <= ECART_MS:
        return ""
    try:
        if sources.regler is not None:
            sources.regler(utc_ms)
        elif config.actions_cle is not None:
            client.demander(config.actions_cle, "regler_heure", utc_ms=utc_ms, force=True)
    except (client.AideAbsente, client.ActeRefuse) as erreur:
        return f"L'horloge n'a pas pu être réglée : {erreur}"
    return ""


def _heure_de(instant: Instant, *, ancre: Ancre | None, gardee: HeureGardee | None, construction: Path) -> HeureGardee:
    """Return the hour to keep: the anchored time, else the former one with the time passed since, never the wall's."""
    if ancre is not None:
        utc_ms = estimer(instant, {ancre.boot_id: ancre})
        return HeureGardee(utc_ms, instant.boot_id, instant.bt_ns, ancre.source)
    if gardee is not None:
        return HeureGardee(gardee.au_moins_ms(instant), instant.boot_id, instant.bt_ns, gardee.source)
    return HeureGardee(horloge_gardee.construction_ms(construction), instant.boot_id, instant.bt_ns, "")


def _garder(dossier: Path, ancienne: HeureGardee | None, neuve: HeureGardee) -> None:
    """Write the kept hour when it is old, of another boot, or when an anchor moved it."""
    recente = (
        ancienne is not None
        and ancienne.boot_id == neuve.boot_id
        and 0 <= neuve.bt_ns - ancienne.bt_ns < GARDER_NS
        and ancienne.source == neuve.source
        and abs(ancienne.utc_ms + (neuve.bt_ns - ancienne.bt_ns) // 1_000_000 - neuve.utc_ms) <= ECART_MS
    )
    if not recente:
        _ecrire(dossier, neuve)


def _ecrire(dossier: Path, heure: HeureGardee) -> None:
    with _disque(dossier):
        horloge_gardee.ecrire(dossier, heure)


@contextlib.contextmanager
def _disque(dossier: Path) -> Iterator[None]:
    """Write in the folder of the clock, or say in French that the card refuses."""
    try:
        dossier.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as cause:
        raise HeurePasGardee("L'heure n'a pas pu être gardée sur la carte.") from cause


def _publier(config: Config, etat: EtatHorloge) -> None:
    """Put the state where the checks of health and the command line read it; in memory."""
    if config.bord is None:
        return
    config.bord.mkdir(parents=True, exist_ok=True)
    publier(config.bord / ETAT, asdict(etat))
