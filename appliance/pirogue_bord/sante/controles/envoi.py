"""Have the data reached the shore? The chip of the trainers' pages, the sessions that wait, the last receipt."""

from pathlib import Path

from pirogue_bord.sante import registre_lu
from pirogue_bord.sante.lectures import Vu, en_mo
from pirogue_registre import ancres, envois, puce
from pirogue_socle.config import Config
from pirogue_socle.horloge import Instant, estimer

TITRE = "Envoi des données"
JOUR_MS = 86_400_000
#: Days without a receipt that are one too many: the boat passes a quay every week.
JOURS_MAX = 7
#: Sessions that wait, said even when nobody told the hour.
SEANCES_MAX = 10
GESTE = "Envoie les données : 4G au quai, ou clé USB. La page « Les données » dit où elles sont."


def regarder(config: Config, *, instant: Instant, racine: Path) -> Vu:
    """See where the data are, how many sessions the shore has not confirmed, how old its last receipt is."""
    with registre_lu.lire(config, racine) as registre:
        ou = puce.etat_puce(registre)
        attente = sum(un.code != puce.CONFIRME.code for un in puce.etats_seances(registre, limite=100))
        lots, octets = envois.compter_a_envoyer(registre)
        dernier = registre.db.execute("SELECT max(heure_ms) FROM recu WHERE oublie = 0").fetchone()[0]
        connues = ancres.lire(registre)
    mesures: dict[str, float | int | str] = {"puce": ou.code, "seances_en_attente": attente, "lots": lots}
    mesures["a_envoyer_mo"] = en_mo(octets)
    jours = -1
    if dernier is not None and instant.boot_id in connues:
        jours = max(0, (estimer(instant, connues) - int(dernier)) // JOUR_MS)
        mesures["jours_sans_recu"] = jours
    if ou == puce.CONFIRME or not attente:
        return Vu("bon", "Tout est confirmé à terre." if ou == puce.CONFIRME else "Rien à envoyer.", mesures=mesures)
    phrase = (
        f"{ou.libelle} : {attente} séance{'s' if attente > 1 else ''} pas encore confirmée{'s' if attente > 1 else ''}"
    )
    phrase += f", dernier reçu il y a {jours} jour{'s' if jours > 1 else ''}." if jours > 0 else "."
    if jours > JOURS_MAX or attente > SEANCES_MAX:
        return Vu("attention", phrase, GESTE, mesures)
    return Vu("bon", phrase, mesures=mesures)
