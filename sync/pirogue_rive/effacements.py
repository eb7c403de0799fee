"""
Forgetting a person: asked ashore, done aboard, proved by the boat's own event.

The boat destroys the key of her name and says so in its journal; what she did stays counted, under a number that
leads to nobody. The shore then cuts the payload off the archived lot of her key (`arrivees`).
"""

from dataclasses import dataclass

from sqlalchemy import Connection, select

from pirogue_rive import actes, arrivees, base, cartes, descentes, noms, schema
from pirogue_rive.config import Rive
from pirogue_rive.schema_gestion import effacement
from pirogue_socle.erreurs import EntreeInvalide, Introuvable
from pirogue_socle.horloge import Instant


@dataclass(frozen=True, slots=True)
class Personne:
    """
    A person, without a name, and what the shore has of her.

    Attributes:
        personne_id, code_jeune: who.
        relais: the relays that know her.
        seances: sessions in which she was counted.
    """

    personne_id: str
    code_jeune: str
    relais: tuple[str, ...]
    seances: int


@dataclass(frozen=True, slots=True)
class Effacement:
    """
    An erasure that was asked for at one relay.

    Attributes:
        relais, personne_id: where and who.
        par, cree_ms: who asked and when, ms since 1970 UTC.
        serie: the downward lot that says it.
        fait: True once the boat's journal says that it is done.
    """

    relais: str
    personne_id: str
    par: str
    cree_ms: int
    serie: int
    fait: bool


def trouver(rive: Rive, cherche: str) -> Personne:
    """
    Return a person by the code on her card or by her number.

    Raises:
        Introuvable: nobody, or two people who share one code (aboard two boats): give the number then.
    """
    voulu = cherche.strip()
    t, p = schema.jeune, schema.presence
    with base.lire(rive.moteur) as db:
        rangees = db.execute(
            select(t.c.personne_id, t.c.code_jeune, t.c.relais)
            .where((t.c.personne_id == voulu.lower()) | (t.c.code_jeune == voulu.upper()))
            .order_by(t.c.relais)
        ).all()
        qui = {un.personne_id for un in rangees}
        if len(qui) != 1:
            phrase = "Deux personnes ont ce code, sur deux boîtes." if qui else "Personne n'a ce code ou ce numéro ici."
            raise Introuvable(phrase, geste="Vérifie le code à six signes de la carte, ou donne le numéro en entier.")
        personne_id = qui.pop()
        seances = db.scalars(select(p.c.seance_id).where(p.c.personne_id == personne_id).distinct()).all()
    code = next((un.code_jeune for un in rangees if un.code_jeune), "")
    relais = tuple(dict.fromkeys(un.relais for un in rangees))
    return Personne(personne_id=personne_id, code_jeune=code, relais=relais, seances=len(seances))


def demander(rive: Rive, *, personne_id: str, par: str, instant: Instant) -> tuple[str, ...]:
    """
    Ask every relay that knows a person to erase her; asked twice, the first stays.

    Returns:
        The relays that will hear of it. One whose key was revoked is not among them.

    Raises:
        Introuvable: nobody has this number. EntreeInvalide: no relay that knows her can be told.
    """
    personne = trouver(rive, personne_id)
    joignables = tuple(un for un in personne.relais if cartes.active(rive, un) is not None)
    if not joignables:
        raise EntreeInvalide("Aucune boîte en service ne connaît cette personne : il n'y a rien à lui demander.")
    with rive.moteur.begin() as db:
        for relais in joignables:
            _demander_a(db, rive, relais=relais, personne_id=personne.personne_id, par=par, instant=instant)
    return joignables


def detruire_ici(rive: Rive, *, personne_id: str, identites: bytes, par: str, instant: Instant) -> int:
    """
    Destroy at once what opens a person's name in this shore's archive, for a boat that will not answer any more.

    The key of names says which lots are hers; it is not kept.

    Returns:
        The number of archived lots that were destroyed just now.

    Raises:
        Introuvable: nobody has this number. CleDesNomsFausse: not the key of names.
    """
    personne = trouver(rive, personne_id)
    detruits = 0
    for relais in personne.relais:
        siens = noms.lots_de(rive, relais=relais, personne_id=personne.personne_id, identites=identites)
        for inc in {inc for inc, _ in siens}:
            detruits += arrivees.evider(rive, relais=relais, inc=inc, seqs=[seq for une, seq in siens if une == inc])
        ligne = {"relais": relais, "personne_id": personne.personne_id, "serie": 0, "par": par}
        with rive.moteur.begin() as db:
            requete = schema.inserer(db, effacement).values(**ligne, cree_ms=instant.mur_ms)
            db.execute(requete.on_conflict_do_nothing())
            actes.noter(db, quoi="efface", par=par, sur=relais, instant=instant)
    return detruits


def lister(rive: Rive, relais: str | None = None) -> list[Effacement]:
    """Return the erasures that were asked for, the latest first, and whether each was done."""
    t, e = effacement, schema.effacee
    requete = select(t).order_by(t.c.cree_ms.desc(), t.c.personne_id)
    faits = select(e.c.relais, e.c.personne_id)
    if relais is not None:
        requete, faits = requete.where(t.c.relais == relais), faits.where(e.c.relais == relais)
    with base.lire(rive.moteur) as db:
        connus = {(un.relais, un.personne_id) for un in db.execute(faits)}
        return [
            Effacement(
                relais=un.relais,
                personne_id=un.personne_id,
                par=un.par,
                cree_ms=un.cree_ms,
                serie=un.serie,
                fait=(un.relais, un.personne_id) in connus,
            )
            for un in db.execute(requete)
        ]


def _demander_a(db: Connection, rive: Rive, *, relais: str, personne_id: str, par: str, instant: Instant) -> None:
    t = effacement
    dites = {un.personne_id: un.serie for un in db.execute(select(t).where(t.c.relais == relais))}
    if dites.get(personne_id):
        return  # with 0, it was destroyed here and the boat never heard of it
    lignes = [{"personne": un} for un in sorted({*dites, personne_id})]
    serie = descentes.publier(rive, relais=relais, genre="effacement", lignes=lignes, instant=instant, db=db)
    schema.poser(db, t, relais=relais, personne_id=personne_id, serie=serie, par=par, cree_ms=instant.mur_ms)
    actes.noter(db, quoi="efface", par=par, sur=relais, instant=instant)
