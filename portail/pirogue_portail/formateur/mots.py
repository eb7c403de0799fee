"""Words of the trainers' screens that no code list has: states as they are said, animals, pictures."""

from collections.abc import Iterable

from pirogue_registre import ancres, comptes
from pirogue_registre.base import Registre
from pirogue_registre.seances import Seance
from pirogue_socle.horloge import MOIS, Instant, dire_heure, dire_jour, en_civil

#: State → letter in its badge, then how it is said of a girl, of a boy, of whoever did not say.
ETATS = {
    "non_marque": ("?", "À faire", "À faire", "À faire"),
    "present": ("P", "Présente", "Présent", "Présent·e"),
    "retard": ("R", "En retard", "En retard", "En retard"),
    "parti_avant": ("D", "Partie avant", "Parti avant", "Parti·e avant"),
    "absent": ("A", "Absente", "Absent", "Absent·e"),
    "excuse": ("E", "Excusée", "Excusé", "Excusé·e"),
}
#: What the five states of the chip mean (domain page §7).
PUCES = {
    "a_bord": "Les données sont seulement dans la boîte. Si la boîte tombe à l'eau, elles sont perdues.",
    "au_telephone": "Une copie est dans un téléphone. Donne-la à la terre, puis rapporte sa réponse.",
    "sur_cle": "Une copie est sur une clé. Attention, ce n'est pas encore sûr : une clé se perd.",
    "envoye": "Une copie est partie par le réseau. On attend la réponse de la terre.",
    "confirme": "La terre a tout reçu et l'a dit. Les données sont en sécurité.",
}
PUCES_TITRES = {
    "a_bord": "À bord seulement",
    "au_telephone": "Dans un téléphone",
    "sur_cle": "Sur la clé",
    "envoye": "Envoyé",
    "confirme": "Confirmé à terre ✓",
}
ANIMAUX = {
    "heron": "héron", "pelican": "pélican", "elephant": "éléphant", "chevre": "chèvre", "zebre": "zèbre",
    "lezard": "lézard", "chauve_souris": "chauve-souris",
}  # fmt: skip
IMAGES = {"etoile": "étoile"}
AUTRE_MODULE = "autre"


def lettre(etat: str) -> str:
    """Return the letter of a state's badge."""
    return ETATS[etat][0]


def dire_etat(etat: str, sexe: str = "nc") -> str:
    """Return a state as it is said of a girl (F), a boy (M), or anyone."""
    return ETATS[etat][{"F": 1, "M": 2}.get(sexe, 3)]


def animal(code: str) -> str:
    """Return the name of an animal."""
    return ANIMAUX.get(code, code)


def image(code: str) -> str:
    """Return the name of a sign-in picture."""
    return IMAGES.get(code, code)


def heure_dite(heure: str | None) -> str:
    """Return `09:20` as it is said: `9 h 20`; nothing for None."""
    return f"{int(heure[:2])} h {heure[3:]}" if heure else ""


def accorde(nombre: int, mot: str, pluriel: str = "") -> str:
    """Return a number and its word: `1 absent`, `2 absents`."""
    return f"{nombre} {mot if nombre < 2 else pluriel or mot + 's'}"


def jour_court(utc_ms: int) -> str:
    """Return a civil day without its year: `6 mars`."""
    local = en_civil(utc_ms)
    return f"{'1er' if local.day == 1 else local.day} {MOIS[local.month - 1]}"


def quand(registre: Registre, seance: Seance) -> str:
    """Return the day of a session as it is said."""
    return dire_jour(ancres.estimer_maintenant(registre, instant=seance.debut))


def noms_des_comptes(registre: Registre) -> dict[str, str]:
    """Return account id → name, for who marked and who corrected."""
    return {compte.compte_id: compte.nom for compte in comptes.lister(registre)}


def enumerer(noms: Iterable[str]) -> str:
    """Return names as they are said one after the other: `Afi, Koffi et Ablavi`."""
    *debut, fin = list(noms) or [""]
    return f"{', '.join(debut)} et {fin}" if debut else fin


def date_proposee(registre: Registre, instant: Instant, jeton: str) -> dict[str, object]:
    """Return what the page « Nous sommes le … » shows: the best known date, or that the box does not know it."""
    utc_ms = ancres.estimer_maintenant(registre, instant=instant)
    local = en_civil(utc_ms)
    connue = local.year in ancres.ANNEES
    return {
        "connue": connue,
        "phrase": f"{dire_jour(utc_ms)}, {dire_heure(utc_ms)}",
        "utc_ms": utc_ms,
        "bt_ns": instant.bt_ns,
        "boot_id": instant.boot_id,
        "jour": local.strftime("%Y-%m-%d") if connue else "",
        "heure": local.strftime("%H:%M") if connue else "",
        "reprise": jeton,
    }
